//! Two servers on one database are one server: the same authority, the same agents, and mail that either took in.

use std::sync::Arc;
use std::time::{Duration, Instant};

use enamel_store::Scope;
use enamel_store::agents;
use enamel_testkit::{SetClock, TemporaryPostgres};
use enamel_types::command::CommandClass;
use enamel_types::{Clock as _, PracticeId};
use enamel_wire::message::{Accepted, Enrolled, Mail, ProblemCode};
use jiff::SignedDuration;
use tokio::task::block_in_place;

use crate::mail::{relay, texts};
use crate::world::{Agent, Msp, msp_scope, start_on, uuid};

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_may_call_either_of_two_servers() {
    let Some(postgres) = TemporaryPostgres::start() else { return };
    let clock = Arc::new(SetClock::at("2026-11-24T08:00:00Z"));
    let folder = tempfile::tempdir().unwrap();
    let server = start_on(folder.path(), &clock, Some(postgres.address())).await;
    // The second has a folder of its own, and in it a copy of the master key.
    let other_folder = tempfile::tempdir().unwrap();
    std::fs::copy(folder.path().join("master.key"), other_folder.path().join("master.key")).unwrap();
    let other = start_on(other_folder.path(), &clock, Some(postgres.address())).await;
    assert_eq!(server.parts.authority.fingerprint(), other.parts.authority.fingerprint());

    let mut msp = Msp { server, clock, practice: PracticeId::from_uuid(uuid()), folder };
    msp.practice = block_in_place(|| msp.add_practice("Maple Street Dental"));
    let token = block_in_place(|| msp.token(msp.practice));
    let mut agent = Agent::new(&msp);
    agent.enrol(&token).await.json::<Enrolled>();
    agent.see_some(4);
    let links = agent.links.clone();
    agent.send_links(&links[..2]).await.json::<Accepted>();
    agent.call(other.agents);
    assert_eq!(agent.send_links(&links).await.json::<Accepted>(), Accepted { acked_through: 4 });
    assert_eq!(block_in_place(|| msp.entries()).len(), 4);

    // Mail that the first server takes in wakes a poll at the second.
    let mut waiting = agent.clone_disk();
    waiting.call(other.agents);
    let poll = tokio::spawn(async move { waiting.poll(55).await.json::<Mail>() });
    let began = Instant::now();
    block_in_place(|| relay(&msp, agent.id(), 1, CommandClass::Safe));
    assert_eq!(texts(&poll.await.unwrap()), ["command 1"]);
    assert!(began.elapsed() < Duration::from_secs(40), "the poll waited its time out: {:?}", began.elapsed());

    // Who is shut out at the first is out at the second within half a minute.
    let (id, now) = (agent.id(), msp.clock.now());
    agent.poll(0).await.json::<Mail>();
    block_in_place(|| msp.store().write(&msp_scope(), |tx| agents::revoke(tx, id, now))).unwrap();
    msp.clock.advance(SignedDuration::from_secs(31));
    assert_eq!(agent.poll(0).await.problem().code, ProblemCode::Revoked);

    let verified = block_in_place(|| msp.store().verify(&Scope::practice(msp.practice), msp.practice));
    assert!(verified.unwrap().bad.is_none());
    msp.server.stop().await;
    other.stop().await;
}
