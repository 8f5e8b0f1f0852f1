//! From evidence to figures, lists and alerts: what is seen appears, what is mended goes, and all of it can be computed anew.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use enamel_assess::Content;
use enamel_ledger::Link;
use enamel_server::World;
use enamel_server::mailbox::Breaker;
use enamel_server::reconcile::{Cause, Reconciler};
use enamel_store::agents::{self, Agent, Sighting};
use enamel_store::alerts::{self, Alert};
use enamel_store::commands::{self, CommandState};
use enamel_store::index::{self, FindingFilter, FindingStanding, TodayItem};
use enamel_store::tree::{self, Practice};
use enamel_store::{Config, Scope, Store};
use enamel_testkit::SetClock;
use enamel_types::agent_event::{AgentEvent, Lane};
use enamel_types::command::{CommandClass, CommandOutcome, CommandReceipt};
use enamel_types::{
    AgentId, Clock as _, DeviceId, FindingId, Observation, PracticeId, PracticeProfile, RiskAcceptance,
    Severity,
};
use enamel_wire::message::Accepted;
use jiff::SignedDuration;

use crate::world::{Msp, Seen, fill, observation, relayed, uuid};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// One practice in a store of its own, without a server around it.
struct Fixture {
    _folder: tempfile::TempDir,
    store: Store,
    clock: Arc<SetClock>,
    practice: PracticeId,
    reconciler: Reconciler,
    links: Vec<Link>,
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(SetClock::at("2026-11-24T08:00:00Z"));
        let config = Config { data: folder.path().to_owned(), database: None };
        let store = Store::open(&config, clock.now(), &mut fill).unwrap();
        let practice = Practice {
            id: PracticeId::from_uuid(uuid()),
            group: None,
            name: "Maple Street Dental".to_owned(),
            profile: PracticeProfile::default(),
            made_at: clock.now(),
        };
        store.write(&Scope::Msp, |tx| tree::add_practice(tx, &practice, &mut fill)).unwrap();
        let reconciler = reconciler(&store, &clock, None);
        Self { _folder: folder, store, clock, practice: practice.id, reconciler, links: Vec::new() }
    }

    fn scope(&self) -> Scope {
        Scope::practice(self.practice)
    }

    fn agent(&self) -> (AgentId, DeviceId) {
        let mut key_hash = [0; 32];
        fill(&mut key_hash);
        let now = self.clock.now();
        let agent = Agent {
            id: AgentId::from_uuid(uuid()),
            practice: self.practice,
            device: DeviceId::from_uuid(uuid()),
            site: None,
            name: "front-desk".to_owned(),
            os: "Debian".to_owned(),
            version: "0.1.0".to_owned(),
            key_hash,
            serial: "1".to_owned(),
            certificate_end: now + DAY * 90,
            enrolled_at: now,
            revoked_at: None,
            cloned_at: None,
            seen_at: None,
            health: None,
        };
        self.store.write(&Scope::Msp, |tx| agents::add(tx, &agent)).unwrap();
        (agent.id, agent.device)
    }

    fn hear(&self, agent: AgentId) {
        let news = [Sighting { agent, seen_at: self.clock.now(), health: None, version: None }];
        self.store.write(&Scope::Msp, |tx| agents::seen(tx, &news)).unwrap();
    }

    fn see(&mut self, who: (AgentId, DeviceId), scope: &str, body: Seen) -> Observation {
        let mut seen = observation(self.practice, who.0, who.1, &self.clock, body);
        scope.clone_into(&mut seen.scope);
        let last = self.links.iter().rev().find(|link| link.agent == who.0);
        let prev = last.map(|link| (link.agent_seq, link.hash));
        let link = Link::after(prev, &seen, serde_json::to_vec(&seen).unwrap());
        self.store
            .append(&self.scope(), self.practice, self.clock.now(), std::slice::from_ref(&link))
            .unwrap();
        self.links.push(link);
        seen
    }

    fn look(&self) {
        self.reconciler.practice(self.practice).unwrap();
    }

    fn today(&self) -> Vec<TodayItem> {
        self.store.read(&self.scope(), |tx| index::today(tx, None, None, 100)).unwrap().items
    }

    fn alerts(&self) -> Vec<Alert> {
        let all = self.store.read(&self.scope(), |tx| alerts::list(tx, None, false, None, 100));
        all.unwrap().items
    }

    /// The open alert of a cause.
    fn open(&self, reason: &str) -> Option<Alert> {
        let of =
            |alert: &Alert| alert.same_key.split(':').next() == Some(reason) && alert.closed_at.is_none();
        self.alerts().into_iter().find(of)
    }
}

