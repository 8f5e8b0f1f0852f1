//! What a year may cost: the curve, the same in words and in a table, the scenarios, the plan, the assumptions.

use enamel_types::Usd;
use enamel_types::risk::{Basis, FactorEffect, HeatMapEntry, Level, LossDistribution};
use serde::Serialize;

use super::chart;
use crate::text::{Shown, sentence, shown};
use crate::{ReportModel, words};

/// Fixes in the plan's table.
const PLAN_LISTED: usize = 40;

/// Scenarios and assumptions listed; content holds about a dozen and about fifty.
const LISTED: usize = 200;

/// Numbers shown among those that move the result most.
const SWINGS_LISTED: usize = 8;

/// The risk section, and with it the plan and the assumptions.
#[derive(Serialize)]
pub(crate) struct RiskSection {
    /// The chart as SVG; made by us from figures, safe to put into the page as it is.
    pub(super) svg: String,
    pub(super) mean: String,
    /// Between which means the assumptions leave open; empty where that was not worked out.
    pub(super) mean_range: String,
    /// Whether more than half of all years cost nothing.
    pub(super) mostly_nothing: bool,
    /// What the distribution means, a sentence each.
    pub(super) sentences: Vec<String>,
    /// The curve as a table: a loss, and how likely a year costs at least that much.
    pub(super) table: Vec<CurveRow>,
    pub(super) scenarios: Vec<ScenarioRow>,
    pub(super) plan: Vec<PlanRow>,
    pub(super) more_plan: u64,
    pub(super) heat_map: Option<HeatView>,
    pub(super) assumptions: Vec<AssumptionGroup>,
    pub(super) swings: Vec<SwingRow>,
    pub(super) trials: String,
    pub(super) seed: u64,
}

/// One row of the curve's table.
#[derive(Serialize)]
pub(crate) struct CurveRow {
    pub(super) loss: String,
    pub(super) chance: String,
    pub(super) words: String,
}

/// One scenario.
#[derive(Serialize)]
pub(crate) struct ScenarioRow {
    pub(super) title: Shown,
    pub(super) story: Shown,
    pub(super) frequency: String,
    pub(super) mean: String,
    /// What one such event costs on average; empty where none is expected.
    pub(super) each_time: String,
    /// What was found here that makes it likelier, rarer, dearer or cheaper.
    pub(super) moved_by: Vec<Shown>,
    /// Its share of the costliest one's mean, 0 to 100: the length of a bar.
    pub(super) share: u32,
}

/// One fix of the plan.
#[derive(Serialize)]
pub(crate) struct PlanRow {
    pub(super) rank: usize,
    pub(super) title: Shown,
    pub(super) saves: String,
    pub(super) minutes: String,
    pub(super) per_hour: String,
}

/// The 5×5 view, likeliest row first.
#[derive(Serialize)]
pub(crate) struct HeatView {
    /// What the reader must know about it.
    pub(super) label: Shown,
    pub(super) rows: Vec<HeatRow>,
}

/// One likelihood of the 5×5 view, with five cells from very low to very high impact.
#[derive(Serialize)]
pub(crate) struct HeatRow {
    pub(super) likelihood: &'static str,
    pub(super) cells: Vec<HeatCell>,
}

/// A cell of the view.
#[derive(Serialize)]
pub(crate) struct HeatCell {
    /// The risk level as a word and as a key for the page's color.
    pub(super) level: &'static str,
    pub(super) key: &'static str,
    pub(super) scenarios: Vec<Shown>,
}

/// How far one number alone moves the result.
#[derive(Serialize)]
pub(crate) struct SwingRow {
    pub(super) factor: Shown,
    pub(super) low: String,
    pub(super) high: String,
}

/// The assumptions of one scenario, or of the practice.
#[derive(Serialize)]
pub(crate) struct AssumptionGroup {
    pub(super) title: Shown,
    pub(super) rows: Vec<AssumptionRow>,
}

