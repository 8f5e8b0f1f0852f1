//! JSON: one value, or one a line. Streaming, iterative, and forgiving: a broken value ends the document, not what was read.
//!
//! Facts: RFC 8259. In FHIR a resource is a record, and `fhir` knows its elements; elsewhere `tree` finds the records.

use std::io::{BufRead, BufReader, Read};

use super::budget::Budget;
use super::failure::Failure;
use super::fhir::People;
use super::text::Decoder;
use super::tree::Tree;
use crate::sink::Sink;

/// The most of a string that is kept.
const STRING: usize = 64 << 10;
/// Objects and lists inside each other.
const DEPTH: usize = 256;

/// Who knows what the names mean.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// FHIR resources.
    Fhir,
    /// Anything else.
    Any,
}

enum Level {
    Object,
    /// A list, by its own name.
    List(String),
}

/// Reads every value of a document.
pub(super) fn read(
    reader: &mut dyn Read,
    dialect: Dialect,
    budget: &Budget<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    let bytes = BufReader::with_capacity(64 << 10, Decoder::new(reader, budget));
    let mut document = Document { bytes, tree: Tree::default(), people: People::default(), dialect };
    let outcome = document.read(sink);
    document.tree.finish(sink);
    outcome
}

struct Document<'b, R: Read> {
    bytes: BufReader<Decoder<'b, R>>,
    tree: Tree,
    people: People,
    dialect: Dialect,
}

impl<R: Read> Document<'_, R> {
    fn read(&mut self, sink: &mut dyn Sink) -> Result<(), Failure> {
        let mut levels: Vec<Level> = Vec::new();
        let mut name = String::new();
        let mut value = String::new();
        let mut expects_name = false;
        while let Some(byte) = self.next()? {
            let in_list = matches!(levels.last(), Some(Level::List(_)));
            if let Some(Level::List(list)) = levels.last() {
                list.clone_into(&mut name);
            }
            match byte {
                b'{' => {
                    self.tree.open(&name, in_list);
                    levels.push(Level::Object);
                    expects_name = true;
                }
                b'[' => levels.push(Level::List(std::mem::take(&mut name))),
                b'}' if matches!(levels.pop(), Some(Level::Object)) => {
                    self.close(sink);
                    expects_name = false;
                    name.clear();
                }
                b']' if matches!(levels.pop(), Some(Level::List(_))) => name.clear(),
                b',' => expects_name = matches!(levels.last(), Some(Level::Object)),
                b':' => expects_name = false,
                b'"' if expects_name => self.string(&mut name)?,
                b'"' => {
                    self.string(&mut value)?;
                    self.tree.leaf(&name, &value, sink);
                }
                b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => {
                    self.word(byte, &mut value)?;
                    if byte.is_ascii_digit() || byte == b'-' {
                        self.tree.leaf(&name, &value, sink);
                    }
                }
                byte if byte.is_ascii_whitespace() || byte == 0x1E => {}
                _ => return Err(Failure::Malformed("it is no valid JSON")),
            }
            if levels.len() > DEPTH {
                return Err(Failure::Malformed("it nests too deep"));
            }
        }
        if levels.is_empty() { Ok(()) } else { Err(Failure::Malformed("it ends too early")) }
    }

    fn close(&mut self, sink: &mut dyn Sink) {
        if self.dialect == Dialect::Fhir {
            let own = format!("{}/resourceType", self.tree.path());
            if self.tree.leaves().iter().any(|leaf| leaf.path == own) {
                self.people.resource(self.tree.path(), self.tree.leaves(), sink);
                self.tree.take();
            }
        }
        self.tree.close(self.dialect == Dialect::Any, sink);
    }

    fn next(&mut self) -> Result<Option<u8>, Failure> {
        let byte = self.bytes.fill_buf()?.first().copied();
        self.bytes.consume(usize::from(byte.is_some()));
        Ok(byte)
    }

    /// A number or a word, whose first byte was read.
    fn word(&mut self, first: u8, out: &mut String) -> Result<(), Failure> {
        out.clear();
        out.push(char::from(first));
        while let Some(byte) = self.bytes.fill_buf()?.first().copied() {
            if !(byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-')) {
                break;
            }
            self.bytes.consume(1);
            if out.len() < 64 {
                out.push(char::from(byte));
            }
        }
        Ok(())
    }

    /// A string, whose opening quote was read.
    fn string(&mut self, out: &mut String) -> Result<(), Failure> {
        let mut raw = Vec::new();
        loop {
            let bytes = self.bytes.fill_buf()?;
            if bytes.is_empty() {
                return Err(Failure::Malformed("it ends inside a string"));
            }
            let end = memchr::memchr2(b'"', b'\\', bytes).unwrap_or(bytes.len());
            raw.extend_from_slice(&bytes[..end.min(STRING.saturating_sub(raw.len()))]);
            let mark = bytes.get(end).copied();
            self.bytes.consume(end + usize::from(mark.is_some()));
            match mark {
                Some(b'"') => break,
                Some(_) => {
                    let mut escaped = String::new();
                    self.escape(&mut escaped)?;
                    if raw.len() < STRING {
                        raw.extend_from_slice(escaped.as_bytes());
                    }
                }
                None => {}
            }
        }
        out.clear();
        out.push_str(&String::from_utf8_lossy(&raw));
        Ok(())
    }

    fn escape(&mut self, out: &mut String) -> Result<(), Failure> {
        match self.next()?.unwrap_or(b'"') {
            b'n' => out.push('\n'),
            b't' => out.push('\t'),
            b'r' => out.push('\r'),
            b'b' | b'f' => out.push(' '),
            b'u' => {
                let mut unit = self.hex()?;
                if (0xD800..0xDC00).contains(&unit) && self.bytes.fill_buf()?.starts_with(b"\\u") {
                    self.bytes.consume(2);
                    let low = self.hex()?;
                    unit = 0x10000 + ((unit - 0xD800) << 10) + (low.wrapping_sub(0xDC00) & 0x3FF);
                }
                out.push(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            other => out.push(char::from(other)),
        }
        Ok(())
    }

    fn hex(&mut self) -> Result<u32, Failure> {
        let mut value = 0;
        for _ in 0..4 {
            let digit = self.next()?.and_then(|byte| char::from(byte).to_digit(16));
            value = value << 4 | digit.ok_or(Failure::Malformed("it is no valid JSON"))?;
        }
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use crate::extract::Format;
    use crate::extract::testing::kept;

    #[test]
    fn elements_of_lists_are_records() {
        let text = r#"{"practice":"X","patients":[{"name":"A \u00e9\ud83d\ude00","ssn":{"value":"1"},"phones":[{"type":"home","number":"2"}]},{"name":"B","n":3}]}"#;
        let kept = kept(text.as_bytes(), "x", Format::Json);
        assert_eq!(
            kept.lines,
            [
                "record",
                "field - name = A é😀",
                "field - ssn value = 1",
                "field - type = home",
                "field - phones home = 2",
                "record",
                "field - name = B",
                "field - n = 3",
                "record",
                "field - practice = X",
            ]
        );
    }

    #[test]
    fn what_is_cut_short_is_still_read() {
        let kept = kept(br#"[{"name":"A","dob":"1"},{"name":"B","dob":"#, "x", Format::Json);
        assert!(kept.has("field - dob = 1") && kept.has("field - name = B") && kept.problems.len() == 1);
    }

    #[test]
    fn depth_is_bounded() {
        let deep = "[".repeat(1_000_000);
        assert_eq!(kept(deep.as_bytes(), "x", Format::Json).problems.len(), 1);
    }
}
