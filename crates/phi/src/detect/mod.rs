//! Recognising patient data: the detector behind the [`Sink`].
//!
//! It gets text, rows and named fields, and knows nothing about formats. It keeps counts and fingerprints, never a value past the
//! record it stands in. How each kind is told is in `docs/patient-data.md`; the words are in `content/signatures/phi.toml`.

mod date;
mod delimited;
mod header;
mod labels;
mod look_back;
mod marks;
mod name;
mod number;
mod paragraph;
mod plain_text;
mod record;
mod table;
mod tally;
mod text;
mod value;
mod vocabulary;
mod words;

use std::sync::Arc;

use enamel_types::patient_data::Entity;

use self::date::{Date, Order};
use self::labels::Meaning;
use self::paragraph::{Group, Paragraphs};
use self::record::Record;
use self::table::Plan;
use self::text::Scanner;
use self::vocabulary::Vocabulary;
use crate::persons::{People, Person};
use crate::sink::{Field, Problem, Sink};

pub(crate) use self::tally::Tally;
pub(crate) use self::vocabulary::TEXT as WORDS;

/// People of one file that are told apart exactly; beyond that they are estimated.
pub(crate) const PEOPLE_EXACT: usize = 40_000;
/// Running text is looked at in pieces of at least this size, so that a paragraph is rarely cut.
const PIECE: usize = 64 << 10;
/// A table's columns are decided when its first rows hold more than this, however few they are.
const PENDING: usize = 4 << 20;

/// What a detector found.
pub(crate) struct Outcome {
    pub(crate) tally: Tally,
    pub(crate) people: People,
    pub(crate) problems: Vec<Problem>,
    /// Whether some person's name and date of birth stood together.
    pub(crate) name_with_birthday: bool,
}

impl Outcome {
    /// Nothing found yet.
    pub(crate) fn new() -> Self {
        Self {
            tally: Tally::default(),
            people: People::new(PEOPLE_EXACT),
            problems: Vec::new(),
            name_with_birthday: false,
        }
    }

    /// Adds what another worker found in the same file.
    pub(crate) fn merge(&mut self, other: Self) {
        self.tally.merge(other.tally);
        self.people.merge(&other.people);
        self.problems.extend(other.problems);
        self.name_with_birthday |= other.name_with_birthday;
    }

    /// Whether it makes a file one that holds patient data. Names, telephone numbers and mailboxes alone do not: a list of staff
    /// has them too.
    pub(crate) fn has_phi(&self) -> bool {
        let counts = self.tally.counts();
        let identified = [Entity::Ssn, Entity::Pan, Entity::MemberId, Entity::Mrn]
            .iter()
            .any(|kind| counts.contains_key(kind));
        identified || self.name_with_birthday
    }
}

/// What the calls of one part have been so far.
enum Mode {
    /// Nothing yet.
    Fresh,
    /// Running text.
    Running,
    /// Contacts or appointments as vCard and iCalendar write them (RFC 6350, RFC 5545): one after the other, line ends as `\n`.
    Cards,
    /// Delimited text.
    Delimited(u8),
    /// A table given row by row.
    Table,
}

/// Recognises patient data in what a format's reader pushes.
pub(crate) struct Detector {
    key: [u8; 32],
    today: Date,
    vocabulary: &'static Vocabulary,
    outcome: Outcome,
    mode: Mode,
    buffer: String,
    /// How much of the buffer was looked at and is a row that goes on.
    open: usize,
    header: Vec<String>,
    pending: Vec<Vec<String>>,
    /// Bytes of the rows that are pending.
    pending_bytes: usize,
    plan: Option<Arc<Plan>>,
    record: Record,
}

impl Detector {
    /// A detector whose fingerprints are under `key`. Two-digit years and ages are read as of `today` (year, month, day).
    pub(crate) fn new(key: [u8; 32], today: (u16, u8, u8)) -> Self {
        let (year, month, day) = today;
        Self {
            key,
            today: Date { year, month, day },
            vocabulary: Vocabulary::get(),
            outcome: Outcome::new(),
            mode: Mode::Fresh,
            buffer: String::new(),
            open: 0,
            header: Vec::new(),
            pending: Vec::new(),
            pending_bytes: 0,
            plan: None,
            record: Record::default(),
        }
    }

