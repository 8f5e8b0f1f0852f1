//! What the shipped scenarios say, and that the simulation keeps its promises.

use std::collections::{BTreeMap, BTreeSet};

use enamel_risk::{Amount, MeasuredPersons, Scenarios, Spread, heat_map, simulate};
use enamel_types::practice::PracticeProfile;
use enamel_types::risk::{Basis, LossDistribution, RiskFigures};
use enamel_types::{Estimate, Finding, Severity, Usd};
use proptest::prelude::*;

use crate::world::{all_rules, counts, everywhere, finding, input, observation, rule, scenarios};

const TRIALS: u32 = 20_000;

fn run(results: BTreeMap<enamel_types::RuleId, enamel_risk::RuleCounts>) -> RiskFigures {
    simulate(&scenarios(), &input(results, &[], &PracticeProfile::default()), TRIALS, 1, 2)
}

#[test]
fn bits_do_not_depend_on_threads_but_on_the_seed() {
    let profile = PracticeProfile::default();
    let findings: Vec<_> = ["W01", "W08", "W53", "W03", "L11"].iter().map(|id| finding(id, 1, 30)).collect();
    let input = input(everywhere(counts(2, 0, 1)), &findings, &profile);
    let one = simulate(&scenarios(), &input, 30_000, 7, 1);
    for threads in [2, 3, 8] {
        let other = simulate(&scenarios(), &input, 30_000, 7, threads);
        assert_eq!(
            serde_json::to_string(&one).unwrap(),
            serde_json::to_string(&other).unwrap(),
            "{threads} threads"
        );
    }
    assert_ne!(one.total, simulate(&scenarios(), &input, 30_000, 8, 2).total);
}

/// The standard error of a sample's mean, with each loss taken as the upper edge of its step of the curve.
fn standard_error(losses: &LossDistribution, trials: f64) -> f64 {
    let curve = &losses.curve;
    let first = curve.first().map_or(0.0, |(loss, chance)| (losses.any_loss - chance) * loss.0.powi(2));
    let steps = curve.windows(2).map(|step| (step[0].1 - step[1].1) * step[1].0.0.powi(2));
    // The last step is a bucket, which is 1/64 wide.
    let last = curve.last().map_or(0.0, |(loss, chance)| chance * (loss.0 * 65.0 / 64.0).powi(2));
    let square = first + steps.sum::<f64>() + last;
    ((square - losses.mean.0.powi(2)) / trials).sqrt()
}

#[test]
fn the_simulated_mean_is_the_mean_by_formula() {
    const TRIALS: u32 = 400_000;
    let profile = PracticeProfile::default();
    let found = [BTreeMap::new(), everywhere(counts(0, 5, 0)), everywhere(counts(3, 0, 0))];
    for (seed, results) in (1..).zip(found) {
        let figures = simulate(&scenarios(), &input(results, &[], &profile), TRIALS, seed, 2);
        let mut all = 0.0;
        for risk in &figures.scenarios {
            let exact = risk.events_per_year * risk.event_loss.0;
            // An extreme year that came widens the sample's own error. One that stayed away does not show in it: for that
            // side, k loss years know a heavy-tailed mean to about 2/sqrt(k); five times that.
            let own = 5.0 * standard_error(&risk.losses, f64::from(TRIALS));
            let years = risk.losses.any_loss * f64::from(TRIALS);
            let allowed = own.max(10.0 / years.sqrt() * exact);
            let apart = (risk.losses.mean.0 - exact).abs();
            assert!(apart < allowed, "{}, seed {seed}: {} against {exact}", risk.id, risk.losses.mean.0);
            all += exact;
        }
        // A rare scenario's one extreme year widens what is allowed for it; for all together it must stay narrow.
        let allowed = 5.0 * standard_error(&figures.total, f64::from(TRIALS));
        let apart = (figures.total.mean.0 - all).abs();
        assert!(apart < allowed && allowed < 0.25 * all, "seed {seed}: {apart} of {all}, {allowed} allowed");
    }
}

