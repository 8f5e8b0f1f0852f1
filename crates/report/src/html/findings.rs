//! All findings by severity, and every check with its outcome.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use enamel_types::{CheckOutcome, DeviceId, FindingEntry, RuleId, RuleResult, Severity, Standing};
use serde::Serialize;

use super::{Context, Link, summary};
use crate::text::{Shown, sentence, shown, steps};
use crate::{ReportModel, words};

/// Rules shown for one severity, places shown for one rule, and places on the whole page.
const RULES: usize = 80;
const PLACES: usize = 15;
const PLACES_IN_ALL: usize = 800;

/// Checks listed for one outcome.
const CHECKS: usize = 200;

/// All findings.
#[derive(Serialize)]
pub(crate) struct FindingsSection {
    pub(super) groups: Vec<SeverityGroup>,
    pub(super) resolved: Vec<ResolvedLine>,
    pub(super) more_resolved: u64,
}

/// The findings of one severity.
#[derive(Serialize)]
pub(crate) struct SeverityGroup {
    pub(super) key: &'static str,
    pub(super) name: &'static str,
    pub(super) ask: &'static str,
    pub(super) count: u64,
    pub(super) rules: Vec<RuleGroup>,
    pub(super) more: u64,
}

/// The findings of one rule: what and why once, where in a list.
#[derive(Serialize)]
pub(crate) struct RuleGroup {
    pub(super) rule: Shown,
    pub(super) anchor: Option<String>,
    pub(super) title: Shown,
    pub(super) why: Shown,
    pub(super) steps: Vec<Shown>,
    pub(super) minutes: String,
    pub(super) controls: Vec<Shown>,
    pub(super) devices: String,
    pub(super) places: Vec<FindingPlace>,
    pub(super) more: u64,
}

/// One finding's place.
#[derive(Serialize)]
pub(crate) struct FindingPlace {
    pub(super) device: Shown,
    pub(super) subject: Shown,
    /// The finding's own title where it differs from its group's.
    pub(super) title: Shown,
    pub(super) seen: Shown,
    /// What to do there, where places of one group ask for different things.
    pub(super) action: Shown,
    pub(super) first: String,
    pub(super) last: String,
    pub(super) stale: bool,
    pub(super) evidence: Link,
}

/// One finding that is gone.
#[derive(Serialize)]
pub(crate) struct ResolvedLine {
    pub(super) title: Shown,
    pub(super) device: Shown,
    pub(super) subject: Shown,
    pub(super) last: String,
}

pub(super) fn section(model: &ReportModel, context: &Context<'_>) -> FindingsSection {
    let present: Vec<&FindingEntry> =
        model.findings.iter().filter(|entry| entry.standing != Standing::Resolved).collect();
    let resolved = || model.findings.iter().filter(|entry| entry.standing == Standing::Resolved);
    let severities =
        [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Informational];
    let mut budget = PLACES_IN_ALL;
    let groups = severities
        .into_iter()
        .filter_map(|severity| severity_group(severity, &present, &mut budget, model, context))
        .collect();
    FindingsSection {
        groups,
        resolved: resolved()
            .take(100)
            .map(|entry| ResolvedLine {
                title: shown(&entry.finding.title),
                device: context.device(entry.finding.device),
                subject: shown(&entry.finding.subject),
                last: words::date(entry.last_seen),
            })
            .collect(),
        more_resolved: resolved().count().saturating_sub(100) as u64,
    }
}

fn severity_group(
    severity: Severity,
    present: &[&FindingEntry],
    budget: &mut usize,
    model: &ReportModel,
    context: &Context<'_>,
) -> Option<SeverityGroup> {
    let mut rules: BTreeMap<&str, Vec<&FindingEntry>> = BTreeMap::new();
    for entry in present.iter().filter(|entry| entry.finding.severity == severity) {
        rules.entry(entry.finding.rule.as_str()).or_default().push(entry);
    }
    let count = rules.values().map(Vec::len).sum::<usize>() as u64;
    if count == 0 {
        return None;
    }
    // What the plan puts first stands first here too; what it does not know follows by name.
    let rank =
        |rule: &str| model.risk.fixes.iter().position(|fix| fix.id.as_str() == rule).unwrap_or(usize::MAX);
    let mut rules: Vec<_> = rules.into_iter().collect();
    rules.sort_by_key(|(rule, _)| rank(rule));
    let listed: Vec<RuleGroup> = rules
        .iter()
        .take(RULES)
        .map(|(rule, entries)| {
            // One rule may find things of two severities; a page must not hold two anchors of one name.
            let first_of_rule = entries.first().is_some_and(|first| {
                !present.iter().any(|other| {
                    other.finding.rule == first.finding.rule && other.finding.severity > severity
                })
            });
            let group = rule_group(rule, first_of_rule, entries, PLACES.min(*budget), context);
            *budget -= group.places.len();
            group
        })
        .collect();
    let left_out: usize = rules.iter().skip(RULES).map(|(_, entries)| entries.len()).sum();
    let (name, ask) = words::severity(severity);
    Some(SeverityGroup { key: severity.as_str(), name, ask, count, rules: listed, more: left_out as u64 })
}

