//! Who is let in: the store's allow table, asked with every request and remembered for half a minute.
//!
//! A certificate alone opens nothing. Its key must be the one that the agent enrolled with, and the agent must not have been
//! shut out. Who shuts an agent out says so with [`Roster::forget`], so that its next request is its last; a second
//! server on the same database notices within the half minute.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use enamel_store::{Purpose, Scope, Store, StoreError, agents};
use enamel_types::{AgentId, DeviceId, PracticeId, Timestamp};
use enamel_wire::message::ProblemCode;

use super::{Peer, Refusal};
use crate::World;
use crate::blocking;
use crate::pki::KeyFingerprint;

/// How long an answer of the store is taken for granted, seconds.
const REMEMBERED: i64 = 30;

/// An agent that was let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Caller {
    /// Which.
    pub(crate) agent: AgentId,
    /// Its practice.
    pub(crate) practice: PracticeId,
    /// Its computer.
    pub(crate) device: DeviceId,
    /// Its key.
    pub(crate) key: KeyFingerprint,
}

/// The allow table.
pub struct Roster {
    store: Store,
    world: World,
    known: Mutex<HashMap<AgentId, (Caller, Timestamp)>>,
}

impl Roster {
    /// Nobody is known yet.
    pub fn new(store: Store, world: World) -> Self {
        Self { store, world, known: Mutex::default() }
    }

    /// An agent was shut out, or changed: it is looked up again at its next request.
    pub fn forget(&self, agent: AgentId) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(&agent);
    }

    /// Lets an agent in whose certificate is in force.
    pub(crate) async fn admit(&self, peer: &Peer) -> Result<Caller, Refusal> {
        let ended = peer.certificate.as_ref().is_some_and(|it| it.not_after <= self.world.now());
        if ended {
            return Err(Refusal::new(ProblemCode::Expired, "this certificate ran out; renew it"));
        }
        self.admit_to_renew(peer).await
    }

    /// Lets an agent in that may ask for a new certificate, which is all that one whose certificate ran out may do.
    pub(crate) async fn admit_to_renew(&self, peer: &Peer) -> Result<Caller, Refusal> {
        let Some(certificate) = &peer.certificate else {
            return Err(Refusal::malformed("this request needs the agent's certificate"));
        };
        let caller = match self.remembered(certificate.agent) {
            Some(caller) => caller,
            None => self.look_up(certificate.agent).await?,
        };
        if caller.key == certificate.key { Ok(caller) } else { Err(unknown()) }
    }

    fn remembered(&self, agent: AgentId) -> Option<Caller> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (caller, at) = known.get(&agent)?;
        let age = self.world.now().as_second() - at.as_second();
        (0..REMEMBERED).contains(&age).then_some(*caller)
    }

    async fn look_up(&self, agent: AgentId) -> Result<Caller, Refusal> {
        let store = self.store.clone();
        let found =
            blocking(move || store.read(&Scope::System(Purpose::WhoCalls), |tx| agents::get(tx, agent)))
                .await;
        let agent = match found {
            Ok(agent) if agent.revoked_at.is_none() => agent,
            Ok(_) | Err(StoreError::NotFound(_)) => {
                self.forget(agent);
                return Err(unknown());
            }
            Err(error) => return Err(error.into()),
        };
        let caller = Caller {
            agent: agent.id,
            practice: agent.practice,
            device: agent.device,
            key: KeyFingerprint(agent.key_hash),
        };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(caller.agent, (caller, self.world.now()));
        Ok(caller)
    }
}

fn unknown() -> Refusal {
    Refusal::new(ProblemCode::Revoked, "this server does not know this agent, or has shut it out")
}
