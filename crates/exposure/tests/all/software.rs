//! `scan software` from the host to the judgement and the export.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail as the tests themselves do")]

use std::fs;
use std::path::{Path, PathBuf};

use cyclonedx_bom::prelude::Validate;
use enamel_exposure::software::{cyclonedx, folder_scope};
use enamel_exposure::{EolTable, Signatures, judge_software, observe_folder, observe_software};
use enamel_host::Host;
use enamel_testkit::RecordedHost;
use enamel_types::software::{DentalProduct, Package, PackageSource, SoftwareInventory};
use enamel_types::{
    AgentId, Body, CheckOutcome, DeviceId, Gap, Judgement, Observation, ObservationId, PracticeId, Sensor,
    Severity, Timestamp,
};
use uuid::Uuid;

use crate::secrets::{PLANTED, windows_with_secrets};

pub(crate) fn signatures() -> Signatures {
    Signatures::builtin().unwrap()
}

pub(crate) fn observe(host: &dyn Host, folders: &[PathBuf]) -> (SoftwareInventory, Vec<Gap>) {
    let (mut software, mut gaps) = observe_software(host, &signatures()).unwrap();
    for folder in folders {
        let (below, more) = observe_folder(host, &signatures(), folder, &software);
        let new =
            |product: &DentalProduct| software.dental.iter().all(|old| old.signature != product.signature);
        let products: Vec<_> = below.dental.into_iter().filter(new).collect();
        software.dental.extend(products);
        software.secrets.extend(below.secrets);
        gaps.extend(more);
    }
    software.dental.sort_by(|a, b| a.signature.cmp(&b.signature));
    (software, gaps)
}

fn observation(software: SoftwareInventory, gaps: Vec<Gap>, at: &str) -> Observation {
    let observed_at: Timestamp = at.parse().unwrap();
    Observation {
        id: ObservationId::from_uuid(Uuid::from_u128(1)),
        practice: PracticeId::from_uuid(Uuid::from_u128(2)),
        device: DeviceId::from_uuid(Uuid::from_u128(3)),
        agent: AgentId::from_uuid(Uuid::from_u128(4)),
        observed_at,
        valid_until: observed_at,
        sensor: Sensor { name: "scan software".to_owned(), version: "0".to_owned() },
        scope: "software".to_owned(),
        gaps,
        body: Body::SoftwareInventory(software),
    }
}

pub(crate) fn judge(software: SoftwareInventory, gaps: Vec<Gap>) -> Judgement {
    let observation = observation(software, gaps, "2026-11-24T08:00:00Z");
    judge_software(&observation, &signatures(), &EolTable::builtin().unwrap())
}

pub(crate) fn outcome(judgement: &Judgement, rule: &str) -> CheckOutcome {
    judgement.results.iter().find(|result| result.rule.as_str() == rule).unwrap().outcome
}

fn has_finding(judgement: &Judgement, rule: &str, subject: &str) -> bool {
    judgement
        .findings
        .iter()
        .any(|finding| finding.rule.as_str() == rule && finding.subject.contains(subject))
}

pub(crate) fn package(name: &str, version: &str) -> Package {
    Package {
        name: name.to_owned(),
        version: version.to_owned(),
        vendor: String::new(),
        architecture: String::new(),
        source: PackageSource::UninstallMachine,
        purl: None,
    }
}

/// Programs that are what they say, and the product that has to come out.
const PRODUCTS: [(&str, &str); 12] = [
    ("Open Dental 24.3.28", "open-dental"),
    ("Dentrix G7.3", "dentrix"),
    ("Eaglesoft 21.20", "eaglesoft"),
    ("DEXIS Imaging Suite 10.1", "dexis"),
    ("Sidexis 4", "sidexis"),
    ("Planmeca Romexis 6.2", "romexis"),
    ("VixWin Platinum", "vixwin"),
    ("VATECH EzDent-i", "ezdent"),
    ("CDR DICOM for Windows", "cdr-dicom"),
    ("3Shape Unite (64-bit)", "3shape"),
    ("CEREC SW 5.2", "cerec"),
    ("Orthanc Server", "orthanc"),
];

