//! Events read back by what a data lake's parser relies on.

use std::collections::HashSet;

use uuid::Uuid;

use super::*;
use crate::device::{Hardware, OsInfo};
use crate::finding::Fix;
use crate::ids::{ControlId, FindingId, RuleId};
use crate::units::Minutes;

/// Attributes that OCSF 1.6 requires of every event, and of each class and object that we use
/// (schema.ocsf.io: base_event, finding, the three classes, and the objects named).
const EVERY_EVENT: [&str; 8] = [
    "activity_id",
    "category_uid",
    "class_uid",
    "type_uid",
    "severity_id",
    "time",
    "metadata",
    "finding_info",
];

/// Markup, a direction override, controls, a line's end.
const HOSTILE: &str = "\"'><script>alert(1)</script>\u{202e}gpj.exe\u{1b}[31m\0\r\n\u{2028}";

/// A practice of one computer with one finding of each class.
struct Sample {
    practice_name: String,
    device: DeviceId,
    inventory: DeviceInventory,
    findings: Vec<FindingEntry>,
    evidence: BTreeMap<ObservationId, ObservationFacts>,
}

fn time(text: &str) -> Timestamp {
    text.parse().expect("a time in the sample")
}

impl Sample {
    fn new(text: &str) -> Self {
        let device = DeviceId::from_uuid(Uuid::from_u128(1));
        let observation = ObservationId::from_uuid(Uuid::from_u128(2));
        let finding = |rule: &str, class, severity| {
            let rule = RuleId::new(rule).expect("a rule id in the sample");
            FindingEntry {
                finding: Finding {
                    id: FindingId::derive(device, &rule, text),
                    rule,
                    device,
                    subject: text.to_owned(),
                    class,
                    severity,
                    persons: None,
                    title: text.to_owned(),
                    why: text.to_owned(),
                    seen: text.to_owned(),
                    fix: Fix { action: text.to_owned(), how: text.to_owned(), minutes: Minutes(5) },
                    controls: vec![ControlId::new("164.312(a)(1)").expect("a control id in the sample")],
                    observation,
                },
                first_seen: time("2026-09-02T10:00:00Z"),
                last_seen: time("2026-11-24T13:50:00Z"),
                standing: Standing::Open,
                resolved_at: None,
            }
        };
        let facts = ObservationFacts {
            hash: "c0ffee".to_owned(),
            seq: 7,
            sensor: "scan host".to_owned(),
            device,
            scope: text.to_owned(),
            observed_at: time("2026-11-24T13:50:00Z"),
            valid_until: time("2026-12-01T13:50:00Z"),
        };
        Self {
            practice_name: text.to_owned(),
            device,
            inventory: DeviceInventory {
                hostname: text.to_owned(),
                os: OsInfo {
                    family: OsFamily::Windows,
                    name: text.to_owned(),
                    product: "windows".to_owned(),
                    version: "10.0".to_owned(),
                    build: String::new(),
                    edition: String::new(),
                    role: DeviceRole::Workstation,
                },
                hardware: Hardware::default(),
                users: Vec::new(),
                shares: Vec::new(),
                addresses: vec![text.to_owned()],
                listening: Vec::new(),
            },
            findings: vec![
                finding("W12", FindingClass::Compliance, Severity::Medium),
                finding("os.eol", FindingClass::Vulnerability, Severity::High),
                finding("phi.folder", FindingClass::DataSecurity, Severity::High),
            ],
            evidence: BTreeMap::from([(observation, facts)]),
        }
    }

    fn context(&self) -> Context<'_> {
        Context {
            practice: PracticeId::from_uuid(Uuid::from_u128(3)),
            practice_name: &self.practice_name,
            version: "0.1.0",
            generated_at: time("2026-11-24T14:05:00Z"),
            devices: BTreeMap::from([(self.device, &self.inventory)]),
            evidence: &self.evidence,
        }
    }
}

fn has(value: &Value, path: &str) -> bool {
    !value.pointer(path).unwrap_or(&Value::Null).is_null()
}

#[test]
fn every_event_has_what_its_class_requires() {
    let sample = Sample::new("C:\\Users\\frontdesk");
    let json = findings_json(&sample.findings, &sample.context());
    let mut classes = HashSet::new();
    for line in json.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        for key in EVERY_EVENT {
            assert!(has(&event, &format!("/{key}")), "{key} is missing in {line}");
        }
        for path in [
            "/metadata/version",
            "/metadata/product/vendor_name",
            "/metadata/product/name",
            "/finding_info/uid",
            "/finding_info/analytic/type_id",
            "/device/type_id",
            "/device/os/type_id",
            "/device/os/name",
            "/device/hostname",
            "/unmapped/enamel/ledger/hash",
        ] {
            assert!(has(&event, path), "{path} is missing in {line}");
        }
        let class = event["class_uid"].as_u64().unwrap();
        assert_eq!(event["type_uid"].as_u64().unwrap(), class * 100 + event["activity_id"].as_u64().unwrap());
        match class {
            2002 => {
                let vulnerability = &event["vulnerabilities"][0];
                let named =
                    ["cve", "cwe", "advisory"].iter().any(|key| has(vulnerability, &format!("/{key}/uid")));
                assert!(named, "{line}");
            }
            2003 => {
                let standards = event["compliance"]["standards"].as_array();
                assert!(standards.is_some_and(|list| !list.is_empty()), "{line}");
                assert!(event["compliance"]["status_id"].as_u64().is_some());
                assert!(has(&event, "/remediation/desc"), "{line}");
                assert!(has(&event, "/evidences/0/data"), "{line}");
            }
            2006 => assert!(event["data_security"]["category_id"].as_u64().is_some(), "{line}"),
            other => panic!("class {other}"),
        }
        classes.insert(class);
    }
    assert_eq!(json.lines().count(), sample.findings.len());
    assert_eq!(classes, HashSet::from([2002, 2003, 2006]));
}

