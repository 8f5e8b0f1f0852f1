//! Alerts and their way to people; the index.

use enamel_store::alerts::{self, Alert};
use enamel_store::index::{
    self, EvidenceAge, Figures, FindingFilter, FindingStanding, IndexDevice, IndexFinding, PracticeIndex,
    TodayItem,
};
use enamel_store::routes::{self, Delivery, DeliveryState, Event, Route, RouteKind};
use enamel_store::{Scope, StoreError};
use enamel_types::control::ControlState;
use enamel_types::{AlertId, ControlId, DeviceId, FindingId, PracticeId, RuleId, Severity};

use crate::support::{World, at, is_not_found, on_both};

on_both!(
    the_same_thing_is_one_alert,
    a_delivery_is_tried_until_it_arrives,
    the_index_is_replaced_and_never_goes_back,
    the_fleet_is_paged_filtered_and_searched,
);

pub(crate) fn alert(world: &World, practice: PracticeId, key: &str, severity: Severity) -> Alert {
    Alert::opened(AlertId::from_uuid(world.uuid()), practice, key, severity, "agent", "{}", at(10))
}

fn the_same_thing_is_one_alert(world: &World) {
    let (mine, theirs) = (world.practice("Birch Dental"), world.practice("Cedar Dental"));
    let store = &world.store;
    let raise = |practice, key: &str, severity, now| {
        let alert = alert(world, practice, key, severity);
        store.write(&Scope::Msp, |tx| alerts::raise(tx, &alert, at(now))).unwrap()
    };
    let first = raise(mine, "silent:1", Severity::Medium, 10);
    assert!(first.is_new && first.is_worse);
    let again = raise(mine, "silent:1", Severity::Medium, 20);
    assert_eq!((again.id, again.is_new, again.is_worse), (first.id, false, false));
    assert!(raise(mine, "silent:1", Severity::High, 30).is_worse);
    let kept = store.read(&Scope::practice(mine), |tx| alerts::get(tx, first.id)).unwrap();
    let expected =
        Alert { id: first.id, times: 3, last_at: at(30), ..alert(world, mine, "silent:1", Severity::High) };
    assert_eq!(kept, expected);
    assert!(raise(theirs, "silent:1", Severity::Medium, 40).is_new, "another practice, another alert");
    assert!(is_not_found(&store.read(&Scope::practice(theirs), |tx| alerts::get(tx, first.id))));
    let refused = store.write(&Scope::practice(theirs), |tx| {
        alerts::raise(tx, &alert(world, mine, "silent:1", Severity::Low), at(50))
    });
    assert!(matches!(refused, Err(StoreError::OutOfScope)), "{refused:?}");
    assert!(is_not_found(&store.write(&Scope::practice(theirs), |tx| alerts::acknowledge(
        tx,
        first.id,
        "x",
        at(9)
    ))));

    let to_tell = |closed_since, after| {
        let told = store.read(&Scope::Msp, |tx| alerts::to_tell(tx, at(closed_since), after, 10)).unwrap();
        told.into_iter().map(|alert| alert.id).collect::<Vec<_>>()
    };
    let both = to_tell(0, None);
    assert!(both.len() == 2 && both.contains(&first.id));
    assert_eq!(to_tell(0, Some(both[0])), both[1..]);
    assert!(store.write(&Scope::Msp, |tx| alerts::acknowledge(tx, first.id, "ann", at(50))).unwrap());
    assert!(!store.write(&Scope::Msp, |tx| alerts::acknowledge(tx, first.id, "bob", at(51))).unwrap());
    assert!(store.write(&Scope::Msp, |tx| alerts::close(tx, first.id, "ann", true, at(60))).unwrap());
    assert!(to_tell(60, None).contains(&first.id) && !to_tell(61, None).contains(&first.id));
    let reopened = raise(mine, "silent:1", Severity::Low, 70);
    assert!(reopened.is_new && reopened.id != first.id);
    assert_eq!(
        store.write(&Scope::Msp, |tx| alerts::resolve(tx, mine, "silent:1", at(80))).unwrap(),
        Some(reopened.id)
    );
    assert_eq!(store.write(&Scope::Msp, |tx| alerts::resolve(tx, mine, "silent:1", at(81))).unwrap(), None);

    let list = |practice, open_only, before| {
        let page = store.read(&Scope::Msp, |tx| alerts::list(tx, practice, open_only, before, 2)).unwrap();
        (page.items.into_iter().map(|alert| alert.opened_at).collect::<Vec<_>>(), page.next)
    };
    let (newest, next) = list(None, false, None);
    assert_eq!((newest, list(None, false, next).0), (vec![at(70), at(40)], vec![at(10)]));
    assert_eq!(list(None, true, None).0, [at(40)]);
    assert_eq!(list(Some(mine), true, None).0, []);
}

