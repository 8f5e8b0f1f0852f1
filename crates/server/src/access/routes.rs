//! What scripts of our pages call: questions to passkeys, and their answers, as JSON below `/access`.
//!
//! Everything that has no script is a form, and belongs to the console. Each POST here carries the session's token where there is a
//! session; before there is one, the guard's look at `Origin` and `Sec-Fetch-Site` holds.

use std::net::IpAddr;

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use webauthn_rs::prelude::{
    CreationChallengeResponse, PublicKeyCredential, RegisterPublicKeyCredential, RequestChallengeResponse,
};

use super::join::Joined;
use super::login::{NewSession, Visitor};
use super::proofs::Question;
use super::{Access, AccessError, SignedIn, csrf, session};
use crate::api::problem::{Problem, ProblemCode};
use crate::blocking;
use crate::edge::Peer;

/// The routes; the console merges them into its own.
pub fn routes(access: Access) -> Router {
    Router::new()
        .route("/access/login/ask", post(ask_login))
        .route("/access/login/passkey", post(login))
        .route("/access/join/ask", post(ask_join))
        .route("/access/join/passkey", post(join))
        .route("/access/passkeys/ask", post(ask_new))
        .route("/access/passkeys/add", post(add))
        .with_state(access)
}

/// Where a request comes from, for handlers of forms and scripts alike.
#[derive(Debug, Clone)]
pub struct Origin {
    address: IpAddr,
    browser: String,
}

impl Origin {
    /// For the calls that count tries.
    pub fn visitor(&self) -> Visitor<'_> {
        Visitor { address: self.address, browser: &self.browser }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Origin
where
    Access: axum::extract::FromRef<S>,
{
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, std::convert::Infallible> {
        let access = <Access as axum::extract::FromRef<S>>::from_ref(state);
        let browser = parts.headers.get(header::USER_AGENT).and_then(|text| text.to_str().ok());
        // The listener says who is at the other end; without one (a test that calls the router) it is nobody in particular.
        let peer = parts.extensions.get::<Peer>().map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.address);
        let address = access.address().client(peer, &parts.headers);
        Ok(Self { address, browser: browser.unwrap_or_default().to_owned() })
    }
}

/// The session that a script's request carries, with its token checked; `None` where there is none.
struct Held(Option<SignedIn>);

impl FromRequestParts<Access> for Held {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, access: &Access) -> Result<Self, Problem> {
        let Some(secret) = session::from_cookies(&parts.headers) else { return Ok(Self(None)) };
        let access = access.clone();
        let Some(signed_in) = blocking(move || access.session(secret)).await? else { return Ok(Self(None)) };
        if !signed_in.csrf_fits(token(&parts.headers)) {
            return Err(Problem::new(ProblemCode::Forgery, "send the page's token in `X-CSRF-Token`"));
        }
        Ok(Self(Some(signed_in)))
    }
}

fn token(headers: &HeaderMap) -> &str {
    headers.get(csrf::HEADER).and_then(|token| token.to_str().ok()).unwrap_or_default()
}

impl From<AccessError> for Problem {
    fn from(error: AccessError) -> Self {
        let text = error.to_string();
        match error {
            AccessError::Wrong | AccessError::Passkey(_) => Self::new(ProblemCode::Unauthenticated, text),
            AccessError::Wait(left) => Self::too_many(u64::try_from(left.as_secs()).unwrap_or(0) + 1),
            AccessError::LoginAgain => Self::new(ProblemCode::LoginAgain, text),
            AccessError::Link => Self::new(ProblemCode::NotFound, text),
            AccessError::Weak(_) | AccessError::Grant(_) | AccessError::Code | AccessError::Field(_) => {
                Self::malformed(text)
            }
            AccessError::LastWay(_) => Self::new(ProblemCode::Conflict, text),
            AccessError::Hash(error) => Self::internal(&error),
            AccessError::Store(error) => error.into(),
        }
    }
}

/// Where to go, once signed in.
#[derive(Debug, Serialize)]
struct In {
    /// To be shown once; empty but for who is new.
    recovery_codes: Vec<String>,
}

/// The answer that signs a browser in.
fn signed_in(session: &NewSession, recovery_codes: Vec<String>) -> Response {
    ([(header::SET_COOKIE, session::cookie(&session.secret))], Json(In { recovery_codes })).into_response()
}

async fn ask_login(
    State(access): State<Access>,
    from: Origin,
) -> Result<Json<Question<RequestChallengeResponse>>, Problem> {
    Ok(Json(blocking(move || access.ask_passkey(from.visitor())).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LoginAnswer {
    ceremony: String,
    answer: PublicKeyCredential,
}

async fn login(
    State(access): State<Access>,
    from: Origin,
    Held(held): Held,
    Json(given): Json<LoginAnswer>,
) -> Result<Response, Problem> {
    let session = blocking(move || {
        access.login_by_passkey(&given.ceremony, &given.answer, from.visitor(), held.as_ref())
    })
    .await?;
    Ok(signed_in(&session, Vec::new()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Join {
    link: String,
    mail: String,
    name: String,
}

async fn ask_join(
    State(access): State<Access>,
    from: Origin,
    Json(who): Json<Join>,
) -> Result<Json<Question<CreationChallengeResponse>>, Problem> {
    let asked =
        blocking(move || access.join_ask_passkey(&who.link, &who.mail, &who.name, from.visitor())).await;
    Ok(Json(asked?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JoinAnswer {
    ceremony: String,
    answer: RegisterPublicKeyCredential,
}

async fn join(
    State(access): State<Access>,
    from: Origin,
    Json(given): Json<JoinAnswer>,
) -> Result<Response, Problem> {
    let Joined { session, recovery_codes } =
        blocking(move || access.join_by_passkey(&given.ceremony, &given.answer, from.visitor())).await?;
    Ok(signed_in(&session, recovery_codes.iter().map(|code| code.to_string()).collect()))
}

/// The session that must be there.
fn held(held: Held) -> Result<SignedIn, Problem> {
    held.0.ok_or_else(Problem::unauthenticated)
}

async fn ask_new(
    State(access): State<Access>,
    from: Origin,
    session: Held,
) -> Result<Json<Question<CreationChallengeResponse>>, Problem> {
    let session = held(session)?;
    Ok(Json(blocking(move || access.ask_new_passkey(&session, from.visitor())).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPasskey {
    ceremony: String,
    answer: RegisterPublicKeyCredential,
    label: String,
}

async fn add(
    State(access): State<Access>,
    session: Held,
    Json(given): Json<NewPasskey>,
) -> Result<StatusCode, Problem> {
    let session = held(session)?;
    blocking(move || access.add_passkey(&session, &given.ceremony, &given.answer, &given.label)).await?;
    Ok(StatusCode::NO_CONTENT)
}
