//! Looking at SQLite's write-ahead log before SQLite does.
//!
//! SQLite silently drops everything behind the first frame of the log that does not add up. For a write that was
//! interrupted that is right: it was never acknowledged. For a damaged log it would lose acknowledged evidence without a
//! word, so the log is read here first. Facts: "The Write-Ahead Log", section 4 of SQLite's file format document.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use crate::error::LedgerError;
use crate::files::{beside, unused, wal_path};
use crate::format::PAGE_SIZE;

const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// The end of a write that was not finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TornTail {
    /// Bytes behind the last complete commit.
    pub bytes: u64,
    /// Set where the end looks as if it had been complete once (power cut or a flipped byte; nobody can tell): a copy of
    /// the log as it was. `None` after an ordinary interruption, when nothing of it was ever acknowledged.
    pub kept: Option<PathBuf>,
}

/// What the log looks like.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum WalState {
    /// No log, or one that ends with a complete commit.
    Clean,
    /// It ends within a write.
    Torn {
        bytes: u64,
        /// Something in it does not add up; it may have been complete once.
        ambiguous: bool,
    },
    /// Acknowledged commits lie behind something that does not add up.
    Damaged { why: String },
}

/// Reports what SQLite is about to cut off, and refuses if that would lose acknowledged entries. The caller holds the
/// ledger's lock.
pub(crate) fn cut_torn_tail(path: &Path) -> Result<Option<TornTail>, LedgerError> {
    match inspect(path)? {
        WalState::Clean => Ok(None),
        WalState::Torn { bytes, ambiguous: false } => Ok(Some(TornTail { bytes, kept: None })),
        WalState::Torn { bytes, ambiguous: true } => {
            let kept = unused(&beside(path, "-wal.torn"));
            std::fs::copy(wal_path(path), &kept).map_err(LedgerError::io("copy the log to", &kept))?;
            Ok(Some(TornTail { bytes, kept: Some(kept) }))
        }
        WalState::Damaged { why } => Err(LedgerError::Damaged { path: path.to_owned(), seq: None, why }),
    }
}

/// Reads the whole log once.
pub(crate) fn inspect(path: &Path) -> Result<WalState, LedgerError> {
    let Some(mut log) = LogReader::open(path)? else { return Ok(WalState::Clean) };
    if !log.header_is_sound {
        // Frames behind a broken header are invisible to SQLite, and a header is written in one sector.
        while let Some(frame) = log.next_frame()? {
            if frame.commits {
                let why = "the header of its write-ahead log is damaged, and there are commits behind it"
                    .to_owned();
                return Ok(WalState::Damaged { why });
            }
        }
        return Ok(WalState::Torn { bytes: log.length, ambiguous: false });
    }
    let mut sound_to = HEADER as u64;
    let mut commits_behind = 0;
    let mut broken = false;
    while let Some(frame) = log.next_frame()? {
        if !frame.same_log {
            // Leftovers of an earlier log that has been folded into the file.
            continue;
        }
        broken |= !frame.adds_up;
        match (broken, frame.commits) {
            (false, true) => sound_to = log.position,
            (true, true) => commits_behind += 1,
            (_, false) => {}
        }
    }
    let bytes = log.same_log_to.max(log.partial_to).saturating_sub(sound_to);
    Ok(match (bytes, commits_behind) {
        (0, _) => WalState::Clean,
        // An interrupted write leaves whole frames without a commit mark.
        (_, 0 | 1) => WalState::Torn { bytes, ambiguous: broken },
        // The second commit was only written after the first was on the disk, so the first was acknowledged.
        (_, commits) => WalState::Damaged {
            why: format!("its write-ahead log is damaged, and {commits} commits lie behind the damage"),
        },
    })
}

/// One frame of the log, which is a page image with a little header.
pub(crate) struct Frame {
    pub(crate) page_number: u32,
    /// Where the page image begins in the log.
    pub(crate) offset: u64,
    /// It belongs to the present log and not to one that was written here before.
    pub(crate) same_log: bool,
    /// Its running checksum is right, and so were all before it.
    pub(crate) adds_up: bool,
    /// It ends a transaction.
    pub(crate) commits: bool,
}

