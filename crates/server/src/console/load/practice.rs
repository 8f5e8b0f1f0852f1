//! One practice's screens: itself, one of its findings, one piece of its evidence. All of it comes from its opened evidence.

use std::collections::{BTreeMap, BTreeSet};

use enamel_ledger::{FindingRecord, FindingState, PracticeView};
use enamel_report::text::steps;
use enamel_store::commands::CommandState;
use enamel_store::{MAX_PAGE, StoreError, Tx, agents, commands, index, tree};
use enamel_types::judgement::is_fresh;
use enamel_types::patient_data::{Entity, PatientDataSurvey};
use enamel_types::{
    AgentId, Body, ControlState, DeviceId, EvidenceOutcome, FindingId, ObservationId, PracticeId, Severity,
    Timestamp, Usd,
};
use jiff::SignedDuration;

use super::desk::{held_command, operators};
use super::fleet::{counts, device_row, row_of};
use super::{From, Names};
use crate::console::chart::{self, TrendPoint};
use crate::console::frame::PracticeRef;
use crate::console::screens::evidence::EvidencePage;
use crate::console::screens::findings::{AcceptForm, Acceptance, Event, FindingDetail, State};
use crate::console::screens::practice::{
    Accepted, ControlRow, Controls, DataPlace, PatientData, PlanItem, Practice, Risk, Scenario,
};

/// Steps of the plan that are shown: more is for the list of findings.
const PLAN: usize = 5;

/// Findings on a practice's page.
const WORST: usize = 8;

/// Folders with patient data on a practice's page.
const PLACES: usize = 20;

/// Points of a trend: one a week over a year.
const TREND_DAYS: u32 = 366;

/// Longest observation that is shown whole, characters.
const BODY: usize = 20_000;

/// How long before its end an acceptance ends soon.
const SOON: SignedDuration = SignedDuration::from_hours(30 * 24);

/// One practice.
pub(in crate::console) fn practice(
    from: &From<'_>,
    id: PracticeId,
    may_refuse: bool,
) -> Result<Practice, StoreError> {
    let judged = from.reconciler.judged(&from.scope, id)?;
    let (view, figures, now) = (&judged.view, &judged.figures, from.words.now);
    let surveys = surveys(from, view)?;
    from.store.read(&from.scope, |tx| {
        let mut names = Names::of(tx)?;
        let practice = names.practice(tx, id)?;
        let standing = index::practice(tx, id)?;
        let mut devices = Vec::new();
        for device in index::devices(tx, Some(id), "", None, MAX_PAGE)?.items {
            devices.push(device_row(tx, &mut names, &device, from.words)?);
        }
        let computers: BTreeMap<DeviceId, String> =
            devices.iter().map(|row| (row.id, row.name.clone())).collect();
        let (operators, agents) = (operators(tx)?, computers_by_agent(tx, id)?);
        let held = commands::list(tx, Some(id), Some(CommandState::Held), None, MAX_PAGE)?;
        let held = held
            .items
            .iter()
            .map(|command| held_command(command, practice.clone(), &agents, from, &operators, may_refuse));
        let held = held.collect();
        let days = index::days(tx, id, TREND_DAYS)?;
        let total = &figures.total;
        let most = figures.scenarios.first().map_or(1.0, |scenario| scenario.losses.mean.0.max(1.0));
        let mut worst: Vec<&FindingRecord> =
            view.open_findings().filter(|record| view.accepted(record.finding.id, now).is_none()).collect();
        worst.sort_by(|a, b| a.finding.worst_first(&b.finding));
        let computer = |device: DeviceId| {
            computers.get(&device).cloned().unwrap_or_else(|| from.words.t("device-name-missing"))
        };
        Ok(Practice {
            sites: tree::sites(tx, id)?.into_iter().map(|site| site.name).collect(),
            looked_at: standing.as_ref().map(|standing| standing.computed_at),
            risk: (!devices.is_empty()).then(|| Risk {
                mean: total.mean,
                range: figures.mean_range,
                one_in_ten: total.p90,
                any_loss: total.any_loss,
                curve: chart::exceedance(total),
                trend: chart::trend(&trend(&days)),
                scenarios: figures
                    .scenarios
                    .iter()
                    .filter(|scenario| scenario.losses.mean.0 >= 1.0)
                    .map(|scenario| Scenario {
                        title: scenario.title.clone(),
                        story: scenario.story.clone(),
                        mean: scenario.losses.mean,
                        share: scenario.losses.mean.0 / most * 100.0,
                    })
                    .collect(),
            }),
            controls: controls(from, &judged.controls, id),
            data: patient_data(id, view, &surveys, &computer, now),
            open: standing.as_ref().map(|standing| counts(&standing.figures)).unwrap_or_default(),
            worst: worst
                .iter()
                .take(WORST)
                .map(|record| {
                    row_of(record, &practice, computer(record.finding.device), state(record, view, now))
                })
                .collect(),
            plan: figures
                .fixes
                .iter()
                .filter(|fix| fix.saves_mean.0 >= 1.0)
                .take(PLAN)
                .map(|fix| PlanItem {
                    title: fix.title.clone(),
                    steps: steps(&fix.how).iter().map(ToString::to_string).collect(),
                    saves: fix.saves_mean,
                    minutes: fix.minutes,
                    computers: fix
                        .findings
                        .iter()
                        .filter_map(|id| view.findings().get(id))
                        .map(|record| record.finding.device)
                        .collect::<BTreeSet<_>>()
                        .len() as u64,
                    href: format!("/findings?practice={id}&rule={}", fix.id),
                })
                .collect(),
            accepted: accepted(view, id, now),
            held,
            devices,
            practice,
        })
    })
}

