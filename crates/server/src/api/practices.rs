//! Practices, groups and sites.

use axum::extract::State;
use axum::http::StatusCode;
use enamel_store::tree::{self, Group, Practice, PracticeCursor, Site};
use enamel_types::{GroupId, PracticeId, PracticeProfile, Right, SiteId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Json, Listed, Paging, Path, Query, name};
use super::problem::Problem;
use super::{Api, msp_only};
use crate::access::Caller;
use crate::audit::Deed;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list_practices, make_practice))
        .routes(routes!(read_practice, change_practice))
        .routes(routes!(list_groups, make_group))
        .routes(routes!(rename_group, remove_group))
        .routes(routes!(list_sites, make_site))
        .routes(routes!(remove_site))
}

/// A dental practice.
#[derive(Debug, Serialize, ToSchema)]
struct PracticeShown {
    /// Its id.
    #[schema(value_type = Uuid)]
    id: PracticeId,
    /// Its name.
    name: String,
    /// Its group, if it is in one.
    #[schema(value_type = Option<Uuid>)]
    group: Option<GroupId>,
    /// What it says about itself: patients, takings, working days, the rule it is judged against.
    #[schema(value_type = Object)]
    profile: PracticeProfile,
    /// When it was taken on.
    #[schema(value_type = String, format = DateTime)]
    made_at: Timestamp,
}

impl From<Practice> for PracticeShown {
    fn from(practice: Practice) -> Self {
        let Practice { id, group, name, profile, made_at } = practice;
        Self { id, name, group, profile, made_at }
    }
}

/// A practice that is taken on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPractice {
    /// Its name.
    #[schema(min_length = 1, max_length = 120)]
    name: String,
    /// Its group.
    #[schema(value_type = Option<Uuid>)]
    group: Option<GroupId>,
    /// What it says about itself, as in a practice file; what is left out is assumed, and said to be.
    #[serde(default)]
    #[schema(value_type = Object)]
    profile: PracticeProfile,
}

/// What changes about a practice; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PracticeChange {
    /// Its name.
    #[schema(min_length = 1, max_length = 120)]
    name: Option<String>,
    /// Its group; `null` takes it out of its group.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Uuid>)]
    #[expect(clippy::option_option, reason = "`null` is told from what is not there")]
    group: Option<Option<GroupId>>,
    /// What it says about itself.
    #[schema(value_type = Option<Object>)]
    profile: Option<PracticeProfile>,
}

/// Tells `null` from what is not there.
fn given<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A group of practices.
#[derive(Debug, Serialize, ToSchema)]
struct GroupShown {
    /// Its id.
    #[schema(value_type = Uuid)]
    id: GroupId,
    /// Its name.
    name: String,
}

impl From<Group> for GroupShown {
    fn from(group: Group) -> Self {
        Self { id: group.id, name: group.name }
    }
}

/// One place of a practice.
#[derive(Debug, Serialize, ToSchema)]
struct SiteShown {
    /// Its id.
    #[schema(value_type = Uuid)]
    id: SiteId,
    /// Its name.
    name: String,
}

impl From<Site> for SiteShown {
    fn from(site: Site) -> Self {
        Self { id: site.id, name: site.name }
    }
}

/// A name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Named {
    /// 1 to 120 characters.
    #[schema(min_length = 1, max_length = 120)]
    name: String,
}

/// Which practices.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Search {
    /// Part of the name, whatever the case.
    #[serde(default)]
    search: String,
}

