//! The thread that looks: each sensor when it is due, one at a time, and what commands want seen now.

use std::time::Duration;

use enamel_types::command::CommandOutcome;
use enamel_types::{AgentEvent, SensorName};

use super::{Agent, runs_path};
use crate::bell::Collect;
use crate::commands::receipt;
use crate::sensors::{self, SensorError};
use crate::timetable::Run;
use crate::uplink::chain_of;
use crate::{files, lock};

/// Longest time without a look at the clock: it may have been set.
const LONGEST_WAIT: Duration = Duration::from_mins(5);

impl Agent {
    /// Looks until the agent ends.
    pub(super) fn keep_looking(&self) {
        while !self.bell.stopping() {
            if let Some(collect) = self.bell.wait(Duration::ZERO, |rung| rung.collects.pop_front()) {
                self.collect(&collect);
            } else if let Some(sensor) = self.due() {
                // What went wrong is in the spool and in the log.
                let _ = self.look(sensor);
            } else {
                let wait = self.until_next().min(LONGEST_WAIT);
                self.bell.wait(wait, |rung| {
                    let news = std::mem::take(&mut rung.new_policy) || !rung.collects.is_empty();
                    news.then_some(())
                });
            }
        }
    }

    /// Runs one sensor and keeps what it saw; says how many statements that were.
    pub(super) fn look(&self, sensor: SensorName) -> Result<usize, SensorError> {
        let at = self.settings.clock.now();
        let command = (self.settings.sensor)(sensor, &lock(&self.policy));
        let seen = sensors::run(sensor, command, &self.stamp, &self.bell).and_then(|observations| {
            for observation in &observations {
                self.record(observation).map_err(|error| SensorError::Failed(chain_of(&error)))?;
            }
            Ok(observations.len())
        });
        let failed = match &seen {
            Ok(_) => None,
            Err(SensorError::Stopped) => return seen,
            Err(SensorError::Failed(why)) => Some(why.clone()),
        };
        if let Some(why) = &failed {
            self.say(&format!("The sensor {} gave no answer: {why}", sensor.as_str()));
            self.note(AgentEvent::SensorFailed { sensor, why: why.clone() });
        }
        let runs = {
            let mut runs = lock(&self.runs);
            runs.note(sensor, Run { at, failed });
            runs.clone()
        };
        if let Err(error) = files::replace_json(&runs_path(&self.folder), &runs) {
            self.trouble(&chain_of(&error));
        }
        self.write_status();
        seen
    }

    /// Looks because a command wants it, and says what came of it.
    pub(super) fn collect(&self, collect: &Collect) {
        let sensors = if collect.sensors.is_empty() { &SensorName::ALL[..] } else { &collect.sensors };
        let mut failed = Vec::new();
        for sensor in sensors {
            match self.look(*sensor) {
                Ok(_) => {}
                // The next start tells of it.
                Err(SensorError::Stopped) => return,
                Err(SensorError::Failed(why)) => failed.push(format!("{}: {why}", sensor.as_str())),
            }
        }
        let (outcome, detail) = if failed.is_empty() {
            (
                CommandOutcome::Done,
                format!("{} of {} sensors gave their answer", sensors.len(), sensors.len()),
            )
        } else {
            (CommandOutcome::Failed, failed.join("; "))
        };
        self.finish(receipt(collect.command, "collect", outcome, &detail));
    }

    fn due(&self) -> Option<SensorName> {
        let now = self.settings.clock.now();
        lock(&self.runs).due(&lock(&self.policy), self.stamp.device, now, &self.settings.zone)
    }

    fn until_next(&self) -> Duration {
        let now = self.settings.clock.now();
        let (runs, policy) = (lock(&self.runs), lock(&self.policy));
        let next = SensorName::ALL
            .into_iter()
            .map(|sensor| runs.next(sensor, &policy, self.stamp.device, now, &self.settings.zone))
            .min();
        // A second more, so that it is due and not almost.
        next.map_or(LONGEST_WAIT, |next| next.duration_since(now).unsigned_abs() + Duration::from_secs(1))
    }
}
