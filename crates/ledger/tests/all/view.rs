//! The view: rebuilt equals live, and late news never overwrites newer.

use enamel_ledger::{Entry, FindingState, PracticeView};
use enamel_types::{
    Body, FindingClass, FindingId, Fix, Judgement, Minutes, Observation, RiskAcceptance, RuleId, Severity,
    Timestamp,
};
use proptest::prelude::*;

use crate::support::{at, device, observation, open, practice, with_body};

/// The findings of an observation are written in its sensor's version, as digits: a judge as pure as any.
fn judge(observation: &Observation) -> Judgement {
    let mut judgement = Judgement::of(observation);
    judgement.findings =
        observation.sensor.version.chars().map(|digit| finding(observation, digit)).collect();
    judgement
}

fn id_of(number: u64, digit: char) -> FindingId {
    FindingId::derive(device(number), &RuleId::new("T01").unwrap(), &digit.to_string())
}

fn finding(observation: &Observation, digit: char) -> enamel_types::Finding {
    let rule = RuleId::new("T01").unwrap();
    enamel_types::Finding {
        id: FindingId::derive(observation.device, &rule, &digit.to_string()),
        rule,
        device: observation.device,
        subject: digit.to_string(),
        class: FindingClass::Compliance,
        severity: Severity::High,
        persons: None,
        title: "Something is open".to_owned(),
        why: String::new(),
        seen: format!("seen at {}", observation.observed_at),
        fix: Fix { action: String::new(), how: String::new(), minutes: Minutes(5) },
        controls: Vec::new(),
        observation: observation.id,
    }
}

/// Observation `number` of device 1 or 2, seen at `second`, of one of two scopes, showing `findings`.
fn seen(number: u64, of_agent: u64, second: i64, scope: &str, findings: &str) -> Observation {
    let body = observation(of_agent, number).body;
    let mut seen = with_body(of_agent, number, at(second), scope, body);
    findings.clone_into(&mut seen.sensor.version);
    seen
}

/// Appends and folds as a running Enamel does.
fn fold(steps: &[Observation]) -> PracticeView {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = open(&folder.path().join("ledger.db"));
    let mut view = PracticeView::new(practice());
    for step in steps {
        ledger.append(at(100_000), std::slice::from_ref(step)).unwrap();
        view.catch_up(&ledger, &judge).unwrap();
    }
    view
}

fn state(view: &PracticeView, digit: char) -> (FindingState, Timestamp, Timestamp, u64, Option<Timestamp>) {
    let record = &view.findings()[&id_of(1, digit)];
    (record.state, record.first_seen, record.last_seen, record.seen, record.resolved_at)
}

#[test]
fn a_finding_has_a_history() {
    let steps = [
        seen(1, 1, 10, "host", "ab"),
        seen(2, 1, 20, "host", "b"),
        seen(3, 1, 30, "host", "ab"),
        seen(4, 1, 40, "software", ""),
    ];
    let view = fold(&steps[..2]);
    assert_eq!(state(&view, 'a'), (FindingState::Resolved, at(10), at(10), 1, Some(at(20))));
    assert_eq!(view.open_findings().count(), 1);
    let view = fold(&steps);
    assert_eq!(state(&view, 'a'), (FindingState::Reopened, at(10), at(30), 2, Some(at(20))));
    assert_eq!(
        state(&view, 'b'),
        (FindingState::Open, at(10), at(30), 3, None),
        "another scope resolves nothing"
    );
    assert_eq!((view.through_seq(), view.judgements().count()), (4, 2));
}

#[test]
fn late_news_fills_history_and_decides_nothing() {
    let view =
        fold(&[seen(1, 1, 20, "host", "a"), seen(2, 1, 10, "host", "abc"), seen(3, 1, 15, "host", "")]);
    assert_eq!(state(&view, 'a'), (FindingState::Open, at(10), at(20), 2, None));
    assert_eq!(state(&view, 'b'), (FindingState::Resolved, at(10), at(10), 1, Some(at(20))));
    assert_eq!(view.judgement(device(1), "host").unwrap().observed_at, at(20));
    assert_eq!(view.findings()[&id_of(1, 'a')].finding.seen, format!("seen at {}", at(20)));
    // The attestation seen last stands, whichever came last.
    assert!(view.attestations().values().all(|made| made.made_at <= at(20)));
}

#[test]
fn a_finding_of_two_scopes_is_gone_when_both_say_so() {
    let steps = [
        seen(1, 1, 10, "phi:/srv", "a"),
        seen(2, 1, 11, "phi:/srv/data", "a"),
        seen(3, 1, 12, "phi:/srv", ""),
    ];
    assert_eq!(state(&fold(&steps), 'a').0, FindingState::Open);
    let mut steps = steps.to_vec();
    steps.push(seen(4, 1, 13, "phi:/srv/data", ""));
    assert_eq!(state(&fold(&steps), 'a').0, FindingState::Resolved);
}

