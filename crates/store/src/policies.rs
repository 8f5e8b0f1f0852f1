//! What each practice's agents do unasked. A practice without a policy of its own has the usual one, version 0.

use enamel_types::{Policy, PracticeId, Timestamp};

use crate::error::StoreError;
use crate::tx::{Tx, WriteTx};
use crate::value::{of_json, to_json, values};

/// A practice's policy, with its version in it.
///
/// # Errors
/// What the database says.
pub fn get(tx: &mut Tx<'_>, practice: PracticeId) -> Result<Policy, StoreError> {
    let kept = tx.one("SELECT policy FROM policy WHERE practice = $1", values![practice], |row| {
        of_json(&row.get::<String>(0)?)
    })?;
    Ok(kept.unwrap_or_default())
}

/// Keeps a practice's next policy, and gives it the next version, which is returned. `policy.version` must be the version that it was
/// changed from, so that of two people who change it at once the second is told.
///
/// # Errors
/// [`StoreError::Conflict`] where somebody else changed it meanwhile.
pub fn change(
    tx: &mut WriteTx<'_>,
    practice: PracticeId,
    policy: &Policy,
    who: &str,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let next = Policy { version: policy.version + 1, ..policy.clone() };
    let text = to_json(&next)?;
    let sql = "INSERT INTO main.policy (practice, version, policy, changed_by, changed_at) VALUES ($1, $2, $3, $4, $5) \
               ON CONFLICT (practice) DO UPDATE SET version = excluded.version, policy = excluded.policy, \
               changed_by = excluded.changed_by, changed_at = excluded.changed_at WHERE policy.version = $6";
    if tx.execute(sql, values![practice, next.version, text, who, now, policy.version])? == 0 {
        return Err(StoreError::Conflict(
            "somebody else changed this policy meanwhile; look at theirs, then change it again".to_owned(),
        ));
    }
    Ok(next.version)
}
