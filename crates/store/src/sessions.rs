//! Who is signed in. Of a token only its hash is kept; what is idle or old counts for nothing, whether it was cleared away or not.
//! Also the challenges of a sign-in that is under way, so that it may end at another server than it began.

use enamel_types::{Timestamp, UserId};

use crate::error::StoreError;
use crate::tx::{Tx, WriteTx};
use crate::value::{Row, values};

/// A person's stay.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// A hash of the token in the cookie.
    pub token_hash: [u8; 32],
    /// Who it is.
    pub person: UserId,
    /// What a form must carry.
    pub csrf: [u8; 32],
    /// When they signed in.
    pub made_at: Timestamp,
    /// When they last did something.
    pub seen_at: Timestamp,
    /// When it ends if they do nothing.
    pub idle_ends_at: Timestamp,
    /// When it ends whatever they do.
    pub ends_at: Timestamp,
    /// When they last proved themselves anew, for what takes that.
    pub stepped_up_at: Option<Timestamp>,
    /// The browser, for their list of stays.
    pub browser: String,
}

/// Hash and CSRF token are not for logs.
impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Session(of {}, until {})", self.person, self.ends_at)
    }
}

const SESSION: &str = "SELECT s.token_hash, s.person, s.csrf, s.made_at, s.seen_at, s.idle_ends_at, s.ends_at, s.stepped_up_at, \
                       s.browser FROM signed_in s JOIN person p ON p.person = s.person";

fn session_of(row: &Row) -> Result<Session, StoreError> {
    Ok(Session {
        token_hash: row.get(0)?,
        person: row.get(1)?,
        csrf: row.get(2)?,
        made_at: row.get(3)?,
        seen_at: row.get(4)?,
        idle_ends_at: row.get(5)?,
        ends_at: row.get(6)?,
        stepped_up_at: row.get(7)?,
        browser: row.get(8)?,
    })
}

/// Begins a stay.
///
/// # Errors
/// What the database says.
pub fn start(tx: &mut WriteTx<'_>, session: &Session) -> Result<(), StoreError> {
    let sql = "INSERT INTO main.signed_in (token_hash, person, csrf, made_at, seen_at, idle_ends_at, ends_at, stepped_up_at, \
               browser) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let values = values![
        &session.token_hash,
        session.person,
        &session.csrf,
        session.made_at,
        session.seen_at,
        session.idle_ends_at,
        session.ends_at,
        session.stepped_up_at,
        &session.browser,
    ];
    tx.execute(sql, values).map(drop)
}

/// The stay that has a token; `None` if there is none, it has ended, or its person is disabled.
///
/// # Errors
/// What the database says.
pub fn get(tx: &mut Tx<'_>, token_hash: &[u8; 32], now: Timestamp) -> Result<Option<Session>, StoreError> {
    let sql = format!(
        "{SESSION} WHERE s.token_hash = $1 AND s.idle_ends_at > $2 AND s.ends_at > $3 AND p.disabled_at IS NULL"
    );
    tx.one(&sql, values![token_hash, now, now], session_of)
}

/// Notes that the person did something; the caller does so every minute or so, not at each request.
///
/// # Errors
/// [`StoreError::NotFound`] where it has ended.
pub fn touch(
    tx: &mut WriteTx<'_>,
    token_hash: &[u8; 32],
    now: Timestamp,
    idle_ends_at: Timestamp,
) -> Result<(), StoreError> {
    let sql = "UPDATE main.signed_in SET seen_at = $1, idle_ends_at = $2 \
               WHERE token_hash = $3 AND idle_ends_at > $4 AND ends_at > $5";
    tx.change("session", sql, values![now, idle_ends_at, token_hash, now, now])
}

/// Gives a stay a new token and a new CSRF token; the old ones are worth nothing from then on.
///
/// # Errors
/// [`StoreError::NotFound`] where it has ended.
pub fn rotate(
    tx: &mut WriteTx<'_>,
    old: &[u8; 32],
    new: &[u8; 32],
    csrf: &[u8; 32],
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "UPDATE main.signed_in SET token_hash = $1, csrf = $2, seen_at = $3 \
               WHERE token_hash = $4 AND idle_ends_at > $5 AND ends_at > $6";
    tx.change("session", sql, values![new, csrf, now, old, now, now])
}

