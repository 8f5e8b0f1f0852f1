//! What a report is made from: one value that holds everything, so that the same model gives the same bytes.
//!
//! The binary fills it from the ledger's view and the risk run. Nothing here reads a file, a clock or a network, and
//! nothing here judges: a status that is *unknown* in the model is unknown on the page.

use std::collections::BTreeMap;

use enamel_types::device::DeviceInventory;
use enamel_types::patient_data::PatientDataSurvey;
use enamel_types::risk::{HeatMap, RiskFigures};
use enamel_types::software::DentalProduct;
use enamel_types::{
    ControlId, ControlStatus, DeviceId, Estimate, FindingEntry, FindingId, Gap, ObservationFacts,
    ObservationId, PracticeId, PracticeProfile, RiskAcceptance, RuleResult, Severity, Timestamp, Usd,
};

/// Everything one report says.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportModel {
    /// The practice's id; names the tenant in the exports.
    pub practice_id: PracticeId,
    /// What the practice says about itself.
    pub practice: PracticeProfile,
    /// The moment the report speaks of. Ages of evidence are counted back from here.
    pub generated_at: Timestamp,
    /// Enamel's version.
    pub version: String,
    /// The computers looked at.
    pub devices: Vec<DeviceEntry>,
    /// Every finding with its history, in any order.
    pub findings: Vec<FindingEntry>,
    /// The outcome of every rule that was tried.
    pub results: Vec<ResultEntry>,
    /// The control catalogue with the practice's status, in the catalogue's order.
    pub controls: Vec<ControlRow>,
    /// The risk run.
    pub risk: RiskFigures,
    /// The NIST SP 800-30 view of the same scenarios; `None` leaves it out. A view, never an input.
    pub heat_map: Option<HeatMap>,
    /// Where patient data was looked for, and what was found.
    pub patient_data: Vec<SurveyEntry>,
    /// How many people's data all surveys found together, each person once as far as that can be known.
    pub persons: Estimate,
    /// Software, one entry a computer.
    pub software: Vec<SoftwareEntry>,
    /// What could not be seen.
    pub gaps: Vec<GapEntry>,
    /// Open findings that a person has accepted, in force or ended, soonest to end first.
    pub accepted: Vec<AcceptedRisk>,
    /// Every observation that anything above rests on.
    pub evidence: BTreeMap<ObservationId, ObservationFacts>,
    /// The ledger these observations are kept in.
    pub ledger: LedgerFacts,
    /// The run before this one, where there was one.
    pub previous: Option<PreviousRun>,
}

/// A computer.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceEntry {
    /// Its id.
    pub id: DeviceId,
    /// What its inventory says.
    pub inventory: DeviceInventory,
    /// The observation that says so.
    pub observation: ObservationId,
}

/// The outcome of one rule on one computer.
#[derive(Debug, Clone, PartialEq)]
pub struct ResultEntry {
    /// The computer.
    pub device: DeviceId,
    /// The outcome.
    pub result: RuleResult,
}

/// What the rule's text makes of a control (45 CFR 164.306(d)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Duty {
    /// Must be done.
    Required,
    /// Must be done, or a written decision must say why not and what is done instead.
    Addressable,
}

/// A control of the catalogue, with the practice's status.
#[derive(Debug, Clone, PartialEq)]
pub struct ControlRow {
    /// The paragraph: `164.312(a)(2)(iv)`.
    pub id: ControlId,
    /// The section it stands in, as a heading: `Technical safeguards (164.312)`.
    pub section: String,
    /// Its title in the catalogue.
    pub title: String,
    /// The same as a question that an office manager can answer.
    pub question: String,
    /// Required or addressable.
    pub duty: Duty,
    /// Whether no sensor sees any of it, so that only a person can answer.
    pub only_a_person: bool,
    /// Where the practice stands under the rule in force.
    pub status: ControlStatus,
    /// Where it would stand under the 2025 proposal, where that was asked for.
    pub proposed: Option<ControlStatus>,
}

impl ReportModel {
    /// What changed since the run before, in two sentences; empty where there was none.
    pub fn change(&self) -> String {
        crate::html::change(self)
    }
}

/// One survey for patient data.
#[derive(Debug, Clone, PartialEq)]
pub struct SurveyEntry {
    /// The computer.
    pub device: DeviceId,
    /// The observation.
    pub observation: ObservationId,
    /// What it found.
    pub survey: PatientDataSurvey,
}

/// One computer's software in short; the whole list is in the ledger and the CycloneDX export.
#[derive(Debug, Clone, PartialEq)]
pub struct SoftwareEntry {
    /// The computer.
    pub device: DeviceId,
    /// The observation.
    pub observation: ObservationId,
    /// How many packages and applications are installed.
    pub packages: u64,
    /// How many services run.
    pub services_running: u64,
    /// Dental products that were recognised.
    pub dental: Vec<DentalProduct>,
}

/// Something that could not be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GapEntry {
    /// The computer.
    pub device: DeviceId,
    /// The observation that says so.
    pub observation: ObservationId,
    /// What, and why.
    pub gap: Gap,
}

/// An open finding that a person has accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedRisk {
    /// The finding's title.
    pub title: String,
    /// The computer.
    pub device: DeviceId,
    /// The observation that recorded it.
    pub observation: ObservationId,
    /// What was stated.
    pub acceptance: RiskAcceptance,
}

/// The ledger in a few figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerFacts {
    /// Entries kept in it. Fewer than `through_seq` where some were lost: numbers are never given out twice.
    pub entries: u64,
    /// The number of the last entry that the report rests on and the root covers.
    pub through_seq: u64,
    /// The practice's root through that entry, lower-case hex.
    pub root: String,
    /// How many entries were lost when the ledger was damaged.
    pub lost: u64,
    /// Their numbers, ascending; the first [`LedgerFacts::LOST_NAMED`] of them.
    pub lost_seqs: Vec<u64>,
}

impl LedgerFacts {
    /// How many lost entries are named; the rest are counted.
    pub const LOST_NAMED: usize = 100;
}

/// What to compare with.
#[derive(Debug, Clone, PartialEq)]
pub struct PreviousRun {
    /// When its observations were kept.
    pub at: Timestamp,
    /// The yearly loss to expect from what was known then.
    pub mean: Usd,
    /// The findings that were open then, and how severe each was.
    pub open: BTreeMap<FindingId, Severity>,
}
