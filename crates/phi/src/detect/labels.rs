//! Labels: what the words in front of a value, above a column or beside a field say about it.

use std::collections::{HashMap, HashSet};

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind, MatchKind};
use enamel_types::content::ContentError;
use enamel_types::patient_data::Entity;
use serde::Deserialize;

use super::look_back::{LOOK_BACK, LookBack, in_word};
use super::plain_text::{PlainText, plainly};
use super::vocabulary::{Content, FILE, NamePart};
use super::words::{self, Words};

/// What a label needs near it for its number to count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Needs {
    /// Nothing: it is unmistakable.
    #[default]
    Nothing,
    /// Something else of a person: a shop has accounts too.
    Person,
    /// An insurer that is spoken of: an ID may be anything.
    Insurer,
}

/// How much a label says by its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    /// One or two letters, which may also be part of something else. Needs to stand next to its value whatever it means.
    Tiny,
    /// A single common word (`chart`, `born`), which needs to stand next to its value but for the rarest kinds.
    Short,
    /// More than that.
    Long,
}

/// What a label says about the value beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It is of this kind.
    Is(Entity),
    /// It is half of a name.
    Part(NamePart),
    /// It is none of the kinds looked for.
    Other,
}

/// A label found in front of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Label {
    /// What it says.
    pub(super) meaning: Meaning,
    /// Words between label and value that are not mere filling.
    pub(super) words_between: usize,
    /// Whether a sentence ends between label and value.
    pub(super) sentence_between: bool,
    /// How much it says by its length.
    pub(super) length: Length,
    /// What must stand near for its number to count.
    pub(super) needs: Needs,
}

/// What the words of a label say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Said {
    pub(super) meaning: Meaning,
    pub(super) length: Length,
    pub(super) needs: Needs,
    /// What a number right after a label of names is.
    pub(super) numbered: Option<Entity>,
}

/// Where the search for a label last came to nothing: numbers often stand close together, and share what stands in front of them.
#[derive(Debug, Default)]
pub(super) struct Unlabelled {
    /// In front of this place there is no label,
    end: usize,
    /// as far as this many words that are not mere filling.
    others: usize,
    /// Whether none of something else is there either.
    any: bool,
}

/// How far back what a label needs may be spoken of.
const NEAR: usize = 160;
/// A remark in brackets between a label and its value is no longer than this.
const REMARK: usize = 32;

/// The labels, ready to be searched for.
pub(super) struct Labels {
    automaton: AhoCorasick,
    /// What each pattern of the automaton says.
    said: Vec<Said>,
    /// The same by labels without spaces, as columns and keys are named.
    squashed: HashMap<String, Said>,
    /// The last word of every label for a value, and of every label.
    value_ends: Words,
    ends: Words,
    /// Every word of a label as far as its first digit, and the digits that words of labels begin with.
    label_words: Words,
    label_digits: [bool; 10],
    /// The bytes that labels of social security numbers and dates of birth begin with, small and capital.
    value_starts: [bool; 256],
    fillers: Words,
    trade: Words,
    insurers: Words,
    patients: Words,
}

