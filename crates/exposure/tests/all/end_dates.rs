//! The end-of-life table that is compiled in.

#![allow(clippy::unwrap_used, reason = "what the content cannot give stops the test")]

use enamel_exposure::EolTable;
use enamel_exposure::software::eol::Status;
use enamel_host::Host;
use enamel_testkit::RecordedHost;
use enamel_types::CheckOutcome;
use enamel_types::software::{Package, PackageSource};
use jiff::civil::date;

use crate::software::{LOOK_ALIKES, judge, observe, outcome, package};

#[test]
fn end_dates_of_systems() {
    let table = EolTable::builtin().unwrap();
    let windows = |build: &str, edition: &str| {
        RecordedHost::windows11()
            .with_os(|os| {
                os.build = build.to_owned();
                os.edition = edition.to_owned();
            })
            .os()
            .unwrap()
    };
    let linux = |product: &str, version: &str| {
        RecordedHost::debian()
            .with_os(|os| {
                os.product = product.to_owned();
                os.version = version.to_owned();
            })
            .os()
            .unwrap()
    };
    let today = date(2026, 11, 24);
    let ended = |on, paid_until| Status::Ended { on, paid_until };
    let supported = |until| Status::Supported { until };
    for (os, expected) in [
        (windows("22631.4460", "Professional"), ended(date(2025, 11, 11), None)),
        (windows("22631.4460", "Enterprise"), ended(date(2026, 11, 10), None)),
        (windows("26100.1", "Education"), supported(date(2027, 10, 12))),
        (windows("26100.1", "Core"), ended(date(2026, 10, 13), None)),
        (windows("26100.1", "IoTEnterpriseS"), supported(date(2034, 10, 10))),
        (windows("19045.5000", "Professional"), ended(date(2025, 10, 14), Some(date(2028, 10, 10)))),
        (windows("19044.1", "EnterpriseS"), supported(date(2027, 1, 12))),
        (windows("7601", "Professional"), ended(date(2020, 1, 14), None)),
        (windows("99999", "Professional"), Status::Unknown),
        (windows("", "Professional"), ended(date(2025, 11, 11), None)),
        (linux("debian", "12"), supported(date(2028, 6, 10))),
        (linux("debian", "11"), ended(date(2026, 8, 31), None)),
        (linux("ubuntu", "20.04"), ended(date(2025, 5, 31), Some(date(2030, 4, 2)))),
        (linux("almalinux", "9.6"), supported(date(2032, 5, 31))),
        (linux("debian", "1"), Status::Unknown),
        (linux("plan9", "4"), Status::Unknown),
    ] {
        assert_eq!(table.status(&os, today), expected, "{} {} {}", os.product, os.build, os.edition);
    }
    let last_day = table.status(&linux("debian", "12"), date(2028, 6, 10));
    assert_eq!(last_day, supported(date(2028, 6, 10)), "the last day counts");
}

#[test]
fn end_dates_of_applications() {
    let table = EolTable::builtin().unwrap();
    let today = date(2026, 11, 24);
    let known = |name: &str| table.package(&package(name, ""), today).map(|found| (found.name, found.status));
    for (name, release, ended) in [
        ("MySQL Server 5.7", "MySQL Server 5.7", true),
        ("MySQL Server 8.4", "MySQL Server 8.4", false),
        ("MariaDB 10.5 (x64)", "MariaDB 10.5", true),
        ("Microsoft SQL Server 2014 (64-bit)", "Microsoft SQL Server 2014", true),
        ("Microsoft SQL Server 2008 R2 (64-bit)", "Microsoft SQL Server 2008 R2", true),
        ("Microsoft SQL Server 2022 (64-bit)", "Microsoft SQL Server 2022", false),
        ("Microsoft Office Professional Plus 2016", "Microsoft Office 2016", true),
        ("Microsoft Office LTSC Professional Plus 2024 - en-us", "Microsoft Office 2024", false),
        ("Java 8 Update 401 (64-bit)", "Oracle Java 8", true),
        ("Java(TM) 6 Update 31", "Oracle Java 6", true),
        ("Java(TM) SE Development Kit 17.0.13 (64-bit)", "Oracle Java 17", true),
        ("Java(TM) SE Development Kit 21.0.9 (64-bit)", "Oracle Java 21", true),
        ("Java(TM) SE Development Kit 24.0.2 (64-bit)", "Oracle Java 24", true),
        ("Java(TM) SE Development Kit 25 (64-bit)", "Oracle Java 25", false),
        ("Python 3.10.11 (64-bit)", "Python 3.10", true),
        ("Python 3.12.4 (64-bit)", "Python 3.12", false),
        ("Python 3.14.0 (64-bit)", "Python 3.14", false),
        ("Microsoft SQL Server 2025 (64-bit)", "Microsoft SQL Server 2025", false),
        ("MySQL Server 9.6", "MySQL Server 9.6", true),
        ("PostgreSQL 13", "PostgreSQL 13", true),
        ("Adobe Flash Player 32 NPAPI", "Adobe Flash Player", true),
    ] {
        let (found, status) = known(name).unwrap_or_else(|| panic!("{name} is not known"));
        assert_eq!(
            (found.as_str(), matches!(status, Status::Ended { .. })),
            (release, ended),
            "{name}: {status:?}"
        );
    }
    assert!(matches!(known("SQL Anywhere 16"), Some((_, Status::Unknown))));
    for name in LOOK_ALIKES {
        assert_eq!(known(name), None, "{name}");
    }
    let distribution = Package { source: PackageSource::Dpkg, ..package("mysql-server", "5.7.44") };
    assert!(table.package(&distribution, today).is_none(), "the distribution mends its own");
    let maker =
        Package { source: PackageSource::Dpkg, ..package("mysql-community-server", "5.7.44-1debian10") };
    assert_eq!(table.package(&maker, today).unwrap().name, "MySQL Server 5.7");
}

/// Of the newest releases nobody has said when they end: that is a gap in the table, and nobody's weakness.
#[test]
fn a_release_without_a_date_is_no_finding() {
    let host = RecordedHost::windows11()
        .with_os(|os| os.build = "26200".to_owned())
        .application("MySQL Server 9.7", "9.7.0", "Oracle")
        .application("Java(TM) SE Development Kit 26 (64-bit)", "26.0.0", "Oracle");
    let (software, gaps) = observe(&host, &[]);
    let judgement = judge(software, gaps);
    assert_eq!(outcome(&judgement, "eol.app"), CheckOutcome::Unknown);
    assert!(judgement.findings.is_empty(), "{:?}", judgement.findings);
}
