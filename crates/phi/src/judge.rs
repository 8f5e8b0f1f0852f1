//! What a survey of patient data means.

use enamel_types::{Judgement, Observation};

/// Judges one observation of `scan phi`; any other kind gives an empty judgement.
pub fn judge(observation: &Observation) -> Judgement {
    Judgement::of(observation)
}
