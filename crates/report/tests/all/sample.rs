//! A believable practice to look at: four computers, a dozen findings, a risk run as the model would give it.
//!
//! Used by the tests and, through `#[path]`, by the example that writes it out. Everything in it is invented.

use std::collections::BTreeMap;

use enamel_report::{
    ControlRow, DeviceEntry, Duty, FindingEntry, FindingState, GapEntry, LedgerFacts, ObservationFacts, PreviousRun,
    ReportModel, ResultEntry, SoftwareEntry, SurveyEntry,
};
use enamel_types::control::{Attestation, AttestationRef, ControlState, Statement};
use enamel_types::device::{DeviceInventory, DeviceRole, Hardware, OsFamily, OsInfo};
use enamel_types::patient_data::{Entity, PatientDataSurvey, PhiFolder};
use enamel_types::risk::{
    Assumption, Basis, FactorEffect, FixWorth, HeatMap, HeatMapEntry, Level, LossDistribution, RiskFigures, ScenarioRisk,
    Swing,
};
use enamel_types::software::{DataPath, DentalProduct};
use enamel_types::{
    CheckOutcome, ControlId, ControlStatus, DeviceId, Estimate, Evidence, EvidenceOutcome, Finding, FindingClass,
    FindingId, Fix, Gap, Minutes, ObservationId, PracticeId, PracticeProfile, RuleId, RuleResult, ScenarioId, Severity,
    Timestamp, Usd,
};
use uuid::Uuid;

/// The moment the sample speaks of.
pub(crate) fn now() -> Timestamp {
    time("2026-11-24T14:05:00Z")
}

fn time(text: &str) -> Timestamp {
    text.parse().expect("a time in the sample")
}

/// The nth computer: server, front desk, operatory, x-ray.
pub(crate) fn device(n: u8) -> DeviceId {
    DeviceId::from_uuid(Uuid::from_bytes([0xd0, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, n]))
}

/// The observation at ledger entry `n`.
pub(crate) fn observation(n: u8) -> ObservationId {
    ObservationId::from_uuid(Uuid::from_bytes([1, 0x99, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, n]))
}

fn rule(name: &str) -> RuleId {
    RuleId::new(name).expect("a rule id in the sample")
}

fn control_id(name: &str) -> ControlId {
    ControlId::new(name).expect("a control id in the sample")
}

/// The whole sample.
pub(crate) fn model() -> ReportModel {
    let findings = findings();
    ReportModel {
        practice_id: PracticeId::from_uuid(Uuid::from_bytes([0xaa, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, 1])),
        practice: PracticeProfile {
            name: "Maple Street Dental".to_owned(),
            msp: "Northside IT".to_owned(),
            staff: Some(11),
            patients: Some(4_300),
            ..PracticeProfile::default()
        },
        generated_at: now(),
        version: "0.1.0".to_owned(),
        devices: devices(),
        results: results(),
        controls: controls(),
        risk: risk(&findings),
        findings,
        heat_map: Some(heat_map()),
        patient_data: surveys(),
        software: software(),
        gaps: gaps(),
        evidence: evidence(),
        ledger: LedgerFacts { entries: 214, root: hash(214) },
        previous: Some(PreviousRun { at: time("2026-10-26T09:00:00Z"), mean: Some(Usd(48_300.0)) }),
    }
}

fn devices() -> Vec<DeviceEntry> {
    let entry = |n: u8, hostname: &str, family, name: &str, role| DeviceEntry {
        id: device(n),
        inventory: DeviceInventory {
            hostname: hostname.to_owned(),
            os: OsInfo {
                family,
                name: name.to_owned(),
                product: "windows".to_owned(),
                version: "10.0".to_owned(),
                build: String::new(),
                edition: String::new(),
                role,
            },
            hardware: Hardware::default(),
            users: Vec::new(),
            shares: Vec::new(),
            addresses: vec!["192.168.1.10".to_owned()],
            listening: Vec::new(),
        },
        observation: observation(n),
    };
    vec![
        entry(1, "SERVER01", OsFamily::Windows, "Windows Server 2019 Standard", DeviceRole::Server),
        entry(2, "FRONTDESK", OsFamily::Windows, "Windows 11 Pro 23H2", DeviceRole::Workstation),
        entry(3, "OP2", OsFamily::Windows, "Windows 10 Pro 22H2", DeviceRole::Workstation),
        entry(4, "PANO", OsFamily::Windows, "Windows 7 Professional", DeviceRole::Workstation),
    ]
}

