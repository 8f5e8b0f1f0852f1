//! The demo's MSP: the same for the same seed, judged by the real content, and nobody's.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail as the tests themselves do")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use enamel_assess::{Assessor, Content, Fresh};
use enamel_ledger::{Entry, EntryHash, PracticeView};
use enamel_phi::ScanOptions;
use enamel_server::demo::{
    ComputerKind, Demo, Mark, Practice, Round, SETTING, Scale, Settings, Story, fill, fill_fleet,
};
use enamel_store::{Config, Scope, Store, agents, settings, tree};
use enamel_testkit::{SetClock, repeatable_fill};
use enamel_types::content::parse_toml;
use enamel_types::patient_data::Entity;
use enamel_types::{Body, CheckOutcome, Observation, PracticeProfile, Severity, Timestamp};
use serde::Deserialize;

const VERSION: &str = "0.1.0";

fn now() -> Timestamp {
    "2026-11-24T14:00:00Z".parse().unwrap()
}

fn demo(seed: u64, practices: usize) -> Demo {
    Demo::new(Settings { seed, practices, now: now() }).unwrap()
}

/// The demo that a newcomer sees.
fn usual() -> &'static Demo {
    static DEMO: OnceLock<Demo> = OnceLock::new();
    DEMO.get_or_init(|| demo(1, 40))
}

fn content() -> &'static Content {
    static CONTENT: OnceLock<Content> = OnceLock::new();
    CONTENT.get_or_init(|| Content::load(None).unwrap())
}

fn rounds(demo: &Demo, practice: &Practice) -> Vec<Round> {
    demo.history(practice, VERSION).collect::<Result<_, _>>().unwrap()
}

/// The observations of one kind, or of every kind.
fn observations<'a>(rounds: &'a [Round], kind: &'a str) -> impl Iterator<Item = Observation> + 'a {
    let links = rounds.iter().flat_map(|round| &round.links);
    links
        .filter(move |link| kind == "*" || link.kind == kind)
        .map(|link| serde_json::from_slice(&link.body).unwrap())
}

/// A practice as it stands after these rounds.
fn view(practice: &Practice, rounds: &[Round]) -> PracticeView {
    let assessor = Assessor { content: content(), profile: &practice.profile };
    let mut view = PracticeView::new(practice.id);
    let mut seq = 0;
    for round in rounds {
        for link in &round.links {
            seq += 1;
            let observation: Observation = serde_json::from_slice(&link.body).unwrap();
            let judgement = assessor.judge(&observation);
            let (agent_seq, prev, hash) = (link.agent_seq, link.prev, link.hash);
            let entry = Entry { seq, agent_seq, received_at: round.received_at, observation, prev, hash };
            view.apply(&entry, &judgement);
        }
    }
    view
}

/// A practice as its freshest evidence shows it: the last week's rounds say all of it.
fn today(practice: &Practice) -> PracticeView {
    let week = now() - jiff::SignedDuration::from_hours(24 * 8);
    let mut rounds = rounds(usual(), practice);
    rounds.retain(|round| round.received_at >= week);
    view(practice, &rounds)
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let (one, same, other) = (demo(5, 9), demo(5, 9), demo(6, 9));
    for ((a, b), c) in one.practices.iter().zip(&same.practices).zip(&other.practices) {
        assert_eq!(a.profile, b.profile);
        assert_ne!(a.id, c.id);
        assert_eq!(rounds(&one, a), rounds(&same, b), "{}", a.profile.name);
    }
    // More practices leave the first ones as they were.
    let more = demo(5, 12);
    assert_eq!(rounds(&one, &one.practices[0]), rounds(&more, &more.practices[0]));
}

#[test]
fn every_chain_is_whole_and_in_the_order_of_its_computer() {
    let demo = demo(1, 9);
    for practice in &demo.practices {
        let mut heads: BTreeMap<_, (u64, EntryHash, i64)> = BTreeMap::new();
        let mut ids = BTreeSet::new();
        let mut last = Timestamp::MIN;
        for round in rounds(&demo, practice) {
            assert!(round.received_at > last && round.received_at <= now());
            last = round.received_at;
            for link in &round.links {
                assert!(link.is_whole());
                assert_eq!(link.practice, practice.id);
                assert!(ids.insert(link.id), "an id is used twice");
                let before = heads.insert(link.agent, (link.agent_seq, link.hash, link.observed_at));
                let (seq, hash, at) = before.unwrap_or((0, EntryHash::GENESIS, 0));
                assert_eq!((link.agent_seq, link.prev), (seq + 1, hash));
                assert!(link.observed_at >= at, "{}: it looked before it had looked", practice.profile.name);
                assert!(link.observed_at <= round.received_at.as_microsecond());
            }
        }
        assert_eq!(heads.len(), practice.computers.len(), "every computer has been heard of");
    }
}