/// Programs whose names look like a product and are none.
pub(crate) const LOOK_ALIKES: [&str; 14] = [
    "Java Auto Updater",
    "ScreenConnect Client (a1b2c3d4e5f60718)",
    "Open Dental Training Videos",
    "Dentrix Ascend Link Installer Helper",
    "Dolphin Emulator",
    "XDR Agent for Endpoints",
    "Orthanc Explorer Wallpaper",
    "Exact Audio Copy",
    "Microsoft SQL Server 2012 Native Client",
    "Microsoft Office Proofing Tools 2013 - English",
    "Microsoft Office 2003 Web Components",
    "MySQL Connector/ODBC 5.3",
    "Python Launcher",
    "PostgreSQL 9.6 ODBC Driver",
];

#[test]
fn a_windows_computer_with_300_rows() {
    let mut host = RecordedHost::windows11();
    for index in 0..274 {
        host = host.application(&format!("Vendor Tool {index} (x64)"), &format!("{index}.0"), "Vendor");
    }
    for (name, _) in PRODUCTS {
        host = host.application(name, "", "");
    }
    for name in LOOK_ALIKES {
        host = host.application(name, "1.0", "");
    }
    let (software, gaps) = observe(&host, &[]);
    assert_eq!((software.packages.len(), gaps), (300, vec![]));
    let mut recognised: Vec<&str> =
        software.dental.iter().map(|product| product.signature.as_str()).collect();
    recognised.sort_unstable();
    let mut expected: Vec<&str> = PRODUCTS.iter().map(|(_, id)| *id).collect();
    expected.sort_unstable();
    assert_eq!(recognised, expected);
    assert!(software.dental.iter().all(|product| !product.recognised_by.is_empty()));
    let judgement = judge(software, vec![]);
    assert_eq!(
        outcome(&judgement, "eol.app"),
        CheckOutcome::NotApplicable,
        "no look-alike is an application that ended"
    );
}

#[test]
fn a_port_alone_recognises_nothing() {
    use enamel_types::device::{DeviceInventory, Hardware, ListeningSocket};
    let os = RecordedHost::windows11().os().unwrap();
    let socket = |port| ListeningSocket {
        protocol: "tcp".to_owned(),
        address: "0.0.0.0".to_owned(),
        port,
        process: None,
    };
    let inventory = DeviceInventory {
        hostname: "SERVER".to_owned(),
        os,
        hardware: Hardware::default(),
        users: vec![],
        shares: vec![],
        addresses: vec![],
        listening: vec![socket(3306), socket(4242), socket(1433)],
    };
    let host = RecordedHost::windows11().with_inventory(inventory);
    assert_eq!(observe(&host, &[]).0.dental, vec![]);
    let host = host.folder(r"C:\mysql\data", None).folder(r"C:\NNT", None);
    assert_eq!(observe(&host, &[]).0.dental, vec![], "nor a folder that others have too");
    let (software, _) = observe(&host.folder(r"c:\opendentimages", None), &[]);
    assert_eq!(software.dental.len(), 1);
    let product = &software.dental[0];
    assert_eq!(product.signature, "open-dental");
    assert!(
        product.recognised_by.iter().any(|reason| reason.contains("3306")),
        "{:?}",
        product.recognised_by
    );
    let held: Vec<(&str, &str)> =
        product.data_paths.iter().map(|data| (data.path.as_str(), data.holds.as_str())).collect();
    assert_eq!(held, [(r"C:\OpenDentImages", "images"), (r"C:\mysql\data", "database")]);
}

