//! Whatever one bit is changed, it is noticed.

use enamel_types::{Command, Order};
use enamel_wire::message::{Batch, SignedText};
use enamel_wire::signed::{KeyFile, Kind, OperatorKey, command_text, verify_root, verify_rotation};
use proptest::prelude::*;

use crate::given::{
    command, dana, document, isolate, lee, root, sam, signed, signed_root, uninstall, verified,
};

/// Every text that one flipped bit makes of this one, as far as it is text.
fn flipped(text: &str) -> impl Iterator<Item = String> {
    (0..text.len() * 8).filter_map(move |bit| {
        let mut bytes = text.as_bytes().to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        String::from_utf8(bytes).ok()
    })
}

/// The documents that it still is, with one bit flipped anywhere: in the text, a key's id, a signature, the wrapping.
fn documents(signed: &SignedText) -> Vec<SignedText> {
    let json = serde_json::to_string(signed).expect("JSON");
    let read: Vec<SignedText> = flipped(&json).filter_map(|text| serde_json::from_str(&text).ok()).collect();
    assert!(read.len() > json.len(), "{} of {} were read", read.len(), 8 * json.len());
    read
}

#[test]
fn a_flipped_bit_in_a_command_is_refused() {
    for signed in [signed(&isolate(), &[&dana()]), signed(&uninstall(), &[&dana(), &lee()])] {
        drop(verified(&signed).expect("as it was signed"));
        for changed in documents(&signed) {
            let refused = verified(&changed).map(drop);
            assert!(refused.is_err(), "{changed:?}");
        }
    }
}

#[test]
fn a_flipped_bit_in_a_trust_root_is_refused() {
    let (dana, lee, sam) = (dana(), lee(), sam());
    let next = signed_root(document(2, &[&dana, &lee]), &[&dana, &lee]);
    drop(verify_rotation(&root(), &next).expect("as it was signed"));
    for changed in documents(&next) {
        assert!(verify_rotation(&root(), &changed).is_err(), "{changed:?}");
    }
    let first = signed_root(document(1, &[&dana, &sam]), &[&dana, &sam]);
    for changed in documents(&first) {
        assert!(verify_root(&changed).is_err(), "{changed:?}");
    }
}

#[test]
fn a_flipped_bit_in_a_batch_never_becomes_other_evidence() {
    let links = crate::batches::links();
    let json = serde_json::to_string(&Batch::of(&links).unwrap()).unwrap();
    let mut read = 0;
    for text in flipped(&json) {
        let Ok(changed) = serde_json::from_str::<Batch>(&text) else { continue };
        read += 1;
        // A hash may be written in capitals, and is the same hash.
        if let Ok(same) = changed.check(&crate::batches::speaker()) {
            assert_eq!(same, links, "{text}");
        }
    }
    assert!(read > json.len(), "{read} were read");
}

#[test]
fn a_flipped_bit_in_a_public_key_is_noticed() {
    let line = dana().operator().to_string();
    let named = line.rsplit_once("Dana").unwrap().0.len();
    for (at, text) in flipped(&line[..named]).map(|text| text + &line[named..]).enumerate() {
        assert!(text.parse::<OperatorKey>().is_err(), "{at}: {text}");
    }
}

fn orders() -> impl Strategy<Value = Order> {
    let digits = || "[0-9a-f]{64}";
    prop_oneof![
        Just(Order::Snapshot),
        Just(Order::Release),
        (1..=24u8).prop_map(|hours| Order::Isolate { hours }),
        digits().prop_map(|snapshot| Order::RestoreAside { snapshot }),
        digits().prop_map(|snapshot| Order::RestoreInPlace { snapshot }),
        ("[0-9]\\.[0-9]{1,3}", digits()).prop_map(|(version, sha256)| Order::Update { version, sha256 }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_command_is_taken_as_signed_and_not_with_a_bit_flipped(
        order in orders(),
        counter in 1..u64::from(u32::MAX),
        nonce in "[0-9a-f]{32}",
        reason in "[!-~ä-ü牙]{1,40}",
        bit in any::<prop::sample::Index>(),
    ) {
        let command = Command { counter, nonce, reason, ..command(order) };
        let text = signed(&command, &[&dana(), &sam()]);
        let taken = verified(&text).map(|taken| taken.command().clone());
        prop_assert_eq!(taken, Ok(command));
        let mut bytes = text.text.clone().into_bytes();
        let bit = bit.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        if let Ok(changed) = String::from_utf8(bytes) {
            let changed = SignedText { text: changed, signatures: text.signatures };
            prop_assert!(verified(&changed).is_err());
        }
    }

    #[test]
    fn no_text_brings_a_reader_down(text in "\\PC{0,200}") {
        let signed = SignedText { text: text.clone(), signatures: Vec::new() };
        prop_assert!(verified(&signed).is_err() && verify_root(&signed).is_err());
        prop_assert!(text.parse::<KeyFile>().is_err() && text.parse::<OperatorKey>().is_err());
        let mut signed = signed;
        prop_assert!(dana().sign(Kind::Command, &mut signed).is_err(), "only whole documents are signed");
    }

    #[test]
    fn what_is_written_is_what_is_read(order in orders(), reason in "\\PC{0,40}") {
        let command = Command { reason, ..command(order) };
        if let Ok(text) = command_text(&command) {
            prop_assert_eq!(enamel_wire::signed::read_command(&text.text), Ok(command));
        }
    }
}
