//! The present state of a practice as a pure fold over its entries.
//!
//! A server may keep a copy so as not to fold years of entries for every page, but nothing depends on the copy: folded
//! anew from the ledger the view comes out the same. The order of *receipt* is the order of the fold; the order of *observation* decides what is
//! newer, so that an observation that arrives late fills in history and never overwrites what was seen after it.

use std::collections::{BTreeMap, BTreeSet};

use enamel_types::acceptance::AcceptanceRef;
use enamel_types::control::AttestationRef;
use enamel_types::device::DeviceInventory;
use enamel_types::{
    Body, ControlId, DeviceId, Finding, FindingId, Judgement, Observation, ObservationId, PracticeId,
    Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::entries::Entry;
use crate::error::LedgerError;
use crate::ledger::Ledger;

/// Everything that is known of one practice now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PracticeView {
    practice: PracticeId,
    #[serde(with = "judgements_as_list")]
    judgements: BTreeMap<(DeviceId, String), Judgement>,
    findings: BTreeMap<FindingId, FindingRecord>,
    inventories: BTreeMap<DeviceId, InventoryRecord>,
    attestations: BTreeMap<ControlId, AttestationRef>,
    acceptances: BTreeMap<FindingId, AcceptanceRef>,
    through_seq: u64,
}

/// A finding with its history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FindingRecord {
    /// As it was seen last.
    pub finding: Finding,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// When it was last seen.
    pub last_seen: Timestamp,
    /// How many observations showed it.
    pub seen: u64,
    /// Where it stands.
    pub state: FindingState,
    /// When it was last found to be gone; kept when it comes back.
    pub resolved_at: Option<Timestamp>,
    /// The scopes whose latest judgement has it. It is resolved when none has.
    pub open_in: BTreeSet<String>,
}

impl FindingRecord {
    /// Whether it needs somebody: open, or open again.
    pub fn is_open(&self) -> bool {
        self.state != FindingState::Resolved
    }
}

/// Where a finding stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingState {
    /// It was there when last looked for.
    Open,
    /// It was gone when last looked for.
    Resolved,
    /// It was gone once, and is back.
    Reopened,
}

/// A device's latest inventory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InventoryRecord {
    /// Where it is recorded.
    pub observation: ObservationId,
    /// When it was taken.
    pub observed_at: Timestamp,
    /// The inventory.
    pub inventory: DeviceInventory,
}

impl PracticeView {
    /// A practice of which nothing is known yet.
    pub const fn new(practice: PracticeId) -> Self {
        Self {
            practice,
            judgements: BTreeMap::new(),
            findings: BTreeMap::new(),
            inventories: BTreeMap::new(),
            attestations: BTreeMap::new(),
            acceptances: BTreeMap::new(),
            through_seq: 0,
        }
    }

    /// Folds a whole ledger.
    pub fn rebuild(
        ledger: &Ledger,
        practice: PracticeId,
        judge: &dyn Fn(&Observation) -> Judgement,
    ) -> Result<Self, LedgerError> {
        let mut view = Self::new(practice);
        view.catch_up(ledger, judge)?;
        Ok(view)
    }

    /// Folds what the ledger has got since the view was last brought up to date.
    pub fn catch_up(
        &mut self,
        ledger: &Ledger,
        judge: &dyn Fn(&Observation) -> Judgement,
    ) -> Result<(), LedgerError> {
        for entry in ledger.entries(self.through_seq + 1) {
            let entry = entry?;
            let judgement = judge(&entry.observation);
            self.apply(&entry, &judgement);
        }
        Ok(())
    }

    /// Folds one entry in. An entry that was folded before, or is another practice's, changes nothing.
    pub fn apply(&mut self, entry: &Entry, judgement: &Judgement) {
        if entry.seq <= self.through_seq {
            return;
        }
        self.through_seq = entry.seq;
        let observation = &entry.observation;
        if observation.practice != self.practice {
            return;
        }
        self.apply_body(observation);
        let key = (observation.device, observation.scope.clone());
        let held = self.judgements.get(&key);
        match held.map(|held| held.observed_at) {
            Some(held_at) if held_at > observation.observed_at => {
                self.apply_late(observation, judgement, held_at);
            }
            _ => {
                self.apply_newest(observation, judgement);
                self.judgements.insert(key, judgement.clone());
            }
        }
    }

    /// The practice.
    pub const fn practice(&self) -> PracticeId {
        self.practice
    }

    /// The latest judgement of each device and scope.
    pub fn judgements(&self) -> impl Iterator<Item = &Judgement> {
        self.judgements.values()
    }

    /// The latest judgement of one device and scope.
    pub fn judgement(&self, device: DeviceId, scope: &str) -> Option<&Judgement> {
        self.judgements.get(&(device, scope.to_owned()))
    }

    /// Every finding ever seen, by id.
    pub const fn findings(&self) -> &BTreeMap<FindingId, FindingRecord> {
        &self.findings
    }

    /// The findings that need somebody.
    pub fn open_findings(&self) -> impl Iterator<Item = &FindingRecord> {
        self.findings.values().filter(|record| record.is_open())
    }

    /// The latest inventory of each device.
    pub const fn inventories(&self) -> &BTreeMap<DeviceId, InventoryRecord> {
        &self.inventories
    }

    /// The latest statement about each control. It may have expired: that depends on the time of asking.
    pub const fn attestations(&self) -> &BTreeMap<ControlId, AttestationRef> {
        &self.attestations
    }