/// The sensor writes one reading for each check, of a type that the check understands.
#[test]
fn every_check_is_read_once_and_understood() {
    for practice in usual().practices.iter().take(20) {
        let assessor = Assessor { content: content(), profile: &practice.profile };
        // The first look shows what an office brings along, the last what is left of it.
        let rounds = rounds(usual(), practice);
        let ends: Vec<Round> = rounds.first().into_iter().chain(rounds.last()).cloned().collect();
        for observation in observations(&ends, "config_state") {
            let Body::ConfigState(state) = &observation.body else { continue };
            let results = assessor.judge(&observation).results;
            assert_eq!(results.len(), state.readings.len());
            for result in results {
                let riddle = ["correct the value's type", "not read when", "no longer in the catalogue"];
                let detail = &result.detail;
                let understood = riddle.iter().all(|riddle| !detail.contains(riddle));
                assert!(understood, "{} {}: {detail}", result.rule, state.os.name);
            }
        }
    }
}

/// What `content/signatures/dental.toml` calls a product.
#[derive(Deserialize)]
struct Signatures {
    product: Vec<Signature>,
}

#[derive(Deserialize)]
struct Signature {
    id: String,
    name: String,
    category: String,
}

#[test]
fn everything_else_means_something_too() {
    let demo = usual();
    let signatures: Signatures =
        parse_toml("dental.toml", include_str!("../../../../content/signatures/dental.toml")).unwrap();
    let signatures = signatures.product;
    let mut kinds = BTreeSet::new();
    let mut rules = BTreeSet::new();
    for practice in &demo.practices {
        let assessor = Assessor { content: content(), profile: &practice.profile };
        let mut rounds = rounds(demo, practice);
        for link in rounds.iter().flat_map(|round| &round.links) {
            kinds.insert(link.kind.clone());
        }
        // Configurations have a test of their own.
        for round in &mut rounds {
            round.links.retain(|link| link.kind != "config_state");
        }
        for observation in observations(&rounds, "*") {
            let judgement = assessor.judge(&observation);
            if let Body::Attestation(attestation) = &observation.body {
                let outcome = judgement.results[0].outcome;
                assert_ne!(outcome, CheckOutcome::Unknown, "{} counts for nothing", attestation.control);
            }
            if let Body::SoftwareInventory(software) = &observation.body {
                for product in &software.dental {
                    let known = signatures.iter().find(|known| known.id == product.signature).unwrap();
                    assert_eq!((&known.name, &known.category), (&product.product, &product.category));
                }
            }
            rules.extend(judgement.findings.into_iter().map(|finding| finding.rule.to_string()));
        }
    }
    assert_eq!(kinds.len(), 8, "{kinds:?}");
    for rule in [
        "eol.os",
        "eol.os-soon",
        "eol.app",
        "dental.vulnerability",
        "dental.compare-version",
        "phi.folder",
        "phi.kept",
        "secret.password-list",
        "secret.open-dental-config",
        "secret.autologon",
        "secret.filezilla",
        "secret.net-use",
    ] {
        assert!(rules.contains(rule), "{rule} is nowhere: {rules:?}");
    }
}

/// So that a change of content or of the demo shows: what a newcomer sees on the first screen.
#[test]
fn the_first_screen_is_believable_and_changes_on_purpose_only() {
    let mut open: BTreeMap<Severity, usize> = BTreeMap::new();
    let (mut critical, mut clean) = (0, 0);
    for practice in &usual().practices {
        let view = today(practice);
        let findings = Fresh::of(&view, now()).open_findings(&view);
        for finding in &findings {
            *open.entry(finding.severity).or_default() += 1;
        }
        let has = |severity| findings.iter().any(|finding| finding.severity == severity);
        critical += usize::from(has(Severity::Critical));
        clean += usize::from(!has(Severity::Critical) && !has(Severity::High));
        match practice.story {
            Story::Perfect => assert!(
                findings.iter().all(|finding| finding.severity <= Severity::Medium),
                "{:?}",
                findings.iter().map(|finding| &finding.title).collect::<Vec<_>>()
            ),
            Story::Bad | Story::Trouble => assert!(has(Severity::Critical), "{}", practice.profile.name),
            Story::New | Story::Offboarded => assert!(findings.is_empty()),
            Story::Fine | Story::Weak | Story::Silent | Story::Incident => {}
        }
    }
    assert!((8..=20).contains(&critical), "{critical} of 40 practices have a critical finding open");
    assert!(clean >= 10, "{clean} of 40 have nothing serious open");
    let counts: Vec<String> =
        open.iter().rev().map(|(severity, count)| format!("{count} {severity}")).collect();
    assert_eq!(counts.join(", "), "75 critical, 792 high, 1794 medium, 512 low, 134 informational");
}

