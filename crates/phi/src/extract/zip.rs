//! The directory and the streams of a zip archive.
//!
//! Memory does not grow with the number of members: the central directory is read from the file as it is walked. An archive cut
//! short, which has lost its directory, is read by its local headers. Facts: PKWARE APPNOTE 6.3.10.

use std::cell::Cell;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Take};

use flate2::bufread::DeflateDecoder;

use super::budget::{Budget, Metered, Stop};
use super::failure::Failure;
use super::source::Source;
use super::text::windows_1252;
use crate::sink::Sink;

const LOCAL: u32 = 0x0403_4B50;
const CENTRAL: u32 = 0x0201_4B50;
const END: u32 = 0x0605_4B50;
const END64: u32 = 0x0606_4B50;
const LOCATOR64: u32 = 0x0706_4B50;

/// One member, as its header states it.
#[derive(Debug, Clone, Default)]
pub(super) struct Member {
    pub(super) name: String,
    method: u16,
    flags: u16,
    packed: u64,
    size: u64,
    offset: u64,
}

impl Member {
    /// Whether there is nothing in it: a folder, an empty file. What is packed says so too: the length alone may lie. Deflate takes
    /// 2 bytes for nothing, and encryption 12 more.
    pub(super) fn is_empty(&self) -> bool {
        self.packed == 0 || (self.size == 0 && self.packed <= 14)
    }

    /// Whether its data is encrypted, by PKWARE's or WinZip's method.
    pub(super) fn is_encrypted(&self) -> bool {
        self.flags & 1 != 0 || self.method == 99
    }
}

/// A zip archive over seekable bytes.
pub(super) struct Zip<'a> {
    source: Source<'a>,
    directory: Directory,
    next: u64,
    left: u64,
}

impl<'a> Zip<'a> {
    /// Finds the central directory; gives the bytes back where there is none.
    pub(super) fn open(mut source: Source<'a>) -> Result<Self, (Source<'a>, Failure)> {
        match directory(&mut source) {
            Ok(directory) => Ok(Self { source, next: directory.start, left: directory.members, directory }),
            Err(failure) => Err((source, failure)),
        }
    }

    /// Goes back to the first member.
    pub(super) fn rewind(&mut self) {
        (self.next, self.left) = (self.directory.start, self.directory.members);
    }

    /// The next member of the directory.
    pub(super) fn next(&mut self) -> Result<Option<Member>, Failure> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        self.source.seek(SeekFrom::Start(self.next))?;
        let mut reader = BufReader::with_capacity(512, &mut self.source);
        let mut head = [0; 46];
        reader.read_exact(&mut head)?;
        if u32_at(&head, 0) != CENTRAL {
            self.left = 0;
            return Err(Failure::Malformed("its directory is damaged"));
        }
        let (name_len, extra_len) = (u16_at(&head, 28), u16_at(&head, 30));
        let mut name = vec![0; usize::from(name_len)];
        reader.read_exact(&mut name)?;
        let mut extra = vec![0; usize::from(extra_len)];
        reader.read_exact(&mut extra)?;
        self.next += 46 + u64::from(name_len) + u64::from(extra_len) + u64::from(u16_at(&head, 32));
        let mut member = Member {
            name: member_name(&name, u16_at(&head, 8)),
            method: u16_at(&head, 10),
            flags: u16_at(&head, 8),
            packed: u64::from(u32_at(&head, 20)),
            size: u64::from(u32_at(&head, 24)),
            offset: u64::from(u32_at(&head, 42)),
        };
        zip64(&extra, &mut member);
        member.offset = member.offset.saturating_add(self.directory.base);
        Ok(Some(member))
    }

    /// All members whose names `wanted` accepts, in the order of the directory; at most `limit`: that there are more is reported.
    pub(super) fn find(
        &mut self,
        limit: usize,
        wanted: impl Fn(&str) -> bool,
        name: &str,
        budget: &Budget<'_>,
        sink: &mut dyn Sink,
    ) -> Result<Vec<Member>, Failure> {
        self.rewind();
        let mut found = Vec::new();
        while let Some(member) = self.next()? {
            if !wanted(&member.name) {
                continue;
            }
            if found.len() >= limit {
                budget.report(name, &Stop::Members.into(), sink);
                break;
            }
            found.push(member);
        }
        Ok(found)
    }

    /// Runs `work` over the decompressed bytes of a member.
    pub(super) fn read<T>(
        &mut self,
        member: &Member,
        budget: &Budget<'_>,
        work: impl FnOnce(&mut dyn Read) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        if member.is_encrypted() {
            return Err(Failure::Encrypted);
        }
        budget.ratio(member.packed, member.size)?;
        self.source.seek(SeekFrom::Start(member.offset))?;
        let mut head = [0; 30];
        self.source.read_exact(&mut head)?;
        if u32_at(&head, 0) != LOCAL {
            return Err(Failure::Malformed("its header is not where the directory says"));
        }
        let skip = u64::from(u16_at(&head, 26)) + u64::from(u16_at(&head, 28));
        self.source.seek(SeekFrom::Start(member.offset + 30 + skip))?;
        let packed = BufReader::new((&mut self.source).take(member.packed));
        stream(packed, member, budget, work)
    }
}

