//! Reading formats: from the bytes of a file to text, rows and named fields on a [`Sink`].
//!
//! [`sniff()`] tells what a file is, by its magic bytes first and its name second; [`extract`] walks it and pushes what it says.
//! Nothing here knows what a patient is, nothing keeps a value, and nothing runs without a bound: memory stays below about
//! 64 MiB a call whatever the file, and [`Budget`] ends depth, members, expanded bytes and time.
//!
//! What cannot be read becomes a [`Problem`](crate::sink::Problem) and the rest of the file is still read. `docs/formats.md`
//! lists every format and what of it is looked at; each module names where its facts come from.

mod archive;
mod budget;
mod dicom;
mod doc;
mod failure;
mod fhir;
mod format;
mod hl7;
mod html;
mod json;
mod mail;
mod markup;
mod msg;
mod odf;
mod ole;
mod ooxml;
mod pace;
mod pdf;
mod rtf;
mod sheet;
mod sniff;
mod source;
mod sql;
mod sqlite;
mod tar_header;
#[cfg(test)]
mod testing;
mod text;
mod tree;
mod unopened;
mod unread;
mod x12;
mod xls;
mod xlsx;
mod xml;
mod zip;

use std::io::{Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use self::failure::Failure;
use self::text::Decoder;
use self::unread::Unread;
use crate::sink::Sink;

pub use budget::{Budget, Limits, Stop};
pub use format::Format;
pub(crate) use pace::Pace;
pub use sniff::sniff;
pub use source::Source;
pub use text::{Encoding, detect};

/// How many bytes of a file [`sniff()`] wants to see: a tar header and the first lines of a text.
pub const HEAD: usize = 4096;

/// Reads `source` as `format` and pushes what it holds onto `sink`.
///
/// `name` is the file's name: it begins the names of parts and problems, and tells formats apart that only a name can. Failures
/// are reported through [`Sink::problem`]; what was read before them stays.
///
/// The readers return errors, but some stand on libraries that may panic on hostile input, and one bad file must not end the
/// scan of a disk. So a panic is caught here and becomes a problem (not in a build with `panic = "abort"`).
pub fn extract(source: Source<'_>, name: &str, format: Format, budget: &Budget<'_>, sink: &mut dyn Sink) {
    budget.begin(source.len());
    let source = source.noted_by(budget);
    let mut unread = Unread::new(sink);
    let outcome = catch_unwind(AssertUnwindSafe(|| read(source, name, format, budget, &mut unread)))
        .unwrap_or_else(|_| {
            budget.unsettle();
            Err(Failure::GaveUp)
        });
    if let Err(failure) = outcome {
        budget.report(name, &failure, &mut unread);
    }
    budget.finish(name, &mut unread);
    unread.finish();
}

/// Tells the format of a file as [`sniff()`] does; of a program also whether it is an archive that unpacks itself, which only the
/// end of the file shows.
pub fn sniff_file(head: &[u8], name: &str, source: Source<'_>, budget: &Budget<'_>) -> Format {
    let format = sniff(head, name);
    // By the name too: every library of a computer begins like this, and it costs each a second place on the disk.
    let program = format == Format::Other && head.starts_with(b"MZ") && sniff::extension(name) == "exe";
    if program && archive::is_self_extracting(source.noted_by(budget)) { Format::Zip } else { format }
}

/// Reads a file or a spooled member.
fn read(
    source: Source<'_>,
    name: &str,
    format: Format,
    budget: &Budget<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    match format {
        Format::Sqlite => sqlite::read(source, name, budget, sink),
        Format::Msg | Format::Xls | Format::Doc | Format::Ole => ole::read(source, name, budget, sink),
        Format::Docx | Format::Xlsx | Format::Pptx | Format::Odf | Format::Zip => {
            archive::read_zip(source, name, budget, sink)
        }
        Format::Pdf => pdf::read(source, name, budget, sink),
        mut_free => read_stream(source, name, mut_free, budget, sink),
    }
}

/// Reads a format from front to back, without seeking.
fn read_stream(
    mut reader: impl Read,
    name: &str,
    format: Format,
    budget: &Budget<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    let reader: &mut dyn Read = &mut reader;
    match format {
        Format::Txt => Decoder::new(reader, budget).for_each_block(&mut |block| sink.text(block)),
        Format::Csv => Decoder::new(reader, budget).for_each_block(&mut |block| sink.delimited(block)),
        Format::X12 => x12::read(reader, budget, sink),
        Format::Hl7 => hl7::read(reader, budget, sink),
        Format::Fhir => json::read(reader, json::Dialect::Fhir, budget, sink),
        Format::Json => json::read(reader, json::Dialect::Any, budget, sink),
        Format::Xml => xml::read(reader, budget, sink),
        Format::Html => html::read(reader, budget, sink),
        Format::Rtf => rtf::read(reader, budget, sink),
        Format::Sql => sql::read(reader, budget, sink),
        Format::Eml => mail::read_message(reader, name, budget, sink),
        Format::Mbox => mail::read_mbox(reader, name, budget, sink),
        Format::Dicom => dicom::read(reader, budget, sink),
        Format::Gz => archive::read_gz(reader, name, budget, sink),
        Format::Tar => archive::read_tar(reader, name, budget, sink),
        Format::Archive => Err(Failure::Unsupported("7z, rar, xz, bzip2, zstd, lz4 or cab archive")),
        Format::Database => Err(Failure::Unsupported("database")),
        Format::DiskImage => Err(Failure::Unsupported("disk image")),
        Format::Pst => Err(Failure::Unsupported("Outlook data file")),
        Format::Other => Ok(()),
        Format::Sqlite => sqlite::read_copy(reader, name, budget, sink),
        Format::Msg
        | Format::Xls
        | Format::Doc
        | Format::Ole
        | Format::Docx
        | Format::Xlsx
        | Format::Pptx
        | Format::Odf
        | Format::Zip
        | Format::Pdf => read(Source::spool(reader, budget)?, name, format, budget, sink),
    }
}

/// Reads one member of a container: tells its format and goes one level deeper. What fails in it is reported here; an error
/// comes back only where the whole file must end.
fn read_member(
    reader: &mut dyn Read,
    name: &str,
    budget: &Budget<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    let outcome = budget.deeper(|| {
        let mut head = Vec::with_capacity(HEAD);
        Read::take(&mut *reader, HEAD as u64).read_to_end(&mut head)?;
        sink.part(name);
        let format = sniff(&head, name);
        read_stream(Cursor::new(head).chain(reader), name, format, budget, sink)
    });
    settle(outcome, name, budget, sink)
}

/// Reports a part's failure; gives it back where the whole file must end.
fn settle(
    outcome: Result<(), Failure>,
    name: &str,
    budget: &Budget<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    match outcome {
        Err(failure) if !failure.ends_file() => {
            budget.report(name, &failure, sink);
            Ok(())
        }
        other => other,
    }
}
