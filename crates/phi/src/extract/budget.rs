//! What one file may cost: depth, members, expanded bytes and time.
//!
//! The defaults let an honest backup of a practice pass (text compresses 3 to 20 times, sparse databases 100 times) and stop
//! 42.zip, whose streams are near deflate's bound of 1032:1.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use enamel_types::words::counted;
use enamel_types::{Clock, Timestamp};

use super::failure::Failure;
use super::pace::Pace;
use crate::sink::{Problem, ProblemKind, Sink};

/// Expanded bytes below which no ratio is looked at: small things may be empty.
const RATIO_FREE: u64 = 8 << 20;
/// Problems told one by one; the rest is counted.
const PROBLEMS: u64 = 20;

/// Bounds on one file, its nested members included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Containers inside containers: a member of a zip in a zip has depth 2.
    pub depth: u32,
    /// Members of archives and mails, all levels together.
    pub members: u64,
    /// Bytes that decompression may yield, all levels together.
    pub expanded: u64,
    /// Decompressed to compressed bytes, of one stream and of the whole file, once more than 8 MiB were yielded.
    pub ratio: u64,
    /// Time for one file.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 4, members: 200_000, expanded: 16 << 30, ratio: 250, time: Duration::from_mins(5) }
    }
}

/// Why work on a file ended before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// The scan as a whole was cancelled.
    Cancelled,
    /// The time for this file is up.
    Time,
    /// Too many containers inside containers.
    Depth,
    /// Too many members.
    Members,
    /// Too many tables in a database.
    Tables,
    /// Decompression of the file yielded too much.
    Expanded,
    /// One stream expands far more than honest data does.
    Ratio,
    /// A single object is larger than is held in memory.
    Size,
}

impl Stop {
    /// Whether it is the file as a whole that is stopped, not one part.
    pub const fn ends_file(self) -> bool {
        matches!(self, Self::Cancelled | Self::Time | Self::Members | Self::Expanded)
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Cancelled => "the scan was cancelled",
            Self::Time => "the time for one file is up",
            Self::Depth => "too many containers inside containers",
            Self::Members => "too many members",
            Self::Tables => "too many tables, of which the first were read",
            Self::Expanded => "it expands to more than is looked at (archive bomb?)",
            Self::Ratio => "a stream expands far more than honest data does (archive bomb?)",
            Self::Size => "it is larger than is looked at",
        })
    }
}

impl std::error::Error for Stop {}

/// What is left of the [`Limits`] while one file is read.
pub struct Budget<'a> {
    limits: Limits,
    clock: &'a dyn Clock,
    cancel: &'a AtomicBool,
    pace: Option<&'a Pace<'a>>,
    deadline: Cell<Timestamp>,
    settled: Cell<bool>,
    file_len: Cell<u64>,
    depth: Cell<u32>,
    members: Cell<u64>,
    expanded: Cell<u64>,
    problems: Cell<u64>,
    /// Those that were only counted.
    further: RefCell<BTreeMap<ProblemKind, u64>>,
}

impl<'a> Budget<'a> {
    /// A full budget for one file, which starts to run now. `cancel` is looked at with every block read.
    pub fn new(limits: Limits, clock: &'a dyn Clock, cancel: &'a AtomicBool) -> Self {
        Self {
            limits,
            clock,
            cancel,
            pace: None,
            deadline: Cell::new(clock.now().checked_add(limits.time).unwrap_or(Timestamp::MAX)),
            settled: Cell::new(true),
            file_len: Cell::new(0),
            depth: Cell::new(0),
            members: Cell::new(0),
            expanded: Cell::new(0),
            problems: Cell::new(0),
            further: RefCell::default(),
        }
    }

    /// The same budget where the disk is read no faster than `pace` allows.
    pub(crate) fn at_pace(self, pace: Option<&'a Pace<'a>>) -> Self {
        Self { pace, ..self }
    }

    /// Whether to go on. Called once a block of 64 KiB or so, never once a value: it reads the clock.
    pub fn check(&self) -> Result<(), Stop> {
        let stop = if self.cancel.load(Ordering::Relaxed) {
            Stop::Cancelled
        } else if self.clock.now() > self.deadline.get() {
            Stop::Time
        } else {
            return Ok(());
        };
        self.unsettle();
        Err(stop)
    }

    /// Takes note of one read of the disk. Its bytes may have to wait for the [`Pace`]; that is not the file's time.
    pub(crate) fn note_read(&self, got: &io::Result<usize>) {
        match got {
            Ok(bytes) => self.note_bytes(*bytes as u64),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => self.unsettle(),
        }
    }

