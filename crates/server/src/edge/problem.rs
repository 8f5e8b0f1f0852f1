//! Refusals, as agents read them.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use enamel_store::StoreError;
use enamel_wire::message::{Problem, ProblemCode};

use crate::metrics::REFUSED_REQUESTS;

/// After how many seconds an agent that was told *later* should come again; it adds jitter of its own.
const RETRY_BUSY: u32 = 5;

/// The same where a disk is full or a database is away: that takes a person, or a restart.
const RETRY_UNAVAILABLE: u32 = 60;

/// A request that is not answered as it was meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    problem: Problem,
    /// Where the code alone does not say it.
    status: Option<StatusCode>,
}

impl Refusal {
    /// A refusal with a code and one sentence.
    pub(crate) fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Problem { code, detail: detail.into(), expected: None }.into()
    }

    /// The request is not one of this protocol.
    pub(crate) fn malformed(detail: impl Into<String>) -> Self {
        Self::new(ProblemCode::Malformed, detail)
    }

    /// The request is longer than `most` bytes.
    pub(crate) fn too_large(most: usize) -> Self {
        let refusal = Self::malformed(format!("the request is longer than {most} bytes"));
        Self { status: Some(StatusCode::PAYLOAD_TOO_LARGE), ..refusal }
    }

    /// There is no such request.
    pub(crate) fn no_such_request() -> Self {
        let refusal =
            Self::malformed("this server has no such request; see whether the agent is newer than it");
        Self { status: Some(StatusCode::NOT_FOUND), ..refusal }
    }

    /// Too much at once.
    pub(crate) fn busy(detail: impl Into<String>) -> Self {
        Self::new(ProblemCode::Busy, detail)
    }

    /// Nothing can be kept now. Why is in the log, for whoever runs the server, and not for agents.
    pub(crate) fn unavailable() -> Self {
        Self::new(ProblemCode::Unavailable, "the server cannot keep anything now; send again later")
    }

    /// The batch does not follow what is kept.
    pub(crate) fn gap(expected: u64) -> Self {
        let detail = format!("the batch does not follow what is kept; send from number {expected}");
        Problem { code: ProblemCode::Gap, detail, expected: Some(expected) }.into()
    }

    /// Another entry is kept under this number.
    pub(crate) fn fork(at: u64) -> Self {
        let detail = format!(
            "another observation is kept under number {at}: this agent's key is at work twice, or its disk was set back"
        );
        Self::new(ProblemCode::Fork, detail)
    }

    fn status(&self) -> StatusCode {
        if let Some(status) = self.status {
            return status;
        }
        match self.problem.code {
            ProblemCode::Token | ProblemCode::Revoked | ProblemCode::Expired => StatusCode::FORBIDDEN,
            ProblemCode::Gap | ProblemCode::Fork => StatusCode::CONFLICT,
            ProblemCode::Malformed => StatusCode::BAD_REQUEST,
            ProblemCode::Busy => StatusCode::TOO_MANY_REQUESTS,
            ProblemCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self { problem, status: None }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        tracing::error!(error = &error as &dyn std::error::Error, "the store failed an agent's request");
        Self::unavailable()
    }
}

/// The code as it is counted.
const fn code(code: ProblemCode) -> &'static str {
    match code {
        ProblemCode::Token => "token",
        ProblemCode::Revoked => "revoked",
        ProblemCode::Expired => "expired",
        ProblemCode::Gap => "gap",
        ProblemCode::Fork => "fork",
        ProblemCode::Malformed => "malformed",
        ProblemCode::Busy => "busy",
        ProblemCode::Unavailable => "unavailable",
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = self.status();
        metrics::counter!(REFUSED_REQUESTS, "code" => code(self.problem.code)).increment(1);
        let retry = match self.problem.code {
            ProblemCode::Busy => Some(RETRY_BUSY),
            ProblemCode::Unavailable => Some(RETRY_UNAVAILABLE),
            _ => None,
        };
        let mut response = (status, Json(self.problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = retry {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
