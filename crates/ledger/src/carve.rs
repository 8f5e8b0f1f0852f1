//! Finding rows without SQLite.
//!
//! Every row proves itself by its own hashes, so nothing else in the file has to be trusted: each offset of each page is
//! tried as the beginning of a table cell, and what hashes right is a row. Page headers, cell pointers, interior pages,
//! the schema and the file header may all be broken. Only the row's own bytes matter: its cell and its overflow pages.
//!
//! Facts: "Database File Format", sections 1.6 (cells, overflow) and 2.1 (records) of SQLite's documentation.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use enamel_types::{AgentId, ObservationId, PracticeId};
use uuid::Uuid;

use crate::chain::Link;
use crate::error::LedgerError;
use crate::files::wal_path;
use crate::format::{EntryHash, MAX_BODY_BYTES, PAGE_SIZE, Row};
use crate::wal::LogReader;

/// Largest part of a row that lies in its leaf page.
const MAX_LOCAL: usize = PAGE_SIZE - 35;
/// Smallest local part of a row that overflows.
const MIN_LOCAL: usize = (PAGE_SIZE - 12) * 32 / 255 - 23;
/// Smallest row: its header, three UUIDs, three hashes.
pub(crate) const MIN_CELL: usize = 158;
/// Everything but the body is far smaller than this.
const MAX_PAYLOAD: usize = MAX_BODY_BYTES + 1024;
/// How far a file that does not look like a ledger is searched for entries.
const SEARCH_LIMIT: u64 = 64 << 20;

/// The page images of a ledger: its file and its log.
pub(crate) struct Pages {
    main: PageFile,
    log: Option<PageFile>,
    /// Frames of the present log: page number, and where the page image begins.
    frames: Vec<(u32, u64)>,
    /// How many of the frames SQLite would accept.
    committed: usize,
    /// The newest frame of each page.
    newest: HashMap<u32, u64>,
}

struct PageFile {
    file: File,
    length: u64,
    path: PathBuf,
}

/// A row that was found and hashes right, without its body.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) seq: u64,
    pub(crate) agent: AgentId,
    pub(crate) agent_seq: u64,
    pub(crate) id: ObservationId,
    pub(crate) prev: EntryHash,
    pub(crate) hash: EntryHash,
    /// SQLite would see it, were the pages that lead to it whole: it does not come from a part of the log that was
    /// never committed.
    pub(crate) committed: bool,
    place: Place,
}

/// Everything that a search found.
#[derive(Default)]
pub(crate) struct Search {
    /// Rows that hash right; the same row may come up several times.
    pub(crate) found: Vec<Found>,
    /// Sequence numbers of cells that read like a row and do not hash right.
    pub(crate) broken: Vec<u64>,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    in_log: bool,
    page_offset: u64,
    cell: usize,
}

/// A cell that reads like a row of the observation table.
struct Cell {
    seq: u64,
    payload: usize,
    local: std::ops::Range<usize>,
    /// First overflow page; 0 if there is none.
    overflow: u32,
    header: RecordHeader,
}

/// Where the columns lie in the payload.
struct RecordHeader {
    serials: [u64; 13],
    length: usize,
}

/// Whether any entry can be found in the first part of a file.
pub(crate) fn holds_entries(path: &Path) -> bool {
    let Ok(mut pages) = Pages::open(path) else { return false };
    pages.main.length = pages.main.length.min(SEARCH_LIMIT);
    pages.search(true).is_ok_and(|search| !search.found.is_empty())
}

impl Pages {
    pub(crate) fn open(path: &Path) -> Result<Self, LedgerError> {
        let mut pages = Self {
            main: PageFile::open(path.to_owned())?,
            log: None,
            frames: Vec::new(),
            committed: 0,
            newest: HashMap::new(),
        };
        if let Some(mut reader) = LogReader::open(path)? {
            while let Some(frame) = reader.next_frame()? {
                if frame.same_log || !reader.header_is_sound {
                    pages.frames.push((frame.page_number, frame.offset));
                    pages.newest.insert(frame.page_number, frame.offset);
                    if frame.adds_up && frame.commits {
                        pages.committed = pages.frames.len();
                    }
                }
            }
            pages.log = Some(PageFile::open(wal_path(path))?);
        }
        Ok(pages)
    }

    /// Looks for rows everywhere. `first_only` stops at the first.
    pub(crate) fn search(&mut self, first_only: bool) -> Result<Search, LedgerError> {
        let mut search = Search::default();
        let mut page = vec![0; PAGE_SIZE];
        for number in 0..self.main.length.div_ceil(PAGE_SIZE as u64) {
            let place = Place { in_log: false, page_offset: number * PAGE_SIZE as u64, cell: 0 };
            self.main.read(place.page_offset, &mut page)?;
            self.search_page(&page, place, true, &mut search)?;
            if first_only && !search.found.is_empty() {
                return Ok(search);
            }
        }
        for index in 0..self.frames.len() {
            let place = Place { in_log: true, page_offset: self.frames[index].1, cell: 0 };
            if let Some(log) = &mut self.log {
                log.read(place.page_offset, &mut page)?;
            }
            self.search_page(&page, place, index < self.committed, &mut search)?;
        }
        Ok(search)
    }

