//! The trust root: whose signatures agents obey, and how many it takes.
//!
//! The first is signed by its own operators and pinned by an agent when it is enrolled. A later one is signed by the
//! threshold of the one before *and* by its own: those who give power away agree, and those who get it hold their keys.

use serde::{Deserialize, Serialize};

use enamel_types::CommandClass;

use super::key::{KeyId, OperatorKey};
use super::{Kind, Refusal, read_exactly, write_exactly};
use crate::message::SignedText;

/// Most operators in a trust root.
pub const MAX_OPERATORS: usize = 32;

/// Largest trust root, bytes of JSON.
pub const MAX_ROOT_BYTES: usize = 16 * 1024;

/// Fewest operators who change the trust root, or give a dangerous command: one stolen key must not be enough for either.
pub const MIN_SIGNERS: usize = 2;

/// What a trust root says, signed or not yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RootDocument {
    /// From 1; each change adds one.
    pub version: u64,
    /// The operators, by id. One person has one key in it.
    pub keys: Vec<OperatorKey>,
    /// Operators whom a change of this document takes, at least [`MIN_SIGNERS`].
    pub threshold: usize,
    /// Operators whom a dangerous command takes, at least [`MIN_SIGNERS`].
    pub dangerous: usize,
}

impl RootDocument {
    fn check(&self) -> Result<(), Refusal> {
        let refuse = |what| Err(Refusal::OutOfBounds { what });
        let count = self.keys.len();
        if self.version == 0 {
            return refuse("a trust root's versions begin with 1");
        }
        if count > MAX_OPERATORS {
            return refuse("a trust root has at most 32 operators");
        }
        if !self.keys.is_sorted_by(|one, next| one.id() < next.id()) {
            return refuse("a trust root lists each key once, by id");
        }
        let same = |(at, one): (usize, &OperatorKey)| {
            self.keys.iter().skip(at + 1).any(|next| one.is_same_person(next))
        };
        if self.keys.iter().enumerate().any(same) {
            return refuse("a trust root has one key for each operator, and here one name stands twice");
        }
        for needed in [self.threshold, self.dangerous] {
            if !(MIN_SIGNERS..=count).contains(&needed) {
                return refuse(
                    "a change of the trust root, and a dangerous command, take 2 operators or more, and no more than there are",
                );
            }
        }
        Ok(())
    }
}

/// A trust root that was verified: the only one that commands are checked against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustRoot {
    document: RootDocument,
    fingerprint: String,
}

impl TrustRoot {
    /// What it says.
    pub const fn document(&self) -> &RootDocument {
        &self.document
    }

    /// Its version.
    pub const fn version(&self) -> u64 {
        self.document.version
    }

    /// The operator with this key.
    pub fn operator(&self, id: KeyId) -> Option<&OperatorKey> {
        self.document.keys.iter().find(|key| key.id() == id)
    }

    /// Operators whom a command of this class takes.
    pub fn needed(&self, class: CommandClass) -> usize {
        match class {
            CommandClass::Safe | CommandClass::Disruptive => class.signatures(),
            CommandClass::Dangerous => self.document.dangerous.max(class.signatures()),
        }
    }

    /// [`SignedText::fingerprint`]: people compare it at the practice with what `enamel sign root show` prints.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

/// Writes a trust root down, without signatures. Its operators come out in the order of their ids.
pub fn root_text(mut document: RootDocument) -> Result<SignedText, Refusal> {
    document.keys.sort_by_key(OperatorKey::id);
    let text = write_exactly(&document)?;
    read_root(&text)?;
    Ok(SignedText { text, signatures: Vec::new() })
}

/// Reads what a trust root says. Nobody has vouched for it: this is for showing and signing.
pub fn read_root(text: &str) -> Result<RootDocument, Refusal> {
    if text.len() > MAX_ROOT_BYTES {
        return Err(Refusal::TooLarge { bytes: text.len(), limit: MAX_ROOT_BYTES });
    }
    let document: RootDocument = read_exactly(text)?;
    document.check()?;
    Ok(document)
}

/// Verifies a trust root by itself: its own operators signed it. For the first that an agent ever gets, of whatever version,
/// and for the one that it has pinned on its disk. Whether these are the right operators, only whoever enrols can say.
pub fn verify_root(signed: &SignedText) -> Result<TrustRoot, Refusal> {
    Kind::TrustRoot.check_size(signed)?;
    let document = read_root(&signed.text)?;
    check_signers(signed, &document)?;
    Ok(TrustRoot { document, fingerprint: signed.fingerprint() })
}

/// Verifies the trust root after `old`: the next version, signed by the threshold of both.
pub fn verify_rotation(old: &TrustRoot, new: &SignedText) -> Result<TrustRoot, Refusal> {
    // Before anything in it is read: those who were trusted until now vouch for it.
    check_signers(new, &old.document)?;
    let verified = verify_root(new)?;
    let expected = old.version().saturating_add(1);
    if verified.version() != expected {
        return Err(Refusal::RootVersion { expected, found: verified.version() });
    }
    Ok(verified)
}

/// How many operators of `by` have yet to sign a trust root; 0 where its threshold is reached. Signatures that are there have
/// to be good ones. That of somebody else is no fault: a rotated root carries those of the operators before, whom a later
/// reader does not know any more. It counts for nothing.
pub fn missing_signatures(signed: &SignedText, by: &RootDocument) -> Result<usize, Refusal> {
    signers(signed, by).map(|valid| by.threshold.saturating_sub(valid))
}

fn check_signers(signed: &SignedText, by: &RootDocument) -> Result<(), Refusal> {
    let (valid, needed) = (signers(signed, by)?, by.threshold);
    if valid < needed { Err(Refusal::TooFewSignatures { valid, needed }) } else { Ok(()) }
}

/// How many of these operators signed.
fn signers(signed: &SignedText, by: &RootDocument) -> Result<usize, Refusal> {
    Kind::TrustRoot.check_size(signed)?;
    let mut signers: Vec<KeyId> = Vec::new();
    for signature in &signed.signatures {
        let Some(key) = by.keys.iter().find(|key| key.id().to_string() == signature.key) else { continue };
        if signers.contains(&key.id()) {
            return Err(Refusal::SameOperatorTwice { key: key.id() });
        }
        key.check(Kind::TrustRoot, &signed.text, &signature.signature)?;
        signers.push(key.id());
    }
    Ok(signers.len())
}
