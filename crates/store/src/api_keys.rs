//! Programs' keys to the API: a role over a part of the tree, like a person's grant. Only the hash of the secret is kept.

use enamel_types::{ApiKeyId, Grant, Timestamp};

use crate::error::StoreError;
use crate::reach;
use crate::tx::{Tx, WriteTx};
use crate::value::{Row, values};

/// A key without its secret.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// What it is for.
    pub name: String,
    /// What it may do; `until` is when it ends.
    pub grant: Grant,
    /// Who made it.
    pub made_by: String,
    /// When.
    pub made_at: Timestamp,
    /// When it was last used, to the accuracy of the caller's notes.
    pub used_at: Option<Timestamp>,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
}

const KEY: &str = "SELECT api_key, name, role, reach, reach_id, ends_at, made_by, made_at, used_at, revoked_at FROM api_key";

fn key_of(row: &Row) -> Result<ApiKey, StoreError> {
    Ok(ApiKey {
        id: row.get(0)?,
        name: row.get(1)?,
        grant: Grant { role: row.get(2)?, reach: reach::of_columns(row, 3)?, until: row.get(5)? },
        made_by: row.get(6)?,
        made_at: row.get(7)?,
        used_at: row.get(8)?,
        revoked_at: row.get(9)?,
    })
}

/// Keeps a new key. `secret_hash` is a hash of its secret.
///
/// # Errors
/// What the database says.
pub fn add(tx: &mut WriteTx<'_>, key: &ApiKey, secret_hash: &[u8; 32]) -> Result<(), StoreError> {
    let (word, reach_id) = reach::to_columns(key.grant.reach);
    let sql = "INSERT INTO main.api_key (api_key, secret_hash, name, role, reach, reach_id, ends_at, made_by, made_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let values = values![
        key.id,
        secret_hash,
        &key.name,
        key.grant.role,
        word,
        reach_id,
        key.grant.until,
        &key.made_by,
        key.made_at,
    ];
    tx.execute(sql, values).map(drop)
}

/// The key with a secret, if it counts at a moment; `None` where it is unknown, has ended or was taken back.
///
/// # Errors
/// What the database says.
pub fn by_secret(
    tx: &mut Tx<'_>,
    secret_hash: &[u8; 32],
    now: Timestamp,
) -> Result<Option<ApiKey>, StoreError> {
    let sql =
        format!("{KEY} WHERE secret_hash = $1 AND revoked_at IS NULL AND (ends_at IS NULL OR ends_at > $2)");
    tx.one(&sql, values![secret_hash, now], key_of)
}

/// All keys, newest first.
///
/// # Errors
/// What the database says.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<ApiKey>, StoreError> {
    tx.list(&format!("{KEY} ORDER BY made_at DESC, api_key LIMIT 1000"), &[], key_of)
}

/// Notes that a key was used; the caller does so every minute or so, not at each request.
///
/// # Errors
/// What the database says.
pub fn touch(tx: &mut WriteTx<'_>, id: ApiKeyId, now: Timestamp) -> Result<(), StoreError> {
    tx.execute("UPDATE main.api_key SET used_at = $1 WHERE api_key = $2", values![now, id]).map(drop)
}

/// Takes a key back.
///
/// # Errors
/// [`StoreError::NotFound`], also where it was taken back before.
pub fn revoke(tx: &mut WriteTx<'_>, id: ApiKeyId, now: Timestamp) -> Result<(), StoreError> {
    let sql = "UPDATE main.api_key SET revoked_at = $1 WHERE api_key = $2 AND revoked_at IS NULL";
    tx.change("API key", sql, values![now, id])
}