impl Labels {
    /// The labels of the content, whose text is `text`.
    pub(super) fn new(content: &Content, text: &str) -> Result<Self, ContentError> {
        let (patterns, squashed) = patterns(content, text)?;
        let automaton = AhoCorasickBuilder::new()
            .match_kind(MatchKind::LeftmostLongest)
            // Small enough to stay in the processor's cache; only a few bytes are searched at a time.
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(patterns.iter().map(|(word, _)| word))
            .map_err(|error| {
                ContentError::in_entry(FILE, text, "words", error.to_string(), "use fewer or shorter words")
            })?;
        let last = |word: &'_ str| {
            word.rsplit(|c: char| !in_word_char(c)).find(|part| !part.is_empty()).map(str::to_owned)
        };
        let ends: Vec<String> = patterns.iter().filter_map(|(word, _)| last(word)).collect();
        let mut label_digits = [false; 10];
        let mut label_words = HashSet::new();
        for part in patterns.iter().flat_map(|(label, _)| label.split(|c: char| !in_word_char(c))) {
            match part.bytes().next() {
                Some(digit @ b'0'..=b'9') => label_digits[usize::from(digit - b'0')] = true,
                _ => _ = label_words.insert(part.split(|c: char| c.is_ascii_digit()).next().unwrap_or("")),
            }
        }
        let label_words = Words::new(label_words.iter().copied().filter(|word| !word.is_empty()));
        let value = |meaning: Meaning| matches!(meaning, Meaning::Is(kind) if !matches!(kind, Entity::Name | Entity::Email));
        let value_ends: Vec<String> = patterns
            .iter()
            .filter(|(_, said)| value(said.meaning) || said.numbered.is_some())
            .filter_map(|(word, _)| last(word))
            .collect();
        let mut value_starts = [false; 256];
        for (label, said) in &patterns {
            if let (Meaning::Is(Entity::Ssn | Entity::Dob), [first, ..]) = (said.meaning, label.as_bytes()) {
                value_starts[usize::from(*first)] = true;
                value_starts[usize::from(first.to_ascii_uppercase())] = true;
            }
        }
        let said = patterns.into_iter().map(|(_, said)| said).collect();
        Ok(Self {
            automaton,
            said,
            squashed,
            value_ends: Words::of(&value_ends),
            ends: Words::of(&ends),
            label_words,
            label_digits,
            value_starts,
            fillers: Words::of(&content.names.fillers),
            trade: Words::of(&content.names.trade),
            patients: Words::of(&content.names.patients),
            insurers: Words::of(&content.names.insurers),
        })
    }

    /// The label that speaks for a value, given the text in front of it, if at most `words` words stand between that are not mere
    /// filling. `any` asks for labels of something else too; without it they are seen only where they stand next to a value's.
    ///
    /// Most numbers have no label, so words are asked from the value backwards, and only a run of words that labels are made of is
    /// searched: no label reaches over any other word. What was found out for the number before is in `unlabelled`.
    pub(super) fn near(
        &self,
        before: &[u8],
        words: usize,
        any: bool,
        unlabelled: &mut Unlabelled,
    ) -> Option<Label> {
        let found = self.nearest(before, words, any, unlabelled);
        // `Subscriber ID (Assigned by Plan) 957`: a remark stands between.
        let remark = || {
            let bare = before.trim_ascii_end();
            let bare = bare.strip_suffix(b":").unwrap_or(bare).strip_suffix(b")")?;
            let from = bare.len().saturating_sub(REMARK);
            memchr::memrchr(b'(', &bare[from..]).map(|open| from + open)
        };
        match found {
            Some(label) if label.words_between <= words || label.meaning == Meaning::Other => Some(label),
            _ => match remark() {
                Some(open) => self.nearest(&before[..open], words, any, &mut Unlabelled::default()),
                None => found,
            },
        }
    }

    fn nearest(&self, before: &[u8], words: usize, any: bool, unlabelled: &mut Unlabelled) -> Option<Label> {
        let ends = if any { &self.ends } else { &self.value_ends };
        let look_back = LookBack::new(before);
        let mut others = 0;
        let mut end = before.len();
        while let Some(word) = look_back.word(end) {
            let known = unlabelled.end <= end && word.end <= unlabelled.end && (unlabelled.any || !any);
            if known && others + unlabelled.others > words {
                return None;
            }
            // A word at the window's edge may be cut.
            if word.start == look_back.floor {
                return self.before(before);
            }
            let letters = &before[word.clone()];
            let number = letters[0].is_ascii_digit();
            if !number && ends.contains(letters) {
                let Some(from) = self.run_of_labels(&look_back, word.start) else {
                    return self.before(before);
                };
                if let Some(label) = self.last_label(&before[from..], false)
                    && let Some(label) = self.fits(label, before)
                {
                    return Some(label);
                }
            }
            if number || !self.fills(letters) {
                others += 1;
                if others > words {
                    *unlabelled = Unlabelled { end: before.len(), others, any };
                    return None;
                }
            }
            end = word.start;
        }
        None
    }

    /// Where the run of words begins that the word at `start` belongs to and that labels are made of; `None` if it reaches the floor.
    fn run_of_labels(&self, before: &LookBack<'_>, mut start: usize) -> Option<usize> {
        loop {
            let word = before.word(start).filter(|word| word.start > before.floor)?;
            if !self.may_be_in_label(&before.text[word.clone()]) {
                return Some(start);
            }
            start = word.start;
        }
    }

    /// Whether a label can hold this word, or end within it where its digits begin.
    fn may_be_in_label(&self, word: &[u8]) -> bool {
        if word[0].is_ascii_digit() {
            return self.label_digits[usize::from(word[0] - b'0')];
        }
        let letters = word.iter().position(u8::is_ascii_digit).unwrap_or(word.len());
        letters > words::LONGEST || self.label_words.contains(&word[..letters])
    }

    /// Whether a label right before a value can end with this word, or with filling such as `num` after it.
    pub(super) fn may_end(&self, word: &[u8]) -> bool {
        self.ends.contains(word) || self.fillers.contains(word)
    }

    /// The nearest label in front of a value, however many words stand between.
    pub(super) fn before(&self, before: &[u8]) -> Option<Label> {
        let from = before.len().saturating_sub(LOOK_BACK);
        // A label cut in two at the window's edge must not match by its rest: the edge counts as the middle of a word.
        self.last_label(&before[from..], from > 0 && before[from - 1].is_ascii_alphanumeric())
            .and_then(|label| self.fits(label, before))
    }

    /// A label as its surroundings leave it: an ID is a member's where an insurer is spoken of, and a patient's right after one; an
    /// account is a shop's where its line speaks of trade.
    fn fits(&self, label: Label, before: &[u8]) -> Option<Label> {
        let near = &before[before.len().saturating_sub(NEAR)..];
        let line = || &near[memchr::memrchr(b'\n', near).map_or(0, |newline| newline + 1)..];
        let paragraph = || &near[memchr::memmem::rfind(near, b"\n\n").unwrap_or(0)..];
        match label.needs {
            Needs::Nothing => Some(label),
            Needs::Person => (!says(line(), &self.trade)).then_some(label),
            Needs::Insurer if says(paragraph(), &self.insurers) => Some(label),
            // `Patient: Roe, Ann   ID: 4711`, and not `Boise ID 83781`.
            Needs::Insurer => (says(line(), &self.patients) && before.trim_ascii_end().ends_with(b":"))
                .then_some(Label { meaning: Meaning::Is(Entity::Mrn), needs: Needs::Person, ..label }),
        }
    }

    /// Whether a word between a label and its value is mere filling.
    fn fills(&self, word: &[u8]) -> bool {
        self.fillers.contains(word) || self.insurers.contains(word)
    }

    /// The last label of a text. Labels of names do not count: a number is no name. `cut` means that the text begins within a word.
    fn last_label(&self, text: &[u8], cut: bool) -> Option<Label> {
        let mut plain = PlainText::new();
        plain.fill(text);
        let text = plain.as_slice();
        let names = |said: &Said| {
            matches!(said.meaning, Meaning::Is(Entity::Name | Entity::Email) | Meaning::Part(_))
        };
        let mut nearest = None;
        for (_, end, said) in self.matches(text, cut) {
            if !names(&said) {
                nearest = Some((end, said));
            } else if let Some(entity) = said.numbered
                && text[end..].iter().all(|byte| matches!(byte, b' ' | b':' | b'#' | b'='))
            {
                nearest = Some((end, Said { meaning: Meaning::Is(entity), ..said }));
            }
        }
        let (end, Said { meaning, length, needs, .. }) = nearest?;
        let gap = &text[end..];
        let (words, numbers, ends) = self.gap(gap);
        // A label of a value that has its number already is hardly about the next.
        let words_between = words + numbers * if meaning == Meaning::Other { 1 } else { 2 };
        // `… printed. Called Ann at`, or the end of a line above: the label is not about this.
        let apart =
            words_between > 0 && (gap.starts_with(b". ") || (plain.line > end && plain.line < text.len()));
        let sentence_between = ends || apart;
        Some(Label { meaning, words_between, sentence_between, length, needs })
    }

    /// Whether the text right after a social security number or date of birth names its kind: `(DOB)`, ` SSN,`.
    pub(super) fn after(&self, after: &[u8], entity: Entity) -> bool {
        let after = &after[..after.len().min(24)];
        let Some(first) = after.iter().position(|byte| !matches!(byte, b' ' | b'(' | b'[' | b'=')) else {
            return false;
        };
        if first > 2 || !self.value_starts[usize::from(after[first])] {
            return false;
        }
        let mut plain = PlainText::new();
        plain.fill(&after[first..]);
        let text = plain.as_slice();
        self.matches(text, false).next().is_some_and(|(start, end, said)| {
            start == 0
                && said.meaning == Meaning::Is(entity)
                && !matches!(text.get(end), Some(b':' | b'#' | b'=' | b'0'..=b'9'))
                && (matches!(text.get(end), None | Some(b')' | b']' | b',' | b'.' | b';')))
        })
    }

    /// Whole-word matches in plain text, from left to right.
    pub(super) fn matches<'t>(
        &'t self,
        text: &'t [u8],
        cut: bool,
    ) -> impl Iterator<Item = (usize, usize, Said)> + 't {
        self.automaton.find_iter(text).filter_map(move |found| {
            let (start, end) = (found.start(), found.end());
            let word = |at: Option<&u8>| at.is_some_and(|byte| byte.is_ascii_alphabetic() || *byte >= 0x80);
            let inside_before = start > 0 && (word(text.get(start - 1)) || text[start - 1].is_ascii_digit());
            let inside_after = text[end - 1].is_ascii_alphanumeric() && word(text.get(end));
            let at_cut = cut && start == 0;
            let said = self.said[found.pattern().as_usize()];
            // `c1:bd:d2`, `.ss`: not everything of two letters is a label.
            let part = said.length == Length::Tiny
                && start > 0
                && matches!(text[start - 1], b':' | b'.' | b'/' | b'@');
            (!inside_before && !inside_after && !at_cut && !part).then_some((start, end, said))
        })
    }

    /// Columns that a line of running text heads, as byte ranges: the header of a table set in fixed width.
    pub(super) fn header_columns(&self, line: &[u8]) -> Vec<(usize, usize, Meaning)> {
        // Not made plain, so that places are kept.
        let lower: Vec<u8> =
            line.iter().map(|byte| if *byte == b'_' { b' ' } else { byte.to_ascii_lowercase() }).collect();
        let insurer = says(&lower, &self.insurers);
        self.matches(&lower, false)
            .filter(|(.., said)| insurer || said.needs != Needs::Insurer)
            .map(|(start, end, said)| (start, end, said.meaning))
            .collect()
    }

    /// How many words stand in a gap that are not mere filling, how many numbers, and whether a sentence ends there.
    fn gap(&self, gap: &[u8]) -> (usize, usize, bool) {
        let (mut words, mut numbers) = (0, 0);
        let mut sentence = false;
        let mut letters = 0;
        let mut start = 0;
        for (index, byte) in gap.iter().chain(b" ").enumerate() {
            if in_word(*byte) {
                if letters == 0 {
                    start = index;
                }
                letters += 1;
                continue;
            }
            if letters > 0 {
                let word = &gap[start..index];
                if word[0].is_ascii_digit() {
                    numbers += 1;
                } else if !self.fills(word) {
                    words += 1;
                }
                sentence |= *byte == b'.' && letters > 2 && gap.get(index + 1) == Some(&b' ');
                letters = 0;
            }
            sentence |= matches!(byte, b';' | b'|' | b'!' | b'?');
        }
        (words, numbers, sentence)
    }

    /// What a column's header or a field's name says about its values.
    pub(super) fn column(&self, name: &str) -> Option<Meaning> {
        let spaced = spaced(name);
        let tight = squash(&spaced);
        let whose = ["patient", "guarantor", "pat", "pt", "guar", "resp", "rp"];
        // `PTSOC`, `INS1ID`: whose it is, or which, stands in front or between.
        let said = self.squashed.get(&tight).or_else(|| {
            let bare: String = tight.chars().filter(|c| !c.is_ascii_digit()).collect();
            let rest = whose.iter().find_map(|prefix| bare.strip_prefix(prefix)).unwrap_or(&bare);
            self.squashed.get(&bare).or_else(|| self.squashed.get(rest).filter(|_| rest.len() >= 3))
        });
        if let Some(said) = said {
            return (said.needs != Needs::Insurer).then_some(said.meaning);
        }
        let text = spaced.as_bytes();
        let (_, end, Said { meaning, .. }) =
            self.matches(text, false).filter(|(.., said)| said.needs != Needs::Insurer).last()?;
        // `Patient City` is not a patient: only filling may follow the label.
        let rest = std::str::from_utf8(&text[end..]).unwrap_or("?");
        let filling =
            |word: &str| self.fillers.contains(word.as_bytes()) || word.chars().all(|c| !c.is_alphabetic());
        (meaning == Meaning::Other || rest.split([' ', '/']).all(filling)).then_some(meaning)
    }

    /// Whether a column of this name counts where the table has nothing else of a person.
    pub(super) fn stands_alone(&self, name: &str) -> bool {
        self.squashed.get(&squash(&spaced(name))).is_none_or(|said| said.needs == Needs::Nothing)
    }
}

