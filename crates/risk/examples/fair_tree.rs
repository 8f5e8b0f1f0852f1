//! One Open FAIR tree with seven inputs, a million trials: the work that pyfair 0.1a13 does on the same tree, for
//! `benches/risk.sh`. Prints one JSON line: seconds, mean, p95 and the threads used.
//!
//! The tree is pyfair's: contact frequency × probability of action × vulnerability × (primary loss + secondary frequency ×
//! secondary magnitude), where vulnerability is the share of all trials in which threat capability beats control strength.
//! The product's own scenarios roll events instead (`enamel_risk::simulate`); sampler, dice and summary are the same.

#![allow(clippy::print_stdout)] // an example speaks for itself

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
    // Column by column, so that one table at a time is hot.
    let trials = chunk * CHUNK..TRIALS.min((chunk + 1) * CHUNK);
    let column = |input: usize| {
        let (pert, stream) = (&inputs[input], dice.child(input as u64));
        trials.clone().map(move |trial| pert.at(stream.uniform(u64::from(trial))))
    };
    let mut losses: Vec<f64> = column(6).collect();
    losses.iter_mut().zip(column(5)).for_each(|(loss, frequency)| *loss *= frequency);
    losses.iter_mut().zip(column(4)).for_each(|(loss, primary)| *loss += primary);
    losses.iter_mut().zip(column(0)).for_each(|(loss, contacts)| *loss *= contacts);
    losses.iter_mut().zip(column(1)).for_each(|(loss, action)| *loss *= action);
    let wins = column(2).zip(column(3)).map(|(capability, strength)| u32::from(capability > strength)).sum();
    (wins, losses)
}
