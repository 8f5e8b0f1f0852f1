//! A server that speaks the agents' protocol over real TLS, as strict as a server is, and that can be told to misbehave.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use enamel_ledger::EntryHash;
use enamel_types::{AgentId, CommandId, Observation, Policy, PracticeId, Timestamp};
use enamel_wire::Speaker;
use enamel_wire::message::{
    Accepted, Batch, EnrolRequest, Enrolled, Mail, Poll, Problem, ProblemCode, RenewRequest, Renewed,
    SERVER_NAME, SignedText,
};
use enamel_wire::token::EnrolmentToken;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use crate::world::Chain;

/// An answer given in place of the right one.
pub(crate) struct Instead {
    pub(crate) path: &'static str,
    pub(crate) status: u16,
    pub(crate) retry_after: Option<u64>,
    pub(crate) body: Vec<u8>,
    /// Whether the request is carried out all the same, and only its answer is another.
    pub(crate) after: bool,
}

/// What the server knows and is told.
pub(crate) struct State {
    pub(crate) practice: PracticeId,
    pub(crate) agents: Vec<AgentId>,
    /// The chain of the agent enrolled last.
    pub(crate) chain: Chain,
    pub(crate) policy: Policy,
    /// Given at enrolment.
    pub(crate) pinned: Option<SignedText>,
    pub(crate) roots: Vec<SignedText>,
    pub(crate) commands: Vec<(u64, SignedText)>,
    pub(crate) vetoed: Vec<CommandId>,
    pub(crate) instead: VecDeque<Instead>,
    pub(crate) polls: Vec<Poll>,
    pub(crate) requests: Vec<String>,
    /// Days from the certificate's beginning to the clock on the wall.
    pub(crate) certificate_age: i64,
    pub(crate) enrolled: Vec<EnrolRequest>,
    token_used: bool,
    /// What the server says that it has of the chain, where that is not the truth.
    pub(crate) acked_through: Option<u64>,
}

