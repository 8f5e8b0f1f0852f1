//! What people state about a practice: a risk accepted until a day, a control that no sensor can see. Each is itself an observation, in a
//! chain of the console's own.

use axum::extract::State;
use axum::http::StatusCode;
use enamel_ledger::Link;
use enamel_risk::Requirement;
use enamel_store::{Kept, Scope, Store, tree};
use enamel_types::control::Statement;
use enamel_types::{
    AgentId, Attestation, Body, ControlId, DeviceId, FindingId, Observation, ObservationId, PracticeId,
    Right, RiskAcceptance, Sensor, Timestamp,
};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Api;
use super::extract::{Json, Path, sentence};
use super::problem::{Problem, ProblemCode};
use crate::access::Caller;
use crate::audit::Deed;

/// Longest acceptance of a risk: it is looked at again every year.
const LONGEST_ACCEPTANCE: SignedDuration = SignedDuration::from_hours(24 * 366);

/// How often a new link is tried where another request was faster.
const TRIES: usize = 5;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(accept_finding)).routes(routes!(attest_control))
}

/// A risk that is taken with open eyes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Acceptance {
    /// What stands in the way of the fix.
    #[schema(min_length = 1, max_length = 300)]
    reason: String,
    /// What is done instead, if anything.
    #[serde(default)]
    #[schema(max_length = 300)]
    compensating: String,
    /// Who accepts it, name and role; whoever asks, where this is left out. Who asked stands in the audit trail in any case.
    #[serde(default)]
    #[schema(max_length = 300)]
    person: String,
    /// Until when, within a year. A moment that is past ends an acceptance.
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
}

/// What a person states about a control.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Stated {
    /// `implemented`, `equivalent_measure`, `not_reasonable` or `not_implemented`.
    #[schema(value_type = String)]
    statement: Statement,
    /// The document that proves it, the equivalent measure, the reasoning.
    #[schema(min_length = 1, max_length = 300)]
    reason: String,
    /// Until when; no later than the catalogue lets a statement on this control count.
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
}

/// Where a statement is kept.
#[derive(Debug, Serialize, ToSchema)]
struct Recorded {
    /// Its id.
    #[schema(value_type = Uuid)]
    observation: ObservationId,
    /// Its hash in the chain.
    hash: String,
}