#[test]
fn a_year_has_things_that_were_mended_and_came_back() {
    let demo = demo(1, 10);
    let (mut resolved, mut back) = (0, 0);
    for practice in &demo.practices {
        let rounds = rounds(&demo, practice);
        let view = view(practice, &rounds);
        for record in view.findings().values() {
            resolved += usize::from(!record.is_open());
            back += usize::from(record.resolved_at.is_some_and(|at| at < record.last_seen));
        }
        match practice.story {
            Story::New => assert!(rounds.is_empty()),
            Story::Silent => {
                let last = rounds.last().unwrap().received_at;
                let days = (now().as_second() - last.as_second()) / 86_400;
                assert!((4..=14).contains(&days), "silent for {days} days");
            }
            Story::Offboarded => {
                assert!(rounds.last().unwrap().received_at <= practice.offboarded_at.unwrap());
            }
            Story::Incident => {
                let receipts: Vec<String> = observations(&rounds, "command_receipt")
                    .filter_map(|observation| match observation.body {
                        Body::CommandReceipt(receipt) => Some(receipt.verb),
                        _ => None,
                    })
                    .collect();
                assert_eq!(receipts, ["isolate", "collect", "release"]);
            }
            _ => assert!(rounds.len() > 3),
        }
    }
    assert!(resolved > 300, "{resolved} were mended");
    assert!(back >= 3, "{back} came back");
}

#[test]
fn a_practice_is_as_large_as_its_patients() {
    for practice in &usual().practices {
        let patients = practice.profile.patients.unwrap();
        if practice.story != Story::New {
            assert!((4..=35).contains(&practice.computers.len()), "{}", practice.computers.len());
        }
        let rounds = rounds(usual(), practice);
        for observation in observations(&rounds, "patient_data") {
            let Body::PatientData(survey) = observation.body else { continue };
            assert!(survey.persons.value <= patients * 11 / 10, "{} of {patients}", survey.persons.value);
            assert!(
                survey.persons.low <= survey.persons.value && survey.persons.value <= survey.persons.high
            );
            assert!(survey.files_with_phi <= survey.files);
        }
    }
    let kinds: BTreeSet<_> = usual().practices.iter().map(|practice| practice.kind).collect();
    assert_eq!(kinds.len(), 4);
    let of = |kind| usual().practices.iter().flat_map(|p| &p.computers).filter(|c| c.kind == kind).count();
    assert!(of(ComputerKind::Imaging) > 20 && of(ComputerKind::Storage) > 2);
}

#[test]
fn it_is_marked_as_a_demo_and_means_nobody() {
    let demo = demo(1, 120);
    let names: BTreeSet<&str> =
        demo.practices.iter().map(|practice| practice.profile.name.as_str()).collect();
    assert_eq!(names.len(), 120, "every practice has a name of its own");
    assert!(names.iter().all(|name| name.ends_with("(demo)")));
    assert!(demo.msp.ends_with("(demo)"));
    assert!(demo.groups.iter().all(|group| group.name.ends_with("(demo)")));
    // Who looks for a story finds it in the docs under its practice's first name.
    let docs = include_str!("../../../../docs/demo.md");
    for practice in demo.practices.iter().take(40) {
        let plant = practice.profile.name.split(' ').next().unwrap();
        let special = !matches!(practice.story, Story::Fine | Story::Weak);
        assert_eq!(docs.contains(plant), special, "{plant}: {:?}", practice.story);
    }
    let people = demo.practices.iter().map(|practice| &practice.manager).chain(&demo.staff);
    assert!(people.into_iter().all(|person| person.mail.ends_with(".example")));
}

