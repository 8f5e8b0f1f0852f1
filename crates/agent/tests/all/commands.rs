//! Commands, and a hostile server: it can relay, delay and drop them, and make none.

use enamel_agent::commands::{Commands, MAX_AN_HOUR, Verdict, held};
use enamel_agent::run::Agent;
use enamel_agent::{Enrolment, trust};
use enamel_testkit::SetClock;
use enamel_types::command::CommandOutcome;
use enamel_types::{Body, Clock as _, CommandReceipt, Order, SensorName, Timestamp};
use enamel_wire::message::SignedText;
use enamel_wire::signed::verify_root;
use jiff::SignedDuration;
use tempfile::TempDir;

use crate::agent::{Running, scopes, settings};
use crate::enrol::enrolled;
use crate::operators::{Operators, id};
use crate::server::{Server, bodies, now};

const SNAPSHOT: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// An enrolled computer that obeys these operators.
fn computer(operators: &Operators) -> (Server, TempDir) {
    let (server, data) = (Server::start(), tempfile::tempdir().unwrap());
    server.with(|state| state.pinned = Some(operators.root(1)));
    let taken = enrolled(&server, data.path(), false).unwrap();
    assert_eq!(taken.operators, Some(verify_root(&operators.root(1)).unwrap()));
    (server, data)
}

/// Its commands alone, with a set clock.
struct Bench {
    _server: Server,
    data: TempDir,
    operators: Operators,
    clock: SetClock,
    root: enamel_wire::signed::TrustRoot,
}

impl Bench {
    fn new() -> Self {
        let operators = Operators::new(1);
        let (server, data) = computer(&operators);
        let root = verify_root(&operators.root(1)).unwrap();
        Self { _server: server, data, operators, clock: SetClock::at("2026-11-24T14:00:00Z"), root }
    }

