//! From the ledger to the report's model.

use std::collections::{BTreeMap, BTreeSet};

use enamel_ledger::{Ledger, PracticeView};
use enamel_report::{
    ControlRow, DeviceEntry, Duty, FindingEntry, FindingState, GapEntry, LedgerFacts, ObservationFacts, PreviousRun,
    ReportModel, ResultEntry, SoftwareEntry, SurveyEntry,
};
use enamel_risk::Requirement;
use enamel_types::practice::RuleProfile;
use enamel_types::risk::RiskFigures;
use enamel_types::{Body, ObservationId, Timestamp};

use crate::error::Error;
use crate::figures::{self, Fresh, Rolls};
use crate::session::Session;

/// The model of the present state, for an export that comes without a scan.
pub(crate) fn latest(session: &Session) -> Result<ReportModel, Error> {
    let now = session.now();
    let ledger = session.ledger()?;
    let view = session.view(&ledger)?;
    let risk = figures::risk(session, &view, now, Rolls::for_a_report());
    build(session, &ledger, &view, risk, now)
}

/// Findings as OCSF, one a line.
pub(crate) fn findings_json(model: &ReportModel) -> Vec<u8> {
    enamel_report::ocsf::findings_json(model).into_bytes()
}

/// Puts together everything that a report says.
pub(crate) fn build(
    session: &Session,
    ledger: &Ledger,
    view: &PracticeView,
    risk: RiskFigures,
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
        findings: findings(view, &fresh),
        results: fresh
            .judgements()
            .iter()
            .flat_map(|judgement| {
                judgement.results.iter().map(|result| ResultEntry { device: judgement.device, result: result.clone() })
            })
            .collect(),
        controls: controls(session, view, now),
        heat_map: Some(enamel_risk::heat_map(&risk)),
        risk,
        patient_data: Vec::new(),
        software: Vec::new(),
        gaps: Vec::new(),
        evidence: BTreeMap::new(),
        ledger: ledger_facts(session, ledger, view)?,
        previous: previous_run(view, now),
    };
    cite(&mut model, ledger, view, &fresh)?;
    Ok(model)
}

fn findings(view: &PracticeView, fresh: &Fresh<'_>) -> Vec<FindingEntry> {
    view.findings()
        .values()
        .map(|record| FindingEntry {
            finding: record.finding.clone(),
            first_seen: record.first_seen,
            last_seen: record.last_seen,
            state: match (record.is_open(), fresh.shows(record)) {
                (true, true) => FindingState::Open,
                (true, false) => FindingState::Stale,
                (false, _) => FindingState::Resolved,
            },
        })
        .collect()
}

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

/// Reads the observations that the view rests on, for what only they know: surveys, software, gaps, hashes.
fn cite(model: &mut ReportModel, ledger: &Ledger, view: &PracticeView, fresh: &Fresh<'_>) -> Result<(), Error> {
    let fresh_ids: BTreeSet<ObservationId> =
        fresh.judgements().iter().map(|judgement| judgement.observation).collect();
    for judgement in view.judgements() {
        let entry = ledger.get(judgement.observation).map_err(|error| {
            Error::new("the ledger could not be read")
                .because(error)
                .help("run `enamel ledger verify` to find the bad entry")
        })?;
        let Some(entry) = entry else { continue };
        let seen = entry.observation;
        let (device, observation) = (seen.device, seen.id);
        model.evidence.insert(
            observation,
            ObservationFacts {
                hash: entry.hash.to_string(),
                seq: entry.seq,
                sensor: seen.sensor.name,
                device,
                scope: seen.scope,
                observed_at: seen.observed_at,
                valid_until: seen.valid_until,
            },
        );
        if !fresh_ids.contains(&observation) {
            continue;
        }
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
            Body::DeviceInventory(_) | Body::ConfigState(_) | Body::Attestation(_) => {}
        }
    }
    Ok(())
}

fn ledger_facts(session: &Session, ledger: &Ledger, view: &PracticeView) -> Result<LedgerFacts, Error> {
    let unreadable = |error| Error::new("the ledger could not be read").because(error);
    Ok(LedgerFacts {
        entries: ledger.len().map_err(unreadable)?,
        root: ledger
            .practice_root_through(session.practice(), view.through_seq())
            .map_err(unreadable)?
            .root
            .to_string(),
    })
}

/// The last time this practice was looked at before this run.
fn previous_run(view: &PracticeView, now: Timestamp) -> Option<PreviousRun> {
    let _ = (view, now);
    None
}
