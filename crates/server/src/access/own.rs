//! What a person changes about the own login: passkeys, password and app, recovery codes. Each takes a fresh login, and none of it may
//! leave the person without a way to log on.

use webauthn_rs::prelude::{CreationChallengeResponse, RegisterPublicKeyCredential};
use zeroize::Zeroizing;

use super::keep::{self, App, NamedPasskey, Person};
use super::login::Visitor;
use super::passkey::{PasskeyError, Question};
use super::pending::Pending;
use super::signed_in::SignedIn;
use super::totp::{self, TotpSetup};
use super::{Access, AccessError, WHO_CALLS, password, person_name, recovery};
use crate::audit::{self, Deed};

/// Secrets for apps that were shown and not confirmed yet.
pub(super) type TotpSetups = Pending<(enamel_types::UserId, Zeroizing<Vec<u8>>)>;

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
    fn own(&self, session: &SignedIn) -> Result<Person, AccessError> {
        let person = self.inner.store.read(&WHO_CALLS, |tx| keep::person(tx, session.person()))?;
        person.ok_or(AccessError::LoginAgain)
    }

    /// How the person can log on.
    ///
    /// # Errors
    /// The store's.
    pub fn own_login(&self, session: &SignedIn) -> Result<OwnLogin, AccessError> {
        let person = self.own(session)?;
        let left = self.inner.store.read(&WHO_CALLS, |tx| keep::recovery_codes_left(tx, person.id))?;
        Ok(OwnLogin { has_password: person.password.is_some(), recovery_codes: left, passkeys: person.passkeys })
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
        let person = self.own(session)?;
        let held: Vec<_> = person.passkeys.iter().map(|named| named.passkey.clone()).collect();
        let passkeys = &self.inner.passkeys;
        let entropy = &self.inner.world.fill;
        Ok(passkeys.start_registration(person.id, &person.mail, &person.name, &held, self.now(), entropy)?)
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
        name: &str,
    ) -> Result<(), AccessError> {
        session.must_be_fresh()?;
        let now = self.now();
        let name = person_name(name)?;
        let passkey = self.inner.passkeys.finish_registration(session.person(), ceremony, answer, now)?;
        let named = NamedPasskey { name, passkey, made_at: now, used_at: None };
        self.inner.store.write(&WHO_CALLS, |tx| {
            if keep::passkey_is_known(tx, &named.passkey)? {
                return Err(AccessError::Passkey(PasskeyError::Known));
            }
            Ok(keep::add_passkey(tx, session.person(), &named)?)
        })?;
        self.note(session, Deed::new("own.passkey.add"))
    }

    /// Removes a passkey, by the id that the page showed.
    ///
    /// # Errors
    /// [`AccessError::LastWay`] where nothing else is left to log on with.
    pub fn remove_passkey(&self, session: &SignedIn, id: &str) -> Result<(), AccessError> {
        session.must_be_fresh()?;
        let person = self.own(session)?;
        if person.password.is_none() && person.passkeys.len() <= 1 {
            return Err(AccessError::LastWay("this is your only way to log on; add another passkey or a password first"));
        }
        self.inner.store.write(&WHO_CALLS, |tx| keep::remove_passkey(tx, person.id, id))?;
        self.note(session, Deed::new("own.passkey.remove"))
    }

    /// Gives a secret for an app; [`Access::set_password`] confirms it.
    ///
    /// # Errors
    /// [`AccessError::LoginAgain`].
    pub fn ask_app(&self, session: &SignedIn) -> Result<Question<TotpSetup>, AccessError> {
        session.must_be_fresh()?;
        let entropy = &self.inner.world.fill;
        let secret = totp::new_secret(entropy);
        let options =
            totp::setup(&secret, &session.mail).map_err(|_| AccessError::Field("this mail address cannot be put into an app"))?;
        let ceremony = self.inner.totp_setups.put((session.person(), secret), self.now(), entropy);
        Ok(Question { ceremony, options })
    }

    /// Sets a password together with the app that goes with it.
    ///
    /// # Errors
    /// [`AccessError::Weak`], [`AccessError::Code`].
    pub fn set_password(&self, session: &SignedIn, ceremony: &str, chosen: &str, code: &str) -> Result<(), AccessError> {
        session.must_be_fresh()?;
        let now = self.now();
        let asked = self.inner.totp_setups.take(ceremony, now).filter(|(person, _)| *person == session.person());
        let (_, secret) = asked.ok_or(AccessError::Code)?;
        self.check_new_password(chosen, &session.caller.name, &session.mail)?;
        let step = totp::check(&secret, code, now, None).ok_or(AccessError::Code)?;
        let hashed = password::hash(chosen, &self.inner.world.fill)?;
        let app = App { secret, last_step: Some(step) };
        self.inner.store.write(&WHO_CALLS, |tx| keep::set_password(tx, session.person(), &hashed, &app))?;
        self.note(session, Deed::new("own.password.set"))
    }

    /// Ten new recovery codes; the old ones end.
    ///
    /// # Errors
    /// [`AccessError::LoginAgain`].
    pub fn new_recovery_codes(&self, session: &SignedIn) -> Result<Vec<Zeroizing<String>>, AccessError> {
        session.must_be_fresh()?;
        let codes = recovery::new_codes(&self.inner.world.fill);
        let hashes: Vec<_> = codes.iter().filter_map(|code| recovery::hash(code)).collect();
        self.inner.store.write(&WHO_CALLS, |tx| keep::set_recovery_codes(tx, session.person(), &hashes))?;
        self.note(session, Deed::new("own.recovery_codes"))?;
        Ok(codes)
    }

    fn note(&self, session: &SignedIn, deed: Deed) -> Result<(), AccessError> {
        Ok(audit::record(&self.inner.store, &session.caller.actor(), &deed.done(), self.now())?)
    }
}
