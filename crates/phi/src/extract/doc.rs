//! Word 97 to 2003: the text of a document with its headers, notes and text boxes, by its piece table.
//!
//! Facts: MS-DOC 2.5.1 (Fib), 2.4.1 (piece table), 2.9.177 (Pcd).

use cfb::CompoundFile;

use super::failure::Failure;
use super::ole::{slice, stream, u16_at, u32_at};
use super::source::Source;
use super::text::{Blocks, Encoding, decode_all, windows_1252};
use crate::sink::Sink;

/// Reads a document.
pub(super) fn read(file: &mut CompoundFile<Source<'_>>, sink: &mut dyn Sink) -> Result<(), Failure> {
    let document = stream(file, "/WordDocument")?;
    let flags = u16_at(&document, 10);
    if u16_at(&document, 0) != 0xA5EC {
        return Err(Failure::Malformed("it has no header of Word 97 or later"));
    }
    if flags & 0x0100 != 0 {
        return Err(Failure::Encrypted);
    }
    let table = stream(file, if flags & 0x0200 != 0 { "/1Table" } else { "/0Table" })?;
    let (at, len) = (u32_at(&document, 0x1A2) as usize, u32_at(&document, 0x1A6) as usize);
    let pieces = piece_table(slice(&table, at, len)).ok_or(Failure::Malformed("it has no piece table"))?;
    let count = pieces.len().saturating_sub(4) / 12;
    let mut blocks = Blocks::default();
    for piece in 0..count {
        let chars = u32_at(pieces, piece * 4 + 4).saturating_sub(u32_at(pieces, piece * 4)) as usize;
        let position = u32_at(pieces, (count + 1) * 4 + piece * 8 + 2);
        let text = if position & 0x4000_0000 == 0 {
            decode_all(slice(&document, position as usize, chars.saturating_mul(2)), Encoding::Utf16Le)
        } else {
            let start = (position & 0x3FFF_FFFF) as usize / 2;
            slice(&document, start, chars).iter().copied().map(windows_1252).collect()
        };
        blocks.push(&shown(&text), &mut |block| sink.text(block));
    }
    blocks.finish(&mut |block| sink.text(block));
    Ok(())
}

/// The piece table inside the `Clx`, behind the formatting that stands before it.
fn piece_table(mut clx: &[u8]) -> Option<&[u8]> {
    loop {
        match clx.first()? {
            1 => clx = clx.get(3 + usize::from(u16_at(clx, 1))..)?,
            2 => return Some(slice(clx, 5, u32_at(clx, 1) as usize)),
            _ => return None,
        }
    }
}

/// Word's marks as what they show: ends of paragraphs and cells; instructions of fields are hidden.
fn shown(text: &str) -> String {
    let mut hidden = false;
    text.chars()
        .filter_map(|c| {
            match c {
                '\u{13}' => hidden = true,
                '\u{14}' | '\u{15}' => hidden = false,
                _ if hidden => {}
                '\r' | '\u{B}' | '\u{C}' => return Some('\n'),
                '\u{7}' => return Some('\t'),
                '\u{1E}' => return Some('-'),
                '\t' | ' '.. => return Some(c),
                _ => {}
            }
            None
        })
        .collect()
}
