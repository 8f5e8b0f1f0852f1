//! Why something needs a human: the facts that a screen, a mail or a ticket makes a sentence of.
//!
//! The same cause is an item of *Today* and, where somebody must be told, an alert. In the store it is JSON with its `reason`; the
//! words are the console's. Nothing of what was found inside a file is in here: no path, no person.

use enamel_types::{AgentId, CommandId, DeviceId, FindingId, Minutes, RuleId, Severity, Timestamp, Usd};
use serde::{Deserialize, Serialize};

/// Why something needs a human.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Cause {
    /// A weakness, on one computer or many.
    Weakness {
        /// The rule.
        rule: RuleId,
        /// The check's title.
        title: String,
        /// What to do.
        action: String,
        /// On how many computers.
        computers: u64,
        /// Working time over all of them.
        minutes: Minutes,
        /// Mean yearly loss that it takes away.
        saves: Usd,
    },
    /// An agent has not been heard of for longer than [`super::SILENT_AFTER`].
    Silent {
        /// The agent.
        agent: AgentId,
        /// Its computer's name.
        computer: String,
    },
    /// One key is at work on two computers, or a computer's disk was set back.
    Fork {
        /// The agent.
        agent: AgentId,
        /// The name of the computer that it was enrolled on.
        computer: String,
    },
    /// An agent had no room for what it saw and dropped some of it.
    Dropped {
        /// The agent.
        agent: AgentId,
        /// Its computer's name.
        computer: String,
        /// Observations, since it was enrolled.
        observations: u64,
    },
    /// An agent's certificate is about to end and was not renewed.
    CertificateEnds {
        /// The agent.
        agent: AgentId,
        /// Its computer's name.
        computer: String,
        /// When.
        until: Timestamp,
    },
    /// A dangerous command waits for its hour to end.
    Held {
        /// The command.
        command: CommandId,
        /// Its verb.
        verb: String,
        /// Its computer's name.
        computer: String,
    },
    /// The breaker keeps commands from their agents: too many at once.
    HeldBack {
        /// How many commands of this practice.
        commands: u64,
    },
    /// An accepted risk is about to count again.
    AcceptanceEnds {
        /// The finding.
        finding: FindingId,
        /// The check's title.
        title: String,
        /// When.
        until: Timestamp,
    },
    /// Safeguards whose evidence is too old.
    Stale {
        /// How many.
        controls: u64,
    },
    /// Nobody knows whether there are backups.
    BackupsUnknown,
    /// No computer has been enrolled.
    NoComputer,
}

impl Cause {
    /// The word of [`Cause`]'s variant, as it is stored.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Weakness { .. } => "weakness",
            Self::Silent { .. } => "silent",
            Self::Fork { .. } => "fork",
            Self::Dropped { .. } => "dropped",
            Self::CertificateEnds { .. } => "certificate_ends",
            Self::Held { .. } => "held",
            Self::HeldBack { .. } => "held_back",
            Self::AcceptanceEnds { .. } => "acceptance_ends",
            Self::Stale { .. } => "stale",
            Self::BackupsUnknown => "backups_unknown",
            Self::NoComputer => "no_computer",
        }
    }

    /// What makes it the same cause tomorrow.
    pub fn key(&self) -> String {
        let reason = self.reason();
        match self {
            Self::Weakness { rule, .. } => format!("{reason}:{rule}"),
            Self::Silent { agent, .. }
            | Self::Fork { agent, .. }
            | Self::Dropped { agent, .. }
            | Self::CertificateEnds { agent, .. } => format!("{reason}:{agent}"),
            Self::Held { command, .. } => format!("{reason}:{command}"),
            Self::AcceptanceEnds { finding, .. } => format!("{reason}:{finding}"),
            Self::HeldBack { .. } | Self::Stale { .. } | Self::BackupsUnknown | Self::NoComputer => {
                reason.to_owned()
            }
        }
    }

    /// Working time that it takes a technician, where there is no better figure: our judgement, of a remote session.
    pub const fn minutes(&self) -> u32 {
        match self {
            Self::Weakness { minutes, .. } => minutes.0,
            Self::Held { .. } => 2,
            Self::AcceptanceEnds { .. } => 5,
            Self::HeldBack { .. } | Self::CertificateEnds { .. } => 10,
            Self::Silent { .. } | Self::Dropped { .. } | Self::Stale { .. } => 15,
            Self::Fork { .. } | Self::BackupsUnknown | Self::NoComputer => 30,
        }
    }

    /// The kind of alert, for routing; `None` where nobody is to be woken for it.
    pub const fn alert(&self, severity: Severity) -> Option<&'static str> {
        match self {
            Self::Weakness { .. } => match severity {
                Severity::Critical => Some("finding"),
                _ => None,
            },
            Self::Silent { .. } | Self::CertificateEnds { .. } => Some("agent"),
            Self::Fork { .. } | Self::Dropped { .. } => Some("evidence"),
            Self::Held { .. } | Self::HeldBack { .. } => Some("command"),
            Self::AcceptanceEnds { .. } | Self::Stale { .. } | Self::BackupsUnknown | Self::NoComputer => {
                None
            }
        }
    }
}

/// A cause with what every screen needs of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Need {
    /// Why.
    pub cause: Cause,
    /// How bad.
    pub severity: Severity,
    /// On which computer, if one.
    pub device: Option<DeviceId>,
    /// Since when.
    pub since: Timestamp,
    /// Expected loss cut in a year for each minute of work, dollars.
    pub worth: f64,
}