    /// A detector for a later piece of the same text, which knows the columns that this one found in the first piece. What it
    /// finds must be merged into what this one found.
    pub(crate) fn fork(&self) -> Self {
        let mode = match self.mode {
            Mode::Delimited(delimiter) => Mode::Delimited(delimiter),
            Mode::Cards => Mode::Cards,
            _ => Mode::Running,
        };
        let plan = self.plan.as_ref().map(|plan| Arc::new(Plan { skip: 0, ..Plan::clone(plan) }));
        let (year, month, day) = (self.today.year, self.today.month, self.today.day);
        let outcome = Outcome { people: People::unjoined(), ..Outcome::new() };
        Self { outcome, mode, plan, ..Self::new(self.key, (year, month, day)) }
    }

    /// Ends the file.
    pub(crate) fn finish(mut self) -> Outcome {
        self.end_part();
        self.outcome
    }

    fn end_part(&mut self) {
        self.drain(true);
        self.end_table();
        self.end_record();
        self.mode = Mode::Fresh;
    }

    fn end_table(&mut self) {
        if self.plan.is_none() {
            self.decide();
        }
        self.end_record();
        self.plan = None;
        self.header.clear();
    }

    /// Running text or delimited text arrived; `delimited` if its format says which.
    fn push_text(&mut self, text: &str, delimited: bool) {
        self.end_record();
        if matches!(self.mode, Mode::Table) {
            self.end_table();
            self.mode = Mode::Running;
        }
        if matches!(self.mode, Mode::Fresh) && !text.trim().is_empty() {
            self.mode = match table::delimiter(text) {
                _ if text.trim_start().starts_with("BEGIN:VC") => Mode::Cards,
                Some(found) => Mode::Delimited(found),
                None if delimited => Mode::Delimited(b','),
                None => Mode::Running,
            };
        }
        if self.buffer.is_empty() && text.len() >= PIECE {
            let cut = self.consume(text, false);
            self.buffer.push_str(&text[cut..]);
        } else {
            self.buffer.push_str(text);
            self.drain(false);
        }
    }

    fn drain(&mut self, last: bool) {
        // A row that goes on is looked at again when it is twice as long, not with every line.
        if self.buffer.is_empty() || (!last && self.buffer.len() < PIECE.max(2 * self.open)) {
            return;
        }
        let buffer = std::mem::take(&mut self.buffer);
        let cut = self.consume(&buffer, last);
        if cut < buffer.len() {
            buffer[cut..].clone_into(&mut self.buffer);
        }
    }

    /// Looks at a text and gives how much of it is done with; the rest belongs to a paragraph or row that goes on.
    fn consume(&mut self, text: &str, last: bool) -> usize {
        if let Mode::Delimited(delimiter) = self.mode {
            let cut = self.delimited_rows(text, delimiter, last);
            self.open = text.len() - cut;
            return cut;
        }
        let cut = if last { text.len() } else { boundary(text) };
        if matches!(self.mode, Mode::Cards) {
            let apart = text[..cut].replace("\\n", "\n").replace("\\,", ",").replace("BEGIN:", "\n\nBEGIN:");
            self.running(&apart, false);
        } else {
            self.running(&text[..cut], false);
        }
        cut
    }

    /// Looks at running text. In a cell or field of unknown meaning, `labels_only`, only what has a label counts, and it belongs
    /// to the record.
    fn running(&mut self, text: &str, labels_only: bool) {
        let vocabulary = self.vocabulary;
        let mut scanner = Scanner {
            text: text.as_bytes(),
            vocabulary,
            today: self.today,
            labels_only,
            order: Order::MonthFirst,
            columns: header::Columns::default(),
            unlabelled: labels::Unlabelled::default(),
            alone: true,
        };
        if labels_only {
            let record = &mut self.record;
            scanner.scan(&mut |hit| {
                if hit.alone || !record.is_empty() {
                    record.push(hit.kind, hit.norm);
                }
            });
            return;
        }
        let mut paragraphs = Paragraphs::default();
        let mut each = |group: Group| self.outcome.keep(&group.values, &self.key, vocabulary);
        scanner.scan(&mut |hit| paragraphs.add(text, hit, vocabulary, &mut each));
        paragraphs.finish(text, vocabulary, &mut each);
    }

