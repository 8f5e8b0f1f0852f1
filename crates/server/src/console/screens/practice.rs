//! One practice: what a year may cost, where its safeguards stand, what to fix first.

use enamel_types::control::Grounds;
use enamel_types::{ControlState, Estimate, Minutes, Timestamp, Usd};

use super::approvals::HeldCommand;
use super::devices::DeviceRow;
use super::findings::{Counts, FindingRow};
use crate::console::chart::{Curve, Trend};
use crate::console::frame::PracticeRef;

/// The page.
#[derive(Debug, Clone)]
pub struct Practice {
    /// Which.
    pub practice: PracticeRef,
    /// Its sites.
    pub sites: Vec<String>,
    /// When its figures were computed; `None` before anything was seen.
    pub looked_at: Option<Timestamp>,
    /// What a year may cost.
    pub risk: Option<Risk>,
    /// Where its safeguards stand.
    pub controls: Controls,
    /// Its computers.
    pub devices: Vec<DeviceRow>,
    /// Patient data that was found.
    pub data: PatientData,
    /// Open findings.
    pub open: Counts,
    /// The worst of them.
    pub worst: Vec<FindingRow>,
    /// What to fix first.
    pub plan: Vec<PlanItem>,
    /// Accepted risks that are in force, those that end soonest first.
    pub accepted: Vec<Accepted>,
    /// Commands that are held.
    pub held: Vec<HeldCommand>,
}

/// What a year may cost.
#[derive(Debug, Clone)]
pub struct Risk {
    /// The mean.
    pub mean: Usd,
    /// The range of the mean with the assumptions, where it was computed.
    pub range: Option<(Usd, Usd)>,
    /// One year in ten costs more.
    pub one_in_ten: Usd,
    /// Chance of a year with any loss.
    pub any_loss: f64,
    /// The exceedance curve.
    pub curve: Option<Curve>,
    /// The last twelve months.
    pub trend: Option<Trend>,
    /// The scenarios, costliest first: title, story, mean, share of the whole 0 to 100.
    pub scenarios: Vec<Scenario>,
}

/// One way to lose money.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// In plain words.
    pub title: String,
    /// How it happens.
    pub story: String,
    /// Its part of the mean year.
    pub mean: Usd,
    /// Width of its bar, 0 to 100.
    pub share: f64,
}

/// Where the safeguards stand.
#[derive(Debug, Clone, Default)]
pub struct Controls {
    /// Met.
    pub met: u64,
    /// Partly met.
    pub partly: u64,
    /// Not met.
    pub not_met: u64,
    /// Unknown.
    pub unknown: u64,
    /// Each of them, worst first.
    pub rows: Vec<ControlRow>,
}

impl Controls {
    /// How many there are.
    pub const fn all(&self) -> u64 {
        self.met + self.partly + self.not_met + self.unknown
    }
}

/// One safeguard.
#[derive(Debug, Clone)]
pub struct ControlRow {
    /// The paragraph.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Where it stands.
    pub state: ControlState,
    /// What a met one rests on.
    pub grounds: Option<Grounds>,
    /// Why.
    pub why: String,
    /// When its evidence was seen, the oldest that counts; `None` where there is none.
    pub seen: Option<Timestamp>,
    /// When it stops counting.
    pub until: Option<Timestamp>,
    /// The page of an observation it rests on.
    pub evidence: Option<String>,
}

impl ControlRow {
    /// The class by which icon and colour are picked.
    pub const fn mark(&self) -> &'static str {
        match self.state {
            ControlState::Met => "met",
            ControlState::Partly => "partly",
            ControlState::NotMet => "notmet",
            ControlState::Unknown => "unknown",
        }
    }
}

/// Patient data that was found.
#[derive(Debug, Clone, Default)]
pub struct PatientData {
    /// People, each once as far as that can be known.
    pub people: Estimate,
    /// Files that could not be opened or were not searched.
    pub not_searched: u64,
    /// Places, most people first.
    pub places: Vec<DataPlace>,
}

/// A folder with patient data.
#[derive(Debug, Clone)]
pub struct DataPlace {
    /// The computer.
    pub computer: String,
    /// The folder.
    pub path: String,
    /// People.
    pub people: Estimate,
    /// Files.
    pub files: u64,
    /// Keys of the kinds of data.
    pub kinds: Vec<&'static str>,
    /// Whether others than its owner can read it, where that was seen.
    pub open_to_others: Option<bool>,
    /// The page of the observation.
    pub evidence: String,
}

/// A step of the plan.
#[derive(Debug, Clone)]
pub struct PlanItem {
    /// What to do.
    pub title: String,
    /// Steps.
    pub steps: Vec<String>,
    /// What it saves in a year.
    pub saves: Usd,
    /// Working time.
    pub minutes: Minutes,
    /// On how many computers.
    pub computers: u64,
    /// The findings it closes.
    pub href: String,
}

/// An accepted risk.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// The finding.
    pub title: String,
    /// Who accepted it.
    pub person: String,
    /// When it ends.
    pub until: Timestamp,
    /// Whether that is within 30 days.
    pub soon: bool,
    /// The finding's page.
    pub href: String,
}
