//! The file format, version 1. A golden file in `tests/golden/` holds every word of this.
//!
//! A ledger is a SQLite 3 file: page size 4096, no reserved bytes, UTF-8, WAL, `application_id` 0x456E4C67 ("EnLg"),
//! `user_version` = [`FORMAT_VERSION`]. Its schema is exactly the text below, compared byte for byte.
//!
//! | column of `observation` | what |
//! |---|---|
//! | `seq` | position in this file, from 1, without holes; the rowid |
//! | `practice`, `agent`, `id` | UUIDs, 16 bytes, big-endian |
//! | `agent_seq` | position in the agent's chain, from 1; a hole is lost evidence |
//! | `kind`, `kind_version` | the body's kind and the version of its shape |
//! | `observed_at`, `received_at` | microseconds since 1970-01-01T00:00:00Z |
//! | `prev` | `hash` of the agent's entry before; 32 zero bytes in its first |
//! | `hash` | over what the agent knows, see below |
//! | `receipt` | over what the keeper adds, see below, so that a changed `seq` or `received_at` shows too |
//! | `body` | the whole observation as JSON, the very bytes that were hashed |
//!
//! `hash` = BLAKE3 in key derivation mode, context `enamel 2026-11 ledger entry v1`, over: `prev` (32 bytes), then
//! `practice`, `agent`, `agent_seq`, `id`, `kind`, `kind_version`, `observed_at`, `body`, each preceded by its length in
//! bytes. Lengths, `agent_seq` and `observed_at` are 64-bit, `kind_version` 32-bit, all little-endian.
//!
//! `receipt` = BLAKE3 in key derivation mode, context `enamel 2026-11 ledger receipt v1`, over `seq`, `received_at`
//! (64-bit, little-endian) and `hash`.
//!
//! `body` is the last column, so that a row whose overflow pages are lost still says whose it was. Each row proves itself
//! by its own two hashes; that is what lets [`crate::salvage`] find rows without trusting any page of SQLite's b-trees.
//!
//! `head` repeats each agent's last entry, so that rows missing at the end are noticed. `lost` lists the sequence
//! numbers that a salvage could not bring back.

use std::fmt;

use enamel_types::{AgentId, Observation, ObservationId, PracticeId};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The format this crate writes, kept in SQLite's `user_version`.
pub const FORMAT_VERSION: i64 = 1;

/// Largest observation accepted, bytes of JSON: a thousand times a usual one.
pub const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;

/// "EnLg": tells a ledger from any other SQLite file.
pub(crate) const APPLICATION_ID: i64 = 0x456E_4C67;

/// SQLite's page size, fixed by the format.
pub(crate) const PAGE_SIZE: usize = 4096;

/// Name, type and text of everything in the schema, in the order of creation.
pub(crate) const SCHEMA: [(&str, &str, &str); 4] = [
    (
        "table",
        "observation",
        "CREATE TABLE observation (\n  seq INTEGER PRIMARY KEY,\n  practice BLOB NOT NULL,\n  agent BLOB NOT NULL,\n  \
         agent_seq INTEGER NOT NULL,\n  id BLOB NOT NULL,\n  kind TEXT NOT NULL,\n  kind_version INTEGER NOT NULL,\n  \
         observed_at INTEGER NOT NULL,\n  received_at INTEGER NOT NULL,\n  prev BLOB NOT NULL,\n  \
         hash BLOB NOT NULL,\n  receipt BLOB NOT NULL,\n  body TEXT NOT NULL\n) STRICT",
    ),
    ("index", "observation_id", "CREATE UNIQUE INDEX observation_id ON observation (agent, id)"),
    (
        "table",
        "head",
        "CREATE TABLE head (\n  agent BLOB PRIMARY KEY,\n  agent_seq INTEGER NOT NULL,\n  seq INTEGER NOT NULL,\n  \
         hash BLOB NOT NULL\n) STRICT, WITHOUT ROWID",
    ),
    (
        "table",
        "lost",
        "CREATE TABLE lost (\n  seq INTEGER PRIMARY KEY,\n  recorded_at INTEGER NOT NULL,\n  why TEXT NOT NULL\n) STRICT",
    ),
];

/// An entry's hash: 32 bytes, shown as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryHash(pub(crate) [u8; 32]);

