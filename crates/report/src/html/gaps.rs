//! What could not be seen: places, checks that could not be decided, and safeguards that only a person can answer.
//! The thing stands first, then why, then what to do.

use std::collections::BTreeMap;

use enamel_types::CheckOutcome;
use enamel_types::control::ControlState;
use serde::Serialize;

use super::{Context, Link};
use crate::text::{Shown, shown};
use crate::{ControlRow, Duty, ReportModel, words};

/// Reasons shown for each part, and things named for one reason.
const REASONS: usize = 60;
const THINGS: usize = 8;

/// Questions to a person, required ones first.
const QUESTIONS: usize = 10;

/// The three parts.
#[derive(Serialize)]
pub(crate) struct GapsSection {
    pub(super) places_count: u64,
    pub(super) places: Vec<Group>,
    pub(super) more_places: u64,
    pub(super) checks_count: u64,
    pub(super) checks: Vec<Group>,
    pub(super) more_checks: u64,
    pub(super) questions_count: u64,
    pub(super) questions: Vec<Question>,
    pub(super) more_questions: u64,
    /// Safeguards that a sensor could have seen and none has.
    pub(super) unlooked: u64,
}

/// Things that the same reason kept from us.
#[derive(Serialize)]
pub(crate) struct Group {
    pub(super) things: Vec<Thing>,
    pub(super) more: u64,
    pub(super) why: Shown,
    /// What would help; empty where nobody said.
    pub(super) help: Shown,
}

/// One thing that could not be seen.
#[derive(Serialize)]
pub(crate) struct Thing {
    pub(super) what: Shown,
    pub(super) device: Shown,
    /// Where it is recorded; `None` for a check.
    pub(super) evidence: Option<Link>,
}

/// A safeguard that only a person can answer.
#[derive(Serialize)]
pub(crate) struct Question {
    pub(super) id: Shown,
    pub(super) title: Shown,
    pub(super) text: Shown,
    pub(super) duty: &'static str,
    pub(super) why: Shown,
}

pub(super) fn section(model: &ReportModel, context: &Context<'_>) -> GapsSection {
    let (places, more_places) = groups(model.gaps.iter().map(|entry| {
        let evidence = Some(context.evidence.link(entry.observation));
        let thing = || Thing { what: shown(&entry.gap.what), device: context.device(entry.device), evidence };
        (entry.gap.why.as_str(), thing)
    }));
    let undecided = super::findings::came_out(model, CheckOutcome::Unknown);
    let (checks, more_checks) = groups(undecided.iter().map(|check| {
        let thing =
            move || Thing { what: shown(check.title), device: context.device(check.device), evidence: None };
        (&*check.detail, thing)
    }));
    let unknown = || model.controls.iter().filter(|row| row.status.state == ControlState::Unknown);
    let mut asked: Vec<&ControlRow> = unknown().filter(|row| row.only_a_person).collect();
    asked.sort_by_key(|row| row.duty != Duty::Required); // stable: the catalogue's order within
    GapsSection {
        places_count: model.gaps.len() as u64,
        places,
        more_places,
        checks_count: undecided.len() as u64,
        checks,
        more_checks,
        questions_count: asked.len() as u64,
        questions: asked.iter().take(QUESTIONS).map(|row| question(row)).collect(),
        more_questions: asked.len().saturating_sub(QUESTIONS) as u64,
        unlooked: unknown().filter(|row| !row.only_a_person).count() as u64,
    }
}

/// Groups things by why they could not be seen, most frequent reason first; also how many things no group lists.
fn groups<'a, F: FnOnce() -> Thing>(things: impl Iterator<Item = (&'a str, F)>) -> (Vec<Group>, u64) {
    let mut by_reason: BTreeMap<&str, Vec<F>> = BTreeMap::new();
    for (why, thing) in things {
        by_reason.entry(why).or_default().push(thing);
    }
    let mut reasons: Vec<_> = by_reason.into_iter().collect();
    reasons.sort_by_key(|(_, things)| std::cmp::Reverse(things.len()));
    let more = reasons.iter().skip(REASONS).map(|(_, things)| things.len() as u64).sum();
    let group = |(text, things): (&str, Vec<F>)| {
        let (why, help) = words::why_and_help(text);
        Group {
            more: things.len().saturating_sub(THINGS) as u64,
            things: things.into_iter().take(THINGS).map(|thing| thing()).collect(),
            why: shown(why),
            help: shown(help),
        }
    };
    (reasons.into_iter().take(REASONS).map(group).collect(), more)
}

fn question(row: &ControlRow) -> Question {
    Question {
        id: shown(row.id.as_str()),
        title: shown(&row.title),
        text: shown(&row.question),
        duty: match row.duty {
            Duty::Required => "Required",
            Duty::Addressable => "Addressable",
        },
        why: shown(&row.status.why),
    }
}
