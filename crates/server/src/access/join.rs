//! Links that make a person: the setup link that makes the first owner, and invitations.
//!
//! A link is 32 random bytes of which only the hash is stored. It makes one person, with a passkey or with a password and an app, and
//! is spent in the transaction that does: two browsers with one link make one person. Nobody is in the list of people before that.

use enamel_store::{Purpose as Errand, Scope, StoreError};
use enamel_types::{Grant, Reach, Role, Timestamp, UserId};
use jiff::SignedDuration;
use webauthn_rs::prelude::{CreationChallengeResponse, RegisterPublicKeyCredential};
use zeroize::Zeroizing;

use super::keep::{self, App, Link, NamedPasskey, Person};
use super::login::{NewSession, Visitor};
use super::passkey::Question;
use super::pending::Pending;
use super::secret::{Purpose, Secret};
use super::totp::{self, TotpSetup};
use super::{Access, AccessError, Caller, WHO_CALLS, mail_address, password, person_name, recovery};
use crate::audit::{self, Actor, Deed};

/// How long the setup link is good.
pub const SETUP: SignedDuration = SignedDuration::from_hours(1);

/// How long an invitation is good.
pub const INVITATION: SignedDuration = SignedDuration::from_hours(72);

/// Most invitations that wait.
const MAX_INVITATIONS: usize = 500;

/// Somebody who is about to be made.
#[derive(Debug, Clone)]
pub(super) struct Joiner {
    id: UserId,
    mail: String,
    name: String,
    link: [u8; 32],
}

/// Those who are about to be made, until they have answered.
#[derive(Debug, Default)]
pub(super) struct Joining {
    passkeys: Pending<Joiner>,
    apps: Pending<(Joiner, Zeroizing<Vec<u8>>)>,
}

/// What a link is for, for the page that it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkFor {
    /// The invited person's mail address; empty where the link makes the first owner.
    pub mail: String,
    /// The name that was given with the invitation.
    pub name: String,
    /// Until when.
    pub ends_at: Timestamp,
}

/// A person was made.
#[derive(Debug)]
pub struct Joined {
    /// The first session.
    pub session: NewSession,
    /// To be shown once.
    pub recovery_codes: Vec<Zeroizing<String>>,
}

impl Access {
    /// The setup link, where the server has no owner who can log on: a new one at each start, good for an hour.
    ///
    /// # Errors
    /// The store's.
    pub fn setup_link(&self) -> Result<Option<String>, StoreError> {
        let owned = self.inner.store.read(&WHO_CALLS, keep::people)?.iter().any(Person::is_owner);
        if owned { Ok(None) } else { self.make_setup_link(Deed::new("setup.link")).map(Some) }
    }

    /// A setup link although there is an owner: for `enamel serve --reset-owner`, when the last owner is locked out. Whoever can start
    /// the server on its own computer can do this, and it stands in the audit trail.
    ///
    /// # Errors
    /// The store's.
    pub fn reset_owner_link(&self) -> Result<String, StoreError> {
        self.make_setup_link(Deed::new("setup.reset_owner"))
    }

    fn make_setup_link(&self, deed: Deed) -> Result<String, StoreError> {
        let now = self.now();
        let secret = self.new_secret();
        let link = Link {
            hash: secret.hash(Purpose::Setup),
            mail: String::new(),
            name: String::new(),
            grants: vec![Grant { role: Role::Owner, reach: Reach::Msp, until: None }],
            made_by: "the server's computer".to_owned(),
            made_at: now,
            ends_at: now + SETUP,
        };
        self.inner.store.write(&Scope::System(Errand::WhoCalls), |tx| {
            // An older setup link must not outlive the one that was just printed.
            keep::end_setup_links(tx)?;
            keep::add_link(tx, &link)
        })?;
        audit::record(&self.inner.store, &Actor::console(), &deed.done(), now)?;
        Ok(self.link(&secret))
    }

