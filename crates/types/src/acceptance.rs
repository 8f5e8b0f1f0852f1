//! A risk that a person takes with open eyes, until a day.

use serde::{Deserialize, Serialize};

use crate::ids::{FindingId, ObservationId};
use crate::time::Timestamp;

/// A named person accepts a finding until a day, and says why (OCSF *Entity Management*). The finding stays in the figures of
/// loss: to accept a risk is not to end it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RiskAcceptance {
    /// The finding.
    pub finding: FindingId,
    /// Why it is accepted: what stands in the way of the fix.
    pub reason: String,
    /// What is done instead, if anything: the compensating control.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub compensating: String,
    /// Who accepts it: name and role.
    pub person: String,
    /// After this it counts as open again. A time not after the moment of the statement ends an acceptance.
    pub expires_at: Timestamp,
}

/// An acceptance together with the observation that recorded it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AcceptanceRef {
    /// Where it is recorded.
    pub observation: ObservationId,
    /// When it was made.
    pub made_at: Timestamp,
    /// What was stated.
    pub acceptance: RiskAcceptance,
}
