//! The audit trail: who did what, chained.

use enamel_types::Timestamp;

use crate::console::frame::Choice;

/// The page.
#[derive(Debug, Clone)]
pub struct Audit {
    /// Entries, newest first.
    pub rows: Vec<AuditRow>,
    /// Whether the chain was computed anew and came out the same.
    pub whole: bool,
    /// How many entries it has.
    pub entries: u64,
    /// The last entry's hash.
    pub head: String,
    /// The filter over kinds of deed.
    pub deeds: Vec<Choice>,
    /// The person searched for.
    pub who: String,
    /// Whether anything is filtered.
    pub filtered: bool,
    /// Where the next page begins.
    pub next: Option<String>,
}

/// One entry.
#[derive(Debug, Clone)]
pub struct AuditRow {
    /// Its place in the chain.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub who: String,
    /// What, in the trail's own word.
    pub deed: String,
    /// On what.
    pub object: String,
    /// Its hash, the first digits.
    pub hash: String,
}
