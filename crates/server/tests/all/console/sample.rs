//! A believable MSP: Northside IT with twelve practices, as models of every screen. Used by the tests and by the example that
//! serves them to look at.

#![allow(clippy::too_many_lines, clippy::too_many_arguments)] // a sample is one long list

use enamel_server::console::chart::{self, TrendPoint};
use enamel_server::console::frame::{Choice, Frame, Notice, Person, Place, PracticeRef, Theme, Waiting};
use enamel_server::console::screens::Screen;
use enamel_server::console::screens::alerts::{AlertRow, Alerts};
use enamel_server::console::screens::approvals::{Approvals, HeldCommand, NewCommand, PastCommand};
use enamel_server::console::screens::audit::{Audit, AuditRow};
use enamel_server::console::screens::devices::{AgentState, DeviceRow, Devices};
use enamel_server::console::screens::doors::{Door, DoorKind};
use enamel_server::console::screens::evidence::EvidencePage;
use enamel_server::console::screens::findings::{
    AcceptForm, Acceptance, Counts, Event, Filters, FindingDetail, FindingRow, Findings, State,
};
use enamel_server::console::screens::practice::{
    Accepted, ControlRow, Controls, DataPlace, PatientData, PlanItem, Practice, Risk, Scenario,
};
use enamel_server::console::screens::practices::{PracticeRow, Practices};
use enamel_server::console::screens::reports::{Brand, ReportKind, ReportRow, Reports};
use enamel_server::console::screens::search::{Hit, Hits, Search};
use enamel_server::console::screens::settings::{
    Display, GroupRow, KeyRow, Operator, Part, PersonRow, RouteRow, Settings,
};
use enamel_server::console::screens::today::{Fleet, Need, Today, What};
use enamel_server::console::screens::tokens::{Made, TokenRow, Tokens};
use enamel_server::console::screens::trouble::{Trouble, TroubleKind};
use enamel_server::console::words::{Lang, Words};
use enamel_types::command::CommandClass;
use enamel_types::control::Grounds;
use enamel_types::risk::LossDistribution;
use enamel_types::{
    AlertId, CommandId, ControlState, DeviceId, Estimate, EvidenceOutcome, FindingId, GroupId, Minutes,
    PracticeId, Right, Role, RuleId, Severity, Timestamp, Usd,
};
use jiff::tz::TimeZone;

const NOW: &str = "2026-11-24T14:05:00Z";

/// Name, group, expected loss in thousands, people, computers, silent, critical, high, medium, low.
const PRACTICES: [(&str, usize, f64, u64, u64, u64, Counts); 12] = [
    ("Maple Street Dental", 0, 37.8, 4_432, 9, 1, counts(1, 5, 11, 6)),
    ("Harbor Pediatric Dentistry", 1, 31.2, 6_120, 14, 0, counts(1, 3, 9, 12)),
    ("Cedar Grove Family Dental", 1, 27.9, 5_008, 11, 0, counts(0, 6, 8, 4)),
    ("Lakeview Orthodontics", 1, 24.4, 3_870, 8, 2, counts(0, 4, 7, 9)),
    ("Bright Smiles of Dover", 2, 21.7, 2_915, 6, 0, counts(1, 1, 6, 3)),
    ("Dr. Amara Okafor, DDS", 0, 18.3, 1_820, 4, 0, counts(0, 3, 5, 5)),
    ("Riverside Oral Surgery", 2, 16.9, 2_204, 10, 0, counts(0, 2, 9, 7)),
    ("Summit Endodontics", 2, 12.4, 1_540, 5, 0, counts(0, 1, 4, 8)),
    ("Oak & Elm Dental Arts", 0, 9.8, 2_010, 6, 0, counts(0, 1, 3, 2)),
    ("Clínica Dental Esperanza", 0, 7.1, 1_333, 5, 0, counts(0, 0, 4, 5)),
    ("Northfield Prosthodontics", 2, 4.6, 904, 4, 0, counts(0, 0, 0, 0)),
    ("Willow Creek Dental", 0, 0.0, 0, 0, 0, counts(0, 0, 0, 0)),
];

