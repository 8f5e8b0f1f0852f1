//! The assessment before the latest one: when it was, what was open, and what a year was expected to cost by what was known
//! then.
//!
//! Nothing of it was stored but its observations. They are judged and rolled again, with today's content and practice
//! file, so that the two means differ by what was seen and by nothing else.

use enamel_ledger::{Entry, Ledger, LedgerError, PracticeView};
use enamel_report::PreviousRun;
use enamel_types::{AgentId, Body, Timestamp};

use crate::error::Error;
use crate::figures::{self, Fresh, Rolls};
use crate::session::Session;

/// The run before the latest one; `None` where there is no earlier one.
pub(crate) fn run(session: &Session, ledger: &Ledger) -> Result<Option<PreviousRun>, Error> {
    let unreadable = |error| {
        Error::new("the ledger could not be read")
            .because(error)
            .help("run `enamel ledger verify` to find the bad entry")
    };
    let Some((at, through_seq)) = find(session, ledger).map_err(unreadable)? else { return Ok(None) };
    let mut view = PracticeView::new(session.practice());
    for entry in ledger.entries(1) {
        let entry = entry.map_err(unreadable)?;
        if entry.seq > through_seq {
            break;
        }
        view.apply(&entry, &session.judge(&entry.observation));
    }
    let mean = figures::risk(session, &view, at, Rolls::for_a_report()).total.mean;
    let open = Fresh::of(&view, at).open_findings(&view).into_iter().map(|finding| finding.id).collect();
    Ok(Some(PreviousRun { at, mean, open }))
}

/// What tells one entry's run from another's.
struct Mark {
    seq: u64,
    agent: AgentId,
    received_at: Timestamp,
    sensor: Option<Sensor>,
}

#[derive(Clone, Copy, PartialEq)]
enum Sensor {
    Host,
    Software,
}

impl From<Entry> for Mark {
    fn from(entry: Entry) -> Self {
        let sensor = match entry.observation.body {
            Body::ConfigState(_) => Some(Sensor::Host),
            Body::SoftwareInventory(_) => Some(Sensor::Software),
            Body::DeviceInventory(_) | Body::PatientData(_) | Body::Attestation(_) => None,
        };
        Self { seq: entry.seq, agent: entry.observation.agent, received_at: entry.received_at, sensor }
    }
}

/// When the last assessment but one was kept, and its last entry.
///
/// An assessment is the only verb that keeps a host's settings and its software in one batch; a batch is received at one
/// moment. A single `scan` between two assessments is in no report, so nobody compares with it.
fn find(session: &Session, ledger: &Ledger) -> Result<Option<(Timestamp, u64)>, LedgerError> {
    let mut marks = Vec::new();
    for entry in ledger.entries(1) {
        let entry = entry?;
        if entry.observation.practice == session.practice() {
            marks.push(Mark::from(entry));
        }
    }
    let has = |batch: &[Mark], sensor| batch.iter().any(|mark| mark.sensor == Some(sensor));
    Ok(marks
        .chunk_by(|a, b| (a.agent, a.received_at) == (b.agent, b.received_at))
        .rev()
        .filter(|batch| has(batch, Sensor::Host) && has(batch, Sensor::Software))
        .nth(1)
        .and_then(<[Mark]>::last)
        .map(|mark| (mark.received_at, mark.seq)))
}
