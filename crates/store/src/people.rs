//! People: who they are, what they prove it with, what they are granted, who was invited.
//!
//! A password is kept as its hash only, which the caller makes; passkeys and the secrets of TOTP are sealed with the master key; of a
//! recovery code only the hash is kept. None of it is in a type that prints.

use enamel_types::{Grant, Reach, Role, Timestamp, UserId};
use uuid::Uuid;

use crate::error::StoreError;
use crate::page::name_key;
use crate::reach;
use crate::tx::{Tx, WriteTx};
use crate::value::{Row, values, words};

/// Somebody who can sign in.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Person {
    /// Their id.
    pub id: UserId,
    /// Their address; nobody else's, whatever the case.
    pub email: String,
    /// Their name.
    pub name: String,
    /// The language of their screens: `en`, `es`.
    pub locale: String,
    /// When they were added.
    pub made_at: Timestamp,
    /// Since when they cannot sign in any more.
    pub disabled_at: Option<Timestamp>,
}

words! {
    /// What a person proves themselves with.
    CredentialKind {
        /// A passkey (WebAuthn).
        Passkey = "passkey",
        /// A one-time password app's secret.
        Totp = "totp",
        /// A recovery code.
        Recovery = "recovery",
    }
}

/// Something that a person proves themselves with, opened.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub person: UserId,
    /// What it is.
    pub kind: CredentialKind,
    /// What its owner calls it.
    pub label: String,
    /// What it is found by: a hash of a passkey's own id or of a recovery code; a TOTP secret has none.
    pub handle: Option<[u8; 32]>,
    /// The passkey, or the secret, as the caller serialised it; sealed where it is kept.
    pub secret: Vec<u8>,
    /// When it was added.
    pub made_at: Timestamp,
    /// When it was last used.
    pub used_at: Option<Timestamp>,
}

/// The secret is not for logs.
impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Credential({}, {} of {})", self.id, self.kind.as_str(), self.person)
    }
}

/// A grant that somebody holds.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct HeldGrant {
    /// Its id.
    pub id: Uuid,
    /// Who holds it.
    pub person: UserId,
    /// What it is.
    pub grant: Grant,
    /// Who gave it.
    pub made_by: String,
    /// When.
    pub made_at: Timestamp,
}

/// An invitation, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// A hash of the secret in the link.
    pub secret_hash: [u8; 32],
    /// Whom it is for; empty in the first start's link.
    pub email: String,
    /// Their name.
    pub name: String,
    /// What they are granted when they take it.
    pub grant: Grant,
    /// Who made it.
    pub made_by: String,
    /// When.
    pub made_at: Timestamp,
    /// From then on it is worth nothing.
    pub ends_at: Timestamp,
}

const PERSON: &str = "SELECT person, email, name, locale, made_at, disabled_at FROM person";
const CREDENTIAL: &str =
    "SELECT credential, person, kind, label, handle, sealed, made_at, used_at FROM credential";
const INVITATION: &str = "SELECT secret_hash, email, name, role, reach, reach_id, grant_ends_at, made_by, made_at, ends_at \
                          FROM invitation";

fn person_of(row: &Row) -> Result<Person, StoreError> {
    Ok(Person {
        id: row.get(0)?,
        email: row.get(1)?,
        name: row.get(2)?,
        locale: row.get(3)?,
        made_at: row.get(4)?,
        disabled_at: row.get(5)?,
    })
}

/// Adds a person.
///
/// # Errors
/// [`StoreError::Conflict`] where the address is taken.
pub fn add(tx: &mut WriteTx<'_>, person: &Person) -> Result<(), StoreError> {
    let sql = "INSERT INTO main.person (person, email, email_key, name, locale, made_at, disabled_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let Person { id, email, name, locale, made_at, disabled_at } = person;
    tx.execute(sql, values![*id, email, name_key(email), name, locale, *made_at, *disabled_at]).map(drop)
}