/// The names of a practice's computers by their agents.
pub(super) fn computers_by_agent(
    tx: &mut Tx<'_>,
    practice: PracticeId,
) -> Result<BTreeMap<AgentId, String>, StoreError> {
    let found = agents::of_practice(tx, practice, None, MAX_PAGE)?;
    Ok(found.items.into_iter().map(|agent| (agent.id, agent.name)).collect())
}

/// The year's figures, one a week, the newest kept.
fn trend(days: &[(String, index::Figures)]) -> Vec<TrendPoint> {
    let step = days.len().div_ceil(52).max(1);
    let last = days.len().saturating_sub(1);
    days.iter()
        .enumerate()
        .filter(|(place, _)| (last - place).is_multiple_of(step))
        .filter_map(|(_, (day, figures))| {
            let at = format!("{day}T12:00:00Z").parse().ok()?;
            Some(TrendPoint { at, mean: Usd(figures.loss_mean), range: None })
        })
        .collect()
}

fn controls(from: &From<'_>, statuses: &[enamel_risk::SideBySide], id: PracticeId) -> Controls {
    let mut controls = Controls::default();
    for status in statuses.iter().map(|status| &status.current) {
        match status.state {
            ControlState::Met => controls.met += 1,
            ControlState::Partly => controls.partly += 1,
            ControlState::NotMet => controls.not_met += 1,
            ControlState::Unknown => controls.unknown += 1,
        }
        let oldest = status
            .evidence
            .iter()
            .filter(|evidence| evidence.outcome != EvidenceOutcome::Unknown)
            .min_by_key(|evidence| evidence.observed_at);
        let stated = status.attestation.as_ref();
        controls.rows.push(ControlRow {
            id: status.control.to_string(),
            title: from
                .content
                .controls
                .get(&status.control)
                .map_or_else(|| status.control.to_string(), |control| control.title.clone()),
            state: status.state,
            grounds: status.grounds(),
            why: status.why.clone(),
            seen: oldest.map(|evidence| evidence.observed_at).or(stated.map(|stated| stated.made_at)),
            until: oldest
                .map(|evidence| evidence.valid_until)
                .or(stated.map(|stated| stated.attestation.expires_at)),
            evidence: oldest
                .map(|evidence| evidence.observation)
                .or(stated.map(|stated| stated.observation))
                .map(|observation| path(id, observation)),
        });
    }
    let order = |state: ControlState| match state {
        ControlState::NotMet => 0,
        ControlState::Partly => 1,
        ControlState::Unknown => 2,
        ControlState::Met => 3,
    };
    controls.rows.sort_by_key(|row| order(row.state));
    controls
}

fn path(practice: PracticeId, observation: ObservationId) -> String {
    format!("/practices/{practice}/evidence/{observation}")
}

