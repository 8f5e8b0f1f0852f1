//! Checking a practice's evidence from the first entry to the last, without trusting what is kept beside it.

use std::collections::BTreeMap;

use enamel_ledger::{EntryHash, PracticeRoot};
use enamel_types::{AgentId, PracticeId};

use crate::error::StoreError;
use crate::evidence::read::{heads_of, last_seq, sealed_from};
use crate::scope::Scope;
use crate::store::Store;

/// Entries read at a time.
const PAGE: u32 = 512;

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Verified {
    /// Entries that are as they were written.
    pub entries: u64,
    /// The root over them.
    pub root: PracticeRoot,
    /// The first entry that is not; nothing after it was looked at.
    pub bad: Option<BadEntry>,
}

/// Where evidence is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct BadEntry {
    /// Its number.
    pub seq: u64,
    /// How that shows.
    pub why: String,
}

impl Store {
    /// Checks every entry of a practice: numbers without a hole, each body, each hash, each receipt, each agent's chain, and that the
    /// list of chains' ends says the same.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the practice is not in reach.
    pub fn verify(&self, scope: &Scope, practice: PracticeId) -> Result<Verified, StoreError> {
        self.read_evidence(scope, practice, |tx, key| {
            let mut ends = BTreeMap::<AgentId, (u64, EntryHash)>::new();
            let mut last = 0;
            let mut bad = None;
            'pages: loop {
                let page = sealed_from(tx, practice, last + 1, PAGE)?;
                if page.is_empty() {
                    break;
                }
                for sealed in page {
                    let seq = last + 1;
                    let fault = if sealed.seq == seq {
                        sealed.open(key).and_then(|(_, _, link)| {
                            let end = ends.get(&link.agent).copied().unwrap_or((0, EntryHash::GENESIS));
                            ends.insert(link.agent, (link.agent_seq, link.hash));
                            if (link.agent_seq, link.prev) == (end.0 + 1, end.1) {
                                Ok(())
                            } else {
                                Err("it does not follow its agent's entry before")
                            }
                        })
                    } else {
                        Err("it is missing")
                    };
                    if let Err(why) = fault {
                        bad = Some(BadEntry { seq, why: why.to_owned() });
                        break 'pages;
                    }
                    last = seq;
                }
            }
            if bad.is_none() {
                let listed: BTreeMap<_, _> = heads_of(tx, practice)?
                    .into_iter()
                    .map(|head| (head.agent, (head.agent_seq, head.hash)))
                    .collect();
                if listed != ends || last_seq(tx, practice)? != last {
                    let why = "it is missing, though the list of chains' ends names it".to_owned();
                    bad = Some(BadEntry { seq: last + 1, why });
                }
            }
            let root = PracticeRoot::over(
                practice,
                last,
                ends.into_iter().map(|(agent, (agent_seq, hash))| (agent, agent_seq, hash)),
            );
            Ok(Verified { entries: last, root, bad })
        })
    }
}
