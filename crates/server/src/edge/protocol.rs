//! Protocol version 1, request by request, as `enamel_wire::message` has it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use enamel_store::{Purpose, Scope, StoreError, agents};
use enamel_wire::Speaker;
use enamel_wire::message::{Accepted, Batch, Mail, Poll, ProblemCode, RenewRequest, Renewed};
use tokio::sync::Semaphore;

use super::body::{Room, parse, small};
use super::roster::Caller;
use super::{Peer, Refusal, enrol};
use crate::blocking;
use crate::ingest::Ingest;
use crate::start::Parts;

/// What answering agents takes.
#[derive(Clone)]
pub(crate) struct Agents {
    pub(crate) parts: Parts,
    pub(crate) ingest: Arc<Ingest>,
    /// Enrolments at once.
    pub(crate) strangers: Arc<Semaphore>,
}

/// Enrolments at once.
const ENROLMENTS: usize = 8;

impl Agents {
    /// Puts the parts together.
    pub(crate) fn new(parts: &Parts, ingest: Arc<Ingest>) -> Self {
        let strangers = Arc::new(Semaphore::new(ENROLMENTS));
        Self { parts: parts.clone(), ingest, strangers }
    }
}

/// All requests that agents make.
pub(crate) fn router(agents: Agents) -> Router {
    Router::new()
        .route("/agent/v1/ca", get(ca))
        .route("/agent/v1/enrol", post(enrol::answer))
        .route("/agent/v1/renew", post(renew))
        .route("/agent/v1/observations", post(observations))
        .route("/agent/v1/mail", post(mail))
        .fallback(|| async { Refusal::no_such_request() })
        .layer(Extension(Room::new()))
        .with_state(agents)
}

/// The authority's certificate. Whoever asks checks it against the fingerprint in its token.
async fn ca(State(agents): State<Agents>) -> Response {
    let pem = [(header::CONTENT_TYPE, "application/x-pem-file")];
    (pem, agents.parts.authority.pem().to_owned()).into_response()
}

/// A new certificate for the key that the agent has; also for one whose certificate ran out within a year.
async fn renew(
    State(agents): State<Agents>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Renewed>, Refusal> {
    let caller = agents.parts.roster.admit_to_renew(&peer).await?;
    let request: RenewRequest = small(&headers, body).await?;
    let issued = agents
        .parts
        .authority
        .certify(&request.csr, caller.agent, &agents.parts.world)
        .map_err(|error| Refusal::malformed(error.to_string()))?;
    if issued.says.key != caller.key {
        return Err(Refusal::malformed("this is a request for another key than the one that was enrolled"));
    }
    let store = agents.parts.store.clone();
    let says = issued.says;
    let kept = blocking(move || {
        store.write(&Scope::System(Purpose::Ingest), |tx| {
            agents::renew(tx, caller.agent, &says.serial, says.not_after)
        })
    });
    match kept.await {
        Ok(()) => Ok(Json(Renewed { certificate: issued.pem })),
        Err(StoreError::NotFound(_)) => {
            agents.parts.roster.forget(caller.agent);
            Err(Refusal::new(ProblemCode::Revoked, "this server has shut this agent out"))
        }
        Err(error) => Err(error.into()),
    }
}

/// Evidence. Answered after the commit.
async fn observations(
    State(agents): State<Agents>,
    Extension(peer): Extension<Peer>,
    Extension(room): Extension<Room>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Accepted>, Refusal> {
    let caller = agents.parts.roster.admit(&peer).await?;
    let turn = agents.ingest.turn(caller.agent)?;
    let held = room.read(&headers, body).await?;
    let started = std::time::Instant::now();
    let (links, held) = blocking(move || {
        let batch: Batch = parse(&held.bytes)?;
        let Caller { practice, agent, device, .. } = caller;
        let links = batch.check(&Speaker { practice, agent, device })?;
        Ok::<_, Refusal>((links, held))
    })
    .await?;
    agents.parts.sightings.heard(caller.agent);
    let accepted = agents.ingest.keep(caller, links).await;
    drop((turn, held));
    metrics::histogram!(crate::metrics::BATCH_SECONDS).record(started.elapsed());
    accepted.map(Json)
}

/// Mail, at once where there is some and after a while where there is none.
async fn mail(
    State(agents): State<Agents>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Mail>, Refusal> {
    let caller = agents.parts.roster.admit(&peer).await?;
    let poll: Poll = small(&headers, body).await?;
    agents.parts.sightings.said(caller.agent, &poll.health);
    if agents.parts.mailbox.was_set_back(caller.agent, &poll) {
        agents.ingest.flag(caller, poll.agent_seq.saturating_add(1)).await;
    }
    let mail = agents.parts.mailbox.wait(caller, &poll).await?;
    // It held its connection all the while, so it was there all the while. And who was shut out meanwhile gets nothing.
    agents.parts.roster.admit(&peer).await?;
    agents.parts.sightings.heard(caller.agent);
    Ok(Json(mail))
}
