//! Running text: one pass that stops at digits and `@`, then shape, checksum and the words around.
//!
//! The pass looks at sixty-four bytes at a time and at nothing but digits and `@`. Everything else (labels, names, who belongs to
//! whom) is looked at only around a number that could be something.

use enamel_types::patient_data::Entity;

use super::date::{self, Order};
use super::labels::{Label, Length, Meaning, Needs, Unlabelled};
use super::marks::Marks;
use super::name;
use super::number;
use super::value;
use super::vocabulary::Vocabulary;
use super::{date::Date, header::Columns};

/// A value found in text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hit {
    /// First byte.
    pub(super) start: usize,
    /// First byte after it.
    pub(super) end: usize,
    /// Its kind.
    pub(super) kind: Entity,
    /// Its normal form.
    pub(super) norm: String,
    /// Whether it counts where nothing else of a person stands near.
    pub(super) alone: bool,
}

/// Everything that deciding about a number needs.
pub(super) struct Scanner<'a> {
    pub(super) text: &'a [u8],
    pub(super) vocabulary: &'static Vocabulary,
    pub(super) today: Date,
    /// Whether a value must have a label: in a cell or field of unknown meaning, where a bare number says nothing.
    pub(super) labels_only: bool,
    /// Whether dates are written day first, as far as the text shows.
    pub(super) order: Order,
    /// Columns of a fixed-width table that the present paragraph is.
    pub(super) columns: Columns,
    /// Where no label was found last.
    pub(super) unlabelled: Unlabelled,
    /// Whether the label found last counts where nothing else of a person stands near.
    pub(super) alone: bool,
}

/// A name in front of a date is looked for within as many bytes.
const NAME: usize = 48;
/// Letters, digits, `+` and `/` without a break as long as this are coded bytes.
const UNBROKEN: usize = 48;

