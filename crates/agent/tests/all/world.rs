//! What the tests of an agent have in common: who it is, what it sees, and processes that end as a crash would end them.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use enamel_agent::Stamp;
use enamel_ledger::{EntryHash, Link};
use enamel_testkit::{SetClock, repeatable_fill};
use enamel_types::agent_event::Lane;
use enamel_types::device::{OsFamily, OsInfo};
use enamel_types::software::SoftwareInventory;
use enamel_types::{AgentEvent, AgentId, Body, DeviceId, Observation, PracticeId, SensorName};

/// An agent that speaks at a set time.
pub(crate) fn stamp(seed: u64) -> Stamp {
    let id = |last: u8| uuid::Uuid::from_bytes([last; 16]);
    let fill = Mutex::new(repeatable_fill(seed));
    Stamp {
        practice: PracticeId::from_uuid(id(1)),
        device: DeviceId::from_uuid(id(2)),
        agent: AgentId::from_uuid(id(3)),
        clock: Arc::new(SetClock::at("2026-11-24T14:00:00Z")),
        fill: Arc::new(move |bytes: &mut [u8]| (fill.lock().unwrap())(bytes)),
    }
}

/// An observation of about `bytes` bytes for a lane.
pub(crate) fn observation(stamp: &Stamp, lane: Lane, bytes: usize) -> Observation {
    let mut made = stamp.event(AgentEvent::SensorFailed { sensor: SensorName::Phi, why: "x".repeat(bytes) });
    match lane {
        Lane::Finding => {}
        Lane::Inventory => {
            made.scope = "x".repeat(bytes);
            made.body = Body::SoftwareInventory(SoftwareInventory {
                os: os(),
                packages: Vec::new(),
                services: Vec::new(),
                dental: Vec::new(),
                secrets: Vec::new(),
            });
        }
        Lane::Incident | Lane::Metrics => unreachable!("no body is in this lane yet"),
    }
    assert_eq!(made.body.lane(), lane);
    made
}

fn os() -> OsInfo {
    OsInfo {
        family: OsFamily::Linux,
        name: "Debian GNU/Linux 12 (bookworm)".to_owned(),
        product: "debian".to_owned(),
        version: "12".to_owned(),
        build: String::new(),
        edition: String::new(),
        role: enamel_types::device::DeviceRole::Workstation,
    }
}

/// A server's side of one agent's chain, as strict as a server is.
#[derive(Default)]
pub(crate) struct Chain {
    pub(crate) kept: Vec<(u64, EntryHash, Observation)>,
}

impl Chain {
    /// The last number.
    pub(crate) fn head(&self) -> u64 {
        self.kept.last().map_or(0, |kept| kept.0)
    }

    /// Takes one entry; what is there already is compared, and what does not follow is an error.
    pub(crate) fn take(&mut self, number: u64, hash: EntryHash, body: &[u8]) -> Result<(), String> {
        if number <= self.head() {
            let known = &self.kept[usize::try_from(number).unwrap() - 1];
            return if known.1 == hash { Ok(()) } else { Err(format!("fork at {number}")) };
        }
        if number != self.head() + 1 {
            return Err(format!("gap: {number} after {}", self.head()));
        }
        let observation: Observation = serde_json::from_slice(body).expect("an observation");
        let prev = self.kept.last().map(|kept| (kept.0, kept.1));
        let link = Link::after(prev, &observation, body.to_vec());
        if link.hash != hash {
            return Err(format!("fork: {number} does not follow from {prev:?}"));
        }
        self.kept.push((number, hash, observation));
        Ok(())
    }
}

/// This test program again, running one test that is no test by itself, with a variable that tells it so.
pub(crate) fn child(test: &str, variable: &str, value: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]).env(variable, value);
    command
}

/// Says that a test was skipped because the kernel does not allow it here, which no installed program would change.
pub(crate) fn not_allowed(why: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}

/// Every file below a folder.
#[cfg(unix)]
pub(crate) fn below(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() { files.extend(below(&entry)) } else { files.push(entry) }
    }
    files
}