fn reconciler(store: &Store, clock: &Arc<SetClock>, folder: Option<&Path>) -> Reconciler {
    let world = World { clock: clock.clone(), fill };
    let content = Arc::new(Content::load(None).unwrap());
    Reconciler::new(store.clone(), world, content, folder, Arc::new(Breaker::default()))
}

/// A file server that speaks this protocol to its clients; SMB1 is a critical finding.
fn samba(protocol: &str) -> Seen {
    let state = serde_json::json!({
        "kind": "config_state",
        "os": { "family": "linux", "name": "Debian GNU/Linux 12", "product": "debian", "version": "12",
                "build": "6.1.0", "role": "server" },
        "readings": [{ "check": "L07", "source": "/etc/samba/smb.conf", "reading": { "value": protocol } }],
    });
    serde_json::from_value(state).unwrap()
}

fn cause(item: &TodayItem) -> Cause {
    serde_json::from_str(&item.detail).unwrap()
}

#[test]
fn a_weakness_appears_with_its_worth_and_goes_when_it_is_mended() {
    let mut it = Fixture::new();
    let server = it.agent();
    it.see(server, "host", samba("NT1"));
    it.look();

    let today = it.today();
    let item = today.iter().find(|item| item.item == "weakness:L07").expect("SMB1 needs somebody");
    let Cause::Weakness { title, computers, minutes, saves, .. } = cause(item) else { panic!("{item:?}") };
    assert_eq!((title.as_str(), computers), ("Samba speaks SMB1", 1));
    assert!((item.worth - saves.0 / f64::from(minutes.0)).abs() < 1e-9 && saves.0 > 0.0);
    assert!(today.windows(2).all(|two| two[0].worth >= two[1].worth), "most worth first");
    let alert = it.open("weakness").expect("a critical finding wakes somebody");
    assert_eq!((alert.severity, alert.category.as_str()), (Severity::Critical, "finding"));
    let before = it.store.read(&it.scope(), |tx| index::practice(tx, it.practice)).unwrap().unwrap();
    assert_eq!((before.figures.devices, before.figures.findings[4]), (1, 1));
    assert!(before.figures.loss_mean > 0.0);

    it.look();
    assert_eq!(it.open("weakness").unwrap().times, 1, "the same alert is not raised again and again");

    it.clock.advance(DAY);
    it.see(server, "host", samba("SMB3"));
    it.hear(server.0);
    it.look();
    assert!(it.today().iter().all(|item| item.item != "weakness:L07"));
    assert!(it.open("weakness").is_none());
    assert_eq!(it.alerts()[0].closed_by.as_deref(), Some("server"));
    let found =
        it.store.read(&it.scope(), |tx| index::findings(tx, &FindingFilter::default(), None, 10)).unwrap();
    assert_eq!(found.items[0].state, FindingStanding::Resolved, "its history stays");
    let after = it.store.read(&it.scope(), |tx| index::practice(tx, it.practice)).unwrap().unwrap();
    assert!(after.figures.loss_mean < before.figures.loss_mean, "a mended weakness costs nothing any more");
    let days = it.store.read(&it.scope(), |tx| index::days(tx, it.practice, 10)).unwrap();
    assert_eq!(days.iter().map(|(day, _)| day.as_str()).collect::<Vec<_>>(), ["2026-11-24", "2026-11-25"]);
}

#[test]
fn a_silent_agent_is_told_of_within_a_quarter_of_an_hour_and_no_longer_than_it_is_silent() {
    let it = Fixture::new();
    let (agent, device) = it.agent();
    it.hear(agent);
    it.clock.advance(SignedDuration::from_mins(13));
    it.look();
    assert!(it.open("silent").is_none());
    it.clock.advance(SignedDuration::from_secs(90));
    it.look();
    let alert = it.open("silent").expect("silent for 14.5 minutes");
    assert_eq!((alert.device, alert.severity), (Some(device), Severity::Medium));
    assert!(it.today().iter().any(|item| item.reason == "silent"));
    it.hear(agent);
    it.look();
    assert!(it.open("silent").is_none());

    // A server that was down itself heard nobody, and calls nobody silent for it.
    it.clock.advance(DAY);
    let restarted = reconciler(&it.store, &it.clock, None);
    restarted.practice(it.practice).unwrap();
    assert!(it.open("silent").is_none());
}

