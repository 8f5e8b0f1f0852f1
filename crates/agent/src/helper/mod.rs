//! The small privileged part: it closes a computer's network on a signed command, and opens it again.
//!
//! It believes nobody. The agent hands it the command as the operators signed it, over a local socket on which the caller is checked;
//! it verifies the signatures again against a trust root of its own and a counter of its own, which lie in a folder that only root can
//! enter. A taken-over agent can therefore neither close the network nor open it. It knows two verbs, runs one program (`nft`) by its
//! absolute path, and has no network of its own.
//!
//! On Windows there is no such part yet: asked, this says so.

#[cfg(target_os = "linux")]
mod isolation;
#[cfg(target_os = "linux")]
mod nft;
#[cfg(target_os = "linux")]
mod serve;

use std::path::{Path, PathBuf};

use enamel_types::{AgentId, PracticeId, Timestamp};
use enamel_wire::message::SignedText;
use serde::{Deserialize, Serialize};

use crate::files::{self, FileError};
use crate::identity::Enrolment;
use crate::transport::ServerUrl;

#[cfg(target_os = "linux")]
pub use isolation::{Isolation, IsolationError};
#[cfg(target_os = "linux")]
pub use nft::{Firewall, ruleset};
#[cfg(target_os = "linux")]
pub use serve::{Helper, HelperError, serve};

/// Where the helper keeps what it knows, on a computer with the package.
pub const FOLDER: &str = "/var/lib/enamel-helper";

/// Where it listens there.
pub const SOCKET: &str = "/run/enamel-helper/socket";

/// Longest request and answer, bytes: a trust root with all its signatures is the largest.
const MAX_LINE_BYTES: u64 = 256 * 1024;

/// What an agent asks of the helper.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// How it is.
    Status,
    /// Take over these trust roots, each signed by the one before.
    Follow {
        /// The roots.
        roots: Vec<SignedText>,
    },
    /// Carry out this command.
    Obey {
        /// As the operators signed it.
        command: SignedText,
    },
}

/// What the helper answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Whether it did what was asked.
    pub done: bool,
    /// What it did, or why not, in one sentence.
    pub detail: String,
    /// Until when the network is closed.
    pub isolated_until: Option<Timestamp>,
    /// The version of its trust root; 0 for none.
    pub trust_root_version: u64,
}

/// Whom the helper serves, as root told it when the computer was enrolled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Introduction {
    practice: PracticeId,
    agent: AgentId,
    server: ServerUrl,
    /// The user that the agent runs as.
    uid: u32,
    root: SignedText,
}

impl Introduction {
    fn path(folder: &Path) -> PathBuf {
        folder.join("agent.json")
    }
}

/// Tells the helper whom it serves and whose commands count. Only root can write into its folder, and so only an enrolment that runs as
/// root does this; the counter of an earlier enrolment goes with it.
///
/// # Errors
/// What the disk refuses.
pub fn introduce(
    folder: &Path,
    data: &Path,
    enrolment: &Enrolment,
    root: &SignedText,
) -> Result<(), FileError> {
    #[cfg(unix)]
    let uid = {
        use std::os::unix::fs::MetadataExt as _;
        std::fs::metadata(data).map_err(FileError::io("read", data))?.uid()
    };
    #[cfg(not(unix))]
    let uid = {
        let _ = data;
        0
    };
    let introduction = Introduction {
        practice: enrolment.practice,
        agent: enrolment.agent,
        server: enrolment.server.clone(),
        uid,
        root: root.clone(),
    };
    files::replace_json(&Introduction::path(folder), &introduction)
}

/// Asks the helper; why it gave no answer, in one sentence.
#[cfg(unix)]
pub fn ask(socket: &Path, request: &Request) -> Result<Answer, String> {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    use std::os::unix::net::UnixStream;
    use std::time::Duration;

    let say = |what: &str, error: std::io::Error| format!("the helper {what}: {error}");
    let mut stream = UnixStream::connect(socket).map_err(|error| say("does not answer", error))?;
    let patience = Some(Duration::from_secs(30));
    stream.set_read_timeout(patience).map_err(|error| say("does not answer", error))?;
    stream.set_write_timeout(patience).map_err(|error| say("does not answer", error))?;
    let mut line = serde_json::to_string(request).map_err(|error| format!("the request: {error}"))?;
    line.push('\n');
    stream.write_all(line.as_bytes()).map_err(|error| say("does not listen", error))?;
    let mut answer = String::new();
    BufReader::new(stream.take(MAX_LINE_BYTES))
        .read_line(&mut answer)
        .map_err(|error| say("does not answer", error))?;
    serde_json::from_str(&answer).map_err(|_| "the helper answered what is no answer".to_owned())
}

/// On Windows there is nobody to ask.
#[cfg(not(unix))]
pub fn ask(_: &Path, _: &Request) -> Result<Answer, String> {
    Err("this version cannot close the network of a Windows computer".to_owned())
}
