//! The agents: who has one, which certificate it has, how it is.
//!
//! An agent's identity is its key. One that is revoked is shut out at its next connection; one that was seen twice is flagged, and
//! nothing of either is overwritten.

use enamel_types::{AgentId, DeviceId, PracticeId, SiteId, Timestamp};

use crate::error::StoreError;
use crate::page::{Page, rows_for};
use crate::tx::{Tx, WriteTx};
use crate::value::{Row, values};

/// An agent.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Agent {
    /// Its id.
    pub id: AgentId,
    /// The practice that it belongs to.
    pub practice: PracticeId,
    /// The computer.
    pub device: DeviceId,
    /// Where the computer stands.
    pub site: Option<SiteId>,
    /// The computer's name, for people.
    pub name: String,
    /// Its operating system, for people.
    pub os: String,
    /// Enamel's version on it.
    pub version: String,
    /// BLAKE3 of its public key (`SubjectPublicKeyInfo`, DER).
    pub key_hash: [u8; 32],
    /// The serial number of its present certificate, hexadecimal.
    pub serial: String,
    /// When that certificate ends.
    pub certificate_end: Timestamp,
    /// When it was taken in.
    pub enrolled_at: Timestamp,
    /// When it was shut out.
    pub revoked_at: Option<Timestamp>,
    /// When its key was first seen at work twice.
    pub cloned_at: Option<Timestamp>,
    /// When it was last heard of, to the accuracy of the server's batches.
    pub seen_at: Option<Timestamp>,
    /// How it was then, JSON as it sent it.
    pub health: Option<String>,
}

/// News of one agent, as the server gathers it between two writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// The agent.
    pub agent: AgentId,
    /// When it was heard of.
    pub seen_at: Timestamp,
    /// How it is, JSON; `None` where it did not say.
    pub health: Option<String>,
    /// Its version, where it said.
    pub version: Option<String>,
}

const AGENT: &str = "SELECT agent, practice, device, site, name, os, version, key_hash, serial, certificate_end, enrolled_at, \
                     revoked_at, cloned_at, seen_at, health FROM agent";

fn agent_of(row: &Row) -> Result<Agent, StoreError> {
    Ok(Agent {
        id: row.get(0)?,
        practice: row.get(1)?,
        device: row.get(2)?,
        site: row.get(3)?,
        name: row.get(4)?,
        os: row.get(5)?,
        version: row.get(6)?,
        key_hash: row.get(7)?,
        serial: row.get(8)?,
        certificate_end: row.get(9)?,
        enrolled_at: row.get(10)?,
        revoked_at: row.get(11)?,
        cloned_at: row.get(12)?,
        seen_at: row.get(13)?,
        health: row.get(14)?,
    })
}

/// Takes an agent in.
///
/// # Errors
/// [`StoreError::Conflict`] where its key is known already.
pub fn add(tx: &mut WriteTx<'_>, agent: &Agent) -> Result<(), StoreError> {
    let sql = "INSERT INTO main.agent (agent, practice, device, site, name, os, version, key_hash, serial, certificate_end, \
               enrolled_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let values = values![
        agent.id,
        agent.practice,
        agent.device,
        agent.site,
        &agent.name,
        &agent.os,
        &agent.version,
        &agent.key_hash,
        &agent.serial,
        agent.certificate_end,
        agent.enrolled_at,
    ];
    tx.execute(sql, values).map(drop)
}

/// One agent.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn get(tx: &mut Tx<'_>, id: AgentId) -> Result<Agent, StoreError> {
    tx.one(&format!("{AGENT} WHERE agent = $1"), values![id], agent_of)?.ok_or(StoreError::NotFound("agent"))
}

/// The agent that has a key; `None` if none has.
///
/// # Errors
/// What the database says.
pub fn by_key(tx: &mut Tx<'_>, key_hash: &[u8; 32]) -> Result<Option<Agent>, StoreError> {
    tx.one(&format!("{AGENT} WHERE key_hash = $1"), values![key_hash], agent_of)
}

