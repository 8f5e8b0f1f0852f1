//! Key files: what opens them, and what does not.

use enamel_wire::signed::{
    KeyFile, KeyFileError, MAX_KEY_FILE_BYTES, NotAnOperator, OperatorKey, Passphrase, WeakPassphrase,
};

use crate::given::{dana, lee};

const GOOD: &str = "quiet lemon bridge seven";

fn given(text: &str) -> Passphrase {
    Passphrase::given(text.to_owned().into())
}

fn sealed() -> KeyFile {
    let mut byte = 0x40;
    let mut fill = |bytes: &mut [u8]| {
        byte += 1;
        bytes.fill(byte);
    };
    KeyFile::seal(&dana(), &given(GOOD), &mut fill).expect("it can be sealed")
}

#[test]
fn a_key_file_opens_with_its_passphrase_only() {
    let text = sealed().to_string();
    assert!(!text.contains(GOOD) && text.starts_with("enamel-key-1\nname: Dana Ortiz\n"), "{text}");
    let file: KeyFile = text.parse().expect("as it was written");
    assert_eq!(file, sealed());
    let opened = file.open(&given(GOOD)).expect("the right passphrase");
    assert_eq!(opened.operator(), dana().operator());
    assert_eq!(
        crate::given::signed(&crate::given::isolate(), &[&opened]),
        crate::given::signed(&crate::given::isolate(), &[&dana()]),
        "the very same key"
    );
    assert!(!format!("{opened:?}").contains("0101"), "a secret in a log");
    for wrong in ["", "quiet lemon bridge sevem", "Quiet lemon bridge seven"] {
        assert_eq!(file.open(&given(wrong)).map(drop), Err(KeyFileError::WrongPassphrase));
    }
}

/// Whoever can write to the file can make it useless, and nothing else: not another operator's, not weaker.
#[test]
fn a_key_file_that_was_changed_does_not_open() {
    let text = sealed().to_string();
    let other = text.replace("Dana Ortiz", "Lee Park");
    let public = |key: &OperatorKey| key.to_string().split(' ').nth(2).unwrap().to_owned();
    let mixed = text.replace(&public(dana().operator()), &public(lee().operator()));
    let weaker = text.replace("m=65536 t=3 p=4", "m=32 t=1 p=1");
    let (head, sealed) = text.split_at(text.len() - 10);
    let cut = format!("{head}{}{}", if sealed.starts_with('A') { 'B' } else { 'A' }, &sealed[1..]);
    for changed in [other, mixed, weaker, cut] {
        assert_ne!(changed, text);
        let file: KeyFile = changed.parse().expect("it looks like one");
        assert_eq!(file.open(&given(GOOD)).map(drop), Err(KeyFileError::WrongPassphrase));
    }
}

#[test]
fn what_is_no_key_file_is_said_to_be_none() {
    let text = sealed().to_string();
    let refused = |text: &str| {
        let result = text.parse::<KeyFile>();
        assert!(matches!(result, Err(KeyFileError::NotAKeyFile { .. })), "{text}: {result:?}");
    };
    refused("");
    refused("enamel-key-2\n");
    refused(&"enamel-key-1\n".repeat(MAX_KEY_FILE_BYTES));
    refused(&format!("{text}more\n"));
    for cut in 0..text.len() - 1 {
        refused(&text[..cut]);
    }
    // What would take all of a computer's memory, or an hour.
    for kdf in
        ["m=4294967295 t=3 p=4", "m=65536 t=99999 p=4", "m=65536 t=3 p=65", "m=0 t=0 p=0", "m=-1 t=3 p=4"]
    {
        refused(&text.replace("m=65536 t=3 p=4", kdf));
    }
    refused(&text.replace("argon2id", "argon2i"));
    refused(&text.replace("name: Dana Ortiz", "name: "));
    refused(&text.replace("name: Dana Ortiz", "name: Dana\u{202e}Ortiz"));
}

#[test]
fn a_public_part_is_one_line_that_cannot_be_mistyped() {
    let line = dana().operator().to_string();
    assert_eq!(line.parse().as_ref(), Ok(dana().operator()));
    assert_eq!(format!("{line}\n").parse().as_ref(), Ok(dana().operator()));
    assert_eq!("ssh-ed25519 AAAA dana".parse::<OperatorKey>(), Err(NotAnOperator::Line));
    assert_eq!(sealed().to_string().parse::<OperatorKey>(), Err(NotAnOperator::Line));
    let id = lee().operator().id().to_string();
    let mistyped = line.replace(&dana().operator().id().to_string(), &id);
    assert_eq!(mistyped.parse::<OperatorKey>(), Err(NotAnOperator::OtherId));
}

#[test]
fn a_new_passphrase_must_not_be_easy() {
    let chosen = |text: &str| Passphrase::chosen(text.to_owned().into(), "Dana Ortiz").map(drop);
    assert_eq!(chosen(GOOD), Ok(()));
    assert_eq!(chosen("short"), Err(WeakPassphrase::Short));
    assert_eq!(chosen("password1234"), Err(WeakPassphrase::Trivial));
}
