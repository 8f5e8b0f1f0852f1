//! Looking into one file.
//!
//! Plain and delimited text in UTF-8 takes a fast way: pieces of [`PIECE`] bytes, cut at line ends, read at their place into a buffer
//! that is used again. A large file's pieces are shared between threads. Everything else goes through
//! [`extract`](crate::extract::extract).

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
const LINE: usize = 256 << 10;
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
            return (format, self.text(path, meta.len(), mark as u64, format == Format::Csv, &name));
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
    fn text(&self, path: &Path, len: u64, mark: u64, delimited: bool, name: &str) -> Outcome {
        let mut first = Detector::new(self.options.fingerprint_key, self.today);
        let mut reader = match Pieces::open(path, len, mark) {
            Ok(reader) => reader,
            Err(error) => return refused(name, &error),
        };
        match reader.piece(0) {
            Ok(Some(text)) => feed(&mut first, text, delimited),
            Ok(None) => {}
            Err(error) => return refused(name, &error),
        }
        let pieces = len.div_ceil(PIECE as u64);
        let next = AtomicU64::new(1);
        if len < LARGE || self.threads < 2 {
            self.pieces(&mut reader, &mut first, &next, pieces, delimited, name);
            return first.finish();
        }
        let turn = self.large.lock().unwrap_or_else(PoisonError::into_inner);
        let others: Vec<Outcome> = std::thread::scope(|scope| {
            let workers: Vec<_> = (1..self.threads)
                .map(|_| {
                    let mut detector = first.fork();
                    let next = &next;
                    scope.spawn(move || {
                        match Pieces::open(path, len, mark) {
                            Ok(mut reader) => {
                                self.pieces(&mut reader, &mut detector, next, pieces, delimited, name);
                            }
                            Err(error) => return refused(name, &error),
                        }
                        detector.finish()
                    })
                })
                .collect();
            self.pieces(&mut reader, &mut first, &next, pieces, delimited, name);
            workers.into_iter().filter_map(|worker| worker.join().ok()).collect()
        });
        drop(turn);
        let mut outcome = first.finish();
        for other in others {
            outcome.merge(other);
        }
        outcome
    }

    fn pieces(
        &self,
        reader: &mut Pieces,
        detector: &mut Detector,
        next: &AtomicU64,
        pieces: u64,
        delimited: bool,
        name: &str,
    ) {
        let deadline = self.clock.now().checked_add(Limits::default().time).unwrap_or(Timestamp::MAX);
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= pieces || self.cancel.load(Ordering::Relaxed) {
                break;
            }
            if self.clock.now() > deadline {
                let detail = format!("{name}: the time for one file is up");
                detector.problem(Problem { kind: ProblemKind::Limit, detail });
                break;
            }
            match reader.piece(index) {
                Ok(Some(text)) => feed(detector, text, delimited),
                Ok(None) => {}
                Err(error) => {
                    let detail = format!("{name} could not be read to its end ({})", error.kind());
                    detector.problem(Problem { kind: ProblemKind::Unreadable, detail });
                    break;
                }
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

/// Reads pieces of a file at their places, each from the first line that begins in it to the end of the last.
struct Pieces {
    file: File,
    len: u64,
    mark: u64,
    buffer: Vec<u8>,
    /// Used where a piece is not UTF-8.
    decoded: String,
}

impl Pieces {
    fn open(path: &Path, len: u64, mark: u64) -> io::Result<Self> {
        Ok(Self { file: File::open(path)?, len, mark, buffer: Vec::new(), decoded: String::new() })
    }

    /// The lines that begin in piece `index`; `None` if there are none.
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
        let own = usize::try_from(begin + PIECE as u64 - from).unwrap_or(PIECE).min(bytes.len());
        let start =
            if index == 0 { 0 } else { memchr::memchr(b'\n', &bytes[..own]).map_or(own, |at| at + 1) };
        // The last own line is followed to its end. A line without one within reach is cut.
        let last = memchr::memchr(
            b'\n',
            &bytes[own.saturating_sub(1).max(start.saturating_sub(1)).min(bytes.len())..],
        );
        let end = match last {
            Some(at) => own.saturating_sub(1).max(start.saturating_sub(1)) + at + 1,
            None => bytes.len(),
        };
        let lines = if start < own { &bytes[start..end.max(start)] } else { &bytes[..0] };
        // Holes of a sparse file read as zeros; nothing stands in them.
        if lines.first() == Some(&0) && lines.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        if let Ok(text) = std::str::from_utf8(&self.buffer[start..start + lines.len()]) {
            return Ok((!text.is_empty()).then_some(text));
        }
        self.decoded.clear();
        for chunk in self.buffer[start..start + lines.len()].utf8_chunks() {
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
        let mut pieces = Pieces::open(&path, text.len() as u64, 0).unwrap();
        let mut back = String::new();
        for index in 0..(text.len() as u64).div_ceil(PIECE as u64) {
            back.push_str(pieces.piece(index).unwrap().unwrap_or_default());
        }
        assert!(back == text, "{} of {} bytes came back", back.len(), text.len());
    }
}
