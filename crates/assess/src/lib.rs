//! From an observation to a judged practice.
//!
//! Pillars never import each other; here they meet. [`Content`] is everything that experts edit, [`Assessor::judge`] says what one
//! observation means, [`Assessor::risk`] and [`Assessor::controls`] turn a practice's view into figures, and `model` puts a report
//! together. The command line walks this for one computer, a server for a fleet, with the same functions.
//!
//! Nothing here keeps anything, reads a clock or rolls unseeded dice.

mod content;
mod figures;
mod gathered;
#[cfg(feature = "report")]
pub mod model;

use enamel_types::{Body, Judgement, Observation, PracticeProfile, Timestamp};
use jiff::SignedDuration;

pub use content::{Content, LoadError, practice_profile};
pub use figures::{ControlStates, Fresh, Rolls};
pub use gathered::Gathered;

/// Longest time for which what a sensor saw counts.
const LONGEST_EVIDENCE: SignedDuration = SignedDuration::from_hours(31 * 24);

/// What a practice is judged with: the content, and what it says about itself.
#[derive(Clone, Copy)]
pub struct Assessor<'a> {
    /// Checks, signatures, controls, scenarios.
    pub content: &'a Content,
    /// The practice's own facts.
    pub profile: &'a PracticeProfile,
}

impl Assessor<'_> {
    /// What an observation means.
    pub fn judge(&self, observation: &Observation) -> Judgement {
        let mut judgement = self.judge_body(observation);
        if !observation.body.is_a_persons() {
            // How long evidence counts is not for the computer that it is about to say.
            let end = observation.observed_at.checked_add(LONGEST_EVIDENCE).unwrap_or(Timestamp::MAX);
            judgement.valid_until = judgement.valid_until.min(end);
            for evidence in &mut judgement.evidence {
                evidence.valid_until = evidence.valid_until.min(end);
            }
        }
        judgement
    }

    fn judge_body(&self, observation: &Observation) -> Judgement {
        match &observation.body {
            Body::ConfigState(_) => {
                enamel_exposure::judge_config(observation, &self.content.checks, self.profile)
            }
            Body::SoftwareInventory(_) => {
                enamel_exposure::judge_software(observation, &self.content.signatures, &self.content.eol)
            }
            Body::PatientData(_) => enamel_phi::judge(observation),
            Body::Attestation(_) => enamel_risk::judge_attestation(observation, &self.content.controls),
            Body::DeviceInventory(_)
            | Body::RiskAcceptance(_)
            | Body::AgentEvent(_)
            | Body::CommandReceipt(_) => Judgement::of(observation),
        }
    }
}

#[cfg(test)]
mod tests {
    use enamel_types::agent_event::AgentEvent;
    use enamel_types::{AgentId, DeviceId, ObservationId, PracticeId, Sensor};
    use uuid::Uuid;

    use super::*;

    /// An agent that was taken over would say that what it saw counts for ever.
    #[test]
    fn no_computer_says_for_how_long_it_is_fine() {
        let content = Content::load(None).unwrap();
        let profile = PracticeProfile::default();
        let assessor = Assessor { content: &content, profile: &profile };
        let observed_at: Timestamp = "2026-11-24T09:00:00Z".parse().unwrap();
        let mut observation = Observation {
            id: ObservationId::from_uuid(Uuid::from_u128(1)),
            practice: PracticeId::from_uuid(Uuid::from_u128(2)),
            device: DeviceId::from_uuid(Uuid::from_u128(3)),
            agent: AgentId::from_uuid(Uuid::from_u128(4)),
            observed_at,
            valid_until: Timestamp::MAX,
            sensor: Sensor { name: "agent".to_owned(), version: "0.1.0".to_owned() },
            scope: "agent".to_owned(),
            gaps: Vec::new(),
            body: Body::AgentEvent(AgentEvent::Enrolled { version: "0.1.0".to_owned() }),
        };
        let end = |observation: &Observation| assessor.judge(observation).valid_until;
        assert_eq!(end(&observation), observed_at + LONGEST_EVIDENCE);
        observation.valid_until = observed_at + SignedDuration::from_hours(24);
        assert_eq!(end(&observation), observation.valid_until);
        observation.observed_at = Timestamp::MAX;
        observation.valid_until = Timestamp::MAX;
        assert_eq!(end(&observation), Timestamp::MAX);
    }
}
