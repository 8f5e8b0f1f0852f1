//! What forms ask for. Each is carried out by the API, called within the process with the sender's own session: who may do what, what
//! must hold, and what the audit trail says of it is decided there and nowhere else. Here a form becomes a request, and the answer a page.
//!
//! After a change the browser is sent on, so that loading the page again does nothing twice. What is shown once (a token, a key, a
//! link) is in the answer itself and in no address.

use axum::Form;
use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts as _, Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use enamel_store::StoreError;
use enamel_types::{FindingId, PracticeId, Right, Role};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::frame::{Frame, Place, Theme};
use super::load::{self, From};
use super::routes::{Console, encoded, failed, html, show, trouble};
use super::screens::Screen;
use super::screens::doors::{Door, DoorKind};
use super::screens::findings::AcceptForm;
use super::screens::tokens::Made;
use super::screens::trouble::TroubleKind;
use super::visit::{COOKIES, Taste, Visit};
use super::words::Lang;
use crate::access::routes::Origin;
use crate::access::signed_in::{NotSignedIn, after_login};
use crate::access::{AccessError, SignedIn, csrf, session};
use crate::audit::Deed;
use crate::blocking;

pub(super) use super::report::{make_report, reports, save_brand};

/// Largest answer of the API that a form takes, bytes.
const MAX_ANSWER: usize = 1 << 20;

/// How long a taste is kept, seconds: a year.
const TASTE_SECONDS: u32 = 31_536_000;

/// Why the API did not do it.
enum Refused {
    /// What was typed cannot be taken.
    Wrong,
    /// The login is too long ago.
    Again,
    /// A page, ready to send.
    Page(Response),
}

/// A form that somebody signed in has sent.
pub(super) struct Sent {
    console: Console,
    visit: Visit,
    headers: HeaderMap,
    fields: Fields,
}

impl FromRequest<Console> for Sent {
    type Rejection = Response;

    async fn from_request(request: Request<Body>, console: &Console) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let visit =
            Visit::from_request_parts(&mut parts, console).await.map_err(IntoResponse::into_response)?;
        let headers = parts.headers.clone();
        let Form(fields) = Form::from_request(Request::from_parts(parts, body), console)
            .await
            .map_err(IntoResponse::into_response)?;
        Ok(Self { console: console.clone(), visit, headers, fields })
    }
}

impl Sent {
    /// Asks the API, as the sender.
    async fn ask(&self, method: Method, path: &str, body: &Value) -> Result<Value, Refused> {
        let Self { console, visit, headers, fields } = self;
        let taste = &visit.taste;
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", crate::api::BASE))
            .header(header::CONTENT_TYPE, "application/json");
        for cookie in headers.get_all(header::COOKIE) {
            request = request.header(header::COOKIE, cookie);
        }
        let token = HeaderValue::from_str(&fields.csrf).unwrap_or(HeaderValue::from_static(""));
        let request = request.header(csrf::HEADER, token).body(Body::from(body.to_string()));
        let fault = || Refused::Page(trouble(taste, TroubleKind::Fault));
        let answer = console.inner.api.clone().oneshot(request.map_err(|_| Refused::Wrong)?).await;
        let answer = answer.unwrap_or_else(|never| match never {});
        let status = answer.status();
        let bytes = axum::body::to_bytes(answer.into_body(), MAX_ANSWER).await.map_err(|_| fault())?;
        let said: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        if status.is_success() {
            return Ok(said);
        }
        Err(match status {
            StatusCode::UNAUTHORIZED if said["code"] == "login_again" => Refused::Again,
            StatusCode::UNAUTHORIZED => Refused::Page(Redirect::to("/login").into_response()),
            StatusCode::FORBIDDEN => Refused::Page(trouble(taste, TroubleKind::Stale)),
            StatusCode::NOT_FOUND => Refused::Page(trouble(taste, TroubleKind::NotFound)),
            StatusCode::TOO_MANY_REQUESTS => Refused::Page(trouble(taste, TroubleKind::TooMany)),
            StatusCode::SERVICE_UNAVAILABLE => Refused::Page(trouble(taste, TroubleKind::ReadOnly)),
            status if status.is_server_error() => fault(),
            _ => Refused::Wrong,
        })
    }

