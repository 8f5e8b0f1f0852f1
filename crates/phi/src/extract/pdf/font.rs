//! From the codes in a content stream to characters and their widths.
//!
//! Facts: ISO 32000-1, 9.6.6 (encodings), 9.7 (composite fonts), 9.10.3 (`ToUnicode`), annex D (glyph names).

use std::collections::HashMap;

use super::super::failure::Failure;
use super::super::text::windows_1252;
use super::file::File;
use super::object::{Dict, Object, Parser};

/// Entries of one mapping.
const ENTRIES: usize = 70_000;

/// A font, as far as text needs it.
#[derive(Debug, Default, Clone)]
pub(super) struct Font {
    /// Bytes of a code: two in composite fonts.
    wide: bool,
    to_unicode: HashMap<u32, String>,
    differences: HashMap<u32, String>,
    widths: HashMap<u32, f64>,
    default_width: Option<f64>,
}

impl Font {
    pub(super) fn load(file: &mut File<'_, '_>, dict: &Dict) -> Result<Self, Failure> {
        let mut font = Self { wide: dict.is("Subtype", "Type0"), ..Self::default() };
        if let Some(Object::Reference(number)) = dict.get("ToUnicode")
            && let Some(loaded) = file.load(*number)?
            && let Some(map) = file.stream(&loaded)?
        {
            font.read_map(&map);
        }
        if let Object::Dict(encoding) = file.entry(dict, "Encoding")? {
            let differences = file.entry(&encoding, "Differences")?;
            font.read_differences(differences.array().unwrap_or_default());
        }
        if font.wide {
            let descendants = file.entry(dict, "DescendantFonts")?;
            let descendant = descendants.array().and_then(|all| all.first()).cloned().unwrap_or(Object::Null);
            if let Object::Dict(descendant) = file.resolve(&descendant)? {
                font.default_width = Some(descendant.number("DW").unwrap_or(1000.0));
                let widths = file.entry(&descendant, "W")?;
                font.read_wide_widths(widths.array().unwrap_or_default());
            }
        } else {
            let widths = file.entry(dict, "Widths")?;
            let first = dict.index("FirstChar").unwrap_or(0);
            for (code, width) in (first..).zip(widths.array().unwrap_or_default().iter().take(256)) {
                font.widths.insert(code, width.number().unwrap_or(500.0));
            }
        }
        Ok(font)
    }

    /// The characters of a string and their widths, in thousandths of the font's size.
    pub(super) fn decode(&self, bytes: &[u8], each: &mut dyn FnMut(&str, f64)) {
        for code in bytes.chunks(if self.wide { 2 } else { 1 }) {
            let number = code.iter().fold(0, |number, byte| number << 8 | u32::from(*byte));
            let mut own = String::new();
            let text =
                if let Some(text) = self.to_unicode.get(&number).or_else(|| self.differences.get(&number)) {
                    text.as_str()
                } else {
                    own.push(u8::try_from(number).map_or(char::REPLACEMENT_CHARACTER, windows_1252));
                    &own
                };
            let width =
                self.widths.get(&number).copied().or(self.default_width).unwrap_or_else(|| usual_width(text));
            each(text, width);
        }
    }

    fn read_map(&mut self, map: &[u8]) {
        let mut parser = Parser::new(map);
        let mut operands: Vec<Object> = Vec::new();
        while let Some(object) = parser.next() {
            let Object::Word(word) = object else {
                if operands.len() < ENTRIES {
                    operands.push(object);
                }
                continue;
            };
            match word.as_str() {
                "endbfchar" => {
                    for pair in operands.chunks_exact(2) {
                        if let (Object::Text(code), Object::Text(text)) = (&pair[0], &pair[1]) {
                            self.map(number(code), utf16(text));
                        }
                    }
                }
                "endbfrange" => {
                    for range in operands.chunks_exact(3) {
                        self.map_range(range);
                    }
                }
                "endcodespacerange" => {
                    if let Some(Object::Text(code)) = operands.last() {
                        self.wide = code.len() == 2;
                    }
                }
                _ => {}
            }
            operands.clear();
        }
    }

    fn map(&mut self, code: u32, text: String) {
        if self.to_unicode.len() < ENTRIES {
            self.to_unicode.insert(code, text);
        }
    }

