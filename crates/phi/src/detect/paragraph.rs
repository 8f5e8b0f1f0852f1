//! Who belongs to whom in running text: values and names of a paragraph become people.

use enamel_types::patient_data::Entity;

use super::name;
use super::text::Hit;
use super::vocabulary::Vocabulary;

/// The values of one person, in the order in which they stand.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) values: Vec<(Entity, String)>,
    name_at: Option<usize>,
}

impl Group {
    fn value(&self, kind: Entity) -> Option<&str> {
        self.values.iter().find(|(known, _)| *known == kind).map(|(_, norm)| norm.as_str())
    }

    fn differs(&self, kind: Entity, norm: &str) -> bool {
        self.value(kind).is_some_and(|known| known != norm)
    }

    fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

/// A paragraph is looked at no further than this before its first and after its last value.
const REACH: usize = 600;
/// As many values as make one piece of a list without blank lines.
const PIECE: usize = 48;

/// Collects the values of a text and closes a paragraph when the next value lies beyond a blank line.
#[derive(Default)]
pub(super) struct Paragraphs {
    hits: Vec<Hit>,
    /// Up to where the text belongs to paragraphs already closed.
    closed: usize,
    /// The person whom a form in several paragraphs is about, so far.
    open: Group,
    open_is_form: bool,
}

impl Paragraphs {
    /// Adds a value; people that are complete go to `each`.
    pub(super) fn add(&mut self, text: &str, hit: Hit, vocabulary: &Vocabulary, each: &mut dyn FnMut(Group)) {
        if let Some(last) = self.hits.last() {
            let between = &text.as_bytes()[last.end..hit.start.max(last.end)];
            let newline = memchr::memchr(b'\n', between).is_some();
            if (newline && self.hits.len() >= PIECE) || blank_line(between).is_some() {
                let next =
                    last.end + blank_line(between).or_else(|| memchr::memchr(b'\n', between)).unwrap_or(0);
                self.close(text, next, vocabulary, each);
            }
        }
        self.hits.push(hit);
    }

    /// Ends the text.
    pub(super) fn finish(&mut self, text: &str, vocabulary: &Vocabulary, each: &mut dyn FnMut(Group)) {
        self.close(text, text.len(), vocabulary, each);
        self.flush(each);
        self.closed = 0;
    }

    fn flush(&mut self, each: &mut dyn FnMut(Group)) {
        let group = std::mem::take(&mut self.open);
        if !group.is_empty() {
            each(group);
        }
        self.open_is_form = false;
    }

