//! Evidence in: what is kept, what is refused, and what an agent is told.

use std::time::Duration;

use enamel_store::agents;
use enamel_types::{AgentId, DeviceId};
use enamel_wire::message::{Accepted, Batch, MAX_BODY_BYTES, Mail, ProblemCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::world::{Agent, Msp, Seen, event, msp_scope, observation, uuid};

#[tokio::test]
async fn what_is_sent_is_kept_once_however_often_it_is_sent() {
    let msp = Msp::new().await;
    let mut agent = msp.agent().await;
    agent.see_some(5);
    let links = agent.links.clone();
    assert_eq!(agent.send_links(&links).await.json::<Accepted>(), Accepted { acked_through: 5 });
    // The answer got lost, so it sends all of it again, and what came after.
    assert_eq!(agent.send_links(&links).await.json::<Accepted>(), Accepted { acked_through: 5 });
    agent.see_some(2);
    let links = agent.links.clone();
    assert_eq!(agent.send_links(&links[3..]).await.json::<Accepted>(), Accepted { acked_through: 7 });
    let kept = msp.entries();
    assert_eq!(kept.iter().map(|entry| entry.agent_seq).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(kept[6].hash, links[6].hash);
    assert_eq!(agent.poll(0).await.json::<Mail>().acked_through, 7);
}

#[tokio::test]
async fn a_hole_is_named() {
    let msp = Msp::new().await;
    let mut agent = msp.agent().await;
    agent.see_some(9);
    let links = agent.links.clone();
    agent.send_links(&links[..3]).await.json::<Accepted>();
    let answer = agent.send_links(&links[5..]).await;
    assert_eq!(
        (answer.status, answer.problem().code, answer.problem().expected),
        (409, ProblemCode::Gap, Some(4))
    );
    assert_eq!(msp.entries().len(), 3);
    agent.send_links(&links[3..]).await.json::<Accepted>();
    assert_eq!(msp.entries().len(), 9);
}

#[tokio::test]
async fn a_cloned_disk_forks_and_both_pasts_stay() {
    let msp = Msp::new().await;
    let mut agent = msp.agent().await;
    agent.see_some(3);
    let links = agent.links.clone();
    agent.send_links(&links).await.json::<Accepted>();
    let mut clone = agent.clone_disk();
    agent.see_some(1);
    agent.send_links(&agent.links.clone()[3..]).await.json::<Accepted>();

    clone.see_some(2);
    let links = clone.links[3..].to_vec();
    let answer = clone.send_links(&links).await;
    assert_eq!((answer.status, answer.problem().code), (409, ProblemCode::Fork));
    assert_eq!(msp.entries().len(), 4, "nothing is overwritten and nothing of the fork is mixed in");
    assert_eq!(msp.entries()[3].hash, agent.links[3].hash);
    let id = agent.id();
    let kept = msp.store().read(&msp_scope(), |tx| agents::get(tx, id)).unwrap();
    assert!(kept.cloned_at.is_some(), "a person must look");
    // The one whose past is kept goes on.
    agent.see_some(1);
    agent.send_links(&agent.links.clone()[4..]).await.json::<Accepted>();
}

#[tokio::test]
async fn a_disk_that_was_set_back_shows_before_it_sends() {
    let msp = Msp::new().await;
    let mut agent = msp.agent().await;
    let old = agent.clone_disk();
    agent.see_some(3);
    agent.send_links(&agent.links.clone()).await.json::<Accepted>();
    agent.poll(0).await.json::<Mail>();
    agent.poll(0).await.json::<Mail>();
    let id = agent.id();
    let flagged = || msp.store().read(&msp_scope(), |tx| agents::get(tx, id)).unwrap().cloned_at.is_some();
    assert!(!flagged());
    let mut restored = old;
    restored.poll(0).await.json::<Mail>();
    assert!(flagged());
}

#[tokio::test]
async fn an_agent_speaks_for_itself_only() {
    let msp = Msp::new().await;
    let mut agent = msp.agent().await;
    let neighbour = msp.agent().await;
    let elsewhere = msp.add_practice("Elm Dental");
    let (own, mine) = (agent.id(), agent.device);
    let liar = |practice, agent: AgentId, device: DeviceId| {
        observation(practice, agent, device, &msp.clock, event())
    };
    for forged in [
        liar(msp.practice, neighbour.id(), mine),
        liar(elsewhere, own, mine),
        liar(msp.practice, own, neighbour.device),
        liar(msp.practice, own, DeviceId::from_uuid(uuid())),
    ] {
        let mut agent = agent.clone_disk();
        let link = agent.push(&forged);
        let answer = agent.send_links(&[link]).await;
        assert_eq!(answer.problem().code, ProblemCode::Malformed);
    }
    // Nor for people.
    let statement = serde_json::json!({
        "kind": "risk_acceptance", "finding": "00".repeat(10), "reason": "no", "person": "Dr. Nobody",
        "expires_at": "2030-01-01T00:00:00Z",
    });
    let statement: Seen = serde_json::from_value(statement).unwrap();
    let link = agent.see(statement);
    assert_eq!(agent.send_links(&[link]).await.problem().code, ProblemCode::Malformed);
    assert!(msp.entries().is_empty());
}

#[tokio::test]
async fn what_is_no_batch_is_refused_without_an_echo() {
    let msp = Msp::new().await;
    let mut agent = msp.agent().await;
    agent.see_some(2);
    let batch = Batch::of(&agent.links).unwrap();
    let mut wrong_hash = serde_json::to_value(&batch).unwrap();
    wrong_hash["entries"][1]["hash"] = serde_json::json!("11".repeat(32));
    let mut secret = serde_json::to_value(&batch).unwrap();
    secret["entries"][0]["body"] = serde_json::json!({"kind": "123-45-6789"});
    for body in [
        b"".to_vec(),
        b"[".to_vec(),
        b"{\"prev\":\"\",\"entries\":[]}".to_vec(),
        [b"[".repeat(100_000), b"]".repeat(100_000)].concat(),
        serde_json::to_vec(&wrong_hash).unwrap(),
        serde_json::to_vec(&secret).unwrap(),
    ] {
        let answer = agent.send("POST", "/agent/v1/observations", body).await.unwrap();
        let problem = answer.problem();
        assert_eq!(problem.code, ProblemCode::Malformed);
        assert!(!problem.detail.contains("6789"), "{}", problem.detail);
    }
    assert!(msp.entries().is_empty());
}

/// A request as bytes over a connection of its own; what comes back until the server hangs up or enough is there.
async fn raw(agent: &Agent, request: &[u8]) -> String {
    let mut tls = agent.connect().await.unwrap();
    tls.write_all(request).await.unwrap();
    let mut said = Vec::new();
    let mut piece = [0; 1024];
    while !said.windows(2).any(|two| two == b"\"}") {
        match tls.read(&mut piece).await {
            Ok(0) | Err(_) => break,
            Ok(count) => said.extend_from_slice(&piece[..count]),
        }
    }
    String::from_utf8_lossy(&said).into_owned()
}

fn head(path: &str, length: &str) -> Vec<u8> {
    format!("POST {path} HTTP/1.1\r\nhost: x\r\n{length}\r\n\r\n").into_bytes()
}

#[tokio::test]
async fn too_much_is_refused_before_it_is_read() {
    let msp = Msp::new().await;
    let agent = msp.agent().await;
    let long = format!("content-length: {}", MAX_BODY_BYTES + 1);
    let said = raw(&agent, &head("/agent/v1/observations", &long)).await;
    assert!(said.starts_with("HTTP/1.1 413 "), "{said}");
    let said = raw(&agent, &head("/agent/v1/observations", "transfer-encoding: chunked")).await;
    assert!(said.starts_with("HTTP/1.1 400 "), "{said}");
    for path in ["/agent/v1/enrol", "/agent/v1/mail", "/agent/v1/renew"] {
        let said = raw(&agent, &head(path, "content-length: 20000")).await;
        assert!(said.starts_with("HTTP/1.1 413 "), "{path}: {said}");
    }
    let mut many = b"POST /agent/v1/mail HTTP/1.1\r\n".to_vec();
    (0..500).for_each(|number| many.extend(format!("x-{number}: y\r\n").into_bytes()));
    let said = raw(&agent, &many).await;
    assert!(said.starts_with("HTTP/1.1 431 "), "{said}");
}

#[tokio::test]
async fn a_second_batch_beside_the_first_is_told_to_come_later() {
    let msp = Msp::new().await;
    let mut agent = msp.agent().await;
    agent.see_some(1);
    let links = agent.links.clone();
    // The server asks for the body when the request has its turn.
    let mut slow = agent.connect().await.unwrap();
    let asks = "content-length: 1000\r\nexpect: 100-continue";
    slow.write_all(&head("/agent/v1/observations", asks)).await.unwrap();
    let mut said = [0; 25];
    slow.read_exact(&mut said).await.unwrap();
    assert_eq!(&said, b"HTTP/1.1 100 Continue\r\n\r\n");
    let refused = agent.send_links(&links).await;
    assert_eq!((refused.status, refused.problem().code), (429, ProblemCode::Busy));
    assert!(refused.retry_after.unwrap().parse::<u32>().unwrap() > 0);
    drop(slow);
    // And it has its turn again once the first is gone.
    while agent.send_links(&links).await.status == 429 {
        tokio::task::yield_now().await;
    }
    assert_eq!(msp.entries().len(), 1);
}

#[tokio::test]
async fn who_does_not_finish_is_let_go() {
    let msp = Msp::new().await;
    let stranger = Agent::new(&msp);
    // Headers that never end, from somebody without a certificate, and a handshake that never begins.
    let mut slow = stranger.connect().await.unwrap();
    slow.write_all(b"GET /agent/v1/ca HTTP/1.1\r\nhost:").await.unwrap();
    let mut silent = tokio::net::TcpStream::connect(msp.server.agents).await.unwrap();
    let started = std::time::Instant::now();
    let (mut from_slow, mut from_silent) = (Vec::new(), Vec::new());
    let (_, _) = tokio::join!(slow.read_to_end(&mut from_slow), silent.read_to_end(&mut from_silent));
    assert!(started.elapsed() < Duration::from_secs(30), "it took {:?}", started.elapsed());
    assert!(from_silent.is_empty());
}

#[tokio::test]
async fn many_agents_at_once_lose_nothing() {
    let msp = Msp::new().await;
    let mut agents = Vec::new();
    for _ in 0..12 {
        agents.push(msp.agent().await);
    }
    let sending = agents.into_iter().map(|mut agent| {
        tokio::spawn(async move {
            for _ in 0..10 {
                agent.see_some(3);
                let links = agent.links[agent.links.len() - 3..].to_vec();
                agent.send_links(&links).await.json::<Accepted>();
            }
        })
    });
    for sent in sending.collect::<Vec<_>>() {
        sent.await.unwrap();
    }
    assert_eq!(msp.entries().len(), 360);
    let scope = enamel_store::Scope::practice(msp.practice);
    assert!(msp.store().heads(&scope, msp.practice).unwrap().iter().all(|head| head.agent_seq == 30));
}
