//! A tokenizer for XML and HTML that forgives: it never fails, and what it holds is bounded.
//!
//! It does not check that tags match, resolves no external entity, and cuts long names, attributes and pieces of text. Facts:
//! XML 1.0 (5th edition), the WHATWG HTML standard's tokenization.

use std::io::{BufRead, BufReader, Read};

use super::budget::Budget;
use super::failure::Failure;
use super::text::Decoder;

/// The most text that one event holds; longer text comes in several.
const TEXT: usize = 64 << 10;
/// The most that a tag may hold; the rest of it is passed over.
const TAG: usize = 64 << 10;

/// What stands next in a document.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A start tag; [`Markup::attribute`] gives its attributes.
    Start,
    /// An end tag, or the end that a self-closing start tag implies.
    End,
    /// Text, with references resolved.
    Text,
    /// The end of the document.
    Eof,
}

/// A pull tokenizer. The content of the last event lies in it.
pub(super) struct Markup<'b, R: Read> {
    bytes: BufReader<Decoder<'b, R>>,
    /// Local name of the last tag, without its namespace's prefix.
    name: String,
    /// Text of the last [`Event::Text`].
    text: String,
    raw: Vec<u8>,
    pending_end: bool,
    /// The element whose content is no markup: `script` or `style` in HTML.
    verbatim: Option<String>,
    html: bool,
}

impl<'b, R: Read> Markup<'b, R> {
    pub(super) fn xml(reader: R, budget: &'b Budget<'b>) -> Self {
        let bytes = BufReader::with_capacity(64 << 10, Decoder::new(reader, budget));
        let (name, text, raw) = (String::new(), String::new(), Vec::new());
        Self { bytes, name, text, raw, pending_end: false, verbatim: None, html: false }
    }

    pub(super) fn html(reader: R, budget: &'b Budget<'b>) -> Self {
        Self { html: true, ..Self::xml(reader, budget) }
    }

    /// Local name of the last tag; lower case in HTML.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Text of the last [`Event::Text`].
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Moves on.
    pub(super) fn next(&mut self) -> Result<Event, Failure> {
        if std::mem::take(&mut self.pending_end) {
            return Ok(Event::End);
        }
        loop {
            let Some(first) = self.peek()? else { return Ok(Event::Eof) };
            if first != b'<' {
                self.read_text()?;
                return Ok(Event::Text);
            }
            if let Some(event) = self.read_tag()? {
                return Ok(event);
            }
        }
    }

    /// The value of an attribute of the last start tag, by its local name.
    pub(super) fn attribute(&self, wanted: &str) -> Option<String> {
        let mut found = None;
        self.attributes(&mut |name, value| {
            if found.is_none() && name == wanted {
                found = Some(value.to_owned());
            }
        });
        found
    }

    /// Every attribute of the last start tag, by its local name.
    pub(super) fn attributes(&self, each: &mut dyn FnMut(&str, &str)) {
        let text = String::from_utf8_lossy(&self.raw);
        let mut rest = text.trim_start_matches(|c: char| !c.is_whitespace());
        while let Some(start) = rest.find(|c: char| !c.is_whitespace() && c != '/') {
            rest = &rest[start..];
            let end = rest.find(|c: char| c.is_whitespace() || c == '=' || c == '/').unwrap_or(rest.len());
            let (name, behind) = rest.split_at(end.max(1).min(rest.len()));
            rest = behind.trim_start();
            let Some(value) = rest.strip_prefix('=').map(str::trim_start) else { continue };
            let (value, behind) = match value.chars().next() {
                Some(quote @ ('"' | '\'')) => value[1..].split_once(quote).unwrap_or((&value[1..], "")),
                _ => value.split_at(value.find(char::is_whitespace).unwrap_or(value.len())),
            };
            rest = behind;
            each(local(name), &unescape(value));
        }
    }

    fn peek(&mut self) -> Result<Option<u8>, Failure> {
        Ok(self.bytes.fill_buf()?.first().copied())
    }

