//! What a person proves itself with, as it lies in the store: passkeys, the app's secret, recovery codes; and what a browser was asked and
//! has not answered yet.
//!
//! The store seals all of it with its master key. Each change is a compare-and-set there: of two that use one proof, one is refused.

use enamel_store::people::{self, Credential, CredentialKind};
use enamel_store::{StoreError, Tx, WriteTx, sessions};
use enamel_types::{Timestamp, UserId};
use jiff::SignedDuration;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use webauthn_rs::prelude::{DiscoverableAuthentication, Passkey, PasskeyRegistration};
use zeroize::Zeroizing;

use super::join::Joiner;
use super::passkey::PasskeyError;
use super::secret::{Purpose, Secret};
use super::{Access, AccessError, WHO_CALLS, recovery, totp};

/// How long a person has to answer a question.
const TO_ANSWER: SignedDuration = SignedDuration::from_mins(5);

/// A question to a browser. `ceremony` comes back with the answer.
#[derive(Debug, Serialize)]
pub struct Question<T> {
    /// The name under which the server keeps what it asked.
    pub ceremony: String,
    /// For `navigator.credentials`, or for the page.
    pub options: T,
}

/// A passkey, and what its owner calls it.
#[derive(Debug, Clone)]
pub struct NamedPasskey {
    /// Its id in the store.
    pub id: Uuid,
    /// What its owner calls it.
    pub label: String,
    /// When it was added.
    pub made_at: Timestamp,
    /// When it was last used.
    pub used_at: Option<Timestamp>,
    pub(super) passkey: Passkey,
}

/// What was asked, in one type, so that the answer to one question is never taken for the answer to another.
#[derive(Serialize, Deserialize)]
pub(super) enum Asked {
    /// To log on by any passkey of ours.
    Login(DiscoverableAuthentication),
    /// A person who is signed in, to make a passkey.
    NewPasskey(UserId, PasskeyRegistration),
    /// A person who is signed in, to confirm an app with this secret.
    NewApp(UserId, Zeroizing<Vec<u8>>),
    /// Somebody with a link, to make a passkey.
    JoinByPasskey(Joiner, PasskeyRegistration),
    /// Somebody with a link, to confirm an app with this secret.
    JoinByPassword(Joiner, Zeroizing<Vec<u8>>),
}

/// All that a person proves itself with.
pub(super) struct Proofs {
    pub(super) passkeys: Vec<NamedPasskey>,
    pub(super) app: Option<App>,
    pub(super) recovery_codes: usize,
}

/// The app's secret and the last step that was used.
pub(super) struct App {
    credential: Credential,
    kept: KeptApp,
}

#[derive(Serialize, Deserialize)]
struct KeptApp {
    secret: Zeroizing<Vec<u8>>,
    last_step: Option<u64>,
}

fn damaged(what: &str, error: &serde_json::Error) -> StoreError {
    StoreError::Damaged { what: what.to_owned(), why: error.to_string() }
}

fn to_bytes<T: Serialize>(value: &T) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    serde_json::to_vec(value).map(Zeroizing::new).map_err(|error| damaged("a credential", &error))
}

fn of_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(bytes).map_err(|error| damaged("a credential", &error))
}

/// A passkey is found by a hash of its own id, so that one key cannot be two people's.
fn handle(passkey: &Passkey) -> [u8; 32] {
    *blake3::Hasher::new_derive_key("enamel 2026-11 passkey id")
        .update(passkey.cred_id())
        .finalize()
        .as_bytes()
}

impl Proofs {
    /// A person's.
    pub(super) fn of(tx: &mut Tx<'_>, person: UserId) -> Result<Self, StoreError> {
        let mut proofs = Self { passkeys: Vec::new(), app: None, recovery_codes: 0 };
        for credential in people::credentials(tx, person)? {
            match credential.kind {
                CredentialKind::Passkey => proofs.passkeys.push(NamedPasskey {
                    id: credential.id,
                    passkey: of_bytes(&credential.secret)?,
                    label: credential.label,
                    made_at: credential.made_at,
                    used_at: credential.used_at,
                }),
                CredentialKind::Totp => {
                    let kept = of_bytes(&credential.secret)?;
                    proofs.app = Some(App { credential, kept });
                }
                CredentialKind::Recovery => proofs.recovery_codes += 1,
            }
        }
        Ok(proofs)
    }

    /// The passkeys alone.
    pub(super) fn keys(&self) -> Vec<Passkey> {
        self.passkeys.iter().map(|named| named.passkey.clone()).collect()
    }
}