/// A page of a practice's agents, by id.
///
/// # Errors
/// What the database says.
pub fn of_practice(
    tx: &mut Tx<'_>,
    practice: PracticeId,
    after: Option<AgentId>,
    limit: u32,
) -> Result<Page<Agent, AgentId>, StoreError> {
    let after = after.unwrap_or(AgentId::from_uuid(uuid::Uuid::nil()));
    let sql = format!("{AGENT} WHERE practice = $1 AND agent > $2 ORDER BY agent LIMIT $3");
    let found = tx.list(&sql, values![practice, after, rows_for(limit)], agent_of)?;
    Ok(Page::cut(found, limit, |agent| agent.id))
}

/// How many agents each practice in reach has that are not shut out.
///
/// # Errors
/// What the database says.
pub fn counts(tx: &mut Tx<'_>) -> Result<Vec<(PracticeId, u64)>, StoreError> {
    let sql =
        "SELECT practice, count(*) FROM agent WHERE revoked_at IS NULL GROUP BY practice ORDER BY practice";
    tx.list(sql, &[], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Agents in reach that are not shut out and were not heard of since a moment, longest silent first.
///
/// # Errors
/// What the database says.
pub fn silent_since(tx: &mut Tx<'_>, moment: Timestamp, limit: u32) -> Result<Vec<Agent>, StoreError> {
    let sql = format!(
        "{AGENT} WHERE revoked_at IS NULL AND coalesce(seen_at, enrolled_at) < $1 \
         ORDER BY coalesce(seen_at, enrolled_at), agent LIMIT $2"
    );
    tx.list(&sql, values![moment, limit], agent_of)
}

/// Writes down the certificate that an agent got.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn renew(
    tx: &mut WriteTx<'_>,
    id: AgentId,
    serial: &str,
    certificate_end: Timestamp,
) -> Result<(), StoreError> {
    let sql =
        "UPDATE main.agent SET serial = $1, certificate_end = $2 WHERE agent = $3 AND revoked_at IS NULL";
    tx.change("agent", sql, values![serial, certificate_end, id])
}

/// Moves an agent's computer to another place of its practice, or to none.
///
/// # Errors
/// [`StoreError::NotFound`], also where the place is another practice's.
pub fn place(tx: &mut WriteTx<'_>, id: AgentId, site: Option<SiteId>) -> Result<(), StoreError> {
    let Some(site) = site else {
        return tx.change("agent", "UPDATE main.agent SET site = NULL WHERE agent = $1", values![id]);
    };
    let practice = get(tx, id)?.practice;
    let known = tx.row("SELECT 1 FROM site WHERE site = $1 AND practice = $2", values![site, practice])?;
    known.ok_or(StoreError::NotFound("site"))?;
    tx.change("agent", "UPDATE main.agent SET site = $1 WHERE agent = $2", values![site, id])
}

/// Shuts an agent out for good.
///
/// # Errors
/// [`StoreError::NotFound`], also where it was shut out before.
pub fn revoke(tx: &mut WriteTx<'_>, id: AgentId, now: Timestamp) -> Result<(), StoreError> {
    let sql = "UPDATE main.agent SET revoked_at = $1 WHERE agent = $2 AND revoked_at IS NULL";
    tx.change("agent", sql, values![now, id])
}

/// Flags an agent whose key is at work twice, or whose disk was set back. Whether it was not flagged before.
///
/// # Errors
/// What the database says.
pub fn flag_clone(tx: &mut WriteTx<'_>, id: AgentId, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "UPDATE main.agent SET cloned_at = $1 WHERE agent = $2 AND cloned_at IS NULL";
    tx.execute(sql, values![now, id]).map(|changed| changed > 0)
}

/// Takes the flag off again, after a person has looked.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn clear_clone(tx: &mut WriteTx<'_>, id: AgentId) -> Result<(), StoreError> {
    tx.change("agent", "UPDATE main.agent SET cloned_at = NULL WHERE agent = $1", values![id])
}

/// Writes down many sightings at once. One that is older than what is known changes nothing.
///
/// # Errors
/// What the database says.
pub fn seen(tx: &mut WriteTx<'_>, sightings: &[Sighting]) -> Result<(), StoreError> {
    let sql = "UPDATE main.agent SET seen_at = $1, health = coalesce($2, health), version = coalesce($3, version) \
               WHERE agent = $4 AND coalesce(seen_at, 0) <= $5";
    for sighting in sightings {
        let Sighting { agent, seen_at, health, version } = sighting;
        tx.execute(sql, values![*seen_at, health.as_ref(), version.as_ref(), *agent, *seen_at])?;
    }
    Ok(())
}
