//! The words in front of a value, from the nearest backwards.
//!
//! Asked for nearly every number, so the bytes in front are told into words all at once: one bit a byte.

use std::ops::Range;

use super::marks::bits;

/// The text in front of a value.
pub(super) struct LookBack<'a> {
    pub(super) text: &'a [u8],
    /// No word is looked for in front of this place.
    pub(super) floor: usize,
    /// Whether each of the last sixty-four bytes belongs to a word; the last one's bit is the highest.
    in_word: u64,
}

/// Text before a value is looked at no further back than this many bytes.
pub(super) const LOOK_BACK: usize = 56;

impl<'a> LookBack<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        let in_word = if let Some(last) = text.last_chunk::<64>() {
            word_bits(last)
        } else {
            let mut last = [0; 64];
            last[64 - text.len()..].copy_from_slice(text);
            word_bits(&last)
        };
        Self { text, floor: text.len().saturating_sub(LOOK_BACK), in_word }
    }

    /// The last word that ends at or before `end`, which is not in front of the floor. Quotes around it are no part of it.
    pub(super) fn word(&self, mut end: usize) -> Option<Range<usize>> {
        loop {
            let left = self.in_word.checked_shl(u32::try_from(self.text.len() - end).ok()?)?;
            end = end.checked_sub(left.leading_zeros() as usize).filter(|end| *end > self.floor)?;
            let letters = (left << left.leading_zeros()).leading_ones() as usize;
            if self.text[end - 1] == b'\'' {
                end -= 1;
                continue;
            }
            let mut start = end.saturating_sub(letters).max(self.floor);
            while start > self.floor && self.text[start] == b'\'' {
                start += 1;
            }
            return Some(start..end);
        }
    }
}

fn word_bits(bytes: &[u8; 64]) -> u64 {
    bits(&bytes.map(|byte| u8::from(in_word(byte))))
}

/// Whether a byte belongs to a word.
pub(super) fn in_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80 || byte == b'\''
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(text: &[u8]) -> Vec<&[u8]> {
        let look_back = LookBack::new(text);
        let mut end = text.len();
        let mut words = Vec::new();
        while let Some(word) = look_back.word(end) {
            end = word.start;
            words.push(&text[word]);
        }
        words
    }

    proptest! {
        #[test]
        fn words_are_told_from_what_is_between(text in "[a-c0é'’ .:\n]{0,90}") {
            let floor = text.len().saturating_sub(LOOK_BACK);
            let window = &text.as_bytes()[floor..];
            let plain: Vec<&[u8]> = window
                .split(|byte| !in_word(*byte))
                .rev()
                .map(|word| {
                    let word = &word[..word.iter().rposition(|byte| *byte != b'\'').map_or(0, |last| last + 1)];
                    // At the edge a quote may belong to a word that is cut.
                    let edge = floor + word.len() == text.len() || std::ptr::eq(word.as_ptr(), window.as_ptr());
                    let quotes = if edge { 0 } else { word.iter().take_while(|byte| **byte == b'\'').count() };
                    &word[quotes..]
                })
                .filter(|word| !word.is_empty())
                .collect();
            prop_assert_eq!(words(text.as_bytes()), plain);
        }
    }

    #[test]
    fn quotes_are_no_part_of_a_word() {
        assert_eq!(words(b"x {'ssn': '"), [&b"ssn"[..], b"x"]);
        assert_eq!(words(b"insured's id"), [&b"id"[..], b"insured's"]);
        assert!(words(b"").is_empty() && words(b" ''' ").is_empty());
    }
}
