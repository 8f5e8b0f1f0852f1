//! The whole agent against a server: it looks, sends, obeys its pace, and gets over what goes wrong on the way.

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use enamel_agent::bell::Bell;
use enamel_agent::run::{Agent, Pace, Settings, Status};
use enamel_agent::{Enrolment, Stamp};
use enamel_types::agent_event::Lane;
use enamel_types::{AgentEvent, Body, Clock, Policy, SensorName, Timestamp};
use enamel_wire::message::ProblemCode;

use crate::enrol::enrolled;
use crate::server::{Instead, Server, bodies, now, problem};
use crate::world::{observation, stamp};

/// The system's clock, and so the server's.
pub(crate) struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        now()
    }
}

/// What an agent said.
pub(crate) type Log = Arc<Mutex<Vec<String>>>;

/// An agent's settings, with a sensor that sees one thing each time, and no pauses worth waiting for.
pub(crate) fn settings(data: &Path, seed: u64) -> (Settings, Log) {
    let log = Log::default();
    let said = Arc::clone(&log);
    let enrolment = Enrolment::required(data).unwrap();
    let speaker = Stamp {
        practice: enrolment.practice,
        agent: enrolment.agent,
        device: enrolment.device,
        ..stamp(seed)
    };
    let fill = Arc::clone(&speaker.fill);
    let printed = data.join("printed");
    std::fs::create_dir_all(&printed).unwrap();
    let settings = Settings {
        data: data.to_owned(),
        clock: Arc::new(WallClock),
        fill,
        zone: jiff::tz::TimeZone::UTC,
        sensor: Arc::new(move |sensor: SensorName, _: &Policy| {
            let mut made = observation(&speaker, Lane::Inventory, 1);
            sensor.as_str().clone_into(&mut made.scope);
            let path = printed.join(format!("{}.json", made.id));
            std::fs::write(&path, serde_json::to_vec(&made).unwrap()).unwrap();
            let mut command = Command::new("cat");
            command.arg(path);
            command
        }),
        helper: data.join("no-helper"),
        pace: Pace { reconnect: Duration::ZERO, retry: Duration::from_millis(20), poll_seconds: 1 },
        say: Arc::new(move |text: &str| said.lock().unwrap().push(text.to_owned())),
    };
    (settings, log)
}