/// Reads a log frame by frame.
pub(crate) struct LogReader {
    file: BufReader<File>,
    path: PathBuf,
    length: u64,
    position: u64,
    same_log_to: u64,
    /// End of the file, if it ends within a frame.
    partial_to: u64,
    big_endian: bool,
    salt: [u8; 8],
    sum: (u32, u32),
    pub(crate) header_is_sound: bool,
    adds_up: bool,
}

impl LogReader {
    /// `None` if there is no log or an empty one.
    pub(crate) fn open(path: &Path) -> Result<Option<Self>, LedgerError> {
        let path = wal_path(path);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(LedgerError::io("read", &path)(error)),
        };
        let length = file.metadata().map_err(LedgerError::io("read", &path))?.len();
        if length == 0 {
            return Ok(None);
        }
        let mut log = Self {
            file: BufReader::with_capacity(1 << 16, file),
            path,
            length,
            position: 0,
            same_log_to: 0,
            partial_to: 0,
            big_endian: false,
            salt: [0; 8],
            sum: (0, 0),
            header_is_sound: false,
            adds_up: true,
        };
        let mut header = [0; HEADER];
        if log.fill(&mut header)? {
            let magic = word(&header, 0);
            log.big_endian = magic & 1 == 1;
            log.salt.copy_from_slice(&header[16..24]);
            log.sum = checksum((0, 0), &header[..24], log.big_endian);
            log.header_is_sound = magic & !1 == 0x377F_0682
                && word(&header, 4) == 3_007_000
                && word(&header, 8) as usize == PAGE_SIZE
                && log.sum == (word(&header, 24), word(&header, 28));
        }
        Ok(Some(log))
    }

    /// The next frame, whichever log it belongs to; `None` at the end.
    pub(crate) fn next_frame(&mut self) -> Result<Option<Frame>, LedgerError> {
        let mut header = [0; FRAME_HEADER];
        let mut page = vec![0; PAGE_SIZE];
        if !(self.fill(&mut header)? && self.fill(&mut page)?) {
            return Ok(None);
        }
        // An earlier log differs in both salts; one flipped byte makes only one of them differ.
        let same_salt = header[8..16] == self.salt;
        let same_log = header[8..12] == self.salt[..4] || header[12..16] == self.salt[4..];
        self.sum = checksum(self.sum, &header[..8], self.big_endian);
        self.sum = checksum(self.sum, &page, self.big_endian);
        self.adds_up &=
            self.header_is_sound && same_salt && self.sum == (word(&header, 16), word(&header, 20));
        if same_log {
            self.same_log_to = self.position;
        }
        Ok(Some(Frame {
            page_number: word(&header, 0),
            offset: self.position - PAGE_SIZE as u64,
            same_log,
            adds_up: self.adds_up,
            commits: word(&header, 4) != 0,
        }))
    }

    /// Fills the buffer; false at the end of the file.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<bool, LedgerError> {
        match self.file.read_exact(buffer) {
            Ok(()) => {
                self.position += buffer.len() as u64;
                Ok(true)
            }
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                if self.length > self.position {
                    self.partial_to = self.length;
                }
                Ok(false)
            }
            Err(error) => Err(LedgerError::io("read", &self.path)(error)),
        }
    }
}

/// Big-endian 32-bit word.
fn word(bytes: &[u8], at: usize) -> u32 {
    bytes[at..at + 4].iter().fold(0, |value, byte| value << 8 | u32::from(*byte))
}

/// SQLite's running checksum over 8-byte steps.
fn checksum((mut a, mut b): (u32, u32), bytes: &[u8], big_endian: bool) -> (u32, u32) {
    for pair in bytes.chunks_exact(8) {
        let half = |at: usize, add: u32, to: u32| {
            let raw = word(pair, at);
            let value = if big_endian { raw } else { raw.swap_bytes() };
            to.wrapping_add(value).wrapping_add(add)
        };
        a = half(0, b, a);
        b = half(4, a, b);
    }
    (a, b)
}