/// Changes a person's address, name, language, and whether they can sign in. Who is disabled is signed out everywhere.
///
/// # Errors
/// [`StoreError::NotFound`]; [`StoreError::Conflict`] where the address is taken, or nobody would be left who owns the MSP.
pub fn change(tx: &mut WriteTx<'_>, person: &Person) -> Result<(), StoreError> {
    let sql = "UPDATE main.person SET email = $1, email_key = $2, name = $3, locale = $4, disabled_at = $5 WHERE person = $6";
    let Person { id, email, name, locale, disabled_at, .. } = person;
    tx.change("person", sql, values![email, name_key(email), name, locale, *disabled_at, *id])?;
    if disabled_at.is_some() {
        tx.execute("DELETE FROM main.signed_in WHERE person = $1", values![*id])?;
        keep_an_owner(tx)?;
    }
    Ok(())
}

/// One person.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn get(tx: &mut Tx<'_>, id: UserId) -> Result<Person, StoreError> {
    tx.one(&format!("{PERSON} WHERE person = $1"), values![id], person_of)?
        .ok_or(StoreError::NotFound("person"))
}

/// Who has an address, whatever the case; `None` if nobody has.
///
/// # Errors
/// What the database says.
pub fn by_email(tx: &mut Tx<'_>, email: &str) -> Result<Option<Person>, StoreError> {
    tx.one(&format!("{PERSON} WHERE email_key = $1"), values![name_key(email)], person_of)
}

/// Everybody, by address.
///
/// # Errors
/// What the database says.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<Person>, StoreError> {
    tx.list(&format!("{PERSON} ORDER BY email_key LIMIT 10000"), &[], person_of)
}

/// The hash of a person's password, as the caller made it; `None` for who has none.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn password_hash(tx: &mut Tx<'_>, id: UserId) -> Result<Option<String>, StoreError> {
    let sql = "SELECT password_hash FROM person WHERE person = $1";
    tx.one(sql, values![id], |row| row.get(0))?.ok_or(StoreError::NotFound("person"))
}

/// Sets or removes the hash of a person's password.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn set_password_hash(tx: &mut WriteTx<'_>, id: UserId, hash: Option<&str>) -> Result<(), StoreError> {
    tx.change("person", "UPDATE main.person SET password_hash = $1 WHERE person = $2", values![hash, id])
}

fn about(person: UserId, credential: Uuid) -> String {
    format!("credential {credential} of {person}")
}

fn credentials_where(
    tx: &mut Tx<'_>,
    condition: &str,
    values: &[crate::value::Value],
) -> Result<Vec<Credential>, StoreError> {
    let sealed = tx.list(&format!("{CREDENTIAL} WHERE {condition}"), values, |row| {
        Ok(Credential {
            id: row.get(0)?,
            person: row.get(1)?,
            kind: row.get(2)?,
            label: row.get(3)?,
            handle: row.get(4)?,
            secret: row.get(5)?,
            made_at: row.get(6)?,
            used_at: row.get(7)?,
        })
    })?;
    let keys = tx.keys;
    let open = |credential: Credential| {
        let secret = keys.open(&about(credential.person, credential.id), &credential.secret)?;
        Ok(Credential { secret, ..credential })
    };
    sealed.into_iter().map(open).collect()
}

/// Adds a credential; its secret is sealed.
///
/// # Errors
/// [`StoreError::Conflict`] where the handle is somebody's already.
pub fn add_credential(tx: &mut WriteTx<'_>, credential: &Credential) -> Result<(), StoreError> {
    let sealed = tx.keys.seal(&about(credential.person, credential.id), &credential.secret)?;
    let sql = "INSERT INTO main.credential (credential, person, kind, label, handle, sealed, made_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let values = values![
        credential.id,
        credential.person,
        credential.kind,
        &credential.label,
        credential.handle.as_ref(),
        sealed,
        credential.made_at,
    ];
    tx.execute(sql, values).map(drop)
}

/// A person's credentials, oldest first.
///
/// # Errors
/// What the database says.
pub fn credentials(tx: &mut Tx<'_>, person: UserId) -> Result<Vec<Credential>, StoreError> {
    credentials_where(tx, "person = $1 ORDER BY made_at, credential", values![person])
}

