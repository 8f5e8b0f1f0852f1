//! Reports: the list, the form that makes one, and how they look to a dentist.

use enamel_types::Timestamp;

use crate::console::frame::{Choice, PracticeRef};

/// The page.
#[derive(Debug, Clone)]
pub struct Reports {
    /// Reports, newest first.
    pub rows: Vec<ReportRow>,
    /// Practices to make one for.
    pub practices: Vec<Choice>,
    /// The MSP's marks on them.
    pub brand: Brand,
    /// Whether the reader may change the marks.
    pub may_brand: bool,
    /// Where the next page begins.
    pub next: Option<String>,
}

/// One report.
#[derive(Debug, Clone)]
pub struct ReportRow {
    /// Where it can be read.
    pub href: String,
    /// For whom.
    pub practice: PracticeRef,
    /// Which kind.
    pub kind: ReportKind,
    /// When it was made.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// The practice's root that it is tied to, the first digits.
    pub root: String,
}

/// A kind of report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportKind {
    /// For the dentist, each month.
    Monthly,
    /// For somebody who is not a client yet.
    Prospect,
    /// The risk analysis of 45 CFR 164.308(a)(1)(ii)(A).
    RiskAnalysis,
}

impl ReportKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Monthly, Self::Prospect, Self::RiskAnalysis];

    /// As a form sends it.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Monthly => "monthly",
            Self::Prospect => "prospect",
            Self::RiskAnalysis => "risk_analysis",
        }
    }

    /// The key of its name.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Monthly => "report-monthly",
            Self::Prospect => "report-prospect",
            Self::RiskAnalysis => "report-risk-analysis",
        }
    }

    /// The key of what it is for.
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Monthly => "report-monthly-hint",
            Self::Prospect => "report-prospect-hint",
            Self::RiskAnalysis => "report-risk-analysis-hint",
        }
    }
}

/// The MSP's marks.
#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Brand {
    /// Its name.
    pub name: String,
    /// Its colour, `#0b5a63`.
    pub color: String,
    /// Whom to call, a line each.
    pub contact: String,
}
