//! The command line's words: clap types, and nothing else.
//!
//! Scripts rely on these names and on the exit codes below; a change needs a decision record.

#![allow(
    rustdoc::bare_urls,
    reason = "comments here are help on a terminal, where brackets around an address would be read"
)]

pub mod agent;
#[cfg(feature = "server")]
pub mod demo;
#[cfg(feature = "server")]
pub mod sign;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use enamel_ledger::EntryHash;
use enamel_types::Severity;

/// Exit codes, shown at the end of every help page.
const EXIT_CODES: &str = "\
Exit codes:
  0  it ran
  1  it failed; the message says what, on which object, why, and what to do next
  2  the command line was wrong
  3  it ran, and --fail-on was met
  130  Ctrl-C ended it";

/// Cybersecurity for dental practices, run by their managed service provider.
#[derive(Debug, Parser)]
#[command(name = "enamel", version, after_help = EXIT_CODES, propagate_version = true, arg_required_else_help = true)]
pub struct Cli {
    /// What every verb takes.
    #[command(flatten)]
    pub global: Global,
    /// The verb.
    #[command(subcommand)]
    pub verb: Verb,
}

/// Options that every verb takes.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// Where Enamel keeps its ledger, caches and identity [default: the platform's data directory]
    #[arg(
        long,
        global = true,
        env = "ENAMEL_DATA",
        value_name = "DIR",
        help_heading = "Options for every verb"
    )]
    pub data: Option<PathBuf>,

    /// Print JSON Lines, one record a line, instead of text for people
    #[arg(long, global = true, help_heading = "Options for every verb")]
    pub json: bool,

    /// No progress bars and no hints
    #[arg(long, short, global = true, help_heading = "Options for every verb")]
    pub quiet: bool,

    /// Use the content (checks, controls, scenarios, signatures) in DIR in place of what is built in
    #[arg(
        long,
        global = true,
        env = "ENAMEL_CONTENT",
        value_name = "DIR",
        help_heading = "Options for every verb"
    )]
    pub content: Option<PathBuf>,
}

/// What Enamel can do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Find where this practice is exposed, what that may cost, and what to fix first
    ///
    /// Looks at this computer and at the folders given, judges what it saw, and writes a report. Without PATH it looks for
    /// patient data in the folders where people keep files: /home, /root and /srv, or C:\Users.
    Assess(AssessArgs),
    /// Run one sensor
    #[command(subcommand)]
    Scan(Scan),
    /// What a year may cost, and what each fix is worth
    Risk(RiskArgs),
    /// Record what a person states about a control that no sensor can see
    Attest(AttestArgs),
    /// Check the evidence ledger
    #[command(subcommand)]
    Ledger(LedgerVerb),
    /// Write evidence in a format that others read
    Export(ExportArgs),
    /// Check files that people edit
    #[command(subcommand)]
    Config(ConfigVerb),
    /// Watch this computer for the MSP
    #[command(subcommand)]
    Agent(agent::AgentVerb),
    /// Fill a fresh folder with a made-up MSP, to see the console alive: `enamel serve --data DIR`
    ///
    /// Practices, computers, a year of findings that were mended and came back. Without --data the folder is ./enamel-demo.
    #[cfg(feature = "server")]
    Demo(demo::DemoArgs),
    /// The MSP's server: console, API, and the listener for agents
    #[cfg(feature = "server")]
    Serve(ServeArgs),
    /// An operator's keys, and the signatures that agents obey; works without a server
    #[cfg(feature = "server")]
    #[command(subcommand)]
    Sign(sign::SignVerb),
}

/// `enamel assess`.
#[derive(Debug, Args)]
pub struct AssessArgs {
    /// Files or folders in which patient data may lie
    pub paths: Vec<PathBuf>,

    /// What the practice says about itself (TOML): name, patients, takings of a day, remote tools; remembered for later runs
    #[arg(long, value_name = "FILE")]
    pub practice: Option<PathBuf>,

