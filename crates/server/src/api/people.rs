//! People, their grants, and invitations. Only owners of the MSP see them, and each change takes a login within the last ten minutes.

use axum::extract::State;
use axum::http::StatusCode;
use enamel_store::people::{self, HeldGrant, Invitation, Person};
use enamel_store::{StoreError, Tx, tree};
use enamel_types::{Grant, GroupId, PracticeId, Reach, Right, Role, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::extract::{Json, Listed, Path};
use super::problem::Problem;
use super::{Api, msp_only, must_be_fresh};
use crate::access::Caller;
use crate::access::caller::check_grant;
use crate::audit::Deed;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(who_am_i))
        .routes(routes!(list_people, invite_person))
        .routes(routes!(change_person))
        .routes(routes!(add_grant))
        .routes(routes!(end_grant))
        .routes(routes!(list_invitations))
        .routes(routes!(withdraw_invitation))
}

/// A role over a part of the tree.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GrantShown {
    /// `owner`, `engineer`, `analyst`, `trainer`, `billing`, `read_only`, `practice_manager` or `auditor`.
    #[schema(value_type = String)]
    role: Role,
    /// The group, where it covers one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>)]
    group: Option<GroupId>,
    /// The practice, where it covers one. Neither group nor practice: the whole MSP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>)]
    practice: Option<PracticeId>,
    /// When it ends; an auditor's and a key's must.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
}

impl From<Grant> for GrantShown {
    fn from(grant: Grant) -> Self {
        let (group, practice) = match grant.reach {
            Reach::Msp => (None, None),
            Reach::Group(group) => (Some(group), None),
            Reach::Practice(practice) => (None, Some(practice)),
        };
        Self { role: grant.role, group, practice, until: grant.until }
    }
}

impl GrantShown {
    /// The grant, where what it covers is there.
    pub(super) fn read(self, tx: &mut Tx<'_>, now: Timestamp) -> Result<Grant, Problem> {
        let reach = match (self.group, self.practice) {
            (None, None) => Reach::Msp,
            (Some(group), None) => {
                let known = tree::groups(tx)?.iter().any(|known| known.id == group);
                if !known {
                    return Err(Problem::malformed("there is no such group"));
                }
                Reach::Group(group)
            }
            (None, Some(practice)) => match tree::practice(tx, practice) {
                Err(StoreError::NotFound(_)) => return Err(Problem::malformed("there is no such practice")),
                found => Reach::Practice(found?.id),
            },
            (Some(_), Some(_)) => return Err(Problem::malformed("give a group or a practice, not both")),
        };
        let grant = Grant { role: self.role, reach, until: self.until };
        check_grant(&grant, now).map_err(|why| Problem::malformed(why.to_string()))?;
        Ok(grant)
    }
}

/// A grant that somebody holds.
#[derive(Debug, Serialize, ToSchema)]
struct HeldShown {
    /// Its id.
    id: Uuid,
    /// What it is.
    #[serde(flatten)]
    grant: GrantShown,
    /// Who gave it.
    made_by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    made_at: Timestamp,
}

impl From<HeldGrant> for HeldShown {
    fn from(held: HeldGrant) -> Self {
        Self { id: held.id, grant: held.grant.into(), made_by: held.made_by, made_at: held.made_at }
    }
}

/// Somebody who can sign in.
#[derive(Debug, Serialize, ToSchema)]
struct PersonShown {
    /// The id.
    #[schema(value_type = Uuid)]
    id: UserId,
    /// The mail address.
    mail: String,
    /// The name.
    name: String,
    /// When the person joined.
    #[schema(value_type = String, format = DateTime)]
    made_at: Timestamp,
    /// Since when the person cannot sign in any more.
    #[schema(value_type = Option<String>, format = DateTime)]
    disabled_at: Option<Timestamp>,
    /// What was granted; grants that have ended included.
    grants: Vec<HeldShown>,
}

impl PersonShown {
    fn of(tx: &mut Tx<'_>, person: Person) -> Result<Self, StoreError> {
        let grants = people::grants(tx, person.id)?.into_iter().map(Into::into).collect();
        let Person { id, email: mail, name, made_at, disabled_at, .. } = person;
        Ok(Self { id, mail, name, made_at, disabled_at, grants })
    }
}

/// A person to be invited.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPerson {
    /// The mail address; the link is for it alone.
    mail: String,
    /// The name.
    #[schema(min_length = 1, max_length = 120)]
    name: String,
    /// The first grant; more can be given once the person has joined.
    grant: GrantShown,
}

