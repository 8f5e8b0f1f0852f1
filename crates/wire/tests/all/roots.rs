//! Trust roots: who may say whom agents obey.

use enamel_types::CommandClass;
use enamel_wire::message::SignedText;
use enamel_wire::signed::{
    Kind, MAX_OPERATORS, OperatorKey, Refusal, RootDocument, SecretKey, TrustRoot, root_text, verify_root,
    verify_rotation,
};

use crate::given::{dana, document, lee, mallory, operator, root, sam, signed_root};

fn refused_for_bounds(document: &RootDocument) {
    let refused = root_text(document.clone());
    assert!(matches!(refused, Err(Refusal::OutOfBounds { .. })), "{document:?}: {refused:?}");
}

#[test]
fn the_first_root_is_signed_by_its_own_operators() {
    let (dana, lee, sam) = (dana(), lee(), sam());
    let document = || document(1, &[&dana, &lee, &sam]);
    let signed = |signers: &[&SecretKey]| verify_root(&signed_root(document(), signers));
    assert_eq!(signed(&[]), Err(Refusal::TooFewSignatures { valid: 0, needed: 2 }));
    assert_eq!(signed(&[&sam]), Err(Refusal::TooFewSignatures { valid: 1, needed: 2 }));
    assert_eq!(signed(&[&sam, &mallory()]), Err(Refusal::TooFewSignatures { valid: 1, needed: 2 }));
    let root = signed(&[&lee, &sam]).expect("two of three");
    assert_eq!(root.version(), 1);
    assert_eq!(root.operator(dana.operator().id()), Some(dana.operator()));
    assert_eq!(root.operator(mallory().operator().id()), None);
    assert_eq!(root.needed(CommandClass::Disruptive), 1);
    assert_eq!(root.needed(CommandClass::Dangerous), 2);
    assert_eq!(root.fingerprint(), blake3::hash(root_text(document()).unwrap().text.as_bytes()).to_string());

    let mut twice = signed_root(document(), &[&sam]);
    twice.signatures.push(twice.signatures[0].clone());
    assert_eq!(verify_root(&twice), Err(Refusal::SameOperatorTwice { key: sam.operator().id() }));
    let mut crossed = signed_root(document(), &[&lee, &sam]);
    crossed.signatures[0].signature = crossed.signatures[1].signature.clone();
    assert_eq!(verify_root(&crossed), Err(Refusal::BadSignature { key: lee.operator().id() }));
}

#[test]
fn a_new_root_takes_the_old_and_the_new_operators() {
    let (dana, lee, sam, kim, jo) = (dana(), lee(), sam(), operator("Kim Abel", 4), operator("Jo Rask", 5));
    let old = root();
    let rotate = |operators: &[&SecretKey], signers: &[&SecretKey]| {
        verify_rotation(&old, &signed_root(document(2, operators), signers)).map(|root| root.version())
    };
    assert_eq!(
        rotate(&[&dana, &lee, &kim], &[&dana, &lee]),
        Ok(2),
        "two who are in both are both thresholds"
    );
    assert_eq!(rotate(&[&kim, &jo], &[&dana, &lee, &kim, &jo]), Ok(2), "everybody new");
    let too_few = Err(Refusal::TooFewSignatures { valid: 1, needed: 2 });
    assert_eq!(rotate(&[&dana, &kim, &jo], &[&dana, &kim, &jo]), too_few, "the old threshold is missing");
    assert_eq!(rotate(&[&dana, &kim, &jo], &[&dana, &lee]), too_few, "the new threshold is missing");
    let nobody = Err(Refusal::TooFewSignatures { valid: 0, needed: 2 });
    assert_eq!(rotate(&[&kim, &jo], &[&kim, &jo]), nobody, "who is not trusted cannot make themselves so");
    assert_eq!(
        rotate(&[&kim, &jo], &[&dana, &lee]),
        nobody,
        "who does not hold their keys is not trusted with them"
    );
    assert_eq!(rotate(&[&sam, &mallory()], &[&sam, &mallory()]), too_few, "one stolen key changes nothing");
}

#[test]
fn a_root_is_never_taken_back() {
    let (dana, lee, sam) = (dana(), lee(), sam());
    let version = |version| signed_root(document(version, &[&dana, &lee, &sam]), &[&dana, &lee]);
    let first = verify_root(&version(1)).unwrap();
    let second = verify_rotation(&first, &version(2)).expect("the next");
    let third = verify_rotation(&second, &version(3)).expect("the next");
    for old in [1, 2, 3, 5, u64::MAX] {
        assert_eq!(
            verify_rotation(&third, &version(old)),
            Err(Refusal::RootVersion { expected: 4, found: old })
        );
    }
    // What was rotated still verifies alone: an agent reads it from its disk, or is enrolled under it.
    let (kim, jo) = (operator("Kim Abel", 4), operator("Jo Rask", 5));
    let all_new = signed_root(document(4, &[&kim, &jo]), &[&dana, &lee, &kim, &jo]);
    let rotated = verify_rotation(&third, &all_new).expect("signed by both");
    assert_eq!(verify_root(&all_new), Ok(rotated));
}

