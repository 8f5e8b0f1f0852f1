//! Who is told, by tables: no store, no socket.

use enamel_server::alerts::router::{TELL_AGAIN_AFTER, due};
use enamel_server::alerts::rule::{Category, Rule, wakes};
use enamel_store::alerts::Alert;
use enamel_store::routes::{Delivery, DeliveryState, Event};
use enamel_types::{AlertId, GroupId, PracticeId, Severity, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// A rule over everything, with some fields in their place.
fn rule(fields: &Value) -> Rule {
    let mut whole = json!({ "reach": { "over": "msp" }, "zone": "America/Chicago" });
    whole.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    Rule::parse(&whole.to_string()).unwrap()
}

fn alert(category: &str, severity: Severity) -> Alert {
    Alert::opened(
        AlertId::from_uuid(id(9)),
        PracticeId::from_uuid(id(7)),
        "silent:1",
        severity,
        category,
        "{}",
        at("2026-11-24T09:00:00Z"),
    )
}

fn told(route: u128, event: Event, severity: Severity, made_at: &str) -> Delivery {
    Delivery {
        id: id(50),
        practice: PracticeId::from_uuid(id(7)),
        alert: AlertId::from_uuid(id(9)),
        route: id(route),
        event_key: String::new(),
        event,
        severity,
        state: DeliveryState::Done,
        attempts: 1,
        next_at: at(made_at),
        last_error: String::new(),
        made_at: at(made_at),
    }
}

fn ask(alert: &Alert, routes: &[(u128, &Rule)], told: &[Delivery], now: &str) -> Vec<(u128, Event)> {
    let routes: Vec<_> = routes.iter().map(|(route, rule)| (id(*route), (*rule).clone())).collect();
    let found = due(alert, Some(GroupId::from_uuid(id(5))), &routes, told, at(now));
    found.into_iter().map(|due| (due.route.as_u128(), due.event)).collect()
}

#[test]
fn a_route_is_for_its_reach_severities_and_categories() {
    let table = [
        (json!({}), true),
        (json!({ "reach": { "over": "practice", "id": id(7) } }), true),
        (json!({ "reach": { "over": "practice", "id": id(8) } }), false),
        (json!({ "reach": { "over": "group", "id": id(5) } }), true),
        (json!({ "reach": { "over": "group", "id": id(6) } }), false),
        (json!({ "severities": ["high", "critical"] }), true),
        (json!({ "severities": ["critical"] }), false),
        (json!({ "categories": ["agent"] }), true),
        (json!({ "categories": ["ransomware"] }), false),
    ];
    for (fields, is_told) in &table {
        let found = ask(&alert("agent", Severity::High), &[(1, &rule(fields))], &[], "2026-11-24T09:00:00Z");
        assert_eq!(!found.is_empty(), *is_told, "{fields}");
    }
}

#[test]
fn hours_are_those_of_the_wall_through_both_changes_of_the_clock() {
    let day = json!({ "hours": [{ "days": [1, 2, 3, 4, 5], "from": "08:00", "until": "17:00" }] });
    let night = json!({ "hours": [{ "days": [6], "from": "22:00", "until": "02:00" }] });
    let whole = json!({ "hours": [{ "days": [7], "from": "00:00", "until": "00:00" }] });
    // Chicago is at -6 in winter, at -5 in summer; clocks change on 8 March and 1 November 2026 at 2 in the night.
    let table = [
        (&day, "2026-11-24T13:59:59Z", false),
        (&day, "2026-11-24T14:00:00Z", true),
        (&day, "2026-11-24T22:59:59Z", true),
        (&day, "2026-11-24T23:00:00Z", false),
        (&day, "2026-11-28T15:00:00Z", false),
        (&day, "2026-07-01T13:00:00Z", true),
        (&day, "2026-07-01T12:59:59Z", false),
        (&day, "2026-03-09T13:00:00Z", true),
        // Saturday's night goes on into Sunday; the hour from 1 to 2 comes twice and is in it both times.
        (&night, "2026-11-01T03:00:00Z", true),
        (&night, "2026-11-01T06:30:00Z", true),
        (&night, "2026-11-01T07:30:00Z", true),
        (&night, "2026-11-01T08:00:00Z", false),
        (&night, "2026-11-02T04:30:00Z", false),
        // Where 2 o'clock is left out, the night ends at 3.
        (&night, "2026-03-08T07:59:59Z", true),
        (&night, "2026-03-08T08:00:00Z", false),
        (&whole, "2026-03-08T06:00:00Z", true),
        (&whole, "2026-03-09T04:59:59Z", true),
        (&whole, "2026-03-09T05:00:00Z", false),
    ];
    for (fields, now, is_told) in table {
        let found = ask(&alert("agent", Severity::High), &[(1, &rule(fields))], &[], now);
        assert_eq!(!found.is_empty(), is_told, "{fields} at {now}");
    }
}

#[test]
fn quiet_hours_hold_back_no_ransomware_and_no_critical_incident() {
    let quiet = rule(&json!({ "quiet": [{ "from": "20:00", "until": "07:00" }] }));
    // In Chicago it is 3 in the night.
    let now = "2026-11-24T09:00:00Z";
    for category in Category::ALL {
        for severity in
            [Severity::Informational, Severity::Low, Severity::Medium, Severity::High, Severity::Critical]
        {
            let expected = match category {
                Category::Ransomware => true,
                Category::Intrusion | Category::Evidence | Category::Command => {
                    severity == Severity::Critical
                }
                Category::Finding | Category::Agent | Category::Delivery => false,
            };
            let found = ask(&alert(category.as_str(), severity), &[(1, &quiet)], &[], now);
            assert_eq!(!found.is_empty(), expected, "{category:?} {severity:?}");
        }
    }
    assert!(wakes("of a later release", Severity::Critical) && !wakes("of a later release", Severity::High));
    let morning = ask(&alert("agent", Severity::High), &[(1, &quiet)], &[], "2026-11-24T13:00:00Z");
    assert_eq!(morning, [(1, Event::Opened)], "what was held back is told when the night is over");
}

#[test]
fn ransomware_when_nobody_is_on_duty_goes_to_everybody() {
    let day = rule(&json!({ "hours": [{ "from": "08:00", "until": "17:00" }] }));
    let night = rule(&json!({ "hours": [{ "from": "17:00", "until": "08:00" }] }));
    let now = "2026-11-24T09:00:00Z";
    let ransomware = alert("ransomware", Severity::High);
    assert_eq!(ask(&ransomware, &[(1, &day)], &[], now), [(1, Event::Opened)]);
    assert_eq!(ask(&ransomware, &[(1, &day), (2, &night)], &[], now), [(2, Event::Opened)]);
    assert_eq!(ask(&alert("agent", Severity::High), &[(1, &day)], &[], now), []);
}

#[test]
fn the_same_thing_is_told_again_only_after_hours_or_when_it_is_worse() {
    let always = rule(&json!({}));
    let before = [told(1, Event::Opened, Severity::Medium, "2026-11-24T09:00:00Z")];
    let mut again = alert("agent", Severity::Medium);
    let ask = |alert: &Alert, now: &str| ask(alert, &[(1, &always)], &before, now);
    again.times = 40;
    again.last_at = at("2026-11-24T09:30:00Z");
    assert_eq!(TELL_AGAIN_AFTER, jiff::SignedDuration::from_hours(4));
    assert_eq!(ask(&again, "2026-11-24T12:59:59Z"), []);
    assert_eq!(ask(&again, "2026-11-24T13:00:00Z"), [(1, Event::Again)]);
    again.last_at = at("2026-11-24T09:00:00Z");
    assert_eq!(ask(&again, "2026-11-24T13:00:00Z"), [], "it was not raised again");
    again.severity = Severity::High;
    assert_eq!(ask(&again, "2026-11-24T09:01:00Z"), [(1, Event::Worse)]);
    again.severity = Severity::Low;
    assert_eq!(ask(&again, "2026-11-24T09:01:00Z"), []);
    again.last_at = at("2026-11-24T09:30:00Z");
    again.acknowledged_at = Some(at("2026-11-24T10:00:00Z"));
    assert_eq!(ask(&again, "2026-11-24T19:00:00Z"), [], "somebody has it");
}

#[test]
fn what_nobody_takes_is_escalated_once_and_a_circle_ends() {
    let first = rule(&json!({ "escalate": { "after_minutes": 15, "to": id(2) } }));
    let second =
        rule(&json!({ "categories": ["ransomware"], "escalate": { "after_minutes": 5, "to": id(1) } }));
    let elsewhere = rule(&json!({ "reach": { "over": "practice", "id": id(8) } }));
    let mut open = alert("agent", Severity::High);
    let mut before = vec![told(1, Event::Opened, Severity::High, "2026-11-24T09:00:00Z")];
    let routes = [(1, &first), (2, &second)];
    assert_eq!(ask(&open, &routes, &before, "2026-11-24T09:14:59Z"), []);
    assert_eq!(ask(&open, &routes, &before, "2026-11-24T09:15:00Z"), [(2, Event::Escalated)]);
    assert_eq!(
        ask(&open, &[(1, &first), (2, &elsewhere)], &before, "2026-11-24T09:15:00Z"),
        [],
        "another practice's"
    );
    before.push(told(2, Event::Escalated, Severity::High, "2026-11-24T09:15:00Z"));
    assert_eq!(ask(&open, &routes, &before, "2026-11-24T10:15:00Z"), []);
    before.pop();
    open.acknowledged_at = Some(at("2026-11-24T09:10:00Z"));
    assert_eq!(ask(&open, &routes, &before, "2026-11-24T09:15:00Z"), []);
}

#[test]
fn who_was_told_is_told_once_that_it_is_over() {
    let always = rule(&json!({}));
    let mut over = alert("agent", Severity::High);
    over.closed_at = Some(at("2026-11-24T10:00:00Z"));
    let routes = [(1, &always), (2, &always), (3, &always)];
    let mut before = vec![
        told(1, Event::Opened, Severity::High, "2026-11-24T09:00:00Z"),
        Delivery {
            state: DeliveryState::GivenUp,
            ..told(2, Event::Opened, Severity::High, "2026-11-24T09:00:00Z")
        },
    ];
    assert_eq!(ask(&over, &routes, &before, "2026-11-24T10:00:00Z"), [(1, Event::Over)]);
    before[0].state = DeliveryState::Open;
    assert_eq!(
        ask(&over, &routes, &before, "2026-11-24T10:00:00Z"),
        [],
        "the end does not overtake the beginning"
    );
    before[0].state = DeliveryState::Done;
    before.push(told(1, Event::Over, Severity::High, "2026-11-24T10:00:00Z"));
    assert_eq!(ask(&over, &routes, &before, "2026-11-24T10:01:00Z"), []);
}

#[test]
fn a_rule_that_makes_no_sense_is_none() {
    for fields in [
        json!({ "zone": "America/Nowhere" }),
        json!({ "hours": [{ "days": [0], "from": "08:00", "until": "17:00" }] }),
        json!({ "escalate": { "after_minutes": 0, "to": id(2) } }),
        json!({ "wings": 2 }),
    ] {
        let mut whole = json!({ "reach": { "over": "msp" }, "zone": "UTC" });
        whole.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        assert!(Rule::parse(&whole.to_string()).is_err(), "{whole}");
    }
}
