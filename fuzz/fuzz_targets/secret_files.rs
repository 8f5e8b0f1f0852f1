//! Settings files, scripts and documents of any content: every reader of `content/signatures/secrets.toml` ends, and what it
//! says holds nothing from the file.
#![no_main]

use std::sync::LazyLock;

use enamel_exposure::Signatures;
use libfuzzer_sys::fuzz_target;

static SIGNATURES: LazyLock<Signatures> = LazyLock::new(|| Signatures::builtin().expect("the content is whole"));

fuzz_target!(|data: &[u8]| {
    for id in SIGNATURES.secret_ids() {
        for found in SIGNATURES.secret_fields(id.as_str(), data).unwrap_or_default() {
            assert!(found.field.len() < 100, "a field's name comes from the signature: {}", found.field);
        }
    }
});
