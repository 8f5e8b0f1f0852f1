//! Links that make a person: the setup link that makes the first owner, and invitations.
//!
//! A link is 32 random bytes of which only the hash is stored. It makes one person, with a passkey or with a password and an app, and
//! is spent in the transaction that does: two browsers with one link make one person. Nobody is in the list of people before that.

use enamel_store::people::{self, HeldGrant, Invitation, Person};
use enamel_store::{StoreError, WriteTx, tree};
use enamel_types::{Grant, Reach, Role, Timestamp, UserId};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use webauthn_rs::prelude::{CreationChallengeResponse, RegisterPublicKeyCredential};
use zeroize::Zeroizing;

use super::login::{NewSession, Visitor};
use super::passkey::PasskeyError;
use super::proofs::{Asked, NewProof, Question};
use super::secret::{Purpose, Secret};
use super::totp::{self, TotpSetup};
use super::{Access, AccessError, Caller, WHO_CALLS, mail_address, password, person_name};
use crate::audit::{Actor, Deed};

/// How long the setup link is good.
pub const SETUP: SignedDuration = SignedDuration::from_hours(1);

/// How long an invitation is good.
pub const INVITATION: SignedDuration = SignedDuration::from_hours(72);

/// Most invitations that wait.
const MAX_INVITATIONS: usize = 200;

/// What a new person's first passkey is called.
const FIRST: &str = "First passkey";

