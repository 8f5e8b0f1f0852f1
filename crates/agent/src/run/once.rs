//! One round for a person who waits for it: look, send, fetch the mail, do what it says, send what came of it.

use std::time::Duration;

use enamel_types::SensorName;

use super::Agent;
use super::sending::Halt;
use crate::lock;
use crate::sensors::SensorError;
use crate::spool::Counts;
use crate::uplink::chain_of;

/// Longest pause that a server may ask for while a person waits, and how often it may.
const PATIENCE: Duration = Duration::from_secs(30);
const TRIES: u32 = 3;

/// What one round did.
#[derive(Debug, Clone)]
pub struct Once {
    /// Each sensor: how many observations, or why none.
    pub looked: Vec<(SensorName, Result<usize, String>)>,
    /// What is in the spool afterwards.
    pub spool: Counts,
    /// Observations that reached the server in this round.
    pub sent: u64,
    /// Why not everything did; `None` where it did.
    pub not_sent: Option<String>,
    /// Why the mail could not be fetched; `None` where it was.
    pub no_mail: Option<String>,
}

impl Once {
    /// Whether everything that was seen is on the server's disk, and the mail was read.
    pub fn is_whole(&self) -> bool {
        self.not_sent.is_none()
            && self.no_mail.is_none()
            && self.spool.waiting == 0
            && self.looked.iter().all(|(_, seen)| seen.is_ok())
    }
}

impl Agent {
    /// One round; after it the agent has ended.
    pub fn once(&self) -> Once {
        let acked = lock(&self.spool).counts().map_or(0, |counts| counts.acked);
        self.renew(false);
        let mut looked = Vec::new();
        for sensor in SensorName::ALL {
            self.say(&format!("Looking: {}", sensor.as_str()));
            let seen = self.look(sensor).map_err(|error| match error {
                SensorError::Stopped => "the run was stopped".to_owned(),
                SensorError::Failed(why) => why,
            });
            looked.push((sensor, seen));
            if self.bell.stopping() {
                break;
            }
        }
        self.say("Sending");
        let mut not_sent = self.send_patiently();
        let mut no_mail = not_sent.clone();
        if not_sent.is_none() {
            no_mail = self.fetch(0).err().map(|error| chain_of(&error));
            while let Some(collect) = self.bell.wait(Duration::ZERO, |rung| rung.collects.pop_front()) {
                self.collect(&collect);
            }
            not_sent = self.send_patiently();
        }
        self.bell.stop();
        self.write_status();
        let spool = lock(&self.spool).counts().unwrap_or_default();
        Once { looked, spool, sent: spool.acked.saturating_sub(acked), not_sent, no_mail }
    }

    /// Sends everything, and asks again where the server wants a moment; why not, where it could not.
    fn send_patiently(&self) -> Option<String> {
        for tried in 1.. {
            match self.send_all() {
                Halt::Empty => return None,
                Halt::Later(why, Some(pause)) if tried < TRIES && pause <= PATIENCE => {
                    self.say(&format!("The server wants a moment: {why}"));
                    self.bell.pause(pause);
                }
                Halt::Person(why) | Halt::Later(why, _) => return Some(why),
            }
        }
        None
    }
}
