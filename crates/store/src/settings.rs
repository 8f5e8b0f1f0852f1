//! Settings of the MSP: named values, as JSON or text. The server says which there are.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::StoreError;
use crate::tx::{Tx, WriteTx};
use crate::value::{of_json, to_json, values};

/// A setting; `None` if it was never set.
///
/// # Errors
/// What the database says; [`StoreError::Damaged`] for a value of another shape.
pub fn get<T: DeserializeOwned>(tx: &mut Tx<'_>, name: &str) -> Result<Option<T>, StoreError> {
    text(tx, name)?.map(|value| of_json(&value)).transpose()
}

/// Sets a setting.
///
/// # Errors
/// What the database says.
pub fn set<T: Serialize>(tx: &mut WriteTx<'_>, name: &str, value: &T) -> Result<(), StoreError> {
    let value = to_json(value)?;
    let sql = "INSERT INTO main.setting (name, value) VALUES ($1, $2) \
               ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    tx.execute(sql, values![name, value]).map(drop)
}

pub(crate) fn text(tx: &mut Tx<'_>, name: &str) -> Result<Option<String>, StoreError> {
    tx.one("SELECT value FROM setting WHERE name = $1", values![name], |row| row.get(0))
}

/// Sets a value if there is none; the value that is there then.
pub(crate) fn put_if_missing(tx: &mut WriteTx<'_>, name: &str, value: &str) -> Result<String, StoreError> {
    let sql = "INSERT INTO main.setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
    tx.execute(sql, values![name, value])?;
    text(tx, name)?.ok_or(StoreError::NotFound("setting"))
}
