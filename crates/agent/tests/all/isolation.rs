//! The helper closes and opens a real network: in a namespace of the test's own, against a computer outside it.
//!
//! Needs root, `ip`, `nft` and namespaces; where one is missing the tests say so.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use enamel_agent::helper::{Answer, Firewall, Helper, Request, ask, serve};
use enamel_testkit::SetClock;
use enamel_types::{Clock as _, Order};
use jiff::SignedDuration;

use crate::operators::Operators;
use crate::world::{child, not_allowed};
use enamel_testkit::skipped;

const INSIDE: &str = "ENAMEL_TEST_INSIDE";
const OUTSIDE: &str = "ENAMEL_TEST_OUTSIDE";

/// The computer outside: its server's port is open to a closed network, the other is not.
const SERVER: &str = "10.9.0.2:8443";
const OTHER: &str = "10.9.0.2:9999";

/// Not a test by itself: the computer outside, which answers everybody with a letter, on each connection for as long as it is asked.
#[test]
fn child_that_listens() {
    if std::env::var_os(OUTSIDE).is_none() {
        return;
    }
    let serve = |address: &str| {
        let listener = TcpListener::bind(address).unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                std::thread::spawn(move || {
                    let mut stream = stream;
                    let mut letter = [0];
                    while stream.read_exact(&mut letter).is_ok() && stream.write_all(&letter).is_ok() {}
                });
            }
        })
    };
    let (server, _other) = (serve(SERVER), serve(OTHER));
    writeln!(std::io::stdout(), "\nlistening").unwrap();
    server.join().unwrap();
}

/// How long an answer may take on a busy computer, and how long nobody waits for one that cannot come.
const PATIENCE: Duration = Duration::from_secs(10);
const IMPATIENCE: Duration = Duration::from_millis(400);

/// Whether an address can be reached.
fn reaches(address: &str) -> bool {
    connects(address, PATIENCE)
}

/// Whether it cannot.
fn is_cut(address: &str) -> bool {
    !connects(address, IMPATIENCE)
}

fn connects(address: &str, within: Duration) -> bool {
    let address: SocketAddr = address.parse().unwrap();
    TcpStream::connect_timeout(&address, within).is_ok_and(|mut stream| echoes(&mut stream, within))
}

fn echoes(stream: &mut TcpStream, within: Duration) -> bool {
    stream.set_read_timeout(Some(within)).unwrap();
    let mut letter = [0];
    stream.write_all(b"x").is_ok() && stream.read_exact(&mut letter).is_ok()
}

