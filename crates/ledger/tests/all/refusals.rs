//! What is refused, and in which words.

use std::path::Path;
use std::time::{Duration, Instant};

use enamel_ledger::{Ledger, LedgerError, MAX_BODY_BYTES, roots_at, salvage, verify};

use crate::support::{at, ledger_of, mixed, observation, open};

fn refusal(path: &Path) -> LedgerError {
    Ledger::open(path).err().expect("must be refused")
}

#[test]
fn files_that_are_no_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "Call the supplier about gloves\n".repeat(400)).unwrap();
    let other = folder.path().join("other.db");
    rusqlite::Connection::open(&other).unwrap().execute_batch("CREATE TABLE patient (name TEXT)").unwrap();
    let empty = folder.path().join("empty.db");
    std::fs::write(&empty, "").unwrap();
    for path in [&text, &other, &empty] {
        let before = std::fs::read(path).unwrap();
        assert!(matches!(refusal(path), LedgerError::NotALedger { .. }), "{path:?}: {:?}", refusal(path));
        assert!(matches!(verify(path, &mut |_| ()), Err(LedgerError::NotALedger { .. })), "{path:?}");
        assert!(matches!(salvage(path, at(0), &mut |_| ()), Err(LedgerError::NotALedger { .. })), "{path:?}");
        if path != &other {
            assert_eq!(std::fs::read(path).unwrap(), before, "{path:?} was written to");
        }
    }
    assert!(refusal(&text).to_string().contains("notes.txt is not an Enamel ledger"));
}

#[test]
fn a_newer_format() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    ledger_of(&path, &mixed(3));
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 2).unwrap();
    assert!(matches!(refusal(&path), LedgerError::NewerFormat { found: 2, known: 1, .. }));
    assert!(matches!(verify(&path, &mut |_| ()), Err(LedgerError::NewerFormat { .. })));
}

#[test]
fn a_read_only_file_is_verified_and_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger 100%?.db");
    ledger_of(&path, &mixed(3));
    let mut permissions = path.metadata().unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&path, permissions).unwrap();
    assert!(matches!(refusal(&path), LedgerError::ReadOnly { .. }));
    assert!(verify(&path, &mut |_| ()).unwrap().is_whole());
}

#[test]
fn verifying_leaves_no_file_behind() {
    let folder = tempfile::tempdir().unwrap();
    let original = folder.path().join("ledger.db");
    let mut ledger = open(&original);
    ledger.append(at(1), &mixed(30)).unwrap();
    let copies = folder.path().join("copies");
    std::fs::create_dir(&copies).unwrap();
    // With a log, as a copy is that was made while Enamel ran, and without one.
    let (busy, closed) = (copies.join("busy.db"), copies.join("closed.db"));
    std::fs::copy(&original, &busy).unwrap();
    std::fs::copy(folder.path().join("ledger.db-wal"), copies.join("busy.db-wal")).unwrap();
    drop(ledger);
    std::fs::copy(&original, &closed).unwrap();
    for copy in [&busy, &closed] {
        let checked = verify(copy, &mut |_| ()).unwrap();
        assert!(checked.is_whole() && checked.entries == 30, "{checked}");
        assert_eq!(checked.roots, roots_at(copy, 30).unwrap());
    }
    let mut names: Vec<_> =
        std::fs::read_dir(&copies).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["busy.db", "busy.db-wal", "closed.db"]);
}

#[test]
fn a_ledger_that_somebody_else_has_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let mut ledger = open(&path);
    ledger.append(at(1), &mixed(30)).unwrap();
    assert!(matches!(refusal(&path), LedgerError::Locked { .. }));
    assert!(matches!(salvage(&path, at(0), &mut |_| ()), Err(LedgerError::Locked { .. })));
    let checked = verify(&path, &mut |_| ()).unwrap();
    assert!(checked.is_whole() && checked.entries == 30, "it can still be verified: {checked}");
    // A foreign SQLite tool that holds the write lock.
    let tool = rusqlite::Connection::open(&path).unwrap();
    tool.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(matches!(ledger.append(at(2), &[observation(1, 99)]), Err(LedgerError::Locked { .. })));
    tool.execute_batch("ROLLBACK").unwrap();
    ledger.append(at(2), &[observation(1, 99)]).unwrap();
}

#[test]
fn a_ledger_that_is_let_go_of_in_time_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let holder = open(&path);
    let (begun, short) = (Instant::now(), Duration::from_millis(200));
    let refused = Ledger::open_within(&path, short).err().expect("it is still held");
    assert!(matches!(refused, LedgerError::Locked { .. }) && begun.elapsed() >= short, "{refused}");
    let waiting = std::thread::spawn({
        let path = path.clone();
        move || Ledger::open_within(&path, Duration::from_mins(1)).map(|opened| opened.ledger)
    });
    drop(holder);
    let mut ledger = waiting.join().unwrap().expect("it was let go of");
    ledger.append(at(1), &mixed(3)).unwrap();
    assert!(
        matches!(refusal(&path), LedgerError::Locked { .. }),
        "who waited in vain holds nothing, who got it does"
    );
    drop(ledger);
    assert_eq!(open(&path).len().unwrap(), 3);
}

#[test]
fn a_missing_folder_and_a_missing_file() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(refusal(&folder.path().join("no/ledger.db")), LedgerError::Io { .. }));
    let missing = verify(&folder.path().join("ledger.db"), &mut |_| ()).unwrap_err();
    assert!(matches!(missing, LedgerError::Io { .. }));
    assert!(!missing.to_string().contains("writable"), "verifying writes nothing: {missing}");
    // The file deleted and its log left: making a new one would hide that.
    std::fs::write(folder.path().join("gone.db-wal"), "x").unwrap();
    assert!(matches!(refusal(&folder.path().join("gone.db")), LedgerError::Damaged { .. }));
}

#[test]
fn an_observation_beyond_the_limit_takes_its_batch_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = open(&folder.path().join("ledger.db"));
    let mut big = observation(1, 2);
    big.scope = "x".repeat(MAX_BODY_BYTES);
    let error = ledger.append(at(1), &[observation(1, 1), big]).unwrap_err();
    assert!(matches!(error, LedgerError::TooLarge { .. }), "{error}");
    assert!(ledger.is_empty().unwrap());
}
