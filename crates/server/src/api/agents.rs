//! Enrolment tokens and agents.

use axum::extract::State;
use axum::http::StatusCode;
use enamel_store::agents::{self, Agent};
use enamel_store::tokens::{self, TOKEN_HOURS, Token};
use enamel_store::tree;
use enamel_types::{AgentId, DeviceId, PracticeId, Right, SiteId, Timestamp};
use enamel_wire::message::Health;
use enamel_wire::token::EnrolmentToken;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Api;
use super::extract::{Json, Listed, Paging, Path, Query};
use super::problem::{Problem, ProblemCode};
use crate::access::Caller;
use crate::audit::Deed;

/// Most tokens of a practice that wait to be taken.
const MAX_OPEN_TOKENS: usize = 200;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list_tokens, make_token))
        .routes(routes!(withdraw_token))
        .routes(routes!(list_agents))
        .routes(routes!(read_agent))
        .routes(routes!(revoke_agent))
        .routes(routes!(clear_clone))
}

/// An enrolment token without its secret.
#[derive(Debug, Serialize, ToSchema)]
struct TokenShown {
    /// Names it, for withdrawing.
    id: String,
    /// The place that a computer joins with it.
    #[schema(value_type = Option<Uuid>)]
    site: Option<SiteId>,
    /// Who made it.
    made_by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    made_at: Timestamp,
    /// From then on it is worth nothing.
    #[schema(value_type = String, format = DateTime)]
    ends_at: Timestamp,
}

impl From<Token> for TokenShown {
    fn from(token: Token) -> Self {
        let Token { secret_hash, site, made_by, made_at, ends_at, .. } = token;
        Self {
            id: blake3::Hash::from_bytes(secret_hash).to_hex().to_string(),
            site,
            made_by,
            made_at,
            ends_at,
        }
    }
}

/// A token that was made. Its text is shown here and never again.
#[derive(Debug, Serialize, ToSchema)]
struct TokenMade {
    /// What to paste on the computer: `enamel1.…`.
    token: String,
    /// What is kept of it.
    #[serde(flatten)]
    shown: TokenShown,
}

/// A token to be made.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewToken {
    /// The place that the computer joins.
    #[schema(value_type = Option<Uuid>)]
    site: Option<SiteId>,
}

/// The agent on one computer.
#[derive(Debug, Serialize, ToSchema)]
struct AgentShown {
    /// Its id.
    #[schema(value_type = Uuid)]
    id: AgentId,
    /// Its practice.
    #[schema(value_type = Uuid)]
    practice: PracticeId,
    /// Its computer.
    #[schema(value_type = Uuid)]
    device: DeviceId,
    /// Where the computer stands.
    #[schema(value_type = Option<Uuid>)]
    site: Option<SiteId>,
    /// The computer's name: a label, never an identity.
    name: String,
    /// Its operating system.
    os: String,
    /// Enamel's version on it.
    version: String,
    /// When it was taken in.
    #[schema(value_type = String, format = DateTime)]
    enrolled_at: Timestamp,
    /// When it was last heard of.
    #[schema(value_type = Option<String>, format = DateTime)]
    seen_at: Option<Timestamp>,
    /// When its certificate ends; it renews it before that.
    #[schema(value_type = String, format = DateTime)]
    certificate_end: Timestamp,
    /// When it was shut out.
    #[schema(value_type = Option<String>, format = DateTime)]
    revoked_at: Option<Timestamp>,
    /// When its key was first seen at work twice: a copied disk, or one that was set back.
    #[schema(value_type = Option<String>, format = DateTime)]
    cloned_at: Option<Timestamp>,
    /// How it was when it was last heard of.
    #[schema(value_type = Option<Object>)]
    health: Option<Health>,
}

impl From<Agent> for AgentShown {
    fn from(agent: Agent) -> Self {
        Self {
            id: agent.id,
            practice: agent.practice,
            device: agent.device,
            site: agent.site,
            name: agent.name,
            os: agent.os,
            version: agent.version,
            enrolled_at: agent.enrolled_at,
            seen_at: agent.seen_at,
            certificate_end: agent.certificate_end,
            revoked_at: agent.revoked_at,
            cloned_at: agent.cloned_at,
            // What an agent says of itself is shown as far as it can be read.
            health: agent.health.and_then(|text| serde_json::from_str(&text).ok()),
        }
    }
}

