//! What each fix is worth: the same years again, with one weakness gone.

use std::collections::BTreeMap;

use enamel_types::risk::FixWorth;
use enamel_types::words::{counted, grouped};
use enamel_types::{Finding, Minutes, RuleId, Usd};

use crate::input::{RiskInput, RuleCounts};
use crate::model::{Effects, Practice};
use crate::parallel::in_order;
use crate::simulate::{Dice, Run};

/// The plan: one fix for each rule with open findings, those that save most for an hour of work first. A rule that passes
/// wherever it was looked at has nothing to mend; what it found is worth knowing, like a folder that is closed already.
pub(crate) fn plan(
    runs: &[Run<'_>],
    practice: &Practice,
    dice: Dice,
    input: &RiskInput<'_>,
    known: &BTreeMap<RuleId, RuleCounts>,
    trials: u32,
    threads: usize,
) -> Vec<FixWorth> {
    let mut open: BTreeMap<&RuleId, Vec<&Finding>> = BTreeMap::new();
    let passes = |rule: &RuleId| {
        known.get(rule).is_some_and(|counts| counts.pass > 0 && counts.fail == 0 && counts.unknown == 0)
    };
    for finding in input.findings.iter().filter(|finding| !passes(&finding.rule)) {
        open.entry(&finding.rule).or_default().push(finding);
    }
    let open: Vec<(&RuleId, Vec<&Finding>)> = open.into_iter().collect();
    let saved = in_order(open.len(), threads, |index| {
        let fixed = with_fixed(known, open[index].0);
        let parts = runs.iter().map(|run| {
            let effects = Effects::new(run.bound.scenario, &fixed);
            run.saved(&effects, practice, dice, trials)
        });
        parts.sum::<f64>()
    });
    let mut fixes: Vec<FixWorth> = open
        .into_iter()
        .zip(saved)
        .filter_map(|((rule, findings), saved)| worth(rule, findings, saved))
        .collect();
    fixes.sort_by(|a, b| {
        let by_hour = b.saves_per_hour.0.total_cmp(&a.saves_per_hour.0);
        by_hour.then_with(|| b.saves_mean.0.total_cmp(&a.saves_mean.0)).then_with(|| a.id.cmp(&b.id))
    });
    fixes
}

/// What would be known if every computer on which a rule fails passed it.
fn with_fixed(known: &BTreeMap<RuleId, RuleCounts>, rule: &RuleId) -> BTreeMap<RuleId, RuleCounts> {
    let mut fixed = known.clone();
    if let Some(counts) = fixed.get_mut(rule) {
        counts.pass = counts.pass.saturating_add(counts.fail);
        counts.fail = 0;
    }
    fixed
}

/// Title and steps come from the worst finding.
fn worth(rule: &RuleId, mut findings: Vec<&Finding>, saved: f64) -> Option<FixWorth> {
    findings.sort_by(|a, b| a.worst_first(b));
    let worst = *findings.first()?;
    let minutes = findings.iter().fold(0u32, |sum, finding| sum.saturating_add(finding.fix.minutes.0));
    // A fix that takes no time would divide by zero; a minute is the least that anything takes.
    let hours = f64::from(minutes.max(1)) / 60.0;
    Some(FixWorth {
        id: rule.clone(),
        title: title(worst, &findings),
        how: worst.fix.how.clone(),
        saves_mean: Usd(saved),
        minutes: Minutes(minutes),
        saves_per_hour: Usd(saved / hours),
        findings: findings.iter().map(|finding| finding.id).collect(),
    })
}

/// What to do about the worst finding, and about how many places and people it goes in all, where they ask for different
/// things: `Move the patient data out of C:\…, the first of 7 folders with data of up to 620 people`. Somebody may be in two
/// folders, so the sum is a bound.
fn title(worst: &Finding, findings: &[&Finding]) -> String {
    let action = &worst.fix.action;
    if findings.iter().all(|finding| finding.fix.action == *action) {
        return action.clone();
    }
    let places = findings.len() as u64;
    let people: u64 = findings.iter().filter_map(|finding| finding.persons).sum();
    if people == 0 {
        return format!("{action}, the first of {} places", grouped(places));
    }
    format!(
        "{action}, the first of {} folders with data of up to {}",
        grouped(places),
        counted(people, "person", "people")
    )
}