#[test]
fn the_mean_has_a_range_that_narrows_with_what_is_known() {
    let vague = run(BTreeMap::new());
    let (low, high) = vague.mean_range.unwrap();
    assert!(low < vague.total.mean && vague.total.mean < high, "{low} {} {high}", vague.total.mean);
    let profile = PracticeProfile {
        patients: Some(4_000),
        production_per_day: Some(Usd(5_400.0)),
        ..Default::default()
    };
    let stated = simulate(&scenarios(), &input(BTreeMap::new(), &[], &profile), 1_000, 1, 1);
    let (from, to) = stated.mean_range.unwrap();
    assert!(to.0 / from.0 < high.0 / low.0, "{from} to {to} against {low} to {high}");
}

#[test]
fn the_shipped_numbers_are_of_the_right_size() {
    let figures = run(BTreeMap::new());
    let ransomware: Vec<_> =
        figures.scenarios.iter().filter(|s| s.id.as_str().starts_with("ransomware")).collect();
    assert_eq!(ransomware.len(), 3);
    // Between the rate of small firms and of all firms (IRIS), and near the average claim (Coalition: $84,000).
    let rate: f64 = ransomware.iter().map(|s| s.events_per_year).sum();
    assert!((0.03..0.08).contains(&rate), "{rate}");
    assert!(ransomware.iter().all(|s| (60_000.0..120_000.0).contains(&s.event_loss.0)));
    assert_eq!(figures.scenarios.len(), 8);
    assert!(figures.assumptions.iter().all(|a| !a.source.is_empty() && !a.value.is_empty()));
    assert!(figures.assumptions.iter().any(|a| a.basis == Basis::Cited));
    assert!(
        figures.swings.len() > 5
            && figures.swings.windows(2).all(|w| w[0].high.0 - w[0].low.0 >= w[1].high.0 - w[1].low.0)
    );
}