/// An invitation that was made. The link is shown here and never again.
#[derive(Debug, Serialize, ToSchema)]
struct Invited {
    /// To be sent to the person.
    link: String,
    /// What is kept of it.
    #[serde(flatten)]
    invitation: InvitationShown,
}

/// An invitation without its link.
#[derive(Debug, Serialize, ToSchema)]
struct InvitationShown {
    /// Names it, for withdrawing.
    id: String,
    /// Whom it is for; empty for the link that makes the first owner.
    mail: String,
    /// The name.
    name: String,
    /// What is granted with it.
    grant: GrantShown,
    /// Who made it.
    made_by: String,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    ends_at: Timestamp,
}

impl From<Invitation> for InvitationShown {
    fn from(invitation: Invitation) -> Self {
        Self {
            id: blake3::Hash::from_bytes(invitation.secret_hash).to_hex().to_string(),
            mail: invitation.email,
            name: invitation.name,
            grant: invitation.grant.into(),
            made_by: invitation.made_by,
            ends_at: invitation.ends_at,
        }
    }
}

/// What changes about a person; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PersonChange {
    /// The name.
    #[schema(min_length = 1, max_length = 120)]
    name: Option<String>,
    /// Whether the person cannot sign in any more; sessions end at once.
    disabled: Option<bool>,
}

/// Who calls, and what was granted
#[derive(Debug, Serialize, ToSchema)]
struct Me {
    /// The person's or the key's name.
    name: String,
    /// Grants that count now.
    grants: Vec<GrantShown>,
    /// Whether sensitive things can be changed: the login is less than ten minutes ago.
    fresh: bool,
}

/// Who calls, and what was granted
#[utoipa::path(get, path = "/me", tag = "people", responses((status = 200, body = Me), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn who_am_i(caller: Caller) -> axum::Json<Me> {
    let grants = caller.grants().iter().cloned().map(Into::into).collect();
    axum::Json(Me { grants, fresh: caller.fresh, name: caller.name })
}