/// One assumption.
#[derive(Serialize)]
pub(crate) struct AssumptionRow {
    pub(super) factor: Shown,
    pub(super) value: Shown,
    pub(super) basis: &'static str,
    pub(super) key: &'static str,
    pub(super) source: Shown,
}

pub(super) fn section(model: &ReportModel) -> RiskSection {
    let risk = &model.risk;
    let sentences = sentences(&risk.total);
    RiskSection {
        svg: chart::curve(
            &risk.total,
            "How likely it is that a year costs at least a given sum",
            &sentences.join(" "),
        ),
        mean: risk.total.mean.to_string(),
        mean_range: risk.mean_range.map(|(low, high)| format!("{low} and {high}")).unwrap_or_default(),
        mostly_nothing: risk.total.any_loss < 0.5,
        table: table(&risk.total),
        sentences,
        scenarios: scenarios(model),
        plan: plan(model),
        more_plan: risk.fixes.len().saturating_sub(PLAN_LISTED) as u64,
        heat_map: heat_map(model),
        assumptions: assumptions(model),
        swings: risk
            .swings
            .iter()
            .take(SWINGS_LISTED)
            .map(|swing| SwingRow {
                factor: shown(&swing.factor),
                low: swing.low.to_string(),
                high: swing.high.to_string(),
            })
            .collect(),
        trials: words::count(u64::from(risk.trials)),
        seed: risk.seed,
    }
}

/// The distribution as a person says it.
fn sentences(losses: &LossDistribution) -> Vec<String> {
    let below = |years: &str, loss: Usd| {
        if loss.0 < 1.0 {
            format!("In {years}, nothing is lost.")
        } else {
            format!("In {years}, the loss is less than {loss}.")
        }
    };
    // Rounded down: what is certain to be lost in some years is never rounded away.
    let spared = ((1.0 - losses.any_loss.clamp(0.0, 1.0)) * 100.0 + 1e-9).floor();
    let none = if spared < 1.0 {
        below("half of all years", losses.p50)
    } else {
        format!("In {spared:.0} of 100 years nothing is lost.")
    };
    vec![
        format!("The chance that a year brings any loss is {}.", words::percent(losses.any_loss)),
        none,
        below("nine years of ten", losses.p90),
        below("nineteen years of twenty", losses.p95),
    ]
}

/// The curve read off at round sums, from the first that matters to the last that can happen.
fn table(losses: &LossDistribution) -> Vec<CurveRow> {
    [1e3, 1e4, 2.5e4, 5e4, 1e5, 2.5e5, 5e5, 1e6, 2.5e6, 5e6, 1e7, 1e8]
        .into_iter()
        .filter_map(|loss| Some((loss, chance_of(losses, loss)?)))
        .filter(|(_, chance)| *chance >= 0.0005)
        .map(|(loss, chance)| CurveRow {
            loss: Usd(loss).to_string(),
            chance: words::percent(chance),
            words: words::frequency(chance),
        })
        .collect()
}

/// The chance that a year costs at least `loss`, read off the curve between its points: both axes by their logarithm, because
/// losses have a tail that is nearly straight there. Nothing past the largest loss that was seen.
///
/// The quantiles are points of the same curve, so that the table cannot contradict the sentences.
fn chance_of(losses: &LossDistribution, loss: f64) -> Option<f64> {
    let quantiles = [(losses.p50, 0.5), (losses.p90, 0.1), (losses.p95, 0.05)];
    let mut points: Vec<(f64, f64)> = losses
        .curve
        .iter()
        .copied()
        .chain(quantiles)
        .map(|(at, chance)| (at.0, chance))
        .filter(|(at, chance)| *at > 0.0 && *chance > 0.0)
        .collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1)));
    let next = points.iter().position(|(at, _)| *at >= loss)?;
    let (above, to) = points[next];
    // The curve begins where hardly any year with a loss costs less: below that it is flat.
    let Some((below, from)) = next.checked_sub(1).map(|index| points[index]) else { return Some(to) };
    let along = (loss / below).ln() / (above / below).ln();
    Some(from * (to / from).powf(along))
}