/// A practice's tokens that can still be taken
#[utoipa::path(get, path = "/practices/{practice}/tokens", tag = "agents",
    params(("practice" = Uuid, Path, description = "The practice")),
    extensions(("x-right" = json!("enrol"))),
    responses((status = 200, body = Listed<TokenShown>), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn list_tokens(
    State(api): State<Api>,
    caller: Caller,
    Path(practice): Path<PracticeId>,
) -> Result<axum::Json<Listed<TokenShown>>, Problem> {
    let now = api.world().now();
    let open = api
        .read(&caller, Right::Enrol, move |store, scope| {
            Ok(store.read(scope, |tx| {
                tree::practice(tx, practice)?;
                tokens::open(tx, practice, now)
            })?)
        })
        .await?;
    Ok(axum::Json(Listed::whole(open)))
}

/// Makes an enrolment token: for one computer, within a day
#[utoipa::path(post, path = "/practices/{practice}/tokens", tag = "agents", request_body = NewToken,
    params(("practice" = Uuid, Path, description = "The practice")),
    extensions(("x-right" = json!("enrol"))),
    responses((status = 201, body = TokenMade), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn make_token(
    State(api): State<Api>,
    caller: Caller,
    Path(practice): Path<PracticeId>,
    Json(new): Json<NewToken>,
) -> Result<(StatusCode, axum::Json<TokenMade>), Problem> {
    let now = api.world().now();
    let secret = EnrolmentToken { ca: api.inner.authority, secret: api.world().random() };
    let token = Token {
        secret_hash: secret.secret_hash(),
        practice,
        site: new.site,
        made_by: caller.name.clone(),
        made_at: now,
        ends_at: now + SignedDuration::from_hours(TOKEN_HOURS),
        taken_at: None,
        agent: None,
    };
    let made = api
        .change(&caller, Right::Enrol, Deed::new("token.make").at(practice), move |tx, _, _| {
            tree::practice(tx, practice)?;
            if let Some(site) = token.site
                && !tree::sites(tx, practice)?.iter().any(|known| known.id == site)
            {
                return Err(Problem::not_found());
            }
            if tokens::open(tx, practice, now)?.len() >= MAX_OPEN_TOKENS {
                let why = "this practice has 200 tokens that nobody took; withdraw some first";
                return Err(Problem::new(ProblemCode::Conflict, why));
            }
            tokens::add(tx, &token)?;
            Ok(token)
        })
        .await?;
    Ok((StatusCode::CREATED, axum::Json(TokenMade { token: secret.to_string(), shown: made.into() })))
}

/// Withdraws a token that was not taken
#[utoipa::path(delete, path = "/practices/{practice}/tokens/{token}", tag = "agents",
    params(("practice" = Uuid, Path, description = "The practice"), ("token" = String, Path, description = "The token's id")),
    extensions(("x-right" = json!("enrol"))),
    responses((status = 204), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn withdraw_token(
    State(api): State<Api>,
    caller: Caller,
    Path((practice, token)): Path<(PracticeId, String)>,
) -> Result<StatusCode, Problem> {
    let hash = *blake3::Hash::from_hex(&token).map_err(|_| Problem::not_found())?.as_bytes();
    let now = api.world().now();
    api.change(&caller, Right::Enrol, Deed::new("token.withdraw").at(practice), move |tx, _, _| {
        if !tokens::open(tx, practice, now)?.iter().any(|known| known.secret_hash == hash) {
            return Err(Problem::not_found());
        }
        Ok(tokens::withdraw(tx, &hash)?)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A practice's agents
#[utoipa::path(get, path = "/practices/{practice}/agents", tag = "agents",
    params(("practice" = Uuid, Path, description = "The practice"), Paging),
    extensions(("x-right" = json!("read_evidence"))),
    responses((status = 200, body = Listed<AgentShown>), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn list_agents(
    State(api): State<Api>,
    caller: Caller,
    Path(practice): Path<PracticeId>,
    Query(paging): Query<Paging>,
) -> Result<axum::Json<Listed<AgentShown>>, Problem> {
    let (after, limit) = (paging.after()?, paging.limit()?);
    let deed = Deed::new("agents.read").at(practice);
    let page = api
        .read_evidence(&caller, Right::ReadEvidence, deed, move |store, scope, _| {
            Ok(store.read(scope, |tx| {
                tree::practice(tx, practice)?;
                agents::of_practice(tx, practice, after, limit)
            })?)
        })
        .await?;
    Listed::of(page).map(axum::Json)
}

/// One agent
#[utoipa::path(get, path = "/agents/{agent}", tag = "agents", params(("agent" = Uuid, Path, description = "The agent")),
    extensions(("x-right" = json!("read_evidence"))),
    responses((status = 200, body = AgentShown), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn read_agent(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<AgentId>,
) -> Result<axum::Json<AgentShown>, Problem> {
    let deed = Deed::new("agent.read").to("agent", id);
    let agent = api
        .read_evidence(&caller, Right::ReadEvidence, deed, move |store, scope, deed| {
            let agent = store.read(scope, |tx| agents::get(tx, id))?;
            deed.is_at(agent.practice);
            Ok(agent)
        })
        .await?;
    Ok(axum::Json(agent.into()))
}

/// Shuts an agent out, for good
#[utoipa::path(post, path = "/agents/{agent}/revoke", tag = "agents", params(("agent" = Uuid, Path, description = "The agent")),
    extensions(("x-right" = json!("enrol"))),
    responses((status = 204), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn revoke_agent(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<AgentId>,
) -> Result<StatusCode, Problem> {
    let now = api.world().now();
    api.change(&caller, Right::Enrol, Deed::new("agent.revoke").to("agent", id), move |tx, _, deed| {
        deed.is_at(agents::get(tx, id)?.practice);
        Ok(agents::revoke(tx, id, now)?)
    })
    .await?;
    api.inner.roster.forget(id);
    Ok(StatusCode::NO_CONTENT)
}

/// Takes the flag off an agent that was seen twice, after a person has looked
#[utoipa::path(post, path = "/agents/{agent}/clear-clone", tag = "agents", params(("agent" = Uuid, Path, description = "The agent")),
    extensions(("x-right" = json!("enrol"))),
    responses((status = 204), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn clear_clone(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<AgentId>,
) -> Result<StatusCode, Problem> {
    api.change(&caller, Right::Enrol, Deed::new("agent.clear_clone").to("agent", id), move |tx, _, deed| {
        deed.is_at(agents::get(tx, id)?.practice);
        Ok(agents::clear_clone(tx, id)?)
    })
    .await?;
    api.inner.roster.forget(id);
    Ok(StatusCode::NO_CONTENT)
}
