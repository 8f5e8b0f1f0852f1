//! Batches: what becomes a link of an agent's chain, and what never does.

use enamel_ledger::{EntryHash, Link};
use enamel_types::{AgentEvent, AgentId, Body, DeviceId, Observation, ObservationId, PracticeId, Sensor};
use enamel_wire::Speaker;
use enamel_wire::message::{Batch, MAX_BATCH, ProblemCode};
use enamel_wire::signed::Recipient;
use serde_json::value::RawValue;

use crate::given::{now, recipient, uuid};

pub(crate) fn speaker() -> Speaker {
    let Recipient { practice, agent } = recipient();
    Speaker { practice, agent, device: DeviceId::from_uuid(uuid(0x44)) }
}

fn observation(number: u8) -> Observation {
    Observation {
        id: ObservationId::from_uuid(uuid(number)),
        practice: recipient().practice,
        device: speaker().device,
        agent: recipient().agent,
        observed_at: now(),
        valid_until: now(),
        sensor: Sensor { name: "agent".to_owned(), version: "0.1.0".to_owned() },
        scope: "agent".to_owned(),
        gaps: Vec::new(),
        body: Body::AgentEvent(AgentEvent::Enrolled { version: format!("0.1.{number}") }),
    }
}

/// A chain that begins after `before`.
fn chain(mut before: Option<(u64, EntryHash)>, observations: &[Observation]) -> Vec<Link> {
    let mut link = |observation: &Observation| {
        let link = Link::after(before, observation, serde_json::to_vec(observation).expect("JSON"));
        before = Some((link.agent_seq, link.hash));
        link
    };
    observations.iter().map(&mut link).collect()
}

pub(crate) fn links() -> Vec<Link> {
    chain(None, &[1, 2, 3].map(observation))
}

fn checked(batch: &Batch) -> Result<Vec<Link>, ProblemCode> {
    batch.check(&speaker()).map_err(|problem| problem.code)
}

#[test]
fn a_batch_is_the_links_that_were_sent() {
    for links in [&links()[..], &links()[1..], &links()[2..]] {
        let sent = serde_json::to_vec(&Batch::of(links).unwrap()).unwrap();
        let received: Batch = serde_json::from_slice(&sent).unwrap();
        assert_eq!(checked(&received).as_deref(), Ok(links));
        assert!(links.iter().all(Link::is_whole));
    }
    // Bytes that are JSON and not as Enamel writes it stay the very bytes that were hashed.
    let body = serde_json::to_vec_pretty(&observation(9)).unwrap();
    let odd = vec![Link::after(Some((41, links()[0].hash)), &observation(9), body)];
    let sent = serde_json::to_vec(&Batch::of(&odd).unwrap()).unwrap();
    assert_eq!(checked(&serde_json::from_slice(&sent).unwrap()), Ok(odd));
}

#[test]
fn an_agent_speaks_for_itself_only() {
    let batch = Batch::of(&links()).unwrap();
    let other = AgentId::from_uuid(uuid(0x99));
    let problem = batch.check(&Speaker { agent: other, ..speaker() }).unwrap_err();
    assert_eq!(problem.code, ProblemCode::Malformed);
    assert!(problem.detail.contains("another agent"), "{}", problem.detail);
    let other = PracticeId::from_uuid(uuid(0x99));
    assert_eq!(
        batch.check(&Speaker { practice: other, ..speaker() }).unwrap_err().code,
        ProblemCode::Malformed
    );
    let other = Speaker { device: DeviceId::from_uuid(uuid(0x99)), ..speaker() };
    assert_eq!(batch.check(&other).unwrap_err().code, ProblemCode::Malformed);
}

#[test]
fn what_is_no_piece_of_a_chain_is_refused() {
    let malformed = Err(ProblemCode::Malformed);
    let changed = |change: &dyn Fn(&mut Batch)| {
        let mut batch = Batch::of(&links()).unwrap();
        change(&mut batch);
        checked(&batch)
    };
    let raw = |text: String| RawValue::from_string(text).unwrap();
    assert_eq!(changed(&|_| ()), Ok(links()));
    assert_eq!(changed(&|batch| batch.entries.clear()), malformed, "nothing");
    assert_eq!(changed(&|batch| drop(batch.entries.remove(1))), malformed, "a hole");
    assert_eq!(changed(&|batch| batch.entries.swap(0, 1)), malformed, "another order");
    assert_eq!(
        changed(&|batch| drop(batch.entries.remove(0))),
        malformed,
        "a piece, with the whole's beginning"
    );
    assert_eq!(changed(&|batch| batch.prev = links()[2].hash), malformed, "a beginning that is none");
    assert_eq!(changed(&|batch| batch.entries[0].agent_seq = 0), malformed);
    assert_eq!(changed(&|batch| batch.entries[2].agent_seq = u64::MAX), malformed);
    assert_eq!(changed(&|batch| batch.entries[1].hash = links()[0].hash), malformed, "another's hash");
    let word = |text: &str| raw(text.replace("0.1.2", "0.1.9"));
    assert_eq!(
        changed(&|batch| batch.entries[1].body = word(batch.entries[1].body.get())),
        malformed,
        "a word"
    );
    let space = |text: &str| raw(text.replacen(':', ": ", 1));
    assert_eq!(
        changed(&|batch| batch.entries[1].body = space(batch.entries[1].body.get())),
        malformed,
        "a space"
    );
    for text in ["{}", "null", "[]", "\"SSN 078-05-1120\"", &("[".repeat(200) + &"]".repeat(200))] {
        let mut batch = Batch::of(&links()).unwrap();
        batch.entries[2].body = raw(text.to_owned());
        let problem = batch.check(&speaker()).unwrap_err();
        assert_eq!(problem.code, ProblemCode::Malformed, "{text}");
        assert!(!problem.detail.contains("078"), "what was sent is not said again: {}", problem.detail);
    }

    // The beginning of a chain is known by both its number and what stands before it.
    let second = chain(Some((1, EntryHash::GENESIS)), &[observation(2)]);
    assert_eq!(checked(&Batch::of(&second).unwrap()), malformed);
    let first = chain(Some((0, links()[0].hash)), &[observation(2)]);
    assert_eq!(checked(&Batch::of(&first).unwrap()), malformed);
}

#[test]
fn a_batch_has_its_size() {
    let many: Vec<Observation> = std::iter::repeat_n(observation(1), MAX_BATCH + 1).collect();
    let links = chain(None, &many);
    assert_eq!(checked(&Batch::of(&links[..MAX_BATCH]).unwrap()).map(|links| links.len()), Ok(MAX_BATCH));
    assert_eq!(checked(&Batch::of(&links).unwrap()), Err(ProblemCode::Malformed));

    let mut large = observation(1);
    large.scope = "x".repeat(enamel_ledger::MAX_BODY_BYTES);
    let links = chain(None, &[large]);
    assert_eq!(checked(&Batch::of(&links).unwrap()), Err(ProblemCode::Malformed));
}