fn rule_group(
    rule: &str,
    anchored: bool,
    entries: &[&FindingEntry],
    places: usize,
    context: &Context<'_>,
) -> RuleGroup {
    let mut entries = entries.to_vec();
    entries.sort_by(|a, b| a.finding.worst_first(&b.finding));
    let first = &entries[0].finding;
    let same_action = entries.iter().all(|entry| entry.finding.fix.action == first.fix.action);
    let place = |entry: &&FindingEntry| FindingPlace {
        device: context.device(entry.finding.device),
        subject: shown(&entry.finding.subject),
        title: if entry.finding.title == first.title {
            Shown::default()
        } else {
            shown(&entry.finding.title)
        },
        seen: shown(&entry.finding.seen),
        action: if same_action { Shown::default() } else { shown(&entry.finding.fix.action) },
        first: words::date(entry.first_seen),
        last: words::date(entry.last_seen),
        stale: entry.standing == Standing::Stale,
        evidence: context.evidence.link(entry.finding.observation),
    };
    RuleGroup {
        rule: shown(rule),
        anchor: anchored.then(|| anchor(rule)),
        title: shown(&first.title),
        why: sentence(&first.why),
        steps: steps(&first.fix.how),
        minutes: first.fix.minutes.to_string(),
        controls: first.controls.iter().map(|control| shown(control.as_str())).collect(),
        devices: words::counted(
            summary::device_count(entries.iter().map(|entry| &entry.finding)),
            "computer",
            "computers",
        ),
        places: entries.iter().take(places).map(place).collect(),
        more: entries.len().saturating_sub(places) as u64,
    }
}

/// A rule's name as an anchor: letters and digits as they are, everything else as its code, so that no two rules meet.
pub(super) fn anchor(rule: &str) -> String {
    let mut anchor = String::from("rule-");
    for c in rule.chars() {
        if c.is_ascii_alphanumeric() {
            anchor.push(c);
        } else {
            let _ = write!(anchor, "_{:02x}", u32::from(c)); // writing to a String cannot fail
        }
    }
    anchor
}

/// Every check that was tried.
#[derive(Serialize)]
pub(crate) struct ChecksSection {
    pub(super) groups: Vec<CheckGroup>,
}

/// The checks of one outcome.
#[derive(Serialize)]
pub(crate) struct CheckGroup {
    pub(super) name: &'static str,
    pub(super) key: &'static str,
    pub(super) count: u64,
    pub(super) lines: Vec<CheckLine>,
    pub(super) more: u64,
}

/// One check on one computer.
#[derive(Serialize)]
pub(crate) struct CheckLine {
    pub(super) rule: Shown,
    pub(super) title: Shown,
    pub(super) device: Shown,
    pub(super) detail: Shown,
}

pub(super) fn checks(model: &ReportModel, context: &Context<'_>) -> ChecksSection {
    let outcomes =
        [CheckOutcome::Fail, CheckOutcome::Unknown, CheckOutcome::Pass, CheckOutcome::NotApplicable];
    let group = |outcome: CheckOutcome| {
        let all = came_out(model, outcome);
        let line = |check: &Check<'_>| CheckLine {
            rule: shown(check.rule),
            title: shown(check.title),
            device: context.device(check.device),
            detail: shown(&check.detail),
        };
        let (name, key) = words::check_outcome(outcome);
        CheckGroup {
            name,
            key,
            count: all.len() as u64,
            lines: all.iter().take(CHECKS).map(line).collect(),
            more: all.len().saturating_sub(CHECKS) as u64,
        }
    };
    ChecksSection { groups: outcomes.into_iter().map(group).filter(|group| group.count > 0).collect() }
}

/// One check as it is counted and shown.
pub(super) struct Check<'a> {
    rule: &'a str,
    pub(super) title: &'a str,
    pub(super) device: DeviceId,
    pub(super) detail: Cow<'a, str>,
}

/// The checks that came out one way. Twenty kinds of files without a password are one good news, not twenty; nor are they
/// forty where a folder was searched too, nor any where a password was found after all.
pub(super) fn came_out(model: &ReportModel, outcome: CheckOutcome) -> Vec<Check<'_>> {
    let of = || model.results.iter().filter(move |entry| entry.result.outcome == outcome);
    let folds = |result: &RuleResult| outcome != CheckOutcome::Fail && result.rule.is_secret();
    let mut kinds: BTreeMap<DeviceId, (&str, BTreeSet<&RuleId>)> = BTreeMap::new();
    for entry in of().filter(|entry| folds(&entry.result)) {
        let fold = kinds.entry(entry.device).or_insert((&entry.result.detail, BTreeSet::new()));
        fold.1.insert(&entry.result.rule);
    }
    if outcome == CheckOutcome::Pass {
        let failed = |device: &DeviceId| {
            model.results.iter().any(|entry| {
                entry.device == *device
                    && entry.result.rule.is_secret()
                    && entry.result.outcome == CheckOutcome::Fail
            })
        };
        kinds.retain(|device, _| !failed(device));
    }
    let folded = kinds.into_iter().map(|(device, (detail, kinds))| Check {
        rule: words::SECRET_RULES,
        title: words::NO_SECRETS,
        device,
        detail: if outcome == CheckOutcome::Pass {
            let kinds = words::counted(kinds.len() as u64, "kind of place", "kinds of places");
            Cow::Owned(format!("{kinds} looked at, none found"))
        } else {
            Cow::Borrowed(detail)
        },
    });
    let single = of().filter(|entry| !folds(&entry.result)).map(|entry| Check {
        rule: entry.result.rule.as_str(),
        title: words::check_title(&entry.result),
        device: entry.device,
        detail: Cow::Borrowed(&entry.result.detail),
    });
    folded.chain(single).collect()
}
