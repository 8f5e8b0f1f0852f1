//! One Open FAIR tree with seven inputs, a million trials: the work that pyfair 0.1a13 does on the same tree, for
//! `benches/risk.sh`. Prints one JSON line: seconds, mean, p95 and the threads used.
//!
//! The tree is pyfair's: contact frequency × probability of action × vulnerability × (primary loss + secondary frequency ×
//! secondary magnitude), where vulnerability is the share of all trials in which threat capability beats control strength.
//! The product's own scenarios roll events instead (`enamel_risk::simulate`); sampler, dice and summary are the same.

use std::time::Instant;

use enamel_risk::Stream;
use enamel_risk::dist::Pert;
use enamel_risk::summary::summarise;

const TRIALS: u32 = 1_000_000;
const CHUNK: u32 = 8_192;

/// (low, likely, high) as in `benches/pyfair_tree.py`.
const INPUTS: [(f64, f64, f64); 7] = [
    (0.1, 0.5, 2.0),                // contact frequency, a year
    (0.05, 0.2, 0.6),               // probability of action
    (0.2, 0.5, 0.9),                // threat capability
    (0.3, 0.6, 0.95),               // control strength
    (20_000.0, 85_000.0, 1.2e6),    // primary loss
    (0.02, 0.2, 0.7),               // secondary loss event frequency
    (5_000.0, 40_000.0, 350_000.0), // secondary loss magnitude
];

fn main() {
    let threads = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(2);
    let start = Instant::now();
    let inputs = INPUTS.map(|(low, likely, high)| pyfair_pert(low, likely, high));
    let dice = Stream::new(1);
    let chunks: Vec<u32> = (0..TRIALS.div_ceil(CHUNK)).collect();
    let share = chunks.len().div_ceil(threads);
    let done: Vec<(u32, Vec<f64>)> = std::thread::scope(|scope| {
        let tasks: Vec<_> = chunks
            .chunks(share)
            .map(|mine| {
                scope.spawn(|| mine.iter().map(|chunk| roll(&inputs, dice, *chunk)).collect::<Vec<_>>())
            })
            .collect();
        tasks.into_iter().flat_map(|task| task.join().expect("no thread panics")).collect()
    });
    let wins: u32 = done.iter().map(|(wins, _)| wins).sum();
    let vulnerability = f64::from(wins) / f64::from(TRIALS);
    let parts: Vec<Vec<f64>> = done.into_iter().map(|(_, losses)| losses).collect();
    let losses = summarise(&parts, TRIALS, threads);
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{{\"seconds\": {seconds:.6}, \"threads\": {threads}, \"mean\": {}, \"p95\": {}, \"curve_points\": {}}}",
        losses.mean.0 * vulnerability,
        losses.p95.0 * vulnerability,
        losses.curve.len()
    );
}

/// PERT as pyfair reads it: the usual mean, and a standard deviation of a sixth of the range instead of weight 4.
fn pyfair_pert(low: f64, likely: f64, high: f64) -> Pert {
    let mean = (low + 4.0 * likely + high) / 6.0;
    let place = (mean - low) / (high - low);
    let both = place * (1.0 - place) * 36.0 - 1.0;
    Pert::beta(low, high, place * both, (1.0 - place) * both)
}

/// One chunk: in how many trials the threat wins, and each trial's risk before vulnerability is multiplied in.
fn roll(inputs: &[Pert; 7], dice: Stream, chunk: u32) -> (u32, Vec<f64>) {
    let trials = chunk * CHUNK..TRIALS.min((chunk + 1) * CHUNK);
    let mut wins = 0;
    let losses = trials.map(|trial| {
        let at = |input: usize| inputs[input].at(dice.uniform(u64::from(trial) * 7 + input as u64));
        wins += u32::from(at(2) > at(3));
        at(0) * at(1) * (at(4) + at(5) * at(6))
    });
    let losses = losses.collect();
    (wins, losses)
}
