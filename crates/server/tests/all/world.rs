//! One MSP with its own folder, ports and clock, and agents that speak real TLS to it.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use axum::body::Body;
use enamel_ledger::Link;
use enamel_server::World;
use enamel_server::start::{Config, Server};
use enamel_store::commands::{CommandState, StoredCommand};
use enamel_store::tokens::{self, Token};
use enamel_store::tree::{self, Practice};
use enamel_store::{Scope, Store, StoreError};
use enamel_testkit::SetClock;
use enamel_types::agent_event::AgentEvent;
use enamel_types::observation::Sensor;
use enamel_types::{
    AgentId, Clock as _, CommandClass, CommandId, DeviceId, Observation, ObservationId, PracticeId, Timestamp,
};
use enamel_wire::message::{Batch, EnrolRequest, Enrolled, Health, MAX_BATCH, Poll, Problem, SERVER_NAME};
use enamel_wire::token::EnrolmentToken;
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use rcgen::{CertificateParams, DnType, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub(crate) use enamel_types::Body as Seen;

/// The MSP.
pub(crate) struct Msp {
    pub(crate) server: Server,
    pub(crate) clock: Arc<SetClock>,
    pub(crate) practice: PracticeId,
    pub(crate) folder: tempfile::TempDir,
}

pub(crate) fn msp_scope() -> Scope {
    Scope::Msp
}

pub(crate) fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).unwrap();
}

pub(crate) fn uuid() -> uuid::Uuid {
    let mut bytes = [0; 16];
    fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

impl Msp {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(SetClock::at("2026-11-24T08:00:00Z"));
        let server = start(&folder, &clock).await;
        let mut msp = Self { server, clock, practice: PracticeId::from_uuid(uuid()), folder };
        msp.practice = msp.add_practice("Maple Street Dental");
        msp
    }

    pub(crate) fn store(&self) -> &Store {
        &self.server.parts.store
    }

    pub(crate) fn add_practice(&self, name: &str) -> PracticeId {
        let practice = Practice {
            id: PracticeId::from_uuid(uuid()),
            group: None,
            name: name.to_owned(),
            profile: enamel_types::PracticeProfile::default(),
            made_at: self.clock.now(),
        };
        self.store()
            .write(&msp_scope(), |tx| tree::add_practice(tx, &practice, &mut fill))
            .map_err(|error: StoreError| error)
            .unwrap();
        practice.id
    }

    /// A token for the practice.
    pub(crate) fn token(&self, practice: PracticeId) -> EnrolmentToken {
        let mut secret = [0; 32];
        fill(&mut secret);
        let token = EnrolmentToken { ca: self.server.parts.authority.fingerprint(), secret };
        let kept = Token {
            secret_hash: token.secret_hash(),
            practice,
            site: None,
            made_by: "test".to_owned(),
            made_at: self.clock.now(),
            ends_at: self.clock.now() + jiff::SignedDuration::from_hours(24),
            taken_at: None,
            agent: None,
        };
        self.store()
            .write(&msp_scope(), |tx| tokens::add(tx, &kept))
            .map_err(|error: StoreError| error)
            .unwrap();
        token
    }

    /// A computer that was enrolled.
    pub(crate) async fn agent(&self) -> Agent {
        self.agent_of(self.practice).await
    }

    pub(crate) async fn agent_of(&self, practice: PracticeId) -> Agent {
        let mut agent = Agent::new(self);
        let token = self.token(practice);
        agent.enrol(&token).await.json::<Enrolled>();
        agent
    }

    /// The practice's evidence, whole and in order.
    pub(crate) fn entries(&self) -> Vec<enamel_ledger::Entry> {
        self.store().entries(&Scope::practice(self.practice), self.practice, 1, 500).unwrap().entries
    }
}

pub(crate) async fn start(folder: &tempfile::TempDir, clock: &Arc<SetClock>) -> Server {
    start_on(folder.path(), clock, None).await
}

/// A server on a database, or on files in its folder.
pub(crate) async fn start_on(folder: &Path, clock: &Arc<SetClock>, database: Option<String>) -> Server {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let config =
        Config { data: folder.to_owned(), database, people: any, agents: any, content: None, public: None };
    let world = World { clock: clock.clone(), fill };
    Server::start(config, world).await.unwrap()
}

