//! The index: what the fleet's screens need of each practice, and nothing of what was found inside files: no path, no subject.
//!
//! A projection: [`put`] replaces all of a practice's part at once, and the whole of it can be thrown away and computed anew from the
//! evidence.

mod fleet;
mod put;

pub use fleet::{
    DeviceCursor, FindingCursor, FindingFilter, Found, PracticeStanding, TodayCursor, TodaySums, days,
    device, devices, evidence_ages, finding, findings, practice, practices_by_loss, rule_counts, search,
    through, today, today_sums,
};
pub use put::{PracticeIndex, put};

use enamel_types::control::ControlState;
use enamel_types::{ControlId, DeviceId, FindingId, PracticeId, RuleId, Severity, Timestamp};
use serde::{Deserialize, Serialize};

use crate::value::words;

/// A practice's figures, of now or of a day.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Figures {
    /// Mean loss of a year, US dollars.
    pub loss_mean: f64,
    /// Loss that nine of ten years stay below.
    pub loss_p90: f64,
    /// Loss that nineteen of twenty years stay below.
    pub loss_p95: f64,
    /// Computers known.
    pub devices: u32,
    /// Open findings by severity: informational, low, medium, high, critical.
    pub findings: [u32; 5],
    /// Controls met.
    pub controls_met: u32,
    /// Controls met in part.
    pub controls_partly: u32,
    /// Controls not met.
    pub controls_not_met: u32,
    /// Controls of which nothing fresh is known.
    pub controls_unknown: u32,
    /// People whose data was found where it is not protected.
    pub persons: u64,
}

/// A computer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IndexDevice {
    /// Which.
    pub device: DeviceId,
    /// Where.
    pub practice: PracticeId,
    /// Its name.
    pub name: String,
    /// Its operating system.
    pub os: String,
    /// What it is for.
    pub role: String,
    /// When it was last looked at.
    pub observed_at: Timestamp,
    /// The worst of its open findings.
    pub worst: Option<Severity>,
    /// How many are open.
    pub findings: u32,
}

words! {
    /// Where a finding stands.
    FindingStanding {
        /// It was there when last looked for.
        Open = "open",
        /// It was gone once, and is back.
        Reopened = "reopened",
        /// It was gone when last looked for.
        Resolved = "resolved",
    }
}

/// A finding, without what it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IndexFinding {
    /// Which.
    pub finding: FindingId,
    /// Where.
    pub practice: PracticeId,
    /// On which computer.
    pub device: DeviceId,
    /// The rule that it fails.
    pub rule: RuleId,
    /// How bad.
    pub severity: Severity,
    /// Where it stands.
    pub state: FindingStanding,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// When last.
    pub last_seen: Timestamp,
    /// Until when somebody accepts it.
    pub accepted_until: Option<Timestamp>,
}

/// Something that needs a human.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TodayItem {
    /// Where.
    pub practice: PracticeId,
    /// What makes it the same item: `rule:W03`, `silent:AGENT`.
    pub item: String,
    /// Its place in the order, highest first: expected loss cut, dollars for each of a technician's minutes.
    pub worth: f64,
    /// Why it is there, as a word that the console turns into a sentence.
    pub reason: String,
    /// How bad.
    pub severity: Severity,
    /// On which computer, if one.
    pub device: Option<DeviceId>,
    /// Since when.
    pub since: Timestamp,
    /// What the sentence is made of, JSON.
    pub detail: String,
}

/// How old a control's evidence is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EvidenceAge {
    /// The control.
    pub control: ControlId,
    /// Its state.
    pub state: ControlState,
    /// When the oldest evidence that it rests on was taken.
    pub observed_at: Option<Timestamp>,
    /// When the first of it runs out.
    pub valid_until: Option<Timestamp>,
}

const STATES: [(ControlState, &str); 4] = [
    (ControlState::Met, "met"),
    (ControlState::Partly, "partly"),
    (ControlState::NotMet, "not_met"),
    (ControlState::Unknown, "unknown"),
];
