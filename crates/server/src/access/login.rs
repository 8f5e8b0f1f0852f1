//! Logging on, proving it again, and sessions.
//!
//! Whether the account exists shows in nothing: the question to a passkey is the same for everybody, a wrong password costs the same
//! work where there is no account, and the answer is one sentence. Tries are counted by account and by address ([`super::limits`]).

use std::net::IpAddr;

use enamel_store::StoreError;
use enamel_types::{Timestamp, UserId};
use webauthn_rs::prelude::{PublicKeyCredential, RequestChallengeResponse};

use super::keep::{self, Person, SessionRow};
use super::limits::Who as Tries;
use super::passkey::Question;
use super::secret::{Purpose, Secret};
use super::session::Times;
use super::signed_in::SignedIn;
use super::{Access, AccessError, Caller, WHO_CALLS, Who, password, recovery, totp};
use crate::audit::{self, Deed};

/// Somebody who asks to be let in.
#[derive(Debug, Clone, Copy)]
pub struct Visitor<'a> {
    /// From which address.
    pub address: IpAddr,
    /// What the browser calls itself; shown in the list of sessions.
    pub browser: &'a str,
}

/// A new session. Its secret goes into the cookie and nowhere else.
#[derive(Debug)]
pub struct NewSession {
    /// For [`super::session::cookie`].
    pub secret: Secret,
    /// Whose it is.
    pub person: UserId,
}

impl Access {
    /// Asks a browser for any passkey of ours.
    ///
    /// # Errors
    /// [`AccessError::Wait`] for an address that asks too often.
    pub fn ask_passkey(&self, visitor: Visitor<'_>) -> Result<Question<RequestChallengeResponse>, AccessError> {
        self.take_ceremony(visitor.address)?;
        Ok(self.inner.passkeys.start_login(self.now(), &self.inner.world.fill)?)
    }

    /// Logs a person on by passkey. `held` is the session that asks to be proved again; it ends, and the new one takes its place.
    ///
    /// # Errors
    /// [`AccessError::Passkey`], [`AccessError::Wrong`], [`AccessError::Wait`].
    pub fn login_by_passkey(
        &self,
        ceremony: &str,
        answer: &PublicKeyCredential,
        visitor: Visitor<'_>,
        held: Option<&SignedIn>,
    ) -> Result<NewSession, AccessError> {
        let now = self.now();
        let tries = [Tries::address(visitor.address)];
        self.wait(&tries, now)?;
        let claimed = self.inner.passkeys.claimed(answer);
        let outcome = self.check_passkey(claimed, ceremony, answer, held, now);
        self.conclude(outcome, &tries, "passkey", visitor, held, now)
    }

    fn check_passkey(
        &self,
        claimed: Option<UserId>,
        ceremony: &str,
        answer: &PublicKeyCredential,
        held: Option<&SignedIn>,
        now: Timestamp,
    ) -> Result<Person, AccessError> {
        let store = &self.inner.store;
        let person = match claimed {
            Some(id) => store.read(&WHO_CALLS, |tx| keep::person(tx, id))?,
            None => None,
        };
        let passkeys: Vec<_> =
            person.iter().flat_map(|person| &person.passkeys).map(|named| named.passkey.clone()).collect();
        let used = self.inner.passkeys.finish_login(ceremony, answer, &passkeys, now)?;
        let person = person.filter(|person| is_same(held, person.id)).ok_or(AccessError::Wrong)?;
        // Two logins with one answer of the counter cannot both be written.
        store.write(&WHO_CALLS, |tx| keep::passkey_used(tx, person.id, &used, now))?;
        Ok(person)
    }

    /// Logs a person on by password and a code: of the app, or a recovery code. `held` as in [`Access::login_by_passkey`].
    ///
    /// # Errors
    /// [`AccessError::Wrong`] whatever is wrong; [`AccessError::Wait`].
    pub fn login_by_password(
        &self,
        mail: &str,
        given: &str,
        code: &str,
        visitor: Visitor<'_>,
        held: Option<&SignedIn>,
    ) -> Result<NewSession, AccessError> {
        let now = self.now();
        let tries = [Tries::account(mail), Tries::address(visitor.address)];
        self.wait(&tries, now)?;
        let outcome = self.check_password(mail, given, code, held, now);
        self.conclude(outcome, &tries, "password", visitor, held, now)
    }

    fn check_password(
        &self,
        mail: &str,
        given: &str,
        code: &str,
        held: Option<&SignedIn>,
        now: Timestamp,
    ) -> Result<Person, AccessError> {
        let store = &self.inner.store;
        let person = store.read(&WHO_CALLS, |tx| keep::by_mail(tx, &mail.trim().to_lowercase()))?;
        let stored = person.as_ref().and_then(|person| person.password.as_deref());
        // The costly part comes first and always; what comes after it takes no time that could be measured from outside.
        let right = password::verify(given, stored);
        let person = person.filter(|person| right && is_same(held, person.id)).ok_or(AccessError::Wrong)?;
        let used = store.write(&WHO_CALLS, |tx| {
            if let Some(code) = recovery::hash(code) {
                return keep::use_recovery_code(tx, person.id, &code, now);
            }
            let step = person.totp.as_ref().and_then(|app| totp::check(&app.secret, code, now, app.last_step));
            step.map_or(Ok(false), |step| keep::use_totp_step(tx, person.id, step))
        })?;
        if used { Ok(person) } else { Err(AccessError::Wrong) }
    }