/// Accepts a finding until a day; the finding stays in the figures of loss
#[utoipa::path(post, path = "/practices/{practice}/findings/{finding}/accept", tag = "evidence", request_body = Acceptance,
    params(("practice" = Uuid, Path, description = "The practice"), ("finding" = String, Path, description = "The finding")),
    extensions(("x-right" = json!("accept"))),
    responses((status = 201, body = Recorded), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn accept_finding(
    State(api): State<Api>,
    caller: Caller,
    Path((practice, finding)): Path<(PracticeId, FindingId)>,
    Json(given): Json<Acceptance>,
) -> Result<(StatusCode, axum::Json<Recorded>), Problem> {
    let now = api.world().now();
    if given.until > now + LONGEST_ACCEPTANCE {
        return Err(Problem::malformed("a risk is accepted for a year at most; then it is looked at again"));
    }
    let compensating =
        if given.compensating.trim().is_empty() { String::new() } else { sentence(&given.compensating)? };
    let reason = sentence(&given.reason)?;
    let person = if given.person.trim().is_empty() { caller.name.clone() } else { sentence(&given.person)? };
    let body = Body::RiskAcceptance(RiskAcceptance {
        finding,
        reason,
        compensating,
        person,
        expires_at: given.until,
    });
    let deed = Deed::new("finding.accept").at(practice).to("finding", finding);
    let deed = deed.with("until", given.until.to_string());
    let (made, evidence) = (api.statement(practice, "accept", given.until, body), api.inner.evidence.clone());
    let recorded = api
        .read_evidence(&caller, Right::Accept, deed, move |store, scope, _| {
            let (view, _) = evidence.reconciler.view(scope, practice)?;
            let record = view.findings().get(&finding).filter(|record| record.is_open());
            let device = record.ok_or_else(Problem::not_found)?.finding.device;
            append(store, scope, &Observation { device, scope: format!("acceptance:{finding}"), ..made }, now)
        })
        .await?;
    api.has_news_of(practice);
    Ok((StatusCode::CREATED, axum::Json(recorded)))
}

/// States that a control is met, or why it is not
#[utoipa::path(post, path = "/practices/{practice}/controls/{control}/attest", tag = "evidence", request_body = Stated,
    params(("practice" = Uuid, Path, description = "The practice"), ("control" = String, Path, description = "The control: `164.308(a)(2)`")),
    extensions(("x-right" = json!("attest"))),
    responses((status = 201, body = Recorded), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn attest_control(
    State(api): State<Api>,
    caller: Caller,
    Path((practice, control)): Path<(PracticeId, ControlId)>,
    Json(given): Json<Stated>,
) -> Result<(StatusCode, axum::Json<Recorded>), Problem> {
    let now = api.world().now();
    let (reason, person) = (sentence(&given.reason)?, caller.name.clone());
    let Stated { statement, until: expires_at, .. } = given;
    let body =
        Body::Attestation(Attestation { control: control.clone(), statement, reason, person, expires_at });
    let deed = Deed::new("control.attest").at(practice).to("control", &control);
    let (made, content) =
        (api.statement(practice, "attest", expires_at, body), api.inner.evidence.content.clone());
    let recorded = api
        .read_evidence(&caller, Right::Attest, deed, move |store, scope, _| {
            let profile = store.read(scope, |tx| tree::practice(tx, practice))?.profile.profile;
            let known = content.controls.get(&control).ok_or_else(Problem::not_found)?;
            let decides_otherwise = matches!(statement, Statement::EquivalentMeasure | Statement::NotReasonable);
            if decides_otherwise && known.requirement(profile) == Requirement::Required {
                let why = "this control is required; only an addressable one can be decided otherwise (45 CFR 164.306(d)(3))";
                return Err(Problem::malformed(why));
            }
            let latest = known.last_day_of_statement(now);
            let last_day = jiff::tz::TimeZone::UTC.to_datetime(expires_at).date();
            if expires_at <= now || last_day > latest {
                return Err(Problem::malformed(format!("`until` is between now and the end of {latest}")));
            }
            append(store, scope, &Observation { scope: format!("attest:{control}"), ..made }, now)
        })
        .await?;
    api.has_news_of(practice);
    Ok((StatusCode::CREATED, axum::Json(recorded)))
}

impl Api {
    /// A statement that is made now, in the console's own name.
    fn statement(&self, practice: PracticeId, sensor: &str, until: Timestamp, body: Body) -> Observation {
        let now = self.world().now();
        Observation {
            id: ObservationId::from_uuid(self.access().new_uuid()),
            practice,
            device: DeviceId::from_uuid(own_id("enamel 2026-11 the console as a device", practice)),
            agent: AgentId::from_uuid(own_id("enamel 2026-11 the console's own chain", practice)),
            observed_at: now,
            valid_until: until.max(now),
            sensor: Sensor { name: sensor.to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
            scope: String::new(),
            gaps: Vec::new(),
            body,
        }
    }

    /// Has the practice brought up to date now, not when somebody looks the next time.
    pub(super) fn has_news_of(&self, practice: PracticeId) {
        self.inner.evidence.news.send_modify(|news| {
            news.insert(practice);
        });
    }
}

/// What the console is called in a practice's evidence: one chain for each practice, whichever server writes.
fn own_id(context: &str, practice: PracticeId) -> uuid::Uuid {
    let hash = blake3::Hasher::new_derive_key(context).update(practice.as_bytes()).finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.as_bytes()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// Appends a statement to the console's own chain.
fn append(
    store: &Store,
    scope: &Scope,
    observation: &Observation,
    now: Timestamp,
) -> Result<Recorded, Problem> {
    let body = serde_json::to_vec(observation).map_err(|error| Problem::internal(&error))?;
    let (practice, agent) = (observation.practice, observation.agent);
    for _ in 0..TRIES {
        let head = store.head(scope, practice, agent)?.map(|head| (head.agent_seq, head.hash));
        let link = Link::after(head, observation, body.clone());
        let hash = link.hash.to_string();
        let kept = store.append(scope, practice, now, &[link])?;
        if let Some(Kept::New { .. } | Kept::Present { .. }) = kept.first() {
            return Ok(Recorded { observation: observation.id, hash });
        }
        // Another request was faster: its link is the head now.
    }
    Err(Problem::new(
        ProblemCode::Unavailable,
        "many statements about this practice are made at once; try again",
    ))
}