    #[cfg_attr(feature = "report", doc = "Where to write report.html and findings.json")]
    #[cfg_attr(not(feature = "report"), doc = "Where to write findings.json")]
    #[arg(long, value_name = "DIR", default_value = "enamel-report")]
    pub out: PathBuf,

    /// Write report.pdf too, printed by the Edge, Chrome or Chromium of this computer
    #[cfg(feature = "report")]
    #[arg(long)]
    pub pdf: bool,

    /// Exit with 3 if a finding of this severity or worse is open
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    pub fail_on: Option<Severity>,

    /// How patient data is looked for
    #[command(flatten)]
    pub phi: PhiOptions,
}

/// `enamel scan …`.
#[derive(Debug, Subcommand)]
pub enum Scan {
    /// How this computer is set up, against the posture checks
    Host(ScanHostArgs),
    /// What is installed, which dental products, which secrets lie in clear text
    Software(ScanSoftwareArgs),
    /// Where patient data lies, and how many people's
    Phi(ScanPhiArgs),
}

/// `enamel scan host`.
#[derive(Debug, Args)]
pub struct ScanHostArgs {
    /// What the practice says about itself (TOML)
    #[arg(long, value_name = "FILE")]
    pub practice: Option<PathBuf>,

    /// Show only checks with this outcome
    #[arg(long, value_enum)]
    pub only: Option<OutcomeFilter>,

    /// Exit with 3 if a finding of this severity or worse is open
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    pub fail_on: Option<Severity>,
}

/// Outcomes to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutcomeFilter {
    /// As it should be.
    Pass,
    /// Not as it should be.
    Fail,
    /// Could not be decided.
    Unknown,
    /// Has no meaning here.
    NotApplicable,
}

/// `enamel scan software`.
#[derive(Debug, Args)]
pub struct ScanSoftwareArgs {
    /// Folders (shares, mounted disks) in which to look for dental products and credential files too
    pub paths: Vec<PathBuf>,

    /// Write a CycloneDX 1.6 inventory to FILE (`-` for standard output)
    #[arg(long, value_name = "FILE")]
    pub cyclonedx: Option<PathBuf>,

    /// Exit with 3 if a finding of this severity or worse is open
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    pub fail_on: Option<Severity>,
}

/// `enamel scan phi`.
#[derive(Debug, Args)]
pub struct ScanPhiArgs {
    /// Files or folders
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,

    /// How patient data is looked for
    #[command(flatten)]
    pub options: PhiOptions,

    /// With --json: add keyed fingerprints of the values, to find the same value in two files
    #[arg(long)]
    pub fingerprints: bool,

    /// Exit with 3 if a finding of this severity or worse is open
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    pub fail_on: Option<Severity>,

    /// Print what was found, for scoring against a truth file
    #[cfg(feature = "test-reveal")]
    #[arg(long, hide = true)]
    pub reveal_for_tests: bool,
}

/// How patient data is looked for.
#[derive(Debug, Clone, Args)]
pub struct PhiOptions {
    /// Threads [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,

    /// Read at most this many MiB a second, so that nobody at the practice notices
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u32).range(1..))]
    pub io_budget: Option<u32>,

    /// Look at every file again, also at those that have not changed
    #[arg(long)]
    pub no_cache: bool,

    /// Do not leave the file system of each PATH
    #[arg(long)]
    pub one_file_system: bool,
}

/// `enamel risk`.
#[derive(Debug, Args)]
pub struct RiskArgs {
    /// Simulated years
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(100..=10_000_000))]
    pub trials: u32,

    /// Seed of the random numbers: the same seed gives the same figures to the last bit
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,

    /// Threads [default: one for each processor]; the result does not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,

    /// What the practice says about itself (TOML)
    #[arg(long, value_name = "FILE")]
    pub practice: Option<PathBuf>,

    /// Show the scenarios and the numbers that the model rests on
    #[arg(long)]
    pub explain: bool,
}