    fn map_range(&mut self, range: &[Object]) {
        let (Object::Text(first), Object::Text(last)) = (&range[0], &range[1]) else { return };
        let (first, last) = (number(first), number(last).min(number(first).saturating_add(0xFFFF)));
        match &range[2] {
            Object::Array(texts) => {
                for (code, text) in (first..=last).zip(texts) {
                    if let Object::Text(text) = text {
                        self.map(code, utf16(text));
                    }
                }
            }
            Object::Text(text) => {
                let start = utf16(text);
                let mut before: Vec<char> = start.chars().collect();
                let Some(last_char) = before.pop() else { return };
                let before: String = before.into_iter().collect();
                for (step, code) in (first..=last).enumerate() {
                    let moved = u32::try_from(step)
                        .ok()
                        .and_then(|step| char::from_u32(u32::from(last_char).checked_add(step)?));
                    if let Some(c) = moved {
                        self.map(code, format!("{before}{c}"));
                    }
                }
            }
            _ => {}
        }
    }

    fn read_differences(&mut self, differences: &[Object]) {
        let mut code = 0_u32;
        for object in differences.iter().take(1024) {
            match object {
                Object::Number(_) => code = object.index().unwrap_or(0),
                Object::Name(name) => {
                    if let Some(c) = glyph(name) {
                        self.differences.insert(code, c.to_string());
                    }
                    code = code.saturating_add(1);
                }
                _ => {}
            }
        }
    }

    /// `first [w …]` and `first last w`.
    fn read_wide_widths(&mut self, widths: &[Object]) {
        let mut at = 0;
        while let Some(first) = widths.get(at).and_then(Object::index) {
            match widths.get(at + 1) {
                Some(Object::Array(all)) => {
                    for (code, width) in (first..).zip(all) {
                        self.widths.insert(code, width.number().unwrap_or(1000.0));
                    }
                    at += 2;
                }
                Some(last @ Object::Number(_)) => {
                    let last = last.index().unwrap_or(0).min(first.saturating_add(0xFFFF));
                    let width = widths.get(at + 2).and_then(Object::number).unwrap_or(1000.0);
                    for code in first..=last {
                        self.widths.insert(code, width);
                    }
                    at += 3;
                }
                _ => return,
            }
            if self.widths.len() > ENTRIES {
                return;
            }
        }
    }
}

fn number(code: &[u8]) -> u32 {
    code.iter().take(4).fold(0, |number, byte| number << 8 | u32::from(*byte))
}

fn utf16(bytes: &[u8]) -> String {
    if bytes.len() == 1 {
        return windows_1252(bytes[0]).to_string();
    }
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
    String::from_utf16_lossy(&units)
}

/// Widths of Helvetica, which files do not state; near enough for every font to tell a gap from a letter.
fn usual_width(text: &str) -> f64 {
    match text.chars().next() {
        Some('i' | 'j' | 'l' | '\'') => 222.0,
        Some(' ' | '.' | ',' | ':' | ';' | '/' | '!' | '|' | 'I' | 't' | 'f') => 278.0,
        Some('-' | '(' | ')' | 'r') => 333.0,
        Some('m' | 'M' | '%') => 833.0,
        Some('@' | 'W') => 980.0,
        Some('A'..='Z' | '&') => 690.0,
        _ => 556.0,
    }
}

/// The character of a glyph's name.
fn glyph(name: &str) -> Option<char> {
    const NAMES: [(&str, char); 44] = [
        ("space", ' '),
        ("exclam", '!'),
        ("quotedbl", '"'),
        ("numbersign", '#'),
        ("dollar", '$'),
        ("percent", '%'),
        ("ampersand", '&'),
        ("quotesingle", '\''),
        ("quoteright", '\''),
        ("quoteleft", '\''),
        ("parenleft", '('),
        ("parenright", ')'),
        ("asterisk", '*'),
        ("plus", '+'),
        ("comma", ','),
        ("hyphen", '-'),
        ("minus", '-'),
        ("endash", '-'),
        ("emdash", '-'),
        ("period", '.'),
        ("slash", '/'),
        ("zero", '0'),
        ("one", '1'),
        ("two", '2'),
        ("three", '3'),
        ("four", '4'),
        ("five", '5'),
        ("six", '6'),
        ("seven", '7'),
        ("eight", '8'),
        ("nine", '9'),
        ("colon", ':'),
        ("semicolon", ';'),
        ("less", '<'),
        ("equal", '='),
        ("greater", '>'),
        ("question", '?'),
        ("at", '@'),
        ("underscore", '_'),
        ("bar", '|'),
        ("nbspace", ' '),
        ("bullet", '•'),
        ("eacute", 'é'),
        ("ntilde", 'ñ'),
    ];
    let mut letters = name.chars();
    if let (Some(letter), None) = (letters.next(), letters.next()) {
        return Some(letter);
    }
    if let Some(hex) = name.strip_prefix("uni").and_then(|hex| hex.get(..4)) {
        return u32::from_str_radix(hex, 16).ok().and_then(char::from_u32);
    }
    NAMES.iter().find(|(own, _)| *own == name).map(|(_, c)| *c)
}
