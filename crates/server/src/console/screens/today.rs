//! Today: what needs a human, over all practices, ordered by expected loss cut per technician minute.

use enamel_types::{Minutes, Severity, Timestamp, Usd};

use crate::console::frame::{Choice, PracticeRef};

/// The page.
#[derive(Debug, Clone)]
pub struct Today {
    /// When the figures were last brought up to date; `None` before the first time.
    pub looked_at: Option<Timestamp>,
    /// How much there is.
    pub fleet: Fleet,
    /// The filter over groups; empty where there are none.
    pub groups: Vec<Choice>,
    /// What needs a human, most worth first.
    pub needs: Vec<Need>,
    /// How many there are in all, those of later pages included.
    pub total: u64,
    /// Where the next page begins.
    pub next: Option<String>,
    /// Working time of everything that is listed.
    pub minutes: Minutes,
    /// What it saves in a year.
    pub saves: Usd,
}

/// How much there is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fleet {
    /// Practices.
    pub practices: u64,
    /// Computers with an agent.
    pub computers: u64,
    /// Agents that were not heard from for longer than they should be.
    pub silent: u64,
    /// Practices with nothing to do.
    pub calm: u64,
    /// Expected loss of a year over all practices.
    pub expected: Usd,
}

/// One thing that needs a human.
#[derive(Debug, Clone)]
pub struct Need {
    /// Where.
    pub practice: PracticeRef,
    /// What.
    pub what: What,
    /// How bad.
    pub severity: Severity,
    /// Working time, where it is known.
    pub minutes: Option<Minutes>,
    /// What it saves in a year, where that was computed.
    pub saves: Option<Usd>,
    /// Since when.
    pub since: Timestamp,
    /// The page on which it is done.
    pub href: String,
}

/// What needs a human, as far as it changes the words.
#[derive(Debug, Clone)]
pub enum What {
    /// A weakness: its title, what to do, on how many computers.
    Weakness {
        /// What is wrong.
        title: String,
        /// What to do.
        action: String,
        /// Where.
        computers: u64,
    },
    /// An agent is silent.
    Silent {
        /// Its computer.
        computer: String,
    },
    /// A dangerous command waits for its hour to end.
    Held {
        /// Its verb.
        verb: String,
        /// Its computer.
        computer: String,
    },
    /// Evidence is missing from an agent's chain.
    Gap {
        /// Its computer.
        computer: String,
        /// Entries that are missing.
        entries: u64,
    },
    /// Two computers speak as one agent.
    Fork {
        /// The computer it was enrolled on.
        computer: String,
    },
    /// An accepted risk is about to count again.
    AcceptanceEnds {
        /// The finding.
        title: String,
        /// When.
        until: Timestamp,
    },
    /// Safeguards whose evidence is too old.
    Stale {
        /// How many.
        controls: u64,
    },
    /// An agent's certificate is about to end and was not renewed.
    CertificateEnds {
        /// Its computer.
        computer: String,
        /// When.
        until: Timestamp,
    },
    /// Commands are kept from their agents: too many at once.
    HeldBack {
        /// How many.
        commands: u64,
    },
    /// Nobody knows whether there are backups.
    BackupsUnknown,
    /// No computer has been enrolled.
    NoComputer,
}

impl What {
    /// The key of the link that does it.
    pub const fn action_key(&self) -> &'static str {
        match self {
            Self::Weakness { .. } => "do-fix",
            Self::Silent { .. } => "do-check-computer",
            Self::Gap { .. } | Self::Fork { .. } | Self::CertificateEnds { .. } | Self::BackupsUnknown => {
                "do-look"
            }
            Self::Held { .. } | Self::HeldBack { .. } => "do-decide",
            Self::AcceptanceEnds { .. } => "do-renew",
            Self::Stale { .. } => "do-refresh",
            Self::NoComputer => "do-enrol",
        }
    }
}
