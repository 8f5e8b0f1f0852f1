//! What a configuration means: results, findings, evidence. Pure.

use std::collections::BTreeMap;

use enamel_types::config_state::{CheckReading, ConfigState, NamedValue, Reading};
use enamel_types::{
    Body, CheckOutcome, Evidence, EvidenceOutcome, Finding, FindingClass, FindingId, Fix, Judgement,
    Observation, PracticeProfile, RuleId, RuleResult,
};
use jiff::{SignedDuration, tz::Offset};

use super::catalogue::{Absent, Catalogue, Check, Enough, Expect};
use super::expect::{Context, Met, meets, no_meaning, os_default, shown};

/// Judges a configuration as of the moment it was read. Any other observation gives an empty judgement.
///
/// Checks for another family of systems give no result at all; those without a meaning here give *not applicable*.
pub fn judge_config(
    observation: &Observation,
    catalogue: &Catalogue,
    profile: &PracticeProfile,
) -> Judgement {
    let mut judgement = Judgement::of(observation);
    let Body::ConfigState(state) = &observation.body else { return judgement };
    let context = Context {
        os: &state.os,
        day: Offset::UTC.to_datetime(observation.observed_at).date(),
        profile,
        eol: &catalogue.eol,
    };
    let verdicts = verdicts(state, catalogue, &context);
    for check in catalogue.checks.iter().filter(|check| check.os == state.os.family) {
        let Some(verdict) = verdicts.get(&check.id) else { continue };
        judgement.results.push(RuleResult {
            rule: check.id.clone(),
            title: check.title.clone(),
            outcome: verdict.outcome,
            detail: verdict.detail.clone(),
        });
        if verdict.outcome == CheckOutcome::Fail {
            judgement.findings.extend(findings(observation, check, verdict));
        }
        judgement.evidence.extend(evidence(observation, check, verdict));
    }
    judgement
}

/// What came of one check.
#[derive(Debug, Clone)]
struct Verdict {
    outcome: CheckOutcome,
    detail: String,
    /// What is at fault, where the check looks at several things: `(subject, what was seen)`.
    faults: Vec<(String, String)>,
}

impl Verdict {
    fn new(outcome: CheckOutcome, detail: impl Into<String>) -> Self {
        Self { outcome, detail: detail.into(), faults: Vec::new() }
    }
}

/// Every check's own verdict first, then what follows from other checks.
fn verdicts(state: &ConfigState, catalogue: &Catalogue, context: &Context<'_>) -> BTreeMap<RuleId, Verdict> {
    let readings: BTreeMap<&RuleId, &CheckReading> =
        state.readings.iter().map(|reading| (&reading.check, reading)).collect();
    let family = || catalogue.checks.iter().filter(|check| check.os == state.os.family);
    let mut verdicts: BTreeMap<RuleId, Verdict> = family()
        .map(|check| {
            let verdict = match (no_meaning(check, &state.os), readings.get(&check.id)) {
                (Some(why), _) => Verdict::new(CheckOutcome::NotApplicable, why),
                (None, Some(reading)) => judge_reading(check, reading, context),
                (None, None) => Verdict::new(
                    CheckOutcome::Unknown,
                    "it was not read when this computer was last looked at",
                ),
            };
            (check.id.clone(), verdict)
        })
        .collect();
    // References go to checks without references of their own (the catalogue's validation holds that), so one pass over
    // the first verdicts is enough and the order does not matter.
    let own = verdicts.clone();
    for check in family() {
        let other = |id: &RuleId| own.get(id).map(|verdict| verdict.outcome);
        let replacement = if let Some(id) = &check.only_if_failed
            && matches!(other(id), Some(CheckOutcome::Pass | CheckOutcome::NotApplicable))
        {
            Some(Verdict::new(
                CheckOutcome::NotApplicable,
                format!("{id} passes, so there is nothing to protect here"),
            ))
        } else if let Some(id) = &check.satisfied_by
            && other(id) == Some(CheckOutcome::Pass)
            && matches!(other(&check.id), Some(CheckOutcome::Fail | CheckOutcome::Unknown))
        {
            Some(Verdict::new(CheckOutcome::Pass, format!("{id} passes, which does the same job")))
        } else {
            None
        };
        if let Some(verdict) = replacement {
            verdicts.insert(check.id.clone(), verdict);
        }
    }
    verdicts
}

