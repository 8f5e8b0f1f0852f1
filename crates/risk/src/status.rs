//! Where each control stands: evidence of known age, weighed.

use enamel_types::ControlStatus;
use enamel_types::control::AttestationRef;
use enamel_types::judgement::Evidence;
use enamel_types::practice::RuleProfile;
use enamel_types::time::Timestamp;

use crate::catalogue::Catalogue;

/// The status of every control, in the catalogue's order.
///
/// `evidence` is what the latest judgements say; `attestations` every statement ever recorded.
pub fn control_statuses(
    catalogue: &Catalogue,
    profile: RuleProfile,
    evidence: &[Evidence],
    attestations: &[AttestationRef],
    now: Timestamp,
) -> Vec<ControlStatus> {
    let _ = (catalogue, profile, evidence, attestations, now);
    Vec::new()
}

/// One control under both texts.
#[derive(Debug, Clone, PartialEq)]
pub struct SideBySide {
    /// Under the rule in force.
    pub current: ControlStatus,
    /// Under the 2025 proposal, which is not law.
    pub proposed: ControlStatus,
}

/// The same evidence under the rule in force and under the 2025 proposal.
pub fn compare_profiles(
    catalogue: &Catalogue,
    evidence: &[Evidence],
    attestations: &[AttestationRef],
    now: Timestamp,
) -> Vec<SideBySide> {
    let current = control_statuses(catalogue, RuleProfile::Current, evidence, attestations, now);
    let proposed = control_statuses(catalogue, RuleProfile::Proposed2025, evidence, attestations, now);
    current.into_iter().zip(proposed).map(|(current, proposed)| SideBySide { current, proposed }).collect()
}
