//! What the targets of format readers share: reading bytes as a format under small limits, with a sink that checks its contract.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use enamel_phi::extract::{Budget, Format, Limits, Source, extract};
use enamel_phi::sink::{Field, Problem, Sink};
use enamel_types::{Clock, Timestamp};

struct System;

impl Clock for System {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

struct Checked;

impl Sink for Checked {
    fn part(&mut self, _: &str) {}
    fn text(&mut self, text: &str) {
        assert!(text.len() <= 256 << 10);
    }
    fn table(&mut self, _: &[&str]) {}
    fn row(&mut self, _: &[&str]) {}
    fn record(&mut self) {}
    fn field(&mut self, _: Field<'_>) {}
    fn problem(&mut self, problem: Problem) {
        // A panic inside a reader is caught by `extract`; here it must not pass for a damaged file. A name may hold the words.
        assert!(!problem.detail.ends_with(": its reader gave up"), "{}", problem.detail);
    }
}

/// Reads `data` as each of `formats`.
pub fn read(data: &[u8], formats: &[Format]) {
    let cancel = AtomicBool::new(false);
    let limits = Limits { expanded: 64 << 20, time: Duration::from_secs(5), members: 1000, ..Limits::default() };
    for format in formats {
        let budget = Budget::new(limits, &System, &cancel);
        extract(Source::bytes(data), "fuzz", *format, &budget, &mut Checked);
    }
}