#[test]
fn what_a_person_closed_stays_closed_for_a_day() {
    let it = Fixture::new();
    let (agent, _) = it.agent();
    let flag = |it: &Fixture| {
        let now = it.clock.now();
        it.store.write(&Scope::Msp, |tx| agents::flag_clone(tx, agent, now)).unwrap();
    };
    flag(&it);
    it.look();
    let alert = it.open("fork").expect("one key at work twice");
    let now = it.clock.now();
    it.store.write(&Scope::Msp, |tx| alerts::close(tx, alert.id, "Dana", true, now)).unwrap();
    it.look();
    assert!(it.open("fork").is_none(), "Dana has looked");
    it.clock.advance(SignedDuration::from_hours(25));
    it.look();
    assert!(it.open("fork").is_some(), "and nobody has mended it");
    it.store.write(&Scope::Msp, |tx| agents::clear_clone(tx, agent)).unwrap();
    it.look();
    assert!(it.open("fork").is_none());
}

#[test]
fn evidence_that_was_dropped_is_told_of_for_a_day() {
    let mut it = Fixture::new();
    let who = it.agent();
    let dropped =
        |observations| Seen::AgentEvent(AgentEvent::SpoolDropped { lane: Lane::Metrics, observations });
    it.see(who, "agent", dropped(7));
    it.look();
    let alert = it.open("dropped").expect("evidence was lost");
    assert_eq!(alert.category, "evidence");
    it.clock.advance(SignedDuration::from_hours(1));
    it.see(who, "agent", dropped(3));
    it.look();
    let Ok(Cause::Dropped { observations, .. }) = serde_json::from_str(&it.open("dropped").unwrap().detail)
    else {
        panic!("not what was lost")
    };
    assert_eq!(observations, 10);
    it.clock.advance(DAY);
    it.look();
    assert!(it.open("dropped").is_none());
}

#[test]
fn certificates_practices_without_computers_and_old_evidence_need_somebody() {
    let mut it = Fixture::new();
    it.look();
    assert_eq!(it.today().iter().map(|item| item.reason.as_str()).collect::<Vec<_>>(), ["no_computer"]);

    let who = it.agent();
    it.see(who, "host", samba("SMB3"));
    it.look();
    let reasons: Vec<String> = it.today().into_iter().map(|item| item.reason).collect();
    assert!(reasons.contains(&"backups_unknown".to_owned()), "{reasons:?}");
    assert!(!reasons.contains(&"stale".to_owned()) && !reasons.contains(&"no_computer".to_owned()));

    it.clock.advance(DAY * 77);
    it.hear(who.0);
    it.look();
    let reasons: Vec<String> = it.today().into_iter().map(|item| item.reason).collect();
    assert!(reasons.contains(&"stale".to_owned()), "{reasons:?}");
    assert!(it.open("certificate_ends").is_some());
}

#[test]
fn a_receipt_settles_the_command_that_it_is_for_and_no_other() {
    let mut it = Fixture::new();
    let (who, other) = (it.agent(), it.agent());
    let now = it.clock.now();
    let command = relayed(it.practice, who.0, CommandClass::Dangerous, "update", now);
    it.store.write(&Scope::Msp, |tx| commands::add(tx, &command)).unwrap();
    let receipt = |outcome| {
        let detail = "x".repeat(10_000);
        Seen::CommandReceipt(CommandReceipt {
            command: command.id,
            verb: "update".to_owned(),
            outcome,
            detail,
        })
    };
    let stands = |it: &Fixture| it.store.read(&Scope::Msp, |tx| commands::get(tx, command.id)).unwrap();

    it.see(other, "commands", receipt(CommandOutcome::Done));
    it.look();
    assert_eq!(stands(&it).state, CommandState::Open, "another agent's word settles nothing");
    it.see(who, "commands", receipt(CommandOutcome::Held));
    it.look();
    assert_eq!(stands(&it).state, CommandState::Held);
    it.look();
    assert!(it.open("held").is_some(), "the practice may refuse it, so somebody is told");
    it.see(who, "commands", receipt(CommandOutcome::Done));
    it.look();
    it.look();
    assert_eq!(stands(&it).state, CommandState::Done);
    assert!(stands(&it).detail.len() <= 500);
    assert!(it.open("held").is_none());
}

