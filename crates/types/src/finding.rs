//! A weakness, in words that its reader can act on.

use std::cmp::{Ordering, Reverse};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ids::{ControlId, DeviceId, FindingId, ObservationId, RuleId};
use crate::time::Timestamp;
use crate::units::Minutes;

/// How bad, in OCSF's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Informational,
    /// Fix when you are there anyway.
    Low,
    /// Fix this quarter.
    Medium,
    /// Fix this week.
    High,
    /// Fix today.
    Critical,
}

impl Severity {
    /// OCSF `severity_id`.
    pub const fn ocsf_id(self) -> u8 {
        match self {
            Self::Informational => 1,
            Self::Low => 2,
            Self::Medium => 3,
            Self::High => 4,
            Self::Critical => 5,
        }
    }

    /// The word, lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Severity {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Informational, Self::Low, Self::Medium, Self::High, Self::Critical]
            .into_iter()
            .find(|severity| severity.as_str() == text)
            .ok_or_else(|| format!("{text:?} is not one of informational, low, medium, high, critical"))
    }
}

/// The OCSF class a finding is exported as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingClass {
    /// 2002 Vulnerability Finding: a system past its end of life, or a program with a published hole.
    Vulnerability,
    /// 2003 Compliance Finding: a setting that is not as it should be.
    Compliance,
    /// 2006 Data Security Finding: patient data or a secret where it should not lie.
    DataSecurity,
}

impl FindingClass {
    /// OCSF `class_uid`.
    pub const fn ocsf_class_uid(self) -> u32 {
        match self {
            Self::Vulnerability => 2002,
            Self::Compliance => 2003,
            Self::DataSecurity => 2006,
        }
    }
}

/// A weakness on one device. The same weakness seen again has the same id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Stable: derived from device, rule and subject.
    pub id: FindingId,
    /// The rule that found it.
    pub rule: RuleId,
    /// The computer.
    pub device: DeviceId,
    /// The thing it is about: a file, a folder, a service. Empty where the device itself is meant.
    pub subject: String,
    /// The OCSF class.
    pub class: FindingClass,
    /// How bad.
    pub severity: Severity,
    /// How many people's data it lays open, as far as was seen; `None` where it is not about a place with such data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub persons: Option<u64>,
    /// What is wrong, one line without a full stop, in the present tense.
    pub title: String,
    /// Why it matters in a dental office.
    pub why: String,
    /// What was seen, in words: `SMB1 = 1 in HKLM\…`. Never a secret or a patient's value.
    pub seen: String,
    /// What to do about it.
    pub fix: Fix,
    /// The controls it is evidence against.
    pub controls: Vec<ControlId>,
    /// The observation it was judged from.
    pub observation: ObservationId,
}

impl Finding {
    /// The order of every list: worst first, then whose data more people's is, then by what it is about.
    pub fn worst_first(&self, other: &Self) -> Ordering {
        let weight = |finding: &Self| (Reverse(finding.severity), Reverse(finding.persons));
        weight(self)
            .cmp(&weight(other))
            .then_with(|| self.rule.cmp(&other.rule))
            .then_with(|| self.subject.cmp(&other.subject))
            .then_with(|| self.device.cmp(&other.device))
            .then_with(|| self.id.cmp(&other.id))
    }
}

/// What to do about a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fix {
    /// What to do, one line without a full stop, as one says it to somebody: `Turn on encryption of the Windows drive`.
    pub action: String,
    /// Steps, in words a technician can follow.
    pub how: String,
    /// Working time on one computer.
    pub minutes: Minutes,
}

/// Where a finding stands at the moment of asking. The ledger's history knows open and gone; whether the evidence still
/// counts depends on when one asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// Seen in the latest look.
    Open,
    /// Seen earlier; the evidence is too old to say whether it still holds.
    Stale,
    /// Seen earlier, and looked for again and not found.
    Resolved,
}

/// A finding with its history, as reports and exports list it.
#[derive(Debug, Clone, PartialEq)]
pub struct FindingEntry {
    /// The finding as last seen.
    pub finding: Finding,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// When it was last seen.
    pub last_seen: Timestamp,
    /// Where it stands now.
    pub standing: Standing,
    /// When it was last found to be gone.
    pub resolved_at: Option<Timestamp>,
}