    /// Shows a page in answer.
    async fn show<S: Screen>(
        self,
        place: Place,
        right: Right,
        deed: Option<Deed>,
        status: StatusCode,
        load: impl FnOnce(&From<'_>, &Visit) -> Result<S, StoreError> + Send + 'static,
    ) -> Response {
        show(self.console, self.visit, place, right, deed, status, load).await
    }
}

/// Sends the browser on, with a word about what came of it.
fn on(to: &str, said: &str) -> Response {
    let (path, anchor) =
        to.split_once('#').map_or((to, String::new()), |(path, anchor)| (path, format!("#{anchor}")));
    let sign = if path.contains('?') { '&' } else { '?' };
    Redirect::to(&format!("{path}{sign}said={said}{anchor}")).into_response()
}

/// The answer to a form that changes something and shows nothing.
fn done<T>(outcome: Result<T, Refused>, to: &str, good: &str, bad: &str) -> Response {
    match outcome {
        Ok(_) => on(to, good),
        Err(Refused::Wrong) => on(to, bad),
        Err(Refused::Again) => on(to, "act-again"),
        Err(Refused::Page(page)) => page,
    }
}

/// A form's fields; what is not sent is empty.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Fields {
    pub(super) csrf: String,
    pub(super) back: String,
    pub(super) lang: String,
    pub(super) zone: String,
    pub(super) theme: String,
    pub(super) reason: String,
    pub(super) compensating: String,
    pub(super) person: String,
    pub(super) until: String,
    pub(super) agent: String,
    pub(super) verb: String,
    pub(super) detail: String,
    pub(super) signed: String,
    pub(super) practice: String,
    pub(super) group: String,
    pub(super) name: String,
    pub(super) mail: String,
    pub(super) role: String,
    pub(super) reach: String,
    pub(super) next: String,
    pub(super) password: String,
    pub(super) code: String,
    pub(super) kind: String,
    pub(super) color: String,
    pub(super) contact: String,
}

