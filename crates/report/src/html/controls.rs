//! The safeguards the rule asks for: where the practice stands, and what says so.

use enamel_types::ControlStatus;
use enamel_types::control::{AttestationRef, Grounds};
use serde::Serialize;

use super::{Context, Link, summary};
use crate::text::{Shown, sentence, shown};
use crate::{ControlRow, Duty, ReportModel, words};

/// Pieces of evidence shown for one control, contradicting first as the status gives them.
const EVIDENCE: usize = 12;

/// All controls by section.
#[derive(Serialize)]
pub(crate) struct ControlsSection {
    pub(super) all: u64,
    /// Met: seen by a sensor.
    pub(super) measured: u64,
    /// Met: a person says so.
    pub(super) stated: u64,
    /// Not done, by a decision in force.
    pub(super) declined: u64,
    pub(super) partly: u64,
    pub(super) not_met: u64,
    pub(super) unknown: u64,
    pub(super) groups: Vec<ControlGroup>,
}

/// One section of the rule.
#[derive(Serialize)]
pub(crate) struct ControlGroup {
    pub(super) title: Shown,
    pub(super) controls: Vec<Control>,
}

/// One control.
#[derive(Serialize)]
pub(crate) struct Control {
    pub(super) id: Shown,
    pub(super) title: Shown,
    pub(super) question: Shown,
    pub(super) duty: &'static str,
    /// The badge, and the key of its icon and color.
    pub(super) state: (Shown, &'static str),
    pub(super) why: Shown,
    pub(super) evidence: Vec<EvidenceLine>,
    pub(super) more_evidence: u64,
    pub(super) attestation: Option<AttestationLine>,
    pub(super) proposed: Option<Proposed>,
}

/// The status under the proposal.
#[derive(Serialize)]
pub(crate) struct Proposed {
    pub(super) state: (&'static str, &'static str),
    /// Empty where it is the same as under the rule in force.
    pub(super) why: Shown,
}

/// One piece of evidence.
#[derive(Serialize)]
pub(crate) struct EvidenceLine {
    pub(super) outcome: (&'static str, &'static str),
    pub(super) statement: Shown,
    pub(super) device: Shown,
    pub(super) date: String,
    pub(super) age: String,
    pub(super) valid_until: String,
    pub(super) link: Link,
}

/// What a named person stated.
#[derive(Serialize)]
pub(crate) struct AttestationLine {
    pub(super) statement: &'static str,
    pub(super) reason: Shown,
    pub(super) person: Shown,
    pub(super) made: String,
    pub(super) expires: String,
    pub(super) link: Link,
}

pub(super) fn section(model: &ReportModel, context: &Context<'_>) -> ControlsSection {
    let mut groups: Vec<ControlGroup> = Vec::new();
    for row in &model.controls {
        let title = shown(&row.section);
        let control = control(row, context);
        match groups.iter_mut().find(|group| group.title == title) {
            Some(group) => group.controls.push(control),
            None => groups.push(ControlGroup { title, controls: vec![control] }),
        }
    }
    let count = summary::Controls::count(model);
    ControlsSection {
        all: count.all,
        measured: count.measured,
        stated: count.stated,
        declined: count.declined,
        partly: count.partly,
        not_met: count.not_met,
        unknown: count.unknown,
        groups,
    }
}

fn control(row: &ControlRow, context: &Context<'_>) -> Control {
    Control {
        id: shown(row.id.as_str()),
        title: shown(&row.title),
        question: shown(&row.question),
        duty: match row.duty {
            Duty::Required => "Required",
            Duty::Addressable => "Addressable",
        },
        state: badge(row),
        why: sentence(&row.status.why),
        evidence: evidence(&row.status, context),
        more_evidence: row.status.evidence.len().saturating_sub(EVIDENCE) as u64,
        attestation: row.status.attestation.as_ref().map(|attestation| attested(attestation, context)),
        proposed: row.proposed.as_ref().map(|status| Proposed {
            state: words::state(status.state),
            why: if status.why == row.status.why { Shown::default() } else { shown(&status.why) },
        }),
    }
}

/// `Met (stated by Dana Reyes)`: what a person says is never shown as what was seen. What was decided against is not met, and
/// its reason stands right below.
fn badge(row: &ControlRow) -> (Shown, &'static str) {
    let (word, key) = words::state(row.status.state);
    let person = row.status.attestation.as_ref().map(|stated| stated.attestation.person.as_str());
    let text = match (row.status.grounds(), person) {
        (Some(Grounds::Declined), _) => return (shown("Decided: not done here"), "none"),
        (Some(Grounds::Measured), _) => format!("{word} (measured)"),
        (Some(Grounds::Stated), Some(person)) => format!("{word} (stated by {person})"),
        _ => word.to_owned(),
    };
    (shown(&text), key)
}

fn evidence(status: &ControlStatus, context: &Context<'_>) -> Vec<EvidenceLine> {
    let line = |evidence: &enamel_types::Evidence| EvidenceLine {
        outcome: words::evidence_outcome(evidence.outcome),
        statement: shown(&evidence.statement),
        device: context.device(evidence.device),
        date: words::date(evidence.observed_at),
        age: context.age(evidence.observed_at),
        valid_until: words::last_day(evidence.valid_until),
        link: context.evidence.link(evidence.observation),
    };
    status.evidence.iter().take(EVIDENCE).map(line).collect()
}

fn attested(attestation: &AttestationRef, context: &Context<'_>) -> AttestationLine {
    let stated = &attestation.attestation;
    AttestationLine {
        statement: words::statement(stated.statement),
        reason: shown(&stated.reason),
        person: shown(&stated.person),
        made: words::date(attestation.made_at),
        expires: words::last_day(stated.expires_at),
        link: context.evidence.link(attestation.observation),
    }
}
