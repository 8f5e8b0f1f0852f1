//! Rows of delimited text (RFC 4180, and what spreadsheets make of it).

use super::Detector;

/// A quoted cell with more line ends than this was never closed.
const LINES_IN_A_CELL: usize = 40;
/// A quoted cell longer than this was never closed either, nor is a row followed further from one block into the next.
const LONGEST: usize = 1 << 20;

impl Detector {
    /// Takes the rows of a text; gives how much of it was whole rows. What is left is one row that goes on, of [`LONGEST`] at most.
    ///
    /// A text is gone through a few times, however its quotes stand: one looks ahead to the first that is not doubled, and none in
    /// between looks further than that.
    pub(super) fn delimited_rows(&mut self, text: &str, delimiter: u8, last: bool) -> usize {
        let mut at = 0;
        let mut cells: Vec<Cell<'_>> = Vec::new();
        while at < text.len() {
            cells.clear();
            let Some(end) = next_row(text, at, delimiter, last, &mut cells) else { break };
            at = end;
            if cells.len() == 1 && cells[0].as_str().trim().is_empty() {
                continue;
            }
            let row: Vec<&str> = cells.iter().map(Cell::as_str).collect();
            self.take_row(&row);
        }
        at
    }
}

enum Cell<'t> {
    Plain(&'t str),
    Unescaped(String),
}

impl Cell<'_> {
    fn as_str(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Unescaped(text) => text,
        }
    }
}

/// Reads the row at `start`; gives where the next one begins, or `None` if the row may go on in the next block.
fn next_row<'t>(
    text: &'t str,
    start: usize,
    delimiter: u8,
    last: bool,
    cells: &mut Vec<Cell<'t>>,
) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = start;
    loop {
        if bytes.get(at) == Some(&b'"') {
            match quoted(text, at, delimiter) {
                Quoted::Cell(cell, end) => {
                    cells.push(cell);
                    at = end;
                }
                Quoted::Open if !last && text.len() - start <= LONGEST => return None,
                Quoted::Open | Quoted::Broken => at = plain(text, at, delimiter, cells),
            }
        } else {
            at = plain(text, at, delimiter, cells);
        }
        match bytes.get(at) {
            Some(byte) if *byte == delimiter => at += 1,
            Some(b'\n') => return Some(at + 1),
            Some(_) => at += 1,
            None => return Some(at),
        }
    }
}

fn plain<'t>(text: &'t str, start: usize, delimiter: u8, cells: &mut Vec<Cell<'t>>) -> usize {
    let end = memchr::memchr2(delimiter, b'\n', &text.as_bytes()[start..])
        .map_or(text.len(), |length| start + length);
    cells.push(Cell::Plain(text[start..end].trim_end_matches('\r')));
    end
}

enum Quoted<'t> {
    Cell(Cell<'t>, usize),
    /// The text ends within the quotes.
    Open,
    /// The quote is no quote.
    Broken,
}

fn quoted(text: &str, start: usize, delimiter: u8) -> Quoted<'_> {
    let bytes = text.as_bytes();
    let within = bytes.len().min(start + LONGEST);
    let mut at = start + 1;
    let mut escaped = false;
    loop {
        let Some(length) = bytes.get(at..within).and_then(|rest| memchr::memchr(b'"', rest)) else {
            let lines = memchr::memchr_iter(b'\n', &bytes[start..within]).take(LINES_IN_A_CELL).count();
            let open = within == bytes.len() && lines < LINES_IN_A_CELL;
            return if open { Quoted::Open } else { Quoted::Broken };
        };
        at += length + 1;
        if bytes.get(at) == Some(&b'"') {
            escaped = true;
            at += 1;
            continue;
        }
        break;
    }
    let inner = &text[start + 1..at - 1];
    if memchr::memchr_iter(b'\n', inner.as_bytes()).take(LINES_IN_A_CELL).count() == LINES_IN_A_CELL {
        return Quoted::Broken;
    }
    let space = bytes[at..].iter().take_while(|byte| matches!(byte, b' ' | b'\r')).count();
    match bytes.get(at + space) {
        Some(byte) if *byte != delimiter && *byte != b'\n' => Quoted::Broken,
        _ => {
            let cell =
                if escaped { Cell::Unescaped(inner.replace("\"\"", "\"")) } else { Cell::Plain(inner) };
            Quoted::Cell(cell, at + space)
        }
    }
}

#[cfg(test)]
mod tests {
    use enamel_types::patient_data::Entity;

    use super::*;

    fn rows(text: &str) -> Vec<Vec<String>> {
        let mut rows = Vec::new();
        let mut at = 0;
        while at < text.len() {
            let mut cells = Vec::new();
            at = next_row(text, at, b',', true, &mut cells).unwrap();
            rows.push(cells.iter().map(|cell| cell.as_str().to_owned()).collect());
        }
        rows
    }

    #[test]
    fn quotes_line_ends_and_broken_quotes() {
        assert_eq!(
            rows("a,\"b, \"\"c\"\"\",d\r\n1,\"2\n3\",4"),
            [vec!["a", "b, \"c\"", "d"], vec!["1", "2\n3", "4"]]
        );
        assert_eq!(rows("\"a\" x,b\n1,"), [vec!["\"a\" x", "b"], vec!["1", ""]]);
        assert_eq!(rows("\"open,b\n1,2"), [vec!["\"open", "b"], vec!["1", "2"]]);
        assert!(next_row("\"open,b\n1,2", 0, b',', false, &mut Vec::new()).is_none());
    }

    #[test]
    fn a_quote_that_is_never_closed_holds_up_nothing() {
        const TOTAL: usize = 8 << 20;
        const BLOCK: usize = 256 << 10;
        let person = |n: usize| format!("\"Roe, Ann\",1980-01-02,512-40-67{n:02}\n");
        let start: String = (10..80).map(person).collect();
        for (what, hostile) in [
            ("one line", "x".repeat(TOTAL)),
            ("few lines", ("x".repeat(TOTAL / 30) + "\n").repeat(30)),
            ("doubled quotes", "\"\"".repeat(TOTAL / 2)),
            ("cells that each go on in the next line", "\ny\",\"x".repeat(TOTAL / 6)),
        ] {
            let text = format!("name,dob,ssn\n{start}\"{hostile}\n{}", person(99));
            let mut detector = Detector::new([7; 32], (2026, 11, 24));
            let (mut rest, mut work) = (String::new(), 0);
            for block in text.as_bytes().chunks(BLOCK) {
                rest += std::str::from_utf8(block).unwrap();
                work += rest.len();
                let done = detector.delimited_rows(&rest, b',', false);
                rest.drain(..done);
                assert!(rest.len() <= LONGEST, "{what}: {} bytes are left", rest.len());
            }
            detector.delimited_rows(&rest, b',', true);
            assert!(work <= 4 * text.len(), "{what}: {work} bytes were looked at");
            let found = detector.finish().tally.counts();
            assert_eq!(found[&Entity::Ssn], 71, "{what}");
        }
    }
}
