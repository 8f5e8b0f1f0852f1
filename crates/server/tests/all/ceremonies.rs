//! Passkeys, with a security key in software on the other side.

use enamel_server::access::guard::Address;
use enamel_server::access::passkey::{PasskeyError, Passkeys};
use enamel_types::UserId;
use serde_json::{Value, json};
use uuid::Uuid;
use webauthn_rs::prelude::Passkey;

use crate::authenticator::SoftKey;

const ORIGIN: &str = "http://localhost:8420";

fn passkeys() -> Passkeys {
    Passkeys::new(&Address::new("127.0.0.1:8420".parse().unwrap(), None).unwrap()).unwrap()
}

fn dana() -> UserId {
    UserId::from_uuid(Uuid::from_u128(7))
}

fn registered(passkeys: &Passkeys) -> (SoftKey, Passkey) {
    let (options, asked) = passkeys.ask_new(dana(), "dana@msp.example", "Dana", &[]).unwrap();
    let (key, answer) = SoftKey::register(&serde_json::to_value(&options).unwrap(), ORIGIN, 1);
    let passkey = passkeys.take_new(&asked, &serde_json::from_value(answer).unwrap()).unwrap();
    (key, passkey)
}

fn login(
    passkeys: &Passkeys,
    held: &[Passkey],
    answer: impl FnOnce(&Value) -> Value,
) -> Result<Passkey, PasskeyError> {
    let (options, asked) = passkeys.ask().unwrap();
    let answer = serde_json::from_value(answer(&serde_json::to_value(&options).unwrap())).unwrap();
    assert_eq!(passkeys.claimed(&answer), Some(dana()));
    passkeys.take(asked, &answer, held)
}

#[test]
fn a_passkey_is_made_and_logs_its_person_on() {
    let passkeys = passkeys();
    let (mut key, passkey) = registered(&passkeys);
    let used = login(&passkeys, std::slice::from_ref(&passkey), |question| key.answer(question)).unwrap();
    assert_eq!(used.cred_id(), passkey.cred_id());
    assert_ne!(json!(used), json!(passkey), "its counter has risen");
    assert!(matches!(login(&passkeys, &[], |question| key.answer(question)), Err(PasskeyError::Gone)));
}

#[test]
fn a_copy_of_a_key_an_unverified_person_and_another_site_are_refused() {
    let passkeys = passkeys();
    let (mut key, passkey) = registered(&passkeys);
    let used = login(&passkeys, &[passkey], |question| key.answer(question)).unwrap();
    let held = [used];
    let copied = login(&passkeys, &held, |question| key.answer_as_counted(question));
    assert!(matches!(copied, Err(PasskeyError::Refused(_))), "{copied:?}");

    key.verifies = false;
    let unverified = login(&passkeys, &held, |question| key.answer(question));
    assert!(matches!(unverified, Err(PasskeyError::Refused(_))), "{unverified:?}");
    key.verifies = true;

    let elsewhere =
        Address::new("127.0.0.1:8420".parse().unwrap(), Some("https://enamel.msp.example")).unwrap();
    let elsewhere = Passkeys::new(&elsewhere).unwrap();
    let foreign = login(&elsewhere, &held, |question| key.answer(question));
    assert!(matches!(foreign, Err(PasskeyError::Refused(_))), "{foreign:?}");

    assert!(login(&passkeys, &held, |question| key.answer(question)).is_ok(), "the key itself still works");
}
