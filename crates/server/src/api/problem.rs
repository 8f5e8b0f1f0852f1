//! Refusals, as RFC 9457 has them: `application/problem+json`.
//!
//! What a caller may not see does not exist: there is no 403 for an object. `401` means that it is not known who calls, or that the
//! login is too long ago for this; `403` only ever means that a browser's request did not come from our own pages.

use axum::extract::rejection::{BytesRejection, FormRejection, JsonRejection, PathRejection, QueryRejection};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use enamel_store::StoreError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why a request was refused (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// A word that programs act on.
    pub code: ProblemCode,
    /// What kind of refusal it is, in words.
    pub title: String,
    /// What is wrong with this request, and what to do about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// After how many seconds to try again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
}

/// What a program needs to know of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    /// The request is not one of this API.
    Malformed,
    /// Nobody is logged on, or the key is unknown or ended.
    Unauthenticated,
    /// The login is too long ago for this: log on again.
    LoginAgain,
    /// The request did not come from our own pages.
    Forgery,
    /// There is no such thing, or the caller does not reach it.
    NotFound,
    /// There is no such method here.
    MethodNotAllowed,
    /// Something else is in the way.
    Conflict,
    /// The body is too large.
    TooLarge,
    /// What was signed does not hold.
    Signature,
    /// Too many requests.
    TooMany,
    /// The server's fault.
    Internal,
    /// The server cannot keep anything now.
    Unavailable,
}

impl ProblemCode {
    const fn status(self) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::Unauthenticated | Self::LoginAgain => StatusCode::UNAUTHORIZED,
            Self::Forgery => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Signature => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Malformed => "The request cannot be understood",
            Self::Unauthenticated => "Log on first",
            Self::LoginAgain => "Log on again for this",
            Self::Forgery => "The request did not come from this console",
            Self::NotFound => "There is no such thing",
            Self::MethodNotAllowed => "This cannot be done here",
            Self::Conflict => "Something else is in the way",
            Self::TooLarge => "The request is too large",
            Self::Signature => "The signature does not hold",
            Self::TooMany => "Too many requests",
            Self::Internal => "The server failed",
            Self::Unavailable => "The server cannot do this now",
        }
    }
}

impl Problem {
    /// A problem with its detail.
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self {
            status: code.status().as_u16(),
            code,
            title: code.title().to_owned(),
            detail: detail.into(),
            retry_after: None,
        }
    }

    /// There is no such thing, or the caller does not reach it: the same answer, to the byte.
    pub fn not_found() -> Self {
        Self::new(ProblemCode::NotFound, "")
    }

    /// The request is not one of this API.
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(ProblemCode::Malformed, detail)
    }

    /// Nobody is known to call.
    pub fn unauthenticated() -> Self {
        Self::new(ProblemCode::Unauthenticated, "send a session's cookie or `Authorization: Bearer enamel_…`")
    }

    /// Too many requests; `seconds` until one is taken again.
    pub fn too_many(seconds: u64) -> Self {
        Self {
            retry_after: Some(seconds),
            ..Self::new(ProblemCode::TooMany, format!("try again in {seconds} seconds"))
        }
    }

    /// The server failed; `error` goes to the log and not to the caller.
    pub fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        let source = error.source().map(ToString::to_string).unwrap_or_default();
        tracing::error!(%error, %source, "a request failed");
        Self::new(ProblemCode::Internal, "the server's log says why")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after = self.retry_after;
        let mut response = (status, axum::Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            // A write that reaches too far names something that the caller does not see.
            StoreError::NotFound(_) | StoreError::OutOfScope => Self::not_found(),
            StoreError::Conflict(why) => Self::new(ProblemCode::Conflict, why),
            StoreError::Full(_) | StoreError::Busy(_) => {
                tracing::error!(%error, "the store is unavailable");
                Self {
                    retry_after: Some(30),
                    ..Self::new(ProblemCode::Unavailable, "try again in half a minute")
                }
            }
            error => Self::internal(&error),
        }
    }
}

/// Whether a rejection is about the size of the body.
fn rejected(status: StatusCode, text: String) -> Problem {
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        Problem::new(ProblemCode::TooLarge, "send less at once")
    } else {
        Problem::malformed(text)
    }
}

macro_rules! rejections {
    ($($rejection:ty),*) => {$(
        impl From<$rejection> for Problem {
            fn from(rejection: $rejection) -> Self {
                rejected(rejection.status(), rejection.body_text())
            }
        }
    )*};
}

rejections!(BytesRejection, FormRejection, JsonRejection, QueryRejection);

/// What is no id is the id of nothing.
impl From<PathRejection> for Problem {
    fn from(_: PathRejection) -> Self {
        Self::not_found()
    }
}
