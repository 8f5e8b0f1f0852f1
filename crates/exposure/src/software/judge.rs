//! What a software inventory means: findings and evidence. Pure.

use enamel_types::{Judgement, Observation};

use super::{EolTable, Signatures};

/// Judges a software inventory as of the moment it was seen. Any other observation gives an empty judgement.
pub fn judge_software(observation: &Observation, _signatures: &Signatures, _eol: &EolTable) -> Judgement {
    Judgement::of(observation)
}
