//! Controls: what the rule asks for, and where the practice stands.

use serde::{Deserialize, Serialize};

use crate::ids::{ControlId, ObservationId};
use crate::judgement::{Evidence, EvidenceOutcome};
use crate::time::Timestamp;

/// Where a control stands. Stale or missing evidence reads [`ControlState::Unknown`], never met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ControlState {
    /// All fresh evidence supports it.
    Met,
    /// Some does, some does not, or not all that is asked for was seen.
    Partly,
    /// Fresh evidence contradicts it.
    NotMet,
    /// No fresh evidence.
    Unknown,
}

/// A control's status with everything it rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ControlStatus {
    /// The control.
    pub control: ControlId,
    /// Where it stands.
    pub state: ControlState,
    /// One sentence: why.
    pub why: String,
    /// Fresh evidence, contradicting first.
    pub evidence: Vec<Evidence>,
    /// The decision or attestation in force, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attestation: Option<AttestationRef>,
}

/// What a control that counts as met rests on. What a person says is never shown as what was seen, and a decision against
/// doing it never as done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grounds {
    /// A sensor saw it, and no statement is in force.
    Measured,
    /// A person's statement is in force, alone or beside what was seen.
    Stated,
    /// It is not done, and a documented decision in force says why (45 CFR 164.306(d)(3)(ii)(B)(1)).
    Declined,
}

impl ControlStatus {
    /// What it rests on; `None` where it is not met, or where neither evidence nor statement is given.
    pub fn grounds(&self) -> Option<Grounds> {
        if self.state != ControlState::Met {
            return None;
        }
        if let Some(stated) = &self.attestation {
            let declined = stated.attestation.statement == Statement::NotReasonable;
            return Some(if declined { Grounds::Declined } else { Grounds::Stated });
        }
        let seen = self.evidence.iter().any(|evidence| evidence.outcome == EvidenceOutcome::Supports);
        seen.then_some(Grounds::Measured)
    }
}

/// An attestation together with the observation that recorded it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttestationRef {
    /// Where it is recorded.
    pub observation: ObservationId,
    /// When it was made.
    pub made_at: Timestamp,
    /// What was stated.
    pub attestation: Attestation,
}

/// What a named person states about a control, with an expiry (OCSF *Entity Management*).
///
/// For an *addressable* specification the law lets a practice decide otherwise if it writes down why (45 CFR
/// 164.306(d)(3)); that record is [`Statement::EquivalentMeasure`] or [`Statement::NotReasonable`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attestation {
    /// The control.
    pub control: ControlId,
    /// What is stated.
    pub statement: Statement,
    /// Why: the document that proves it, the equivalent measure, the reasoning.
    pub reason: String,
    /// Who states it: name and role.
    pub person: String,
    /// After this the statement no longer counts.
    pub expires_at: Timestamp,
}

/// What is stated about a control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Statement {
    /// It is done, and no sensor can see it (a policy, a contract, a locked door).
    Implemented,
    /// Addressable only: another measure does the same job.
    EquivalentMeasure,
    /// Addressable only: not reasonable and appropriate here, and why.
    NotReasonable,
    /// It is not done.
    NotImplemented,
}
