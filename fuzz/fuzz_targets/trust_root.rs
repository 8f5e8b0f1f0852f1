//! Trust roots from a hostile server: every reader ends, what is read has one spelling, and no root follows the agent's that
//! its operators did not sign.
#![no_main]

use std::sync::LazyLock;

use enamel_wire::message::SignedText;
use enamel_wire::signed::{TrustRoot, read_root, root_text, verify_root, verify_rotation};
use libfuzzer_sys::fuzz_target;

static GIVEN: LazyLock<(TrustRoot, SignedText)> = LazyLock::new(|| {
    let read = |text| serde_json::from_str(text).expect("a trust root");
    let first = read(include_str!("../../crates/wire/tests/golden/trust_root.json"));
    let next = read(include_str!("../../crates/wire/tests/golden/trust_root_rotated.json"));
    (verify_root(&first).expect("signed"), next)
});

fuzz_target!(|data: &[u8]| {
    let (first, next) = &*GIVEN;
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(document) = read_root(text) {
        assert!(document.threshold >= 2 && document.dangerous >= 2);
        assert_eq!(root_text(document).expect("it was read").text, text);
    }
    let document: SignedText = serde_json::from_str(text)
        .unwrap_or_else(|_| SignedText { text: text.to_owned(), signatures: next.signatures.clone() });
    let _ = verify_root(&document);
    if verify_rotation(first, &document).is_ok() {
        assert_eq!(document.text, next.text);
    }
});