/// A finding as the judges make them.
#[allow(clippy::too_many_arguments)] // one line of the sample's table each
fn finding(
    rule_name: &str,
    n: u8,
    subject: &str,
    class: FindingClass,
    severity: Severity,
    title: &str,
    why: &str,
    seen: &str,
    fix: (&str, u32),
    controls: &[&str],
) -> FindingEntry {
    FindingEntry {
        finding: Finding {
            id: FindingId::derive(device(n), &rule(rule_name), subject),
            rule: rule(rule_name),
            device: device(n),
            subject: subject.to_owned(),
            class,
            severity,
            title: title.to_owned(),
            why: why.to_owned(),
            seen: seen.to_owned(),
            fix: Fix { how: fix.0.to_owned(), minutes: Minutes(fix.1) },
            controls: controls.iter().map(|name| control_id(name)).collect(),
            observation: observation(n + 4),
        },
        first_seen: time("2026-09-02T10:00:00Z"),
        last_seen: time("2026-11-24T13:50:00Z"),
        state: FindingState::Open,
    }
}

fn findings() -> Vec<FindingEntry> {
    use FindingClass::{Compliance, DataSecurity, Vulnerability};
    let smb = ("1. Open PowerShell as administrator.\n2. Run Disable-WindowsOptionalFeature -Online -FeatureName SMB1Protocol.\n3. Restart the computer when no patient is in the chair.", 10);
    let smb_why = "SMB1 is the file sharing that WannaCry spread through. A computer that still speaks it can be taken over from any other computer in the office.";
    let rdp = ("1. Close port 3389 in the firewall.\n2. Let the IT provider come in through its own tool with a second proof of identity.\n3. Ask for the reason in writing if somebody needs it open.", 45);
    let mut all = vec![
        finding("W09", 1, "", Compliance, Severity::Critical, "Remote Desktop is open without a second proof of identity",
            "Remote Desktop is the door most ransomware gangs come through. A stolen or guessed password is enough to sit at the server.",
            r"fDenyTSConnections = 0 and UserAuthentication = 0 in HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server", rdp, &["164.312(d)", "164.312(a)(1)"]),
        finding("W03", 3, "", Compliance, Severity::High, "The old file sharing SMB1 is switched on", smb_why,
            r"SMB1 = 1 in HKLM\SYSTEM\CurrentControlSet\Services\LanmanServer\Parameters", smb, &["164.308(a)(5)(ii)(B)"]),
        finding("W03", 4, "", Compliance, Severity::High, "The old file sharing SMB1 is switched on", smb_why,
            r"SMB1 = 1 in HKLM\SYSTEM\CurrentControlSet\Services\LanmanServer\Parameters", smb, &["164.308(a)(5)(ii)(B)"]),
        finding("secret.clear", 1, r"C:\Program Files (x86)\Open Dental\FreeDentalConfig.xml", DataSecurity, Severity::High,
            "The database password of Open Dental stands in clear text in a file that everybody can read",
            "Whoever can read this file can read every chart, without a trace in the program's own log.",
            "the element <Password> holds a value; Users may read the file",
            ("Give the middle tier its own account, and let only administrators and the service read the file.", 40), &["164.312(a)(1)"]),
        finding("phi.folder", 2, r"C:\Users\frontdesk\Downloads", DataSecurity, Severity::High,
            "Patient data lies in a folder that other accounts can read",
            "Exports for a payer are forgotten here. They leave with the computer when it is stolen or sold.",
            "312 people in 4 files; 3 CSV, 1 X12 837", ("Move the files to the server, then delete them here and empty the recycle bin.", 20), &["164.312(a)(1)", "164.310(d)(1)"]),
        finding("os.eol", 4, "windows 7", Vulnerability, Severity::High, "Windows 7 gets no security updates any more",
            "Every weakness found since January 2020 stays open on this computer for good.", "Windows 7 Professional; support ended on 14 January 2020",
            ("Ask the x-ray maker for a supported version. Until then, cut this computer off from the internet and from mail.", 180), &["164.308(a)(5)(ii)(B)"]),
        finding("W12", 2, "", Compliance, Severity::Medium, "The screen does not lock by itself",
            "A patient at the counter can read what stands on the screen when nobody sits there.", "no time-out is set",
            ("Set the lock after 10 minutes by policy.", 5), &["164.312(a)(2)(iii)"]),
        finding("W12", 3, "", Compliance, Severity::Medium, "The screen does not lock by itself",
            "A patient at the counter can read what stands on the screen when nobody sits there.", "no time-out is set",
            ("Set the lock after 10 minutes by policy.", 5), &["164.312(a)(2)(iii)"]),
        finding("W33", 3, r"C:\", Compliance, Severity::Medium, "The disk is not encrypted",
            "Who takes the computer takes the files. With encryption a stolen computer is not a breach.", "BitLocker protection is off on C:",
            ("1. Save the recovery key in two places.\n2. Switch on BitLocker.", 30), &["164.312(a)(2)(iv)"]),
        finding("W51", 2, "", Compliance, Severity::Low, "PowerShell keeps no record of what it ran",
            "After an incident nobody can say what was done.", "EnableScriptBlockLogging is not set", ("Set it by policy.", 5), &["164.312(b)"]),
    ];
    let mut gone = finding("W20", 2, "", Compliance, Severity::High, "Antivirus was switched off", "It stops what everybody knows.",
        "Defender is on", ("Switch it on.", 5), &["164.308(a)(5)(ii)(B)"]);
    gone.state = FindingState::Resolved;
    gone.last_seen = time("2026-10-30T09:00:00Z");
    let mut stale = finding("W41", 3, "", Compliance, Severity::Low, "Guests can open a share", "Anybody on the Wi-Fi can look in.",
        "RestrictNullSessAccess = 0", ("Switch it off.", 5), &["164.312(a)(1)"]);
    stale.state = FindingState::Stale;
    stale.last_seen = time("2026-07-01T09:00:00Z");
    all.extend([gone, stale]);
    all
}

