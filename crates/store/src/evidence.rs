//! Evidence: each agent's chain, checked as it comes in and sealed with the practice's key before it is kept.
//!
//! A link must follow its agent's head: the next number, the hash of the one before. What is there already is said to be there; what
//! does not follow is not kept. Nothing kept is ever changed. Chain columns are readable, so that [`Store::verify`] and the roots do
//! not depend on the bodies alone.

mod append;
mod export;
mod read;
mod shred;
mod verify;

pub use append::Kept;
pub(crate) use append::NewEntry;
pub use export::Manifest;
pub use read::{EntryPage, ViewCopy};
pub use shred::{ShredProof, shredded};
pub use verify::{BadEntry, Verified};

use std::sync::Arc;

use enamel_types::PracticeId;

use crate::error::StoreError;
use crate::keys::PracticeKey;
use crate::scope::{Purpose, Scope};
use crate::sqlite::PracticeFile;
use crate::store::{Backend, Store};
use crate::tx::{Back, Tx, WriteTx};
use crate::value::values;

impl Store {
    /// One transaction that reads a practice's evidence.
    fn read_evidence<T>(
        &self,
        scope: &Scope,
        practice: PracticeId,
        work: impl FnOnce(&mut Tx<'_>, &PracticeKey) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match &self.inner.back {
            Backend::Sqlite { .. } => {
                let file = self.practice_file(scope, practice)?;
                file.read(&self.inner.keys, |tx| work(tx, &file.key))
            }
            Backend::Postgres(_) => self.read(scope, |tx| {
                let key = practice_key(tx, practice, false)?;
                work(tx, &key)
            }),
        }
    }

    /// One transaction that writes a practice's evidence: on the disk when it returns.
    fn write_evidence<T>(
        &self,
        scope: &Scope,
        practice: PracticeId,
        work: impl FnOnce(&mut WriteTx<'_>, &PracticeKey) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match &self.inner.back {
            Backend::Sqlite { .. } => {
                let file = self.practice_file(scope, practice)?;
                file.write(&self.inner.keys, |tx| work(tx, &file.key))
            }
            Backend::Postgres(_) => self.write(scope, |tx| {
                let key = practice_key(tx, practice, true)?;
                work(tx, &key)
            }),
        }
    }

    /// The practice's SQLite file, for a caller who reaches it.
    fn practice_file(&self, scope: &Scope, practice: PracticeId) -> Result<Arc<PracticeFile>, StoreError> {
        let Backend::Sqlite { files, .. } = &self.inner.back else {
            return Err(StoreError::NotFound("practice"));
        };
        if !scope.covers(practice) {
            return Err(StoreError::NotFound("practice"));
        }
        if let Some(file) = files.opened(practice) {
            return Ok(file);
        }
        let key = self.read(&Scope::System(Purpose::Ingest), |tx| practice_key(tx, practice, false))?;
        files.open(practice, key, self.inner.opened_at)
    }
}

/// A practice's key, unwrapped. Where it is `kept`, the practice cannot be shredded before the transaction ends.
fn practice_key(tx: &mut Tx<'_>, practice: PracticeId, kept: bool) -> Result<PracticeKey, StoreError> {
    let sql = match (&tx.back, kept) {
        (Back::Postgres(_), true) => "SELECT wrapped FROM practice_key WHERE practice = $1 FOR SHARE",
        _ => "SELECT wrapped FROM practice_key WHERE practice = $1",
    };
    let wrapped: Vec<u8> =
        tx.one(sql, values![practice], |row| row.get(0))?.ok_or(StoreError::NotFound("practice"))?;
    tx.keys.practice_key(practice, &wrapped)
}
