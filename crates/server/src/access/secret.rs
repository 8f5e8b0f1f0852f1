//! Secrets that the server hands out and takes back: session tokens, setup links, invitations, API keys.
//!
//! Each is 32 random bytes. What is stored is a hash under a key of its own for each purpose, so that a stolen database opens
//! nothing and a hash of one kind never passes for another. A fast hash is right here: nobody guesses 256 random bits.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

/// Where unpredictable bytes come from; the binary passes the operating system's.
pub type Entropy = dyn Fn(&mut [u8]) + Send + Sync;

/// What a secret is for. The words are part of the hash: to change one ends every secret of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A browser's session.
    Session,
    /// The link that makes the first owner.
    Setup,
    /// The link that makes another person.
    Invitation,
    /// A program's key to the API.
    ApiKey,
    /// A recovery code.
    Recovery,
    /// A question to a browser.
    Ceremony,
    /// A request that is made twice by mistake (`Idempotency-Key`).
    Request,
}

impl Purpose {
    const fn context(self) -> &'static str {
        match self {
            Self::Session => "enamel 2026-11 session",
            Self::Setup => "enamel 2026-11 setup link",
            Self::Invitation => "enamel 2026-11 invitation",
            Self::ApiKey => "enamel 2026-11 api key",
            Self::Recovery => "enamel 2026-11 recovery code",
            Self::Ceremony => "enamel 2026-11 question",
            Self::Request => "enamel 2026-11 idempotency key",
        }
    }

    /// What is stored of a secret of this kind.
    pub fn hash(self, secret: &[u8]) -> [u8; 32] {
        *blake3::Hasher::new_derive_key(self.context()).update(secret).finalize().as_bytes()
    }
}

/// 32 random bytes that only their holder has.
#[derive(Clone)]
pub struct Secret(Zeroizing<[u8; 32]>);

impl Secret {
    /// A new one.
    pub fn new(entropy: &Entropy) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        entropy(bytes.as_mut());
        Self(bytes)
    }

    /// Reads what [`Secret::text`] wrote; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 43 {
            return None;
        }
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).ok()?);
        Some(Self(Zeroizing::new(bytes.as_slice().try_into().ok()?)))
    }

    /// As it is given to its holder: 43 characters, base64url.
    pub fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(URL_SAFE_NO_PAD.encode(self.0.as_ref()))
    }

    /// What is stored of it.
    pub fn hash(&self, purpose: Purpose) -> [u8; 32] {
        purpose.hash(self.0.as_ref())
    }

    /// A second secret that belongs to this one and does not reveal it.
    pub(super) fn derive(&self, context: &str) -> Self {
        Self(Zeroizing::new(
            *blake3::Hasher::new_derive_key(context).update(self.0.as_ref()).finalize().as_bytes(),
        ))
    }

    /// The bytes themselves: only for what is no secret to the store.
    pub(super) fn bytes(&self) -> [u8; 32] {
        *self.0
    }

    /// Whether both are the same, in a time that does not depend on where they differ.
    pub fn equals(&self, other: &Self) -> bool {
        blake3::Hash::from_bytes(*self.0) == blake3::Hash::from_bytes(*other.0)
    }
}

/// A secret is not for logs.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_as_it_was_written_and_its_hashes_do_not_mix() {
        let secret = Secret::new(&|bytes| bytes.fill(7));
        let text = secret.text();
        assert!(Secret::parse(&text).unwrap().equals(&secret));
        for bad in ["", "x", &text[1..], &format!("{}!", &text[..42]), &format!("{}é", &text[..41])] {
            assert!(Secret::parse(bad).is_none(), "{bad}");
        }
        assert_ne!(secret.hash(Purpose::Session), secret.hash(Purpose::ApiKey));
        assert!(!secret.derive("enamel test").equals(&secret));
        assert_eq!(format!("{secret:?}"), "Secret(…)");
    }
}