fn run(program: &str, arguments: &[&str]) {
    let ran = Command::new(program).args(arguments).output().unwrap();
    assert!(ran.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
}

/// The wire to the computer outside, and that computer.
struct Outside(Child);

impl Outside {
    fn start() -> Self {
        run("mount", &["-t", "tmpfs", "none", "/run"]);
        run("ip", &["netns", "add", "outside"]);
        run("ip", &["link", "add", "inner", "type", "veth", "peer", "name", "outer", "netns", "outside"]);
        run("ip", &["link", "set", "lo", "up"]);
        run("ip", &["addr", "add", "10.9.0.1/24", "dev", "inner"]);
        run("ip", &["link", "set", "inner", "up"]);
        run("ip", &["-n", "outside", "addr", "add", "10.9.0.2/24", "dev", "outer"]);
        run("ip", &["-n", "outside", "link", "set", "outer", "up"]);
        let listens = child("isolation::child_that_listens", OUTSIDE, Path::new("1"));
        let mut listens = Command::new("ip")
            .args(["netns", "exec", "outside"])
            .arg(listens.get_program())
            .args(listens.get_args())
            .env(OUTSIDE, "1")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = std::io::BufReader::new(listens.stdout.take().unwrap());
        let ready = std::io::BufRead::lines(said).map_while(Result::ok).any(|line| line == "listening");
        assert!(ready, "the computer outside did not start");
        Self(listens)
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A computer whose helper was introduced to an agent and its operators.
struct Inside {
    folder: tempfile::TempDir,
    operators: Operators,
    clock: Arc<SetClock>,
    counter: u64,
}

impl Inside {
    fn new() -> Self {
        let inside = Self {
            folder: tempfile::tempdir().unwrap(),
            operators: Operators::new(1),
            clock: Arc::new(SetClock::at("2026-11-24T14:00:00Z")),
            counter: 0,
        };
        inside.introduce();
        inside
    }

    /// What an enrolment as root leaves for the helper.
    fn introduce(&self) {
        let introduction = serde_json::json!({
            "practice": self.operators.practice,
            "agent": self.operators.agent,
            "server": format!("https://{SERVER}"),
            "uid": 0,
            "root": self.operators.root(1),
        });
        std::fs::write(self.folder.path().join("agent.json"), introduction.to_string()).unwrap();
    }

    /// The helper as it starts with the computer.
    fn start(&self) -> Helper {
        Helper::open(self.folder.path(), Firewall::installed(), self.clock.clone()).unwrap()
    }

    fn order(&mut self, order: Order) -> Request {
        self.counter += 1;
        let command = self.operators.order(order, self.counter, self.clock.now(), 1);
        Request::Obey { command }
    }

    fn isolate(&mut self, helper: &mut Helper, hours: u8) -> Answer {
        let request = self.order(Order::Isolate { hours });
        let answer = helper.answer(&request);
        assert!(answer.done, "{answer:?}");
        assert!(reaches(SERVER) && is_cut(OTHER));
        answer
    }
}

/// Not a test by itself: runs in a network of its own.
#[test]
fn child_in_a_network_of_its_own() {
    if std::env::var_os(INSIDE).is_none() {
        return;
    }
    let _outside = Outside::start();
    let mut inside = Inside::new();
    let mut helper = inside.start();
    assert!(reaches(SERVER) && reaches(OTHER), "an open network");
    let mut before = TcpStream::connect(OTHER).unwrap();
    assert!(echoes(&mut before, PATIENCE));

    // Closed: no new connection, and none that was open; the server goes on.
    let answer = inside.isolate(&mut helper, 2);
    assert_eq!(answer.isolated_until, Some(inside.clock.now() + SignedDuration::from_hours(2)));
    assert!(!echoes(&mut before, IMPATIENCE), "a connection that was open goes on");
    // Opened by command.
    let release = inside.order(Order::Release);
    assert!(helper.answer(&release).done);
    assert!(reaches(OTHER));
    // The same command again, and one of somebody else, do nothing.
    let mallory = Operators::new(9);
    let forged =
        Request::Obey { command: mallory.order(Order::Isolate { hours: 1 }, 99, inside.clock.now(), 1) };
    for request in [release, forged] {
        assert!(!helper.answer(&request).done);
    }
    assert!(reaches(OTHER));

    // It opens by itself.
    inside.isolate(&mut helper, 1);
    inside.clock.advance(SignedDuration::from_mins(59));
    helper.tick(Duration::from_mins(59)).unwrap();
    assert!(is_cut(OTHER), "a minute early");
    inside.clock.advance(SignedDuration::from_mins(1));
    helper.tick(Duration::from_mins(1)).unwrap();
    assert!(reaches(OTHER));

    // A clock that is set back does not keep it closed.
    inside.isolate(&mut helper, 1);
    inside.clock.advance(SignedDuration::from_hours(-48));
    for _ in 0..60 {
        helper.tick(Duration::from_mins(1)).unwrap();
    }
    assert!(reaches(OTHER));
    inside.clock.advance(SignedDuration::from_hours(48));

    // A reboot takes the rules away and not the isolation; another program that throws them away, neither.
    inside.isolate(&mut helper, 1);
    drop(helper);
    run("nft", &["flush", "ruleset"]);
    assert!(reaches(OTHER));
    let mut helper = inside.start();
    assert!(is_cut(OTHER) && reaches(SERVER));
    run("nft", &["flush", "ruleset"]);
    helper.tick(Duration::from_mins(1)).unwrap();
    assert!(is_cut(OTHER) && reaches(SERVER));
    // Off for a night: it opens at the start. Restarts without end do not keep it closed either.
    drop(helper);
    inside.clock.advance(SignedDuration::from_hours(9));
    let mut helper = inside.start();
    assert!(reaches(OTHER));
    inside.isolate(&mut helper, 1);
    for _ in 0..60 {
        drop(helper);
        helper = inside.start();
    }
    assert!(reaches(OTHER));
    // What cannot be read closes nothing.
    inside.isolate(&mut helper, 1);
    drop(helper);
    std::fs::write(inside.folder.path().join("isolation.json"), "{").unwrap();
    drop(inside.start());
    assert!(reaches(OTHER));

    over_the_socket(&mut inside);
}

/// The same over the socket, as the agent does it.
fn over_the_socket(inside: &mut Inside) {
    let socket = inside.folder.path().join("socket");
    let (helper, listener) = (inside.start(), UnixListener::bind(&socket).unwrap());
    std::thread::spawn(move || serve(helper, &listener, &|_| ()));
    let status = ask(&socket, &Request::Status).unwrap();
    assert_eq!((status.done, status.isolated_until, status.trust_root_version), (true, None, 1));
    let isolate = inside.order(Order::Isolate { hours: 1 });
    assert!(ask(&socket, &isolate).unwrap().done);
    assert!(reaches(SERVER) && is_cut(OTHER));
    assert!(ask(&socket, &Request::Status).unwrap().isolated_until.is_some());
    let other = inside.order(Order::Snapshot);
    let refused = ask(&socket, &other).unwrap();
    assert!(!refused.done && refused.detail.contains("nothing else"), "{refused:?}");
    // New operators, and a command of theirs.
    let new = Operators::new(2);
    let roots = vec![inside.operators.give_way_to(&new, 2)];
    assert_eq!(ask(&socket, &Request::Follow { roots }).unwrap().trust_root_version, 2);
    inside.operators = new;
    let release = inside.order(Order::Release);
    assert!(ask(&socket, &release).unwrap().done);
    assert!(reaches(OTHER));
    // The computer is enrolled anew: from now on the helper serves that agent, whose commands begin with the first.
    let old = inside.order(Order::Isolate { hours: 1 });
    (inside.operators, inside.counter) = (Operators::new(5), 0);
    inside.operators.agent = enamel_types::AgentId::from_uuid(uuid::Uuid::from_bytes([4; 16]));
    inside.introduce();
    assert!(!ask(&socket, &old).unwrap().done);
    let first = inside.order(Order::Isolate { hours: 1 });
    assert!(ask(&socket, &first).unwrap().done && is_cut(OTHER));
}

#[test]
fn a_closed_network_reaches_the_server_and_nobody_else() {
    if Command::new("unshare").args(["--net", "--mount", "true"]).status().is_ok_and(|ran| !ran.success()) {
        return not_allowed("a network of one's own needs root and namespaces");
    }
    let mut test = Command::new("unshare");
    let can = test.args(["--net", "--mount", "sh", "-c", "nft list ruleset && ip link"]).output();
    if !can.is_ok_and(|ran| ran.status.success()) {
        return skipped("a network of one's own needs unshare, ip and nft");
    }
    let test = child("isolation::child_in_a_network_of_its_own", INSIDE, Path::new("1"));
    let ran = Command::new("unshare")
        .args(["--net", "--mount"])
        .arg(test.get_program())
        .args(test.get_args())
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
fn a_helper_that_was_not_introduced_serves_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(SetClock::at("2026-11-24T14:00:00Z"));
    let error = Helper::open(folder.path(), Firewall::installed(), clock.clone()).err().unwrap();
    assert!(error.to_string().contains("enrol"), "{error}");
    // Nor one whose list of operators somebody changed.
    let inside = Inside::new();
    let path = inside.folder.path().join("agent.json");
    let changed = std::fs::read_to_string(&path).unwrap().replace("Ada Birch", "Eve Birch");
    std::fs::write(&path, changed).unwrap();
    assert!(Helper::open(inside.folder.path(), Firewall::installed(), clock).is_err());
}
