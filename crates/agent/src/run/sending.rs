//! The thread that sends: the spool, batch by batch, for as long as the server takes them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use enamel_types::AgentEvent;

use super::Agent;
use crate::uplink::{self, Step, chain_of};
use crate::{files, lock};

/// How long a server that does not want this agent any more is left alone.
const REVOKED_PAUSE: Duration = Duration::from_hours(1);

/// What sending comes to, once nothing more can be sent now.
pub(super) enum Halt {
    /// Everything is on the server's disk.
    Empty,
    /// A person has to look first.
    Person(String),
    /// Later.
    Later(String, Option<Duration>),
}

fn fork_path(folder: &Path) -> PathBuf {
    folder.join("forked.json")
}

/// Where the chain of an agent's own folder parted from the server's; `None` where it never did.
pub(super) fn forked_at(folder: &Path) -> Option<u64> {
    files::read_json(&fork_path(folder)).ok().flatten()
}

impl Agent {
    /// Sends until the agent ends.
    pub(super) fn keep_sending(&self) {
        self.bell.pause(self.part_of(self.settings.pace.reconnect));
        let mut failures = 0;
        while !self.bell.stopping() {
            match self.send_all() {
                Halt::Empty => {
                    failures = 0;
                    let more = |rung: &mut crate::bell::Rung| std::mem::take(&mut rung.to_send).then_some(());
                    self.bell.wait(Duration::from_hours(1), more);
                }
                Halt::Person(why) => {
                    self.trouble(&why);
                    self.write_status();
                    self.bell.pause(REVOKED_PAUSE);
                }
                Halt::Later(why, retry_after) => {
                    failures += 1;
                    self.trouble(&format!("Nothing can be sent now: {why}"));
                    self.bell.pause(self.pause_after(failures, retry_after));
                }
            }
        }
    }

    /// Sends everything that waits, or as much as can be sent now.
    pub(super) fn send_all(&self) -> Halt {
        loop {
            if let Some(number) = lock(&self.status).forked {
                return Halt::Person(fork_words(number));
            }
            if self.bell.stopping() {
                return Halt::Later("the agent is being stopped".to_owned(), None);
            }
            match uplink::step(&self.client(), &self.spool, &self.stamp) {
                Ok(Step::Idle) => return Halt::Empty,
                Ok(Step::Accepted) => self.contact(),
                Ok(Step::Cleared) => self.say("The chain goes on where the server has it"),
                Ok(Step::Forked(number)) => self.fork(number),
                Ok(Step::Expired) => {
                    if !self.renew(true) {
                        return Halt::Later("the certificate ran out".to_owned(), None);
                    }
                }
                Ok(Step::Revoked(why)) => {
                    return Halt::Person(format!("The server does not take this computer any more: {why}"));
                }
                Ok(Step::Later { why, retry_after }) => return Halt::Later(why, retry_after),
                Err(error) => return Halt::Later(chain_of(&error), None),
            }
        }
    }

    /// This agent and the server do not have the same chain. Nothing more is sent, in this run and later ones, until the computer
    /// is enrolled again; what is seen is kept all the same.
    pub(super) fn fork(&self, number: u64) {
        if lock(&self.status).forked.replace(number).is_some() {
            return;
        }
        self.say(&fork_words(number));
        if let Err(error) = files::replace_json(&fork_path(&self.folder), &number) {
            self.trouble(&chain_of(&error));
        }
        self.note(AgentEvent::ChainForked { agent_seq: number });
        self.write_status();
    }
}

fn fork_words(number: u64) -> String {
    format!(
        "The server has other evidence from this agent than this computer, from number {number} on: a copy of it is at work \
         elsewhere, or one of the two was set back. Nothing is sent until the MSP has looked and this computer is enrolled again"
    )
}
