//! Word and PowerPoint since 2007: paragraphs, tables, headers, notes, comments, text boxes and embedded files.
//!
//! A paragraph's runs are joined before anything is handed on, because Word splits values over runs. Facts: ECMA-376 part 1,
//! chapters 17 (WordprocessingML) and 21.1 (DrawingML text), whose local names agree.

use std::io::Read;

use super::budget::Budget;
use super::failure::Failure;
use super::markup::{Event, Markup};
use super::text::Blocks;
use super::zip::{Member, Zip};
use super::{read_member, settle, sniff};
use crate::sink::Sink;

/// Parts of one document that are read.
const PARTS: usize = 20_000;
/// A row is cut where it holds more.
const ROW: usize = 256 << 10;

/// Parts of a Word document that hold no text.
const NO_TEXT: [&str; 6] =
    ["styles", "settings", "fontTable", "webSettings", "numbering", "stylesWithEffects"];

/// A kind of document: where its parts lie, and which of them hold text.
pub(super) struct Kind {
    folder: &'static str,
    has_text: fn(&str) -> bool,
}

/// A Word document.
pub(super) const WORD: Kind = Kind {
    folder: "word/",
    has_text: |part| {
        !part.contains('/') && !NO_TEXT.iter().any(|none| part.strip_suffix(".xml") == Some(none))
    },
};

/// A presentation.
pub(super) const SLIDES: Kind = Kind {
    folder: "ppt/",
    has_text: |part| {
        ["slides/", "notesSlides/", "comments/", "diagrams/"]
            .iter()
            .any(|folder| part.strip_prefix(folder).is_some_and(|rest| !rest.contains('/')))
    },
};

impl Kind {
    /// Whether a member of the package is read as a part of the document.
    pub(super) fn reads(&self, member: &str) -> bool {
        member.strip_prefix(self.folder).is_some_and(|part| {
            is_embedded(part) || (sniff::extension(part) == "xml" && (self.has_text)(part))
        })
    }
}

/// Whether a part, named from its document's folder, is a file in the document.
pub(super) fn is_embedded(part: &str) -> bool {
    part.starts_with("embeddings/")
}

/// Whether a member of a package says only how the document looks and hangs together. Everything else may hold what somebody
/// wrote, a pivot table's copy of its source as well as a file that is no part of the format.
pub(super) fn is_layout(member: &str) -> bool {
    const FILES: [&str; 9] = [
        "[Content_Types].xml",
        "docProps/app.xml",
        "docProps/core.xml",
        "ppt/presentation.xml",
        "ppt/presProps.xml",
        "ppt/viewProps.xml",
        "ppt/tableStyles.xml",
        "xl/calcChain.xml",
        "xl/metadata.xml",
    ];
    const FOLDERS: [&str; 9] = [
        "theme",
        "charts",
        "slideLayouts",
        "slideMasters",
        "notesMasters",
        "handoutMasters",
        "ctrlProps",
        "activeX",
        "tables",
    ];
    let (folder, file) = member.rsplit_once('/').unwrap_or(("", member));
    let folder = folder.rsplit('/').next().unwrap_or_default();
    match file.rsplit_once('.') {
        Some((_, "rels")) => folder == "_rels",
        // A printer's own settings, in no format that is one.
        Some((_, "bin")) => folder == "printerSettings",
        Some((stem, "xml")) => {
            FILES.contains(&member)
                || FOLDERS.contains(&folder)
                || NO_TEXT.contains(&stem)
                || (folder == "customXml" && stem.starts_with("itemProps"))
        }
        _ => false,
    }
}

/// Reads a document of one kind.
pub(super) fn read(
    zip: &mut Zip<'_>,
    kind: &Kind,
    name: &str,
    budget: &Budget<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    let mut members = zip.find(PARTS, |member| kind.reads(member), name, budget, sink)?;
    members.sort_by_key(|member| order(&member.name));
    for member in members {
        let part = &member.name[kind.folder.len()..];
        let outcome = zip.read(&member, budget, |reader| {
            if is_embedded(part) {
                return read_member(reader, &format!("{name}/{part}"), budget, sink);
            }
            sink.part(part);
            read_part(reader, budget, sink)
        });
        settle(outcome, &format!("{name}/{part}"), budget, sink)?;
    }
    Ok(())
}

/// The document before its headers; slides by number.
fn order(name: &str) -> (bool, String, u32) {
    let digits = name.chars().filter(char::is_ascii_digit).collect::<String>();
    let letters = name.chars().filter(|c| !c.is_ascii_digit()).collect();
    (!name.ends_with("/document.xml"), letters, digits.parse().unwrap_or(0))
}

/// Reads one part of either kind of document.
pub(super) fn read_part(
    reader: &mut dyn Read,
    budget: &Budget<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    let mut markup = Markup::xml(reader, budget);
    let mut page = Flow::default();
    let outcome = loop {
        match markup.next() {
            Ok(Event::Start) => page.start(markup.name(), sink),
            Ok(Event::End) => page.end(markup.name(), sink),
            Ok(Event::Text) => page.text(markup.text(), sink),
            Ok(Event::Eof) => break Ok(()),
            Err(failure) => break Err(failure),
        }
    };
    page.finish(sink);
    outcome
}