    /// One row of any table.
    fn take_row(&mut self, cells: &[&str]) {
        if let Some(plan) = self.plan.clone() {
            self.emit_row(&plan, cells);
            return;
        }
        self.pending.push(cells.iter().map(|cell| (*cell).to_owned()).collect());
        self.pending_bytes += cells.iter().map(|cell| cell.len()).sum::<usize>();
        if self.pending.len() >= table::SAMPLE || self.pending_bytes > PENDING {
            self.decide();
        }
    }

    fn decide(&mut self) {
        let rows = std::mem::take(&mut self.pending);
        self.pending_bytes = 0;
        if rows.is_empty() {
            return;
        }
        let plan = table::plan(&self.header, &rows, self.today, self.vocabulary);
        for (index, row) in rows.iter().enumerate() {
            let cells: Vec<&str> = row.iter().map(String::as_str).collect();
            if index >= plan.skip {
                self.emit_row(&plan, &cells);
            } else if index + 1 < plan.skip {
                // A title above the header may name a person.
                self.running(&cells.join(" "), false);
            }
        }
        self.plan = Some(plan);
    }

    fn emit_row(&mut self, plan: &Plan, cells: &[&str]) {
        if plan.key_value {
            if let [first, values @ ..] = cells {
                let mut label = *first;
                for value in values.iter().filter(|value| !value.trim().is_empty()) {
                    // Two pairs may stand side by side.
                    if table::is_label(value, self.vocabulary) {
                        label = value;
                    } else {
                        self.take_field(Field { known: None, label, value });
                    }
                }
            }
            return;
        }
        if plan.unknown {
            self.running(&cells.join("  "), false);
            return;
        }
        for (index, cell) in cells.iter().enumerate() {
            let cell = cell.trim();
            if cell.is_empty() {
                continue;
            }
            match plan
                .columns
                .get(index)
                .and_then(|column| column.meaning.map(|meaning| (meaning, column.order)))
            {
                Some((Meaning::Is(kind), order)) => {
                    if let Some(norm) = value::of_kind(kind, cell, order, self.today, false, self.vocabulary)
                    {
                        self.record.push(kind, norm);
                    }
                }
                Some((Meaning::Part(part), _)) => self.record.part(part, cell),
                // A description may hold anything, with labels of its own.
                Some((Meaning::Other, _)) if !cell.contains(' ') => {}
                Some((Meaning::Other, _)) | None => self.loose(cell),
            }
        }
        self.end_record();
    }

    /// A cell or field of unknown meaning: notes may hold anything, with labels.
    fn loose(&mut self, text: &str) {
        if text.len() >= 9
            && text.bytes().any(|byte| byte.is_ascii_digit() || byte == b'@')
            && text.contains([' ', '@', ':', '='])
        {
            self.running(text, true);
        }
    }

    fn take_field(&mut self, field: Field<'_>) {
        // Who wrote and who was written to: mailboxes, but not patients.
        const CORRESPONDENTS: [&str; 7] = ["from", "to", "cc", "bcc", "reply-to", "sender", "return-path"];
        let label = field.label.trim();
        let correspondent = CORRESPONDENTS.iter().any(|name| label.eq_ignore_ascii_case(name));
        if correspondent
            && !matches!(field.known, Some(kind) if kind != Entity::Email && kind != Entity::Name)
        {
            for part in field.value.split([',', ';']) {
                if let Some(norm) =
                    value::of_kind(Entity::Email, part, Order::MonthFirst, self.today, true, self.vocabulary)
                {
                    self.outcome.tally.add(&self.key, Entity::Email, &norm);
                }
            }
            return;
        }
        let meaning = field.known.map(Meaning::Is).or_else(|| self.vocabulary.labels.column(label));
        match meaning {
            Some(Meaning::Is(Entity::Name)) if field.known.is_some() || name::is_name_value(field.value) => {
                if let Some(Meaning::Part(part)) = self.vocabulary.labels.column(label) {
                    self.record.part(part, field.value);
                    return;
                }
                let norm = name::normalise(field.value);
                if !norm.is_empty() {
                    self.record.push(Entity::Name, norm);
                }
            }
            Some(Meaning::Is(kind)) => {
                let trusted = field.known.is_some();
                match value::of_kind(
                    kind,
                    field.value,
                    Order::MonthFirst,
                    self.today,
                    trusted,
                    self.vocabulary,
                ) {
                    Some(norm) => {
                        if self.record.begins_another(kind, &norm) {
                            self.end_record();
                        }
                        self.record.push(kind, norm);
                    }
                    None if !trusted => self.loose(field.value),
                    None => {}
                }
            }
            Some(Meaning::Part(part)) => self.record.part(part, field.value),
            Some(Meaning::Other) => {}
            None => self.loose(field.value),
        }
    }

