//! The bytes of one file or member, seekable and with a known length.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};

trait ReadSeek: Read + Seek {}
impl<T: Read + Seek> ReadSeek for T {}

/// The bytes to read: an open file, or a member of an archive in memory.
pub struct Source<'a> {
    inner: Box<dyn ReadSeek + 'a>,
    len: u64,
}

impl<'a> Source<'a> {
    /// An open file of `len` bytes, read from its start.
    pub fn file(file: &'a File, len: u64) -> Self {
        Self { inner: Box::new(file), len }
    }

    /// Bytes in memory.
    pub fn bytes(bytes: &'a [u8]) -> Self {
        Self { len: bytes.len() as u64, inner: Box::new(Cursor::new(bytes)) }
    }

    /// Length in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there is nothing to read.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl Read for Source<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buf)
    }
}

impl Seek for Source<'_> {
    fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
        self.inner.seek(pos)
    }
}