const GROUPS: [&str; 3] = ["Independent practices", "Coastline Dental Partners", "Summit Specialists"];

const fn counts(critical: u64, high: u64, medium: u64, low: u64) -> Counts {
    Counts { critical, high, medium, low }
}

/// The moment of every page.
pub(crate) fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn ago(hours: i64) -> Timestamp {
    Timestamp::from_second(now().as_second() - hours * 3_600).unwrap()
}

/// An English reader, or a Spanish one, at the MSP's own place.
pub(crate) fn words(lang: Lang) -> Words {
    Words { lang, zone: TimeZone::get("America/Chicago").unwrap_or(TimeZone::UTC), now: now() }
}

/// What stands around a page for the owner.
pub(crate) fn frame(place: Place, theme: Theme, path: &str) -> Frame {
    Frame {
        place,
        msp: "Northside IT".to_owned(),
        person: Some(Person {
            name: "Dana Whitfield".to_owned(),
            role: Role::Owner,
            rights: Right::ALL.to_vec(),
        }),
        waiting: Waiting { today: 9, alerts: 2, approvals: 1 },
        csrf: "c3Jm".to_owned(),
        theme,
        path: path.to_owned(),
        notice: None,
        read_only: false,
        demo: false,
        version: "0.1.0".to_owned(),
    }
}

fn uuid(kind: u8, number: usize) -> uuid::Uuid {
    let mut bytes = [0x70 | kind; 16];
    bytes[6] = 0x7a;
    bytes[8] = 0x9b;
    bytes[14] = u8::try_from(number >> 8).unwrap_or(0);
    bytes[15] = u8::try_from(number & 0xff).unwrap();
    uuid::Uuid::from_bytes(bytes)
}

fn practice_id(number: usize) -> PracticeId {
    PracticeId::from_uuid(uuid(1, number))
}

fn device(number: usize) -> DeviceId {
    DeviceId::from_uuid(uuid(2, number))
}

/// A practice as lists name it.
pub(crate) fn practice_ref(number: usize) -> PracticeRef {
    let (name, group, ..) = PRACTICES[number % PRACTICES.len()];
    PracticeRef { id: practice_id(number), name: name.to_owned(), group: GROUPS[group].to_owned() }
}

fn finding_id(number: usize) -> FindingId {
    FindingId::derive(device(number), &RuleId::new("W03").unwrap(), "sample")
}

fn practice_choices() -> Vec<Choice> {
    (0..12)
        .map(|n| Choice {
            value: practice_id(n).to_string(),
            label: PRACTICES[n].0.to_owned(),
            chosen: false,
        })
        .collect()
}

fn group_choices() -> Vec<Choice> {
    let groups: Vec<(GroupId, String)> =
        (0..3).map(|n| (GroupId::from_uuid(uuid(3, n)), GROUPS[n].to_owned())).collect();
    Choice::groups(&groups, None)
}

fn choices(all: &[(&str, &str)], chosen: &str) -> Vec<Choice> {
    all.iter()
        .map(|(value, label)| Choice {
            value: (*value).to_owned(),
            label: (*label).to_owned(),
            chosen: *value == chosen,
        })
        .collect()
}