fn results() -> Vec<ResultEntry> {
    let entry = |n: u8, name: &str, title: &str, outcome, detail: &str| ResultEntry {
        device: device(n),
        result: RuleResult { rule: rule(name), title: title.to_owned(), outcome, detail: detail.to_owned() },
    };
    vec![
        entry(3, "W03", "SMB1 is off", CheckOutcome::Fail, "SMB1 = 1"),
        entry(2, "W03", "SMB1 is off", CheckOutcome::Pass, "SMB1 = 0"),
        entry(1, "W20", "Antivirus is on", CheckOutcome::Pass, "Defender, signatures 1 day old"),
        entry(4, "W20", "Antivirus is on", CheckOutcome::Unknown, "WMI did not answer; run the scan as administrator"),
        entry(1, "W60", "Wireless is encrypted", CheckOutcome::NotApplicable, "no wireless card"),
    ]
}

fn controls() -> Vec<ControlRow> {
    let proof = |control: &str, outcome, name: &str, statement: &str, n: u8| Evidence {
        control: control_id(control),
        outcome,
        rule: rule(name),
        statement: statement.to_owned(),
        device: device(n),
        observation: observation(n + 4),
        observed_at: time("2026-11-24T13:50:00Z"),
        valid_until: time("2026-12-24T13:50:00Z"),
    };
    let row = |id: &str, section: &str, title: &str, question: &str, duty, state, why: &str, evidence: Vec<Evidence>| ControlRow {
        id: control_id(id),
        section: section.to_owned(),
        title: title.to_owned(),
        question: question.to_owned(),
        duty,
        status: ControlStatus {
            control: control_id(id),
            state,
            why: why.to_owned(),
            evidence,
            attestation: None,
        },
        proposed: None,
    };
    use ControlState::{Met, NotMet, Partly, Unknown};
    use EvidenceOutcome::{Contradicts, Supports};
    let (admin, physical, technical) =
        ("Administrative safeguards (164.308)", "Physical safeguards (164.310)", "Technical safeguards (164.312)");
    let mut rows = vec![
        row("164.308(a)(1)(ii)(A)", admin, "Risk analysis", "Do we know where patient data could leak, and how bad that would be?", Duty::Required, Met,
            "This analysis is from today and rests on 214 observations.", vec![proof("164.308(a)(1)(ii)(A)", Supports, "risk.analysis", "A risk analysis was computed from measured facts", 1)]),
        row("164.308(a)(3)(ii)(C)", admin, "Termination procedures", "Are accounts closed when somebody leaves?", Duty::Addressable, Unknown, "No evidence has been seen, and nobody has stated anything.", vec![]),
        row("164.308(a)(5)(ii)(B)", admin, "Protection from malicious software", "Does every computer have protection that is switched on and fresh?", Duty::Addressable, Partly,
            "2 of 4 computers still speak SMB1; antivirus is on where it could be seen.",
            vec![proof("164.308(a)(5)(ii)(B)", Contradicts, "W03", "The old file sharing SMB1 is switched on", 3),
                 proof("164.308(a)(5)(ii)(B)", Contradicts, "W03", "The old file sharing SMB1 is switched on", 4),
                 proof("164.308(a)(5)(ii)(B)", EvidenceOutcome::Unknown, "W20", "Antivirus could not be asked", 4),
                 proof("164.308(a)(5)(ii)(B)", Supports, "W20", "Antivirus is on and its signatures are 1 day old", 1)]),
        row("164.308(b)(1)", admin, "Business associate contracts", "Is there a signed contract with everybody who handles patient data for us?", Duty::Required, Met, "Stated, and the statement is still good.", vec![]),
        row("164.310(b)", physical, "Workstation use", "Do people know how a computer at the counter may be used?", Duty::Required, Unknown, "The last statement ran out on 1 July 2026.", vec![]),
        row("164.310(d)(1)", physical, "Device and media controls", "Do we know where disks and sticks with patient data go?", Duty::Required, NotMet, "Patient data lies in a download folder.",
            vec![proof("164.310(d)(1)", Contradicts, "phi.folder", "312 people in 4 files below Downloads", 2)]),
        row("164.312(a)(1)", technical, "Access control", "Can only those read patient data who need it?", Duty::Required, NotMet, "A database password stands in clear text.",
            vec![proof("164.312(a)(1)", Contradicts, "secret.clear", "The database password of Open Dental stands in clear text", 1)]),
        row("164.312(a)(2)(iii)", technical, "Automatic logoff", "Does a screen lock when nobody sits there?", Duty::Addressable, Partly, "2 of 4 computers do not lock.",
            vec![proof("164.312(a)(2)(iii)", Contradicts, "W12", "The screen does not lock by itself", 2), proof("164.312(a)(2)(iii)", Supports, "W12", "The screen locks after 10 minutes", 1)]),
        row("164.312(a)(2)(iv)", technical, "Encryption and decryption", "Is patient data unreadable on a stolen computer?", Duty::Addressable, Partly, "1 of 4 disks is not encrypted.",
            vec![proof("164.312(a)(2)(iv)", Contradicts, "W33", "BitLocker protection is off on C:", 3)]),
        row("164.312(b)", technical, "Audit controls", "Could we say afterwards who did what?", Duty::Required, Met, "Windows keeps its records for 30 days.",
            vec![proof("164.312(b)", Supports, "W50", "The security log holds 192 MB", 1)]),
        row("164.312(d)", technical, "Person or entity authentication", "Does everybody prove who they are before they see patient data?", Duty::Required, NotMet, "Remote Desktop takes a password alone.",
            vec![proof("164.312(d)", Contradicts, "W09", "Remote Desktop is open without a second proof of identity", 1)]),
    ];
    rows[3].status.attestation = Some(AttestationRef {
        observation: observation(9),
        made_at: time("2026-05-04T09:00:00Z"),
        attestation: Attestation {
            control: control_id("164.308(b)(1)"),
            statement: Statement::Implemented,
            reason: "Signed contracts with all six partners are in the office safe, red binder.".to_owned(),
            person: "Dana Reyes, office manager".to_owned(),
            expires_at: time("2027-05-04T09:00:00Z"),
        },
    });
    for row in &mut rows {
        let mut proposed = row.status.clone();
        if row.id.as_str() == "164.312(a)(2)(iv)" {
            proposed.state = NotMet;
            proposed.why = "Encryption would be required on every computer.".to_owned();
        }
        row.proposed = Some(proposed);
    }
    rows
}

