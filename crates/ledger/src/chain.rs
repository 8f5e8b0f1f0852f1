//! One agent's chain, apart from any file: what an entry hashes to, and what comes after it.
//!
//! An agent makes its chain, a server checks it, and each can do so without a ledger file. The hash is the one that
//! [`mod@crate::format`] documents.

use enamel_types::{AgentId, Observation, ObservationId, PracticeId};

use crate::format::EntryHash;

/// One observation in its agent's chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The tenant.
    pub practice: PracticeId,
    /// Whose chain.
    pub agent: AgentId,
    /// Position in the chain, from 1; a hole is lost evidence.
    pub agent_seq: u64,
    /// The observation.
    pub id: ObservationId,
    /// The body's kind.
    pub kind: String,
    /// The version of that kind's shape.
    pub kind_version: u32,
    /// Microseconds since 1970-01-01T00:00:00Z.
    pub observed_at: i64,
    /// The hash of the agent's entry before; [`EntryHash::GENESIS`] in its first.
    pub prev: EntryHash,
    /// Over all of this.
    pub hash: EntryHash,
    /// The whole observation as JSON, the very bytes that are hashed.
    pub body: Vec<u8>,
}

impl Link {
    /// The link after `prev`. `body` is the observation as JSON, as it will be kept.
    pub fn after(prev: Option<(u64, EntryHash)>, observation: &Observation, body: Vec<u8>) -> Self {
        let (agent_seq, prev) =
            prev.map_or((1, EntryHash::GENESIS), |(seq, hash)| (seq.saturating_add(1), hash));
        let mut link = Self {
            practice: observation.practice,
            agent: observation.agent,
            agent_seq,
            id: observation.id,
            kind: observation.body.kind().to_owned(),
            kind_version: u32::from(observation.body.version()),
            observed_at: observation.observed_at.as_microsecond(),
            prev,
            hash: EntryHash::GENESIS,
            body,
        };
        link.hash = link.expected_hash();
        link
    }

    /// What the hash must be, as [`mod@crate::format`] documents it.
    pub fn expected_hash(&self) -> EntryHash {
        let mut hasher = blake3::Hasher::new_derive_key("enamel 2026-11 ledger entry v1");
        hasher.update(self.prev.as_bytes());
        for field in [
            self.practice.as_bytes().as_slice(),
            self.agent.as_bytes(),
            &self.agent_seq.to_le_bytes(),
            self.id.as_bytes(),
            self.kind.as_bytes(),
            &self.kind_version.to_le_bytes(),
            &self.observed_at.to_le_bytes(),
            &self.body,
        ] {
            hasher.update(&(field.len() as u64).to_le_bytes());
            hasher.update(field);
        }
        EntryHash::from_bytes(*hasher.finalize().as_bytes())
    }

    /// The hash over what its keeper adds: the position among everything kept, from 1, and when it was received, microseconds.
    pub fn receipt(&self, seq: u64, received_at: i64) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_derive_key("enamel 2026-11 ledger receipt v1");
        hasher.update(&seq.to_le_bytes());
        hasher.update(&received_at.to_le_bytes());
        hasher.update(self.hash.as_bytes());
        *hasher.finalize().as_bytes()
    }

    /// Whether nothing in it was changed since its hash was made.
    pub fn is_whole(&self) -> bool {
        self.hash == self.expected_hash()
    }
}