pub(super) async fn save_display(taste: Taste, Form(fields): Form<Fields>) -> Response {
    let mut response = on(after_login(Some(&fields.back)), "display-saved");
    let lang = Lang::of(&fields.lang).map(Lang::tag);
    let zone = jiff::tz::TimeZone::get(&fields.zone)
        .ok()
        .filter(|_| !fields.zone.is_empty())
        .map(|_| fields.zone.as_str());
    let theme = Theme::of(&fields.theme).map(Theme::tag);
    for (name, value) in COOKIES.into_iter().zip([lang, zone, theme]) {
        // A zone that the computer knows holds letters, digits and signs that a cookie may hold.
        let Some(value) = value else { continue };
        let cookie = format!("{name}={value}; Path=/; Max-Age={TASTE_SECONDS}; SameSite=Lax; HttpOnly");
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    drop(taste);
    response
}

pub(super) async fn accept(Path((practice, finding)): Path<(String, String)>, sent: Sent) -> Response {
    let (Ok(practice), Ok(finding)) = (practice.parse::<PracticeId>(), finding.parse::<FindingId>()) else {
        return trouble(&sent.visit.taste, TroubleKind::NotFound);
    };
    let wrong = wrong_in(&sent.fields, &sent.visit);
    let page = format!("/practices/{practice}/findings/{finding}");
    if wrong.is_empty() {
        // Until the end of that day, in the reader's own zone.
        let fields = &sent.fields;
        let end = fields.until.parse::<jiff::civil::Date>().ok().and_then(|day| day.tomorrow().ok());
        let end = end
            .and_then(|day| day.at(0, 0, 0, 0).to_zoned_datetime(sent.visit.taste.words.zone.clone()).ok());
        let body = json!({
            "reason": fields.reason, "compensating": fields.compensating, "person": fields.person,
            "until": end.map(|end| end.timestamp().to_string()),
        });
        let asked = sent.ask(Method::POST, &format!("{page}/accept"), &body).await;
        return done(asked, &page, "accept-done", "act-wrong");
    }
    let fields = &sent.fields;
    let form = AcceptForm {
        reason: fields.reason.clone(),
        compensating: fields.compensating.clone(),
        person: fields.person.clone(),
        until: fields.until.clone(),
        wrong,
        ..AcceptForm::default()
    };
    let deed = Deed::new("finding.read").at(practice).to("finding", finding);
    let load = move |from: &From<'_>, _: &Visit| load::finding(from, practice, finding, true, Some(form));
    sent.show(Place::Findings, Right::Accept, Some(deed), StatusCode::UNPROCESSABLE_ENTITY, load).await
}

/// What is wrong with the form of an acceptance, by field.
fn wrong_in(fields: &Fields, visit: &Visit) -> Vec<(&'static str, &'static str)> {
    let mut wrong = Vec::new();
    if fields.reason.trim().chars().count() < 10 {
        wrong.push(("reason", "accept-wrong-reason"));
    }
    if fields.person.trim().chars().count() < 3 {
        wrong.push(("person", "accept-wrong-person"));
    }
    let today = visit.taste.words.now.to_zoned_datetime(visit.taste.words.zone.clone()).date();
    let day = fields.until.parse::<jiff::civil::Date>().ok();
    let year = today.checked_add(jiff::SignedDuration::from_hours(365 * 24)).unwrap_or(today);
    if !day.is_some_and(|day| day > today && day <= year) {
        wrong.push(("until", "accept-wrong-until"));
    }
    wrong
}

pub(super) async fn take(Path(alert): Path<String>, sent: Sent) -> Response {
    let path = format!("/alerts/{}/acknowledge", encoded(&alert));
    let asked = sent.ask(Method::POST, &path, &Value::Null).await;
    done(asked, "/alerts", "take-done", "act-wrong")
}

pub(super) async fn refuse(Path(command): Path<String>, sent: Sent) -> Response {
    let path = format!("/commands/{}/veto", encoded(&command));
    let asked = sent.ask(Method::POST, &path, &json!({ "reason": sent.fields.reason })).await;
    done(asked, "/approvals", "refuse-done", "act-wrong")
}

/// An order out of a form: the verb, and the one thing that belongs to it.
fn order(fields: &Fields) -> Option<Value> {
    let detail = fields.detail.trim();
    Some(match fields.verb.as_str() {
        "collect" => json!({ "verb": "collect", "sensors": [] }),
        "isolate" => json!({ "verb": "isolate", "hours": detail.parse::<u8>().ok()? }),
        verb @ ("restore_aside" | "restore_in_place") => json!({ "verb": verb, "snapshot": detail }),
        "update" => {
            let (version, sha256) = detail.split_once(' ')?;
            json!({ "verb": "update", "version": version, "sha256": sha256.trim() })
        }
        verb @ ("snapshot" | "release" | "uninstall") => json!({ "verb": verb }),
        _ => return None,
    })
}

pub(super) async fn prepare(sent: Sent) -> Response {
    let asked = match order(&sent.fields) {
        Some(order) => {
            let fields = &sent.fields;
            let body = json!({ "agent": fields.agent, "reason": fields.reason, "order": order });
            sent.ask(Method::POST, "/commands/prepare", &body).await
        }
        None => Err(Refused::Wrong),
    };
    match asked {
        Ok(document) => {
            let headers = [
                (header::CONTENT_TYPE, "application/json"),
                (header::CONTENT_DISPOSITION, "attachment; filename=\"command.json\""),
                (header::CACHE_CONTROL, "no-store"),
            ];
            (headers, document.to_string()).into_response()
        }
        Err(Refused::Page(page)) => page,
        Err(Refused::Wrong | Refused::Again) => {
            let reason = sent.fields.reason.clone();
            let load = move |from: &From<'_>, _: &Visit| load::new_command(from, "new-command-wrong", reason);
            sent.show(Place::Approvals, Right::Command, None, StatusCode::UNPROCESSABLE_ENTITY, load).await
        }
    }
}

pub(super) async fn send(sent: Sent) -> Response {
    let asked = match serde_json::from_str::<Value>(&sent.fields.signed) {
        Ok(signed) => sent.ask(Method::POST, "/commands", &signed).await,
        Err(_) => Err(Refused::Wrong),
    };
    done(asked, "/approvals", "send-done", "send-wrong")
}

pub(super) async fn make_token(sent: Sent) -> Response {
    let Ok(practice) = sent.fields.practice.parse::<PracticeId>() else { return on("/tokens", "act-wrong") };
    let path = format!("/practices/{practice}/tokens");
    let made = match sent.ask(Method::POST, &path, &json!({})).await {
        Ok(made) => made,
        refused => return done(refused, "/tokens", "", "act-wrong"),
    };
    let home = sent.console.inner.access.address().home();
    let server =
        format!("https://{}:{}", home.host_str().unwrap_or("localhost"), sent.console.inner.agents_port);
    let token = made["token"].as_str().unwrap_or_default();
    let command = format!("enamel agent enrol --server {server} --token {token}");
    let until = sent.visit.taste.words.now + SignedDuration::from_hours(enamel_store::tokens::TOKEN_HOURS);
    let load = move |from: &From<'_>, _: &Visit| {
        let mut page = load::tokens(from, Some(practice))?;
        let chosen = page.practices.iter().find(|choice| choice.chosen);
        let practice = chosen.map(|choice| choice.label.clone()).unwrap_or_default();
        page.made = Some(Made { practice, command, until });
        Ok(page)
    };
    sent.show(Place::Tokens, Right::Enrol, None, StatusCode::CREATED, load).await
}

