//! What an agent does unasked, and how often.
//!
//! A policy comes from the server unsigned, so nothing in it may weaken a practice: intervals are bounded, a sensor cannot
//! be switched off, and a folder can be added to what is searched and never taken out.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Longest interval between two runs of a sensor, minutes: evidence counts for a week, and a run may fail once.
pub const MAX_INTERVAL_MINUTES: u32 = 3 * 24 * 60;

/// Shortest interval, minutes.
pub const MIN_INTERVAL_MINUTES: u32 = 5;

/// Most folders in a policy.
pub const MAX_FOLDERS: usize = 64;

/// A sensor that an agent can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SensorName {
    /// What the computer is.
    Inventory,
    /// How it is set up.
    Host,
    /// What is installed on it.
    Software,
    /// Where patient data lies.
    Phi,
}

impl SensorName {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Inventory, Self::Host, Self::Software, Self::Phi];

    /// The name, as it is written in a policy.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inventory => "inventory",
            Self::Host => "host",
            Self::Software => "software",
            Self::Phi => "phi",
        }
    }

    /// How often it runs where the policy does not say, minutes.
    pub const fn usual_interval_minutes(self) -> u32 {
        match self {
            Self::Inventory | Self::Host => 6 * 60,
            Self::Software | Self::Phi => 24 * 60,
        }
    }

    /// Whether it runs at night only, where the policy does not say: it reads every file.
    pub const fn usually_at_night(self) -> bool {
        matches!(self, Self::Phi)
    }
}

/// What an agent does unasked. The agent compares what it has with what it is sent at every poll.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// Rises with every change.
    pub version: u64,
    /// When each sensor runs; one that is missing runs as usual.
    pub sensors: BTreeMap<SensorName, Schedule>,
    /// Folders searched for patient data, beside those where people keep files.
    pub folders: Vec<String>,
    /// First hour of the night, local time, 0 to 23.
    pub night_from: u8,
    /// First hour of the day, local time, 0 to 23.
    pub night_until: u8,
}

/// When one sensor runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Minutes from one run to the next.
    pub every_minutes: u32,
    /// Whether it waits for the night.
    pub at_night: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self { version: 0, sensors: BTreeMap::new(), folders: Vec::new(), night_from: 20, night_until: 6 }
    }
}

impl Policy {
    /// When a sensor runs under this policy, within the bounds that no policy can leave.
    pub fn schedule(&self, sensor: SensorName) -> Schedule {
        let usual =
            Schedule { every_minutes: sensor.usual_interval_minutes(), at_night: sensor.usually_at_night() };
        let asked = self.sensors.get(&sensor).copied().unwrap_or(usual);
        Schedule {
            every_minutes: asked.every_minutes.clamp(MIN_INTERVAL_MINUTES, MAX_INTERVAL_MINUTES),
            ..asked
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hostile server can send any policy; none makes a practice blind.
    #[test]
    fn no_policy_silences_a_sensor() {
        for every_minutes in [0, 1, 5, 60, u32::MAX] {
            let schedule = Schedule { every_minutes, at_night: true };
            let policy = Policy {
                sensors: SensorName::ALL.map(|sensor| (sensor, schedule)).into(),
                ..Policy::default()
            };
            for sensor in SensorName::ALL {
                let every = policy.schedule(sensor).every_minutes;
                assert!((MIN_INTERVAL_MINUTES..=MAX_INTERVAL_MINUTES).contains(&every), "{every}");
            }
        }
        assert_eq!(Policy::default().schedule(SensorName::Phi).every_minutes, 24 * 60);
    }
}