fn losses(mean: f64, p50: f64, p90: f64, p95: f64, any_loss: f64) -> LossDistribution {
    // A lognormal tail by a logistic stand-in: close enough to look at, and free of a random number.
    let curve = (0..240)
        .map(|step| {
            let loss = 10f64.powf(2.0 + f64::from(step) / 48.0);
            let middle = (mean / any_loss).max(1.0);
            (Usd(loss), any_loss / (1.0 + (loss / middle).powf(1.7)))
        })
        .collect();
    LossDistribution { mean: Usd(mean), p50: Usd(p50), p90: Usd(p90), p95: Usd(p95), any_loss, curve }
}

fn risk(findings: &[FindingEntry]) -> RiskFigures {
    let scenario = |id: &str, title: &str, story: &str, events: f64, mean: f64, p95: f64| ScenarioRisk {
        id: ScenarioId::new(id).expect("a scenario id in the sample"),
        title: title.to_owned(),
        story: story.to_owned(),
        events_per_year: events,
        losses: losses(mean, 0.0, 0.0, p95, events.min(0.9)),
        attempts_per_year: events * 8.0,
        susceptibility: 0.12,
        event_loss: Usd(mean / events),
        factors: Vec::new(),
    };
    let mut scenarios = vec![
        scenario("ransomware-remote", "Ransomware through a remote door", "Somebody guesses or buys a password, sits down at the server at night and encrypts it.", 0.062, 17_900.0, 68_000.0),
        scenario("ransomware-mail", "Ransomware through mail", "Somebody at the front desk opens an attachment that looks like an invoice.", 0.048, 11_300.0, 0.0),
        scenario("ransomware-msp", "Ransomware through the IT provider", "The provider's own tool is misused to reach all its practices at once.", 0.011, 4_200.0, 0.0),
        scenario("mail-takeover", "Mail account taken over", "Somebody reads the mail of a dentist and sends patients a changed bank account.", 0.12, 2_900.0, 14_000.0),
        scenario("stolen-device", "Stolen computer", "A laptop or a small computer is carried off over the weekend.", 0.03, 1_450.0, 0.0),
    ];
    scenarios[0].factors = vec![FactorEffect {
        factor: "Remote doors take a second proof of identity".to_owned(),
        acts_on: "susceptibility".to_owned(),
        multiplier: 2.4,
        seen: "1 of 1 rule fails".to_owned(),
        why: "A password alone can be bought.".to_owned(),
    }];
    let fix = |name: &str, title: &str, saves: f64, minutes: u32| {
        let of_rule: Vec<_> = findings.iter().filter(|entry| entry.finding.rule.as_str() == name && entry.state == FindingState::Open).collect();
        FixWorth {
            id: rule(name),
            title: title.to_owned(),
            how: of_rule.first().map(|entry| entry.finding.fix.how.clone()).unwrap_or_default(),
            saves_mean: Usd(saves),
            minutes: Minutes(minutes),
            saves_per_hour: Usd(saves / f64::from(minutes) * 60.0),
            findings: of_rule.iter().map(|entry| entry.finding.id).collect(),
        }
    };
    let assumption = |factor: &str, value: &str, basis, source: &str| Assumption {
        factor: factor.to_owned(),
        value: value.to_owned(),
        basis,
        source: source.to_owned(),
    };
    RiskFigures {
        trials: 100_000,
        seed: 1,
        total: losses(37_750.0, 0.0, 61_000.0, 168_000.0, 0.24),
        scenarios,
        fixes: vec![
            fix("W09", "Close Remote Desktop or put a second proof of identity in front", 12_400.0, 45),
            fix("W03", "Switch off the old file sharing SMB1", 2_100.0, 20),
            fix("secret.clear", "Take the Open Dental password out of the clear", 3_050.0, 40),
            fix("phi.folder", "Clear the download folder of the front desk", 640.0, 20),
            fix("os.eol", "Cut the Windows 7 x-ray computer off from the internet", 1_900.0, 180),
            fix("W33", "Encrypt the disk of OP2", 310.0, 30),
        ],
        assumptions: vec![
            assumption("Patients on file", "4,120 (3,900 to 4,400)", Basis::Measured, "found by the search of D:\\OpenDentImages, entry 11"),
            assumption("Days of downtime after ransomware", "2 to 23 days, most likely 8", Basis::Cited, "Coveware, third quarter 2025"),
            assumption("Takings of a working day", "$4,200", Basis::Stated, "practice file"),
            assumption("Share of patients who leave after a breach", "0% to 6%, most likely 2%", Basis::Judgement, "No study of dental practices was found; half of what hospitals report, because patients know their dentist."),
        ],
        yearly_takings: Usd(840_000.0),
        swings: vec![
            Swing { factor: "Ransomware through a remote door: attempts in a year".to_owned(), low: Usd(21_000.0), high: Usd(71_000.0) },
            Swing { factor: "Days of downtime after ransomware".to_owned(), low: Usd(28_000.0), high: Usd(52_000.0) },
        ],
    }
}