#[test]
fn versions_decide_about_published_holes() {
    let software =
        |version: &str| observe(&RecordedHost::windows11().application("Open Dental", version, ""), &[]).0;
    let old = judge(software("18.3.27"), vec![]);
    let critical = old.findings.iter().find(|finding| finding.subject.ends_with("CVE-2018-15719")).unwrap();
    assert_eq!((critical.rule.as_str(), critical.severity), ("dental.vulnerability", Severity::Critical));
    let new = judge(software("24.3.28.0"), vec![]);
    assert!(
        !new.findings.iter().any(|finding| finding.rule.as_str().starts_with("dental.")),
        "{:?}",
        new.findings
    );
    // What was seen carries no judgement: neither the inventory nor the export says more of a version than the judge.
    let seen = software("24.3.28.0");
    let id = ObservationId::from_uuid(Uuid::from_u128(1));
    let inventory = serde_json::to_string(&seen).unwrap();
    let bom = cyclonedx(None, &seen, id, Timestamp::UNIX_EPOCH).unwrap();
    assert!(!inventory.contains("CVE-") && !bom.contains("CVE-"), "{inventory} {bom}");
    let older = inventory
        .replace("\"recognised_by\"", "\"known_vulnerabilities\":[\"CVE-2018-15719\"],\"recognised_by\"");
    let older: SoftwareInventory = serde_json::from_str(&older).unwrap();
    assert!(
        !cyclonedx(None, &older, id, Timestamp::UNIX_EPOCH).unwrap().contains("CVE-"),
        "an older ledger's"
    );
    let unknown = judge(software(""), vec![]);
    assert!(has_finding(&unknown, "dental.compare-version", "CVE-2018-15719"));
    assert!(!has_finding(&unknown, "dental.vulnerability", ""));
}

/// This computer itself, with a practice's folders in a temporary place.
#[cfg(target_os = "linux")]
#[test]
fn a_real_computer_and_folders_of_others() {
    use std::io::Write;
    use std::os::unix::ffi::OsStrExt;

    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let write = |path: &str, content: &[u8]| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    };
    fs::create_dir_all(root.join("Server/OPENDENTIMAGES/S/SmithJohn1")).unwrap();
    fs::create_dir_all(root.join("Server/eds/claims/in")).unwrap();
    fs::create_dir_all(root.join("Server/CCD")).unwrap();
    write("PC1/Program Files/Planmeca/Romexis/client.ini", b"");
    write("PC1/VIXWIN.EXE", b"MZ");
    write(
        "PC1/freedentalconfig.XML",
        b"<c><DatabaseConnection><Password>Tooth-Fairy-9</Password></DatabaseConnection></c>",
    );
    let mut book = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    book.start_file("xl/sharedStrings.xml", options).unwrap();
    book.write_all(b"<sst><si><t>Portal</t></si><si><t>Password</t></si><si><t>Delta</t></si><si><t>list-S3cret1</t></si></sst>").unwrap();
    book.start_file("xl/worksheets/sheet1.xml", options).unwrap();
    book.write_all(b"<worksheet><sheetData><row><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"C1\" t=\"s\"><v>1</v></c></row>\
                     <row><c r=\"A2\" t=\"s\"><v>2</v></c><c r=\"C2\" t=\"s\"><v>3</v></c></row></sheetData></worksheet>").unwrap();
    write("Desk/Office Passwords.xlsx", &book.finish().unwrap().into_inner());
    std::os::unix::fs::symlink(root, root.join("Server/loop")).unwrap();
    fs::create_dir(root.join(std::ffi::OsStr::from_bytes(b"not-utf8-\xff"))).unwrap();
    let folders = ["Server", "PC1", "Desk", "missing"].map(|name| root.join(name));
    let (software, gaps) = observe(&enamel_host::LinuxHost::new(), &folders);
    assert!(!software.packages.is_empty(), "this computer has packages");
    assert!(gaps.iter().any(|gap| gap.what.ends_with("missing")), "{gaps:?}");
    let recognised: Vec<&str> = software.dental.iter().map(|product| product.signature.as_str()).collect();
    assert_eq!(
        recognised,
        ["claim-folders", "open-dental", "romexis", "vixwin"],
        "{gaps:?} {:?}",
        software.dental
    );
    let here = software.secrets.iter().filter(|secret| Path::new(&secret.path).starts_with(root));
    let mut secrets: Vec<&str> = here.map(|secret| secret.signature.as_str()).collect();
    secrets.sort_unstable();
    secrets.dedup();
    assert_eq!(secrets, ["secret.open-dental-config", "secret.password-list"]);
    assert!(PLANTED.iter().all(|secret| !format!("{software:?}").contains(secret)));
}