    fn end_record(&mut self) {
        let values = self.record.finish();
        if !values.is_empty() {
            self.outcome.keep(&values, &self.key, self.vocabulary);
        }
    }
}

impl Outcome {
    /// Counts the values of one person, unless that person is a phantom.
    fn keep(&mut self, values: &[(Entity, String)], key: &[u8; 32], vocabulary: &Vocabulary) {
        let nobody = |norm: &str| {
            vocabulary.is_nobody(norm)
                || vocabulary.is_nobody(norm.trim_end_matches(|c: char| c.is_ascii_digit()))
        };
        if values.iter().any(|(kind, norm)| matches!(kind, Entity::Name | Entity::Mrn) && nobody(norm)) {
            return;
        }
        let mut person = Person::default();
        let named_only = values.iter().all(|(kind, _)| *kind == Entity::Name);
        for (kind, norm) in values {
            // A name counts once something stands beside it.
            if *kind == Entity::Name && named_only {
                continue;
            }
            let fingerprint = self.tally.add(key, *kind, norm);
            person.set(*kind, fingerprint);
        }
        self.name_with_birthday |= person.name != 0 && person.dob != 0;
        self.people.add(person);
    }
}

/// Where a text can be cut so that no paragraph is torn, or at least no line.
fn boundary(text: &str) -> usize {
    let bytes = text.as_bytes();
    let late = bytes.len() - bytes.len() / 4;
    let blank = memchr::memmem::rfind(&bytes[late..], b"\n\n").map(|at| late + at + 2);
    blank.or_else(|| memchr::memrchr(b'\n', bytes).map(|at| at + 1)).unwrap_or(bytes.len())
}

/// A text whose long numbers are masked to their last two digits, those written in groups too.
fn mask_numbers(text: &str) -> String {
    const SHORTEST: usize = 7;
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let (mut at, mut copied) = (0, 0);
    while at < bytes.len() {
        let (mut end, mut digits) = (at, 0);
        while end < bytes.len() {
            let joins = matches!(bytes[end], b'-' | b' ' | b'.' | b'/') && digits > 0;
            if bytes[end].is_ascii_digit() {
                digits += 1;
            } else if !(joins && bytes.get(end + 1).is_some_and(u8::is_ascii_digit)) {
                break;
            }
            end += 1;
        }
        if digits >= SHORTEST {
            out += &text[copied..at];
            let mut left = digits;
            for byte in &bytes[at..end] {
                left -= usize::from(byte.is_ascii_digit());
                out.push(if byte.is_ascii_digit() && left >= 2 { '*' } else { char::from(*byte) });
            }
            copied = end;
        }
        at = end.max(at + 1);
    }
    out + &text[copied..]
}

impl Sink for Detector {
    fn part(&mut self, _name: &str) {
        self.end_part();
    }

    fn text(&mut self, text: &str) {
        self.push_text(text, false);
    }

    fn delimited(&mut self, text: &str) {
        self.push_text(text, true);
    }

    fn table(&mut self, columns: &[&str]) {
        self.end_part();
        self.mode = Mode::Table;
        self.header = columns.iter().map(|column| (*column).to_owned()).collect();
    }

    fn row(&mut self, cells: &[&str]) {
        self.take_row(cells);
    }

    fn record(&mut self) {
        self.drain(true);
        self.end_table();
        self.mode = Mode::Running;
    }

    fn field(&mut self, field: Field<'_>) {
        self.take_field(field);
    }

    fn problem(&mut self, problem: Problem) {
        const MOST: usize = 200;
        if self.outcome.problems.len() < MOST {
            // Names of members, tables and columns are content too, whoever wrote them.
            let detail = mask_numbers(&problem.detail);
            self.outcome.problems.push(Problem { detail, ..problem });
        }
    }
}

#[cfg(test)]
mod tests;