struct Directory {
    start: u64,
    members: u64,
    /// Where all offsets count from: a self-extracting archive has a program before it.
    base: u64,
}

/// Finds the central directory by the record at the archive's end.
fn directory(source: &mut Source<'_>) -> Result<Directory, Failure> {
    let len = source.len();
    let tail = len.min(22 + 0xFFFF + 20);
    source.seek(SeekFrom::Start(len - tail))?;
    let mut bytes = Vec::new();
    source.by_ref().take(tail).read_to_end(&mut bytes)?;
    let signature = END.to_le_bytes();
    let mut end = bytes.len();
    let at = loop {
        end = memchr::memmem::rfind(&bytes[..end], &signature)
            .ok_or(Failure::Malformed("it has no directory"))?;
        if bytes.len() - end >= 22 {
            break end;
        }
    };
    let end_at = len - tail + at as u64;
    let mut left = u64::from(u16_at(&bytes, at + 10));
    let mut size = u64::from(u32_at(&bytes, at + 12));
    let mut start = u64::from(u32_at(&bytes, at + 16));
    let mut directory_end = end_at;
    if at >= 20 && u32_at(&bytes, at - 20) == LOCATOR64 {
        let end64 = u64_at(&bytes, at - 12);
        source.seek(SeekFrom::Start(end64))?;
        let mut record = [0; 56];
        source.read_exact(&mut record)?;
        if u32_at(&record, 0) == END64 {
            (left, size, start) = (u64_at(&record, 32), u64_at(&record, 40), u64_at(&record, 48));
            directory_end = end64;
        }
    }
    let actual = directory_end.checked_sub(size).ok_or(Failure::Malformed("its directory is damaged"))?;
    let base = actual.checked_sub(start).ok_or(Failure::Malformed("its directory is damaged"))?;
    Ok(Directory { start: actual, members: left, base })
}

