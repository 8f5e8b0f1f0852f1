//! Loss scenarios as content: Open FAIR models that a person can read and correct.
//!
//! Facts come from `content/scenarios/*.toml`. Every number carries where it comes from.

use std::collections::BTreeSet;

use enamel_types::content::{ContentError, parse_toml};
use enamel_types::risk::Basis;
use enamel_types::{RuleId, ScenarioId};
use serde::Deserialize;

macro_rules! builtin {
    ($($name:literal),* $(,)?) => {
        &[$((
            concat!("content/scenarios/", $name, ".toml"),
            include_str!(concat!("../../../content/scenarios/", $name, ".toml")),
        )),*]
    };
}

const BUILTIN: &[(&str, &str)] = builtin![
    "practice",
    "ransomware-mail",
    "ransomware-remote-door",
    "ransomware-provider",
    "mail-takeover",
    "stolen-device",
    "exposed-records",
    "insider",
    "failed-backup",
];

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
#[serde(try_from = "PriorText")]
pub struct Prior {
    /// The distribution.
    pub amount: Amount,
    /// Where it comes from.
    pub basis: Basis,
    /// The source's name, or the reasoning.
    pub source: String,
}

/// A distribution over what a number may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Amount {
    /// Known: `{ value = 192 }`.
    Exactly(f64),
    /// PERT, a beta distribution with weight 4: `{ low = 2, likely = 8, high = 23 }`.
    Pert {
        /// The lowest it can be.
        low: f64,
        /// Where it peaks.
        likely: f64,
        /// The highest it can be.
        high: f64,
    },
    /// Lognormal: `{ median = 4000, p95 = 57000 }`.
    Lognormal {
        /// Half lie below.
        median: f64,
        /// 95 of 100 lie below.
        p95: f64,
    },
}

/// A prior as it is written: one line, its distribution told by its keys.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PriorText {
    value: Option<f64>,
    low: Option<f64>,
    likely: Option<f64>,
    high: Option<f64>,
    median: Option<f64>,
    p95: Option<f64>,
    basis: Basis,
    source: String,
}

impl TryFrom<PriorText> for Prior {
    type Error = String;

    fn try_from(text: PriorText) -> Result<Self, String> {
        let PriorText { value, low, likely, high, median, p95, basis, source } = text;
        let amount = match (value, low, likely, high, median, p95) {
            (Some(value), None, None, None, None, None) => Amount::Exactly(value),
            (None, Some(low), Some(likely), Some(high), None, None) => Amount::Pert { low, likely, high },
            (None, None, None, None, Some(median), Some(p95)) => Amount::Lognormal { median, p95 },
            _ => return Err("a number is { value }, { low, likely, high } or { median, p95 }".to_owned()),
        };
        let right = match amount {
            Amount::Exactly(value) => value.is_finite() && value >= 0.0,
            Amount::Pert { low, likely, high } => {
                high.is_finite() && low >= 0.0 && low <= likely && likely <= high
            }
            Amount::Lognormal { median, p95 } => p95.is_finite() && median > 0.0 && median <= p95,
        };
        if !right {
            return Err("numbers must not be negative, and must rise: low <= likely <= high, median <= p95"
                .to_owned());
        }
        if source.trim().is_empty() {
            return Err("every number says where it comes from: name the source, or the reasoning".to_owned());
        }
        Ok(Self { amount, basis, source })
    }
}

impl Amount {
    /// The highest value it can take; for a lognormal the 95th percentile.
    pub const fn high(self) -> f64 {
        match self {
            Self::Exactly(value) => value,
            Self::Pert { high, .. } => high,
            Self::Lognormal { p95, .. } => p95,
        }
    }
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