/// Notes that the person proved themselves anew.
///
/// # Errors
/// [`StoreError::NotFound`] where it has ended.
pub fn step_up(tx: &mut WriteTx<'_>, token_hash: &[u8; 32], now: Timestamp) -> Result<(), StoreError> {
    let sql = "UPDATE main.signed_in SET stepped_up_at = $1 \
               WHERE token_hash = $2 AND idle_ends_at > $3 AND ends_at > $4";
    tx.change("session", sql, values![now, token_hash, now, now])
}

/// A person's stays, newest first.
///
/// # Errors
/// What the database says.
pub fn of_person(tx: &mut Tx<'_>, person: UserId, now: Timestamp) -> Result<Vec<Session>, StoreError> {
    let sql = format!(
        "{SESSION} WHERE s.person = $1 AND s.idle_ends_at > $2 AND s.ends_at > $3 ORDER BY s.made_at DESC LIMIT 500"
    );
    tx.list(&sql, values![person, now, now], session_of)
}

/// Ends a stay. One that has ended is no error.
///
/// # Errors
/// What the database says.
pub fn end(tx: &mut WriteTx<'_>, token_hash: &[u8; 32]) -> Result<(), StoreError> {
    tx.execute("DELETE FROM main.signed_in WHERE token_hash = $1", values![token_hash]).map(drop)
}

/// Ends all of a person's stays but one; how many.
///
/// # Errors
/// What the database says.
pub fn end_others(tx: &mut WriteTx<'_>, person: UserId, but: &[u8; 32]) -> Result<u64, StoreError> {
    let sql = "DELETE FROM main.signed_in WHERE person = $1 AND token_hash <> $2";
    tx.execute(sql, values![person, but])
}

/// Keeps the state of a sign-in that is under way, sealed.
///
/// # Errors
/// What the database says.
pub fn put_challenge(
    tx: &mut WriteTx<'_>,
    token_hash: &[u8; 32],
    state: &[u8],
    ends_at: Timestamp,
) -> Result<(), StoreError> {
    let sealed = tx.keys.seal("challenge", state)?;
    let sql = "INSERT INTO main.challenge (token_hash, sealed, ends_at) VALUES ($1, $2, $3)";
    tx.execute(sql, values![token_hash, sealed, ends_at]).map(drop)
}

/// Takes the state of a sign-in: it is gone afterwards, so that no answer counts twice.
///
/// # Errors
/// [`StoreError::NotFound`] where it is unknown, taken or has ended.
pub fn take_challenge(
    tx: &mut WriteTx<'_>,
    token_hash: &[u8; 32],
    now: Timestamp,
) -> Result<Vec<u8>, StoreError> {
    let sql = "SELECT sealed FROM challenge WHERE token_hash = $1 AND ends_at > $2";
    let sealed: Option<Vec<u8>> = tx.one(sql, values![token_hash, now], |row| row.get(0))?;
    // Who removes it has it: of two that read it at once, one finds it gone.
    let sql = "DELETE FROM main.challenge WHERE token_hash = $1";
    tx.change("sign-in that is under way", sql, values![token_hash])?;
    tx.keys.open("challenge", &sealed.ok_or(StoreError::NotFound("sign-in that is under way"))?)
}

/// Forgets stays and challenges that have ended; how many.
///
/// # Errors
/// What the database says.
pub fn forget(tx: &mut WriteTx<'_>, now: Timestamp) -> Result<u64, StoreError> {
    let sql = "DELETE FROM main.signed_in WHERE ends_at <= $1 OR idle_ends_at <= $2";
    let stays = tx.execute(sql, values![now, now])?;
    Ok(stays + tx.execute("DELETE FROM main.challenge WHERE ends_at <= $1", values![now])?)
}
