//! SQL dumps: what `INSERT` and PostgreSQL's `COPY` put into which columns.
//!
//! Statements are read one token at a time, so that one `INSERT` of a gigabyte costs no memory. Both ways of escaping a quote are
//! understood. Facts: the MySQL 8 manual 11.1.1 (strings), the PostgreSQL manual 4.1.2 and *COPY*, SQL Server's *INSERT*.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};

use super::budget::Budget;
use super::failure::Failure;
use super::text::Decoder;
use crate::sink::Sink;

/// The most of one value that is kept.
const VALUE: usize = 64 << 10;
/// Tables whose columns are remembered, and columns of one.
const TABLES: usize = 10_000;
const COLUMNS: usize = 4096;

/// Reads a dump.
pub(super) fn read(reader: &mut dyn Read, budget: &Budget<'_>, sink: &mut dyn Sink) -> Result<(), Failure> {
    let bytes = BufReader::with_capacity(64 << 10, Decoder::new(reader, budget));
    let mut dump = Dump {
        lexer: Lexer { bytes, peeked: None, mysql: false },
        columns: HashMap::new(),
        open: String::new(),
        sink,
    };
    dump.statements()
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// A word or a quoted identifier.
    Word(String),
    /// A string or a number.
    Value(String),
    Mark(u8),
    End,
}

struct Lexer<'b, R: Read> {
    bytes: BufReader<Decoder<'b, R>>,
    peeked: Option<Token>,
    /// Whether the dump was seen to be MySQL's, whose strings know the backslash.
    mysql: bool,
}

impl<R: Read> Lexer<'_, R> {
    fn peek_byte(&mut self, at: usize) -> Result<Option<u8>, Failure> {
        Ok(self.bytes.fill_buf()?.get(at).copied())
    }

    fn byte(&mut self) -> Result<Option<u8>, Failure> {
        let byte = self.peek_byte(0)?;
        self.bytes.consume(usize::from(byte.is_some()));
        Ok(byte)
    }

    fn peek(&mut self) -> Result<&Token, Failure> {
        if self.peeked.is_none() {
            self.peeked = Some(self.next()?);
        }
        Ok(self.peeked.as_ref().unwrap_or(&Token::End))
    }

    fn next(&mut self) -> Result<Token, Failure> {
        if let Some(token) = self.peeked.take() {
            return Ok(token);
        }
        loop {
            let Some(byte) = self.byte()? else { return Ok(Token::End) };
            let following = self.peek_byte(0)?;
            match byte {
                b'-' if following == Some(b'-') => self.skip_line()?,
                b'#' => self.skip_line()?,
                b'/' if following == Some(b'*') => self.skip_comment()?,
                b'\'' => return Ok(Token::Value(self.string()?)),
                b'`' => {
                    self.mysql = true;
                    return Ok(Token::Word(self.quoted(b'`')?));
                }
                // MySQL writes strings in double quotes where ANSI_QUOTES is off; dumps use them for names.
                b'"' => return Ok(Token::Word(self.quoted(b'"')?)),
                b'[' => return Ok(Token::Word(self.quoted(b']')?)),
                b'N' | b'n' | b'E' | b'e' | b'X' | b'x' | b'B' | b'b' if following == Some(b'\'') => {
                    self.byte()?;
                    let mysql = self.mysql;
                    self.mysql |= byte.eq_ignore_ascii_case(&b'e');
                    let value = self.string();
                    self.mysql = mysql;
                    return Ok(Token::Value(value?));
                }
                b'0'..=b'9' | b'-' | b'.'
                    if byte != b'.' || following.is_some_and(|next| next.is_ascii_digit()) =>
                {
                    return Ok(Token::Value(
                        self.run(byte, |next| next.is_ascii_alphanumeric() || matches!(next, b'.' | b'+'))?,
                    ));
                }
                byte if byte.is_ascii_alphabetic() || byte == b'_' || byte == b'@' || byte >= 0x80 => {
                    let word = self.run(byte, |next| {
                        next.is_ascii_alphanumeric() || matches!(next, b'_' | b'$') || next >= 0x80
                    })?;
                    self.mysql |= word.eq_ignore_ascii_case("ENGINE") || word.eq_ignore_ascii_case("LOCK");
                    return Ok(Token::Word(word));
                }
                byte if byte.is_ascii_whitespace() => {}
                mark => return Ok(Token::Mark(mark)),
            }
        }
    }

    fn run(&mut self, first: u8, goes_on: impl Fn(u8) -> bool) -> Result<String, Failure> {
        let mut raw = vec![first];
        while let Some(byte) = self.peek_byte(0)?.filter(|byte| goes_on(*byte)) {
            self.bytes.consume(1);
            if raw.len() < 4096 {
                raw.push(byte);
            }
        }
        Ok(String::from_utf8_lossy(&raw).into_owned())
    }

    fn skip_line(&mut self) -> Result<(), Failure> {
        // The comment that a dump begins with names the product.
        let line = self.run(b'-', |byte| byte != b'\n')?;
        self.mysql |= ["MySQL", "MariaDB", "phpMyAdmin"].iter().any(|product| line.contains(product));
        Ok(())
    }

    fn skip_comment(&mut self) -> Result<(), Failure> {
        let mut last = 0;
        self.byte()?;
        while let Some(byte) = self.byte()? {
            if last == b'*' && byte == b'/' {
                break;
            }
            last = byte;
        }
        Ok(())
    }

    /// A quoted identifier, whose opening quote was read.
    fn quoted(&mut self, close: u8) -> Result<String, Failure> {
        let mut raw = Vec::new();
        while let Some(byte) = self.byte()? {
            if byte == close {
                if self.peek_byte(0)? != Some(close) {
                    break;
                }
                self.byte()?;
            }
            if raw.len() < VALUE {
                raw.push(byte);
            }
        }
        Ok(String::from_utf8_lossy(&raw).into_owned())
    }

    /// A string, whose opening quote was read. A doubled quote is a quote; so is one behind a backslash in MySQL, and elsewhere
    /// unless the string plainly ends there.
    fn string(&mut self) -> Result<String, Failure> {
        let mut raw = Vec::new();
        while let Some(byte) = self.byte()? {
            let mut kept = byte;
            if byte == b'\'' {
                if self.peek_byte(0)? != Some(b'\'') {
                    return Ok(String::from_utf8_lossy(&raw).into_owned());
                }
                self.byte()?;
            } else if byte == b'\\' {
                let next = self.peek_byte(0)?;
                let ends = next == Some(b'\'')
                    && matches!(self.peek_byte(1)?, None | Some(b',' | b')' | b';' | b'\n' | b'\r'));
                if self.mysql || (next == Some(b'\'') && !ends) {
                    kept = match self.byte()?.unwrap_or(b'\\') {
                        b'n' => b'\n',
                        b'r' => b'\r',
                        b't' => b'\t',
                        b'0' => b' ',
                        other => other,
                    };
                }
            }
            if raw.len() < VALUE {
                raw.push(kept);
            }
        }
        Err(Failure::Malformed("it ends inside a string"))
    }
}

