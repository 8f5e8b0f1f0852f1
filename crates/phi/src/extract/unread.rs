//! Telling a file of which nothing could be read from one that is damaged in a part.
//!
//! A reader that meets damage does not know what others read of the same file. So damage is held back until the file is done:
//! where nothing at all was handed on, the file was not read, whatever the reason, and is reported as such.

use crate::sink::{Field, Problem, ProblemKind, Sink};

/// Hands everything on but damage, which waits for [`Unread::finish`].
pub(super) struct Unread<'s> {
    sink: &'s mut dyn Sink,
    /// Whether the file said anything.
    has_content: bool,
    damage: Vec<Problem>,
}

impl<'s> Unread<'s> {
    pub(super) fn new(sink: &'s mut dyn Sink) -> Self {
        Self { sink, has_content: false, damage: Vec::new() }
    }

    /// Reports the damage as what it came to.
    pub(super) fn finish(self) {
        for problem in self.damage {
            let kind = if self.has_content { ProblemKind::Malformed } else { ProblemKind::Unreadable };
            self.sink.problem(Problem { kind, ..problem });
        }
    }

    fn note(&mut self, text: &str) {
        self.has_content |= !self.has_content && !text.trim().is_empty();
    }
}

impl Sink for Unread<'_> {
    fn part(&mut self, name: &str) {
        self.sink.part(name);
    }

    fn text(&mut self, text: &str) {
        self.note(text);
        self.sink.text(text);
    }

    fn delimited(&mut self, text: &str) {
        self.note(text);
        self.sink.delimited(text);
    }

    fn table(&mut self, columns: &[&str]) {
        self.sink.table(columns);
    }

    fn row(&mut self, cells: &[&str]) {
        self.has_content = true;
        self.sink.row(cells);
    }

    fn record(&mut self) {
        self.sink.record();
    }

    fn field(&mut self, field: Field<'_>) {
        self.has_content = true;
        self.sink.field(field);
    }

    fn problem(&mut self, problem: Problem) {
        if problem.kind == ProblemKind::Malformed {
            self.damage.push(problem);
        } else {
            self.sink.problem(problem);
        }
    }
}
