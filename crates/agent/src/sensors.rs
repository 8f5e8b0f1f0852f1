//! One run of a sensor: a child process of the same program, so that its memory goes back and a crash costs one run.
//!
//! The child prints observations, one JSON document a line. What it prints is bounded, and so is its time; it is killed when the
//! agent ends. What a sensor saw is believed only in so far as it is this agent's.

use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use enamel_types::{Observation, SensorName};

use crate::bell::Bell;
use crate::lock;
use crate::stamp::Stamp;

/// Most that a sensor may print, bytes.
const MAX_OUTPUT_BYTES: u64 = 64 << 20;

/// Most of its complaints that is kept.
const MAX_COMPLAINT_BYTES: u64 = 4 << 10;

/// Longest run. The search for patient data goes on the next time where it stopped: what it has read is not read again.
const fn longest_run(sensor: SensorName) -> Duration {
    match sensor {
        SensorName::Inventory | SensorName::Host => Duration::from_mins(10),
        SensorName::Software => Duration::from_mins(30),
        SensorName::Phi => Duration::from_hours(12),
    }
}

/// Why a sensor gave no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SensorError {
    /// The agent ends.
    #[error("the agent was stopped")]
    Stopped,
    /// Any other reason, in one sentence.
    #[error("{0}")]
    Failed(String),
}

/// Runs a sensor to its end.
pub(crate) fn run(
    sensor: SensorName,
    mut command: Command,
    stamp: &Stamp,
    bell: &Arc<Bell>,
) -> Result<Vec<Observation>, SensorError> {
    let failed = |why: String| SensorError::Failed(why);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| failed(format!("it could not be started: {error}")))?;
    let printed = read(child.stdout.take(), MAX_OUTPUT_BYTES, bell);
    let complained = read(child.stderr.take(), MAX_COMPLAINT_BYTES, bell);
    // Whatever rang, both ends are looked at.
    let ended =
        bell.wait(longest_run(sensor), |_| (lock(&printed).ended && lock(&complained).ended).then_some(()));
    if ended.is_none() {
        end(&mut child);
        return Err(if bell.stopping() {
            SensorError::Stopped
        } else {
            failed(format!("it did not end within {} minutes", longest_run(sensor).as_secs() / 60))
        });
    }
    if lock(&printed).too_much {
        end(&mut child);
        return Err(failed(format!("it printed more than {} MB", MAX_OUTPUT_BYTES >> 20)));
    }
    let status = child.wait().map_err(|error| failed(format!("it could not be waited for: {error}")))?;
    if !status.success() {
        let complaint = complaint(&lock(&complained).bytes);
        return Err(failed(if complaint.is_empty() { format!("it ended with {status}") } else { complaint }));
    }
    let observations = parse(&lock(&printed).bytes).map_err(failed)?;
    let ours = |seen: &Observation| {
        (seen.practice, seen.device, seen.agent) == (stamp.practice, stamp.device, stamp.agent)
    };
    if observations.is_empty() || !observations.iter().all(ours) {
        return Err(failed("what it printed is not an observation of this agent".to_owned()));
    }
    Ok(observations)
}

/// What a child has printed so far.
#[derive(Default)]
struct Printed {
    bytes: Vec<u8>,
    too_much: bool,
    ended: bool,
}

/// Reads one of a child's ends in a thread of its own, up to a bound; what is beyond it is thrown away, so that the child goes on.
fn read<R: std::io::Read + Send + 'static>(
    from: Option<R>,
    most: u64,
    bell: &Arc<Bell>,
) -> Arc<Mutex<Printed>> {
    let printed = Arc::new(Mutex::new(Printed { ended: from.is_none(), ..Printed::default() }));
    if let Some(mut from) = from {
        let (printed, bell) = (Arc::clone(&printed), Arc::clone(bell));
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = from.by_ref().take(most).read_to_end(&mut bytes);
            let beyond = std::io::copy(&mut from, &mut std::io::sink()).unwrap_or(0);
            *lock(&printed) = Printed { bytes, too_much: beyond > 0, ended: true };
            bell.ring(|_| ());
        });
    }
    printed
}

/// Ends a child that has no more time.
fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

fn parse(printed: &[u8]) -> Result<Vec<Observation>, String> {
    let lines = printed.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines
        .map(serde_json::from_slice)
        .collect::<Result<_, _>>()
        // Not the parser's own words: they quote what was read.
        .map_err(|error: serde_json::Error| {
            format!("what it printed is no observation, at column {}", error.column())
        })
}

/// The first complaint, in one line without its `error: `.
fn complaint(said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let from = lines.iter().position(|line| line.starts_with("error")).unwrap_or(0);
    let shown = lines.iter().skip(from).take(2).copied().collect::<Vec<_>>().join(" ");
    let shown = shown.strip_prefix("error: ").unwrap_or(&shown);
    shown.chars().filter(|c| !enamel_types::text::is_unshowable(*c)).take(300).collect()
}