    /// Text up to the next tag, or as much of it as an event holds.
    fn read_text(&mut self) -> Result<(), Failure> {
        self.raw.clear();
        loop {
            let bytes = self.bytes.fill_buf()?;
            let end = memchr::memchr(b'<', bytes).unwrap_or(bytes.len());
            let take = end.min(TEXT.saturating_sub(self.raw.len()));
            self.raw.extend_from_slice(&bytes[..take]);
            let more = take == bytes.len() && take > 0;
            self.bytes.consume(take);
            if !more {
                break;
            }
        }
        // A piece that ends inside a character loses that character only.
        self.text = unescape(&String::from_utf8_lossy(&self.raw));
        Ok(())
    }

    fn read_tag(&mut self) -> Result<Option<Event>, Failure> {
        self.bytes.consume(1);
        self.raw.clear();
        let first = self.peek()?;
        if let Some(element) = self.verbatim.take() {
            return self.skip_verbatim(element);
        }
        match first {
            Some(b'!') => self.read_declaration(),
            Some(b'?') => {
                self.skip_to(b"?>")?;
                Ok(None)
            }
            Some(b'/') => {
                self.read_to_close()?;
                let inner = String::from_utf8_lossy(&self.raw[1..]).into_owned();
                self.set_name(&inner);
                Ok(Some(Event::End))
            }
            Some(byte) if byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80 => {
                self.read_to_close()?;
                let closed = self.raw.last() == Some(&b'/');
                let inner = String::from_utf8_lossy(&self.raw).into_owned();
                self.set_name(&inner);
                self.pending_end = closed;
                if self.html && !closed && matches!(self.name.as_str(), "script" | "style") {
                    self.verbatim = Some(self.name.clone());
                }
                Ok(Some(Event::Start))
            }
            _ => {
                "<".clone_into(&mut self.text);
                Ok(Some(Event::Text))
            }
        }
    }

    /// Passes over a `<` inside a script or style, unless it begins that element's end tag.
    fn skip_verbatim(&mut self, element: String) -> Result<Option<Event>, Failure> {
        let bytes = self.bytes.fill_buf()?;
        let ends = bytes.first() == Some(&b'/')
            && bytes.get(1..=element.len()).is_none_or(|name| name.eq_ignore_ascii_case(element.as_bytes()));
        if !ends {
            self.verbatim = Some(element);
            return Ok(None);
        }
        self.read_to_close()?;
        self.name = element;
        Ok(Some(Event::End))
    }

    /// `CDATA` is text, comments and document types are passed over.
    fn read_declaration(&mut self) -> Result<Option<Event>, Failure> {
        let start = self.bytes.fill_buf()?;
        if start.starts_with(b"![CDATA[") {
            self.bytes.consume(8);
            let mut kept = Vec::new();
            self.take_to(b"]]>", &mut kept)?;
            self.text = String::from_utf8_lossy(&kept).into_owned();
            return Ok(Some(Event::Text));
        }
        if start.starts_with(b"!--") {
            self.bytes.consume(3);
            self.skip_to(b"-->")?;
        } else {
            self.read_to_close()?;
            // A document type with an internal subset ends at its bracket.
            if self.raw.contains(&b'[') && !self.raw.contains(&b']') {
                self.skip_to(b"]")?;
                self.skip_to(b">")?;
            }
        }
        Ok(None)
    }

    /// Reads a tag's inside up to its `>`, which a quoted value may hold.
    fn read_to_close(&mut self) -> Result<(), Failure> {
        let mut quote = None;
        loop {
            let bytes = self.bytes.fill_buf()?;
            if bytes.is_empty() {
                return Ok(());
            }
            let mut used = 0;
            let mut done = false;
            for byte in bytes {
                used += 1;
                match (quote, *byte) {
                    (None, b'>') => done = true,
                    (None, b'"' | b'\'') if self.raw.contains(&b'=') => quote = Some(*byte),
                    (Some(open), close) if open == close => quote = None,
                    _ => {}
                }
                if done {
                    break;
                }
                if self.raw.len() < TAG {
                    self.raw.push(*byte);
                } else {
                    // No honest tag is that long: a stray quote swallowed the document.
                    quote = None;
                }
            }
            self.bytes.consume(used);
            if done {
                return Ok(());
            }
        }
    }

