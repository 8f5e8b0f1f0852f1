//! A practice's present state, folded from its evidence.
//!
//! The store holds a copy of what the reconciler folded last; what came after it is folded in here. Where there is no copy, or one that an
//! older Enamel wrote, everything is folded anew: it comes out the same.

use enamel_assess::{Assessor, Content};
use enamel_ledger::PracticeView;
use enamel_store::{Scope, Store, StoreError, tree};
use enamel_types::PracticeId;

/// Entries read at a time.
const PAGE: u32 = 256;

/// Folds a practice's view to the end of its evidence.
pub(super) fn view(
    store: &Store,
    scope: &Scope,
    practice: PracticeId,
    content: &Content,
) -> Result<PracticeView, StoreError> {
    let profile = store.read(scope, |tx| tree::practice(tx, practice))?.profile;
    let assessor = Assessor { content, profile: &profile };
    let copy = match store.view(scope, practice) {
        // A copy that does not open is only a copy.
        Err(StoreError::Damaged { .. }) => None,
        copy => copy?,
    };
    let kept = copy.and_then(|copy| serde_json::from_slice::<PracticeView>(&copy.bytes).ok());
    let mut view =
        kept.filter(|view| view.practice() == practice).unwrap_or_else(|| PracticeView::new(practice));
    let mut from = view.through_seq() + 1;
    loop {
        let page = store.entries(scope, practice, from, PAGE)?;
        for entry in &page.entries {
            view.apply(entry, &assessor.judge(&entry.observation));
        }
        match page.through_seq {
            Some(through) => from = through + 1,
            None => return Ok(view),
        }
    }
}