/// The flow of paragraphs and tables. OpenDocument has the same.
#[derive(Default)]
pub(super) struct Flow {
    blocks: Blocks,
    paragraph: String,
    /// Inside `t`, whose text counts; elsewhere there is only layout.
    in_text: bool,
    /// Inside an alternative for old programs, which says the same once more.
    fallback: u32,
    tables: u32,
    row: Vec<String>,
    row_size: usize,
}

impl Flow {
    fn start(&mut self, name: &str, sink: &mut dyn Sink) {
        match name {
            "Fallback" => self.fallback += 1,
            "t" | "delText" => self.in_text = true,
            "tab" | "ptab" => self.add("\t", sink),
            "br" | "cr" => self.add("\n", sink),
            "noBreakHyphen" => self.add("-", sink),
            "tbl" => self.begin_table(sink),
            "tr" if self.tables == 1 => self.row.clear(),
            "tc" if self.tables == 1 => self.begin_cell(),
            _ => {}
        }
    }

    fn end(&mut self, name: &str, sink: &mut dyn Sink) {
        match name {
            "Fallback" => self.fallback = self.fallback.saturating_sub(1),
            "t" | "delText" => self.in_text = false,
            "p" => self.end_paragraph(sink),
            "tr" if self.tables == 1 => self.end_row(sink),
            "tbl" => self.end_table(),
            _ => {}
        }
    }

    fn text(&mut self, text: &str, sink: &mut dyn Sink) {
        if self.in_text {
            self.add(text, sink);
        }
    }

    /// Adds to the paragraph.
    pub(super) fn add(&mut self, text: &str, sink: &mut dyn Sink) {
        if self.fallback > 0 {
            return;
        }
        self.paragraph.push_str(text);
        if self.paragraph.len() > ROW {
            self.end_paragraph(sink);
        }
    }

    /// Ends the paragraph: a line of the text, or of a cell.
    pub(super) fn end_paragraph(&mut self, sink: &mut dyn Sink) {
        if self.tables == 0 {
            self.paragraph.push('\n');
            self.blocks.push(&self.paragraph, &mut |block| sink.text(block));
        } else if let Some(cell) = self.row.last_mut() {
            self.row_size += self.paragraph.len();
            if self.row_size < ROW {
                if !cell.is_empty() {
                    cell.push(' ');
                }
                cell.push_str(&self.paragraph);
            }
        }
        self.paragraph.clear();
    }

    /// A table begins; one inside a cell belongs to the cell.
    pub(super) fn begin_table(&mut self, sink: &mut dyn Sink) {
        self.tables += 1;
        if self.tables == 1 {
            self.blocks.finish(&mut |block| sink.text(block));
            sink.table(&[]);
        }
    }

    /// A cell of the row begins.
    pub(super) fn begin_cell(&mut self) {
        if self.row.len() < 16_384 {
            self.row.push(String::new());
        }
    }

    /// Ends the row.
    pub(super) fn end_row(&mut self, sink: &mut dyn Sink) {
        let cells: Vec<&str> = self.row.iter().map(|cell| cell.trim()).collect();
        if cells.iter().any(|cell| !cell.is_empty()) {
            sink.row(&cells);
        }
        self.row.clear();
        self.row_size = 0;
    }

    /// Ends the table.
    pub(super) fn end_table(&mut self) {
        self.tables = self.tables.saturating_sub(1);
    }

    /// How deep in tables.
    pub(super) fn tables(&self) -> u32 {
        self.tables
    }

    /// The row so far.
    pub(super) fn row_mut(&mut self) -> &mut Vec<String> {
        &mut self.row
    }

    /// Hands on what is left.
    pub(super) fn finish(&mut self, sink: &mut dyn Sink) {
        if !self.paragraph.is_empty() {
            self.end_paragraph(sink);
        }
        if !self.row.is_empty() {
            self.end_row(sink);
        }
        self.blocks.finish(&mut |block| sink.text(block));
    }
}

/// A member of a package by its whole name.
pub(super) fn part<'m>(members: &'m [Member], name: &str) -> Option<&'m Member> {
    members.iter().find(|member| member.name.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::testing::{Kept, budget_for_tests};

    #[test]
    fn runs_are_joined_and_tables_are_rows() {
        let text = r"<w:document><w:body><w:p><w:r><w:t>SSN 123-</w:t></w:r><w:r><w:t>45-6789</w:t></w:r></w:p>
            <w:tbl><w:tr><w:tc><w:p><w:r><w:t>Name</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>O&apos;B</w:t></w:r></w:p><w:p><w:r><w:t>x</w:t></w:r></w:p></w:tc></w:tr></w:tbl>
            <mc:AlternateContent><mc:Choice><w:p><w:r><w:t>box</w:t></w:r></w:p></mc:Choice><mc:Fallback><w:p><w:r><w:t>box</w:t></w:r></w:p></mc:Fallback></mc:AlternateContent></w:body>";
        let mut kept = Kept::default();
        read_part(&mut text.as_bytes(), budget_for_tests(), &mut kept).unwrap();
        kept.lines.retain(|line| line != "text ");
        assert_eq!(kept.lines, ["text SSN 123-45-6789", "table ", "row Name|O'B x", "text box"]);
    }
}