    /// Reads a row that was found before.
    pub(crate) fn row(&mut self, found: &Found) -> Result<Option<Row>, LedgerError> {
        let mut page = vec![0; PAGE_SIZE];
        let file = if found.place.in_log { self.log.as_mut() } else { Some(&mut self.main) };
        let Some(file) = file else { return Ok(None) };
        file.read(found.place.page_offset, &mut page)?;
        match Cell::parse(&page, found.place.cell) {
            Some(cell) => self.read(&page, &cell),
            None => Ok(None),
        }
    }

    fn search_page(
        &mut self,
        page: &[u8],
        place: Place,
        committed: bool,
        search: &mut Search,
    ) -> Result<(), LedgerError> {
        let mut at = 0;
        while at + MIN_CELL < PAGE_SIZE {
            let Some(cell) = Cell::parse(page, at) else {
                at += 1;
                continue;
            };
            if let Some(row) = self.read(page, &cell)? {
                search.found.push(Found {
                    seq: row.seq,
                    agent: row.link.agent,
                    agent_seq: row.link.agent_seq,
                    id: row.link.id,
                    prev: row.link.prev,
                    hash: row.link.hash,
                    committed,
                    place: Place { cell: at, ..place },
                });
                at = cell.local.end;
            } else {
                search.broken.push(cell.seq);
                at += 1;
            }
        }
        Ok(())
    }

    /// The row of a cell, if it hashes right. Overflow pages may lie in the log, in the file or in both.
    fn read(&mut self, page: &[u8], cell: &Cell) -> Result<Option<Row>, LedgerError> {
        for log_first in [true, false] {
            let mut payload = page[cell.local.clone()].to_vec();
            if cell.overflow != 0 && !self.follow(cell, log_first, &mut payload)? {
                continue;
            }
            if let Some(row) = cell.header.row(cell.seq, &payload).filter(|row| row.fault().is_none()) {
                return Ok(Some(row));
            }
            if cell.overflow == 0 || self.log.is_none() {
                break;
            }
        }
        Ok(None)
    }

    /// Appends the overflow pages; false if the chain breaks off. Bounded by the payload's length.
    fn follow(&mut self, cell: &Cell, log_first: bool, payload: &mut Vec<u8>) -> Result<bool, LedgerError> {
        let mut next = cell.overflow;
        let mut page = vec![0; PAGE_SIZE];
        while payload.len() < cell.payload {
            let in_main = u64::from(next) * PAGE_SIZE as u64 <= self.main.length;
            let in_log = self.newest.get(&next).copied();
            match (in_log, self.log.as_mut()) {
                (Some(offset), Some(log)) if log_first || !in_main => log.read(offset, &mut page)?,
                _ if next != 0 && in_main => {
                    self.main.read(u64::from(next - 1) * PAGE_SIZE as u64, &mut page)?;
                }
                _ => return Ok(false),
            }
            let take = (cell.payload - payload.len()).min(PAGE_SIZE - 4);
            payload.extend_from_slice(&page[4..4 + take]);
            next = u32::from_be_bytes([page[0], page[1], page[2], page[3]]);
        }
        Ok(true)
    }
}

impl PageFile {
    fn open(path: PathBuf) -> Result<Self, LedgerError> {
        let file = File::open(&path).map_err(LedgerError::io("read", &path))?;
        let length = file.metadata().map_err(LedgerError::io("read", &path))?.len();
        Ok(Self { file, length, path })
    }

    /// Fills `page` from `offset`; what lies behind the end of the file reads as zero.
    fn read(&mut self, offset: u64, page: &mut [u8]) -> Result<(), LedgerError> {
        page.fill(0);
        let there = usize::try_from(self.length.saturating_sub(offset)).unwrap_or(usize::MAX).min(page.len());
        self.file
            .seek(SeekFrom::Start(offset))
            .and_then(|_| self.file.read_exact(&mut page[..there]))
            .map_err(LedgerError::io("read", &self.path))
    }
}

