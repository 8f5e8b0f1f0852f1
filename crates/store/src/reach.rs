//! Grants as they are kept, and what they come to: the [`Scope`] of who holds them.

use std::collections::BTreeSet;
use std::sync::Arc;

use enamel_types::{Grant, GroupId, PracticeId, Reach, Right, Timestamp};
use uuid::Uuid;

use crate::error::StoreError;
use crate::scope::Scope;
use crate::tree;
use crate::tx::Tx;
use crate::value::{Row, Value};

/// The word and the id of a reach.
pub(crate) fn to_columns(reach: Reach) -> (&'static str, Value) {
    match reach {
        Reach::Msp => ("msp", Value::Null),
        Reach::Group(id) => ("group", id.into()),
        Reach::Practice(id) => ("practice", id.into()),
    }
}

/// A reach out of two columns of a row, the word first.
pub(crate) fn of_columns(row: &Row, word: usize) -> Result<Reach, StoreError> {
    let id: Option<Uuid> = row.get(word + 1)?;
    match (row.get::<String>(word)?.as_str(), id) {
        ("msp", None) => Ok(Reach::Msp),
        ("group", Some(id)) => Ok(Reach::Group(GroupId::from_uuid(id))),
        ("practice", Some(id)) => Ok(Reach::Practice(PracticeId::from_uuid(id))),
        (other, _) => Err(StoreError::Damaged {
            what: "a grant".to_owned(),
            why: format!("{other:?} is no part of the tree"),
        }),
    }
}

/// What grants reach for a right, at a moment: the practices of those whose role includes the right and that have not ended.
///
/// # Errors
/// What the database says.
pub fn scope_for(
    tx: &mut Tx<'_>,
    grants: &[Grant],
    right: Right,
    now: Timestamp,
) -> Result<Scope, StoreError> {
    let mut practices = BTreeSet::new();
    for grant in grants {
        if !grant.role.may(right) || grant.until.is_some_and(|until| until <= now) {
            continue;
        }
        match grant.reach {
            Reach::Msp => return Ok(Scope::Msp),
            Reach::Group(group) => practices.extend(tree::practices_of_group(tx, group)?),
            Reach::Practice(practice) => drop(practices.insert(practice)),
        }
    }
    Ok(if practices.is_empty() { Scope::Nothing } else { Scope::Practices(Arc::new(practices)) })
}