/// Everybody who can sign in
#[utoipa::path(get, path = "/people", tag = "people",
    extensions(("x-right" = json!("manage_people")), ("x-reach" = json!("msp"))),
    responses((status = 200, body = Listed<PersonShown>), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn list_people(
    State(api): State<Api>,
    caller: Caller,
) -> Result<axum::Json<Listed<PersonShown>>, Problem> {
    let people = api
        .read(&caller, Right::ManagePeople, |store, scope| {
            msp_only(scope)?;
            Ok(store.read(scope, |tx| {
                let all = people::all(tx)?;
                all.into_iter()
                    .map(|person| PersonShown::of(tx, person))
                    .collect::<Result<Vec<_>, StoreError>>()
            })?)
        })
        .await?;
    Ok(axum::Json(Listed::whole(people)))
}

/// Invites a person; the link is shown once
#[utoipa::path(post, path = "/people", tag = "people", request_body = NewPerson,
    extensions(("x-right" = json!("manage_people")), ("x-reach" = json!("msp")), ("x-fresh" = json!(true))),
    responses((status = 201, body = Invited), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn invite_person(
    State(api): State<Api>,
    caller: Caller,
    Json(new): Json<NewPerson>,
) -> Result<(StatusCode, axum::Json<Invited>), Problem> {
    let (by, access, now) = (caller.clone(), api.access().clone(), api.world().now());
    let (link, invitation) = api
        .change(&caller, Right::ManagePeople, Deed::new("person.invite"), move |tx, scope, deed| {
            msp_only(scope)?;
            must_be_fresh(&by)?;
            let grant = new.grant.read(tx, now)?;
            let (link, invitation) = access.invite(tx, &by, &new.mail, &new.name, grant)?;
            *deed = std::mem::take(deed)
                .to("mail", &invitation.email)
                .with("role", invitation.grant.role.as_str());
            Ok((link, invitation))
        })
        .await?;
    Ok((StatusCode::CREATED, axum::Json(Invited { link, invitation: invitation.into() })))
}

/// Changes a person's name, or shuts the person out
#[utoipa::path(patch, path = "/people/{person}", tag = "people", request_body = PersonChange,
    params(("person" = Uuid, Path, description = "The person")),
    extensions(("x-right" = json!("manage_people")), ("x-reach" = json!("msp")), ("x-fresh" = json!(true))),
    responses((status = 200, body = PersonShown), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn change_person(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<UserId>,
    Json(change): Json<PersonChange>,
) -> Result<axum::Json<PersonShown>, Problem> {
    let (by, now) = (caller.clone(), api.world().now());
    let changed = api
        .change(
            &caller,
            Right::ManagePeople,
            Deed::new("person.change").to("person", id),
            move |tx, scope, deed| {
                msp_only(scope)?;
                must_be_fresh(&by)?;
                let mut person = people::get(tx, id)?;
                if let Some(name) = &change.name {
                    person.name = crate::access::person_name(name)?;
                }
                if let Some(disabled) = change.disabled {
                    person.disabled_at = disabled.then_some(person.disabled_at.unwrap_or(now));
                    *deed = std::mem::take(deed).with("disabled", disabled);
                }
                people::change(tx, &person)?;
                Ok(PersonShown::of(tx, person)?)
            },
        )
        .await?;
    Ok(axum::Json(changed))
}

/// Grants a person a role
#[utoipa::path(post, path = "/people/{person}/grants", tag = "people", request_body = GrantShown,
    params(("person" = Uuid, Path, description = "The person")),
    extensions(("x-right" = json!("manage_people")), ("x-reach" = json!("msp")), ("x-fresh" = json!(true))),
    responses((status = 201, body = HeldShown), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn add_grant(
    State(api): State<Api>,
    caller: Caller,
    Path(person): Path<UserId>,
    Json(grant): Json<GrantShown>,
) -> Result<(StatusCode, axum::Json<HeldShown>), Problem> {
    let (by, access, now) = (caller.clone(), api.access().clone(), api.world().now());
    let held = api
        .change(
            &caller,
            Right::ManagePeople,
            Deed::new("grant.give").to("person", person),
            move |tx, scope, deed| {
                msp_only(scope)?;
                must_be_fresh(&by)?;
                people::get(tx, person)?;
                let grant = grant.read(tx, now)?;
                *deed = std::mem::take(deed).with("role", grant.role.as_str());
                Ok(access.grant(tx, person, grant, &by.name, now)?)
            },
        )
        .await?;
    Ok((StatusCode::CREATED, axum::Json(held.into())))
}

/// Takes a grant back
#[utoipa::path(delete, path = "/people/{person}/grants/{grant}", tag = "people",
    params(("person" = Uuid, Path, description = "The person"), ("grant" = Uuid, Path, description = "The grant")),
    extensions(("x-right" = json!("manage_people")), ("x-reach" = json!("msp")), ("x-fresh" = json!(true))),
    responses((status = 204), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn end_grant(
    State(api): State<Api>,
    caller: Caller,
    Path((person, grant)): Path<(UserId, Uuid)>,
) -> Result<StatusCode, Problem> {
    let by = caller.clone();
    api.change(
        &caller,
        Right::ManagePeople,
        Deed::new("grant.end").to("person", person),
        move |tx, scope, _| {
            msp_only(scope)?;
            must_be_fresh(&by)?;
            Ok(people::end_grant(tx, person, grant)?)
        },
    )
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Invitations that can still be taken
#[utoipa::path(get, path = "/invitations", tag = "people",
    extensions(("x-right" = json!("manage_people")), ("x-reach" = json!("msp"))),
    responses((status = 200, body = Listed<InvitationShown>), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn list_invitations(
    State(api): State<Api>,
    caller: Caller,
) -> Result<axum::Json<Listed<InvitationShown>>, Problem> {
    let now = api.world().now();
    let open = api
        .read(&caller, Right::ManagePeople, move |store, scope| {
            msp_only(scope)?;
            Ok(store.read(scope, |tx| people::open_invitations(tx, now))?)
        })
        .await?;
    Ok(axum::Json(Listed::whole(open)))
}

/// Withdraws an invitation that was not taken
#[utoipa::path(delete, path = "/invitations/{invitation}", tag = "people",
    params(("invitation" = String, Path, description = "The invitation's id")),
    extensions(("x-right" = json!("manage_people")), ("x-reach" = json!("msp"))),
    responses((status = 204), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn withdraw_invitation(
    State(api): State<Api>,
    caller: Caller,
    Path(invitation): Path<String>,
) -> Result<StatusCode, Problem> {
    let hash = *blake3::Hash::from_hex(&invitation).map_err(|_| Problem::not_found())?.as_bytes();
    api.change(&caller, Right::ManagePeople, Deed::new("person.uninvite"), move |tx, scope, _| {
        msp_only(scope)?;
        Ok(people::withdraw_invitation(tx, &hash)?)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
