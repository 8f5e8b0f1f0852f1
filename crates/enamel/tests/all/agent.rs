//! `enamel agent …`, as a technician runs it, against a server that speaks the protocol.
#![allow(clippy::unwrap_used, reason = "what a test cannot build stops it")]

use std::path::Path;
use std::process::{Command, Stdio};

use enamel_types::{Body, SensorName};

use crate::run::World;
use crate::server::{Server, bodies};

/// Enrols a practice's computer; says what was said.
fn enrol(world: &World, server: &Server) -> String {
    let token = server.token.to_string();
    world.run(&["agent", "enrol", "--server", &server.url(), "--token", &token]).ok().stdout()
}

#[test]
fn a_computer_is_enrolled_looked_at_and_sent_for_in_one_go() {
    let (world, server) = (World::new(), Server::start());
    world.file("intake.txt", "Name: Ada Birch\nDate of Birth: 03/04/1972\nSSN: 526-97-9514\n");
    let said = enrol(&world, &server);
    assert!(said.contains("Birch Dental") && said.contains("It takes no commands"), "{said}");
    let ran = world.run(&["agent", "run", "--once", "--look-in", "practice"]).ok();
    let (stdout, stderr) = (ran.stdout(), ran.stderr());
    for line in ["What this computer is: 1 statement", "How it is set up: 1 statement", "Mail: read"] {
        assert!(stdout.contains(line), "{line} is not in {stdout}");
    }
    assert!(stderr.contains("Looking"), "progress goes to standard error: {stderr}");
    let seen = server.with(|state| bodies(state));
    let kinds: Vec<_> = seen.iter().map(Body::kind).collect();
    for kind in ["agent_event", "device_inventory", "config_state", "software_inventory", "patient_data"] {
        assert!(kinds.contains(&kind), "no {kind} in {kinds:?}");
    }
    // The same computer as before: `assess` made its id, and the agent keeps it.
    let identity = std::fs::read_to_string(world.data().join("identity.toml")).unwrap();
    let device = server.with(|state| state.enrolled[0].device).to_string();
    assert!(identity.contains(&device));
    let text = serde_json::to_string(&seen).unwrap();
    assert!(
        !text.contains("526-97-9514") && !text.contains("Ada Birch"),
        "a patient's values left the computer"
    );

    let status = world.run(&["agent", "status"]).ok().stdout();
    for word in ["Birch Dental", &server.url(), "Runs          no", "0 observations", "none are taken"] {
        assert!(status.contains(word), "{word} is not in {status}");
    }
    let records = world.run(&["agent", "status", "--json"]).ok().records();
    assert_eq!((&records[0]["enrolled"], &records[0]["running"]), (&true.into(), &false.into()));
}

#[test]
fn what_did_not_arrive_is_said_and_fails() {
    let (world, server) = (World::new(), Server::start());
    enrol(&world, &server);
    let again =
        world.run(&["agent", "enrol", "--server", &server.url(), "--token", &server.token.to_string()]);
    assert_eq!(again.code(), 1);
    assert!(again.stderr().contains("--again"), "{}", again.stderr());
    let body = serde_json::to_vec(&crate::server::problem(
        enamel_wire::message::ProblemCode::Revoked,
        "this computer was removed",
        None,
    ));
    server.with(|state| {
        state.instead.push_back(crate::server::Instead {
            path: "observations",
            status: 403,
            retry_after: None,
            body: body.unwrap(),
            after: false,
        });
    });
    let ran = world.run(&["agent", "run", "--once", "--look-in", "practice"]);
    assert_eq!(ran.code(), 1);
    assert!(ran.stdout().contains("this computer was removed"), "{}", ran.stdout());
}

#[test]
fn what_is_wrong_is_named_before_anything_is_sent() {
    let (world, server) = (World::new(), Server::start());
    let token = server.token.to_string();
    for (url, token, why) in [
        ("http://127.0.0.1:1", token.as_str(), "not encrypted"),
        ("https://127.0.0.1:1/console", &token, "without a path"),
        (&server.url(), "enamel1.short", "not an enrolment token"),
        ("https://127.0.0.1:1", &token, "does not answer"),
    ] {
        let ran = world.run(&["agent", "enrol", "--server", url, "--token", token]);
        assert_eq!(ran.code(), 1);
        assert!(ran.stderr().contains(why), "{why}: {}", ran.stderr());
    }
    assert!(server.with(|state| state.requests.is_empty()));
    assert!(world.run(&["agent", "status"]).ok().stdout().contains("not enrolled"));
    let ran = world.run(&["agent", "run", "--once"]);
    assert!(ran.code() == 1 && ran.stderr().contains("agent enrol"), "{}", ran.stderr());
    let ran = world.run(&["agent", "refuse", "019300a0-0000-7000-8000-000000000001"]);
    assert!(ran.code() == 1 && ran.stderr().contains("no command"), "{}", ran.stderr());
}

/// Every sensor has its words, and the agent's own verb runs it.
#[test]
fn a_sensor_speaks_for_the_enrolled_agent() {
    let (world, server) = (World::new(), Server::start());
    enrol(&world, &server);
    let agent = server.with(|state| state.agents[0]).to_string();
    for sensor in [SensorName::Inventory, SensorName::Host] {
        let records = world.run(&["agent", "sensor", sensor.as_str()]).ok().records();
        assert!(records.iter().all(|record| record["agent"] == agent), "{records:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_signal_ends_the_agent_at_once_and_cleanly() {
    let (world, server) = (World::new(), Server::start());
    enrol(&world, &server);
    let mut agent =
        world.enamel(&["agent", "run", "--look-in", "practice"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut log = std::io::BufReader::new(agent.stderr.take().unwrap());
    let mut first = String::new();
    std::io::BufRead::read_line(&mut log, &mut first).unwrap();
    assert!(first.contains("Watching"), "{first}");
    let asked = std::time::Instant::now();
    assert!(Command::new("kill").arg(agent.id().to_string()).status().unwrap().success());
    assert!(agent.wait().unwrap().success(), "it ended by itself, and well");
    assert!(asked.elapsed() < std::time::Duration::from_secs(2), "{:?}", asked.elapsed());
    assert!(Path::new(&world.data()).join("agent/status.json").exists());
}
