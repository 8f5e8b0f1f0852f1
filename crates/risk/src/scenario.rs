//! Loss scenarios as content: Open FAIR models that a person can read and correct.
//!
//! Facts come from `content/scenarios/*.toml`. Every number carries where it comes from.

use std::collections::BTreeSet;

use enamel_types::content::{ContentError, parse_toml};
use enamel_types::risk::Basis;
use enamel_types::{RuleId, ScenarioId};
use serde::Deserialize;

const BUILTIN: &[(&str, &str)] = &[("content/scenarios/practice.toml", "")];

/// All scenarios, and what they share.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenarios {
    pub(crate) shared: Shared,
    pub(crate) scenarios: Vec<Scenario>,
}

/// Numbers about the practice that several scenarios use; replaced by what is measured or stated.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shared {
    /// People whose data the practice holds.
    pub persons: Prior,
    /// Takings of one working day, US dollars.
    pub production_per_day: Prior,
    /// Working days in a year.
    pub working_days: Prior,
}

/// A way to lose money, as an Open FAIR model.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The id.
    pub id: ScenarioId,
    /// In plain words.
    pub title: String,
    /// How it happens, one sentence for an office manager.
    pub story: String,
    /// Attempts in a year (threat event frequency).
    pub frequency: Prior,
    /// Chance that an attempt becomes a loss, before the checks are looked at.
    pub susceptibility: Prior,
    /// What the checks say about it.
    #[serde(default, rename = "factor")]
    pub factors: Vec<Factor>,
    /// What one event costs.
    #[serde(rename = "loss")]
    pub losses: Vec<Loss>,
}

/// A number with its uncertainty and where it comes from.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prior {
    /// The distribution.
    #[serde(flatten)]
    pub amount: Amount,
    /// Where it comes from.
    pub basis: Basis,
    /// The source's name, or the reasoning.
    pub source: String,
}

/// A distribution over what a number may be.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(tag = "dist", rename_all = "snake_case")]
pub enum Amount {
    /// Known.
    Exactly {
        /// The value.
        value: f64,
    },
    /// PERT: a beta distribution between `low` and `high` that peaks at `likely`, with weight 4.
    Pert {
        /// The lowest it can be.
        low: f64,
        /// Where it peaks.
        likely: f64,
        /// The highest it can be.
        high: f64,
    },
    /// Lognormal, by its median and 95th percentile.
    Lognormal {
        /// Half lie below.
        median: f64,
        /// 95 of 100 lie below.
        p95: f64,
    },
}

/// How the outcome of some rules moves a scenario.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Factor {
    /// The safeguard: `Antivirus is running and fresh`.
    pub name: String,
    /// The rules that show it; `secret.*` means every rule that begins so.
    pub rules: Vec<String>,
    /// `frequency`, `susceptibility`, or the name of a loss.
    pub acts_on: String,
    /// Multiplier when all of these rules fail, at least 1.
    pub failed: f64,
    /// Multiplier when all of them pass, at most 1.
    pub passed: f64,
    /// How a rule counts that fails on some computers.
    #[serde(default)]
    pub spread: Spread,
    /// Why.
    pub why: String,
    /// Where the multipliers come from.
    pub basis: Basis,
    /// The source's name, or the reasoning.
    pub source: String,
}

/// How a rule counts that fails on some computers and passes on others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spread {
    /// One open computer is enough: it counts as failed.
    #[default]
    Any,
    /// By share: two of eight count a quarter.
    Share,
}

/// One part of what an event costs: `chance × amount × share × unit`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Loss {
    /// Its name.
    pub name: String,
    /// Whether others react to the event (Open FAIR: secondary loss: patients, regulators, courts).
    #[serde(default)]
    pub secondary: bool,
    /// What the amount is counted in.
    pub per: Per,
    /// Chance that this part comes at all; certain where it is not given.
    #[serde(default)]
    pub chance: Option<Prior>,
    /// How much.
    pub amount: Prior,
    /// The share of the unit that is hit, 0 to 1; all where it is not given.
    #[serde(default)]
    pub share: Option<Prior>,
}

/// What a loss is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// US dollars an event.
    Event,
    /// Calendar days without work, each costing a day's takings.
    DayOfProduction,
    /// US dollars for each person whose data the practice holds.
    Person,
}

impl Scenarios {
    /// The scenarios that are compiled in.
    pub fn builtin() -> Result<Self, ContentError> {
        Self::from_files(BUILTIN.iter().copied())
    }

    /// Reads scenarios from `(file name, text)` pairs; one of them holds `[shared]`.
    pub fn from_files<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, ContentError> {
        let _: (BTreeSet<String>, Option<RuleId>) = (BTreeSet::new(), None);
        for (file, text) in files {
            parse_toml::<Scenario>(file, text)?;
        }
        Err(ContentError::in_entry("content/scenarios/practice.toml", "", "", "", ""))
    }

    /// All scenarios.
    pub fn scenarios(&self) -> &[Scenario] {
        &self.scenarios
    }

    /// What they share.
    pub const fn shared(&self) -> &Shared {
        &self.shared
    }
}