fn judge_reading(check: &Check, reading: &CheckReading, context: &Context<'_>) -> Verdict {
    let source = reading.source.as_str();
    match &reading.reading {
        Reading::NotApplicable { why } => Verdict::new(CheckOutcome::NotApplicable, why.clone()),
        Reading::Unreadable { why } => Verdict::new(CheckOutcome::Unknown, why.clone()),
        Reading::Absent => absent(check, source, context),
        Reading::Each(values) if values.is_empty() => absent(check, source, context),
        Reading::Each(values) => judge_each(check, source, values, context),
        Reading::Value(value) => {
            let Some(expect) = &check.expect else {
                return Verdict::new(
                    CheckOutcome::Unknown,
                    "its parts are new since this computer was looked at",
                );
            };
            let seen = format!("{source}: {}", shown(value));
            match meets(expect, value, context) {
                Met::Yes => Verdict::new(CheckOutcome::Pass, seen),
                Met::Cannot(why) => Verdict::new(CheckOutcome::Unknown, format!("{source}: {why}")),
                Met::No(entries) if entries.is_empty() => Verdict::new(CheckOutcome::Fail, seen),
                Met::No(entries) => {
                    let detail = format!("{source}: {}", entries.join(", "));
                    let faults = entries.into_iter().map(|entry| (entry.clone(), entry)).collect();
                    Verdict { outcome: CheckOutcome::Fail, detail, faults }
                }
            }
        }
    }
}

/// What it means that nothing is there.
fn absent(check: &Check, source: &str, context: &Context<'_>) -> Verdict {
    let (outcome, because) = absent_outcome(check, context);
    let detail = if because.is_empty() {
        format!("{source}: not set")
    } else {
        format!("{source}: not set; {because}")
    };
    Verdict::new(outcome, detail)
}

fn absent_outcome(check: &Check, context: &Context<'_>) -> (CheckOutcome, String) {
    match check.absent {
        Absent::Pass => (CheckOutcome::Pass, String::new()),
        Absent::Fail => (CheckOutcome::Fail, String::new()),
        Absent::Unknown => (CheckOutcome::Unknown, "what that means here cannot be said".to_owned()),
        Absent::NotApplicable => (CheckOutcome::NotApplicable, "there is no such thing here".to_owned()),
        Absent::OsDefault => match os_default(&check.default, context.os) {
            Ok(Some(rule)) => (rule.then, rule.because.clone()),
            Ok(None) => (CheckOutcome::Unknown, "the default of this system is not known".to_owned()),
            Err(why) => (CheckOutcome::Unknown, why),
        },
    }
}

/// Several values: every one has to be as expected, or one is enough.
fn judge_each(check: &Check, source: &str, values: &[NamedValue], context: &Context<'_>) -> Verdict {
    let judged: Vec<Named> = values.iter().map(|value| judge_named(check, value, context)).collect();
    let count = |outcome| judged.iter().filter(|one| one.outcome == outcome).count();
    let worst = if count(CheckOutcome::Fail) > 0 {
        CheckOutcome::Fail
    } else if count(CheckOutcome::Unknown) > 0 {
        CheckOutcome::Unknown
    } else if count(CheckOutcome::Pass) > 0 {
        CheckOutcome::Pass
    } else {
        CheckOutcome::NotApplicable
    };
    let outcome = match check.enough {
        Enough::One if count(CheckOutcome::Pass) > 0 => CheckOutcome::Pass,
        // Where one would be enough, what could not be read might have been the one.
        Enough::One if count(CheckOutcome::Unknown) > 0 => CheckOutcome::Unknown,
        Enough::Every | Enough::One => worst,
    };
    let text = |only: Option<CheckOutcome>| {
        let some: Vec<String> = judged
            .iter()
            .filter(|one| only.is_none_or(|only| only == one.outcome))
            .map(|one| format!("{}: {}", one.name, one.seen))
            .collect();
        some.join("; ")
    };
    let shown = match (outcome, check.enough) {
        (CheckOutcome::Fail, Enough::One) | (CheckOutcome::NotApplicable, _) => text(None),
        (CheckOutcome::Fail, Enough::Every) if count(CheckOutcome::Unknown) > 0 => {
            format!("{}; {}", text(Some(CheckOutcome::Fail)), text(Some(CheckOutcome::Unknown)))
        }
        (outcome, _) => text(Some(outcome)),
    };
    let faults = if outcome == CheckOutcome::Fail && check.enough == Enough::Every {
        faults(judged.into_iter().filter(|one| one.outcome == outcome))
    } else {
        Vec::new()
    };
    Verdict { outcome, detail: format!("{source}: {shown}"), faults }
}

/// What came of one of several values.
struct Named {
    name: String,
    outcome: CheckOutcome,
    seen: String,
    /// For a list, the entries at fault.
    entries: Vec<String>,
}

