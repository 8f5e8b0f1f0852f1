//! Excel since 2007: every sheet as a table, row by row.
//!
//! Cells are given as a person sees them: shared and inline strings, dates by their number format, numbers in the digits of
//! their format (`000-00-0000`), never in scientific notation. Facts: ECMA-376 part 1, chapter 18; 18.8.30 for number formats.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Read;

use super::budget::{Budget, Stop};
use super::failure::Failure;
use super::markup::{Event, Markup};
use super::ooxml::{is_embedded, part, read_part};
use super::sheet::{NumberFormat, Strings};
use super::zip::{Member, Zip};
use super::{read_member, settle, sniff};
use crate::sink::Sink;

/// Parts of one workbook that are read.
const PARTS: usize = 20_000;
/// Columns of a sheet, by the standard.
const COLUMNS: usize = 16_384;
/// A row is cut where it holds more.
const ROW: usize = 1 << 20;

/// Whether a member of the package is read as a part of the workbook.
pub(super) fn reads(member: &str) -> bool {
    const BOOK: [&str; 4] =
        ["xl/styles.xml", "xl/sharedStrings.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"];
    BOOK.iter().any(|part| part.eq_ignore_ascii_case(member))
        || member
            .strip_prefix("xl/")
            .is_some_and(|path| is_sheet(path) || is_embedded(path) || is_beside(path))
}

fn is_sheet(path: &str) -> bool {
    path.starts_with("worksheets/") && sniff::extension(path) == "xml"
}

/// Comments and text boxes.
fn is_beside(path: &str) -> bool {
    sniff::extension(path) == "xml"
        && ["comments", "threadedComments/", "drawings/"].iter().any(|start| path.starts_with(start))
}

/// Reads a workbook.
pub(super) fn read(
    zip: &mut Zip<'_>,
    name: &str,
    budget: &Budget<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    let members = zip.find(PARTS, reads, name, budget, sink)?;
    let mut book = Workbook::default();
    if let Some(member) = part(&members, "xl/styles.xml") {
        settle(zip.read(member, budget, |reader| book.read_styles(reader, budget)), name, budget, sink)?;
    }
    if let Some(member) = part(&members, "xl/sharedStrings.xml") {
        settle(zip.read(member, budget, |reader| book.read_strings(reader, budget)), name, budget, sink)?;
    }
    let mut names = HashMap::new();
    if let Some(member) = part(&members, "xl/workbook.xml") {
        settle(
            zip.read(member, budget, |reader| book.read_workbook(reader, budget, &mut names)),
            name,
            budget,
            sink,
        )?;
    }
    let mut targets = HashMap::new();
    if let Some(member) = part(&members, "xl/_rels/workbook.xml.rels") {
        settle(
            zip.read(member, budget, |reader| relations(reader, budget, &mut targets)),
            name,
            budget,
            sink,
        )?;
    }
    let title = |member: &Member| {
        let id = targets.iter().find(|(_, target)| **target == member.name).map(|(id, _)| id);
        id.and_then(|id| names.get(id)).cloned()
    };
    for member in &members {
        let path = &member.name["xl/".len()..];
        let title = title(member).unwrap_or_else(|| path.to_owned());
        let inner = format!("{name}/{title}");
        let outcome = if is_sheet(path) {
            sink.part(&title);
            zip.read(member, budget, |reader| book.read_sheet(reader, budget, sink))
        } else if is_embedded(path) {
            zip.read(member, budget, |reader| read_member(reader, &inner, budget, sink))
        } else if is_beside(path) {
            sink.part(&inner);
            zip.read(member, budget, |reader| read_part(reader, budget, sink))
        } else {
            Ok(())
        };
        settle(outcome, &inner, budget, sink)?;
    }
    Ok(())
}

