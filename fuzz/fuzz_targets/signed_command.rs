//! Commands from a hostile server: every reader ends, what is read has one spelling, and nothing is taken that was not signed.
#![no_main]

use std::sync::LazyLock;

use enamel_types::Timestamp;
use enamel_wire::message::SignedText;
use enamel_wire::signed::{
    Recipient, Seen, TrustRoot, command_text, read_command, verify_command, verify_root,
};
use libfuzzer_sys::fuzz_target;

const SIGNED: [&str; 2] = [
    include_str!("../../crates/wire/tests/golden/command.json"),
    include_str!("../../crates/wire/tests/golden/command_of_two_operators.json"),
];

static GIVEN: LazyLock<(TrustRoot, Recipient, Timestamp, Vec<SignedText>)> = LazyLock::new(|| {
    let root = include_str!("../../crates/wire/tests/golden/trust_root.json");
    let root = verify_root(&serde_json::from_str(root).expect("a trust root")).expect("signed");
    let signed = SIGNED.map(|text| serde_json::from_str::<SignedText>(text).expect("a command"));
    let command = read_command(&signed[0].text).expect("a command");
    let recipient = Recipient { practice: command.practice, agent: command.agent };
    (root, recipient, command.not_before, signed.into())
});

fuzz_target!(|data: &[u8]| {
    let (root, recipient, now, signed) = &*GIVEN;
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(command) = read_command(text) {
        assert_eq!(command_text(&command).expect("it was read").text, text);
    }
    let document: SignedText = serde_json::from_str(text)
        .unwrap_or_else(|_| SignedText { text: text.to_owned(), signatures: signed[0].signatures.clone() });
    if verify_command(&document, root, recipient, &Seen::default(), *now).is_ok() {
        assert!(signed.iter().any(|signed| signed.text == document.text), "{document:?}");
    }
});
