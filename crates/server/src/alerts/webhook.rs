//! One request to a receiver's address, signed. `docs/webhooks.md` is its description for receivers.
//!
//! The address is what somebody typed and the answer what anybody sends: only `https` (`http` to this computer alone), no redirect,
//! no proxy, names resolved once and the connection made to just those addresses, none of which may lead inside; of the answer the
//! status is read and nothing else, within `WITHIN`.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use enamel_types::Timestamp;
use ring::hmac;
use serde::{Deserialize, Serialize};
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

use super::NotSent;
use crate::World;

/// From the first byte to the answer's status.
const WITHIN: Duration = Duration::from_secs(10);

/// The longest head of an answer, bytes.
const MAX_HEAD: usize = 8 * 1024;

/// The roots that this computer trusts, read once.
static ROOTS: LazyLock<Arc<Vec<Certificate<'static>>>> = LazyLock::new(|| {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "a certificate authority of this computer was left out");
    }
    Arc::new(found.certs.iter().map(|root| Certificate::from_der(root).to_owned()).collect())
});

/// What a route's requests are signed with, as it is kept, sealed. Two are valid while one is being replaced.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secrets {
    /// The present one.
    pub now: String,
    /// The one before, until the receiver knows the present one.
    #[serde(default)]
    pub before: Option<String>,
}

impl Secrets {
    /// One that nobody knows, for a new route.
    pub fn new(world: &World) -> Self {
        Self { now: URL_SAFE_NO_PAD.encode(world.random::<32>()), before: None }
    }

    /// A new one beside the present one: requests are signed with both until [`Self::settled`].
    #[must_use]
    pub fn replaced(self, world: &World) -> Self {
        Self { before: Some(self.now), ..Self::new(world) }
    }

    /// The present one alone: the receiver knows it.
    #[must_use]
    pub fn settled(self) -> Self {
        Self { before: None, ..self }
    }
}

/// `Enamel-Signature`: seconds since 1970, and for each valid secret the HMAC-SHA256 of those seconds, a point, and the body.
pub(super) fn signature(secrets: &Secrets, at: Timestamp, body: &[u8]) -> String {
    let seconds = at.as_second().to_string();
    let mut header = format!("t={seconds}");
    for secret in std::iter::once(&secrets.now).chain(&secrets.before) {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let mut mac = hmac::Context::with_key(&key);
        mac.update(seconds.as_bytes());
        mac.update(b".");
        mac.update(body);
        header.push_str(",v1=");
        for byte in mac.sign().as_ref() {
            let _ = write!(header, "{byte:02x}"); // a String takes everything
        }
    }
    header
}

/// Sends a body once.
pub(super) fn send(
    target: &str,
    secrets: &Secrets,
    key: &str,
    body: &[u8],
    allow_private: bool,
    now: Timestamp,
) -> Result<(), NotSent> {
    let uri = address(target)?;
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .root_certs(RootCerts::Specific(ROOTS.clone()))
        .build();
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .proxy(None)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .max_idle_connections(0)
        .max_response_header_size(MAX_HEAD)
        .user_agent(concat!("enamel/", env!("CARGO_PKG_VERSION")))
        .timeout_global(Some(WITHIN))
        .tls_config(tls)
        .build();
    let to = Outside { allow_private, plain: uri.scheme_str() == Some("http") };
    let agent = ureq::Agent::with_parts(config, DefaultConnector::default(), to);
    let answer = agent
        .post(uri)
        .header("Content-Type", "application/json")
        .header("Idempotency-Key", key)
        .header("Enamel-Signature", signature(secrets, now, body))
        .send(body);
    match answer {
        Ok(answer) if answer.status().is_success() => Ok(()),
        Ok(answer) if answer.status().is_redirection() => {
            Err(NotSent(format!("it answered {}: redirects are not followed", answer.status().as_u16())))
        }
        Ok(answer) => Err(NotSent(format!("it answered {}", answer.status().as_u16()))),
        // What went wrong without the address: it may hold a secret of the receiver's.
        Err(ureq::Error::Timeout(_)) => Err(NotSent(format!("no answer within {} s", WITHIN.as_secs()))),
        Err(ureq::Error::Io(error)) => Err(NotSent(format!("the connection failed: {}", error.kind()))),
        Err(ureq::Error::Other(error)) => Err(NotSent(error.to_string())),
        Err(ureq::Error::HostNotFound) => Err(NotSent("its name is not known".to_owned())),
        Err(ureq::Error::Rustls(error)) => Err(NotSent(format!("TLS failed: {error}"))),
        Err(_) => Err(NotSent("it did not answer as a web server does".to_owned())),
    }
}

