//! Keys: one master key for the data folder, one key for each practice, and what is sealed with them.
//!
//! The master key lies in `DATA/master.key` and nowhere else. It wraps the practices' keys, which lie in the database; a practice's
//! key seals its evidence and its view. Destroying the wrapped key makes them unreadable for good. Cipher: XChaCha20-Poly1305.
//!
//! No nonce is random, so that nothing depends on dice at the moment of sealing: an entry's is made of its hash, which stands for its
//! content and its place; everything else's is a keyed hash of what is sealed. The same nonce so means the same text.

use std::io::Write;
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use enamel_ledger::EntryHash;
use enamel_types::PracticeId;
use zeroize::Zeroizing;

use crate::error::StoreError;

/// Bytes of a nonce.
const NONCE: usize = 24;

/// A key that forgets itself.
type Secret = Zeroizing<[u8; 32]>;

/// The keys that are made from the master key.
pub(crate) struct Keyring {
    wrapping: Sealer,
    sealing: Sealer,
    /// Tells this master key from any other without giving it away; kept in the database.
    pub(crate) check: [u8; 32],
}

/// The key of one practice.
pub(crate) struct PracticeKey {
    body: XChaCha20Poly1305,
    other: Sealer,
}

/// A cipher together with the key that its nonces are made with.
struct Sealer {
    cipher: XChaCha20Poly1305,
    nonces: Secret,
}

impl Sealer {
    fn new(key: &[u8; 32]) -> Self {
        Self {
            cipher: XChaCha20Poly1305::new(&(*key).into()),
            nonces: Zeroizing::new(blake3::derive_key("enamel 2026-11 store nonces", key)),
        }
    }

    /// Nonce and sealed text. `about` says what it is, and is needed to open it.
    fn seal(&self, about: &[u8], text: &[u8]) -> Result<Vec<u8>, StoreError> {
        let mut hasher = blake3::Hasher::new_keyed(&self.nonces);
        hasher.update(&(about.len() as u64).to_le_bytes());
        hasher.update(about);
        hasher.update(text);
        let mut sealed = hasher.finalize().as_bytes()[..NONCE].to_vec();
        sealed.extend(encrypt(&self.cipher, &sealed, about, text)?);
        Ok(sealed)
    }

    fn open(&self, about: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, text) = sealed.split_at_checked(NONCE)?;
        decrypt(&self.cipher, nonce, about, text)
    }
}

fn encrypt(
    cipher: &XChaCha20Poly1305,
    nonce: &[u8],
    about: &[u8],
    text: &[u8],
) -> Result<Vec<u8>, StoreError> {
    XNonce::try_from(nonce)
        .ok()
        .and_then(|nonce| cipher.encrypt(&nonce, Payload { msg: text, aad: about }).ok())
        .ok_or_else(|| StoreError::Damaged {
            what: "something to be sealed".to_owned(),
            why: "it is longer than the cipher can take".to_owned(),
        })
}

fn decrypt(cipher: &XChaCha20Poly1305, nonce: &[u8], about: &[u8], text: &[u8]) -> Option<Vec<u8>> {
    cipher.decrypt(&XNonce::try_from(nonce).ok()?, Payload { msg: text, aad: about }).ok()
}