    /// Invites a person. The link is shown once, to be sent to the person by whatever the MSP trusts.
    ///
    /// # Errors
    /// [`AccessError::LoginAgain`], [`AccessError::Field`], [`AccessError::Grant`]. The caller's right is checked by who calls this.
    pub fn invite(&self, by: &Caller, mail: &str, name: &str, grants: Vec<Grant>) -> Result<(String, Link), AccessError> {
        if !by.fresh {
            return Err(AccessError::LoginAgain);
        }
        let now = self.now();
        let (mail, name) = (mail_address(mail)?, person_name(name)?);
        keep::check_grants(&self.inner.store, &grants, now)?;
        let secret = self.new_secret();
        let link = Link {
            hash: secret.hash(Purpose::Invitation),
            mail,
            name,
            grants,
            made_by: by.name.clone(),
            made_at: now,
            ends_at: now + INVITATION,
        };
        self.inner.store.write(&WHO_CALLS, |tx| {
            if keep::by_mail(tx, &link.mail)?.is_some() {
                return Err(AccessError::Field("there is a person with this mail address already"));
            }
            keep::forget_links(tx, now)?;
            if keep::links(tx)?.len() >= MAX_INVITATIONS {
                return Err(AccessError::Field("500 invitations wait already; withdraw some"));
            }
            Ok(keep::add_link(tx, &link)?)
        })?;
        audit::record(&self.inner.store, &by.actor(), &Deed::new("people.invite").object(&link.mail).done(), now)?;
        Ok((self.link(&secret), link))
    }

    fn link(&self, secret: &Secret) -> String {
        let home = self.inner.address.home();
        home.join(&format!("join/{}", *secret.text())).map_or_else(|_| home.to_string(), Into::into)
    }

    /// What a link is for.
    ///
    /// # Errors
    /// [`AccessError::Link`].
    pub fn link_for(&self, token: &str) -> Result<LinkFor, AccessError> {
        let link = self.find_link(token)?;
        Ok(LinkFor { mail: link.mail, name: link.name, ends_at: link.ends_at })
    }

    fn find_link(&self, token: &str) -> Result<Link, AccessError> {
        let now = self.now();
        let secret = Secret::parse(token).ok_or(AccessError::Link)?;
        let hashes = [secret.hash(Purpose::Invitation), secret.hash(Purpose::Setup)];
        let found = self.inner.store.read(&WHO_CALLS, |tx| {
            for hash in &hashes {
                if let Some(link) = keep::link(tx, hash)? {
                    return Ok::<_, StoreError>(Some(link));
                }
            }
            Ok(None)
        })?;
        found.filter(|link| now < link.ends_at).ok_or(AccessError::Link)
    }

    fn joiner(&self, token: &str, mail: &str, name: &str) -> Result<Joiner, AccessError> {
        let link = self.find_link(token)?;
        // An invitation is for the address that it was made for.
        let mail = if link.mail.is_empty() { mail_address(mail)? } else { link.mail };
        let name = person_name(if name.trim().is_empty() { &link.name } else { name })?;
        Ok(Joiner { id: UserId::from_uuid(self.new_uuid()), mail, name, link: link.hash })
    }

    /// Asks the browser of somebody with a link to make a passkey.
    ///
    /// # Errors
    /// [`AccessError::Link`], [`AccessError::Field`], [`AccessError::Wait`].
    pub fn join_ask_passkey(
        &self,
        token: &str,
        mail: &str,
        name: &str,
        visitor: Visitor<'_>,
    ) -> Result<Question<CreationChallengeResponse>, AccessError> {
        self.take_ceremony(visitor.address)?;
        let joiner = self.joiner(token, mail, name)?;
        let (now, entropy) = (self.now(), &self.inner.world.fill);
        let mut question =
            self.inner.passkeys.start_registration(joiner.id, &joiner.mail, &joiner.name, &[], now, entropy)?;
        // One name for both: the passkey's question and who answers it.
        let who = self.inner.joining.passkeys.put(joiner, now, entropy);
        question.ceremony = format!("{who}.{}", question.ceremony);
        Ok(question)
    }

