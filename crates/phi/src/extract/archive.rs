//! Archives: zip, gzip and tar, member by member, nested to the budget's depth.
//!
//! Bombs are told by the sizes that a header states before anything is expanded, and by the ratio while it is. Facts: PKWARE
//! APPNOTE, RFC 1952, POSIX pax.

use std::cell::Cell;
use std::io::{self, BufReader, Read};

use enamel_types::words::counted;
use flate2::bufread::MultiGzDecoder;

use super::budget::{Budget, Counting, Metered};
use super::failure::Failure;
use super::source::Source;
use super::zip::{Zip, by_local_headers, read_small};
use super::{odf, ooxml, read_member, settle, sniff, tar_header, xlsx};
use crate::sink::{Problem, ProblemKind, Sink};

/// Reads a zip: as the office document that it is and what else lies in the package, else member by member.
pub(super) fn read_zip(
    source: Source<'_>,
    name: &str,
    budget: &Budget<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    let mut zip = match Zip::open(source) {
        Ok(zip) => zip,
        Err((source, failure)) => {
            budget.report(name, &failure, sink);
            return read_without_directory(source, name, budget, sink);
        }
    };
    let Some(office) = office_kind(&mut zip) else {
        return read_members(&mut zip, &|_| true, name, budget, sink);
    };
    let outcome = match office {
        Office::Word => ooxml::read(&mut zip, &ooxml::WORD, name, budget, sink),
        Office::Slides => ooxml::read(&mut zip, &ooxml::SLIDES, name, budget, sink),
        Office::Sheets => xlsx::read(&mut zip, name, budget, sink),
        Office::BinarySheets => Err(Failure::Unsupported("binary workbook (xlsb)")),
        Office::OpenDocument => odf::read(&mut zip, name, budget, sink),
    };
    settle(outcome, name, budget, sink)?;
    read_members(&mut zip, &|member| !office.has_dealt_with(member), name, budget, sink)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Office {
    Word,
    Slides,
    Sheets,
    BinarySheets,
    OpenDocument,
}

impl Office {
    /// Whether a member is read as a part of the document, or holds nothing that somebody wrote.
    fn has_dealt_with(self, member: &str) -> bool {
        match self {
            Self::Word => ooxml::WORD.reads(member) || ooxml::is_layout(member),
            Self::Slides => ooxml::SLIDES.reads(member) || ooxml::is_layout(member),
            Self::Sheets => xlsx::reads(member) || ooxml::is_layout(member),
            // Its parts, which are named as a whole.
            Self::BinarySheets => {
                (member.starts_with("xl/") && sniff::extension(member) == "bin") || ooxml::is_layout(member)
            }
            Self::OpenDocument => odf::has_dealt_with(member),
        }
    }
}

/// Whether the directory is that of an office document: it has the main part of one, and what says that it is a package.
fn office_kind(zip: &mut Zip<'_>) -> Option<Office> {
    let kind = |name: &str| match name {
        "word/document.xml" => Some(Office::Word),
        "ppt/presentation.xml" => Some(Office::Slides),
        "xl/workbook.xml" => Some(Office::Sheets),
        "xl/workbook.bin" => Some(Office::BinarySheets),
        "content.xml" => Some(Office::OpenDocument),
        _ => None,
    };
    let (mut open_xml, mut open_document) = (false, false);
    let mut kinds = Vec::new();
    for _ in 0..2000 {
        let Ok(Some(member)) = zip.next() else { break };
        open_xml |= member.name == "[Content_Types].xml";
        open_document |= matches!(member.name.as_str(), "mimetype" | "META-INF/manifest.xml");
        kinds.extend(kind(&member.name));
    }
    zip.rewind();
    kinds.into_iter().find(|kind| if *kind == Office::OpenDocument { open_document } else { open_xml })
}

/// Reads the members that are `wanted` as the files that they are.
fn read_members(
    zip: &mut Zip<'_>,
    wanted: &dyn Fn(&str) -> bool,
    name: &str,
    budget: &Budget<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    zip.rewind();
    let mut encrypted = 0;
    let mut read = || {
        while let Some(member) = zip.next()? {
            if member.is_empty() || !wanted(&member.name) {
                continue;
            }
            if member.is_encrypted() {
                encrypted += 1;
                continue;
            }
            let inner = format!("{name}/{}", member.name);
            let outcome = zip.read(&member, budget, |reader| read_member(reader, &inner, budget, sink));
            settle(outcome, &inner, budget, sink)?;
        }
        Ok(())
    };
    let outcome = read();
    report_encrypted(name, encrypted, sink);
    outcome
}

/// Reads an archive that was cut short, as far as it goes.
fn read_without_directory(
    mut source: Source<'_>,
    name: &str,
    budget: &Budget<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    let mut encrypted = 0;
    let outcome = by_local_headers(&mut source, budget, &mut encrypted, &mut |member, reader| {
        read_member(reader, &format!("{name}/{}", member.name), budget, sink)
    });
    report_encrypted(name, encrypted, sink);
    outcome
}

fn report_encrypted(name: &str, members: u64, sink: &mut dyn Sink) {
    if members > 0 {
        let detail = format!("{name}: {} encrypted", counted(members, "member is", "members are"));
        sink.problem(Problem { kind: ProblemKind::Encrypted, detail });
    }
}

/// Whether a program has an archive behind it, which it would unpack.
pub(super) fn is_self_extracting(source: Source<'_>) -> bool {
    Zip::open(source).is_ok_and(|mut zip| matches!(zip.next(), Ok(Some(_))))
}

/// Reads what a gzip stream holds; its name is the stream's own without `.gz`.
pub(super) fn read_gz(
    reader: &mut dyn Read,
    name: &str,
    budget: &Budget<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    let inner = match sniff::extension(name).as_str() {
        "gz" => name[..name.len() - 3].to_owned(),
        "tgz" => format!("{}.tar", &name[..name.len() - 4]),
        _ => name.to_owned(),
    };
    let input = Cell::new(0);
    let decoder = MultiGzDecoder::new(BufReader::new(Counting::new(reader, &input)));
    read_member(&mut Metered::new(decoder, budget, &input), &inner, budget, sink)
}

/// Reads the regular files of a tar archive.
pub(super) fn read_tar(
    reader: &mut dyn Read,
    name: &str,
    budget: &Budget<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    let mut long_name = None;
    let mut sparse = false;
    loop {
        budget.check()?;
        let Some(block) = next_block(reader)? else { return Ok(()) };
        let header = tar_header::parse(&block).ok_or(Failure::Malformed("a header's checksum is wrong"))?;
        if header.kind == b'S' {
            pass_sparse_map(&block, reader)?;
        }
        let mut data = Read::take(&mut *reader, header.size);
        match header.kind {
            b'L' => long_name = Some(tar_header::text(&read_small(&mut data, 64 << 10)?)),
            b'x' => {
                let records = read_small(&mut data, 256 << 10)?;
                long_name = tar_header::pax_path(&records).or(long_name);
                sparse = tar_header::pax_is_sparse(&records);
            }
            // What is for all members, and the long target of a link.
            b'g' | b'K' => {}
            kind => {
                // Both stood for this member only, whatever it is.
                let inner = format!("{name}/{}", long_name.take().unwrap_or(header.name));
                let sparse = std::mem::take(&mut sparse);
                match kind {
                    _ if sparse || matches!(kind, b'S' | b'M') => {
                        let what = "a sparse file, or one that begins in another volume";
                        budget.report(&inner, &Failure::Unsupported(what), sink);
                    }
                    // Links, devices, folders, a list of a folder, a label.
                    b'1'..=b'6' | b'D' | b'V' => {}
                    // POSIX has an unknown kind read as a file.
                    _ if header.size > 0 => read_member(&mut data, &inner, budget, sink)?,
                    _ => {}
                }
            }
        }
        let padding = header.size.next_multiple_of(tar_header::BLOCK as u64) - header.size;
        let rest = data.limit() + padding;
        skip(reader, rest, budget)?;
    }
}

/// The next header; nothing at the end, which is marked by zeros or is that of the file.
fn next_block(reader: &mut dyn Read) -> Result<Option<[u8; tar_header::BLOCK]>, Failure> {
    let mut bytes = Vec::with_capacity(tar_header::BLOCK);
    Read::take(reader, tar_header::BLOCK as u64).read_to_end(&mut bytes)?;
    if bytes.iter().all(|byte| *byte == 0) {
        return Ok(None);
    }
    bytes.try_into().map(Some).map_err(|_| Failure::Malformed("it ends too early"))
}

/// Passes over the blocks that go on with the map of an old GNU sparse member, and are not counted in its size.
fn pass_sparse_map(header: &[u8; tar_header::BLOCK], reader: &mut dyn Read) -> Result<(), Failure> {
    let mut goes_on = header[482] != 0;
    while goes_on {
        let mut block = [0; tar_header::BLOCK];
        reader.read_exact(&mut block)?;
        goes_on = block[504] != 0;
    }
    Ok(())
}

/// Passes over what is not looked at: a sparse member may have terabytes.
fn skip(reader: &mut dyn Read, len: u64, budget: &Budget<'_>) -> Result<(), Failure> {
    let mut rest = len;
    while rest > 0 {
        budget.check()?;
        let block = rest.min(1 << 20);
        if io::copy(&mut Read::take(&mut *reader, block), &mut io::sink())? < block {
            return Err(Failure::Malformed("it ends too early"));
        }
        rest -= block;
    }
    Ok(())
}
