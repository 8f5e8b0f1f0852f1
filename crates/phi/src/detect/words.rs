//! Sets of words of our own content, asked for nearly every word in front of a number: no copy, no allocation, one multiplication.

use std::collections::HashSet;

/// A set of short words, looked up without regard to case.
pub(super) struct Words {
    /// Keys of all words, by open addressing; 0 is an empty place. A power of two long and at most a quarter full.
    keys: Vec<u64>,
    /// Words that their keys do not tell wholly: longer than eight bytes, or not ASCII.
    others: HashSet<Box<[u8]>>,
    /// By the low five bits of a word's last byte, the lengths there are: most words are told by that to be in no set.
    lengths: [u32; 32],
}

/// Longer words are in no set.
pub(super) const LONGEST: usize = 24;

impl Words {
    /// A set of the words of the content.
    pub(super) fn of<'w>(words: impl IntoIterator<Item = &'w String>) -> Self {
        Self::new(words.into_iter().map(String::as_str))
    }

    /// A set of these words.
    pub(super) fn new<'w>(words: impl Iterator<Item = &'w str>) -> Self {
        let words: HashSet<Box<[u8]>> =
            words.map(|word| word.to_lowercase().into_bytes().into_boxed_slice()).collect();
        let mut set = Self {
            keys: vec![0; (words.len() * 4).next_power_of_two().max(16)],
            others: HashSet::new(),
            lengths: [0; 32],
        };
        for word in words {
            if let Some(lengths) = Self::lengths_of(&word) {
                set.lengths[lengths.0] |= lengths.1;
            }
            let key = key(&word);
            let place = set.place(key);
            set.keys[place] = key;
            if !is_whole(&word, key) {
                set.others.insert(word);
            }
        }
        set
    }

    /// The place in `lengths` of a word's last byte, and its length as a bit. A capital has the low bits of its small letter, beyond
    /// ASCII too.
    fn lengths_of(word: &[u8]) -> Option<(usize, u32)> {
        let last = word.last()?;
        (word.len() <= LONGEST).then(|| (usize::from(last & 0x1F), 1 << word.len()))
    }

    /// Whether a word is in the set.
    pub(super) fn contains(&self, word: &[u8]) -> bool {
        if Self::lengths_of(word).is_none_or(|(place, length)| self.lengths[place] & length == 0) {
            return false;
        }
        let key = key(word);
        if key == 0 || self.keys[self.place(key)] != key {
            return false;
        }
        is_whole(word, key) || self.has_other(word)
    }

    fn has_other(&self, word: &[u8]) -> bool {
        let mut lower = [0u8; LONGEST];
        let Some(lower) = lower.get_mut(..word.len()) else { return false };
        if word.is_ascii() {
            lower.copy_from_slice(word);
            lower.make_ascii_lowercase();
            return self.others.contains(&*lower);
        }
        std::str::from_utf8(word).is_ok_and(|word| self.others.contains(word.to_lowercase().as_bytes()))
    }

    /// Where a key is, or would be.
    fn place(&self, key: u64) -> usize {
        let mask = self.keys.len() - 1;
        #[allow(clippy::cast_possible_truncation)] // masked anyway
        let mut place = (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as usize & mask;
        while self.keys[place] != 0 && self.keys[place] != key {
            place = (place + 1) & mask;
        }
        place
    }
}

const HIGH: u64 = 0x8080_8080_8080_8080;

/// The last eight bytes of a word in small letters. Capitals of Latin-1 become small too, as both their bytes gain the same bit.
fn key(word: &[u8]) -> u64 {
    let packed = match word.last_chunk::<8>() {
        Some(last) => u64::from_le_bytes(*last),
        None => word.iter().rev().fold(0, |packed, byte| packed << 8 | u64::from(*byte)),
    };
    // Letters, and nothing else in a word but what is beyond ASCII, have the bit 0x40.
    let small = packed | (packed & 0x4040_4040_4040_4040) >> 1 | (packed & HIGH) >> 2;
    // A longer word is told from one that is its end.
    if word.len() > 8 { small | 1 << 63 } else { small }
}

/// Whether a key says all of its word.
fn is_whole(word: &[u8], key: u64) -> bool {
    word.len() <= 8 && key & HIGH == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_long_and_foreign_words_are_told_apart() {
        let words = Words::new(["id", "nació", "securities", "número", "identification"].into_iter());
        for word in ["id", "ID", "nació", "NACIÓ", "Securities", "NÚMERO", "Identification"] {
            assert!(words.contains(word.as_bytes()), "{word}");
        }
        for word in ["", "i", "idd", "obscurities", "curities", "numero", "dentification", "\u{130}d"] {
            assert!(!words.contains(word.as_bytes()), "{word}");
        }
        assert!(!words.contains(&[b'x'; 400]) && !words.contains(&[0xFF, 0xFE]));
    }
}