/// Today of the sample.
pub(crate) fn today() -> Today {
    let weakness = |title: &str, action: &str, computers| What::Weakness {
        title: title.to_owned(),
        action: action.to_owned(),
        computers,
    };
    let need = |practice, what, severity, minutes: u32, saves: f64, hours| Need {
        practice: practice_ref(practice),
        what,
        severity,
        minutes: (minutes > 0).then_some(Minutes(minutes)),
        saves: (saves > 0.0).then_some(Usd(saves)),
        since: ago(hours),
        href: format!("/practices/{}/findings/{}", practice_id(practice), finding_id(0)),
    };
    let needs = vec![
        need(
            0,
            What::Held { verb: "restore_in_place".to_owned(), computer: "SERVER01".to_owned() },
            Severity::Critical,
            2,
            0.0,
            0,
        ),
        need(
            0,
            weakness(
                "Remote Desktop is open to the internet",
                "Close Remote Desktop or put a second proof of identity in front",
                1,
            ),
            Severity::Critical,
            45,
            12_400.0,
            26,
        ),
        need(
            1,
            weakness(
                "The patient database answers without a password",
                "Give the database's administrator a password",
                1,
            ),
            Severity::Critical,
            20,
            9_150.0,
            50,
        ),
        need(
            4,
            weakness("No backup was seen in 9 days", "Start the nightly backup again and watch one run", 1),
            Severity::Critical,
            30,
            8_020.0,
            216,
        ),
        need(
            2,
            weakness("The drive is not encrypted", "Turn on encryption of the Windows drive", 6),
            Severity::High,
            90,
            6_300.0,
            700,
        ),
        need(3, What::Silent { computer: "FRONTDESK-2".to_owned() }, Severity::High, 10, 0.0, 31),
        need(6, What::Gap { computer: "OP3".to_owned(), entries: 12 }, Severity::High, 15, 0.0, 5),
        need(
            5,
            What::AcceptanceEnds {
                title: "Windows 7 reached its end of life in January 2020".to_owned(),
                until: ago(-24 * 9),
            },
            Severity::Medium,
            10,
            2_150.0,
            24 * 356,
        ),
        need(7, What::Stale { controls: 4 }, Severity::Medium, 20, 0.0, 200),
        need(9, What::Fork { computer: "RECEPCION".to_owned() }, Severity::High, 25, 0.0, 3),
        need(11, What::NoComputer, Severity::Low, 5, 0.0, 72),
    ];
    Today {
        looked_at: Some(Timestamp::from_second(now().as_second() - 95).unwrap()),
        fleet: Fleet { practices: 12, computers: 82, silent: 3, calm: 3, expected: Usd(212_100.0) },
        groups: group_choices(),
        total: needs.len() as u64,
        needs,
        next: Some("/?after=3".to_owned()),
        minutes: Minutes(272),
        saves: Usd(38_020.0),
    }
}

/// Today over many practices: a page of it, for measuring.
pub(crate) fn today_of(practices: usize) -> Today {
    let sample = today();
    let needs: Vec<Need> = (0..50)
        .map(|n| Need { practice: practice_ref(n * practices / 50), ..sample.needs[n % 11].clone() })
        .collect();
    let groups = (0..40)
        .map(|n| Choice { value: uuid(3, n).to_string(), label: format!("Group {n}"), chosen: false })
        .collect();
    Today { needs, groups, total: practices as u64 * 3, ..sample }
}

fn practices() -> Practices {
    let rows = PRACTICES.iter().enumerate().map(|(n, (_, _, expected, people, computers, silent, open))| {
        PracticeRow {
            practice: practice_ref(n),
            computers: *computers,
            silent: *silent,
            open: *open,
            expected: (*computers > 0).then_some(Usd(expected * 1_000.0)),
            people: *people,
            seen: (*computers > 0).then(|| ago(i64::try_from(n).unwrap() / 3)),
        }
    });
    Practices { rows: rows.collect(), total: 12, groups: group_choices(), next: None }
}

fn losses() -> LossDistribution {
    let curve = (0..400)
        .map(|step| {
            let loss = 500.0 * 1.022f64.powi(step);
            (Usd(loss), 0.31 / (1.0 + (loss / 52_000.0).powf(1.25)))
        })
        .collect();
    LossDistribution {
        mean: Usd(37_800.0),
        p50: Usd(0.0),
        p90: Usd(61_000.0),
        p95: Usd(148_000.0),
        any_loss: 0.31,
        curve,
    }
}

fn trend_points() -> Vec<TrendPoint> {
    [58.1, 57.2, 61.8, 60.4, 52.9, 49.0, 49.4, 44.1, 46.8, 48.4, 41.2, 37.8]
        .into_iter()
        .enumerate()
        .map(|(month, mean)| TrendPoint {
            at: ago(24 * 30 * (11 - i64::try_from(month).unwrap())),
            mean: Usd(mean * 1_000.0),
            range: Some((Usd(mean * 566.0), Usd(mean * 1_560.0))),
        })
        .collect()
}

