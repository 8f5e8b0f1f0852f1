//! Monte Carlo over the scenarios.
//!
//! Years are cut into chunks of a fixed size; whichever thread takes a chunk, its draws come from counters and its sums are
//! added in the order of the chunks. So the bits do not depend on the number of threads.

use enamel_types::Usd;
use enamel_types::risk::{RiskFigures, ScenarioRisk};

use crate::dist::poisson_at;
use crate::explain;
use crate::fixes;
use crate::input::RiskInput;
use crate::model::{Bound, Effects, Practice, by_odds, known};
use crate::parallel::in_order;
use crate::rng::{BLOCK, Pair, Stream};
use crate::scenario::Scenarios;
use crate::summary::summarise;

/// The most simulated years of one run: more would add memory and no knowledge.
pub const MAX_TRIALS: u32 = 10_000_000;

/// Years of a chunk. Part of the result: the sums are taken chunk by chunk.
const CHUNK: u32 = 4_096;

/// Rolls `trials` years on `threads` threads; both are brought into 1 to [`MAX_TRIALS`], and 1 to 256. The figures say how many
/// years were rolled. The same input, trials and seed give the same bits on any number of threads.
pub fn simulate(
    scenarios: &Scenarios,
    input: &RiskInput<'_>,
    trials: u32,
    seed: u64,
    threads: usize,
) -> RiskFigures {
    let trials = trials.clamp(1, MAX_TRIALS);
    let threads = threads.clamp(1, 256);
    let known = known(input);
    let practice = Practice::new(scenarios, input);
    let bound: Vec<Bound<'_>> =
        scenarios.scenarios().iter().map(|scenario| Bound::new(scenario, &known)).collect();
    let dice = Dice::new(seed);

    let chunks = in_order(trials.div_ceil(CHUNK) as usize, threads, |chunk| {
        let first = chunk as u32 * CHUNK;
        Chunk::roll(&bound, &practice, dice, first..trials.min(first + CHUNK))
    });
    let total: Vec<Vec<f64>> = chunks.iter().map(|chunk| chunk.total.clone()).collect();
    let runs: Vec<Run<'_>> = (0..bound.len())
        .map(|index| Run {
            bound: &bound[index],
            chunks: chunks.iter().map(|c| c.hits[index].as_slice()).collect(),
        })
        .collect();

    let mut risks: Vec<ScenarioRisk> =
        runs.iter().map(|run| run.summarise(&practice, trials, threads)).collect();
    risks.sort_by(|a, b| b.losses.mean.0.total_cmp(&a.losses.mean.0).then_with(|| a.id.cmp(&b.id)));
    RiskFigures {
        trials,
        seed,
        total: summarise(&total, trials, threads),
        scenarios: risks,
        fixes: fixes::plan(&runs, &practice, dice, input, &known, trials, threads),
        assumptions: explain::assumptions(&bound, &practice),
        yearly_takings: Usd(practice.yearly_takings()),
        mean_range: Some(explain::mean_range(&bound, &practice, dice.assumptions())),
        swings: explain::swings(&bound, &practice),
    }
}

/// Where each draw of a run comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dice(Stream);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(Stream::new(seed))
    }

    /// Draws about the practice: the same for every scenario of a year, because it is the same practice.
    fn practice(self) -> Stream {
        self.0.child(0)
    }

    /// Draws of what the assumptions may be.
    fn assumptions(self) -> Stream {
        self.0.child(u64::MAX)
    }

    fn scenario(self, bound: &Bound<'_>) -> ScenarioDice {
        // By name, not by place: adding a scenario must not change what the others roll.
        let name = bound
            .scenario
            .id
            .as_str()
            .bytes()
            .fold(1u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3));
        let part = |index| self.0.child(name).child(index);
        ScenarioDice { rates: part(0), events: part(1), counts: part(2) }
    }
}

#[derive(Debug, Clone, Copy)]
struct ScenarioDice {
    /// By year: frequency and susceptibility.
    rates: Stream,
    /// By year: how many events.
    counts: Stream,
    /// By year and event: what it costs.
    events: Stream,
}

/// A year in which a scenario struck.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Hit {
    year: u32,
    events: u32,
    pub(crate) loss: f64,
}

struct Chunk {
    /// By scenario.
    hits: Vec<Vec<Hit>>,
    /// Losses of all scenarios in the years that had any.
    total: Vec<f64>,
}