/// An address that a webhook may have. Whether it leads inside shows when it is resolved.
///
/// # Errors
/// What is wrong with it.
pub fn address(target: &str) -> Result<ureq::http::Uri, NotSent> {
    let wrong = |why: &str| NotSent(why.to_owned());
    let uri: ureq::http::Uri = target.parse().map_err(|_| wrong("its address is no web address"))?;
    let authority = uri.authority().ok_or_else(|| wrong("its address names no host"))?;
    if authority.as_str().contains('@') {
        return Err(wrong("its address holds a password; the signature says who sends"));
    }
    match uri.scheme_str() {
        Some("https" | "http") => Ok(uri),
        _ => Err(wrong("its address does not begin with https://")),
    }
}

/// Resolves once; the connection goes to just the addresses that were looked at.
#[derive(Debug)]
struct Outside {
    allow_private: bool,
    plain: bool,
}

impl Resolver for Outside {
    fn resolve(
        &self,
        uri: &ureq::http::Uri,
        config: &ureq::config::Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = DefaultResolver::default().resolve(uri, config, timeout)?;
        let refuse = |why: &'static str| Err(ureq::Error::Other(why.into()));
        // One address that leads inside spoils the name: who names both hopes for the wrong one.
        for address in &found {
            let ip = address.ip().to_canonical();
            match place(ip) {
                Place::Never => return refuse("its address is one that no receiver has"),
                Place::Inside if !self.allow_private => {
                    return refuse(
                        "its address is inside a network, which an Owner has to allow for this route",
                    );
                }
                _ if self.plain && !ip.is_loopback() => {
                    return refuse("its address does not begin with https://");
                }
                _ => {}
            }
        }
        Ok(found)
    }
}

/// Where an address leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Into the internet.
    Outside,
    /// Into a private network, or to this computer.
    Inside,
    /// To nobody whom an alert is for: metadata of a cloud, many computers at once, reserved. No Owner can allow it.
    Never,
}

/// Where an address leads, by the IANA special-purpose registries.
pub(super) fn place(ip: IpAddr) -> Place {
    match ip.to_canonical() {
        IpAddr::V4(ip) => place_v4(ip),
        IpAddr::V6(ip) => place_v6(ip),
    }
}

fn place_v4(ip: Ipv4Addr) -> Place {
    match ip.octets() {
        // Reserved, documentation, benchmarks, multicast; 100.100.100.200 is a cloud's metadata.
        [0 | 224..=255, ..]
        | [169, 254, ..]
        | [192, 0, 0 | 2, _]
        | [198, 18 | 19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _]
        | [100, 100, 100, 200] => Place::Never,
        [10 | 127, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => Place::Inside,
        _ => Place::Outside,
    }
}

fn place_v6(ip: Ipv6Addr) -> Place {
    let segments = ip.segments();
    match segments {
        _ if ip.is_loopback() => Place::Inside,
        // Amazon's metadata; Teredo, documentation and what is near it.
        [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254] | [0x2001, 0x0000..=0x01ff | 0x0db8, ..] => Place::Never,
        [0xfc00..=0xfdff, ..] => Place::Inside,
        // NAT64 and 6to4 carry an IPv4 address: it decides.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            let [a, b] = high.to_be_bytes();
            let [c, d] = low.to_be_bytes();
            place_v4(Ipv4Addr::new(a, b, c, d))
        }
        [0x2000..=0x3fff, ..] => Place::Outside,
        // Unspecified, link-local, multicast, what was never given out.
        _ => Place::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_lead_inside_are_known_in_every_dress() {
        let table = [
            (Place::Outside, "8.8.8.8 172.32.0.1 192.169.0.1 100.63.0.1 2606:4700::1 64:ff9b::808:808"),
            (Place::Inside, "127.0.0.1 127.9.9.9 10.1.2.3 172.16.0.1 172.31.255.255 192.168.1.1 100.64.0.1"),
            (Place::Inside, "::1 fd12::1 fc00::1 ::ffff:10.0.0.1 64:ff9b::7f00:1 2002:c0a8:101::1"),
            (Place::Never, "169.254.169.254 0.0.0.0 255.255.255.255 224.0.0.1 240.0.0.1 100.100.100.200"),
            (Place::Never, "198.18.0.1 192.0.2.1 :: fe80::1 ff02::1 fd00:ec2::254 ::ffff:169.254.169.254"),
            (Place::Never, "64:ff9b::a9fe:a9fe 2002:a9fe:a9fe::1 2001:db8::1 2001::1 64:ff9b:1::1 ::7f00:1"),
        ];
        for (expected, addresses) in table {
            for address in addresses.split(' ') {
                assert_eq!(place(address.parse().unwrap()), expected, "{address}");
            }
        }
    }

    #[test]
    fn a_signature_is_the_one_that_openssl_makes() {
        let secrets = Secrets { now: "secret".to_owned(), before: None };
        let at = Timestamp::from_second(1_700_000_000).unwrap();
        // printf '1700000000.{}' | openssl dgst -sha256 -hmac secret
        let expected = "t=1700000000,v1=b8569b78799ff9e3cbff0fc2d63a33a2b57f3282abd07c37ae5e8e7d79a5f163";
        assert_eq!(signature(&secrets, at, b"{}"), expected);
    }
}
