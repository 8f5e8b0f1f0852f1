//! A browser's session: its cookie, how long it lasts, and when a login counts as fresh.
//!
//! The token is made here at every login and at every repeated login, and never taken from the browser, so nobody can plant one
//! beforehand. Only its hash is stored. The cookie's name begins with `__Host-`, so that it belongs to this host alone, comes with
//! TLS alone (browsers count `http://localhost` as safe), and cannot be set by a neighbouring site. It is `SameSite=Strict`: a
//! link from mail arrives without it, and [`arrives_from_elsewhere`] lets the page lead on by itself, from which moment on it is there.

use axum::http::{HeaderMap, HeaderValue, Method, header};
use enamel_store::sessions::Session;
use enamel_types::Timestamp;
use jiff::SignedDuration;

use super::secret::Secret;

/// The cookie's name.
pub const COOKIE: &str = "__Host-enamel";

/// Without a request for so long, a session ends.
pub const IDLE: SignedDuration = SignedDuration::from_mins(30);

/// A session ends after so long in any case.
pub const LONGEST: SignedDuration = SignedDuration::from_hours(12);

/// How long after a login sensitive things may be changed.
pub const FRESH: SignedDuration = SignedDuration::from_mins(10);

/// How far `seen_at` may lag: it is not written at every request.
pub const SEEN_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// When a session began and was last used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// When its person first logged on.
    pub began_at: Timestamp,
    /// When its person last proved who it is.
    pub proved_at: Timestamp,
    /// When it was last used, to the accuracy of [`SEEN_EVERY`].
    pub seen_at: Timestamp,
}

impl Times {
    /// Of a session as the store keeps it.
    pub fn of(session: &Session) -> Self {
        let proved_at = session.stepped_up_at.unwrap_or(session.made_at);
        Self { began_at: session.made_at, proved_at, seen_at: session.seen_at }
    }

    /// Whether sensitive things may be changed.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        now.duration_since(self.proved_at) < FRESH
    }

    /// Whether the use should be written down.
    pub fn lags(&self, now: Timestamp) -> bool {
        now.duration_since(self.seen_at) >= SEEN_EVERY
    }
}

/// The session that a browser sends. Two cookies of the name are none: one of them is not ours.
pub fn from_cookies(headers: &HeaderMap) -> Option<Secret> {
    let mut ours = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='));
    let token = Secret::parse(ours.next()?)?;
    ours.next().is_none().then_some(token)
}

/// `Set-Cookie` for a new session. It ends with the browser; the server ends it before that.
pub fn cookie(session: &Secret) -> HeaderValue {
    let text = format!("{COOKIE}={}; Path=/; Secure; HttpOnly; SameSite=Strict", *session.text());
    let mut value = HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}

/// `Set-Cookie` that takes the session away.
pub fn no_cookie() -> HeaderValue {
    HeaderValue::from_static("__Host-enamel=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0")
}

/// Whether a page is opened by a link on another site or in mail, so that a browser left its cookie at home. The answer to give is a
/// page of our own that leads to the same address: from there the cookie comes along.
pub fn arrives_from_elsewhere(method: &Method, headers: &HeaderMap) -> bool {
    let is =
        |name: &str, word: &str| headers.get(name).is_some_and(|value| value.as_bytes() == word.as_bytes());
    *method == Method::GET
        && is("sec-fetch-mode", "navigate")
        && is("sec-fetch-dest", "document")
        && (is("sec-fetch-site", "cross-site") || is("sec-fetch-site", "same-site"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(cookies: &[&str]) -> HeaderMap {
        cookies.iter().map(|cookie| (header::COOKIE, HeaderValue::from_str(cookie).unwrap())).collect()
    }

    #[test]
    fn the_cookie_is_read_as_it_was_set_and_has_all_its_flags() {
        let session = Secret::new(&|bytes| bytes.fill(9));
        let set = cookie(&session);
        let text = set.to_str().unwrap();
        for flag in ["__Host-enamel=", "; Path=/", "; Secure", "; HttpOnly", "; SameSite=Strict"] {
            assert!(text.contains(flag), "{flag}");
        }
        assert!(!text.contains("Domain"), "a cookie of this host alone");
        let pair = text.split(';').next().unwrap();
        assert!(from_cookies(&headers(&[&format!("a=b; {pair}")])).unwrap().equals(&session));
        assert!(from_cookies(&headers(&[pair, pair])).is_none(), "two of them");
        assert!(from_cookies(&headers(&[&format!("{pair}; {pair}")])).is_none(), "two of them");
        assert!(from_cookies(&headers(&["__Host-enamel=short", "enamel=x"])).is_none());
    }

    #[test]
    fn a_login_is_fresh_for_ten_minutes_and_its_use_is_noted_each_minute() {
        let at = |minutes: i64| Timestamp::from_second(1_800_000_000 + 60 * minutes).unwrap();
        let times = Times { began_at: at(0), proved_at: at(5), seen_at: at(100) };
        assert!(times.is_fresh(at(14)) && !times.is_fresh(at(15)));
        assert!(!times.lags(at(100)) && times.lags(at(101)));
    }
}