/// Whether a text holds one of the words.
fn says(text: &[u8], words: &Words) -> bool {
    text.split(|byte| !byte.is_ascii_alphabetic()).any(|word| words.contains(word))
}

/// What a label says, by its words.
type Patterns = Vec<(String, Said)>;

/// Every label with what it says, and the same without spaces.
fn patterns(content: &Content, text: &str) -> Result<(Patterns, HashMap<String, Said>), ContentError> {
    let mut patterns: HashMap<String, Said> = HashMap::new();
    let mut squashed = HashMap::new();
    for (meaning, needs, word) in content.labels() {
        let mut plain = Vec::new();
        plainly(word.as_bytes(), &mut plain);
        let plain = String::from_utf8(plain).unwrap_or_default();
        let plain = plain.trim().to_owned();
        let numbered = content.numbered(&plain);
        let tiny = plain.chars().filter(|c| c.is_alphanumeric()).count() <= 2 && !plain.contains('#');
        let single = !plain.contains([' ', '#', '/', '.']) && !matches!(meaning, Meaning::Other);
        let length = match (tiny, single) {
            (true, _) => Length::Tiny,
            (_, true) => Length::Short,
            _ => Length::Long,
        };
        let said = Said { meaning, length, needs, numbered };
        if let Some(before) = patterns.insert(plain.clone(), said)
            && before.meaning != meaning
        {
            return Err(ContentError::in_entry(
                FILE,
                text,
                &format!("\"{word}\""),
                format!("{word:?} means two things"),
                "leave it in one list only",
            ));
        }
        let tight = squash(&plain);
        // A column name or key is often written without spaces: `dateofbirth`.
        if plain.contains(' ') && tight.len() >= 6 {
            patterns.entry(tight.clone()).or_insert(Said { length: Length::Long, ..said });
        }
        squashed.entry(tight).or_insert(said);
    }
    let mut patterns: Vec<(String, Said)> = patterns.into_iter().collect();
    patterns.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    Ok((patterns, squashed))
}

