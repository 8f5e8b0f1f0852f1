//! Outlook messages: who, what and the attachments, messages inside messages too.
//!
//! Facts: MS-OXMSG (storages and streams), MS-OXPROPS (property numbers), MS-OXRTFCP (compressed RTF).

use cfb::CompoundFile;

use super::budget::Budget;
use super::failure::Failure;
use super::ole::{slice, stream, u32_at};
use super::source::Source;
use super::text::{Blocks, Encoding, decode_all};
use super::{html, read_member, rtf, settle};
use crate::sink::Sink;

/// Recipients and attachments of one message.
const CHILDREN: usize = 10_000;

/// Reads a message.
pub(super) fn read(
    file: &mut CompoundFile<Source<'_>>,
    name: &str,
    budget: &Budget<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    message(file, "", name, budget, sink)
}

fn message(
    file: &mut CompoundFile<Source<'_>>,
    at: &str,
    name: &str,
    budget: &Budget<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    let mut head = String::new();
    for (label, property) in [
        ("From", "0C1A"),
        ("From", "0C1F"),
        ("From", "5D01"),
        ("To", "0E04"),
        ("Cc", "0E03"),
        ("Subject", "0037"),
    ] {
        let value = text(file, at, property)?;
        if !value.is_empty() {
            head += &[label, ": ", &value, "\n"].concat();
        }
    }
    let children = children(file, at)?;
    for child in children.iter().filter(|child| child.starts_with("__recip_version1.0_#")) {
        let recipient = format!("{at}/{child}");
        let (who, address) = (text(file, &recipient, "3001")?, text(file, &recipient, "39FE")?);
        let address = if address.is_empty() { text(file, &recipient, "3003")? } else { address };
        head += &["To: ", &who, " <", &address, ">\n"].concat();
    }
    push(&head, sink);
    let body = text(file, at, "1000")?;
    push(&body, sink);
    let html_body = stream(file, &format!("{at}/__substg1.0_10130102"))?;
    if body.trim().is_empty() && !html_body.is_empty() {
        html::read(&mut html_body.as_slice(), budget, sink)?;
    } else if body.trim().is_empty() {
        let compressed = stream(file, &format!("{at}/__substg1.0_10090102"))?;
        rtf::read(&mut decompress(&compressed).as_slice(), budget, sink)?;
    }
    for child in children.iter().filter(|child| child.starts_with("__attach_version1.0_#")) {
        let attachment = format!("{at}/{child}");
        let long = text(file, &attachment, "3707")?;
        let own = if long.is_empty() { text(file, &attachment, "3704")? } else { long };
        let inner = format!("{name}/{}", if own.is_empty() { child } else { &own });
        let embedded = format!("{attachment}/__substg1.0_3701000D");
        if file.is_storage(&embedded) {
            let outcome = budget.deeper(|| {
                sink.part(&inner);
                message(file, &embedded, &inner, budget, sink)
            });
            settle(outcome, &inner, budget, sink)?;
        } else {
            let path = format!("{attachment}/__substg1.0_37010102");
            if file.is_stream(&path) {
                let mut data = file.open_stream(&path)?;
                read_member(&mut data, &inner, budget, sink)?;
            }
        }
    }
    Ok(())
}

fn children(file: &CompoundFile<Source<'_>>, at: &str) -> Result<Vec<String>, Failure> {
    let at = if at.is_empty() { "/" } else { at };
    let entries = file.read_storage(at)?;
    Ok(entries.filter(cfb::Entry::is_storage).map(|entry| entry.name().to_owned()).take(CHILDREN).collect())
}

/// A text property: UTF-16, else in the sender's code page, which is read as Windows-1252.
fn text(file: &mut CompoundFile<Source<'_>>, at: &str, property: &str) -> Result<String, Failure> {
    let wide = stream(file, &format!("{at}/__substg1.0_{property}001F"))?;
    if !wide.is_empty() {
        return Ok(decode_all(&wide, Encoding::Utf16Le).trim_end_matches('\0').to_owned());
    }
    let narrow = stream(file, &format!("{at}/__substg1.0_{property}001E"))?;
    Ok(decode_all(&narrow, Encoding::Utf8).trim_end_matches('\0').to_owned())
}

fn push(text: &str, sink: &mut dyn Sink) {
    let mut blocks = Blocks::default();
    blocks.push(text, &mut |block| sink.text(block));
    blocks.finish(&mut |block| sink.text(block));
}

/// Expands compressed RTF: literals and references into a ring of 4096 bytes that begins with common RTF.
fn decompress(bytes: &[u8]) -> Vec<u8> {
    const COMMON: &[u8] = b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";
    const COMPRESSED: u32 = 0x7546_5A4C;
    if u32_at(bytes, 8) != COMPRESSED {
        return slice(bytes, 16, bytes.len()).to_vec();
    }
    let mut ring = [b' '; 4096];
    ring[..COMMON.len()].copy_from_slice(COMMON);
    let (mut write, mut out, mut at) = (COMMON.len(), Vec::new(), 16);
    while let Some(flags) = bytes.get(at).copied() {
        at += 1;
        for bit in 0..8 {
            if flags >> bit & 1 == 0 {
                let Some(byte) = bytes.get(at).copied() else { return out };
                at += 1;
                ring[write] = byte;
                write = (write + 1) % 4096;
                out.push(byte);
                continue;
            }
            let [high, low] = slice(bytes, at, 2) else { return out };
            at += 2;
            let reference = usize::from(*high) << 8 | usize::from(*low);
            let (mut read, len) = (reference >> 4, (reference & 15) + 2);
            if read == write {
                return out;
            }
            for _ in 0..len {
                let byte = ring[read];
                ring[write] = byte;
                out.push(byte);
                (read, write) = ((read + 1) % 4096, (write + 1) % 4096);
            }
        }
        if out.len() as u64 > super::ole::STREAM {
            return out;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_standard_expands() {
        // MS-OXRTFCP 3.1.1.
        let bytes = [
            0x2d, 0, 0, 0, 0x2b, 0, 0, 0, 0x4c, 0x5a, 0x46, 0x75, 0xf1, 0xc5, 0xc7, 0xa7, 0x03, 0x00, 0x0a,
            0x00, 0x72, 0x63, 0x70, 0x67, 0x31, 0x32, 0x35, 0x42, 0x32, 0x0a, 0xf3, 0x20, 0x68, 0x65, 0x6c,
            0x09, 0x00, 0x20, 0x62, 0x77, 0x05, 0xb0, 0x6c, 0x64, 0x7d, 0x0a, 0x80, 0x0f, 0xa0,
        ];
        assert_eq!(decompress(&bytes), b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n");
    }
}