/// What lies in a folder is a statement about that folder: it neither repeats the computer's findings nor calls it clean.
#[test]
fn a_folder_is_judged_for_itself() {
    let folder = Path::new("/mnt/server");
    let host = RecordedHost::debian()
        .file("/mnt/server/.my.cnf", "[client]\npassword=list-S3cret1\n")
        .folder("/mnt/server/OPENDENTIMAGES", None);
    let (mut computer, gaps) = observe_software(&host, &signatures()).unwrap();
    assert_eq!((computer.secrets.len(), computer.dental.len(), gaps), (0, 0, vec![]));
    let judge_folder = |computer: &SoftwareInventory| {
        let (below, gaps) = observe_folder(&host, &signatures(), folder, computer);
        assert!(
            below.packages.is_empty() && below.services.is_empty() && gaps.is_empty(),
            "{below:?} {gaps:?}"
        );
        let mut observation = observation(below, gaps, "2026-11-24T08:00:00Z");
        observation.scope = folder_scope(folder);
        judge_software(&observation, &signatures(), &EolTable::builtin().unwrap())
    };
    let judgement = judge_folder(&computer);
    assert_eq!(outcome(&judgement, "secret.mysql-client"), CheckOutcome::Fail);
    assert_eq!(outcome(&judgement, "secret.pgpass"), CheckOutcome::Pass);
    let rules = |rule: &str| judgement.results.iter().any(|result| result.rule.as_str() == rule);
    assert!(!rules("eol.os") && !rules("eol.app") && !rules("inventory.software"), "{:?}", judgement.results);
    assert!(has_finding(&judgement, "dental.compare-version", "open-dental"), "{:?}", judgement.findings);
    let empty = observation(
        SoftwareInventory { secrets: vec![], ..computer.clone() },
        vec![],
        "2026-11-24T08:00:00Z",
    );
    let supports = |scope: String| {
        let seen = Observation { scope, ..empty.clone() };
        let judgement = judge_software(&seen, &signatures(), &EolTable::builtin().unwrap());
        judgement.evidence.iter().any(|evidence| evidence.rule.as_str() == "secret.none")
    };
    assert!(supports("software".to_owned()) && !supports(folder_scope(folder)));

    // Open Dental's images lie on the share, its program is installed here: then its version is known.
    computer.dental =
        observe(&RecordedHost::windows11().application("Open Dental", "99.1", ""), &[]).0.dental;
    assert!(!has_finding(&judge_folder(&computer), "dental.compare-version", "open-dental"));
}

#[test]
fn an_x_ray_pc_past_its_end_says_what_to_do() {
    let host = RecordedHost::windows11()
        .with_os(|os| {
            os.name = "Windows 7 Professional".to_owned();
            os.build = "7601".to_owned();
        })
        .application("VixWin Platinum", "1.9", "Gendex")
        .application("MySQL Server 5.7", "5.7.44", "Oracle");
    let (software, gaps) = observe(&host, &[]);
    let judgement = judge(software, gaps);
    let system = judgement.findings.iter().find(|finding| finding.rule.as_str() == "eol.os").unwrap();
    assert_eq!((system.severity, system.subject.as_str()), (Severity::Critical, ""));
    assert!(system.fix.how.contains("VixWin") && system.fix.how.contains("until when"), "{}", system.fix.how);
    assert!(has_finding(&judgement, "eol.app", "MySQL Server 5.7"));
}