/// Somebody who is about to be made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Joiner {
    id: UserId,
    mail: String,
    name: String,
    link: [u8; 32],
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
        let owners = self.inner.store.read(&WHO_CALLS, people::owners)?;
        if owners > 0 { Ok(None) } else { self.make_setup_link("setup.link").map(Some) }
    }

    /// A setup link although there is an owner: for `enamel serve --reset-owner`, when the last owner is locked out. Whoever can start
    /// the server on its own computer can do this, and it stands in the audit trail.
    ///
    /// # Errors
    /// The store's.
    pub fn reset_owner_link(&self) -> Result<String, StoreError> {
        self.make_setup_link("setup.reset_owner")
    }

    fn make_setup_link(&self, action: &'static str) -> Result<String, StoreError> {
        let now = self.now();
        let secret = self.new_secret();
        let setup = Invitation {
            secret_hash: secret.hash(Purpose::Setup),
            email: String::new(),
            name: String::new(),
            grant: Grant { role: Role::Owner, reach: Reach::Msp, until: None },
            made_by: "the server's computer".to_owned(),
            made_at: now,
            ends_at: now + SETUP,
        };
        self.inner.store.write(&WHO_CALLS, |tx| {
            // An older setup link must not outlive the one that is printed now.
            for older in people::open_invitations(tx, now)?.iter().filter(|older| older.email.is_empty()) {
                people::withdraw_invitation(tx, &older.secret_hash)?;
            }
            people::invite(tx, &setup)?;
            Deed::new(action).done(tx, &Actor::server(), now)
        })?;
        Ok(self.link(&secret))
    }

    /// Invites a person. The link is shown once, to be sent to the person by whatever the MSP trusts.
    ///
    /// # Errors
    /// [`AccessError::LoginAgain`], [`AccessError::Field`], [`AccessError::Grant`]. The caller's right is checked by who calls this.
    pub fn invite(
        &self,
        tx: &mut WriteTx<'_>,
        by: &Caller,
        mail: &str,
        name: &str,
        grant: Grant,
    ) -> Result<(String, Invitation), AccessError> {
        let now = self.now();
        let (email, name) = (mail_address(mail)?, person_name(name)?);
        if people::by_email(tx, &email)?.is_some() {
            return Err(AccessError::Field("there is a person with this mail address already"));
        }
        if people::open_invitations(tx, now)?.len() >= MAX_INVITATIONS {
            return Err(AccessError::Field("200 invitations wait already; withdraw some"));
        }
        let secret = self.new_secret();
        let secret_hash = secret.hash(Purpose::Invitation);
        let (made_by, ends_at) = (by.name.clone(), now + INVITATION);
        let invitation = Invitation { secret_hash, email, name, grant, made_by, made_at: now, ends_at };
        people::invite(tx, &invitation)?;
        Ok((self.link(&secret), invitation))
    }

    fn link(&self, secret: &Secret) -> String {
        let home = self.inner.address.home();
        home.join(&format!("join/{}", *secret.text())).map_or_else(|_| home.to_string(), Into::into)
    }

    /// What a link is for, for the page that it leads to: an invitation's mail address and name, which are empty where it makes the
    /// first owner.
    ///
    /// # Errors
    /// [`AccessError::Link`].
    pub fn link_for(&self, token: &str) -> Result<Invitation, AccessError> {
        let now = self.now();
        let secret = Secret::parse(token).ok_or(AccessError::Link)?;
        let found = self.inner.store.read(&WHO_CALLS, |tx| {
            let invited = people::invitation(tx, &secret.hash(Purpose::Invitation), now);
            invited.or_else(|_| people::invitation(tx, &secret.hash(Purpose::Setup), now))
        });
        match found {
            Err(StoreError::NotFound(_)) => Err(AccessError::Link),
            found => Ok(found?),
        }
    }

    fn joiner(&self, token: &str, mail: &str, name: &str) -> Result<Joiner, AccessError> {
        let link = self.link_for(token)?;
        // An invitation is for the address that it was made for.
        let mail = if link.email.is_empty() { mail_address(mail)? } else { link.email };
        let name = person_name(if name.trim().is_empty() { &link.name } else { name })?;
        Ok(Joiner { id: UserId::from_uuid(self.new_uuid()), mail, name, link: link.secret_hash })
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
        let (options, asked) = self.inner.passkeys.ask_new(joiner.id, &joiner.mail, &joiner.name, &[])?;
        Ok(Question { ceremony: self.ask(&Asked::JoinByPasskey(joiner, asked))?, options })
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
        let Asked::JoinByPasskey(joiner, asked) = self.asked(ceremony)? else {
            return Err(PasskeyError::Gone.into());
        };
        let passkey = self.inner.passkeys.take_new(&asked, answer)?;
        self.join(joiner, &NewProof::Passkey(Box::new(passkey), FIRST.to_owned()), visitor)
    }

    /// Gives somebody with a link a secret for an app.
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
        let (secret, options) = self.new_app(&joiner.mail)?;
        Ok(Question { ceremony: self.ask(&Asked::JoinByPassword(joiner, secret))?, options })
    }

    /// Makes the person with a password and the app, and logs on. After a wrong code or a weak password the page starts anew.
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
        let Asked::JoinByPassword(joiner, secret) = self.asked(ceremony)? else {
            return Err(PasskeyError::Gone.into());
        };
        let proof = self.new_password(chosen, code, secret, &joiner.name, &joiner.mail)?;
        self.join(joiner, &proof, visitor)
    }

    /// A new secret for an app, and how it gets in there.
    pub(super) fn new_app(&self, mail: &str) -> Result<(Zeroizing<Vec<u8>>, TotpSetup), AccessError> {
        let secret = totp::new_secret(&self.inner.world.fill);
        let setup = totp::setup(&secret, mail);
        let setup = setup.map_err(|_| AccessError::Field("this mail address cannot be put into an app"))?;
        Ok((secret, setup))
    }

    /// A password that may be a person's, with the app that goes with it. Own name and address, and the practices' names, may not be
    /// in it.
    pub(super) fn new_password(
        &self,
        chosen: &str,
        code: &str,
        secret: Zeroizing<Vec<u8>>,
        name: &str,
        mail: &str,
    ) -> Result<NewProof, AccessError> {
        let practices = self.inner.store.read(&WHO_CALLS, |tx| {
            Ok::<_, StoreError>(tree::practices(tx, "", None, enamel_store::MAX_PAGE)?.items)
        })?;
        let names = practices.iter().map(|practice| practice.name.as_str()).chain([name, mail]);
        password::check(chosen, names)?;
        let step = totp::check(&secret, code, self.now(), None).ok_or(AccessError::Code)?;
        Ok(NewProof::Password(password::hash(chosen, &self.inner.world.fill)?, secret, step))
    }

    fn join(&self, joiner: Joiner, proof: &NewProof, visitor: Visitor<'_>) -> Result<Joined, AccessError> {
        let now = self.now();
        let Joiner { id, mail: email, name, link } = joiner;
        let person = Person { id, email, name, locale: "en".to_owned(), made_at: now, disabled_at: None };
        self.inner.store.write(&WHO_CALLS, |tx| {
            let link = match people::take_invitation(tx, &link, now) {
                Err(StoreError::NotFound(_)) => return Err(AccessError::Link),
                link => link?,
            };
            if people::by_email(tx, &person.email)?.is_some() {
                return Err(AccessError::Field("there is a person with this mail address already"));
            }
            people::add(tx, &person)?;
            self.add_proof(tx, id, proof)?;
            self.grant(tx, id, link.grant, &link.made_by, now)?;
            let recovery_codes = self.renew_recovery_codes(tx, id)?;
            Deed::new("person.join").to("person", id).done(tx, &Actor::person(id), now)?;
            let session = self.open_session(tx, id, "link", visitor, None)?;
            Ok(Joined { session, recovery_codes })
        })
    }

    /// Grants a role.
    pub(crate) fn grant(
        &self,
        tx: &mut WriteTx<'_>,
        person: UserId,
        grant: Grant,
        by: &str,
        now: Timestamp,
    ) -> Result<HeldGrant, StoreError> {
        let held = HeldGrant { id: self.new_uuid(), person, grant, made_by: by.to_owned(), made_at: now };
        people::add_grant(tx, &held)?;
        Ok(held)
    }
}
