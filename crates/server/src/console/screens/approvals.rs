//! Approvals: commands that wait, who signed them, and how to make one.

use enamel_types::command::CommandClass;
use enamel_types::{AgentId, CommandId, Timestamp};

use crate::console::frame::{Choice, PracticeRef};

/// The page.
#[derive(Debug, Clone)]
pub struct Approvals {
    /// Held, soonest first.
    pub held: Vec<HeldCommand>,
    /// What became of earlier ones, newest first.
    pub past: Vec<PastCommand>,
    /// Whether the reader may bring a signed command.
    pub may_send: bool,
}

/// A command that waits.
#[derive(Debug, Clone)]
pub struct HeldCommand {
    /// Which.
    pub id: CommandId,
    /// Where.
    pub practice: PracticeRef,
    /// The computer.
    pub computer: String,
    /// Its verb.
    pub verb: String,
    /// How much harm it could do.
    pub class: CommandClass,
    /// Why, in the operator's words.
    pub reason: String,
    /// Who signed, by the names in the trust root.
    pub signed_by: Vec<String>,
    /// Signatures it takes.
    pub needed: u64,
    /// When it is carried out, where its hour runs.
    pub due: Option<Timestamp>,
    /// When it can no longer be carried out.
    pub expires: Timestamp,
    /// Whether the reader may refuse it.
    pub may_refuse: bool,
}

impl HeldCommand {
    /// How many have signed.
    pub const fn signatures(&self) -> u64 {
        self.signed_by.len() as u64
    }
}

/// What became of a command.
#[derive(Debug, Clone)]
pub struct PastCommand {
    /// Where.
    pub practice: PracticeRef,
    /// The computer.
    pub computer: String,
    /// Its verb.
    pub verb: String,
    /// The key of what became of it.
    pub outcome: &'static str,
    /// The class by which icon and colour are picked.
    pub mark: &'static str,
    /// Why, or what was done.
    pub detail: String,
    /// When.
    pub at: Timestamp,
}

/// The key of a verb's words.
pub fn verb_key(verb: &str) -> &'static str {
    match verb {
        "collect" => "verb-collect",
        "snapshot" => "verb-snapshot",
        "isolate" => "verb-isolate",
        "release" => "verb-release",
        "restore_aside" => "verb-restore-aside",
        "restore_in_place" => "verb-restore-in-place",
        "update" => "verb-update",
        "uninstall" => "verb-uninstall",
        _ => "verb-other",
    }
}

/// The form for a command that is to be signed.
#[derive(Debug, Clone)]
pub struct NewCommand {
    /// Computers to choose from: agent, name with practice.
    pub computers: Vec<Choice>,
    /// Verbs to choose from.
    pub verbs: Vec<Choice>,
    /// What was typed as the reason.
    pub reason: String,
    /// The key of what is wrong; empty where nothing is.
    pub wrong: &'static str,
    /// The agent that is chosen.
    pub agent: Option<AgentId>,
}
