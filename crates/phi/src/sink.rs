//! The seam between reading a file and recognising what is in it.
//!
//! An extractor knows formats and pushes what a file says into a [`Sink`]: running text, rows of a table, named fields of
//! a record. It knows nothing about patients. The detector behind the sink knows patients and nothing about formats.

use enamel_types::patient_data::Entity;

/// Where extracted content goes. All text is UTF-8.
pub trait Sink {
    /// A new part begins: a page, a sheet, a mail part, a member of an archive. Ends tables and records, and forgets labels.
    fn part(&mut self, name: &str);

    /// Running text. One call holds whole lines, at most 256 KiB; calls in one part continue each other. Ends a table or record.
    fn text(&mut self, text: &str);

    /// Delimited text (CSV, TSV) in whole lines, cut like [`Sink::text`]: the sink finds delimiter, quotes and header itself.
    fn delimited(&mut self, text: &str) {
        self.text(text);
    }

    /// A table begins. `columns` are its header cells; empty where the format has none (the detector then looks for a header in
    /// the first rows itself).
    fn table(&mut self, columns: &[&str]);

    /// A row of the table begun last: each row is a record of its own.
    fn row(&mut self, cells: &[&str]);

    /// A record begins: one person, one message, one claim, in a format that has such a thing.
    fn record(&mut self);

    /// A named value of the record begun last.
    fn field(&mut self, field: Field<'_>);

    /// Something in the file could not be read. Extraction goes on where it can.
    fn problem(&mut self, problem: Problem);
}

/// A named value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// The entity where the format itself defines it (DICOM `PatientID`, X12 `NM109` after `MI`); `None` where only a label
    /// speaks.
    pub known: Option<Entity>,
    /// The label: a JSON path's last name, an X12 or HL7 position, a DICOM keyword.
    pub label: &'a str,
    /// The value as it stands in the file, decoded and unescaped.
    pub value: &'a str,
}

/// Why a file, or a part of it, could not be read.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Problem {
    /// The class, for counting.
    pub kind: ProblemKind,
    /// The part and the reason. Never holds content of the file.
    pub detail: String,
}

/// Classes of problems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// Nothing of it was read: the operating system refused, its reader gave up, or it is damaged throughout.
    Unreadable,
    /// Encrypted or password-protected: cannot be looked into.
    Encrypted,
    /// Damaged or cut short, and read in part.
    Malformed,
    /// A limit on size, depth, ratio or time was reached; the rest was not looked at.
    Limit,
    /// A format, or a thing that is no file, that is recognised but not looked into.
    Unsupported,
}
