//! Looking into one file.
//!
//! Plain and delimited text in UTF-8 takes a fast way: pieces of [`PIECE`] bytes, cut at line ends, read at their place into a buffer
//! that is used again. A large file's pieces are shared between threads. Everything else goes through
//! [`extract`](crate::extract::extract).

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use enamel_types::patient_data::EntityCounts;
use enamel_types::time::{Clock, Timestamp};

use super::ScanOptions;
use super::cache::{Cache, Stamp};
use super::walk::{self, Job};
use crate::detect::{Detector, Outcome, Tally};
use crate::extract::{self, Budget, Encoding, Format, HEAD, Limits, Source};
use crate::persons::People;
use crate::report::FileReport;
use crate::sink::{Problem, ProblemKind, Sink};

/// What a thread reads of a text at once.
const PIECE: usize = 1 << 20;
/// A line that goes on past the end of a piece is followed this far.
const LINE: usize = 64 << 10;
/// A paragraph is followed this far; beyond, a piece is cut at a line's end.
const PARAGRAPH: usize = 8 << 10;
/// Files of this size and more are shared between threads.
const LARGE: u64 = 16 << 20;

/// What was found in one file, as it is kept in the cache and folded into surveys.
pub(super) struct Found {
    pub(super) format: String,
    pub(super) bytes: u64,
    pub(super) has_phi: bool,
    pub(super) tally: Tally,
    pub(super) people: People,
    pub(super) problems: Vec<Problem>,
}

/// One file that was looked into, or a folder that could not be.
pub(super) struct Looked {
    pub(super) root: usize,
    pub(super) path: PathBuf,
    pub(super) is_file: bool,
    /// Whether everybody may read the file, by its own permissions.
    pub(super) open_to_all: Option<bool>,
    pub(super) found: Found,
    /// For the cache; `None` where it must not be kept.
    pub(super) stamp: Option<Stamp>,
}

impl Looked {
    /// The report for the caller.
    pub(super) fn report(&self, fingerprints: bool) -> FileReport {
        let found = &self.found;
        let entities: EntityCounts = found.tally.counts();
        let persons = if found.has_phi { found.people.estimate() } else { enamel_types::Estimate::exact(0) };
        FileReport {
            path: self.path.clone(),
            format: found.format.clone(),
            bytes: found.bytes,
            has_phi: found.has_phi,
            entities,
            persons,
            errors: found.problems.clone(),
            values: if fingerprints { found.tally.values() } else { std::collections::BTreeMap::new() },
            samples: found.tally.samples(),
            #[cfg(feature = "test-reveal")]
            found: found.tally.found.iter().cloned().collect(),
        }
    }
}

/// Looks into files, from several threads.
pub(super) struct Looker<'a> {
    options: &'a ScanOptions,
    clock: &'a dyn Clock,
    cancel: &'a AtomicBool,
    cache: Option<&'a Cache>,
    threads: usize,
    today: (u16, u8, u8),
    started: Timestamp,
    /// Bytes read so far, against the caller's limit.
    used: AtomicU64,
    wait: (Mutex<()>, Condvar),
    /// Only one large file is shared between threads at a time.
    large: Mutex<()>,
}

impl<'a> Looker<'a> {
    pub(super) fn new(
        options: &'a ScanOptions,
        clock: &'a dyn Clock,
        cancel: &'a AtomicBool,
        cache: Option<&'a Cache>,
        threads: usize,
    ) -> Self {
        let started = clock.now();
        let date = jiff::tz::TimeZone::UTC.to_datetime(started).date();
        let today = (
            u16::try_from(date.year()).unwrap_or(2000),
            u8::try_from(date.month()).unwrap_or(1),
            u8::try_from(date.day()).unwrap_or(1),
        );
        Self {
            options,
            clock,
            cancel,
            cache,
            threads,
            today,
            started,
            used: AtomicU64::new(0),
            wait: (Mutex::new(()), Condvar::new()),
            large: Mutex::new(()),
        }
    }

