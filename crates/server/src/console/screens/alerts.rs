//! Alerts: what somebody was told of, and who took it.

use enamel_types::{AlertId, Severity, Timestamp};

use crate::console::frame::{Choice, PracticeRef};

/// The page.
#[derive(Debug, Clone)]
pub struct Alerts {
    /// Alerts, those that nobody took first.
    pub rows: Vec<AlertRow>,
    /// How many wait.
    pub waiting: u64,
    /// The filter over states.
    pub states: Vec<Choice>,
    /// Whether the reader may take one.
    pub may_take: bool,
    /// Where the next page begins.
    pub next: Option<String>,
}

/// One alert.
#[derive(Debug, Clone)]
pub struct AlertRow {
    /// Which.
    pub id: AlertId,
    /// Where.
    pub practice: PracticeRef,
    /// How bad.
    pub severity: Severity,
    /// What, in words.
    pub title: String,
    /// When it began.
    pub since: Timestamp,
    /// How often it was seen since.
    pub times: u64,
    /// Where it was sent: mail, webhook.
    pub sent_to: Vec<String>,
    /// Who took it, and when.
    pub taken: Option<(String, Timestamp)>,
    /// When it ended by itself.
    pub ended: Option<Timestamp>,
    /// The page on which it is done.
    pub href: String,
}
