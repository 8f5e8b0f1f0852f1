//! Rich Text Format: its text. Facts: the RTF specification 1.9.1 (control words, destinations, `\'hh`, `\u`).

use std::io::{BufReader, Read};

use super::budget::Budget;
use super::failure::Failure;
use super::text::{Blocks, windows_1252};
use crate::sink::Sink;

/// Groups inside each other that are told apart.
const DEPTH: usize = 4096;

/// Reads a document.
pub(super) fn read(reader: &mut dyn Read, budget: &Budget<'_>, sink: &mut dyn Sink) -> Result<(), Failure> {
    let mut document = Document {
        out: String::new(),
        blocks: Blocks::default(),
        groups: Vec::new(),
        hidden: false,
        skip: 0,
    };
    let mut bytes = BufReader::with_capacity(64 << 10, reader).bytes().peekable();
    let mut count = 0_u64;
    while let Some(byte) = bytes.next().transpose()? {
        count += 1;
        if count.is_multiple_of(1 << 16) {
            budget.check()?;
        }
        match byte {
            b'{' if document.groups.len() < DEPTH => document.groups.push(document.hidden),
            b'}' => document.hidden = document.groups.pop().unwrap_or(false),
            b'\\' => {
                let mut word: Vec<u8> = Vec::new();
                while let Some(Ok(next)) = bytes.peek() {
                    let goes_on = if word.is_empty() {
                        true
                    } else if !word[0].is_ascii_alphabetic() {
                        word[0] == b'\'' && word.len() < 3
                    } else {
                        next.is_ascii_alphanumeric()
                            || (*next == b'-' && word.last().is_some_and(u8::is_ascii_alphabetic))
                    };
                    if !goes_on || word.len() > 40 {
                        break;
                    }
                    word.push(*next);
                    bytes.next();
                }
                if word.first().is_some_and(u8::is_ascii_alphabetic) && matches!(bytes.peek(), Some(Ok(b' ')))
                {
                    bytes.next();
                }
                document.control(&String::from_utf8_lossy(&word));
            }
            b'\r' | b'\n' => {}
            _ => document.put(windows_1252(byte)),
        }
        if document.out.len() > 32 << 10 {
            document.blocks.push(&document.out, &mut |block| sink.text(block));
            document.out.clear();
        }
    }
    document.blocks.push(&document.out, &mut |block| sink.text(block));
    document.blocks.finish(&mut |block| sink.text(block));
    Ok(())
}

struct Document {
    out: String,
    blocks: Blocks,
    /// Whether the groups around this one are hidden.
    groups: Vec<bool>,
    hidden: bool,
    /// Characters to pass over: what stands after `\u` for programs that do not know it.
    skip: u32,
}

impl Document {
    fn put(&mut self, c: char) {
        if self.skip > 0 {
            self.skip -= 1;
        } else if !self.hidden {
            self.out.push(c);
        }
    }

    fn control(&mut self, word: &str) {
        if let Some(hex) = word.strip_prefix('\'') {
            self.put(u8::from_str_radix(hex, 16).map_or(' ', windows_1252));
            return;
        }
        let split = word.find(|c: char| c == '-' || c.is_ascii_digit()).unwrap_or(word.len());
        let (name, number) = word.split_at(split);
        match name {
            "par" | "line" | "sect" | "page" | "row" | "\n" | "\r" => self.put('\n'),
            "tab" | "cell" => self.put('\t'),
            "u" => {
                if let Ok(code) = number.parse::<i32>() {
                    self.put(
                        char::from_u32(code.rem_euclid(65_536).cast_unsigned())
                            .unwrap_or(char::REPLACEMENT_CHARACTER),
                    );
                    self.skip = 1;
                }
            }
            "*" | "fonttbl" | "colortbl" | "stylesheet" | "pict" | "object" | "info" | "themedata"
            | "datastore" | "listtable" => {
                self.hidden = true;
            }
            "{" | "}" | "\\" => self.put(word.chars().next().unwrap_or('\\')),
            "~" => self.put(' '),
            "_" => self.put('-'),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::extract::Format;
    use crate::extract::testing::kept;

    #[test]
    fn text_is_what_is_shown() {
        let text = br"{\rtf1\ansi{\fonttbl{\f0 Arial;}}{\*\generator x;}\pard Name: Jos\'e9 \u352?\b  x\b0\par SSN 123-45-6789\cell\{a\}}";
        let kept = kept(text, "x.rtf", Format::Rtf);
        assert_eq!(kept.lines, ["text Name: José Š x", "text SSN 123-45-6789\t{a}"]);
    }
}
