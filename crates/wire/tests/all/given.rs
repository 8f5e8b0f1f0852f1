//! Operators, a trust root, an agent and a command, the same in every run.

use std::sync::LazyLock;

use enamel_types::{AgentId, Command, CommandId, Order, PracticeId, Timestamp};
use enamel_wire::message::SignedText;
use enamel_wire::signed::{
    Kind, Recipient, Refusal, RootDocument, SecretKey, Seen, TrustRoot, VerifiedCommand, command_text,
    root_text, verify_command, verify_root,
};
use uuid::Uuid;

/// An operator whose secret is one byte repeated.
pub(crate) fn operator(name: &str, byte: u8) -> SecretKey {
    SecretKey::generate(name, &mut |bytes| bytes.fill(byte)).expect("a name")
}

pub(crate) fn dana() -> SecretKey {
    operator("Dana Ortiz", 1)
}

pub(crate) fn lee() -> SecretKey {
    operator("Lee Park", 2)
}

pub(crate) fn sam() -> SecretKey {
    operator("Sam Novak", 3)
}

/// Whoever is no operator of the MSP.
pub(crate) fn mallory() -> SecretKey {
    operator("Mallory", 66)
}

pub(crate) fn document(version: u64, operators: &[&SecretKey]) -> RootDocument {
    let keys = operators.iter().map(|secret| secret.operator().clone()).collect();
    RootDocument { version, keys, threshold: 2, dangerous: 2 }
}

pub(crate) fn signed_root(document: RootDocument, signers: &[&SecretKey]) -> SignedText {
    let mut text = root_text(document).expect("a trust root");
    for signer in signers {
        signer.sign(Kind::TrustRoot, &mut text).expect("a signature");
    }
    text
}

/// Dana, Lee and Sam; any two of them.
static ROOT: LazyLock<TrustRoot> = LazyLock::new(|| {
    let (dana, lee, sam) = (dana(), lee(), sam());
    verify_root(&signed_root(document(1, &[&dana, &lee, &sam]), &[&dana, &lee])).expect("signed by two")
});

pub(crate) fn root() -> TrustRoot {
    ROOT.clone()
}

pub(crate) fn uuid(byte: u8) -> Uuid {
    Uuid::from_bytes([byte; 16])
}

pub(crate) fn recipient() -> Recipient {
    Recipient { practice: PracticeId::from_uuid(uuid(0x11)), agent: AgentId::from_uuid(uuid(0x22)) }
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

/// A moment within [`command`]'s validity.
pub(crate) fn now() -> Timestamp {
    at("2026-11-24T15:00:00Z")
}

/// A command of eight hours.
pub(crate) fn command(order: Order) -> Command {
    Command {
        id: CommandId::from_uuid(uuid(0x33)),
        practice: recipient().practice,
        agent: recipient().agent,
        counter: 7,
        nonce: "0123456789abcdef0123456789abcdef".to_owned(),
        not_before: at("2026-11-24T14:00:00Z"),
        not_after: at("2026-11-24T22:00:00Z"),
        reason: "Unknown program writes to the chart folder".to_owned(),
        order,
    }
}

pub(crate) fn isolate() -> Command {
    command(Order::Isolate { hours: 4 })
}

pub(crate) fn uninstall() -> Command {
    command(Order::Uninstall)
}

pub(crate) fn signed(command: &Command, signers: &[&SecretKey]) -> SignedText {
    let mut text = command_text(command).expect("a command within its bounds");
    for signer in signers {
        signer.sign(Kind::Command, &mut text).expect("a signature");
    }
    text
}

/// What an agent that has seen nothing says to a command now.
pub(crate) fn verified(signed: &SignedText) -> Result<VerifiedCommand, Refusal> {
    verify_command(signed, &ROOT, &recipient(), &Seen::default(), now())
}
