//! Commands: what an operator may ask of one practice's computer.
//!
//! A closed set with bounded parameters. There is no shell, no script, no exclusion from a scan, and no verb that deletes
//! a snapshot. A server relays commands and cannot make one: operators sign them (crate `wire`).

use serde::{Deserialize, Serialize};

use crate::ids::{AgentId, CommandId, PracticeId};
use crate::policy::SensorName;
use crate::time::Timestamp;

/// Longest validity of a command, hours.
pub const MAX_VALIDITY_HOURS: i64 = 24;

/// How long a dangerous command is held before it is carried out, minutes: time for the practice to refuse it.
pub const HOLD_MINUTES: i64 = 60;

/// Longest isolation before it ends by itself, hours.
pub const MAX_ISOLATION_HOURS: u8 = 24;

/// One order to one agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// Its id, a UUIDv7.
    pub id: CommandId,
    /// The agent's practice; an agent of another refuses it.
    pub practice: PracticeId,
    /// The one agent it is for: there are no wildcards.
    pub agent: AgentId,
    /// Rises with each command for this agent, so that an old one cannot be played again.
    pub counter: u64,
    /// Sixteen random bytes, lower-case hex.
    pub nonce: String,
    /// Not to be carried out before.
    pub not_before: Timestamp,
    /// Nor at or after; at most [`MAX_VALIDITY_HOURS`] later.
    pub not_after: Timestamp,
    /// Why, in a sentence that the practice will read.
    pub reason: String,
    /// What to do.
    pub order: Order,
}

/// What a command orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "snake_case", deny_unknown_fields)]
pub enum Order {
    /// Run these sensors now.
    Collect {
        /// Which; none means all of the policy's.
        sensors: Vec<SensorName>,
    },
    /// Take a snapshot now.
    Snapshot,
    /// Close the network but for the server and name resolution; it opens again by itself.
    Isolate {
        /// After how many hours, 1 to [`MAX_ISOLATION_HOURS`].
        hours: u8,
    },
    /// End an isolation.
    Release,
    /// Restore a snapshot into a new folder beside the data.
    RestoreAside {
        /// The snapshot, by its full id, 64 hex digits.
        snapshot: String,
    },
    /// Restore a snapshot over the data.
    RestoreInPlace {
        /// The snapshot, by its full id, 64 hex digits.
        snapshot: String,
    },
    /// Install a release.
    Update {
        /// Its version.
        version: String,
        /// SHA-256 of the program, 64 hex digits.
        sha256: String,
    },
    /// Remove the agent.
    Uninstall,
}

/// How much harm a command could do, and so what it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommandClass {
    /// Looks, or adds a snapshot. One signature.
    Safe,
    /// Interrupts work and can be undone. One signature.
    Disruptive,
    /// Can destroy. Two signatures of different operators, an hour's hold, and the practice may refuse.
    Dangerous,
}

impl Order {
    /// The class.
    pub const fn class(&self) -> CommandClass {
        match self {
            Self::Collect { .. } | Self::Snapshot => CommandClass::Safe,
            Self::Isolate { .. } | Self::Release | Self::RestoreAside { .. } => CommandClass::Disruptive,
            Self::RestoreInPlace { .. } | Self::Update { .. } | Self::Uninstall => CommandClass::Dangerous,
        }
    }

    /// The verb, as it is written in a command.
    pub const fn verb(&self) -> &'static str {
        match self {
            Self::Collect { .. } => "collect",
            Self::Snapshot => "snapshot",
            Self::Isolate { .. } => "isolate",
            Self::Release => "release",
            Self::RestoreAside { .. } => "restore_aside",
            Self::RestoreInPlace { .. } => "restore_in_place",
            Self::Update { .. } => "update",
            Self::Uninstall => "uninstall",
        }
    }
}

impl CommandClass {
    /// Signatures of different operators that it takes.
    pub const fn signatures(self) -> usize {
        match self {
            Self::Safe | Self::Disruptive => 1,
            Self::Dangerous => 2,
        }
    }
}

/// What became of a command on its computer; recorded as evidence by the agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandReceipt {
    /// The command.
    pub command: CommandId,
    /// Its verb, as far as it could be read.
    pub verb: String,
    /// What became of it.
    pub outcome: CommandOutcome,
    /// Why, or what was done, in one sentence.
    pub detail: String,
}

/// What became of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommandOutcome {
    /// Held: its hour runs, and the practice may refuse it.
    Held,
    /// Carried out.
    Done,
    /// Tried, and failed.
    Failed,
    /// Refused by the agent: not signed as it must be, expired, played again, not for it.
    Refused,
    /// Refused by the practice while it was held.
    Vetoed,
}
