//! Who gets in, with what, and for how long.

use enamel_server::pki::Authority;
use enamel_store::agents;
use enamel_wire::message::{Enrolled, Mail, ProblemCode, RenewRequest, Renewed};
use jiff::SignedDuration;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::world::{Agent, Msp, fill, msp_scope};

const DAY: SignedDuration = SignedDuration::from_hours(24);

#[tokio::test]
async fn a_computer_comes_in_with_a_token_and_is_known_by_its_key() {
    let msp = Msp::new().await;
    let mut agent = Agent::new(&msp);
    // It asks who the server is before it knows, and its token tells it whether to believe the answer.
    let ca = agent.send("GET", "/agent/v1/ca", Vec::new()).await.unwrap();
    let ca = CertificateDer::from_pem_slice(&ca.body).unwrap();
    let token = msp.token(msp.practice);
    assert!(token.names(&ca));

    let enrolled: Enrolled = agent.enrol(&token).await.json();
    assert_eq!(enrolled.practice, msp.practice);
    assert_eq!(enrolled.practice_name, "Maple Street Dental");
    assert!(enrolled.trust_root.is_none());

    let mail: Mail = agent.poll(0).await.json();
    assert!(mail.commands.is_empty() && mail.policy.is_none());
    assert_eq!(mail.acked_through, 0);
    let kept = msp.store().read(&msp_scope(), |tx| agents::get(tx, enrolled.agent)).unwrap();
    assert_eq!((kept.practice, kept.device, kept.name.as_str()), (msp.practice, agent.device, "front-desk"));
}

#[tokio::test]
async fn a_token_is_taken_once_and_a_lost_answer_costs_nothing() {
    let msp = Msp::new().await;
    let token = msp.token(msp.practice);
    let mut first = Agent::new(&msp);
    let enrolled: Enrolled = first.enrol(&token).await.json();

    let thief = Agent::new(&msp).enrol(&token).await;
    assert_eq!(thief.problem().code, ProblemCode::Token);
    assert_eq!(thief.status, 403);

    first.certificate = None;
    let again: Enrolled = first.enrol(&token).await.json();
    assert_eq!(again.agent, enrolled.agent, "the same key with the same token is the same agent");
    first.poll(0).await.json::<Mail>();

    // The same key with somebody else's token: not taken, and the token is still good.
    let other = msp.add_practice("Elm Dental");
    let elsewhere = msp.token(other);
    first.certificate = None;
    assert_eq!(first.enrol(&elsewhere).await.problem().code, ProblemCode::Token);
    let mut second = Agent::new(&msp);
    assert_eq!(second.enrol(&elsewhere).await.json::<Enrolled>().practice, other);
}

#[tokio::test]
async fn a_token_that_ran_out_or_was_never_made_opens_nothing() {
    let msp = Msp::new().await;
    let token = msp.token(msp.practice);
    msp.clock.advance(SignedDuration::from_hours(25));
    assert_eq!(Agent::new(&msp).enrol(&token).await.problem().code, ProblemCode::Token);
    let mut made_up = token;
    fill(&mut made_up.secret);
    assert_eq!(Agent::new(&msp).enrol(&made_up).await.problem().code, ProblemCode::Token);
}

#[tokio::test]
async fn a_broken_request_costs_no_token() {
    let msp = Msp::new().await;
    let token = msp.token(msp.practice);
    let mut agent = Agent::new(&msp);
    let good = agent.key;
    agent.key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    assert_eq!(agent.enrol(&token).await.problem().code, ProblemCode::Malformed);
    agent.key = good;
    agent.enrol(&token).await.json::<Enrolled>();
}

#[tokio::test]
async fn neither_side_talks_to_another_authority() {
    let msp = Msp::new().await;
    let world = enamel_server::World { clock: msp.clock.clone(), fill };
    let (other, _) = Authority::make(&world).unwrap();

    let mut agent = msp.agent().await;
    let good = agent.certificate.clone();
    agent.certificate = Some(other.certify(&agent.csr(), agent.id(), &world).unwrap().pem);
    // In TLS 1.3 the client learns of it when it reads.
    assert!(agent.send("GET", "/agent/v1/ca", Vec::new()).await.is_err());

    agent.certificate = good;
    agent.trust(other.certificate().clone());
    assert!(agent.connect().await.is_err(), "an agent takes a stranger for its server");
}

