//! Commands: each way to get one carried out that operators did not give, or did not give like this, here, or now.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use enamel_types::command::HOLD_MINUTES;
use enamel_types::{AgentId, Command, CommandClass, CommandId, Order, PracticeId, SensorName};
use enamel_wire::message::{Signature, SignedText};
use enamel_wire::signed::{
    Due, Kind, MAX_COMMAND_BYTES, MAX_COUNTER_STEP, MAX_OPERATORS, OperatorKey, Recipient, Refusal, Seen,
    VERBS, command_text, read_command, verify_command, verify_held,
};

use crate::given::{
    at, command, dana, isolate, lee, mallory, now, operator, recipient, root, signed, uninstall, uuid,
    verified,
};

/// One of each order, within its bounds.
fn every_order() -> [Order; 8] {
    let snapshot = "ab".repeat(32);
    [
        Order::Collect { sensors: vec![SensorName::Host, SensorName::Phi] },
        Order::Snapshot,
        Order::Isolate { hours: 24 },
        Order::Release,
        Order::RestoreAside { snapshot: snapshot.clone() },
        Order::RestoreInPlace { snapshot: snapshot.clone() },
        Order::Update { version: "0.2.0-rc.1+x86".to_owned(), sha256: snapshot },
        Order::Uninstall,
    ]
}

/// Puts other words into a signed text, with the signatures as they were.
fn changed(signed: &SignedText, from: &str, to: &str) -> SignedText {
    assert!(signed.text.contains(from), "{from} is not in {}", signed.text);
    SignedText { text: signed.text.replacen(from, to, 1), signatures: signed.signatures.clone() }
}

/// Signs any bytes at all as a command would be signed: what a careless or hostile operator's own program could do.
fn signed_raw(text: &str) -> SignedText {
    use ed25519_dalek::Signer as _;
    let key = ed25519_dalek::SigningKey::from_bytes(&[1; 32]);
    let signature = key.sign(&[b"enamel command v1\0", text.as_bytes()].concat());
    let signature = URL_SAFE_NO_PAD.encode(signature.to_bytes());
    let key = dana().operator().id().to_string();
    SignedText { text: text.to_owned(), signatures: vec![Signature { key, signature }] }
}

#[test]
fn every_order_is_taken_when_its_operators_signed_it() {
    for order in every_order() {
        let command = command(order);
        let class = command.order.class();
        let taken = verified(&signed(&command, &[&dana(), &lee()])).expect("signed by two");
        assert_eq!((taken.command(), taken.class()), (&command, class));
        assert_eq!(
            taken.signers().iter().map(OperatorKey::name).collect::<Vec<_>>(),
            ["Dana Ortiz", "Lee Park"]
        );
        let alone = verified(&signed(&command, &[&lee()]));
        match class {
            CommandClass::Safe | CommandClass::Disruptive => drop(alone.expect("one is enough")),
            CommandClass::Dangerous => {
                assert_eq!(alone, Err(Refusal::TooFewSignatures { valid: 1, needed: 2 }), "{command:?}");
            }
        }
    }
    assert_eq!(every_order().map(|order| order.verb()), VERBS);
}

/// What a server can do by itself: it has every public key, every old command, and no operator's secret.
#[test]
fn a_server_cannot_make_a_command() {
    let unsigned = command_text(&isolate()).expect("a command");
    assert_eq!(verified(&unsigned), Err(Refusal::TooFewSignatures { valid: 0, needed: 1 }));

    let stranger = signed(&isolate(), &[&mallory()]);
    let key = mallory().operator().id();
    assert_eq!(verified(&stranger), Err(Refusal::UnknownKey { key: key.to_string() }));

    // A key of its own under an operator's id.
    let dana = dana().operator().id();
    let mut forged = stranger.clone();
    forged.signatures[0].key = dana.to_string();
    assert_eq!(verified(&forged), Err(Refusal::BadSignature { key: dana }));

    // A real signature, moved to another command.
    let real = signed(&isolate(), &[&crate::given::dana()]);
    let moved = SignedText { signatures: real.signatures.clone(), ..signed(&uninstall(), &[]) };
    assert_eq!(verified(&moved), Err(Refusal::BadSignature { key: dana }));

    // A stranger's signature beside a real one does not make two, nor does it pass unseen.
    let mixed = signed(&uninstall(), &[&crate::given::dana(), &mallory()]);
    assert_eq!(verified(&mixed), Err(Refusal::UnknownKey { key: key.to_string() }));
}

