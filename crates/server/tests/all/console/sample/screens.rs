//! Every screen with its path, in the states that it has.

use enamel_server::console::frame::Place;
use enamel_server::console::screens::Screen;
use enamel_server::console::screens::alerts::{AlertRow, Alerts};
use enamel_server::console::screens::approvals::{Approvals, NewCommand, PastCommand};
use enamel_server::console::screens::audit::{Audit, AuditRow};
use enamel_server::console::screens::devices::Devices;
use enamel_server::console::screens::doors::DoorKind;
use enamel_server::console::screens::findings::{AcceptForm, Counts, Filters, Findings};
use enamel_server::console::screens::practice::{Controls, PatientData, Practice};
use enamel_server::console::screens::reports::{Brand, ReportKind, ReportRow, Reports};
use enamel_server::console::screens::search::{Hit, Hits, Search};
use enamel_server::console::screens::settings::Display;
use enamel_server::console::screens::today::{Fleet, Today};
use enamel_server::console::screens::trouble::{Trouble, TroubleKind};
use enamel_types::{AlertId, Minutes, Severity, Timestamp, Usd};

use super::desk::{door, settings, tokens};
use super::fleet::{device_rows, finding_rows, practices, today};
use super::practice::{
    accepted_finding, evidence, evidence_path, finding, finding_path, form, held, practice,
};
use super::{PRACTICES, ago, choices, practice_choices, practice_id, practice_ref, uuid};

