//! Folders as they are: loops, refusals, odd names, a cache.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use enamel_phi::{FileReport, ScanError, ScanOptions, scan};
use enamel_types::patient_data::{Entity, PatientDataSurvey};
use enamel_types::time::{Clock, Timestamp};

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
    let (survey, reports) = run(folder.path(), &ScanOptions::default());
    assert_eq!((survey.files, reports[0].entities[&Entity::Ssn]), (1, 1));
    assert!(serde_json::to_string(&reports[0]).unwrap().contains("\"path_is_lossy\":true"));
}

/// A scan by an account that has no rights of its own: for root permissions say nothing.
#[cfg(target_os = "linux")]
fn run_as_nobody(root: &Path) -> (PatientDataSurvey, Vec<FileReport>) {
    std::thread::scope(|scope| {
        let scan = || {
            // Changes this thread, and those that it starts, only.
            if rustix::process::geteuid().is_root() {
                rustix::thread::set_thread_uid(rustix::process::Uid::from_raw(65_534)).unwrap();
            }
            run(root, &ScanOptions::default())
        };
        scope.spawn(scan).join().unwrap()
    })
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_can_be_listed_but_not_entered_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let set = |path: &Path, mode| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    set(folder.path(), 0o755);
    let listed = folder.path().join("listed");
    std::fs::create_dir_all(listed.join("below")).unwrap();
    for n in 0..30 {
        std::fs::write(listed.join(format!("{n}.txt")), CHART).unwrap();
    }
    // Its owner may list it too, and not enter it.
    set(&listed, 0o644);
    let (survey, reports) = run_as_nobody(folder.path());
    set(&listed, 0o755);
    assert_eq!((survey.files, survey.problems["unreadable"], reports.len()), (0, 1, 1));
    assert_eq!(
        (reports[0].path.as_path(), reports[0].format.as_str(), reports[0].errors[0].detail.as_str()),
        (
            listed.as_path(),
            "folder",
            "31 files or folders in it could not be looked at (permission denied); run as an administrator to see it"
        )
    );
}

#[cfg(unix)]
#[test]
fn a_root_that_is_a_pipe_is_named_and_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).unwrap();
    let (survey, reports) = run(&pipe, &ScanOptions::default());
    assert_eq!((survey.files, survey.problems["unsupported"]), (0, 1));
    let error = &reports[0].errors[0].detail;
    assert_eq!(reports[0].format, "other");
    assert!(error.starts_with("it is neither a file nor a folder"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_link_is_followed_only_where_it_is_what_was_asked_for() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    std::fs::create_dir_all(place("real/below")).unwrap();
    std::fs::write(place("real/chart.txt"), CHART).unwrap();
    symlink(place("real/chart.txt"), place("real/below/chart.txt")).unwrap();
    symlink(place("real"), place("real/below/again")).unwrap();
    symlink(place("real"), place("folder-link")).unwrap();
    symlink(place("real/chart.txt"), place("file-link.txt")).unwrap();
    for root in ["real", "folder-link", "file-link.txt"] {
        let (survey, reports) = run(&place(root), &ScanOptions::default());
        assert_eq!((survey.files, survey.files_with_phi, reports[0].errors.len()), (1, 1, 0), "{root}");
    }
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

/// A clock that goes a tenth of a second with every look at it.
struct Ticking(AtomicI64);

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        let tenths = self.0.fetch_add(1, Ordering::Relaxed);
        Noon.now().checked_add(std::time::Duration::from_millis(tenths.unsigned_abs() * 100)).unwrap()
    }
}

#[test]
fn a_database_is_named_not_read_and_not_charged_for() {
    let folder = tempfile::tempdir().unwrap();
    let mut database = vec![0x5A; 8 << 20];
    database[..8].copy_from_slice(b"\x01\x0F\0\0\x08\0\0\0");
    // What a reader would find, were the file read on past its head.
    database[1 << 20..][..CHART.len()].copy_from_slice(CHART.as_bytes());
    std::fs::write(folder.path().join("dental.mdf"), &database).unwrap();
    std::fs::write(folder.path().join("note.txt"), "nothing").unwrap();
    let clock = Ticking(AtomicI64::new(0));
    let options = ScanOptions { bytes_per_second: Some(1 << 20), threads: 1, ..ScanOptions::default() };
    let (never, mut reports) = (AtomicBool::new(false), Vec::new());
    let mut each = |report| reports.push(report);
    let roots = [folder.path().to_owned()];
    let surveys = scan(&roots, &options, &clock, &never, &mut |_| (), &mut each).unwrap();
    let ticks = clock.0.into_inner();
    assert!(ticks < 60, "8 MiB at 1 MiB a second are 80 ticks; {ticks} were taken");
    let survey = &surveys[0];
    assert_eq!((survey.files, survey.files_with_phi), (1, 0));
    assert!(survey.bytes < 1 << 20, "{survey:?}");
    assert_eq!(survey.files_not_searched["database"], 1);
    assert!(survey.bytes_not_searched["database"] >= 8 << 20, "{survey:?}");
    assert_eq!(survey.problems["unsupported"], 1);
    let report = reports.iter().find(|report| report.path.ends_with("dental.mdf")).unwrap();
    let json = serde_json::to_string(report).unwrap();
    assert!(json.contains(r#""format":"database""#) && json.contains(r#""kind":"unsupported""#), "{json}");
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

#[test]
fn a_survey_does_not_depend_on_which_thread_was_faster() {
    let folder = tempfile::tempdir().unwrap();
    let mut number = 0..;
    let mut ssn =
        move || number.next().map(|n: u32| format!("512-{:02}-{:04}", n % 90 + 10, n / 90 + 1)).unwrap();
    // Three records with one name: two people where the one without number comes last, otherwise one.
    for n in 0..120 {
        let name = format!("Ann {}{}arver", char::from(b'A' + n % 26), char::from(b'a' + n / 26));
        let theirs = ssn();
        let records = [
            format!("Patient: {name}   DOB: 1/2/1980\n"),
            format!("Patient: {name}   SSN: {theirs}\n"),
            format!("Patient: {name}   DOB: 3/4/1990   SSN: {theirs}\n"),
        ];
        for (at, record) in records.into_iter().enumerate() {
            let filler = "The compressor was serviced on Tuesday.\n".repeat(usize::from(n) * 7 % 400);
            let place = folder.path().join(format!("{}", n % 7));
            std::fs::create_dir_all(&place).unwrap();
            std::fs::write(place.join(format!("{n}-{at}.txt")), format!("{filler}{record}")).unwrap();
        }
    }
    let survey = |threads| run(folder.path(), &ScanOptions { threads, ..ScanOptions::default() }).0;
    let one = survey(1);
    assert_eq!((one.files_with_phi, one.folders.len()), (360, 7));
    for turn in 0..6 {
        assert_eq!(survey(4), one, "turn {turn}");
    }
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