/// The surveys for patient data that the view rests on, newest of each scope.
fn surveys(
    from: &From<'_>,
    view: &PracticeView,
) -> Result<Vec<(DeviceId, ObservationId, PatientDataSurvey)>, StoreError> {
    let mut found = Vec::new();
    for judgement in view.judgements().filter(|judgement| judgement.scope.starts_with("phi:")) {
        match from.store.entry(&from.scope, view.practice(), judgement.observation) {
            Ok(entry) => {
                if let Body::PatientData(survey) = entry.observation.body {
                    found.push((judgement.device, judgement.observation, survey));
                }
            }
            Err(StoreError::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

fn patient_data(
    id: PracticeId,
    view: &PracticeView,
    surveys: &[(DeviceId, ObservationId, PatientDataSurvey)],
    computer: &dyn Fn(DeviceId) -> String,
    now: Timestamp,
) -> PatientData {
    let mut places: Vec<DataPlace> = surveys
        .iter()
        .flat_map(|(device, observation, survey)| {
            survey.folders.iter().map(move |folder| DataPlace {
                computer: computer(*device),
                path: folder.path.clone(),
                people: folder.persons,
                files: folder.files,
                kinds: folder.entities.keys().map(|entity| kind(*entity)).collect(),
                open_to_others: folder.readable_by_others,
                evidence: path(id, *observation),
            })
        })
        .collect();
    places.sort_by(|a, b| b.people.value.cmp(&a.people.value).then_with(|| a.path.cmp(&b.path)));
    places.truncate(PLACES);
    let fresh = enamel_assess::Fresh::of(view, now);
    PatientData {
        people: fresh.persons().map(|persons| persons.estimate).unwrap_or_default(),
        not_searched: surveys
            .iter()
            .flat_map(|(.., survey)| survey.problems.values().chain(survey.files_not_searched.values()))
            .sum(),
        places,
    }
}

const fn kind(entity: Entity) -> &'static str {
    match entity {
        Entity::Ssn => "kind-ssn",
        Entity::Pan => "kind-pan",
        Entity::Dob => "kind-dob",
        Entity::Name => "kind-name",
        Entity::Phone => "kind-phone",
        Entity::Email => "kind-email",
        Entity::Mrn => "kind-mrn",
        Entity::MemberId => "kind-member-id",
    }
}

fn accepted(view: &PracticeView, id: PracticeId, now: Timestamp) -> Vec<Accepted> {
    let mut rows: Vec<Accepted> = view
        .acceptances()
        .keys()
        .filter_map(|finding| Some((view.accepted(*finding, now)?, view.findings().get(finding)?)))
        .map(|(held, record)| Accepted {
            title: record.finding.title.clone(),
            person: held.acceptance.person.clone(),
            until: held.acceptance.expires_at,
            soon: held.acceptance.expires_at.duration_since(now) < SOON,
            href: format!("/practices/{id}/findings/{}", record.finding.id),
        })
        .collect();
    rows.sort_by_key(|row| row.until);
    rows
}

/// Where a finding stands now.
fn state(record: &FindingRecord, view: &PracticeView, now: Timestamp) -> State {
    let shown = view.judgements().find(|judgement| judgement.observation == record.finding.observation);
    let is_stale =
        shown.is_some_and(|judgement| !is_fresh(judgement.observed_at, judgement.valid_until, now));
    match record.state {
        FindingState::Resolved => State::Resolved,
        _ if view.accepted(record.finding.id, now).is_some() => State::Accepted,
        _ if is_stale => State::Stale,
        FindingState::Open => State::Open,
        FindingState::Reopened => State::Reopened,
    }
}

/// One finding with its history. `form` is what was typed into the form, where it comes back.
pub(in crate::console) fn finding(
    from: &From<'_>,
    id: PracticeId,
    finding: FindingId,
    may_accept: bool,
    form: Option<AcceptForm>,
) -> Result<FindingDetail, StoreError> {
    let (view, _) = from.reconciler.view(&from.scope, id)?;
    let now = from.words.now;
    let record = view.findings().get(&finding).ok_or(StoreError::NotFound("finding"))?;
    let (practice, computer) = from.store.read(&from.scope, |tx| {
        let practice = Names::of(tx)?.practice(tx, id)?;
        let computer = index::device(tx, record.finding.device).map(|device| device.name);
        Ok::<(PracticeRef, String), StoreError>((
            practice,
            computer.unwrap_or_else(|_| from.words.t("device-name-missing")),
        ))
    })?;
    let acceptance = view.accepted(finding, now);
    let earliest = (now + SignedDuration::from_hours(24)).strftime("%Y-%m-%d").to_string();
    let latest = (now + SignedDuration::from_hours(365 * 24)).strftime("%Y-%m-%d").to_string();
    let usual = (now + SignedDuration::from_hours(90 * 24)).strftime("%Y-%m-%d").to_string();
    let form = form.unwrap_or_else(|| AcceptForm { until: usual, ..AcceptForm::default() });
    Ok(FindingDetail {
        row: row_of(record, &practice, computer, state(record, &view, now)),
        why: record.finding.why.clone(),
        seen: record.finding.seen.clone(),
        action: record.finding.fix.action.clone(),
        steps: steps(&record.finding.fix.how).iter().map(ToString::to_string).collect(),
        minutes: record.finding.fix.minutes,
        people: record.finding.persons.filter(|people| *people > 0),
        controls: record.finding.controls.iter().map(ToString::to_string).collect(),
        history: history(record, &view, id),
        evidence: path(id, record.finding.observation),
        acceptance: acceptance.map(|held| Acceptance {
            reason: held.acceptance.reason.clone(),
            compensating: held.acceptance.compensating.clone(),
            person: held.acceptance.person.clone(),
            made_at: held.made_at,
            until: held.acceptance.expires_at,
        }),
        form: (may_accept
            && record.is_open()
            && acceptance.is_none()
            && record.finding.severity > Severity::Informational)
            .then_some(AcceptForm { earliest, latest, ..form }),
    })
}

fn history(record: &FindingRecord, view: &PracticeView, id: PracticeId) -> Vec<Event> {
    let event = |at, key| Event { at, key, who: String::new(), evidence: None };
    let mut history = vec![event(record.first_seen, "event-first-seen")];
    if let Some(at) = record.resolved_at {
        history.push(event(at, "event-resolved"));
    }
    if record.last_seen > record.first_seen {
        let came_back = record.resolved_at.is_some_and(|gone| gone < record.last_seen);
        let key = if came_back { "event-reopened" } else { "event-last-seen" };
        history.push(Event {
            evidence: Some(path(id, record.finding.observation)),
            ..event(record.last_seen, key)
        });
    }
    if let Some(held) = view.acceptances().get(&record.finding.id) {
        let evidence = Some(path(id, held.observation));
        history.push(Event {
            who: held.acceptance.person.clone(),
            evidence: evidence.clone(),
            ..event(held.made_at, "event-accepted")
        });
    }
    history.sort_by_key(|event| event.at);
    history
}

/// One piece of evidence.
pub(in crate::console) fn evidence(
    from: &From<'_>,
    id: PracticeId,
    observation: ObservationId,
) -> Result<EvidencePage, StoreError> {
    let entry = from.store.entry(&from.scope, id, observation)?;
    let (view, _) = from.reconciler.view(&from.scope, id)?;
    let seen = &entry.observation;
    let (practice, computer) = from.store.read(&from.scope, |tx| {
        let practice = Names::of(tx)?.practice(tx, id)?;
        let computer = index::device(tx, seen.device).map(|device| device.name);
        Ok::<(PracticeRef, String), StoreError>((
            practice,
            computer.unwrap_or_else(|_| from.words.t("device-name-missing")),
        ))
    })?;
    let judgement = view.judgements().find(|judgement| judgement.observation == observation);
    let says = judgement.into_iter().flat_map(|judgement| &judgement.evidence);
    let mut says: Vec<(String, EvidenceOutcome)> =
        says.map(|evidence| (evidence.statement.clone(), evidence.outcome)).collect();
    says.sort_by(|a, b| (a.1, &a.0).cmp(&(b.1, &b.0)));
    says.dedup();
    let pretty =
        enamel_types::text::escape_json(&serde_json::to_string_pretty(&seen.body).unwrap_or_default());
    let cut = pretty.chars().count() > BODY;
    Ok(EvidencePage {
        practice,
        id: observation.to_string(),
        sensor: seen.sensor.name.clone(),
        version: seen.sensor.version.clone(),
        computer,
        scope: seen.scope.clone(),
        observed_at: seen.observed_at,
        received_at: entry.received_at,
        valid_until: seen.valid_until,
        fresh: is_fresh(seen.observed_at, seen.valid_until, from.words.now),
        seq: entry.seq,
        agent_seq: entry.agent_seq,
        prev: entry.prev.to_string(),
        // The store computes the hash anew as it reads, and gives out nothing that is not as it was written.
        whole: true,
        hash: entry.hash.to_string(),
        says,
        gaps: seen.gaps.iter().map(|gap| (gap.what.clone(), gap.why.clone())).collect(),
        body: if cut { pretty.chars().take(BODY).collect() } else { pretty },
        cut,
    })
}
