//! The audit trail: every change, every read of evidence, every login that was tried. Who, what, to what, at which practice, and what came
//! of it.
//!
//! The store chains the entries by hash and lets nobody change one. A change and its entry are one transaction: there is neither without
//! the other. What was refused is written down too. Nothing secret ever stands here: no password, no token, no session, and nothing of what
//! somebody typed who is not known.

use std::fmt::Display;
use std::net::IpAddr;

use enamel_store::audit as trail;
use enamel_store::{Purpose, Scope, Store, StoreError, WriteTx};
use enamel_types::{PracticeId, Timestamp};
use serde_json::{Map, Value};

use crate::access::{Caller, Who};

/// Who did something, as it is written: `person:ID`, `key:ID`, `server`, `address:IP`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor(String);

impl Actor {
    /// The server itself, or somebody at its own computer.
    pub fn server() -> Self {
        Self("server".to_owned())
    }

    /// Somebody who is not known.
    pub fn nobody(address: IpAddr) -> Self {
        Self(format!("address:{address}"))
    }

    /// A person who is not signed in yet.
    pub fn person(id: enamel_types::UserId) -> Self {
        Self(format!("person:{id}"))
    }
}

impl Caller {
    /// Who it is, for the trail.
    pub fn actor(&self) -> Actor {
        match self.who {
            Who::Person(id) => Actor::person(id),
            Who::Key(id) => Actor(format!("key:{id}")),
        }
    }
}

/// Something that is done.
#[derive(Debug, Clone, Default)]
pub struct Deed {
    action: &'static str,
    practice: Option<PracticeId>,
    object: String,
    detail: Map<String, Value>,
}

impl Deed {
    /// `action` is one of a closed set of words: `practice.make`, `findings.read`.
    pub fn new(action: &'static str) -> Self {
        Self { action, ..Self::default() }
    }

    /// At which practice.
    #[must_use]
    pub fn at(mut self, practice: PracticeId) -> Self {
        self.practice = Some(practice);
        self
    }

    /// To what: `agent:ID`.
    #[must_use]
    pub fn to(mut self, kind: &str, id: impl Display) -> Self {
        self.object = format!("{kind}:{id}");
        self
    }

    /// What else a reader needs.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.detail.insert(key.to_owned(), value.into());
        self
    }

    /// Says at which practice, once that is known.
    pub fn is_at(&mut self, practice: PracticeId) {
        self.practice = Some(practice);
    }

    /// The same for a list that may be of one practice: one that is not in reach is not named.
    pub fn is_of(&mut self, practice: Option<PracticeId>, scope: &Scope) {
        self.practice = practice.filter(|practice| scope.covers(*practice));
    }

    /// Writes it down as done, in the transaction that does it.
    ///
    /// # Errors
    /// The store's.
    pub fn done(self, tx: &mut WriteTx<'_>, actor: &Actor, now: Timestamp) -> Result<(), StoreError> {
        trail::append(tx, &self.entry("done", actor, now)).map(drop)
    }

    /// Writes it down as done where what was done changed nothing: a read.
    ///
    /// # Errors
    /// The store's.
    pub fn noted(self, store: &Store, actor: &Actor, now: Timestamp) -> Result<(), StoreError> {
        self.write(store, "done", actor, now)
    }

    /// Writes it down as refused.
    ///
    /// # Errors
    /// The store's.
    pub fn refused(self, store: &Store, actor: &Actor, now: Timestamp) -> Result<(), StoreError> {
        self.write(store, "refused", actor, now)
    }

    fn write(self, store: &Store, outcome: &str, actor: &Actor, now: Timestamp) -> Result<(), StoreError> {
        let entry = self.entry(outcome, actor, now);
        store.write(&Scope::System(Purpose::Audit), |tx| trail::append(tx, &entry).map(drop))
    }

    fn entry(mut self, outcome: &str, actor: &Actor, now: Timestamp) -> trail::Deed {
        self.detail.insert("outcome".to_owned(), outcome.into());
        trail::Deed {
            at: now,
            actor: actor.0.clone(),
            practice: self.practice,
            action: self.action.to_owned(),
            object: self.object,
            detail: Value::Object(self.detail).to_string(),
        }
    }
}
