//! The MSP's tree: groups, practices, sites.
//!
//! A practice is made together with its key; it ends by [`crate::Store::shred`] and in no other way.

use enamel_types::{GroupId, PracticeId, PracticeProfile, SiteId, Timestamp};

use crate::error::StoreError;
use crate::page::{Page, name_key, pattern, rows_for};
use crate::tx::{Tx, WriteTx};
use crate::value::{Row, of_json, to_json, values};

/// Practices under one owner or contract.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Group {
    /// Its id.
    pub id: GroupId,
    /// Its name.
    pub name: String,
}

/// A practice.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Practice {
    /// Its id.
    pub id: PracticeId,
    /// Its group, if it is in one.
    pub group: Option<GroupId>,
    /// Its name.
    pub name: String,
    /// What it says about itself. `profile.name` is not used here: [`Self::name`] is.
    pub profile: PracticeProfile,
    /// When it was taken on.
    pub made_at: Timestamp,
}

/// One place of a practice.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Site {
    /// Its id.
    pub id: SiteId,
    /// The practice.
    pub practice: PracticeId,
    /// Its name.
    pub name: String,
}

/// Where the next page of practices begins.
pub type PracticeCursor = (String, PracticeId);

/// Makes a group.
///
/// # Errors
/// [`StoreError::Conflict`] where the name is taken.
pub fn add_group(tx: &mut WriteTx<'_>, group: &Group, now: Timestamp) -> Result<(), StoreError> {
    let sql =
        "INSERT INTO main.practice_group (practice_group, name, name_key, made_at) VALUES ($1, $2, $3, $4)";
    tx.execute(sql, values![group.id, &group.name, name_key(&group.name), now]).map(drop)
}

/// Renames a group.
///
/// # Errors
/// [`StoreError::NotFound`]; [`StoreError::Conflict`] where the name is taken.
pub fn rename_group(tx: &mut WriteTx<'_>, id: GroupId, name: &str) -> Result<(), StoreError> {
    let sql = "UPDATE main.practice_group SET name = $1, name_key = $2 WHERE practice_group = $3";
    tx.change("group", sql, values![name, name_key(name), id])
}

/// Removes a group that has no practices.
///
/// # Errors
/// [`StoreError::NotFound`]; [`StoreError::Conflict`] where a practice is in it.
pub fn remove_group(tx: &mut WriteTx<'_>, id: GroupId) -> Result<(), StoreError> {
    tx.change("group", "DELETE FROM main.practice_group WHERE practice_group = $1", values![id])
}

/// All groups in reach, by name.
///
/// # Errors
/// What the database says.
pub fn groups(tx: &mut Tx<'_>) -> Result<Vec<Group>, StoreError> {
    tx.list("SELECT practice_group, name FROM practice_group ORDER BY name_key", &[], |row| {
        Ok(Group { id: row.get(0)?, name: row.get(1)? })
    })
}

/// Takes a practice on, and makes its key. `fill` gives unpredictable bytes.
///
/// # Errors
/// What the database says. The scope must be the MSP's: nobody else reaches a practice that does not exist yet.
pub fn add_practice(
    tx: &mut WriteTx<'_>,
    practice: &Practice,
    fill: &mut dyn FnMut(&mut [u8]),
) -> Result<(), StoreError> {
    let wrapped = tx.keys.new_practice_key(practice.id, fill)?;
    let sql = "INSERT INTO main.practice (practice, practice_group, name, name_key, profile, made_at) \
               VALUES ($1, $2, $3, $4, $5, $6)";
    let profile = to_json(&practice.profile)?;
    let name_key = name_key(&practice.name);
    tx.execute(
        sql,
        values![practice.id, practice.group, &practice.name, name_key, profile, practice.made_at],
    )?;
    let sql = "INSERT INTO main.practice_key (practice, wrapped) VALUES ($1, $2)";
    tx.execute(sql, values![practice.id, wrapped]).map(drop)
}