    /// Takes note of bytes that somebody else read from the disk for this file.
    pub(super) fn note_bytes(&self, bytes: u64) {
        if let Some(pace) = self.pace {
            let waited = pace.wait(bytes);
            self.deadline.set(self.deadline.get().checked_add(waited).unwrap_or(Timestamp::MAX));
        }
    }

    /// What comes out may come out otherwise the next time, though the file is the same.
    pub(super) fn unsettle(&self) {
        self.settled.set(false);
    }

    /// Whether what came out depends on the file alone: neither time nor a cancelled scan nor the disk cut it short.
    pub(crate) fn is_settled(&self) -> bool {
        self.settled.get()
    }

    /// Bytes that decompression yielded so far.
    pub fn expanded(&self) -> u64 {
        self.expanded.get()
    }

    /// States the length of the file on disk, the measure of the whole file's ratio.
    pub(super) fn begin(&self, file_len: u64) {
        self.file_len.set(file_len);
    }

    /// Counts `bytes` more of decompressed data.
    pub(super) fn expand(&self, bytes: u64) -> Result<(), Stop> {
        let total = self.expanded.get().saturating_add(bytes);
        self.expanded.set(total);
        let whole_file = self.file_len.get().max(1).saturating_mul(self.limits.ratio);
        if total > self.limits.expanded || (total > 8 * RATIO_FREE && total > whole_file) {
            return Err(Stop::Expanded);
        }
        self.check()
    }

    /// Whether a stream that yields `out` bytes for `input` bytes is honest.
    pub(super) fn ratio(&self, input: u64, out: u64) -> Result<(), Stop> {
        let bomb = out > RATIO_FREE && out / input.max(1) > self.limits.ratio;
        if bomb { Err(Stop::Ratio) } else { Ok(()) }
    }

    /// Runs `work` one container deeper, counting one member.
    pub(super) fn deeper<T>(&self, work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
        self.members.set(self.members.get() + 1);
        if self.members.get() > self.limits.members {
            return Err(Stop::Members.into());
        }
        if self.depth.get() >= self.limits.depth {
            return Err(Stop::Depth.into());
        }
        self.check()?;
        self.depth.set(self.depth.get() + 1);
        let result = work();
        self.depth.set(self.depth.get() - 1);
        result
    }

    /// Reports what failed in the part `name`; after the first twenty of a file only counts.
    pub(super) fn report(&self, name: &str, failure: &Failure, sink: &mut dyn Sink) {
        if matches!(failure, Failure::Io(_)) {
            self.unsettle();
        }
        let problem = failure.problem(name);
        if self.problems.get() < PROBLEMS {
            self.problems.set(self.problems.get() + 1);
            sink.problem(problem);
        } else {
            *self.further.borrow_mut().entry(problem.kind).or_default() += 1;
        }
    }

    /// Reports how many problems were only counted, by their kinds: each means something else.
    pub(super) fn finish(&self, name: &str, sink: &mut dyn Sink) {
        for (kind, more) in self.further.take() {
            let problems = counted(more, "further problem of this kind", "further problems of this kind");
            sink.problem(Problem { kind, detail: format!("{name}: {problems}") });
        }
    }
}

/// A decompressing reader whose yield is charged to a budget.
pub(super) struct Metered<'b, R> {
    inner: R,
    budget: &'b Budget<'b>,
    input: &'b Cell<u64>,
    out: u64,
    uncharged: u64,
}

impl<'b, R: Read> Metered<'b, R> {
    /// `input` holds how many compressed bytes went in so far.
    pub(super) fn new(inner: R, budget: &'b Budget<'b>, input: &'b Cell<u64>) -> Self {
        Self { inner, budget, input, out: 0, uncharged: 0 }
    }
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let got = self.inner.read(buf)?;
        self.out += got as u64;
        self.uncharged += got as u64;
        if self.uncharged > 1 << 16 || got == 0 {
            let spent = std::mem::take(&mut self.uncharged);
            self.budget.expand(spent).map_err(io::Error::other)?;
            self.budget.ratio(self.input.get(), self.out).map_err(io::Error::other)?;
        }
        Ok(got)
    }
}

/// Counts the bytes that go through it.
pub(super) struct Counting<'b, R> {
    inner: R,
    count: &'b Cell<u64>,
}

impl<'b, R: Read> Counting<'b, R> {
    pub(super) fn new(inner: R, count: &'b Cell<u64>) -> Self {
        Self { inner, count }
    }
}

impl<R: Read> Read for Counting<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let got = self.inner.read(buf)?;
        self.count.set(self.count.get() + got as u64);
        Ok(got)
    }
}
