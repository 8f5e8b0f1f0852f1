//! OpenDocument: paragraphs and tables of texts, sheets and presentations.
//!
//! Facts: OASIS OpenDocument 1.3 part 3 (`text:p`, `table:table-cell`, `office:value-type`).

use std::io::Read;

use super::budget::Budget;
use super::failure::Failure;
use super::markup::{Event, Markup};
use super::ooxml::{Flow, part};
use super::zip::Zip;
use super::{settle, sniff};
use crate::sink::Sink;

/// A repeated cell is given so often at most: empty ones are repeated to the sheet's edge.
const REPEATED: usize = 256;

/// Whether a member of the package is read as a part of the document, or holds nothing that somebody wrote.
pub(super) fn has_dealt_with(member: &str) -> bool {
    let file = member.rsplit('/').next().unwrap_or(member);
    matches!(
        member,
        "content.xml"
            | "mimetype"
            | "manifest.rdf"
            | "META-INF/manifest.xml"
            | "META-INF/documentsignatures.xml"
    ) || matches!(file, "styles.xml" | "settings.xml" | "meta.xml")
        || (member.starts_with("Configurations2/") && sniff::extension(file) == "xml")
}

/// Reads a document.
pub(super) fn read(
    zip: &mut Zip<'_>,
    name: &str,
    budget: &Budget<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    let wanted = ["content.xml", "styles.xml", "META-INF/manifest.xml"];
    let members = zip.find(wanted.len(), |member| wanted.contains(&member), name, budget, sink)?;
    if let Some(manifest) = part(&members, "META-INF/manifest.xml") {
        let encrypted = zip.read(manifest, budget, |reader| is_encrypted(reader, budget))?;
        if encrypted {
            return Err(Failure::Encrypted);
        }
    }
    // Headers and footers lie in the styles.
    for own in ["content.xml", "styles.xml"] {
        if let Some(member) = part(&members, own) {
            sink.part(own);
            let outcome = zip.read(member, budget, |reader| read_content(reader, budget, sink));
            settle(outcome, &format!("{name}/{own}"), budget, sink)?;
        }
    }
    Ok(())
}

fn is_encrypted(reader: &mut dyn Read, budget: &Budget<'_>) -> Result<bool, Failure> {
    let mut markup = Markup::xml(reader, budget);
    loop {
        match markup.next()? {
            Event::Start if markup.name() == "encryption-data" => return Ok(true),
            Event::Eof => return Ok(false),
            _ => {}
        }
    }
}

fn read_content(reader: &mut dyn Read, budget: &Budget<'_>, sink: &mut dyn Sink) -> Result<(), Failure> {
    let mut markup = Markup::xml(reader, budget);
    let mut flow = Flow::default();
    let (mut paragraphs, mut repeat, mut value) = (0_u32, 1, None);
    let outcome = loop {
        match markup.next() {
            Ok(Event::Start) => match markup.name() {
                "p" | "h" => paragraphs += 1,
                "s" => flow.add(" ", sink),
                "tab" => flow.add("\t", sink),
                "line-break" => flow.add("\n", sink),
                "table" => flow.begin_table(sink),
                "table-cell" | "covered-table-cell" if flow.tables() == 1 => {
                    flow.begin_cell();
                    repeat =
                        markup.attribute("number-columns-repeated").and_then(|n| n.parse().ok()).unwrap_or(1);
                    // A date is given as it is, not as it is shown; so is a number, which may be shown rounded.
                    value = markup
                        .attribute("date-value")
                        .map(|date| date.split('T').next().unwrap_or_default().to_owned());
                }
                _ => {}
            },
            Ok(Event::Text) if paragraphs > 0 => flow.add(markup.text(), sink),
            Ok(Event::Text) => {}
            Ok(Event::End) => match markup.name() {
                "p" | "h" => {
                    paragraphs = paragraphs.saturating_sub(1);
                    flow.end_paragraph(sink);
                }
                "table-cell" | "covered-table-cell" if flow.tables() == 1 => {
                    if let (Some(date), Some(cell)) = (value.take(), flow.row_mut().last_mut()) {
                        *cell = date;
                    }
                    let last = flow.row_mut().last().cloned().unwrap_or_default();
                    for _ in 1..repeat.min(REPEATED) {
                        flow.begin_cell();
                        if let Some(cell) = flow.row_mut().last_mut() {
                            last.clone_into(cell);
                        }
                    }
                }
                "table-row" if flow.tables() == 1 => flow.end_row(sink),
                "table" => flow.end_table(),
                _ => {}
            },
            Ok(Event::Eof) => break Ok(()),
            Err(failure) => break Err(failure),
        }
    };
    flow.finish(sink);
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::testing::{Kept, budget_for_tests};

    #[test]
    fn paragraphs_and_cells() {
        let text = "<office:body><text:p>SSN<text:s/>1<text:span>2</text:span></text:p><table:table><table:table-row>\
            <table:table-cell office:date-value='1980-01-02T00:00:00'><text:p>Jan 2</text:p></table:table-cell>\
            <table:table-cell table:number-columns-repeated='2'/><table:table-cell><text:p>x</text:p></table:table-cell>\
            </table:table-row></table:table></office:body>";
        let mut kept = Kept::default();
        read_content(&mut text.as_bytes(), budget_for_tests(), &mut kept).unwrap();
        assert_eq!(kept.lines, ["text SSN 12", "table ", "row 1980-01-02|||x"]);
    }
}