impl EntryHash {
    /// What stands before an agent's first entry.
    pub const GENESIS: Self = Self([0; 32]);

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A hash that was made elsewhere.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

/// Why a text is no [`EntryHash`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a hash is 64 hexadecimal digits, as the report prints it")]
pub struct NotAHash;

impl std::str::FromStr for EntryHash {
    type Err = NotAHash;

    fn from_str(text: &str) -> Result<Self, NotAHash> {
        let digits = text.trim().as_bytes();
        let mut hash = Self::GENESIS;
        if digits.len() != 2 * hash.0.len() {
            return Err(NotAHash);
        }
        for (byte, pair) in hash.0.iter_mut().zip(digits.chunks(2)) {
            let digit = |at: usize| char::from(pair[at]).to_digit(16);
            let (Some(high), Some(low)) = (digit(0), digit(1)) else { return Err(NotAHash) };
            *byte = u8::try_from(high << 4 | low).map_err(|_| NotAHash)?;
        }
        Ok(hash)
    }
}

impl fmt::Display for EntryHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for EntryHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EntryHash({self})")
    }
}

impl Serialize for EntryHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EntryHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// One row as it lies in the file, body not yet parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) seq: u64,
    pub(crate) practice: PracticeId,
    pub(crate) agent: AgentId,
    pub(crate) agent_seq: u64,
    pub(crate) id: ObservationId,
    pub(crate) kind: String,
    pub(crate) kind_version: u32,
    /// Microseconds since 1970.
    pub(crate) observed_at: i64,
    /// Microseconds since 1970.
    pub(crate) received_at: i64,
    pub(crate) prev: EntryHash,
    pub(crate) hash: EntryHash,
    pub(crate) receipt: [u8; 32],
    pub(crate) body: Vec<u8>,
}

/// The hash of an entry after `prev`, over its fields in the order that the module documents.
pub(crate) fn entry_hash(prev: &EntryHash, fields: [&[u8]; 8]) -> EntryHash {
    let mut hasher = blake3::Hasher::new_derive_key("enamel 2026-11 ledger entry v1");
    hasher.update(&prev.0);
    for field in fields {
        hasher.update(&(field.len() as u64).to_le_bytes());
        hasher.update(field);
    }
    EntryHash(*hasher.finalize().as_bytes())
}

/// The hash over what a keeper adds to an entry, as the module documents it.
pub(crate) fn receipt_hash(seq: u64, received_at: i64, hash: &EntryHash) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("enamel 2026-11 ledger receipt v1");
    hasher.update(&seq.to_le_bytes());
    hasher.update(&received_at.to_le_bytes());
    hasher.update(&hash.0);
    *hasher.finalize().as_bytes()
}

impl Row {
    /// The next row of a chain. `body` is the observation as JSON.
    pub(crate) fn next(
        observation: &Observation,
        body: Vec<u8>,
        seq: u64,
        received_at: i64,
        agent_seq: u64,
        prev: EntryHash,
    ) -> Self {
        let mut row = Self {
            seq,
            practice: observation.practice,
            agent: observation.agent,
            agent_seq,
            id: observation.id,
            kind: observation.body.kind().to_owned(),
            kind_version: u32::from(observation.body.version()),
            observed_at: observation.observed_at.as_microsecond(),
            received_at,
            prev,
            hash: EntryHash::GENESIS,
            receipt: [0; 32],
            body,
        };
        row.hash = row.entry_hash();
        row.receipt = row.receipt_hash();
        row
    }

    /// The hash over what the agent knows, as the module documents it.
    pub(crate) fn entry_hash(&self) -> EntryHash {
        entry_hash(
            &self.prev,
            [
                self.practice.as_bytes(),
                self.agent.as_bytes(),
                &self.agent_seq.to_le_bytes(),
                self.id.as_bytes(),
                self.kind.as_bytes(),
                &self.kind_version.to_le_bytes(),
                &self.observed_at.to_le_bytes(),
                &self.body,
            ],
        )
    }

    /// The hash over what the keeper adds, as the module documents it.
    pub(crate) fn receipt_hash(&self) -> [u8; 32] {
        receipt_hash(self.seq, self.received_at, &self.hash)
    }

    /// What is wrong with the row by itself; `None` if it is as it was written.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        if self.entry_hash() != self.hash {
            Some("its content does not match its hash")
        } else if self.receipt_hash() != self.receipt {
            Some("its sequence number or its time of receipt does not match its receipt")
        } else {
            None
        }
    }
}
