//! From the store to the models: every function reads what its reader may see, and nothing else.
//!
//! The scope comes from the reader's grants; what it does not reach is not found. Lists come in pages by cursor. Nothing here
//! changes anything: forms go through the API, which writes down who did what.

mod desk;
mod fleet;
mod practice;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use enamel_assess::Content;
use enamel_store::{Scope, Store, StoreError, Tx, tree};
use enamel_types::{GroupId, PracticeId};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeSet, HashMap};

pub(super) use desk::{alerts, approvals, audit, new_command, settings, tokens};
pub(super) use fleet::{
    DeviceQuery, FindingQuery, devices, findings, practice_choices, practices, search, today,
};
pub(super) use practice::{evidence, finding, practice};

use super::frame::PracticeRef;
use super::words::Words;
use crate::reconcile::Reconciler;

/// Rows of a page.
const ROWS: u32 = 50;

/// Choices of a filter; who has more practices searches for them.
const CHOICES: u32 = 500;

/// What loading needs.
pub(super) struct From<'a> {
    /// The store.
    pub(super) store: &'a Store,
    /// What the reader reaches with the right that the screen takes.
    pub(super) scope: Scope,
    /// What rules are called.
    pub(super) content: &'a Content,
    /// Folds a practice's evidence.
    pub(super) reconciler: &'a Reconciler,
    /// The reader's language, zone and moment.
    pub(super) words: &'a Words,
}

impl From<'_> {
    /// The part of the scope that lies in a group.
    fn within(&self, group: Option<GroupId>) -> Result<Scope, StoreError> {
        let Some(group) = group else { return Ok(self.scope.clone()) };
        let members = self.store.read(&self.scope, |tx| tree::practices_of_group(tx, group))?;
        let reached: BTreeSet<PracticeId> = members.into_iter().filter(|id| self.scope.covers(*id)).collect();
        Ok(if reached.is_empty() { Scope::Nothing } else { Scope::practices(reached) })
    }
}

/// Names of practices and their groups, read once for a page.
struct Names {
    groups: Vec<(GroupId, String)>,
    practices: HashMap<PracticeId, PracticeRef>,
}

impl Names {
    fn of(tx: &mut Tx<'_>) -> Result<Self, StoreError> {
        let groups: Vec<_> = tree::groups(tx)?.into_iter().map(|group| (group.id, group.name)).collect();
        Ok(Self { groups, practices: HashMap::new() })
    }

    fn practice(&mut self, tx: &mut Tx<'_>, id: PracticeId) -> Result<PracticeRef, StoreError> {
        if let Some(known) = self.practices.get(&id) {
            return Ok(known.clone());
        }
        let found = tree::practice(tx, id)?;
        let named = self.named(&found);
        self.practices.insert(id, named.clone());
        Ok(named)
    }

    fn named(&self, practice: &tree::Practice) -> PracticeRef {
        let group = self.groups.iter().find(|(id, _)| Some(*id) == practice.group);
        let group = group.map(|(_, name)| name.clone()).unwrap_or_default();
        PracticeRef { id: practice.id, name: practice.name.clone(), group }
    }
}

/// A cursor as it stands in a link.
fn cursor<T: Serialize>(next: Option<T>) -> Option<String> {
    let json = serde_json::to_vec(&next?).ok()?;
    Some(URL_SAFE_NO_PAD.encode(json))
}

/// A cursor out of a link; one that is none begins at the first page.
fn after<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}
