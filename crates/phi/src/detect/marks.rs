//! Where the digits and `@` of a text are: one bit a byte, sixty-four bytes at a time.
//!
//! The bits are made without a branch, so that the compiler uses vector instructions, and are kept for the block looked at last:
//! where numbers stand close together a block is asked many times.

/// The digits and `@` of a text.
pub(super) struct Marks<'a> {
    text: &'a [u8],
    /// Where the present block begins; past the end before the first.
    block: usize,
    digits: u64,
    ats: u64,
}

/// Bytes in a block.
const BLOCK: usize = 64;

impl<'a> Marks<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { text, block: usize::MAX, digits: 0, ats: 0 }
    }

    /// The next digit or `@` at or after `from`.
    pub(super) fn next(&mut self, from: usize) -> Option<usize> {
        let mut at = from;
        while at < self.text.len() {
            self.turn_to(at - at % BLOCK);
            let left = (self.digits | self.ats) >> (at % BLOCK);
            if left != 0 {
                return Some(at + left.trailing_zeros() as usize);
            }
            at = self.block + BLOCK;
        }
        None
    }

    /// How many digits stand in a row from `from`, as far as `most`.
    pub(super) fn run(&mut self, from: usize, most: usize) -> usize {
        let mut at = from;
        while at < self.text.len() && at - from < most {
            self.turn_to(at - at % BLOCK);
            let ones = (self.digits >> (at % BLOCK)).trailing_ones() as usize;
            at += ones;
            if ones == 0 || !at.is_multiple_of(BLOCK) {
                break;
            }
        }
        (at - from).min(most)
    }

    fn turn_to(&mut self, block: usize) {
        if block == self.block {
            return;
        }
        self.block = block;
        let rest = &self.text[block..];
        if let Some(whole) = rest.first_chunk::<BLOCK>() {
            (self.digits, self.ats) = marks(whole);
        } else {
            let mut last = [0; BLOCK];
            last[..rest.len()].copy_from_slice(rest);
            (self.digits, self.ats) = marks(&last);
        }
    }
}

/// A bit for each digit, and one for each `@`; the first byte's is the lowest.
fn marks(block: &[u8; BLOCK]) -> (u64, u64) {
    (
        bits(&block.map(|byte| u8::from(byte.is_ascii_digit()))),
        bits(&block.map(|byte| u8::from(byte == b'@'))),
    )
}

/// Bytes of 0 and 1 as bits; the first byte's is the lowest.
pub(super) fn bits(flags: &[u8; BLOCK]) -> u64 {
    // Each of eight bytes is moved to its own bit of the highest byte; no two meet, so nothing carries.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let (words, _) = flags.as_chunks::<8>();
    words.iter().rev().fold(0, |bits, word| bits << 8 | u64::from_le_bytes(*word).wrapping_mul(GATHER) >> 56)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_fast_search_is_the_plain_search(text in proptest::collection::vec(prop_oneof![any::<u8>(), b'0'..=b'9', Just(b'@')], 0..300), from in 0usize..310) {
            let wanted = |byte: &u8| byte.is_ascii_digit() || *byte == b'@';
            let plain = text.iter().enumerate().skip(from).find(|(_, byte)| wanted(byte)).map(|(at, _)| at);
            let mut marks = Marks::new(&text);
            prop_assert_eq!(marks.next(from), plain);
            let run = text.iter().skip(from).take(32).take_while(|byte| byte.is_ascii_digit()).count();
            prop_assert_eq!(marks.run(from, 32), run);
            prop_assert_eq!(marks.next(from), plain);
        }
    }
}
