//! The committed ledger: an accidental change of the format fails here.
//!
//! `v1.db` was written by the first version of this format and must stay readable for ever. After a *deliberate* change
//! (a new format number), add a new pair of files; never rewrite an old one. A new pair is written by running this test
//! with `ENAMEL_WRITE_GOLDEN=1`.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use enamel_ledger::{Ledger, verify};

use crate::support::{at, ledger_of, mixed, open, practice};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// Every hash of a ledger, one a line, and its root.
fn hashes(ledger: &Ledger) -> String {
    let mut text = String::new();
    for entry in ledger.entries(1).map(Result::unwrap) {
        writeln!(text, "{} {} {}", entry.seq, entry.observation.id, entry.hash).unwrap();
    }
    let root = ledger.practice_root_through(practice(), u64::from(u32::MAX)).unwrap();
    writeln!(text, "root {}", root.root).unwrap();
    text
}

#[test]
fn the_committed_ledger_reads_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let fresh = folder.path().join("fresh.db");
    ledger_of(&fresh, &mixed(12));
    if std::env::var_os("ENAMEL_WRITE_GOLDEN").is_some() {
        std::fs::write(golden("v1.hashes"), hashes(&open(&fresh))).unwrap();
        std::fs::copy(&fresh, golden("v1.db")).unwrap();
    }
    let expected = std::fs::read_to_string(golden("v1.hashes")).unwrap();
    assert_eq!(hashes(&open(&fresh)), expected, "the same observations must still hash to the same values");

    let copy = folder.path().join("v1.db");
    std::fs::copy(golden("v1.db"), &copy).unwrap();
    let checked = verify(&copy, &mut |_| ()).unwrap();
    assert!(checked.is_whole() && checked.entries == 12, "{checked}");
    let mut ledger = open(&copy);
    assert_eq!(hashes(&ledger), expected);
    assert_eq!(ledger.entries(1).map(|entry| entry.unwrap().observation).collect::<Vec<_>>(), mixed(12));
    let again = ledger.append(at(1), &mixed(12)).unwrap();
    assert!(again.iter().all(|one| matches!(one, enamel_ledger::Appended::AlreadyPresent(_))), "{again:?}");
}
