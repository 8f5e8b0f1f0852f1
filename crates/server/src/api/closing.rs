//! The end of a practice: exported, then destroyed. It takes two people within a day, each with a fresh login, and the practice's name typed
//! out; a program cannot.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use enamel_store::{Purpose, Scope, Store, StoreError, agents, settings, tree};
use enamel_types::{PracticeId, Right, Timestamp, UserId};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Json, Path};
use super::problem::Problem;
use super::{Api, msp_only, must_be_fresh, reach};
use crate::access::{Caller, Who};
use crate::audit::Deed;
use crate::blocking;

/// How long the first one's word counts.
const COUNTS_FOR: SignedDuration = SignedDuration::from_hours(24);

/// Under which name the first one's word is kept.
const SETTING: &str = "closing";

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(close_practice))
}

/// The end of a practice, as a person asks for it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Close {
    /// The practice's name, as it is written.
    name: String,
}

/// What came of it.
#[derive(Debug, Serialize, ToSchema)]
struct Closed {
    /// `asked`: another person has to ask the same within a day. `closed`: it is done.
    state: &'static str,
    /// Who asked first.
    first: String,
    /// The folder on the server with the practice's evidence, to be handed over; anybody who has it can read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    export: Option<String>,
    /// Entries that were destroyed.
    #[serde(skip_serializing_if = "Option::is_none")]
    entries: Option<u64>,
    /// The root over them.
    #[serde(skip_serializing_if = "Option::is_none")]
    root: Option<String>,
}

/// Who asked first.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Asked {
    person: UserId,
    name: String,
    at: Timestamp,
}

/// Closes a practice: exports its evidence on the server, then destroys it; the second person to ask carries it out
#[utoipa::path(post, path = "/practices/{practice}/close", tag = "practices", request_body = Close,
    params(("practice" = Uuid, Path, description = "The practice")),
    extensions(("x-right" = json!("enrol")), ("x-reach" = json!("msp")), ("x-fresh" = json!(true))),
    responses((status = 202, body = Closed), (status = 200, body = Closed), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn close_practice(
    State(api): State<Api>,
    caller: Caller,
    Path(practice): Path<PracticeId>,
    Json(close): Json<Close>,
) -> Result<(StatusCode, axum::Json<Closed>), Problem> {
    let (by, now) = (caller.clone(), api.world().now());
    let deed = Deed::new("practice.close.ask").at(practice);
    let first = api
        .change(&caller, Right::Enrol, deed, move |tx, scope, _| {
            msp_only(scope)?;
            let found = tree::practice(tx, practice)?;
            must_be_fresh(&by)?;
            let Who::Person(person) = by.who else { return Err(Problem::not_found()) };
            if found.name != close.name {
                return Err(Problem::malformed("`name` is not the practice's name, letter by letter"));
            }
            let mut asked: BTreeMap<String, Asked> = settings::get(tx, SETTING)?.unwrap_or_default();
            asked.retain(|_, asked| now.duration_since(asked.at) < COUNTS_FOR);
            let key = practice.to_string();
            let first = asked.entry(key.clone()).or_insert(Asked { person, name: by.name, at: now }).clone();
            let is_second = first.person != person;
            if is_second {
                asked.remove(&key);
            }
            settings::set(tx, SETTING, &asked)?;
            Ok((first.name, is_second))
        })
        .await?;
    let (first, is_second) = first;
    if !is_second {
        let asked = Closed { state: "asked", first, export: None, entries: None, root: None };
        return Ok((StatusCode::ACCEPTED, axum::Json(asked)));
    }
    let closed = blocking(move || carry_out(&api, &caller, practice, first)).await?;
    Ok((StatusCode::OK, axum::Json(closed)))
}

fn carry_out(api: &Api, caller: &Caller, practice: PracticeId, first: String) -> Result<Closed, Problem> {
    let (store, now) = (api.access().store(), api.world().now());
    let scope = reach(caller, store, Right::Enrol)?;
    let folder = api.inner.evidence.closed.join(format!("{practice}-{}", now.as_second()));
    store.export(&scope, practice, &folder)?;
    let known = agents_of(store, practice)?;
    let proof = store.shred(&scope, practice, &format!("{first} and {}", caller.name), now)?;
    for agent in known {
        api.inner.roster.forget(agent);
    }
    let deed = Deed::new("practice.close").to("practice", practice).with("first", first.as_str());
    deed.with("entries", proof.entries).noted(store, &caller.actor(), now)?;
    let export = Some(folder.display().to_string());
    Ok(Closed {
        state: "closed",
        first,
        export,
        entries: Some(proof.entries),
        root: Some(proof.root.root.to_string()),
    })
}

fn agents_of(store: &Store, practice: PracticeId) -> Result<Vec<enamel_types::AgentId>, Problem> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = store.read(&Scope::System(Purpose::Housekeeping), |tx| {
            agents::of_practice(tx, practice, after, enamel_store::MAX_PAGE)
        });
        let page = page.map_err(|error: StoreError| Problem::from(error))?;
        all.extend(page.items.iter().map(|agent| agent.id));
        after = page.next;
        if after.is_none() {
            return Ok(all);
        }
    }
}