#[test]
fn another_practice_does_not_show() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = open(&folder.path().join("ledger.db"));
    let mut foreign = seen(1, 1, 10, "host", "a");
    foreign.practice = enamel_types::PracticeId::from_uuid(crate::support::uuid(1, 2));
    ledger.append(at(1), &[foreign]).unwrap();
    let view = PracticeView::rebuild(&ledger, practice(), &judge).unwrap();
    assert!(
        view.findings().is_empty() && view.judgements().next().is_none() && view.attestations().is_empty()
    );
    assert_eq!(view.through_seq(), 1);
}

/// (observation number, agent, second, scope, findings): few of each, so that they meet.
fn steps() -> impl Strategy<Value = Vec<Observation>> {
    let step = (1u64..30, 1u64..3, 0i64..6, prop::bool::ANY, "[a-d]{0,4}").prop_map(
        |(number, of_agent, second, host, findings)| {
            // The number decides everything, so that the same number is the same observation, delivered again.
            let _ = (of_agent, second);
            let scope = if host && number % 2 == 0 { "host" } else { "software" };
            (number, scope, findings)
        },
    );
    prop::collection::vec(step, 1..40).prop_map(|steps| {
        let mut known = std::collections::BTreeMap::new();
        steps
            .into_iter()
            .map(|(number, scope, findings)| {
                known
                    .entry(number)
                    .or_insert_with(|| {
                        let second = i64::try_from(number * 7 % 11).unwrap_or(0);
                        seen(number, number % 2 + 1, second, scope, &findings)
                    })
                    .clone()
            })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// However the observations are batched, repeated and interleaved with folding, and if every entry is folded twice:
    /// the live view is the rebuilt view.
    #[test]
    fn rebuild_equals_live(steps in steps(), sizes in prop::collection::vec(1usize..6, 40)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        let mut ledger = open(&path);
        let mut live = PracticeView::new(practice());
        let mut rest = steps.as_slice();
        for size in sizes {
            let (batch, behind) = rest.split_at(size.min(rest.len()));
            rest = behind;
            ledger.append(at(100), batch).unwrap();
            live.catch_up(&ledger, &judge).unwrap();
            ledger.append(at(101), batch).unwrap();
            live.catch_up(&ledger, &judge).unwrap();
            // A server keeps its views as JSON between two looks.
            let kept = serde_json::to_vec(&live).unwrap();
            live = serde_json::from_slice(&kept).unwrap();
        }
        let entries: Vec<Entry> = ledger.entries(1).map(Result::unwrap).collect();
        let before = live.clone();
        for entry in &entries {
            live.apply(entry, &judge(&entry.observation));
        }
        prop_assert_eq!(&before, &live);
        drop(ledger);
        prop_assert_eq!(&PracticeView::rebuild(&open(&path), practice(), &judge).unwrap(), &live);

        // What must hold of any view, from the entries alone.
        for record in live.findings().values() {
            let shown: Vec<_> = entries
                .iter()
                .filter(|entry| judge(&entry.observation).findings.iter().any(|finding| finding.id == record.finding.id))
                .map(|entry| entry.observation.observed_at)
                .collect();
            prop_assert_eq!(record.seen, shown.len() as u64);
            prop_assert_eq!(Some(&record.first_seen), shown.iter().min());
            prop_assert_eq!(Some(&record.last_seen), shown.iter().max());
            let latest = live.judgements().any(|held| held.findings.iter().any(|one| one.id == record.finding.id));
            prop_assert_eq!(record.is_open(), latest);
        }
    }
}

#[test]
fn an_acceptance_counts_until_its_day_and_the_latest_word_decides() {
    let finding = id_of(1, '1');
    let accept = |number, second, until| {
        let acceptance = RiskAcceptance {
            finding,
            reason: "the sensor's driver ends with this Windows".to_owned(),
            compensating: "no network but to the image server".to_owned(),
            person: "Robin Vale, office manager".to_owned(),
            expires_at: at(until),
        };
        with_body(1, number, at(second), &format!("acceptance:{finding}"), Body::RiskAcceptance(acceptance))
    };
    let view = fold(&[accept(1, 10, 500), accept(2, 30, 300), accept(3, 20, 900)]);
    assert!(view.accepted(finding, at(299)).is_some_and(|held| held.made_at == at(30)));
    assert!(view.accepted(finding, at(300)).is_none(), "it ends on its day");
    assert!(view.accepted(id_of(1, '2'), at(100)).is_none());
    let ended = fold(&[accept(1, 10, 500), accept(2, 30, 30)]);
    assert!(ended.accepted(finding, at(31)).is_none(), "it can be taken back");
}
