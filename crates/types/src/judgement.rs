//! What an observation means: a pure function's result.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::finding::Finding;
use crate::ids::{ControlId, DeviceId, ObservationId, RuleId};
use crate::observation::Observation;
use crate::time::Timestamp;
use crate::units::Estimate;

/// Everything that follows from one observation. Computed, never stored: with better rules or content, replaying the
/// ledger gives better judgements.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// The observation judged.
    pub observation: ObservationId,
    /// Its device.
    pub device: DeviceId,
    /// Its scope: a later judgement of the same device and scope replaces this one.
    pub scope: String,
    /// When it was seen.
    pub observed_at: Timestamp,
    /// After this, everything here is stale.
    pub valid_until: Timestamp,
    /// Every rule that was tried, with its outcome.
    pub results: Vec<RuleResult>,
    /// The weaknesses.
    pub findings: Vec<Finding>,
    /// What it says about controls.
    pub evidence: Vec<Evidence>,
    /// People whose data was found in this scope, where that was looked for.
    pub persons: Option<Estimate>,
}

impl Judgement {
    /// A judgement that says nothing yet.
    pub fn of(observation: &Observation) -> Self {
        Self {
            observation: observation.id,
            device: observation.device,
            scope: observation.scope.clone(),
            observed_at: observation.observed_at,
            valid_until: observation.valid_until,
            results: Vec::new(),
            findings: Vec::new(),
            evidence: Vec::new(),
            persons: None,
        }
    }
}

/// How far a clock may run ahead, in seconds: what claims to come from further in the future does not count.
const CLOCK_ALLOWANCE: i64 = 86_400;

/// Whether what was seen at `observed_at` still counts at `now`: from then until just before `valid_until`. Clocks of two
/// computers may be a day apart.
pub fn is_fresh(observed_at: Timestamp, valid_until: Timestamp, now: Timestamp) -> bool {
    observed_at.as_second() <= now.as_second().saturating_add(CLOCK_ALLOWANCE) && now < valid_until
}

/// The outcome of one check on one computer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckOutcome {
    /// As it should be.
    Pass,
    /// Not as it should be.
    Fail,
    /// Could not be decided; the detail says why.
    Unknown,
    /// Has no meaning on this computer.
    NotApplicable,
}

/// What came of one rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleResult {
    /// The rule.
    pub rule: RuleId,
    /// Its title.
    pub title: String,
    /// What came of it.
    pub outcome: CheckOutcome,
    /// What was seen, or why it could not be decided.
    pub detail: String,
}

impl RuleResult {
    /// How many checks came out one way, over results and the computers they are of.
    pub fn count<'a>(results: impl IntoIterator<Item = (DeviceId, &'a Self)>, outcome: CheckOutcome) -> u64 {
        let (mut singles, mut with_secrets) = (0, BTreeSet::new());
        for (device, result) in results.into_iter().filter(|(_, result)| result.outcome == outcome) {
            if result.rule.is_secret() && outcome != CheckOutcome::Fail {
                with_secrets.insert(device);
            } else {
                singles += 1;
            }
        }
        singles + with_secrets.len() as u64
    }
}

/// What an observation says about one control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The control.
    pub control: ControlId,
    /// For it, against it, or nothing.
    pub outcome: EvidenceOutcome,
    /// The rule that says so.
    pub rule: RuleId,
    /// One sentence: what was seen.
    pub statement: String,
    /// Where it was seen.
    pub device: DeviceId,
    /// The observation.
    pub observation: ObservationId,
    /// When it was seen.
    pub observed_at: Timestamp,
    /// After this it no longer counts.
    pub valid_until: Timestamp,
}

/// Which way a piece of evidence points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceOutcome {
    /// Against: the control is not met here.
    Contradicts,
    /// It was looked for and could not be seen.
    Unknown,
    /// For: the control is met here.
    Supports,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fresh_ends_at_the_end_and_does_not_begin_in_the_future() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let now = at(1_000_000);
        assert!(is_fresh(at(999_000), at(1_000_001), now));
        assert!(!is_fresh(at(999_000), now, now));
        assert!(is_fresh(at(1_086_400), at(2_000_000), now));
        assert!(!is_fresh(at(1_086_401), at(2_000_000), now));
    }
}