/// Enamel's own search for patient data finds nothing in what the demo writes.
#[test]
fn no_text_reads_like_a_patients_data() {
    let demo = demo(1, 12);
    let folder = tempfile::tempdir().unwrap();
    let mut people = String::new();
    for (number, practice) in demo.practices.iter().enumerate() {
        let Practice { profile, sites, manager, .. } = practice;
        let sites = sites.iter().map(|site| &site.name);
        let texts = [&profile.name, &manager.name, &manager.mail].into_iter().chain(sites);
        people.extend(texts.map(|text| format!("{text}\n")));
        let rounds = rounds(&demo, practice);
        let ends: Vec<Round> = rounds.first().into_iter().chain(rounds.last()).cloned().collect();
        for (index, link) in ends.iter().flat_map(|round| &round.links).enumerate() {
            let path = folder.path().join(format!("{number}-{index}.json"));
            let mut observation: Observation = serde_json::from_slice(&link.body).unwrap();
            if let Body::PatientData(survey) = &mut observation.body {
                // Counts under names such as DOB read like a patient's record; they are Enamel's own format.
                for folder in &mut survey.folders {
                    folder.entities.clear();
                }
            }
            std::fs::write(path, serde_json::to_vec(&observation).unwrap()).unwrap();
        }
    }
    std::fs::write(folder.path().join("people.txt"), people).unwrap();
    let options = ScanOptions {
        threads: 0,
        bytes_per_second: None,
        cache: None,
        one_file_system: false,
        exclude: Vec::new(),
        fingerprint_key: [0; 32],
        fingerprints: false,
    };
    let mut found = Vec::new();
    let surveys = enamel_phi::scan(
        &[folder.path().to_owned()],
        &options,
        &SetClock::new(now()),
        &AtomicBool::new(false),
        &mut |_| (),
        &mut |report| {
            // Made-up staff have names and addresses; nothing else that tells people apart may be there.
            let staff = |kind: &Entity| matches!(kind, Entity::Name | Entity::Email);
            if report.has_phi || !report.entities.keys().all(staff) {
                let name = report.path.file_name().unwrap_or_default().to_owned();
                found.push((name, report.entities, std::fs::read_to_string(&report.path).unwrap()));
            }
        },
    )
    .unwrap();
    assert!(surveys[0].files > 100);
    assert!(found.is_empty(), "{found:#?}");
}

/// What was written is what was drawn, sealed and chained by the store.
#[test]
fn a_store_takes_all_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config { data: folder.path().to_owned(), database: None };
    let store = Store::open(&config, now(), &mut repeatable_fill(3)).unwrap();
    let demo = demo(1, 8);
    let told = AtomicUsize::new(0);
    let done = |_: &Practice| {
        told.fetch_add(1, Ordering::Relaxed);
    };
    let filled = fill(&demo, &store, VERSION, &mut repeatable_fill(4), &done).unwrap();
    assert_eq!(told.into_inner(), 8);
    let mut observations = 0;
    for practice in &demo.practices {
        let drawn = rounds(&demo, practice);
        let drawn: usize = drawn.iter().map(|round| round.links.len()).sum();
        let verified = store.verify(&Scope::Msp, practice.id).unwrap();
        assert_eq!(verified.entries, drawn as u64, "{}", practice.profile.name);
        assert!(verified.bad.is_none());
        observations += drawn;
    }
    assert_eq!(filled.observations, observations);
    let mark: Option<Mark> = store.read(&Scope::Msp, |tx| settings::get(tx, SETTING)).unwrap();
    assert_eq!(mark.unwrap().msp, demo.msp);
    let counts = store.read(&Scope::Msp, agents::counts).unwrap();
    let watched: u64 = counts.iter().map(|(_, count)| count).sum();
    let left = demo.practices.iter().filter(|practice| practice.offboarded_at.is_some());
    assert_eq!(watched, (filled.computers - left.map(|p| p.computers.len()).sum::<usize>()) as u64);
    // Twice is refused, and said.
    assert!(fill(&demo, &store, VERSION, &mut repeatable_fill(4), &|_| ()).is_err());
}

/// The fleet to measure with is whole too, and says something.
#[test]
fn a_fleet_of_any_size_is_chained_and_judged() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config { data: folder.path().to_owned(), database: None };
    let store = Store::open(&config, now(), &mut repeatable_fill(3)).unwrap();
    let scale = Scale { seed: 1, practices: 3, computers: 4, observations: 2_500, now: now() };
    let filled = fill_fleet(scale, &store, &mut repeatable_fill(4), &|_| ()).unwrap();
    assert_eq!((filled.computers, filled.observations), (12, 7_500));
    let practices = store.read(&Scope::Msp, tree::practice_ids).unwrap();
    assert_eq!(practices.len(), 3);
    for practice in practices {
        let verified = store.verify(&Scope::Msp, practice).unwrap();
        assert_eq!((verified.entries, verified.bad), (2_500, None));
        let profile = PracticeProfile::default();
        let assessor = Assessor { content: content(), profile: &profile };
        let page = store.entries(&Scope::Msp, practice, 2_001, 500).unwrap();
        let findings = page.entries.iter().map(|entry| assessor.judge(&entry.observation).findings.len());
        assert!(findings.sum::<usize>() > 20);
    }
}
