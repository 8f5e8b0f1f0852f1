//! Over all practices in reach: what needs a human, alerts, computers, findings by rule and severity, search. All from the index, which
//! holds nothing of what was found inside files.

use std::str::FromStr as _;

use axum::extract::State;
use enamel_store::Scope;
use enamel_store::alerts::{self, Alert, AlertCursor};
use enamel_store::index::{
    self, DeviceCursor, FindingCursor, FindingFilter, FindingStanding, IndexDevice, IndexFinding,
    TodayCursor, TodayItem,
};
use enamel_types::{AlertId, DeviceId, FindingId, PracticeId, Right, RuleId, Severity, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Json, Listed, Paging, Path, Query};
use super::problem::{Problem, ProblemCode};
use super::{Api, reach};
use crate::access::Caller;
use crate::audit::Deed;
use crate::blocking;

/// Most of a kind that a search finds.
const SEARCH_LIMIT: u32 = 20;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(today))
        .routes(routes!(list_alerts))
        .routes(routes!(acknowledge_alert))
        .routes(routes!(close_alert))
        .routes(routes!(list_devices))
        .routes(routes!(read_device))
        .routes(routes!(list_findings))
        .routes(routes!(search))
}

/// Of which practice.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct OfPractice {
    /// Of one practice only.
    #[param(value_type = Option<Uuid>)]
    practice: Option<PracticeId>,
}

/// Something that needs a human.
#[derive(Debug, Serialize, ToSchema)]
struct TodayShown {
    /// Where.
    #[schema(value_type = Uuid)]
    practice: PracticeId,
    /// What makes it the same item: `rule:W03`, `silent:AGENT`.
    item: String,
    /// Its place in the order: expected loss cut, dollars for each of a technician's minutes.
    worth: f64,
    /// Why it is there, in a word.
    reason: String,
    /// How bad.
    #[schema(value_type = String)]
    severity: Severity,
    /// On which computer, if one.
    #[schema(value_type = Option<Uuid>)]
    device: Option<DeviceId>,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// What else there is to say.
    #[schema(value_type = Object)]
    detail: serde_json::Value,
}

