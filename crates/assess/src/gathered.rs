//! What the present state rests on, as the ledger has it: every finding with its standing, every entry that is cited.
//!
//! Both builds need it: the agent's writes `findings.json` from it, the other one puts it into the report too.

use std::collections::BTreeMap;

use enamel_ledger::{Entry, PracticeView};
use enamel_types::{FindingEntry, ObservationFacts, ObservationId, Standing, Timestamp, ocsf};

use crate::Assessor;
use crate::figures::Fresh;

/// Findings, and the entries that the view rests on.
pub struct Gathered {
    /// Every finding ever seen.
    pub findings: Vec<FindingEntry>,
    /// The entry of each scope's latest judgement, also where it is stale.
    pub entries: Vec<Entry>,
}

impl Gathered {
    /// Reads what the view rests on; `get` finds the entry that holds an observation.
    pub fn from<E>(
        view: &PracticeView,
        now: Timestamp,
        mut get: impl FnMut(ObservationId) -> Result<Option<Entry>, E>,
    ) -> Result<Self, E> {
        let mut entries = Vec::new();
        for judgement in view.judgements() {
            entries.extend(get(judgement.observation)?);
        }
        Ok(Self { findings: findings(view, now), entries })
    }

    /// Where each entry stands in the ledger.
    pub fn facts(&self) -> BTreeMap<ObservationId, ObservationFacts> {
        let facts = |entry: &Entry| {
            let seen = &entry.observation;
            ObservationFacts {
                hash: entry.hash.to_string(),
                seq: entry.seq,
                sensor: seen.sensor.name.clone(),
                device: seen.device,
                scope: seen.scope.clone(),
                observed_at: seen.observed_at,
                valid_until: seen.valid_until,
            }
        };
        self.entries.iter().map(|entry| (entry.observation.id, facts(entry))).collect()
    }

    /// The findings as OCSF events, one a line.
    pub fn findings_json(&self, assessor: Assessor<'_>, view: &PracticeView, now: Timestamp) -> Vec<u8> {
        let context = ocsf::Context {
            practice: view.practice(),
            practice_name: &assessor.profile.name,
            version: env!("CARGO_PKG_VERSION"),
            generated_at: now,
            devices: view.inventories().iter().map(|(id, record)| (*id, &record.inventory)).collect(),
            evidence: &self.facts(),
        };
        ocsf::findings_json(&self.findings, &context).into_bytes()
    }
}

fn findings(view: &PracticeView, now: Timestamp) -> Vec<FindingEntry> {
    let fresh = Fresh::of(view, now);
    let entry = |record: &enamel_ledger::FindingRecord| {
        let shown = fresh.finding(record.finding.id);
        FindingEntry {
            finding: shown.unwrap_or(&record.finding).clone(),
            first_seen: record.first_seen,
            last_seen: record.last_seen,
            standing: match (record.is_open(), shown) {
                (true, Some(_)) => Standing::Open,
                (true, None) => Standing::Stale,
                (false, _) => Standing::Resolved,
            },
            resolved_at: record.resolved_at,
        }
    };
    view.findings().values().map(entry).collect()
}
