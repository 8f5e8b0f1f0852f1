//! What a person changes about the own login: passkeys, password and app, recovery codes. Each takes a fresh login, and none of it may
//! leave the person without a way to log on.

use enamel_store::{StoreError, people};
use uuid::Uuid;
use webauthn_rs::prelude::{CreationChallengeResponse, RegisterPublicKeyCredential};
use zeroize::Zeroizing;

use super::login::Visitor;
use super::passkey::PasskeyError;
use super::proofs::{Asked, NamedPasskey, NewProof, Proofs, Question};
use super::signed_in::SignedIn;
use super::totp::TotpSetup;
use super::{Access, AccessError, WHO_CALLS, person_name};
use crate::audit::Deed;

/// How a person can log on, for the page that shows it.
#[derive(Debug, Clone)]
pub struct OwnLogin {
    /// Passkeys: name, when it was made, when it was last used.
    pub passkeys: Vec<NamedPasskey>,
    /// Whether there is a password with an app.
    pub has_password: bool,
    /// Recovery codes that are left.
    pub recovery_codes: usize,
}

impl Access {
    /// How the person can log on.
    ///
    /// # Errors
    /// The store's.
    pub fn own_login(&self, session: &SignedIn) -> Result<OwnLogin, StoreError> {
        self.inner.store.read(&WHO_CALLS, |tx| {
            let Proofs { passkeys, app, recovery_codes } = Proofs::of(tx, session.person.id)?;
            let has_password = app.is_some() && people::password_hash(tx, session.person.id)?.is_some();
            Ok(OwnLogin { passkeys, has_password, recovery_codes })
        })
    }

    /// Asks the browser to make one more passkey.
    ///
    /// # Errors
    /// [`AccessError::LoginAgain`], [`AccessError::Passkey`] where there are ten.
    pub fn ask_new_passkey(
        &self,
        session: &SignedIn,
        visitor: Visitor<'_>,
    ) -> Result<Question<CreationChallengeResponse>, AccessError> {
        session.must_be_fresh()?;
        self.take_ceremony(visitor.address)?;
        let person = &session.person;
        let held = self.inner.store.read(&WHO_CALLS, |tx| Proofs::of(tx, person.id))?.keys();
        let (options, asked) = self.inner.passkeys.ask_new(person.id, &person.email, &person.name, &held)?;
        Ok(Question { ceremony: self.ask(&Asked::NewPasskey(person.id, asked))?, options })
    }

    /// Keeps the new passkey, under a name that tells it from the others.
    ///
    /// # Errors
    /// [`AccessError::Passkey`], also where the passkey is registered already, by whomever.
    pub fn add_passkey(
        &self,
        session: &SignedIn,
        ceremony: &str,
        answer: &RegisterPublicKeyCredential,
        label: &str,
    ) -> Result<(), AccessError> {
        session.must_be_fresh()?;
        let label = person_name(label)?;
        let asked = match self.asked(ceremony)? {
            Asked::NewPasskey(person, asked) if person == session.person.id => asked,
            _ => return Err(PasskeyError::Gone.into()),
        };
        let passkey = self.inner.passkeys.take_new(&asked, answer)?;
        self.change_own(session, Deed::new("own.passkey.add"), |tx| {
            self.add_proof(tx, session.person.id, &NewProof::Passkey(Box::new(passkey), label))
        })
    }

    /// Removes a passkey.
    ///
    /// # Errors
    /// [`AccessError::LastWay`] where nothing else is left to log on with.
    pub fn remove_passkey(&self, session: &SignedIn, id: Uuid) -> Result<(), AccessError> {
        session.must_be_fresh()?;
        let person = session.person.id;
        self.change_own(session, Deed::new("own.passkey.remove"), |tx| {
            let proofs = Proofs::of(tx, person)?;
            if !proofs.passkeys.iter().any(|named| named.id == id) {
                return Err(StoreError::NotFound("passkey").into());
            }
            if proofs.app.is_none() && proofs.passkeys.len() == 1 {
                return Err(AccessError::LastWay(
                    "this is your only way to log on; add another passkey or a password first",
                ));
            }
            Ok(people::remove_credential(tx, person, id)?)
        })
    }

    /// Gives a secret for an app; [`Access::set_password`] confirms it.
    ///
    /// # Errors
    /// [`AccessError::LoginAgain`].
    pub fn ask_app(&self, session: &SignedIn) -> Result<Question<TotpSetup>, AccessError> {
        session.must_be_fresh()?;
        let (secret, options) = self.new_app(&session.person.email)?;
        Ok(Question { ceremony: self.ask(&Asked::NewApp(session.person.id, secret))?, options })
    }

    /// Sets a password together with the app that goes with it.
    ///
    /// # Errors
    /// [`AccessError::Weak`], [`AccessError::Code`].
    pub fn set_password(
        &self,
        session: &SignedIn,
        ceremony: &str,
        chosen: &str,
        code: &str,
    ) -> Result<(), AccessError> {
        session.must_be_fresh()?;
        let person = &session.person;
        let secret = match self.asked(ceremony)? {
            Asked::NewApp(asked, secret) if asked == person.id => secret,
            _ => return Err(PasskeyError::Gone.into()),
        };
        let proof = self.new_password(chosen, code, secret, &person.name, &person.email)?;
        self.change_own(session, Deed::new("own.password.set"), |tx| self.add_proof(tx, person.id, &proof))
    }

    /// Ten new recovery codes; the old ones end.
    ///
    /// # Errors
    /// [`AccessError::LoginAgain`].
    pub fn new_recovery_codes(&self, session: &SignedIn) -> Result<Vec<Zeroizing<String>>, AccessError> {
        session.must_be_fresh()?;
        self.change_own(session, Deed::new("own.recovery_codes"), |tx| {
            Ok(self.renew_recovery_codes(tx, session.person.id)?)
        })
    }

    fn change_own<T>(
        &self,
        session: &SignedIn,
        deed: Deed,
        work: impl FnOnce(&mut enamel_store::WriteTx<'_>) -> Result<T, AccessError>,
    ) -> Result<T, AccessError> {
        self.inner.store.write(&WHO_CALLS, |tx| {
            let done = work(tx)?;
            deed.done(tx, &session.caller.actor(), self.now())?;
            Ok(done)
        })
    }
}