impl Chunk {
    fn roll(bound: &[Bound<'_>], practice: &Practice, dice: Dice, years: std::ops::Range<u32>) -> Self {
        let first = years.start;
        let mut sums = vec![0.0; years.len()];
        let mut rates = vec![0.0; years.len()];
        let hits = bound
            .iter()
            .map(|bound| {
                let streams = dice.scenario(bound);
                fill_rates(bound, streams.rates, first, &mut rates);
                let mut hits = Vec::new();
                for ((year, &rate), sum) in years.clone().zip(&rates).zip(&mut sums) {
                    let events = poisson_at(rate, streams.counts.uniform(u64::from(year)));
                    if events > 0 {
                        let loss = loss(bound, &bound.effects, practice, dice, streams.events, year, events);
                        *sum += loss;
                        hits.push(Hit { year, events, loss });
                    }
                }
                hits
            })
            .collect();
        Self { hits, total: sums.into_iter().filter(|sum| *sum > 0.0).collect() }
    }
}

/// Loss events a year for the years from `first` on, block by block.
fn fill_rates(bound: &Bound<'_>, stream: Stream, first: u32, rates: &mut [f64]) {
    let mut pairs = [Pair::default(); BLOCK];
    let mut chances = [0.0; BLOCK];
    for (rates, first) in rates.chunks_mut(BLOCK).zip((u64::from(first)..).step_by(BLOCK)) {
        stream.fill(first, &mut pairs);
        bound.frequency.fill(&pairs, Pair::left, rates);
        bound.susceptibility.fill(&pairs, Pair::right, &mut chances);
        rates
            .iter_mut()
            .zip(chances)
            .for_each(|(rate, chance)| *rate = event_rate(&bound.effects, *rate, chance));
    }
}

/// Loss events a year in one year: the same bits as [`fill_rates`].
fn rate(bound: &Bound<'_>, effects: &Effects, stream: Stream, year: u32) -> f64 {
    let pair = stream.pair(u64::from(year));
    event_rate(effects, bound.frequency.at(pair.left()), bound.susceptibility.at(pair.right()))
}

/// Loss events a year from the priors' values and the checks' effects.
#[inline]
fn event_rate(effects: &Effects, frequency: f64, chance: f64) -> f64 {
    frequency * effects.frequency * by_odds(chance, effects.odds)
}

/// What a year's events cost together.
fn loss(
    bound: &Bound<'_>,
    effects: &Effects,
    practice: &Practice,
    dice: Dice,
    events: Stream,
    year: u32,
    count: u32,
) -> f64 {
    let about = dice.practice();
    let draws = |index: u64| about.pair(u64::from(year) * 3 + index).left();
    let mut sum = 0.0;
    for event in 0..count {
        let stream = events.child(u64::from(year)).child(u64::from(event));
        for (index, (loss, &effect)) in bound.losses.iter().zip(&effects.losses).enumerate() {
            let counter = index as u64 * 2;
            if stream.uniform(counter) < loss.chance {
                let pair = stream.pair(counter + 1);
                let size = match &loss.share {
                    // More than everything cannot be hit.
                    Some(share) => (share.at(pair.right()) * effect).min(1.0),
                    None => effect,
                };
                sum += loss.amount.at(pair.left()) * size * practice.unit(loss.per, &draws);
            }
        }
    }
    sum
}

/// One scenario's years that had a loss.
pub(crate) struct Run<'a> {
    pub(crate) bound: &'a Bound<'a>,
    chunks: Vec<&'a [Hit]>,
}

impl Run<'_> {
    fn summarise(&self, practice: &Practice, trials: u32, threads: usize) -> ScenarioRisk {
        let parts: Vec<Vec<f64>> =
            self.chunks.iter().map(|hits| hits.iter().map(|hit| hit.loss).collect()).collect();
        let scenario = self.bound.scenario;
        let (attempts, chance) = (self.bound.mean_frequency(), self.bound.mean_susceptibility());
        ScenarioRisk {
            id: scenario.id.clone(),
            title: scenario.title.clone(),
            story: scenario.story.clone(),
            events_per_year: attempts * chance,
            losses: summarise(&parts, trials, threads),
            attempts_per_year: attempts,
            susceptibility: chance,
            event_loss: Usd(self.bound.mean_event(practice)),
            factors: self.bound.factors.clone(),
        }
    }

    /// Mean yearly loss that goes away when `effects` take the place of the present ones, from the same dice.
    ///
    /// Where a fix makes events rarer, whether one of the rolled events still happens is not rolled again but weighed: at
    /// a rate `r'` instead of `r`, an event of this year stays with chance `r'/r`. That is the expectation of the
    /// paired run over its last dice, so it has the same mean and less noise.
    pub(crate) fn saved(&self, effects: &Effects, practice: &Practice, dice: Dice, trials: u32) -> f64 {
        let now = &self.bound.effects;
        if effects == now {
            return 0.0;
        }
        let streams = dice.scenario(self.bound);
        let mut sum = 0.0;
        for hit in self.chunks.iter().copied().flatten() {
            let before = rate(self.bound, now, streams.rates, hit.year);
            let stays = rate(self.bound, effects, streams.rates, hit.year) / before;
            let loss = if effects.losses == now.losses {
                hit.loss
            } else {
                loss(self.bound, effects, practice, dice, streams.events, hit.year, hit.events)
            };
            sum += hit.loss - stays * loss;
        }
        sum / f64::from(trials)
    }
}