/// The credential that has a handle; `None` if none has.
///
/// # Errors
/// What the database says.
pub fn credential_by_handle(tx: &mut Tx<'_>, handle: &[u8; 32]) -> Result<Option<Credential>, StoreError> {
    Ok(credentials_where(tx, "handle = $1", values![handle])?.pop())
}

/// Writes down that a credential was used, and what became of its secret (a passkey counts). `last_used` must be what it was read
/// with: of two that use it at once, such as one code of an app twice, one is refused.
///
/// # Errors
/// [`StoreError::Conflict`] where somebody else was faster.
pub fn use_credential(
    tx: &mut WriteTx<'_>,
    credential: &Credential,
    last_used: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sealed = tx.keys.seal(&about(credential.person, credential.id), &credential.secret)?;
    let sql = "UPDATE main.credential SET sealed = $1, used_at = $2 WHERE credential = $3 AND coalesce(used_at, 0) = $4";
    let last_used = last_used.map_or(0, Timestamp::as_microsecond);
    if tx.execute(sql, values![sealed, now, credential.id, last_used])? == 0 {
        return Err(StoreError::Conflict("this proof was used at the same moment; sign in again".to_owned()));
    }
    Ok(())
}

/// Takes a recovery code: it is gone afterwards. Whether there was one.
///
/// # Errors
/// What the database says.
pub fn take_recovery(tx: &mut WriteTx<'_>, person: UserId, handle: &[u8; 32]) -> Result<bool, StoreError> {
    let sql = "DELETE FROM main.credential WHERE person = $1 AND handle = $2 AND kind = 'recovery'";
    tx.execute(sql, values![person, handle]).map(|removed| removed > 0)
}

/// Removes a credential of a person.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn remove_credential(tx: &mut WriteTx<'_>, person: UserId, credential: Uuid) -> Result<(), StoreError> {
    let sql = "DELETE FROM main.credential WHERE credential = $1 AND person = $2";
    tx.change("credential", sql, values![credential, person])
}

/// Removes all of a person's credentials of a kind, before new ones are made; how many.
///
/// # Errors
/// What the database says.
pub fn remove_credentials(
    tx: &mut WriteTx<'_>,
    person: UserId,
    kind: CredentialKind,
) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM main.credential WHERE person = $1 AND kind = $2", values![person, kind])
}

/// Grants a role.
///
/// # Errors
/// What the database says.
pub fn add_grant(tx: &mut WriteTx<'_>, held: &HeldGrant) -> Result<(), StoreError> {
    let (word, id) = reach::to_columns(held.grant.reach);
    let sql = "INSERT INTO main.person_grant (person_grant, person, role, reach, reach_id, ends_at, made_by, made_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let grant = &held.grant;
    let values =
        values![held.id, held.person, grant.role, word, id, grant.until, &held.made_by, held.made_at];
    tx.execute(sql, values).map(drop)
}

/// What a person is granted, ended grants included.
///
/// # Errors
/// What the database says.
pub fn grants(tx: &mut Tx<'_>, person: UserId) -> Result<Vec<HeldGrant>, StoreError> {
    let sql = "SELECT person_grant, person, role, reach, reach_id, ends_at, made_by, made_at FROM person_grant \
               WHERE person = $1 ORDER BY made_at, person_grant";
    tx.list(sql, values![person], |row| {
        Ok(HeldGrant {
            id: row.get(0)?,
            person: row.get(1)?,
            grant: Grant { role: row.get(2)?, reach: reach::of_columns(row, 3)?, until: row.get(5)? },
            made_by: row.get(6)?,
            made_at: row.get(7)?,
        })
    })
}

/// Takes a grant back.
///
/// # Errors
/// [`StoreError::NotFound`]; [`StoreError::Conflict`] where nobody would be left who owns the MSP.
pub fn end_grant(tx: &mut WriteTx<'_>, person: UserId, grant: Uuid) -> Result<(), StoreError> {
    let sql = "DELETE FROM main.person_grant WHERE person_grant = $1 AND person = $2";
    tx.change("grant", sql, values![grant, person])?;
    keep_an_owner(tx)
}