/// The targets of a part's relations, by id, as names of members.
fn relations(
    reader: &mut dyn Read,
    budget: &Budget<'_>,
    targets: &mut HashMap<String, String>,
) -> Result<(), Failure> {
    let mut markup = Markup::xml(reader, budget);
    loop {
        match markup.next()? {
            Event::Start if markup.name() == "Relationship" && targets.len() < PARTS => {
                if let (Some(id), Some(target)) = (markup.attribute("Id"), markup.attribute("Target")) {
                    let target = match target.strip_prefix('/') {
                        Some(absolute) => absolute.to_owned(),
                        None => format!("xl/{target}"),
                    };
                    targets.insert(id, target);
                }
            }
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

#[derive(Default)]
struct Workbook {
    strings: Strings,
    /// The format of each cell style.
    formats: Vec<NumberFormat>,
    date1904: bool,
}

impl Workbook {
    fn read_workbook(
        &mut self,
        reader: &mut dyn Read,
        budget: &Budget<'_>,
        names: &mut HashMap<String, String>,
    ) -> Result<(), Failure> {
        let mut markup = Markup::xml(reader, budget);
        loop {
            match markup.next()? {
                Event::Start if markup.name() == "workbookPr" => {
                    self.date1904 = matches!(markup.attribute("date1904").as_deref(), Some("1" | "true"));
                }
                Event::Start if markup.name() == "sheet" && names.len() < PARTS => {
                    if let (Some(id), Some(name)) = (markup.attribute("id"), markup.attribute("name")) {
                        names.insert(id, name);
                    }
                }
                Event::Eof => return Ok(()),
                _ => {}
            }
        }
    }

    fn read_styles(&mut self, reader: &mut dyn Read, budget: &Budget<'_>) -> Result<(), Failure> {
        let mut markup = Markup::xml(reader, budget);
        let mut custom: HashMap<u32, String> = HashMap::new();
        let mut in_cells = false;
        loop {
            match markup.next()? {
                Event::Start => match markup.name() {
                    "numFmt" if custom.len() < 4096 => {
                        let id = markup.attribute("numFmtId").and_then(|id| id.parse().ok()).unwrap_or(0);
                        custom.insert(id, markup.attribute("formatCode").unwrap_or_default());
                    }
                    "cellXfs" => in_cells = true,
                    "xf" if in_cells && self.formats.len() < 65_536 => {
                        let id = markup.attribute("numFmtId").and_then(|id| id.parse().ok()).unwrap_or(0);
                        self.formats.push(NumberFormat::new(id, custom.get(&id).map(String::as_str)));
                    }
                    _ => {}
                },
                Event::End if markup.name() == "cellXfs" => in_cells = false,
                Event::Eof => return Ok(()),
                _ => {}
            }
        }
    }

    fn read_strings(&mut self, reader: &mut dyn Read, budget: &Budget<'_>) -> Result<(), Failure> {
        let mut markup = Markup::xml(reader, budget);
        let (mut in_text, mut phonetic) = (false, false);
        let mut string = String::new();
        loop {
            match markup.next()? {
                Event::Start => match markup.name() {
                    "si" => string.clear(),
                    "t" => in_text = true,
                    "rPh" => phonetic = true,
                    _ => {}
                },
                Event::Text if in_text && !phonetic && string.len() < ROW => string.push_str(markup.text()),
                Event::Text => {}
                Event::End => match markup.name() {
                    "si" if !self.strings.push(&string) => return Err(Stop::Size.into()),
                    "t" => in_text = false,
                    "rPh" => phonetic = false,
                    _ => {}
                },
                Event::Eof => return Ok(()),
            }
        }
    }

    fn read_sheet(
        &self,
        reader: &mut dyn Read,
        budget: &Budget<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), Failure> {
        let mut markup = Markup::xml(reader, budget);
        sink.table(&[]);
        let mut row: Vec<String> = Vec::new();
        let (mut column, mut size, mut in_value) = (0, 0, false);
        let (mut kind, mut style, mut value) = (String::new(), 0_usize, String::new());
        loop {
            match markup.next()? {
                Event::Start => match markup.name() {
                    "row" => {
                        row.clear();
                        (column, size) = (0, 0);
                    }
                    "c" => {
                        if let Some(at) = markup.attribute("r").as_deref().and_then(column_of) {
                            column = at;
                        }
                        kind = markup.attribute("t").unwrap_or_default();
                        style = markup.attribute("s").and_then(|style| style.parse().ok()).unwrap_or(0);
                        value.clear();
                    }
                    "v" | "t" => in_value = true,
                    _ => {}
                },
                Event::Text if in_value && value.len() < ROW => value.push_str(markup.text()),
                Event::Text => {}
                Event::End => match markup.name() {
                    "v" | "t" => in_value = false,
                    "c" => {
                        // A reference of one byte may stand for a string of a mebibyte, in every cell again.
                        let shown =
                            if value.is_empty() { "".into() } else { self.shown(&kind, style, &value) };
                        size += shown.len();
                        budget.expand(shown.len() as u64)?;
                        if column < COLUMNS && size < ROW && !shown.is_empty() {
                            row.resize(row.len().max(column + 1), String::new());
                            row[column] = shown.into_owned();
                        }
                        column += 1;
                    }
                    "row" if !row.is_empty() => sink.row(&row.iter().map(String::as_str).collect::<Vec<_>>()),
                    _ => {}
                },
                Event::Eof => return Ok(()),
            }
        }
    }

    /// A cell's value as it is shown.
    fn shown<'v>(&'v self, kind: &str, style: usize, value: &'v str) -> Cow<'v, str> {
        match kind {
            "s" => {
                let string = value.trim().parse().ok().and_then(|at| self.strings.get(at));
                string.unwrap_or_default().into()
            }
            "inlineStr" | "str" | "b" | "e" => value.into(),
            // An ISO date: its time says nothing.
            "d" => value.split('T').next().unwrap_or_default().into(),
            _ => {
                self.formats.get(style).copied().unwrap_or_default().show(value.trim(), self.date1904).into()
            }
        }
    }
}

/// The column of a reference such as `AB12`, counted from 0.
fn column_of(reference: &str) -> Option<usize> {
    let letters = reference.bytes().take_while(u8::is_ascii_alphabetic);
    let number = letters
        .take(4)
        .fold(0, |number, letter| number * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1);
    number.checked_sub(1)
}