impl Cell {
    /// Reads a cell of the observation table at an offset; `None` if it cannot be one.
    fn parse(page: &[u8], at: usize) -> Option<Self> {
        let (payload, used) = varint(page.get(at..)?)?;
        let payload = usize::try_from(payload).ok().filter(|size| (MIN_CELL..=MAX_PAYLOAD).contains(size))?;
        let (seq, also_used) = varint(page.get(at + used..)?)?;
        let begin = at + used + also_used;
        let local = if payload <= MAX_LOCAL {
            payload
        } else {
            let usual = MIN_LOCAL + (payload - MIN_LOCAL) % (PAGE_SIZE - 4);
            if usual <= MAX_LOCAL { usual } else { MIN_LOCAL }
        };
        let bytes = page.get(begin..begin + local)?;
        let header = RecordHeader::parse(bytes, payload)?;
        let overflow = if local < payload {
            let pointer = page.get(begin + local..begin + local + 4)?;
            u32::from_be_bytes(pointer.try_into().ok()?)
        } else {
            0
        };
        (seq > 0).then_some(Self { seq, payload, local: begin..begin + local, overflow, header })
    }
}

impl RecordHeader {
    /// Accepts only the types that a row of this table can have, and only if their lengths add up to the payload's.
    fn parse(bytes: &[u8], payload: usize) -> Option<Self> {
        let length = usize::from(*bytes.first()?);
        if !(14..=40).contains(&length) || length > bytes.len() {
            return None;
        }
        let mut serials = [0; 13];
        let mut at = 1;
        for serial in &mut serials {
            let (value, used) = varint(&bytes[at..length])?;
            *serial = value;
            at += used;
        }
        // Text or blob: a flipped byte can turn one into the other, and the bytes, which are what was hashed, are the same.
        let bytes = |serial: u64, size: u64| serial >= 12 && size_of_serial(serial) == size;
        let integer = |serial: u64| matches!(serial, 1..=6 | 8 | 9);
        let [
            seq,
            practice,
            agent,
            agent_seq,
            id,
            kind,
            version,
            observed,
            received,
            prev,
            hash,
            receipt,
            body,
        ] = serials;
        let plausible = at == length
            && seq == 0
            && [practice, agent, id].iter().all(|serial| bytes(*serial, 16))
            && [prev, hash, receipt].iter().all(|serial| bytes(*serial, 32))
            && [agent_seq, version, observed, received].iter().all(|serial| integer(*serial))
            && (12..200).contains(&kind)
            && body >= 12;
        let size = |serial: &u64| usize::try_from(size_of_serial(*serial)).unwrap_or(usize::MAX);
        let total = serials.iter().map(size).try_fold(length, usize::checked_add)?;
        (plausible && total == payload).then_some(Self { serials, length })
    }

    /// The row, if every value has the form of its column.
    fn row(&self, seq: u64, payload: &[u8]) -> Option<Row> {
        let mut rest = payload.get(self.length..)?;
        let mut columns = [(0, [].as_slice()); 13];
        for (column, serial) in columns.iter_mut().zip(self.serials) {
            let (value, behind) = rest.split_at_checked(usize::try_from(size_of_serial(serial)).ok()?)?;
            *column = (serial, value);
            rest = behind;
        }
        let uuid = |index: usize| Some(Uuid::from_bytes(columns[index].1.try_into().ok()?));
        let number = |index: usize| integer(columns[index].0, columns[index].1);
        Some(Row {
            seq,
            received_at: number(8),
            receipt: columns[11].1.try_into().ok()?,
            link: Link {
                practice: PracticeId::from_uuid(uuid(1)?),
                agent: AgentId::from_uuid(uuid(2)?),
                agent_seq: number(3).cast_unsigned(),
                id: ObservationId::from_uuid(uuid(4)?),
                kind: String::from_utf8(columns[5].1.to_vec()).ok()?,
                kind_version: u32::try_from(number(6)).ok()?,
                observed_at: number(7),
                prev: EntryHash(columns[9].1.try_into().ok()?),
                hash: EntryHash(columns[10].1.try_into().ok()?),
                body: columns[12].1.to_vec(),
            },
        })
    }
}

/// Bytes of a value by its serial type.
fn size_of_serial(serial: u64) -> u64 {
    match serial {
        1..=4 => serial,
        5 => 6,
        6 | 7 => 8,
        12.. => (serial - 12) / 2,
        _ => 0,
    }
}

/// A record's integer: big-endian two's complement, or the constants 0 and 1.
fn integer(serial: u64, bytes: &[u8]) -> i64 {
    match serial {
        8 => 0,
        9 => 1,
        _ => {
            let sign = if bytes.first().is_some_and(|first| first & 0x80 != 0) { -1 } else { 0 };
            bytes.iter().fold(sign, |value, byte| value << 8 | i64::from(*byte))
        }
    }
}

/// SQLite's variable-length integer: up to eight groups of seven bits, then one of eight.
fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0;
    for (index, byte) in bytes.iter().enumerate().take(9) {
        if index == 8 {
            return Some((value << 8 | u64::from(*byte), 9));
        }
        value = value << 7 | u64::from(byte & 0x7F);
        if byte & 0x80 == 0 {
            return Some((value, index + 1));
        }
    }
    None
}
