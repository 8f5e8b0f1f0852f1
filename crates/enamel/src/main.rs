//! `enamel`: parse, run, map errors to documented exit codes. Everything else is in the library beside it.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser;
use enamel_cli::cli::Cli;

fn main() -> ExitCode {
    enamel_cli::say_faults_without_data();
    let cli = Cli::parse();
    match enamel_cli::run(cli) {
        Ok(outcome) => outcome.exit_code(),
        Err(error) if error.is_quiet() => ExitCode::SUCCESS,
        Err(error) => {
            // Where standard error cannot be written, the exit code still says it.
            let _ = writeln!(anstream::stderr(), "{}", error.for_people());
            error.exit_code()
        }
    }
}
