//! OLE compound files: which Office document of before 2007 one is. Facts: MS-CFB, MS-OFFCRYPTO 2.3.4 (encrypted packages).

use std::io::{Read, Seek, SeekFrom};

use cfb::CompoundFile;

use super::budget::Budget;
use super::failure::Failure;
use super::source::Source;
use super::{doc, msg, xls};
use crate::sink::Sink;

/// The most of one stream that is held.
pub(super) const STREAM: u64 = 24 << 20;

/// Reads a compound file as the document that its directory shows.
pub(super) fn read(
    mut source: Source<'_>,
    name: &str,
    budget: &Budget<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    source.seek(SeekFrom::Start(0))?;
    let mut file = CompoundFile::open(source).map_err(|_| Failure::Malformed("its directory is damaged"))?;
    if file.is_stream("/EncryptedPackage") || file.is_stream("/EncryptionInfo") {
        Err(Failure::Encrypted)
    } else if file.is_stream("/__properties_version1.0") {
        msg::read(&mut file, name, budget, sink)
    } else if let Some(book) = ["/Workbook", "/Book"].into_iter().find(|path| file.is_stream(path)) {
        xls::read(&mut file.open_stream(book)?, budget, sink)
    } else if file.is_stream("/WordDocument") {
        doc::read(&mut file, sink)
    } else if file.is_stream("/PowerPoint Document") {
        Err(Failure::Unsupported("PowerPoint 97 to 2003"))
    } else {
        Ok(())
    }
}

/// A whole stream; empty where there is none.
pub(super) fn stream(file: &mut CompoundFile<Source<'_>>, path: &str) -> Result<Vec<u8>, Failure> {
    if !file.is_stream(path) {
        return Ok(Vec::new());
    }
    super::zip::read_small(&mut file.open_stream(path)?, STREAM)
}

/// Reads as much as there is of a part of a stream.
pub(super) fn slice(bytes: &[u8], at: usize, len: usize) -> &[u8] {
    let start = at.min(bytes.len());
    &bytes[start..start.saturating_add(len).min(bytes.len())]
}

/// A 16-bit number; 0 behind the end.
pub(super) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    match slice(bytes, at, 2) {
        [a, b] => u16::from_le_bytes([*a, *b]),
        _ => 0,
    }
}

/// A 32-bit number; 0 behind the end.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at.saturating_add(2))) << 16
}

/// Reads exactly `buf`; `false` at the end.
pub(super) fn filled(reader: &mut impl Read, buf: &mut [u8]) -> Result<bool, Failure> {
    match reader.read_exact(buf) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error.into()),
    }
}