/// The forms of the settings, by the part that they are on.
pub(super) async fn change_settings(Path(part): Path<String>, sent: Sent) -> Response {
    match part.as_str() {
        "practices" => add_practice(sent).await,
        "groups" => add_group(sent).await,
        "people" => invite(sent).await,
        "keys" => make_key(sent).await,
        _ => trouble(&sent.visit.taste, TroubleKind::NotFound),
    }
}

async fn add_practice(sent: Sent) -> Response {
    let fields = &sent.fields;
    let mut body = json!({ "name": fields.name });
    if !fields.group.is_empty() {
        body["group"] = json!(fields.group);
    }
    match sent.ask(Method::POST, "/practices", &body).await {
        Ok(made) => on(
            &format!("/tokens?practice={}", encoded(made["id"].as_str().unwrap_or_default())),
            "practice-added",
        ),
        refused => done(refused, "/settings/practices", "", "name-wrong"),
    }
}

async fn add_group(sent: Sent) -> Response {
    let asked = sent.ask(Method::POST, "/groups", &json!({ "name": sent.fields.name })).await;
    done(asked, "/settings/practices", "group-added", "name-wrong")
}

async fn invite(sent: Sent) -> Response {
    let fields = &sent.fields;
    let mut grant = json!({ "role": fields.role });
    if let Some((kind @ ("group" | "practice"), id)) = fields.reach.split_once(':') {
        grant[kind] = json!(id);
    }
    if let Ok(day) = fields.until.parse::<jiff::civil::Date>()
        && let Ok(end) = day.at(23, 59, 59, 0).to_zoned_datetime(sent.visit.taste.words.zone.clone())
    {
        grant["until"] = json!(end.timestamp().to_string());
    }
    let body = json!({ "mail": fields.mail, "name": fields.name, "grant": grant });
    match sent.ask(Method::POST, "/people", &body).await {
        Ok(made) => once(sent, "people", made["link"].as_str().unwrap_or_default().to_owned()).await,
        refused => done(refused, "/settings/people", "", "people-wrong"),
    }
}

async fn make_key(sent: Sent) -> Response {
    // A key ends within a year; one that reads is what most programs need. Others are made through the API.
    let until = sent.visit.taste.words.now + SignedDuration::from_hours(365 * 24);
    let body = json!({ "name": sent.fields.name, "grant": { "role": Role::ReadOnly.as_str(), "until": until.to_string() } });
    match sent.ask(Method::POST, "/api-keys", &body).await {
        Ok(made) => once(sent, "keys", made["key"].as_str().unwrap_or_default().to_owned()).await,
        refused => done(refused, "/settings/keys", "", "act-wrong"),
    }
}

/// A part of the settings with what is shown once.
async fn once(sent: Sent, part: &'static str, shown: String) -> Response {
    let load =
        move |from: &From<'_>, visit: &Visit| load::settings(from, &visit.signed_in, part, Some(shown));
    sent.show(Place::Settings, Right::Enrol, None, StatusCode::CREATED, load).await
}

