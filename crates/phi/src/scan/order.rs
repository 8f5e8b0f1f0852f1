//! An order, given back to things that are done in any order: the files of a walk, the pieces of a text.
//!
//! Which records are found to be one person depends on which came first, and a survey must not depend on which thread was faster. So what
//! was found is folded in order. What waits for an earlier one is bounded: nobody begins too far ahead of it.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, PoisonError};

use super::TICK;

/// Lets workers begin the next thing.
pub(super) struct Turns {
    /// How many things may be begun from the first one that is not folded yet.
    ahead: u64,
    state: Mutex<State>,
    moved: Condvar,
}

/// Bytes that things which are done may hold while they wait for an earlier one.
const HELD: u64 = 64 << 20;

#[derive(Default, Clone, Copy)]
struct State {
    /// The thing that is folded next.
    next: u64,
    /// Bytes held by those that wait for it.
    held: u64,
}

impl Turns {
    /// Turns of which at most `ahead` are begun before the first is folded.
    pub(super) fn new(ahead: u64) -> Self {
        Self { ahead, state: Mutex::default(), moved: Condvar::new() }
    }

    /// Waits until thing `number` may be begun; `false` if the scan is `over` before. The next one to be folded never waits, so that
    /// the others do not wait for ever.
    pub(super) fn begin(&self, number: u64, over: &dyn Fn() -> bool) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let near = number < state.next + self.ahead && state.held < HELD;
            if near || number <= state.next {
                return true;
            }
            if over() {
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

/// Holds things that are done until it is their turn.
pub(super) struct InOrder<'a, T> {
    turns: &'a Turns,
    state: State,
    waiting: BTreeMap<u64, (u64, T)>,
}

impl<'a, T> InOrder<'a, T> {
    /// Begins with thing `next`.
    pub(super) fn from(next: u64, turns: &'a Turns) -> Self {
        let state = State { next, held: 0 };
        turns.set(state);
        Self { turns, state, waiting: BTreeMap::new() }
    }

    /// Takes a thing that is done and holds about `weight` bytes, and hands on all whose turn it is.
    pub(super) fn add(&mut self, number: u64, weight: u64, done: T, fold: &mut dyn FnMut(T)) {
        self.state.held += weight;
        self.waiting.insert(number, (weight, done));
        while let Some((weight, done)) = self.waiting.remove(&self.state.next) {
            self.state.next += 1;
            self.state.held -= weight;
            fold(done);
        }
        self.turns.set(self.state);
    }

    /// How many are done or were handed on; those that wait behind a gap are handed on too, and there will be no more.
    pub(super) fn finish(self, fold: &mut dyn FnMut(T)) -> u64 {
        let all = self.state.next + self.waiting.len() as u64;
        self.waiting.into_values().for_each(|(_, done)| fold(done));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AHEAD: u64 = 4096;

    #[test]
    fn nobody_begins_too_far_ahead_and_the_first_never_waits() {
        let (turns, over) = (Turns::new(AHEAD), || true);
        assert!(turns.begin(AHEAD - 1, &over));
        assert!(!turns.begin(AHEAD, &over));
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| turns.begin(AHEAD, &|| false));
            turns.set(State { next: 1, held: 0 });
            assert!(waits.join().unwrap());
        });
        turns.set(State { next: 9, held: HELD });
        assert!(!turns.begin(10, &over));
        assert!(turns.begin(9, &over));
    }

    #[test]
    fn what_is_done_early_waits_and_what_is_behind_a_gap_comes_last() {
        let turns = Turns::new(AHEAD);
        let mut order = InOrder::from(1, &turns);
        let mut folded = Vec::new();
        for number in [3, 2, 5] {
            order.add(number, 10, number, &mut |number| folded.push(number));
        }
        assert_eq!(order.state.held, 30, "the first is not done yet");
        order.add(1, 10, 1, &mut |number| folded.push(number));
        assert_eq!((folded.as_slice(), order.state.held), ([1, 2, 3].as_slice(), 10));
        assert_eq!(order.finish(&mut |number| folded.push(number)), 5);
        assert_eq!(folded, [1, 2, 3, 5]);
    }
}
