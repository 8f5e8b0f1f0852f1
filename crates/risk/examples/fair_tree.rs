//! One Open FAIR tree with seven inputs, a million trials: the work that pyfair 0.1a13 does on the same tree, for
//! `benches/risk.sh`. Prints one JSON line: seconds, mean, p95 and the threads used.
//!
//! The tree is pyfair's: contact frequency × probability of action × vulnerability × (primary loss + secondary frequency ×
//! secondary magnitude), where vulnerability is the share of all trials in which threat capability beats control strength.
//! The product's own scenarios roll events instead (`enamel_risk::simulate`); dice, sampler, threads and summary are the same.

#![allow(clippy::print_stdout)] // an example speaks for itself
#![allow(clippy::cast_possible_truncation)] // trials and chunks are below 2^32

use std::ops::Range;
use std::time::Instant;

use enamel_risk::dist::Pert;
use enamel_risk::parallel::in_order;
use enamel_risk::summary::summarise;
use enamel_risk::{BLOCK, Pair, Stream};

const TRIALS: u32 = 1_000_000;
const CHUNK: u32 = 8 * BLOCK as u32;

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
    let inputs = in_order(INPUTS.len(), threads, |input| pyfair_pert(INPUTS[input]));
    let dice = Stream::new(1);
    let chunks = in_order(TRIALS.div_ceil(CHUNK) as usize, threads, |chunk| {
        let first = chunk as u32 * CHUNK;
        roll(&inputs, dice, first..TRIALS.min(first + CHUNK))
    });
    let (wins, parts): (Vec<usize>, Vec<Vec<f64>>) = chunks.into_iter().unzip();
    let vulnerability = wins.iter().sum::<usize>() as f64 / f64::from(TRIALS);
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
fn pyfair_pert((low, likely, high): (f64, f64, f64)) -> Pert {
    let mean = (low + 4.0 * likely + high) / 6.0;
    let place = (mean - low) / (high - low);
    let both = place * (1.0 - place) * 36.0 - 1.0;
    Pert::beta(low, high, place * both, (1.0 - place) * both)
}

/// Some trials: in how many the threat wins, and each one's risk before vulnerability is multiplied in.
fn roll(inputs: &[Pert], dice: Stream, trials: Range<u32>) -> (usize, Vec<f64>) {
    let mut wins = 0;
    let mut risks = vec![0.0; trials.len()];
    let mut pairs = [Pair::default(); BLOCK];
    let [mut left, mut right] = [[0.0; BLOCK]; 2];
    // Column by column, so that one table at a time is hot; two inputs share a hash.
    for (risks, first) in risks.chunks_mut(BLOCK).zip((u64::from(trials.start)..).step_by(BLOCK)) {
        dice.child(0).fill(first, &mut pairs);
        inputs[2].fill(&pairs, Pair::left, &mut left);
        inputs[3].fill(&pairs, Pair::right, &mut right);
        let both = left.iter().zip(&right).take(risks.len());
        wins += both.filter(|(capability, strength)| capability > strength).count();

        dice.child(1).fill(first, &mut pairs);
        inputs[5].fill(&pairs, Pair::left, &mut left);
        inputs[6].fill(&pairs, Pair::right, risks);
        risks.iter_mut().zip(&left).for_each(|(risk, frequency)| *risk *= frequency);

        dice.child(2).fill(first, &mut pairs);
        inputs[4].fill(&pairs, Pair::left, &mut left);
        inputs[0].fill(&pairs, Pair::right, &mut right);
        let both = left.iter().zip(&right);
        risks
            .iter_mut()
            .zip(both)
            .for_each(|(risk, (primary, contacts))| *risk = (*risk + primary) * contacts);

        dice.child(3).fill(first, &mut pairs);
        inputs[1].fill(&pairs, Pair::left, &mut left);
        risks.iter_mut().zip(&left).for_each(|(risk, action)| *risk *= action);
    }
    (wins, risks)
}
