//! What every request to the API passes before its handler: who calls, whether the browser's page is ours, whether the key has requests
//! left, and whether this POST was carried out already.

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::idempotency::{self, Answer, Turn};
use super::problem::{Problem, ProblemCode};
use super::{Api, MAX_BODY};
use crate::access::{Caller, Who, csrf, session};
use crate::blocking;

/// What an API key begins with.
const BEARER: &str = "Bearer ";

/// The layer.
pub(super) async fn admit(State(api): State<Api>, request: Request, next: Next) -> Response {
    match admitted(&api, request, next).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn admitted(api: &Api, mut request: Request, next: Next) -> Result<Response, Problem> {
    let caller = known(api, request.method(), request.headers()).await?;
    let who = caller.who;
    request.extensions_mut().insert(caller);
    let key = if request.method() == Method::POST { idempotency::key(request.headers())? } else { None };
    let Some(key) = key else { return Ok(next.run(request).await) };

    let (parts, body) = request.into_parts();
    let too_large = |_| Problem::new(ProblemCode::TooLarge, "send less at once");
    let body = to_bytes(body, MAX_BODY).await.map_err(too_large)?;
    let fingerprint = idempotency::fingerprint(parts.uri.path(), &body);
    let answers = &api.inner.answers;
    match answers.turn(who, key, fingerprint, api.world().now())? {
        Turn::Again(answer) => Ok(again(answer)),
        Turn::First(place) => {
            // Should this request be dropped half way, its key must be free again.
            let mut held = Held { api, place: Some(place) };
            let response = next.run(Request::from_parts(parts, Body::from(body))).await;
            let (parts, body) = response.into_parts();
            let body =
                to_bytes(Body::new(body), usize::MAX).await.map_err(|error| Problem::internal(&error))?;
            let answer = Answer {
                status: parts.status,
                content_type: parts.headers.get(header::CONTENT_TYPE).cloned(),
                body: body.clone(),
            };
            if let Some(place) = held.place.take() {
                answers.keep(&place, Some(answer));
            }
            Ok(Response::from_parts(parts, Body::from(body)))
        }
    }
}

struct Held<'a> {
    api: &'a Api,
    place: Option<(Who, String)>,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if let Some(place) = self.place.take() {
            self.api.inner.answers.keep(&place, None);
        }
    }
}

fn again(answer: Answer) -> Response {
    let mut response = (answer.status, answer.body).into_response();
    if let Some(content_type) = answer.content_type {
        response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    }
    response.headers_mut().insert("idempotency-replayed", header::HeaderValue::from_static("true"));
    response
}

/// Who calls. A key goes before a cookie: a program says what it is.
async fn known(api: &Api, method: &Method, headers: &HeaderMap) -> Result<Caller, Problem> {
    let access = api.access().clone();
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let text = value.to_str().ok().and_then(|value| value.strip_prefix(BEARER)).map(str::to_owned);
        let text = text.ok_or_else(Problem::unauthenticated)?;
        let caller = blocking(move || access.key_caller(&text)).await?;
        let caller = caller.ok_or_else(Problem::unauthenticated)?;
        if let Who::Key(id) = caller.who {
            api.access().take_request(id).map_err(Problem::too_many)?;
        }
        return Ok(caller);
    }
    let secret = session::from_cookies(headers).ok_or_else(Problem::unauthenticated)?;
    let signed_in = blocking(move || access.session(secret)).await?.ok_or_else(Problem::unauthenticated)?;
    if !csrf::is_safe(method) {
        let token = headers.get(csrf::HEADER).and_then(|token| token.to_str().ok()).unwrap_or_default();
        if !signed_in.csrf_fits(token) {
            return Err(Problem::new(ProblemCode::Forgery, "send the page's token in `X-CSRF-Token`"));
        }
    }
    Ok(signed_in.caller)
}
