//! A closed network, and when it opens by itself.
//!
//! The end is kept twice: as a moment on the clock, and as time that is still to go while this computer runs. Whichever comes first
//! opens the network. So a clock that is set back cannot keep a practice from its work, and neither can a restart: each one costs the
//! isolation a whole [`TICK`], whatever had gone by of it. What is kept survives a reboot, the rules themselves do not, and are set
//! again.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use enamel_types::Timestamp;
use enamel_types::command::MAX_ISOLATION_HOURS;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::nft::Firewall;
use crate::files::{self, FileError};
use crate::transport::ServerUrl;

/// How often the rules are set again while a network is closed: another program may have thrown them away.
pub(super) const TICK: Duration = Duration::from_mins(1);

/// Why a network could not be closed or opened.
#[derive(Debug, thiserror::Error)]
pub enum IsolationError {
    /// There is no firewall to set rules in.
    #[error("nft is not installed; install the package nftables")]
    NoFirewall,
    /// The firewall refused.
    #[error("{0}")]
    Firewall(String),
    /// The server is nowhere, and so the agent would be cut off from whoever can open the network again.
    #[error("{server} cannot be resolved, and a network is not closed without a way to the server")]
    NoServer {
        /// The server.
        server: ServerUrl,
    },
    /// The disk.
    #[error(transparent)]
    File(#[from] FileError),
}

/// An isolation as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Closed {
    until: Timestamp,
    left_seconds: u64,
    servers: Vec<SocketAddr>,
}

/// The network of one computer.
pub struct Isolation {
    path: PathBuf,
    firewall: Option<Firewall>,
    server: ServerUrl,
    closed: Option<Closed>,
}

impl Isolation {
    /// Takes up where the last run ended: a network that is to be closed is closed, one whose time is over is opened.
    ///
    /// # Errors
    /// What the firewall or the disk refuse.
    pub fn resume(
        folder: &Path,
        server: ServerUrl,
        firewall: Option<Firewall>,
        now: Timestamp,
    ) -> Result<Self, IsolationError> {
        let path = folder.join("isolation.json");
        // One that cannot be read must not close a network for ever.
        let closed = files::read_json(&path).ok().flatten();
        let known = path.exists();
        let mut isolation = Self { path, firewall, server, closed };
        if known {
            isolation.tick(now, TICK)?;
        }
        Ok(isolation)
    }

    /// From now on this is the server that a closed network reaches.
    pub(super) fn serve(&mut self, server: ServerUrl) {
        self.server = server;
    }

    /// Until when the network is closed.
    pub fn until(&self) -> Option<Timestamp> {
        self.closed.as_ref().map(|closed| closed.until)
    }

    /// Closes the network for some hours. A closed one stays closed until then.
    pub(super) fn close(&mut self, hours: u8, now: Timestamp) -> Result<Timestamp, IsolationError> {
        let hours = i64::from(hours.clamp(1, MAX_ISOLATION_HOURS));
        let servers =
            self.servers().ok_or_else(|| IsolationError::NoServer { server: self.server.clone() })?;
        let until = now.checked_add(SignedDuration::from_hours(hours)).unwrap_or(now);
        let closed = Closed { until, left_seconds: hours.unsigned_abs() * 3600, servers };
        // First that it ends, then that it begins.
        files::replace_json(&self.path, &closed)?;
        let set = self.firewall()?.close(&closed.servers);
        let before = self.closed.replace(closed);
        if let Err(why) = set {
            self.closed = before;
            if self.closed.is_none() {
                self.forget()?;
            } else {
                self.keep()?;
            }
            return Err(IsolationError::Firewall(why));
        }
        Ok(until)
    }

    /// Opens the network.
    pub(super) fn open(&mut self) -> Result<(), IsolationError> {
        self.firewall()?.open().map_err(IsolationError::Firewall)?;
        self.closed = None;
        self.forget()
    }

    /// So much time has gone by. Opens the network where its time is over, and sets its rules again where not.
    ///
    /// # Errors
    /// What the firewall or the disk refuse; the next tick tries again.
    pub fn tick(&mut self, now: Timestamp, elapsed: Duration) -> Result<(), IsolationError> {
        let Some(mut closed) = self.closed.take() else { return self.open() };
        closed.left_seconds = closed.left_seconds.saturating_sub(elapsed.as_secs().max(1));
        let over = now >= closed.until || closed.left_seconds == 0;
        self.closed = Some(closed);
        if over {
            return self.open();
        }
        self.keep()?;
        // The server may have another address by now; while it cannot be resolved, the last one counts.
        if let (Some(servers), Some(closed)) = (self.servers(), self.closed.as_mut()) {
            closed.servers = servers;
        }
        let servers = self.closed.as_ref().map_or(&[][..], |closed| &closed.servers);
        self.firewall()?.close(servers).map_err(IsolationError::Firewall)
    }

    fn firewall(&self) -> Result<&Firewall, IsolationError> {
        self.firewall.as_ref().ok_or(IsolationError::NoFirewall)
    }

    fn servers(&self) -> Option<Vec<SocketAddr>> {
        self.server.addresses().ok().filter(|addresses| !addresses.is_empty())
    }

    fn keep(&self) -> Result<(), IsolationError> {
        if let Some(closed) = &self.closed {
            files::replace_json(&self.path, closed)?;
        }
        Ok(())
    }

    fn forget(&self) -> Result<(), IsolationError> {
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(FileError::io("removed", &self.path)(error).into())
            }
            _ => Ok(()),
        }
    }
}
