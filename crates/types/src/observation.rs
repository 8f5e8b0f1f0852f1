//! What a sensor saw.
//!
//! A sensor never judges. It states, completely, what it saw of one *scope* (this host's configuration, this folder's
//! patient data) at one moment. The next observation of the same device and scope replaces it in every projection, so
//! that the present state is a fold over observations and can be rebuilt at any time.

use serde::{Deserialize, Serialize};

use crate::acceptance::RiskAcceptance;
use crate::agent_event::{AgentEvent, Lane};
use crate::command::CommandReceipt;
use crate::config_state::ConfigState;
use crate::control::Attestation;
use crate::device::DeviceInventory;
use crate::ids::{AgentId, DeviceId, ObservationId, PracticeId};
use crate::patient_data::PatientDataSurvey;
use crate::software::SoftwareInventory;
use crate::time::Timestamp;

/// One statement by one sensor. This is what the ledger chains, and what every figure links back to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// Minted where it was made; unique, so that sending it twice is harmless.
    pub id: ObservationId,
    /// The tenant.
    pub practice: PracticeId,
    /// The computer it is about.
    pub device: DeviceId,
    /// The agent that made it.
    pub agent: AgentId,
    /// When it was seen.
    pub observed_at: Timestamp,
    /// After this it is stale, and what rests on it reads *unknown*.
    pub valid_until: Timestamp,
    /// Which sensor, which version.
    pub sensor: Sensor,
    /// What this is a complete statement about, for example `host` or `phi:/srv/data`.
    pub scope: String,
    /// What could not be seen, and why: a report that hides its blind spots is worse than none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<Gap>,
    /// What was seen.
    pub body: Body,
}

/// The sensor that made an observation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sensor {
    /// `scan host`, `scan software`, `scan phi`, `attest`.
    pub name: String,
    /// Enamel's version.
    pub version: String,
}

/// Something that a sensor was asked to look at and could not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The thing: a path, a registry key, a program.
    pub what: String,
    /// Why, in words that say what would help.
    pub why: String,
}

/// What was seen, by OCSF class.
///
/// A new shape of an old kind gets a new [`Body::version`] and an upcaster beside it; old ledgers stay readable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Body {
    /// OCSF 5001 Device Inventory Info.
    DeviceInventory(DeviceInventory),
    /// OCSF 5002 Device Config State: what each posture check read.
    ConfigState(ConfigState),
    /// OCSF 5020 Software Inventory Info.
    SoftwareInventory(SoftwareInventory),
    /// OCSF 5007 File Query: where patient data lies.
    PatientData(PatientDataSurvey),
    /// OCSF 3004 Entity Management: a person states that a control is met, or why another measure stands in for it.
    Attestation(Attestation),
    /// OCSF 3004 Entity Management: a person accepts a finding until a day.
    RiskAcceptance(RiskAcceptance),
    /// OCSF 1008 Event Log Activity: what an agent says about itself.
    AgentEvent(AgentEvent),
    /// OCSF 6003 API Activity: what became of a command.
    CommandReceipt(CommandReceipt),
}

impl Body {
    /// The name under which this kind is stored, the same as its `kind` tag.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::DeviceInventory(_) => "device_inventory",
            Self::ConfigState(_) => "config_state",
            Self::SoftwareInventory(_) => "software_inventory",
            Self::PatientData(_) => "patient_data",
            Self::Attestation(_) => "attestation",
            Self::RiskAcceptance(_) => "risk_acceptance",
            Self::AgentEvent(_) => "agent_event",
            Self::CommandReceipt(_) => "command_receipt",
        }
    }

    /// The version of this kind's shape.
    pub const fn version(&self) -> u16 {
        1
    }

    /// The OCSF class the kind belongs to.
    pub const fn ocsf_class_uid(&self) -> u32 {
        match self {
            Self::DeviceInventory(_) => 5001,
            Self::ConfigState(_) => 5002,
            Self::SoftwareInventory(_) => 5020,
            Self::PatientData(_) => 5007,
            Self::Attestation(_) | Self::RiskAcceptance(_) => 3004,
            Self::AgentEvent(_) => 1008,
            Self::CommandReceipt(_) => 6003,
        }
    }

    /// Whether a person states it: no computer may say that a control is met, or that a risk is accepted.
    pub const fn is_a_persons(&self) -> bool {
        matches!(self, Self::Attestation(_) | Self::RiskAcceptance(_))
    }

    /// How urgent it is to send.
    pub const fn lane(&self) -> Lane {
        match self {
            Self::ConfigState(_)
            | Self::Attestation(_)
            | Self::RiskAcceptance(_)
            | Self::CommandReceipt(_)
            | Self::AgentEvent(_)
            | Self::PatientData(_) => Lane::Finding,
            Self::DeviceInventory(_) | Self::SoftwareInventory(_) => Lane::Inventory,
        }
    }
}

/// Where an observation stands in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservationFacts {
    /// Its hash in the chain, lower-case hex.
    pub hash: String,
    /// Its sequence number.
    pub seq: u64,
    /// The sensor: `scan host`.
    pub sensor: String,
    /// The computer.
    pub device: DeviceId,
    /// What it is a statement about.
    pub scope: String,
    /// When it was seen.
    pub observed_at: Timestamp,
    /// After this it no longer counts.
    pub valid_until: Timestamp,
}
