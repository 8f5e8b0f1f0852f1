//! One practice's evidence: findings in full, observations by id or hash, controls and figures, exports; and the acceptance of a risk,
//! which is itself an observation, in a chain of the console's own.

use std::fmt::Display;

use axum::extract::State;
use axum::http::{StatusCode, header};
use enamel_assess::Gathered;
use enamel_ledger::{Entry, EntryHash, FindingRecord, Link, PracticeView};
use enamel_report::LedgerFacts;
use enamel_store::index::{self, EvidenceAge, Figures};
use enamel_store::{Kept, Scope, Store, StoreError, tree};
use enamel_types::control::ControlState;
use enamel_types::{
    AgentId, Body, ControlId, FindingId, Observation, ObservationId, PracticeId, Right, RiskAcceptance,
    Sensor, Timestamp,
};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Api;
use super::extract::{Json, Listed, Paging, Path, Query, sentence};
use super::problem::{Problem, ProblemCode};
use crate::access::Caller;
use crate::audit::Deed;

/// Longest acceptance of a risk: it is looked at again every year.
const LONGEST_ACCEPTANCE: SignedDuration = SignedDuration::from_hours(24 * 366);

/// How often a new link is tried where another request was faster.
const TRIES: usize = 5;

/// Most days of a trend.
const MAX_DAYS: u32 = 366;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(read_finding))
        .routes(routes!(accept_finding))
        .routes(routes!(list_observations))
        .routes(routes!(read_observation))
        .routes(routes!(list_controls))
        .routes(routes!(read_figures))
        .routes(routes!(read_trend))
        .routes(routes!(export_ocsf))
        .routes(routes!(export_oscal))
}

/// A finding in full.
#[derive(Debug, Serialize, ToSchema)]
struct FindingShown {
    /// As it was seen last, with its history: what is wrong, why it matters, what was seen, what to do.
    #[schema(value_type = Object)]
    record: FindingRecord,
    /// The acceptance in force, and the observation that records it.
    #[schema(value_type = Option<Object>)]
    accepted: Option<enamel_types::acceptance::AcceptanceRef>,
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

/// Where an observation is kept.
#[derive(Debug, Serialize, ToSchema)]
struct Recorded {
    /// Its id.
    #[schema(value_type = Uuid)]
    observation: ObservationId,
    /// Its hash in the chain.
    hash: String,
}

/// An observation and its place in the chain.
#[derive(Debug, Serialize, ToSchema)]
struct EntryShown {
    /// Position among the practice's entries.
    seq: u64,
    /// Position in its agent's chain.
    agent_seq: u64,
    /// When the server got it.
    #[schema(value_type = String, format = DateTime)]
    received_at: Timestamp,
    /// The hash of the agent's entry before.
    prev: String,
    /// This entry's.
    hash: String,
    /// What was seen.
    #[schema(value_type = Object)]
    observation: Observation,
}

impl From<Entry> for EntryShown {
    fn from(entry: Entry) -> Self {
        Self {
            seq: entry.seq,
            agent_seq: entry.agent_seq,
            received_at: entry.received_at,
            prev: entry.prev.to_string(),
            hash: entry.hash.to_string(),
            observation: entry.observation,
        }
    }
}

/// Where a control stands, and how old that is.
#[derive(Debug, Serialize, ToSchema)]
struct ControlShown {
    /// The paragraph: `164.312(a)(2)(iv)`.
    #[schema(value_type = String)]
    control: ControlId,
    /// `met`, `partly`, `not_met` or `unknown`.
    #[schema(value_type = String)]
    state: ControlState,
    /// When the oldest evidence that it rests on was taken.
    #[schema(value_type = Option<String>, format = DateTime)]
    observed_at: Option<Timestamp>,
    /// When the first of it runs out.
    #[schema(value_type = Option<String>, format = DateTime)]
    valid_until: Option<Timestamp>,
}

impl From<EvidenceAge> for ControlShown {
    fn from(age: EvidenceAge) -> Self {
        let EvidenceAge { control, state, observed_at, valid_until } = age;
        Self { control, state, observed_at, valid_until }
    }
}

/// A practice's figures.
#[derive(Debug, Serialize, ToSchema)]
struct FiguresShown {
    /// The last entry of the evidence that they rest on.
    through_seq: u64,
    /// When they were computed.
    #[schema(value_type = String, format = DateTime)]
    computed_at: Timestamp,
    /// Loss, findings, controls, people.
    #[schema(value_type = Object)]
    figures: Figures,
}

/// A day's figures.
#[derive(Debug, Serialize, ToSchema)]
struct DayShown {
    /// The day.
    day: String,
    /// Loss, findings, controls, people.
    #[schema(value_type = Object)]
    figures: Figures,
}

impl From<(String, Figures)> for DayShown {
    fn from((day, figures): (String, Figures)) -> Self {
        Self { day, figures }
    }
}

/// How far back.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Days {
    /// How many days, 1 to 366; 90 if not given.
    #[param(minimum = 1, maximum = 366)]
    days: Option<u32>,
}