    /// The latest acceptance of each finding. It may have ended: that depends on the time of asking.
    pub const fn acceptances(&self) -> &BTreeMap<FindingId, AcceptanceRef> {
        &self.acceptances
    }

    /// The acceptance of a finding that is in force at `now`.
    pub fn accepted(&self, finding: FindingId, now: Timestamp) -> Option<&AcceptanceRef> {
        self.acceptances.get(&finding).filter(|held| now < held.acceptance.expires_at)
    }

    /// The last entry that was folded in.
    pub const fn through_seq(&self) -> u64 {
        self.through_seq
    }

    fn apply_body(&mut self, observation: &Observation) {
        match &observation.body {
            Body::DeviceInventory(inventory) => {
                let held = self.inventories.get(&observation.device);
                if held.is_none_or(|held| held.observed_at <= observation.observed_at) {
                    let record = InventoryRecord {
                        observation: observation.id,
                        observed_at: observation.observed_at,
                        inventory: inventory.clone(),
                    };
                    self.inventories.insert(observation.device, record);
                }
            }
            Body::Attestation(attestation) => {
                let held = self.attestations.get(&attestation.control);
                if held.is_none_or(|held| held.made_at <= observation.observed_at) {
                    let made = AttestationRef {
                        observation: observation.id,
                        made_at: observation.observed_at,
                        attestation: attestation.clone(),
                    };
                    self.attestations.insert(attestation.control.clone(), made);
                }
            }
            Body::RiskAcceptance(acceptance) => {
                let held = self.acceptances.get(&acceptance.finding);
                if held.is_none_or(|held| held.made_at <= observation.observed_at) {
                    let made = AcceptanceRef {
                        observation: observation.id,
                        made_at: observation.observed_at,
                        acceptance: acceptance.clone(),
                    };
                    self.acceptances.insert(acceptance.finding, made);
                }
            }
            Body::ConfigState(_)
            | Body::SoftwareInventory(_)
            | Body::PatientData(_)
            | Body::AgentEvent(_)
            | Body::CommandReceipt(_) => {}
        }
    }

    /// The newest statement about its scope: what it has is open, what it no longer has is resolved.
    fn apply_newest(&mut self, observation: &Observation, judgement: &Judgement) {
        let (scope, at) = (&observation.scope, observation.observed_at);
        let now: BTreeSet<FindingId> = judgement.findings.iter().map(|finding| finding.id).collect();
        let before = self.judgements.get(&(observation.device, scope.clone()));
        for gone in before.iter().flat_map(|held| &held.findings).filter(|old| !now.contains(&old.id)) {
            if let Some(record) = self.findings.get_mut(&gone.id)
                && record.open_in.remove(scope)
                && record.open_in.is_empty()
            {
                record.state = FindingState::Resolved;
                record.resolved_at = Some(at);
            }
        }
        for finding in once_each(&judgement.findings) {
            let record = self.findings.entry(finding.id).or_insert_with(|| FindingRecord::first(finding, at));
            record.see(finding, at);
            record.open_in.insert(scope.clone());
            if record.state == FindingState::Resolved {
                record.state = FindingState::Reopened;
            }
        }
    }

    /// An older statement than the one held, seen at `held_at`: it adds to history, and decides nothing.
    fn apply_late(&mut self, observation: &Observation, judgement: &Judgement, held_at: Timestamp) {
        let at = observation.observed_at;
        for finding in once_each(&judgement.findings) {
            let record = self.findings.entry(finding.id).or_insert_with(|| FindingRecord {
                // The newer statement of this scope does not have it, so it was gone by then.
                state: FindingState::Resolved,
                resolved_at: Some(held_at),
                ..FindingRecord::first(finding, at)
            });
            record.see(finding, at);
            if record.state == FindingState::Resolved && record.resolved_at < Some(at) {
                // It was still there after what so far seemed its end.
                record.resolved_at = Some(held_at);
            }
        }
    }
}

impl FindingRecord {
    /// A record of a finding that is about to be seen for the first time.
    fn first(finding: &Finding, at: Timestamp) -> Self {
        Self {
            finding: finding.clone(),
            first_seen: at,
            last_seen: at,
            seen: 0,
            state: FindingState::Open,
            resolved_at: None,
            open_in: BTreeSet::new(),
        }
    }

    fn see(&mut self, finding: &Finding, at: Timestamp) {
        self.seen += 1;
        self.first_seen = self.first_seen.min(at);
        if at >= self.last_seen {
            self.last_seen = at;
            self.finding = finding.clone();
        }
    }
}

/// JSON has no maps with compound keys; a judgement holds its own.
mod judgements_as_list {
    use std::collections::BTreeMap;

    use enamel_types::{DeviceId, Judgement};
    use serde::{Deserialize, Deserializer, Serializer};

    type Judgements = BTreeMap<(DeviceId, String), Judgement>;

    pub(super) fn serialize<S: Serializer>(
        judgements: &Judgements,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(judgements.values())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Judgements, D::Error> {
        let list = Vec::<Judgement>::deserialize(deserializer)?;
        Ok(list
            .into_iter()
            .map(|judgement| ((judgement.device, judgement.scope.clone()), judgement))
            .collect())
    }
}

/// A judgement that names a finding twice has still seen it once.
fn once_each(findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    let mut seen = BTreeSet::new();
    findings.iter().filter(move |finding| seen.insert(finding.id))
}
