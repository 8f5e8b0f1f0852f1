//! The words of Enamel.
//!
//! Every other crate speaks in these: ids that cannot be mixed up, what a sensor saw ([`Observation`]), what it means
//! ([`Finding`], [`Evidence`]), how risk is put into figures ([`risk`]). Names follow OCSF where OCSF has one.
//!
//! This crate does no I/O, reads no clock and rolls no dice: both are parameters ([`Clock`], [`Minter`]).

pub mod acceptance;
pub mod access;
pub mod agent_event;
pub mod command;
pub mod config_state;
pub mod content;
pub mod control;
pub mod device;
pub mod finding;
pub mod ids;
pub mod judgement;
pub mod observation;
pub mod ocsf;
pub mod patient_data;
pub mod policy;
pub mod practice;
pub mod risk;
pub mod software;
pub mod text;
pub mod time;
pub mod units;
pub mod verdict;
pub mod words;

pub use acceptance::RiskAcceptance;
pub use access::{Grant, Reach, Right, Role};
pub use agent_event::{AgentEvent, Lane};
pub use command::{Command, CommandClass, CommandReceipt, Order};
pub use control::{Attestation, ControlState, ControlStatus};
pub use finding::{Finding, FindingClass, FindingEntry, Fix, Severity, Standing};
pub use ids::{
    AgentId, AlertId, ApiKeyId, CommandId, ControlId, DeviceId, FindingId, GroupId, Minter, ObservationId,
    PracticeId, RuleId, ScenarioId, SiteId, UserId,
};
pub use judgement::{CheckOutcome, Evidence, EvidenceOutcome, Judgement, RuleResult};
pub use observation::{Body, Gap, Observation, ObservationFacts, Sensor};
pub use policy::{Policy, SensorName};
pub use practice::PracticeProfile;
pub use time::{Clock, Timestamp};
pub use units::{Estimate, Minutes, Usd};