fn scenarios(model: &ReportModel) -> Vec<ScenarioRow> {
    let most = model.risk.scenarios.iter().map(|scenario| scenario.losses.mean.0).fold(0.0, f64::max);
    let row = |scenario: &enamel_types::risk::ScenarioRisk| {
        let share = if most > 0.0 { (scenario.losses.mean.0 / most * 100.0).clamp(0.0, 100.0) } else { 0.0 };
        ScenarioRow {
            title: shown(&scenario.title),
            story: sentence(&scenario.story),
            frequency: words::frequency(scenario.events_per_year),
            mean: scenario.losses.mean.to_string(),
            each_time: if scenario.event_loss.0 > 0.0 { scenario.event_loss.to_string() } else { "not known".to_owned() },
            moved_by: scenario.factors.iter().filter(|factor| (factor.multiplier - 1.0).abs() > 0.005).map(moved_by).collect(),
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // clamped to 0..=100 above
            share: share.round() as u32,
        }
    };
    model.risk.scenarios.iter().take(LISTED).map(row).collect()
}

/// `1.8 times as likely: antivirus is running and fresh (1 of 3 rules fails)`.
fn moved_by(effect: &FactorEffect) -> Shown {
    let what = match effect.acts_on.as_str() {
        "frequency" => "as often",
        "susceptibility" => "as likely to succeed",
        _ => "the loss",
    };
    shown(&format!("{:.2} times {what}: {} ({})", effect.multiplier, effect.factor, effect.seen))
}

fn plan(model: &ReportModel) -> Vec<PlanRow> {
    let row = |(index, fix): (usize, &enamel_types::risk::FixWorth)| PlanRow {
        rank: index + 1,
        title: shown(&fix.title),
        saves: fix.saves_mean.to_string(),
        minutes: fix.minutes.to_string(),
        per_hour: fix.saves_per_hour.to_string(),
    };
    model.risk.fixes.iter().take(PLAN_LISTED).enumerate().map(row).collect()
}

/// What the figures rest on, the practice's own numbers first, then scenario by scenario. Every number of a scenario is
/// named `Title of the scenario: what it is`.
fn assumptions(model: &ReportModel) -> Vec<AssumptionGroup> {
    let titles: Vec<&str> = model.risk.scenarios.iter().map(|scenario| scenario.title.as_str()).collect();
    let mut groups: Vec<(&str, Vec<AssumptionRow>)> = Vec::new();
    for assumption in model.risk.assumptions.iter().take(LISTED) {
        let of_scenario = titles.iter().find_map(|title| {
            let what = assumption.factor.strip_prefix(title)?.strip_prefix(": ")?;
            Some((*title, what))
        });
        let (title, what) = of_scenario.unwrap_or(("The practice", &assumption.factor));
        let row = AssumptionRow {
            factor: shown(&capitalized(what)),
            value: shown(&assumption.value),
            basis: words::basis(assumption.basis),
            key: match assumption.basis {
                Basis::Measured => "met",
                Basis::Stated | Basis::Cited => "none",
                Basis::Judgement => "unknown",
            },
            source: sentence(&assumption.source),
        };
        match groups.iter_mut().find(|(known, _)| *known == title) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((title, vec![row])),
        }
    }
    groups.into_iter().map(|(title, rows)| AssumptionGroup { title: shown(title), rows }).collect()
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn heat_map(model: &ReportModel) -> Option<HeatView> {
    let map = model.heat_map.as_ref()?;
    let title = |entry: &HeatMapEntry| {
        let scenario = model.risk.scenarios.iter().find(|scenario| scenario.id == entry.id);
        shown(scenario.map_or(entry.id.as_str(), |scenario| scenario.title.as_str()))
    };
    let cell = |likelihood: usize, impact: usize| {
        let level = map.cells[likelihood][impact];
        let here = |entry: &&HeatMapEntry| {
            entry.likelihood == Level::ALL[likelihood] && entry.impact == Level::ALL[impact]
        };
        HeatCell {
            level: level.as_str(),
            key: key(level),
            scenarios: map.scenarios.iter().filter(here).map(title).collect(),
        }
    };
    let row = |likelihood: usize| HeatRow {
        likelihood: Level::ALL[likelihood].as_str(),
        cells: (0..5).map(|impact| cell(likelihood, impact)).collect(),
    };
    Some(HeatView { label: shown(&map.label), rows: (0..5).rev().map(row).collect() })
}

