//! The console's pages by their addresses. A page is read with one right, over the practices that the reader holds it for; what is not
//! in reach is not found. Forms are in `forms`.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use enamel_assess::Content;
use enamel_store::{Scope, StoreError};
use enamel_types::{FindingId, ObservationId, PracticeId, Right, Timestamp};
use serde::Deserialize;

use super::frame::{Choice, Place};
use super::load::{self, DeviceQuery, FindingQuery, From};
use super::screens::Screen;
use super::screens::findings::State as FindingState;
use super::screens::settings::Display;
use super::screens::trouble::{Trouble, TroubleKind};
use super::visit::{Taste, Visit};
use super::words::{Lang, Words};
use super::{assets, forms};
use crate::access::Access;
use crate::api::Evidence;
use crate::audit::Deed;
use crate::blocking;
use crate::reconcile::Reconciler;

/// Largest form, bytes.
const MAX_FORM: usize = 64 * 1024;

/// Time zones that are offered: those of the United States, and universal time.
const ZONES: [&str; 8] = [
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
    "UTC",
];

/// The console over a server's parts. Cheap to clone.
#[derive(Clone)]
pub struct Console {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) access: Access,
    pub(super) content: Arc<Content>,
    pub(super) reconciler: Arc<Reconciler>,
    /// The API, which carries out what forms ask for.
    pub(super) api: Router,
    /// Where agents come in: the port of the line that is pasted on a computer.
    pub(super) agents_port: u16,
}

impl FromRef<Console> for Access {
    fn from_ref(console: &Console) -> Self {
        console.inner.access.clone()
    }
}

impl Console {
    /// `api` is the API's router: forms are carried out by it, so that who may do what, and what is written down, is decided once.
    pub fn new(access: Access, evidence: &Evidence, api: Router, agents_port: u16) -> Self {
        let (content, reconciler) = (evidence.content.clone(), evidence.reconciler.clone());
        Self { inner: Arc::new(Inner { access, content, reconciler, api, agents_port }) }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.inner.access.world().now()
    }
}

/// The pages.
pub fn router(console: Console) -> Router {
    Router::new()
        .route("/", get(today))
        .route("/practices", get(practices))
        .route("/practices/{practice}", get(practice))
        .route("/practices/{practice}/findings/{finding}", get(finding))
        .route("/practices/{practice}/findings/{finding}/accept", post(forms::accept))
        .route("/practices/{practice}/evidence/{observation}", get(evidence))
        .route("/devices", get(devices))
        .route("/findings", get(findings))
        .route("/alerts", get(alerts))
        .route("/alerts/{alert}/take", post(forms::take))
        .route("/approvals", get(approvals))
        .route("/approvals/new", get(new_command).post(forms::prepare))
        .route("/approvals/send", post(forms::send))
        .route("/approvals/{command}/refuse", post(forms::refuse))
        .route("/audit", get(audit))
        .route("/reports", get(forms::reports).post(forms::make_report))
        .route("/reports/brand", post(forms::save_brand))
        .route("/tokens", get(tokens).post(forms::make_token))
        .route("/settings", get(|| async { axum::response::Redirect::to("/settings/practices") }))
        .route("/settings/keys/{key}/end", post(forms::end_key))
        .route("/settings/{part}", get(settings).post(forms::change_settings))
        .route("/search", get(search))
        .route("/display", get(display).post(forms::save_display))
        .route("/login", get(forms::login))
        .route("/login/code", post(forms::login_by_code))
        .route("/recover", get(forms::recover))
        .route("/join/{link}", get(forms::join))
        .route("/logout", post(forms::log_out))
        .route("/assets/{name}", get(asset))
        .fallback(nothing)
        .layer(DefaultBodyLimit::max(MAX_FORM))
        .with_state(console)
}

/// A page as it is sent. What it shows is its reader's alone, and is kept nowhere on the way.
pub(super) fn html(status: StatusCode, text: String) -> Response {
    let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, text).into_response()
}

