//! An operator's key: the public part that a trust root lists, and the secret that signs.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use super::{Kind, Refusal, is_one_line, read_command, read_root};
use crate::message::{Signature, SignedText};

/// Longest name of an operator, characters.
pub const MAX_NAME_CHARS: usize = 80;

/// What a public part begins with where it stands alone in a file or a mail.
const PREFIX: &str = "enamel-operator-1";

/// Which key: the first 8 bytes of BLAKE3 of the public key, written as 16 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 8]);

impl KeyId {
    fn of(public: &[u8; 32]) -> Self {
        let mut id = [0; 8];
        id.copy_from_slice(&blake3::hash(public).as_bytes()[..8]);
        Self(id)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

impl FromStr for KeyId {
    type Err = NotAnOperator;

    fn from_str(text: &str) -> Result<Self, NotAnOperator> {
        if !super::is_hex(text, 16) {
            return Err(NotAnOperator::Id);
        }
        u64::from_str_radix(text, 16).map(|id| Self(id.to_be_bytes())).map_err(|_| NotAnOperator::Id)
    }
}

/// The public part of an operator's key, and whose it is.
#[derive(Clone, PartialEq, Eq)]
pub struct OperatorKey {
    name: String,
    public: VerifyingKey,
}

/// Why something is not an operator's public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAnOperator {
    /// The whole line.
    #[error("it is not a line that begins with `enamel-operator-1`, as `enamel sign key show` prints it")]
    Line,
    /// The name.
    #[error("a name is one line of 1 to {MAX_NAME_CHARS} characters that can be seen")]
    Name,
    /// The id.
    #[error("a key's id is 16 hexadecimal digits")]
    Id,
    /// The key.
    #[error("it is no public key of an operator")]
    Public,
    /// The id is another key's.
    #[error("the id is not this key's: it was mistyped or changed")]
    OtherId,
}

impl OperatorKey {
    /// Takes a public key. One of low order, under which some signature fits every text, is none.
    pub fn new(name: &str, public: &[u8; 32]) -> Result<Self, NotAnOperator> {
        if !is_one_line(name, MAX_NAME_CHARS) {
            return Err(NotAnOperator::Name);
        }
        let public = VerifyingKey::from_bytes(public).map_err(|_| NotAnOperator::Public)?;
        if public.is_weak() {
            return Err(NotAnOperator::Public);
        }
        Ok(Self { name: name.to_owned(), public })
    }

    /// Its id.
    pub fn id(&self) -> KeyId {
        KeyId::of(self.public.as_bytes())
    }

    /// The operator's name, for people.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The public key.
    pub fn public(&self) -> &[u8; 32] {
        self.public.as_bytes()
    }

    /// Whether two keys are one operator's, as far as names tell.
    pub(super) fn is_same_person(&self, other: &Self) -> bool {
        let words = |name: &str| -> Vec<String> { name.split_whitespace().map(str::to_lowercase).collect() };
        words(&self.name) == words(&other.name)
    }

    /// Whether this key signed the text as a document of that kind.
    pub(super) fn check(&self, kind: Kind, text: &str, signature: &str) -> Result<(), Refusal> {
        let bad = || Refusal::BadSignature { key: self.id() };
        let bytes = URL_SAFE_NO_PAD.decode(signature).map_err(|_| bad())?;
        let signature = ed25519_dalek::Signature::from_slice(&bytes).map_err(|_| bad())?;
        self.public.verify_strict(&kind.message(text), &signature).map_err(|_| bad())
    }

    fn from_parts(id: &str, public: &str, name: &str) -> Result<Self, NotAnOperator> {
        let bytes = URL_SAFE_NO_PAD.decode(public).map_err(|_| NotAnOperator::Public)?;
        let key = Self::new(name, &bytes.try_into().map_err(|_| NotAnOperator::Public)?)?;
        if id.parse::<KeyId>()? == key.id() { Ok(key) } else { Err(NotAnOperator::OtherId) }
    }
}

/// One line: `enamel-operator-1 ID PUBLIC NAME`.
impl fmt::Display for OperatorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let public = URL_SAFE_NO_PAD.encode(self.public.as_bytes());
        write!(f, "{PREFIX} {} {public} {}", self.id(), self.name)
    }
}

impl fmt::Debug for OperatorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OperatorKey({} {:?})", self.id(), self.name)
    }
}

impl FromStr for OperatorKey {
    type Err = NotAnOperator;

    fn from_str(text: &str) -> Result<Self, NotAnOperator> {
        let mut parts = text.trim().splitn(4, ' ');
        let (Some(PREFIX), Some(id), Some(public), Some(name)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(NotAnOperator::Line);
        };
        Self::from_parts(id, public, name)
    }
}

/// How a trust root writes it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: String,
    name: String,
    public: String,
}

impl Serialize for OperatorKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let public = URL_SAFE_NO_PAD.encode(self.public.as_bytes());
        Written { id: self.id().to_string(), name: self.name.clone(), public }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for OperatorKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Written::deserialize(deserializer)?;
        Self::from_parts(&written.id, &written.public, &written.name).map_err(serde::de::Error::custom)
    }
}

/// An operator's whole key. It is wiped when it is dropped.
pub struct SecretKey {
    operator: OperatorKey,
    signing: SigningKey,
}

impl SecretKey {
    /// Makes a key. `fill` must fill the whole slice with unpredictable bytes.
    pub fn generate(name: &str, fill: &mut dyn FnMut(&mut [u8])) -> Result<Self, NotAnOperator> {
        let mut seed = Zeroizing::new([0; 32]);
        fill(seed.as_mut_slice());
        Self::from_seed(name, &seed)
    }

    pub(super) fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, NotAnOperator> {
        let signing = SigningKey::from_bytes(seed);
        let operator = OperatorKey::new(name, signing.verifying_key().as_bytes())?;
        Ok(Self { operator, signing })
    }

    pub(super) fn seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.signing.to_bytes())
    }

    /// The public part.
    pub const fn operator(&self) -> &OperatorKey {
        &self.operator
    }

    /// Adds this operator's signature. What is not a whole document of its kind is not signed, nor is what this key has
    /// signed already. Whether the other signatures are good is for the verifier, who knows the trust root.
    pub fn sign(&self, kind: Kind, signed: &mut SignedText) -> Result<(), Refusal> {
        kind.check_size(signed)?;
        match kind {
            Kind::Command => drop(read_command(&signed.text)?),
            Kind::TrustRoot => drop(read_root(&signed.text)?),
        }
        let key = self.operator.id();
        if signed.signatures.iter().any(|signature| signature.key == key.to_string()) {
            return Err(Refusal::SameOperatorTwice { key });
        }
        let signature = self.signing.sign(&kind.message(&signed.text));
        signed.signatures.push(Signature {
            key: key.to_string(),
            signature: URL_SAFE_NO_PAD.encode(signature.to_bytes()),
        });
        Ok(())
    }
}

/// The secret is not for logs.
impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({} …)", self.operator.id())
    }
}
