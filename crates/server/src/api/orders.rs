//! Commands and the trust root: what operators sign, and this server relays.
//!
//! The server makes the unsigned text, with the right number and a fresh nonce, and takes it back signed. It holds no key: what it
//! stores was verified against the trust root first, with the same function that agents use.

use axum::extract::State;
use axum::http::StatusCode;
use enamel_store::commands::{self, CommandCursor, CommandState, StoredCommand};
use enamel_store::trust::{self, SignedRoot};
use enamel_store::{Purpose, Scope, StoreError, Tx, agents};
use enamel_types::command::{HOLD_MINUTES, MAX_VALIDITY_HOURS};
use enamel_types::{AgentId, Command, CommandClass, CommandId, Order, PracticeId, Right, Timestamp};
use enamel_wire::message::SignedText;
use enamel_wire::signed::{self, Recipient, Refusal, Seen, TrustRoot};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Json, Listed, Paging, Path, Query};
use super::problem::{Problem, ProblemCode};
use super::{Api, msp_only, must_be_fresh};
use crate::access::Caller;
use crate::audit::Deed;
use crate::blocking;

/// How long a prepared command is valid where the caller does not say, hours.
const USUAL_HOURS: i64 = 8;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list_commands, submit_command))
        .routes(routes!(prepare_command))
        .routes(routes!(read_command))
        .routes(routes!(veto_command))
        .routes(routes!(read_trust_root, submit_trust_root))
}

/// A text with operators' signatures over its very bytes.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignedDocument {
    /// JSON, as it was signed.
    text: String,
    /// Who signed.
    signatures: Vec<SignatureShown>,
}

/// One operator's signature.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignatureShown {
    /// The key's id, 16 hexadecimal digits.
    key: String,
    /// Ed25519, base64url.
    signature: String,
}

impl From<SignedDocument> for SignedText {
    fn from(document: SignedDocument) -> Self {
        let signatures = document.signatures.into_iter();
        let signatures = signatures
            .map(|SignatureShown { key, signature }| enamel_wire::message::Signature { key, signature })
            .collect();
        Self { text: document.text, signatures }
    }
}

impl From<SignedText> for SignedDocument {
    fn from(signed: SignedText) -> Self {
        let signatures = signed.signatures.into_iter();
        let signatures = signatures
            .map(|enamel_wire::message::Signature { key, signature }| SignatureShown { key, signature })
            .collect();
        Self { text: signed.text, signatures }
    }
}

/// A command, and what became of it.
#[derive(Debug, Serialize, ToSchema)]
struct CommandShown {
    /// Its id.
    #[schema(value_type = Uuid)]
    id: CommandId,
    /// The practice.
    #[schema(value_type = Uuid)]
    practice: PracticeId,
    /// The agent.
    #[schema(value_type = Uuid)]
    agent: AgentId,
    /// Its number among the agent's commands.
    counter: u64,
    /// `safe`, `disruptive` or `dangerous`.
    #[schema(value_type = String)]
    class: CommandClass,
    /// What it orders.
    verb: String,
    /// Why.
    reason: String,
    /// Not to be carried out before.
    #[schema(value_type = String, format = DateTime)]
    not_before: Timestamp,
    /// Nor at or after.
    #[schema(value_type = String, format = DateTime)]
    not_after: Timestamp,
    /// `open`, `held`, `done`, `failed`, `refused`, `vetoed` or `expired`.
    #[schema(value_type = String)]
    state: CommandState,
    /// What the agent or the practice said of it.
    detail: String,
    /// Who relayed it.
    relayed_by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    relayed_at: Timestamp,
    /// Who last changed its state.
    changed_by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    changed_at: Timestamp,
}

impl From<StoredCommand> for CommandShown {
    fn from(command: StoredCommand) -> Self {
        Self {
            id: command.id,
            practice: command.practice,
            agent: command.agent,
            counter: command.counter,
            class: command.class,
            verb: command.verb,
            reason: command.reason,
            not_before: command.not_before,
            not_after: command.not_after,
            state: command.state,
            detail: command.detail,
            relayed_by: command.relayed_by,
            relayed_at: command.relayed_at,
            changed_by: command.changed_by,
            changed_at: command.changed_at,
        }
    }
}

