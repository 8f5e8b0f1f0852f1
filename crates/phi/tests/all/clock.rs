//! Clocks that are not the computer's.

use std::sync::atomic::{AtomicI64, Ordering};

use enamel_types::time::{Clock, Timestamp};

const NOON: i64 = 1_795_608_000;

/// Noon of a day in November 2026: it stands still.
pub(crate) struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(NOON).unwrap()
    }
}

/// From that noon on every look takes so many seconds.
pub(crate) struct Running {
    now: AtomicI64,
    seconds: i64,
}

impl Running {
    pub(crate) fn by(seconds: i64) -> Self {
        Self { now: AtomicI64::new(NOON), seconds }
    }

    /// Seconds gone by.
    pub(crate) fn gone(&self) -> i64 {
        self.now.load(Ordering::Relaxed) - NOON
    }
}

impl Clock for Running {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.now.fetch_add(self.seconds, Ordering::Relaxed)).unwrap()
    }
}
