//! Who did what: appended, chained by hash, never changed. The database refuses a change (SQLite by triggers, PostgreSQL by
//! privileges), and [`verify`] names the first entry that was changed in spite of that.

use enamel_ledger::EntryHash;
use enamel_types::{PracticeId, Timestamp};

use crate::error::StoreError;
use crate::filter::Filter;
use crate::page::{Page, rows_for};
use crate::tx::{Tx, WriteTx};
use crate::value::{Row, values};

/// Something that somebody did.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Deed {
    /// When.
    pub at: Timestamp,
    /// Who: `person:ID`, `key:ID`, `agent:ID`, `server`.
    pub actor: String,
    /// The practice that it was about, if one.
    pub practice: Option<PracticeId>,
    /// What was done: `practice.add`, `evidence.read`.
    pub action: String,
    /// To what: `agent:ID`.
    pub object: String,
    /// What else a reader needs, JSON; never a secret.
    pub detail: String,
}

/// A deed and its place in the trail.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct AuditEntry {
    /// Position, from 1.
    pub seq: u64,
    /// What was done.
    pub deed: Deed,
    /// The hash of the entry before; zeros in the first.
    pub prev: EntryHash,
    /// BLAKE3 in key derivation mode, context `enamel 2026-11 audit entry v1`, over `prev`, then position, time (microseconds), actor,
    /// practice, action, object and detail, each preceded by its length in bytes; numbers 64-bit, little-endian.
    pub hash: EntryHash,
}

/// What a check of the trail found.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct AuditVerified {
    /// Entries that are as they were written.
    pub entries: u64,
    /// The hash of the last of them.
    pub head: EntryHash,
    /// The first position whose entry is missing or not as it was written.
    pub first_bad: Option<u64>,
}

const ENTRY: &str = "SELECT seq, at, actor, practice, action, object, detail, prev, hash FROM audit";

fn entry_of(row: &Row) -> Result<AuditEntry, StoreError> {
    Ok(AuditEntry {
        seq: row.get(0)?,
        deed: Deed {
            at: row.get(1)?,
            actor: row.get(2)?,
            practice: row.get(3)?,
            action: row.get(4)?,
            object: row.get(5)?,
            detail: row.get(6)?,
        },
        prev: row.get(7)?,
        hash: row.get(8)?,
    })
}

fn hash(prev: EntryHash, seq: u64, deed: &Deed) -> EntryHash {
    let practice = deed.practice.map_or(Vec::new(), |practice| practice.as_bytes().to_vec());
    let mut hasher = blake3::Hasher::new_derive_key("enamel 2026-11 audit entry v1");
    hasher.update(prev.as_bytes());
    for field in [
        &seq.to_le_bytes()[..],
        &deed.at.as_microsecond().to_le_bytes(),
        deed.actor.as_bytes(),
        &practice,
        deed.action.as_bytes(),
        deed.object.as_bytes(),
        deed.detail.as_bytes(),
    ] {
        hasher.update(&(field.len() as u64).to_le_bytes());
        hasher.update(field);
    }
    EntryHash::from_bytes(*hasher.finalize().as_bytes())
}

/// Writes a deed down; its position. In the transaction of the deed itself, so that there is neither without the other.
///
/// # Errors
/// [`StoreError::OutOfScope`] where the scope does not reach the deed's practice, or reaches some practices only and the deed has none.
pub fn append(tx: &mut WriteTx<'_>, deed: &Deed) -> Result<u64, StoreError> {
    let genesis = EntryHash::GENESIS;
    let sql = "INSERT INTO main.audit_head (one, seq, hash) VALUES (1, 0, $1) ON CONFLICT (one) DO NOTHING";
    tx.execute(sql, values![genesis])?;
    // Raising the number first locks the row, so that two servers write one after the other.
    tx.execute("UPDATE main.audit_head SET seq = seq + 1 WHERE one = 1", &[])?;
    let head = tx.one("SELECT seq, hash FROM audit_head WHERE one = 1", &[], |row| {
        Ok((row.get::<u64>(0)?, row.get::<EntryHash>(1)?))
    })?;
    let (seq, prev) = head.ok_or(StoreError::NotFound("audit trail"))?;
    let hash = hash(prev, seq, deed);
    let sql = "INSERT INTO main.audit (seq, practice, at, actor, action, object, detail, prev, hash) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let Deed { at, actor, practice, action, object, detail } = deed;
    tx.execute(sql, values![seq, *practice, *at, actor, action, object, detail, prev, hash])?;
    tx.execute("UPDATE main.audit_head SET hash = $1 WHERE one = 1", values![hash])?;
    Ok(seq)
}

/// A page of the trail as far as it is in reach, newest first; about one practice, where it is given.
///
/// # Errors
/// What the database says.
pub fn list(
    tx: &mut Tx<'_>,
    practice: Option<PracticeId>,
    before: Option<u64>,
    limit: u32,
) -> Result<Page<AuditEntry, u64>, StoreError> {
    let filter =
        Filter::default().and("seq < ?", [before.unwrap_or(u64::MAX).into()]).equal("practice", practice);
    let (sql, values) = filter.query(ENTRY, "seq DESC", rows_for(limit));
    Ok(Page::cut(tx.list(&sql, &values, entry_of)?, limit, |entry| entry.seq))
}

/// Checks the whole trail. The scope must reach everything: a part of a chain proves nothing.
///
/// # Errors
/// What the database says.
pub fn verify(tx: &mut Tx<'_>) -> Result<AuditVerified, StoreError> {
    let mut found = AuditVerified { entries: 0, head: EntryHash::GENESIS, first_bad: None };
    loop {
        let sql = format!("{ENTRY} WHERE seq > $1 ORDER BY seq LIMIT 500");
        let page = tx.list(&sql, values![found.entries], entry_of)?;
        if page.is_empty() {
            break;
        }
        for entry in page {
            let whole = entry.seq == found.entries + 1
                && entry.prev == found.head
                && entry.hash == hash(entry.prev, entry.seq, &entry.deed);
            if !whole {
                found.first_bad = Some(found.entries + 1);
                return Ok(found);
            }
            found.entries = entry.seq;
            found.head = entry.hash;
        }
    }
    let head = tx.one("SELECT seq, hash FROM audit_head WHERE one = 1", &[], |row| {
        Ok((row.get::<u64>(0)?, row.get::<EntryHash>(1)?))
    })?;
    // Entries cut off at the end are noticed here.
    if head.unwrap_or((0, EntryHash::GENESIS)) != (found.entries, found.head) {
        found.first_bad = Some(found.entries + 1);
    }
    Ok(found)
}