struct Dump<'b, 's, R: Read> {
    lexer: Lexer<'b, R>,
    columns: HashMap<String, Vec<String>>,
    /// The table whose rows are being told, with its columns.
    open: String,
    sink: &'s mut dyn Sink,
}

impl<R: Read> Dump<'_, '_, R> {
    fn statements(&mut self) -> Result<(), Failure> {
        loop {
            match self.lexer.next()? {
                Token::End => return Ok(()),
                Token::Word(word) => match word.to_ascii_uppercase().as_str() {
                    "INSERT" | "REPLACE" => self.insert()?,
                    "CREATE" => self.create()?,
                    "COPY" => self.copy()?,
                    "GO" => {}
                    _ => self.skip_statement()?,
                },
                _ => {}
            }
        }
    }

    fn skip_statement(&mut self) -> Result<(), Failure> {
        // SQL Server's scripts have no semicolons: a word that begins a statement ends the one before.
        loop {
            match self.lexer.peek()? {
                Token::Word(word) if ["INSERT", "GO"].contains(&word.to_ascii_uppercase().as_str()) => {
                    return Ok(());
                }
                Token::Mark(b';') | Token::End => {
                    self.lexer.next()?;
                    return Ok(());
                }
                _ => self.lexer.next()?,
            };
        }
    }

    /// Passes over the words between a statement's verb and the table's name.
    fn table_name(&mut self) -> Result<Option<String>, Failure> {
        const BEFORE: [&str; 14] = [
            "INTO",
            "IGNORE",
            "LOW_PRIORITY",
            "DELAYED",
            "HIGH_PRIORITY",
            "OVERWRITE",
            "TABLE",
            "IF",
            "NOT",
            "EXISTS",
            "OR",
            "REPLACE",
            "TEMPORARY",
            "ONLY",
        ];
        let mut name = None;
        loop {
            match self.lexer.peek()? {
                Token::Word(word)
                    if name.is_none() && BEFORE.contains(&word.to_ascii_uppercase().as_str()) => {}
                Token::Word(word) if name.is_none() => name = Some(word.clone()),
                // Of `schema.table` the table counts.
                Token::Mark(b'.') => name = None,
                _ => return Ok(name),
            }
            self.lexer.next()?;
        }
    }