impl Keyring {
    /// Reads the master key.
    ///
    /// `None` where there is no file.
    pub(crate) fn load(path: &Path) -> Result<Option<Self>, StoreError> {
        let text = match std::fs::read(path) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StoreError::io("read", path)(error)),
        };
        let master = std::str::from_utf8(&text).ok().and_then(|text| text.parse::<EntryHash>().ok());
        let why = "this is not a key of 64 hexadecimal digits";
        let master = master.ok_or(StoreError::MasterKey { path: path.to_owned(), why })?;
        Ok(Some(Self::of(master.as_bytes())))
    }

    /// Makes a master key; the file is there, whole and on the disk, when this returns.
    pub(crate) fn make(path: &Path, fill: &mut dyn FnMut(&mut [u8])) -> Result<Self, StoreError> {
        let mut master = Secret::default();
        fill(&mut *master);
        let digits = Zeroizing::new(format!("{}\n", EntryHash::from_bytes(*master)));
        let mut new = PathBuf::from(path);
        new.set_extension("key.new");
        let mut options = std::fs::File::options();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options
            .open(&new)
            .and_then(|mut file| file.write_all(digits.as_bytes()).and_then(|()| file.sync_all()))
            .and_then(|()| std::fs::rename(&new, path))
            .map_err(StoreError::io("write", path))?;
        crate::files::sync_folder_of(path)?;
        Ok(Self::of(&master))
    }

    pub(crate) fn of(master: &[u8; 32]) -> Self {
        let derived = |context| Zeroizing::new(blake3::derive_key(context, master));
        Self {
            wrapping: Sealer::new(&derived("enamel 2026-11 store practice keys")),
            sealing: Sealer::new(&derived("enamel 2026-11 store secrets of people and routes")),
            check: blake3::derive_key("enamel 2026-11 store master key check", master),
        }
    }

    /// A new practice's key, wrapped.
    pub(crate) fn new_practice_key(
        &self,
        practice: PracticeId,
        fill: &mut dyn FnMut(&mut [u8]),
    ) -> Result<Vec<u8>, StoreError> {
        let mut key = Secret::default();
        fill(&mut *key);
        self.wrapping.seal(practice.as_bytes(), &*key)
    }

    /// Unwraps a practice's key. One that was wrapped for another practice does not open.
    pub(crate) fn practice_key(
        &self,
        practice: PracticeId,
        wrapped: &[u8],
    ) -> Result<PracticeKey, StoreError> {
        let key = self.wrapping.open(practice.as_bytes(), wrapped).map(Zeroizing::new);
        key.and_then(|key| <[u8; 32]>::try_from(key.as_slice()).ok())
            .map(|key| PracticeKey::of(&Zeroizing::new(key)))
            .ok_or_else(|| StoreError::Damaged {
                what: format!("the key of practice {practice}"),
                why: "the master key does not open it".to_owned(),
            })
    }

    /// Seals what is nobody's evidence: a second factor, a webhook's secret. `about` says whose it is.
    pub(crate) fn seal(&self, about: &str, text: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.sealing.seal(about.as_bytes(), text)
    }

    /// The reverse of [`Self::seal`].
    pub(crate) fn open(&self, about: &str, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.sealing.open(about.as_bytes(), sealed).ok_or_else(|| StoreError::Damaged {
            what: format!("the sealed {about}"),
            why: "the master key does not open it".to_owned(),
        })
    }
}

impl PracticeKey {
    fn of(key: &[u8; 32]) -> Self {
        let derived = |context| Zeroizing::new(blake3::derive_key(context, key));
        Self {
            body: XChaCha20Poly1305::new(&(*derived("enamel 2026-11 store bodies")).into()),
            other: Sealer::new(&derived("enamel 2026-11 store views")),
        }
    }

    /// Seals an entry's body.
    pub(crate) fn seal_body(&self, hash: &EntryHash, body: &[u8]) -> Result<Vec<u8>, StoreError> {
        encrypt(&self.body, &hash.as_bytes()[..NONCE], hash.as_bytes(), body)
    }

    /// Opens an entry's body; `None` if it is not the one of this entry and this practice.
    pub(crate) fn open_body(&self, hash: &EntryHash, sealed: &[u8]) -> Option<Vec<u8>> {
        decrypt(&self.body, &hash.as_bytes()[..NONCE], hash.as_bytes(), sealed)
    }

    /// Seals the copy of a view.
    pub(crate) fn seal_view(&self, through_seq: u64, view: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.other.seal(&through_seq.to_le_bytes(), view)
    }

    /// Opens the copy of a view.
    pub(crate) fn open_view(&self, through_seq: u64, sealed: &[u8]) -> Option<Vec<u8>> {
        self.other.open(&through_seq.to_le_bytes(), sealed)
    }
}
