//! `enamel agent …`: the words of a practice's computer under watch.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use enamel_types::{CommandId, SensorName};

/// `enamel agent …`.
#[derive(Debug, Subcommand)]
pub enum AgentVerb {
    /// Put this computer under the MSP's watch
    Enrol(EnrolArgs),
    /// Watch this computer until it is stopped
    Run(RunArgs),
    /// Show who this computer is to the MSP, what waits to be sent, and what is held
    Status,
    /// Refuse a held command, at the practice
    Refuse {
        /// The command, as its notice and `agent status` name it
        command: CommandId,
    },
    /// The small privileged part, which closes and opens the network; started by the system as root
    Helper(HelperArgs),
    /// Run one sensor and print what it saw; the agent does this itself
    #[command(hide = true)]
    Sensor(SensorArgs),
}

/// `enamel agent enrol`.
#[derive(Debug, Args)]
pub struct EnrolArgs {
    /// The MSP's server: https://server.example:8443
    #[arg(long, value_name = "URL")]
    pub server: String,

    /// The one-time token, as the MSP's console shows it
    #[arg(long, value_name = "T", env = "ENAMEL_TOKEN", hide_env_values = true)]
    pub token: String,

    /// Enrol a computer anew that is enrolled already
    #[arg(long)]
    pub again: bool,

    /// The helper's folder [default: /var/lib/enamel-helper, where it is]
    #[arg(long, value_name = "DIR", hide = true)]
    pub helper_data: Option<PathBuf>,
}

/// `enamel agent run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Look once, send everything, fetch the mail and end; 0 only if everything arrived
    #[arg(long)]
    pub once: bool,

    /// Where people keep files on this computer [default: /home, /root and /srv, or C:\Users]
    #[arg(long = "look-in", value_name = "DIR")]
    pub look_in: Vec<PathBuf>,

    /// The helper's socket
    #[arg(long, value_name = "SOCKET", hide = true)]
    pub helper: Option<PathBuf>,
}

/// `enamel agent helper`.
#[derive(Debug, Args)]
pub struct HelperArgs {
    /// Where to listen [default: the socket that the system hands over as standard input]
    #[arg(long, value_name = "SOCKET")]
    pub listen: Option<PathBuf>,
}

/// `enamel agent sensor`.
#[derive(Debug, Args)]
pub struct SensorArgs {
    /// Which
    #[arg(value_parser = sensor)]
    pub sensor: SensorName,

    /// Where people keep files on this computer [default: /home, /root and /srv, or C:\Users]
    #[arg(long = "look-in", value_name = "DIR")]
    pub look_in: Vec<PathBuf>,

    /// Folders in which to look for patient data beside those
    #[arg(long = "folder", value_name = "DIR")]
    pub folders: Vec<PathBuf>,
}

fn sensor(text: &str) -> Result<SensorName, String> {
    let known = SensorName::ALL.into_iter().find(|sensor| sensor.as_str() == text);
    known.ok_or_else(|| format!("write one of {}", SensorName::ALL.map(SensorName::as_str).join(", ")))
}