/// The practices in reach, by name
#[utoipa::path(get, path = "/practices", tag = "practices", params(Search, Paging),
    extensions(("x-right" = json!("read_counts"))),
    responses((status = 200, body = Listed<PracticeShown>), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn list_practices(
    State(api): State<Api>,
    caller: Caller,
    Query(search): Query<Search>,
    Query(paging): Query<Paging>,
) -> Result<axum::Json<Listed<PracticeShown>>, Problem> {
    let (after, limit) = (paging.after::<PracticeCursor>()?, paging.limit()?);
    let page = api
        .read(&caller, Right::ReadCounts, move |store, scope| {
            Ok(store.read(scope, |tx| tree::practices(tx, &search.search, after.as_ref(), limit))?)
        })
        .await?;
    Listed::of(page).map(axum::Json)
}

/// Takes a practice on
#[utoipa::path(post, path = "/practices", tag = "practices", request_body = NewPractice,
    extensions(("x-right" = json!("enrol")), ("x-reach" = json!("msp"))),
    responses((status = 201, body = PracticeShown), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn make_practice(
    State(api): State<Api>,
    caller: Caller,
    Json(new): Json<NewPractice>,
) -> Result<(StatusCode, axum::Json<PracticeShown>), Problem> {
    let practice = Practice {
        id: PracticeId::from_uuid(api.access().new_uuid()),
        group: new.group,
        name: name(&new.name)?,
        profile: sane(new.profile)?,
        made_at: api.world().now(),
    };
    let mut fill = api.world().fill;
    let made = api
        .change(&caller, Right::Enrol, Deed::new("practice.make"), move |tx, scope, deed| {
            msp_only(scope)?;
            deed.is_at(practice.id);
            tree::add_practice(tx, &practice, &mut fill)?;
            Ok(practice)
        })
        .await?;
    api.has_news_of(made.id);
    Ok((StatusCode::CREATED, axum::Json(made.into())))
}

/// One practice
#[utoipa::path(get, path = "/practices/{practice}", tag = "practices", params(("practice" = Uuid, Path, description = "The practice")),
    extensions(("x-right" = json!("read_counts"))),
    responses((status = 200, body = PracticeShown), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn read_practice(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<PracticeId>,
) -> Result<axum::Json<PracticeShown>, Problem> {
    let practice = api
        .read(&caller, Right::ReadCounts, move |store, scope| {
            Ok(store.read(scope, |tx| tree::practice(tx, id))?)
        })
        .await?;
    Ok(axum::Json(practice.into()))
}

/// Changes a practice's name, group or profile
#[utoipa::path(patch, path = "/practices/{practice}", tag = "practices", request_body = PracticeChange,
    params(("practice" = Uuid, Path, description = "The practice")),
    extensions(("x-right" = json!("enrol"))),
    responses((status = 200, body = PracticeShown), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn change_practice(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<PracticeId>,
    Json(change): Json<PracticeChange>,
) -> Result<axum::Json<PracticeShown>, Problem> {
    let changed = api
        .change(&caller, Right::Enrol, Deed::new("practice.change").at(id), move |tx, scope, _| {
            if change.group.is_some() {
                // To move a practice is to change who reaches it.
                msp_only(scope)?;
            }
            let mut practice = tree::practice(tx, id)?;
            if let Some(text) = &change.name {
                practice.name = name(text)?;
            }
            if let Some(group) = change.group {
                practice.group = group;
            }
            if let Some(profile) = change.profile {
                practice.profile = sane(profile)?;
            }
            tree::change_practice(tx, &practice)?;
            Ok(practice)
        })
        .await?;
    api.has_news_of(id);
    Ok(axum::Json(changed.into()))
}

/// Numbers that no practice has are refused here as in a practice file.
fn sane(profile: PracticeProfile) -> Result<PracticeProfile, Problem> {
    match profile.fault() {
        Some((key, message)) => Err(Problem::malformed(format!("profile.{key}: {message}"))),
        None => Ok(profile),
    }
}

/// The groups, by name
#[utoipa::path(get, path = "/groups", tag = "practices",
    extensions(("x-right" = json!("read_counts"))),
    responses((status = 200, body = Listed<GroupShown>), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn list_groups(
    State(api): State<Api>,
    caller: Caller,
) -> Result<axum::Json<Listed<GroupShown>>, Problem> {
    let groups =
        api.read(&caller, Right::ReadCounts, |store, scope| Ok(store.read(scope, tree::groups)?)).await?;
    Ok(axum::Json(Listed::whole(groups)))
}

/// Makes a group
#[utoipa::path(post, path = "/groups", tag = "practices", request_body = Named,
    extensions(("x-right" = json!("enrol")), ("x-reach" = json!("msp"))),
    responses((status = 201, body = GroupShown), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn make_group(
    State(api): State<Api>,
    caller: Caller,
    Json(new): Json<Named>,
) -> Result<(StatusCode, axum::Json<GroupShown>), Problem> {
    let group = Group { id: GroupId::from_uuid(api.access().new_uuid()), name: name(&new.name)? };
    let now = api.world().now();
    let made = api
        .change(&caller, Right::Enrol, Deed::new("group.make").to("group", group.id), move |tx, scope, _| {
            msp_only(scope)?;
            tree::add_group(tx, &group, now)?;
            Ok(group)
        })
        .await?;
    Ok((StatusCode::CREATED, axum::Json(made.into())))
}

/// Renames a group
#[utoipa::path(patch, path = "/groups/{group}", tag = "practices", request_body = Named,
    params(("group" = Uuid, Path, description = "The group")),
    extensions(("x-right" = json!("enrol")), ("x-reach" = json!("msp"))),
    responses((status = 204), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn rename_group(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<GroupId>,
    Json(new): Json<Named>,
) -> Result<StatusCode, Problem> {
    let name = name(&new.name)?;
    api.change(&caller, Right::Enrol, Deed::new("group.rename").to("group", id), move |tx, scope, _| {
        msp_only(scope)?;
        Ok(tree::rename_group(tx, id, &name)?)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a group that has no practices
#[utoipa::path(delete, path = "/groups/{group}", tag = "practices", params(("group" = Uuid, Path, description = "The group")),
    extensions(("x-right" = json!("enrol")), ("x-reach" = json!("msp"))),
    responses((status = 204), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn remove_group(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<GroupId>,
) -> Result<StatusCode, Problem> {
    api.change(&caller, Right::Enrol, Deed::new("group.remove").to("group", id), move |tx, scope, _| {
        msp_only(scope)?;
        Ok(tree::remove_group(tx, id)?)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A practice's places
#[utoipa::path(get, path = "/practices/{practice}/sites", tag = "practices",
    params(("practice" = Uuid, Path, description = "The practice")),
    extensions(("x-right" = json!("read_counts"))),
    responses((status = 200, body = Listed<SiteShown>), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn list_sites(
    State(api): State<Api>,
    caller: Caller,
    Path(practice): Path<PracticeId>,
) -> Result<axum::Json<Listed<SiteShown>>, Problem> {
    let sites = api
        .read(&caller, Right::ReadCounts, move |store, scope| {
            Ok(store.read(scope, |tx| {
                tree::practice(tx, practice)?;
                tree::sites(tx, practice)
            })?)
        })
        .await?;
    Ok(axum::Json(Listed::whole(sites)))
}

/// Adds a place to a practice
#[utoipa::path(post, path = "/practices/{practice}/sites", tag = "practices", request_body = Named,
    params(("practice" = Uuid, Path, description = "The practice")),
    extensions(("x-right" = json!("enrol"))),
    responses((status = 201, body = SiteShown), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn make_site(
    State(api): State<Api>,
    caller: Caller,
    Path(practice): Path<PracticeId>,
    Json(new): Json<Named>,
) -> Result<(StatusCode, axum::Json<SiteShown>), Problem> {
    let site = Site { id: SiteId::from_uuid(api.access().new_uuid()), practice, name: name(&new.name)? };
    let now = api.world().now();
    let deed = Deed::new("site.make").at(practice).to("site", site.id);
    let made = api
        .change(&caller, Right::Enrol, deed, move |tx, _, _| {
            tree::practice(tx, practice)?;
            tree::add_site(tx, &site, now)?;
            Ok(site)
        })
        .await?;
    Ok((StatusCode::CREATED, axum::Json(made.into())))
}

/// Removes a place; its computers stay, without one
#[utoipa::path(delete, path = "/practices/{practice}/sites/{site}", tag = "practices",
    params(("practice" = Uuid, Path, description = "The practice"), ("site" = Uuid, Path, description = "The place")),
    extensions(("x-right" = json!("enrol"))),
    responses((status = 204), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn remove_site(
    State(api): State<Api>,
    caller: Caller,
    Path((practice, site)): Path<(PracticeId, SiteId)>,
) -> Result<StatusCode, Problem> {
    let deed = Deed::new("site.remove").at(practice).to("site", site);
    api.change(&caller, Right::Enrol, deed, move |tx, _, _| {
        // The path must tell the truth: a place of another practice is not there.
        if !tree::sites(tx, practice)?.iter().any(|known| known.id == site) {
            return Err(Problem::not_found());
        }
        Ok(tree::remove_site(tx, site)?)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
