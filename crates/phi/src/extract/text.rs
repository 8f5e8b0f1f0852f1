//! Plain text: which encoding it is in, and decoding it block by block into UTF-8.
//!
//! Bytes that are no UTF-8 are read as Windows-1252 one by one, so that Latin-1 files need no guess and a stray byte in a UTF-8
//! file costs one character. Facts: Unicode 15 chapter 3.9 and 23.8, the WHATWG index of windows-1252.

use std::io::{self, Read};

use super::Budget;
use super::failure::Failure;

/// The most that one call of a sink's `text` holds.
pub(super) const BLOCK: usize = 256 << 10;
const CHUNK: usize = 64 << 10;

/// How bytes become characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8 or ASCII, with Windows-1252 for bytes that are neither.
    Utf8,
    /// UTF-16, least significant byte first.
    Utf16Le,
    /// UTF-16, most significant byte first.
    Utf16Be,
}

/// Tells the encoding from the first bytes of a text, and how long its byte order mark is.
///
/// Without a mark it is UTF-16 where one byte of most pairs is zero and the other is not: true of any text in Latin letters.
pub fn detect(head: &[u8]) -> (Encoding, usize) {
    match head {
        [0xEF, 0xBB, 0xBF, ..] => return (Encoding::Utf8, 3),
        [0xFF, 0xFE, ..] => return (Encoding::Utf16Le, 2),
        [0xFE, 0xFF, ..] => return (Encoding::Utf16Be, 2),
        _ => {}
    }
    let pairs = (head.len() / 2).max(1);
    let (mut first, mut second) = (0, 0);
    for pair in head.chunks_exact(2) {
        first += usize::from(pair[0] == 0);
        second += usize::from(pair[1] == 0);
    }
    let most = pairs * 7 / 10;
    let few = (pairs / 20).max(1);
    if second > most && first <= few {
        (Encoding::Utf16Le, 0)
    } else if first > most && second <= few {
        (Encoding::Utf16Be, 0)
    } else {
        (Encoding::Utf8, 0)
    }
}

/// Decodes the start of a file, for sniffing.
pub(super) fn decode_head(head: &[u8]) -> String {
    let (encoding, mark) = detect(head);
    let mut out = String::with_capacity(head.len());
    decode_block(encoding, &head[mark..], false, &mut out);
    out
}

/// Decodes a whole short byte string.
pub(super) fn decode_all(bytes: &[u8], encoding: Encoding) -> String {
    let mut out = String::with_capacity(bytes.len());
    decode_block(encoding, bytes, true, &mut out);
    out
}

/// Decodes as much of `raw` as is whole; gives how much that was and whether something was broken.
fn decode_block(encoding: Encoding, raw: &[u8], last: bool, out: &mut String) -> (usize, bool) {
    match encoding {
        Encoding::Utf8 => (decode_utf8(raw, last, out), false),
        Encoding::Utf16Le => decode_utf16(raw, last, u16::from_le_bytes, out),
        Encoding::Utf16Be => decode_utf16(raw, last, u16::from_be_bytes, out),
    }
}

fn decode_utf8(raw: &[u8], last: bool, out: &mut String) -> usize {
    let mut done = 0;
    for chunk in raw.utf8_chunks() {
        out.push_str(chunk.valid());
        done += chunk.valid().len();
        let invalid = chunk.invalid();
        let at_end = done + invalid.len() == raw.len();
        if at_end && !last && could_continue(invalid) {
            return done;
        }
        done += invalid.len();
        out.extend(invalid.iter().copied().map(windows_1252));
    }
    done
}

/// Whether `bytes` is the start of a UTF-8 sequence that the next block may end.
fn could_continue(bytes: &[u8]) -> bool {
    let needed = match bytes.first() {
        Some(0xC2..=0xDF) => 2,
        Some(0xE0..=0xEF) => 3,
        Some(0xF0..=0xF4) => 4,
        _ => return false,
    };
    bytes.len() < needed
}

fn decode_utf16(raw: &[u8], last: bool, unit: fn([u8; 2]) -> u16, out: &mut String) -> (usize, bool) {
    let mut whole = raw.len() & !1;
    let unit_at = |at: usize| unit([raw[at], raw[at + 1]]);
    if !last && whole >= 2 && (0xD800..0xDC00).contains(&unit_at(whole - 2)) {
        whole -= 2;
    }
    let mut broken = last && raw.len() % 2 == 1;
    for decoded in char::decode_utf16((0..whole).step_by(2).map(unit_at)) {
        out.push(decoded.unwrap_or_else(|_| {
            broken = true;
            char::REPLACEMENT_CHARACTER
        }));
    }
    (if last { raw.len() } else { whole }, broken)
}

/// One byte of Windows-1252; the five unassigned ones map to the control of the same number, as the WHATWG index has it.
pub(super) fn windows_1252(byte: u8) -> char {
    const UPPER: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8D}', 'Ž', '\u{8F}',
        '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9D}', 'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9F => UPPER[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

/// Reads bytes in any of the encodings and yields UTF-8.
pub(super) struct Decoder<'b, R> {
    inner: R,
    budget: &'b Budget<'b>,
    encoding: Option<Encoding>,
    raw: Vec<u8>,
    out: String,
    at: usize,
    ended: bool,
    broken: bool,
}

