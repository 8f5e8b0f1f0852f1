//! Any bytes as a ledger file, and a valid ledger with bytes changed: verified, salvaged and opened without a panic and
//! without writing to what is no ledger.
//!
//! The first byte chooses: even, the rest is the file (with an odd second byte, half of it is the log); odd, the rest is
//! a list of changes (3 bytes where, 1 byte what) to the committed golden ledger.
#![no_main]

use enamel_ledger::{Ledger, salvage, verify};
use enamel_types::Timestamp;
use libfuzzer_sys::fuzz_target;

const GOLDEN: &[u8] = include_bytes!("../../crates/ledger/tests/golden/v1.db");

fuzz_target!(|data: &[u8]| {
    let [kind, rest @ ..] = data else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("ledger.db");
    let (file, log) = if kind % 2 == 0 {
        match rest {
            [split, rest @ ..] if split % 2 == 1 => {
                let (file, log) = rest.split_at(rest.len() / 2);
                (file.to_vec(), Some(log))
            }
            _ => (rest.to_vec(), None),
        }
    } else {
        let mut file = GOLDEN.to_vec();
        for change in rest.chunks_exact(4) {
            let at = usize::from(change[0]) << 16 | usize::from(change[1]) << 8 | usize::from(change[2]);
            let at = at % file.len();
            file[at] ^= change[3];
        }
        (file, None)
    };
    std::fs::write(&path, &file).expect("writes");
    if let Some(log) = log {
        std::fs::write(folder.path().join("ledger.db-wal"), log).expect("writes");
    }
    let checked = verify(&path, &mut |_| ());
    if let Ok(opened) = Ledger::open(&path) {
        let read = opened.ledger.entries(1).take_while(Result::is_ok).count() as u64;
        if let Ok(checked) = &checked
            && checked.is_whole()
        {
            assert_eq!(read, checked.entries, "a whole ledger reads to its end");
        }
    }
    if let Ok(saved) = salvage(&path, Timestamp::UNIX_EPOCH, &mut |_| ()) {
        let after = verify(&path, &mut |_| ()).expect("a salvaged ledger is one");
        assert_eq!(after.entries + after.bad_count, saved.recovered, "{after}");
    }
});