/// What is made by this server as JSON is shown as such.
fn detail(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

impl From<TodayItem> for TodayShown {
    fn from(item: TodayItem) -> Self {
        Self {
            practice: item.practice,
            item: item.item,
            worth: item.worth,
            reason: item.reason,
            severity: item.severity,
            device: item.device,
            since: item.since,
            detail: detail(&item.detail),
        }
    }
}

/// What somebody at the MSP must be told.
#[derive(Debug, Serialize, ToSchema)]
struct AlertShown {
    /// Its id.
    #[schema(value_type = Uuid)]
    id: AlertId,
    /// Where.
    #[schema(value_type = Uuid)]
    practice: PracticeId,
    /// How bad.
    #[schema(value_type = String)]
    severity: Severity,
    /// Of what kind.
    category: String,
    /// What it is about.
    #[schema(value_type = Object)]
    detail: serde_json::Value,
    /// On which computer, if one.
    #[schema(value_type = Option<Uuid>)]
    device: Option<DeviceId>,
    /// How often it was raised.
    times: u64,
    /// When first.
    #[schema(value_type = String, format = DateTime)]
    opened_at: Timestamp,
    /// When last.
    #[schema(value_type = String, format = DateTime)]
    last_at: Timestamp,
    /// Who took it.
    acknowledged_by: Option<String>,
    /// When.
    #[schema(value_type = Option<String>, format = DateTime)]
    acknowledged_at: Option<Timestamp>,
    /// Who closed it, or `server` where the reason went away.
    closed_by: Option<String>,
    /// When.
    #[schema(value_type = Option<String>, format = DateTime)]
    closed_at: Option<Timestamp>,
    /// Whether it was a false alarm.
    benign: bool,
}

impl From<Alert> for AlertShown {
    fn from(alert: Alert) -> Self {
        Self {
            id: alert.id,
            practice: alert.practice,
            severity: alert.severity,
            category: alert.category,
            detail: detail(&alert.detail),
            device: alert.device,
            times: alert.times,
            opened_at: alert.opened_at,
            last_at: alert.last_at,
            acknowledged_by: alert.acknowledged_by,
            acknowledged_at: alert.acknowledged_at,
            closed_by: alert.closed_by,
            closed_at: alert.closed_at,
            benign: alert.benign,
        }
    }
}

/// A computer.
#[derive(Debug, Serialize, ToSchema)]
struct DeviceShown {
    /// Which.
    #[schema(value_type = Uuid)]
    id: DeviceId,
    /// Where.
    #[schema(value_type = Uuid)]
    practice: PracticeId,
    /// Its name.
    name: String,
    /// Its operating system.
    os: String,
    /// What it is for.
    role: String,
    /// When it was last looked at.
    #[schema(value_type = String, format = DateTime)]
    observed_at: Timestamp,
    /// The worst of its open findings.
    #[schema(value_type = Option<String>)]
    worst: Option<Severity>,
    /// How many are open.
    findings: u32,
}

impl From<IndexDevice> for DeviceShown {
    fn from(device: IndexDevice) -> Self {
        let IndexDevice { device: id, practice, name, os, role, observed_at, worst, findings } = device;
        Self { id, practice, name, os, role, observed_at, worst, findings }
    }
}

/// A finding, without what it is about: that is read practice by practice.
#[derive(Debug, Serialize, ToSchema)]
struct FindingListed {
    /// Which.
    #[schema(value_type = String)]
    id: FindingId,
    /// Where.
    #[schema(value_type = Uuid)]
    practice: PracticeId,
    /// On which computer.
    #[schema(value_type = Uuid)]
    device: DeviceId,
    /// The rule that it fails.
    #[schema(value_type = String)]
    rule: RuleId,
    /// How bad.
    #[schema(value_type = String)]
    severity: Severity,
    /// `open`, `reopened` or `resolved`.
    #[schema(value_type = String)]
    state: FindingStanding,
    /// When it was first seen.
    #[schema(value_type = String, format = DateTime)]
    first_seen: Timestamp,
    /// When last.
    #[schema(value_type = String, format = DateTime)]
    last_seen: Timestamp,
    /// Until when somebody accepts it.
    #[schema(value_type = Option<String>, format = DateTime)]
    accepted_until: Option<Timestamp>,
}

impl From<IndexFinding> for FindingListed {
    fn from(finding: IndexFinding) -> Self {
        let IndexFinding {
            finding: id,
            practice,
            device,
            rule,
            severity,
            state,
            first_seen,
            last_seen,
            accepted_until,
        } = finding;
        Self { id, practice, device, rule, severity, state, first_seen, last_seen, accepted_until }
    }
}

/// What needs a human, what is worth most first
#[utoipa::path(get, path = "/today", tag = "fleet", params(OfPractice, Paging),
    extensions(("x-right" = json!("read_evidence"))),
    responses((status = 200, body = Listed<TodayShown>), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn today(
    State(api): State<Api>,
    caller: Caller,
    Query(of): Query<OfPractice>,
    Query(paging): Query<Paging>,
) -> Result<axum::Json<Listed<TodayShown>>, Problem> {
    let (after, limit) = (paging.after::<TodayCursor>()?, paging.limit()?);
    let deed = Deed::new("today.read");
    let page = api
        .read_evidence(&caller, Right::ReadEvidence, deed, move |store, scope, deed| {
            deed.is_of(of.practice, scope);
            Ok(store.read(scope, |tx| index::today(tx, of.practice, after.as_ref(), limit))?)
        })
        .await?;
    Listed::of(page).map(axum::Json)
}

/// Which alerts.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct WhichAlerts {
    /// Of one practice only.
    #[param(value_type = Option<Uuid>)]
    practice: Option<PracticeId>,
    /// Whether closed ones are left out.
    #[serde(default)]
    open: bool,
}

/// Alerts, newest first
#[utoipa::path(get, path = "/alerts", tag = "fleet", params(WhichAlerts, Paging),
    extensions(("x-right" = json!("read_evidence"))),
    responses((status = 200, body = Listed<AlertShown>), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn list_alerts(
    State(api): State<Api>,
    caller: Caller,
    Query(which): Query<WhichAlerts>,
    Query(paging): Query<Paging>,
) -> Result<axum::Json<Listed<AlertShown>>, Problem> {
    let (before, limit) = (paging.after::<AlertCursor>()?, paging.limit()?);
    let page = api
        .read_evidence(&caller, Right::ReadEvidence, Deed::new("alerts.read"), move |store, scope, deed| {
            deed.is_of(which.practice, scope);
            Ok(store.read(scope, |tx| alerts::list(tx, which.practice, which.open, before, limit))?)
        })
        .await?;
    Listed::of(page).map(axum::Json)
}

/// Takes an alert: who has it is told to the others
#[utoipa::path(post, path = "/alerts/{alert}/acknowledge", tag = "fleet", params(("alert" = Uuid, Path, description = "The alert")),
    extensions(("x-right" = json!("acknowledge"))),
    responses((status = 200, body = AlertShown), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn acknowledge_alert(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<AlertId>,
) -> Result<axum::Json<AlertShown>, Problem> {
    let (who, now) = (caller.name.clone(), api.world().now());
    let alert = api
        .change(
            &caller,
            Right::Acknowledge,
            Deed::new("alert.acknowledge").to("alert", id),
            move |tx, _, deed| {
                deed.is_at(alerts::get(tx, id)?.practice);
                if !alerts::acknowledge(tx, id, &who, now)? {
                    return Err(Problem::new(ProblemCode::Conflict, "somebody took this alert already"));
                }
                Ok(alerts::get(tx, id)?)
            },
        )
        .await?;
    Ok(axum::Json(alert.into()))
}

/// How an alert ends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Closing {
    /// Whether it was a false alarm: that is counted by rule.
    benign: bool,
}

/// Closes an alert
#[utoipa::path(post, path = "/alerts/{alert}/close", tag = "fleet", request_body = Closing,
    params(("alert" = Uuid, Path, description = "The alert")),
    extensions(("x-right" = json!("acknowledge"))),
    responses((status = 200, body = AlertShown), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn close_alert(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<AlertId>,
    Json(closing): Json<Closing>,
) -> Result<axum::Json<AlertShown>, Problem> {
    let (who, now) = (caller.name.clone(), api.world().now());
    let alert = api
        .change(&caller, Right::Acknowledge, Deed::new("alert.close").to("alert", id), move |tx, _, deed| {
            deed.is_at(alerts::get(tx, id)?.practice);
            if !alerts::close(tx, id, &who, closing.benign, now)? {
                return Err(Problem::new(ProblemCode::Conflict, "this alert is closed already"));
            }
            Ok(alerts::get(tx, id)?)
        })
        .await?;
    Ok(axum::Json(alert.into()))
}

/// Which computers.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct WhichDevices {
    /// Of one practice only.
    #[param(value_type = Option<Uuid>)]
    practice: Option<PracticeId>,
    /// Part of the name, whatever the case.
    #[serde(default)]
    search: String,
}

/// Computers, by name
#[utoipa::path(get, path = "/devices", tag = "fleet", params(WhichDevices, Paging),
    extensions(("x-right" = json!("read_evidence"))),
    responses((status = 200, body = Listed<DeviceShown>), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn list_devices(
    State(api): State<Api>,
    caller: Caller,
    Query(which): Query<WhichDevices>,
    Query(paging): Query<Paging>,
) -> Result<axum::Json<Listed<DeviceShown>>, Problem> {
    let (after, limit) = (paging.after::<DeviceCursor>()?, paging.limit()?);
    let page = api
        .read_evidence(&caller, Right::ReadEvidence, Deed::new("devices.read"), move |store, scope, deed| {
            let WhichDevices { practice, search } = which;
            deed.is_of(practice, scope);
            Ok(store.read(scope, |tx| index::devices(tx, practice, &search, after.as_ref(), limit))?)
        })
        .await?;
    Listed::of(page).map(axum::Json)
}

/// One computer
#[utoipa::path(get, path = "/devices/{device}", tag = "fleet", params(("device" = Uuid, Path, description = "The computer")),
    extensions(("x-right" = json!("read_evidence"))),
    responses((status = 200, body = DeviceShown), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn read_device(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<DeviceId>,
) -> Result<axum::Json<DeviceShown>, Problem> {
    let deed = Deed::new("device.read").to("device", id);
    let device = api
        .read_evidence(&caller, Right::ReadEvidence, deed, move |store, scope, deed| {
            let device = store.read(scope, |tx| index::device(tx, id))?;
            deed.is_at(device.practice);
            Ok(device)
        })
        .await?;
    Ok(axum::Json(device.into()))
}

/// Which findings.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct WhichFindings {
    /// Of one practice only.
    #[param(value_type = Option<Uuid>)]
    practice: Option<PracticeId>,
    /// Of one computer only.
    #[param(value_type = Option<Uuid>)]
    device: Option<DeviceId>,
    /// Of one rule only.
    #[param(value_type = Option<String>)]
    rule: Option<RuleId>,
    /// Of one severity only: `informational`, `low`, `medium`, `high`, `critical`.
    severity: Option<String>,
    /// Whether those that are gone are left out.
    #[serde(default)]
    open: bool,
}

/// Findings, worst first
#[utoipa::path(get, path = "/findings", tag = "fleet", params(WhichFindings, Paging),
    extensions(("x-right" = json!("read_evidence"))),
    responses((status = 200, body = Listed<FindingListed>), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn list_findings(
    State(api): State<Api>,
    caller: Caller,
    Query(which): Query<WhichFindings>,
    Query(paging): Query<Paging>,
) -> Result<axum::Json<Listed<FindingListed>>, Problem> {
    let (after, limit) = (paging.after::<FindingCursor>()?, paging.limit()?);
    let WhichFindings { practice, device, rule, severity, open: open_only } = which;
    let severity = severity.map(|word| Severity::from_str(&word)).transpose().map_err(Problem::malformed)?;
    let filter = FindingFilter { practice, device, rule, severity, open_only };
    let page = api
        .read_evidence(&caller, Right::ReadEvidence, Deed::new("findings.read"), move |store, scope, deed| {
            deed.is_of(filter.practice, scope);
            Ok(store.read(scope, |tx| index::findings(tx, &filter, after.as_ref(), limit))?)
        })
        .await?;
    Listed::of(page).map(axum::Json)
}

/// What to look for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct For {
    /// Part of a name.
    text: String,
}

/// What was found.
#[derive(Debug, Default, Serialize, ToSchema)]
struct FoundShown {
    /// Practices.
    practices: Vec<NamedPractice>,
    /// Computers; none for who may not read evidence.
    devices: Vec<NamedDevice>,
    /// Rules with open findings; none for who may not read evidence.
    rules: Vec<RuleFound>,
}

/// A practice by name.
#[derive(Debug, Serialize, ToSchema)]
struct NamedPractice {
    /// Which.
    #[schema(value_type = Uuid)]
    id: PracticeId,
    /// Its name.
    name: String,
}

/// A computer by name.
#[derive(Debug, Serialize, ToSchema)]
struct NamedDevice {
    /// Which.
    #[schema(value_type = Uuid)]
    id: DeviceId,
    /// Where.
    #[schema(value_type = Uuid)]
    practice: PracticeId,
    /// Its name.
    name: String,
}

/// A rule with open findings.
#[derive(Debug, Serialize, ToSchema)]
struct RuleFound {
    /// Which.
    #[schema(value_type = String)]
    rule: RuleId,
    /// How many are open.
    open: u64,
}

/// Finds practices, computers and rules by a part of their name
#[utoipa::path(get, path = "/search", tag = "fleet", params(For),
    extensions(("x-right" = json!("read_counts"))),
    responses((status = 200, body = FoundShown), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn search(
    State(api): State<Api>,
    caller: Caller,
    Query(look): Query<For>,
) -> Result<axum::Json<FoundShown>, Problem> {
    let shown = blocking(move || {
        let store = api.access().store();
        let find = |scope: &Scope| store.read(scope, |tx| index::search(tx, &look.text, SEARCH_LIMIT));
        let practices = find(&reach(&caller, store, Right::ReadCounts)?)?.practices;
        // Who may count computers may not therefore read their names.
        let evidence = match caller.scope(store, Right::ReadEvidence)? {
            Scope::Nothing => index::Found::default(),
            scope => {
                Deed::new("search").noted(store, &caller.actor(), api.world().now())?;
                find(&scope)?
            }
        };
        Ok::<_, Problem>(FoundShown {
            practices: practices.into_iter().map(|(id, name)| NamedPractice { id, name }).collect(),
            devices: evidence
                .devices
                .into_iter()
                .map(|(id, practice, name)| NamedDevice { id, practice, name })
                .collect(),
            rules: evidence.rules.into_iter().map(|(rule, open)| RuleFound { rule, open }).collect(),
        })
    })
    .await?;
    Ok(axum::Json(shown))
}