/// Changes a practice's name, group and profile.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn change_practice(tx: &mut WriteTx<'_>, practice: &Practice) -> Result<(), StoreError> {
    let sql = "UPDATE main.practice SET practice_group = $1, name = $2, name_key = $3, profile = $4 WHERE practice = $5";
    let profile = to_json(&practice.profile)?;
    let name_key = name_key(&practice.name);
    tx.change("practice", sql, values![practice.group, &practice.name, name_key, profile, practice.id])
}

const PRACTICE: &str = "SELECT practice, practice_group, name, profile, made_at, name_key FROM practice";

fn practice_of(row: &Row) -> Result<Practice, StoreError> {
    Ok(Practice {
        id: row.get(0)?,
        group: row.get(1)?,
        name: row.get(2)?,
        profile: of_json(&row.get::<String>(3)?)?,
        made_at: row.get(4)?,
    })
}

/// One practice.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn practice(tx: &mut Tx<'_>, id: PracticeId) -> Result<Practice, StoreError> {
    tx.one(&format!("{PRACTICE} WHERE practice = $1"), values![id], practice_of)?
        .ok_or(StoreError::NotFound("practice"))
}

/// The ids of a group's practices: what a grant over the group reaches.
///
/// # Errors
/// What the database says.
pub fn practices_of_group(tx: &mut Tx<'_>, group: GroupId) -> Result<Vec<PracticeId>, StoreError> {
    let sql = "SELECT practice FROM practice WHERE practice_group = $1 ORDER BY practice";
    tx.list(sql, values![group], |row| row.get(0))
}

/// The ids of all practices in reach.
///
/// # Errors
/// What the database says.
pub fn practice_ids(tx: &mut Tx<'_>) -> Result<Vec<PracticeId>, StoreError> {
    tx.list("SELECT practice FROM practice ORDER BY practice", &[], |row| row.get(0))
}

/// A page of the practices in reach, by name; `search` finds a part of the name, whatever the case.
///
/// # Errors
/// What the database says.
pub fn practices(
    tx: &mut Tx<'_>,
    search: &str,
    after: Option<&PracticeCursor>,
    limit: u32,
) -> Result<Page<Practice, PracticeCursor>, StoreError> {
    let nil = PracticeId::from_uuid(uuid::Uuid::nil());
    let (name, id) = after.map_or(("", nil), |(name, id)| (name, *id));
    let sql = format!(
        "{PRACTICE} WHERE (name_key, practice) > ($1, $2) AND name_key LIKE $3 ESCAPE '!' \
         ORDER BY name_key, practice LIMIT $4"
    );
    let found = tx.list(&sql, values![name, id, pattern(search), rows_for(limit)], practice_of)?;
    Ok(Page::cut(found, limit, |practice| (name_key(&practice.name), practice.id)))
}

/// Adds a place to a practice.
///
/// # Errors
/// [`StoreError::Conflict`] where the practice has one of that name.
pub fn add_site(tx: &mut WriteTx<'_>, site: &Site, now: Timestamp) -> Result<(), StoreError> {
    let sql = "INSERT INTO main.site (site, practice, name, made_at) VALUES ($1, $2, $3, $4)";
    tx.execute(sql, values![site.id, site.practice, &site.name, now]).map(drop)
}

/// Renames a place.
///
/// # Errors
/// [`StoreError::NotFound`]; [`StoreError::Conflict`] where the practice has one of that name.
pub fn rename_site(tx: &mut WriteTx<'_>, id: SiteId, name: &str) -> Result<(), StoreError> {
    tx.change("site", "UPDATE main.site SET name = $1 WHERE site = $2", values![name, id])
}

/// Removes a place; its agents stay, without one.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn remove_site(tx: &mut WriteTx<'_>, id: SiteId) -> Result<(), StoreError> {
    tx.change("site", "DELETE FROM main.site WHERE site = $1", values![id])
}

/// A practice's places, by name.
///
/// # Errors
/// What the database says.
pub fn sites(tx: &mut Tx<'_>, practice: PracticeId) -> Result<Vec<Site>, StoreError> {
    let sql = "SELECT site, practice, name FROM site WHERE practice = $1 ORDER BY name";
    tx.list(sql, values![practice], |row| {
        Ok(Site { id: row.get(0)?, practice: row.get(1)?, name: row.get(2)? })
    })
}
