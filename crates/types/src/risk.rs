//! Risk in figures: what the risk model says, for reports and the console to show.

use serde::{Deserialize, Serialize};

use crate::ids::{FindingId, RuleId, ScenarioId};
use crate::units::{Minutes, Usd};

/// A year's possible losses, from simulated years.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LossDistribution {
    /// Mean loss of a year.
    pub mean: Usd,
    /// Half of all years cost less.
    pub p50: Usd,
    /// Nine years of ten cost less.
    pub p90: Usd,
    /// Nineteen years of twenty cost less.
    pub p95: Usd,
    /// Chance that a year has any loss at all, 0 to 1.
    pub any_loss: f64,
    /// Loss exceedance: (loss, chance that a year costs at least that much), losses rising.
    pub curve: Vec<(Usd, f64)>,
}

/// One scenario's part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScenarioRisk {
    /// The scenario.
    pub id: ScenarioId,
    /// In plain words.
    pub title: String,
    /// How it happens, in one sentence for an office manager.
    pub story: String,
    /// Loss events expected in a year.
    pub events_per_year: f64,
    /// Its losses.
    pub losses: LossDistribution,
}

/// What one fix is worth, from paired runs with common random numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FixWorth {
    /// The rule whose findings it closes.
    pub id: RuleId,
    /// What to do, one line.
    pub title: String,
    /// Steps.
    pub how: String,
    /// Mean yearly loss it takes away.
    pub saves_mean: Usd,
    /// Working time over all computers where it is open.
    pub minutes: Minutes,
    /// Mean yearly loss taken away for each hour of work: the order of the plan.
    pub saves_per_hour: Usd,
    /// The findings it closes.
    pub findings: Vec<FindingId>,
}

/// A number the model rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assumption {
    /// What it is: `Days of downtime after ransomware`.
    pub factor: String,
    /// Its value in words: `2 to 23 days, most likely 8`.
    pub value: String,
    /// Where it comes from.
    pub basis: Basis,
    /// The source's name, the reasoning, or the observation measured.
    pub source: String,
}

/// Where a number comes from; a measured fact beats a prior.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Measured here.
    Measured,
    /// Stated by the practice.
    Stated,
    /// Published; the source is named.
    Cited,
    /// Our judgement; the reasoning is given.
    Judgement,
}

/// The whole result of a risk run. The same inputs, trials and seed give the same bits on any number of threads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RiskFigures {
    /// Simulated years.
    pub trials: u32,
    /// Seed of the random numbers.
    pub seed: u64,
    /// All scenarios together.
    pub total: LossDistribution,
    /// Each scenario alone, costliest first.
    pub scenarios: Vec<ScenarioRisk>,
    /// The plan: fixes by expected loss cut per hour of work, best first.
    pub fixes: Vec<FixWorth>,
    /// What the model rests on.
    pub assumptions: Vec<Assumption>,
}
