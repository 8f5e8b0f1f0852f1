//! `enamel serve` as an MSP runs it: a process that is started, asked, told to stop, and killed.

#![allow(clippy::unwrap_used, reason = "what a test cannot build stops it")]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use base64::Engine as _;
use enamel_ledger::Link;
use enamel_server::World;
use enamel_server::pki::Authority;
use enamel_store::tokens::{self, Token};
use enamel_store::tree::{self, Practice};
use enamel_store::{Config, Scope, Store};
use enamel_testkit::{SetClock, repeatable_fill};
use enamel_types::agent_event::AgentEvent;
use enamel_types::observation::Sensor;
use enamel_types::{Body, DeviceId, Observation, ObservationId, PracticeId, SensorName, Timestamp};
use enamel_wire::message::{Accepted, Batch, EnrolRequest, Enrolled, Problem, ProblemCode, SERVER_NAME};
use enamel_wire::token::EnrolmentToken;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};

/// How often the server is killed, where nobody says otherwise. The long run has 200.
const POINTS: u64 = 30;

/// Computers that send while it is.
const SENDERS: usize = 3;

fn system_fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).unwrap();
}

fn uuid() -> uuid::Uuid {
    let mut bytes = [0; 16];
    system_fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

#[expect(clippy::disallowed_methods, reason = "the server that is tested reads the system's clock")]
fn now() -> Timestamp {
    Timestamp::now()
}

/// An MSP's data folder with one practice, and the ports of its server.
struct Msp {
    folder: tempfile::TempDir,
    practice: PracticeId,
    authority: CertificateDer<'static>,
    tokens: Vec<EnrolmentToken>,
    people: SocketAddr,
    agents: SocketAddr,
}

impl Msp {
    fn new(tokens: usize) -> Self {
        Self::in_folder(tempfile::tempdir().unwrap(), tokens)
    }

    fn in_folder(folder: tempfile::TempDir, tokens: usize) -> Self {
        let store = open(folder.path());
        let world = World { clock: Arc::new(SetClock::new(now())), fill: system_fill };
        let authority = Authority::kept_in(&store, &world).unwrap();
        let practice = Practice {
            id: PracticeId::from_uuid(uuid()),
            group: None,
            name: "Maple Street Dental".to_owned(),
            profile: enamel_types::PracticeProfile::default(),
            made_at: now(),
        };
        store.write(&Scope::Msp, |tx| tree::add_practice(tx, &practice, &mut system_fill)).unwrap();
        let token = |_| {
            let mut secret = [0; 32];
            system_fill(&mut secret);
            let token = EnrolmentToken { ca: authority.fingerprint(), secret };
            let kept = Token {
                secret_hash: token.secret_hash(),
                practice: practice.id,
                site: None,
                made_by: "test".to_owned(),
                made_at: now(),
                ends_at: now() + jiff::SignedDuration::from_hours(24),
                taken_at: None,
                agent: None,
            };
            store.write(&Scope::Msp, |tx| tokens::add(tx, &kept)).unwrap();
            token
        };
        let tokens = (0..tokens).map(token).collect();
        let authority = authority.certificate().clone();
        Self { folder, practice: practice.id, authority, tokens, people: free(), agents: free() }
    }

    /// Starts the server and waits until it is ready.
    fn serve(&self) -> Served {
        let child = self.command().spawn().unwrap();
        let mut served = Served(child);
        while ask(self.people, "/healthz").is_none_or(|said| !said.starts_with("HTTP/1.1 200")) {
            let ended = served.0.try_wait().unwrap();
            assert!(ended.is_none(), "the server ended: {ended:?}");
            std::thread::yield_now();
        }
        served
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_enamel"));
        command
            .args(["serve", "--json", "--data"])
            .arg(self.folder.path())
            .args(["--listen", &self.people.to_string(), "--agents", &self.agents.to_string()])
            .env("ENAMEL_LOG", "warn")
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        command
    }
}

fn open(folder: &Path) -> Store {
    let config = Config { data: folder.to_owned(), database: None };
    Store::open(&config, now(), &mut system_fill).unwrap()
}

/// A port that nobody has just now.
fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// One plain request; `None` where nobody answers.
fn ask(address: SocketAddr, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").ok()?;
    let mut said = String::new();
    stream.read_to_string(&mut said).ok()?;
    Some(said)
}

/// A server that is killed when its test is over.
struct Served(Child);

impl Served {
    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Tells it to stop, as systemd does; its exit code and what it wrote.
    fn stop(mut self) -> (Option<i32>, String) {
        let pid = self.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let mut said = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (self.0.wait().unwrap().code(), said)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A computer that sends, and sends again what was not acknowledged.
struct Sender {
    key: rcgen::KeyPair,
    certificate: Option<CertificateDer<'static>>,
    authority: CertificateDer<'static>,
    address: SocketAddr,
    device: DeviceId,
    line: Option<rustls::StreamOwned<rustls::ClientConnection, TcpStream>>,
}

impl Sender {
    fn enrol(msp: &Msp, token: &EnrolmentToken) -> (Self, Enrolled) {
        let mut sender = Self {
            key: rcgen::KeyPair::generate().unwrap(),
            certificate: None,
            authority: msp.authority.clone(),
            address: msp.agents,
            device: DeviceId::from_uuid(uuid()),
            line: None,
        };
        let request = EnrolRequest {
            secret: base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(token.secret),
            csr: rcgen::CertificateParams::default().serialize_request(&sender.key).unwrap().pem().unwrap(),
            device: sender.device,
            name: "front-desk".to_owned(),
            os: "Debian".to_owned(),
            version: "0.1.0".to_owned(),
        };
        let body = serde_json::to_vec(&request).unwrap();
        let (status, body) = sender.post("/agent/v1/enrol", &body).unwrap();
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
        let enrolled: Enrolled = serde_json::from_slice(&body).unwrap();
        sender.certificate = Some(CertificateDer::from_pem_slice(enrolled.certificate.as_bytes()).unwrap());
        sender.line = None;
        (sender, enrolled)
    }

    fn connect(&self) -> std::io::Result<rustls::StreamOwned<rustls::ClientConnection, TcpStream>> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.authority.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_root_certificates(roots);
        let config = match &self.certificate {
            Some(certificate) => {
                let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.serialize_der()));
                builder.with_client_auth_cert(vec![certificate.clone()], key).unwrap()
            }
            None => builder.with_no_client_auth(),
        };
        let name = ServerName::try_from(SERVER_NAME).unwrap();
        let connection = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
        let stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        Ok(rustls::StreamOwned::new(connection, stream))
    }

    /// Status and body; an error where the line broke.
    fn post(&mut self, path: &str, body: &[u8]) -> std::io::Result<(u16, Vec<u8>)> {
        let mut line = match self.line.take() {
            Some(line) => line,
            None => self.connect()?,
        };
        let length = body.len();
        write!(line, "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n")?;
        line.write_all(body)?;
        line.flush()?;
        let broken = || std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            line.read_exact(&mut byte)?;
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        let status = head.get(9..12).and_then(|status| status.parse().ok()).ok_or_else(broken)?;
        let length = head.lines().find_map(|header| header.strip_prefix("content-length: ")?.parse().ok());
        let mut body = vec![0; length.ok_or_else(broken)?];
        line.read_exact(&mut body)?;
        self.line = Some(line);
        Ok((status, body))
    }
}