impl<'b, R: Read> Decoder<'b, R> {
    pub(super) fn new(inner: R, budget: &'b Budget<'b>) -> Self {
        let (raw, out) = (Vec::with_capacity(CHUNK), String::with_capacity(CHUNK));
        Self { inner, budget, encoding: None, raw, out, at: 0, ended: false, broken: false }
    }

    /// Decodes the next block into `out`; leaves it empty at the end.
    fn fill(&mut self) -> io::Result<()> {
        self.out.clear();
        self.at = 0;
        while self.out.is_empty() && !self.ended {
            self.budget.check().map_err(io::Error::other)?;
            let room = (CHUNK - self.raw.len()) as u64;
            let got = self.inner.by_ref().take(room).read_to_end(&mut self.raw)?;
            self.ended = (got as u64) < room;
            let (encoding, mark) = match self.encoding {
                Some(known) => (known, 0),
                None => detect(&self.raw),
            };
            self.encoding = Some(encoding);
            let (done, broken) = decode_block(encoding, &self.raw[mark..], self.ended, &mut self.out);
            self.broken |= broken;
            self.raw.drain(..mark + done);
        }
        Ok(())
    }

    /// Hands on blocks of whole lines.
    pub(super) fn for_each_block(mut self, each: &mut dyn FnMut(&str)) -> Result<(), Failure> {
        let mut blocks = Blocks::default();
        loop {
            let filled = self.fill();
            blocks.push(&self.out, each);
            filled.inspect_err(|_| blocks.finish(each))?;
            if self.out.is_empty() {
                break;
            }
        }
        blocks.finish(each);
        if self.broken { Err(Failure::Malformed("broken UTF-16")) } else { Ok(()) }
    }
}

impl<R: Read> Read for Decoder<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.at == self.out.len() {
            self.fill()?;
        }
        let rest = &self.out.as_bytes()[self.at..];
        let n = rest.len().min(buf.len());
        buf[..n].copy_from_slice(&rest[..n]);
        self.at += n;
        Ok(n)
    }
}

/// Gathers text and hands it on in blocks of whole lines.
#[derive(Default)]
pub(super) struct Blocks {
    buffer: String,
}

impl Blocks {
    /// Adds text; hands on whole lines once half a block is there.
    pub(super) fn push(&mut self, text: &str, each: &mut dyn FnMut(&str)) {
        let mut rest = text;
        while !rest.is_empty() {
            let mut take = rest.len().min(BLOCK / 2);
            while !rest.is_char_boundary(take) {
                take -= 1;
            }
            self.buffer.push_str(&rest[..take]);
            rest = &rest[take..];
            if self.buffer.len() >= BLOCK / 2 {
                let cut = self.cut();
                each(&self.buffer[..cut]);
                self.buffer.drain(..cut);
            }
        }
    }

    /// Where the block may end: after its last line; a line that fills it ends at a space.
    fn cut(&self) -> usize {
        let text = &self.buffer;
        if let Some(line) = text.rfind('\n') {
            return line + 1;
        }
        match text.rfind(' ') {
            Some(space) if space > text.len() - 4096 => space + 1,
            _ => text.len(),
        }
    }

    /// Hands on what is left.
    pub(super) fn finish(&mut self, each: &mut dyn FnMut(&str)) {
        if !self.buffer.is_empty() {
            each(&self.buffer);
            self.buffer.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::testing::budget_for_tests;

    fn decoded(bytes: &[u8]) -> (String, bool) {
        let mut text = String::new();
        let outcome = Decoder::new(bytes, budget_for_tests()).for_each_block(&mut |block| {
            assert!(block.len() <= BLOCK);
            text.push_str(block);
        });
        (text, outcome.is_err())
    }

    #[test]
    fn every_encoding_reads_the_same() {
        let text = "Müller, José 10 €\r\n".repeat(9000);
        let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let latin: Vec<u8> = text.chars().map(|c| if c == '€' { 0x80 } else { c as u8 }).collect();
        assert_eq!(decoded(text.as_bytes()), (text.clone(), false));
        assert_eq!(decoded(&latin), (text.clone(), false));
        assert_eq!(decoded(&le), (text.clone(), false));
        assert_eq!(decoded(&be), (text.clone(), false));
        assert_eq!(decoded(&[&[0xFF, 0xFE], &le[..]].concat()), (text.clone(), false));
        assert_eq!(decoded(&[&[0xFE, 0xFF], &be[..]].concat()), (text.clone(), false));
        assert_eq!(decoded(&[&[0xEF, 0xBB, 0xBF], text.as_bytes()].concat()), (text, false));
    }

    #[test]
    fn broken_utf16_is_read_and_reported() {
        let mut bytes: Vec<u8> = "SSN 1".encode_utf16().flat_map(u16::to_le_bytes).collect();
        bytes.extend([0x00, 0xD8, b'x', 0, b'y']);
        assert_eq!(decoded(&bytes), ("SSN 1\u{FFFD}x".to_owned(), true));
    }

    #[test]
    fn a_line_without_end_is_cut_at_a_space() {
        let text = "12345 ".repeat(100_000);
        let mut blocks = Vec::new();
        Decoder::new(text.as_bytes(), budget_for_tests())
            .for_each_block(&mut |b| blocks.push(b.to_owned()))
            .unwrap();
        assert!(blocks.len() > 2 && blocks.iter().all(|block| block.ends_with(' ')));
        assert_eq!(blocks.concat(), text);
    }
}
