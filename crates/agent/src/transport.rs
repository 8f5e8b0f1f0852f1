//! The wire: HTTPS to one server whose authority is pinned, with the agent's certificate as its identity.
//!
//! The server's own name counts for nothing: connections go to the host that the technician named, and the certificate there has to
//! be one that the pinned authority made for [`SERVER_NAME`]. No proxy, no redirect, nothing but HTTPS. Answers are bounded. Nothing
//! is retried here; whoever calls decides on that.

use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use enamel_wire::message::{
    Accepted, EnrolRequest, Enrolled, MAX_WAIT_SECONDS, Mail, Poll, Problem, ProblemCode, RenewRequest,
    Renewed, SERVER_NAME,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig, TlsProvider};
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

use crate::identity::Enrolment;

/// Largest answer that is read, bytes: mail with every command that a server may keep for one agent.
const MAX_ANSWER_BYTES: u64 = 4 << 20;

/// Longest wait for a connection, and for an answer that does not wait for mail.
const CONNECT_WITHIN: Duration = Duration::from_secs(20);
const ANSWER_WITHIN: Duration = Duration::from_mins(1);

/// Longest pause that a server can ask for.
const LONGEST_PAUSE: Duration = Duration::from_hours(1);

/// The server's address: a host and a port, always HTTPS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ServerUrl {
    host: String,
    port: u16,
}

/// Why a text is no server's address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAServer {
    /// It is not encrypted.
    #[error("{0:?} is not encrypted; an agent speaks only to https://")]
    NotHttps(String),
    /// It is something else.
    #[error("{0:?} is not a server's address; write it as https://server.example:8443, without a path")]
    Malformed(String),
}

impl ServerUrl {
    /// The host as it was named: a DNS name or an address.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Where it is now.
    ///
    /// # Errors
    /// A name that cannot be resolved.
    pub fn addresses(&self) -> std::io::Result<Vec<SocketAddr>> {
        Ok((self.host.as_str(), self.port).to_socket_addrs()?.collect())
    }
}

impl FromStr for ServerUrl {
    type Err = NotAServer;

    fn from_str(text: &str) -> Result<Self, NotAServer> {
        let text = text.trim();
        let malformed = || NotAServer::Malformed(text.to_owned());
        let uri: ureq::http::Uri = text.parse().map_err(|_| malformed())?;
        match uri.scheme_str() {
            Some("https") => {}
            Some("http") => return Err(NotAServer::NotHttps(text.to_owned())),
            _ => return Err(malformed()),
        }
        let authority = uri.authority().ok_or_else(malformed)?;
        if uri.path_and_query().is_some_and(|path| path.as_str() != "/") || authority.as_str().contains('@') {
            return Err(malformed());
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        // Not `port_u16`: a port that is none would be taken for a missing one.
        let port = match authority.as_str().strip_prefix(authority.host()).map(|rest| rest.strip_prefix(':'))
        {
            Some(None) => 443,
            Some(Some(port)) => port.parse().ok().filter(|port| *port > 0).ok_or_else(malformed)?,
            None => return Err(malformed()),
        };
        if host.is_empty() { Err(malformed()) } else { Ok(Self { host, port }) }
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "https://[{}]:{}", self.host, self.port)
        } else {
            write!(f, "https://{}:{}", self.host, self.port)
        }
    }
}

impl TryFrom<String> for ServerUrl {
    type Error = NotAServer;
    fn try_from(text: String) -> Result<Self, NotAServer> {
        text.parse()
    }
}

impl From<ServerUrl> for String {
    fn from(url: ServerUrl) -> Self {
        url.to_string()
    }
}

/// Why a request was not answered as it should be.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// Nobody answers.
    #[error("{server} does not answer; check the address, this computer's network and the server")]
    Unreachable {
        /// The server.
        server: ServerUrl,
        /// Why.
        #[source]
        source: Box<ureq::Error>,
    },
    /// Somebody answers who is not the server that is pinned, or who does not know this agent's certificate.
    #[error(
        "{server} did not prove to be the server that this computer was enrolled with, or refused its certificate"
    )]
    Untrusted {
        /// The server.
        server: ServerUrl,
        /// Why.
        #[source]
        source: Box<ureq::Error>,
    },
    /// The server refused.
    #[error("{server} refused: {}", problem.detail)]
    Refused {
        /// The server.
        server: ServerUrl,
        /// What it said.
        problem: Problem,
        /// When it may be asked again.
        retry_after: Option<Duration>,
    },
    /// What came back is not of this protocol.
    #[error("{server} answered what is no answer of an Enamel server ({why}); check the address")]
    NotAnAnswer {
        /// The server.
        server: ServerUrl,
        /// What is wrong with it.
        why: String,
    },
}