fn observation(enrolled: &Enrolled, device: DeviceId) -> Observation {
    Observation {
        id: ObservationId::from_uuid(uuid()),
        practice: enrolled.practice,
        device,
        agent: enrolled.agent,
        observed_at: now(),
        valid_until: now() + jiff::SignedDuration::from_hours(24),
        sensor: Sensor { name: "agent".to_owned(), version: "0.1.0".to_owned() },
        scope: "agent".to_owned(),
        gaps: Vec::new(),
        body: Body::AgentEvent(AgentEvent::Enrolled { version: "0.1.0".to_owned() }),
    }
}

/// Sends until told to stop; the chain as it was made, and how far it was acknowledged.
fn send_until(
    msp: &Msp,
    token: &EnrolmentToken,
    over: &AtomicBool,
    acks: &mpsc::Sender<u64>,
) -> (Vec<Link>, u64) {
    let (mut sender, enrolled) = Sender::enrol(msp, token);
    let mut chain: Vec<Link> = Vec::new();
    let mut acked = 0;
    while !over.load(Ordering::Relaxed) {
        for _ in 0..3 {
            let observation = observation(&enrolled, sender.device);
            let body = serde_json::to_vec(&observation).unwrap();
            let prev = chain.last().map(|link| (link.agent_seq, link.hash));
            chain.push(Link::after(prev, &observation, body));
        }
        let from = usize::try_from(acked).unwrap();
        let batch = Batch::of(&chain[from..chain.len().min(from + 500)]).unwrap();
        let body = serde_json::to_vec(&batch).unwrap();
        // Until it is through: the server may be dead, or just starting.
        while !over.load(Ordering::Relaxed) {
            match sender.post("/agent/v1/observations", &body) {
                Ok((200, said)) => {
                    let accepted: Accepted = serde_json::from_slice(&said).unwrap();
                    assert!(accepted.acked_through > acked, "an acknowledgement went back");
                    acked = accepted.acked_through;
                    let _ = acks.send(acked);
                    break;
                }
                Ok((429, _)) | Err(_) => std::thread::yield_now(),
                Ok((status, said)) => panic!("{status}: {}", String::from_utf8_lossy(&said)),
            }
        }
    }
    (chain, acked)
}

