//! Time and randomness that a test decides.

use std::sync::{Mutex, PoisonError};

use enamel_types::{Clock, Timestamp};

/// A clock that shows what it was set to.
#[derive(Debug)]
pub struct SetClock(Mutex<Timestamp>);

impl SetClock {
    /// A clock that stands at `now`.
    pub const fn new(now: Timestamp) -> Self {
        Self(Mutex::new(now))
    }

    /// A clock that stands at an RFC 3339 time such as `2026-03-02T08:00:00Z`.
    ///
    /// # Panics
    /// If the text is no such time: it is the test's own literal.
    pub fn at(text: &str) -> Self {
        match text.parse() {
            Ok(now) => Self::new(now),
            Err(error) => panic!("SetClock::at({text:?}): {error}"),
        }
    }

    /// Moves the clock to `now`, forwards or back.
    pub fn set(&self, now: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }

    /// Moves the clock by a span; negative moves it back.
    ///
    /// # Panics
    /// If the result is outside the years -9999 to 9999.
    pub fn advance(&self, span: jiff::SignedDuration) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match now.checked_add(span) {
            Ok(moved) => *now = moved,
            Err(error) => panic!("SetClock::advance({span:?}): {error}"),
        }
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bytes for a `Minter` that are the same in every run, and differ from seed to seed and from call to call.
///
/// The generator is SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
pub fn repeatable_fill(seed: u64) -> impl FnMut(&mut [u8]) + Send {
    let mut state = seed;
    move |bytes| {
        for chunk in bytes.chunks_mut(8) {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut word = state;
            word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            word ^= word >> 31;
            chunk.copy_from_slice(&word.to_le_bytes()[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use enamel_types::Minter;

    #[test]
    fn the_clock_shows_what_it_was_set_to() {
        let clock = SetClock::at("2026-03-02T08:00:00Z");
        clock.advance(jiff::SignedDuration::from_hours(-1));
        assert_eq!(clock.now().to_string(), "2026-03-02T07:00:00Z");
    }

    #[test]
    fn ids_repeat_with_the_seed_and_differ_without() {
        let now = SetClock::at("2026-03-02T08:00:00Z").now();
        let ids = |seed| {
            let mut fill = repeatable_fill(seed);
            let mut minter = Minter::new(&mut fill);
            (minter.observation(now), minter.observation(now))
        };
        assert_eq!(ids(1), ids(1));
        assert_ne!(ids(1), ids(2));
        assert_ne!(ids(1).0, ids(1).1);
    }
}
