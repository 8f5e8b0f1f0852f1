//! What the unit tests of readers share: a budget, and a sink that keeps what it is given.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use enamel_types::{Clock, Timestamp};

use super::{Budget, Format, Limits, Source, extract};
use crate::sink::{Field, Problem, Sink};

struct StoppedClock;

impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

static CANCEL: AtomicBool = AtomicBool::new(false);

/// A budget with the default limits, but depth 4 and expansion that a test reaches.
pub(super) fn budget_for_tests() -> &'static Budget<'static> {
    let limits = Limits { expanded: 1 << 30, time: Duration::from_secs(1), ..Limits::default() };
    Box::leak(Box::new(Budget::new(limits, &StoppedClock, &CANCEL)))
}

/// Everything that came, one line each: `part`, `text`, `table`, `row`, `record`, `field`, `problem`.
#[derive(Default)]
pub(super) struct Kept {
    pub(super) lines: Vec<String>,
    pub(super) problems: Vec<Problem>,
}

impl Kept {
    /// Whether a line is there.
    pub(super) fn has(&self, line: &str) -> bool {
        self.lines.iter().any(|kept| kept == line)
    }
}

impl Sink for Kept {
    fn part(&mut self, name: &str) {
        self.lines.push(format!("part {name}"));
    }
    fn text(&mut self, text: &str) {
        assert!(text.len() <= super::text::BLOCK);
        self.lines.extend(text.lines().map(|line| format!("text {line}")));
    }
    fn table(&mut self, columns: &[&str]) {
        self.lines.push(format!("table {}", columns.join("|")));
    }
    fn row(&mut self, cells: &[&str]) {
        self.lines.push(format!("row {}", cells.join("|")));
    }
    fn record(&mut self) {
        self.lines.push("record".to_owned());
    }
    fn field(&mut self, field: Field<'_>) {
        let known = field.known.map_or("-", enamel_types::patient_data::Entity::as_str);
        self.lines.push(format!("field {known} {} = {}", field.label, field.value));
    }
    fn problem(&mut self, problem: Problem) {
        self.lines.push(format!("problem {:?} {}", problem.kind, problem.detail));
        self.problems.push(problem);
    }
}

/// What [`extract`] pushes for bytes of a given format.
pub(super) fn kept(bytes: &[u8], name: &str, format: Format) -> Kept {
    let mut kept = Kept::default();
    extract(Source::bytes(bytes), name, format, budget_for_tests(), &mut kept);
    kept
}