/// Kill -9 at random points during ingest: nothing acknowledged is lost, nothing is there twice, every chain is whole.
#[test]
fn nothing_acknowledged_is_lost_when_the_server_is_killed() {
    let points = std::env::var("ENAMEL_KILL_POINTS").map_or(POINTS, |points| points.parse().unwrap());
    let msp = Msp::new(SENDERS);
    let over = AtomicBool::new(false);
    let (acks, acked) = mpsc::channel();
    let kills = AtomicU64::new(0);
    let mut served = msp.serve();
    let sent = std::thread::scope(|scope| {
        let senders: Vec<_> = msp
            .tokens
            .iter()
            .map(|token| {
                let (msp, over, acks) = (&msp, &over, acks.clone());
                scope.spawn(move || send_until(msp, token, over, &acks))
            })
            .collect();
        let mut random = repeatable_fill(7);
        while kills.load(Ordering::Relaxed) < points {
            let mut dice = [0; 2];
            random(&mut dice);
            // Some acknowledgements, then a few milliseconds of whatever comes.
            for _ in 0..=dice[0] % 16 {
                acked.recv_timeout(Duration::from_mins(1)).expect("the server takes evidence in");
            }
            let until = Instant::now() + Duration::from_micros(u64::from(dice[1]) * 100);
            while let Some(left) = until.checked_duration_since(Instant::now()) {
                let _ = acked.recv_timeout(left);
            }
            served.kill();
            kills.fetch_add(1, Ordering::Relaxed);
            while acked.try_recv().is_ok() {}
            served = msp.serve();
        }
        // It takes evidence in after the last time too.
        acked.recv_timeout(Duration::from_mins(1)).expect("the server takes evidence in");
        over.store(true, Ordering::Relaxed);
        senders.into_iter().map(|sender| sender.join().unwrap()).collect::<Vec<_>>()
    });
    let (code, said) = served.stop();
    assert_eq!(code, Some(0), "{said}");

    let store = open(msp.folder.path());
    let scope = Scope::practice(msp.practice);
    let mut kept = Vec::new();
    while let page = store.entries(&scope, msp.practice, kept.len() as u64 + 1, 500).unwrap()
        && !page.entries.is_empty()
    {
        kept.extend(page.entries);
    }
    assert!(kept.iter().zip(1..).all(|(entry, seq)| entry.seq == seq), "a hole among the practice's entries");
    for (chain, acked) in &sent {
        let of_agent: Vec<_> =
            kept.iter().filter(|entry| entry.observation.agent == chain[0].agent).collect();
        assert!(of_agent.len() as u64 >= *acked, "{} of {acked} acknowledged are kept", of_agent.len());
        for (entry, link) in of_agent.iter().zip(chain) {
            assert_eq!((entry.agent_seq, entry.hash), (link.agent_seq, link.hash));
        }
    }
    assert!(store.verify(&scope, msp.practice).unwrap().bad.is_none());
    println!("{} kills, {} observations kept", kills.into_inner(), kept.len());
}

