//! Evidence: from a number to the observation it rests on, and that observation's place in the chain.

use enamel_types::{EvidenceOutcome, Timestamp};

use crate::console::frame::PracticeRef;

/// The page of one observation.
#[derive(Debug, Clone)]
pub struct EvidencePage {
    /// The practice.
    pub practice: PracticeRef,
    /// The observation.
    pub id: String,
    /// The sensor and its version.
    pub sensor: String,
    /// Enamel's version that made it.
    pub version: String,
    /// The computer.
    pub computer: String,
    /// What it is a complete statement about.
    pub scope: String,
    /// When it was seen.
    pub observed_at: Timestamp,
    /// When the server kept it.
    pub received_at: Timestamp,
    /// When it stops counting.
    pub valid_until: Timestamp,
    /// Whether it still counts.
    pub fresh: bool,
    /// Its place in the practice's ledger.
    pub seq: u64,
    /// Its place in its agent's chain.
    pub agent_seq: u64,
    /// The hash of the entry before it, 64 hex digits.
    pub prev: String,
    /// Its own hash.
    pub hash: String,
    /// Whether the chain was computed anew for this page and came out the same.
    pub whole: bool,
    /// What follows from it: sentence, which way it points.
    pub says: Vec<(String, EvidenceOutcome)>,
    /// What could not be seen: what, why.
    pub gaps: Vec<(String, String)>,
    /// What was seen, as JSON.
    pub body: String,
    /// Whether the JSON was cut for the page.
    pub cut: bool,
}

impl EvidencePage {
    /// The class by which icon and colour of an outcome are picked.
    pub const fn mark(&self, outcome: &EvidenceOutcome) -> &'static str {
        match outcome {
            EvidenceOutcome::Supports => "met",
            EvidenceOutcome::Contradicts => "notmet",
            EvidenceOutcome::Unknown => "unknown",
        }
    }
}
