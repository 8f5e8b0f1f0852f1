//! The audit trail: read, exported, verified. To read it is itself an entry.

use axum::extract::State;
use axum::http::header;
use enamel_store::audit::{self, AuditEntry};
use enamel_types::{PracticeId, Right, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Listed, Paging, Query};
use super::problem::Problem;
use super::{Api, msp_only};
use crate::access::Caller;
use crate::audit::Deed;

/// Most entries of an export; a longer trail is read by pages.
const MAX_EXPORT: usize = 100_000;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list_audit))
        .routes(routes!(export_audit))
        .routes(routes!(verify_audit))
}

/// Something that somebody did.
#[derive(Debug, Serialize, ToSchema)]
struct DeedShown {
    /// Position in the trail.
    seq: u64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Who: `person:ID`, `key:ID`, `agent:ID`, `server`, `address:IP`.
    actor: String,
    /// At which practice, if one.
    #[schema(value_type = Option<Uuid>)]
    practice: Option<PracticeId>,
    /// What: `practice.make`, `findings.read`.
    action: String,
    /// To what: `agent:ID`.
    object: String,
    /// What else there is to say; `outcome` is `done` or `refused`.
    #[schema(value_type = Object)]
    detail: serde_json::Value,
    /// The hash of the entry before.
    prev: String,
    /// This entry's.
    hash: String,
}

impl From<AuditEntry> for DeedShown {
    fn from(entry: AuditEntry) -> Self {
        let AuditEntry { seq, deed, prev, hash } = entry;
        Self {
            seq,
            at: deed.at,
            actor: deed.actor,
            practice: deed.practice,
            action: deed.action,
            object: deed.object,
            detail: serde_json::from_str(&deed.detail).unwrap_or_default(),
            prev: prev.to_string(),
            hash: hash.to_string(),
        }
    }
}

/// Which part of the trail.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct About {
    /// About one practice only.
    #[param(value_type = Option<Uuid>)]
    practice: Option<PracticeId>,
}

/// Whether the trail is whole.
#[derive(Debug, Serialize, ToSchema)]
struct Verified {
    /// Entries that are as they were written.
    entries: u64,
    /// The hash of the last of them.
    head: String,
    /// The first position whose entry is missing or not as it was written.
    first_bad: Option<u64>,
}

/// The trail, newest first
#[utoipa::path(get, path = "/audit", tag = "audit", params(About, Paging),
    extensions(("x-right" = json!("read_audit"))),
    responses((status = 200, body = Listed<DeedShown>), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn list_audit(
    State(api): State<Api>,
    caller: Caller,
    Query(about): Query<About>,
    Query(paging): Query<Paging>,
) -> Result<axum::Json<Listed<DeedShown>>, Problem> {
    let (before, limit) = (paging.after::<u64>()?, paging.limit()?);
    let page = api
        .read_evidence(&caller, Right::ReadAudit, Deed::new("audit.read"), move |store, scope, deed| {
            deed.is_of(about.practice, scope);
            Ok(store.read(scope, |tx| audit::list(tx, about.practice, before, limit))?)
        })
        .await?;
    Listed::of(page).map(axum::Json)
}

/// The trail, newest first, one entry a line; at most 100,000
#[utoipa::path(get, path = "/audit/export", tag = "audit", params(About),
    extensions(("x-right" = json!("read_audit"))),
    responses((status = 200, body = String, content_type = "application/x-ndjson"), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn export_audit(
    State(api): State<Api>,
    caller: Caller,
    Query(about): Query<About>,
) -> Result<([(header::HeaderName, &'static str); 2], Vec<u8>), Problem> {
    let lines = api
        .read_evidence(&caller, Right::ReadAudit, Deed::new("audit.export"), move |store, scope, deed| {
            deed.is_of(about.practice, scope);
            let (mut lines, mut before, mut written) = (Vec::new(), None, 0);
            loop {
                let page = store
                    .read(scope, |tx| audit::list(tx, about.practice, before, enamel_store::MAX_PAGE))?;
                for entry in page.items {
                    serde_json::to_writer(&mut lines, &DeedShown::from(entry))
                        .map_err(|error| Problem::internal(&error))?;
                    lines.push(b'\n');
                    written += 1;
                }
                before = page.next;
                if before.is_none() || written >= MAX_EXPORT {
                    return Ok(lines);
                }
            }
        })
        .await?;
    let kept = "attachment; filename=\"audit.jsonl\"";
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson"), (header::CONTENT_DISPOSITION, kept)], lines))
}

/// Checks the whole trail's chain
#[utoipa::path(get, path = "/audit/verify", tag = "audit",
    extensions(("x-right" = json!("read_audit")), ("x-reach" = json!("msp"))),
    responses((status = 200, body = Verified), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn verify_audit(State(api): State<Api>, caller: Caller) -> Result<axum::Json<Verified>, Problem> {
    let found = api
        .read_evidence(&caller, Right::ReadAudit, Deed::new("audit.verify"), |store, scope, _| {
            msp_only(scope)?;
            Ok(store.read(scope, audit::verify)?)
        })
        .await?;
    let audit::AuditVerified { entries, head, first_bad } = found;
    Ok(axum::Json(Verified { entries, head: head.to_string(), first_bad }))
}
