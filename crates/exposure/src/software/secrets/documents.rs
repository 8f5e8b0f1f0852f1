//! Whether a document that somebody called "passwords" is a list of log-ons.
//!
//! Text, comma-separated text, `.xlsx` and `.docx` are understood. A file name alone is never a finding: a password policy is
//! called "passwords" too. Encrypted documents are not readable, and that is as it should be.

use std::io::{Cursor, Read};
use std::rc::Rc;
use std::sync::LazyLock;

use quick_xml::Reader as XmlReader;
use quick_xml::events::Event;
use regex::Regex;
use zip::ZipArchive;

use super::readers::{SecretField, is_stand_in, text_of};

/// Bytes read of one part of an Office document, after unpacking.
const MAX_PART: u64 = 4 << 20;
/// Rows looked at.
const MAX_ROWS: usize = 5_000;
/// Columns looked at: a list of log-ons has a handful, and a reference to column XFD must not cost memory.
const MAX_COLUMNS: usize = 64;
/// Sheets looked at.
const MAX_SHEETS: usize = 8;
/// Bytes of one cell that are kept, its last: a password and its label are short, and stand at the end.
const MAX_CELL: usize = 1 << 10;
/// Bytes looked at, a text counted each time that a cell refers to it: a small spreadsheet can name one long text in every cell.
const MAX_BYTES: usize = 4 << 20;

/// What stands in a cell. Spreadsheet cells that refer to one text share it.
type Cell = Rc<str>;

/// The rows of a document, as far as they are looked at.
#[derive(Default)]
struct Rows {
    rows: Vec<Vec<Cell>>,
    /// Bytes of all cells.
    bytes: usize,
}

impl Rows {
    /// Adds a row; false once there is no room for another.
    fn push(&mut self, row: Vec<Cell>) -> bool {
        // Blank rows in front must not keep those behind from being looked at.
        if row.iter().all(|cell| cell.is_empty()) {
            return self.has_room();
        }
        self.bytes += row.iter().map(|cell| size_of::<Cell>() + cell.len()).sum::<usize>();
        self.rows.push(row);
        self.has_room()
    }

    fn has_room(&self) -> bool {
        self.rows.len() < MAX_ROWS && self.bytes < MAX_BYTES
    }
}

/// The end of a text that may be a cell.
fn cell_of(text: &str) -> Cell {
    let mut from = text.len().saturating_sub(MAX_CELL);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    Rc::from(&text[from..])
}

/// The finding, if the document reads like a list of log-ons.
pub(super) fn credential_list(content: &[u8]) -> Option<SecretField> {
    let Rows { rows, .. } = rows_of(content);
    let why = log_on_table(&rows).or_else(|| labelled(&rows)).or_else(|| password_like(&rows))?;
    Some(SecretField { field: why, obfuscated: false })
}

fn rows_of(content: &[u8]) -> Rows {
    if content.starts_with(b"PK\x03\x04") { office_rows(content) } else { text_rows(content) }
}

fn text_rows(content: &[u8]) -> Rows {
    let mut rows = Rows::default();
    // An old or encrypted Office document is binary, and whatever looks like text in it is chance.
    if content.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
        return rows;
    }
    for line in text_of(content).lines() {
        let cells = line.split(['\t', ';', ',', '|']).take(MAX_COLUMNS).map(|cell| cell_of(cell.trim()));
        if !rows.push(cells.collect()) {
            break;
        }
    }
    rows
}

fn is_password_label(cell: &str) -> bool {
    let cell = cell.trim().trim_end_matches([':', '*']).to_lowercase();
    matches!(
        cell.as_str(),
        "password" | "passwords" | "passwd" | "passcode" | "pass" | "pwd" | "pw" | "passwort" | "contraseña"
    )
}

/// A column headed "password" with values below it.
fn log_on_table(rows: &[Vec<Cell>]) -> Option<String> {
    // How many values stand below the label of each column, as far as it has one.
    let mut filled: [Option<usize>; MAX_COLUMNS] = [None; MAX_COLUMNS];
    for row in rows {
        for (count, value) in filled.iter_mut().zip(row) {
            if let Some(count) = count {
                *count += usize::from(is_password(value));
            }
        }
        if row.len() >= 2
            && let Some(column) = row.iter().take(MAX_COLUMNS).position(|cell| is_password_label(cell))
        {
            filled[column].get_or_insert(0);
        }
    }
    let filled = filled.into_iter().flatten().find(|count| *count > 0)?;
    Some(format!("column of passwords, {filled} filled"))
}

/// `Password: …` with one word after it.
fn labelled(rows: &[Vec<Cell>]) -> Option<String> {
    static LABEL: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?i)\b(?:password|passwd|passcode|pass|pwd|pw|passwort)\s*(?:[:=]|\s[-–]\s)\s*(\S+)\s*$")
            .ok()
    });
    let label = LABEL.as_ref()?;
    let in_one_cell = |cell: &Cell| label.captures(cell).is_some_and(|found| is_password(&found[1]));
    let in_two_cells = |pair: &[Cell]| is_password_label(&pair[0]) && is_password(&pair[1]);
    let count =
        rows.iter().filter(|row| row.iter().any(in_one_cell) || row.windows(2).any(in_two_cells)).count();
    (count > 0).then(|| format!("{count} lines that name a password"))
}

