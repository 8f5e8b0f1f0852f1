//! Passkeys, with a security key in software on the other side.

use enamel_server::access::guard::Address;
use enamel_server::access::passkey::{PasskeyError, Passkeys};
use enamel_types::{Timestamp, UserId};
use serde_json::{Value, json};
use uuid::Uuid;
use webauthn_rs::prelude::Passkey;

use crate::authenticator::SoftKey;

const ORIGIN: &str = "http://localhost:8420";

fn dice(bytes: &mut [u8]) {
    getrandom::fill(bytes).unwrap();
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn passkeys() -> Passkeys {
    Passkeys::new(&Address::new("127.0.0.1:8420".parse().unwrap(), None).unwrap()).unwrap()
}

fn dana() -> UserId {
    UserId::from_uuid(Uuid::from_u128(7))
}

fn registered(passkeys: &Passkeys) -> (SoftKey, Passkey) {
    let question =
        passkeys.start_registration(dana(), "dana@msp.example", "Dana", &[], at(0), &dice).unwrap();
    let options = serde_json::to_value(&question.options).unwrap();
    let (key, answer) = SoftKey::register(&options, ORIGIN, 1);
    let answer = serde_json::from_value(answer).unwrap();
    let passkey = passkeys.finish_registration(dana(), &question.ceremony, &answer, at(9)).unwrap();
    (key, passkey)
}

fn login(
    passkeys: &Passkeys,
    held: &[Passkey],
    answer: impl FnOnce(&Value) -> Value,
    second: i64,
) -> Result<Passkey, PasskeyError> {
    let question = passkeys.start_login(at(second), &dice).unwrap();
    let answer = answer(&serde_json::to_value(&question.options).unwrap());
    let answer = serde_json::from_value(answer).unwrap();
    assert_eq!(passkeys.claimed(&answer), Some(dana()));
    passkeys.finish_login(&question.ceremony, &answer, held, at(second))
}

#[test]
fn a_passkey_is_made_and_logs_its_person_on() {
    let passkeys = passkeys();
    let (mut key, passkey) = registered(&passkeys);
    let used = login(&passkeys, std::slice::from_ref(&passkey), |question| key.answer(question), 20).unwrap();
    assert_eq!(used.cred_id(), passkey.cred_id());
    assert_ne!(json!(used), json!(passkey), "its counter has risen");
}

#[test]
fn a_question_is_answered_once_by_the_person_it_was_put_to() {
    let passkeys = passkeys();
    let (mut key, passkey) = registered(&passkeys);
    let held = [passkey];
    let question = passkeys.start_login(at(20), &dice).unwrap();
    let answer = key.answer(&serde_json::to_value(&question.options).unwrap());
    let answer = serde_json::from_value(answer).unwrap();
    assert!(passkeys.finish_login(&question.ceremony, &answer, &held, at(21)).is_ok());
    let again = passkeys.finish_login(&question.ceremony, &answer, &held, at(22));
    assert!(matches!(again, Err(PasskeyError::Gone)), "{again:?}");

    let question =
        passkeys.start_registration(dana(), "d@msp.example", "Dana", &held, at(30), &dice).unwrap();
    let (_, answer) = SoftKey::register(&serde_json::to_value(&question.options).unwrap(), ORIGIN, 2);
    let answer = serde_json::from_value(answer).unwrap();
    let other = UserId::from_uuid(Uuid::from_u128(8));
    let taken = passkeys.finish_registration(other, &question.ceremony, &answer, at(31));
    assert!(matches!(taken, Err(PasskeyError::Gone)), "{taken:?}");
}

#[test]
fn a_copy_of_a_key_an_unverified_person_and_another_site_are_refused() {
    let passkeys = passkeys();
    let (mut key, passkey) = registered(&passkeys);
    let used = login(&passkeys, &[passkey], |question| key.answer(question), 20).unwrap();
    let held = [used];
    let copied = login(&passkeys, &held, |question| key.answer_as_counted(question), 30);
    assert!(matches!(copied, Err(PasskeyError::Refused(_))), "{copied:?}");

    key.verifies = false;
    let unverified = login(&passkeys, &held, |question| key.answer(question), 40);
    assert!(matches!(unverified, Err(PasskeyError::Refused(_))), "{unverified:?}");
    key.verifies = true;

    let elsewhere =
        Address::new("127.0.0.1:8420".parse().unwrap(), Some("https://enamel.msp.example")).unwrap();
    let elsewhere = Passkeys::new(&elsewhere).unwrap();
    let foreign = login(&elsewhere, &held, |question| key.answer(question), 50);
    assert!(matches!(foreign, Err(PasskeyError::Refused(_))), "{foreign:?}");

    assert!(
        login(&passkeys, &held, |question| key.answer(question), 60).is_ok(),
        "the key itself still works"
    );
}
