//! The assessment before the latest one: when it was, what was open, and what a year was expected to cost by what was known
//! then.
//!
//! Nothing of it was stored but its observations. They are judged and rolled again, with today's content and practice
//! file, so that the two means differ by what was seen and by nothing else.

use enamel_assess::{Fresh, Rolls};
use enamel_ledger::{Entry, Ledger, LedgerError, PracticeView};
use enamel_report::PreviousRun;
use enamel_types::{AgentId, Body, PracticeId, Timestamp};

use crate::error::Error;
use crate::session::Session;

/// Entries looked at first: some twenty runs of one computer.
const WINDOW: u64 = 100;

/// The run before the latest one; `None` where there is no earlier one. `last_seq` is the ledger's last entry.
pub(crate) fn run(session: &Session, ledger: &Ledger, last_seq: u64) -> Result<Option<PreviousRun>, Error> {
    let Some((at, through_seq)) =
        find(ledger, session.practice(), last_seq).map_err(Error::ledger_unreadable)?
    else {
        return Ok(None);
    };
    let mut view = PracticeView::new(session.practice());
    for entry in ledger.entries(1) {
        let entry = entry.map_err(Error::ledger_unreadable)?;
        if entry.seq > through_seq {
            break;
        }
        view.apply(&entry, &session.judge(&entry.observation));
    }
    let mean = session.assessor().risk(&view, at, Rolls::for_a_report()).total.mean;
    let open = Fresh::of(&view, at)
        .open_findings(&view)
        .into_iter()
        .map(|finding| (finding.id, finding.severity))
        .collect();
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
            Body::DeviceInventory(_)
            | Body::PatientData(_)
            | Body::Attestation(_)
            | Body::RiskAcceptance(_)
            | Body::AgentEvent(_)
            | Body::CommandReceipt(_) => None,
        };
        Self { seq: entry.seq, agent: entry.observation.agent, received_at: entry.received_at, sensor }
    }
}

/// When the last assessment but one was kept, and its last entry.
///
/// An assessment is the only verb that keeps a host's settings and its software in one batch; a batch is received at one
/// moment. A single `scan` between two assessments is in no report, so nobody compares with it.
fn find(
    ledger: &Ledger,
    practice: PracticeId,
    last_seq: u64,
) -> Result<Option<(Timestamp, u64)>, LedgerError> {
    // It is near the end, and a ledger of years is long: look back further only where that was not far enough. A batch
    // that loses its beginning to the window may not be known for an assessment; its end, which counts, is there.
    let mut window = WINDOW;
    loop {
        let from_seq = last_seq.saturating_sub(window).max(1);
        let found = find_from(ledger, practice, from_seq)?;
        if found.is_some() || from_seq == 1 {
            return Ok(found);
        }
        window *= 8;
    }
}

fn find_from(
    ledger: &Ledger,
    practice: PracticeId,
    from_seq: u64,
) -> Result<Option<(Timestamp, u64)>, LedgerError> {
    let mut marks = Vec::new();
    for entry in ledger.entries(from_seq) {
        let entry = entry?;
        if entry.observation.practice == practice {
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

#[cfg(test)]
mod tests {
    use enamel_types::config_state::ConfigState;
    use enamel_types::device::{DeviceRole, OsFamily, OsInfo};
    use enamel_types::software::SoftwareInventory;
    use enamel_types::{DeviceId, Observation, ObservationId, Sensor};
    use uuid::Uuid;

    use super::*;

    const PRACTICE: PracticeId = PracticeId::from_uuid(Uuid::from_u128(1));

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_764_000_000 + second).expect("a time")
    }

    fn os() -> OsInfo {
        OsInfo {
            family: OsFamily::Linux,
            name: String::new(),
            product: String::new(),
            version: String::new(),
            build: String::new(),
            edition: String::new(),
            role: DeviceRole::Workstation,
        }
    }

    fn host() -> Body {
        Body::ConfigState(ConfigState { os: os(), readings: Vec::new() })
    }

    fn software() -> Body {
        Body::SoftwareInventory(SoftwareInventory {
            os: os(),
            packages: Vec::new(),
            services: Vec::new(),
            dental: Vec::new(),
            secrets: Vec::new(),
        })
    }

    /// A ledger of batches, each received at one moment; the last entry of each batch.
    fn keep(ledger: &mut Ledger, batches: &[(i64, Vec<Body>)]) -> Vec<u64> {
        let mut number = 0;
        let mut observation = |second: i64, body: &Body| {
            number += 1;
            Observation {
                id: ObservationId::from_uuid(Uuid::from_u128(0x100 + number)),
                practice: PRACTICE,
                device: DeviceId::from_uuid(Uuid::from_u128(2)),
                agent: AgentId::from_uuid(Uuid::from_u128(3)),
                observed_at: at(second),
                valid_until: at(second + 9),
                sensor: Sensor { name: "scan".to_owned(), version: "0".to_owned() },
                scope: "host".to_owned(),
                gaps: Vec::new(),
                body: body.clone(),
            }
        };
        let mut ends = Vec::new();
        for (second, bodies) in batches {
            let batch: Vec<_> = bodies.iter().map(|body| observation(*second, body)).collect();
            ledger.append(at(*second), &batch).expect("the batch is kept");
            ends.push(ledger.len().expect("a count"));
        }
        ends
    }

    #[test]
    fn the_last_assessment_but_one_is_found_however_far_back() {
        for singles in [0, 1, 95, 96, 97, 98, 99, 100, 101, 1_000] {
            let folder = tempfile::tempdir().expect("a folder");
            let mut ledger = Ledger::open(&folder.path().join("ledger.db")).expect("a ledger").ledger;
            let assessment = vec![host(), software(), host()];
            let mut batches = vec![(0, assessment.clone()), (10, assessment.clone()), (20, vec![software()])];
            if singles > 0 {
                batches.push((30, vec![host(); singles]));
            }
            batches.push((40, assessment));
            let ends = keep(&mut ledger, &batches);
            let last = *ends.last().expect("an end");
            assert_eq!(
                find(&ledger, PRACTICE, last).expect("a whole ledger"),
                Some((at(10), 6)),
                "{singles} single scans between"
            );
        }
    }

    #[test]
    fn a_first_assessment_has_none_before() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut ledger = Ledger::open(&folder.path().join("ledger.db")).expect("a ledger").ledger;
        let batches = [(0, vec![host()]), (10, vec![software()]), (20, vec![software(), host()])];
        let ends = keep(&mut ledger, &batches);
        assert_eq!(find(&ledger, PRACTICE, ends[2]).expect("a whole ledger"), None);
    }
}
