//! What operators sign, and what has to hold before anybody acts on it.
//!
//! A server stores and relays these documents and can make none: operators' keys never lie on it. There are two kinds, a
//! command to one agent ([`verify_command`]) and the list of whom agents obey ([`verify_root`], [`verify_rotation`]).
//! Both travel as a [`SignedText`]: JSON and Ed25519 signatures over its very bytes, behind a word that says which kind
//! it is, so that a signature under one kind is none under the other.
//!
//! A document has one spelling. What does not come out byte for byte when it is written again is refused, and with it
//! keys that stand twice, fields that nobody knows, and every other way to make two readers read two things. Signatures are
//! checked before anything is parsed; strictly (RFC 8032 with cofactorless equation, no key of low order).
//!
//! States are types: [`TrustRoot`] and [`VerifiedCommand`] come only from a verification, and agents carry out nothing else.
//!
//! Nothing here reads a clock, a file or a terminal; passphrases and keys are wiped from memory when they are dropped.

mod command;
mod key;
mod key_file;
mod passphrase;
mod refusal;
mod root;

use enamel_types::text::is_unshowable;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use command::{
    CLOCK_SKEW_MINUTES, Due, MAX_COMMAND_BYTES, MAX_COUNTER_STEP, MAX_REASON_CHARS, Recipient, Seen, VERBS,
    VerifiedCommand, command_text, read_command, verify_command, verify_held,
};
pub use key::{KeyId, MAX_NAME_CHARS, NotAnOperator, OperatorKey, SecretKey};
pub use key_file::{KeyFile, KeyFileError, MAX_KEY_FILE_BYTES};
pub use passphrase::{MIN_PASSPHRASE_CHARS, Passphrase, WeakPassphrase};
pub use refusal::Refusal;
pub use root::{
    MAX_OPERATORS, MAX_ROOT_BYTES, MIN_SIGNERS, RootDocument, TrustRoot, missing_signatures, read_root,
    root_text, verify_root, verify_rotation,
};

use crate::message::SignedText;

/// What a signature is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A command to one agent.
    Command,
    /// The list of operators whom agents obey.
    TrustRoot,
}

impl Kind {
    /// What stands before the text where it is signed. None begins another, because each ends in a NUL.
    const fn context(self) -> &'static [u8] {
        match self {
            Self::Command => b"enamel command v1\0",
            Self::TrustRoot => b"enamel trust root v1\0",
        }
    }

    /// Largest text, bytes.
    const fn max_bytes(self) -> usize {
        match self {
            Self::Command => MAX_COMMAND_BYTES,
            Self::TrustRoot => MAX_ROOT_BYTES,
        }
    }

    /// Most signatures: a trust root's may be those of two roots.
    const fn max_signatures(self) -> usize {
        match self {
            Self::Command => MAX_OPERATORS,
            Self::TrustRoot => 2 * MAX_OPERATORS,
        }
    }

    /// The very bytes that are signed.
    fn message(self, text: &str) -> Vec<u8> {
        [self.context(), text.as_bytes()].concat()
    }

    /// Whether a document can be looked at at all.
    fn check_size(self, signed: &SignedText) -> Result<(), Refusal> {
        if signed.text.len() > self.max_bytes() {
            return Err(Refusal::TooLarge { bytes: signed.text.len(), limit: self.max_bytes() });
        }
        if signed.signatures.len() > self.max_signatures() {
            return Err(Refusal::TooManySignatures {
                count: signed.signatures.len(),
                limit: self.max_signatures(),
            });
        }
        Ok(())
    }
}

impl SignedText {
    /// BLAKE3 of the text, 64 hex digits, whoever signed it: what people compare by eye.
    pub fn fingerprint(&self) -> String {
        blake3::hash(self.text.as_bytes()).to_string()
    }
}

/// Reads a document that has one spelling.
fn read_exactly<T: Serialize + DeserializeOwned>(text: &str) -> Result<T, Refusal> {
    let read: T =
        serde_json::from_str(text).map_err(|error| Refusal::Malformed { why: error.to_string() })?;
    if write_exactly(&read)? == text { Ok(read) } else { Err(Refusal::OtherSpelling) }
}

/// Writes a document in its one spelling.
fn write_exactly<T: Serialize>(document: &T) -> Result<String, Refusal> {
    serde_json::to_string(document).map_err(|error| Refusal::Malformed { why: error.to_string() })
}

/// Whether a text is one line for people: not empty, not too long, nothing at its ends or within that cannot be seen.
fn is_one_line(text: &str, max_chars: usize) -> bool {
    !text.is_empty()
        && text.trim() == text
        && text.chars().count() <= max_chars
        && !text.chars().any(is_unshowable)
}

/// Whether a text is `digits` lower-case hexadecimal digits.
fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
