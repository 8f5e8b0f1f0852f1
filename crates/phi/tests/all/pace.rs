//! Reading no faster than the caller allows, and the time that a file may take.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use enamel_phi::{FileReport, ScanOptions, scan};
use enamel_types::Clock;
use enamel_types::patient_data::Entity;

use crate::clock::Running;

fn run(root: &Path, options: &ScanOptions, clock: &dyn Clock) -> Vec<FileReport> {
    let mut reports = Vec::new();
    let never = AtomicBool::new(false);
    let options = ScanOptions { threads: 1, ..options.clone() };
    scan(&[root.to_owned()], &options, clock, &never, &mut |_| (), &mut |report| reports.push(report))
        .unwrap();
    reports
}

/// So many bytes of text with a number at the end.
fn text(bytes: usize) -> String {
    let line = "The compressor was serviced on Tuesday.\n";
    line.repeat(bytes / line.len()) + "SSN: 512-40-6710\n"
}

fn at(bytes_per_second: u64) -> ScanOptions {
    ScanOptions { bytes_per_second: Some(bytes_per_second), ..ScanOptions::default() }
}

#[test]
fn waiting_for_the_disk_is_not_the_time_of_the_file() {
    let note = format!("{{\"note\": \"{}\", \"ssn\": \"512-40-6710\"}}", "x".repeat(12_000));
    // At these rates each waits longer than the five minutes that a file may take.
    for (name, content, options) in [("long.txt", text(7 << 19), at(4096)), ("note.json", note, at(32))] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(name), &content).unwrap();
        let clock = Running::by(20);
        let report = run(folder.path(), &options, &clock).remove(0);
        assert_eq!(report.errors, [], "{name}");
        assert_eq!(report.entities[&Entity::Ssn], 1, "{name}");
        assert!(clock.gone() > 300, "{name}: {} s", clock.gone());
    }
}

#[test]
fn what_was_read_is_what_is_waited_for() {
    // Four files of 40 KiB, at 1 KiB a second. Of a format that is not looked into only the beginning is read.
    for (ending, seconds) in [("txt", 160..260), ("html", 160..260), ("png", 16..110)] {
        let folder = tempfile::tempdir().unwrap();
        for n in 0..4 {
            let start: &[u8] = if ending == "png" { b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR" } else { b"" };
            let content = [start, text(40 << 10).as_bytes()].concat();
            std::fs::write(folder.path().join(format!("{n}.{ending}")), content).unwrap();
        }
        let clock = Running::by(2);
        assert_eq!(run(folder.path(), &at(1024), &clock).len(), 4);
        assert!(seconds.contains(&clock.gone()), "{ending}: {} s", clock.gone());
    }
}

#[cfg(not(feature = "test-reveal"))]
#[test]
fn what_the_time_limit_cut_short_is_read_again() {
    let number = "SSN: 512-40-6710\n";
    let note = format!("{{\"note\": \"{}\", \"ssn\": \"512-40-6710\"}}", "x".repeat(1 << 20));
    for (name, content) in [("long.txt", text(5 << 20)), ("note.json", note)] {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        for (name, content) in [(name, content.as_str()), ("short.txt", number)] {
            std::fs::write(data.join(name), content).unwrap();
            let file = std::fs::File::options().write(true).open(data.join(name)).unwrap();
            let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
            file.set_modified(old).unwrap();
        }
        let options = ScanOptions { cache: Some(folder.path().join("cache.db")), ..ScanOptions::default() };
        let slow = run(&data, &options, &Running::by(400));
        let found = |reports: &[FileReport]| {
            let report = reports.iter().find(|report| report.path.ends_with(name)).unwrap();
            (report.errors.len(), report.entities.get(&Entity::Ssn).copied())
        };
        assert_eq!(found(&slow), (1, None), "{name}");
        let fast = run(&data, &options, &Running::by(0));
        assert_eq!(found(&fast), (0, Some(1)), "{name}");
    }
}