#[test]
fn one_stolen_key_gives_no_dangerous_command() {
    for order in every_order().into_iter().filter(|order| order.class() == CommandClass::Dangerous) {
        let mut twice = signed(&command(order), &[&dana()]);
        assert_eq!(verified(&twice), Err(Refusal::TooFewSignatures { valid: 1, needed: 2 }));
        let key = dana().operator().id();
        assert_eq!(dana().sign(Kind::Command, &mut twice), Err(Refusal::SameOperatorTwice { key }));
        twice.signatures.push(twice.signatures[0].clone());
        assert_eq!(verified(&twice), Err(Refusal::SameOperatorTwice { key }));
    }
}

#[test]
fn a_signature_counts_for_its_own_kind_only() {
    let key = dana().operator().id();
    // The same words signed as a trust root are no command: `sign` refuses to, and the signature would not fit either.
    let mut text = command_text(&isolate()).expect("a command");
    assert!(matches!(dana().sign(Kind::TrustRoot, &mut text), Err(Refusal::Malformed { .. })));
    let root_signature = crate::given::signed_root(crate::given::document(1, &[&dana(), &lee()]), &[&dana()]);
    let crossed = SignedText { signatures: root_signature.signatures, ..text };
    assert_eq!(verified(&crossed), Err(Refusal::BadSignature { key }));
    // The words of a trust root, with a command's signature over them, are no command.
    let root = crate::given::signed_root(crate::given::document(1, &[&dana(), &lee()]), &[]);
    assert!(matches!(verified(&signed_raw(&root.text)), Err(Refusal::Malformed { .. })));
}

#[test]
fn a_command_is_for_one_agent_of_one_practice() {
    let text = signed(&isolate(), &[&dana()]);
    let seen = Seen::default();
    let other = AgentId::from_uuid(uuid(0x99));
    let to = Recipient { agent: other, ..recipient() };
    assert_eq!(
        verify_command(&text, &root(), &to, &seen, now()),
        Err(Refusal::WrongAgent { agent: recipient().agent })
    );
    let to = Recipient { practice: PracticeId::from_uuid(uuid(0x99)), ..recipient() };
    assert_eq!(
        verify_command(&text, &root(), &to, &seen, now()),
        Err(Refusal::WrongPractice { practice: recipient().practice })
    );
    // A burst over many agents needs as many signed commands: one cannot be turned to the next agent.
    let turned = changed(&text, &recipient().agent.to_string(), &other.to_string());
    let key = dana().operator().id();
    assert_eq!(
        verify_command(&turned, &root(), &Recipient { agent: other, ..recipient() }, &seen, now()),
        Err(Refusal::BadSignature { key })
    );
}

#[test]
fn a_command_counts_within_its_time_only() {
    let text = signed(&isolate(), &[&dana()]);
    let then =
        |moment: &str| verify_command(&text, &root(), &recipient(), &Seen::default(), at(moment)).map(drop);
    let not_yet = Err(Refusal::NotYet { not_before: isolate().not_before });
    let expired = Err(Refusal::Expired { not_after: isolate().not_after });
    assert_eq!(then("2026-11-24T13:54:59Z"), not_yet);
    assert_eq!(then("2026-11-24T13:55:00Z"), Ok(()), "an operator's clock may be five minutes ahead");
    assert_eq!(then("2026-11-24T21:59:59Z"), Ok(()));
    assert_eq!(then("2026-11-24T22:00:00Z"), expired, "no tolerance at the end");
    assert_eq!(then("2099-01-01T00:00:00Z"), expired);
    assert_eq!(then("1970-01-01T00:00:00Z"), not_yet);

    let longest = Command { not_after: at("2026-11-25T14:00:00Z"), ..isolate() };
    drop(verified(&signed(&longest, &[&dana()])).expect("24 hours"));
    let longer = Command { not_after: at("2026-11-25T14:00:01Z"), ..isolate() };
    assert_eq!(command_text(&longer), Err(Refusal::ValidTooLong));
    assert_eq!(verified(&signed_raw(&serde_json::to_string(&longer).unwrap())), Err(Refusal::ValidTooLong));
}

