//! What an agent says about itself: evidence that was lost, a sensor that failed.

use serde::{Deserialize, Serialize};

use crate::policy::SensorName;

/// Something that happened to an agent and that its reader must know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum AgentEvent {
    /// It was put under watch.
    Enrolled {
        /// Its version.
        version: String,
    },
    /// The spool was full, and observations were dropped before they were ever numbered.
    SpoolDropped {
        /// From which lane.
        lane: Lane,
        /// How many.
        observations: u64,
    },
    /// The spool was damaged and begun anew: what waited in it is lost.
    SpoolDamaged {
        /// What was wrong, and under which name the damaged file was kept.
        why: String,
    },
    /// A sensor ended without an answer.
    SensorFailed {
        /// Which.
        sensor: SensorName,
        /// Why.
        why: String,
    },
    /// What the server acknowledged is not what was sent: this agent's key is at work twice, or the server lost evidence.
    ChainForked {
        /// The agent's number at which they part.
        agent_seq: u64,
    },
    /// A new trust root was taken over, signed by the old and the new operators.
    TrustRootChanged {
        /// Its version.
        version: u64,
    },
}

/// How urgent an observation is to send; the most urgent leave first, and the least urgent are dropped first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Something is happening now.
    Incident,
    /// A weakness, a control, a command's outcome.
    Finding,
    /// What is there.
    Inventory,
    /// How much and how fast.
    Metrics,
}

impl Lane {
    /// All of them, most urgent first.
    pub const ALL: [Self; 4] = [Self::Incident, Self::Finding, Self::Inventory, Self::Metrics];
}