    /// Looks into one file. What goes wrong is a problem of its report.
    pub(super) fn look(&self, job: Job) -> Looked {
        let Job { root, path, what } = job;
        let meta = match what {
            Ok(meta) => meta,
            Err(problem) => {
                let found = Found::nothing("folder", vec![problem]);
                return Looked { root, path, is_file: false, open_to_all: None, found, stamp: None };
            }
        };
        let open_to_all = open_to_all(&meta);
        let stamp = self.cache.and_then(|_| Stamp::of(&path, &meta, self.started));
        if let (Some(cache), Some(stamp)) = (self.cache, &stamp)
            && let Some(found) = cache.recall(stamp)
        {
            return Looked { root, path, is_file: true, open_to_all, found, stamp: None };
        }
        let outcome = catch_unwind(AssertUnwindSafe(|| self.read(&path, &meta)));
        let (format, outcome) = outcome.unwrap_or_else(|_| {
            let mut outcome = Outcome::new();
            outcome
                .problems
                .push(Problem { kind: ProblemKind::Malformed, detail: "its reader gave up".to_owned() });
            (Format::Other, outcome)
        });
        // What a limit or a refusal cut short may come out otherwise next time.
        let whole = !self.cancel.load(Ordering::Relaxed)
            && !outcome.problems.iter().any(|problem| problem.kind == ProblemKind::Unreadable);
        let found = Found {
            format: format.as_str().to_owned(),
            bytes: walk::on_disk(&meta),
            has_phi: outcome.has_phi(),
            tally: outcome.tally,
            people: outcome.people,
            problems: outcome.problems,
        };
        Looked { root, path, is_file: true, open_to_all, found, stamp: stamp.filter(|_| whole) }
    }

    fn read(&self, path: &Path, meta: &std::fs::Metadata) -> (Format, Outcome) {
        let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        let refused = |error: &io::Error| {
            let mut outcome = Outcome::new();
            let detail = format!("{name} could not be read ({})", error.kind());
            outcome.problems.push(Problem { kind: ProblemKind::Unreadable, detail });
            (Format::Other, outcome)
        };
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) => return refused(&error),
        };
        let mut head = Vec::with_capacity(HEAD);
        if let Err(error) = Read::take(&mut file, HEAD as u64).read_to_end(&mut head) {
            return refused(&error);
        }
        let format = extract::sniff(&head, &name);
        let (encoding, mark) = extract::detect(&head);
        if matches!(format, Format::Txt | Format::Csv) && encoding == Encoding::Utf8 {
            return (format, self.text(path, file, meta.len(), mark as u64, format == Format::Csv, &name));
        }
        let mut detector = Detector::new(self.options.fingerprint_key, self.today);
        if let Err(error) = file.seek(SeekFrom::Start(0)) {
            return refused(&error);
        }
        let budget = Budget::new(Limits::default(), self.clock, self.cancel);
        extract::extract(Source::file(&file, meta.len(), path), &name, format, &budget, &mut detector);
        if format != Format::Other {
            self.charge(walk::on_disk(meta));
        }
        (format, detector.finish())
    }

    /// Plain or delimited text, piece by piece.
    fn text(&self, path: &Path, file: File, len: u64, mark: u64, delimited: bool, name: &str) -> Outcome {
        let mut first = Detector::new(self.options.fingerprint_key, self.today);
        let mut reader = Pieces::new(file, len, mark, delimited);
        match reader.piece(0) {
            Ok(Some(text)) => feed(&mut first, text, delimited),
            Ok(None) => {}
            Err(error) => return refused(name, &error),
        }
        let text = Text {
            name,
            delimited,
            pieces: len.div_ceil(PIECE as u64),
            next: AtomicU64::new(1),
            later: first.fork(),
            merged: Mutex::new(InOrder { whole: first.finish(), next: 1, waiting: BTreeMap::new() }),
        };
        if len < LARGE || self.threads < 2 {
            self.pieces(&mut reader, &text);
        } else {
            let turn = self.large.lock().unwrap_or_else(PoisonError::into_inner);
            std::thread::scope(|scope| {
                for _ in 1..self.threads {
                    // A thread that cannot open the file leaves its pieces to the others.
                    scope.spawn(|| {
                        File::open(path)
                            .map(|file| self.pieces(&mut Pieces::new(file, len, mark, delimited), &text))
                    });
                }
                self.pieces(&mut reader, &text);
            });
            drop(turn);
        }
        text.merged.into_inner().unwrap_or_else(PoisonError::into_inner).finish()
    }

    /// Takes one piece after the other until none is left.
    fn pieces(&self, reader: &mut Pieces, text: &Text<'_>) {
        let deadline = self.clock.now().checked_add(Limits::default().time).unwrap_or(Timestamp::MAX);
        loop {
            let index = text.next.fetch_add(1, Ordering::Relaxed);
            if index >= text.pieces || self.cancel.load(Ordering::Relaxed) {
                break;
            }
            // Each piece has a detector of its own, so that it comes out the same whichever thread gets it.
            let mut detector = text.later.fork();
            let late = self.clock.now() > deadline;
            if late {
                let detail = format!("{}: the time for one file is up", text.name);
                detector.problem(Problem { kind: ProblemKind::Limit, detail });
            } else {
                match reader.piece(index) {
                    Ok(Some(lines)) => feed(&mut detector, lines, text.delimited),
                    Ok(None) => {}
                    Err(error) => {
                        let detail = format!("{} could not be read to its end ({})", text.name, error.kind());
                        detector.problem(Problem { kind: ProblemKind::Unreadable, detail });
                    }
                }
            }
            let found = detector.finish();
            text.merged.lock().unwrap_or_else(PoisonError::into_inner).add(index, found);
            if late {
                break;
            }
            self.charge(PIECE as u64);
        }
    }

    /// Waits until the bytes read so far fit the caller's limit.
    fn charge(&self, bytes: u64) {
        let Some(limit) = self.options.bytes_per_second.filter(|limit| *limit > 0) else { return };
        let used = self.used.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let due = Duration::from_secs_f64(used as f64 / limit as f64);
        loop {
            let elapsed = self.clock.now().duration_since(self.started).unsigned_abs();
            if elapsed >= due || self.cancel.load(Ordering::Relaxed) {
                return;
            }
            let guard = self.wait.0.lock().unwrap_or_else(PoisonError::into_inner);
            let rest = due.saturating_sub(elapsed).min(Duration::from_millis(100));
            drop(self.wait.1.wait_timeout(guard, rest));
        }
    }
}

