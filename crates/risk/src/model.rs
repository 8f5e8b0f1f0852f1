//! A scenario bound to one practice: priors become samplers, check results become multipliers, stated and measured facts
//! replace priors.

use std::collections::{BTreeMap, BTreeSet};

use enamel_types::risk::{Assumption, Basis, FactorEffect};
use enamel_types::words::grouped;
use enamel_types::{DeviceId, Estimate, RuleId, Usd};

use crate::catalogue::rule_matches;
use crate::dist::{Lognormal, Pert};
use crate::explain;
use crate::input::{MeasuredPersons, RiskInput, RuleCounts};
use crate::rng::{Draw, Pair};
use crate::scenario::{
    Amount, FREQUENCY, Factor, Loss, Per, Prior, SUSCEPTIBILITY, Scenario, Scenarios, Spread,
};

/// Calendar days of a year; working days are spread over them.
const YEAR: f64 = 365.0;

/// Anything that turns a uniform draw into a value.
#[derive(Debug, Clone)]
pub(crate) enum Sampler {
    Exactly(f64),
    Pert(Pert),
    Lognormal(Lognormal),
    /// Whatever the other says, but no less than this.
    AtLeast(f64, Box<Self>),
}

impl Sampler {
    pub(crate) fn new(amount: Amount) -> Self {
        match amount {
            Amount::Exactly(value) => Self::Exactly(value),
            Amount::Pert { low, likely, high } => Self::Pert(Pert::new(low, likely, high)),
            Amount::Lognormal { median, p95 } => Self::Lognormal(Lognormal::new(median, p95)),
        }
    }

    #[inline]
    pub(crate) fn at(&self, draw: Draw) -> f64 {
        match self {
            Self::Exactly(value) => *value,
            Self::Pert(pert) => pert.at(draw),
            Self::Lognormal(lognormal) => lognormal.at(draw),
            Self::AtLeast(floor, value) => value.at(draw).max(*floor),
        }
    }

    /// [`Self::at`] for one draw of each pair; the same bits.
    pub(crate) fn fill(&self, pairs: &[Pair], draw: impl Fn(Pair) -> Draw, values: &mut [f64]) {
        match self {
            Self::Exactly(value) => values.fill(*value),
            Self::Pert(pert) => pert.fill(pairs, draw, values),
            Self::Lognormal(lognormal) => {
                values.iter_mut().zip(pairs).for_each(|(value, pair)| *value = lognormal.at(draw(*pair)));
            }
            Self::AtLeast(floor, value) => {
                value.fill(pairs, draw, values);
                for value in values {
                    *value = value.max(*floor);
                }
            }
        }
    }

    pub(crate) fn mean(&self) -> f64 {
        match self {
            Self::Exactly(value) => *value,
            Self::Pert(pert) => pert.mean(),
            Self::Lognormal(lognormal) => lognormal.mean(),
            // What the floor adds is bounded, so that quantiles sum it well, however long the tail.
            Self::AtLeast(floor, value) => value.mean() + value.mean_of(|value| (floor - value).max(0.0)),
        }
    }

    /// The mean of a function of the value, by the midpoint rule over 1,000 quantiles.
    fn mean_of(&self, function: impl Fn(f64) -> f64) -> f64 {
        const STEPS: u32 = 1_000;
        let middle = |step: u32| Draw::of_share((f64::from(step) + 0.5) / f64::from(STEPS));
        (0..STEPS).map(|step| function(self.at(middle(step)))).sum::<f64>() / f64::from(STEPS)
    }
}

/// Numbers about the practice.
#[derive(Debug, Clone)]
pub(crate) struct Practice {
    pub(crate) persons: Sampler,
    pub(crate) production_per_day: Sampler,
    pub(crate) working_days: Sampler,
    pub(crate) assumptions: Vec<Assumption>,
}

