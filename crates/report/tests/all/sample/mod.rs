//! A believable practice to look at: four computers, a dozen findings, a risk run as the model would give it.
//!
//! Used by the tests and, through `#[path]`, by the example that writes it out. Everything in it is invented.

mod controls;
mod findings;
mod risk;

use std::collections::BTreeMap;

use enamel_report::letter::{Brand, Colour, Month};
use enamel_report::{
    AcceptedRisk, DeviceEntry, GapEntry, LedgerFacts, PreviousRun, ReportModel, ResultEntry, SoftwareEntry,
    SurveyEntry,
};
use enamel_types::device::{DeviceInventory, DeviceRole, Hardware, OsFamily, OsInfo};
use enamel_types::patient_data::{Entity, PatientDataSurvey, PhiFolder};
use enamel_types::software::{DataPath, DentalProduct};
use enamel_types::{
    CheckOutcome, ControlId, DeviceId, Estimate, FindingEntry, Gap, ObservationFacts, ObservationId,
    PracticeId, PracticeProfile, RiskAcceptance, RuleId, RuleResult, Timestamp, Usd,
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
    let findings = findings::findings();
    ReportModel {
        practice_id: PracticeId::from_uuid(Uuid::from_bytes([
            0xaa, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, 1,
        ])),
        practice: PracticeProfile {
            name: "Maple Street Dental".to_owned(),
            msp: "Northside IT".to_owned(),
            patients: Some(4_300),
            ..PracticeProfile::default()
        },
        generated_at: now(),
        version: "0.1.0".to_owned(),
        devices: devices(),
        results: results(),
        controls: controls::controls(),
        risk: risk::risk(&findings),
        heat_map: Some(risk::heat_map()),
        patient_data: surveys(),
        persons: Estimate { value: 4_432, low: 3_900, high: 4_712 },
        software: software(),
        gaps: gaps(),
        accepted: vec![accepted(&findings)],
        evidence: evidence(),
        ledger: LedgerFacts { entries: 213, through_seq: 214, root: hash(214), lost: 1, lost_seqs: vec![6] },
        previous: Some(PreviousRun {
            at: time("2026-10-26T09:00:00Z"),
            mean: Usd(48_300.0),
            open: findings.iter().map(|entry| (entry.finding.id, entry.finding.severity)).collect(),
        }),
        findings,
    }
}

/// The x-ray computer whose Windows nobody can replace yet.
fn accepted(findings: &[FindingEntry]) -> AcceptedRisk {
    let finding =
        &findings.iter().find(|entry| entry.finding.device == device(4)).expect("one of the x-ray's").finding;
    AcceptedRisk {
        title: finding.title.clone(),
        device: finding.device,
        observation: observation(4),
        acceptance: RiskAcceptance {
            finding: finding.id,
            reason:
                "The sensor's driver does not run on a newer Windows; the sensor is replaced in the spring"
                    .to_owned(),
            compensating: "No internet and no mail; it reaches the image server and nothing else".to_owned(),
            person: "Dana Reyes, office manager".to_owned(),
            expires_at: time("2027-04-01T00:00:00Z"),
        },
    }
}

/// The month before the sample's moment.
pub(crate) fn month() -> Month {
    Month {
        from: time("2026-11-01T00:00:00Z"),
        until: time("2026-12-01T00:00:00Z"),
        trend: [
            ("2026-06", 91_000.0),
            ("2026-07", 88_400.0),
            ("2026-08", 71_000.0),
            ("2026-09", 73_500.0),
            ("2026-10", 48_300.0),
            ("2026-11", 44_200.0),
        ]
        .map(|(month, mean)| (time(&format!("{month}-24T14:05:00Z")), Usd(mean)))
        .to_vec(),
        silent: vec![("OP4".to_owned(), time("2026-11-12T17:00:00Z"))],
    }
}