impl TransportError {
    /// The word that the server refused with.
    pub fn code(&self) -> Option<ProblemCode> {
        match self {
            Self::Refused { problem, .. } => Some(problem.code),
            _ => None,
        }
    }
}

/// Goes to the server's own host, whatever name its certificate is for.
#[derive(Debug)]
struct ToServer(ServerUrl);

impl Resolver for ToServer {
    fn resolve(
        &self,
        _: &ureq::http::Uri,
        _: &ureq::config::Config,
        _: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let mut resolved = self.empty();
        for address in self.0.addresses().map_err(|_| ureq::Error::HostNotFound)?.into_iter().take(16) {
            resolved.push(address);
        }
        if resolved.is_empty() { Err(ureq::Error::HostNotFound) } else { Ok(resolved) }
    }
}

/// Connections to one server.
#[derive(Clone)]
pub struct Client {
    server: ServerUrl,
    agent: ureq::Agent,
}

impl Client {
    /// To a server that is not known yet. Nothing that it says may be believed before it was held against the token.
    pub(crate) fn unverified(server: &ServerUrl) -> Self {
        Self::new(server, TlsConfig::builder().disable_verification(true))
    }

    /// To the server of this authority, by nobody that it knows. `ca` is DER.
    pub(crate) fn pinned(server: &ServerUrl, ca: &[u8]) -> Self {
        Self::new(server, TlsConfig::builder().root_certs(roots(ca)))
    }

    /// To the server that an agent is enrolled with, as that agent.
    ///
    /// # Panics
    /// Never: the key was read from the very same text when the enrolment was.
    pub fn enrolled(enrolment: &Enrolment) -> Self {
        let key = PrivateKey::from_pem(enrolment.key_pem().as_bytes()).expect("a key that was just written");
        let certificate = Certificate::from_der(enrolment.certificate_der()).to_owned();
        let identity = ClientCert::new_with_certs(&[certificate], key);
        let tls = TlsConfig::builder().root_certs(roots(enrolment.ca_der())).client_cert(Some(identity));
        Self::new(&enrolment.server, tls)
    }

