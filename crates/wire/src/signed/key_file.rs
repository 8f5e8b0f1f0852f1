//! The file that an operator's key lies in, sealed with a passphrase. A text, version 1:
//!
//! ```text
//! enamel-key-1
//! name: Dana Ortiz
//! public: 32 bytes, base64url
//! kdf: argon2id m=65536 t=3 p=4
//! salt: 16 bytes, base64url
//! nonce: 24 bytes, base64url
//! sealed: 48 bytes, base64url
//! ```
//!
//! The passphrase and the salt give a key by Argon2id (RFC 9106, its second recommended setting: 64 MiB, 3 passes, 4
//! lanes). XChaCha20-Poly1305 seals the secret with it, and every line before `sealed` is authenticated with it: a
//! file in which anything was changed does not open.

use std::fmt;
use std::str::FromStr;

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::key::{OperatorKey, SecretKey};
use super::passphrase::Passphrase;

/// Largest key file, bytes.
pub const MAX_KEY_FILE_BYTES: usize = 4 * 1024;

/// What the first line says.
const HEADER: &str = "enamel-key-1";

/// What a file may ask of the computer that opens it: a hostile one must not take all its memory, nor an hour.
const MAX_MEMORY_KIB: u32 = 1024 * 1024;
const MAX_PASSES: u32 = 16;
const MAX_LANES: u32 = 16;

/// A key file that was read and not opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFile {
    operator: OperatorKey,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: [u8; 16],
    nonce: [u8; 24],
    sealed: [u8; 48],
}

/// Why a key file gives no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileError {
    /// Not one of ours.
    #[error("it is not a key file of Enamel: {why}")]
    NotAKeyFile {
        /// What is missing or wrong.
        why: &'static str,
    },
    /// The passphrase is wrong, or the file was changed: nobody can tell these apart.
    #[error("the passphrase is wrong, or the key file was changed")]
    WrongPassphrase,
    /// The computer cannot give what the file asks for.
    #[error("the passphrase could not be turned into a key")]
    Derivation,
}

impl KeyFile {
    /// Seals a key. `fill` must fill the whole slice with unpredictable bytes. It takes about a quarter of a second and
    /// 64 MiB.
    pub fn seal(
        secret: &SecretKey,
        passphrase: &Passphrase,
        fill: &mut dyn FnMut(&mut [u8]),
    ) -> Result<Self, KeyFileError> {
        let mut made = Self {
            operator: secret.operator().clone(),
            memory_kib: 64 * 1024,
            passes: 3,
            lanes: 4,
            salt: [0; 16],
            nonce: [0; 24],
            sealed: [0; 48],
        };
        fill(&mut made.salt);
        fill(&mut made.nonce);
        let (aad, seed) = (made.before_sealed(), secret.seed());
        let sealed = made
            .cipher(passphrase)?
            .encrypt(&XNonce::from(made.nonce), Payload { msg: seed.as_slice(), aad: aad.as_bytes() })
            .map_err(|_| KeyFileError::Derivation)?;
        made.sealed = sealed.try_into().map_err(|_| KeyFileError::Derivation)?;
        Ok(made)
    }

    /// Opens it.
    pub fn open(&self, passphrase: &Passphrase) -> Result<SecretKey, KeyFileError> {
        let aad = self.before_sealed();
        let seed = self
            .cipher(passphrase)?
            .decrypt(&XNonce::from(self.nonce), Payload { msg: &self.sealed, aad: aad.as_bytes() })
            .map(Zeroizing::new)
            .map_err(|_| KeyFileError::WrongPassphrase)?;
        let mut bytes = Zeroizing::new([0; 32]);
        bytes.copy_from_slice(seed.get(..32).ok_or(KeyFileError::WrongPassphrase)?);
        let secret = SecretKey::from_seed(self.operator.name(), &bytes);
        secret
            .ok()
            .filter(|secret| secret.operator() == &self.operator)
            .ok_or(KeyFileError::NotAKeyFile { why: "its secret is another key's" })
    }

    /// Whose it is, as the file says; only [`Self::open`] proves it.
    pub const fn operator(&self) -> &OperatorKey {
        &self.operator
    }

    fn cipher(&self, passphrase: &Passphrase) -> Result<XChaCha20Poly1305, KeyFileError> {
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(32))
            .map_err(|_| KeyFileError::Derivation)?;
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.as_bytes(), &self.salt, key.as_mut_slice())
            .map_err(|_| KeyFileError::Derivation)?;
        XChaCha20Poly1305::new_from_slice(key.as_slice()).map_err(|_| KeyFileError::Derivation)
    }

    /// Every line but the last.
    fn before_sealed(&self) -> String {
        format!(
            "{HEADER}\nname: {}\npublic: {}\nkdf: argon2id m={} t={} p={}\nsalt: {}\nnonce: {}\n",
            self.operator.name(),
            URL_SAFE_NO_PAD.encode(self.operator.public()),
            self.memory_kib,
            self.passes,
            self.lanes,
            URL_SAFE_NO_PAD.encode(self.salt),
            URL_SAFE_NO_PAD.encode(self.nonce),
        )
    }
}

impl fmt::Display for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}sealed: {}", self.before_sealed(), URL_SAFE_NO_PAD.encode(self.sealed))
    }
}

impl FromStr for KeyFile {
    type Err = KeyFileError;

    fn from_str(text: &str) -> Result<Self, KeyFileError> {
        let not = |why| KeyFileError::NotAKeyFile { why };
        if text.len() > MAX_KEY_FILE_BYTES {
            return Err(not("it is too long"));
        }
        let mut rows = text.lines();
        if rows.next() != Some(HEADER) {
            return Err(not("its first line is not `enamel-key-1`"));
        }
        let mut field = |name: &str, why| {
            rows.next().and_then(|line| line.strip_prefix(name)?.strip_prefix(": ")).ok_or(not(why))
        };
        let name = field("name", "its second line has no name")?;
        let public = bytes(field("public", "its third line has no public key")?)
            .ok_or(not("its public key is not 32 bytes"))?;
        let operator =
            OperatorKey::new(name, &public).map_err(|_| not("its name or its public key is none"))?;
        let kdf = field("kdf", "its fourth line does not say how the passphrase is used")?;
        let [memory_kib, passes, lanes] =
            parameters(kdf).ok_or(not("how the passphrase is used is out of bounds"))?;
        let salt =
            bytes(field("salt", "its fifth line has no salt")?).ok_or(not("its salt is not 16 bytes"))?;
        let nonce =
            bytes(field("nonce", "its sixth line has no nonce")?).ok_or(not("its nonce is not 24 bytes"))?;
        let sealed = bytes(field("sealed", "its last line has no sealed key")?)
            .ok_or(not("its sealed key is not 48 bytes"))?;
        if rows.any(|line| !line.trim().is_empty()) {
            return Err(not("something follows its last line"));
        }
        Ok(Self { operator, memory_kib, passes, lanes, salt, nonce, sealed })
    }
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

/// `argon2id m=65536 t=3 p=4`.
fn parameters(text: &str) -> Option<[u32; 3]> {
    let mut parts = text.strip_prefix("argon2id ")?.split(' ');
    let mut number = |name: &str, most: u32| {
        let number: u32 = parts.next()?.strip_prefix(name)?.strip_prefix('=')?.parse().ok()?;
        (1..=most).contains(&number).then_some(number)
    };
    let found = [number("m", MAX_MEMORY_KIB)?, number("t", MAX_PASSES)?, number("p", MAX_LANES)?];
    parts.next().is_none().then_some(found)
}
