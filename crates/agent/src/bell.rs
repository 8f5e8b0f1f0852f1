//! How the agent's threads wait: on something that happened, never on a sleep.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use enamel_types::{CommandId, SensorName};

/// What an agent's threads wait for.
#[derive(Default)]
pub struct Bell {
    state: Mutex<Rung>,
    rung: Condvar,
}

/// What has happened, and nobody has looked at yet.
#[derive(Default)]
pub(crate) struct Rung {
    /// The agent ends.
    pub(crate) stop: bool,
    /// Something new lies in the spool.
    pub(crate) to_send: bool,
    /// The policy is another one.
    pub(crate) new_policy: bool,
    /// Sensors that a command wants run now.
    pub(crate) collects: VecDeque<Collect>,
}

/// A command to look now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Collect {
    /// The command.
    pub(crate) command: CommandId,
    /// Which sensors.
    pub(crate) sensors: Vec<SensorName>,
}

impl Bell {
    /// Ends the agent soon: nothing new is begun.
    pub fn stop(&self) {
        self.ring(|rung| rung.stop = true);
    }

    /// Whether the agent ends.
    pub fn stopping(&self) -> bool {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).stop
    }

    pub(crate) fn ring(&self, change: impl FnOnce(&mut Rung)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.rung.notify_all();
    }

    /// Waits until `look` finds something or the agent ends, for `at_most` so long; `None` where it found nothing.
    pub(crate) fn wait<T>(
        &self,
        at_most: Duration,
        mut look: impl FnMut(&mut Rung) -> Option<T>,
    ) -> Option<T> {
        let until = Instant::now() + at_most;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(found) = look(&mut state) {
                return Some(found);
            }
            let left = until.saturating_duration_since(Instant::now());
            if state.stop || left.is_zero() {
                return None;
            }
            state = self.rung.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits for so long, or until the agent ends.
    pub(crate) fn pause(&self, so_long: Duration) {
        self.wait(so_long, |_| None::<()>);
    }
}