    fn names_in_brackets(&mut self) -> Result<Vec<String>, Failure> {
        let mut names = Vec::new();
        self.lexer.next()?;
        loop {
            match self.lexer.next()? {
                Token::Word(name) | Token::Value(name) if names.len() < COLUMNS => names.push(name),
                Token::Mark(b')') | Token::End => return Ok(names),
                _ => {}
            }
        }
    }

    fn create(&mut self) -> Result<(), Failure> {
        const NO_COLUMN: [&str; 10] = [
            "PRIMARY",
            "KEY",
            "UNIQUE",
            "CONSTRAINT",
            "FOREIGN",
            "CHECK",
            "INDEX",
            "FULLTEXT",
            "SPATIAL",
            "EXCLUDE",
        ];
        while matches!(self.lexer.peek()?, Token::Word(word) if ["TEMPORARY", "GLOBAL", "LOCAL", "UNLOGGED"].contains(&word.to_ascii_uppercase().as_str()))
        {
            self.lexer.next()?;
        }
        if !matches!(self.lexer.peek()?, Token::Word(word) if word.eq_ignore_ascii_case("TABLE")) {
            return self.skip_statement();
        }
        let name = self.table_name()?.unwrap_or_default();
        if self.lexer.peek()? != &Token::Mark(b'(') {
            return self.skip_statement();
        }
        self.lexer.next()?;
        let (mut depth, mut first, mut columns) = (1, true, Vec::new());
        while depth > 0 {
            match self.lexer.next()? {
                Token::Mark(b'(') => depth += 1,
                Token::Mark(b')') => depth -= 1,
                Token::Mark(b',') if depth == 1 => {
                    first = true;
                    continue;
                }
                Token::Word(word)
                    if first
                        && depth == 1
                        && columns.len() < COLUMNS
                        && !NO_COLUMN.contains(&word.to_ascii_uppercase().as_str()) =>
                {
                    columns.push(word);
                }
                Token::End => return Ok(()),
                _ => {}
            }
            first = false;
        }
        if self.columns.len() < TABLES {
            self.columns.insert(name, columns);
        }
        self.skip_statement()
    }

