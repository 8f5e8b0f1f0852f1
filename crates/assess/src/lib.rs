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

use enamel_types::{Body, Judgement, Observation, PracticeProfile};

pub use content::{Content, LoadError, practice_profile};
pub use figures::{ControlStates, Fresh, Rolls};
pub use gathered::Gathered;

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