/// A computer with a key of its own.
pub(crate) struct Agent {
    pub(crate) key: KeyPair,
    pub(crate) device: DeviceId,
    pub(crate) certificate: Option<String>,
    pub(crate) enrolled: Option<Enrolled>,
    pub(crate) links: Vec<Link>,
    address: SocketAddr,
    authority: CertificateDer<'static>,
    clock: Arc<SetClock>,
    line: Option<SendRequest<Body>>,
}

/// What the server said.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json<T: DeserializeOwned>(&self) -> T {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.body));
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn problem(&self) -> Problem {
        assert!(self.status >= 400, "{self:?}");
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl Agent {
    pub(crate) fn new(msp: &Msp) -> Self {
        Self {
            key: KeyPair::generate().unwrap(),
            device: DeviceId::from_uuid(uuid()),
            certificate: None,
            enrolled: None,
            links: Vec::new(),
            address: msp.server.agents,
            authority: msp.server.parts.authority.certificate().clone(),
            clock: msp.clock.clone(),
            line: None,
        }
    }

    pub(crate) fn id(&self) -> AgentId {
        self.enrolled.as_ref().unwrap().agent
    }

    pub(crate) fn csr(&self) -> String {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "front-desk");
        params.serialize_request(&self.key).unwrap().pem().unwrap()
    }

    /// Trusts another authority.
    pub(crate) fn trust(&mut self, authority: CertificateDer<'static>) {
        self.authority = authority;
    }

    /// Calls another server, which may be the same one after a restart.
    pub(crate) fn call(&mut self, address: SocketAddr) {
        self.address = address;
        self.line = None;
    }

    /// A second computer with the same key and the same past: a cloned disk.
    pub(crate) fn clone_disk(&self) -> Self {
        let der = PrivatePkcs8KeyDer::from(self.key.serialize_der());
        let key = KeyPair::from_pkcs8_der_and_sign_algo(&der, &rcgen::PKCS_ECDSA_P256_SHA256);
        Self {
            key: key.unwrap(),
            device: self.device,
            certificate: self.certificate.clone(),
            enrolled: self.enrolled.clone(),
            links: self.links.clone(),
            address: self.address,
            authority: self.authority.clone(),
            clock: self.clock.clone(),
            line: None,
        }
    }

    pub(crate) async fn enrol(&mut self, token: &EnrolmentToken) -> Answer {
        use base64::Engine as _;
        let request = EnrolRequest {
            secret: base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(token.secret),
            csr: self.csr(),
            device: self.device,
            name: "front-desk".to_owned(),
            os: "Debian GNU/Linux 12".to_owned(),
            version: "0.1.0".to_owned(),
        };
        let answer = self.post("/agent/v1/enrol", &request).await;
        if answer.status == 200 {
            let enrolled: Enrolled = answer.json();
            self.certificate = Some(enrolled.certificate.clone());
            self.enrolled = Some(enrolled);
            self.line = None;
        }
        answer
    }

    /// A new connection, with the certificate if there is one.
    pub(crate) async fn connect(&self) -> std::io::Result<TlsStream<TcpStream>> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.authority.clone()).unwrap();
        let time = Arc::new(Time(self.clock.clone()));
        let builder = rustls::ClientConfig::builder_with_details(provider, time)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_root_certificates(roots);
        let config = match &self.certificate {
            Some(pem) => {
                let certificate = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
                let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.serialize_der()));
                builder.with_client_auth_cert(vec![certificate], key).unwrap()
            }
            None => builder.with_no_client_auth(),
        };
        let stream = TcpStream::connect(self.address).await?;
        let name = ServerName::try_from(SERVER_NAME).unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    }

    pub(crate) async fn post<T: Serialize>(&mut self, path: &str, request: &T) -> Answer {
        self.send("POST", path, serde_json::to_vec(request).unwrap()).await.unwrap()
    }

    /// One request over the line that is open, or a new one.
    pub(crate) async fn send(
        &mut self,
        method: &str,
        path: &str,
        body: Vec<u8>,
    ) -> Result<Answer, Box<dyn std::error::Error>> {
        if self.line.as_ref().is_none_or(SendRequest::is_closed) {
            let tls = self.connect().await?;
            let (line, connection) = hyper::client::conn::http1::handshake(TokioIo::new(tls)).await?;
            tokio::spawn(connection);
            self.line = Some(line);
        }
        let line = self.line.as_mut().unwrap();
        line.ready().await?;
        let request = hyper::Request::builder()
            .method(method)
            .uri(path)
            .header("host", SERVER_NAME)
            .header("content-length", body.len())
            .body(Body::from(body))?;
        let response = line.send_request(request).await?;
        let status = response.status().as_u16();
        let retry_after = response.headers().get("retry-after").map(|it| it.to_str().unwrap().to_owned());
        let body = axum::body::to_bytes(Body::new(response.into_body()), 1 << 20).await?.to_vec();
        Ok(Answer { status, retry_after, body })
    }

    /// Sees something and puts it at the end of its chain.
    pub(crate) fn see(&mut self, body: Seen) -> Link {
        let enrolled = self.enrolled.as_ref().unwrap();
        let observation = observation(enrolled.practice, enrolled.agent, self.device, &self.clock, body);
        self.push(&observation)
    }

    pub(crate) fn push(&mut self, observation: &Observation) -> Link {
        let prev = self.links.last().map(|link| (link.agent_seq, link.hash));
        let link = Link::after(prev, observation, serde_json::to_vec(observation).unwrap());
        self.links.push(link.clone());
        link
    }

    /// Sees so many little things.
    pub(crate) fn see_some(&mut self, count: usize) {
        for _ in 0..count {
            self.see(event());
        }
    }

    pub(crate) async fn send_links(&mut self, links: &[Link]) -> Answer {
        assert!(links.len() <= MAX_BATCH);
        self.post("/agent/v1/observations", &Batch::of(links).unwrap()).await
    }

    pub(crate) async fn poll(&mut self, wait: u32) -> Answer {
        let poll = self.poll_request(wait);
        self.post("/agent/v1/mail", &poll).await
    }

    pub(crate) fn poll_request(&self, wait: u32) -> Poll {
        Poll {
            wait,
            policy_version: 0,
            trust_root_version: 0,
            command_counter: 0,
            agent_seq: self.links.len() as u64,
            health: Health { version: "0.1.0".to_owned(), ..Health::default() },
        }
    }
}

