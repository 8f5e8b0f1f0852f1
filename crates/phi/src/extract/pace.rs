//! How fast the disk may be read, so that a computer in use stays usable.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use enamel_types::{Clock, Timestamp};

/// How long a wait may overlook that the scan was cancelled.
const LOOK: Duration = Duration::from_millis(50);

/// A limit that all threads share.
pub(crate) struct Pace<'a> {
    bytes_per_second: u64,
    clock: &'a dyn Clock,
    cancel: &'a AtomicBool,
    started: Timestamp,
    /// Bytes read so far.
    read: AtomicU64,
    wait: (Mutex<()>, Condvar),
}

impl<'a> Pace<'a> {
    /// Runs from now on.
    pub(crate) fn new(bytes_per_second: u64, clock: &'a dyn Clock, cancel: &'a AtomicBool) -> Self {
        Self {
            bytes_per_second: bytes_per_second.max(1),
            clock,
            cancel,
            started: clock.now(),
            read: AtomicU64::new(0),
            wait: (Mutex::new(()), Condvar::new()),
        }
    }

    /// Waits until all that was read, `bytes` more included, fits the limit. Gives how long that took.
    pub(crate) fn wait(&self, bytes: u64) -> Duration {
        let read = self.read.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        let due = Duration::from_secs_f64(read as f64 / self.bytes_per_second as f64);
        let begun = self.clock.now();
        let mut now = begun;
        loop {
            let elapsed = now.duration_since(self.started).unsigned_abs();
            if elapsed >= due || self.cancel.load(Ordering::Relaxed) {
                return now.duration_since(begun).unsigned_abs();
            }
            let guard = self.wait.0.lock().unwrap_or_else(PoisonError::into_inner);
            drop(self.wait.1.wait_timeout(guard, due.saturating_sub(elapsed).min(LOOK)));
            now = self.clock.now();
        }
    }
}
