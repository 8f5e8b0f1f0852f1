//! Enrolment: one token, one computer, one key.
//!
//! The request is checked whole before the token is taken, so that a broken request costs no token. Token, agent and
//! certificate are one transaction. An answer that got lost costs nothing either: the same token with the same key gives the
//! same agent again. A token with another key does not.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use enamel_store::agents::{self, Agent};
use enamel_store::tokens::{self, Token};
use enamel_store::{Purpose, Scope, StoreError, WriteTx, policies, tree, trust};
use enamel_types::{AgentId, Minter, Policy, PracticeId, Timestamp};
use enamel_wire::message::{EnrolRequest, Enrolled, ProblemCode, SignedText};
use enamel_wire::token::EnrolmentToken;

use super::Refusal;
use super::body::small;
use super::protocol::Agents;
use crate::blocking;
use crate::pki::{Authority, Issued};

/// Longest text that a computer may give for people to read, characters.
const MAX_TEXT: usize = 200;

/// `POST /agent/v1/enrol`.
pub(crate) async fn answer(
    State(agents): State<Agents>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Enrolled>, Refusal> {
    let request: EnrolRequest = small(&headers, body).await?;
    // Strangers come here: a few at a time reach the disk, and the rest wait for their turn.
    let turn = agents.strangers.clone().acquire_owned().await;
    let enrolled = blocking(move || enrol(&agents, &request)).await;
    drop(turn);
    enrolled.map(Json)
}

fn enrol(agents: &Agents, request: &EnrolRequest) -> Result<Enrolled, Refusal> {
    let secret = secret_hash(&request.secret).ok_or_else(bad_token)?;
    let now = agents.parts.world.now();
    let mut fill = agents.parts.world.fill;
    let new = AgentId::from_uuid(Minter::new(&mut fill).uuid(now));
    // Made before the token is taken: what is wrong with the request is found here.
    let issued = certify(&agents.parts.authority, request, new, agents)?;
    let key = issued.says.key;
    let enrolled = agents.parts.store.write(&Scope::System(Purpose::WhoCalls), |tx| {
        if let Some(known) = agents::by_key(tx, &key.0)? {
            return Ok(Err(known));
        }
        let token = tokens::take(tx, &secret, new, now)?;
        agents::add(tx, &agent_of(request, &issued, &token, now))?;
        letter(tx, token.practice).map(Ok)
    });
    match enrolled {
        Ok(Ok(letter)) => {
            tracing::info!(agent = %new, practice = %letter.practice, "an agent was enrolled");
            Ok(letter.to(new, issued.pem, now))
        }
        Ok(Err(known)) => again(agents, request, &secret, &known, now),
        Err(StoreError::NotFound(_)) => Err(bad_token()),
        Err(error) => Err(error.into()),
    }
}

/// A key that is enrolled already: its answer got lost, or somebody enrols a computer a second time.
fn again(
    agents: &Agents,
    request: &EnrolRequest,
    secret: &[u8; 32],
    known: &Agent,
    now: Timestamp,
) -> Result<Enrolled, Refusal> {
    let issued = certify(&agents.parts.authority, request, known.id, agents)?;
    let letter = agents.parts.store.write(&Scope::System(Purpose::WhoCalls), |tx| {
        let its_own = tokens::get(tx, secret)?.agent == Some(known.id);
        if !its_own && tokens::take(tx, secret, known.id, now)?.practice != known.practice {
            return Err(StoreError::NotFound("enrolment token"));
        }
        agents::renew(tx, known.id, &issued.says.serial, issued.says.not_after)?;
        letter(tx, known.practice)
    });
    match letter {
        Ok(letter) => Ok(letter.to(known.id, issued.pem, now)),
        Err(StoreError::NotFound(_)) => Err(bad_token()),
        Err(error) => Err(error.into()),
    }
}

fn certify(
    authority: &Authority,
    request: &EnrolRequest,
    agent: AgentId,
    agents: &Agents,
) -> Result<Issued, Refusal> {
    let issued = authority.certify(&request.csr, agent, &agents.parts.world);
    issued.map_err(|error| Refusal::malformed(error.to_string()))
}

/// What a new agent is told.
struct Letter {
    practice: PracticeId,
    practice_name: String,
    trust_root: Option<SignedText>,
    policy: Policy,
}

fn letter(tx: &mut WriteTx<'_>, practice: PracticeId) -> Result<Letter, StoreError> {
    let latest = trust::latest_version(tx)?;
    let root = trust::after(tx, latest.saturating_sub(1))?.pop();
    Ok(Letter {
        practice,
        practice_name: tree::practice(tx, practice)?.name,
        trust_root: root.and_then(|root| crate::mailbox::signed_text(&root.signed)),
        policy: policies::get(tx, practice)?,
    })
}

impl Letter {
    fn to(self, agent: AgentId, certificate: String, server_time: Timestamp) -> Enrolled {
        Enrolled {
            practice: self.practice,
            practice_name: self.practice_name,
            agent,
            certificate,
            trust_root: self.trust_root,
            policy: self.policy,
            server_time,
        }
    }
}

fn agent_of(request: &EnrolRequest, issued: &Issued, token: &Token, now: Timestamp) -> Agent {
    Agent {
        id: issued.says.agent,
        practice: token.practice,
        device: request.device,
        site: token.site,
        name: shown(&request.name),
        os: shown(&request.os),
        version: shown(&request.version),
        key_hash: issued.says.key.0,
        serial: issued.says.serial.clone(),
        certificate_end: issued.says.not_after,
        enrolled_at: now,
        revoked_at: None,
        cloned_at: None,
        seen_at: None,
        health: None,
    }
}

/// A text that people will read: bounded, on one line.
fn shown(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(MAX_TEXT).collect()
}

fn secret_hash(text: &str) -> Option<[u8; 32]> {
    let secret = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
    Some(EnrolmentToken { ca: [0; 32], secret }.secret_hash())
}

fn bad_token() -> Refusal {
    Refusal::new(
        ProblemCode::Token,
        "this token is unknown, was used, or ran out; make a new one in the console",
    )
}
