//! How fast the disk may be read, so that a computer in use stays usable.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use enamel_types::{Clock, Timestamp};

/// How long a wait may overlook that the scan was cancelled: that is a flag which wakes nobody, so it is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// A limit that all threads share.
pub(crate) struct Pace<'a> {
    bytes_per_second: u64,
    clock: &'a dyn Clock,
    cancel: &'a AtomicBool,
    /// Until when the bytes read so far take. Time in which nothing was read is not saved up.
    paid: Mutex<Timestamp>,
}

impl<'a> Pace<'a> {
    /// Runs from now on.
    pub(crate) fn new(bytes_per_second: u64, clock: &'a dyn Clock, cancel: &'a AtomicBool) -> Self {
        Self { bytes_per_second: bytes_per_second.max(1), clock, cancel, paid: Mutex::new(clock.now()) }
    }

    /// Waits for as long as `bytes` take, behind those of others. Gives how long that took.
    pub(crate) fn wait(&self, bytes: u64) -> Duration {
        let begun = self.clock.now();
        let takes =
            Duration::try_from_secs_f64(bytes as f64 / self.bytes_per_second as f64).unwrap_or(Duration::MAX);
        let until = {
            let mut paid = self.paid.lock().unwrap_or_else(PoisonError::into_inner);
            *paid = begun.max(*paid).checked_add(takes).unwrap_or(Timestamp::MAX);
            *paid
        };
        let mut now = begun;
        while now < until && !self.cancel.load(Ordering::Relaxed) {
            std::thread::park_timeout(until.duration_since(now).unsigned_abs().min(LOOK));
            now = self.clock.now();
        }
        now.duration_since(begun).unsigned_abs()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicI64;

    use super::*;

    /// A clock that is set, and goes a second with every look at it.
    struct Set(AtomicI64);

    impl Clock for Set {
        fn now(&self) -> Timestamp {
            Timestamp::from_second(self.0.fetch_add(1, Ordering::Relaxed)).unwrap()
        }
    }

    #[test]
    fn what_was_not_read_in_an_idle_minute_is_not_read_at_once_after_it() {
        let (clock, never) = (Set(AtomicI64::new(0)), AtomicBool::new(false));
        let pace = Pace::new(1000, &clock, &never);
        assert!(pace.wait(3000) >= Duration::from_secs(3));
        clock.0.fetch_add(3600, Ordering::Relaxed);
        assert!(pace.wait(3000) >= Duration::from_secs(3), "an hour saved up nothing");
    }

    #[test]
    fn a_cancelled_scan_waits_for_nothing() {
        let (clock, cancelled) = (Set(AtomicI64::new(0)), AtomicBool::new(true));
        assert_eq!(Pace::new(1, &clock, &cancelled).wait(1 << 40), Duration::ZERO);
    }
}