fn device_rows(practice: usize) -> Vec<DeviceRow> {
    let row = |n, name: &str, os: &str, state, hours, open| DeviceRow {
        id: device(n),
        practice: practice_ref(practice),
        name: name.to_owned(),
        os: os.to_owned(),
        contact: Some(Timestamp::from_second(ago(hours).as_second() - 40).unwrap()),
        state,
        version: "0.1.0".to_owned(),
        open,
    };
    vec![
        row(0, "SERVER01", "Windows Server 2019 Standard", AgentState::Well, 0, counts(1, 2, 3, 1)),
        row(1, "FRONTDESK", "Windows 11 Pro 23H2", AgentState::Well, 0, counts(0, 1, 2, 2)),
        row(2, "FRONTDESK-2", "Windows 11 Pro 23H2", AgentState::Silent, 31, counts(0, 1, 1, 1)),
        row(3, "OP2", "Windows 10 Pro 22H2", AgentState::Damaged, 0, counts(0, 1, 3, 1)),
        row(4, "PANO", "Windows 7 Professional", AgentState::Isolated, 0, counts(0, 0, 2, 1)),
    ]
}

fn finding_row(
    n: usize,
    practice: usize,
    title: &str,
    computer: &str,
    subject: &str,
    rule: &str,
    severity: Severity,
    state: State,
    hours: i64,
) -> FindingRow {
    FindingRow {
        id: finding_id(n),
        practice: practice_ref(practice),
        computer: computer.to_owned(),
        title: title.to_owned(),
        subject: subject.to_owned(),
        rule: rule.to_owned(),
        severity,
        state,
        first_seen: ago(hours),
        last_seen: ago(1),
    }
}

fn finding_rows() -> Vec<FindingRow> {
    vec![
        finding_row(
            0,
            0,
            "Remote Desktop is open to the internet",
            "SERVER01",
            "3389/tcp",
            "W21",
            Severity::Critical,
            State::Open,
            26,
        ),
        finding_row(
            1,
            1,
            "The patient database answers without a password",
            "HPD-SRV",
            "MariaDB on 3306/tcp",
            "dental.db-blank",
            Severity::Critical,
            State::Open,
            50,
        ),
        finding_row(
            2,
            0,
            "A password lies in clear text",
            "SERVER01",
            "C:\\OpenDental\\FreeDentalConfig.xml",
            "secret.config",
            Severity::High,
            State::Reopened,
            400,
        ),
        finding_row(
            3,
            2,
            "The drive is not encrypted",
            "CG-LAPTOP3",
            "C:",
            "W03",
            Severity::High,
            State::Open,
            700,
        ),
        finding_row(
            4,
            0,
            "Patient data lies where everybody can read it",
            "FRONTDESK",
            "C:\\Users\\Public\\Scans",
            "phi.folder",
            Severity::High,
            State::Open,
            90,
        ),
        finding_row(
            5,
            5,
            "Windows 7 reached its end of life in January 2020",
            "PANO",
            "",
            "eol.windows-7",
            Severity::High,
            State::Accepted,
            24 * 356,
        ),
        finding_row(
            6,
            3,
            "SMB version 1 is switched on",
            "LVO-CEPH",
            "",
            "W11",
            Severity::Medium,
            State::Stale,
            24 * 50,
        ),
        finding_row(
            7,
            4,
            "The screen does not lock by itself",
            "BSD-OP1",
            "",
            "W08",
            Severity::Medium,
            State::Open,
            24 * 12,
        ),
        finding_row(
            8,
            8,
            "The guest account is enabled",
            "OE-FRONT",
            "",
            "W05",
            Severity::Low,
            State::Resolved,
            24 * 70,
        ),
    ]
}

