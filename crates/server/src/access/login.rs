//! Logging on, proving it again, and sessions.
//!
//! Whether the account exists shows in nothing: the question to a passkey is the same for everybody, a wrong password costs the same
//! work where there is no account, and the answer is one sentence. Tries are counted by account and by address ([`super::limits`]).

use std::net::IpAddr;

use enamel_store::people::{self, Person};
use enamel_store::sessions::{self, Session};
use enamel_store::{StoreError, Tx, WriteTx};
use enamel_types::{Grant, Timestamp, UserId};
use webauthn_rs::prelude::{PublicKeyCredential, RequestChallengeResponse};

use super::limits::Who as Tries;
use super::passkey::PasskeyError;
use super::proofs::{self, Asked, Proofs, Question};
use super::secret::{Purpose, Secret};
use super::session::{IDLE, LONGEST, Times};
use super::signed_in::SignedIn;
use super::{Access, AccessError, Caller, WHO_CALLS, Who, csrf, password, recovery};
use crate::audit::{Actor, Deed};

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
    pub fn ask_passkey(
        &self,
        visitor: Visitor<'_>,
    ) -> Result<Question<RequestChallengeResponse>, AccessError> {
        self.take_ceremony(visitor.address)?;
        let (options, asked) = self.inner.passkeys.ask()?;
        Ok(Question { ceremony: self.ask(&Asked::Login(asked))?, options })
    }

    /// Logs a person on by passkey. `held` is the session that is to be proved again: it goes on under a new secret, and only if
    /// the person is the same.
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
        let outcome = self.check_passkey(ceremony, answer, held).and_then(|(person, held_keys, used)| {
            self.inner.store.write(&WHO_CALLS, |tx| {
                proofs::use_passkey(tx, person, &held_keys.passkeys, &used, now)?;
                self.open_session(tx, person, "passkey", visitor, held)
            })
        });
        self.count(outcome, &tries, visitor, now)
    }

    fn check_passkey(
        &self,
        ceremony: &str,
        answer: &PublicKeyCredential,
        held: Option<&SignedIn>,
    ) -> Result<(UserId, Proofs, webauthn_rs::prelude::Passkey), AccessError> {
        let Asked::Login(asked) = self.asked(ceremony)? else { return Err(PasskeyError::Gone.into()) };
        let claimed = self.inner.passkeys.claimed(answer).ok_or(PasskeyError::Gone)?;
        if !is_same(held, claimed) {
            return Err(AccessError::Wrong);
        }
        let proofs = self.inner.store.read(&WHO_CALLS, |tx| match active(tx, claimed)? {
            Some(_) => Proofs::of(tx, claimed).map(Some),
            None => Ok::<_, StoreError>(None),
        })?;
        let proofs = proofs.ok_or(PasskeyError::Gone)?;
        let used = self.inner.passkeys.take(asked, answer, &proofs.keys())?;
        Ok((claimed, proofs, used))
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
        let outcome = self.check_password(mail, given).and_then(|person| {
            let person = person.filter(|person| is_same(held, *person)).ok_or(AccessError::Wrong)?;
            self.inner.store.write(&WHO_CALLS, |tx| {
                let way = use_code(tx, person, code, now)?.ok_or(AccessError::Wrong)?;
                self.open_session(tx, person, way, visitor, held)
            })
        });
        self.count(outcome, &tries, visitor, now)
    }

    /// Whose mail address and password these are. The costly part is done always; what is different where there is no account takes
    /// no time that could be measured from outside.
    fn check_password(&self, mail: &str, given: &str) -> Result<Option<UserId>, AccessError> {
        let (person, stored) = self.inner.store.read(&WHO_CALLS, |tx| {
            let person = people::by_email(tx, mail)?.filter(|person| person.disabled_at.is_none());
            let stored = match &person {
                Some(person) => people::password_hash(tx, person.id)?,
                None => None,
            };
            Ok::<_, StoreError>((person, stored))
        })?;
        let right = password::verify(given, stored.as_deref());
        Ok(person.filter(|_| right).map(|person| person.id))
    }

    /// Counts the try; a refusal is written down.
    fn count(
        &self,
        outcome: Result<NewSession, AccessError>,
        tries: &[Tries],
        visitor: Visitor<'_>,
        now: Timestamp,
    ) -> Result<NewSession, AccessError> {
        match &outcome {
            Ok(_) => {
                if let Some(account @ Tries::Account(_)) = tries.first() {
                    self.inner.attempts.succeeded(account);
                }
            }
            Err(AccessError::Wrong | AccessError::Passkey(_)) => {
                self.inner.attempts.failed(tries, now);
                // What was typed may be a password in the wrong field: it is not written down.
                Deed::new("login").refused(&self.inner.store, &Actor::nobody(visitor.address), now)?;
            }
            Err(_) => {}
        }
        outcome
    }

    /// Opens a session with a new secret; one that is proved again goes on with it, and its old secret is worth nothing.
    pub(super) fn open_session(
        &self,
        tx: &mut WriteTx<'_>,
        person: UserId,
        way: &'static str,
        visitor: Visitor<'_>,
        held: Option<&SignedIn>,
    ) -> Result<NewSession, AccessError> {
        let now = self.now();
        let secret = self.new_secret();
        let (token_hash, csrf) = (secret.hash(Purpose::Session), csrf::bytes(&secret));
        if let Some(held) = held {
            sessions::rotate(tx, &held.hash(), &token_hash, &csrf, now)?;
            sessions::step_up(tx, &token_hash, now)?;
        } else {
            let session = Session {
                token_hash,
                person,
                csrf,
                made_at: now,
                seen_at: now,
                idle_ends_at: now + IDLE,
                ends_at: now + LONGEST,
                stepped_up_at: Some(now),
                browser: visitor.browser.chars().filter(|c| !c.is_control()).take(200).collect(),
            };
            sessions::start(tx, &session)?;
        }
        let deed = Deed::new(if held.is_some() { "login.again" } else { "login" }).with("by", way);
        deed.with("address", visitor.address.to_string()).done(tx, &Actor::person(person), now)?;
        Ok(NewSession { secret, person })
    }

    /// Whose session a cookie's secret is, if it is still good; its use is written down.
    ///
    /// # Errors
    /// The store's.
    pub fn session(&self, secret: Secret) -> Result<Option<SignedIn>, StoreError> {
        let now = self.now();
        let hash = secret.hash(Purpose::Session);
        let found = self.inner.store.read(&WHO_CALLS, |tx| {
            let Some(session) = sessions::get(tx, &hash, now)? else { return Ok::<_, StoreError>(None) };
            Ok(active(tx, session.person)?.map(|(person, grants)| (session, person, grants)))
        })?;
        let Some((session, person, grants)) = found else { return Ok(None) };
        let times = Times::of(&session);
        if times.lags(now) {
            // It may end at this very moment, in another window.
            match self.inner.store.write(&WHO_CALLS, |tx| sessions::touch(tx, &hash, now, now + IDLE)) {
                Err(StoreError::NotFound(_)) => return Ok(None),
                touched => touched?,
            }
        }
        let caller =
            Caller::new(Who::Person(person.id), person.name.clone(), grants, times.is_fresh(now), now);
        Ok(Some(SignedIn::new(caller, person, secret, times)))
    }

    /// Ends a session: logging off.
    ///
    /// # Errors
    /// The store's.
    pub fn log_off(&self, session: &SignedIn) -> Result<(), StoreError> {
        self.inner.store.write(&WHO_CALLS, |tx| {
            sessions::end(tx, &session.hash())?;
            Deed::new("logoff").done(tx, &session.caller.actor(), self.now())
        })
    }

    /// A person's sessions, the newest first.
    ///
    /// # Errors
    /// The store's.
    pub fn sessions(&self, session: &SignedIn) -> Result<Vec<Session>, StoreError> {
        self.inner.store.read(&WHO_CALLS, |tx| sessions::of_person(tx, session.person.id, self.now()))
    }

    /// Ends all of a person's sessions but this one.
    ///
    /// # Errors
    /// The store's.
    pub fn end_other_sessions(&self, session: &SignedIn) -> Result<(), StoreError> {
        self.inner.store.write(&WHO_CALLS, |tx| {
            sessions::end_others(tx, session.person.id, &session.hash())?;
            Deed::new("sessions.end_others").done(tx, &session.caller.actor(), self.now())
        })
    }

    /// Forgets sessions and questions that have ended: for the server's housekeeping, every hour or so.
    ///
    /// # Errors
    /// The store's.
    pub fn forget_ended(&self) -> Result<u64, StoreError> {
        self.inner.store.write(&WHO_CALLS, |tx| sessions::forget(tx, self.now()))
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
    held.is_none_or(|held| held.person.id == person)
}

/// A person who may sign in, and all that was ever granted.
pub(super) fn active(tx: &mut Tx<'_>, id: UserId) -> Result<Option<(Person, Vec<Grant>)>, StoreError> {
    let person = match people::get(tx, id) {
        Err(StoreError::NotFound(_)) => return Ok(None),
        person => person?,
    };
    if person.disabled_at.is_some() {
        return Ok(None);
    }
    let grants = people::grants(tx, id)?.into_iter().map(|held| held.grant).collect();
    Ok(Some((person, grants)))
}

/// Uses a code of either kind: how, for the audit trail.
fn use_code(
    tx: &mut WriteTx<'_>,
    person: UserId,
    code: &str,
    now: Timestamp,
) -> Result<Option<&'static str>, StoreError> {
    if let Some(code) = recovery::hash(code) {
        return Ok(people::take_recovery(tx, person, &code)?.then_some("recovery code"));
    }
    let Some(app) = Proofs::of(tx, person)?.app else { return Ok(None) };
    Ok(proofs::use_app(tx, app, code, now)?.then_some("password"))
}