impl Scanner<'_> {
    /// Finds all values and hands them on in order.
    pub(super) fn scan(&mut self, each: &mut dyn FnMut(Hit)) {
        let mut at = 0;
        // A value is read once, even where it is reached again by its later digits.
        let mut done = 0;
        let mut marks = Marks::new(self.text);
        while let Some(found) = marks.next(at) {
            let (hit, resume) = match marks.run(found, 32) {
                0 => self.mailbox(found, done),
                run => self.digits(found, run),
            };
            at = resume.max(found + 1);
            if let Some(hit) = hit {
                done = hit.end;
                at = at.max(hit.end);
                if !self.in_base64(hit.start, hit.end) {
                    each(hit);
                }
            }
        }
    }

    fn byte(&self, at: usize) -> u8 {
        self.text.get(at).copied().unwrap_or(b'\n')
    }

    fn before(&self, at: usize) -> u8 {
        at.checked_sub(1).map_or(b'\n', |at| self.text[at])
    }

    /// A number of `run` digits begins at `start`. Gives what it is, and where to go on.
    fn digits(&mut self, start: usize, run: usize) -> (Option<Hit>, usize) {
        let end = start + run;
        let previous = self.before(start);
        // `SSN __058-41-2117__`: filled in on a line.
        let blank =
            previous == b'_' && matches!(&self.text[..start - 1], [] | [.., b'_' | b' ' | b':' | b'#']);
        if previous.is_ascii_alphabetic() || previous >= 0x80 || (previous == b'_' && !blank) {
            return self.code(start, end);
        }
        if matches!(previous, b'-' | b'/' | b'.' | b'*' | b'+' | b'#') && start >= 2 {
            let further = self.text[start - 2];
            if further.is_ascii_alphanumeric() && previous == b'-' {
                return self.code(start, end);
            }
            // The middle of something longer, or masked: 10.0.0.1, ***-12-3456.
            if (further.is_ascii_digit() && previous != b'#') || previous == b'*' {
                return (None, self.token_end(end));
            }
        }
        if previous == b'$' {
            return (None, end);
        }
        let next = self.byte(end);
        if next.is_ascii_alphabetic() && !self.month_or_suffix(end) && !(run == 8 && next == b'T') {
            return self.code(start, end);
        }
        let hit = match run {
            1 | 2 => self.small(start, end),
            3 if !self.goes_on(end) => None,
            3 => self.ssn(start).or_else(|| self.phone(start)).or_else(|| self.identifier(start, start)),
            4 => self.date(start, end).or_else(|| self.card(start)).or_else(|| self.identifier(start, start)),
            5..=20 => self.long(start, end),
            _ => None,
        };
        let resume = if hit.is_some() { end } else { self.after_number(start, end) };
        (hit, resume)
    }

    /// One or two digits: the first of a date, the day of one, or the 1 in front of a telephone number. Most are neither
    /// (`5 mg`, `tooth 14.`), and two bytes tell.
    fn small(&mut self, start: usize, end: usize) -> Option<Hit> {
        let (next, second) = (self.byte(end), self.byte(end + 1));
        let possible = match next {
            b'/' | b'-' | b'.' if second.is_ascii_digit() => true,
            b' ' | b'\n' | b',' | b'.' | b'-' | b'/' => match second {
                b'0'..=b'9' => self.month_before(start) || self.text[start] == b'1',
                b' ' | b'\n' | b',' | b'.' | b'-' | b'/' | b'(' => true,
                letter => date::may_begin_month(letter),
            },
            letter => letter.is_ascii_alphabetic(),
        };
        if possible { self.date(start, end).or_else(|| self.phone(start)) } else { None }
    }

    /// Whether a word that may be a month's name stands right before.
    fn month_before(&self, start: usize) -> bool {
        let gap = |byte: &&u8| matches!(byte, b' ' | b'.' | b'-' | b'\n');
        let gap = self.text[..start].iter().rev().take(3).take_while(gap).count();
        gap > 0
            && matches!(self.text[..start - gap], [.., a, b, c] if [a, b, c].iter().all(u8::is_ascii_alphabetic))
    }

    /// Whether three digits can be the first group of something.
    fn goes_on(&self, end: usize) -> bool {
        match self.byte(end) {
            b' ' => !self.byte(end + 1).is_ascii_alphabetic(),
            next => matches!(next, b'-' | b'.' | b'/' | b')') || next.is_ascii_alphabetic() || next >= 0x80,
        }
    }

    /// Where to go on after a number that was nothing: past the rest of the same token, so that no part of it is taken.
    fn after_number(&self, start: usize, end: usize) -> usize {
        let mut at = end;
        while at < self.text.len() && at - start < 64 {
            let byte = self.text[at];
            let joins =
                matches!(byte, b'-' | b'.' | b'/' | b':') && self.byte(at + 1).is_ascii_alphanumeric();
            if !(byte.is_ascii_alphanumeric() || joins) {
                break;
            }
            at += 1;
        }
        at
    }

    fn token_end(&self, from: usize) -> usize {
        from + self.text[from..]
            .iter()
            .take(128)
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
            .count()
    }

    /// Whether letters right after digits belong to a date: `2nd`, `12Mar1985`.
    fn month_or_suffix(&self, at: usize) -> bool {
        let letters = &self.text[at..(at + 3).min(self.text.len())];
        matches!(letters.get(..2), Some(b"st" | b"nd" | b"rd" | b"th"))
            && !self.byte(at + 2).is_ascii_alphanumeric()
            || date::is_month(self.text, at)
    }

    /// A token of letters and digits: only ever a member or chart number, and only with a label.
    fn code(&mut self, digit: usize, end: usize) -> (Option<Hit>, usize) {
        let joined = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
        let back = self.text[..digit].iter().rev().take(24).take_while(|byte| joined(byte)).count();
        let mut start = digit - back;
        while self.byte(start) == b'-' && start < digit {
            start += 1;
        }
        let close = self.token_end(end);
        if back == 24 || close - start > 28 || self.before(start) == b'_' {
            return (None, close);
        }
        let more = match self.byte(close) {
            b' ' => self.byte(close + 1).is_ascii_digit(),
            b'/' | b'.' => self.byte(close + 1).is_ascii_alphanumeric(),
            _ => false,
        };
        if close - start < 4 && !more {
            return (None, close);
        }
        // A label may be written against its value: `SSN123-45-6789`, `DOB01/02/1980`.
        let letters = self.text[start..digit].iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        if letters == digit - start
            && letters >= 3
            && self.vocabulary.labels.may_end(&self.text[start..digit])
            && self.label(start, 0) != Some(Meaning::Other)
            && let Some(label) = self.vocabulary.labels.before(&self.text[..digit])
            && let Meaning::Is(kind) = label.meaning
            && label.words_between == 0
            && !(matches!(kind, Entity::MemberId | Entity::Pan | Entity::Phone) && letters < 4)
        {
            let hit = match kind {
                Entity::Ssn => self.ssn(digit).or_else(|| self.bare_ssn(digit, end)),
                Entity::Dob => self.date(digit, end),
                Entity::Mrn | Entity::MemberId => self.identifier(digit, digit),
                _ => None,
            };
            if hit.is_some() {
                return (hit, end);
            }
        }
        (self.identifier(start, digit), close)
    }

    /// Whether a value stands in the middle of coded bytes, where chance makes words and numbers.
    fn in_base64(&self, start: usize, end: usize) -> bool {
        let coded = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
        let before = self.text[..start].iter().rev().take(UNBROKEN).take_while(coded).count();
        let after = self.text[end..].iter().take(UNBROKEN).take_while(coded).count();
        before + (end - start) + after >= UNBROKEN && self.text[start..end].iter().all(|byte| coded(&byte))
    }

    /// What the column that the value at `start` stands in says, or a label that is near enough: at most `words` other words between.
    /// A label of something else may stand two words away.
    fn label(&mut self, start: usize, words: usize) -> Option<Meaning> {
        self.said_of(start, words, words.max(2), true)
    }

    /// The same where only a label for a value counts: a number that is nothing without one.
    fn own_label(&mut self, start: usize, words: usize) -> Option<Meaning> {
        self.said_of(start, words, words, false)
    }

    /// Looks for a label of any kind, or of a value, over `reach` words and takes it if it speaks over `words`.
    fn said_of(&mut self, start: usize, words: usize, reach: usize, any: bool) -> Option<Meaning> {
        if let Some(meaning) = self.columns.meaning(self.text, start, self.vocabulary) {
            return Some(meaning);
        }
        let before = &self.text[..start - self.quotes(start)];
        let label = self.vocabulary.labels.near(before, reach, any, &mut self.unlabelled);
        self.speaks(label, words)
    }

    /// Opening quotes and brackets right before `start`.
    fn quotes(&self, start: usize) -> usize {
        let open = |byte: &&u8| matches!(byte, b'(' | b'"' | b'\'' | b'<' | b'[');
        self.text[..start].iter().rev().take(2).take_while(open).count()
    }

    /// What a label says about its value.
    fn speaks(&mut self, label: Option<Label>, words: usize) -> Option<Meaning> {
        match label {
            Some(Label {
                meaning: Meaning::Other, sentence_between: false, words_between: 0..=2, ..
            }) => Some(Meaning::Other),
            Some(Label { length: Length::Tiny, words_between: 1.., .. }) => None,
            Some(Label { meaning, words_between, sentence_between: false, length, needs })
                if words_between <= words =>
            {
                self.alone = needs != Needs::Person;
                // `the chart shows 2024` has `chart`, and it is no label: one common word must stand right before.
                let loose = length != Length::Long && words_between > 0;
                if loose && !matches!(meaning, Meaning::Is(Entity::Ssn | Entity::Dob | Entity::Pan)) {
                    None
                } else {
                    Some(meaning)
                }
            }
            _ => None,
        }
    }

    #[allow(clippy::unnecessary_wraps)] // every caller returns it as it is
    fn hit(start: usize, end: usize, kind: Entity, norm: String) -> Option<Hit> {
        Some(Hit { start, end, kind, norm, alone: true })
    }

    /// `123-45-6789`, and with a label `123 45 6789` and `123.45.6789`.
    fn ssn(&mut self, start: usize) -> Option<Hit> {
        let separator_len = |at: usize| match self.text.get(at..) {
            Some([b'-' | b' ' | b'.' | b'/', ..]) => 1,
            Some([0xE2, 0x80, 0x90..=0x95, ..]) => 3, // typographic hyphens and dashes
            _ => 0,
        };
        let mut digits = [0u8; 9];
        let mut at = start;
        let mut filled = 0;
        for (group, length) in [3usize, 2, 4].into_iter().enumerate() {
            if group > 0 {
                let gap = separator_len(at);
                if gap == 0 {
                    return None;
                }
                at += gap;
                // `123 - 45 - 6789`
            }
            let part = self.text.get(at..at + length)?;
            if !part.iter().all(u8::is_ascii_digit) || (group < 2 && self.byte(at + length).is_ascii_digit())
            {
                return None;
            }
            digits[filled..filled + length].copy_from_slice(part);
            filled += length;
            at += length;
        }
        let next = self.byte(at);
        if next.is_ascii_alphanumeric()
            || (matches!(next, b'-' | b'/') && self.byte(at + 1).is_ascii_alphanumeric())
        {
            return None;
        }
        let norm = value::ssn(&digits, self.vocabulary)?;
        let dashed = !matches!(self.byte(start + 3), b' ' | b'.' | b'/');
        let sure = match self.label(start, 4) {
            Some(Meaning::Is(Entity::Ssn)) => true,
            // Without a label the shape must do, and nothing may speak against it.
            None => dashed && !self.labels_only && !self.in_code(start, at),
            Some(Meaning::Is(Entity::Dob | Entity::Phone)) => dashed && !self.labels_only,
            Some(_) => false,
        };
        let sure = sure || (dashed && self.vocabulary.labels.after(&self.text[at..], Entity::Ssn));
        if sure { Self::hit(start, at, Entity::Ssn, norm) } else { None }
    }

    /// Nine digits after a label, and a number that lost its leading zeros is none in running text.
    fn bare_ssn(&self, start: usize, end: usize) -> Option<Hit> {
        let norm = value::ssn(self.text.get(start..end)?, self.vocabulary)?;
        Self::hit(start, end, Entity::Ssn, norm)
    }

    /// Whether the surroundings are a program's, not a person's: a path, an address, an identifier.
    fn in_code(&self, start: usize, end: usize) -> bool {
        let before = self.before(start);
        let line = |here: u8, beyond: u8| here == b'_' && beyond == b'_';
        let filled_in =
            line(before, self.before(start.saturating_sub(1))) || line(self.byte(end), self.byte(end + 1));
        matches!(before, b'/' | b'\\' | b'=' | b'&' | b'?' | b'%' | b'^' | b'~' | b'@')
            || matches!(self.byte(end), b'\\' | b'@' | b'%' | b'=')
            || (!filled_in && (before == b'_' || self.byte(end) == b'_'))
    }

    fn date(&mut self, start: usize, end: usize) -> Option<Hit> {
        let next = self.byte(end);
        let (begin, found) = if end - start <= 2 && matches!(self.before(start), b' ' | b'.' | b'-' | b'\n') {
            match date::after_month(self.text, start, self.today) {
                Some(found) => found,
                None => (start, self.plain_date(start, next)?),
            }
        } else {
            (start, self.plain_date(start, next)?)
        };
        if !found.date.is_birthday(self.today) {
            return None;
        }
        let labelled = self.own_label(begin, 3) == Some(Meaning::Is(Entity::Dob));
        if labelled
            || self.beside_name(begin, found)
            || self.vocabulary.labels.after(&self.text[found.end..], Entity::Dob)
        {
            Self::hit(begin, found.end, Entity::Dob, found.date.iso())
        } else {
            None
        }
    }

    /// `Ann Roe (7/21/99)`: a date in brackets right after a name, and too old to be that of a visit.
    fn beside_name(&self, start: usize, found: date::Found) -> bool {
        const LONG_AGO: u16 = 5;
        let Some(bracket) = start.checked_sub(1).filter(|at| self.text[*at] == b'(') else { return false };
        if self.labels_only || self.byte(found.end) != b')' || found.date.year + LONG_AGO > self.today.year {
            return false;
        }
        let from = bracket.saturating_sub(NAME);
        let Ok(before) = std::str::from_utf8(&self.text[from..bracket]) else { return false };
        name::find(before, self.vocabulary).last().is_some_and(|name| before[name.end..].trim().is_empty())
    }

    fn plain_date(&self, start: usize, next: u8) -> Option<date::Found> {
        let possible = matches!(next, b'/' | b'-' | b'.' | b' ') || next.is_ascii_alphabetic();
        if possible { date::at(self.text, start, self.order, self.today) } else { None }
    }

    fn phone(&mut self, start: usize) -> Option<Hit> {
        let (digits, end) = value::phone_shape(self.text, start)?;
        let norm = value::phone(&digits)?;
        let open = self.before(start) == b'(';
        let begin = start - usize::from(open);
        let fits = match self.label(begin, 3) {
            None => !self.labels_only && !self.in_code(start, end),
            Some(Meaning::Is(Entity::Phone)) => true,
            Some(Meaning::Is(_)) => !self.labels_only,
            Some(_) => open && !self.labels_only && !self.fax_or_payer(begin),
        };
        if fits { Self::hit(begin, end, Entity::Phone, norm) } else { None }
    }

    fn fax_or_payer(&self, start: usize) -> bool {
        let before = &self.text[start.saturating_sub(24)..start];
        [&b"fax"[..], b"payer", b"payor", b"Fax", b"FAX"]
            .iter()
            .any(|word| memchr::memmem::find(before, word).is_some())
    }

    /// `4111 1111 1111 1111`, `3782-822463-10005`.
    fn card(&mut self, start: usize) -> Option<Hit> {
        let (digits, end) = value::card_groups(self.text, start)?;
        let norm = value::card(&digits, self.vocabulary)?;
        match self.label(start, 3) {
            Some(Meaning::Is(Entity::Pan)) => {}
            None if !self.labels_only && !self.in_code(start, end) => {}
            Some(Meaning::Is(_)) if !self.labels_only => {}
            _ => return None,
        }
        Self::hit(start, end, Entity::Pan, norm)
    }

    /// Five to twenty digits in one piece: a label must say what they are.
    fn long(&mut self, start: usize, end: usize) -> Option<Hit> {
        let digits = &self.text[start..end];
        let label = if digits.len() >= 15 { self.label(start, 3) } else { self.own_label(start, 3) };
        match label {
            Some(Meaning::Is(Entity::Ssn)) => self.bare_ssn(start, end),
            Some(Meaning::Is(Entity::Pan)) => {
                let norm = value::card(digits, self.vocabulary)?;
                Self::hit(start, end, Entity::Pan, norm)
            }
            Some(Meaning::Is(Entity::Dob)) if matches!(digits.len(), 6 | 8 | 14) => {
                let found = date::at(self.text, start, self.order, self.today)?;
                let fits = found.date.is_birthday(self.today);
                if fits { Self::hit(start, found.end, Entity::Dob, found.date.iso()) } else { None }
            }
            Some(Meaning::Is(Entity::Phone)) if digits.len() == 10 => {
                let norm = value::phone(digits)?;
                Self::hit(start, end, Entity::Phone, norm)
            }
            Some(Meaning::Is(Entity::Mrn | Entity::MemberId)) => self.identifier(start, start),
            // A card's number stands out by itself where its date of expiry follows.
            None if digits.len() >= 15 && !self.labels_only && self.expiry_follows(end) => {
                let norm = value::card(digits, self.vocabulary)?;
                if number::is_imei(digits) { None } else { Self::hit(start, end, Entity::Pan, norm) }
            }
            _ => None,
        }
    }

    fn expiry_follows(&self, end: usize) -> bool {
        let after = &self.text[end..self.text.len().min(end + 14)];
        [&b"exp"[..], b"Exp", b"EXP", b"cvv", b"CVV", b"cvc"]
            .iter()
            .any(|word| memchr::memmem::find(after, word).is_some())
    }

    /// A member or chart number: a label must say so.
    fn identifier(&mut self, start: usize, digit: usize) -> Option<Hit> {
        let (raw, end) = value::identifier_shape(self.text, start, digit);
        if raw.len() < 4 {
            return None;
        }
        self.alone = true;
        let meaning = self.own_label(start, 1)?;
        let alone = self.alone;
        let raw = std::str::from_utf8(raw).ok()?;
        let Meaning::Is(kind @ (Entity::Mrn | Entity::MemberId)) = meaning else { return None };
        // Where a date or a telephone number follows such a label, the label meant something else.
        let date = date::at(self.text, start, self.order, self.today).filter(|found| found.end >= end);
        if raw.len() < 12 && raw.contains(['/', '-', '.']) && date.is_some() {
            return None;
        }
        let norm = value::identifier(kind, raw)?;
        Some(Hit { start, end, kind, norm, alone })
    }

    fn mailbox(&self, at: usize, done: usize) -> (Option<Hit>, usize) {
        let Some((start, end)) = value::mailbox_shape(self.text, at) else { return (None, at + 1) };
        if start < done {
            return (None, end);
        }
        let norm = String::from_utf8_lossy(&self.text[start..end]).to_lowercase();
        let role = norm.split_once('@').is_some_and(|(local, _)| self.vocabulary.is_role_mailbox(local));
        let hit = if role { None } else { Self::hit(start, end, Entity::Email, norm) };
        (hit, end)
    }
}

#[cfg(test)]
mod tests;