/// One practice of the sample.
pub(crate) fn practice() -> Practice {
    let control = |id: &str, title: &str, state, grounds, why: &str, hours: Option<i64>| ControlRow {
        id: id.to_owned(),
        title: title.to_owned(),
        state,
        grounds,
        why: why.to_owned(),
        seen: hours.map(ago),
        until: hours.map(|hours| ago(hours - 24 * 7)),
        evidence: hours.map(|_| evidence_path()),
    };
    let plan = |title: &str, steps: &[&str], saves, minutes, computers| PlanItem {
        title: title.to_owned(),
        steps: steps.iter().map(|step| (*step).to_owned()).collect(),
        saves: Usd(saves),
        minutes: Minutes(minutes),
        computers,
        href: format!("/findings?practice={}&rule=W21", practice_id(0)),
    };
    let scenario = |title: &str, story: &str, mean: f64| Scenario {
        title: title.to_owned(),
        story: story.to_owned(),
        mean: Usd(mean),
        share: mean / 15_900.0 * 100.0,
    };
    Practice {
        practice: practice_ref(0),
        sites: vec!["Main Street".to_owned(), "West Side".to_owned()],
        looked_at: Some(ago(0)),
        risk: Some(Risk {
            mean: Usd(37_800.0),
            range: Some((Usd(21_400.0), Usd(58_900.0))),
            one_in_ten: Usd(61_000.0),
            any_loss: 0.31,
            curve: chart::exceedance(&losses()),
            trend: chart::trend(&trend_points()),
            scenarios: vec![
                scenario(
                    "Ransomware through an open remote door",
                    "Somebody guesses or buys a password, logs on from afar and encrypts the server.",
                    15_900.0,
                ),
                scenario(
                    "Ransomware through an email",
                    "A letter that looks like a supplier's brings a program in.",
                    9_700.0,
                ),
                scenario("Patient records lie open", "A folder that everybody can read is copied.", 6_800.0),
                scenario("A stolen laptop", "A computer without encryption is taken from a car.", 3_200.0),
                scenario(
                    "The backup does not come back",
                    "A disk fails, and what was saved cannot be read.",
                    2_200.0,
                ),
            ],
        }),
        controls: Controls {
            met: 14,
            partly: 5,
            not_met: 4,
            unknown: 27,
            rows: vec![
                control(
                    "164.308(a)(7)(ii)(A)",
                    "Data backup plan",
                    ControlState::NotMet,
                    None,
                    "No backup of D:\\OpenDentImages was seen",
                    Some(2),
                ),
                control(
                    "164.312(a)(2)(iv)",
                    "Encryption and decryption",
                    ControlState::NotMet,
                    None,
                    "2 of 9 drives are not encrypted",
                    Some(2),
                ),
                control(
                    "164.308(a)(5)(ii)(B)",
                    "Protection from malicious software",
                    ControlState::Partly,
                    None,
                    "Antivirus is fresh on 8 of 9 computers",
                    Some(5),
                ),
                control(
                    "164.308(a)(6)(ii)",
                    "Response and reporting",
                    ControlState::Unknown,
                    None,
                    "Nobody has stated it, and no sensor can see it",
                    None,
                ),
                control(
                    "164.312(a)(2)(iii)",
                    "Automatic logoff",
                    ControlState::Met,
                    Some(Grounds::Measured),
                    "The screen locks within 10 minutes on all computers",
                    Some(2),
                ),
                control(
                    "164.308(a)(2)",
                    "Assigned security responsibility",
                    ControlState::Met,
                    Some(Grounds::Stated),
                    "Stated by Jo Reyes, office manager",
                    Some(24 * 40),
                ),
                control(
                    "164.310(d)(2)(iii)",
                    "Accountability",
                    ControlState::Met,
                    Some(Grounds::Declined),
                    "Decided against: no device leaves the office",
                    Some(24 * 80),
                ),
            ],
        },
        devices: device_rows(0),
        data: PatientData {
            people: Estimate { value: 4_432, low: 3_900, high: 4_712 },
            not_searched: 3,
            places: vec![
                DataPlace {
                    computer: "SERVER01".to_owned(),
                    path: "D:\\OpenDentImages".to_owned(),
                    people: Estimate { value: 4_120, low: 3_700, high: 4_400 },
                    files: 61_240,
                    kinds: vec!["kind-name", "kind-dob", "kind-mrn"],
                    open_to_others: Some(false),
                    evidence: evidence_path(),
                },
                DataPlace {
                    computer: "FRONTDESK".to_owned(),
                    path: "C:\\Users\\Public\\Scans".to_owned(),
                    people: Estimate { value: 377, low: 350, high: 391 },
                    files: 812,
                    kinds: vec!["kind-ssn", "kind-member-id"],
                    open_to_others: Some(true),
                    evidence: evidence_path(),
                },
                DataPlace {
                    computer: "SERVER01".to_owned(),
                    path: "C:\\EDS\\Claims\\In".to_owned(),
                    people: Estimate { value: 214, low: 200, high: 214 },
                    files: 96,
                    kinds: vec!["kind-name", "kind-dob", "kind-member-id"],
                    open_to_others: None,
                    evidence: evidence_path(),
                },
            ],
        },
        open: PRACTICES[0].6,
        worst: finding_rows().into_iter().filter(|row| row.practice.id == practice_id(0)).collect(),
        plan: vec![
            plan(
                "Close Remote Desktop or put a second proof of identity in front",
                &[
                    "Open the router's page and remove the rule for port 3389.",
                    "Set up the VPN that is part of the router.",
                    "Try it from a phone: the port must not answer.",
                ],
                12_400.0,
                45,
                1,
            ),
            plan(
                "Move the scans to a folder that only the team can read",
                &["Make a folder D:\\Scans.", "Give the group Team full control and take Everyone out."],
                3_100.0,
                20,
                1,
            ),
            plan(
                "Turn on encryption of the Windows drive",
                &["Save the recovery key in the practice's safe first.", "Switch BitLocker on."],
                2_100.0,
                40,
                2,
            ),
        ],
        accepted: vec![
            Accepted {
                title: "Windows 7 reached its end of life in January 2020".to_owned(),
                person: "Jo Reyes, office manager".to_owned(),
                until: ago(-24 * 9),
                soon: true,
                href: finding_path(5),
            },
            Accepted {
                title: "SMB version 1 is switched on".to_owned(),
                person: "Dr. Lee, owner".to_owned(),
                until: ago(-24 * 200),
                soon: false,
                href: finding_path(6),
            },
        ],
        held: vec![held(false)],
    }
}

