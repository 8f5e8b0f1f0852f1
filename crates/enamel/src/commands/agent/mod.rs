//! `enamel agent …`: this computer under the MSP's watch.
//!
//! What an agent does is in the crate `agent`; here it gets the clock, the dice, this computer's sensors and the terminal.

mod enrol;
mod helper;
mod run;
mod sensor;
mod status;

use std::path::Path;

use enamel_agent::commands::held;
use enamel_types::CommandId;

use crate::cli::Global;
use crate::cli::agent::AgentVerb;
use crate::error::{Error, Outcome};
use crate::session::data_dir;
use crate::terminal;

/// Where the package keeps an agent's state on Linux.
const PACKAGED: &str = "/var/lib/enamel";

/// Runs the verb.
pub(crate) fn run(global: &Global, verb: &AgentVerb) -> Result<Outcome, Error> {
    let global = &with_agents_data(global);
    match verb {
        AgentVerb::Enrol(args) => enrol::run(global, args),
        AgentVerb::Run(args) => run::run(global, args),
        AgentVerb::Status => status::run(global),
        AgentVerb::Refuse { command } => refuse(global, *command),
        AgentVerb::Helper(args) => helper::run(global, args),
        AgentVerb::Sensor(args) => sensor::run(global, args),
    }
}

/// Where nobody names a data directory and the package is installed, its own is meant: whoever types a verb on a practice's computer
/// means the agent that runs there.
fn with_agents_data(global: &Global) -> Global {
    let packaged = Path::new(PACKAGED);
    let data = global.data.clone().or_else(|| packaged.is_dir().then(|| packaged.to_owned()));
    Global { data, ..global.clone() }
}

/// `enamel agent refuse`.
fn refuse(global: &Global, command: CommandId) -> Result<Outcome, Error> {
    held::refuse(&data_dir(global)?, command).map_err(|error| {
        Error::new(format!("the command {command} could not be refused")).because(error).help(
            "run this as an administrator of this computer, within the hour for which the command is held",
        )
    })?;
    terminal::text(&format!(
        "The command {command} is refused: this computer will not carry it out, and the MSP will read that the practice refused it"
    ))?;
    Ok(Outcome::Done)
}

/// An error that says by itself what to do next.
fn plainly(what: &str, error: impl std::error::Error) -> Error {
    Error::new(what).because(error)
}