fn a_delivery_is_tried_until_it_arrives(world: &World) {
    let practice = world.practice("Birch Dental");
    let alert = alert(world, practice, "silent:1", Severity::High);
    let route = Route {
        id: world.uuid(),
        name: "Help desk".to_owned(),
        kind: RouteKind::Webhook,
        target: "https://desk.example/hook".to_owned(),
        rule: "{}".to_owned(),
        secret: Some(b"signing secret".to_vec()),
    };
    let delivery = |key: &str| Delivery {
        id: world.uuid(),
        practice,
        alert: alert.id,
        route: route.id,
        event_key: key.to_owned(),
        event: Event::Opened,
        severity: Severity::High,
        state: DeliveryState::Open,
        attempts: 0,
        next_at: at(10),
        last_error: String::new(),
        made_at: at(10),
    };
    let (first, second) = (delivery("a:opened"), delivery("a:escalated"));
    let store = &world.store;
    store
        .write::<_, StoreError>(&Scope::Msp, |tx| {
            alerts::raise(tx, &alert, at(10))?;
            routes::put(tx, &route)?;
            assert!(routes::queue(tx, &first)?);
            assert!(routes::queue(tx, &second)?);
            assert!(!routes::queue(tx, &delivery("a:opened"))?, "queued once");
            Ok(())
        })
        .unwrap();
    assert!(!format!("{route:?}").contains("signing"), "a secret in a log");
    assert_eq!(store.read(&Scope::Msp, |tx| routes::get(tx, route.id)).unwrap(), route);
    assert_eq!(store.read(&Scope::practice(practice), routes::all).unwrap(), []);
    let take = |now, retry| {
        let taken = store.write(&Scope::Msp, |tx| routes::take_due(tx, at(now), at(retry), 10)).unwrap();
        taken.into_iter().map(|delivery| (delivery.event_key, delivery.attempts)).collect::<Vec<_>>()
    };
    assert_eq!(take(9, 60), []);
    let mut due = take(10, 60);
    due.sort();
    assert_eq!(due, [("a:escalated".to_owned(), 1), ("a:opened".to_owned(), 1)]);
    assert_eq!(take(59, 99), [], "somebody has them");
    store
        .write::<_, StoreError>(&Scope::Msp, |tx| {
            routes::delivered(tx, first.id, at(20))?;
            routes::failed(tx, second.id, "refused", Some(at(30)), at(20))
        })
        .unwrap();
    assert_eq!(take(30, 60), [("a:escalated".to_owned(), 2)]);
    store.write(&Scope::Msp, |tx| routes::failed(tx, second.id, "refused", None, at(31))).unwrap();
    assert_eq!(take(1_000, 2_000), []);
    let states: Vec<_> = store
        .read(&Scope::practice(practice), |tx| routes::of_alert(tx, alert.id))
        .unwrap()
        .into_iter()
        .map(|delivery| (delivery.id, delivery.state))
        .collect();
    assert!(states.contains(&(first.id, DeliveryState::Done)));
    assert!(states.contains(&(second.id, DeliveryState::GivenUp)));
    let kept = store.read(&Scope::practice(practice), |tx| routes::attempts(tx, second.id)).unwrap();
    let kept: Vec<_> = kept.iter().map(|kept| (kept.number, kept.at, kept.outcome.as_str())).collect();
    assert_eq!(kept, [(1, at(20), "refused"), (2, at(31), "refused")]);
    let others = Scope::practice(world.practice("Other Dental"));
    assert_eq!(store.read(&others, |tx| routes::attempts(tx, second.id)).unwrap(), []);
    assert_eq!(store.read(&Scope::Msp, routes::waiting).unwrap(), 0);
    store.write(&Scope::Msp, |tx| routes::remove(tx, route.id)).unwrap();
    assert_eq!(store.read(&Scope::Msp, |tx| routes::of_alert(tx, alert.id)).unwrap(), []);
}