#[test]
fn a_burst_that_is_held_back_is_told_of() {
    let it = Fixture::new();
    let now = it.clock.now();
    for _ in 0..6 {
        let (agent, _) = it.agent();
        let command = relayed(it.practice, agent, CommandClass::Disruptive, "isolate", now);
        it.store.write(&Scope::Msp, |tx| commands::add(tx, &command)).unwrap();
    }
    it.look();
    let alert = it.open("held_back").expect("one of six is held back");
    assert_eq!(alert.severity, Severity::Critical);
    assert!(matches!(serde_json::from_str(&alert.detail), Ok(Cause::HeldBack { commands: 1 })));
}

/// Everything that people see of a practice.
fn shown(it: &Fixture) -> String {
    let seen = it.store.read(&it.scope(), |tx| {
        let practice = index::practice(tx, it.practice)?;
        let devices = index::devices(tx, None, "", None, 100)?;
        let findings = index::findings(tx, &FindingFilter::default(), None, 100)?;
        let today = index::today(tx, None, None, 100)?;
        let ages = index::evidence_ages(tx, it.practice)?;
        let days = index::days(tx, it.practice, 10)?;
        Ok::<_, enamel_store::StoreError>(format!(
            "{practice:#?}{devices:#?}{findings:#?}{today:#?}{ages:#?}{days:#?}"
        ))
    });
    seen.unwrap()
}

#[test]
fn rebuilt_from_the_ledger_everything_comes_out_as_it_was_live() {
    let mut it = Fixture::new();
    let who = [it.agent(), it.agent(), it.agent()];
    // Live: a little at a time, late news among it, a finding that goes and comes back, one that is accepted.
    for step in 0..12_u8 {
        let agent = who[usize::from(step) % 3];
        it.see(agent, "host", samba(if step % 5 < 2 { "NT1" } else { "SMB3" }));
        if step == 6 {
            let rule = "L07".parse().unwrap();
            let finding = FindingId::derive(who[0].1, &rule, "");
            let acceptance = RiskAcceptance {
                finding,
                reason: "the scanner needs it".to_owned(),
                compensating: String::new(),
                person: "Dr. Maple".to_owned(),
                expires_at: it.clock.now() + DAY * 10,
            };
            it.see(agent, "acceptance", Seen::RiskAcceptance(acceptance));
        }
        if step % 2 == 0 {
            it.look();
        }
        it.clock.advance(SignedDuration::from_mins(7));
        for (agent, _) in who {
            it.hear(agent);
        }
    }
    it.look();
    let live = shown(&it);
    assert!(live.contains("weakness:L07") && live.contains("accepted_until: Some"), "{live}");

    // Anew: content of another name makes the copy worthless, and a new reconciler remembers no figures.
    let other = tempfile::tempdir().unwrap();
    let anew = reconciler(&it.store, &it.clock, Some(other.path()));
    anew.practice(it.practice).unwrap();
    assert_eq!(shown(&it), live);
    // And again over the copy that this left.
    anew.practice(it.practice).unwrap();
    assert_eq!(shown(&it), live);
}

#[tokio::test]
async fn what_an_agent_sends_is_seen_without_anybody_asking() {
    let msp = Msp::new().await;
    let mut agent = msp.agent().await;
    let link = agent.see(samba("NT1"));
    agent.send_links(&[link]).await.json::<Accepted>();
    let scope = Scope::practice(msp.practice);
    let open = || msp.store().read(&scope, |tx| alerts::list(tx, None, true, None, 10)).unwrap().items;
    let began = Instant::now();
    while open().iter().all(|alert| alert.same_key != "weakness:L07") {
        // A practice that was just looked at is looked at again after half a minute.
        assert!(began.elapsed() < Duration::from_mins(1), "nobody was told");
        tokio::task::yield_now().await;
    }
}
