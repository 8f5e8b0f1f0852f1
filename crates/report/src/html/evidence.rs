//! The evidence appendix: every observation the page rests on, with its place in the ledger.

use std::collections::BTreeSet;

use enamel_types::ObservationId;
use serde::Serialize;

use super::{Context, Link};
use crate::text::{Shown, shown};
use crate::{ReportModel, words};

/// Observations listed in the appendix: about 300 bytes each.
const LISTED: usize = 1_000;

/// The appendix.
#[derive(Serialize)]
pub(crate) struct EvidenceSection {
    pub(super) entries: String,
    pub(super) through_seq: u64,
    /// Which entries were lost, in a sentence; empty where none was.
    pub(super) lost: String,
    pub(super) root: Shown,
    pub(super) rows: Vec<EvidenceRow>,
    pub(super) more: u64,
}

/// One observation.
#[derive(Serialize)]
pub(crate) struct EvidenceRow {
    pub(super) seq: u64,
    pub(super) hash: Shown,
    pub(super) sensor: Shown,
    pub(super) device: Shown,
    pub(super) scope: Shown,
    pub(super) observed: String,
    pub(super) valid_until: String,
    pub(super) stale: bool,
}

/// Which observations the appendix lists, so that no link leads nowhere.
pub(crate) struct Index<'a> {
    model: &'a ReportModel,
    listed: BTreeSet<u64>,
}

impl<'a> Index<'a> {
    pub(super) fn of(model: &'a ReportModel) -> Self {
        let mut listed: BTreeSet<u64> = model.evidence.values().map(|facts| facts.seq).collect();
        while listed.len() > LISTED {
            listed.pop_first(); // the newest are what the present state rests on
        }
        Self { model, listed }
    }

    /// A link to the observation's row.
    pub(super) fn link(&self, id: ObservationId) -> Link {
        match self.model.evidence.get(&id) {
            Some(facts) if self.listed.contains(&facts.seq) => {
                Link { seq: Some(facts.seq), label: format!("entry {}", facts.seq) }
            }
            Some(facts) => Link { seq: None, label: format!("ledger entry {}", facts.seq) },
            None => Link { seq: None, label: format!("observation {id}") },
        }
    }
}

pub(super) fn section(model: &ReportModel, context: &Context<'_>) -> EvidenceSection {
    let mut rows: Vec<_> = model
        .evidence
        .values()
        .filter(|facts| context.evidence.listed.contains(&facts.seq))
        .map(|facts| EvidenceRow {
            seq: facts.seq,
            hash: shown(&facts.hash),
            sensor: shown(&facts.sensor),
            device: context.device(facts.device),
            scope: shown(&facts.scope),
            observed: words::moment(facts.observed_at),
            valid_until: words::last_day(facts.valid_until),
            stale: facts.valid_until < context.now,
        })
        .collect();
    rows.sort_by_key(|row| row.seq);
    EvidenceSection {
        entries: words::count(model.ledger.entries),
        through_seq: model.ledger.through_seq,
        lost: words::lost(&model.ledger).unwrap_or_default(),
        root: shown(&model.ledger.root),
        more: model.evidence.len().saturating_sub(rows.len()) as u64,
        rows,
    }
}
