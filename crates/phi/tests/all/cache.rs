//! The cache: what it spares, what it must not hide, and who may have written it.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime};

use enamel_phi::{FileReport, ScanOptions, scan};
use enamel_types::patient_data::PatientDataSurvey;
use rusqlite::Connection;

use crate::clock::Noon;

const CHART: &str = "Patient: Ann Carver   DOB: 1/2/1980   SSN: 512-40-6710\n";

fn run(folder: &Path) -> (PatientDataSurvey, Vec<FileReport>) {
    let mut reports = Vec::new();
    let never = AtomicBool::new(false);
    let options = ScanOptions {
        cache: Some(folder.join("cache.db")),
        fingerprint_key: [7; 32],
        fingerprints: true,
        threads: 1,
        ..ScanOptions::default()
    };
    let mut each = |report| reports.push(report);
    let mut surveys = scan(&[folder.join("data")], &options, &Noon, &never, &mut |_| (), &mut each).unwrap();
    (surveys.remove(0), reports)
}

/// Writes a file that changed so many seconds after a moment long ago.
fn write(folder: &Path, name: &str, text: &str, after: u64) {
    let path = folder.join("data").join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, text).unwrap();
    let when = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + after);
    std::fs::File::options().write(true).open(&path).unwrap().set_modified(when).unwrap();
}

#[test]
fn a_second_scan_reads_the_cache_and_a_changed_file_again() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "chart.txt", CHART, 0);
    let first = run(folder.path());
    assert_eq!(first, run(folder.path()));
    let raw = std::fs::read(folder.path().join("cache.db")).unwrap();
    assert!(
        memchr::memmem::find(&raw, b"512406710").is_none()
            && memchr::memmem::find(&raw, b"512-40-6710").is_none()
    );
    write(folder.path(), "chart.txt", "nothing here at all\n", 9);
    assert_eq!(run(folder.path()).0.files_with_phi, 0);
}

#[test]
fn rows_in_a_write_ahead_log_are_not_hidden_by_the_cache() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "patients.db", "", 0);
    let path = folder.path().join("data/patients.db");
    let connection = Connection::open(&path).unwrap();
    let sql = "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE a (ssn TEXT); \
               PRAGMA wal_checkpoint(TRUNCATE);";
    connection.execute_batch(sql).unwrap();
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    std::fs::File::options().write(true).open(&path).unwrap().set_modified(old).unwrap();
    assert!(run(folder.path()).0.problems.is_empty());
    // This changes the log only, not the file.
    connection.execute_batch("INSERT INTO a VALUES ('512-40-6710');").unwrap();
    assert_eq!(run(folder.path()).0.problems["unsupported"], 1);
}

#[test]
fn people_who_were_told_apart_stay_apart_in_the_cache() {
    let folder = tempfile::tempdir().unwrap();
    // The third row shows whose the number of the second is, but not that the first has it too.
    let apart = "name,dob,ssn\n\"Carver, Ann\",1990-03-04,\n,,512-40-6710\n\"Carver, Ann\",,512-40-6710\n";
    // Nothing but the name holds these two together.
    let joined = "name,dob,ssn\n\"Doe, John\",1980-03-04,\n\"Doe, John\",,512-41-6711\n";
    write(folder.path(), "a/apart.csv", apart, 0);
    write(folder.path(), "b/joined.csv", joined, 0);
    let first = run(folder.path());
    let persons = |name: &str| first.1.iter().find(|report| report.path.ends_with(name)).unwrap().persons;
    assert_eq!((persons("apart.csv").value, persons("joined.csv").high), (2, 2));
    assert_eq!(run(folder.path()), first);
}

#[test]
fn a_row_that_somebody_else_wrote_is_no_row() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "chart.txt", CHART, 0);
    write(folder.path(), "clean.txt", "nothing here at all, but of the same lengthhhhhhhhhhhhhh\n", 0);
    let first = run(folder.path());
    assert_eq!(first.0.files_with_phi, 1);
    let change = |sql: &str| {
        let cache = Connection::open(folder.path().join("cache.db")).unwrap();
        let rows = cache.execute(sql, []).unwrap();
        assert_eq!(rows, 1, "{sql}");
    };
    let chart = "WHERE has_phi = 1";
    for sql in [
        format!("UPDATE file SET has_phi = 0 {chart}"),
        format!("UPDATE file SET tally = x'' {chart}"),
        format!("UPDATE file SET people = x'' {chart}"),
        format!("UPDATE file SET format = 'csv' {chart}"),
        format!("UPDATE file SET bytes = 1 {chart}"),
        format!("UPDATE file SET sketch = 1 {chart}"),
        format!("UPDATE file SET problems = '[{{\"kind\":\"limit\",\"detail\":\"\"}}]' {chart}"),
        format!("UPDATE file SET seal = x'' {chart}"),
        // What was found in the other file, with its seal.
        format!(
            "UPDATE file SET (has_phi, tally, people, problems, seal) =
             (SELECT has_phi, tally, people, problems, seal FROM file WHERE has_phi = 0) {chart}"
        ),
    ] {
        change(&sql);
        assert_eq!(run(folder.path()), first, "{sql}");
    }
}

#[test]
fn a_sealed_row_spares_the_reading_and_an_old_cache_is_begun_anew() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "chart.txt", CHART, 0);
    let cache = folder.path().join("cache.db");
    Connection::open(&cache)
        .unwrap()
        .execute_batch("CREATE TABLE file (path BLOB PRIMARY KEY, size INTEGER NOT NULL) WITHOUT ROWID")
        .unwrap();
    let first = run(folder.path());
    let kept = |sql: &str| -> i64 {
        Connection::open(&cache).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(kept("SELECT count(*) FROM file"), 1);
    Connection::open(&cache)
        .unwrap()
        .execute_batch(
            "CREATE TABLE written (path BLOB);
             CREATE TRIGGER seen AFTER INSERT ON file BEGIN INSERT INTO written VALUES (new.path); END",
        )
        .unwrap();
    assert_eq!(run(folder.path()), first);
    assert_eq!(kept("SELECT count(*) FROM written"), 0);
    write(folder.path(), "chart.txt", CHART, 9);
    assert_eq!(run(folder.path()), first);
    assert_eq!(kept("SELECT count(*) FROM written"), 1);
}