/// A finding in full
#[utoipa::path(get, path = "/practices/{practice}/findings/{finding}", tag = "evidence",
    params(("practice" = Uuid, Path, description = "The practice"), ("finding" = String, Path, description = "The finding")),
    extensions(("x-right" = json!("read_evidence"))),
    responses((status = 200, body = FindingShown), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn read_finding(
    State(api): State<Api>,
    caller: Caller,
    Path((practice, finding)): Path<(PracticeId, FindingId)>,
) -> Result<axum::Json<FindingShown>, Problem> {
    let deed = Deed::new("finding.read").at(practice).to("finding", finding);
    let (evidence, now) = (api.inner.evidence.clone(), api.world().now());
    let shown = api
        .read_evidence(&caller, Right::ReadEvidence, deed, move |_, scope, _| {
            let (view, _) = evidence.reconciler.view(scope, practice)?;
            let record = view.findings().get(&finding).cloned().ok_or_else(Problem::not_found)?;
            Ok(FindingShown { record, accepted: view.accepted(finding, now).cloned() })
        })
        .await?;
    Ok(axum::Json(shown))
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
    let acceptance = RiskAcceptance { finding, reason, compensating, person, expires_at: given.until };
    let (evidence, id) = (api.inner.evidence.clone(), ObservationId::from_uuid(api.access().new_uuid()));
    let deed = Deed::new("finding.accept").at(practice).to("finding", finding);
    let deed = deed.with("until", given.until.to_string());
    let hash = api
        .read_evidence(&caller, Right::Accept, deed, move |store, scope, _| {
            let (view, _) = evidence.reconciler.view(scope, practice)?;
            let record = view.findings().get(&finding).filter(|record| record.is_open());
            let device = record.ok_or_else(Problem::not_found)?.finding.device;
            let observation = Observation {
                id,
                practice,
                device,
                agent: console_agent(practice),
                observed_at: now,
                valid_until: given.until.max(now),
                sensor: Sensor { name: "accept".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
                scope: format!("acceptance:{finding}"),
                gaps: Vec::new(),
                body: Body::RiskAcceptance(acceptance),
            };
            append(store, scope, &observation, now)
        })
        .await?;
    api.inner.evidence.news.send_modify(|news| {
        news.insert(practice);
    });
    Ok((StatusCode::CREATED, axum::Json(Recorded { observation: id, hash: hash.to_string() })))
}

/// Under which the console's own statements about a practice are chained: one chain for each practice, whichever server writes.
fn console_agent(practice: PracticeId) -> AgentId {
    let hash = blake3::Hasher::new_derive_key("enamel 2026-11 the console's own chain")
        .update(practice.as_bytes())
        .finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.as_bytes()[..16]);
    AgentId::from_uuid(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

/// Appends a statement to the console's own chain.
fn append(
    store: &Store,
    scope: &Scope,
    observation: &Observation,
    now: Timestamp,
) -> Result<EntryHash, Problem> {
    let body = serde_json::to_vec(observation).map_err(|error| Problem::internal(&error))?;
    let (practice, agent) = (observation.practice, observation.agent);
    for _ in 0..TRIES {
        let head = store.head(scope, practice, agent)?.map(|head| (head.agent_seq, head.hash));
        let link = Link::after(head, observation, body.clone());
        let hash = link.hash;
        let kept = store.append(scope, practice, now, &[link])?;
        if let Some(Kept::New { .. } | Kept::Present { .. }) = kept.first() {
            return Ok(hash);
        }
        // Another request was faster: its link is the head now.
    }
    Err(Problem::new(
        ProblemCode::Unavailable,
        "many statements about this practice are made at once; try again",
    ))
}

/// A practice's observations, in the order in which they were received
#[utoipa::path(get, path = "/practices/{practice}/observations", tag = "evidence",
    params(("practice" = Uuid, Path, description = "The practice"), Paging),
    extensions(("x-right" = json!("read_evidence"))),
    responses((status = 200, body = Listed<EntryShown>), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn list_observations(
    State(api): State<Api>,
    caller: Caller,
    Path(practice): Path<PracticeId>,
    Query(paging): Query<Paging>,
) -> Result<axum::Json<Listed<EntryShown>>, Problem> {
    let (after, limit) = (paging.after::<u64>()?.unwrap_or(0), paging.limit()?);
    let deed = Deed::new("observations.read").at(practice);
    let page = api
        .read_evidence(&caller, Right::ReadEvidence, deed, move |store, scope, _| {
            let found = store.entries(scope, practice, after.saturating_add(1), limit)?;
            let last = store.last_seq(scope, practice)?;
            let next = found.through_seq.filter(|through| *through < last);
            Ok(enamel_store::Page { items: found.entries, next })
        })
        .await?;
    Listed::of(page).map(axum::Json)
}

/// One observation, by its id or by its hash
#[utoipa::path(get, path = "/practices/{practice}/observations/{observation}", tag = "evidence",
    params(("practice" = Uuid, Path, description = "The practice"), ("observation" = String, Path, description = "Its id, or its hash: 64 hexadecimal digits")),
    extensions(("x-right" = json!("read_evidence"))),
    responses((status = 200, body = EntryShown), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn read_observation(
    State(api): State<Api>,
    caller: Caller,
    Path((practice, which)): Path<(PracticeId, String)>,
) -> Result<axum::Json<EntryShown>, Problem> {
    // What is neither is not written down: it is not known what it is.
    let (id, hash) = (which.parse::<ObservationId>().ok(), which.parse::<EntryHash>().ok());
    let named: &dyn Display = match (&id, &hash) {
        (Some(id), _) => id,
        (None, Some(hash)) => hash,
        (None, None) => return Err(Problem::not_found()),
    };
    let deed = Deed::new("observation.read").at(practice).to("observation", named);
    let entry = api
        .read_evidence(&caller, Right::ReadEvidence, deed, move |store, scope, _| {
            Ok(match (id, hash) {
                (Some(id), _) => store.entry(scope, practice, id)?,
                (None, Some(hash)) => store.entry_by_hash(scope, practice, hash)?,
                (None, None) => return Err(Problem::not_found()),
            })
        })
        .await?;
    Ok(axum::Json(entry.into()))
}

/// Where a practice's controls stand
#[utoipa::path(get, path = "/practices/{practice}/controls", tag = "evidence",
    params(("practice" = Uuid, Path, description = "The practice")),
    extensions(("x-right" = json!("read_reports"))),
    responses((status = 200, body = Listed<ControlShown>), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn list_controls(
    State(api): State<Api>,
    caller: Caller,
    Path(practice): Path<PracticeId>,
) -> Result<axum::Json<Listed<ControlShown>>, Problem> {
    let ages = api
        .read_evidence(
            &caller,
            Right::ReadReports,
            Deed::new("controls.read").at(practice),
            move |store, scope, _| {
                Ok(store.read(scope, |tx| {
                    tree::practice(tx, practice)?;
                    index::evidence_ages(tx, practice)
                })?)
            },
        )
        .await?;
    Ok(axum::Json(Listed::whole(ages)))
}

/// A practice's figures of risk
#[utoipa::path(get, path = "/practices/{practice}/risk", tag = "evidence",
    params(("practice" = Uuid, Path, description = "The practice")),
    extensions(("x-right" = json!("read_reports"))),
    responses((status = 200, body = FiguresShown), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn read_figures(
    State(api): State<Api>,
    caller: Caller,
    Path(practice): Path<PracticeId>,
) -> Result<axum::Json<FiguresShown>, Problem> {
    let standing = api
        .read_evidence(
            &caller,
            Right::ReadReports,
            Deed::new("risk.read").at(practice),
            move |store, scope, _| {
                // A practice of which nothing was computed yet has no figures: they are not zero.
                store.read(scope, |tx| index::practice(tx, practice))?.ok_or_else(Problem::not_found)
            },
        )
        .await?;
    let index::PracticeStanding { through_seq, computed_at, figures, .. } = standing;
    Ok(axum::Json(FiguresShown { through_seq, computed_at, figures }))
}

/// A practice's figures of risk by day, oldest first
#[utoipa::path(get, path = "/practices/{practice}/risk/trend", tag = "evidence",
    params(("practice" = Uuid, Path, description = "The practice"), Days),
    extensions(("x-right" = json!("read_reports"))),
    responses((status = 200, body = Listed<DayShown>), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn read_trend(
    State(api): State<Api>,
    caller: Caller,
    Path(practice): Path<PracticeId>,
    Query(days): Query<Days>,
) -> Result<axum::Json<Listed<DayShown>>, Problem> {
    let days = days.days.unwrap_or(90);
    if !(1..=MAX_DAYS).contains(&days) {
        return Err(Problem::malformed("`days` is 1 to 366"));
    }
    let trend = api
        .read_evidence(
            &caller,
            Right::ReadReports,
            Deed::new("risk.read").at(practice),
            move |store, scope, _| {
                Ok(store.read(scope, |tx| {
                    tree::practice(tx, practice)?;
                    index::days(tx, practice, days)
                })?)
            },
        )
        .await?;
    Ok(axum::Json(Listed::whole(trend)))
}

type File = ([(header::HeaderName, String); 2], Vec<u8>);

fn file(content_type: &str, name: &str, bytes: Vec<u8>) -> File {
    let kept = format!("attachment; filename=\"{name}\"");
    ([(header::CONTENT_TYPE, content_type.to_owned()), (header::CONTENT_DISPOSITION, kept)], bytes)
}

/// Findings as OCSF events, one a line
#[utoipa::path(get, path = "/practices/{practice}/export/ocsf", tag = "evidence",
    params(("practice" = Uuid, Path, description = "The practice")),
    extensions(("x-right" = json!("read_reports"))),
    responses((status = 200, body = String, content_type = "application/x-ndjson"), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn export_ocsf(
    State(api): State<Api>,
    caller: Caller,
    Path(practice): Path<PracticeId>,
) -> Result<File, Problem> {
    let (evidence, now) = (api.inner.evidence.clone(), api.world().now());
    let lines = api
        .read_evidence(
            &caller,
            Right::ReadReports,
            Deed::new("export.ocsf").at(practice),
            move |store, scope, _| {
                let (view, profile) = evidence.reconciler.view(scope, practice)?;
                let gathered = gathered(store, scope, &view, now)?;
                let assessor = enamel_assess::Assessor { content: &evidence.content, profile: &profile };
                Ok(gathered.findings_json(assessor, &view, now))
            },
        )
        .await?;
    Ok(file("application/x-ndjson", "findings.json", lines))
}

/// Controls and evidence as OSCAL assessment results
#[utoipa::path(get, path = "/practices/{practice}/export/oscal", tag = "evidence",
    params(("practice" = Uuid, Path, description = "The practice")),
    extensions(("x-right" = json!("read_reports"))),
    responses((status = 200, body = Object, content_type = "application/json"), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn export_oscal(
    State(api): State<Api>,
    caller: Caller,
    Path(practice): Path<PracticeId>,
) -> Result<File, Problem> {
    let (evidence, now) = (api.inner.evidence.clone(), api.world().now());
    let text = api
        .read_evidence(
            &caller,
            Right::ReadReports,
            Deed::new("export.oscal").at(practice),
            move |store, scope, _| {
                let (view, profile) = evidence.reconciler.view(scope, practice)?;
                let gathered = gathered(store, scope, &view, now)?;
                let root = store.root_through(scope, practice, view.through_seq())?;
                let ledger = LedgerFacts {
                    entries: view.through_seq(),
                    through_seq: view.through_seq(),
                    root: root.root.to_string(),
                    lost: 0,
                    lost_seqs: Vec::new(),
                };
                let assessor = enamel_assess::Assessor { content: &evidence.content, profile: &profile };
                let model = enamel_assess::model::without_figures(assessor, &view, gathered, ledger, now);
                enamel_report::oscal::assessment_results(&model).map_err(|error| Problem::internal(&error))
            },
        )
        .await?;
    Ok(file("application/json", "assessment-results.json", text.into_bytes()))
}

fn gathered(
    store: &Store,
    scope: &Scope,
    view: &PracticeView,
    now: Timestamp,
) -> Result<Gathered, StoreError> {
    Gathered::from(view, now, |id| match store.entry(scope, view.practice(), id) {
        Err(StoreError::NotFound(_)) => Ok(None),
        entry => entry.map(Some),
    })
}
