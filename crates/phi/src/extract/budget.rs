//! What one file may cost: depth, members, expanded bytes and time. Facts: the defaults were chosen so that an honest backup of
//! a practice passes and 42.zip does not.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use enamel_types::{Clock, Timestamp};

/// Bounds on one file, its nested members included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Containers inside containers: a member of a zip in a zip has depth 2.
    pub depth: u32,
    /// Members of archives and mails, all levels together.
    pub members: u64,
    /// Bytes that decompression may yield, all levels together.
    pub expanded: u64,
    /// Decompressed to compressed bytes of one stream, once more than 8 MiB were yielded.
    pub ratio: u64,
    /// Time for one file.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 4, members: 200_000, expanded: 16 << 30, ratio: 250, time: Duration::from_secs(300) }
    }
}

/// Why work on a file ended before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The scan as a whole was cancelled.
    Cancelled,
    /// The time for this file is up.
    Time,
    /// Too many containers inside containers.
    Depth,
    /// Too many members.
    Members,
    /// Decompression yielded too much, absolutely or for what went in.
    Expanded,
}

impl Stop {
    /// The reason in words, for a problem's detail.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cancelled => "the scan was cancelled",
            Self::Time => "the time for one file is up",
            Self::Depth => "too many containers inside containers",
            Self::Members => "too many members",
            Self::Expanded => "it expands to far more than it should (archive bomb?)",
        }
    }
}

/// What is left of the [`Limits`] while one file is read.
pub struct Budget<'a> {
    limits: Limits,
    clock: &'a dyn Clock,
    cancel: &'a AtomicBool,
    deadline: Timestamp,
    depth: u32,
    members: u64,
    expanded: u64,
}

impl<'a> Budget<'a> {
    /// A full budget that starts to run now. `cancel` is looked at with every block read.
    pub fn new(limits: Limits, clock: &'a dyn Clock, cancel: &'a AtomicBool) -> Self {
        let deadline = clock.now().checked_add(limits.time).unwrap_or(Timestamp::MAX);
        Self { limits, clock, cancel, deadline, depth: 0, members: 0, expanded: 0 }
    }

    /// Whether to go on. Called once per block of 64 KiB or so, never per value: it reads the clock.
    pub fn check(&self) -> Result<(), Stop> {
        if self.cancel.load(Ordering::Relaxed) {
            Err(Stop::Cancelled)
        } else if self.clock.now() > self.deadline {
            Err(Stop::Time)
        } else {
            Ok(())
        }
    }

    /// Bytes that decompression yielded so far, for a progress bar.
    pub fn expanded(&self) -> u64 {
        self.expanded
    }
}
