//! What is said of one practice: its page, a finding, evidence, a command that waits.

use enamel_server::console::chart;
use enamel_server::console::screens::approvals::HeldCommand;
use enamel_server::console::screens::evidence::EvidencePage;
use enamel_server::console::screens::findings::{AcceptForm, Acceptance, Event, FindingDetail};
use enamel_server::console::screens::practice::{
    Accepted, ControlRow, Controls, DataPlace, PatientData, PlanItem, Practice, Risk, Scenario,
};
use enamel_types::command::CommandClass;
use enamel_types::control::Grounds;
use enamel_types::{CommandId, ControlState, Estimate, EvidenceOutcome, Minutes, Timestamp, Usd};

use super::fleet::{device_rows, finding_rows, losses, trend_points};
use super::{PRACTICES, ago, finding_id, now, practice_id, practice_ref, uuid};

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

pub(super) fn evidence_path() -> String {
    format!("/practices/{}/evidence/{}", practice_id(0), uuid(5, 7))
}

pub(super) fn finding_path(n: usize) -> String {
    format!("/practices/{}/findings/{}", practice_id(0), finding_id(n))
}

pub(super) fn held(lone: bool) -> HeldCommand {
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

pub(super) fn accepted_finding() -> FindingDetail {
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

pub(super) fn evidence() -> EvidencePage {
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