    /// Counts the try, writes it down, and opens the session.
    fn conclude(
        &self,
        outcome: Result<Person, AccessError>,
        tries: &[Tries],
        way: &'static str,
        visitor: Visitor<'_>,
        held: Option<&SignedIn>,
        now: Timestamp,
    ) -> Result<NewSession, AccessError> {
        let deed = Deed::new("login").detail(way);
        match outcome {
            Ok(person) => {
                if let account @ Tries::Account(_) = &tries[0] {
                    self.inner.attempts.succeeded(account);
                }
                let session = self.open_session(&person, visitor, held, now)?;
                audit::record(&self.inner.store, &person.actor(), &deed.done(), now)?;
                Ok(session)
            }
            Err(error) => {
                if matches!(error, AccessError::Wrong | AccessError::Passkey(_)) {
                    self.inner.attempts.failed(tries, now);
                    // What was typed may be a password in the wrong field: it is not written down.
                    audit::record(&self.inner.store, &audit::Actor::nobody(visitor.address), &deed.refused(), now)?;
                }
                Err(error)
            }
        }
    }

    /// Opens a session with a new secret. The one that was proved again ends in the same moment.
    pub(super) fn open_session(
        &self,
        person: &Person,
        visitor: Visitor<'_>,
        held: Option<&SignedIn>,
        now: Timestamp,
    ) -> Result<NewSession, StoreError> {
        let secret = self.new_secret();
        let began_at = held.map_or(now, |held| held.times.began_at);
        let row = SessionRow {
            hash: secret.hash(Purpose::Session),
            person: person.id,
            times: Times { began_at, proved_at: now, seen_at: now },
            address: visitor.address.to_string(),
            browser: visitor.browser.chars().filter(|c| !c.is_control()).take(200).collect(),
        };
        self.inner.store.write(&WHO_CALLS, |tx| {
            if let Some(held) = held {
                keep::end_session(tx, &held.hash())?;
            }
            keep::open_session(tx, &row)
        })?;
        Ok(NewSession { secret, person: person.id })
    }

    /// Whose session a cookie's secret is, if it is still good; its use is written down.
    ///
    /// # Errors
    /// The store's.
    pub fn session(&self, secret: Secret) -> Result<Option<SignedIn>, StoreError> {
        let now = self.now();
        let hash = secret.hash(Purpose::Session);
        let found = self.inner.store.read(&WHO_CALLS, |tx| {
            let Some(row) = keep::session(tx, &hash)? else { return Ok::<_, StoreError>(None) };
            Ok(keep::person(tx, row.person)?.map(|person| (row, person)))
        })?;
        let Some((row, person)) = found else { return Ok(None) };
        if !row.times.is_good(now) {
            self.inner.store.write(&WHO_CALLS, |tx| keep::end_session(tx, &hash))?;
            return Ok(None);
        }
        if row.times.lags(now) {
            self.inner.store.write(&WHO_CALLS, |tx| keep::session_seen(tx, &hash, now))?;
        }
        let fresh = row.times.is_fresh(now);
        let caller = Caller::new(Who::Person(person.id), person.name, person.grants, fresh, now);
        Ok(Some(SignedIn::new(caller, person.mail, secret, row.times)))
    }

    /// Ends a session: logging off.
    ///
    /// # Errors
    /// The store's.
    pub fn log_off(&self, session: &SignedIn) -> Result<(), StoreError> {
        let now = self.now();
        self.inner.store.write(&WHO_CALLS, |tx| keep::end_session(tx, &session.hash()))?;
        audit::record(&self.inner.store, &session.caller.actor(), &Deed::new("logoff").done(), now)
    }

    /// A person's sessions, the newest first. What names one is the start of its hash, not its secret.
    ///
    /// # Errors
    /// The store's.
    pub fn sessions(&self, session: &SignedIn) -> Result<Vec<SessionRow>, StoreError> {
        let now = self.now();
        let mut rows = self.inner.store.read(&WHO_CALLS, |tx| keep::sessions_of(tx, session.person()))?;
        rows.retain(|row| row.times.is_good(now));
        Ok(rows)
    }

    /// Ends all of a person's sessions but this one.
    ///
    /// # Errors
    /// The store's.
    pub fn end_other_sessions(&self, session: &SignedIn) -> Result<(), StoreError> {
        let now = self.now();
        let (person, hash) = (session.person(), session.hash());
        self.inner.store.write(&WHO_CALLS, |tx| keep::end_sessions_of(tx, person, Some(&hash)))?;
        audit::record(&self.inner.store, &session.caller.actor(), &Deed::new("sessions.end_others").done(), now)
    }

    fn wait(&self, tries: &[Tries], now: Timestamp) -> Result<(), AccessError> {
        self.inner.attempts.wait(tries, now).map_or(Ok(()), |left| Err(AccessError::Wait(left)))
    }

    pub(super) fn take_ceremony(&self, address: IpAddr) -> Result<(), AccessError> {
        let taken = self.inner.ceremonies.take(&address, self.now());
        taken.map_err(|seconds| {
            AccessError::Wait(jiff::SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(60)))
        })
    }
}

/// Whether a login that proves a session again is that session's person.
fn is_same(held: Option<&SignedIn>, person: UserId) -> bool {
    held.is_none_or(|held| held.person() == person)
}