    /// Another process each time: nothing counts that is not on the disk.
    fn open(&self) -> Commands {
        let enrolment = Enrolment::required(self.data.path()).unwrap();
        Commands::open(self.data.path(), &enrolment).unwrap()
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn order(&self, order: Order, counter: u64, signers: usize) -> SignedText {
        self.operators.order(order, counter, self.now(), signers)
    }

    fn take(&self, signed: &SignedText) -> Verdict {
        self.open().take(signed, Some(&self.root), self.now()).unwrap()
    }

    fn ripe(&self) -> Vec<Verdict> {
        self.open().ripe(Some(&self.root), &[], self.now()).unwrap()
    }

    fn minutes(&self, minutes: i64) {
        self.clock.advance(SignedDuration::from_mins(minutes));
    }
}

fn told(verdict: &Verdict) -> (CommandOutcome, &str) {
    match verdict {
        Verdict::Tell(CommandReceipt { outcome, detail, .. }) => (*outcome, detail),
        other => panic!("{other:?}"),
    }
}

fn collect() -> Order {
    Order::Collect { sensors: vec![SensorName::Host] }
}

fn dangerous() -> Order {
    Order::RestoreInPlace { snapshot: SNAPSHOT.to_owned() }
}

#[test]
fn a_command_is_carried_out_once_even_after_a_crash() {
    let bench = Bench::new();
    let signed = bench.order(collect(), 1, 1);
    assert!(matches!(bench.take(&signed), Verdict::Act(_)));
    // The agent died right then: the command is not carried out again, and somebody is told.
    let mut after = bench.open();
    assert_eq!(after.counter(), 1);
    let receipts = after.interrupted().unwrap();
    assert_eq!(
        (receipts.len(), receipts[0].outcome, receipts[0].command),
        (1, CommandOutcome::Failed, id(1))
    );
    assert_eq!(bench.take(&signed), Verdict::Nothing);
    assert!(bench.open().interrupted().unwrap().is_empty());
}

#[test]
fn forged_replayed_expired_and_foreign_commands_are_refused_and_told_of_once() {
    let bench = Bench::new();
    assert!(matches!(bench.take(&bench.order(collect(), 5, 1)), Verdict::Act(_)));
    let stranger = Operators::new(66);
    let mut changed = bench.order(collect(), 6, 1);
    changed.text = changed.text.replace("host", "phi");
    let mut foreign = Operators::new(1);
    foreign.agent = enamel_types::AgentId::from_uuid(uuid::Uuid::from_bytes([9; 16]));
    let late = bench.operators.order(collect(), 9, bench.now() - SignedDuration::from_hours(25), 1);
    let mut nobody = bench.order(collect(), 10, 1);
    nobody.signatures.clear();
    for (signed, why) in [
        (stranger.order(collect(), 6, bench.now(), 2), "does not know"),
        (changed, "not over this document"),
        (foreign.order(collect(), 7, bench.now(), 1), "for agent"),
        (late, "valid until"),
        (nobody, "0 of 1"),
        (bench.order(collect(), 4, 1), "played again"),
        (bench.order(dangerous(), 11, 1), "1 of 2"),
        (SignedText { text: "{\"verb\":\"shell\"}".to_owned(), signatures: Vec::new() }, "0 of 1"),
    ] {
        let verdict = bench.take(&signed);
        let (outcome, detail) = told(&verdict);
        assert!(outcome == CommandOutcome::Refused && detail.contains(why), "{why}: {detail}");
        assert_eq!(bench.take(&signed), Verdict::Nothing, "told twice");
    }
    assert_eq!(bench.open().counter(), 5, "no refused command moves the counter");
}

#[test]
fn what_could_destroy_waits_its_hour_in_the_open() {
    let bench = Bench::new();
    let verdict = bench.take(&bench.order(dangerous(), 1, 2));
    assert_eq!(told(&verdict).0, CommandOutcome::Held);
    let shown = held::shown(bench.data.path());
    assert_eq!(shown[0].0, id(1));
    for word in
        ["put back the data", "sends mail by itself", "Ada Birch and Cy Dorn", "15:00", "agent refuse"]
    {
        assert!(shown[0].1.contains(word), "{word} is not in {}", shown[0].1);
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let notice = held::folder(bench.data.path()).join(format!("{}.txt", id(1)));
        assert_eq!(std::fs::metadata(notice).unwrap().permissions().mode() & 0o444, 0o444);
    }
    bench.minutes(59);
    assert!(bench.ripe().is_empty());
    bench.minutes(2);
    assert!(matches!(bench.ripe()[..], [Verdict::Act(_)]));
    assert!(held::shown(bench.data.path()).is_empty(), "the notice is taken down");
    assert!(bench.ripe().is_empty());
}

#[test]
fn the_practice_may_refuse_at_its_computer_or_at_the_console() {
    let bench = Bench::new();
    for counter in [1, 2] {
        bench.take(&bench.order(dangerous(), counter, 2));
    }
    held::refuse(bench.data.path(), id(1)).unwrap();
    held::refuse(bench.data.path(), id(1)).unwrap();
    assert!(held::refuse(bench.data.path(), id(77)).unwrap_err().to_string().contains("no command"));
    let here = bench.ripe();
    assert_eq!(told(&here[0]).0, CommandOutcome::Vetoed);
    let there = bench.open().ripe(Some(&bench.root), &[id(2)], bench.now()).unwrap();
    assert_eq!(told(&there[0]).0, CommandOutcome::Vetoed);
    bench.minutes(90);
    assert!(bench.ripe().is_empty());
}

#[test]
fn a_held_command_falls_with_its_operators_and_with_its_time() {
    let bench = Bench::new();
    bench.take(&bench.order(dangerous(), 1, 2));
    bench.minutes(61);
    let others = verify_root(&bench.operators.give_way_to(&Operators::new(2), 2)).unwrap();
    let fallen = bench.open().ripe(Some(&others), &[], bench.now()).unwrap();
    assert_eq!(told(&fallen[0]).0, CommandOutcome::Refused);
    bench.take(&bench.order(dangerous(), 2, 2));
    // The computer was off for two days.
    bench.minutes(48 * 60);
    assert_eq!(told(&bench.ripe()[0]).0, CommandOutcome::Refused);
}

#[test]
fn a_burst_is_refused_and_a_release_never_is() {
    let bench = Bench::new();
    let isolate = Order::Isolate { hours: 1 };
    let most = u64::try_from(MAX_AN_HOUR).unwrap();
    for counter in 1..=most {
        assert!(matches!(bench.take(&bench.order(isolate.clone(), counter, 1)), Verdict::Act(_)));
        bench.minutes(1);
    }
    let verdict = bench.take(&bench.order(isolate.clone(), most + 1, 1));
    assert!(told(&verdict).1.contains("within an hour"));
    assert!(matches!(bench.take(&bench.order(Order::Release, most + 2, 1)), Verdict::Act(_)));
    assert!(matches!(bench.take(&bench.order(collect(), most + 3, 1)), Verdict::Act(_)));
    bench.minutes(60);
    assert!(matches!(bench.take(&bench.order(isolate, most + 4, 1)), Verdict::Act(_)));
}

#[test]
fn a_forgotten_counter_stops_the_agent_and_takes_no_old_command() {
    let bench = Bench::new();
    bench.take(&bench.order(collect(), 1, 1));
    let enrolment = Enrolment::required(bench.data.path()).unwrap();
    std::fs::write(enrolment.own_folder(bench.data.path()).join("commands.json"), "{}garbage").unwrap();
    assert!(Commands::open(bench.data.path(), &enrolment).is_err());
}

/// Receipts that the server has, by command.
fn receipts(server: &Server) -> Vec<CommandReceipt> {
    let of = |body| if let Body::CommandReceipt(receipt) = body { Some(receipt) } else { None };
    server.with(|state| bodies(state).into_iter().filter_map(of).collect())
}

#[test]
fn every_order_ends_in_a_receipt() {
    let operators = Operators::new(1);
    let (server, data) = computer(&operators);
    let orders = [
        collect(),
        Order::Snapshot,
        Order::Isolate { hours: 1 },
        Order::RestoreAside { snapshot: SNAPSHOT.to_owned() },
    ];
    server.with(|state| {
        for (counter, order) in (1..).zip(orders) {
            state.commands.push((counter, operators.order(order, counter, now(), 1)));
        }
    });
    let (settings, log) = settings(data.path(), 31);
    let once = Agent::open(settings).unwrap().once();
    assert!(once.is_whole(), "{once:?} {log:?}");
    let of: std::collections::BTreeMap<_, _> =
        receipts(&server).into_iter().map(|receipt| (receipt.verb.clone(), receipt)).collect();
    assert_eq!(of["collect"].outcome, CommandOutcome::Done);
    assert_eq!(scopes(&server).iter().filter(|scope| *scope == "host").count(), 2, "it looked again");
    for (verb, why) in [
        ("snapshot", "this version cannot"),
        ("restore_aside", "this version cannot"),
        ("isolate", "helper does not answer"),
    ] {
        assert_eq!(of[verb].outcome, CommandOutcome::Failed, "{verb}");
        assert!(of[verb].detail.contains(why), "{:?}", of[verb]);
    }
    let poll_after = server.with(|state| state.polls.len());
    assert_eq!(poll_after, 1);
}

#[test]
fn a_server_cannot_hand_in_the_operators_of_an_agent_that_knows_none() {
    let (server, data) = (Server::start(), tempfile::tempdir().unwrap());
    assert!(enrolled(&server, data.path(), false).unwrap().operators.is_none());
    let mallory = Operators::new(13);
    server.with(|state| {
        state.roots.push(mallory.root(1));
        state.commands.push((1, mallory.order(collect(), 1, now(), 2)));
    });
    let (settings, _) = settings(data.path(), 32);
    Agent::open(settings).unwrap().once();
    let refused = receipts(&server);
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert!(refused[0].outcome == CommandOutcome::Refused && refused[0].detail.contains("enrol it again"));
    let folder = Enrolment::required(data.path()).unwrap().own_folder(data.path());
    assert!(trust::pinned(&folder).unwrap().is_none());
}

#[test]
fn operators_change_only_by_the_old_and_the_new_ones() {
    let (old, new, mallory) = (Operators::new(1), Operators::new(2), Operators::new(3));
    let (server, data) = computer(&old);
    let folder = Enrolment::required(data.path()).unwrap().own_folder(data.path());
    let version = || trust::pinned(&folder).unwrap().unwrap().version();
    server.with(|state| state.roots = vec![old.root(1), mallory.root(2)]);
    let (first, _) = settings(data.path(), 33);
    Agent::open(first).unwrap().once();
    assert_eq!(version(), 1, "a list that the old operators did not sign");

    server.with(|state| {
        state.roots = vec![old.root(1), old.give_way_to(&new, 2)];
        state.commands.push((1, old.order(collect(), 1, now(), 1)));
        state.commands.push((2, new.order(collect(), 2, now(), 1)));
    });
    let (second, _) = settings(data.path(), 34);
    let _running = Running::start(second);
    server.wait("the new operators' command", |state| {
        let done = bodies(state).iter().any(|body| {
            matches!(body, Body::CommandReceipt(receipt) if receipt.command == id(2) && receipt.outcome == CommandOutcome::Done)
        });
        done.then_some(())
    });
    assert_eq!(version(), 2);
    let old_one: Vec<_> = receipts(&server).into_iter().filter(|receipt| receipt.command == id(1)).collect();
    assert_eq!((old_one.len(), old_one[0].outcome), (1, CommandOutcome::Refused), "{old_one:?}");
    let changed = |body: &Body| format!("{body:?}").contains("TrustRootChanged { version: 2 }");
    assert!(server.with(|state| bodies(state).iter().any(changed)));
}