#[test]
fn every_posture_check_moves_some_scenario() {
    let named: BTreeSet<String> = all_rules().iter().map(ToString::to_string).collect();
    let wanted = (1..=60).map(|n| format!("W{n:02}")).chain((1..=14).map(|n| format!("L{n:02}")));
    let missing: Vec<String> = wanted.filter(|id| !named.contains(id)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn what_is_unknown_leaves_the_prior_and_says_so() {
    let nothing = run(BTreeMap::new());
    let undecided = run(everywhere(counts(0, 0, 3)));
    assert_eq!(nothing.total, undecided.total);
    let factor = &undecided.scenarios[0].factors[0];
    assert!(factor.seen.contains("could not be decided"), "{}", factor.seen);
    assert!((factor.multiplier - 1.0).abs() < 1e-12);
}

#[test]
fn what_is_found_raises_what_is_stated_and_never_lowers_it() {
    let profile = PracticeProfile {
        patients: Some(3_000),
        production_per_day: Some(Usd(9_000.0)),
        ..Default::default()
    };
    let mut input = input(BTreeMap::new(), &[], &profile);
    let stated = simulate(&scenarios(), &input, TRIALS, 1, 2);
    assert_eq!((stated.assumptions[0].basis, stated.assumptions[0].value.as_str()), (Basis::Stated, "3,000"));
    assert!((stated.yearly_takings.0 - 9_000.0 * 192.0).abs() < 1e-6);
    input.persons = Some(MeasuredPersons {
        estimate: Estimate { value: 9_100, low: 9_000, high: 9_300 },
        observation: observation(4),
    });
    let measured = simulate(&scenarios(), &input, TRIALS, 1, 2);
    assert_eq!(measured.assumptions[0].basis, Basis::Measured);
    assert!(measured.assumptions[0].source.contains("the practice states 3,000"));
    assert!(measured.total.mean > stated.total.mean);

    // A lower bound below what is stated, or no one found at all, says nothing about the folders not searched.
    let found = |value, low, high| {
        Some(MeasuredPersons { estimate: Estimate { value, low, high }, observation: observation(4) })
    };
    input.persons = found(1_175, 1_150, 1_200);
    let fewer = simulate(&scenarios(), &input, TRIALS, 1, 2);
    assert_eq!(fewer.total, stated.total);
    assert_eq!(fewer.assumptions[0].basis, Basis::Stated);
    let source = &fewer.assumptions[0].source;
    assert!(source.contains("states 3,000; 1,175 were found in the folders searched"), "{source}");
    input.persons = found(0, 0, 0);
    assert_eq!(simulate(&scenarios(), &input, TRIALS, 1, 2).total, stated.total);
}

#[test]
fn without_a_statement_what_is_found_is_the_least() {
    let profile = PracticeProfile::default();
    let mut input = input(BTreeMap::new(), &[], &profile);
    let prior = simulate(&scenarios(), &input, TRIALS, 1, 2);
    let mut with = |found| {
        let estimate = Estimate { value: found, low: found, high: found };
        input.persons = Some(MeasuredPersons { estimate, observation: observation(4) });
        simulate(&scenarios(), &input, TRIALS, 1, 2)
    };
    assert_eq!(with(0), prior);
    let (few, many) = (with(1_000), with(20_000));
    assert!(few.total.mean >= prior.total.mean && many.total.mean > few.total.mean);
    // Few were found: the prior still decides. Many: the scan does.
    assert_eq!(few.assumptions[0].basis, prior.assumptions[0].basis);
    assert_eq!(many.assumptions[0].basis, Basis::Measured);
    assert!(many.assumptions[0].value.starts_with("at least 20,000"), "{}", many.assumptions[0].value);
    // Simulation and formula agree on the floor, too.
    let formula: f64 = many.scenarios.iter().map(|s| s.events_per_year * s.event_loss.0).sum();
    assert!((many.total.mean.0 / formula - 1.0).abs() < 0.15, "{} {formula}", many.total.mean);
}

#[test]
fn the_plan_agrees_with_mending_it_and_running_again() {
    let profile = PracticeProfile::default();
    let ids = ["W01", "W03", "W08", "W16", "W50", "W53", "L11", "secret.file", "phi.folder"];
    let findings: Vec<_> = ids.iter().map(|id| finding(id, 1, 30)).collect();
    let mut results = everywhere(counts(4, 0, 0));
    results.extend(ids.iter().map(|id| (rule(id), counts(4, 1, 0))));
    let trials = 200_000;
    let broken = simulate(&scenarios(), &input(results.clone(), &findings, &profile), trials, 5, 2);
    assert_eq!(broken.fixes.len(), ids.len());
    assert!(broken.fixes.windows(2).all(|w| w[0].saves_per_hour >= w[1].saves_per_hour));
    for fix in &broken.fixes {
        let rest: Vec<_> = findings.iter().filter(|finding| finding.rule != fix.id).cloned().collect();
        let mut mended = results.clone();
        mended.insert(fix.id.clone(), counts(5, 0, 0));
        let mended = simulate(&scenarios(), &input(mended, &rest, &profile), trials, 5, 2);
        let saved = broken.total.mean.0 - mended.total.mean.0;
        assert!(saved >= -1e-6, "{}: mending must not cost {saved}", fix.id);
        let apart = (saved - fix.saves_mean.0).abs();
        assert!(apart < 0.08 * fix.saves_mean.0 + 12.0, "{}: {saved} against {}", fix.id, fix.saves_mean.0);
    }
}

#[test]
fn common_dice_make_the_worth_of_a_fix_steady() {
    let profile = PracticeProfile::default();
    let findings = [finding("W08", 1, 30)];
    let mut results = everywhere(counts(5, 0, 0));
    results.insert(rule("W08"), counts(4, 1, 0));
    let worth = |seed| {
        let figures = simulate(&scenarios(), &input(results.clone(), &findings, &profile), TRIALS, seed, 2);
        (figures.fixes[0].saves_mean.0, figures.total.mean.0)
    };
    let runs: Vec<_> = (0..12).map(worth).collect();
    let spread = |values: Vec<f64>| {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64).sqrt()
    };
    // Two runs with dice of their own would differ by the spread of the total, times the root of two.
    let paired = spread(runs.iter().map(|run| run.0).collect());
    let unpaired = spread(runs.iter().map(|run| run.1).collect()) * std::f64::consts::SQRT_2;
    assert!(paired < 0.5 * unpaired, "paired {paired}, unpaired {unpaired}");
}

#[test]
fn a_rule_without_a_factor_is_in_the_plan_and_saves_nothing() {
    let profile = PracticeProfile::default();
    let findings = [finding("Z99", 1, 0), finding("W53", 1, 15), finding("W53", 2, 15)];
    let figures = simulate(&scenarios(), &input(BTreeMap::new(), &findings, &profile), TRIALS, 1, 2);
    assert_eq!(figures.fixes[0].id, rule("W53"));
    assert_eq!((figures.fixes[0].minutes.0, figures.fixes[0].findings.len()), (30, 2));
    assert_eq!((figures.fixes[1].saves_mean.0, figures.fixes[1].saves_per_hour.0), (0.0, 0.0));
}

#[test]
fn the_plan_takes_its_words_from_the_worst_finding() {
    let profile = PracticeProfile::default();
    let named = |on: u8, severity, people, name: &str| {
        let mut finding = finding("phi.folder", on, 10);
        finding.severity = severity;
        finding.persons = people;
        finding.fix.action = format!("Close {name}");
        finding.fix.how = format!("Close door {name}.");
        finding
    };
    let plan = |findings: &[Finding]| {
        simulate(&scenarios(), &input(BTreeMap::new(), findings, &profile), 100, 1, 1).fixes.remove(0)
    };
    let findings = [
        named(1, Severity::Low, Some(1_900), "one"),
        named(2, Severity::High, Some(20), "two"),
        named(3, Severity::High, Some(600), "three"),
    ];
    let fix = plan(&findings);
    assert_eq!(fix.title, "Close three, the first of 3 folders with data of up to 2,520 people");
    assert_eq!(fix.how, "Close door three.");
    assert_eq!(fix.findings, [findings[2].id, findings[1].id, findings[0].id]);
    let doors = [named(1, Severity::Low, None, "one"), named(2, Severity::High, None, "two")];
    assert_eq!(plan(&doors).title, "Close two, the first of 2 places");
    let same = [named(1, Severity::Low, Some(1), "one"), named(2, Severity::High, Some(1), "one")];
    assert_eq!(plan(&same).title, "Close one");
}

#[test]
fn a_folder_that_is_closed_already_is_in_no_plan() {
    let profile = PracticeProfile::default();
    let findings = [finding("phi.kept", 1, 20), finding("phi.folder", 1, 20)];
    let seen = |open| {
        let results = BTreeMap::from([(rule("phi.folder"), open), (rule("phi.kept"), counts(1, 0, 0))]);
        simulate(&scenarios(), &input(results, &findings, &profile), TRIALS, 1, 2)
    };
    let (open, closed) = (seen(counts(0, 1, 0)), seen(counts(1, 0, 0)));
    assert_eq!(open.fixes.iter().map(|fix| fix.id.as_str()).collect::<Vec<_>>(), ["phi.folder"]);
    assert!(closed.fixes.is_empty(), "{:?}", closed.fixes);
    let (promised, kept) = (open.fixes[0].saves_mean.0, open.total.mean.0 - closed.total.mean.0);
    assert!(promised > 50.0 && (promised - kept).abs() < 0.15 * promised, "{promised} promised, {kept} kept");
}

#[test]
fn one_password_in_clear_outweighs_all_the_places_that_hold_none() {
    let mut results: BTreeMap<_, _> =
        (1..20).map(|kind| (rule(&format!("secret.kind{kind}")), counts(1, 0, 0))).collect();
    let multipliers = |results: &BTreeMap<_, _>| {
        let figures = run(results.clone());
        let factors = figures.scenarios.into_iter().flat_map(|scenario| scenario.factors);
        let secrets: Vec<_> =
            factors.filter(|factor| factor.factor.starts_with("No password lies")).collect();
        assert!(secrets.len() > 3);
        secrets
    };
    assert!(multipliers(&results).iter().all(|clean| clean.multiplier < 1.0));
    results.insert(rule("secret.list"), counts(0, 1, 0));
    for found in multipliers(&results) {
        assert!(found.multiplier > 1.0, "{found:?}");
        assert_eq!(found.seen, "looked at, and not as it should be");
    }
    assert!(run(results).total.mean > run(BTreeMap::new()).total.mean);
}

#[test]
fn the_matrix_is_a_view() {
    let figures = run(everywhere(counts(0, 3, 0)));
    let map = heat_map(&figures);
    assert!(map.label.contains("view"));
    assert_eq!(map.scenarios.len(), figures.scenarios.len());
    for entry in &map.scenarios {
        assert_eq!(entry.risk, map.cells[entry.likelihood as usize][entry.impact as usize]);
    }
}

#[test]
fn more_attempts_never_lower_the_loss() {
    let mut before = 0.0;
    for likely in [0.05, 0.1, 0.4, 1.0, 5.0] {
        let text = format!(
            "id = \"x\"\ntitle = \"X\"\nstory = \"S\"\n\
             frequency = {{ value = {likely}, basis = \"judgement\", source = \"test\" }}\n\
             susceptibility = {{ value = 0.2, basis = \"judgement\", source = \"test\" }}\n\
             [[loss]]\nname = \"Money\"\nper = \"event\"\n\
             amount = {{ median = 1000, p95 = 9000, basis = \"judgement\", source = \"test\" }}\n"
        );
        let shared = include_str!("../../../../content/scenarios/practice.toml");
        let scenarios =
            Scenarios::from_files([("practice.toml", shared), ("x.toml", text.as_str())]).unwrap();
        let profile = PracticeProfile::default();
        let mean = simulate(&scenarios, &input(BTreeMap::new(), &[], &profile), TRIALS, 1, 2).total.mean.0;
        assert!(mean > before, "{likely}: {mean} after {before}");
        before = mean;
    }
    assert!(matches!(scenarios().shared().persons.amount, Amount::Lognormal { .. }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever else is found, passing one more rule never raises the mean.
    #[test]
    fn fixing_never_raises_the_mean(outcomes in prop::collection::vec(0u8..4, 90), pick in 0usize..90) {
        let profile = PracticeProfile::default();
        let rules = all_rules();
        let mut results = BTreeMap::new();
        for (rule, outcome) in rules.iter().zip(outcomes.iter().cycle()) {
            let counts = match outcome { 0 => counts(3, 0, 0), 1 => counts(2, 1, 0), 2 => counts(0, 2, 1), _ => continue };
            results.insert(rule.clone(), counts);
        }
        let picked = &rules[pick % rules.len()];
        results.insert(picked.clone(), counts(1, 2, 0));
        let findings = [finding(picked.as_str(), 1, 10)];
        let before = simulate(&scenarios(), &input(results.clone(), &findings, &profile), 4_000, 2, 2);
        results.insert(picked.clone(), counts(3, 0, 0));
        let after = simulate(&scenarios(), &input(results, &[], &profile), 4_000, 2, 2);
        prop_assert!(after.total.mean.0 <= before.total.mean.0 + 1e-9);
        prop_assert!(before.fixes[0].saves_mean.0 >= 0.0);
        for (a, b) in [(after.total.p90, before.total.p90), (after.total.p95, before.total.p95)] {
            prop_assert!(a.0 <= b.0 + 1e-9);
        }
    }

    /// Whatever else is known, one more weakness never lowers the mean; and where one computer is enough, a safeguard with a
    /// weakness is never better than one that nobody looked at.
    #[test]
    fn finding_something_never_lowers_the_mean(
        outcomes in prop::collection::vec(0u8..5, 90), pick in 0usize..90, before in 0u8..4
    ) {
        let (shipped, rules) = (scenarios(), all_rules());
        let of = |outcome| match outcome {
            0 => Some(counts(3, 0, 0)),
            1 => Some(counts(2, 1, 0)),
            2 => Some(counts(1, 0, 2)),
            3 => Some(counts(0, 2, 1)),
            _ => None,
        };
        let mut results = BTreeMap::new();
        for (rule, outcome) in rules.iter().zip(&outcomes) {
            results.extend(of(*outcome).map(|counts| (rule.clone(), counts)));
        }
        let picked = &rules[pick % rules.len()];
        results.remove(picked);
        results.extend([None, Some(counts(3, 0, 0)), Some(counts(1, 0, 2)), Some(counts(2, 1, 0))][usize::from(before)]
            .map(|counts| (picked.clone(), counts)));
        let known = simulate(&shipped, &input(results.clone(), &[], &PracticeProfile::default()), 4_000, 2, 2);
        results.insert(picked.clone(), counts(0, 3, 0));
        let found = simulate(&shipped, &input(results, &[], &PracticeProfile::default()), 4_000, 2, 2);
        prop_assert!(found.total.mean.0 >= known.total.mean.0 - 1e-9, "{picked}");
        for risk in &found.scenarios {
            let scenario = shipped.scenarios().iter().find(|one| one.id == risk.id).unwrap();
            for (factor, effect) in scenario.factors.iter().zip(&risk.factors) {
                let fails = factor.rules.iter().any(|pattern| pattern == picked.as_str());
                if fails && factor.spread == Spread::Any {
                    prop_assert!(effect.multiplier >= 1.0, "{}: {effect:?}", risk.id);
                }
            }
        }
    }
}
