//! Settings of the MSP: named values, as JSON or text. The server says which there are.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

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

/// A secret that is kept sealed with the master key; `None` if there is none.
///
/// # Errors
/// [`StoreError::Damaged`] where the master key does not open it, or it has another shape.
pub fn secret<T: DeserializeOwned>(tx: &mut Tx<'_>, name: &str) -> Result<Option<T>, StoreError> {
    let Some(sealed) = get::<String>(tx, name)? else { return Ok(None) };
    let sealed = STANDARD.decode(sealed).map_err(|error| StoreError::Damaged {
        what: format!("the sealed {name}"),
        why: error.to_string(),
    })?;
    let text = Zeroizing::new(tx.keys.open(name, &sealed)?);
    of_json(&String::from_utf8_lossy(&text)).map(Some)
}

/// Keeps a secret, sealed with the master key, where there is none of this name; the one that is there then. Of two servers that start
/// at once, both get the same.
///
/// # Errors
/// What the database says.
pub fn keep_secret<T: Serialize + DeserializeOwned>(
    tx: &mut WriteTx<'_>,
    name: &str,
    value: &T,
) -> Result<T, StoreError> {
    let text = Zeroizing::new(to_json(value)?);
    let sealed = STANDARD.encode(tx.keys.seal(name, text.as_bytes())?);
    put_if_missing(tx, name, &to_json(&sealed)?)?;
    secret(tx, name)?.ok_or(StoreError::NotFound("setting"))
}

/// Keeps a secret, sealed with the master key, in place of the one of this name.
///
/// # Errors
/// What the database says.
pub fn set_secret<T: Serialize>(tx: &mut WriteTx<'_>, name: &str, value: &T) -> Result<(), StoreError> {
    let text = Zeroizing::new(to_json(value)?);
    let sealed = STANDARD.encode(tx.keys.seal(name, text.as_bytes())?);
    set(tx, name, &sealed)
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
