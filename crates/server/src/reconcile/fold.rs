//! Evidence into a view: the sealed copy, brought to the ledger's head.
//!
//! The copy is worth nothing by itself. Where it is missing, damaged, or was judged with other content, another profile or another
//! version of Enamel, all of the practice's evidence is folded anew, and the same comes out.

use enamel_assess::Assessor;
use enamel_ledger::{Entry, PracticeView};
use enamel_store::{Scope, Store, StoreError};
use enamel_types::PracticeId;
use serde::{Deserialize, Serialize};

/// Entries read at a time.
const PAGE: u32 = 500;

/// A view as it is kept.
#[derive(Serialize, Deserialize)]
struct Copy {
    /// What it was judged with.
    judged_with: String,
    view: PracticeView,
}

/// A view at the ledger's head.
pub(crate) struct Folded {
    pub(crate) view: PracticeView,
    /// The last entry that was looked at; those that this Enamel does not understand included.
    pub(crate) through_seq: u64,
    /// Whether the copy that is kept is not this.
    is_new: bool,
}

/// Brings a practice's view to the head of its ledger. `judged_with` names content, profile and version; `each` sees every entry
/// that is new to the copy.
pub(crate) fn fold(
    store: &Store,
    scope: &Scope,
    practice: PracticeId,
    assessor: Assessor<'_>,
    judged_with: &str,
    mut each: impl FnMut(&Entry),
) -> Result<Folded, StoreError> {
    let kept = match store.view(scope, practice) {
        Ok(copy) => copy,
        Err(error @ StoreError::Damaged { .. }) => {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(%practice, error, "the copy of a view is damaged and is folded anew");
            None
        }
        Err(error) => return Err(error),
    };
    let usable = kept.and_then(|kept| {
        let copy: Copy = serde_json::from_slice(&kept.bytes).ok()?;
        (copy.judged_with == judged_with).then_some((copy.view, kept.through_seq))
    });
    let is_new = usable.is_none();
    let (view, through_seq) = usable.unwrap_or_else(|| (PracticeView::new(practice), 0));
    let mut folded = Folded { view, through_seq, is_new };
    loop {
        let page = store.entries(scope, practice, folded.through_seq + 1, PAGE)?;
        let Some(through) = page.through_seq else { return Ok(folded) };
        if !page.not_understood.is_empty() {
            let entries = page.not_understood.len();
            tracing::warn!(%practice, entries, "a newer agent wrote what this server does not understand; update the server");
        }
        for entry in &page.entries {
            folded.view.apply(entry, &assessor.judge(&entry.observation));
            each(entry);
        }
        folded.through_seq = through;
        folded.is_new = true;
    }
}

impl Folded {
    /// Keeps the copy, after everything that follows from it was written down: whoever is killed before sees the same entries as new
    /// again.
    pub(crate) fn keep(self, store: &Store, scope: &Scope, judged_with: String) -> Result<(), StoreError> {
        if !self.is_new {
            return Ok(());
        }
        let practice = self.view.practice();
        let copy = Copy { judged_with, view: self.view };
        let bytes = serde_json::to_vec(&copy).map_err(|error| StoreError::Damaged {
            what: format!("the view of practice {practice}"),
            why: error.to_string(),
        })?;
        store.put_view(scope, practice, self.through_seq, &bytes)
    }
}
