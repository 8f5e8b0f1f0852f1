//! What is refused, and in which words.

use std::path::Path;

use enamel_ledger::{Ledger, LedgerError, MAX_BODY_BYTES, salvage, verify};

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
fn a_missing_folder_and_a_missing_file() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(refusal(&folder.path().join("no/ledger.db")), LedgerError::Io { .. }));
    assert!(matches!(verify(&folder.path().join("ledger.db"), &mut |_| ()), Err(LedgerError::Io { .. })));
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
