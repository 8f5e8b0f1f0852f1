//! Enrolment tokens: made for a practice, valid for a day, taken once. Only the hash of the secret is kept.

use enamel_types::{AgentId, PracticeId, SiteId, Timestamp};

use crate::error::StoreError;
use crate::tx::{Tx, WriteTx};
use crate::value::{Row, values};

/// How long a token is valid, hours.
pub const TOKEN_HOURS: i64 = 24;

/// A token without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// `EnrolmentToken::secret_hash`.
    pub secret_hash: [u8; 32],
    /// The practice that an agent joins with it.
    pub practice: PracticeId,
    /// And the place.
    pub site: Option<SiteId>,
    /// Who made it.
    pub made_by: String,
    /// When.
    pub made_at: Timestamp,
    /// From then on it is worth nothing.
    pub ends_at: Timestamp,
    /// When it was taken.
    pub taken_at: Option<Timestamp>,
    /// By which agent.
    pub agent: Option<AgentId>,
}

const TOKEN: &str =
    "SELECT secret_hash, practice, site, made_by, made_at, ends_at, taken_at, agent FROM token";

fn token_of(row: &Row) -> Result<Token, StoreError> {
    Ok(Token {
        secret_hash: row.get(0)?,
        practice: row.get(1)?,
        site: row.get(2)?,
        made_by: row.get(3)?,
        made_at: row.get(4)?,
        ends_at: row.get(5)?,
        taken_at: row.get(6)?,
        agent: row.get(7)?,
    })
}

/// Keeps a new token.
///
/// # Errors
/// [`StoreError::OutOfScope`] for another's practice.
pub fn add(tx: &mut WriteTx<'_>, token: &Token) -> Result<(), StoreError> {
    let sql = "INSERT INTO main.token (secret_hash, practice, site, made_by, made_at, ends_at) \
               VALUES ($1, $2, $3, $4, $5, $6)";
    let values = values![
        &token.secret_hash,
        token.practice,
        token.site,
        &token.made_by,
        token.made_at,
        token.ends_at,
    ];
    tx.execute(sql, values).map(drop)
}

/// A token, whatever became of it.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn get(tx: &mut Tx<'_>, secret_hash: &[u8; 32]) -> Result<Token, StoreError> {
    tx.one(&format!("{TOKEN} WHERE secret_hash = $1"), values![secret_hash], token_of)?
        .ok_or(StoreError::NotFound("enrolment token"))
}

/// Takes a token for an agent, if it is known, unused and still valid: of two that try, one gets it.
///
/// # Errors
/// [`StoreError::NotFound`] for each of the other cases alike.
pub fn take(
    tx: &mut WriteTx<'_>,
    secret_hash: &[u8; 32],
    agent: AgentId,
    now: Timestamp,
) -> Result<Token, StoreError> {
    let sql = "UPDATE main.token SET taken_at = $1, agent = $2 \
               WHERE secret_hash = $3 AND taken_at IS NULL AND ends_at > $4";
    tx.change("enrolment token", sql, values![now, agent, secret_hash, now])?;
    tx.one(&format!("{TOKEN} WHERE secret_hash = $1"), values![secret_hash], token_of)?
        .ok_or(StoreError::NotFound("enrolment token"))
}

/// A practice's tokens that can still be taken, newest first.
///
/// # Errors
/// What the database says.
pub fn open(tx: &mut Tx<'_>, practice: PracticeId, now: Timestamp) -> Result<Vec<Token>, StoreError> {
    let sql = format!(
        "{TOKEN} WHERE practice = $1 AND taken_at IS NULL AND ends_at > $2 ORDER BY made_at DESC LIMIT 500"
    );
    tx.list(&sql, values![practice, now], token_of)
}

/// Withdraws a token that was not taken.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn withdraw(tx: &mut WriteTx<'_>, secret_hash: &[u8; 32]) -> Result<(), StoreError> {
    let sql = "DELETE FROM main.token WHERE secret_hash = $1 AND taken_at IS NULL";
    tx.change("enrolment token", sql, values![secret_hash])
}

/// Forgets tokens that ended before a moment; how many.
///
/// # Errors
/// What the database says.
pub fn forget(tx: &mut WriteTx<'_>, before: Timestamp) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM main.token WHERE ends_at < $1", values![before])
}
