//! A fleet of agents from one process, and what it costs the server: the bench behind the promises on agents.
//!
//! `cargo run --release -p enamel-server --example fleet -- ENAMEL [DATABASE]` starts the binary ENAMEL as a server with 200 practices of
//! 15 computers each, connects all of them with client certificates, and prints what came of a minute: latency of batches, the
//! server's processor time and memory from `/proc`. Each agent polls for mail once a minute and sends six observations every half a
//! minute: 600 a second. Further polls fill up to 10,000 open connections. Needs `ulimit -n 65536`.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench speaks to the terminal and ends where it cannot go on"
)]

use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::body::Body;
use enamel_ledger::{EntryHash, Link};
use enamel_server::World;
use enamel_server::pki::Authority;
use enamel_store::agents::{self, Agent};
use enamel_store::tree::{self, Practice};
use enamel_store::{Config, Scope, Store, StoreError};
use enamel_types::observation::Sensor;
use enamel_types::{AgentId, Clock, DeviceId, Observation, ObservationId, PracticeId, Timestamp};
use enamel_wire::message::{Batch, Health, Poll, SERVER_NAME};
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant as TokioInstant, sleep_until};

const PRACTICES: usize = 200;
const COMPUTERS: usize = 15;
const CONNECTIONS: usize = 10_000;
/// Observations in a batch, and how far two batches of an agent are apart: with 3,000 agents, 600 a second.
const BATCH: usize = 6;
const EVERY: Duration = Duration::from_secs(30);
/// Connecting takes so long, and what is measured begins then.
const RAMP: Duration = Duration::from_secs(60);
const MEASURED: Duration = Duration::from_secs(60);

struct System;

impl Clock for System {
    #[expect(clippy::disallowed_methods, reason = "the server that is measured reads the system's clock")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).unwrap();
}

