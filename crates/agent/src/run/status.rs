//! How the agent is, in a file that `enamel agent status` reads while the agent runs.

use std::path::{Path, PathBuf};

use enamel_types::Timestamp;
use serde::{Deserialize, Serialize};

use super::Agent;
use crate::identity::Enrolment;
use crate::spool::Counts;
use crate::timetable::Runs;
use crate::uplink::chain_of;
use crate::{FileError, files, lock, trust};

/// How an agent was when it last said so.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Status {
    /// Enamel's version.
    pub version: String,
    /// The process.
    pub pid: u32,
    /// Whether it goes on; no longer once it was told to stop.
    pub running: bool,
    /// When it began.
    pub started_at: Timestamp,
    /// When it said this.
    pub at: Timestamp,
    /// When the server last answered.
    pub last_contact: Option<Timestamp>,
    /// What is wrong, in one sentence.
    pub trouble: Option<String>,
    /// Where its chain parted from the server's.
    pub forked: Option<u64>,
    /// What waits.
    pub spool: Counts,
    /// When each sensor last ran.
    pub runs: Runs,
    /// The policy's version.
    pub policy_version: u64,
    /// The trust root's version; 0 for none.
    pub trust_root_version: u64,
    /// Whether the helper answers.
    pub helper: bool,
    /// Until when the network is closed.
    pub isolated_until: Option<Timestamp>,
    /// How far this computer's clock is ahead of the server's, seconds.
    pub clock_ahead_seconds: i64,
    /// Resident memory, bytes; 0 where it is not known.
    pub resident_bytes: u64,
}

impl Status {
    pub(super) fn begin(now: Timestamp, forked: Option<u64>) -> Self {
        Self {
            version: crate::VERSION.to_owned(),
            pid: std::process::id(),
            running: true,
            started_at: now,
            at: now,
            last_contact: None,
            trouble: None,
            forked,
            spool: Counts::default(),
            runs: Runs::default(),
            policy_version: 0,
            trust_root_version: 0,
            helper: false,
            isolated_until: None,
            clock_ahead_seconds: 0,
            resident_bytes: 0,
        }
    }

    fn path(data: &Path) -> PathBuf {
        Enrolment::folder(data).join("status.json")
    }

    /// Reads how the agent of a data directory was when it last said so; `None` where none ever ran.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn load(data: &Path) -> Result<Option<Self>, FileError> {
        files::read_json(&Self::path(data))
    }
}

impl Agent {
    /// Says how it is.
    pub(super) fn write_status(&self) {
        let counts = lock(&self.spool).counts().unwrap_or_default();
        let runs = lock(&self.runs).clone();
        let policy_version = lock(&self.policy).version;
        let root = trust::pinned(&self.folder).ok().flatten();
        let status = {
            let mut status = lock(&self.status);
            status.at = self.settings.clock.now();
            status.running = !self.bell.stopping();
            (status.spool, status.runs, status.policy_version) = (counts, runs, policy_version);
            status.trust_root_version = root.map_or(0, |root| root.version());
            status.resident_bytes = resident_bytes();
            status.clone()
        };
        if let Err(error) = files::replace_json(&Status::path(&self.settings.data), &status) {
            self.trouble(&chain_of(&error));
        }
    }
}

/// This process's memory, as Linux tells it.
pub(super) fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok())
        .map_or(0, |kb| kb * 1024)
}