impl Found {
    fn nothing(format: &str, problems: Vec<Problem>) -> Self {
        let outcome = Outcome::new();
        Self {
            format: format.to_owned(),
            bytes: 0,
            has_phi: false,
            tally: outcome.tally,
            people: outcome.people,
            problems,
        }
    }
}

fn refused(name: &str, error: &io::Error) -> Outcome {
    let mut outcome = Outcome::new();
    let detail = format!("{name} could not be read ({})", error.kind());
    outcome.problems.push(Problem { kind: ProblemKind::Unreadable, detail });
    outcome
}

fn feed(detector: &mut Detector, text: &str, delimited: bool) {
    if delimited { detector.delimited(text) } else { detector.text(text) }
}

/// A text whose pieces are shared between threads.
struct Text<'a> {
    name: &'a str,
    delimited: bool,
    pieces: u64,
    /// The next piece that nobody has taken.
    next: AtomicU64,
    /// Knows what the first piece showed about columns.
    later: Detector,
    merged: Mutex<InOrder>,
}

/// Adds up what was found in pieces in the order of the text, so that people come out the same whoever was done first.
struct InOrder {
    whole: Outcome,
    next: u64,
    waiting: BTreeMap<u64, Outcome>,
}

impl InOrder {
    fn add(&mut self, index: u64, found: Outcome) {
        self.waiting.insert(index, found);
        while let Some(found) = self.waiting.remove(&self.next) {
            self.whole.merge(found);
            self.next += 1;
        }
    }

    /// The sum. Where a scan was stopped some pieces are missing, and those after them count too.
    fn finish(mut self) -> Outcome {
        for found in std::mem::take(&mut self.waiting).into_values() {
            self.whole.merge(found);
        }
        self.whole
    }
}

