//! The practices: one line each.

use enamel_types::{Timestamp, Usd};

use super::findings::Counts;
use crate::console::frame::{Choice, PracticeRef};

/// The page.
#[derive(Debug, Clone)]
pub struct Practices {
    /// The practices, costliest first.
    pub rows: Vec<PracticeRow>,
    /// How many in all.
    pub total: u64,
    /// The filter over groups; empty where there are none.
    pub groups: Vec<Choice>,
    /// Where the next page begins.
    pub next: Option<String>,
}

/// One practice.
#[derive(Debug, Clone)]
pub struct PracticeRow {
    /// Which.
    pub practice: PracticeRef,
    /// Computers with an agent.
    pub computers: u64,
    /// Of these, silent.
    pub silent: u64,
    /// Open findings.
    pub open: Counts,
    /// Expected loss of a year; `None` before anything was seen.
    pub expected: Option<Usd>,
    /// People whose data was found.
    pub people: u64,
    /// The newest evidence.
    pub seen: Option<Timestamp>,
}
