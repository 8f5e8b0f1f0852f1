//! Folders as they are: loops, refusals, odd names, a cache.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use enamel_phi::{FileReport, ScanError, ScanOptions, scan};
use enamel_types::patient_data::{Entity, PatientDataSurvey};

use crate::clock::Noon;

const CHART: &str = "Patient: Ann Carver   DOB: 1/2/1980   SSN: 512-40-6710\n";

fn run(root: &Path, options: &ScanOptions) -> (PatientDataSurvey, Vec<FileReport>) {
    let mut reports = Vec::new();
    let never = AtomicBool::new(false);
    let mut each = |report| reports.push(report);
    let mut surveys = scan(&[root.to_owned()], options, &Noon, &never, &mut |_| (), &mut each).unwrap();
    (surveys.remove(0), reports)
}

#[test]
fn the_same_person_in_two_folders_is_one_below_the_root() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
        std::fs::write(folder.path().join(name).join("chart.txt"), CHART).unwrap();
    }
    let (survey, reports) = run(folder.path(), &ScanOptions::default());
    assert_eq!((survey.files, survey.files_with_phi, survey.persons.value), (2, 2, 1));
    assert_eq!(survey.folders.len(), 2);
    let json = serde_json::to_string(&reports[0]).unwrap();
    #[cfg(not(feature = "test-reveal"))]
    assert!(!json.contains("512") && !json.contains("6710") && !json.contains("CARVER"), "{json}");
    assert!(
        json.contains("\"SSN\":1") && json.contains("\"estimate\":1") && !json.contains("values"),
        "{json}"
    );
}

#[cfg(unix)]
#[test]
fn loops_end_and_odd_names_are_marked() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(folder.path(), folder.path().join("loop")).unwrap();
    std::os::unix::fs::symlink("nowhere", folder.path().join("broken")).unwrap();
    std::fs::write(folder.path().join(std::ffi::OsStr::from_bytes(b"ch\xFFrt.txt")), CHART).unwrap();
    let (survey, reports) = run(folder.path(), &ScanOptions { follow_links: true, ..ScanOptions::default() });
    assert_eq!((survey.files, reports[0].entities[&Entity::Ssn]), (1, 1));
    assert!(serde_json::to_string(&reports[0]).unwrap().contains("\"path_is_lossy\":true"));
}

#[cfg(unix)]
#[test]
fn a_sparse_file_costs_no_time_and_hides_nothing() {
    use std::io::{Seek, SeekFrom, Write};
    let folder = tempfile::tempdir().unwrap();
    let mut file = std::fs::File::create(folder.path().join("big.txt")).unwrap();
    file.write_all(CHART.repeat(100).as_bytes()).unwrap();
    file.seek(SeekFrom::Start(300 << 20)).unwrap();
    file.write_all(b"\nSSN: 512-41-6711\n").unwrap();
    drop(file);
    let (survey, reports) = run(folder.path(), &ScanOptions::default());
    assert_eq!(reports[0].entities[&Entity::Ssn], 2);
    assert!(survey.bytes < 1 << 20, "{} bytes on disk", survey.bytes);
}

#[test]
fn a_large_file_read_by_many_threads_counts_as_one_read_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::from("name,dob,ssn\n");
    for n in 0..500_000u32 {
        text += &format!(
            "\"Carver, Ann\",{}-01-02,512-{:02}-{:04}\n",
            1940 + n % 60,
            n % 97 + 1,
            n / 97 % 9000 + 1
        );
    }
    std::fs::write(folder.path().join("large.csv"), &text).unwrap();
    let (one, _) = run(folder.path(), &ScanOptions { threads: 1, ..ScanOptions::default() });
    let (four, _) = run(folder.path(), &ScanOptions { threads: 4, ..ScanOptions::default() });
    assert_eq!(one.folders[0].entities, four.folders[0].entities);
    assert_eq!(one.persons, four.persons);
}

#[test]
fn the_same_file_gives_the_same_report_with_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::new();
    for n in (0..600_000u32).map(|n| n % 30_000) {
        // Names that many people share, so that it matters in which order they are met.
        text += &format!(
            "Patient: Ann {}arver   DOB: {:02}/{:02}/{}   Chart #: {}\n{}",
            char::from(b'A' + (n % 23) as u8),
            n % 12 + 1,
            n % 27 + 1,
            1940 + n % 60,
            100_000 + n,
            if n % 5 == 0 { "\nCalled, no answer; the card on file has expired.\n\n" } else { "" }
        );
    }
    std::fs::write(folder.path().join("large.txt"), &text).unwrap();
    let options = |threads| ScanOptions { threads, fingerprints: true, ..ScanOptions::default() };
    let one = run(folder.path(), &options(1));
    assert!(one.0.bytes > 20 << 20 && one.0.persons.value > 10_000, "{:?}", one.0);
    for threads in [2, 4] {
        assert_eq!(run(folder.path(), &options(threads)), one, "{threads} threads");
    }
}

#[cfg(not(feature = "test-reveal"))]
#[test]
fn a_second_scan_reads_the_cache_and_a_changed_file_again() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let path = data.join("chart.txt");
    let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
    let write = |text: &str, when| {
        std::fs::write(&path, text).unwrap();
        std::fs::File::options().write(true).open(&path).unwrap().set_modified(when).unwrap();
    };
    write(CHART, old);
    let options = ScanOptions {
        cache: Some(folder.path().join("cache.db")),
        fingerprints: true,
        ..ScanOptions::default()
    };
    let first = run(&data, &options);
    let second = run(&data, &options);
    assert_eq!(first, second);
    let raw = std::fs::read(folder.path().join("cache.db")).unwrap();
    assert!(
        memchr::memmem::find(&raw, b"512406710").is_none()
            && memchr::memmem::find(&raw, b"512-40-6710").is_none()
    );
    write("nothing here at all\n", old + std::time::Duration::from_secs(9));
    assert_eq!(run(&data, &options).0.files_with_phi, 0);
}

#[test]
fn a_scan_can_be_cancelled_and_a_missing_root_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("chart.txt"), CHART).unwrap();
    let cancel = AtomicBool::new(true);
    let roots = [folder.path().to_owned()];
    let result = scan(&roots, &ScanOptions::default(), &Noon, &cancel, &mut |_| (), &mut |_| ());
    assert!(matches!(result, Err(ScanError::Cancelled)));
    cancel.store(false, Ordering::Relaxed);
    let roots = [folder.path().join("absent")];
    let error = scan(&roots, &ScanOptions::default(), &Noon, &cancel, &mut |_| (), &mut |_| ()).unwrap_err();
    assert!(error.to_string().contains("absent"), "{error}");
}
