//! The token in every form, and where a request that changes something may come from.
//!
//! Two belts. The token belongs to the session's secret and can be computed from nothing else: another site cannot read it, another
//! session's does not fit, and a login changes it. And a browser says where a request comes from (`Origin`,
//! `Sec-Fetch-Site`): what comes from elsewhere is refused before anything is looked up. The first also holds for a browser
//! that sends neither; the second also holds for the login form, which has no session yet.

use axum::http::{HeaderMap, Method, header};

use super::secret::Secret;

/// The form field.
pub const FIELD: &str = "csrf";

/// The header, for scripts of our own pages.
pub const HEADER: &str = "x-csrf-token";

fn of(session: &Secret) -> Secret {
    session.derive("enamel 2026-11 csrf token")
}

/// The token of a session, for its forms.
pub fn token(session: &Secret) -> String {
    of(session).text().to_string()
}

/// The token as the store keeps it beside the session.
pub(super) fn bytes(session: &Secret) -> [u8; 32] {
    of(session).bytes()
}

/// Whether a token is this session's.
pub fn fits(session: &Secret, token: &str) -> bool {
    Secret::parse(token).is_some_and(|token| token.equals(&of(session)))
}

/// Whether a method only reads.
pub fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether a request that changes something comes from our own pages, as far as the browser says. `origins` are ours. A program
/// sends neither header and passes: it has no cookie that somebody could ride on.
pub fn from_our_pages(headers: &HeaderMap, origins: &[String]) -> bool {
    let site_fits =
        headers.get("sec-fetch-site").is_none_or(|site| matches!(site.as_bytes(), b"same-origin" | b"none"));
    let origin_fits = headers
        .get(header::ORIGIN)
        .is_none_or(|origin| origins.iter().any(|ours| ours.as_bytes() == origin.as_bytes()));
    site_fits && origin_fits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_fits_its_own_session_only() {
        let one = Secret::new(&|bytes| bytes.fill(1));
        let other = Secret::new(&|bytes| bytes.fill(2));
        assert!(fits(&one, &token(&one)));
        assert!(!fits(&one, &token(&other)));
        assert!(!fits(&one, &one.text()), "the session itself is no token");
        assert!(!fits(&one, ""));
    }

    #[test]
    fn what_another_site_sends_is_known_by_where_it_comes_from() {
        let ours = ["https://enamel.msp.example".to_owned()];
        let headers = |pairs: &[(&'static str, &'static str)]| -> HeaderMap {
            pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
        };
        let home = ("origin", "https://enamel.msp.example");
        assert!(from_our_pages(&headers(&[home, ("sec-fetch-site", "same-origin")]), &ours));
        assert!(from_our_pages(&headers(&[]), &ours), "a program");
        for foreign in [
            &[("origin", "https://evil.example")][..],
            &[("origin", "null")],
            &[("origin", "http://enamel.msp.example")],
            &[home, ("sec-fetch-site", "cross-site")],
            &[home, ("sec-fetch-site", "same-site")],
        ] {
            assert!(!from_our_pages(&headers(foreign), &ours), "{foreign:?}");
        }
    }
}
