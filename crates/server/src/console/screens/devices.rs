//! Computers, with their agents.

use enamel_types::{DeviceId, Timestamp};

use super::findings::Counts;
use crate::console::frame::{Choice, PracticeRef};

/// The page.
#[derive(Debug, Clone)]
pub struct Devices {
    /// The computers.
    pub rows: Vec<DeviceRow>,
    /// How many in all.
    pub total: u64,
    /// The filter over practices.
    pub practices: Vec<Choice>,
    /// The filter over contact.
    pub contacts: Vec<Choice>,
    /// The word that names are searched for.
    pub word: String,
    /// Whether anything is filtered.
    pub filtered: bool,
    /// Where the next page begins.
    pub next: Option<String>,
}

/// One computer.
#[derive(Debug, Clone)]
pub struct DeviceRow {
    /// Which.
    pub id: DeviceId,
    /// Its practice.
    pub practice: PracticeRef,
    /// Its name.
    pub name: String,
    /// Its operating system.
    pub os: String,
    /// Its agent's last contact; `None` for one that never spoke.
    pub contact: Option<Timestamp>,
    /// How its agent is.
    pub state: AgentState,
    /// Its agent's version.
    pub version: String,
    /// Open findings.
    pub open: Counts,
}

/// How an agent is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentState {
    /// Heard from when it should be.
    Well,
    /// Not heard from for longer than it should be.
    Silent,
    /// Its network is closed by a command.
    Isolated,
    /// Its chain has a hole or a twin.
    Damaged,
    /// It was ended.
    Ended,
}

impl AgentState {
    /// The key of its word.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Well => "agent-well",
            Self::Silent => "agent-silent",
            Self::Isolated => "agent-isolated",
            Self::Damaged => "agent-damaged",
            Self::Ended => "agent-ended",
        }
    }

    /// The class by which icon and colour are picked.
    pub const fn mark(self) -> &'static str {
        match self {
            Self::Well => "met",
            Self::Silent => "partly",
            Self::Isolated | Self::Damaged => "notmet",
            Self::Ended => "none",
        }
    }
}