fn heat_map() -> HeatMap {
    use Level::{High, Low, Moderate, VeryHigh, VeryLow};
    let place = |id: &str, likelihood, impact, risk| HeatMapEntry {
        id: ScenarioId::new(id).expect("a scenario id in the sample"),
        likelihood,
        impact,
        risk,
    };
    HeatMap {
        label: "Levels are drawn from the yearly chance and from the loss as a share of a year's takings.".to_owned(),
        cells: [
            [VeryLow, VeryLow, VeryLow, Low, Low],
            [VeryLow, Low, Low, Low, Moderate],
            [VeryLow, Low, Moderate, Moderate, High],
            [VeryLow, Low, Moderate, High, VeryHigh],
            [VeryLow, Low, Moderate, High, VeryHigh],
        ],
        scenarios: vec![
            place("ransomware-remote", Moderate, High, Moderate),
            place("ransomware-mail", Moderate, High, Moderate),
            place("mail-takeover", High, Low, Low),
            place("stolen-device", Low, Moderate, Low),
        ],
    }
}

fn surveys() -> Vec<SurveyEntry> {
    let folder = |path: &str, files: u64, persons: Estimate, formats: &[(&str, u64)], entities: &[(Entity, u64)], readable| PhiFolder {
        path: path.to_owned(),
        files,
        persons,
        entities: entities.iter().copied().collect(),
        formats: formats.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect(),
        examples: vec![format!("{path}\\pano_0147.dcm")],
        readable_by_others: readable,
    };
    vec![
        SurveyEntry {
            device: device(1),
            observation: observation(11),
            survey: PatientDataSurvey {
                root: r"D:\OpenDentImages".to_owned(),
                files: 48_210,
                bytes: 212_000_000_000,
                files_with_phi: 31_477,
                persons: Estimate { value: 4_120, low: 3_900, high: 4_400 },
                folders: vec![
                    folder(r"D:\OpenDentImages\A-M", 17_210, Estimate { value: 2_240, low: 2_100, high: 2_390 }, &[("DICOM", 15_900), ("PDF", 1_310)], &[(Entity::Name, 2_240), (Entity::Dob, 2_240), (Entity::Mrn, 2_101)], Some(true)),
                    folder(r"D:\OpenDentImages\N-Z", 14_011, Estimate { value: 1_852, low: 1_740, high: 1_980 }, &[("DICOM", 13_020), ("PDF", 991)], &[(Entity::Name, 1_852), (Entity::Dob, 1_850)], Some(false)),
                    folder(r"D:\OpenDentImages\EOB 2019 old backup", 256, Estimate { value: 611, low: 540, high: 690 }, &[("X12 835", 240), ("CSV", 16)], &[(Entity::Ssn, 212), (Entity::MemberId, 611), (Entity::Name, 611)], None),
                ],
                folders_not_listed: 0,
                problems: BTreeMap::from([("encrypted archive, no password given".to_owned(), 3), ("file cut short".to_owned(), 12)]),
            },
        },
        SurveyEntry {
            device: device(2),
            observation: observation(12),
            survey: PatientDataSurvey {
                root: r"C:\Users\frontdesk\Downloads".to_owned(),
                files: 812,
                bytes: 1_340_000_000,
                files_with_phi: 4,
                persons: Estimate::exact(312),
                folders: vec![folder(r"C:\Users\frontdesk\Downloads", 4, Estimate::exact(312), &[("CSV", 3), ("X12 837", 1)], &[(Entity::MemberId, 312), (Entity::Name, 312), (Entity::Dob, 290)], Some(true))],
                folders_not_listed: 0,
                problems: BTreeMap::new(),
            },
        },
    ]
}