/// Three or more words that mix letters, digits and signs as chosen passwords do.
fn password_like(rows: &[Vec<Cell>]) -> Option<String> {
    let count =
        rows.iter().flatten().flat_map(|cell| cell.split_whitespace()).filter(|word| is_mixed(word)).count();
    (count >= 3).then(|| format!("{count} words that look like passwords"))
}

fn is_mixed(word: &str) -> bool {
    let has = |test: fn(&char) -> bool| word.chars().any(|c| test(&c));
    (7..=40).contains(&word.len())
        && has(char::is_ascii_lowercase)
        && has(char::is_ascii_uppercase)
        && has(char::is_ascii_digit)
        && word.contains(['!', '#', '$', '%', '^', '&', '*', '?', '@'])
        && !word.contains("://")
        && !word.contains(['<', '(', '=', '\\'])
        // an e-mail address is no password
        && !word.split_once('@').is_some_and(|(_, domain)| domain.contains('.'))
}

/// One word of 4 to 64 characters that is no stand-in and no word of a sentence about passwords.
fn is_password(value: &str) -> bool {
    let value = value.trim();
    (4..=64).contains(&value.chars().count())
        && !value.contains(char::is_whitespace)
        && !is_stand_in(value)
        && !is_password_label(value)
        && !matches!(
            value.to_lowercase().as_str(),
            "required" | "policy" | "length" | "expires" | "never" | "reset" | "must" | "varies"
        )
}

fn office_rows(content: &[u8]) -> Rows {
    let mut rows = Rows::default();
    let Ok(mut archive) = ZipArchive::new(Cursor::new(content)) else { return rows };
    if let Some(document) = part(&mut archive, "word/document.xml") {
        document_rows(&document, &mut rows);
        return rows;
    }
    let strings =
        part(&mut archive, "xl/sharedStrings.xml").map(|xml| shared_strings(&xml)).unwrap_or_default();
    for sheet in 1..=MAX_SHEETS {
        if !rows.has_room() {
            break;
        }
        let Some(xml) = part(&mut archive, &format!("xl/worksheets/sheet{sheet}.xml")) else { break };
        sheet_rows(&xml, &strings, &mut rows);
    }
    rows
}