/// Which commands.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Of one practice.
    #[param(value_type = Option<Uuid>)]
    practice: Option<PracticeId>,
    /// In one state: `open`, `held`, `done`, `failed`, `refused`, `vetoed`, `expired`.
    #[param(value_type = Option<String>)]
    state: Option<CommandState>,
}

/// What is to be ordered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewCommand {
    /// The one agent that it is for.
    #[schema(value_type = Uuid)]
    agent: AgentId,
    /// Why, in a sentence that the practice reads.
    #[schema(min_length = 1, max_length = 300)]
    reason: String,
    /// For how many hours it is valid, 1 to 24; 8 if not given.
    #[schema(minimum = 1, maximum = 24)]
    hours: Option<i64>,
    /// The verb and what belongs to it, as in docs/commands.md.
    #[schema(value_type = Object)]
    order: Order,
}

/// Why a command is refused.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Veto {
    /// In a sentence.
    #[schema(min_length = 1, max_length = 300)]
    reason: String,
}

/// The trust roots.
#[derive(Debug, Serialize, ToSchema)]
struct RootShown {
    /// The latest version; 0 if there is none.
    version: u64,
    /// What its operators compare: of the latest.
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
    /// All of them, oldest first, each signed by the one before.
    roots: Vec<SignedDocument>,
}

