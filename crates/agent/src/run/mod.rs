//! The running agent: what its threads share, and how they begin and end.
//!
//! One thread looks (`looking`), one sends (`sending`), one talks with the server (`mail`). What must not be lost is on the disk
//! before anybody acts on it, so the process may end anywhere.

mod looking;
mod mail;
mod once;
mod sending;
mod status;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use enamel_types::{AgentEvent, Clock, CommandReceipt, Observation, Policy, SensorName};
use jiff::tz::TimeZone;

use crate::bell::Bell;
use crate::commands::Commands;
use crate::identity::{Enrolment, IdentityError, Renewal};
use crate::spool::{CAP_BYTES, Spool, SpoolError};
use crate::stamp::{Fill, Stamp};
use crate::timetable::Runs;
use crate::transport::{Client, TransportError};
use crate::uplink::chain_of;
use crate::{FileError, desired, files, lock};

pub use once::Once;
pub use status::Status;

/// Makes the command line of one sensor's run, under a policy.
pub type MakeSensor = Arc<dyn Fn(SensorName, &Policy) -> Command + Send + Sync>;

/// Takes a line for the log.
pub type Say = Arc<dyn Fn(&str) + Send + Sync>;

/// How fast an agent talks.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Longest random pause before the first connection and after one was lost: a server's agents must not come back together.
    pub reconnect: Duration,
    /// Shortest pause after something failed; it doubles with each failure.
    pub retry: Duration,
    /// How long a poll for mail waits, seconds.
    pub poll_seconds: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            reconnect: Duration::from_mins(1),
            retry: Duration::from_secs(5),
            poll_seconds: enamel_wire::message::MAX_WAIT_SECONDS,
        }
    }
}

/// Longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_mins(10);

/// What the binary gives an agent.
#[derive(Clone)]
pub struct Settings {
    /// The data directory.
    pub data: PathBuf,
    /// Where now comes from.
    pub clock: Arc<dyn Clock>,
    /// Where randomness comes from.
    pub fill: Fill,
    /// The zone of this computer's clock on the wall.
    pub zone: TimeZone,
    /// How a sensor is run.
    pub sensor: MakeSensor,
    /// The helper's socket.
    pub helper: PathBuf,
    /// How fast it talks.
    pub pace: Pace,
    /// Where its log goes.
    pub say: Say,
}

/// Why an agent cannot run.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// It is not enrolled, or its enrolment cannot be used.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The spool.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// Another file.
    #[error(transparent)]
    File(#[from] FileError),
}

/// A running agent.
pub struct Agent {
    settings: Settings,
    folder: PathBuf,
    stamp: Stamp,
    bell: Arc<Bell>,
    enrolment: Mutex<Enrolment>,
    client: Mutex<Client>,
    spool: Mutex<Spool>,
    commands: Mutex<Commands>,
    policy: Mutex<Policy>,
    runs: Mutex<Runs>,
    status: Mutex<Status>,
}

impl Agent {
    /// Opens everything that an agent needs.
    ///
    /// # Errors
    /// See [`AgentError`]; another agent on the same data directory is one.
    pub fn open(settings: Settings) -> Result<Self, AgentError> {
        let enrolment = Enrolment::required(&settings.data)?;
        let folder = enrolment.own_folder(&settings.data);
        let stamp = Stamp {
            practice: enrolment.practice,
            device: enrolment.device,
            agent: enrolment.agent,
            clock: Arc::clone(&settings.clock),
            fill: Arc::clone(&settings.fill),
        };
        let agent = Self {
            spool: Mutex::new(Spool::open(&folder, CAP_BYTES)?),
            commands: Mutex::new(Commands::open(&settings.data, &enrolment)?),
            policy: Mutex::new(desired::kept(&folder)),
            runs: Mutex::new(files::read_json(&runs_path(&folder)).ok().flatten().unwrap_or_default()),
            status: Mutex::new(Status::begin(settings.clock.now(), sending::forked_at(&folder))),
            client: Mutex::new(Client::enrolled(&enrolment)),
            enrolment: Mutex::new(enrolment),
            bell: Arc::new(Bell::default()),
            stamp,
            folder,
            settings,
        };
        let damage = lock(&agent.spool).damage();
        if let Some(damage) = damage {
            agent.say(&format!("The spool was damaged and begun anew: {damage}"));
        }
        let interrupted = lock(&agent.commands).interrupted()?;
        for receipt in interrupted {
            agent.tell(receipt);
        }
        Ok(agent)
    }

    /// What ends it.
    pub fn bell(&self) -> Arc<Bell> {
        Arc::clone(&self.bell)
    }

