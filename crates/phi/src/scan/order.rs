//! The order of the walk, given back to files that are done in any order.
//!
//! Which records are found to be one person depends on which came first, and a survey must not depend on which thread was faster. So files
//! are folded in the order of the walk. Those that wait for an earlier one are bounded: nobody begins a file too far ahead of it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

use super::TICK;
use super::file::Looked;

/// How many files may be begun from the first one that is not folded yet.
const AHEAD: u64 = 4096;
/// Bytes that files which are done may hold while they wait for an earlier one.
const HELD: u64 = 64 << 20;

/// Lets workers begin files.
#[derive(Default)]
pub(super) struct Turns {
    state: Mutex<State>,
    moved: Condvar,
}

#[derive(Default, Clone, Copy)]
struct State {
    /// The file that is folded next.
    next: u64,
    /// Bytes held by those that wait for it.
    held: u64,
}

impl Turns {
    /// Waits until file `number` may be begun; `false` if the scan was cancelled before. The next one to be folded never waits, so that
    /// the others do not wait for ever.
    pub(super) fn begin(&self, number: u64, cancel: &AtomicBool) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let near = number < state.next + AHEAD && state.held < HELD;
            if near || number <= state.next {
                return true;
            }
            if cancel.load(Ordering::Relaxed) {
                return false;
            }
            state = self.moved.wait_timeout(state, TICK).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn set(&self, state: State) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
        self.moved.notify_all();
    }
}

/// Holds files that are done until it is their turn.
pub(super) struct InOrder<'a> {
    turns: &'a Turns,
    state: State,
    waiting: BTreeMap<u64, Looked>,
}

impl<'a> InOrder<'a> {
    pub(super) fn new(turns: &'a Turns) -> Self {
        Self { turns, state: State::default(), waiting: BTreeMap::new() }
    }

    /// Takes a file that is done and hands on all whose turn it is.
    pub(super) fn add(&mut self, number: u64, looked: Looked, fold: &mut dyn FnMut(Looked)) {
        self.state.held += looked.found.weight();
        self.waiting.insert(number, looked);
        while let Some(looked) = self.waiting.remove(&self.state.next) {
            self.state.next += 1;
            self.state.held -= looked.found.weight();
            fold(looked);
        }
        self.turns.set(self.state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_begins_too_far_ahead_and_the_first_never_waits() {
        let (turns, cancelled) = (Turns::default(), AtomicBool::new(true));
        assert!(turns.begin(AHEAD - 1, &cancelled));
        assert!(!turns.begin(AHEAD, &cancelled));
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| turns.begin(AHEAD, &AtomicBool::new(false)));
            turns.set(State { next: 1, held: 0 });
            assert!(waits.join().unwrap());
        });
        turns.set(State { next: 9, held: HELD });
        assert!(!turns.begin(10, &cancelled));
        assert!(turns.begin(9, &cancelled));
    }
}