/// Each thing at fault once: an entry that stands in two lists is one thing to mend.
fn faults(failed: impl Iterator<Item = Named>) -> Vec<(String, String)> {
    let mut faults: BTreeMap<String, String> = BTreeMap::new();
    for Named { name, seen, entries, .. } in failed {
        if entries.is_empty() {
            faults.insert(name, seen);
            continue;
        }
        for entry in entries {
            let add = |places: &mut String| {
                places.push_str(", ");
                places.push_str(&name);
            };
            faults.entry(entry).and_modify(add).or_insert_with(|| name.clone());
        }
    }
    faults.into_iter().collect()
}

fn judge_named(check: &Check, named: &NamedValue, context: &Context<'_>) -> Named {
    let judged = |outcome, seen: String, entries| Named { name: named.name.clone(), outcome, seen, entries };
    if let Some(why) = &named.unreadable {
        return judged(CheckOutcome::Unknown, why.clone(), Vec::new());
    }
    let Some(value) = &named.value else {
        let (outcome, because) = absent_outcome(check, context);
        let seen = if because.is_empty() { "not set".to_owned() } else { format!("not set; {because}") };
        return judged(outcome, seen, Vec::new());
    };
    let Some(expect) = expectation(check, &named.name) else {
        let why = "this part is no longer in the catalogue".to_owned();
        return judged(CheckOutcome::Unknown, why, Vec::new());
    };
    match meets(expect, value, context) {
        Met::Yes => judged(CheckOutcome::Pass, shown(value), Vec::new()),
        Met::Cannot(why) => judged(CheckOutcome::Unknown, why, Vec::new()),
        Met::No(entries) if entries.is_empty() => judged(CheckOutcome::Fail, shown(value), entries),
        Met::No(entries) => judged(CheckOutcome::Fail, entries.join(", "), entries),
    }
}

/// A part's own expectation, or the check's. Values of one part are named `part` or `part: which`.
fn expectation<'a>(check: &'a Check, name: &str) -> Option<&'a Expect> {
    let part = check.parts.iter().find(|part| {
        name.strip_prefix(part.name.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(": "))
    });
    part.and_then(|part| part.expect.as_ref()).or(check.expect.as_ref())
}

fn findings(observation: &Observation, check: &Check, verdict: &Verdict) -> Vec<Finding> {
    let rule = check.finding_rule.as_ref().unwrap_or(&check.id);
    let finding = |subject: &str, seen: &str| Finding {
        id: FindingId::derive(observation.device, rule, subject),
        rule: rule.clone(),
        device: observation.device,
        subject: subject.to_owned(),
        class: check.class.unwrap_or(FindingClass::Compliance),
        severity: check.severity,
        persons: None,
        title: if subject.is_empty() {
            check.problem.clone()
        } else {
            format!("{}: {subject}", check.problem)
        },
        why: check.why.clone(),
        seen: seen.to_owned(),
        fix: Fix { action: check.action.clone(), how: check.fix.clone(), minutes: check.minutes },
        controls: check.controls.clone(),
        observation: observation.id,
    };
    if verdict.faults.is_empty() {
        vec![finding("", &verdict.detail)]
    } else {
        verdict.faults.iter().map(|(subject, seen)| finding(subject, seen)).collect()
    }
}

fn evidence(observation: &Observation, check: &Check, verdict: &Verdict) -> Vec<Evidence> {
    let (outcome, claim) = match verdict.outcome {
        CheckOutcome::Pass => (EvidenceOutcome::Supports, &check.title),
        CheckOutcome::Fail => (EvidenceOutcome::Contradicts, &check.problem),
        CheckOutcome::Unknown => (EvidenceOutcome::Unknown, &check.title),
        CheckOutcome::NotApplicable => return Vec::new(),
    };
    let statement = match outcome {
        EvidenceOutcome::Unknown => format!("Could not be seen: {claim} ({})", verdict.detail),
        EvidenceOutcome::Supports | EvidenceOutcome::Contradicts => format!("{claim} ({})", verdict.detail),
    };
    let hours = check.valid_hours.unwrap_or(super::VALID_HOURS);
    // An observation that is stale takes everything that rests on it along, however long the check's own time is.
    let valid_until = observation
        .observed_at
        .checked_add(SignedDuration::from_hours(i64::from(hours)))
        .map_or(observation.valid_until, |until| until.min(observation.valid_until));
    check
        .controls
        .iter()
        .map(|control| Evidence {
            control: control.clone(),
            outcome,
            rule: check.id.clone(),
            statement: statement.clone(),
            device: observation.device,
            observation: observation.id,
            observed_at: observation.observed_at,
            valid_until,
        })
        .collect()
}