/// A practice with a few computers, each with a critical and a low finding.
pub(crate) fn index_of(
    world: &World,
    practice: PracticeId,
    through_seq: u64,
    loss: f64,
    devices: u8,
) -> PracticeIndex {
    let mut index = PracticeIndex {
        practice,
        through_seq,
        computed_at: at(100),
        day: format!("2026-11-{:02}", 10 + through_seq),
        figures: Figures { loss_mean: loss, devices: devices.into(), ..Figures::default() },
        devices: Vec::new(),
        findings: Vec::new(),
        today: Vec::new(),
        evidence: vec![EvidenceAge {
            control: ControlId::new("164.312(a)(1)").unwrap(),
            state: ControlState::NotMet,
            observed_at: Some(at(1)),
            valid_until: None,
        }],
    };
    for number in 1..=devices {
        let device = DeviceId::from_uuid(world.uuid());
        index.devices.push(IndexDevice {
            device,
            practice,
            name: format!("Front {number}"),
            os: "Windows 11 Pro".to_owned(),
            role: "workstation".to_owned(),
            observed_at: at(90),
            worst: (number > 1).then_some(Severity::Critical),
            findings: 2,
        });
        for (rule, severity, state) in [
            ("W03", Severity::Critical, FindingStanding::Open),
            ("phi.folder", Severity::Low, FindingStanding::Resolved),
        ] {
            let rule = RuleId::new(rule).unwrap();
            index.findings.push(IndexFinding {
                finding: FindingId::derive(device, &rule, ""),
                practice,
                device,
                rule,
                severity,
                state,
                first_seen: at(50),
                last_seen: at(90),
                accepted_until: None,
            });
        }
        index.today.push(TodayItem {
            practice,
            item: format!("rule:W03:{number}"),
            worth: loss / f64::from(number),
            reason: "fix".to_owned(),
            severity: Severity::Critical,
            device: Some(device),
            since: at(50),
            detail: "{}".to_owned(),
        });
    }
    index
}

fn the_index_is_replaced_and_never_goes_back(world: &World) {
    let practice = world.practice("Birch Dental");
    let scope = Scope::practice(practice);
    let store = &world.store;
    let put = |index: &PracticeIndex| store.write(&scope, |tx| index::put(tx, index)).unwrap();
    assert_eq!(store.read(&scope, |tx| index::through(tx, practice)).unwrap(), 0);
    assert_eq!(store.read(&scope, |tx| index::practice(tx, practice)).unwrap(), None);
    assert!(put(&index_of(world, practice, 5, 900.0, 3)));
    let newer = index_of(world, practice, 6, 700.0, 2);
    assert!(put(&newer));
    assert!(!put(&index_of(world, practice, 5, 900.0, 3)), "a slower server");
    let standing = store.read(&scope, |tx| index::practice(tx, practice)).unwrap().unwrap();
    assert_eq!((standing.through_seq, &standing.figures), (6, &newer.figures));
    let devices = store.read(&scope, |tx| index::devices(tx, Some(practice), "", None, 10)).unwrap();
    assert_eq!(devices.items, newer.devices);
    assert_eq!(
        store.read(&scope, |tx| index::device(tx, newer.devices[1].device)).unwrap(),
        newer.devices[1]
    );
    let findings = store.read(&scope, |tx| index::findings(tx, &FindingFilter::default(), None, 10)).unwrap();
    assert_eq!(findings.items.len(), 4);
    let first = &findings.items[0];
    assert_eq!(&store.read(&scope, |tx| index::finding(tx, first.finding)).unwrap(), first);
    assert!(is_not_found(&store.read(&Scope::Nothing, |tx| index::finding(tx, first.finding))));
    assert_eq!(store.read(&scope, |tx| index::today(tx, None, None, 10)).unwrap().items, newer.today);
    assert_eq!(store.read(&scope, |tx| index::evidence_ages(tx, practice)).unwrap(), newer.evidence);
    let days = store.read(&scope, |tx| index::days(tx, practice, 10)).unwrap();
    assert_eq!(days.iter().map(|(day, _)| day.as_str()).collect::<Vec<_>>(), ["2026-11-15", "2026-11-16"]);
    assert_eq!(store.read(&scope, |tx| index::days(tx, practice, 1)).unwrap()[0].0, "2026-11-16");
}

