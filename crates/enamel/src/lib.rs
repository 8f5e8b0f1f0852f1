//! The command line: one file per verb, and the edge of the world.
//!
//! Nothing here knows a check, a format or a formula; the pillars do. This crate reads the clock, asks for randomness, opens
//! files that the user named, and puts the pillars' answers on the terminal and into files.

pub mod cli;
mod commands;
mod edge;
mod error;
mod fault;
mod identity;
mod interrupt;
#[cfg(feature = "report")]
mod model;
mod own_files;
mod paths;
#[cfg(feature = "report")]
mod previous;
mod session;
mod terminal;

pub use error::{Error, Outcome};
pub use fault::say_faults_without_data;

/// Runs one command line.
pub fn run(cli: cli::Cli) -> Result<Outcome, Error> {
    use cli::{ConfigVerb, LedgerVerb, Scan, Verb};
    let global = &cli.global;
    match cli.verb {
        Verb::Assess(args) => commands::assess::run(global, &args),
        Verb::Scan(Scan::Host(args)) => commands::scan_host::run(global, &args),
        Verb::Scan(Scan::Software(args)) => commands::scan_software::run(global, &args),
        Verb::Scan(Scan::Phi(args)) => commands::scan_phi::run(global, &args),
        Verb::Risk(args) => commands::risk::run(global, &args),
        Verb::Attest(args) => commands::attest::run(global, &args),
        Verb::Ledger(LedgerVerb::Verify(args)) => commands::ledger::verify(global, &args),
        Verb::Ledger(LedgerVerb::Salvage) => commands::ledger::salvage(global),
        Verb::Export(args) => commands::export::run(global, &args),
        Verb::Config(ConfigVerb::Check(args)) => commands::config::check(global, &args),
        Verb::Agent(verb) => commands::agent::run(global, &verb),
        #[cfg(feature = "server")]
        Verb::Demo(args) => commands::demo::run(global, &args),
        #[cfg(feature = "server")]
        Verb::Serve(args) => commands::serve::run(global, &args),
        #[cfg(feature = "server")]
        Verb::Sign(verb) => commands::sign::run(global, &verb),
    }
}