/// `enamel attest`.
#[derive(Debug, Args)]
pub struct AttestArgs {
    /// The control, as cited: `164.308(a)(1)(ii)(C)`
    pub control: String,

    /// What is stated
    #[arg(long, value_enum)]
    pub statement: StatementArg,

    /// The document that proves it, the equivalent measure, or the reasoning
    #[arg(long)]
    pub reason: String,

    /// Who states it: name and role
    #[arg(long)]
    pub person: String,

    /// Last day on which it counts [default and at most: as long as the catalogue lets a statement on this control count,
    /// usually 12 months]
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    pub expires: Option<jiff::civil::Date>,
}

/// What is stated about a control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StatementArg {
    /// It is done, and no sensor can see it
    Implemented,
    /// Addressable only: another measure does the same job
    EquivalentMeasure,
    /// Addressable only: not reasonable and appropriate here
    NotReasonable,
    /// It is not done
    NotImplemented,
}

/// `enamel ledger …`.
#[derive(Debug, Subcommand)]
pub enum LedgerVerb {
    /// Prove that no observation was changed or lost; names the first bad sequence number
    Verify(VerifyArgs),
    /// Write every readable observation of a damaged ledger into a new one, and keep the damaged file beside it
    Salvage,
}

/// `enamel ledger verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Compare with a root that was published: the number of the last entry that it covers
    #[arg(long, value_name = "SEQ", requires = "expect", value_parser = clap::value_parser!(u64).range(1..))]
    pub at: Option<u64>,

    /// The root that was published, as a report prints it
    #[arg(long, value_name = "HASH", requires = "at")]
    pub expect: Option<EntryHash>,

    /// Accept a ledger in which exactly this many entries are recorded as lost, as its last salvage said
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub accept_lost: u64,
}

/// `enamel export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The format
    #[arg(value_enum)]
    pub format: ExportFormat,

    /// Where to write it (`-` for standard output)
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    pub out: PathBuf,

    /// What the practice says about itself (TOML)
    #[arg(long, value_name = "FILE")]
    pub practice: Option<PathBuf>,
}

/// Formats that others read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// OSCAL assessment results (JSON), for an auditor
    Oscal,
    /// OCSF findings, one a line, for a security data lake
    Ocsf,
    /// CycloneDX 1.6 software inventory
    Cyclonedx,
    /// The observations themselves, as they were recorded
    Observations,
}

/// `enamel config …`.
#[derive(Debug, Subcommand)]
pub enum ConfigVerb {
    /// Check content and a practice file; a mistake is named with file, line, key and what to do
    Check(ConfigCheckArgs),
}

/// `enamel config check`.
#[derive(Debug, Args)]
pub struct ConfigCheckArgs {
    /// What the practice says about itself (TOML)
    #[arg(long, value_name = "FILE")]
    pub practice: Option<PathBuf>,
}

/// `enamel serve`.
#[cfg(feature = "server")]
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Where people reach the console. Over a network put a proxy with TLS before it
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub listen: std::net::SocketAddr,

    /// Where agents reach the server
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:8443")]
    pub agents: std::net::SocketAddr,

    /// The console's address as people know it, of a proxy with TLS before it: https://enamel.example.com. Passkeys are bound to it
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,

    /// Print a link that makes a new owner, when the last one is locked out
    #[arg(long)]
    pub reset_owner: bool,

    /// PostgreSQL's address (postgres://…) [default: SQLite files in the data directory]
    #[arg(long, env = "ENAMEL_DATABASE", hide_env_values = true, value_name = "URL")]
    pub database: Option<String>,
}

/// A day as ISO 8601 writes it.
fn day(text: &str) -> Result<jiff::civil::Date, String> {
    let american = || jiff::civil::Date::strptime("%m/%d/%Y", text);
    text.parse().map_err(|_| match american() {
        Ok(day) => format!("write it as {day}"),
        Err(_) => "write it as year, month and day: 2026-12-31".to_owned(),
    })
}

fn severity(text: &str) -> Result<Severity, String> {
    text.parse()
}