    /// Reads scenarios from `(file name, text)` pairs. Exactly one file holds `[shared]`, every other one scenario.
    pub fn from_files<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, ContentError> {
        let mut shared = None;
        let mut scenarios: Vec<Scenario> = Vec::new();
        for (file, text) in files {
            if text.lines().any(|line| line.trim() == "[shared]") {
                let parsed: SharedFile = parse_toml(file, text)?;
                check_shared(file, text, &parsed.shared)?;
                if shared.replace(parsed.shared).is_some() {
                    let help = "keep one file with [shared]";
                    return Err(ContentError::in_entry(
                        file,
                        text,
                        "[shared]",
                        "[shared] stands twice",
                        help,
                    ));
                }
                continue;
            }
            let scenario: Scenario = parse_toml(file, text)?;
            check(file, text, &scenario)?;
            if scenarios.iter().any(|other| other.id == scenario.id) {
                let message = format!("the scenario {} stands twice", scenario.id);
                return Err(ContentError::in_entry(
                    file,
                    text,
                    "id =",
                    message,
                    "give each scenario its own id",
                ));
            }
            scenarios.push(scenario);
        }
        let shared = shared.ok_or_else(|| {
            let help = "add the file with [shared]: persons, production_per_day, working_days";
            ContentError::in_entry(
                "content/scenarios/practice.toml",
                "",
                "shared",
                "no file holds [shared]",
                help,
            )
        })?;
        Ok(Self { shared, scenarios })
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SharedFile {
    shared: Shared,
}

fn check_shared(file: &str, text: &str, shared: &Shared) -> Result<(), ContentError> {
    if shared.working_days.amount.high() > 366.0 {
        let message = "a year has no more than 366 working days";
        return Err(ContentError::in_entry(file, text, "working_days", message, "correct working_days"));
    }
    Ok(())
}

/// What a scenario's factors may be called to act on.
pub(crate) const FREQUENCY: &str = "frequency";
/// The other one.
pub(crate) const SUSCEPTIBILITY: &str = "susceptibility";

/// More attempts a year than this, or factors that multiply to more, are a slip of the pen.
const MAX_PER_YEAR: f64 = 52.0;
const MAX_MULTIPLIER: f64 = 12.0;

/// What TOML's shape cannot say.
fn check(file: &str, text: &str, scenario: &Scenario) -> Result<(), ContentError> {
    let fail =
        |key: &str, message: String, help: &str| Err(ContentError::in_entry(file, text, key, message, help));
    if scenario.frequency.amount.high() > MAX_PER_YEAR {
        return fail(
            "frequency",
            "more than 52 attempts a year".to_owned(),
            "count attempts that could do harm",
        );
    }
    if scenario.susceptibility.amount.high() > 1.0 {
        return fail("susceptibility", "a chance above 1".to_owned(), "use 0 to 1");
    }
    let mut names = BTreeSet::from([FREQUENCY, SUSCEPTIBILITY]);
    for loss in &scenario.losses {
        let key = format!("name = {:?}", loss.name);
        if !names.insert(&loss.name) {
            return fail(&key, format!("{:?} stands twice", loss.name), "give each loss its own name");
        }
        for share in [&loss.chance, &loss.share].into_iter().flatten() {
            if share.amount.high() > 1.0 {
                return fail(&key, format!("{:?} has a chance or share above 1", loss.name), "use 0 to 1");
            }
        }
    }
    let mut product = 1.0;
    for factor in &scenario.factors {
        let key = format!("name = {:?}", factor.name);
        if !names.contains(factor.acts_on.as_str()) {
            let help = "use frequency, susceptibility or the name of a loss of this scenario";
            return fail(
                &key,
                format!("{:?} acts on {:?}, which is not there", factor.name, factor.acts_on),
                help,
            );
        }
        if !(factor.failed >= 1.0 && factor.failed.is_finite() && factor.passed > 0.0 && factor.passed <= 1.0)
        {
            let help = "failed must be 1 or more, passed above 0 and at most 1";
            return fail(&key, format!("{:?} has multipliers that run the wrong way", factor.name), help);
        }
        if factor.rules.is_empty() || factor.rules.iter().any(|rule| RuleId::new(rule.as_str()).is_err()) {
            return fail(
                &key,
                format!("{:?} names no rule, or a bad one", factor.name),
                "use ids such as W03, secret.*",
            );
        }
        product *=
            if factor.acts_on == SUSCEPTIBILITY || factor.acts_on == FREQUENCY { factor.failed } else { 1.0 };
    }
    if product > MAX_MULTIPLIER {
        let message = format!("with every check failing, the factors multiply the odds by {product:.1}");
        return fail(
            "[[factor]]",
            message,
            "weaken or join factors that describe the same weakness; 12 is the most",
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHARED: &str = r#"
[shared]
persons = { median = 4000, p95 = 40000, basis = "cited", source = "a list" }
production_per_day = { low = 2000, likely = 4000, high = 9000, basis = "judgement", source = "a guess" }
working_days = { value = 192, basis = "judgement", source = "four days a week" }
"#;
    const SCENARIO: &str = r#"
id = "x"
title = "X"
story = "It happens."
frequency = { value = 1, basis = "judgement", source = "so" }
susceptibility = { value = 0.5, basis = "judgement", source = "so" }
[[loss]]
name = "Money"
per = "event"
amount = { value = 100, basis = "judgement", source = "so" }
[[factor]]
name = "Door"
rules = ["W08"]
acts_on = "Money"
failed = 2
passed = 0.5
why = "Because."
basis = "judgement"
source = "so"
"#;

    fn load(scenario: &str) -> Result<Scenarios, ContentError> {
        Scenarios::from_files([("shared.toml", SHARED), ("x.toml", scenario)])
    }

    #[test]
    fn slips_of_the_pen_are_named() {
        assert_eq!(load(SCENARIO).unwrap().scenarios().len(), 1);
        for (from, to, says) in [
            ("acts_on = \"Money\"", "acts_on = \"Time\"", "which is not there"),
            ("failed = 2", "failed = 0.9", "wrong way"),
            ("value = 0.5", "value = 1.5", "above 1"),
            ("value = 100", "value = -1", "negative"),
            ("value = 100", "low = 3, likely = 2, high = 9", "rise"),
            ("value = 100", "low = 3, high = 9", "{ value }"),
            ("value = 1,", "value = 1, mean = 3,", "unknown field"),
            ("source = \"so\" }\n[[factor", "source = \" \" }\n[[factor", "where it comes from"),
            ("[\"W08\"]", "[]", "names no rule"),
            ("per = \"event\"", "per = \"week\"", "unknown variant"),
        ] {
            assert!(SCENARIO.contains(from), "{from}");
            let error = load(&SCENARIO.replacen(from, to, 1)).unwrap_err();
            assert!(error.message.contains(says), "{to}: {error}");
            assert_eq!(error.file, "x.toml");
            assert!(error.line > 1, "{to}: line {}", error.line);
            assert!(!error.help.is_empty());
        }
        assert!(Scenarios::from_files([("x.toml", SCENARIO)]).unwrap_err().message.contains("[shared]"));
        let twice = [("s.toml", SHARED), ("x.toml", SCENARIO), ("y.toml", SCENARIO)];
        assert!(Scenarios::from_files(twice).unwrap_err().message.contains("twice"));
    }
}