fn software() -> Vec<SoftwareEntry> {
    let path = |path: &str, holds: &str| DataPath { path: path.to_owned(), holds: holds.to_owned() };
    let product = |name: &str, category: &str, database: Option<&str>, data_paths, by: &str, weak: &[&str]| DentalProduct {
        signature: name.to_lowercase(),
        product: name.to_owned(),
        category: category.to_owned(),
        version: String::new(),
        database: database.map(str::to_owned),
        data_paths,
        recognised_by: vec![by.to_owned()],
        known_vulnerabilities: weak.iter().map(|text| (*text).to_owned()).collect(),
    };
    vec![
        SoftwareEntry {
            device: device(1),
            observation: observation(5),
            packages: 143,
            services_running: 88,
            dental: vec![product("Open Dental", "practice management", Some("MariaDB"), vec![path(r"C:\mysql\data", "database"), path(r"D:\OpenDentImages", "images")], "service OpenDentalService", &["CVE-2018-15719: blank database password before 18.4"])],
        },
        SoftwareEntry {
            device: device(4),
            observation: observation(8),
            packages: 61,
            services_running: 54,
            dental: vec![product("Romexis", "imaging", Some("SQL Server"), vec![], r"C:\Program Files\Planmeca\Romexis", &[])],
        },
    ]
}

