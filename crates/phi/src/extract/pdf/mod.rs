//! PDF: the text of every page in reading order, and the values of its form fields.
//!
//! Pages of images hold no text and give none. Encrypted files are reported. Facts: ISO 32000-1.

mod content;
mod file;
mod filter;
mod font;
mod object;

use std::collections::HashSet;

use self::content::{PAGE, Page};
use self::file::File;
use self::object::{Dict, Object};
use super::budget::Budget;
use super::failure::Failure;
use super::settle;
use super::source::Source;
use super::text::{Blocks, Encoding, decode_all};
use crate::sink::Sink;

/// Pages of one file, and nodes of its page tree.
const PAGES: usize = 100_000;
/// Content streams and annotations of one page.
const PER_PAGE: usize = 10_000;

/// Reads a document.
pub(super) fn read(
    source: Source<'_>,
    name: &str,
    budget: &Budget<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    let mut file = File::open(source, budget)?;
    if file.encrypted {
        return Err(Failure::Encrypted);
    }
    let pages = pages(&mut file)?;
    if pages.is_empty() {
        return Err(Failure::Malformed("it has no pages"));
    }
    for (number, (page, resources)) in pages.into_iter().enumerate() {
        let part = format!("page {}", number + 1);
        sink.part(&part);
        let outcome = read_page(&mut file, page, &resources, sink);
        settle(outcome, &format!("{name}/{part}"), budget, sink)?;
    }
    Ok(())
}

/// The pages in order, each with the resources it inherits. Each node is entered once, so that a cycle ends.
fn pages(file: &mut File<'_, '_>) -> Result<Vec<(u32, Dict)>, Failure> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    let mut stack = Vec::new();
    if let Some(catalog) = file.catalog
        && let Some(loaded) = file.load(catalog)?
        && let Some(Object::Reference(root)) = loaded.dict().and_then(|dict| dict.get("Pages"))
    {
        stack.push((*root, Dict::default()));
    }
    while let Some((number, inherited)) = stack.pop() {
        if found.len() >= PAGES || !seen.insert(number) {
            continue;
        }
        let Some(loaded) = file.load(number)? else { continue };
        let Some(dict) = loaded.dict() else { continue };
        let resources = match file.entry(dict, "Resources")? {
            Object::Dict(own) => own,
            _ => inherited,
        };
        if let Object::Array(kids) = file.entry(dict, "Kids")? {
            for kid in kids.iter().rev().take(PAGES) {
                if let Object::Reference(kid) = kid {
                    stack.push((*kid, resources.clone()));
                }
            }
        } else {
            found.push((number, resources));
        }
    }
    // Pages that a damaged tree has lost are read too.
    for number in file.pages.clone() {
        if found.len() < PAGES && seen.insert(number) {
            let resources = match file.load(number)? {
                Some(loaded) => match loaded.dict() {
                    Some(dict) => file.entry(dict, "Resources")?,
                    None => Object::Null,
                },
                None => Object::Null,
            };
            found.push((number, resources.dict().cloned().unwrap_or_default()));
        }
    }
    Ok(found)
}

fn read_page(
    file: &mut File<'_, '_>,
    number: u32,
    resources: &Dict,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    let Some(loaded) = file.load(number)? else { return Ok(()) };
    let Some(dict) = loaded.dict() else { return Ok(()) };
    let contents = match dict.get("Contents") {
        Some(Object::Reference(number)) => match file.load(*number)?.map(|loaded| loaded.object) {
            Some(Object::Array(all)) => all,
            _ => vec![Object::Reference(*number)],
        },
        Some(Object::Array(all)) => all.clone(),
        _ => Vec::new(),
    };
    let mut page = Page::default();
    let mut content = Vec::new();
    let mut outcome = Ok(());
    for part in contents.iter().take(PER_PAGE) {
        let Object::Reference(number) = part else { continue };
        let Some(loaded) = file.load(*number)? else { continue };
        match file.stream(&loaded) {
            Ok(Some(bytes)) if content.len() + bytes.len() <= 16 << 20 => {
                content.extend_from_slice(&bytes);
                content.push(b'\n');
            }
            Ok(_) => {}
            Err(failure) => outcome = Err(failure),
        }
    }
    let ran = page.run(file, &content, resources, PAGE, 0, &mut HashSet::new());
    text(&page.into_text(), sink);
    let fields = form_fields(file, dict)?;
    text(&fields, sink);
    outcome.and(ran)
}

/// What was filled into a page's form, and its notes: one line each.
fn form_fields(file: &mut File<'_, '_>, page: &Dict) -> Result<String, Failure> {
    let mut out = String::new();
    let annotations = file.entry(page, "Annots")?;
    for annotation in annotations.array().unwrap_or_default().iter().take(PER_PAGE) {
        let Object::Dict(dict) = file.resolve(annotation)? else { continue };
        let mut value = file.entry(&dict, "V")?;
        let mut label = file.entry(&dict, "T")?;
        if let Object::Dict(parent) = file.entry(&dict, "Parent")? {
            if value == Object::Null {
                value = file.entry(&parent, "V")?;
            }
            if label == Object::Null {
                label = file.entry(&parent, "T")?;
            }
        }
        if value == Object::Null {
            value = file.entry(&dict, "Contents")?;
        }
        if let Object::Text(value) = value {
            if let Object::Text(label) = label {
                out.push_str(&string(&label));
                out.push_str(": ");
            }
            out.push_str(&string(&value));
            out.push('\n');
        }
    }
    Ok(out)
}

/// A text string: UTF-16 with a mark, else PDFDocEncoding, which agrees with Windows-1252 where it matters.
fn string(bytes: &[u8]) -> String {
    match bytes {
        [0xFE, 0xFF, rest @ ..] => decode_all(rest, Encoding::Utf16Be),
        _ => decode_all(bytes, Encoding::Utf8),
    }
}

fn text(text: &str, sink: &mut dyn Sink) {
    let mut blocks = Blocks::default();
    blocks.push(text, &mut |block| sink.text(block));
    blocks.finish(&mut |block| sink.text(block));
}