/// Every screen with its path, in the states that it has.
pub(crate) fn screens() -> Vec<(String, Place, Box<dyn Screen + Send + Sync>)> {
    let filters = Filters {
        practices: practice_choices(),
        severities: choices(&[("critical", "Critical"), ("high", "High")], "high"),
        states: choices(&[("open", "Open"), ("accepted", "Accepted")], ""),
        ages: choices(&[("week", "in the last 7 days")], ""),
        rules: choices(&[("W21", "Remote Desktop is open to the internet")], ""),
        device: String::new(),
        device_name: String::new(),
    };
    let calm = Today { needs: vec![], total: 0, next: None, ..today() };
    let first = Today {
        looked_at: None,
        fleet: Fleet::default(),
        groups: vec![],
        needs: vec![],
        total: 0,
        next: None,
        minutes: Minutes(0),
        saves: Usd(0.0),
    };
    let bare_practice = Practice {
        practice: practice_ref(11),
        sites: vec![],
        looked_at: None,
        risk: None,
        controls: Controls::default(),
        devices: vec![],
        data: PatientData::default(),
        open: Counts::default(),
        worst: vec![],
        plan: vec![],
        accepted: vec![],
        held: vec![],
    };
    let wrong = AcceptForm {
        reason: "later".to_owned(),
        wrong: vec![
            ("reason", "accept-wrong-reason"),
            ("person", "accept-wrong-person"),
            ("until", "accept-wrong-until"),
        ],
        ..form()
    };
    let devices = Devices {
        rows: (0..3).flat_map(device_rows).collect(),
        total: 82,
        practices: practice_choices(),
        contacts: choices(&[("silent", "Silent")], ""),
        word: String::new(),
        filtered: false,
        next: Some("/devices?after=x".to_owned()),
    };
    let no_devices = Devices { rows: vec![], total: 0, filtered: false, next: None, ..devices.clone() };
    let findings = Findings {
        rows: finding_rows(),
        total: 148,
        filters,
        filtered: true,
        next: Some("/findings?after=x".to_owned()),
    };
    let no_findings =
        Findings { rows: vec![], total: 0, filtered: false, filters: Filters::default(), next: None };
    let nothing_matches = Findings { rows: vec![], filtered: true, ..findings.clone() };
    let past = |verb: &str, outcome, mark, detail: &str| PastCommand {
        practice: practice_ref(2),
        computer: "CG-SRV".to_owned(),
        verb: verb.to_owned(),
        outcome,
        mark,
        detail: detail.to_owned(),
        at: ago(30),
    };
    let approvals = Approvals {
        held: vec![held(false), held(true)],
        past: vec![
            past("isolate", "outcome-done", "met", "network closed for 4 hours"),
            past("update", "outcome-vetoed", "none", "Not during office hours"),
            past("collect", "outcome-refused", "notmet", "signed for another agent"),
        ],
        may_send: true,
    };
    let alert = |n, title: &str, severity, taken: Option<(String, Timestamp)>, ended| AlertRow {
        id: AlertId::from_uuid(uuid(8, n)),
        practice: practice_ref(n),
        severity,
        title: title.to_owned(),
        since: ago(26),
        times: 1 + n as u64,
        sent_to: vec!["oncall@northside.example".to_owned()],
        taken,
        ended,
        href: finding_path(0),
    };
    let alerts = Alerts {
        rows: vec![
            alert(0, "Remote Desktop is open to the internet", Severity::Critical, None, None),
            alert(3, "FRONTDESK-2 has gone silent", Severity::High, None, None),
            alert(
                4,
                "No backup was seen in 9 days",
                Severity::Critical,
                Some(("Luis Ortega".to_owned(), ago(3))),
                None,
            ),
            alert(6, "12 records of OP3 are missing", Severity::High, None, Some(ago(2))),
        ],
        waiting: 2,
        states: choices(&[("waiting", "that wait for somebody"), ("all", "all")], "waiting"),
        may_take: true,
        next: None,
    };
    let no_alerts = Alerts { rows: vec![], waiting: 0, ..alerts.clone() };
    let audit_row = |seq, who: &str, deed: &str, object: &str| AuditRow {
        seq,
        at: ago(i64::try_from(4_417 - seq).unwrap()),
        who: who.to_owned(),
        deed: deed.to_owned(),
        object: object.to_owned(),
        hash: "c41be08d5a1c".to_owned(),
    };
    let audit = Audit {
        rows: vec![
            audit_row(4_417, "Dana Whitfield", "login", "passkey"),
            audit_row(4_416, "Luis Ortega", "alert.take", "No backup was seen in 9 days"),
            audit_row(4_415, "Luis Ortega", "evidence.read", "Maple Street Dental, no. 1,291"),
            audit_row(4_414, "Ticket system", "finding.list", "All practices"),
        ],
        whole: true,
        entries: 4_417,
        head: "c41be08d5a1c6f3e97d20b4e6a8f5d1130f7c2ab94e8d6307b5c1a2f90e4d8b7".to_owned(),
        deeds: choices(&[("login", "login")], ""),
        who: String::new(),
        filtered: false,
        next: Some("/audit?after=4414".to_owned()),
    };
    let report = |n, kind, days: i64| ReportRow {
        href: format!("/reports/{n}"),
        practice: practice_ref(n),
        kind,
        at: ago(24 * days),
        by: "Enamel".to_owned(),
        root: "9be1047c22aa".to_owned(),
    };
    let reports = Reports {
        rows: vec![
            report(0, ReportKind::Monthly, 23),
            report(1, ReportKind::Monthly, 23),
            report(0, ReportKind::RiskAnalysis, 60),
            report(11, ReportKind::Prospect, 2),
        ],
        practices: practice_choices(),
        brand: Brand {
            name: "Northside IT".to_owned(),
            color: "#0b5a63".to_owned(),
            contact: "Dana Whitfield, 555-0142".to_owned(),
        },
        may_brand: true,
        next: None,
    };
    let hit = |title: &str, context: &str| Hit {
        href: finding_path(0),
        title: title.to_owned(),
        context: context.to_owned(),
    };
    let search = Search {
        query: "front".to_owned(),
        groups: vec![
            Hits {
                key: "hits-devices",
                rows: vec![hit("FRONTDESK", PRACTICES[0].0), hit("OE-FRONT", PRACTICES[8].0)],
                more: true,
            },
            Hits {
                key: "hits-findings",
                rows: vec![hit("Patient data lies where everybody can read it", "FRONTDESK")],
                more: false,
            },
        ],
    };
    let zones = choices(&[("America/Chicago", "America/Chicago"), ("UTC", "UTC")], "America/Chicago");
    let new_command = NewCommand {
        computers: choices(&[("a", "Maple Street Dental: SERVER01")], "a"),
        verbs: choices(&[("collect", "Look now"), ("isolate", "Close the network")], "collect"),
        reason: String::new(),
        wrong: "",
        agent: None,
    };
    let mut all: Vec<(String, Place, Box<dyn Screen + Send + Sync>)> = vec![
        ("/".to_owned(), Place::Today, Box::new(today())),
        ("/calm".to_owned(), Place::Today, Box::new(calm)),
        ("/first".to_owned(), Place::Today, Box::new(first)),
        ("/practices".to_owned(), Place::Practices, Box::new(practices())),
        (format!("/practices/{}", practice_id(0)), Place::Practices, Box::new(practice())),
        (format!("/practices/{}", practice_id(11)), Place::Practices, Box::new(bare_practice)),
        ("/devices".to_owned(), Place::Devices, Box::new(devices)),
        ("/devices/none".to_owned(), Place::Devices, Box::new(no_devices)),
        ("/findings".to_owned(), Place::Findings, Box::new(findings)),
        ("/findings/none".to_owned(), Place::Findings, Box::new(no_findings)),
        ("/findings/no-match".to_owned(), Place::Findings, Box::new(nothing_matches)),
        (finding_path(0), Place::Findings, Box::new(finding(form()))),
        (finding_path(0) + "/wrong", Place::Findings, Box::new(finding(wrong))),
        (finding_path(5), Place::Findings, Box::new(accepted_finding())),
        (evidence_path(), Place::Practices, Box::new(evidence())),
        ("/approvals".to_owned(), Place::Approvals, Box::new(approvals)),
        (
            "/approvals/none".to_owned(),
            Place::Approvals,
            Box::new(Approvals { held: vec![], past: vec![], may_send: false }),
        ),
        ("/approvals/new".to_owned(), Place::Approvals, Box::new(new_command)),
        ("/audit".to_owned(), Place::Audit, Box::new(audit)),
        ("/alerts".to_owned(), Place::Alerts, Box::new(alerts)),
        ("/alerts/none".to_owned(), Place::Alerts, Box::new(no_alerts)),
        ("/reports".to_owned(), Place::Reports, Box::new(reports)),
        ("/tokens".to_owned(), Place::Tokens, Box::new(tokens(true))),
        ("/search".to_owned(), Place::Elsewhere, Box::new(search)),
        (
            "/search/none".to_owned(),
            Place::Elsewhere,
            Box::new(Search { query: "zebra".to_owned(), groups: vec![] }),
        ),
        (
            "/display".to_owned(),
            Place::Elsewhere,
            Box::new(Display { languages: choices(&[("en", "English"), ("es", "Español")], "en"), zones }),
        ),
    ];
    for (part, path) in ["practices", "people", "keys", "alerts", "trust"].into_iter().enumerate() {
        all.push((format!("/settings/{path}"), Place::Settings, Box::new(settings(part))));
    }
    for (kind, path) in [
        (DoorKind::Login, "/login"),
        (DoorKind::Setup, "/setup"),
        (DoorKind::Recovery, "/recover"),
        (DoorKind::Invitation, "/invitation"),
        (DoorKind::Codes, "/codes"),
    ] {
        all.push((path.to_owned(), Place::Elsewhere, Box::new(door(kind))));
    }
    for kind in TroubleKind::ALL {
        let reference = if kind == TroubleKind::Fault { "7f0c21aa".to_owned() } else { String::new() };
        all.push((
            format!("/trouble/{}", kind.status()),
            Place::Elsewhere,
            Box::new(Trouble { kind, reference }),
        ));
    }
    all
}