/// Something small to see.
pub(crate) fn event() -> Seen {
    Seen::AgentEvent(AgentEvent::Enrolled { version: "0.1.0".to_owned() })
}

pub(crate) fn observation(
    practice: PracticeId,
    agent: AgentId,
    device: DeviceId,
    clock: &SetClock,
    body: Seen,
) -> Observation {
    Observation {
        id: ObservationId::from_uuid(uuid()),
        practice,
        device,
        agent,
        observed_at: clock.now(),
        valid_until: clock.now() + jiff::SignedDuration::from_hours(7 * 24),
        sensor: Sensor { name: "agent".to_owned(), version: "0.1.0".to_owned() },
        scope: "agent".to_owned(),
        gaps: Vec::new(),
        body,
    }
}

/// The client's clock is the server's.
#[derive(Debug)]
struct Time(Arc<SetClock>);

impl rustls::time_provider::TimeProvider for Time {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = u64::try_from(self.0.now().as_second()).ok()?;
        Some(UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds)))
    }
}

/// A command that the API has just relayed. Its text is none: whoever relays does not read.
pub(crate) fn relayed(
    practice: PracticeId,
    agent: AgentId,
    class: CommandClass,
    verb: &str,
    now: Timestamp,
) -> StoredCommand {
    StoredCommand {
        id: CommandId::from_uuid(uuid()),
        practice,
        agent,
        counter: 1,
        class,
        verb: verb.to_owned(),
        reason: "a test".to_owned(),
        signed: "{}".to_owned(),
        not_before: now,
        not_after: now + jiff::SignedDuration::from_hours(24),
        state: CommandState::Open,
        detail: String::new(),
        relayed_by: "test".to_owned(),
        relayed_at: now,
        changed_by: "test".to_owned(),
        changed_at: now,
    }
}
