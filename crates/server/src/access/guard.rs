//! The one layer in front of everything that people reach: which names the server answers to, where a change may come from, and the
//! headers of every answer.
//!
//! It looks at no cookie and no key. A page that needs other rules than these (a report with its own style inside, a file that
//! may be kept) sets the header itself; what is set is left.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use webauthn_rs::prelude::Url;

use super::csrf;

/// Scripts, styles, pictures and requests of our own pages; nothing inline, no frame, no plug-in, no form that goes elsewhere.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; \
     connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Passkeys of our own pages, and nothing else that a page could ask a browser for.
const PERMISSIONS_POLICY: &str = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), microphone=(), \
     midi=(), payment=(), usb=(), publickey-credentials-create=(self), publickey-credentials-get=(self)";

/// Where people reach the server.
#[derive(Debug, Clone)]
pub struct Address {
    /// Everything that may stand in `Origin`, as browsers write it.
    origins: Vec<String>,
    /// Everything that may stand in `Host`.
    hosts: Vec<String>,
    /// The address that links carry.
    home: Url,
}

/// The address that was given is none that people can reach the server by.
#[derive(Debug, thiserror::Error)]
#[error("{given:?} is no address of a console; give one like https://enamel.example.com, without a path")]
pub struct NoAddress {
    given: String,
}

impl Address {
    /// `listen` is where the console listens, `public` the address that a reverse proxy with TLS in front of it has, if there is one.
    /// A passkey is bound to the name in it, so it should not change.
    pub fn new(listen: SocketAddr, public: Option<&str>) -> Result<Self, NoAddress> {
        let port = listen.port();
        let mut local: Vec<String> = Vec::new();
        if listen.ip().is_loopback() || listen.ip().is_unspecified() {
            local.extend([format!("localhost:{port}"), format!("127.0.0.1:{port}"), format!("[::1]:{port}")]);
        }
        if !listen.ip().is_unspecified() {
            local.push(listen.to_string());
        }
        let given = public.map_or_else(|| format!("http://localhost:{port}"), str::to_owned);
        let home = Url::parse(&given).ok().filter(|url| {
            let local = matches!(url.host_str(), Some("localhost"));
            (url.scheme() == "https" || (url.scheme() == "http" && local))
                && url.domain().is_some()
                && url.path() == "/"
                && url.query().is_none()
                && url.username().is_empty()
        });
        let Some(home) = home else { return Err(NoAddress { given }) };
        let mut origins: Vec<String> = local.iter().map(|host| format!("http://{host}")).collect();
        origins.push(home.origin().ascii_serialization());
        let mut hosts = local;
        if let Some(name) = home.host_str() {
            hosts.push(home.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}")));
        }
        Ok(Self { origins, hosts, home })
    }

    /// Where links lead: `https://enamel.example.com/`.
    pub const fn home(&self) -> &Url {
        &self.home
    }

    /// The origins of our own pages.
    pub fn origins(&self) -> &[String] {
        &self.origins
    }

    /// Whether browsers reach the server over TLS.
    pub fn is_tls(&self) -> bool {
        self.home.scheme() == "https"
    }

    fn answers_to(&self, host: &str) -> bool {
        self.hosts.iter().any(|ours| ours.eq_ignore_ascii_case(host))
    }

    /// Who asks: the peer, or whom a reverse proxy on this computer names last. What a stranger writes into the header stands before
    /// that, and does not count.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let forwarded = headers.get_all("x-forwarded-for").iter().next_back();
        let named = forwarded
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.rsplit(',').next())
            .and_then(|last| last.trim().parse().ok());
        match named {
            Some(named) if self.is_tls() && peer.is_loopback() => named,
            _ => peer,
        }
    }
}

/// The layer: `axum::middleware::from_fn_with_state(address, guard)`.
pub async fn guard(State(address): State<Arc<Address>>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.or_else(|| request.uri().authority().map(axum::http::uri::Authority::as_str));
    let mut response = if !host.is_some_and(|host| address.answers_to(host)) {
        // A page of a stranger whose name was pointed at this computer (DNS rebinding) ends here.
        refuse(
            StatusCode::MISDIRECTED_REQUEST,
            "this server does not answer to that name; use the address that it was set up with",
        )
    } else if !csrf::is_safe(request.method()) && !csrf::from_our_pages(request.headers(), address.origins())
    {
        refuse(
            StatusCode::FORBIDDEN,
            "this request came from another site; open the console itself and try again",
        )
    } else {
        next.run(request).await
    };
    dress(response.headers_mut(), address.is_tls());
    response
}

fn refuse(status: StatusCode, why: &'static str) -> Response {
    (status, why).into_response()
}

/// Sets the headers that every answer has.
fn dress(headers: &mut HeaderMap, tls: bool) {
    let always = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("permissions-policy"), PERMISSIONS_POLICY),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in always {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if tls {
        let two_years = HeaderValue::from_static("max-age=63072000; includeSubDomains");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, two_years);
    }
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(CONTENT_SECURITY_POLICY));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_knows_its_own_names() {
        let local = Address::new("127.0.0.1:8420".parse().unwrap(), None).unwrap();
        for (host, ours) in [
            ("localhost:8420", true),
            ("LOCALHOST:8420", true),
            ("127.0.0.1:8420", true),
            ("[::1]:8420", true),
            ("localhost", false),
            ("localhost:8421", false),
            ("evil.example:8420", false),
            ("localhost.evil.example:8420", false),
        ] {
            assert_eq!(local.answers_to(host), ours, "{host}");
        }
        assert!(!local.is_tls());
        let public =
            Address::new("127.0.0.1:8420".parse().unwrap(), Some("https://enamel.msp.example")).unwrap();
        assert!(
            public.is_tls() && public.answers_to("enamel.msp.example") && public.answers_to("localhost:8420")
        );
        assert!(public.origins().contains(&"https://enamel.msp.example".to_owned()));
        for bad in [
            "enamel",
            "http://enamel.msp.example",
            "https://10.0.0.1",
            "https://a.example/x",
            "https://u@a.example",
        ] {
            assert!(Address::new("127.0.0.1:1".parse().unwrap(), Some(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_the_proxy_beside_the_server_is_believed_about_who_asks() {
        let proxied =
            Address::new("127.0.0.1:1".parse().unwrap(), Some("https://enamel.msp.example")).unwrap();
        let direct = Address::new("127.0.0.1:1".parse().unwrap(), None).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", "6.6.6.6, 203.0.113.9".parse().unwrap());
        let loopback = "127.0.0.1".parse().unwrap();
        let told: IpAddr = "203.0.113.9".parse().unwrap();
        assert_eq!(proxied.client(loopback, &headers), told);
        assert_ne!(direct.client(loopback, &headers), told);
        assert_ne!(proxied.client("10.0.0.9".parse().unwrap(), &headers), told);
    }
}
