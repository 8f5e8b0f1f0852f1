//! `/api/v1`: everything that the console does, for programs.
//!
//! Who calls is known by an API key (`Authorization: Bearer enamel_…`) or by a browser's session with its token in `X-CSRF-Token`. Each
//! endpoint names one [`Right`]; the store is asked with the practices over which the caller holds it, so that what a caller may
//! not see is not found, and reads 404 like what does not exist. Every change and every read of evidence is an entry in the
//! audit trail. Lists come in pages by cursor, a POST may be repeated with an `Idempotency-Key`, refusals are RFC 9457 problems.
//!
//! The OpenAPI document is computed from the handlers and committed at `openapi/v1.json`; a test drives every endpoint from it, so
//! that an endpoint without a test cannot be. Nothing here makes a command: signed ones are verified and relayed.

mod admit;
mod agents;
mod closing;
mod evidence;
mod extract;
mod fleet;
mod idempotency;
mod keys;
mod orders;
mod people;
mod practices;
pub mod problem;
mod statements;
mod trail;

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef, FromRequestParts};
use axum::http::header;
use axum::http::request::Parts as Head;
use axum::routing::get;
use enamel_assess::Content;
use enamel_store::{Scope, Store, WriteTx};
use enamel_types::{PracticeId, Right};
use tokio::sync::watch;
use utoipa::OpenApi as _;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;

use crate::access::session::COOKIE;
use crate::access::{Access, Caller};
use crate::audit::Deed;
use crate::edge::Roster;
use crate::mailbox::Mailbox;
use crate::reconcile::Reconciler;
use crate::start::Parts;
use crate::{World, blocking};
use problem::{Problem, ProblemCode};

/// Where the API lives.
pub const BASE: &str = "/api/v1";

/// Largest body, bytes: a signed trust root, and room.
const MAX_BODY: usize = 256 * 1024;

/// The API's state. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    inner: Arc<Inner>,
}

struct Inner {
    access: Access,
    /// Of the authority that agents are told to trust; it stands in enrolment tokens.
    authority: [u8; 32],
    evidence: Evidence,
    /// To be told when an agent is shut out.
    roster: Arc<Roster>,
    /// To be told when something waits for an agent.
    mailbox: Arc<Mailbox>,
    answers: idempotency::Answers,
}

/// How evidence is read in full.
#[derive(Clone)]
pub struct Evidence {
    /// What it is judged by.
    pub content: Arc<Content>,
    /// Folds it.
    pub reconciler: Arc<Reconciler>,
    /// To be told of practices that got some.
    pub news: watch::Sender<HashSet<PracticeId>>,
    /// The folder for the exports of practices that are closed.
    pub closed: PathBuf,
}

impl FromRef<Api> for Access {
    fn from_ref(api: &Api) -> Self {
        api.inner.access.clone()
    }
}

/// The caller is known before any handler runs: `admit` has seen to it.
impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Head, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(Problem::unauthenticated)
    }
}

impl Api {
    /// The API over a server's parts.
    pub fn new(access: Access, parts: &Parts, evidence: Evidence) -> Self {
        let (authority, answers) = (parts.authority.fingerprint(), idempotency::Answers::default());
        let (roster, mailbox) = (parts.roster.clone(), parts.mailbox.clone());
        Self { inner: Arc::new(Inner { access, authority, evidence, roster, mailbox, answers }) }
    }

    /// The routes, below [`BASE`], behind everything that every request has to pass.
    pub fn router(self) -> Router {
        let text = document();
        let served = move || async move { ([(header::CONTENT_TYPE, "application/json")], text) };
        let v1 = Router::from(endpoints())
            .route("/openapi.json", get(served))
            .method_not_allowed_fallback(|| async { Problem::new(ProblemCode::MethodNotAllowed, "") })
            .fallback(|| async { Problem::not_found() })
            .layer(axum::middleware::from_fn_with_state(self.clone(), admit::admit))
            .layer(DefaultBodyLimit::max(MAX_BODY));
        Router::new().nest(BASE, v1).with_state(self)
    }

