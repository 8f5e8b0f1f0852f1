//! The root: one value that stands for everything a practice's ledger held up to one of its entries.
//!
//! The chain alone does not bind whoever keeps the file: they could rewrite all of it. A root that has left their hands
//! (in a report, with an insurer) does.

use enamel_types::{AgentId, PracticeId};
use rusqlite::{Connection, params};
use serde::Serialize;

use crate::error::LedgerError;
use crate::format::EntryHash;
use crate::ledger::Ledger;

/// What a report prints, and what an auditor compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PracticeRoot {
    /// The practice.
    pub practice: PracticeId,
    /// The last entry that the root covers. A root can be checked by this number alone, whatever the clocks said.
    pub through_seq: u64,
    /// The agents whose chains go into it.
    pub agents: u64,
    /// BLAKE3 in key derivation mode, context `enamel 2026-11 practice root v1`, over: the practice, `through_seq`, and
    /// for each agent in the order of its id: the agent, `agent_seq` and `hash` of its last entry that is covered.
    pub root: EntryHash,
}

impl PracticeRoot {
    /// The root over each agent's last entry: the agent, `agent_seq`, `hash`, in the order of the agents' ids.
    pub fn over(
        practice: PracticeId,
        through_seq: u64,
        ends: impl IntoIterator<Item = (AgentId, u64, EntryHash)>,
    ) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("enamel 2026-11 practice root v1");
        hasher.update(practice.as_bytes());
        hasher.update(&through_seq.to_le_bytes());
        let mut agents = 0;
        for (agent, agent_seq, hash) in ends {
            hasher.update(agent.as_bytes());
            hasher.update(&agent_seq.to_le_bytes());
            hasher.update(&hash.0);
            agents += 1;
        }
        Self { practice, through_seq, agents, root: EntryHash(*hasher.finalize().as_bytes()) }
    }
}

impl Ledger {
    /// The root over every entry up to `through_seq`: how a published root is checked.
    pub fn practice_root_through(
        &self,
        practice: PracticeId,
        through_seq: u64,
    ) -> Result<PracticeRoot, LedgerError> {
        root_through(self.connection(), practice, through_seq)
            .map_err(LedgerError::sqlite("compute a root of", self.path()))
    }
}

/// The root of one practice over every entry up to `through_seq`, by the hashes as they stand in the file.
pub(crate) fn root_through(
    connection: &Connection,
    practice: PracticeId,
    through_seq: u64,
) -> rusqlite::Result<PracticeRoot> {
    // SQLite gives the other columns from the row that has the maximum.
    let sql = "SELECT agent, max(agent_seq), hash FROM observation WHERE practice = ?1 AND seq <= ?2 \
               GROUP BY agent ORDER BY agent";
    let mut statement = connection.prepare_cached(sql)?;
    let ends = statement
        .query_map(params![practice.as_bytes(), through_seq.cast_signed()], |row| {
            let agent = AgentId::from_uuid(uuid::Uuid::from_bytes(row.get(0)?));
            Ok((agent, row.get::<_, i64>(1)?.cast_unsigned(), EntryHash(row.get(2)?)))
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(PracticeRoot::over(practice, through_seq, ends))
}

/// The roots of every practice that has an entry, over every entry up to `through_seq`.
pub(crate) fn roots_through(
    connection: &Connection,
    through_seq: u64,
) -> rusqlite::Result<Vec<PracticeRoot>> {
    let practices = connection
        .prepare("SELECT DISTINCT practice FROM observation ORDER BY practice")?
        .query_map([], |row| row.get::<_, [u8; 16]>(0))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    practices
        .into_iter()
        .map(|practice| {
            root_through(connection, PracticeId::from_uuid(uuid::Uuid::from_bytes(practice)), through_seq)
        })
        .collect()
}