#[test]
fn a_command_is_taken_once() {
    let text = signed(&isolate(), &[&dana()]);
    let mut seen = Seen::default();
    let take = |text: &SignedText, seen: &Seen| verify_command(text, &root(), &recipient(), seen, now());
    seen.remember(&take(&text, &seen).expect("the first time"), now());
    assert_eq!(take(&text, &seen), Err(Refusal::CounterPlayed { counter: 7, seen: 7 }));
    let older = Command { counter: 6, nonce: "f".repeat(32), ..isolate() };
    assert_eq!(take(&signed(&older, &[&dana()]), &seen), Err(Refusal::CounterPlayed { counter: 6, seen: 7 }));
    let same_nonce = Command { counter: 8, ..isolate() };
    assert_eq!(take(&signed(&same_nonce, &[&dana()]), &seen), Err(Refusal::NonceSeen));
    let next = Command { counter: 8, nonce: "f".repeat(32), ..isolate() };
    seen.remember(&take(&signed(&next, &[&dana()]), &seen).expect("a new one"), now());
    assert_eq!((seen.counter, seen.nonces.len()), (8, 2));

    // It is kept on a disk between two runs.
    let kept: Seen = serde_json::from_str(&serde_json::to_string(&seen).unwrap()).unwrap();
    assert_eq!(kept, seen);

    // Nonces go when their commands are over; the counter stays.
    let tomorrow = Command {
        counter: 9,
        nonce: "e".repeat(32),
        not_before: at("2026-11-25T14:00:00Z"),
        not_after: at("2026-11-25T15:00:00Z"),
        ..isolate()
    };
    let then = at("2026-11-25T14:30:00Z");
    let taken = verify_command(&signed(&tomorrow, &[&dana()]), &root(), &recipient(), &seen, then);
    seen.remember(&taken.expect("in time"), then);
    assert_eq!((seen.counter, seen.nonces.len()), (9, 1));
}

/// One stolen key could otherwise use up every counter and lock the others out.
#[test]
fn a_counter_cannot_be_used_up() {
    let seen = Seen { counter: 6, ..Seen::default() };
    let take = |counter| {
        let text = signed(&Command { counter, ..isolate() }, &[&dana()]);
        verify_command(&text, &root(), &recipient(), &seen, now()).map(drop)
    };
    assert_eq!(take(6 + MAX_COUNTER_STEP), Ok(()));
    for counter in [7 + MAX_COUNTER_STEP, u64::MAX] {
        assert_eq!(take(counter), Err(Refusal::CounterTooFar { counter, seen: 6 }));
    }
}

#[test]
fn a_clock_that_was_set_back_is_noticed() {
    let mut seen = Seen::default();
    let first = signed(&isolate(), &[&dana()]);
    seen.remember(&verify_command(&first, &root(), &recipient(), &seen, now()).unwrap(), now());
    // Whatever the clock shows while it is written down, no later moment counts than one that operators signed.
    let mut astray = Seen::default();
    astray.remember(&verified(&first).unwrap(), at("2099-01-01T00:00:00Z"));
    assert_eq!(astray.latest, isolate().not_after);
    // A command that the server kept back, for a day that is over.
    let kept_back = Command {
        counter: 8,
        nonce: "f".repeat(32),
        not_before: at("2026-11-23T14:00:00Z"),
        not_after: at("2026-11-23T22:00:00Z"),
        ..isolate()
    };
    let kept_back = signed(&kept_back, &[&dana()]);
    let back = at("2026-11-23T15:00:00Z");
    assert_eq!(
        verify_command(&kept_back, &root(), &recipient(), &seen, back),
        Err(Refusal::ClockSetBack { now: back, latest: now() })
    );
    // A clock that was put right by a few minutes is none that was set back.
    let next = signed(&Command { counter: 8, nonce: "e".repeat(32), ..isolate() }, &[&dana()]);
    drop(
        verify_command(&next, &root(), &recipient(), &seen, at("2026-11-24T14:55:00Z"))
            .expect("five minutes"),
    );
}