/// Walks an archive without a directory by its local headers, for as long as they follow each other. Counts `encrypted` members,
/// which it passes over.
pub(super) fn by_local_headers(
    source: &mut Source<'_>,
    budget: &Budget<'_>,
    encrypted: &mut u64,
    work: &mut dyn FnMut(&Member, &mut dyn Read) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut at = 0;
    loop {
        source.seek(SeekFrom::Start(at))?;
        let mut head = [0; 30];
        if source.read_exact(&mut head).is_err() || u32_at(&head, 0) != LOCAL {
            return Ok(());
        }
        let mut name = vec![0; usize::from(u16_at(&head, 26))];
        source.read_exact(&mut name)?;
        let start = at + 30 + u64::from(u16_at(&head, 26)) + u64::from(u16_at(&head, 28));
        let mut member = Member {
            name: member_name(&name, u16_at(&head, 6)),
            method: u16_at(&head, 8),
            flags: u16_at(&head, 6),
            packed: u64::from(u32_at(&head, 18)),
            size: u64::from(u32_at(&head, 22)),
            offset: at,
        };
        let sized = member.flags & 8 == 0;
        if !sized {
            member.packed = source.len().saturating_sub(start);
            member.size = member.packed.max(1);
        }
        source.seek(SeekFrom::Start(start))?;
        let consumed = Cell::new(0);
        if member.is_encrypted() {
            *encrypted += 1;
        } else if !member.name.ends_with('/') {
            let packed =
                BufReader::new(super::budget::Counting::new(source.by_ref().take(member.packed), &consumed));
            stream(packed, &member, budget, |reader| work(&member, reader))?;
        }
        if sized {
            at = start + member.packed;
        } else {
            // Where the stream ended is not known to the byte, because reading is buffered: the next header is looked for.
            let from = start + consumed.get().saturating_sub(64 << 10);
            match find_local(source, from, budget)? {
                Some(next) => at = next,
                None => return Ok(()),
            }
        }
    }
}

/// The next local header at or behind `from`.
fn find_local(source: &mut Source<'_>, from: u64, budget: &Budget<'_>) -> Result<Option<u64>, Failure> {
    let mut at = from;
    let mut bytes = vec![0; 64 << 10];
    loop {
        budget.check()?;
        source.seek(SeekFrom::Start(at))?;
        let got = source.read(&mut bytes)?;
        if let Some(found) = memchr::memmem::find(&bytes[..got], &LOCAL.to_le_bytes()) {
            return Ok(Some(at + found as u64));
        }
        if got < 4 {
            return Ok(None);
        }
        at += got as u64 - 3;
    }
}

fn stream<T>(
    packed: impl BufRead,
    member: &Member,
    budget: &Budget<'_>,
    work: impl FnOnce(&mut dyn Read) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let input = Cell::new(member.packed);
    match member.method {
        0 => work(&mut Metered::new(packed, budget, &input)),
        8 => work(&mut Metered::new(DeflateDecoder::new(packed), budget, &input)),
        _ => Err(Failure::Unsupported("a compression method other than deflate")),
    }
}

/// Names are UTF-8 where the flag says so; else most often Windows' or DOS' code page, of which ASCII is what matters.
fn member_name(bytes: &[u8], flags: u16) -> String {
    let name = match std::str::from_utf8(bytes) {
        Ok(name) => name.to_owned(),
        Err(_) if flags & 0x800 != 0 => String::from_utf8_lossy(bytes).into_owned(),
        Err(_) => bytes.iter().copied().map(windows_1252).collect(),
    };
    name.replace('\\', "/")
}

/// Takes 64-bit sizes from the extra field that holds them, for the values that did not fit.
fn zip64(mut extra: &[u8], member: &mut Member) {
    while extra.len() >= 4 {
        let (id, len) = (u16_at(extra, 0), usize::from(u16_at(extra, 2)));
        let Some(mut data) = extra.get(4..4 + len) else { return };
        if id == 1 {
            for value in [&mut member.size, &mut member.packed, &mut member.offset] {
                if *value == 0xFFFF_FFFF && data.len() >= 8 {
                    *value = u64_at(data, 0);
                    data = &data[8..];
                }
            }
        }
        extra = &extra[4 + len..];
    }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at + 2).map_or(0, |b| u16::from_le_bytes([b[0], b[1]]))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

/// A bounded read of a whole member that must be held in memory.
pub(super) fn read_small(reader: &mut dyn Read, limit: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let mut bounded: Take<&mut dyn Read> = reader.take(limit + 1);
    bounded.read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit { Err(Stop::Size.into()) } else { Ok(bytes) }
}