    /// Runs until it is told to stop.
    ///
    /// The threads that talk are not waited for: one of them may be in a request that takes a minute, and whatever they have in hand
    /// is on the disk.
    pub fn run(self: &Arc<Self>) {
        let enrolment = lock(&self.enrolment).clone();
        self.say(&format!(
            "Watching this computer for {}, with {}",
            enrolment.practice_name, enrolment.server
        ));
        for talk in [Self::keep_sending, Self::keep_talking] {
            let agent = Arc::clone(self);
            std::thread::spawn(move || talk(&agent));
        }
        self.keep_looking();
        self.write_status();
        self.say("Stopped");
    }

    /// Keeps an observation, and wakes whoever sends.
    fn record(&self, observation: &Observation) -> Result<(), SpoolError> {
        let kept = lock(&self.spool).push(observation);
        if let Err(error) = &kept {
            self.trouble(&format!("An observation could not be kept: {}", chain_of(error)));
        }
        self.bell.ring(|rung| rung.to_send = true);
        kept
    }

    /// Records an event; where even that cannot be kept, the log has said so.
    fn note(&self, event: AgentEvent) {
        let _ = self.record(&self.stamp.event(event));
    }

    /// Records what became of a command.
    fn tell(&self, receipt: CommandReceipt) {
        let outcome = format!("{:?}", receipt.outcome).to_lowercase();
        self.say(&format!("Command {} ({}): {outcome}: {}", receipt.command, receipt.verb, receipt.detail));
        let _ = self.record(&self.stamp.receipt(receipt));
    }

    fn say(&self, text: &str) {
        (self.settings.say)(text);
    }

    /// Says what is wrong, once for as long as it stays so.
    fn trouble(&self, text: &str) {
        let known = lock(&self.status).trouble.replace(text.to_owned());
        if known.as_deref() != Some(text) {
            self.say(text);
        }
    }

    /// The server was reached.
    fn contact(&self) {
        let now = self.settings.clock.now();
        let mut status = lock(&self.status);
        status.last_contact = Some(now);
        let over = status.trouble.take();
        drop(status);
        if over.is_some() {
            self.say("The server is reached again");
        }
    }

    /// How long to wait after so many failures in a row: at least what the server asked for, and never in step with others.
    fn pause_after(&self, failures: u32, retry_after: Option<Duration>) -> Duration {
        let pace = self.settings.pace;
        let doubled = pace.retry.saturating_mul(1 << failures.saturating_sub(1).min(10)).min(LONGEST_PAUSE);
        let least = retry_after.map_or(doubled, |asked| asked.max(doubled));
        least + self.part_of(pace.reconnect.min(least.max(pace.retry)))
    }

    /// A random part of a span.
    fn part_of(&self, span: Duration) -> Duration {
        let mut random = [0; 4];
        (self.settings.fill)(&mut random);
        span.mul_f64(f64::from(u32::from_le_bytes(random)) / f64::from(u32::MAX))
    }

    /// Renews the certificate where that is due, or the server asks for it; says whether the agent can go on.
    fn renew(&self, asked: bool) -> bool {
        let enrolment = lock(&self.enrolment).clone();
        match enrolment.validity().renewal(self.settings.clock.now()) {
            Renewal::NotYet if !asked => return true,
            Renewal::NotYet | Renewal::Due => {}
            Renewal::TooLate => {
                self.trouble(
                    "This computer's certificate ended more than a year ago; enrol it again with `enamel agent enrol --again`",
                );
                return false;
            }
        }
        match self.renewed(&enrolment) {
            Ok(renewed) => {
                self.say(&format!(
                    "The certificate was renewed; it is valid until {}",
                    renewed.validity().not_after
                ));
                *lock(&self.client) = Client::enrolled(&renewed);
                *lock(&self.enrolment) = renewed;
                true
            }
            Err(why) => {
                self.trouble(&format!("The certificate could not be renewed: {why}"));
                !asked
            }
        }
    }

    fn renewed(&self, enrolment: &Enrolment) -> Result<Enrolment, String> {
        let csr = enrolment.renewal_request().map_err(|error| chain_of(&error))?;
        let client = self.client();
        let answer = client.renew(&enamel_wire::message::RenewRequest { csr });
        let answer = answer.map_err(|error: TransportError| chain_of(&error))?;
        let renewed = enrolment.renewed(&answer.certificate).map_err(|error| chain_of(&error))?;
        if renewed.validity().not_after <= enrolment.validity().not_after {
            return Err("the server sent one that ends no later".to_owned());
        }
        renewed.save(&self.settings.data).map_err(|error| chain_of(&error))?;
        Ok(renewed)
    }

    fn client(&self) -> Client {
        lock(&self.client).clone()
    }
}

fn runs_path(folder: &Path) -> PathBuf {
    folder.join("runs.json")
}
