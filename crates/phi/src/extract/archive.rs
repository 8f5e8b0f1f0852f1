//! Archives: zip, gzip and tar, member by member, nested to the budget's depth.
//!
//! Bombs are told by the sizes that a header states before anything is expanded, and by the ratio while it is. Facts: PKWARE
//! APPNOTE, RFC 1952, POSIX pax.

use std::cell::Cell;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use flate2::bufread::MultiGzDecoder;

use super::budget::{Budget, Counting, Metered};
use super::failure::Failure;
use super::source::Source;
use super::zip::{Zip, by_local_headers, read_small};
use super::{odf, ooxml, read_member, settle, sniff, tar_header, xlsx};
use crate::sink::{Problem, ProblemKind, Sink};

/// Reads a zip: as the office document that it is, else member by member.
pub(super) fn read_zip(
    mut source: Source<'_>,
    name: &str,
    budget: &Budget<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    match office_kind(&mut source)? {
        Some(Office::Word) => ooxml::read_word(source, name, budget, sink),
        Some(Office::Slides) => ooxml::read_slides(source, name, budget, sink),
        Some(Office::Sheets) => xlsx::read(source, name, budget, sink),
        Some(Office::BinarySheets) => Err(Failure::Unsupported("binary workbook (xlsb)")),
        Some(Office::OpenDocument) => odf::read(source, name, budget, sink),
        None => read_members(source, name, budget, sink),
    }
}

#[derive(Clone, Copy)]
enum Office {
    Word,
    Slides,
    Sheets,
    BinarySheets,
    OpenDocument,
}

/// Whether the directory is that of an office document. A zip without a directory is none.
fn office_kind(source: &mut Source<'_>) -> Result<Option<Office>, Failure> {
    let kind = |name: &str| match name {
        "word/document.xml" => Some(Office::Word),
        "ppt/presentation.xml" => Some(Office::Slides),
        "xl/workbook.xml" => Some(Office::Sheets),
        "xl/workbook.bin" => Some(Office::BinarySheets),
        "content.xml" => Some(Office::OpenDocument),
        _ => None,
    };
    let taken = std::mem::replace(source, Source::bytes(&[]));
    let mut zip = match Zip::open(taken) {
        Ok(zip) => zip,
        Err((returned, _)) => {
            *source = returned;
            return Ok(None);
        }
    };
    let mut found = None;
    for _ in 0..2000 {
        match zip.next() {
            Ok(Some(member)) => found = found.or_else(|| kind(&member.name)),
            _ => break,
        }
    }
    *source = zip.into_source();
    source.seek(SeekFrom::Start(0))?;
    Ok(found)
}

fn read_members(
    source: Source<'_>,
    name: &str,
    budget: &Budget<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    let mut zip = match Zip::open(source) {
        Ok(zip) => zip,
        Err((mut source, failure)) => {
            budget.report(name, &failure, sink);
            return by_local_headers(&mut source, budget, &mut |member, reader| {
                read_member(reader, &format!("{name}/{}", member.name), budget, sink)
            });
        }
    };
    let mut encrypted = 0_u64;
    while let Some(member) = zip.next()? {
        if member.is_empty() {
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
    if encrypted > 0 {
        let detail = format!("{name}: {encrypted} members are encrypted");
        sink.problem(Problem { kind: ProblemKind::Encrypted, detail });
    }
    Ok(())
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
    loop {
        budget.check()?;
        let mut block = [0; tar_header::BLOCK];
        match reader.read_exact(&mut block) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        if block.iter().all(|byte| *byte == 0) {
            return Ok(());
        }
        let header = tar_header::parse(&block).ok_or(Failure::Malformed("a header's checksum is wrong"))?;
        let mut data = Read::take(&mut *reader, header.size);
        match header.kind {
            b'0' | 0 | b'7' => {
                let inner = format!("{name}/{}", long_name.take().unwrap_or(header.name));
                if header.size > 0 {
                    read_member(&mut data, &inner, budget, sink)?;
                }
            }
            b'L' => long_name = Some(tar_header::text(&read_small(&mut data, 64 << 10)?)),
            b'x' => long_name = tar_header::pax_path(&read_small(&mut data, 256 << 10)?),
            _ => {}
        }
        let padding = header.size.next_multiple_of(tar_header::BLOCK as u64) - header.size;
        let rest = data.limit() + padding;
        skip(reader, rest, budget)?;
    }
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