    fn close(&mut self, text: &str, limit: usize, vocabulary: &Vocabulary, each: &mut dyn FnMut(Group)) {
        let mut hits = std::mem::take(&mut self.hits);
        let (Some(first), Some(last)) = (hits.first(), hits.last()) else { return };
        let bytes = text.as_bytes();
        let floor = self.closed.max(first.start.saturating_sub(REACH)).min(first.start);
        let mut begin = floor + last_blank_line(&bytes[floor..first.start]).unwrap_or(0);
        let ceiling = limit.min(last.end + REACH).max(last.end).min(text.len());
        let finish = last.end + blank_line(&bytes[last.end..ceiling]).unwrap_or(ceiling - last.end);
        let mut names = names(text, begin, finish, &hits, vocabulary);
        // An account or a record is a patient's where something else of a person stands beside it.
        let person = |hit: &Hit| hit.alone && !matches!(hit.kind, Entity::Phone | Entity::Email);
        if names.is_empty() && !hits.iter().any(person) {
            hits.retain(|hit| hit.alone);
            if hits.is_empty() {
                return;
            }
        }
        let is_form = hits.iter().all(|hit| heads_its_line(bytes, hit.start));
        if names.is_empty() && is_form && begin > floor {
            // A form with a blank line after each field: the name stands a paragraph above.
            let above = &bytes[floor..begin];
            let trimmed =
                above.len() - above.iter().rev().take_while(|byte| byte.is_ascii_whitespace()).count();
            if trimmed > 0 {
                begin = floor + last_blank_line(&above[..trimmed]).unwrap_or(0);
                names = name::find_from(text, begin, finish, vocabulary);
            }
        }
        let goes_on = self.open_is_form
            && is_form
            && names.is_empty()
            && hits.iter().all(|hit| self.open.value(hit.kind).is_none());
        if !goes_on {
            self.flush(each);
        }
        self.closed = finish;
        self.open_is_form = is_form;
        let mut names = names.into_iter().peekable();
        let mut last_end = 0;
        for hit in hits {
            while let Some(found) = names.next_if(|found| found.start < hit.start) {
                // A line of a list: the name begins it, and values of its own follow.
                let begins = last_end > 0
                    && last_end <= found.start
                    && !same_line(bytes, last_end, found.start)
                    && same_line(bytes, found.start, hit.start);
                if begins && !is_form {
                    self.flush(each);
                }
                self.person(found, each);
            }
            last_end = hit.end;
            let new = matches!(hit.kind, Entity::Ssn | Entity::Mrn | Entity::Dob | Entity::MemberId);
            // The same line may give a person two numbers of a kind only where a name stands between.
            if new && self.open.differs(hit.kind, &hit.norm) {
                let named_here = self.open.name_at.is_some_and(|at| same_line(bytes, at, hit.start));
                if !named_here || hit.kind == Entity::Ssn || hit.kind == Entity::Dob {
                    self.flush(each);
                }
            }
            self.open.values.push((hit.kind, hit.norm));
        }
        for found in names {
            self.person(found, each);
        }
    }

    fn person(&mut self, found: name::Found, each: &mut dyn FnMut(Group)) {
        let form = self.open_is_form;
        if self.open.differs(Entity::Name, &found.norm) {
            self.flush(each);
            self.open_is_form = form;
        }
        self.open.name_at = Some(found.start);
        self.open.values.push((Entity::Name, found.norm));
    }
}

/// Names near values, which is where those whom they belong to are named: the text between is not looked at.
fn names(text: &str, begin: usize, end: usize, hits: &[Hit], vocabulary: &Vocabulary) -> Vec<name::Found> {
    const BEFORE: usize = 200;
    const AFTER: usize = 100;
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut done = begin;
    let mut hits = hits.iter().peekable();
    while let Some(first) = hits.next() {
        let from = first.start.saturating_sub(BEFORE).max(done);
        // From the beginning of a line, so that no name is cut.
        let from = memchr::memrchr(b'\n', &bytes[done..from])
            .map_or(done.max(from.saturating_sub(BEFORE)), |at| done + at + 1);
        let mut last = first.end;
        while let Some(next) = hits.next_if(|next| next.start <= last + BEFORE + AFTER) {
            last = last.max(next.end);
        }
        let to = (last + AFTER).min(end).max(from);
        found.extend(name::find_from(text, from, to, vocabulary));
        done = to;
    }
    found
}

/// Whether nothing but a label stands before a value on its line.
fn heads_its_line(text: &[u8], at: usize) -> bool {
    let line = memchr::memrchr(b'\n', &text[..at]).map_or(0, |newline| newline + 1);
    at - line <= 40 && !text[line..at].iter().any(u8::is_ascii_digit)
}

fn same_line(text: &[u8], a: usize, b: usize) -> bool {
    a <= b && memchr::memchr(b'\n', &text[a..b]).is_none()
}

/// Where the first blank line ends: the first byte after it.
pub(super) fn blank_line(text: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(found) = memchr::memchr(b'\n', &text[from..]) {
        let after = from + found + 1;
        let space = text[after..].iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r')).count();
        if text.get(after + space) == Some(&b'\n') {
            return Some(after + space + 1);
        }
        from = after;
    }
    None
}

/// Where the text after the last blank line begins.
fn last_blank_line(text: &[u8]) -> Option<usize> {
    let mut from = 0;
    let mut last = None;
    while let Some(found) = blank_line(&text[from..]) {
        from += found;
        last = Some(from);
    }
    last
}
