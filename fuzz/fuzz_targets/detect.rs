//! Running and delimited text of any content: the detector ends, keeps within what it was given, and its count has sane bounds.
//!
//! Run with `-detect_leaks=0`: threads that are ending look like leaks.
#![no_main]

use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use enamel_phi::{ScanOptions, scan};
use enamel_types::{Clock, Timestamp};
use libfuzzer_sys::fuzz_target;

struct System;

impl Clock for System {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

thread_local! {
    static FOLDER: RefCell<tempfile::TempDir> = RefCell::new(tempfile::tempdir().expect("a folder for the file"));
}

fuzz_target!(|data: &[u8]| {
    let Some((kind, text)) = data.split_first() else { return };
    let name = ["a.txt", "a.csv", "a.html", "a.eml"][usize::from(kind % 4)];
    let path: PathBuf = FOLDER.with_borrow(|folder| folder.path().join(name));
    std::fs::write(&path, text).expect("the folder is there");
    let options = ScanOptions { threads: 1, ..ScanOptions::default() };
    let cancel = AtomicBool::new(false);
    let mut each = |report: enamel_phi::FileReport| {
        let persons = report.persons;
        assert!(persons.low <= persons.value && persons.value <= persons.high, "{persons:?}");
        // A panic is caught by the scan; here it must not pass for a damaged file.
        for problem in &report.errors {
            assert!(!problem.detail.ends_with("reader gave up"), "{}", problem.detail);
        }
    };
    scan(&[path], &options, &System, &cancel, &mut |_| (), &mut each).expect("the file is there");
});