    fn new(server: &ServerUrl, tls: ureq::tls::TlsConfigBuilder) -> Self {
        let tls = tls
            .provider(TlsProvider::Rustls)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let config = ureq::Agent::config_builder()
            .https_only(true)
            .http_status_as_error(false)
            .proxy(None)
            .max_redirects(0)
            .max_idle_connections(2)
            .user_agent(concat!("enamel/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(CONNECT_WITHIN))
            .timeout_recv_body(Some(ANSWER_WITHIN))
            .tls_config(tls)
            .build();
        let agent = ureq::Agent::with_parts(config, DefaultConnector::default(), ToServer(server.clone()));
        Self { server: server.clone(), agent }
    }

    /// The server.
    pub fn server(&self) -> &ServerUrl {
        &self.server
    }

    /// The authority's certificate, PEM.
    pub(crate) fn ca(&self) -> Result<String, TransportError> {
        let answer =
            self.agent.get(self.url("ca")).config().timeout_global(Some(ANSWER_WITHIN)).build().call();
        let bytes = self.body(answer)?;
        String::from_utf8(bytes).map_err(|_| self.not_an_answer("it is not text"))
    }

    /// Asks to be taken in.
    pub(crate) fn enrol(&self, request: &EnrolRequest) -> Result<Enrolled, TransportError> {
        self.post("enrol", request, ANSWER_WITHIN)
    }

    /// Asks for a new certificate.
    pub(crate) fn renew(&self, request: &RenewRequest) -> Result<Renewed, TransportError> {
        self.post("renew", request, ANSWER_WITHIN)
    }

    /// Sends observations; `batch` is a [`enamel_wire::message::Batch`] as JSON.
    pub(crate) fn observations(&self, batch: &[u8]) -> Result<Accepted, TransportError> {
        self.send("observations", batch, ANSWER_WITHIN)
    }

    /// Fetches mail, which waits as long as the poll says.
    pub(crate) fn mail(&self, poll: &Poll) -> Result<Mail, TransportError> {
        let wait = Duration::from_secs(u64::from(poll.wait.min(MAX_WAIT_SECONDS)));
        self.post("mail", poll, ANSWER_WITHIN + wait)
    }

    fn url(&self, what: &str) -> String {
        format!("https://{SERVER_NAME}:{}/agent/v1/{what}", self.server.port)
    }

    fn post<T: DeserializeOwned>(
        &self,
        what: &str,
        body: &impl Serialize,
        within: Duration,
    ) -> Result<T, TransportError> {
        let body = serde_json::to_vec(body).map_err(|error| self.not_an_answer(&error.to_string()))?;
        self.send(what, &body, within)
    }

    fn send<T: DeserializeOwned>(
        &self,
        what: &str,
        body: &[u8],
        within: Duration,
    ) -> Result<T, TransportError> {
        let answer = self
            .agent
            .post(self.url(what))
            .content_type("application/json")
            .config()
            .timeout_global(Some(within))
            .build()
            .send(body);
        let bytes = self.body(answer)?;
        serde_json::from_slice(&bytes).map_err(|error| self.not_an_answer(&error.to_string()))
    }

    /// The body of a good answer; any other is an error.
    fn body(
        &self,
        answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<Vec<u8>, TransportError> {
        let mut answer = answer.map_err(|error| self.failed(error))?;
        let status = answer.status();
        let retry_after = answer
            .headers()
            .get("retry-after")
            .and_then(|value| value.to_str().ok()?.trim().parse().ok())
            .map(|seconds| Duration::from_secs(seconds).min(LONGEST_PAUSE));
        let body = answer.body_mut().with_config().limit(MAX_ANSWER_BYTES).read_to_vec();
        let bytes = body.map_err(|error| self.failed(error))?;
        if status.is_success() {
            return Ok(bytes);
        }
        // Something between here and the server may answer in its place, and then not in this protocol's words.
        let spoken =
            |code| Problem { code, detail: format!("it answered with status {status}"), expected: None };
        let problem = match (serde_json::from_slice(&bytes), status.as_u16()) {
            (Ok(problem), _) => problem,
            (Err(_), 429) => spoken(ProblemCode::Busy),
            (Err(_), 500..=599) => spoken(ProblemCode::Unavailable),
            (Err(_), _) => return Err(self.not_an_answer(&format!("status {status}"))),
        };
        Err(TransportError::Refused { server: self.server.clone(), problem, retry_after })
    }

    fn failed(&self, error: ureq::Error) -> TransportError {
        let (server, source) = (self.server.clone(), Box::new(error));
        if is_about_trust(&source) {
            TransportError::Untrusted { server, source }
        } else {
            TransportError::Unreachable { server, source }
        }
    }

    fn not_an_answer(&self, why: &str) -> TransportError {
        TransportError::NotAnAnswer { server: self.server.clone(), why: why.to_owned() }
    }
}

/// Whether the handshake failed over a certificate, and not the network. A failed handshake may come wrapped as an I/O error.
fn is_about_trust(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::Rustls(_) | ureq::Error::Tls(_) => true,
        ureq::Error::Io(error) => {
            error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()).is_some()
        }
        _ => false,
    }
}

fn roots(ca: &[u8]) -> RootCerts {
    RootCerts::new_with_certs(&[Certificate::from_der(ca).to_owned()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_and_only_a_host_and_a_port() {
        for (text, said) in [
            ("https://server.example", "https://server.example:443"),
            (" https://server.example:8443/ ", "https://server.example:8443"),
            ("https://192.0.2.7:8443", "https://192.0.2.7:8443"),
            ("https://[2001:db8::7]:8443", "https://[2001:db8::7]:8443"),
        ] {
            let url: ServerUrl = text.parse().unwrap();
            assert_eq!(url.to_string(), said);
            assert_eq!(said.parse::<ServerUrl>().unwrap(), url);
        }
        let plain = "http://server.example".parse::<ServerUrl>().unwrap_err();
        assert!(plain.to_string().contains("not encrypted"), "{plain}");
        for bad in [
            "",
            "server.example",
            "ftp://server.example",
            "https://",
            "https://a@server.example",
            "https://server.example/console",
            "https://server.example?x=1",
            "https://server.example:0",
            "https://server.example:99999",
            "file:///etc/passwd",
        ] {
            assert!(bad.parse::<ServerUrl>().is_err(), "{bad}");
        }
    }
}