#[test]
fn a_root_that_protects_nothing_is_refused() {
    let (dana, lee, sam) = (dana(), lee(), sam());
    let good = document(1, &[&dana, &lee, &sam]);
    drop(root_text(good.clone()).expect("it is one"));
    for (threshold, dangerous) in [(0, 2), (1, 2), (4, 2), (2, 0), (2, 1), (2, 4), (usize::MAX, 2)] {
        refused_for_bounds(&RootDocument { threshold, dangerous, ..good.clone() });
    }
    refused_for_bounds(&RootDocument { version: 0, ..good.clone() });
    refused_for_bounds(&RootDocument { keys: vec![], ..good });
    refused_for_bounds(&document(1, &[&dana]));
    refused_for_bounds(&document(1, &[&dana, &dana, &lee]));
    let second_key = operator("dana  ORTIZ", 9);
    refused_for_bounds(&document(1, &[&dana, &second_key, &lee]));
    let many: Vec<SecretKey> =
        (0..=MAX_OPERATORS).map(|n| operator(&format!("Operator {n}"), u8::try_from(n).unwrap())).collect();
    refused_for_bounds(&document(1, &many.iter().collect::<Vec<_>>()));
    let most = document(1, &many[1..].iter().collect::<Vec<_>>());
    drop(root_text(most).expect("as many as there may be"));
}

/// Keys of low order: under them some signature fits many texts. The encodings are those of the eight points themselves.
#[test]
fn keys_under_which_anything_verifies_are_refused() {
    let low_order = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    ];
    for hex in low_order {
        let mut key = [0; 32];
        for (byte, pair) in key.iter_mut().zip(hex.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
        }
        assert!(OperatorKey::new("Nobody", &key).is_err(), "{hex}");
    }
}

#[test]
fn a_root_has_one_spelling() {
    let (dana, lee) = (dana(), lee());
    let good = signed_root(document(1, &[&dana, &lee]), &[&dana, &lee]);
    let resigned = |text: String| {
        let mut changed = SignedText { text, signatures: Vec::new() };
        dana.sign(Kind::TrustRoot, &mut changed)
    };
    let swap = |from: &str, to: &str| {
        assert!(good.text.contains(from), "{from}");
        resigned(good.text.replacen(from, to, 1))
    };
    assert_eq!(resigned(good.text.clone()), Ok(()));
    for (from, to) in [
        ("\"version\":1", "\"version\":1,\"version\":2"),
        ("\"version\":1", "\"version\":1,\"expires\":2"),
        ("\"threshold\":2", "\"threshold\": 2"),
        ("\"dangerous\":2}", "\"dangerous\":2} "),
        ("Dana Ortiz", "\\u0044ana Ortiz"),
        ("\"id\":\"", "\"id\":\"0"),
        ("Dana Ortiz", ""),
        ("Dana Ortiz", "Dana\\nOrtiz"),
    ] {
        let refused = swap(from, to);
        assert!(
            matches!(refused, Err(Refusal::Malformed { .. } | Refusal::OtherSpelling)),
            "{to}: {refused:?}"
        );
    }
    // Another key under the id.
    let (one, other) = (dana.operator().id().to_string(), sam().operator().id().to_string());
    assert!(matches!(swap(&one, &other), Err(Refusal::Malformed { .. })));
    // The keys in another order.
    let keys = document(1, &[&dana, &lee]).keys;
    let [first, second] = [&keys[0], &keys[1]].map(|key| serde_json::to_string(key).unwrap());
    let text = |keys: String| format!("{{\"version\":1,\"keys\":[{keys}],\"threshold\":2,\"dangerous\":2}}");
    let orders = [text(format!("{first},{second}")), text(format!("{second},{first}"))].map(resigned);
    assert_eq!(orders.iter().filter(|order| order.is_ok()).count(), 1, "{orders:?}");
}

#[test]
fn a_root_may_ask_for_more_than_two() {
    let (dana, lee, sam) = (dana(), lee(), sam());
    let strict = RootDocument { threshold: 3, dangerous: 3, ..document(1, &[&dana, &lee, &sam]) };
    assert_eq!(
        verify_root(&signed_root(strict.clone(), &[&dana, &lee])),
        Err(Refusal::TooFewSignatures { valid: 2, needed: 3 })
    );
    let root: TrustRoot = verify_root(&signed_root(strict, &[&dana, &lee, &sam])).unwrap();
    let uninstall = crate::given::signed(&crate::given::uninstall(), &[&dana, &lee]);
    assert_eq!(
        enamel_wire::signed::verify_command(
            &uninstall,
            &root,
            &crate::given::recipient(),
            &enamel_wire::signed::Seen::default(),
            crate::given::now()
        ),
        Err(Refusal::TooFewSignatures { valid: 2, needed: 3 })
    );
}
