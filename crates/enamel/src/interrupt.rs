//! What Ctrl-C does: a search stops cleanly, with what it has read in its cache; everything else ends at once, as without a handler.
//!
//! The ledger survives either: an entry is in it or is not.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, OnceLock};

/// Shells give a program that Ctrl-C ended this code: 128 and the signal's number.
const INTERRUPTED: i32 = 130;

/// Whether a search runs that will look at the flag.
static SEARCHING: AtomicBool = AtomicBool::new(false);

/// Runs a search, which stops soon after the flag is set. A second Ctrl-C does not wait for it.
pub(crate) fn stoppable<T>(search: impl FnOnce(&Arc<AtomicBool>) -> T) -> T {
    static STOP: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    let stop = STOP.get_or_init(|| {
        let stop = Arc::new(AtomicBool::new(false));
        let set = Arc::clone(&stop);
        // Without a handler the process simply dies, which the cache survives too.
        let _ = ctrlc::set_handler(move || {
            if !SEARCHING.load(Relaxed) || set.swap(true, Relaxed) {
                end();
            }
        });
        stop
    });
    SEARCHING.store(true, Relaxed);
    let found = search(stop);
    SEARCHING.store(false, Relaxed);
    found
}

#[expect(clippy::disallowed_methods, reason = "a signal's handler has no main to return to")]
fn end() {
    // Not an abort: that may leave a core dump, and in it what was just being read.
    std::process::exit(INTERRUPTED);
}