/// A running server.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) port: u16,
    pub(crate) token: EnrolmentToken,
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    issuer: Issuer<'static, KeyPair>,
    ca_pem: String,
    tls: Arc<ServerConfig>,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::start_on("127.0.0.1:0")
    }

    /// Listens on an address.
    pub(crate) fn start_on(address: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = params.self_signed(&key).unwrap();
        let issuer = Issuer::new(params, key);
        let server_key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![SERVER_NAME.to_owned()])
            .unwrap()
            .signed_by(&server_key, &issuer)
            .unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(ca.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .allow_unauthenticated()
            .build()
            .unwrap();
        let tls = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(clients)
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(server_key.serialize_der()).unwrap(),
            )
            .unwrap();
        let listener = TcpListener::bind(address).unwrap();
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                practice: PracticeId::from_uuid(uuid::Uuid::from_bytes([1; 16])),
                agents: Vec::new(),
                chain: Chain::default(),
                policy: Policy { version: 1, ..Policy::default() },
                pinned: None,
                roots: Vec::new(),
                commands: Vec::new(),
                vetoed: Vec::new(),
                instead: VecDeque::new(),
                polls: Vec::new(),
                requests: Vec::new(),
                certificate_age: 0,
                enrolled: Vec::new(),
                token_used: false,
                acked_through: None,
            }),
            changed: Condvar::new(),
            issuer,
            ca_pem: ca.pem(),
            tls: Arc::new(tls),
        });
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            token: EnrolmentToken { ca: EnrolmentToken::fingerprint(ca.der()), secret: [5; 32] },
            shared,
        };
        let accepting = server.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let server = accepting.clone();
                std::thread::spawn(move || server.converse(stream));
            }
        });
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// Looks at what it knows, or tells it something.
    pub(crate) fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let done = change(&mut self.shared.state.lock().unwrap());
        self.shared.changed.notify_all();
        done
    }

    /// Waits until it knows something, for at most half a minute without a change.
    pub(crate) fn wait<T>(&self, what: &str, look: impl FnMut(&mut State) -> Option<T>) -> T {
        self.wait_for(Duration::from_secs(30), what, look)
    }

    /// The same for what takes minutes.
    #[allow(dead_code, reason = "for the figures of the binary, which its own tests take")]
    pub(crate) fn wait_long<T>(&self, what: &str, look: impl FnMut(&mut State) -> Option<T>) -> T {
        self.wait_for(Duration::from_mins(3), what, look)
    }

    fn wait_for<T>(&self, at_most: Duration, what: &str, mut look: impl FnMut(&mut State) -> Option<T>) -> T {
        let mut state = self.shared.state.lock().unwrap();
        loop {
            if let Some(found) = look(&mut state) {
                return found;
            }
            let (next, timeout) = self.shared.changed.wait_timeout(state, at_most).unwrap();
            assert!(!timeout.timed_out(), "waited for {what} in vain; requests: {:?}", next.requests);
            state = next;
        }
    }

    /// The authority's certificate, PEM.
    pub(crate) fn ca_pem(&self) -> Vec<u8> {
        self.shared.ca_pem.clone().into_bytes()
    }

    /// Makes a new token good once more.
    pub(crate) fn renew_token(&self) {
        self.with(|state| state.token_used = false);
    }

    fn converse(&self, tcp: TcpStream) {
        let connection = ServerConnection::new(Arc::clone(&self.shared.tls)).unwrap();
        let mut stream = BufReader::new(StreamOwned::new(connection, tcp));
        loop {
            let mut head = Vec::new();
            loop {
                let mut line = String::new();
                match stream.read_line(&mut line) {
                    Ok(0) | Err(_) => return,
                    Ok(_) if line == "\r\n" => break,
                    Ok(_) => head.push(line.trim().to_owned()),
                }
            }
            let length = head.iter().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
            });
            let mut body = vec![0; length.unwrap_or(0)];
            if stream.read_exact(&mut body).is_err() {
                return;
            }
            let path = head[0].split(' ').nth(1).unwrap().rsplit('/').next().unwrap().to_owned();
            let certificate =
                stream.get_ref().conn.peer_certificates().map(|all| all[0].clone().into_owned());
            let (status, retry_after, body) = self.answer(&path, &body, certificate.as_ref());
            let retry = retry_after.map_or(String::new(), |after| format!("Retry-After: {after}\r\n"));
            let head = format!(
                "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{retry}Content-Length: {}\r\n\r\n",
                body.len()
            );
            let stream = stream.get_mut();
            if stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body)).is_err() {
                return;
            }
        }
    }

    fn answer(
        &self,
        path: &str,
        body: &[u8],
        certificate: Option<&CertificateDer<'static>>,
    ) -> (u16, Option<u64>, Vec<u8>) {
        let instead = self.with(|state| {
            state.requests.push(path.to_owned());
            let at = state.instead.iter().position(|instead| instead.path == path)?;
            state.instead.remove(at)
        });
        if let Some(instead) = &instead
            && !instead.after
        {
            return (instead.status, instead.retry_after, instead.body.clone());
        }
        let answered = match (path, certificate) {
            ("ca", _) => Ok(self.shared.ca_pem.clone().into_bytes()),
            ("enrol", _) => self.enrol(body),
            (_, None) => Err(problem(ProblemCode::Revoked, "no certificate", None)),
            ("observations", Some(_)) => self.observations(body),
            ("mail", Some(_)) => Ok(self.mail(body)),
            ("renew", Some(_)) => {
                let request: RenewRequest = serde_json::from_slice(body).unwrap();
                let certificate = self.certificate(&request.csr, 0);
                Ok(serde_json::to_vec(&Renewed { certificate }).unwrap())
            }
            _ => Err(problem(ProblemCode::Malformed, "no such thing", None)),
        };
        if let Some(instead) = instead {
            return (instead.status, instead.retry_after, instead.body);
        }
        match answered {
            Ok(body) => (200, None, body),
            Err(problem) => (409, None, serde_json::to_vec(&problem).unwrap()),
        }
    }

    fn certificate(&self, csr: &str, age: i64) -> String {
        let mut request = CertificateSigningRequestParams::from_pem(csr).unwrap();
        request.params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let start = now() - jiff::SignedDuration::from_hours(24 * age);
        let day = |at: Timestamp| {
            let date = at.to_zoned_datetime(jiff::tz::TimeZone::UTC);
            let (month, day) = (date.month().unsigned_abs(), date.day().unsigned_abs());
            rcgen::date_time_ymd(i32::from(date.year()), month, day)
        };
        request.params.not_before = day(start);
        request.params.not_after = day(start + jiff::SignedDuration::from_hours(24 * 90));
        request.signed_by(&self.shared.issuer).unwrap().pem()
    }

    fn enrol(&self, body: &[u8]) -> Result<Vec<u8>, Problem> {
        let request: EnrolRequest = serde_json::from_slice(body).unwrap();
        let secret = base64_secret(&self.token);
        let age = self.with(|state| {
            if state.token_used || request.secret != secret {
                return Err(problem(ProblemCode::Token, "this token is used up; make a new one", None));
            }
            state.token_used = true;
            Ok(state.certificate_age)
        })?;
        let certificate = self.certificate(&request.csr, age);
        let enrolled = self.with(|state| {
            let number = u8::try_from(state.agents.len() + 3).unwrap();
            let agent = AgentId::from_uuid(uuid::Uuid::from_bytes([number; 16]));
            state.agents.push(agent);
            state.chain = Chain::default();
            state.enrolled.push(request);
            Enrolled {
                practice: state.practice,
                practice_name: "Birch Dental".to_owned(),
                agent,
                certificate,
                trust_root: state.pinned.clone(),
                policy: state.policy.clone(),
                server_time: now(),
            }
        });
        Ok(serde_json::to_vec(&enrolled).unwrap())
    }

    fn observations(&self, body: &[u8]) -> Result<Vec<u8>, Problem> {
        let batch: Batch = serde_json::from_slice(body).unwrap();
        self.with(|state| {
            let (agent, device) = (*state.agents.last().unwrap(), state.enrolled.last().unwrap().device);
            let links = batch.check(&Speaker { practice: state.practice, agent, device })?;
            let (first, head) = (links[0].agent_seq, state.chain.head());
            if first > head + 1 {
                return Err(problem(ProblemCode::Gap, "send what is missing", Some(head + 1)));
            }
            let before = match first {
                1 => EntryHash::GENESIS,
                _ => state.chain.kept[usize::try_from(first).unwrap() - 2].1,
            };
            if before != batch.prev {
                return Err(problem(ProblemCode::Fork, "another entry is kept there", None));
            }
            for link in &links {
                let taken = state.chain.take(link.agent_seq, link.hash, &link.body);
                taken.map_err(|why| problem(ProblemCode::Fork, &why, None))?;
            }
            let accepted = Accepted { acked_through: links.last().unwrap().agent_seq };
            Ok(serde_json::to_vec(&accepted).unwrap())
        })
    }

    fn mail(&self, body: &[u8]) -> Vec<u8> {
        let poll: Poll = serde_json::from_slice(body).unwrap();
        let mut state = self.shared.state.lock().unwrap();
        state.polls.push(poll.clone());
        self.shared.changed.notify_all();
        let until = std::time::Instant::now() + Duration::from_secs(u64::from(poll.wait));
        loop {
            let policy = (state.policy.version != poll.policy_version).then(|| state.policy.clone());
            let later = |(counter, command): &(u64, SignedText)| {
                (*counter > poll.command_counter).then(|| command.clone())
            };
            let commands: Vec<_> = state.commands.iter().filter_map(later).collect();
            let skip = usize::try_from(poll.trust_root_version.saturating_sub(1)).unwrap();
            let trust_roots: Vec<_> = state.roots.iter().skip(skip).cloned().collect();
            let left = until.saturating_duration_since(std::time::Instant::now());
            if policy.is_some() || !commands.is_empty() || !trust_roots.is_empty() || left.is_zero() {
                let mail = Mail {
                    policy,
                    trust_roots,
                    commands,
                    vetoed: state.vetoed.clone(),
                    acked_through: state.acked_through.unwrap_or_else(|| state.chain.head()),
                    server_time: now(),
                };
                return serde_json::to_vec(&mail).unwrap();
            }
            state = self.shared.changed.wait_timeout(state, left).unwrap().0;
        }
    }
}

/// A refusal as a server sends it.
pub(crate) fn problem(code: ProblemCode, detail: &str, expected: Option<u64>) -> Problem {
    Problem { code, detail: detail.to_owned(), expected }
}

fn base64_secret(token: &EnrolmentToken) -> String {
    token.to_string().rsplit('.').next().unwrap().to_owned()
}

/// The clock on the wall: certificates are checked against it.
#[expect(clippy::disallowed_methods, reason = "TLS checks certificates against the system's clock")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// Observations that the server has, by what they say.
pub(crate) fn bodies(state: &State) -> Vec<enamel_types::Body> {
    state
        .chain
        .kept
        .iter()
        .map(|(_, _, observation): &(u64, EntryHash, Observation)| observation.body.clone())
        .collect()
}