fn part(archive: &mut ZipArchive<Cursor<&[u8]>>, name: &str) -> Option<String> {
    let mut bytes = Vec::new();
    archive.by_name(name).ok()?.take(MAX_PART).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Rows of a letter: a table's rows are rows, a paragraph outside a table is a row of one cell.
fn document_rows(xml: &str, rows: &mut Rows) {
    let (mut row, mut cell, mut in_table) = (Vec::new(), String::new(), false);
    each_event(xml, |event, name| {
        match (event, name) {
            (Piece::Open, "tbl") => in_table = true,
            (Piece::Close, "tbl") => in_table = false,
            (Piece::Close, "tc") => {
                let text = std::mem::take(&mut cell);
                if row.len() < MAX_COLUMNS {
                    row.push(cell_of(&text));
                }
            }
            (Piece::Close, "tr") => return rows.push(std::mem::take(&mut row)),
            (Piece::Close, "p") if !in_table => return rows.push(vec![cell_of(&std::mem::take(&mut cell))]),
            (Piece::Open, "tab" | "br") => cell.push('\t'),
            (Piece::Text(text), _) => cell.push_str(text),
            _ => {}
        }
        true
    });
}

fn shared_strings(xml: &str) -> Vec<Cell> {
    let (mut strings, mut current) = (Vec::new(), String::new());
    each_event(xml, |event, name| {
        match (event, name) {
            (Piece::Close, "si") => strings.push(cell_of(&std::mem::take(&mut current))),
            (Piece::Text(text), "t") => current.push_str(text),
            _ => {}
        }
        true
    });
    strings
}

fn sheet_rows(xml: &str, strings: &[Cell], rows: &mut Rows) {
    let nothing = cell_of("");
    let (mut row, mut cell) = (Vec::new(), String::new());
    let (mut column, mut shared) = (0, false);
    each_event(xml, |event, name| {
        match (event, name) {
            (Piece::Cell { column: at, is_shared }, _) => (column, shared) = (at, is_shared),
            (Piece::Text(text), "v" | "t") => cell.push_str(text),
            (Piece::Close, "c") => {
                let text = std::mem::take(&mut cell);
                let known = || text.trim().parse().ok().and_then(|index: usize| strings.get(index)).cloned();
                let value = if shared { known() } else { Some(cell_of(&text)) };
                if column < MAX_COLUMNS {
                    row.resize(row.len().max(column + 1), Rc::clone(&nothing));
                    row[column] = value.unwrap_or_else(|| Rc::clone(&nothing));
                }
                column += 1;
            }
            (Piece::Close, "row") => return rows.push(std::mem::take(&mut row)),
            _ => {}
        }
        true
    });
}

/// What the two Office formats are made of, as far as it matters here.
enum Piece<'a> {
    Open,
    Close,
    Text(&'a str),
    /// A spreadsheet cell opens.
    Cell {
        column: usize,
        is_shared: bool,
    },
}

/// Hands every piece with its element's local name to `each` until that says stop or the XML breaks.
fn each_event(xml: &str, mut each: impl FnMut(Piece<'_>, &str) -> bool) {
    let mut reader = XmlReader::from_str(xml);
    reader.config_mut().check_end_names = false;
    let mut name = String::new();
    loop {
        let go_on = match reader.read_event() {
            Ok(Event::Start(element)) => {
                element.local_name().as_ref().clone_into(&mut name);
                if name == "c" {
                    let attribute = |wanted: &str| {
                        let mut all = element.attributes();
                        let mut all = all.with_checks(false).flatten();
                        all.find(|attribute| attribute.key.as_ref() == wanted)
                            .map(|found| found.value.into_owned())
                    };
                    let column = attribute("r").map_or(0, |reference| column_of(&reference));
                    each(Piece::Cell { column, is_shared: attribute("t").as_deref() == Some("s") }, &name)
                } else {
                    each(Piece::Open, &name)
                }
            }
            Ok(Event::Empty(element)) => each(Piece::Open, element.local_name().as_ref()),
            Ok(Event::End(element)) => each(Piece::Close, element.local_name().as_ref()),
            Ok(Event::Text(text)) => each(Piece::Text(&text), &name),
            Ok(Event::CData(text)) => each(Piece::Text(&text), &name),
            Ok(Event::GeneralRef(_)) => each(Piece::Text("&"), &name),
            Ok(Event::Eof) | Err(_) => return,
            Ok(_) => true,
        };
        if !go_on {
            return;
        }
    }
}

/// `B7` is column 1. Excel's last column is `XFD`: three letters.
fn column_of(reference: &str) -> usize {
    let letters = reference.bytes().take_while(u8::is_ascii_uppercase).take(3);
    letters.fold(0_usize, |column, letter| column * 26 + usize::from(letter - b'A') + 1).saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn office(parts: &[(&str, &str)]) -> Vec<u8> {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, xml) in parts {
            archive.start_file(*name, SimpleFileOptions::default()).unwrap();
            archive.write_all(xml.as_bytes()).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    #[test]
    fn blank_rows_hide_nothing() {
        let list = format!("{}Site,Password\nbank,Tr0ub4dor\n", "\n".repeat(6_000));
        assert_eq!(credential_list(list.as_bytes()).unwrap().field, "column of passwords, 1 filled");
        assert!(credential_list(b"Password,x\nrequired,x\n").is_none());
    }

    #[test]
    fn one_long_text_in_every_cell_stays_small() {
        let strings = format!("<sst><si><t>{}</t></si></sst>", "Password ".repeat(400_000));
        let columns = ('A'..='Z').map(String::from).chain(('A'..='Z').map(|letter| format!("A{letter}")));
        let cells: Vec<_> = columns.map(|name| format!(r#"<c r="{name}1" t="s"><v>0</v></c>"#)).collect();
        let row = format!("<row>{}</row>", cells.concat());
        let sheet = format!("<sheetData>{}</sheetData>", row.repeat(2_000));
        let file = office(&[("xl/sharedStrings.xml", &strings), ("xl/worksheets/sheet1.xml", &sheet)]);
        assert!(file.len() < 100_000, "a small file: {}", file.len());
        let rows = rows_of(&file);
        assert_eq!(rows.rows[0].len(), 52);
        assert!(rows.rows[0].iter().all(|cell| Rc::ptr_eq(cell, &rows.rows[0][0])), "shared, not copied");
        assert!(rows.rows[0][0].len() <= MAX_CELL);
        assert!(rows.bytes < MAX_BYTES + MAX_COLUMNS * (MAX_CELL + size_of::<Cell>()), "{}", rows.bytes);
    }

    #[test]
    fn text_without_end_stays_small() {
        for content in
            [",".repeat(4 << 20), "é".repeat(4 << 20), "Password,".repeat(1 << 19), "a\n".repeat(1 << 20)]
        {
            let rows = rows_of(content.as_bytes());
            assert!(rows.bytes < MAX_BYTES + MAX_COLUMNS * (MAX_CELL + size_of::<Cell>()), "{}", rows.bytes);
            assert!(rows.rows.len() <= MAX_ROWS && rows.rows.iter().all(|row| row.len() <= MAX_COLUMNS));
        }
    }

    #[test]
    fn the_end_of_a_long_line_decides() {
        let line = format!("{} password: Sommer!2026", "word ".repeat(1_000));
        assert_eq!(credential_list(line.as_bytes()).unwrap().field, "1 lines that name a password");
    }
}
