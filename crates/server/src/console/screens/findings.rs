//! Findings over all practices, and one with its history.

use enamel_types::{FindingId, Minutes, Severity, Timestamp};

use crate::console::frame::{Choice, PracticeRef};

/// Open findings by severity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Fix today.
    pub critical: u64,
    /// Fix this week.
    pub high: u64,
    /// Fix this quarter.
    pub medium: u64,
    /// Fix when there anyway.
    pub low: u64,
}

impl Counts {
    /// All of them.
    pub const fn all(&self) -> u64 {
        self.critical + self.high + self.medium + self.low
    }

    /// Those that cannot wait: fix today and fix this week.
    pub const fn serious(&self) -> u64 {
        self.critical + self.high
    }
}

/// The list.
#[derive(Debug, Clone)]
pub struct Findings {
    /// Findings, worst first.
    pub rows: Vec<FindingRow>,
    /// How many in all.
    pub total: u64,
    /// The filters, each with the choice that is made.
    pub filters: Filters,
    /// Whether anything is filtered.
    pub filtered: bool,
    /// Where the next page begins.
    pub next: Option<String>,
}

/// What the list can be narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filters {
    /// Practices.
    pub practices: Vec<Choice>,
    /// Severities.
    pub severities: Vec<Choice>,
    /// States.
    pub states: Vec<Choice>,
    /// Ages.
    pub ages: Vec<Choice>,
    /// Rules.
    pub rules: Vec<Choice>,
    /// The computer, by id; empty for all.
    pub device: String,
    /// Its name, to say which.
    pub device_name: String,
}

/// One finding of a list.
#[derive(Debug, Clone)]
pub struct FindingRow {
    /// Which.
    pub id: FindingId,
    /// Its practice.
    pub practice: PracticeRef,
    /// Its computer.
    pub computer: String,
    /// What is wrong.
    pub title: String,
    /// What it is about: a file, a folder, a service; empty where the computer itself is meant.
    pub subject: String,
    /// The rule.
    pub rule: String,
    /// How bad.
    pub severity: Severity,
    /// Where it stands.
    pub state: State,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// When it was last seen.
    pub last_seen: Timestamp,
}

impl FindingRow {
    /// Its page.
    pub fn href(&self) -> String {
        format!("/practices/{}/findings/{}", self.practice.id, self.id)
    }
}

/// Where a finding stands, as lists show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Seen in the latest look.
    Open,
    /// It was gone once and is back.
    Reopened,
    /// Its evidence is too old to say.
    Stale,
    /// A named person accepted it until a day.
    Accepted,
    /// Looked for again, and gone.
    Resolved,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Open, Self::Reopened, Self::Stale, Self::Accepted, Self::Resolved];

    /// As a filter sends it.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Reopened => "reopened",
            Self::Stale => "stale",
            Self::Accepted => "accepted",
            Self::Resolved => "resolved",
        }
    }

    /// The key of its word.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Open => "state-open",
            Self::Reopened => "state-reopened",
            Self::Stale => "state-stale",
            Self::Accepted => "state-accepted",
            Self::Resolved => "state-resolved",
        }
    }

    /// The class by which icon and colour are picked.
    pub const fn mark(self) -> &'static str {
        match self {
            Self::Open | Self::Reopened => "notmet",
            Self::Stale => "unknown",
            Self::Accepted => "none",
            Self::Resolved => "met",
        }
    }
}

/// One finding's page.
#[derive(Debug, Clone)]
pub struct FindingDetail {
    /// The finding.
    pub row: FindingRow,
    /// Why it matters.
    pub why: String,
    /// What was seen.
    pub seen: String,
    /// What to do.
    pub action: String,
    /// Steps.
    pub steps: Vec<String>,
    /// Working time.
    pub minutes: Minutes,
    /// People whose data it lays open.
    pub people: Option<u64>,
    /// The safeguards it speaks against.
    pub controls: Vec<String>,
    /// What became of it, oldest first.
    pub history: Vec<Event>,
    /// The page of the observation it was judged from.
    pub evidence: String,
    /// The acceptance in force.
    pub acceptance: Option<Acceptance>,
    /// The form to accept it; `None` where the reader may not, or there is nothing to accept.
    pub form: Option<AcceptForm>,
}

/// Something that became of a finding.
#[derive(Debug, Clone)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// The key of what.
    pub key: &'static str,
    /// Who, where a person did it.
    pub who: String,
    /// The page of the observation, where one tells.
    pub evidence: Option<String>,
}

/// An acceptance in force.
#[derive(Debug, Clone)]
pub struct Acceptance {
    /// Why.
    pub reason: String,
    /// What is done instead.
    pub compensating: String,
    /// Who.
    pub person: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it ends.
    pub until: Timestamp,
}

/// The form as it is shown: what was typed comes back when something is wrong with it.
#[derive(Debug, Clone, Default)]
pub struct AcceptForm {
    /// Why.
    pub reason: String,
    /// What is done instead.
    pub compensating: String,
    /// Who accepts: name and role.
    pub person: String,
    /// Until which day, `2027-02-24`.
    pub until: String,
    /// The first day that can be chosen.
    pub earliest: String,
    /// The last day that can be chosen: a year ahead.
    pub latest: String,
    /// Keys of what is wrong, by field.
    pub wrong: Vec<(&'static str, &'static str)>,
}

impl AcceptForm {
    /// The key of what is wrong with a field; empty where nothing is.
    pub fn wrong(&self, field: &str) -> &'static str {
        self.wrong.iter().find(|(name, _)| *name == field).map_or("", |(_, key)| key)
    }
}