/// Commands, newest first
#[utoipa::path(get, path = "/commands", tag = "commands", params(Which, Paging),
    extensions(("x-right" = json!("read_evidence"))),
    responses((status = 200, body = Listed<CommandShown>), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn list_commands(
    State(api): State<Api>,
    caller: Caller,
    Query(which): Query<Which>,
    Query(paging): Query<Paging>,
) -> Result<axum::Json<Listed<CommandShown>>, Problem> {
    let (before, limit) = (paging.after::<CommandCursor>()?, paging.limit()?);
    let page = api
        .read_evidence(&caller, Right::ReadEvidence, Deed::new("commands.read"), move |store, scope, deed| {
            deed.is_of(which.practice, scope);
            Ok(store.read(scope, |tx| commands::list(tx, which.practice, which.state, before, limit))?)
        })
        .await?;
    Listed::of(page).map(axum::Json)
}

/// One command
#[utoipa::path(get, path = "/commands/{command}", tag = "commands", params(("command" = Uuid, Path, description = "The command")),
    extensions(("x-right" = json!("read_evidence"))),
    responses((status = 200, body = CommandShown), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn read_command(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<CommandId>,
) -> Result<axum::Json<CommandShown>, Problem> {
    let command = api
        .read_evidence(
            &caller,
            Right::ReadEvidence,
            Deed::new("command.read").to("command", id),
            move |store, scope, deed| {
                let command = store.read(scope, |tx| commands::get(tx, id))?;
                deed.is_at(command.practice);
                Ok(command)
            },
        )
        .await?;
    Ok(axum::Json(command.into()))
}

/// Writes a command down for operators to sign; nothing is stored and nothing happens
#[utoipa::path(post, path = "/commands/prepare", tag = "commands", request_body = NewCommand,
    extensions(("x-right" = json!("command"))),
    responses((status = 200, body = SignedDocument), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn prepare_command(
    State(api): State<Api>,
    caller: Caller,
    Json(new): Json<NewCommand>,
) -> Result<axum::Json<SignedDocument>, Problem> {
    let hours = new.hours.unwrap_or(USUAL_HOURS);
    if !(1..=MAX_VALIDITY_HOURS).contains(&hours) {
        return Err(Problem::malformed("`hours` is 1 to 24"));
    }
    let now = api.world().now();
    let nonce: [u8; 16] = api.world().random();
    let id = CommandId::from_uuid(api.access().new_uuid());
    // A dangerous command is held for its hour first, and that is not to shorten its time.
    let hold = match new.order.class() {
        CommandClass::Dangerous => {
            SignedDuration::from_mins(HOLD_MINUTES).min(SignedDuration::from_hours(24 - hours))
        }
        CommandClass::Safe | CommandClass::Disruptive => SignedDuration::ZERO,
    };
    let signed = api
        .read(&caller, Right::Command, move |store, scope| {
            let (practice, last) = store.read(scope, |tx| {
                let agent = agents::get(tx, new.agent)?;
                Ok::<_, StoreError>((agent.practice, commands::last_counter(tx, agent.id)?))
            })?;
            let command = Command {
                id,
                practice,
                agent: new.agent,
                counter: last + 1,
                nonce: format!("{:032x}", u128::from_be_bytes(nonce)),
                not_before: now,
                not_after: now + SignedDuration::from_hours(hours) + hold,
                reason: new.reason,
                order: new.order,
            };
            signed::command_text(&command).map_err(|refusal| Problem::malformed(refusal.to_string()))
        })
        .await?;
    Ok(axum::Json(signed.into()))
}

/// Relays a signed command, after its signatures were verified
#[utoipa::path(post, path = "/commands", tag = "commands", request_body = SignedDocument,
    extensions(("x-right" = json!("command"))),
    responses((status = 201, body = CommandShown), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn submit_command(
    State(api): State<Api>,
    caller: Caller,
    Json(document): Json<SignedDocument>,
) -> Result<(StatusCode, axum::Json<CommandShown>), Problem> {
    let signed = SignedText::from(document);
    let now = api.world().now();
    let who = caller.name.clone();
    // It is the MSP's, and whoever may command at one practice only does not reach it.
    let store = api.access().store().clone();
    let root = blocking(move || store.read(&Scope::System(Purpose::Ingest), latest_root)).await;
    let relayed = api
        .change(&caller, Right::Command, Deed::new("command.relay"), move |tx, _, deed| {
            // What the text says is only used to find the agent; then it is verified.
            let read = signed::read_command(&signed.text).map_err(|refusal| refused(&refusal))?;
            let agent = agents::get(tx, read.agent)?;
            deed.is_at(agent.practice);
            let root = root?.ok_or_else(no_root)?;
            let recipient = Recipient { practice: agent.practice, agent: agent.id };
            let seen = Seen { counter: commands::last_counter(tx, agent.id)?, ..Seen::default() };
            let verified = signed::verify_command(&signed, &root, &recipient, &seen, now);
            let verified = verified.map_err(|refusal| refused(&refusal))?;
            let command = stored(verified.command(), &signed, &who, now)?;
            commands::add(tx, &command)?;
            *deed = std::mem::take(deed).to("command", command.id).with("verb", command.verb.as_str());
            Ok(command)
        })
        .await?;
    api.inner.mailbox.wake(relayed.practice);
    Ok((StatusCode::CREATED, axum::Json(relayed.into())))
}

/// Refuses a dangerous command that is held, for the practice
#[utoipa::path(post, path = "/commands/{command}/veto", tag = "commands", request_body = Veto,
    params(("command" = Uuid, Path, description = "The command")),
    extensions(("x-right" = json!("veto"))),
    responses((status = 204), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn veto_command(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<CommandId>,
    Json(veto): Json<Veto>,
) -> Result<StatusCode, Problem> {
    let now = api.world().now();
    let who = caller.name.clone();
    let reason = super::extract::sentence(&veto.reason)?;
    let practice = api
        .change(&caller, Right::Veto, Deed::new("command.veto").to("command", id), move |tx, _, deed| {
            let command = commands::get(tx, id)?;
            deed.is_at(command.practice);
            if command.class != CommandClass::Dangerous {
                let why = "only a dangerous command waits for the practice; this one does not";
                return Err(Problem::new(ProblemCode::Conflict, why));
            }
            commands::veto(tx, id, &who, &reason, now)?;
            Ok(command.practice)
        })
        .await?;
    api.inner.mailbox.wake(practice);
    Ok(StatusCode::NO_CONTENT)
}

/// Whose signatures agents obey
#[utoipa::path(get, path = "/trust-root", tag = "commands",
    extensions(("x-right" = json!("command")), ("x-reach" = json!("msp"))),
    responses((status = 200, body = RootShown), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn read_trust_root(State(api): State<Api>, caller: Caller) -> Result<axum::Json<RootShown>, Problem> {
    let (roots, latest) = api
        .read(&caller, Right::Command, |store, scope| {
            msp_only(scope)?;
            store.read(scope, |tx| Ok::<_, Problem>((trust::after(tx, 0)?, latest_root(tx)?)))
        })
        .await?;
    let shown = roots.iter().map(|root| signed_text(&root.signed).map(SignedDocument::from));
    Ok(axum::Json(RootShown {
        version: latest.as_ref().map_or(0, TrustRoot::version),
        fingerprint: latest.map(|root| root.fingerprint().to_owned()),
        roots: shown.collect::<Result<_, _>>()?,
    }))
}

/// Submits the next trust root, signed by its own operators and by those of the one before
#[utoipa::path(post, path = "/trust-root", tag = "commands", request_body = SignedDocument,
    extensions(("x-right" = json!("settings")), ("x-reach" = json!("msp")), ("x-fresh" = json!(true))),
    responses((status = 201, body = RootShown), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn submit_trust_root(
    State(api): State<Api>,
    caller: Caller,
    Json(document): Json<SignedDocument>,
) -> Result<(StatusCode, axum::Json<RootShown>), Problem> {
    let signed = SignedText::from(document);
    let now = api.world().now();
    let by = caller.clone();
    let shown = api
        .change(&caller, Right::Settings, Deed::new("trust_root.submit"), move |tx, scope, deed| {
            msp_only(scope)?;
            must_be_fresh(&by)?;
            let root = match latest_root(tx)? {
                Some(latest) => signed::verify_rotation(&latest, &signed),
                None => signed::verify_root(&signed),
            };
            let root = root.map_err(|refusal| refused(&refusal))?;
            *deed = std::mem::take(deed).to("trust_root", root.version());
            let text = serde_json::to_string(&signed).map_err(|error| Problem::internal(&error))?;
            trust::add(
                tx,
                &SignedRoot { version: root.version(), signed: text, added_at: now, added_by: by.name },
            )?;
            let fingerprint = Some(root.fingerprint().to_owned());
            Ok(RootShown { version: root.version(), fingerprint, roots: vec![signed.into()] })
        })
        .await?;
    api.inner.mailbox.wake_all();
    Ok((StatusCode::CREATED, axum::Json(shown)))
}

fn signed_text(text: &str) -> Result<SignedText, Problem> {
    serde_json::from_str(text).map_err(|error| Problem::internal(&error))
}

/// The trust root in force, verified again from the first: what lies in the database is believed no more than what arrives.
fn latest_root(tx: &mut Tx<'_>) -> Result<Option<TrustRoot>, Problem> {
    let mut latest: Option<TrustRoot> = None;
    for root in trust::after(tx, 0)? {
        let signed = signed_text(&root.signed)?;
        let next = match &latest {
            Some(before) => signed::verify_rotation(before, &signed),
            None => signed::verify_root(&signed),
        };
        latest = Some(next.map_err(|refusal| Problem::internal(&refusal))?);
    }
    Ok(latest)
}

fn no_root() -> Problem {
    Problem::new(
        ProblemCode::Conflict,
        "there is no trust root yet; make one with `enamel sign root` and submit it first",
    )
}

fn refused(refusal: &Refusal) -> Problem {
    Problem::new(ProblemCode::Signature, refusal.to_string())
}

fn stored(
    command: &Command,
    signed: &SignedText,
    who: &str,
    now: Timestamp,
) -> Result<StoredCommand, Problem> {
    Ok(StoredCommand {
        id: command.id,
        practice: command.practice,
        agent: command.agent,
        counter: command.counter,
        class: command.order.class(),
        verb: command.order.verb().to_owned(),
        reason: command.reason.clone(),
        signed: serde_json::to_string(signed).map_err(|error| Problem::internal(&error))?,
        not_before: command.not_before,
        not_after: command.not_after,
        state: CommandState::Open,
        detail: String::new(),
        relayed_by: who.to_owned(),
        relayed_at: now,
        changed_by: who.to_owned(),
        changed_at: now,
    })
}