impl Practice {
    pub(crate) fn new(scenarios: &Scenarios, input: &RiskInput<'_>) -> Self {
        let shared = scenarios.shared();
        let profile = input.profile;
        let (persons, persons_from) = persons(&shared.persons, input);
        let mut assumptions = vec![persons_from];
        let mut stated = |factor: &str, prior: &Prior, value: Option<f64>, words: &dyn Fn(f64) -> String| {
            let usable = value.filter(|value| value.is_finite() && *value >= 0.0);
            assumptions.push(match usable {
                Some(value) => Assumption {
                    factor: factor.to_owned(),
                    value: words(value),
                    basis: Basis::Stated,
                    source: "Stated by the practice".to_owned(),
                },
                None => explain::assumption(factor, prior, words),
            });
            Sampler::new(usable.map_or(prior.amount, Amount::Exactly))
        };
        let production_per_day = stated(
            "Takings of one working day",
            &shared.production_per_day,
            profile.production_per_day.map(|usd| usd.0),
            &|value| Usd(value).to_string(),
        );
        let working_days = stated(
            "Working days in a year",
            &shared.working_days,
            profile.working_days.map(|days| f64::from(days.min(366))),
            &|value| format!("{value:.0}"),
        );
        Self { persons, production_per_day, working_days, assumptions }
    }

    pub(crate) fn yearly_takings(&self) -> f64 {
        self.production_per_day.mean() * self.working_days.mean()
    }

    /// Dollars that one unit of a loss costs, at the year's draws.
    #[inline]
    pub(crate) fn unit(&self, per: Per, draws: &dyn Fn(u64) -> Draw) -> f64 {
        match per {
            Per::Event => 1.0,
            Per::Person => self.persons.at(draws(0)),
            Per::DayOfProduction => {
                self.production_per_day.at(draws(1)) * self.working_days.at(draws(2)) / YEAR
            }
        }
    }

    pub(crate) fn mean_unit(&self, per: Per) -> f64 {
        match per {
            Per::Event => 1.0,
            Per::Person => self.persons.mean(),
            Per::DayOfProduction => self.yearly_takings() / YEAR,
        }
    }
}

/// What the practice states, or else the prior, raised by what a scan found.
///
/// A scan sees the folders that it was given: the people found are a lower bound of the people whose data the practice holds. So
/// finding fewer than stated changes nothing, and is said; finding more beats the statement. Where nothing is stated, the
/// prior's draw is taken, but no less than the scan's lower bound (a draw below it becomes that bound, and the rest keep
/// their chances: which practices hold more than was found, the scan does not tell).
fn persons(prior: &Prior, input: &RiskInput<'_>) -> (Sampler, Assumption) {
    const FACTOR: &str = "People whose data the practice holds";
    let found = input.persons.as_ref().filter(|found| found.estimate.value > 0);
    let assumption =
        |value: String, basis, source| Assumption { factor: FACTOR.to_owned(), value, basis, source };
    let by_scan =
        |found: &MeasuredPersons| format!("the scan for patient data, observation {}", found.observation);
    match (found, input.profile.patients) {
        (Some(found), Some(patients)) if found.estimate.value > patients => {
            let Estimate { value, low, high } = found.estimate;
            let (low, high) = (low.max(patients).min(value), high.max(value));
            let amount = Amount::Pert { low: low as f64, likely: value as f64, high: high as f64 };
            let source = format!("Found by {}; the practice states {}", by_scan(found), grouped(patients));
            let estimate = Estimate { value, low, high };
            (Sampler::new(amount), assumption(estimate.to_string(), Basis::Measured, source))
        }
        (found, Some(patients)) => {
            let words = grouped(patients);
            let source = match found {
                Some(found) if found.estimate.value < patients => format!(
                    "The practice states {words}; {} were found in the folders searched ({})",
                    grouped(found.estimate.value),
                    by_scan(found)
                ),
                Some(found) => format!("Stated by the practice; as many were found by {}", by_scan(found)),
                None => "Stated by the practice; no scan has found any".to_owned(),
            };
            (Sampler::new(Amount::Exactly(patients as f64)), assumption(words, Basis::Stated, source))
        }
        (Some(found), None) => {
            let prior_value = Sampler::new(prior.amount);
            let least = found.estimate.low.min(found.estimate.value);
            let floor = least as f64;
            let mut words = explain::assumption(FACTOR, prior, &|value| explain::count(value));
            if floor > prior_value.at(Draw::of_share(0.5)) {
                words.basis = Basis::Measured;
            }
            words.value = format!("at least {}; before the scan: {}", grouped(least), words.value);
            words.source = format!("At least as found by {}; {}", by_scan(found), words.source);
            (Sampler::AtLeast(floor, Box::new(prior_value)), words)
        }
        (None, None) => {
            (Sampler::new(prior.amount), explain::assumption(FACTOR, prior, &|value| explain::count(value)))
        }
    }
}

