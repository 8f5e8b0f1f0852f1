//! Who is signed in, for handlers: `SignedIn` is taken from a request like any other of axum's extractors.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;
use axum::response::{IntoResponse, Redirect, Response};
use enamel_store::people::Person;

use super::secret::{Purpose, Secret};
use super::session::{self, Times};
use super::{Access, AccessError, Caller, csrf};
use crate::api::problem::Problem;
use crate::blocking;

/// A person with a good session.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who, and what was granted.
    pub caller: Caller,
    /// The person.
    pub person: Person,
    /// When the session began and was used.
    pub times: Times,
    secret: Secret,
}

impl SignedIn {
    pub(super) fn new(caller: Caller, person: Person, secret: Secret, times: Times) -> Self {
        Self { caller, person, times, secret }
    }

    /// The token for this session's forms: a hidden field [`csrf::FIELD`].
    pub fn csrf(&self) -> String {
        csrf::token(&self.secret)
    }

    /// Whether a form's token is this session's.
    pub fn csrf_fits(&self, token: &str) -> bool {
        csrf::fits(&self.secret, token)
    }

    /// Refuses what takes a fresh login.
    ///
    /// # Errors
    /// [`AccessError::LoginAgain`].
    pub fn must_be_fresh(&self) -> Result<(), AccessError> {
        if self.caller.fresh { Ok(()) } else { Err(AccessError::LoginAgain) }
    }

    /// What the store knows the session by.
    pub(super) fn hash(&self) -> [u8; 32] {
        self.secret.hash(Purpose::Session)
    }
}

/// Nobody is signed in. A page answers with the login page, or, where the browser left its cookie at home because a link on another
/// site led here, with a page that leads on.
#[derive(Debug)]
pub enum NotSignedIn {
    /// To the login page; after it, here.
    Login(String),
    /// Once more from our own page.
    FromElsewhere(String),
    /// The store failed.
    Failed(Box<Problem>),
}

impl IntoResponse for NotSignedIn {
    fn into_response(self) -> Response {
        match self {
            Self::Login(here) => Redirect::to(&format!("/login?to={}", encode(&here))).into_response(),
            Self::FromElsewhere(here) => {
                let here = here.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
                let page = format!(
                    "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Enamel</title>\
                     <meta http-equiv=\"refresh\" content=\"0;url={here}\"></head>\
                     <body><p><a href=\"{here}\">Go on to Enamel</a></p></body></html>"
                );
                axum::response::Html(page).into_response()
            }
            Self::Failed(problem) => problem.into_response(),
        }
    }
}

/// Percent-encodes what may not stand in a query.
fn encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let hex = |half: u8| char::from_digit(half.into(), 16).unwrap_or('0').to_ascii_uppercase();
            encoded.extend(['%', hex(byte >> 4), hex(byte & 15)]);
        }
    }
    encoded
}

/// Where to go after a login: a path of ours, never another site.
pub fn after_login(to: Option<&str>) -> &str {
    let ours = |to: &&str| {
        to.starts_with('/')
            && !to.starts_with("//")
            && !to.contains(['\\', '\r', '\n', '\t'])
            && to.bytes().all(|byte| byte.is_ascii_graphic())
    };
    to.filter(ours).unwrap_or("/")
}

impl<S: Send + Sync> FromRequestParts<S> for SignedIn
where
    Access: FromRef<S>,
{
    type Rejection = NotSignedIn;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, NotSignedIn> {
        let here = || after_login(parts.uri.path_and_query().map(PathAndQuery::as_str)).to_owned();
        let Some(secret) = session::from_cookies(&parts.headers) else {
            let elsewhere = session::arrives_from_elsewhere(&parts.method, &parts.headers);
            return Err(if elsewhere {
                NotSignedIn::FromElsewhere(here())
            } else {
                NotSignedIn::Login(here())
            });
        };
        let access = Access::from_ref(state);
        match blocking(move || access.session(secret)).await {
            Ok(Some(signed_in)) => Ok(signed_in),
            Ok(None) => Err(NotSignedIn::Login(here())),
            Err(error) => Err(NotSignedIn::Failed(Box::new(error.into()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_leads_to_our_own_pages_only() {
        for (to, leads) in [
            (Some("/practices/1?x=2"), "/practices/1?x=2"),
            (Some("//evil.example"), "/"),
            (Some("/\\evil.example"), "/"),
            (Some("https://evil.example"), "/"),
            (Some("/a\r\nSet-Cookie: x"), "/"),
            (None, "/"),
        ] {
            assert_eq!(after_login(to), leads, "{to:?}");
        }
        assert_eq!(encode("/a?b=c&d"), "/a%3Fb%3Dc%26d");
    }
}