fn uuid() -> uuid::Uuid {
    let mut bytes = [0; 16];
    fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

/// One agent.
struct Member {
    number: usize,
    practice: PracticeId,
    agent: AgentId,
    device: DeviceId,
    tls: Arc<rustls::ClientConfig>,
}

/// What came of it.
#[derive(Default)]
struct Tally {
    latencies: Mutex<Vec<Duration>>,
    measuring: AtomicBool,
    observations: AtomicU64,
    polls: AtomicU64,
    failures: AtomicU64,
    connections: AtomicU64,
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let binary = arguments.next().expect("the enamel binary");
    let database = arguments.next();
    let folder = tempfile::tempdir().unwrap();
    let fleet = enrol(folder.path(), database.clone());
    let free = || std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (people, agents) = (free(), free());
    let mut command = Command::new(binary);
    command.args(["serve", "--quiet", "--data"]).arg(folder.path());
    command.args(["--listen", &people.to_string(), "--agents", &agents.to_string()]);
    command.args(database.iter().flat_map(|url| ["--database", url]));
    let mut server = command.env("ENAMEL_LOG", "warn").spawn().unwrap();
    while std::net::TcpStream::connect(agents).is_err() {
        assert!(server.try_wait().unwrap().is_none(), "the server ended");
        std::thread::yield_now();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(measure(fleet, agents, &mut server));
    server.kill().unwrap();
    server.wait().unwrap();
}

/// Puts practices and agents into the store, as enrolment would.
fn enrol(folder: &std::path::Path, database: Option<String>) -> Vec<Member> {
    let config = Config { data: folder.to_owned(), database };
    let world = World { clock: Arc::new(System), fill };
    let store = Store::open(&config, world.now(), &mut fill).unwrap();
    let authority = Authority::kept_in(&store, &world).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = rustls::RootCertStore::empty();
    roots.add(authority.certificate().clone()).unwrap();
    let roots = Arc::new(roots);
    let mut fleet = Vec::new();
    for practice in 0..PRACTICES {
        let now = world.now();
        let practice = Practice {
            id: PracticeId::from_uuid(uuid()),
            group: None,
            name: format!("Practice {practice}"),
            profile: enamel_types::PracticeProfile::default(),
            made_at: now,
        };
        let mut members = Vec::new();
        for _ in 0..COMPUTERS {
            let key = KeyPair::generate().unwrap();
            let csr = CertificateParams::default().serialize_request(&key).unwrap().pem().unwrap();
            let id = AgentId::from_uuid(uuid());
            let issued = authority.certify(&csr, id, &world).unwrap();
            let agent = Agent {
                id,
                practice: practice.id,
                device: DeviceId::from_uuid(uuid()),
                site: None,
                name: "front-desk".to_owned(),
                os: "Windows 11 Pro".to_owned(),
                version: "0.1.0".to_owned(),
                key_hash: issued.says.key.0,
                serial: issued.says.serial,
                certificate_end: issued.says.not_after,
                enrolled_at: now,
                revoked_at: None,
                cloned_at: None,
                seen_at: None,
                health: None,
            };
            let certificate = CertificateDer::from_pem_slice(issued.pem.as_bytes()).unwrap();
            let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
            let tls = rustls::ClientConfig::builder_with_provider(provider.clone())
                .with_protocol_versions(&[&rustls::version::TLS13])
                .unwrap()
                .with_root_certificates(roots.clone())
                .with_client_auth_cert(vec![certificate], key)
                .unwrap();
            let (device, tls) = (agent.device, Arc::new(tls));
            fleet.push(Member { number: fleet.len(), practice: practice.id, agent: id, device, tls });
            members.push(agent);
        }
        store
            .write(&Scope::Msp, |tx| {
                tree::add_practice(tx, &practice, &mut fill)?;
                members.iter().try_for_each(|agent| agents::add(tx, agent))
            })
            .map_err(|error: StoreError| error)
            .unwrap();
    }
    fleet
}

async fn measure(fleet: Vec<Member>, server: SocketAddr, child: &mut Child) {
    let tally = Arc::new(Tally::default());
    let begin = TokioInstant::now();
    let agents = fleet.len();
    let extra = CONNECTIONS - 2 * agents;
    for member in fleet {
        let member = Arc::new(member);
        let start = begin + RAMP.mul_f64(member.number as f64 / agents as f64);
        tokio::spawn(send(member.clone(), server, start, tally.clone()));
        let polls = 1 + extra / agents + usize::from(member.number < extra % agents);
        for _ in 0..polls {
            tokio::spawn(poll(member.clone(), server, start, tally.clone()));
        }
    }
    sleep_until(begin + RAMP + Duration::from_secs(10)).await;
    let (before, at) = (processor_time(child.id()), Instant::now());
    tally.measuring.store(true, Ordering::Relaxed);
    sleep_until(TokioInstant::now() + MEASURED).await;
    tally.measuring.store(false, Ordering::Relaxed);
    let used = processor_time(child.id()) - before;
    let seconds = at.elapsed().as_secs_f64();
    assert!(child.try_wait().unwrap().is_none(), "the server ended");
    let mut latencies = std::mem::take(&mut *tally.latencies.lock().unwrap());
    latencies.sort();
    let part = |part: f64| {
        let at = (latencies.len() as f64 * part) as usize;
        latencies.get(at.min(latencies.len().saturating_sub(1))).copied().unwrap_or_default()
    };
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    println!("agents                 {agents}");
    println!("connections held       {}", count(&tally.connections));
    println!("observations a second  {:.0}", count(&tally.observations) as f64 / seconds);
    println!("polls answered         {}", count(&tally.polls));
    println!("failures               {}", count(&tally.failures));
    println!("batch p50 / p99        {:?} / {:?}", part(0.5), part(0.99));
    println!("server, of one core    {:.1} %", used / seconds * 100.0);
    for line in ["VmRSS", "VmHWM"] {
        println!("server {line}           {} MB", memory(child.id(), line) / 1024);
    }
}

/// User and system time of a process, seconds; `/proc/PID/stat` counts hundredths.
fn processor_time(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks = |field: usize| fields[field].parse::<f64>().unwrap();
    (ticks(11) + ticks(12)) / 100.0
}

/// A line of `/proc/PID/status`, kB.
fn memory(pid: u32, line: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|it| it.starts_with(line)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// One connection, from an address of the agent's own, as practices have.
async fn connect(
    member: &Member,
    server: SocketAddr,
) -> Result<SendRequest<Body>, Box<dyn std::error::Error + Send + Sync>> {
    let [high, low] = u16::try_from(member.number / 8 + 2)?.to_be_bytes();
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((Ipv4Addr::new(127, 1, high, low), 0)))?;
    let stream: TcpStream = socket.connect(server).await?;
    stream.set_nodelay(true)?;
    let name = ServerName::try_from(SERVER_NAME)?;
    let tls = tokio_rustls::TlsConnector::from(member.tls.clone()).connect(name, stream).await?;
    let (line, connection) = hyper::client::conn::http1::handshake(TokioIo::new(tls)).await?;
    tokio::spawn(connection);
    Ok(line)
}

/// Posts over the line, or a new one; the status.
async fn post(
    line: &mut Option<SendRequest<Body>>,
    member: &Member,
    server: SocketAddr,
    path: &str,
    body: Vec<u8>,
) -> Result<u16, Box<dyn std::error::Error + Send + Sync>> {
    if line.as_ref().is_none_or(SendRequest::is_closed) {
        *line = Some(connect(member, server).await?);
    }
    let Some(open) = line else { return Err("no line".into()) };
    open.ready().await?;
    let request = hyper::Request::post(path)
        .header("host", SERVER_NAME)
        .header("content-length", body.len())
        .body(Body::from(body))?;
    let response = open.send_request(request).await?;
    let status = response.status().as_u16();
    axum::body::to_bytes(Body::new(response.into_body()), 1 << 20).await?;
    Ok(status)
}

async fn send(member: Arc<Member>, server: SocketAddr, start: TokioInstant, tally: Arc<Tally>) {
    let mut line = None;
    let mut prev: Option<(u64, EntryHash)> = None;
    let mut next = start;
    loop {
        sleep_until(next).await;
        next += EVERY;
        let mut links = Vec::with_capacity(BATCH);
        for _ in 0..BATCH {
            let seen = observation(&member);
            let link = Link::after(prev, &seen, serde_json::to_vec(&seen).unwrap());
            prev = Some((link.agent_seq, link.hash));
            links.push(link);
        }
        let body = serde_json::to_vec(&Batch::of(&links).unwrap()).unwrap();
        let first = line.is_none();
        let began = Instant::now();
        loop {
            match post(&mut line, &member, server, "/agent/v1/observations", body.clone()).await {
                Ok(200) => break,
                _ => {
                    tally.failures.fetch_add(1, Ordering::Relaxed);
                    sleep_until(TokioInstant::now() + Duration::from_secs(1)).await;
                }
            }
        }
        if first {
            tally.connections.fetch_add(1, Ordering::Relaxed);
        }
        if tally.measuring.load(Ordering::Relaxed) {
            tally.observations.fetch_add(BATCH as u64, Ordering::Relaxed);
            tally.latencies.lock().unwrap().push(began.elapsed());
        }
    }
}

async fn poll(member: Arc<Member>, server: SocketAddr, start: TokioInstant, tally: Arc<Tally>) {
    let mut line = None;
    let request = Poll {
        wait: 55,
        policy_version: 0,
        trust_root_version: 0,
        command_counter: 0,
        agent_seq: u64::MAX,
        health: Health { version: "0.1.0".to_owned(), ..Health::default() },
    };
    let body = serde_json::to_vec(&request).unwrap();
    let mut next = start;
    loop {
        sleep_until(next).await;
        next += Duration::from_mins(1);
        let first = line.is_none();
        if first {
            tally.connections.fetch_add(1, Ordering::Relaxed);
        }
        match post(&mut line, &member, server, "/agent/v1/mail", body.clone()).await {
            Ok(200) => {
                tally.polls.fetch_add(1, Ordering::Relaxed);
            }
            _ => {
                tally.failures.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

/// How a computer is set up, as the host sensor tells it.
fn observation(member: &Member) -> Observation {
    let now = System.now();
    let body = serde_json::json!({
        "kind": "config_state",
        "os": { "family": "linux", "name": "Debian GNU/Linux 12 (bookworm)", "product": "debian", "version": "12",
                "build": "6.1.0-26-amd64", "role": "server" },
        "readings": [{ "check": "L07", "source": "/etc/samba/smb.conf", "reading": { "value": "SMB3" } },
                     { "check": "L01", "source": "/etc/ssh/sshd_config", "reading": { "value": "no" } }],
    });
    Observation {
        id: ObservationId::from_uuid(uuid()),
        practice: member.practice,
        device: member.device,
        agent: member.agent,
        observed_at: now,
        valid_until: now + jiff::SignedDuration::from_hours(7 * 24),
        sensor: Sensor { name: "scan host".to_owned(), version: "0.1.0".to_owned() },
        scope: "host".to_owned(),
        gaps: Vec::new(),
        body: serde_json::from_value(body).unwrap(),
    }
}