#[test]
fn a_wrong_signature_names_file_line_and_fix() {
    let secrets = ("s.toml", "secret = []\n");
    let entry = |body: &str| {
        format!(
            "[[product]]\nid = \"x\"\nname = \"X\"\ncategory = \"PMS\"\nsrc = \"\"\nverified = true\n{body}"
        )
    };
    for (body, message) in [
        ("", "nothing in this entry"),
        ("programs = ['(']\n", "not a regular expression"),
        ("folders = [{ path = 'X' }]\n", "no drive"),
        ("program = ['a']\n", "unknown field"),
    ] {
        let error = Signatures::parse(("d.toml", &entry(body)), secrets).unwrap_err();
        assert!(error.message.contains(message), "{error}");
        assert!(error.file == "d.toml" && !error.help.is_empty());
    }
    let secret = "[[secret]]\nid = \"secret.x\"\ntitle = \"\"\nopens = \"\"\nseverity = \"low\"\nwhy = \"\"\naction = \"\"\nfix = \"\"\nminutes = 1\ncontrols = []\nsrc = \"\"\nverified = true\n";
    let error = Signatures::parse(("d.toml", "product = []\n"), ("s.toml", secret)).unwrap_err();
    assert!(error.message.contains("where the secret lies"), "{error}");
}

#[test]
fn the_export_is_cyclonedx() {
    let host = windows_with_secrets()
        .application("Open Dental", "24.3", "Open Dental Software")
        .application("Open Dental", "24.3", "Open Dental Software")
        .application("Zoë's \"Tool\"", "", "")
        .service("MySQL", true, Some(true))
        .service("MySQL", true, Some(true));
    let (mut software, _) = observe(&host, &[]);
    let (device, _) = host.inventory().unwrap();
    let id = ObservationId::from_uuid(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001));
    let at: Timestamp = "2026-11-24T08:00:00Z".parse().unwrap();
    let text = cyclonedx(Some(&device), &software, id, at).unwrap();
    software.packages.reverse();
    assert_eq!(text, cyclonedx(Some(&device), &software, id, at).unwrap(), "the same bytes in any order");

    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["bomFormat"], "CycloneDX");
    assert_eq!(document["specVersion"], "1.6");
    assert_eq!(document["serialNumber"], format!("urn:uuid:{id}"));
    let components = document["components"].as_array().unwrap();
    let of_type = |kind: &str| components.iter().filter(|component| component["type"] == kind).count();
    assert_eq!((of_type("operating-system"), of_type("application")), (1, 3));
    let mut references: Vec<&str> = components
        .iter()
        .chain(document["services"].as_array().unwrap())
        .map(|entry| entry["bom-ref"].as_str().unwrap())
        .collect();
    let all = references.len();
    references.sort_unstable();
    references.dedup();
    assert_eq!(references.len(), all, "every bom-ref is unique");

    // An independent reader; it knows 1.5, of which this is a subset.
    let older = text.replace("\"1.6\"", "\"1.5\"").replace("bom-1.6.schema", "bom-1.5.schema");
    let read = cyclonedx_bom::prelude::Bom::parse_from_json(older.as_bytes()).unwrap();
    let validated = read.validate_version(cyclonedx_bom::prelude::SpecVersion::V1_5);
    assert!(validated.passed(), "{validated:?}");
    assert_eq!(read.components.unwrap().0.len(), components.len());
    if let Some(path) = std::env::var_os("ENAMEL_WRITE_BOM") {
        fs::write(path, text).unwrap();
    }
}

/// Nobody knows what lies in a folder that could not be listed.
#[test]
fn shares_that_could_not_be_listed_leave_the_search_undecided() {
    let whole = RecordedHost::debian();
    let (software, gaps) = observe(&whole, &[]);
    let clean = judge(software, gaps);
    let says_none = |judgement: &Judgement| {
        judgement.evidence.iter().any(|evidence| evidence.statement.contains("no secret lies in clear"))
    };
    assert!(says_none(&clean));
    let accounts = whole.clone().inventory_without("/etc/shadow", "permission denied; run as root");
    let (software, gaps) = observe(&accounts, &[]);
    assert!(says_none(&judge(software, gaps)), "an account hides no folder");

    let partial = whole.inventory_without("shared folders", "access denied; run as administrator");
    let (software, gaps) = observe(&partial, &[]);
    assert!(gaps.iter().any(|gap| gap.what.contains("shared folders")), "{gaps:?}");
    let judgement = judge(software, gaps);
    assert!(!says_none(&judgement));
    assert_eq!(outcome(&judgement, "secret.mysql-client"), CheckOutcome::Unknown);
}