/// What is known of each rule: the results, and findings of rules that gave no result.
pub(crate) fn known(input: &RiskInput<'_>) -> BTreeMap<RuleId, RuleCounts> {
    let mut devices: BTreeMap<&RuleId, BTreeSet<DeviceId>> = BTreeMap::new();
    for finding in input.findings.iter().filter(|finding| !input.results.contains_key(&finding.rule)) {
        devices.entry(&finding.rule).or_default().insert(finding.device);
    }
    let mut known = input.results.clone();
    known.extend(devices.into_iter().map(|(rule, devices)| {
        let fail = u32::try_from(devices.len()).unwrap_or(u32::MAX);
        (rule.clone(), RuleCounts { fail, ..RuleCounts::default() })
    }));
    known
}

/// How the checks move one scenario.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Effects {
    pub(crate) frequency: f64,
    /// On the odds of the susceptibility, so that it stays below 1 whatever is multiplied.
    pub(crate) odds: f64,
    /// For each loss.
    pub(crate) losses: Vec<f64>,
}

impl Effects {
    pub(crate) fn new(scenario: &Scenario, known: &BTreeMap<RuleId, RuleCounts>) -> Self {
        let mut effects = Self { frequency: 1.0, odds: 1.0, losses: vec![1.0; scenario.losses.len()] };
        for factor in &scenario.factors {
            let multiplier = Reading::new(factor, known).multiplier(factor);
            match factor.acts_on.as_str() {
                FREQUENCY => effects.frequency *= multiplier,
                SUSCEPTIBILITY => effects.odds *= multiplier,
                loss => {
                    for (effect, part) in effects.losses.iter_mut().zip(&scenario.losses) {
                        *effect *= if part.name == loss { multiplier } else { 1.0 };
                    }
                }
            }
        }
        effects
    }
}

/// What the rules of one factor say. A pattern such as `secret.*` is one question: kinds of file that are not there are no
/// merit beside one that is.
#[derive(Debug, Clone, Copy, Default)]
struct Reading {
    /// Questions that have an answer.
    asked: u32,
    failed: f64,
    passed: f64,
    open: u32,
}

impl Reading {
    fn new(factor: &Factor, known: &BTreeMap<RuleId, RuleCounts>) -> Self {
        let mut reading = Self::default();
        for pattern in &factor.rules {
            let answers: Vec<&RuleCounts> = known
                .iter()
                .filter(|(rule, counts)| counts.total() > 0 && rule_matches(pattern, rule))
                .map(|(_, counts)| counts)
                .collect();
            if answers.is_empty() {
                continue;
            }
            let fails = answers.iter().any(|counts| counts.fail > 0);
            let open = !fails && answers.iter().any(|counts| counts.unknown > 0);
            let (failed, passed) = match factor.spread {
                Spread::Share => answers.iter().fold((0.0, 1.0), |(failed, passed): (f64, f64), counts| {
                    let share = |part: u32| f64::from(part) / f64::from(counts.total());
                    (failed.max(share(counts.fail)), passed.min(share(counts.pass)))
                }),
                Spread::Any if fails => (1.0, 0.0),
                Spread::Any if open => (0.0, 0.0),
                Spread::Any => (0.0, 1.0),
            };
            reading.asked += 1;
            reading.open += u32::from(open);
            reading.failed += failed;
            reading.passed += passed;
        }
        if factor.spread == Spread::Any && reading.failed > 0.0 {
            // One open door is enough: that the others are shut is no reason to call this safer than one never looked at.
            reading.passed = 0.0;
        }
        reading
    }

    /// `failed^(share that fails) × passed^(share that passes)`: each rule of a group carries its part, and what could not be
    /// decided leaves the prior where it is.
    fn multiplier(self, factor: &Factor) -> f64 {
        let asked = f64::from(self.asked.max(1));
        factor.failed.powf(self.failed / asked) * factor.passed.powf(self.passed / asked)
    }

