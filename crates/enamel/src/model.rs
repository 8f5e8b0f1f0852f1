//! From the ledger to the report's model.

use std::collections::BTreeSet;

use enamel_ledger::{Entry, Ledger, PracticeView};
use enamel_report::{
    ControlRow, DeviceEntry, Duty, GapEntry, LedgerFacts, ReportModel, ResultEntry, SoftwareEntry,
    SurveyEntry,
};
use enamel_risk::Requirement;
use enamel_types::practice::RuleProfile;
use enamel_types::risk::RiskFigures;
use enamel_types::{Body, Estimate, ObservationId, Timestamp};

use crate::error::Error;
use crate::evidence::Gathered;
use crate::figures::{self, Fresh};
use crate::previous;
use crate::session::Session;

/// The present state for an OSCAL document, which comes without a scan. OSCAL has no place for figures of loss, so none are computed:
/// those of this model are empty, and it is for no report.
pub(crate) fn for_oscal(session: &Session) -> Result<ReportModel, Error> {
    let now = session.now();
    let ledger = session.ledger()?;
    let view = session.view(&ledger)?;
    let gathered = Gathered::from(&ledger, &view, now)?;
    without_figures(session, &ledger, &view, gathered, now)
}

/// Puts together everything that a report says.
pub(crate) fn build(
    session: &Session,
    ledger: &Ledger,
    view: &PracticeView,
    gathered: Gathered,
    risk: RiskFigures,
    now: Timestamp,
) -> Result<ReportModel, Error> {
    Ok(ReportModel {
        heat_map: Some(enamel_risk::heat_map(&risk)),
        risk,
        previous: previous::run(session, ledger, view.through_seq())?,
        ..without_figures(session, ledger, view, gathered, now)?
    })
}

fn without_figures(
    session: &Session,
    ledger: &Ledger,
    view: &PracticeView,
    gathered: Gathered,
    now: Timestamp,
) -> Result<ReportModel, Error> {
    let fresh = Fresh::of(view, now);
    let mut model = ReportModel {
        practice_id: session.practice(),
        practice: session.profile.clone(),
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
        controls: controls(session, view, now),
        risk: RiskFigures::default(),
        heat_map: None,
        patient_data: Vec::new(),
        persons: fresh.persons().map_or(Estimate::exact(0), |persons| persons.estimate),
        software: Vec::new(),
        gaps: Vec::new(),
        ledger: ledger_facts(session, ledger, view)?,
        previous: None,
    };
    cite(&mut model, gathered.entries, &fresh);
    Ok(model)
}

/// Where every control stands, under the rule in force and under the proposal.
fn controls(session: &Session, view: &PracticeView, now: Timestamp) -> Vec<ControlRow> {
    let side_by_side = figures::controls(session, view, now);
    let proposed_wanted = session.profile.profile == RuleProfile::Proposed2025;
    session
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

fn ledger_facts(session: &Session, ledger: &Ledger, view: &PracticeView) -> Result<LedgerFacts, Error> {
    let lost = ledger.lost().map_err(Error::ledger_unreadable)?;
    Ok(LedgerFacts {
        through_seq: view.through_seq(),
        lost: lost.len() as u64,
        lost_seqs: lost.into_iter().take(LedgerFacts::LOST_NAMED).collect(),
        entries: ledger.len().map_err(Error::ledger_unreadable)?,
        root: ledger
            .practice_root_through(session.practice(), view.through_seq())
            .map_err(Error::ledger_unreadable)?
            .root
            .to_string(),
    })
}
