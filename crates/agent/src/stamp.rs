//! Who speaks: what every observation of an agent has in common.

use std::sync::Arc;

use enamel_types::{
    AgentEvent, AgentId, Body, Clock, CommandReceipt, DeviceId, Minter, Observation, PracticeId, Sensor,
};
use jiff::SignedDuration;

/// How long what an agent says counts as evidence.
const VALID_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Fills a slice with unpredictable bytes.
pub type Fill = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// The practice, the computer and the agent that observations are made for, and the clock and dice that they take.
#[derive(Clone)]
pub struct Stamp {
    /// The practice.
    pub practice: PracticeId,
    /// The computer.
    pub device: DeviceId,
    /// The agent.
    pub agent: AgentId,
    /// Where now comes from.
    pub clock: Arc<dyn Clock>,
    /// Where randomness comes from.
    pub fill: Fill,
}

impl Stamp {
    /// What the agent says about itself.
    pub fn event(&self, event: AgentEvent) -> Observation {
        let about = match &event {
            AgentEvent::Enrolled { .. } => "enrolled".to_owned(),
            AgentEvent::SpoolDropped { .. } | AgentEvent::SpoolDamaged { .. } => "spool".to_owned(),
            AgentEvent::SensorFailed { sensor, .. } => format!("sensor:{}", sensor.as_str()),
            AgentEvent::ChainForked { .. } => "chain".to_owned(),
            AgentEvent::TrustRootChanged { .. } => "trust_root".to_owned(),
        };
        self.observation(format!("agent:{about}"), Body::AgentEvent(event))
    }

    /// What became of a command.
    pub fn receipt(&self, receipt: CommandReceipt) -> Observation {
        self.observation(format!("command:{}", receipt.command), Body::CommandReceipt(receipt))
    }

    fn observation(&self, scope: String, body: Body) -> Observation {
        let now = self.clock.now();
        let mut fill = |bytes: &mut [u8]| (self.fill)(bytes);
        Observation {
            id: Minter::new(&mut fill).observation(now),
            practice: self.practice,
            device: self.device,
            agent: self.agent,
            observed_at: now,
            valid_until: now.saturating_add(VALID_FOR).unwrap_or(now),
            sensor: Sensor { name: "agent".to_owned(), version: crate::VERSION.to_owned() },
            scope,
            gaps: Vec::new(),
            body,
        }
    }
}