    fn access(&self) -> &Access {
        &self.inner.access
    }

    fn world(&self) -> &World {
        self.inner.access.world()
    }

    /// Reads what the caller holds the right over.
    async fn read<T: Send + 'static>(
        &self,
        caller: &Caller,
        right: Right,
        work: impl FnOnce(&Store, &Scope) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let (api, caller) = (self.clone(), caller.clone());
        blocking(move || {
            let store = api.access().store();
            let scope = reach(&caller, store, right)?;
            work(store, &scope)
        })
        .await
    }

    /// Reads evidence, and writes down who did. `work` says in the deed at which practice, where the caller's path does not.
    async fn read_evidence<T: Send + 'static>(
        &self,
        caller: &Caller,
        right: Right,
        mut deed: Deed,
        work: impl FnOnce(&Store, &Scope, &mut Deed) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let (api, caller) = (self.clone(), caller.clone());
        blocking(move || {
            let store = api.access().store();
            let scope = reach(&caller, store, right)?;
            let read = work(store, &scope, &mut deed)?;
            deed.noted(store, &caller.actor(), api.world().now())?;
            Ok(read)
        })
        .await
    }

    /// Changes something, and writes down who did, in one transaction; what was refused is written down apart. `work` says in the deed
    /// at which practice, where the caller's path does not.
    async fn change<T: Send + 'static>(
        &self,
        caller: &Caller,
        right: Right,
        deed: Deed,
        work: impl FnOnce(&mut WriteTx<'_>, &Scope, &mut Deed) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let (api, caller) = (self.clone(), caller.clone());
        blocking(move || {
            let (store, actor, now) = (api.access().store(), caller.actor(), api.world().now());
            let scope = reach(&caller, store, right)?;
            let mut tried = deed;
            let outcome = store.write(&scope, |tx| {
                let done = work(tx, &scope, &mut tried)?;
                tried.clone().done(tx, &actor, now)?;
                Ok(done)
            });
            if outcome.is_err() {
                tried.refused(store, &actor, now)?;
            }
            outcome
        })
        .await
    }
}

/// The practices over which the caller holds a right; who holds it over none does not learn that there is anything.
fn reach(caller: &Caller, store: &Store, right: Right) -> Result<Scope, Problem> {
    match caller.scope(store, right)? {
        Scope::Nothing => Err(Problem::not_found()),
        scope => Ok(scope),
    }
}

/// What belongs to the MSP itself is not there for those who reach some practices only.
fn msp_only(scope: &Scope) -> Result<(), Problem> {
    if scope.is_whole() { Ok(()) } else { Err(Problem::not_found()) }
}

/// What takes a login within the last ten minutes. A key's never is.
fn must_be_fresh(caller: &Caller) -> Result<(), Problem> {
    if caller.fresh { Ok(()) } else { Err(Problem::new(ProblemCode::LoginAgain, "log on again for this")) }
}

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Enamel",
        description = "What the console does, for programs. What a caller may not see reads 404, like what does not exist.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    components(schemas(Problem)),
    security(("key" = []), ("session" = []))
)]
struct Document;

/// Every endpoint, with its document.
fn endpoints() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .merge(practices::routes())
        .merge(closing::routes())
        .merge(fleet::routes())
        .merge(evidence::routes())
        .merge(statements::routes())
        .merge(agents::routes())
        .merge(orders::routes())
        .merge(people::routes())
        .merge(keys::routes())
        .merge(trail::routes())
}

/// The OpenAPI document, as it is committed at `openapi/v1.json`.
pub fn document() -> String {
    let (_, mut document) =
        OpenApiRouter::with_openapi(Document::openapi()).nest(BASE, endpoints()).split_for_parts();
    let components = document.components.get_or_insert_default();
    let key = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("enamel_…").build();
    components.add_security_scheme("key", SecurityScheme::Http(key));
    components
        .add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(COOKIE))));
    // Extensions come in no order; the committed text needs one.
    let mut sorted = serde_json::to_value(&document).unwrap_or_default();
    sorted.sort_all_objects();
    format!("{sorted:#}\n")
}