#[test]
fn a_dangerous_command_waits_an_hour_and_the_practice_may_refuse_it() {
    let id = CommandId::from_uuid(uuid(0x33));
    let text = signed(&uninstall(), &[&dana(), &lee()]);
    let taken = verified(&text).expect("signed by two");
    let first_seen = now();
    let until = at("2026-11-24T16:00:00Z");
    assert_eq!(HOLD_MINUTES, 60);
    assert_eq!(taken.held_until(first_seen), until);
    assert_eq!(taken.due(first_seen, now(), &[]), Due::Held { until });
    assert_eq!(taken.due(first_seen, at("2026-11-24T15:59:59Z"), &[]), Due::Held { until });
    assert_eq!(taken.due(first_seen, until, &[]), Due::Now);
    assert_eq!(taken.due(first_seen, until, &[id]), Due::Vetoed);
    assert_eq!(taken.due(first_seen, uninstall().not_after, &[]), Due::Expired);
    let set_back = at("2026-11-24T10:00:00Z");
    assert_eq!(
        taken.due(first_seen, set_back, &[]),
        Due::Held { until },
        "setting the clock back shortens no hold"
    );

    // An hour's hold and less than an hour's validity: it could never be carried out, so it is never signed.
    let short = Command { not_after: at("2026-11-24T15:00:00Z"), ..uninstall() };
    assert!(matches!(command_text(&short), Err(Refusal::OutOfBounds { .. })));

    // Nothing else waits, and nobody at a server can veto an isolation.
    let isolation = verified(&signed(&isolate(), &[&dana()])).unwrap();
    assert_eq!(isolation.due(first_seen, first_seen, &[id]), Due::Now);
}

#[test]
fn a_held_command_is_checked_again_before_it_is_carried_out() {
    let text = signed(&uninstall(), &[&dana(), &lee()]);
    let later = at("2026-11-24T16:00:00Z");
    drop(verify_held(&text, &root(), &recipient(), later).expect("as before"));
    assert_eq!(
        verify_held(&text, &root(), &recipient(), at("2026-11-24T22:00:00Z")),
        Err(Refusal::Expired { not_after: uninstall().not_after })
    );
    // Lee's key was stolen, and the others took it out while the command waited.
    let (dana, sam, kim) = (dana(), crate::given::sam(), operator("Kim Abel", 4));
    let without_lee =
        crate::given::signed_root(crate::given::document(2, &[&dana, &sam, &kim]), &[&dana, &sam]);
    let without_lee =
        enamel_wire::signed::verify_rotation(&root(), &without_lee).expect("signed by two of both");
    let key = lee().operator().id().to_string();
    assert_eq!(verify_held(&text, &without_lee, &recipient(), later), Err(Refusal::UnknownKey { key }));
}

/// Even an operator's own signature does not bring another spelling, an unknown field or an unknown order to an agent.
#[test]
fn what_enamel_would_not_write_is_refused_even_when_it_is_signed() {
    let text = signed(&isolate(), &[&dana()]).text;
    drop(verified(&signed_raw(&text)).expect("as it stands"));
    let swap = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        verified(&signed_raw(&text.replacen(from, to, 1)))
    };
    let refused = |result: Result<_, Refusal>, why: &str| match result {
        Err(Refusal::Malformed { .. } | Refusal::OtherSpelling) => {}
        other => panic!("{why}: {other:?}"),
    };
    refused(swap("\"counter\":7", "\"counter\":7,\"counter\":8"), "a field twice");
    refused(swap("\"hours\":4", "\"hours\":4,\"hours\":9"), "a bound twice");
    refused(swap("\"verb\":\"isolate\"", "\"verb\":\"release\",\"verb\":\"isolate\""), "a verb twice");
    refused(swap("\"counter\":7", "\"counter\":7,\"force\":true"), "an unknown field");
    refused(swap("\"hours\":4", "\"hours\":4,\"but\":\"not really\""), "an unknown bound");
    refused(
        swap("\"verb\":\"isolate\",\"hours\":4", "\"verb\":\"release\",\"hours\":4"),
        "a bound of another order",
    );
    refused(swap("{\"id\"", "{ \"id\""), "a space");
    refused(swap("\"counter\":7", "\"counter\":7.0"), "a number in other words");
    refused(swap("\"hours\":4", "\"hours\":260"), "hours that do not fit");
    refused(swap("14:00:00Z", "14:00:00.000Z"), "a time in other words");
    refused(swap("Unknown", "\\u0055nknown"), "a letter in other words");
    refused(verified(&signed_raw(&format!("{text} "))), "something after it");
    refused(verified(&signed_raw("")), "nothing");
    refused(verified(&signed_raw(&"[".repeat(4_000))), "a deep one");
    for verb in ["shell", "delete_snapshot", "exclude", "Isolate", ""] {
        let unknown = swap("\"verb\":\"isolate\",\"hours\":4", &format!("\"verb\":\"{verb}\""));
        assert_eq!(unknown, Err(Refusal::UnknownVerb { verb: verb.to_owned() }));
    }
}