/// Uses an app's code: its step counts once.
pub(super) fn use_app(
    tx: &mut WriteTx<'_>,
    app: App,
    code: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let App { credential, mut kept } = app;
    let Some(step) = totp::check(&kept.secret, code, now, kept.last_step) else { return Ok(false) };
    kept.last_step = Some(step);
    let last_used = credential.used_at;
    let used = Credential { secret: to_bytes(&kept)?.to_vec(), ..credential };
    match people::use_credential(tx, &used, last_used, now) {
        // Somebody else used it in this very moment.
        Err(StoreError::Conflict(_)) => Ok(false),
        used => used.map(|()| true),
    }
}

/// Writes down that a passkey was used, with its counter.
pub(super) fn use_passkey(
    tx: &mut WriteTx<'_>,
    person: UserId,
    held: &[NamedPasskey],
    used: &Passkey,
    now: Timestamp,
) -> Result<(), AccessError> {
    let named = held.iter().find(|named| named.passkey == *used).ok_or(PasskeyError::Gone)?;
    let credential = Credential {
        id: named.id,
        person,
        kind: CredentialKind::Passkey,
        label: named.label.clone(),
        handle: Some(handle(used)),
        secret: to_bytes(used)?.to_vec(),
        made_at: named.made_at,
        used_at: named.used_at,
    };
    match people::use_credential(tx, &credential, named.used_at, now) {
        Err(StoreError::Conflict(_)) => Err(PasskeyError::Gone.into()),
        used => Ok(used?),
    }
}

/// Something new to prove a person with.
pub(super) enum NewProof {
    /// A passkey, and what to call it.
    Passkey(Box<Passkey>, String),
    /// A password's hash, the app's secret, and the step of the code that confirmed it.
    Password(String, Zeroizing<Vec<u8>>, u64),
}

impl Access {
    fn credential(
        &self,
        person: UserId,
        kind: CredentialKind,
        label: &str,
        handle: Option<[u8; 32]>,
        secret: Vec<u8>,
    ) -> Credential {
        let label = label.to_owned();
        Credential {
            id: self.new_uuid(),
            person,
            kind,
            label,
            handle,
            secret,
            made_at: self.now(),
            used_at: None,
        }
    }

    /// Adds a proof; a password takes the place of the one before.
    pub(super) fn add_proof(
        &self,
        tx: &mut WriteTx<'_>,
        person: UserId,
        proof: &NewProof,
    ) -> Result<(), AccessError> {
        match proof {
            NewProof::Passkey(passkey, label) => {
                let secret = to_bytes(passkey)?.to_vec();
                let credential =
                    self.credential(person, CredentialKind::Passkey, label, Some(handle(passkey)), secret);
                match people::add_credential(tx, &credential) {
                    Err(StoreError::Conflict(_)) => Err(PasskeyError::Known.into()),
                    added => Ok(added?),
                }
            }
            NewProof::Password(hash, secret, step) => {
                people::set_password_hash(tx, person, Some(hash))?;
                people::remove_credentials(tx, person, CredentialKind::Totp)?;
                let kept = to_bytes(&KeptApp { secret: secret.clone(), last_step: Some(*step) })?.to_vec();
                let credential = self.credential(person, CredentialKind::Totp, "App", None, kept);
                Ok(people::add_credential(tx, &credential)?)
            }
        }
    }

    /// Ten new recovery codes in the place of those before.
    pub(super) fn renew_recovery_codes(
        &self,
        tx: &mut WriteTx<'_>,
        person: UserId,
    ) -> Result<Vec<Zeroizing<String>>, StoreError> {
        people::remove_credentials(tx, person, CredentialKind::Recovery)?;
        let codes = recovery::new_codes(&self.inner.world.fill);
        for code in &codes {
            let credential =
                self.credential(person, CredentialKind::Recovery, "", recovery::hash(code), Vec::new());
            people::add_credential(tx, &credential)?;
        }
        Ok(codes)
    }

    /// Keeps what was asked, and gives the name by which the answer finds it.
    pub(super) fn ask(&self, asked: &Asked) -> Result<String, StoreError> {
        let secret = self.new_secret();
        let (hash, ends_at) = (secret.hash(Purpose::Ceremony), self.now() + TO_ANSWER);
        let asked = to_bytes(asked)?;
        self.inner.store.write(&WHO_CALLS, |tx| sessions::put_challenge(tx, &hash, &asked, ends_at))?;
        Ok(secret.text().to_string())
    }

    /// Takes what was asked, once.
    pub(super) fn asked(&self, ceremony: &str) -> Result<Asked, AccessError> {
        let hash = Secret::parse(ceremony).ok_or(PasskeyError::Gone)?.hash(Purpose::Ceremony);
        let now = self.now();
        match self.inner.store.write(&WHO_CALLS, |tx| sessions::take_challenge(tx, &hash, now)) {
            Ok(asked) => Ok(of_bytes(&asked)?),
            Err(StoreError::NotFound(_)) => Err(PasskeyError::Gone.into()),
            Err(error) => Err(error.into()),
        }
    }
}