fn in_word_char(c: char) -> bool {
    c.is_alphanumeric() || c == '\''
}

fn squash(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric() || *c == '#').collect()
}

/// A column's name in small letters with spaces where its writer put `_`, `-`, `.` or a capital.
fn spaced(name: &str) -> String {
    let chars: Vec<char> = name.trim().chars().collect();
    let mut out = String::with_capacity(chars.len() + 4);
    for (index, &c) in chars.iter().enumerate() {
        if !c.is_alphanumeric() && !matches!(c, '#' | '\'' | '/') {
            if !out.ends_with(' ') {
                out.push(' ');
            }
            continue;
        }
        let before = index.checked_sub(1).map(|at| chars[at]);
        let hump = c.is_uppercase()
            && before.is_some_and(|b| {
                b.is_lowercase()
                    || (b.is_uppercase() && chars.get(index + 1).is_some_and(|n| n.is_lowercase()))
            });
        if (hump || c == '#') && !out.is_empty() && !out.ends_with(' ') {
            out.push(' ');
        }
        out.extend(c.to_lowercase());
    }
    out.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::vocabulary::Vocabulary;
    use super::*;

    #[test]
    fn column_names_of_many_programs() {
        let vocabulary = Vocabulary::get();
        for (name, meaning) in [
            ("SSN", Some(Meaning::Is(Entity::Ssn))),
            ("pat_ssn", Some(Meaning::Is(Entity::Ssn))),
            ("SocialSecurityNumber", Some(Meaning::Is(Entity::Ssn))),
            ("dateofbirth", Some(Meaning::Is(Entity::Dob))),
            ("DOB (MM/DD/YYYY)", Some(Meaning::Is(Entity::Dob))),
            ("BIRTH_DT", Some(Meaning::Is(Entity::Dob))),
            ("ChartNumber", Some(Meaning::Is(Entity::Mrn))),
            ("SubscriberID", Some(Meaning::Is(Entity::MemberId))),
            ("Insured's ID", Some(Meaning::Is(Entity::MemberId))),
            ("HmPhone", Some(Meaning::Is(Entity::Phone))),
            ("CCNumber", Some(Meaning::Is(Entity::Pan))),
            ("LName", Some(Meaning::Part(NamePart::Last))),
            ("first_name", Some(Meaning::Part(NamePart::First))),
            ("Patient Name", Some(Meaning::Is(Entity::Name))),
            ("Patient City", None),
            ("Provider Name", Some(Meaning::Other)),
            ("GroupNumber", Some(Meaning::Other)),
            ("SSN Last 4", Some(Meaning::Other)),
            ("LastVisit", Some(Meaning::Other)),
            ("Balance", Some(Meaning::Other)),
        ] {
            assert_eq!(vocabulary.labels.column(name), meaning, "{name}");
        }
    }

    #[test]
    fn the_label_nearest_to_a_value_speaks() {
        let vocabulary = Vocabulary::get();
        for (text, meaning, words) in [
            ("SSN: ", Meaning::Is(Entity::Ssn), 0),
            ("Member ID W123, Social Security # ", Meaning::Is(Entity::Ssn), 0),
            ("DOB on file, Rx no ", Meaning::Other, 0),
            ("date of\n  birth is ", Meaning::Is(Entity::Dob), 0),
            ("\"dateOfBirth\": \"", Meaning::Is(Entity::Dob), 0),
            ("SSN for Jane Roe is ", Meaning::Is(Entity::Ssn), 3),
        ] {
            let label = vocabulary.labels.before(text.as_bytes()).unwrap();
            assert_eq!((label.meaning, label.words_between), (meaning, words), "{text}");
        }
        assert_eq!(vocabulary.labels.before(b"classroom "), None);
        assert!(vocabulary.labels.after(b" (DOB)", Entity::Dob));
        assert!(!vocabulary.labels.after(b" DOB: 1/2/80", Entity::Dob));
    }
}
