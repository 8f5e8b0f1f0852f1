//! Assess: where a practice stands against the rule, what its weaknesses may cost, and which fix pays most.
//!
//! Three things live here. The **control catalogue** ([`Catalogue`], `content/controls/`) says what 45 CFR 164 Subpart C
//! asks for and which evidence answers it; [`control_statuses`] turns evidence of known age into *met, partly, not met,
//! unknown*. The **loss scenarios** ([`Scenarios`], `content/scenarios/`) are Open FAIR models with every prior cited or
//! marked as judgement; [`simulate`] rolls years of them, moved by what the checks found. The **plan** falls out of
//! paired runs: what each fix takes off the mean year, per hour of work.
//!
//! Nothing here looks at a computer, reads a clock or rolls unseeded dice: evidence, time and seed are parameters, and
//! the same parameters give the same bits on any number of threads. `docs/risk.md` and `docs/controls.md` explain the
//! models to a reader who wants to check them.

// Ranks, bucket numbers and chunk numbers are whole, not negative and below 2^32 by construction.
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]

mod attest;
mod catalogue;
pub mod dist;
mod explain;
mod fixes;
mod heat;
mod input;
mod model;
pub mod parallel;
mod rng;
mod scenario;
mod simulate;
mod status;
pub mod summary;

pub use attest::{ATTESTATION_RULE, judge_attestation};
pub use catalogue::{Aspect, Catalogue, Control, Proposed, Reference, Requirement};
pub use heat::heat_map;
pub use input::{MeasuredPersons, RiskInput, RuleCounts};
pub use rng::{BLOCK, Draw, Pair, Stream};
pub use scenario::{Amount, Factor, Loss, Per, Prior, Scenario, Scenarios, Shared, Spread};
pub use simulate::{MAX_TRIALS, simulate};
pub use status::{SideBySide, compare_profiles, control_statuses};
