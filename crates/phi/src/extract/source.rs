//! The bytes of one file or member, seekable and with a known length.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};
use std::path::Path;

use tempfile::SpooledTempFile;

use super::budget::{Budget, Stop};
use super::failure::Failure;

/// Members larger than this are spooled to an unnamed temporary file, which the operating system deletes with its handle.
const IN_MEMORY: usize = 8 << 20;
/// Members larger than this are not spooled: a sparse one of a few bytes may say that it has terabytes.
pub(super) const SPOOLED: u64 = 512 << 20;

/// What is copied between two looks at the budget.
const BLOCK: usize = 256 << 10;

/// The bytes to read: an open file, or bytes in memory.
pub struct Source<'a> {
    inner: Inner<'a>,
    len: u64,
    path: Option<&'a Path>,
    noted_by: Option<&'a Budget<'a>>,
}

enum Inner<'a> {
    File(&'a File),
    Bytes(Cursor<&'a [u8]>),
    Spooled(SpooledTempFile),
}

impl<'a> Source<'a> {
    /// An open file of `len` bytes. `path` is where it lies: SQLite opens files itself.
    pub fn file(file: &'a File, len: u64, path: &'a Path) -> Self {
        Self { inner: Inner::File(file), len, path: Some(path), noted_by: None }
    }

    /// Bytes in memory.
    pub fn bytes(bytes: &'a [u8]) -> Self {
        Self { inner: Inner::Bytes(Cursor::new(bytes)), len: bytes.len() as u64, path: None, noted_by: None }
    }

    /// All that `reader` yields, for formats that need to seek.
    pub(super) fn spool(reader: &mut dyn Read, budget: &Budget<'_>) -> Result<Self, Failure> {
        let mut file = SpooledTempFile::new(IN_MEMORY);
        let len = copy(reader, &mut file, SPOOLED, budget)?;
        file.rewind()?;
        Ok(Self { inner: Inner::Spooled(file), len, path: None, noted_by: None })
    }

    /// The same bytes, whose reading from the disk is noted by `budget`.
    pub(super) fn noted_by(self, budget: &'a Budget<'a>) -> Self {
        Self { noted_by: Some(budget), ..self }
    }

    /// Length in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there is nothing to read.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Where the file lies, for bytes that are a file.
    pub(super) fn path(&self) -> Option<&'a Path> {
        self.path
    }
}

/// Copies all that `reader` yields and gives its length; an error where that is more than `most`.
pub(super) fn copy(
    reader: &mut dyn Read,
    to: &mut dyn Write,
    most: u64,
    budget: &Budget<'_>,
) -> Result<u64, Failure> {
    let mut len = 0;
    let mut block = Vec::with_capacity(BLOCK);
    loop {
        budget.check()?;
        block.clear();
        let got = Read::take(&mut *reader, BLOCK as u64).read_to_end(&mut block)? as u64;
        if got == 0 {
            return Ok(len);
        }
        len += got;
        if len > most {
            return Err(Stop::Size.into());
        }
        to.write_all(&block)?;
    }
}

impl Read for Source<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match &mut self.inner {
            Inner::File(file) => {
                let got = file.read(buf);
                if let Some(budget) = self.noted_by {
                    budget.note_read(&got);
                }
                got
            }
            Inner::Bytes(bytes) => bytes.read(buf),
            Inner::Spooled(file) => file.read(buf),
        }
    }
}

impl Seek for Source<'_> {
    fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
        match &mut self.inner {
            Inner::File(file) => file.seek(pos),
            Inner::Bytes(bytes) => bytes.seek(pos),
            Inner::Spooled(file) => file.seek(pos),
        }
    }
}
