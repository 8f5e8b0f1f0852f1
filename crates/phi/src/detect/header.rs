//! Tables set in fixed width within running text: a line of labels, and values that stand below them.

use super::labels::Meaning;
use super::vocabulary::Vocabulary;

/// The columns of the paragraph looked at last.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns {
    /// Where the paragraph begins; columns belong to it alone.
    paragraph: Option<usize>,
    /// Up to where the text was searched for a blank line.
    searched: usize,
    found: Vec<(usize, usize, Meaning)>,
    /// Whether the first lines are all known.
    looked: bool,
    /// The beginning of the line for which a header was looked for last: its other values need not ask again.
    asked: Option<usize>,
}

/// A header stands in one of the first lines of its paragraph.
const WITHIN: usize = 6;

/// Where the text after the last empty line begins.
fn after_last_empty_line(text: &[u8]) -> Option<usize> {
    memchr::memrchr_iter(b'\n', text).find_map(|at| match &text[at + 1..] {
        [b'\n', ..] => Some(at + 2),
        [b'\r', b'\n', ..] => Some(at + 3),
        _ => None,
    })
}

impl Columns {
    /// What the column above a value says.
    pub(super) fn meaning(&mut self, text: &[u8], at: usize, vocabulary: &Vocabulary) -> Option<Meaning> {
        // A value in a table has a wide gap before it, or begins its line.
        let aligned = matches!(&text[..at], [] | [.., b'\n' | b'\t'] | [.., b' ' | b'|', b' ']);
        if !aligned {
            return None;
        }
        let line = memchr::memrchr(b'\n', &text[..at]).map_or(0, |newline| newline + 1);
        // Every byte is searched once, however long a paragraph is.
        let from = self.searched.saturating_sub(2);
        let blank = text.get(from..line).and_then(after_last_empty_line).map(|blank| from + blank);
        self.searched = self.searched.max(line);
        if blank.is_some() || self.paragraph.is_none() {
            let begin = blank.unwrap_or(0);
            self.paragraph = Some(begin);
            self.found.clear();
            self.looked = false;
            self.asked = None;
        }
        // The header stands above the first row, so it can be looked for as soon as there is a line above.
        let begin = self.paragraph.unwrap_or(0);
        if !self.looked && self.asked != Some(line) {
            self.asked = Some(line);
            self.found = Self::find(&text[begin..line], vocabulary);
            self.looked = !self.found.is_empty()
                || memchr::memchr_iter(b'\n', &text[begin..line]).take(WITHIN).count() == WITHIN;
            // An empty line may stand between the header and the first row.
            if self.found.is_empty() {
                let above = text[..begin].trim_ascii_end();
                let last = memchr::memrchr(b'\n', above).map_or(0, |newline| newline + 1);
                self.found = Self::find(&above[last..], vocabulary);
            }
        }
        let column = at - line;
        let nearest = self.found.iter().min_by_key(|(start, end, _)| {
            if column + 1 < *start {
                start - column
            } else {
                column.saturating_sub(*end) + usize::from(column != *start)
            }
        })?;
        let (start, end, meaning) = *nearest;
        (column + 3 >= start && column <= end + 2).then_some(meaning)
    }

    /// The first line among the first few with two labels or more and no values: `30-DAY` is none.
    fn find(paragraph: &[u8], vocabulary: &Vocabulary) -> Vec<(usize, usize, Meaning)> {
        for line in paragraph.split(|byte| *byte == b'\n').take(WITHIN) {
            if line.len() > 400 || line.windows(3).any(|three| three.iter().all(u8::is_ascii_digit)) {
                continue;
            }
            let wide =
                memchr::memchr2(b'\t', b'|', line).is_some() || memchr::memmem::find(line, b"  ").is_some();
            if !wide {
                continue;
            }
            let columns = vocabulary.labels.header_columns(line);
            // `Date of Birth (MM/DD/CCYY)  Subscriber name` is a form's line as well: the labels themselves stand apart.
            let apart =
                |start: usize| matches!(&line[..start], [] | [.., b'\t' | b'|'] | [.., b' ' | b'|', b' ']);
            if columns.iter().filter(|(start, ..)| apart(*start)).count() >= 2 {
                return columns;
            }
        }
        Vec::new()
    }
}