const fn key(level: Level) -> &'static str {
    match level {
        Level::VeryLow => "vl",
        Level::Low => "l",
        Level::Moderate => "m",
        Level::High => "h",
        Level::VeryHigh => "vh",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_without_loss_is_said_as_such() {
        let losses = LossDistribution {
            mean: Usd(9_000.0),
            p50: Usd(0.0),
            p90: Usd(0.0),
            p95: Usd(61_000.0),
            any_loss: 0.07,
            curve: vec![(Usd(50_000.0), 0.06), (Usd(500_000.0), 0.01)],
        };
        assert_eq!(
            sentences(&losses),
            [
                "The chance that a year brings any loss is 7.0%.",
                "In 93 of 100 years nothing is lost.",
                "In nine years of ten, nothing is lost.",
                "In nineteen years of twenty, the loss is less than $61,000.",
            ]
        );
        let rows = table(&losses);
        assert_eq!((rows[0].loss.as_str(), rows[0].chance.as_str()), ("$1,000", "6.0%"));
        assert_eq!(rows.last().map(|row| row.loss.as_str()), Some("$500,000"));
        assert_eq!(rows.last().map(|row| row.words.as_str()), Some("about once in 100 years"));
    }

    /// A year that costs at least x with chance (1,000/x)^0.8: the points of its curve lie far apart, as in a short run.
    fn pareto() -> LossDistribution {
        let beyond = |chance: f64| 1_000.0 * chance.powf(-1.0 / 0.8);
        LossDistribution {
            mean: Usd(5_000.0),
            p50: Usd(beyond(0.5)),
            p90: Usd(beyond(0.1)),
            p95: Usd(beyond(0.05)),
            any_loss: 1.0,
            curve: [1_000.0, 7_000.0, 90_000.0, 2e6]
                .map(|at: f64| (Usd(at), (1_000.0 / at).powf(0.8)))
                .to_vec(),
        }
    }

    #[test]
    fn table_sentences_and_quantiles_say_the_same() {
        let losses = pareto();
        for at in [1_000.0, 2_500.0, 10_000.0, 25_000.0, 100_000.0, 1e6] {
            let (read, exact) = (chance_of(&losses, at).unwrap(), (1_000.0 / at).powf(0.8));
            assert!((read / exact - 1.0).abs() < 1e-9, "{at}: {read} for {exact}");
        }
        for (at, chance) in [(losses.p50, 0.5), (losses.p90, 0.1), (losses.p95, 0.05)] {
            let (below, above) =
                (chance_of(&losses, at.0 * 0.99).unwrap(), chance_of(&losses, at.0 * 1.01).unwrap());
            assert!(below > chance && above < chance, "{at}: {below} {above}");
        }
        assert_eq!(sentences(&losses)[2], "In nine years of ten, the loss is less than $17,800.");
        let rows: Vec<(String, String)> =
            table(&losses).into_iter().take(3).map(|row| (row.loss, row.chance)).collect();
        let row = |loss: &str, chance: &str| (loss.to_owned(), chance.to_owned());
        assert_eq!(rows, [row("$1,000", "100%"), row("$10,000", "16%"), row("$25,000", "7.6%")]);
        assert_eq!(chance_of(&losses, 3e6), None);
    }
}
