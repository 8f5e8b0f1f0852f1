//! Trust roots: whose signatures an agent takes commands from. Each is signed by the one before; the store keeps them as they were
//! signed and checks no signature.

use enamel_types::Timestamp;

use crate::error::StoreError;
use crate::tx::{Tx, WriteTx};
use crate::value::values;

/// A signed trust root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedRoot {
    /// Its version; each is one more than the one before.
    pub version: u64,
    /// The signed text with its signatures, JSON.
    pub signed: String,
    /// When it was added.
    pub added_at: Timestamp,
    /// By whom.
    pub added_by: String,
}

/// Adds the next trust root.
///
/// # Errors
/// [`StoreError::Conflict`] where it is not the next one.
pub fn add(tx: &mut WriteTx<'_>, root: &SignedRoot) -> Result<(), StoreError> {
    let latest = latest_version(tx)?;
    if root.version != latest + 1 {
        return Err(StoreError::Conflict(format!(
            "the trust root has version {}, the next one must have {}; sign it again with that",
            root.version,
            latest + 1
        )));
    }
    let sql = "INSERT INTO main.trust_root (version, signed, added_at, added_by) VALUES ($1, $2, $3, $4)";
    tx.execute(sql, values![root.version, &root.signed, root.added_at, &root.added_by]).map(drop)
}

/// The latest version; 0 if there is no trust root.
///
/// # Errors
/// What the database says.
pub fn latest_version(tx: &mut Tx<'_>) -> Result<u64, StoreError> {
    let latest = tx.row("SELECT coalesce(max(version), 0) FROM trust_root", &[])?;
    latest.map_or(Ok(0), |row| row.get(0))
}

/// All roots after a version, oldest first.
///
/// # Errors
/// What the database says.
pub fn after(tx: &mut Tx<'_>, version: u64) -> Result<Vec<SignedRoot>, StoreError> {
    let sql =
        "SELECT version, signed, added_at, added_by FROM trust_root WHERE version > $1 ORDER BY version";
    tx.list(sql, values![version], |row| {
        Ok(SignedRoot {
            version: row.get(0)?,
            signed: row.get(1)?,
            added_at: row.get(2)?,
            added_by: row.get(3)?,
        })
    })
}
