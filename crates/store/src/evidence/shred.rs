//! The end of a practice: its key is destroyed, its rows and files are removed, and what was there is proved by a root.
//!
//! Copies of the data that lie elsewhere cannot be opened any more by this server: the wrapped key is gone. Who has a copy of the
//! database from before *and* of the master key still can; so the two are kept apart (`docs/store.md`).

use enamel_ledger::PracticeRoot;
use enamel_types::{PracticeId, Timestamp};
use serde::Serialize;

use crate::audit::{self, Deed};
use crate::error::StoreError;
use crate::evidence::read::{last_seq, root};
use crate::scope::{Purpose, Scope};
use crate::store::{Backend, Store};
use crate::tx::{Tx, WriteTx};
use crate::value::{Row, to_json, values};

/// What was destroyed; kept as a tombstone, and written into the audit trail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShredProof {
    /// The practice.
    pub practice: PracticeId,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// Entries that there were.
    pub entries: u64,
    /// The root over them: who holds a report can tell that it was this evidence.
    pub root: PracticeRoot,
}

/// The tables that are not removed with the practice's own row: evidence, in PostgreSQL.
const EVIDENCE: [&str; 4] = ["entry", "head", "chain", "view_copy"];

impl Store {
    /// Destroys a practice: the key of its evidence first, then all that is kept of it but the audit trail, which gets the proof.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the practice is not in reach. After an error on the way to the commit nothing is destroyed; what
    /// is left of files after the commit is removed at the next start.
    pub fn shred(
        &self,
        scope: &Scope,
        practice: PracticeId,
        who: &str,
        now: Timestamp,
    ) -> Result<ShredProof, StoreError> {
        if !scope.covers(practice) {
            return Err(StoreError::NotFound("practice"));
        }
        let proof = match &self.inner.back {
            Backend::Sqlite { control, files, .. } => {
                let file = self.practice_file(scope, practice)?;
                files.close(practice);
                let destroyed = file
                    .end(&self.inner.keys, |tx| {
                        let entries = last_seq(tx, practice)?;
                        Ok((entries, root(tx, practice, entries)?))
                    })
                    .and_then(|(entries, root)| {
                        self.write(scope, |tx| bury(tx, practice, who, now, entries, root))
                    });
                if destroyed.is_err() {
                    files.allow(practice);
                }
                let proof = destroyed?;
                control.fold_log()?;
                files.remove(practice)?;
                proof
            }
            Backend::Postgres(_) => self.write(scope, |tx| {
                // Whoever appends has a share of this row until the end of their transaction, and finds none afterwards.
                let lock = "SELECT 1 FROM practice_key WHERE practice = $1 FOR UPDATE";
                tx.row(lock, values![practice])?.ok_or(StoreError::NotFound("practice"))?;
                let entries = last_seq(tx, practice)?;
                let root = root(tx, practice, entries)?;
                for table in EVIDENCE {
                    tx.execute(&format!("DELETE FROM main.{table} WHERE practice = $1"), values![practice])?;
                }
                bury(tx, practice, who, now, entries, root)
            })?,
        };
        Ok(proof)
    }

    /// Removes files of practices that were shredded, should the server have died on the way.
    pub(crate) fn finish_shredding(&self) -> Result<(), StoreError> {
        if let Backend::Sqlite { files, .. } = &self.inner.back {
            for proof in self.read(&Scope::System(Purpose::Housekeeping), shredded)? {
                files.remove(proof.practice)?;
            }
        }
        Ok(())
    }
}

/// The practices in reach that were shredded, oldest first.
///
/// # Errors
/// What the database says.
pub fn shredded(tx: &mut Tx<'_>) -> Result<Vec<ShredProof>, StoreError> {
    let sql = "SELECT practice, shredded_at, shredded_by, entries, agents, root FROM shredded ORDER BY shredded_at, practice";
    tx.list(sql, &[], proof_of)
}

fn proof_of(row: &Row) -> Result<ShredProof, StoreError> {
    let (practice, entries) = (row.get(0)?, row.get(3)?);
    let root = PracticeRoot { practice, through_seq: entries, agents: row.get(4)?, root: row.get(5)? };
    Ok(ShredProof { practice, at: row.get(1)?, by: row.get(2)?, entries, root })
}

/// Removes all rows of a practice, and leaves a tombstone and the proof.
fn bury(
    tx: &mut WriteTx<'_>,
    practice: PracticeId,
    who: &str,
    now: Timestamp,
    entries: u64,
    root: PracticeRoot,
) -> Result<ShredProof, StoreError> {
    // The key goes first and by itself; everything else refers to the practice and goes with it.
    tx.change("practice", "DELETE FROM main.practice_key WHERE practice = $1", values![practice])?;
    tx.change("practice", "DELETE FROM main.practice WHERE practice = $1", values![practice])?;
    let sql = "INSERT INTO main.shredded (practice, shredded_at, shredded_by, entries, agents, root) VALUES ($1, $2, $3, $4, $5, $6)";
    tx.execute(sql, values![practice, now, who, entries, root.agents, root.root])?;
    let proof = ShredProof { practice, at: now, by: who.to_owned(), entries, root };
    let deed = Deed {
        at: now,
        actor: who.to_owned(),
        practice: Some(practice),
        action: "practice.shred".to_owned(),
        object: format!("practice:{practice}"),
        detail: to_json(&proof)?,
    };
    audit::append(tx, &deed)?;
    Ok(proof)
}