    /// Makes the person with the passkey that was asked for, and logs on.
    ///
    /// # Errors
    /// [`AccessError::Passkey`], [`AccessError::Link`] where the link was used in the meantime.
    pub fn join_by_passkey(
        &self,
        ceremony: &str,
        answer: &RegisterPublicKeyCredential,
        visitor: Visitor<'_>,
    ) -> Result<Joined, AccessError> {
        let now = self.now();
        let (who, question) = ceremony.split_once('.').ok_or(super::PasskeyError::Gone)?;
        let joiner = self.inner.joining.passkeys.take(who, now).ok_or(super::PasskeyError::Gone)?;
        let passkey = self.inner.passkeys.finish_registration(joiner.id, question, answer, now)?;
        let named = NamedPasskey { name: "First passkey".to_owned(), passkey, made_at: now, used_at: Some(now) };
        self.join(joiner, |person| person.passkeys.push(named), visitor, now)
    }

    /// Gives somebody with a link a secret for an app. The name that comes with it finds it again.
    ///
    /// # Errors
    /// [`AccessError::Link`], [`AccessError::Field`], [`AccessError::Wait`].
    pub fn join_ask_app(
        &self,
        token: &str,
        mail: &str,
        name: &str,
        visitor: Visitor<'_>,
    ) -> Result<Question<TotpSetup>, AccessError> {
        self.take_ceremony(visitor.address)?;
        let joiner = self.joiner(token, mail, name)?;
        let (now, entropy) = (self.now(), &self.inner.world.fill);
        let secret = totp::new_secret(entropy);
        let options = totp::setup(&secret, &joiner.mail).map_err(|_| AccessError::Field("this mail address cannot be put into an app"))?;
        Ok(Question { ceremony: self.inner.joining.apps.put((joiner, secret), now, entropy), options })
    }

    /// Makes the person with a password and the app, and logs on. A wrong code or a weak password takes a new start.
    ///
    /// # Errors
    /// [`AccessError::Weak`], [`AccessError::Code`], [`AccessError::Link`].
    pub fn join_by_password(
        &self,
        ceremony: &str,
        chosen: &str,
        code: &str,
        visitor: Visitor<'_>,
    ) -> Result<Joined, AccessError> {
        let now = self.now();
        let (joiner, secret) = self.inner.joining.apps.take(ceremony, now).ok_or(AccessError::Link)?;
        self.check_new_password(chosen, &joiner.name, &joiner.mail)?;
        let step = totp::check(&secret, code, now, None).ok_or(AccessError::Code)?;
        let hashed = password::hash(chosen, &self.inner.world.fill)?;
        let with = |person: &mut Person| {
            person.password = Some(hashed);
            person.totp = Some(App { secret, last_step: Some(step) });
        };
        self.join(joiner, with, visitor, now)
    }

    /// Whether a password may be a person's. Its own name, address and the practices' names may not be in it.
    pub(super) fn check_new_password(&self, chosen: &str, name: &str, mail: &str) -> Result<(), AccessError> {
        let practices = keep::practice_names(&self.inner.store)?;
        let names = practices.iter().map(String::as_str).chain([name, mail]);
        Ok(password::check(chosen, names)?)
    }

    fn join(
        &self,
        joiner: Joiner,
        with: impl FnOnce(&mut Person),
        visitor: Visitor<'_>,
        now: Timestamp,
    ) -> Result<Joined, AccessError> {
        let codes = recovery::new_codes(&self.inner.world.fill);
        let hashes: Vec<_> = codes.iter().filter_map(|code| recovery::hash(code)).collect();
        let mut person = Person::new(joiner.id, joiner.mail, joiner.name, now);
        with(&mut person);
        self.inner.store.write(&WHO_CALLS, |tx| {
            let link = keep::take_link(tx, &joiner.link, now)?.ok_or(AccessError::Link)?;
            person.grants = link.grants;
            if keep::by_mail(tx, &person.mail)?.is_some() {
                return Err(AccessError::Field("there is a person with this mail address already"));
            }
            keep::add_person(tx, &person)?;
            Ok(keep::set_recovery_codes(tx, person.id, &hashes)?)
        })?;
        let deed = Deed::new("people.join").object(person.id).done();
        audit::record(&self.inner.store, &person.actor(), &deed, now)?;
        Ok(Joined { session: self.open_session(&person, visitor, None, now)?, recovery_codes: codes })
    }
}
