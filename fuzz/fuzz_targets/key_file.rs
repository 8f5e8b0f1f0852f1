//! Key files and public keys of any content: every reader ends, and what is read is written as the same.
#![no_main]

use enamel_wire::signed::{KeyFile, OperatorKey};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(file) = text.parse::<KeyFile>() {
        assert_eq!(file.to_string().parse().as_ref(), Ok(&file));
    }
    if let Ok(key) = text.parse::<OperatorKey>() {
        assert_eq!(key.to_string().parse().as_ref(), Ok(&key));
    }
});
