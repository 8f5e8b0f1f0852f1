//! Rows into a practice's file: one prepared statement, run for each entry.

use std::path::Path;

use enamel_types::PracticeId;
use rusqlite::{Connection, params};

use crate::error::StoreError;
use crate::evidence::NewEntry;

/// Inserts entries.
pub(crate) fn insert_entries(
    connection: &Connection,
    path: &Path,
    practice: PracticeId,
    received_at: i64,
    entries: &[NewEntry<'_>],
) -> Result<(), StoreError> {
    let sql = "INSERT INTO entry (seq, practice, agent, agent_seq, id, kind, kind_version, observed_at, received_at, prev, hash, \
               receipt, sealed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
    let insert = || -> rusqlite::Result<()> {
        let mut statement = connection.prepare_cached(sql)?;
        for NewEntry { seq, link, receipt, sealed } in entries {
            statement.execute(params![
                seq.cast_signed(),
                practice.as_bytes(),
                link.agent.as_bytes(),
                link.agent_seq.cast_signed(),
                link.id.as_bytes(),
                link.kind,
                link.kind_version,
                link.observed_at,
                received_at,
                link.prev.as_bytes(),
                link.hash.as_bytes(),
                receipt,
                sealed,
            ])?;
        }
        Ok(())
    };
    insert().map_err(StoreError::sqlite("write to", path))
}
