//! What a risk run starts from: what was found, what the practice says of itself, and the time.

use std::collections::BTreeMap;

use enamel_types::practice::PracticeProfile;
use enamel_types::{CheckOutcome, Estimate, Finding, ObservationId, RuleId, RuleResult, Timestamp};

/// How one rule came out over all computers that were looked at and are still fresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RuleCounts {
    /// Computers on which it passes.
    pub pass: u32,
    /// Computers on which it fails.
    pub fail: u32,
    /// Computers on which it could not be decided.
    pub unknown: u32,
}

impl RuleCounts {
    /// Counts results rule by rule; those without meaning on a computer are left out.
    pub fn tally<'a>(results: impl IntoIterator<Item = &'a RuleResult>) -> BTreeMap<RuleId, Self> {
        let mut counts: BTreeMap<RuleId, Self> = BTreeMap::new();
        for result in results {
            if result.outcome == CheckOutcome::NotApplicable {
                continue;
            }
            let entry = counts.entry(result.rule.clone()).or_default();
            match result.outcome {
                CheckOutcome::Pass => entry.pass += 1,
                CheckOutcome::Fail => entry.fail += 1,
                CheckOutcome::Unknown | CheckOutcome::NotApplicable => entry.unknown += 1,
            }
        }
        counts
    }

    /// All computers with a result.
    pub const fn total(self) -> u32 {
        self.pass + self.fail + self.unknown
    }
}

/// People whose data was found by `scan phi`: a lower bound of the people whose data the practice holds, because a scan
/// sees only the folders that it was given.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasuredPersons {
    /// How many, with bounds.
    pub estimate: Estimate,
    /// Where it was seen.
    pub observation: ObservationId,
}

/// Everything that moves the model away from its priors.
#[derive(Debug, Clone)]
pub struct RiskInput<'a> {
    /// Fresh results by rule. A rule that is not here was not looked at and leaves the prior alone.
    pub results: BTreeMap<RuleId, RuleCounts>,
    /// Open findings, worst first: what there is to fix, and how long it takes. Of findings of one rule that are equally
    /// severe, the first gives the plan its words.
    pub findings: &'a [Finding],
    /// People found, where a scan looked for them.
    pub persons: Option<MeasuredPersons>,
    /// What the practice says of itself.
    pub profile: &'a PracticeProfile,
    /// The present moment; stands in the assumptions.
    pub now: Timestamp,
}
