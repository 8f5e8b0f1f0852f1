//! API keys: made, listed, taken back. Each change takes a login within the last ten minutes, so no key can make a key.

use axum::extract::State;
use axum::http::StatusCode;
use enamel_store::api_keys::{self, ApiKey};
use enamel_types::{ApiKeyId, Right, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Json, Listed, Path};
use super::people::GrantShown;
use super::problem::Problem;
use super::{Api, msp_only, must_be_fresh};
use crate::access::Caller;
use crate::audit::Deed;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list_keys, make_key)).routes(routes!(revoke_key))
}

/// A key without its secret.
#[derive(Debug, Serialize, ToSchema)]
struct KeyShown {
    /// Its id.
    #[schema(value_type = Uuid)]
    id: ApiKeyId,
    /// What it is for.
    name: String,
    /// What it may do, and until when.
    grant: GrantShown,
    /// Who made it.
    made_by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    made_at: Timestamp,
    /// When it was last used, to the minute.
    #[schema(value_type = Option<String>, format = DateTime)]
    used_at: Option<Timestamp>,
    /// When it was taken back.
    #[schema(value_type = Option<String>, format = DateTime)]
    revoked_at: Option<Timestamp>,
}

impl From<ApiKey> for KeyShown {
    fn from(key: ApiKey) -> Self {
        let ApiKey { id, name, grant, made_by, made_at, used_at, revoked_at } = key;
        Self { id, name, grant: grant.into(), made_by, made_at, used_at, revoked_at }
    }
}

/// A key that was made. Its text is shown here and never again.
#[derive(Debug, Serialize, ToSchema)]
struct KeyMade {
    /// For `Authorization: Bearer`.
    key: String,
    /// What is kept of it.
    #[serde(flatten)]
    shown: KeyShown,
}

/// A key to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewKey {
    /// What it is for.
    #[schema(min_length = 1, max_length = 120)]
    name: String,
    /// What it may do; `until` within a year. Never `owner`.
    grant: GrantShown,
}

/// All keys, newest first
#[utoipa::path(get, path = "/api-keys", tag = "keys",
    extensions(("x-right" = json!("settings")), ("x-reach" = json!("msp"))),
    responses((status = 200, body = Listed<KeyShown>), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn list_keys(State(api): State<Api>, caller: Caller) -> Result<axum::Json<Listed<KeyShown>>, Problem> {
    let keys = api
        .read(&caller, Right::Settings, |store, scope| {
            msp_only(scope)?;
            Ok(store.read(scope, api_keys::all)?)
        })
        .await?;
    Ok(axum::Json(Listed::whole(keys)))
}

/// Makes a key; its text is shown once
#[utoipa::path(post, path = "/api-keys", tag = "keys", request_body = NewKey,
    extensions(("x-right" = json!("settings")), ("x-reach" = json!("msp")), ("x-fresh" = json!(true))),
    responses((status = 201, body = KeyMade), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn make_key(
    State(api): State<Api>,
    caller: Caller,
    Json(new): Json<NewKey>,
) -> Result<(StatusCode, axum::Json<KeyMade>), Problem> {
    let (by, access, now) = (caller.clone(), api.access().clone(), api.world().now());
    let (text, key) = api
        .change(&caller, Right::Settings, Deed::new("key.make"), move |tx, scope, deed| {
            msp_only(scope)?;
            must_be_fresh(&by)?;
            let grant = new.grant.read(tx, now)?;
            if Right::ALL.into_iter().any(|right| grant.role.may(right) && !by.may(right)) {
                return Err(Problem::malformed("a key cannot do what its maker may not"));
            }
            let (text, key) = access.make_key(tx, &by, &new.name, grant)?;
            *deed = std::mem::take(deed).to("key", key.id).with("role", key.grant.role.as_str());
            Ok((text.to_string(), key))
        })
        .await?;
    Ok((StatusCode::CREATED, axum::Json(KeyMade { key: text, shown: key.into() })))
}

/// Takes a key back
#[utoipa::path(delete, path = "/api-keys/{key}", tag = "keys", params(("key" = Uuid, Path, description = "The key")),
    extensions(("x-right" = json!("settings")), ("x-reach" = json!("msp"))),
    responses((status = 204), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn revoke_key(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<ApiKeyId>,
) -> Result<StatusCode, Problem> {
    let now = api.world().now();
    api.change(&caller, Right::Settings, Deed::new("key.revoke").to("key", id), move |tx, scope, _| {
        msp_only(scope)?;
        Ok(api_keys::revoke(tx, id, now)?)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