fn evidence_path() -> String {
    format!("/practices/{}/evidence/{}", practice_id(0), uuid(5, 7))
}

fn finding_path(n: usize) -> String {
    format!("/practices/{}/findings/{}", practice_id(0), finding_id(n))
}

fn held(lone: bool) -> HeldCommand {
    HeldCommand {
        id: CommandId::from_uuid(uuid(6, usize::from(lone))),
        practice: practice_ref(0),
        computer: if lone { "FRONTDESK".to_owned() } else { "SERVER01".to_owned() },
        verb: if lone { "update" } else { "restore_in_place" }.to_owned(),
        class: CommandClass::Dangerous,
        reason: "Files on D: were encrypted last night; the snapshot of 22:00 is clean".to_owned(),
        signed_by: if lone {
            vec!["Dana Whitfield".to_owned()]
        } else {
            vec!["Dana Whitfield".to_owned(), "Luis Ortega".to_owned()]
        },
        needed: 2,
        due: (!lone).then(|| Timestamp::from_second(now().as_second() + 37 * 60).unwrap()),
        expires: ago(-23),
        may_refuse: true,
    }
}

/// One finding, with what the form says when it was not filled in well.
pub(crate) fn finding(form: AcceptForm) -> FindingDetail {
    FindingDetail {
        row: finding_rows().swap_remove(0),
        why: "Remote Desktop is the door most ransomware gangs come through. A stolen or guessed password is enough to sit at the server.".to_owned(),
        seen: "fDenyTSConnections = 0 in HKLM\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server; 0.0.0.0:3389 listening".to_owned(),
        action: "Close Remote Desktop or put a second proof of identity in front".to_owned(),
        steps: vec![
            "Open the router's page and remove the rule that forwards port 3389.".to_owned(),
            "Set up the VPN that is part of the router, with a second proof of identity.".to_owned(),
            "Try it from a phone without Wi-Fi: the port must not answer.".to_owned(),
        ],
        minutes: Minutes(45),
        people: Some(4_120),
        controls: vec!["164.312(d)".to_owned(), "164.312(a)(1)".to_owned()],
        history: vec![
            Event { at: ago(24 * 60), key: "event-first-seen", who: String::new(), evidence: Some(evidence_path()) },
            Event { at: ago(24 * 41), key: "event-resolved", who: String::new(), evidence: Some(evidence_path()) },
            Event { at: ago(26), key: "event-reopened", who: String::new(), evidence: Some(evidence_path()) },
            Event { at: ago(2), key: "event-last-seen", who: String::new(), evidence: Some(evidence_path()) },
        ],
        evidence: evidence_path(),
        acceptance: None,
        form: Some(form),
    }
}