/// A page for what went wrong.
pub(super) fn trouble(taste: &Taste, kind: TroubleKind) -> Response {
    let page = Trouble { kind, reference: String::new() }.render(&taste.words, &taste.bare());
    let status = StatusCode::from_u16(kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    // A page of plain words: if even that cannot be filled, the status says enough.
    html(status, page.unwrap_or_default())
}

/// What a failure of the store reads like.
pub(super) fn failed(taste: &Taste, error: &StoreError) -> Response {
    match error {
        StoreError::NotFound(_) | StoreError::OutOfScope => trouble(taste, TroubleKind::NotFound),
        error => {
            tracing::error!(error = error as &dyn std::error::Error, "a page could not be made");
            trouble(taste, TroubleKind::Fault)
        }
    }
}

/// Reads a screen with a right and sends it. `deed` is what the audit trail says of it, where it shows evidence.
pub(super) async fn show<S: Screen>(
    console: Console,
    visit: Visit,
    place: Place,
    right: Right,
    deed: Option<Deed>,
    status: StatusCode,
    load: impl FnOnce(&From<'_>, &Visit) -> Result<S, StoreError> + Send + 'static,
) -> Response {
    blocking(move || {
        let access = &console.inner.access;
        let (store, caller) = (access.store(), &visit.signed_in.caller);
        let made = caller.scope(store, right).and_then(|scope| {
            if scope == Scope::Nothing {
                return Err(StoreError::NotFound("page"));
            }
            let from = From {
                store,
                scope,
                content: &console.inner.content,
                reconciler: &console.inner.reconciler,
                words: &visit.taste.words,
            };
            let screen = load(&from, &visit)?;
            if let Some(deed) = deed {
                deed.noted(store, &caller.actor(), console.now())?;
            }
            Ok((screen, visit.frame(&console, place)?))
        });
        match made {
            Ok((screen, frame)) => match screen.render(&visit.taste.words, &frame) {
                Ok(page) => html(status, page),
                Err(error) => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "a template could not be filled"
                    );
                    trouble(&visit.taste, TroubleKind::Fault)
                }
            },
            Err(error) => failed(&visit.taste, &error),
        }
    })
    .await
}

/// Percent-encodes what may not stand in a query.
pub(super) fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}"); // a String takes everything
        }
    }
    out
}

/// What lists are asked with. Everything is text: a filter that is none narrows nothing.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    group: String,
    practice: String,
    device: String,
    rule: String,
    severity: String,
    state: String,
    age: String,
    contact: String,
    deed: String,
    who: String,
    q: String,
    after: String,
    before: String,
}

async fn today(State(console): State<Console>, visit: Visit, Query(asked): Query<Asked>) -> Response {
    let load = move |from: &From<'_>, _: &Visit| load::today(from, asked.group.parse().ok(), &asked.after);
    show(console, visit, Place::Today, Right::ReadCounts, None, StatusCode::OK, load).await
}

async fn practices(State(console): State<Console>, visit: Visit, Query(asked): Query<Asked>) -> Response {
    let load =
        move |from: &From<'_>, _: &Visit| load::practices(from, asked.group.parse().ok(), &asked.after);
    show(console, visit, Place::Practices, Right::ReadCounts, None, StatusCode::OK, load).await
}

async fn practice(State(console): State<Console>, visit: Visit, Path(id): Path<String>) -> Response {
    let Ok(id) = id.parse::<PracticeId>() else { return trouble(&visit.taste, TroubleKind::NotFound) };
    let deed = Deed::new("practice.read").at(id);
    let load = move |from: &From<'_>, visit: &Visit| {
        let refuses = visit.signed_in.caller.scope(from.store, Right::Veto)?.covers(id);
        load::practice(from, id, refuses)
    };
    show(console, visit, Place::Practices, Right::ReadEvidence, Some(deed), StatusCode::OK, load).await
}

async fn finding(
    State(console): State<Console>,
    visit: Visit,
    Path((id, finding)): Path<(String, String)>,
) -> Response {
    let (Ok(id), Ok(finding)) = (id.parse::<PracticeId>(), finding.parse::<FindingId>()) else {
        return trouble(&visit.taste, TroubleKind::NotFound);
    };
    let deed = Deed::new("finding.read").at(id).to("finding", finding);
    let load = move |from: &From<'_>, visit: &Visit| {
        let accepts = visit.signed_in.caller.scope(from.store, Right::Accept)?.covers(id);
        load::finding(from, id, finding, accepts, None)
    };
    show(console, visit, Place::Findings, Right::ReadEvidence, Some(deed), StatusCode::OK, load).await
}

async fn evidence(
    State(console): State<Console>,
    visit: Visit,
    Path((id, observation)): Path<(String, String)>,
) -> Response {
    let (Ok(id), Ok(observation)) = (id.parse::<PracticeId>(), observation.parse::<ObservationId>()) else {
        return trouble(&visit.taste, TroubleKind::NotFound);
    };
    let deed = Deed::new("observation.read").at(id).to("observation", observation);
    let load = move |from: &From<'_>, _: &Visit| load::evidence(from, id, observation);
    show(console, visit, Place::Practices, Right::ReadEvidence, Some(deed), StatusCode::OK, load).await
}

async fn devices(State(console): State<Console>, visit: Visit, Query(asked): Query<Asked>) -> Response {
    let query = DeviceQuery {
        practice: asked.practice.parse().ok(),
        silent: asked.contact == "silent",
        word: asked.q.chars().take(60).collect(),
        after: asked.after,
    };
    let load = move |from: &From<'_>, _: &Visit| load::devices(from, query);
    show(console, visit, Place::Devices, Right::ReadEvidence, None, StatusCode::OK, load).await
}

