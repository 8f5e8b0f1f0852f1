//! Risk in figures: what the risk model says, for reports and the console to show.

use serde::{Deserialize, Serialize};

use crate::ids::{FindingId, RuleId, ScenarioId};
use crate::units::{Minutes, Usd};

/// A year's possible losses, from simulated years.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
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
    /// Attempts expected in a year, before any safeguard has its say (Open FAIR: threat event frequency).
    #[serde(default)]
    pub attempts_per_year: f64,
    /// Chance that an attempt becomes a loss here, 0 to 1 (Open FAIR: susceptibility).
    #[serde(default)]
    pub susceptibility: f64,
    /// Mean loss of one such event.
    #[serde(default)]
    pub event_loss: Usd,
    /// What was found here that makes it likelier, rarer, dearer or cheaper.
    #[serde(default)]
    pub factors: Vec<FactorEffect>,
}

/// What the checks found, as it moves one scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FactorEffect {
    /// The safeguard: `Antivirus is running and fresh`.
    pub factor: String,
    /// Which part of the scenario it moves: `frequency`, `susceptibility` or the name of a loss.
    pub acts_on: String,
    /// The multiplier that results; 1 where nothing is known.
    pub multiplier: f64,
    /// What was seen: `1 of 3 rules fails, 2 could not be decided`.
    pub seen: String,
    /// Why it moves the scenario.
    pub why: String,
}

/// How far the total moves when one number of the model moves alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Swing {
    /// The number: `Ransomware through mail: attempts in a year`.
    pub factor: String,
    /// Mean yearly loss of all scenarios with that number at its 5th percentile.
    pub low: Usd,
    /// The same at its 95th percentile.
    pub high: Usd,
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
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
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
    /// Takings of a year as the model sees them: what a loss is held against.
    #[serde(default)]
    pub yearly_takings: Usd,
    /// The mean year as it depends on the assumptions: its 10 % and 90 % points when the numbers that are fixed for a
    /// practice but not known (attempts, susceptibilities, people, takings, working days) move together within their
    /// uncertainty. `None` in figures of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean_range: Option<(Usd, Usd)>,
    /// Which numbers move the result most, widest first.
    #[serde(default)]
    pub swings: Vec<Swing>,
}

/// A level of NIST SP 800-30 r1, tables G and I.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Very low.
    VeryLow,
    /// Low.
    Low,
    /// Moderate.
    Moderate,
    /// High.
    High,
    /// Very high.
    VeryHigh,
}

impl Level {
    /// All levels, rising.
    pub const ALL: [Self; 5] = [Self::VeryLow, Self::Low, Self::Moderate, Self::High, Self::VeryHigh];

    /// The word, lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::VeryLow => "very low",
            Self::Low => "low",
            Self::Moderate => "moderate",
            Self::High => "high",
            Self::VeryHigh => "very high",
        }
    }
}

/// The figures as a NIST SP 800-30 matrix: a view for readers who expect one. Nothing is computed from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeatMap {
    /// What the reader must know: that this is a view, and how the levels were drawn.
    pub label: String,
    /// Table I-2: the risk level of each cell, `[likelihood][impact]`, both rising as in [`Level::ALL`].
    pub cells: [[Level; 5]; 5],
    /// Where each scenario stands.
    pub scenarios: Vec<HeatMapEntry>,
}

/// One scenario's place in the matrix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeatMapEntry {
    /// The scenario.
    pub id: ScenarioId,
    /// Overall likelihood (table G-5).
    pub likelihood: Level,
    /// Impact.
    pub impact: Level,
    /// Risk (table I-2).
    pub risk: Level,
}
