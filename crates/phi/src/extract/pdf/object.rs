//! The objects of a PDF and their syntax. Facts: ISO 32000-1, 7.2 and 7.3.

/// Objects inside each other.
const DEPTH: u32 = 48;
/// Elements of one array or dictionary.
const ELEMENTS: usize = 200_000;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Object {
    Null,
    Number(f64),
    Name(String),
    Text(Vec<u8>),
    Array(Vec<Object>),
    Dict(Dict),
    Reference(u32),
    /// A word that is no object: an operator of a content stream, `endobj`.
    Word(String),
}

/// A dictionary; they are small, so that a search is quick.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Dict(Vec<(String, Object)>);

impl Dict {
    pub(super) fn get(&self, name: &str) -> Option<&Object> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    pub(super) fn number(&self, name: &str) -> Option<f64> {
        self.get(name).and_then(Object::number)
    }

    pub(super) fn index(&self, name: &str) -> Option<u32> {
        self.get(name).and_then(Object::index)
    }

    pub(super) fn is(&self, name: &str, value: &str) -> bool {
        self.get(name).and_then(Object::name) == Some(value)
    }
}

impl Object {
    pub(super) fn number(&self) -> Option<f64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }

    /// A number as an offset, a count or a code; negative ones are 0.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // `as` saturates, which is what is wanted
    pub(super) fn index(&self) -> Option<u32> {
        self.number().map(|number| number as u32)
    }

    pub(super) fn name(&self) -> Option<&str> {
        if let Self::Name(name) = self { Some(name) } else { None }
    }

    pub(super) fn array(&self) -> Option<&[Object]> {
        if let Self::Array(array) = self { Some(array) } else { None }
    }

    pub(super) fn dict(&self) -> Option<&Dict> {
        if let Self::Dict(dict) = self { Some(dict) } else { None }
    }
}

/// Reads objects from bytes in memory. It never fails: what is no object is a word.
pub(super) struct Parser<'p> {
    pub(super) bytes: &'p [u8],
    pub(super) at: usize,
}

impl<'p> Parser<'p> {
    pub(super) fn new(bytes: &'p [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub(super) fn skip_space(&mut self) {
        while let Some(byte) = self.peek() {
            match byte {
                b'%' => {
                    let rest = &self.bytes[self.at..];
                    self.at += memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
                }
                0 | b'\t' | b'\n' | 12 | b'\r' | b' ' => self.at += 1,
                _ => break,
            }
        }
    }

    /// The next object; `None` at the end.
    pub(super) fn next(&mut self) -> Option<Object> {
        self.nested(0)
    }

    fn nested(&mut self, depth: u32) -> Option<Object> {
        self.skip_space();
        let byte = self.peek()?;
        if depth > DEPTH {
            self.at = self.bytes.len();
            return None;
        }
        match byte {
            b'/' => Some(Object::Name(self.name())),
            b'(' => Some(Object::Text(self.string())),
            b'<' if self.bytes.get(self.at + 1) == Some(&b'<') => Some(self.dict(depth)),
            b'<' => Some(Object::Text(self.hex())),
            b'[' => {
                self.at += 1;
                let mut array = Vec::new();
                while let Some(object) = self.nested(depth + 1) {
                    match object {
                        Object::Word(word) if word == "]" => break,
                        object if array.len() < ELEMENTS => array.push(object),
                        _ => {}
                    }
                }
                Some(Object::Array(array))
            }
            b'0'..=b'9' | b'+' | b'-' | b'.' => Some(self.number_or_reference()),
            b']' | b'{' | b'}' | b')' => {
                self.at += 1;
                Some(Object::Word(char::from(byte).to_string()))
            }
            b'>' => {
                self.at += if self.bytes.get(self.at + 1) == Some(&b'>') { 2 } else { 1 };
                Some(Object::Word(">>".to_owned()))
            }
            _ => {
                let word = self.run();
                Some(if word == "null" { Object::Null } else { Object::Word(word) })
            }
        }
    }