/// A running agent; it is stopped when this is dropped.
pub(crate) struct Running {
    bell: Arc<Bell>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Running {
    pub(crate) fn start(settings: Settings) -> Self {
        let agent = Arc::new(Agent::open(settings).unwrap());
        let bell = agent.bell();
        Self { bell, thread: Some(std::thread::spawn(move || agent.run())) }
    }

    pub(crate) fn stop(&mut self) {
        self.bell.stop();
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

pub(crate) fn scopes(server: &Server) -> Vec<String> {
    server.with(|state| state.chain.kept.iter().map(|kept| kept.2.scope.clone()).collect())
}

#[test]
fn one_round_looks_sends_and_fetches() {
    let (server, data) = (Server::start(), tempfile::tempdir().unwrap());
    enrolled(&server, data.path(), false).unwrap();
    server.with(|state| state.policy.version = 4);
    let (settings, log) = settings(data.path(), 11);
    let once = Agent::open(settings).unwrap().once();
    assert!(once.is_whole(), "{once:?} {log:?}");
    assert_eq!(once.sent, 5);
    assert_eq!(scopes(&server), ["agent:enrolled", "inventory", "host", "software", "phi"]);
    let poll = server.with(|state| state.polls[0].clone());
    assert_eq!((poll.policy_version, poll.wait), (1, 0));
    assert_eq!(Status::load(data.path()).unwrap().unwrap().policy_version, 4);
}

#[test]
fn one_round_says_what_did_not_arrive() {
    let (server, data) = (Server::start(), tempfile::tempdir().unwrap());
    enrolled(&server, data.path(), false).unwrap();
    let refuse = |code, status| Instead {
        path: "observations",
        status,
        retry_after: None,
        body: serde_json::to_vec(&problem(code, "the disk is full", None)).unwrap(),
        after: false,
    };
    server.with(|state| state.instead.push_back(refuse(ProblemCode::Unavailable, 503)));
    let (settings, _) = settings(data.path(), 12);
    let once = Agent::open(settings).unwrap().once();
    assert!(!once.is_whole());
    assert!(once.not_sent.as_deref().is_some_and(|why| why.contains("disk is full")), "{once:?}");
    assert_eq!(once.spool.waiting, 5, "and all of it is kept");
}

#[test]
fn a_running_agent_sends_what_it_sees_and_stops_when_told() {
    let (server, data) = (Server::start(), tempfile::tempdir().unwrap());
    enrolled(&server, data.path(), false).unwrap();
    let (settings, _) = settings(data.path(), 13);
    let mut running = Running::start(settings);
    server.wait("every sensor", |state| (state.chain.head() == 5).then_some(()));
    server.with(|state| state.policy.version = 9);
    server.wait("the policy to be taken over", |state| {
        state
            .polls
            .last()
            .is_some_and(|poll| poll.policy_version == 9 && poll.health.spooled == 0)
            .then_some(())
    });
    let asked = Instant::now();
    running.stop();
    assert!(asked.elapsed() < Duration::from_millis(500), "{:?}", asked.elapsed());
    let status = Status::load(data.path()).unwrap().unwrap();
    assert_eq!((status.spool.waiting, status.spool.acked), (0, 5));
    assert!(status.last_contact.is_some());
}

#[test]
fn lost_answers_and_refusals_cost_a_resend_and_never_evidence() {
    let (server, data) = (Server::start(), tempfile::tempdir().unwrap());
    enrolled(&server, data.path(), false).unwrap();
    let busy = serde_json::to_vec(&problem(ProblemCode::Busy, "too much at once", None)).unwrap();
    let observations = |status, retry_after, body: &[u8], after| Instead {
        path: "observations",
        status,
        retry_after,
        body: body.to_vec(),
        after,
    };
    server.with(|state| {
        state.instead.extend([
            // Kept, and the answer is lost on the way.
            observations(502, None, b"<html>bad gateway</html>", true),
            observations(429, Some(1), &busy, false),
            observations(200, None, b"no json", true),
            observations(200, None, br#"{"acked_through":0}"#, true),
            observations(503, None, b"", false),
        ]);
    });
    let (settings, log) = settings(data.path(), 14);
    let asked = Instant::now();
    let _running = Running::start(settings);
    server.wait("every sensor", |state| (state.chain.head() == 5 && state.instead.is_empty()).then_some(()));
    assert!(asked.elapsed() >= Duration::from_secs(1), "Retry-After was not obeyed");
    let ids: std::collections::BTreeSet<_> =
        server.with(|state| state.chain.kept.iter().map(|kept| kept.2.id).collect());
    assert_eq!(ids.len(), 5);
    assert!(log.lock().unwrap().iter().any(|line| line.contains("too much at once")), "{log:?}");
}

#[test]
fn a_server_that_was_set_back_gets_the_rest_after_an_event() {
    let (server, data) = (Server::start(), tempfile::tempdir().unwrap());
    enrolled(&server, data.path(), false).unwrap();
    let (first, _) = settings(data.path(), 15);
    assert!(Agent::open(first).unwrap().once().is_whole());
    // Last night's copy was put back.
    server.with(|state| state.chain.kept.truncate(2));
    let (second, log) = settings(data.path(), 16);
    let once = Agent::open(second).unwrap().once();
    assert!(once.is_whole(), "{once:?} {log:?}");
    let bodies = server.with(|state| bodies(state));
    assert!(matches!(bodies[2], Body::AgentEvent(AgentEvent::ChainForked { agent_seq: 3 })), "{bodies:?}");
    assert_eq!(bodies.len(), 2 + 1 + 4);
}

#[test]
fn two_agents_with_one_key_are_noticed_and_neither_overwrites_the_other() {
    let (server, data) = (Server::start(), tempfile::tempdir().unwrap());
    enrolled(&server, data.path(), false).unwrap();
    let clone = tempfile::tempdir().unwrap();
    let copied = Command::new("cp").arg("-a").arg(data.path().join("agent")).arg(clone.path()).status();
    assert!(copied.unwrap().success());
    let (original, _) = settings(data.path(), 17);
    assert!(Agent::open(original).unwrap().once().is_whole());
    let kept = server.with(|state| state.chain.kept.clone());

    let (copy, log) = settings(clone.path(), 18);
    let once = Agent::open(copy).unwrap().once();
    assert!(once.not_sent.as_deref().is_some_and(|why| why.contains("other evidence")), "{once:?} {log:?}");
    assert_eq!(server.with(|state| state.chain.kept.clone()), kept);
    assert!(once.spool.waiting >= 4, "what it sees is kept");
    // Nor does it try again by itself, in a later run either.
    let before = server.with(|state| state.requests.len());
    let (copy, _) = settings(clone.path(), 19);
    assert!(Agent::open(copy).unwrap().once().not_sent.is_some());
    assert_eq!(server.with(|state| state.requests.len()), before);
    assert!(Status::load(clone.path()).unwrap().unwrap().forked.is_some());
    // Enrolled anew it goes on with a chain of its own.
    server.renew_token();
    enrolled(&server, clone.path(), true).unwrap();
    let (copy, _) = settings(clone.path(), 20);
    assert!(Agent::open(copy).unwrap().once().is_whole());
}

#[test]
fn a_server_that_knows_more_than_was_said_is_a_fork_too() {
    let (server, data) = (Server::start(), tempfile::tempdir().unwrap());
    enrolled(&server, data.path(), false).unwrap();
    server.with(|state| state.acked_through = Some(900));
    let (settings, _) = settings(data.path(), 21);
    let once = Agent::open(settings).unwrap().once();
    assert!(once.not_sent.is_some_and(|why| why.contains("from number 900")));
}

#[test]
fn a_certificate_is_renewed_before_it_ends_and_when_the_server_asks() {
    let (server, data) = (Server::start(), tempfile::tempdir().unwrap());
    server.with(|state| state.certificate_age = 61);
    enrolled(&server, data.path(), false).unwrap();
    let old = Enrolment::required(data.path()).unwrap().validity();
    let (first, log) = settings(data.path(), 22);
    assert!(Agent::open(first).unwrap().once().is_whole(), "{log:?}");
    let new = Enrolment::required(data.path()).unwrap().validity();
    assert!(new.not_after > old.not_after);
    assert_eq!(server.with(|state| state.requests[2].clone()), "renew");

    // A certificate for another key is not taken over.
    let other = tempfile::tempdir().unwrap();
    server.renew_token();
    enrolled(&server, other.path(), false).unwrap();
    let (settings, log) = settings(other.path(), 23);
    let before = Enrolment::required(other.path()).unwrap().validity();
    let foreign = std::fs::read_to_string(data.path().join("agent/enrolment.json")).unwrap();
    let foreign: serde_json::Value = serde_json::from_str(&foreign).unwrap();
    let body = serde_json::to_vec(&serde_json::json!({ "certificate": foreign["certificate"] })).unwrap();
    server.with(|state| {
        state.instead.push_back(Instead {
            path: "renew",
            status: 200,
            retry_after: None,
            body,
            after: false,
        });
    });
    assert!(Agent::open(settings).unwrap().once().is_whole(), "it goes on with the one it has");
    assert_eq!(Enrolment::required(other.path()).unwrap().validity(), before);
    assert!(log.lock().unwrap().iter().any(|line| line.contains("not for this computer's key")), "{log:?}");
}

#[test]
fn a_sensor_that_fails_is_told_of_and_the_others_go_on() {
    let (server, data) = (Server::start(), tempfile::tempdir().unwrap());
    enrolled(&server, data.path(), false).unwrap();
    let (mut settings, _) = settings(data.path(), 24);
    let good = Arc::clone(&settings.sensor);
    settings.sensor = Arc::new(move |sensor, policy: &Policy| {
        let script = match sensor {
            SensorName::Inventory => "echo 'error: the registry could not be read' >&2; exit 1",
            SensorName::Host => "echo '{\"no\":\"observation\"}'",
            SensorName::Software => "kill -9 $$",
            SensorName::Phi => return good(sensor, policy),
        };
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    });
    let once = Agent::open(settings).unwrap().once();
    assert!(!once.is_whole());
    assert_eq!((once.spool.waiting, once.not_sent.is_none()), (0, true), "what was seen arrived");
    let failed: Vec<_> = server.with(|state| {
        bodies(state)
            .into_iter()
            .filter_map(|body| match body {
                Body::AgentEvent(AgentEvent::SensorFailed { sensor, why }) => Some((sensor, why)),
                _ => None,
            })
            .collect()
    });
    assert_eq!(failed.len(), 3, "{failed:?}");
    assert_eq!(failed[0].1, "the registry could not be read");
    assert!(failed[1].1.contains("no observation") && !failed[1].1.contains('{'), "{failed:?}");
    assert!(failed[2].1.contains("signal"), "{failed:?}");
    assert!(scopes(&server).contains(&"phi".to_owned()));
}

#[test]
fn what_a_sensor_says_of_another_practice_is_not_believed() {
    let (server, data) = (Server::start(), tempfile::tempdir().unwrap());
    enrolled(&server, data.path(), false).unwrap();
    let (mut settings, _) = settings(data.path(), 25);
    let folder = data.path().join("foreign.json");
    let mut foreign = observation(&stamp(26), Lane::Inventory, 1);
    foreign.practice = enamel_types::PracticeId::from_uuid(uuid::Uuid::from_bytes([9; 16]));
    std::fs::write(&folder, serde_json::to_vec(&foreign).unwrap()).unwrap();
    settings.sensor = Arc::new(move |_, _: &Policy| {
        let mut command = Command::new("cat");
        command.arg(&folder);
        command
    });
    let once = Agent::open(settings).unwrap().once();
    assert!(once.looked.iter().all(|(_, seen)| seen.is_err()), "{once:?}");
    assert_eq!(scopes(&server).iter().filter(|scope| scope.starts_with("agent:")).count(), 5);
}

#[test]
fn a_sensor_that_prints_without_end_costs_neither_memory_nor_the_agent() {
    let (server, data) = (Server::start(), tempfile::tempdir().unwrap());
    enrolled(&server, data.path(), false).unwrap();
    let (mut settings, _) = settings(data.path(), 27);
    settings.sensor = Arc::new(|_, _: &Policy| {
        let mut command = Command::new("head");
        command.args(["-c", "70000000", "/dev/zero"]);
        command
    });
    let once = Agent::open(settings).unwrap().once();
    assert!(once.looked.iter().all(|(_, seen)| seen.as_ref().is_err_and(|why| why.contains("printed more"))));
}
