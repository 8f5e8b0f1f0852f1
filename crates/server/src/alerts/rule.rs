//! When a route is used, as it is kept in the store: JSON, version 1 by its field names. Nothing here reads a clock.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use enamel_types::access::Reach;
use enamel_types::{GroupId, PracticeId, Severity, Timestamp};
use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Most windows of one route; nobody's week has more.
const MAX_WINDOWS: usize = 21;

/// Longest wait before an alert is escalated, minutes: a week.
const MAX_ESCALATION: u32 = 7 * 24 * 60;

/// When a route is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Whose alerts.
    pub reach: Reach,
    /// Which severities; empty means all.
    #[serde(default)]
    pub severities: BTreeSet<Severity>,
    /// Which categories, by their words; empty means all.
    #[serde(default)]
    pub categories: BTreeSet<String>,
    /// The zone of `hours` and `quiet`, by its IANA name: `America/Chicago`.
    pub zone: String,
    /// When somebody is there; empty means always.
    #[serde(default)]
    pub hours: Vec<Window>,
    /// When nobody is to be woken.
    #[serde(default)]
    pub quiet: Vec<Window>,
    /// Who is told when nobody takes it.
    #[serde(default)]
    pub escalate: Option<Escalation>,
    /// Whether a webhook may go to a private or loopback address: an Owner's decision.
    #[serde(default)]
    pub allow_private: bool,
}

/// A time of some days, by the clock on the wall. One that ends before it begins goes on into the next day; one that ends when it
/// begins is the whole day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// The days on which it begins: 1 is Monday, 7 is Sunday; empty means every day.
    #[serde(default)]
    pub days: BTreeSet<i8>,
    /// Its first minute.
    pub from: Time,
    /// The minute after its last.
    pub until: Time,
}

/// Who is told when nobody takes an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Escalation {
    /// So many minutes after this route was told.
    pub after_minutes: u32,
    /// The other route.
    pub to: Uuid,
}

/// Why a text is no [`Rule`].
#[derive(Debug, thiserror::Error)]
pub enum NotARule {
    /// It is no JSON of this shape.
    #[error("the route's rule cannot be read")]
    Shape(#[from] serde_json::Error),
    /// A zone that nobody knows.
    #[error("there is no time zone {0:?}; take a name such as America/Chicago")]
    Zone(String),
    /// A number that is out of its bounds.
    #[error("{0}")]
    Bounds(&'static str),
}

impl Rule {
    /// Reads a rule.
    ///
    /// # Errors
    /// [`NotARule`].
    pub fn parse(text: &str) -> Result<Self, NotARule> {
        let rule: Self = serde_json::from_str(text)?;
        if TimeZone::get(&rule.zone).is_err() {
            return Err(NotARule::Zone(rule.zone));
        }
        let windows = || rule.hours.iter().chain(&rule.quiet);
        if windows().count() > MAX_WINDOWS {
            return Err(NotARule::Bounds("a route has at most 21 windows of hours and quiet hours"));
        }
        if windows().any(|window| window.days.iter().any(|day| !(1..=7).contains(day))) {
            return Err(NotARule::Bounds("days are numbers from 1, Monday, to 7, Sunday"));
        }
        if rule.escalate.as_ref().is_some_and(|to| !(1..=MAX_ESCALATION).contains(&to.after_minutes)) {
            return Err(NotARule::Bounds("an alert is escalated after 1 to 10080 minutes"));
        }
        Ok(rule)
    }

    /// Whether it reaches a practice.
    pub fn covers(&self, practice: PracticeId, group: Option<GroupId>) -> bool {
        match self.reach {
            Reach::Msp => true,
            Reach::Group(reached) => group == Some(reached),
            Reach::Practice(reached) => practice == reached,
        }
    }

    /// Whether it is for alerts of this kind.
    pub fn is_for(&self, severity: Severity, category: &str) -> bool {
        (self.severities.is_empty() || self.severities.contains(&severity))
            && (self.categories.is_empty() || self.categories.contains(category))
    }

    /// Whether somebody is there.
    pub fn is_on_duty(&self, now: Timestamp) -> bool {
        self.hours.is_empty() || self.is_within(&self.hours, now)
    }

    /// Whether nobody is to be woken.
    pub fn is_quiet(&self, now: Timestamp) -> bool {
        self.is_within(&self.quiet, now)
    }

    fn is_within(&self, windows: &[Window], now: Timestamp) -> bool {
        // A zone that this computer has lost since the rule was read: better an hour off than silent.
        let zone = TimeZone::get(&self.zone).unwrap_or(TimeZone::UTC);
        let local = now.to_zoned_datetime(zone);
        let (day, time) = (local.weekday(), local.time());
        windows.iter().any(|window| window.holds(day, time))
    }
}

impl Window {
    /// Whether it holds a moment. Where clocks are set back, the hour that comes twice is in it both times.
    fn holds(&self, day: Weekday, time: Time) -> bool {
        let begins_on =
            |day: Weekday| self.days.is_empty() || self.days.contains(&day.to_monday_one_offset());
        match self.from.cmp(&self.until) {
            Ordering::Less => begins_on(day) && self.from <= time && time < self.until,
            Ordering::Equal => begins_on(day),
            Ordering::Greater => {
                (begins_on(day) && self.from <= time) || (begins_on(day.previous()) && time < self.until)
            }
        }
    }
}

/// The kinds of alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Category {
    /// Files are being encrypted, or were.
    Ransomware,
    /// Somebody is, or was, where they must not be.
    Intrusion,
    /// Evidence was lost or forged, or a computer's key is at work twice.
    Evidence,
    /// A dangerous command waits, or the breaker holds commands back.
    Command,
    /// A weakness.
    Finding,
    /// An agent that is silent, or whose certificate ends.
    Agent,
    /// An alert that did not arrive.
    Delivery,
}

impl Category {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Ransomware,
        Self::Intrusion,
        Self::Evidence,
        Self::Command,
        Self::Finding,
        Self::Agent,
        Self::Delivery,
    ];

    /// The word, as it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ransomware => "ransomware",
            Self::Intrusion => "intrusion",
            Self::Evidence => "evidence",
            Self::Command => "command",
            Self::Finding => "finding",
            Self::Agent => "agent",
            Self::Delivery => "delivery",
        }
    }

    /// Whether quiet hours do not hold it back: ransomware always, and whatever may be an attack that goes on where it is critical. A
    /// weakness or a silent agent of the night is mended in the morning.
    const fn wakes(self, severity: Severity) -> bool {
        match self {
            Self::Ransomware => true,
            Self::Intrusion | Self::Evidence | Self::Command => matches!(severity, Severity::Critical),
            Self::Finding | Self::Agent | Self::Delivery => false,
        }
    }
}

/// Whether an alert may wake people. One of a kind that this server does not know may, where it is critical: better woken for
/// nothing.
pub fn wakes(category: &str, severity: Severity) -> bool {
    let known = Category::ALL.into_iter().find(|known| known.as_str() == category);
    known.map_or(severity == Severity::Critical, |known| known.wakes(severity))
}