fn gaps() -> Vec<GapEntry> {
    let gap = |n: u8, what: &str, why: &str| GapEntry {
        device: device(n),
        observation: observation(n + 4),
        gap: Gap { what: what.to_owned(), why: why.to_owned() },
    };
    vec![
        gap(4, "antivirus state", "Windows did not answer; run the scan as administrator"),
        gap(2, r"C:\Users\drlee\Documents", "access was refused; run the scan as administrator or as this user"),
        gap(2, r"C:\Users\drlee\Desktop", "access was refused; run the scan as administrator or as this user"),
    ]
}

/// Evidence for every observation the sample names.
fn evidence() -> BTreeMap<ObservationId, ObservationFacts> {
    let facts = |n: u8| {
        let (sensor, scope) = match n {
            1..=4 => ("scan host", "inventory"),
            5..=8 => ("scan host", "host"),
            9 => ("attest", "attest:164.308(b)(1)"),
            11 => ("scan phi", r"phi:D:\OpenDentImages"),
            _ => ("scan phi", r"phi:C:\Users\frontdesk\Downloads"),
        };
        ObservationFacts {
            hash: hash(n),
            seq: u64::from(n) + 190,
            sensor: sensor.to_owned(),
            device: device(match n {
                1..=8 => (n - 1) % 4 + 1,
                12 => 2,
                _ => 1,
            }),
            scope: scope.to_owned(),
            observed_at: time("2026-11-24T13:50:00Z"),
            valid_until: if n == 7 { time("2026-11-01T00:00:00Z") } else { time("2026-12-24T13:50:00Z") },
        }
    };
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12].into_iter().map(|n| (observation(n), facts(n))).collect()
}

/// A hash of the right shape.
fn hash(n: u8) -> String {
    (0..32u8).map(|index| format!("{:02x}", n.wrapping_mul(37).wrapping_add(index.wrapping_mul(59)))).collect()
}
