//! Rows into the database: one statement for all of a batch, each column as an array.

use enamel_types::PracticeId;
use uuid::Uuid;

use super::PgTx;
use crate::error::StoreError;
use crate::evidence::NewEntry;

/// Inserts entries.
pub(crate) fn insert_entries(
    transaction: &mut PgTx<'_>,
    practice: PracticeId,
    received_at: i64,
    entries: &[NewEntry<'_>],
) -> Result<(), StoreError> {
    let sql = "INSERT INTO main.entry (practice, received_at, seq, agent, agent_seq, id, kind, kind_version, observed_at, prev, hash, \
               receipt, sealed) SELECT $1::uuid, $2::bigint, * FROM unnest($3::bigint[], $4::uuid[], $5::bigint[], $6::uuid[], \
               $7::text[], $8::bigint[], $9::bigint[], $10::bytea[], $11::bytea[], $12::bytea[], $13::bytea[]) \
               ON CONFLICT DO NOTHING";
    let numbers = |of: fn(&NewEntry<'_>) -> i64| entries.iter().map(of).collect::<Vec<i64>>();
    let ids = |of: fn(&NewEntry<'_>) -> [u8; 16]| {
        entries.iter().map(|entry| Uuid::from_bytes(of(entry))).collect::<Vec<Uuid>>()
    };
    let bytes = |of: for<'e> fn(&'e NewEntry<'_>) -> &'e [u8]| entries.iter().map(of).collect::<Vec<&[u8]>>();
    let kinds: Vec<&str> = entries.iter().map(|entry| entry.link.kind.as_str()).collect();
    let inserted = transaction.execute_with(
        sql,
        &[
            &Uuid::from_bytes(*practice.as_bytes()),
            &received_at,
            &numbers(|entry| entry.seq.cast_signed()),
            &ids(|entry| *entry.link.agent.as_bytes()),
            &numbers(|entry| entry.link.agent_seq.cast_signed()),
            &ids(|entry| *entry.link.id.as_bytes()),
            &kinds,
            &numbers(|entry| entry.link.kind_version.into()),
            &numbers(|entry| entry.link.observed_at),
            &bytes(|entry| entry.link.prev.as_bytes()),
            &bytes(|entry| entry.link.hash.as_bytes()),
            &bytes(|entry| &entry.receipt),
            &bytes(|entry| &entry.sealed),
        ],
    )?;
    if inserted == entries.len() as u64 {
        Ok(())
    } else {
        Err(StoreError::Conflict("an observation's id is kept already".to_owned()))
    }
}
