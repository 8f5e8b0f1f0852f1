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

use crate::chain::Link;
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

/// One row as it lies in the file, body not yet parsed: a link of its agent's chain, and what the keeper adds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) seq: u64,
    /// Microseconds since 1970.
    pub(crate) received_at: i64,
    pub(crate) receipt: [u8; 32],
    pub(crate) link: Link,
}

impl Row {
    /// The row of a link that was received as number `seq`.
    pub(crate) fn of(link: Link, seq: u64, received_at: i64) -> Self {
        Self { seq, received_at, receipt: link.receipt(seq, received_at), link }
    }

    /// What is wrong with the row by itself; `None` if it is as it was written.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        if !self.link.is_whole() {
            Some("its content does not match its hash")
        } else if self.link.receipt(self.seq, self.received_at) != self.receipt {
            Some("its sequence number or its time of receipt does not match its receipt")
        } else {
            None
        }
    }
}