fn the_fleet_is_paged_filtered_and_searched(world: &World) {
    let practices: Vec<_> =
        ["Ash Dental", "Birch Dental", "Cedar Smiles"].iter().map(|name| world.practice(name)).collect();
    let store = &world.store;
    for (number, practice) in practices.iter().enumerate() {
        let index = index_of(world, *practice, 1, 100.0 * (number as f64 + 1.0), 3);
        store.write(&Scope::Msp, |tx| index::put(tx, &index)).unwrap();
    }
    let mut worths = Vec::new();
    let mut after = None;
    loop {
        let page = store.read(&Scope::Msp, |tx| index::today(tx, None, after.as_ref(), 4)).unwrap();
        worths.extend(page.items.iter().map(|item| item.worth));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(worths.len(), 9);
    assert!(worths.is_sorted_by(|a, b| a >= b), "{worths:?}");

    let first = store.read(&Scope::Msp, |tx| index::practices_by_loss(tx, None, 2)).unwrap();
    assert_eq!(first.items.iter().map(|one| one.practice).collect::<Vec<_>>(), [practices[2], practices[1]]);
    let second = store.read(&Scope::Msp, |tx| index::practices_by_loss(tx, first.next, 2)).unwrap();
    assert_eq!(second.items.iter().map(|one| one.practice).collect::<Vec<_>>(), [practices[0]]);

    let count = |scope: &Scope, filter: &FindingFilter| {
        let mut total = 0;
        let mut after = None;
        loop {
            let page = store.read(scope, |tx| index::findings(tx, filter, after.as_ref(), 5)).unwrap();
            total += page.items.len();
            after = page.next;
            if after.is_none() {
                return total;
            }
        }
    };
    let all = FindingFilter::default();
    assert_eq!(count(&Scope::Msp, &all), 18);
    assert_eq!(count(&Scope::practice(practices[0]), &all), 6);
    assert_eq!(count(&Scope::Msp, &FindingFilter { open_only: true, ..all.clone() }), 9);
    let narrow = FindingFilter {
        practice: Some(practices[1]),
        severity: Some(Severity::Low),
        rule: Some(RuleId::new("phi.folder").unwrap()),
        ..all.clone()
    };
    assert_eq!(count(&Scope::Msp, &narrow), 3);
    assert_eq!(count(&Scope::practice(practices[0]), &narrow), 0);
    let rules = store.read(&Scope::Msp, index::rule_counts).unwrap();
    assert_eq!(rules, [(RuleId::new("W03").unwrap(), 9, 9)]);

    let search = |scope: &Scope, text: &str| {
        let found = store.read(scope, |tx| index::search(tx, text, 20)).unwrap();
        (found.practices.len(), found.devices.len(), found.rules.len())
    };
    assert_eq!(search(&Scope::Msp, "dental"), (2, 0, 0));
    assert_eq!(search(&Scope::Msp, "FRONT 2"), (0, 3, 0));
    assert_eq!(search(&Scope::practice(practices[0]), "front"), (0, 3, 0));
    assert_eq!(search(&Scope::Msp, "w03"), (0, 0, 1));
    assert_eq!(search(&Scope::Msp, " "), (0, 0, 0));
    assert_eq!(search(&Scope::Nothing, "a"), (0, 0, 0));
}
