//! What a risk run starts from: what was found, what the practice says of itself, and the time.

use std::collections::BTreeMap;

use enamel_types::practice::PracticeProfile;
use enamel_types::{CheckOutcome, DeviceId, Estimate, Finding, ObservationId, RuleId, RuleResult, Timestamp};

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
    /// Counts computers rule by rule; those on which a rule has no meaning are left out. A computer counts once, with the worst
    /// that was seen of it: one of its folders may be clean and another not.
    pub fn tally<'a>(
        results: impl IntoIterator<Item = (DeviceId, &'a RuleResult)>,
    ) -> BTreeMap<RuleId, Self> {
        let mut worst: BTreeMap<(&RuleId, DeviceId), CheckOutcome> = BTreeMap::new();
        for (device, result) in results {
            let held = worst.entry((&result.rule, device)).or_insert(CheckOutcome::NotApplicable);
            if badness(result.outcome) > badness(*held) {
                *held = result.outcome;
            }
        }
        let mut counts: BTreeMap<RuleId, Self> = BTreeMap::new();
        for ((rule, _), outcome) in worst {
            let none = Self::default();
            let one = match outcome {
                CheckOutcome::Pass => Self { pass: 1, ..none },
                CheckOutcome::Fail => Self { fail: 1, ..none },
                CheckOutcome::Unknown => Self { unknown: 1, ..none },
                CheckOutcome::NotApplicable => continue,
            };
            let entry = counts.entry(rule.clone()).or_default();
            entry.pass += one.pass;
            entry.fail += one.fail;
            entry.unknown += one.unknown;
        }
        counts
    }

    /// All computers with a result.
    pub const fn total(self) -> u32 {
        self.pass + self.fail + self.unknown
    }
}

/// What could not be seen is worse than a pass, and less than a failure.
const fn badness(outcome: CheckOutcome) -> u8 {
    match outcome {
        CheckOutcome::NotApplicable => 0,
        CheckOutcome::Pass => 1,
        CheckOutcome::Unknown => 2,
        CheckOutcome::Fail => 3,
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
    /// Open findings: what there is to fix, and how long it takes. Of the findings of one rule the worst gives the plan its words.
    pub findings: &'a [Finding],
    /// People found, where a scan looked for them.
    pub persons: Option<MeasuredPersons>,
    /// What the practice says of itself.
    pub profile: &'a PracticeProfile,
    /// The present moment; stands in the assumptions.
    pub now: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_computer_counts_once_with_its_worst_folder() {
        let rule = RuleId::new("secret.netrc").unwrap();
        let result =
            |outcome| RuleResult { rule: rule.clone(), title: String::new(), outcome, detail: String::new() };
        let [pass, fail, unknown] =
            [CheckOutcome::Pass, CheckOutcome::Fail, CheckOutcome::Unknown].map(result);
        let none = result(CheckOutcome::NotApplicable);
        let [a, b, c, d] = [1, 2, 3, 4].map(|n| DeviceId::from_uuid(uuid::Uuid::from_u128(n)));
        let seen = [
            (a, &pass),
            (a, &fail),
            (a, &unknown),
            (b, &pass),
            (b, &pass),
            (c, &unknown),
            (c, &pass),
            (d, &none),
        ];
        let counts = RuleCounts::tally(seen);
        assert_eq!(counts[&rule], RuleCounts { pass: 1, fail: 1, unknown: 1 });
        assert_eq!(counts[&rule].total(), 3);
        assert!(RuleCounts::tally([(d, &none)]).is_empty());
    }
}
