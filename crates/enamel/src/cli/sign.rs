//! `enamel sign …`: the words of an operator's own tool.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use enamel_types::{AgentId, PracticeId, SensorName};
use enamel_wire::signed::KeyId;

/// `enamel sign …`.
#[derive(Debug, Subcommand)]
pub enum SignVerb {
    /// Your own key
    #[command(subcommand)]
    Key(KeyVerb),
    /// The trust root: whose signatures agents obey, and how many it takes
    #[command(subcommand)]
    Root(RootVerb),
    /// Make and sign a command to one agent, or sign one that somebody else made
    Command(CommandArgs),
}

/// `enamel sign key …`.
#[derive(Debug, Subcommand)]
pub enum KeyVerb {
    /// Make a key, sealed with a passphrase; its public part is written beside it, with .pub after its name
    New(KeyNewArgs),
    /// Show whose key a file holds
    Show {
        /// A key file, or a public part
        file: PathBuf,
    },
}

/// `enamel sign key new`.
#[derive(Debug, Args)]
pub struct KeyNewArgs {
    /// Whose key it is: the name that colleagues and practices will read
    #[arg(long)]
    pub name: String,

    /// Where to write it; nothing is written over
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,

    /// Where the passphrase is
    #[command(flatten)]
    pub passphrase: PassphraseOption,
}

/// Where a passphrase comes from.
#[derive(Debug, Args)]
pub struct PassphraseOption {
    /// Read the passphrase from the first line of FILE in place of asking for it
    #[arg(long, env = "ENAMEL_PASSPHRASE_FILE", value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
}

/// An operator's key.
#[derive(Debug, Args)]
pub struct KeyOption {
    /// Your key file
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,

    /// Where its passphrase is
    #[command(flatten)]
    pub passphrase: PassphraseOption,
}

/// `enamel sign root …`.
#[derive(Debug, Subcommand)]
pub enum RootVerb {
    /// Write the first trust root, for its operators to sign
    New(RootNewArgs),
    /// Write the next trust root, for the operators before and the new ones to sign
    Rotate(RootRotateArgs),
    /// Add your signature to a trust root
    Sign(RootSignArgs),
    /// Show who is in a trust root, who has signed it, and what is missing
    Show(RootShowArgs),
}

/// `enamel sign root new`.
#[derive(Debug, Args)]
pub struct RootNewArgs {
    /// The operators' public parts, or folders of them (*.pub)
    #[arg(required = true, value_name = "PUBLIC")]
    pub public: Vec<PathBuf>,

    /// How many operators it takes to change the trust root
    #[arg(long, value_name = "M", default_value_t = 2)]
    pub threshold: usize,

    /// How many operators it takes for a dangerous command
    #[arg(long, value_name = "M", default_value_t = 2)]
    pub dangerous: usize,

    /// Where to write it; nothing is written over
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// `enamel sign root rotate`.
#[derive(Debug, Args)]
pub struct RootRotateArgs {
    /// The trust root that is valid now
    #[arg(long, value_name = "FILE")]
    pub old: PathBuf,

    /// Public parts of operators who come in, or folders of them (*.pub)
    #[arg(long, value_name = "PUBLIC")]
    pub add: Vec<PathBuf>,

    /// Keys of operators who leave, by id
    #[arg(long, value_name = "ID")]
    pub remove: Vec<KeyId>,

    /// How many operators it takes to change the trust root [default: as before]
    #[arg(long, value_name = "M")]
    pub threshold: Option<usize>,

    /// How many operators it takes for a dangerous command [default: as before]
    #[arg(long, value_name = "M")]
    pub dangerous: Option<usize>,

    /// Where to write it; nothing is written over
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// `enamel sign root sign`.
#[derive(Debug, Args)]
pub struct RootSignArgs {
    /// The trust root; your signature is added to this file
    pub root: PathBuf,

    /// Your key
    #[command(flatten)]
    pub key: KeyOption,
}

/// `enamel sign root show`.
#[derive(Debug, Args)]
pub struct RootShowArgs {
    /// The trust root
    pub root: PathBuf,

    /// The trust root before it, whose operators have to sign it too
    #[arg(long, value_name = "FILE")]
    pub old: Option<PathBuf>,
}

/// `enamel sign command`.
#[derive(Debug, Args)]
pub struct CommandArgs {
    /// Your key
    #[command(flatten)]
    pub key: KeyOption,

    /// Add your signature to a command that another operator has signed
    #[arg(long, value_name = "FILE", conflicts_with = "request")]
    pub add: Option<PathBuf>,

    /// Sign a request that the console gave you (`-` for standard input)
    #[arg(long, value_name = "FILE")]
    pub request: Option<PathBuf>,

    /// The agent that it is for
    #[arg(long, value_name = "ID", conflicts_with_all = ["add", "request"], required_unless_present_any = ["add", "request"])]
    pub agent: Option<AgentId>,

    /// That agent's practice
    #[arg(long, value_name = "ID", conflicts_with_all = ["add", "request"], required_unless_present_any = ["add", "request"])]
    pub practice: Option<PracticeId>,

    /// A number above that of the agent's last command; the console shows the next one
    #[arg(long, value_name = "N", conflicts_with_all = ["add", "request"], required_unless_present_any = ["add", "request"])]
    pub counter: Option<u64>,

    /// Why, in a sentence that the practice will read
    #[arg(long, conflicts_with_all = ["add", "request"], required_unless_present_any = ["add", "request"])]
    pub reason: Option<String>,

    /// How many hours it is valid, 1 to 24; a dangerous one waits for the first of them [default: 8]
    #[arg(long, value_name = "H", conflicts_with_all = ["add", "request"], value_parser = clap::value_parser!(u8).range(1..=24))]
    pub valid_hours: Option<u8>,

    /// Where to write it [default: with --add the file itself, else standard output]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// Sign what --add or --request shows without asking
    #[arg(long)]
    pub yes: bool,

    /// What the agent is to do
    #[command(subcommand)]
    pub order: Option<OrderArg>,
}

/// What an agent is to do.
#[derive(Debug, Clone, Subcommand)]
pub enum OrderArg {
    /// Run sensors now
    Collect {
        /// Which; none means all
        #[arg(value_enum)]
        sensors: Vec<SensorArg>,
    },
    /// Take a snapshot now
    Snapshot,
    /// Close the network but for the server and name resolution; it opens again by itself
    Isolate {
        /// After how many hours, 1 to 24
        #[arg(long, value_name = "H")]
        hours: u8,
    },
    /// End an isolation
    Release,
    /// Restore a snapshot into a new folder beside the data
    RestoreAside {
        /// Its full id, 64 hex digits
        snapshot: String,
    },
    /// Restore a snapshot over the data (dangerous: two operators)
    RestoreInPlace {
        /// Its full id, 64 hex digits
        snapshot: String,
    },
    /// Install a release (dangerous: two operators)
    Update {
        /// Its version
        version: String,
        /// SHA-256 of the program, 64 hex digits
        #[arg(long, value_name = "HASH")]
        sha256: String,
    },
    /// Remove the agent (dangerous: two operators)
    Uninstall,
}

/// A sensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SensorArg {
    /// What the computer is
    Inventory,
    /// How it is set up
    Host,
    /// What is installed on it
    Software,
    /// Where patient data lies
    Phi,
}

impl From<SensorArg> for SensorName {
    fn from(sensor: SensorArg) -> Self {
        match sensor {
            SensorArg::Inventory => Self::Inventory,
            SensorArg::Host => Self::Host,
            SensorArg::Software => Self::Software,
            SensorArg::Phi => Self::Phi,
        }
    }
}
