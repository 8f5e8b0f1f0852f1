//! Tables set in fixed width within running text: a line of labels, and values that stand below them.

use super::vocabulary::{Meaning, Vocabulary};

/// The columns of the paragraph looked at last.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns {
    /// Where the paragraph begins; columns belong to it alone.
    paragraph: Option<usize>,
    /// Up to where lines were looked at.
    columns: Vec<(usize, usize, Meaning)>,
}

/// A paragraph's head is looked for no further back than this.
const REACH: usize = 64 << 10;

impl Columns {
    /// What the column above a value says.
    pub(super) fn meaning(&mut self, text: &[u8], at: usize, vocabulary: &Vocabulary) -> Option<Meaning> {
        let line = memchr::memrchr(b'\n', &text[..at]).map_or(0, |newline| newline + 1);
        // A value in a table has a wide gap before it, or begins its line.
        let aligned = at == line || text[..at].ends_with(b"  ") || text[..at].ends_with(b"\t") || text[..at].ends_with(b"| ");
        if !aligned {
            return None;
        }
        let floor = at.saturating_sub(REACH);
        let begin = memchr::memmem::rfind(&text[floor..line], b"\n\n").map_or(floor, |blank| floor + blank + 2);
        if self.paragraph != Some(begin) {
            self.paragraph = Some(begin);
            self.columns = Self::find(&text[begin..line], vocabulary);
        }
        let column = at - line;
        let nearest = self.columns.iter().min_by_key(|(start, end, _)| {
            if column + 1 < *start { start - column } else { column.saturating_sub(*end) + usize::from(column != *start) }
        })?;
        let (start, end, meaning) = *nearest;
        (column + 3 >= start && column <= end + 2).then_some(meaning)
    }

    /// The first line among the first three with two labels or more and no digits.
    fn find(paragraph: &[u8], vocabulary: &Vocabulary) -> Vec<(usize, usize, Meaning)> {
        for line in paragraph.split(|byte| *byte == b'\n').take(3) {
            if line.len() > 400 || line.iter().any(u8::is_ascii_digit) {
                continue;
            }
            let columns = vocabulary.header_columns(line);
            let wide = memchr::memmem::find(line, b"  ").is_some() || line.contains(&b'\t') || line.contains(&b'|');
            if columns.len() >= 2 && wide {
                return columns;
            }
        }
        Vec::new()
    }
}