/// How many people own the MSP and can sign in. None: the first start is not over.
///
/// # Errors
/// What the database says.
pub fn owners(tx: &mut Tx<'_>) -> Result<u64, StoreError> {
    let sql = "SELECT count(*) FROM person_grant g JOIN person p ON p.person = g.person \
               WHERE g.role = $1 AND g.reach = 'msp' AND g.ends_at IS NULL AND p.disabled_at IS NULL";
    tx.row(sql, values![Role::Owner])?.map_or(Ok(0), |row| row.get(0))
}

fn keep_an_owner(tx: &mut WriteTx<'_>) -> Result<(), StoreError> {
    if owners(tx)? > 0 {
        return Ok(());
    }
    Err(StoreError::Conflict(
        "nobody would be left who owns the MSP; make somebody else an owner first".to_owned(),
    ))
}

/// Keeps an invitation.
///
/// # Errors
/// What the database says.
pub fn invite(tx: &mut WriteTx<'_>, invitation: &Invitation) -> Result<(), StoreError> {
    let (word, id) = reach::to_columns(invitation.grant.reach);
    let sql = "INSERT INTO main.invitation (secret_hash, email, name, role, reach, reach_id, grant_ends_at, made_by, made_at, \
               ends_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let values = values![
        &invitation.secret_hash,
        &invitation.email,
        &invitation.name,
        invitation.grant.role,
        word,
        id,
        invitation.grant.until,
        &invitation.made_by,
        invitation.made_at,
        invitation.ends_at,
    ];
    tx.execute(sql, values).map(drop)
}

/// An invitation that can be taken: to show whom it is for before it is.
///
/// # Errors
/// [`StoreError::NotFound`] where it is unknown, taken or has ended.
pub fn invitation(tx: &mut Tx<'_>, secret_hash: &[u8; 32], now: Timestamp) -> Result<Invitation, StoreError> {
    let sql = format!("{INVITATION} WHERE secret_hash = $1 AND taken_at IS NULL AND ends_at > $2");
    tx.one(&sql, values![secret_hash, now], invitation_of)?.ok_or(StoreError::NotFound("invitation"))
}

/// Takes an invitation, once.
///
/// # Errors
/// [`StoreError::NotFound`] where it is unknown, taken or has ended.
pub fn take_invitation(
    tx: &mut WriteTx<'_>,
    secret_hash: &[u8; 32],
    now: Timestamp,
) -> Result<Invitation, StoreError> {
    let sql = "UPDATE main.invitation SET taken_at = $1 WHERE secret_hash = $2 AND taken_at IS NULL AND ends_at > $3";
    tx.change("invitation", sql, values![now, secret_hash, now])?;
    tx.one(&format!("{INVITATION} WHERE secret_hash = $1"), values![secret_hash], invitation_of)?
        .ok_or(StoreError::NotFound("invitation"))
}

/// Invitations that can still be taken, newest first.
///
/// # Errors
/// What the database says.
pub fn open_invitations(tx: &mut Tx<'_>, now: Timestamp) -> Result<Vec<Invitation>, StoreError> {
    let sql = format!("{INVITATION} WHERE taken_at IS NULL AND ends_at > $1 ORDER BY made_at DESC LIMIT 500");
    tx.list(&sql, values![now], invitation_of)
}

/// Withdraws an invitation that was not taken.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn withdraw_invitation(tx: &mut WriteTx<'_>, secret_hash: &[u8; 32]) -> Result<(), StoreError> {
    let sql = "DELETE FROM main.invitation WHERE secret_hash = $1 AND taken_at IS NULL";
    tx.change("invitation", sql, values![secret_hash])
}

fn invitation_of(row: &Row) -> Result<Invitation, StoreError> {
    let reach: Reach = reach::of_columns(row, 4)?;
    Ok(Invitation {
        secret_hash: row.get(0)?,
        email: row.get(1)?,
        name: row.get(2)?,
        grant: Grant { role: row.get(3)?, reach, until: row.get(6)? },
        made_by: row.get(7)?,
        made_at: row.get(8)?,
        ends_at: row.get(9)?,
    })
}
