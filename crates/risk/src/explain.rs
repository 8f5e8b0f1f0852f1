//! The model in words: what it rests on, and which numbers move it most.

use enamel_types::Usd;
use enamel_types::risk::{Assumption, Swing};

use crate::model::{Bound, Practice, Sampler, by_odds};
use crate::rng::{Draw, Stream};
use crate::scenario::{Amount, Per, Prior};

/// Numbers listed as moving the result most.
const SWINGS: usize = 12;

/// A prior in words.
pub(crate) fn assumption(factor: &str, prior: &Prior, words: &dyn Fn(f64) -> String) -> Assumption {
    let value = match prior.amount {
        Amount::Exactly(value) => words(value),
        Amount::Pert { low, likely, high } => {
            format!("{} to {}, most likely {}", words(low), words(high), words(likely))
        }
        Amount::Lognormal { median, p95 } => {
            format!("half of all below {}, 95 of 100 below {}", words(median), words(p95))
        }
    };
    Assumption { factor: factor.to_owned(), value, basis: prior.basis, source: prior.source.clone() }
}

/// A count with thousands set apart.
pub(crate) fn count(value: f64) -> String {
    Usd(value).to_string().trim_start_matches('$').to_owned()
}

/// A chance in per cent.
fn chance(value: f64) -> String {
    format!("{} %", short(value * 100.0))
}

/// At most two decimals, no trailing zeros.
fn short(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Everything the figures rest on: the practice first, then scenario by scenario.
pub(crate) fn assumptions(bound: &[Bound<'_>], practice: &Practice) -> Vec<Assumption> {
    let mut all = practice.assumptions.clone();
    for bound in bound {
        let scenario = bound.scenario;
        let title = &scenario.title;
        let mut add = |what: &str, prior: &Prior, words: &dyn Fn(f64) -> String| {
            all.push(assumption(&format!("{title}: {what}"), prior, words));
        };
        add("attempts in a year", &scenario.frequency, &short);
        add("chance that an attempt succeeds, before the checks", &scenario.susceptibility, &chance);
        for loss in &scenario.losses {
            match loss.per {
                Per::Event => add(&loss.name, &loss.amount, &|value| Usd(value).to_string()),
                Per::Person => add(&format!("{}, for each person", loss.name), &loss.amount, &|value| {
                    format!("${}", short(value))
                }),
                Per::DayOfProduction => {
                    add(&format!("{}, calendar days", loss.name), &loss.amount, &short);
                }
            }
            if let Some(prior) = &loss.chance {
                add(&format!("{}, chance that it comes", loss.name), prior, &chance);
            }
            if let Some(prior) = &loss.share {
                add(&format!("{}, share hit", loss.name), prior, &chance);
            }
        }
        for factor in &scenario.factors {
            all.push(Assumption {
                factor: format!("{title}: {} (acts on {})", factor.name, factor.acts_on),
                value: format!(
                    "times {} if all fail, times {} if all pass",
                    short(factor.failed),
                    short(factor.passed)
                ),
                basis: factor.basis,
                source: factor.source.clone(),
            });
        }
    }
    all
}

/// Moves one number at a time to its 5th and 95th percentile and takes the mean of the year, by formula, not by dice.
pub(crate) fn swings(bound: &[Bound<'_>], practice: &Practice) -> Vec<Swing> {
    let base: f64 = bound.iter().map(|bound| mean(bound, practice)).sum();
    let mut swings = Vec::new();
    let mut add = |factor: String, number: &Sampler, mean_with: &dyn Fn(f64) -> f64| {
        let (low, high) =
            (mean_with(number.at(Draw::of_share(0.05))), mean_with(number.at(Draw::of_share(0.95))));
        if high > low {
            swings.push(Swing { factor, low: Usd(low), high: Usd(high) });
        }
    };
    let practice_with = |change: &dyn Fn(&mut Practice)| {
        let mut moved = practice.clone();
        change(&mut moved);
        bound.iter().map(|bound| mean(bound, &moved)).sum()
    };
    add("People whose data the practice holds".to_owned(), &practice.persons, &|value| {
        practice_with(&|moved| moved.persons = Sampler::Exactly(value))
    });
    add("Takings of one working day".to_owned(), &practice.production_per_day, &|value| {
        practice_with(&|moved| moved.production_per_day = Sampler::Exactly(value))
    });
    for bound in bound {
        let title = &bound.scenario.title;
        let rest = base - mean(bound, practice);
        let with = |change: &dyn Fn(&mut Bound<'_>)| {
            let mut moved = bound.clone();
            change(&mut moved);
            rest + mean(&moved, practice)
        };
        add(format!("{title}: attempts in a year"), &bound.frequency, &|value| {
            with(&|moved| moved.frequency = Sampler::Exactly(value))
        });
        add(format!("{title}: chance that an attempt succeeds"), &bound.susceptibility, &|value| {
            with(&|moved| moved.susceptibility = Sampler::Exactly(value))
        });
        for (index, loss) in bound.losses.iter().enumerate() {
            let name = &bound.scenario.losses[index].name;
            add(format!("{title}: {name}"), &loss.amount, &|value| {
                with(&|moved| moved.losses[index].amount = Sampler::Exactly(value))
            });
        }
    }
    swings.sort_by(|a, b| (b.high.0 - b.low.0).total_cmp(&(a.high.0 - a.low.0)));
    swings.truncate(SWINGS);
    swings
}

/// The 10 % and 90 % points of the mean year over what is not known about this practice.
///
/// Attempts, susceptibilities, people, takings and working days are drawn all at once and each taken as a fixed number; the mean of the
/// year then follows by formula. What differs from event to event (amounts, shares) is no assumption about the practice and
/// stays at its mean.
pub(crate) fn mean_range(bound: &[Bound<'_>], practice: &Practice, stream: Stream) -> (Usd, Usd) {
    const DRAWS: u64 = 4_000;
    let parts = [Per::Event, Per::Person, Per::DayOfProduction];
    let units: Vec<[f64; 3]> = bound
        .iter()
        .map(|bound| {
            parts.map(|per| {
                let losses = bound.losses.iter().zip(&bound.effects.losses);
                losses
                    .filter(|(loss, _)| loss.per == per)
                    .map(|(loss, &effect)| loss.mean_units(effect))
                    .sum()
            })
        })
        .collect();
    let (about, scenarios) = (stream.child(0), stream.child(1));
    let mut means: Vec<f64> = (0..DRAWS)
        .map(|draw| {
            let one = |index: u64| about.pair(draw * 3 + index).left();
            let worth = parts.map(|per| practice.unit(per, &one));
            bound.iter().zip(&units).enumerate().fold(0.0, |sum, (index, (bound, units))| {
                let pair = scenarios.child(index as u64).pair(draw);
                let chance = by_odds(bound.susceptibility.at(pair.right()), bound.effects.odds);
                let event: f64 = units.iter().zip(worth).map(|(units, worth)| units * worth).sum();
                sum + bound.frequency.at(pair.left()) * bound.effects.frequency * chance * event
            })
        })
        .collect();
    means.sort_by(f64::total_cmp);
    let (low, high) = (DRAWS as usize / 10, DRAWS as usize * 9 / 10);
    (Usd(means[low]), Usd(means[high]))
}

/// A scenario's mean year: attempts × chance × loss of an event; all three are independent.
pub(crate) fn mean(bound: &Bound<'_>, practice: &Practice) -> f64 {
    bound.mean_frequency() * bound.mean_susceptibility() * bound.mean_event(practice)
}