    fn words(self) -> String {
        let failing = self.failed.ceil() as u32;
        match (self.asked, failing, self.open) {
            (0, _, _) => "not looked at; the prior stands".to_owned(),
            (1, 0, 0) => "looked at, and as it should be".to_owned(),
            (1, 0, _) => "could not be decided; the prior stands".to_owned(),
            (1, _, _) => "looked at, and not as it should be".to_owned(),
            (asked, 0, 0) => format!("all of {asked} looked at are as they should be"),
            (asked, 0, open) => {
                format!("{open} of {asked} could not be decided; the prior stands for them")
            }
            (asked, failing, 0) => format!("{failing} of {asked} looked at are not as they should be"),
            (asked, failing, open) => {
                format!(
                    "{failing} of {asked} looked at are not as they should be, {open} could not be decided"
                )
            }
        }
    }
}

/// One scenario, ready to be rolled.
#[derive(Debug, Clone)]
pub(crate) struct Bound<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) frequency: Sampler,
    pub(crate) susceptibility: Sampler,
    pub(crate) losses: Vec<BoundLoss>,
    pub(crate) effects: Effects,
    pub(crate) factors: Vec<FactorEffect>,
}

/// One part of an event's loss.
#[derive(Debug, Clone)]
pub(crate) struct BoundLoss {
    pub(crate) per: Per,
    /// An uncertain chance counts by its mean: for one yes or no it makes no difference.
    pub(crate) chance: f64,
    pub(crate) amount: Sampler,
    pub(crate) share: Option<Sampler>,
}

impl<'a> Bound<'a> {
    pub(crate) fn new(scenario: &'a Scenario, known: &BTreeMap<RuleId, RuleCounts>) -> Self {
        let factors = scenario.factors.iter().map(|factor| {
            let reading = Reading::new(factor, known);
            FactorEffect {
                factor: factor.name.clone(),
                acts_on: factor.acts_on.clone(),
                multiplier: reading.multiplier(factor),
                seen: reading.words(),
                why: factor.why.clone(),
            }
        });
        Self {
            scenario,
            frequency: Sampler::new(scenario.frequency.amount),
            susceptibility: Sampler::new(scenario.susceptibility.amount),
            losses: scenario.losses.iter().map(BoundLoss::new).collect(),
            effects: Effects::new(scenario, known),
            factors: factors.collect(),
        }
    }

    /// Mean susceptibility with the checks' effect.
    pub(crate) fn mean_susceptibility(&self) -> f64 {
        self.susceptibility.mean_of(|chance| by_odds(chance, self.effects.odds))
    }

    /// Mean attempts in a year with the checks' effect.
    pub(crate) fn mean_frequency(&self) -> f64 {
        self.frequency.mean() * self.effects.frequency
    }

    /// Mean loss of one event: an exact sum, beside which the simulation is tested.
    pub(crate) fn mean_event(&self, practice: &Practice) -> f64 {
        self.losses.iter().zip(&self.effects.losses).map(|(loss, &effect)| loss.mean(practice, effect)).sum()
    }
}

impl BoundLoss {
    fn new(loss: &Loss) -> Self {
        Self {
            per: loss.per,
            chance: loss.chance.as_ref().map_or(1.0, |chance| Sampler::new(chance.amount).mean()),
            amount: Sampler::new(loss.amount.amount),
            share: loss.share.as_ref().map(|share| Sampler::new(share.amount)),
        }
    }

    pub(crate) fn mean(&self, practice: &Practice, effect: f64) -> f64 {
        self.mean_units(effect) * practice.mean_unit(self.per)
    }

    /// Mean loss for each unit that it is counted in.
    pub(crate) fn mean_units(&self, effect: f64) -> f64 {
        let size = match &self.share {
            Some(share) => share.mean_of(|share| (share * effect).min(1.0)),
            None => effect,
        };
        self.chance * self.amount.mean() * size
    }
}

/// A chance whose odds are multiplied.
#[inline]
pub(crate) fn by_odds(chance: f64, odds: f64) -> f64 {
    chance * odds / (1.0 - chance + chance * odds)
}
