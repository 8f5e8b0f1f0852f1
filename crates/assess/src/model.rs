//! From the ledger to the report's model.

use std::collections::BTreeSet;

use enamel_ledger::{Entry, PracticeView};
use enamel_report::{
    AcceptedRisk, ControlRow, DeviceEntry, Duty, GapEntry, LedgerFacts, PreviousRun, ReportModel,
    ResultEntry, SoftwareEntry, SurveyEntry,
};
use enamel_risk::Requirement;
use enamel_types::practice::RuleProfile;
use enamel_types::risk::RiskFigures;
use enamel_types::{Body, Estimate, ObservationId, Timestamp};

use crate::Assessor;
use crate::figures::Fresh;
use crate::gathered::Gathered;

/// Everything that a report says but its figures of loss, which take a while and which OSCAL has no place for: `risk` is empty and
/// `heat_map` and `previous` are missing. [`with_figures`] adds them.
pub fn without_figures(
    assessor: Assessor<'_>,
    view: &PracticeView,
    gathered: Gathered,
    ledger: LedgerFacts,
    now: Timestamp,
) -> ReportModel {
    let fresh = Fresh::of(view, now);
    let mut model = ReportModel {
        practice_id: view.practice(),
        practice: assessor.profile.clone(),
        generated_at: now,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        devices: view
            .inventories()
            .iter()
            .map(|(id, record)| DeviceEntry {
                id: *id,
                inventory: record.inventory.clone(),
                observation: record.observation,
            })
            .collect(),
        evidence: gathered.facts(),
        findings: gathered.findings,
        results: fresh
            .judgements()
            .iter()
            .flat_map(|judgement| {
                judgement
                    .results
                    .iter()
                    .map(|result| ResultEntry { device: judgement.device, result: result.clone() })
            })
            .collect(),
        controls: controls(assessor, view, now),
        risk: RiskFigures::default(),
        heat_map: None,
        patient_data: Vec::new(),
        persons: fresh.persons().map_or(Estimate::exact(0), |persons| persons.estimate),
        software: Vec::new(),
        gaps: Vec::new(),
        accepted: accepted(view),
        ledger,
        previous: None,
    };
    cite(&mut model, gathered.entries, &fresh);
    model
}

/// The whole of a report.
pub fn with_figures(model: ReportModel, risk: RiskFigures, previous: Option<PreviousRun>) -> ReportModel {
    ReportModel { heat_map: Some(enamel_risk::heat_map(&risk)), risk, previous, ..model }
}

/// Open findings that a person has accepted, soonest to end first.
fn accepted(view: &PracticeView) -> Vec<AcceptedRisk> {
    let mut accepted: Vec<AcceptedRisk> = view
        .acceptances()
        .iter()
        .filter_map(|(id, held)| {
            let record = view.findings().get(id).filter(|record| record.is_open())?;
            // One that ended as it was made was taken back.
            (held.made_at < held.acceptance.expires_at).then(|| AcceptedRisk {
                title: record.finding.title.clone(),
                device: record.finding.device,
                observation: held.observation,
                acceptance: held.acceptance.clone(),
            })
        })
        .collect();
    accepted.sort_by_key(|risk| (risk.acceptance.expires_at, risk.acceptance.finding));
    accepted
}

/// Where every control stands, under the rule in force and under the proposal.
fn controls(assessor: Assessor<'_>, view: &PracticeView, now: Timestamp) -> Vec<ControlRow> {
    let side_by_side = assessor.controls(view, now);
    let proposed_wanted = assessor.profile.profile == RuleProfile::Proposed2025;
    assessor
        .content
        .controls
        .controls()
        .iter()
        .zip(side_by_side)
        .map(|(control, status)| ControlRow {
            id: control.id.clone(),
            section: section(&control.standard),
            title: control.title.clone(),
            question: control.question.clone(),
            only_a_person: control.aspects(RuleProfile::Current).all(|aspect| aspect.rules.is_empty()),
            duty: match control.requirement(RuleProfile::Current) {
                Requirement::Required => Duty::Required,
                Requirement::Addressable => Duty::Addressable,
            },
            status: status.current,
            proposed: proposed_wanted.then_some(status.proposed),
        })
        .collect()
}

/// The heading a standard stands under: the rule's own sections.
fn section(standard: &str) -> String {
    let title = match standard.get(..7) {
        Some("164.308") => "Administrative safeguards",
        Some("164.310") => "Physical safeguards",
        Some("164.312") => "Technical safeguards",
        Some("164.314") => "Contracts",
        Some("164.316") => "Policies and documentation",
        _ => "Other",
    };
    format!("{title} ({})", standard.get(..7).unwrap_or(standard))
}

/// Takes from the observations that still count what only they know: surveys, software, gaps.
fn cite(model: &mut ReportModel, entries: Vec<Entry>, fresh: &Fresh<'_>) {
    let fresh: BTreeSet<ObservationId> =
        fresh.judgements().iter().map(|judgement| judgement.observation).collect();
    for seen in entries.into_iter().map(|entry| entry.observation).filter(|seen| fresh.contains(&seen.id)) {
        let (device, observation) = (seen.device, seen.id);
        model.gaps.extend(seen.gaps.into_iter().map(|gap| GapEntry { device, observation, gap }));
        match seen.body {
            Body::PatientData(survey) => model.patient_data.push(SurveyEntry { device, observation, survey }),
            Body::SoftwareInventory(software) => model.software.push(SoftwareEntry {
                device,
                observation,
                packages: software.packages.len() as u64,
                services_running: software.services.iter().filter(|service| service.running).count() as u64,
                dental: software.dental,
            }),
            Body::DeviceInventory(_)
            | Body::ConfigState(_)
            | Body::Attestation(_)
            | Body::RiskAcceptance(_)
            | Body::AgentEvent(_)
            | Body::CommandReceipt(_) => {}
        }
    }
}