    fn open_table(&mut self, name: &str, columns: &[String]) {
        let key = format!("{name}\n{}", columns.join("\n"));
        if self.open != key {
            self.open = key;
            self.sink.part(name);
            self.sink.table(&columns.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }

    fn insert(&mut self) -> Result<(), Failure> {
        let Some(name) = self.table_name()? else { return self.skip_statement() };
        let columns = if self.lexer.peek()? == &Token::Mark(b'(') {
            self.names_in_brackets()?
        } else {
            self.columns.get(&name).cloned().unwrap_or_default()
        };
        loop {
            match self.lexer.next()? {
                Token::Word(word)
                    if word.eq_ignore_ascii_case("VALUES") || word.eq_ignore_ascii_case("VALUE") =>
                {
                    break;
                }
                Token::Mark(b';') | Token::End => return Ok(()),
                Token::Word(word) if word.eq_ignore_ascii_case("SELECT") => return self.skip_statement(),
                _ => {}
            }
        }
        self.open_table(&name, &columns);
        while self.lexer.peek()? == &Token::Mark(b'(') {
            self.lexer.next()?;
            self.row()?;
            if self.lexer.peek()? == &Token::Mark(b',') {
                self.lexer.next()?;
            }
        }
        // SQL Server needs no semicolon: what stands next is the next statement.
        if self.lexer.peek()? == &Token::Mark(b';') {
            self.lexer.next()?;
        }
        Ok(())
    }

    /// The values of a row; of an expression, its first string or number.
    fn row(&mut self) -> Result<(), Failure> {
        let mut cells = vec![String::new()];
        let mut size = 0;
        let mut depth = 1;
        let outcome = loop {
            match self.lexer.next() {
                Ok(Token::Mark(b'(')) => depth += 1,
                Ok(Token::Mark(b')')) => depth -= 1,
                Ok(Token::Mark(b',')) if depth == 1 && cells.len() < COLUMNS => cells.push(String::new()),
                Ok(Token::Value(value)) => {
                    size += value.len();
                    if let Some(cell) = cells.last_mut().filter(|cell| cell.is_empty() && size < 16 * VALUE) {
                        *cell = value;
                    }
                }
                // MySQL writes strings in double quotes on some settings.
                Ok(Token::Word(word)) if self.lexer.mysql && depth == 1 && !is_keyword(&word) => {
                    if let Some(cell) = cells.last_mut().filter(|cell| cell.is_empty()) {
                        *cell = word;
                    }
                }
                Ok(Token::End) => break Ok(()),
                Ok(_) => {}
                Err(failure) => break Err(failure),
            }
            if depth == 0 {
                break Ok(());
            }
        };
        self.sink.row(&cells.iter().map(String::as_str).collect::<Vec<_>>());
        outcome
    }

    /// `COPY table (columns) FROM stdin;`, then lines of values up to `\.`.
    fn copy(&mut self) -> Result<(), Failure> {
        let Some(name) = self.table_name()? else { return self.skip_statement() };
        let columns = if self.lexer.peek()? == &Token::Mark(b'(') {
            self.names_in_brackets()?
        } else {
            self.columns.get(&name).cloned().unwrap_or_default()
        };
        let mut from_stdin = false;
        loop {
            match self.lexer.next()? {
                Token::Word(word) => from_stdin |= word.eq_ignore_ascii_case("stdin"),
                Token::Mark(b';') | Token::End => break,
                _ => {}
            }
        }
        if !from_stdin {
            return Ok(());
        }
        self.lexer.skip_line()?;
        self.open_table(&name, &columns);
        loop {
            self.lexer.byte()?;
            let mut line = Vec::new();
            while let Some(byte) = self.lexer.peek_byte(0)?.filter(|byte| *byte != b'\n') {
                self.lexer.bytes.consume(1);
                if line.len() < 16 * VALUE {
                    line.push(byte);
                }
            }
            let ended = self.lexer.peek_byte(0)?.is_none();
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end_matches('\r');
            if line == "\\." {
                return Ok(());
            }
            if !line.is_empty() {
                let cells: Vec<String> = line.split('\t').map(copied_value).collect();
                self.sink.row(&cells.iter().map(String::as_str).collect::<Vec<_>>());
            }
            if ended {
                return Ok(());
            }
        }
    }
}

fn is_keyword(word: &str) -> bool {
    ["NULL", "TRUE", "FALSE", "DEFAULT", "NOW", "CAST", "CONVERT", "AS", "_BINARY", "_UTF8", "_UTF8MB4"]
        .contains(&word.to_ascii_uppercase().as_str())
}

fn copied_value(value: &str) -> String {
    if value == "\\N" {
        return String::new();
    }
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n' | 'r') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some(other) => out.push(other),
                None => {}
            },
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use crate::extract::Format;
    use crate::extract::testing::kept;

    fn rows(text: &str) -> Vec<String> {
        kept(text.as_bytes(), "x", Format::Sql).lines
    }

    #[test]
    fn every_dialect_quotes_its_own_way() {
        let mysql = "-- MySQL dump\nCREATE TABLE `p` (`Id` int(11) NOT NULL DEFAULT '0', `Name` varchar(9), PRIMARY KEY (`Id`)) ENGINE=InnoDB;\n\
            INSERT INTO `p` VALUES (1,'O\\'Brien'),(2,'O''Hara; x'),\n(3,NULL);INSERT INTO `p` VALUES (4,'C:\\\\');";
        assert_eq!(
            rows(mysql),
            ["part p", "table Id|Name", "row 1|O'Brien", "row 2|O'Hara; x", "row 3|", "row 4|C:\\"]
        );
        let server = "SET IDENTITY_INSERT [dbo].[P] ON\nGO\nINSERT [dbo].[P] ([Id], [Born]) VALUES (1, CAST(N'1980-01-02' AS Date))\nGO\n\
            INSERT [dbo].[P] ([Id], [Born]) VALUES (2, N'x\\')\n";
        assert!(rows(server).contains(&"row 1|1980-01-02".to_owned()), "{:?}", rows(server));
        assert!(rows(server).contains(&"row 2|x\\".to_owned()));
    }

    #[test]
    fn postgres_copies_lines() {
        let text = "COPY public.p (id, name, \"born\") FROM stdin;\n1\tO'Brien\t1980-01-02\n2\ta\\tb\t\\N\n\\.\n\nINSERT INTO public.q (a) VALUES ('it''s');\n";
        assert_eq!(
            rows(text),
            [
                "part p",
                "table id|name|born",
                "row 1|O'Brien|1980-01-02",
                "row 2|a\tb|",
                "part q",
                "table a",
                "row it's"
            ]
        );
    }
}