/// The MSP under whose name the letters go out.
pub(crate) fn brand() -> Brand {
    Brand {
        name: "Northside IT".to_owned(),
        contact: vec!["555-0142".to_owned(), "help@northside.example".to_owned()],
        colour: Colour::parse("#5b2a86").expect("a dark colour"),
        logo: None,
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

fn results() -> Vec<ResultEntry> {
    let entry = |n: u8, name: &str, title: &str, outcome, detail: &str| ResultEntry {
        device: device(n),
        result: RuleResult { rule: rule(name), title: title.to_owned(), outcome, detail: detail.to_owned() },
    };
    vec![
        entry(3, "W03", "SMB1 is off", CheckOutcome::Fail, "SMB1 = 1"),
        entry(2, "W03", "SMB1 is off", CheckOutcome::Pass, "SMB1 = 0"),
        entry(1, "W20", "Antivirus is on", CheckOutcome::Pass, "Defender, signatures 1 day old"),
        entry(
            4,
            "W20",
            "Antivirus is on",
            CheckOutcome::Unknown,
            "WMI did not answer; run the scan as administrator",
        ),
        entry(1, "W60", "Wireless is encrypted", CheckOutcome::NotApplicable, "no wireless card"),
    ]
}

fn surveys() -> Vec<SurveyEntry> {
    let folder = |path: &str,
                  files: u64,
                  persons: Estimate,
                  formats: &[(&str, u64)],
                  entities: &[(Entity, u64)],
                  readable| PhiFolder {
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
                    folder(
                        r"D:\OpenDentImages\A-M",
                        17_210,
                        Estimate { value: 2_240, low: 2_100, high: 2_390 },
                        &[("DICOM", 15_900), ("PDF", 1_310)],
                        &[(Entity::Name, 2_240), (Entity::Dob, 2_240), (Entity::Mrn, 2_101)],
                        Some(true),
                    ),
                    folder(
                        r"D:\OpenDentImages\N-Z",
                        14_011,
                        Estimate { value: 1_852, low: 1_740, high: 1_980 },
                        &[("DICOM", 13_020), ("PDF", 991)],
                        &[(Entity::Name, 1_852), (Entity::Dob, 1_850)],
                        Some(false),
                    ),
                    folder(
                        r"D:\OpenDentImages\EOB 2019 old backup",
                        256,
                        Estimate { value: 611, low: 540, high: 690 },
                        &[("X12 835", 240), ("CSV", 16)],
                        &[(Entity::Ssn, 212), (Entity::MemberId, 611), (Entity::Name, 611)],
                        None,
                    ),
                ],
                folders_not_listed: 0,
                problems: BTreeMap::from([
                    ("encrypted".to_owned(), 3),
                    ("malformed".to_owned(), 12),
                    ("unsupported".to_owned(), 3),
                ]),
                files_not_searched: BTreeMap::from([("database".to_owned(), 3)]),
                bytes_not_searched: BTreeMap::from([("database".to_owned(), 4_100_000_000)]),
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
                folders: vec![folder(
                    r"C:\Users\frontdesk\Downloads",
                    4,
                    Estimate::exact(312),
                    &[("CSV", 3), ("X12 837", 1)],
                    &[(Entity::MemberId, 312), (Entity::Name, 312), (Entity::Dob, 290)],
                    Some(true),
                )],
                folders_not_listed: 0,
                problems: BTreeMap::new(),
                files_not_searched: BTreeMap::new(),
                bytes_not_searched: BTreeMap::new(),
            },
        },
    ]
}

fn software() -> Vec<SoftwareEntry> {
    let path = |path: &str, holds: &str| DataPath { path: path.to_owned(), holds: holds.to_owned() };
    let product = |name: &str, category: &str, database: Option<&str>, data_paths, by: &str| DentalProduct {
        signature: name.to_lowercase(),
        product: name.to_owned(),
        category: category.to_owned(),
        version: String::new(),
        database: database.map(str::to_owned),
        data_paths,
        recognised_by: vec![by.to_owned()],
    };
    vec![
        SoftwareEntry {
            device: device(1),
            observation: observation(5),
            packages: 143,
            services_running: 88,
            dental: vec![product(
                "Open Dental",
                "practice management",
                Some("MariaDB"),
                vec![path(r"C:\mysql\data", "database"), path(r"D:\OpenDentImages", "images")],
                "service OpenDentalService",
            )],
        },
        SoftwareEntry {
            device: device(4),
            observation: observation(8),
            packages: 61,
            services_running: 54,
            dental: vec![product(
                "Romexis",
                "imaging",
                Some("SQL Server"),
                vec![],
                r"C:\Program Files\Planmeca\Romexis",
            )],
        },
    ]
}

fn gaps() -> Vec<GapEntry> {
    let mut all = gaps_of_hosts();
    for entry in surveys() {
        let SurveyEntry { device, observation, survey } = entry;
        all.extend(survey.gaps().into_iter().map(|gap| GapEntry { device, observation, gap }));
    }
    all
}

fn gaps_of_hosts() -> Vec<GapEntry> {
    let gap = |n: u8, what: &str, why: &str| GapEntry {
        device: device(n),
        observation: observation(n + 4),
        gap: Gap { what: what.to_owned(), why: why.to_owned() },
    };
    vec![
        gap(4, "antivirus state", "Windows did not answer; run the scan as administrator"),
        gap(
            2,
            r"C:\Users\drlee\Documents",
            "access was refused; run the scan as administrator or as this user",
        ),
        gap(
            2,
            r"C:\Users\drlee\Desktop",
            "access was refused; run the scan as administrator or as this user",
        ),
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
    let byte = |index: u8| n.wrapping_mul(37).wrapping_add(index.wrapping_mul(59));
    (0..32u8).map(byte).fold(String::new(), |hash, byte| hash + &format!("{byte:02x}"))
}