    fn skip_to(&mut self, end: &[u8]) -> Result<(), Failure> {
        self.take_to(end, &mut Vec::new())
    }

    /// Consumes up to and with `end`; keeps the first part of what stands before it.
    fn take_to(&mut self, end: &[u8], kept: &mut Vec<u8>) -> Result<(), Failure> {
        let mut window: Vec<u8> = Vec::with_capacity(end.len());
        while let Some(byte) = self.peek()? {
            self.bytes.consume(1);
            if window.len() == end.len() {
                let out = window.remove(0);
                if kept.len() < TEXT {
                    kept.push(out);
                }
            }
            window.push(byte);
            if window == end {
                return Ok(());
            }
        }
        kept.append(&mut window);
        Ok(())
    }

    fn set_name(&mut self, inner: &str) {
        let end = inner.find(|c: char| c.is_whitespace() || c == '/').unwrap_or(inner.len());
        let name = local(&inner[..end]);
        self.name.clear();
        self.name.extend(name.chars().take(200));
        if self.html {
            self.name.make_ascii_lowercase();
        }
    }
}

/// A name without its namespace's prefix.
fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// Resolves character references and the entities that matter for text; leaves others as they stand.
fn unescape(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let resolved =
            after.split_once(';').filter(|(name, _)| name.len() <= 10).and_then(|(name, behind)| {
                let character = match name {
                    "amp" => '&',
                    "lt" => '<',
                    "gt" => '>',
                    "quot" => '"',
                    "apos" | "rsquo" | "lsquo" => '\'',
                    "nbsp" => ' ',
                    "ndash" | "mdash" | "shy" => '-',
                    _ => {
                        let digits = name.strip_prefix('#')?;
                        let number = match digits.strip_prefix(['x', 'X']) {
                            Some(hex) => u32::from_str_radix(hex, 16),
                            None => digits.parse(),
                        };
                        char::from_u32(number.ok()?)?
                    }
                };
                Some((character, behind))
            });
        let (character, behind) = resolved.unwrap_or(('&', after));
        out.push(character);
        rest = behind;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::testing::budget_for_tests;

    fn events(text: &str, html: bool) -> Vec<String> {
        let budget = budget_for_tests();
        let mut markup =
            if html { Markup::html(text.as_bytes(), budget) } else { Markup::xml(text.as_bytes(), budget) };
        let mut out = Vec::new();
        loop {
            out.push(match markup.next().unwrap() {
                Event::Start => {
                    let mut tag = format!("<{}", markup.name());
                    markup.attributes(&mut |name, value| tag += &[" ", name, "=", value].concat());
                    tag
                }
                Event::End => format!("/{}", markup.name()),
                Event::Text => markup.text().to_owned(),
                Event::Eof => return out,
            });
        }
    }

    #[test]
    fn xml_is_taken_apart() {
        let text = "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY x 'y'>]><w:a b=\"1 > 0\" n:c='&lt;'><!-- <no> --><e/>x &amp; &#65;<![CDATA[<y>]]></w:a>";
        assert_eq!(events(text, false), ["<a b=1 > 0 c=<", "<e", "/e", "x & A", "<y>", "/a"]);
    }

    #[test]
    fn html_is_forgiven() {
        let text = "<P class=a>1 < 2<script>if (a<b) '</p>'</script><br>O&rsquo;B & co";
        assert_eq!(
            events(text, true),
            ["<p class=a", "1 ", "<", " 2", "<script", "if (a", "b) '", "/p>'", "/script", "<br", "O'B & co"]
        );
    }

    #[test]
    fn what_never_closes_ends() {
        for text in ["<a", "<a b=\"", "<!--", "<![CDATA[x", "<?", "</", "<", "&#x110000;"] {
            events(text, false);
            events(text, true);
        }
    }
}
