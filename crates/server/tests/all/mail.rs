//! What reaches an agent, when, and what is held back.

use std::time::{Duration, Instant};

use enamel_store::commands::{self, StoredCommand};
use enamel_store::policies;
use enamel_store::trust::{self, SignedRoot};
use enamel_types::command::CommandClass;
use enamel_types::{AgentId, Clock as _, CommandId, Policy};
use enamel_wire::message::{Mail, SignedText};
use jiff::SignedDuration;

use crate::world::{Agent, Msp, msp_scope, relayed};

/// Relays a command as the API does. The text is not a command: the mailbox relays and does not read.
pub(crate) fn relay(msp: &Msp, agent: AgentId, counter: u64, class: CommandClass) -> CommandId {
    let signed = SignedText { text: format!("command {counter}"), signatures: Vec::new() };
    let command = StoredCommand {
        counter,
        signed: serde_json::to_string(&signed).unwrap(),
        ..relayed(msp.practice, agent, class, "collect", msp.clock.now())
    };
    let id = command.id;
    msp.store().write(&msp_scope(), |tx| commands::add(tx, &command)).unwrap();
    msp.server.parts.mailbox.wake(msp.practice);
    id
}

pub(crate) fn texts(mail: &Mail) -> Vec<&str> {
    mail.commands.iter().map(|command| command.text.as_str()).collect()
}

#[tokio::test]
async fn a_poll_that_waits_is_woken_by_what_comes() {
    let msp = Msp::new().await;
    let agent = msp.agent().await;
    let polls = || {
        let mut agent = agent.clone_disk();
        tokio::spawn(async move { agent.poll(55).await.json::<Mail>() })
    };
    let began = Instant::now();

    let poll = polls();
    relay(&msp, agent.id(), 1, CommandClass::Safe);
    assert_eq!(texts(&poll.await.unwrap()), ["command 1"]);

    let mut other = agent.clone_disk();
    let poll = tokio::spawn(async move {
        let mut request = other.poll_request(55);
        request.command_counter = 1;
        other.post("/agent/v1/mail", &request).await.json::<Mail>()
    });
    let policy = Policy { folders: vec!["/srv/charts".to_owned()], ..Policy::default() };
    let now = msp.clock.now();
    msp.store().write(&msp_scope(), |tx| policies::change(tx, msp.practice, &policy, "test", now)).unwrap();
    msp.server.parts.mailbox.wake(msp.practice);
    let mail = poll.await.unwrap();
    assert!(mail.commands.is_empty(), "an agent gets only what it does not have");
    assert_eq!(mail.policy.unwrap().folders, ["/srv/charts"]);

    let root = SignedRoot {
        version: 1,
        signed: serde_json::to_string(&SignedText { text: "root".to_owned(), signatures: Vec::new() })
            .unwrap(),
        added_at: now,
        added_by: "test".to_owned(),
    };
    msp.store().write(&msp_scope(), |tx| trust::add(tx, &root)).unwrap();
    msp.server.parts.mailbox.wake_all();
    assert_eq!(polls().await.unwrap().trust_roots.len(), 1);
    assert!(began.elapsed() < Duration::from_secs(40), "a poll waited its time out: {:?}", began.elapsed());
}

#[tokio::test]
async fn a_poll_without_mail_ends_in_its_time_and_at_the_servers_end() {
    let msp = Msp::new().await;
    let agent = msp.agent().await;
    let began = Instant::now();
    agent.clone_disk().poll(1).await.json::<Mail>();
    assert!((Duration::from_secs(1)..Duration::from_secs(20)).contains(&began.elapsed()));

    let mut waiting = agent.clone_disk();
    let poll = tokio::spawn(async move { waiting.poll(55).await });
    // Another request over the same listener was answered, so the server is at work; now it stops.
    agent.clone_disk().poll(0).await.json::<Mail>();
    let began = Instant::now();
    msp.server.stop().await;
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    drop(poll);
}