/// The accept form as it is first shown.
pub(crate) fn form() -> AcceptForm {
    AcceptForm {
        earliest: "2026-11-25".to_owned(),
        latest: "2027-11-24".to_owned(),
        until: "2027-02-24".to_owned(),
        ..AcceptForm::default()
    }
}

fn accepted_finding() -> FindingDetail {
    let mut page = finding(form());
    page.row = finding_rows().swap_remove(5);
    page.form = None;
    page.acceptance = Some(Acceptance {
        reason: "The X-ray program runs on Windows 7 only; the maker promises an update for March".to_owned(),
        compensating: "The computer has no internet and no email".to_owned(),
        person: "Jo Reyes, office manager".to_owned(),
        made_at: ago(24 * 350),
        until: ago(-24 * 9),
    });
    page.history.push(Event {
        at: ago(24 * 350),
        key: "event-accepted",
        who: "Jo Reyes, office manager".to_owned(),
        evidence: None,
    });
    page
}

fn evidence() -> EvidencePage {
    EvidencePage {
        practice: practice_ref(0),
        id: uuid(5, 7).to_string(),
        sensor: "scan host".to_owned(),
        version: "0.1.0".to_owned(),
        computer: "SERVER01".to_owned(),
        scope: "host".to_owned(),
        observed_at: ago(2),
        received_at: Timestamp::from_second(ago(2).as_second() + 3).unwrap(),
        valid_until: ago(2 - 24 * 7),
        fresh: true,
        seq: 1_291,
        agent_seq: 402,
        prev: "7f0c21aa3d6c9b18f2e9d5f0b7ce51f2f8a6b1c0d44e93715f6f9e0ab1d27c35".to_owned(),
        hash: "c41be08d5a1c6f3e97d20b4e6a8f5d1130f7c2ab94e8d6307b5c1a2f90e4d8b7".to_owned(),
        whole: true,
        says: vec![
            ("Remote Desktop is open to the internet".to_owned(), EvidenceOutcome::Contradicts),
            ("The screen locks within 10 minutes".to_owned(), EvidenceOutcome::Supports),
            ("Whether the drive is encrypted".to_owned(), EvidenceOutcome::Unknown),
        ],
        gaps: vec![("Win32_EncryptableVolume".to_owned(), "access denied; run as administrator".to_owned())],
        body: "{\n  \"kind\": \"config_state\",\n  \"readings\": [\n    { \"check\": \"W21\", \"reading\": \"3389/tcp listening on 0.0.0.0\" }\n  ]\n}".to_owned(),
        cut: false,
    }
}

fn tokens(made: bool) -> Tokens {
    Tokens {
        practices: practice_choices(),
        rows: vec![
            TokenRow { practice: practice_ref(0), by: "Dana Whitfield".to_owned(), at: ago(1), until: ago(-23), used_by: None },
            TokenRow { practice: practice_ref(4), by: "Luis Ortega".to_owned(), at: ago(6), until: ago(-18), used_by: Some("BSD-OP1".to_owned()) },
            TokenRow { practice: practice_ref(9), by: "Luis Ortega".to_owned(), at: ago(50), until: ago(26), used_by: None },
        ],
        made: made.then(|| Made {
            practice: PRACTICES[11].0.to_owned(),
            command: "sudo enamel agent enrol --server https://enamel.northside.example:8443 --token enamel1-sample-token-that-opens-nothing".to_owned(),
            until: ago(-24),
        }),
    }
}