/// A disk of a few megabytes, in memory, for as long as this lives.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// `None`, and a word on stderr, where this account may not mount one.
    fn new() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=13m", "none"])
            .arg(folder.path())
            .stderr(Stdio::null())
            .status();
        if mounted.is_ok_and(|status| status.success()) {
            return Some(Self(folder));
        }
        let _ = writeln!(std::io::stderr(), "skipped: this account may not mount a small disk");
        None
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0.path()).status();
    }
}

/// A full disk: the server says so and stays up, agents keep what they have, and it goes on when there is room.
#[test]
fn a_full_disk_is_told_to_agents_and_nothing_is_lost() {
    let Some(disk) = SmallDisk::new() else { return };
    let ballast = disk.0.path().join("ballast");
    std::fs::write(&ballast, vec![0; 4 << 20]).unwrap();
    // What it takes to look at the files afterwards.
    let reserve = disk.0.path().join("reserve");
    std::fs::write(&reserve, vec![0; 1 << 20]).unwrap();
    let msp = Msp::in_folder(tempfile::tempdir_in(disk.0.path()).unwrap(), 1);
    let served = msp.serve();
    let (mut sender, enrolled) = Sender::enrol(&msp, &msp.tokens[0]);
    let mut chain: Vec<Link> = Vec::new();
    let mut acked = 0;
    let refused = loop {
        for _ in 0..20 {
            let mut seen = observation(&enrolled, sender.device);
            let why = "x".repeat(10_000);
            seen.body = Body::AgentEvent(AgentEvent::SensorFailed { sensor: SensorName::Phi, why });
            let prev = chain.last().map(|link| (link.agent_seq, link.hash));
            chain.push(Link::after(prev, &seen, serde_json::to_vec(&seen).unwrap()));
        }
        let batch = Batch::of(&chain[acked..]).unwrap();
        let (status, said) =
            sender.post("/agent/v1/observations", &serde_json::to_vec(&batch).unwrap()).unwrap();
        if status != 200 {
            break (status, serde_json::from_slice::<Problem>(&said).unwrap().code);
        }
        acked = chain.len();
        assert!(acked < 2_000, "20 MB fit on a disk of 12");
    };
    assert_eq!(refused, (503, ProblemCode::Unavailable));
    assert!(acked > 0);
    assert!(ask(msp.people, "/livez").unwrap().starts_with("HTTP/1.1 200"));

    std::fs::remove_file(&ballast).unwrap();
    let batch = serde_json::to_vec(&Batch::of(&chain[acked..]).unwrap()).unwrap();
    let (status, said) = sender.post("/agent/v1/observations", &batch).unwrap();
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&said));
    let (code, said) = served.stop();
    assert_eq!(code, Some(0), "{said}");
    std::fs::remove_file(&reserve).unwrap();
    let store = open(msp.folder.path());
    let verified = store.verify(&Scope::practice(msp.practice), msp.practice).unwrap();
    assert_eq!((verified.entries, verified.bad), (chain.len() as u64, None));
}

#[test]
fn it_says_how_it_is_and_stops_when_told() {
    let msp = Msp::new(0);
    let served = msp.serve();
    assert!(ask(msp.people, "/livez").unwrap().starts_with("HTTP/1.1 200"));
    let metrics = ask(msp.people, "/metrics").unwrap();
    assert!(metrics.contains("enamel_edge_open_connections "), "{metrics}");
    // Of a practice nothing is said there.
    assert!(!metrics.contains(&msp.practice.to_string()) && !metrics.contains("Maple"), "{metrics}");
    let (code, said) = served.stop();
    assert_eq!(code, Some(0), "{said}");
    assert!(ask(msp.people, "/livez").is_none());
}

#[test]
fn a_port_that_is_taken_is_named_with_what_to_do() {
    let msp = Msp::new(0);
    let _taken = TcpListener::bind(msp.people).unwrap();
    let output = msp.command().output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains(&format!("could not listen for people on {}", msp.people)), "{said}");
    assert!(said.contains("--listen ADDRESS"), "{said}");
}

#[test]
fn two_servers_do_not_share_a_folder() {
    let msp = Msp::new(0);
    let _first = msp.serve();
    let mut again = Command::new(env!("CARGO_BIN_EXE_enamel"));
    again.args(["serve", "--data"]).arg(msp.folder.path());
    again.args(["--listen", "127.0.0.1:0", "--agents", "127.0.0.1:0"]);
    let output = again.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("in use by another Enamel server"), "{said}");
}
