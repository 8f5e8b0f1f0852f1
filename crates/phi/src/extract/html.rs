//! HTML: its text line by line, and its tables as tables. Facts: the WHATWG HTML standard's block elements.

use std::io::Read;

use super::budget::Budget;
use super::failure::Failure;
use super::markup::{Event, Markup};
use super::text::Blocks;
use crate::sink::Sink;

/// A row is cut where it holds more.
const ROW: usize = 256 << 10;

/// Reads a document.
pub(super) fn read(reader: &mut dyn Read, budget: &Budget<'_>, sink: &mut dyn Sink) -> Result<(), Failure> {
    let mut markup = Markup::html(reader, budget);
    let mut page = Page::default();
    let outcome = loop {
        match markup.next() {
            Ok(Event::Start) => page.start(markup.name(), sink),
            Ok(Event::End) => page.end(markup.name(), sink),
            Ok(Event::Text) => {
                page.text(markup.text());
                page.blocks.push(&std::mem::take(&mut page.line), &mut |block| sink.text(block));
            }
            Ok(Event::Eof) => break Ok(()),
            Err(failure) => break Err(failure),
        }
    };
    page.end_row(sink);
    page.flush(sink);
    outcome
}

#[derive(Default)]
struct Page {
    line: String,
    /// Whether something stands in the present line.
    line_begun: bool,
    blocks: Blocks,
    /// How deep in tables; only the outermost gives rows.
    tables: u32,
    row: Option<Vec<String>>,
    in_table: bool,
    row_size: usize,
    hidden: bool,
    /// The last character.
    last: Option<char>,
    /// The same while an element that a style may set apart has begun or ended since.
    edge: Option<char>,
}

impl Page {
    fn start(&mut self, name: &str, sink: &mut dyn Sink) {
        match name {
            "script" | "style" | "title" => self.hidden = name != "title",
            "table" => {
                self.tables += 1;
                self.break_line();
                self.blocks.push(&std::mem::take(&mut self.line), &mut |block| sink.text(block));
            }
            "tr" if self.tables == 1 => {
                self.end_row(sink);
                self.row = Some(Vec::new());
            }
            "td" | "th" if self.tables == 1 => {
                if let Some(row) = &mut self.row {
                    row.push(String::new());
                }
            }
            _ => self.end(name, sink),
        }
    }

    fn end(&mut self, name: &str, sink: &mut dyn Sink) {
        match name {
            "script" | "style" => self.hidden = false,
            "tr" if self.tables == 1 => self.end_row(sink),
            "table" => {
                if self.tables == 1 {
                    self.end_row(sink);
                    self.in_table = false;
                }
                self.tables = self.tables.saturating_sub(1);
            }
            "br" | "p" | "div" | "li" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "tr" | "dt" | "dd"
            | "hr" | "title" | "section" | "article" | "header" | "footer" | "pre" | "blockquote" | "ul"
            | "ol" | "form" | "body" => self.break_line(),
            "td" | "th" | "label" | "button" => self.put(" "),
            "span" | "a" => self.edge = self.last,
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if self.hidden {
            return;
        }
        // `<span>Ann Roe</span><span>DOB: 1/2/80</span>`: a page's style sets them apart, and a capital shows it.
        let apart = match (self.edge.take(), text.chars().next()) {
            (Some(before), Some(first)) if before.is_ascii_digit() => first.is_alphabetic(),
            (Some(before), Some(first)) => before.is_lowercase() && first.is_uppercase(),
            _ => false,
        };
        if apart {
            self.put(" ");
        }
        let mut spaced = true;
        for c in text.chars() {
            if c.is_whitespace() {
                if spaced {
                    self.put(" ");
                }
                spaced = false;
            } else {
                self.put(c.encode_utf8(&mut [0; 4]));
                spaced = true;
            }
        }
    }

    fn put(&mut self, piece: &str) {
        self.last = piece.chars().next_back().or(self.last);
        if let Some(cell) = self.row.as_mut().and_then(|row| row.last_mut()) {
            self.row_size += piece.len();
            if self.row_size < ROW {
                cell.push_str(piece);
            }
        } else if self.line_begun || !piece.trim().is_empty() {
            self.line.push_str(piece);
            self.line_begun = true;
        }
    }

    fn break_line(&mut self) {
        if self.row.is_some() {
            self.put(" ");
        } else if self.line_begun {
            self.line.push('\n');
            self.last = None;
            self.line_begun = false;
        }
    }

    fn end_row(&mut self, sink: &mut dyn Sink) {
        self.row_size = 0;
        if let Some(cells) = self.row.take().filter(|cells| !cells.is_empty()) {
            if !self.in_table {
                self.flush(sink);
                sink.table(&[]);
                self.in_table = true;
            }
            let cells: Vec<&str> = cells.iter().map(|cell| cell.trim()).collect();
            sink.row(&cells);
        }
    }

    fn flush(&mut self, sink: &mut dyn Sink) {
        self.blocks.push(&self.line, &mut |block| sink.text(block));
        self.blocks.finish(&mut |block| sink.text(block));
        self.line.clear();
    }
}

#[cfg(test)]
mod tests {
    use crate::extract::Format;
    use crate::extract::testing::kept;

    #[test]
    fn pieces_that_a_style_sets_apart_are_apart() {
        let text = "<html><div><span>Ann Roe</span><span>DOB: 1/2/80</span><a href=x>call</a></div>\
            <p>SSN 512-<span>40</span>-6710 Mc<span>Roe</span></p>";
        assert_eq!(
            kept(text.as_bytes(), "x", Format::Html).lines,
            ["text Ann Roe DOB: 1/2/80 call", "text SSN 512-40-6710 Mc Roe"]
        );
    }

    #[test]
    fn tables_are_tables_and_text_is_lines() {
        let text = "<html><head><style>a{b}</style></head><body><p>Patient:\n <b>Ann</b> Lee</p>DOB 1/2/80<br>\
            <table><tr><th>SSN<th>Name</tr><tr><td>1<p>2</td><td>O&#39;B</td></tr></table>end";
        let kept = kept(text.as_bytes(), "x", Format::Html);
        assert_eq!(
            kept.lines,
            ["text Patient: Ann Lee", "text DOB 1/2/80", "table ", "row SSN|Name", "row 1 2|O'B", "text end"]
        );
    }
}