/// Reads pieces of a file at their places, cut between paragraphs or at least between lines.
struct Pieces {
    file: File,
    len: u64,
    mark: u64,
    /// Whether a blank line means nothing: it may stand within a quoted cell.
    delimited: bool,
    buffer: Vec<u8>,
    /// Used where a piece is not UTF-8.
    decoded: String,
}

impl Pieces {
    fn new(file: File, len: u64, mark: u64, delimited: bool) -> Self {
        Self { file, len, mark, delimited, buffer: Vec::new(), decoded: String::new() }
    }

    /// Where a piece begins that should begin right after the byte at `at`: after the blank line or line end that follows. It
    /// depends on the file alone, so that the piece before ends there too.
    fn cut(&self, bytes: &[u8], at: usize) -> usize {
        let ahead = &bytes[at.min(bytes.len())..bytes.len().min(at + LINE)];
        let blank =
            |newline: &usize| matches!(ahead.get(newline + 1..), Some([b'\n', ..] | [b'\r', b'\n', ..]));
        let near = &ahead[..ahead.len().min(PARAGRAPH)];
        let paragraph = if self.delimited { None } else { memchr::memchr_iter(b'\n', near).find(blank) };
        match paragraph.or_else(|| memchr::memchr(b'\n', ahead)) {
            Some(newline) => at + newline + 1,
            // The last line of the file, or one without end, which is torn rather than lost.
            None if ahead.len() < LINE => bytes.len(),
            None => at + 1,
        }
    }

    /// Piece `index`; `None` if nothing is in it.
    fn piece(&mut self, index: u64) -> io::Result<Option<&str>> {
        let begin = index * PIECE as u64;
        // One byte more in front tells whether a line begins exactly here.
        let from = begin.saturating_sub(1).max(if index == 0 { self.mark } else { 0 });
        let want = usize::try_from((begin + PIECE as u64 + LINE as u64).min(self.len).saturating_sub(from))
            .unwrap_or(PIECE + LINE);
        self.buffer.resize(want, 0);
        self.file.seek(SeekFrom::Start(from))?;
        let mut filled = 0;
        while filled < want {
            match self.file.read(&mut self.buffer[filled..]) {
                // The file became shorter while it was read: what is there counts.
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let bytes = &self.buffer[..filled];
        let last = usize::try_from(begin + PIECE as u64 - 1 - from).unwrap_or(PIECE);
        let end = if last >= filled { filled } else { self.cut(bytes, last) };
        let start = if index == 0 { 0 } else { self.cut(bytes, 0).min(end) };
        let lines = &bytes[start..end];
        // Holes of a sparse file read as zeros; nothing stands in them.
        if lines.first() == Some(&0) && lines.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        if let Ok(text) = std::str::from_utf8(&self.buffer[start..end]) {
            return Ok((!text.is_empty()).then_some(text));
        }
        self.decoded.clear();
        for chunk in self.buffer[start..end].utf8_chunks() {
            self.decoded.push_str(chunk.valid());
            self.decoded.push_str(&encoding_rs::WINDOWS_1252.decode_without_bom_handling(chunk.invalid()).0);
        }
        Ok(Some(&self.decoded))
    }
}

/// Whether every account may read a file, by its own permissions.
#[cfg(unix)]
#[allow(clippy::unnecessary_wraps)] // other systems cannot say
fn open_to_all(meta: &std::fs::Metadata) -> Option<bool> {
    use std::os::unix::fs::MetadataExt;
    Some(meta.mode() & 0o004 != 0)
}

#[cfg(not(unix))]
fn open_to_all(_meta: &std::fs::Metadata) -> Option<bool> {
    None
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    #[test]
    fn every_line_is_in_exactly_one_piece() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines.txt");
        let mut text = String::new();
        for n in 0..150_000 {
            writeln!(text, "line {n} {}", "x".repeat(n % 31)).unwrap();
        }
        std::fs::write(&path, &text).unwrap();
        let mut pieces = Pieces::new(File::open(&path).unwrap(), text.len() as u64, 0, false);
        let mut back = String::new();
        for index in 0..(text.len() as u64).div_ceil(PIECE as u64) {
            back.push_str(pieces.piece(index).unwrap().unwrap_or_default());
        }
        assert!(back == text, "{} of {} bytes came back", back.len(), text.len());
    }
}