#[tokio::test]
async fn a_certificate_renews_itself_even_when_it_ran_out() {
    let msp = Msp::new().await;
    let mut agent = msp.agent().await;
    msp.clock.advance(DAY * 60);
    let request = RenewRequest { csr: agent.csr() };
    let renewed: Renewed = agent.post("/agent/v1/renew", &request).await.json();
    agent.certificate = Some(renewed.certificate);

    // The laptop that lay in a drawer for a year. The connection that is still open is no way around the end either.
    msp.clock.advance(DAY * 91);
    assert_eq!(agent.poll(0).await.problem().code, ProblemCode::Expired);
    let mut fresh = agent.clone_disk();
    assert_eq!(fresh.poll(0).await.problem().code, ProblemCode::Expired);
    msp.clock.advance(DAY * 363);
    let mut fresh = agent.clone_disk();
    let renewed: Renewed = fresh.post("/agent/v1/renew", &request).await.json();
    fresh.certificate = Some(renewed.certificate);
    let mut fresh = fresh.clone_disk();
    fresh.poll(0).await.json::<Mail>();

    // Later than that nobody comes back.
    msp.clock.advance(DAY * 500);
    let mut lost = fresh.clone_disk();
    assert!(lost.send("POST", "/agent/v1/renew", serde_json::to_vec(&request).unwrap()).await.is_err());
}

#[tokio::test]
async fn renewal_is_for_the_same_key_only() {
    let msp = Msp::new().await;
    let mut agent = msp.agent().await;
    let other = Agent::new(&msp);
    let answer = agent.post("/agent/v1/renew", &RenewRequest { csr: other.csr() }).await;
    assert_eq!(answer.problem().code, ProblemCode::Malformed);
}

#[tokio::test]
async fn who_is_shut_out_stays_out() {
    let msp = Msp::new().await;
    let mut agent = msp.agent().await;
    agent.poll(0).await.json::<Mail>();
    let now = enamel_types::Clock::now(&*msp.clock);
    let id = agent.id();
    msp.store().write(&msp_scope(), |tx| agents::revoke(tx, id, now)).unwrap();
    msp.server.parts.roster.forget(id);

    assert_eq!(agent.poll(0).await.problem().code, ProblemCode::Revoked);
    let renew = agent.post("/agent/v1/renew", &RenewRequest { csr: agent.csr() }).await;
    assert_eq!(renew.problem().code, ProblemCode::Revoked);
    agent.see_some(1);
    let links = agent.links.clone();
    assert_eq!(agent.send_links(&links).await.problem().code, ProblemCode::Revoked);
    // A new token does not bring the old key back.
    agent.certificate = None;
    let token = msp.token(msp.practice);
    assert_eq!(agent.enrol(&token).await.problem().code, ProblemCode::Token);
    assert!(msp.entries().is_empty());
}

#[tokio::test]
async fn a_server_without_memory_of_it_still_notices_within_half_a_minute() {
    let msp = Msp::new().await;
    let mut agent = msp.agent().await;
    agent.poll(0).await.json::<Mail>();
    let now = enamel_types::Clock::now(&*msp.clock);
    let id = agent.id();
    // As another server on the same database would.
    msp.store().write(&msp_scope(), |tx| agents::revoke(tx, id, now)).unwrap();
    msp.clock.advance(SignedDuration::from_secs(31));
    assert_eq!(agent.poll(0).await.problem().code, ProblemCode::Revoked);
}

#[tokio::test]
async fn without_a_certificate_there_is_only_enrolment() {
    let msp = Msp::new().await;
    let mut stranger = Agent::new(&msp);
    for path in ["/agent/v1/renew", "/agent/v1/observations", "/agent/v1/mail"] {
        let answer = stranger.send("POST", path, b"{}".to_vec()).await.unwrap();
        assert_eq!(answer.problem().code, ProblemCode::Malformed, "{path}");
    }
    assert_eq!(stranger.send("GET", "/metrics", Vec::new()).await.unwrap().status, 404);
    assert_eq!(stranger.send("GET", "/agent/v2/mail", Vec::new()).await.unwrap().status, 404);
}

#[tokio::test]
async fn the_authority_is_the_same_after_a_restart() {
    let msp = Msp::new().await;
    let mut agent = msp.agent().await;
    agent.poll(0).await.json::<Mail>();
    let Msp { server, clock, folder, .. } = msp;
    server.stop().await;
    let server = crate::world::start(&folder, &clock).await;
    agent.call(server.agents);
    agent.poll(0).await.json::<Mail>();
}