#[test]
fn every_value_has_its_bounds() {
    let refused = |command: Command| {
        let why = command_text(&command).expect_err(&format!("{command:?}"));
        assert!(matches!(why, Refusal::OutOfBounds { .. }), "{command:?}: {why:?}");
        // Nor does it pass where somebody signed it with another program.
        assert_eq!(verified(&signed_raw(&serde_json::to_string(&command).unwrap())), Err(why));
    };
    for hours in [0, 25, 255] {
        refused(command(Order::Isolate { hours }));
    }
    for snapshot in ["", "latest", "../../etc", &"AB".repeat(32), &"a".repeat(63), &"a".repeat(65)] {
        refused(command(Order::RestoreAside { snapshot: snapshot.to_owned() }));
        refused(command(Order::RestoreInPlace { snapshot: snapshot.to_owned() }));
        refused(command(Order::Update { version: "1.0.0".to_owned(), sha256: snapshot.to_owned() }));
    }
    for version in ["", "1.0;rm", "1 0", "../1", &"1".repeat(41)] {
        refused(command(Order::Update { version: version.to_owned(), sha256: "a".repeat(64) }));
    }
    refused(command(Order::Collect { sensors: vec![SensorName::Phi, SensorName::Phi] }));
    refused(command(Order::Collect { sensors: vec![SensorName::Phi, SensorName::Host] }));
    refused(Command { counter: 0, ..isolate() });
    for nonce in ["", "0", &"0".repeat(31), &"0".repeat(33), &"G".repeat(32), &"A".repeat(32)] {
        refused(Command { nonce: nonce.to_owned(), ..isolate() });
    }
    for reason in ["", " ", "two\nlines", "hidden \u{202e}txt", " at the edge", &"x".repeat(301)] {
        refused(Command { reason: reason.to_owned(), ..isolate() });
    }
    refused(Command { not_after: isolate().not_before, ..isolate() });
    refused(Command { not_after: at("2026-11-24T13:00:00Z"), ..isolate() });
}

#[test]
fn sizes_are_bounded_before_anything_is_read() {
    let huge = signed_raw(&"x".repeat(MAX_COMMAND_BYTES + 1));
    let too_large = Refusal::TooLarge { bytes: MAX_COMMAND_BYTES + 1, limit: MAX_COMMAND_BYTES };
    assert_eq!(verified(&huge), Err(too_large.clone()));
    assert_eq!(read_command(&huge.text), Err(too_large));
    let mut crowd = signed(&isolate(), &[&dana()]);
    crowd.signatures = vec![crowd.signatures[0].clone(); MAX_OPERATORS + 1];
    assert_eq!(
        verified(&crowd),
        Err(Refusal::TooManySignatures { count: MAX_OPERATORS + 1, limit: MAX_OPERATORS })
    );
    let mut odd = signed(&isolate(), &[&dana()]);
    odd.signatures[0].key = "k".repeat(1_000_000);
    assert_eq!(verified(&odd), Err(Refusal::UnknownKey { key: "k".repeat(16) }));
    let mut odd = signed(&isolate(), &[&dana()]);
    odd.signatures[0].signature = "A".repeat(1_000_000);
    assert_eq!(verified(&odd), Err(Refusal::BadSignature { key: dana().operator().id() }));
}
