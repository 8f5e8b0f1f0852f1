//! Passkeys (WebAuthn level 3, by webauthn-rs).
//!
//! The browser's passkey names its person, so logging on starts with the same question for everybody and tells nothing about who
//! has an account. The person must have been verified by the device (PIN, finger, face) at every use. A counter that does not rise
//! is a copy of the key, and is refused. What was asked is kept by the caller, once and for a short while.

use enamel_types::UserId;
use uuid::Uuid;
use webauthn_rs::prelude::{
    CreationChallengeResponse, CredentialID, DiscoverableAuthentication, DiscoverableKey, Passkey,
    PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential, RequestChallengeResponse,
    Webauthn, WebauthnBuilder, WebauthnError,
};

use super::guard::Address;

/// Most passkeys of a person.
pub const MAX_PASSKEYS: usize = 10;

/// Asks for passkeys, and checks the answers.
pub struct Passkeys {
    webauthn: Webauthn,
}

/// Why a passkey was not taken.
#[derive(Debug, thiserror::Error)]
pub enum PasskeyError {
    /// The question is unknown, too old, answered, or was another person's.
    #[error("the question to your passkey ran out; start again")]
    Gone,
    /// The answer does not fit the question.
    #[error("the passkey was not accepted; try again, or use another way to log on")]
    Refused(#[from] WebauthnError),
    /// The key is registered already.
    #[error("this passkey is registered already")]
    Known,
    /// The person has as many as one can have.
    #[error("you have ten passkeys; remove one that you no longer use first")]
    Full,
}

impl Passkeys {
    /// Passkeys for the server at this address.
    pub fn new(address: &Address) -> Result<Self, PasskeyError> {
        let name = address.home().domain().unwrap_or("localhost");
        let webauthn = WebauthnBuilder::new(name, address.home())?.rp_name("Enamel").build()?;
        Ok(Self { webauthn })
    }

    /// Asks a browser to make a passkey for a person who is logged on, or is just being made. `held` are those that the person has.
    pub fn ask_new(
        &self,
        user: UserId,
        mail: &str,
        name: &str,
        held: &[Passkey],
    ) -> Result<(CreationChallengeResponse, PasskeyRegistration), PasskeyError> {
        if held.len() >= MAX_PASSKEYS {
            return Err(PasskeyError::Full);
        }
        let exclude: Vec<CredentialID> = held.iter().map(|passkey| passkey.cred_id().clone()).collect();
        let user = Uuid::from_bytes(*user.as_bytes());
        let (mut options, asked) =
            self.webauthn.start_passkey_registration(user, mail, name, Some(exclude))?;
        // The login asks for no name, so the device must keep the name beside the key.
        if let Some(selection) = &mut options.public_key.authenticator_selection {
            selection.resident_key = serde_json::from_value("required".into()).ok();
            selection.require_resident_key = true;
        }
        Ok((options, asked))
    }

    /// Takes the new passkey. The caller must refuse one that another person has.
    pub fn take_new(
        &self,
        asked: &PasskeyRegistration,
        answer: &RegisterPublicKeyCredential,
    ) -> Result<Passkey, PasskeyError> {
        Ok(self.webauthn.finish_passkey_registration(answer, asked)?)
    }

    /// Asks a browser for any passkey of ours.
    pub fn ask(&self) -> Result<(RequestChallengeResponse, DiscoverableAuthentication), PasskeyError> {
        Ok(self.webauthn.start_discoverable_authentication()?)
    }

    /// Whose passkey the answer claims to be: nothing is checked yet.
    pub fn claimed(&self, answer: &PublicKeyCredential) -> Option<UserId> {
        let (user, _) = self.webauthn.identify_discoverable_authentication(answer).ok()?;
        Some(UserId::from_uuid(user))
    }

    /// Checks the answer against the claimed person's passkeys. Gives the passkey that was used, with its counter risen: the caller
    /// stores it before it lets anybody in.
    pub fn take(
        &self,
        asked: DiscoverableAuthentication,
        answer: &PublicKeyCredential,
        held: &[Passkey],
    ) -> Result<Passkey, PasskeyError> {
        let used = held.iter().find(|passkey| passkey.cred_id()[..] == *answer.get_credential_id());
        let mut used = used.cloned().ok_or(PasskeyError::Gone)?;
        let key = DiscoverableKey::from(&used);
        let result = self.webauthn.finish_discoverable_authentication_v2(answer, asked, &key)?;
        used.update_credential(&result);
        Ok(used)
    }
}

impl std::fmt::Debug for Passkeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passkeys")
    }
}
