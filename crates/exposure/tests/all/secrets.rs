//! Secrets in clear: found, bounded, and never let out.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail as the tests themselves do")]

use std::path::PathBuf;

use enamel_exposure::software::cyclonedx;
use enamel_host::RegistryValue;
use enamel_testkit::{RecordedFile, RecordedHost};
use enamel_types::{CheckOutcome, EvidenceOutcome, ObservationId, Severity, Timestamp};
use uuid::Uuid;

use crate::software::{judge, observe, outcome, signatures};

/// Everything planted as a secret in these tests; none of it may come out anywhere.
pub(crate) const PLANTED: [&str; 12] = [
    "Tooth-Fairy-9",
    "0bfusc8ed-h4sh",
    "mycnf-S3cret",
    "pgpass-S3cret",
    "netrc-S3cret",
    "QWRtaW4tU2VjcmV0",
    "web-S3cret!",
    "fz-S3cret",
    "autologon-S3cret",
    "odbc-S3cret",
    "list-S3cret1",
    "cp4ssword",
];

pub(crate) fn windows_with_secrets() -> RecordedHost {
    let open = RecordedFile {
        content: "<?xml version=\"1.0\"?>\n<ConnectionSettings><DatabaseConnection><User>root</User>\n\
                  <Password>Tooth-Fairy-9</Password><MySQLPassHash>0bfusc8ed-h4sh</MySQLPassHash></DatabaseConnection></ConnectionSettings>"
            .to_owned(),
        readable_by_others: Some(true),
        ..RecordedFile::default()
    };
    RecordedHost::windows11()
        .file_entry(r"C:\Program Files (x86)\Open Dental\FreeDentalConfig.xml", open)
        .file(
            r"C:\Windows\Panther\unattend.xml",
            "<unattend><AutoLogon><Password><Value>QWRtaW4tU2VjcmV0</Value><PlainText>false</PlainText></Password></AutoLogon>\
             <UserAccounts><AdministratorPassword><Value>*SENSITIVE*DATA*DELETED*</Value></AdministratorPassword></UserAccounts></unattend>",
        )
        .file(
            r"C:\inetpub\wwwroot\portal\web.config",
            "<add connectionString=\"Server=db;User Id=sa;Password=web-S3cret!;\"/>\n<add connectionString=\"Password=${DB}\"/>",
        )
        .file(
            r"C:\Users\Ann\AppData\Roaming\FileZilla\sitemanager.xml",
            "<Servers><Server><Pass encoding=\"base64\">fz-S3cret</Pass></Server><Server><Pass encoding=\"crypt\">x9x9</Pass></Server></Servers>",
        )
        .file(r"C:\Users\Ann\Desktop\Passwords.txt", "Delta Dental portal\r\nuser: front\r\npassword: list-S3cret1\r\n")
        .file(r"C:\Users\Ann\Desktop\Password policy.txt", "A password must have 12 characters.\r\nPassword: change it at once\r\n")
        .file(r"C:\Windows\SYSVOL\sysvol\x.local\Policies\{1}\Machine\Preferences\Groups\Groups.xml",
            "<Groups><User><Properties userName=\"a\" cpassword=\"cp4ssword\"/></User></Groups>")
        .registry(r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon", "DefaultPassword", RegistryValue::Text("autologon-S3cret".to_owned()))
        .registry(r"HKLM\SOFTWARE\ODBC\ODBC.INI\Dental", "PWD", RegistryValue::Text("odbc-S3cret".to_owned()))
        .registry(r"HKLM\SOFTWARE\TightVNC\Server", "Password", RegistryValue::Other { kind: 3, size: 8 })
        .registry(r"HKLM\SOFTWARE\TightVNC\Server", "ControlPassword", RegistryValue::Other { kind: 3, size: 0 })
}

#[test]
fn secrets_are_found_and_never_come_out() {
    let (software, gaps) = observe(&windows_with_secrets(), &[]);
    let mut found: Vec<(&str, bool)> =
        software.secrets.iter().map(|secret| (secret.signature.as_str(), secret.obfuscated)).collect();
    found.sort_unstable();
    assert_eq!(
        found,
        [
            ("secret.autologon", false),
            ("secret.connection-string", false),
            ("secret.filezilla", true),
            ("secret.group-policy", true),
            ("secret.odbc-registry", false),
            ("secret.open-dental-config", false),
            ("secret.open-dental-config", true),
            ("secret.password-list", false),
            ("secret.vnc-registry", true),
            ("secret.windows-setup", false),
        ],
        "{:#?}",
        software.secrets
    );
    let judgement = judge(software.clone(), gaps.clone());
    let config = judgement
        .findings
        .iter()
        .find(|finding| finding.rule.as_str() == "secret.open-dental-config")
        .unwrap();
    assert_eq!(config.severity, Severity::Critical);
    assert!(config.seen.contains("other accounts can read it"), "{}", config.seen);
    assert!(judgement.evidence.iter().any(|evidence| {
        evidence.control.as_str() == "164.308(a)(5)(ii)(D)"
            && evidence.outcome == EvidenceOutcome::Contradicts
    }));
    let bom = cyclonedx(None, &software, ObservationId::from_uuid(Uuid::from_u128(1)), Timestamp::UNIX_EPOCH)
        .unwrap();
    let everything = format!(
        "{software:?} {judgement:?} {gaps:?} {} {} {bom}",
        serde_json::to_string(&software).unwrap(),
        serde_json::to_string(&judgement).unwrap()
    );
    for secret in PLANTED {
        assert!(!everything.contains(secret), "{secret} came out");
    }
    assert!(!bom.contains("FreeDentalConfig"), "a bill of materials does not say where secrets lie");
}

#[test]
fn a_file_that_others_cannot_read_is_one_step_less() {
    let host = RecordedHost::debian()
        .file_mode("/root/.my.cnf", "[client]\npassword = mycnf-S3cret\n", 0o600)
        .file_mode("/home/ann/.pgpass", "# comment\nlocalhost:5432:*:dental:pgpass-S3cret\n", 0o644)
        .file_mode("/home/ann/.netrc", "machine ftp.example login ann password netrc-S3cret\n", 0o600)
        .file_mode("/home/ann/.my.cnf", "[client]\n#password = mycnf-S3cret\npassword = \"\"\n", 0o644);
    let (software, gaps) = observe(&host, &[]);
    let judgement = judge(software.clone(), gaps);
    let severity = |rule: &str| {
        judgement.findings.iter().find(|finding| finding.rule.as_str() == rule).unwrap().severity
    };
    assert_eq!(severity("secret.mysql-client"), Severity::Medium);
    assert_eq!(severity("secret.pgpass"), Severity::Medium);
    assert_eq!(severity("secret.netrc"), Severity::Low);
    assert_eq!(software.secrets.len(), 3, "comments and empty values do not count: {:?}", software.secrets);
    assert!(PLANTED.iter().all(|secret| !format!("{judgement:?}{software:?}").contains(secret)));
}

#[test]
fn what_could_not_be_read_is_not_called_clean() {
    let host = RecordedHost::debian()
        .file_mode("/root/.my.cnf", "password=x1y2", 0o600)
        .unreadable("/root/.my.cnf", "permission denied; run as root");
    let (software, gaps) = observe(&host, &[]);
    assert!(gaps.iter().any(|gap| gap.what.contains("/root/.my.cnf")), "{gaps:?}");
    let judgement = judge(software, gaps);
    assert_eq!(outcome(&judgement, "secret.mysql-client"), CheckOutcome::Unknown);
    assert!(!judgement.evidence.iter().any(|evidence| evidence.rule.as_str() == "secret.none"));
    let clean = observe(&RecordedHost::debian(), &[]);
    assert_eq!(outcome(&judge(clean.0, clean.1), "secret.mysql-client"), CheckOutcome::Pass);
}

#[test]
fn broken_and_huge_files_are_bounded() {
    let mut huge = vec![b'#'; 10 << 20];
    huge.extend_from_slice(b"\npassword=mycnf-S3cret\n");
    let host = RecordedHost::debian().file("/root/.my.cnf", huge);
    let (software, gaps) = observe(&host, &[]);
    assert_eq!(software.secrets, vec![]);
    assert!(gaps.iter().any(|gap| gap.why.contains("first 1 MiB")), "{gaps:?}");

    let signatures = signatures();
    let open_dental =
        |text: &str| signatures.secret_fields("secret.open-dental-config", text.as_bytes()).unwrap();
    let field = |text: &str| open_dental(text).first().map(|found| found.field.clone());
    let whole = "<a><DatabaseConnection><Password>x&y7</Password>";
    assert_eq!(
        field(whole).as_deref(),
        Some("DatabaseConnection/Password, line 1"),
        "cut short and a bare ampersand"
    );
    assert_eq!(field("<a><DatabaseConnection><Password>x"), None, "cut before the end of the value");
    assert_eq!(field(&"<a>".repeat(100_000)), None);
    assert_eq!(field("</a></a><DatabaseConnection><Password></Password>"), None);
    let utf16: Vec<u8> =
        [0xFF, 0xFE].into_iter().chain(whole.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert_eq!(signatures.secret_fields("secret.open-dental-config", &utf16).unwrap().len(), 1);
    for id in signatures.secret_ids() {
        for content in [
            &b"\xff\xfe\x00"[..],
            b"PK\x03\x04 not a zip",
            b"=\n=\n[",
            b"\xd0\xcf\x11\xe0password: Abcd1234!",
        ] {
            assert_eq!(signatures.secret_fields(id.as_str(), content).unwrap_or_default(), vec![], "{id}");
        }
    }
}

#[test]
fn a_list_of_passwords_has_to_read_like_one() {
    let signatures = signatures();
    let reads =
        |text: &str| !signatures.secret_fields("secret.password-list", text.as_bytes()).unwrap().is_empty();
    for text in [
        "Portal,User,Password\nDelta,front,Smile2024\n",
        "password: hunter22\n",
        "pw - Molar#99\n",
        "Delta Smile2024!\nAetna Tooth#2023\nMail Bicuspid9$\n",
        "site\tlogin\tpw\nx\ty\tz9z9\n",
    ] {
        assert!(reads(text), "{text}");
    }
    for text in [
        "Password policy\nPasswords must have 12 characters.\n",
        "Portal,User,Password\n",
        "Portal,User,Password\nDelta,front,********\n",
        "password: <your password>\n",
        "Password: required\n",
        "Write to help@example.com or https://example.com/Reset?Id=1A!\n",
        "",
    ] {
        assert!(!reads(text), "{text}");
    }
}

/// A search that ended at one of its bounds, or before a place that was to be looked at, has not found a computer clean.
#[test]
fn what_lies_beyond_a_bound_is_not_called_clean() {
    let unknown = |host: &RecordedHost, folders: &[&str], named: &str| {
        let folders: Vec<PathBuf> = folders.iter().map(PathBuf::from).collect();
        let (software, gaps) = observe(host, &folders);
        assert!(
            gaps.iter().any(|gap| format!("{} {}", gap.what, gap.why).contains(named)),
            "{named}: {gaps:?}"
        );
        let judgement = judge(software, gaps);
        assert_eq!(outcome(&judgement, "secret.password-list"), CheckOutcome::Unknown, "{named}");
        assert!(
            !judgement.evidence.iter().any(|evidence| evidence.rule.as_str() == "secret.none"),
            "{named}"
        );
    };
    let deep = format!("/srv/share{}/list.txt", "/folder".repeat(14));
    unknown(&RecordedHost::debian().file(deep, "x"), &["/srv/share"], "12 levels");
    let locked =
        RecordedHost::debian().file("/srv/share/x.txt", "x").unreadable("/srv/share/x.txt", "locked");
    unknown(&locked, &["/srv/share"], "locked");
    unknown(&RecordedHost::debian(), &["/srv/gone"], "no such folder");
    unknown(&locked, &["/srv/share/x.txt"], "locked");
    unknown(&RecordedHost::debian().unreadable("inventory", "no answer"), &[], "no answer");
    let mut many = RecordedHost::debian();
    for person in 0..2_001 {
        many = many.folder(format!("/home/p{person}"), None);
    }
    unknown(&many, &[], "only the first 2000");
    let mut keys = RecordedHost::windows11();
    for source in 0..2_001 {
        let key = format!(r"HKLM\SOFTWARE\ODBC\ODBC.INI\S{source}");
        keys = keys.registry(&key, "Driver", RegistryValue::Text("x".to_owned()));
    }
    unknown(&keys, &[], "only the first 2000");
}

/// A file that is named on its own is looked at like one in a folder.
#[test]
fn one_file_is_looked_at() {
    let host = RecordedHost::debian().file("/srv/passwords.txt", "password: list-S3cret1\n");
    let (software, gaps) = observe(&host, &[PathBuf::from("/srv/passwords.txt")]);
    assert_eq!((software.secrets.len(), gaps), (1, vec![]));
}