/// A poll must not hold one connection to the store while it waits for another: enough of them at once would wait for ever.
#[tokio::test(flavor = "multi_thread")]
async fn many_practices_poll_at_once_after_a_restart() {
    let msp = Msp::new().await;
    let mut fleet = Vec::new();
    for number in 0..80 {
        let practice = msp.add_practice(&format!("Practice {number}"));
        fleet.push(msp.agent_of(practice).await);
    }
    let Msp { server, clock, folder, .. } = msp;
    server.stop().await;
    // No practice's file is open now.
    let server = crate::world::start(&folder, &clock).await;
    let polls: Vec<_> = fleet
        .into_iter()
        .map(|mut agent| {
            agent.call(server.agents);
            tokio::spawn(async move { agent.poll(0).await.json::<Mail>() })
        })
        .collect();
    for poll in polls {
        tokio::time::timeout(Duration::from_mins(1), poll).await.expect("a poll is answered").unwrap();
    }
}

#[tokio::test]
async fn what_the_practice_refused_is_told_and_sent_no_more() {
    let msp = Msp::new().await;
    let mut agent = msp.agent().await;
    let command = relay(&msp, agent.id(), 1, CommandClass::Dangerous);
    assert_eq!(texts(&agent.poll(0).await.json()), ["command 1"]);
    let now = msp.clock.now();
    let refuse = |tx: &mut enamel_store::WriteTx<'_>| {
        commands::veto(tx, command, "the office manager", "not today", now)
    };
    msp.store().write(&msp_scope(), refuse).unwrap();
    let mail: Mail = agent.poll(0).await.json();
    assert!(mail.commands.is_empty());
    assert_eq!(mail.vetoed, [command]);
}

#[tokio::test]
async fn a_burst_over_the_fleet_is_held_back_and_stays_held_back() {
    let msp = Msp::new().await;
    let mut fleet: Vec<Agent> = Vec::new();
    for _ in 0..8 {
        fleet.push(msp.agent().await);
    }
    for agent in &fleet {
        relay(&msp, agent.id(), 1, CommandClass::Disruptive);
        msp.clock.advance(SignedDuration::from_secs(1));
    }
    // Of eight agents a tenth is less than one, and five may always be reached.
    for agent in &mut fleet[..5] {
        assert_eq!(texts(&agent.poll(0).await.json()), ["command 1"]);
    }
    for agent in &mut fleet[5..] {
        assert!(agent.poll(0).await.json::<Mail>().commands.is_empty());
    }
    // A later, harmless one does not overtake it: the counter only rises.
    relay(&msp, fleet[7].id(), 2, CommandClass::Safe);
    assert!(fleet[7].poll(0).await.json::<Mail>().commands.is_empty());
    // Waiting does not help whoever meant it.
    msp.clock.advance(SignedDuration::from_hours(2));
    assert!(fleet[6].poll(0).await.json::<Mail>().commands.is_empty());
    // Meaning it again, an hour later, does: from then on.
    relay(&msp, fleet[6].id(), 2, CommandClass::Disruptive);
    let mut poll = fleet[6].poll_request(0);
    poll.command_counter = 1;
    let mail: Mail = fleet[6].post("/agent/v1/mail", &poll).await.json();
    assert_eq!(texts(&mail), ["command 2"]);
}

#[tokio::test]
async fn a_command_is_for_one_agent_and_for_its_time() {
    let msp = Msp::new().await;
    let mut agent = msp.agent().await;
    let mut neighbour = msp.agent().await;
    relay(&msp, agent.id(), 1, CommandClass::Safe);
    assert!(neighbour.poll(0).await.json::<Mail>().commands.is_empty());
    assert_eq!(texts(&agent.poll(0).await.json()), ["command 1"]);
    msp.clock.advance(SignedDuration::from_hours(25));
    assert!(agent.poll(0).await.json::<Mail>().commands.is_empty());
}