fn settings(part: usize) -> Settings {
    let reach = choices(&[("msp", "All practices"), ("group-1", GROUPS[1])], "msp");
    let all = || -> Vec<Part> {
        vec![
            Part::Tree {
                groups: (0..3)
                    .map(|group| GroupRow {
                        name: GROUPS[group].to_owned(),
                        practices: (0..12)
                            .filter(|n| PRACTICES[*n].1 == group)
                            .map(|n| {
                                (
                                    practice_ref(n),
                                    if n == 0 {
                                        vec!["Main Street".to_owned(), "West Side".to_owned()]
                                    } else {
                                        vec![]
                                    },
                                )
                            })
                            .collect(),
                    })
                    .collect(),
                choices: group_choices(),
            },
            Part::People {
                people: vec![
                    PersonRow {
                        name: "Dana Whitfield".to_owned(),
                        mail: "dana@northside.example".to_owned(),
                        grants: vec![(Role::Owner, "All practices".to_owned(), None)],
                        passkeys: 2,
                        seen: Some(ago(0)),
                    },
                    PersonRow {
                        name: "Luis Ortega".to_owned(),
                        mail: "luis@northside.example".to_owned(),
                        grants: vec![
                            (Role::Engineer, GROUPS[1].to_owned(), None),
                            (Role::Analyst, "All practices".to_owned(), None),
                        ],
                        passkeys: 1,
                        seen: Some(ago(20)),
                    },
                    PersonRow {
                        name: "Priya Shah, CPA".to_owned(),
                        mail: "priya@audit.example".to_owned(),
                        grants: vec![(Role::Auditor, PRACTICES[0].0.to_owned(), Some(ago(-24 * 14)))],
                        passkeys: 0,
                        seen: None,
                    },
                ],
                roles: choices(&[("analyst", "Analyst"), ("engineer", "Engineer")], "analyst"),
                reaches: reach.clone(),
                invitation: Some("https://enamel.northside.example/invitation/sample".to_owned()),
            },
            Part::Keys {
                keys: vec![KeyRow {
                    id: uuid(7, 1).to_string(),
                    name: "Ticket system".to_owned(),
                    role: Role::Analyst,
                    reach: "All practices".to_owned(),
                    used: Some(ago(1)),
                    until: Some(ago(-24 * 60)),
                }],
                made: Some("enk_sample-key-that-opens-nothing".to_owned()),
            },
            Part::Routing {
                routes: vec![
                    RouteRow {
                        severity: Severity::Critical,
                        to: "oncall@northside.example".to_owned(),
                        way: "way-mail",
                        quiet: false,
                        escalate: Some(15),
                    },
                    RouteRow {
                        severity: Severity::High,
                        to: "https://tickets.northside.example/hook".to_owned(),
                        way: "way-webhook",
                        quiet: true,
                        escalate: None,
                    },
                ],
            },
            Part::Trust {
                version: 3,
                threshold: 2,
                operators: vec![
                    Operator {
                        name: "Dana Whitfield".to_owned(),
                        fingerprint: "5f1d c09a 77b3 21e8".to_owned(),
                    },
                    Operator {
                        name: "Luis Ortega".to_owned(),
                        fingerprint: "a20e 94cc 18d6 7f53".to_owned(),
                    },
                    Operator {
                        name: "Safe, paper".to_owned(),
                        fingerprint: "0b7e 33f1 d5a9 c264".to_owned(),
                    },
                ],
            },
        ]
    };
    Settings { part: all().swap_remove(part), parts: all() }
}

fn door(kind: DoorKind) -> Door {
    Door {
        kind,
        mail: String::new(),
        token: "sample".to_owned(),
        wrong: "",
        codes: (0..8)
            .map(|n| format!("{:04}-{:04}-{:04}", 1_234 + n * 7, 4_321 + n, 9_000 - n * 3))
            .collect(),
        next: "/".to_owned(),
    }
}

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

/// A notice as the last form leaves one.
pub(crate) fn notice(words: &Words) -> Notice {
    Notice { good: true, text: words.t("take-done") }
}
