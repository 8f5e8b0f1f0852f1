//! People: who they are, what they may do, and what their browsers may be made to do.
//!
//! A person logs on with a passkey, or with a password and a code from an app; ten recovery codes stand in for the app. A program has a
//! key. From either comes a [`Caller`] and, for each right, the practices over which it is held; the store takes nothing less.
//!
//! [`guard::guard`] is the one layer in front of it all. Nothing here knows a screen: the console shows, and calls [`Access`]. Facts
//! come from the store; passwords, tokens and session ids are never stored, logged or shown again.
//!
//! [`Access`] is synchronous, like the store, and argon2 takes its time: handlers call it on a thread that may wait.

pub mod caller;
pub mod csrf;
pub mod guard;
pub mod join;
pub mod keys;
pub mod limits;
pub mod login;
pub mod own;
pub mod passkey;
pub mod password;
pub mod proofs;
pub mod recovery;
pub mod routes;
pub mod secret;
pub mod session;
pub mod signed_in;
pub mod totp;

use std::net::IpAddr;
use std::sync::Arc;

use enamel_store::{Purpose, Scope, Store, StoreError};
use enamel_types::{ApiKeyId, Minter, Timestamp};
use jiff::SignedDuration;

pub use caller::{Caller, Who};
pub use signed_in::SignedIn;

use crate::World;
use guard::Address;
use limits::{Attempts, Budget};
use passkey::{PasskeyError, Passkeys};
use secret::Secret;

/// Requests a minute of an API key.
const KEY_REQUESTS: u32 = 600;

/// Questions to passkeys a minute from one address: they cost memory before anybody is known.
const CEREMONIES: u32 = 60;

/// What the server does on its own behalf to find out who is calling.
const WHO_CALLS: Scope = Scope::System(Purpose::WhoCalls);

/// People's access to this server. Cheap to clone.
#[derive(Clone)]
pub struct Access {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    world: World,
    address: Arc<Address>,
    passkeys: Passkeys,
    attempts: Attempts,
    key_budget: Budget<ApiKeyId>,
    ceremonies: Budget<IpAddr>,
}

/// Why somebody was not let in, or something about a person was not done.
///
/// What is shown to somebody who is not known is the same whether the account exists or not.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The login is not right; which part of it is not said.
    #[error(
        "mail address, password and code do not go together; look at each, and at the clock of the phone"
    )]
    Wrong,
    /// Too many tries.
    #[error("too many tries; wait {} seconds and try again", .0.as_secs() + 1)]
    Wait(SignedDuration),
    /// A link that is unknown, used or ran out.
    #[error("this link was used or ran out; ask for a new one")]
    Link,
    /// A passkey was not taken.
    #[error(transparent)]
    Passkey(#[from] PasskeyError),
    /// A password was not taken.
    #[error(transparent)]
    Weak(#[from] password::WeakPassword),
    /// A grant cannot be given.
    #[error(transparent)]
    Grant(#[from] caller::BadGrant),
    /// The code of an app that is being set up is not right.
    #[error("the code is not right; look at the clock of the phone and take the next one")]
    Code,
    /// The login is too long ago.
    #[error("log on again for this")]
    LoginAgain,
    /// It would lock somebody out.
    #[error("{0}")]
    LastWay(&'static str),
    /// A name or a mail address that is none.
    #[error("{0}")]
    Field(&'static str),
    /// The machine has no memory for a password.
    #[error(transparent)]
    Hash(#[from] password::PasswordError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Access {
    /// Access to the server at `address`.
    ///
    /// # Errors
    /// An address to which passkeys cannot be bound.
    pub fn new(store: Store, world: World, address: Address) -> Result<Self, PasskeyError> {
        let passkeys = Passkeys::new(&address)?;
        Ok(Self {
            inner: Arc::new(Inner {
                store,
                world,
                address: Arc::new(address),
                passkeys,
                attempts: Attempts::default(),
                key_budget: Budget::per_minute(KEY_REQUESTS),
                ceremonies: Budget::per_minute(CEREMONIES),
            }),
        })
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// Clock and dice.
    pub fn world(&self) -> &World {
        &self.inner.world
    }

    /// Where people reach the server.
    pub fn address(&self) -> &Arc<Address> {
        &self.inner.address
    }

    fn now(&self) -> Timestamp {
        self.inner.world.now()
    }

    fn new_secret(&self) -> Secret {
        Secret::new(&self.inner.world.fill)
    }

    /// A new id that sorts by now.
    pub(crate) fn new_uuid(&self) -> uuid::Uuid {
        let mut fill = self.inner.world.fill;
        Minter::new(&mut fill).uuid(self.now())
    }
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Access")
    }
}

/// A mail address, as it is compared: lower case, one `@`, no spaces. Whether it can be delivered to is not asked.
pub(crate) fn mail_address(text: &str) -> Result<String, AccessError> {
    let mail = text.trim().to_lowercase();
    let mut parts = mail.split('@');
    let fits = matches!((parts.next(), parts.next(), parts.next()), (Some(a), Some(b), None) if !a.is_empty() && !b.is_empty())
        && mail.len() <= 254
        && mail.bytes().all(|byte| byte.is_ascii_graphic());
    if fits {
        Ok(mail)
    } else {
        Err(AccessError::Field("this is no mail address; it looks like dana@msp.example"))
    }
}

/// A person's name.
pub(crate) fn person_name(text: &str) -> Result<String, AccessError> {
    let name = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let fits =
        (1..=120).contains(&name.chars().count()) && !name.chars().any(enamel_types::text::is_unshowable);
    if fits { Ok(name) } else { Err(AccessError::Field("a name has 1 to 120 characters that can be seen")) }
}
