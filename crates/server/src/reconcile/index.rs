//! A practice's part of the index: what the fleet's screens show of it.

use std::collections::{BTreeMap, BTreeSet};

use enamel_assess::ControlStates;
use enamel_ledger::{FindingState, PracticeView};
use enamel_risk::SideBySide;
use enamel_store::index::{
    EvidenceAge, Figures, FindingStanding, IndexDevice, IndexFinding, PracticeIndex, TodayItem,
};
use enamel_types::device::DeviceRole;
use enamel_types::{DeviceId, Severity, Timestamp};

use super::cause::Need;
use super::needs::Grounds;
use super::state::PracticeState;

/// Puts a practice's part together.
pub(crate) fn index(grounds: &Grounds<'_>, through_seq: u64, needs: &[Need]) -> PracticeIndex {
    let Grounds { state, view, controls, now, .. } = *grounds;
    let devices = devices(state, view);
    PracticeIndex {
        practice: state.practice.id,
        through_seq,
        computed_at: now,
        day: day(now),
        figures: sums(grounds, devices.len()),
        devices,
        findings: findings(state, view, now),
        today: needs.iter().filter_map(|need| item(state, need)).collect(),
        evidence: controls.iter().map(age).collect(),
    }
}

/// The day that figures are kept under.
pub(crate) fn day(now: Timestamp) -> String {
    now.strftime("%Y-%m-%d").to_string()
}

fn item(state: &PracticeState, need: &Need) -> Option<TodayItem> {
    Some(TodayItem {
        practice: state.practice.id,
        item: need.cause.key(),
        worth: need.worth,
        reason: need.cause.reason().to_owned(),
        severity: need.severity,
        device: need.device,
        since: need.since,
        detail: serde_json::to_string(&need.cause).ok()?,
    })
}

fn sums(grounds: &Grounds<'_>, devices: usize) -> Figures {
    let Grounds { view, fresh, figures, controls, .. } = *grounds;
    let states = ControlStates::of(controls);
    let mut open = [0; 5];
    for record in view.open_findings() {
        open[usize::from(record.finding.severity.ocsf_id() - 1)] += 1;
    }
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Figures {
        loss_mean: figures.total.mean.0,
        loss_p90: figures.total.p90.0,
        loss_p95: figures.total.p95.0,
        devices: count(devices),
        findings: open,
        controls_met: count(states.measured + states.stated),
        // A decision against a safeguard is never counted as done.
        controls_partly: count(states.partly + states.declined),
        controls_not_met: count(states.not_met),
        controls_unknown: count(states.unknown),
        persons: fresh.persons().map_or(0, |persons| persons.estimate.value),
    }
}

/// The computers that were looked at, and those that are enrolled and have said nothing yet.
fn devices(state: &PracticeState, view: &PracticeView) -> Vec<IndexDevice> {
    let mut open: BTreeMap<DeviceId, (Severity, u32)> = BTreeMap::new();
    for record in view.open_findings() {
        let (worst, count) = open.entry(record.finding.device).or_insert((record.finding.severity, 0));
        *worst = (*worst).max(record.finding.severity);
        *count += 1;
    }
    let mut looked_at: BTreeMap<DeviceId, Timestamp> = BTreeMap::new();
    let judged = view.judgements().map(|judgement| (judgement.device, judgement.observed_at));
    let seen = view.inventories().iter().map(|(device, record)| (*device, record.observed_at));
    for (device, at) in judged.chain(seen) {
        let latest = looked_at.entry(device).or_insert(at);
        *latest = (*latest).max(at);
    }
    let enrolled: BTreeMap<DeviceId, _> = state.agents.iter().map(|agent| (agent.device, agent)).collect();
    let known: BTreeSet<DeviceId> = looked_at.keys().chain(enrolled.keys()).copied().collect();
    known
        .into_iter()
        .map(|device| {
            let inventory = view.inventories().get(&device).map(|record| &record.inventory);
            let agent = enrolled.get(&device);
            let text = |said: Option<&String>, enrolled: Option<&String>| {
                said.or(enrolled).cloned().unwrap_or_default()
            };
            let (worst, findings) =
                open.get(&device).map_or((None, 0), |(worst, count)| (Some(*worst), *count));
            IndexDevice {
                device,
                practice: state.practice.id,
                name: text(inventory.map(|it| &it.hostname), agent.map(|agent| &agent.name)),
                os: text(inventory.map(|it| &it.os.name), agent.map(|agent| &agent.os)),
                role: inventory.map_or("", |it| role(it.os.role)).to_owned(),
                observed_at: looked_at
                    .get(&device)
                    .copied()
                    .or(agent.map(|agent| agent.enrolled_at))
                    .unwrap_or(state.practice.made_at),
                worst,
                findings,
            }
        })
        .collect()
}

const fn role(role: DeviceRole) -> &'static str {
    match role {
        DeviceRole::Workstation => "workstation",
        DeviceRole::Server => "server",
        DeviceRole::DomainController => "domain_controller",
        DeviceRole::Container => "container",
    }
}

fn findings(state: &PracticeState, view: &PracticeView, now: Timestamp) -> Vec<IndexFinding> {
    view.findings()
        .values()
        .map(|record| IndexFinding {
            finding: record.finding.id,
            practice: state.practice.id,
            device: record.finding.device,
            rule: record.finding.rule.clone(),
            severity: record.finding.severity,
            state: match record.state {
                FindingState::Open => FindingStanding::Open,
                FindingState::Reopened => FindingStanding::Reopened,
                FindingState::Resolved => FindingStanding::Resolved,
            },
            first_seen: record.first_seen,
            last_seen: record.last_seen,
            accepted_until: view.accepted(record.finding.id, now).map(|made| made.acceptance.expires_at),
        })
        .collect()
}

/// How old what a control rests on is: the oldest of it, and the first of it to run out.
fn age(control: &SideBySide) -> EvidenceAge {
    let status = &control.current;
    let stated = status.attestation.as_ref();
    let seen = status.evidence.iter().map(|evidence| evidence.observed_at);
    let ends = status.evidence.iter().map(|evidence| evidence.valid_until);
    EvidenceAge {
        control: status.control.clone(),
        state: status.state,
        observed_at: seen.chain(stated.map(|stated| stated.made_at)).min(),
        valid_until: ends.chain(stated.map(|stated| stated.attestation.expires_at)).min(),
    }
}
