//! The helper's socket: who asks, what is asked, and what the signatures say to it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use enamel_types::{Clock, Order, Timestamp};
use enamel_wire::message::SignedText;
use enamel_wire::signed::{
    Recipient, Refusal, Seen, TrustRoot, verify_command, verify_root, verify_rotation,
};

use super::isolation::{Isolation, IsolationError, TICK};
use super::nft::Firewall;
use super::{Answer, Introduction, MAX_LINE_BYTES, Request};
use crate::files::{self, FileError};
use crate::lock;

/// How long a caller may take to ask.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why the helper cannot run.
#[derive(Debug, thiserror::Error)]
pub enum HelperError {
    /// Nobody introduced an agent.
    #[error(
        "the helper was not told whom it serves; run `enamel agent enrol` as root, after the MSP's operators have their keys"
    )]
    NotIntroduced,
    /// The list of operators was changed by somebody who is none.
    #[error("the helper's list of operators is not one to obey")]
    Refused(#[from] Refusal),
    /// The disk.
    #[error(transparent)]
    File(#[from] FileError),
    /// The firewall.
    #[error(transparent)]
    Isolation(#[from] IsolationError),
}

/// The helper's own memory: whom it serves, whose commands count, which it has taken.
pub struct Helper {
    folder: PathBuf,
    introduction: Introduction,
    root: TrustRoot,
    seen: Seen,
    isolation: Isolation,
    clock: Arc<dyn Clock>,
}

impl Helper {
    /// Opens the helper's folder, and closes or opens the network as the last run left it.
    ///
    /// # Errors
    /// See [`HelperError`].
    pub fn open(
        folder: &Path,
        firewall: Option<Firewall>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, HelperError> {
        let introduction: Introduction =
            files::read_json(&Introduction::path(folder))?.ok_or(HelperError::NotIntroduced)?;
        let root = verify_root(&introduction.root)?;
        let seen = files::read_json(&seen_path(folder, &introduction))?.unwrap_or_default();
        let isolation = Isolation::resume(folder, introduction.server.clone(), firewall, clock.now())?;
        Ok(Self { folder: folder.to_owned(), introduction, root, seen, isolation, clock })
    }

    /// So much time has gone by.
    ///
    /// # Errors
    /// What the firewall or the disk refuse; the next tick tries again.
    pub fn tick(&mut self, elapsed: Duration) -> Result<(), IsolationError> {
        if self.isolation.until().is_none() { Ok(()) } else { self.isolation.tick(self.clock.now(), elapsed) }
    }

    /// Answers one request.
    pub fn answer(&mut self, request: &Request) -> Answer {
        let done = self.know_again().and_then(|()| match request {
            Request::Status => Ok("the helper is ready".to_owned()),
            Request::Follow { roots } => self.follow(roots),
            Request::Obey { command } => self.obey(command),
        });
        let (done, detail) = match done {
            Ok(detail) => (true, detail),
            Err(detail) => (false, detail),
        };
        Answer {
            done,
            detail,
            isolated_until: self.isolation.until(),
            trust_root_version: self.root.version(),
        }
    }

    /// A computer may have been enrolled anew since: root has written down whom the helper serves from now on.
    fn know_again(&mut self) -> Result<(), String> {
        let read = files::read_json(&Introduction::path(&self.folder));
        let introduction: Introduction =
            read.map_err(|error| error.to_string())?.ok_or_else(|| HelperError::NotIntroduced.to_string())?;
        if introduction == self.introduction {
            return Ok(());
        }
        let root = verify_root(&introduction.root).map_err(|refusal| refusal.to_string())?;
        let seen =
            files::read_json(&seen_path(&self.folder, &introduction)).map_err(|error| error.to_string())?;
        self.isolation.serve(introduction.server.clone());
        (self.introduction, self.root, self.seen) = (introduction, root, seen.unwrap_or_default());
        Ok(())
    }

    fn follow(&mut self, roots: &[SignedText]) -> Result<String, String> {
        for signed in roots {
            match verify_rotation(&self.root, signed) {
                Ok(next) => {
                    let introduction = Introduction { root: signed.clone(), ..self.introduction.clone() };
                    files::replace_json(&Introduction::path(&self.folder), &introduction)
                        .map_err(|error| error.to_string())?;
                    (self.introduction, self.root) = (introduction, next);
                }
                Err(Refusal::RootVersion { expected, found }) if found < expected => {}
                Err(refusal) => return Err(refusal.to_string()),
            }
        }
        Ok(format!("the operators of version {} are obeyed", self.root.version()))
    }

    fn obey(&mut self, signed: &SignedText) -> Result<String, String> {
        let now = self.clock.now();
        let recipient = Recipient { practice: self.introduction.practice, agent: self.introduction.agent };
        let verified = verify_command(signed, &self.root, &recipient, &self.seen, now)
            .map_err(|refusal| refusal.to_string())?;
        // Taken before it is done, so that it is never done twice.
        let mut seen = self.seen.clone();
        seen.remember(&verified, now);
        files::replace_json(&seen_path(&self.folder, &self.introduction), &seen)
            .map_err(|error| error.to_string())?;
        self.seen = seen;
        match verified.command().order {
            Order::Isolate { hours } => {
                self.isolation.close(hours, now).map(|until| closed_words(hours, until))
            }
            Order::Release => self.isolation.open().map(|()| "the network is open".to_owned()),
            _ => return Err("the helper closes and opens the network, and does nothing else".to_owned()),
        }
        .map_err(|error| error.to_string())
    }
}

impl Introduction {
    /// Whether a process of this user may ask: the agent's, and root's.
    fn lets_in(&self, uid: u32) -> bool {
        uid == 0 || uid == self.uid
    }
}

fn closed_words(hours: u8, until: Timestamp) -> String {
    format!("the network is closed but for the MSP's server; it opens by itself in {hours} h, at {until}")
}

/// Counters belong to an agent: a computer that is enrolled anew begins with the first.
fn seen_path(folder: &Path, introduction: &Introduction) -> PathBuf {
    folder.join(format!("seen-{}.json", introduction.agent))
}

/// Serves a socket until the process ends. `say` gets what a log should hold.
pub fn serve(helper: Helper, listener: &UnixListener, say: &(dyn Fn(&str) + Sync)) {
    let helper = Mutex::new(helper);
    std::thread::scope(|scope| {
        scope.spawn(|| keep_time(&helper, say));
        for stream in listener.incoming() {
            match stream {
                // One after the other: a caller that dawdles is cut off, and there is one agent.
                Ok(stream) => {
                    if let Err(why) = converse(&helper, &stream) {
                        say(&format!("A request was not answered: {why}"));
                    }
                }
                Err(error) => say(&format!("A caller could not be let in: {error}")),
            }
        }
    });
}

fn keep_time(helper: &Mutex<Helper>, say: &(dyn Fn(&str) + Sync)) {
    let mut last = Instant::now();
    loop {
        // Nothing else ends this wait: it is the clock itself that is waited for.
        std::thread::park_timeout(TICK.saturating_sub(last.elapsed()));
        let elapsed = last.elapsed();
        if elapsed >= TICK {
            last = Instant::now();
            if let Err(error) = lock(helper).tick(elapsed) {
                say(&format!("The network could not be kept as it should be: {error}"));
            }
        }
    }
}

fn converse(helper: &Mutex<Helper>, stream: &UnixStream) -> Result<(), String> {
    let words = |error: std::io::Error| error.to_string();
    stream.set_read_timeout(Some(PATIENCE)).map_err(words)?;
    stream.set_write_timeout(Some(PATIENCE)).map_err(words)?;
    let peer = rustix::net::sockopt::socket_peercred(stream).map_err(|error| error.to_string())?;
    if !lock(helper).introduction.lets_in(peer.uid.as_raw()) {
        return Err(format!("user {} is not the agent's", peer.uid.as_raw()));
    }
    let mut line = String::new();
    BufReader::new(stream.take(MAX_LINE_BYTES)).read_line(&mut line).map_err(words)?;
    let request = serde_json::from_str(&line).map_err(|_| "it is no request".to_owned())?;
    let answer = lock(helper).answer(&request);
    let mut text = serde_json::to_string(&answer).map_err(|error| error.to_string())?;
    text.push('\n');
    let mut stream = stream;
    stream.write_all(text.as_bytes()).map_err(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_agents_user_and_root_may_ask_and_nobody_else() {
        let introduction = r#"{"practice":"01010101-0101-0101-0101-010101010101","agent":"03030303-0303-0303-0303-030303030303",
            "server":"https://192.0.2.7:8443","uid":990,"root":{"text":"","signatures":[]}}"#;
        let introduction: Introduction = serde_json::from_str(introduction).unwrap();
        let allowed = [0, 990, 1000, 65_534].map(|uid| introduction.lets_in(uid));
        assert_eq!(allowed, [true, true, false, false]);
    }
}