#[test]
fn a_vulnerability_is_called_what_it_is_known_as() {
    let mut sample = Sample::new("x");
    let index =
        sample.findings.iter().position(|entry| entry.finding.class == FindingClass::Vulnerability).unwrap();
    for (rule, subject, known_as, kind) in [
        ("eol.os", "", json!({ "cwe": "CWE-1104" }), "unsupported system"),
        ("eol.app", "MySQL 5.7", json!({ "cwe": "CWE-1104" }), "unsupported system"),
        ("eol.os-soon", "Windows 11 23H2", json!({ "advisory": "Windows 11 23H2" }), "unsupported system"),
        (
            "dental.vulnerability",
            "open-dental CVE-2018-15719",
            json!({ "cve": "CVE-2018-15719" }),
            "published vulnerability",
        ),
        (
            "dental.compare-version",
            "dexis CVE-2016-6532",
            json!({ "cve": "CVE-2016-6532" }),
            "published vulnerability",
        ),
        (
            "dental.vulnerability",
            "dexis VU#282991",
            json!({ "advisory": "dexis VU#282991" }),
            "published vulnerability",
        ),
    ] {
        let finding = &mut sample.findings[index].finding;
        finding.rule = RuleId::new(rule).unwrap();
        finding.subject = subject.to_owned();
        let event = finding_line(&sample.findings[index], &sample.context());
        let vulnerability = &event["vulnerabilities"][0];
        let named: Map<String, Value> = ["cve", "cwe", "advisory"]
            .into_iter()
            .filter_map(|key| Some((key.to_owned(), vulnerability.get(key)?["uid"].clone())))
            .collect();
        assert_eq!(Value::Object(named), known_as, "{rule}");
        assert_eq!(event["finding_info"]["types"], json!([kind]), "{rule}");
    }
}

#[test]
fn the_worst_open_finding_comes_first_and_a_resolved_one_last() {
    let mut sample = Sample::new("x");
    sample.findings[1].standing = Standing::Resolved;
    let json = findings_json(&sample.findings, &sample.context());
    let classes: Vec<_> = json
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["class_uid"].as_u64().unwrap())
        .collect();
    assert_eq!(classes, [2006, 2003, 2002]);
}

#[test]
fn of_equally_severe_findings_the_one_about_most_people_comes_first() {
    let mut sample = Sample::new("x");
    sample.findings.truncate(1);
    for (subject, people) in [("a", Some(15)), ("b", Some(600)), ("c", None), ("d", Some(2))] {
        let mut entry = sample.findings[0].clone();
        subject.clone_into(&mut entry.finding.title);
        entry.finding.persons = people;
        sample.findings.push(entry);
    }
    sample.findings.remove(0);
    let titles: Vec<_> = findings_json(&sample.findings, &sample.context())
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["finding_info"]["title"].clone())
        .collect();
    assert_eq!(titles, ["b", "a", "d", "c"]);
}

#[test]
fn a_findings_life_shows() {
    let mut sample = Sample::new("x");
    for (standing, once, activity, status, compliance) in [
        (Standing::Open, true, 1, 1, 3),
        (Standing::Open, false, 2, 1, 3),
        (Standing::Stale, false, 2, 0, 2),
        (Standing::Resolved, false, 3, 4, 1),
    ] {
        let entry = &mut sample.findings[0];
        entry.standing = standing;
        entry.first_seen = if once { entry.last_seen } else { time("2026-01-01T00:00:00Z") };
        let event = finding_line(&sample.findings[0], &sample.context());
        let figures = [&event["activity_id"], &event["status_id"], &event["compliance"]["status_id"]];
        assert_eq!(
            figures.map(|figure| figure.as_i64().unwrap()),
            [activity, status, compliance],
            "{standing:?}"
        );
    }
}

#[test]
fn a_computer_and_an_observation_that_are_not_known_are_left_out() {
    let mut sample = Sample::new("x");
    sample.evidence.clear();
    let context = Context { devices: BTreeMap::new(), ..sample.context() };
    let event = finding_line(&sample.findings[0], &context);
    assert!(has(&event, "/device/uid") && has(&event, "/finding_info/uid"));
    for path in ["/device/hostname", "/metadata/sequence", "/unmapped/enamel/ledger"] {
        assert!(!has(&event, path), "{path}");
    }
    assert_eq!(findings_json(&[], &context), "");
}

#[test]
fn no_text_breaks_a_line_or_reaches_a_terminal_raw() {
    let sample = Sample::new(HOSTILE);
    let json = findings_json(&sample.findings, &sample.context());
    assert_eq!(json.chars().find(|c| *c != '\n' && text::is_unshowable(*c)), None);
    assert_eq!(json.lines().count(), sample.findings.len());
    let first: Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
    assert_eq!(first["message"], HOSTILE, "a machine reads the exact text back");
}