    fn run(&mut self) -> String {
        let start = self.at;
        while self.peek().is_some_and(|byte| {
            !matches!(
                byte,
                0 | b'\t'
                    | b'\n'
                    | 12
                    | b'\r'
                    | b' '
                    | b'/'
                    | b'('
                    | b')'
                    | b'<'
                    | b'>'
                    | b'['
                    | b']'
                    | b'{'
                    | b'}'
                    | b'%'
            )
        }) {
            self.at += 1;
        }
        String::from_utf8_lossy(&self.bytes[start..self.at]).into_owned()
    }

    fn name(&mut self) -> String {
        self.at += 1;
        let raw = self.run();
        if !raw.contains('#') {
            return raw;
        }
        let bytes = raw.as_bytes();
        let (mut out, mut at) = (Vec::new(), 0);
        while at < bytes.len() {
            let hex = bytes
                .get(at + 1..at + 3)
                .filter(|_| bytes[at] == b'#')
                .and_then(|hex| std::str::from_utf8(hex).ok());
            if let Some(byte) = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
                out.push(byte);
                at += 3;
            } else {
                out.push(bytes[at]);
                at += 1;
            }
        }
        String::from_utf8_lossy(&out).into_owned()
    }

    fn number_or_reference(&mut self) -> Object {
        let word = self.run();
        let number = word.parse::<f64>().unwrap_or(0.0);
        let after = self.at;
        if word.bytes().all(|byte| byte.is_ascii_digit()) && word.len() < 10 {
            self.skip_space();
            let generation = self.bytes[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            self.at += generation;
            let spaced = self.at;
            self.skip_space();
            let ends = |byte: Option<&u8>| byte.is_none_or(|byte| !byte.is_ascii_alphanumeric());
            if (1..6).contains(&generation)
                && self.at > spaced
                && self.peek() == Some(b'R')
                && ends(self.bytes.get(self.at + 1))
            {
                self.at += 1;
                return Object::Reference(word.parse().unwrap_or(0));
            }
        }
        self.at = after;
        Object::Number(number)
    }

    fn dict(&mut self, depth: u32) -> Object {
        self.at += 2;
        let mut entries = Vec::new();
        loop {
            match self.nested(depth + 1) {
                Some(Object::Name(key)) => match self.nested(depth + 1) {
                    Some(Object::Word(word)) if word == ">>" => break,
                    Some(value) if entries.len() < ELEMENTS => entries.push((key, value)),
                    Some(_) => {}
                    None => break,
                },
                Some(Object::Word(word)) if word == ">>" => break,
                Some(_) => {}
                None => break,
            }
        }
        Object::Dict(Dict(entries))
    }

    fn string(&mut self) -> Vec<u8> {
        self.at += 1;
        let (mut out, mut depth) = (Vec::new(), 1);
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'(' => depth += 1,
                b')' => depth -= 1,
                b'\\' => {
                    self.escape(&mut out);
                    continue;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
            out.push(byte);
        }
        out
    }

    fn escape(&mut self, out: &mut Vec<u8>) {
        let Some(byte) = self.peek() else { return };
        self.at += 1;
        match byte {
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'b' | b'f' => out.push(b' '),
            b'\r' if self.peek() == Some(b'\n') => self.at += 1,
            b'\r' | b'\n' => {}
            b'0'..=b'7' => {
                let mut value = u32::from(byte - b'0');
                for _ in 0..2 {
                    match self.peek() {
                        Some(digit @ b'0'..=b'7') => value = value * 8 + u32::from(digit - b'0'),
                        _ => break,
                    }
                    self.at += 1;
                }
                out.push(u8::try_from(value & 0xFF).unwrap_or_default());
            }
            other => out.push(other),
        }
    }

    fn hex(&mut self) -> Vec<u8> {
        self.at += 1;
        let mut digits = Vec::new();
        while let Some(byte) = self.peek() {
            self.at += 1;
            match char::from(byte).to_digit(16) {
                Some(digit) => digits.push(u8::try_from(digit).unwrap_or_default()),
                None if byte == b'>' => break,
                None => {}
            }
        }
        digits.chunks(2).map(|pair| pair[0] << 4 | pair.get(1).copied().unwrap_or(0)).collect()
    }
}