async fn findings(State(console): State<Console>, visit: Visit, Query(asked): Query<Asked>) -> Response {
    let query = FindingQuery {
        practice: asked.practice.parse().ok(),
        device: asked.device.parse().ok(),
        rule: asked.rule.parse().ok(),
        severity: asked.severity.parse().ok(),
        state: FindingState::ALL.into_iter().find(|state| state.tag() == asked.state),
        age: asked.age,
        after: asked.after,
    };
    let deed = Deed::new("findings.read");
    let load = move |from: &From<'_>, _: &Visit| load::findings(from, &query);
    show(console, visit, Place::Findings, Right::ReadEvidence, Some(deed), StatusCode::OK, load).await
}

async fn alerts(State(console): State<Console>, visit: Visit, Query(asked): Query<Asked>) -> Response {
    let load = move |from: &From<'_>, visit: &Visit| {
        load::alerts(from, &asked.state, &asked.after, visit.signed_in.caller.may(Right::Acknowledge))
    };
    show(console, visit, Place::Alerts, Right::ReadEvidence, None, StatusCode::OK, load).await
}

async fn approvals(State(console): State<Console>, visit: Visit) -> Response {
    let load = |from: &From<'_>, visit: &Visit| {
        let caller = &visit.signed_in.caller;
        load::approvals(from, &caller.scope(from.store, Right::Veto)?, caller.may(Right::Command))
    };
    show(console, visit, Place::Approvals, Right::ReadEvidence, None, StatusCode::OK, load).await
}

async fn new_command(State(console): State<Console>, visit: Visit) -> Response {
    let load = |from: &From<'_>, _: &Visit| load::new_command(from, "", String::new());
    show(console, visit, Place::Approvals, Right::Command, None, StatusCode::OK, load).await
}

async fn audit(State(console): State<Console>, visit: Visit, Query(asked): Query<Asked>) -> Response {
    let load = move |from: &From<'_>, _: &Visit| {
        load::audit(from, &asked.deed, &asked.who, asked.before.parse().ok())
    };
    show(console, visit, Place::Audit, Right::ReadAudit, None, StatusCode::OK, load).await
}

async fn tokens(State(console): State<Console>, visit: Visit, Query(asked): Query<Asked>) -> Response {
    let load = move |from: &From<'_>, _: &Visit| load::tokens(from, asked.practice.parse().ok());
    show(console, visit, Place::Tokens, Right::Enrol, None, StatusCode::OK, load).await
}

async fn settings(State(console): State<Console>, visit: Visit, Path(part): Path<String>) -> Response {
    let load = move |from: &From<'_>, visit: &Visit| load::settings(from, &visit.signed_in, &part, None);
    show(console, visit, Place::Settings, Right::Enrol, None, StatusCode::OK, load).await
}

async fn search(State(console): State<Console>, visit: Visit, Query(asked): Query<Asked>) -> Response {
    let load = move |from: &From<'_>, _: &Visit| load::search(from, &asked.q);
    show(console, visit, Place::Elsewhere, Right::ReadEvidence, None, StatusCode::OK, load).await
}

async fn display(State(console): State<Console>, visit: Visit) -> Response {
    let load = |_: &From<'_>, visit: &Visit| Ok(display_of(&visit.taste.words));
    show(console, visit, Place::Elsewhere, Right::ReadCounts, None, StatusCode::OK, load).await
}

fn display_of(words: &Words) -> Display {
    let zone = words.zone.iana_name().unwrap_or("UTC");
    let name = |lang| if lang == Lang::En { "English" } else { "Español" };
    let choice = |value: &str, label: &str, chosen| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        chosen,
    };
    Display {
        languages: Lang::ALL.map(|lang| choice(lang.tag(), name(lang), lang == words.lang)).to_vec(),
        zones: ZONES.map(|known| choice(known, known, known == zone)).to_vec(),
    }
}

async fn asset(Path(name): Path<String>, headers: HeaderMap, taste: Taste) -> Response {
    let Some(asset) = assets::find(&format!("/assets/{name}")) else {
        return trouble(&taste, TroubleKind::NotFound);
    };
    let accepts = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or("");
    let kept = [
        (header::CONTENT_TYPE, asset.media),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::VARY, "accept-encoding"),
    ];
    if accepts.split(',').any(|wish| wish.trim() == "gzip") {
        return (kept, [(header::CONTENT_ENCODING, "gzip")], asset.gzip.clone()).into_response();
    }
    (kept, asset.bytes).into_response()
}

async fn nothing(taste: Taste) -> Response {
    trouble(&taste, TroubleKind::NotFound)
}