pub(super) async fn end_key(Path(key): Path<String>, sent: Sent) -> Response {
    let path = format!("/api-keys/{}", encoded(&key));
    let asked = sent.ask(Method::DELETE, &path, &Value::Null).await;
    done(asked, "/settings/keys", "key-ended", "act-wrong")
}

pub(super) async fn log_out(
    State(console): State<Console>,
    visit: Visit,
    Form(fields): Form<Fields>,
) -> Response {
    if !visit.signed_in.csrf_fits(&fields.csrf) {
        return trouble(&visit.taste, TroubleKind::Stale);
    }
    let (access, signed_in) = (console.inner.access.clone(), visit.signed_in.clone());
    match blocking(move || access.log_off(&signed_in)).await {
        Ok(()) => ([(header::SET_COOKIE, session::no_cookie())], Redirect::to("/login")).into_response(),
        Err(error) => failed(&visit.taste, &error),
    }
}

/// Where a login leads.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct To {
    to: String,
}

/// A page before the door.
fn door(taste: &Taste, door: &Door, status: StatusCode) -> Response {
    door_of_session(taste, door, status, String::new())
}

/// A door for somebody who is in already and proves again who is there; `csrf` is the session's token.
fn door_of_session(taste: &Taste, door: &Door, status: StatusCode, csrf: String) -> Response {
    match door.render(&taste.words, &Frame { csrf, ..taste.bare() }) {
        Ok(page) => html(status, page),
        Err(_) => trouble(taste, TroubleKind::Fault),
    }
}

fn plain(kind: DoorKind, next: &str) -> Door {
    Door {
        kind,
        mail: String::new(),
        token: String::new(),
        wrong: "",
        codes: Vec::new(),
        next: after_login(Some(next)).to_owned(),
    }
}

pub(super) async fn login(
    taste: Taste,
    held: Result<SignedIn, NotSignedIn>,
    Query(to): Query<To>,
) -> Response {
    let csrf = held.map_or_else(|_| String::new(), |session| session.csrf());
    door_of_session(&taste, &plain(DoorKind::Login, &to.to), StatusCode::OK, csrf)
}

pub(super) async fn recover(taste: Taste) -> Response {
    door(&taste, &plain(DoorKind::Recovery, "/"), StatusCode::OK)
}

pub(super) async fn login_by_code(
    State(console): State<Console>,
    taste: Taste,
    origin: Origin,
    Form(fields): Form<Fields>,
) -> Response {
    let access = console.inner.access.clone();
    let kind = if fields.kind == "recovery" { DoorKind::Recovery } else { DoorKind::Login };
    let page = Door { mail: fields.mail.clone(), wrong: "door-wrong", ..plain(kind, &fields.next) };
    let outcome = blocking(move || {
        access.login_by_password(&fields.mail, &fields.password, fields.code.trim(), origin.visitor(), None)
    })
    .await;
    match outcome {
        Ok(new) => {
            ([(header::SET_COOKIE, session::cookie(&new.secret))], Redirect::to(&page.next)).into_response()
        }
        Err(AccessError::Wait(_)) => trouble(&taste, TroubleKind::TooMany),
        Err(AccessError::Store(error)) => failed(&taste, &error),
        Err(_) => door(&taste, &page, StatusCode::UNAUTHORIZED),
    }
}

pub(super) async fn join(State(console): State<Console>, taste: Taste, Path(link): Path<String>) -> Response {
    let access = console.inner.access.clone();
    let token = link.clone();
    match blocking(move || access.link_for(&token)).await {
        Ok(invitation) => {
            let kind = if invitation.email.is_empty() { DoorKind::Setup } else { DoorKind::Invitation };
            door(&taste, &Door { mail: invitation.email, token: link, ..plain(kind, "/") }, StatusCode::OK)
        }
        Err(AccessError::Store(error)) => failed(&taste, &error),
        Err(_) => door(
            &taste,
            &Door { wrong: "door-link-old", ..plain(DoorKind::Login, "/") },
            StatusCode::NOT_FOUND,
        ),
    }
}
