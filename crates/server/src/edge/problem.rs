//! Refusals, as agents read them.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use enamel_wire::message::{Problem, ProblemCode};

/// After how many seconds an agent that was told *later* should come again; it adds jitter of its own.
const RETRY_BUSY: u32 = 5;

/// The same where a disk is full or a database is away: that takes a person, or a restart.
const RETRY_UNAVAILABLE: u32 = 60;

/// A request that is not answered as it was meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) Problem);

impl Refusal {
    /// A refusal with a code and one sentence.
    pub(crate) fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self(Problem { code, detail: detail.into(), expected: None })
    }

    /// The request is not one of this protocol.
    pub(crate) fn malformed(detail: impl Into<String>) -> Self {
        Self::new(ProblemCode::Malformed, detail)
    }

    /// Too much at once.
    pub(crate) fn busy(detail: impl Into<String>) -> Self {
        Self::new(ProblemCode::Busy, detail)
    }

    /// The batch does not follow what is kept.
    pub(crate) fn gap(expected: u64) -> Self {
        let detail = format!("the batch does not follow what is kept; send from number {expected}");
        Self(Problem { code: ProblemCode::Gap, detail, expected: Some(expected) })
    }

    fn status(&self) -> StatusCode {
        match self.0.code {
            ProblemCode::Token | ProblemCode::Revoked | ProblemCode::Expired => StatusCode::FORBIDDEN,
            ProblemCode::Gap | ProblemCode::Fork => StatusCode::CONFLICT,
            ProblemCode::Malformed => StatusCode::BAD_REQUEST,
            ProblemCode::Busy => StatusCode::TOO_MANY_REQUESTS,
            ProblemCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = self.status();
        let retry = match self.0.code {
            ProblemCode::Busy => Some(RETRY_BUSY),
            ProblemCode::Unavailable => Some(RETRY_UNAVAILABLE),
            _ => None,
        };
        let mut response = (status, Json(self.0)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = retry {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
