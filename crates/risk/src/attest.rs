//! What a person's statement about a control means.

use enamel_types::judgement::{Evidence, EvidenceOutcome, RuleResult};
use enamel_types::{Body, CheckOutcome, Judgement, Observation, RuleId};

use crate::catalogue::Catalogue;
use enamel_types::control::{Attestation, Statement};
use enamel_types::practice::RuleProfile;

/// The rule under which statements by persons appear among results and evidence.
pub const ATTESTATION_RULE: &str = "attest";

/// Judges a recorded statement: does it name a control of the catalogue, and may it be decided that way?
///
/// The evidence it gives is for display and export; [`control_statuses`](crate::control_statuses) takes statements
/// from its own parameter and passes over this rule, so that nothing counts twice. Any other kind of observation gives a
/// judgement that says nothing.
pub fn judge_attestation(observation: &Observation, catalogue: &Catalogue) -> Judgement {
    let mut judgement = Judgement::of(observation);
    let (Body::Attestation(attestation), Ok(rule)) = (&observation.body, RuleId::new(ATTESTATION_RULE))
    else {
        return judgement;
    };
    let ends = catalogue.get(&attestation.control).map_or(attestation.expires_at, |control| {
        control.statement_ends(observation.observed_at, attestation.expires_at)
    });
    judgement.valid_until = judgement.valid_until.min(ends);
    let (outcome, detail) = weigh(attestation, catalogue);
    judgement.results.push(RuleResult {
        rule: rule.clone(),
        title: format!("Statement on {}", attestation.control),
        outcome,
        detail: detail.clone(),
    });
    let outcome = match outcome {
        CheckOutcome::Pass => EvidenceOutcome::Supports,
        CheckOutcome::Fail => EvidenceOutcome::Contradicts,
        CheckOutcome::Unknown | CheckOutcome::NotApplicable => return judgement,
    };
    judgement.evidence.push(Evidence {
        control: attestation.control.clone(),
        outcome,
        rule,
        statement: detail,
        device: observation.device,
        observation: observation.id,
        observed_at: observation.observed_at,
        valid_until: judgement.valid_until,
    });
    judgement
}

fn weigh(attestation: &Attestation, catalogue: &Catalogue) -> (CheckOutcome, String) {
    let Attestation { control: id, statement, reason, person, .. } = attestation;
    let Some(control) = catalogue.get(id) else {
        return (
            CheckOutcome::Unknown,
            format!("{id} is not in the control catalogue; the statement counts for nothing"),
        );
    };
    let counts = control.counts(*statement, RuleProfile::Current);
    match statement {
        Statement::Implemented if !counts => (
            CheckOutcome::Unknown,
            format!("only a sensor can show {id}; the statement of {person} is recorded and settles nothing"),
        ),
        Statement::Implemented => (CheckOutcome::Pass, format!("{person} states that it is done: {reason}")),
        Statement::NotImplemented => {
            (CheckOutcome::Fail, format!("{person} states that it is not done: {reason}"))
        }
        Statement::EquivalentMeasure if counts => {
            (CheckOutcome::Pass, format!("{person} decided on another measure that does the same: {reason}"))
        }
        // Nothing is as it should be here, nor is it a weakness: it was decided.
        Statement::NotReasonable if counts => (
            CheckOutcome::NotApplicable,
            format!("{person} decided that it is not done here, because it is not reasonable: {reason}"),
        ),
        Statement::EquivalentMeasure | Statement::NotReasonable => (
            CheckOutcome::Unknown,
            format!(
                "{id} is required and cannot be decided away; the decision of {person} counts for nothing"
            ),
        ),
    }
}
