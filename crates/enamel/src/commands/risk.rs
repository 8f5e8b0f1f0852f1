//! `enamel risk`: what a year may cost, and what each fix is worth.

use enamel_assess::Rolls;
use enamel_types::risk::{Basis, RiskFigures};
use enamel_types::words::grouped;
use serde_json::json;

use crate::cli::{Global, RiskArgs};
use crate::error::{Error, Outcome};
use crate::session::Session;
use crate::terminal::{self, plain};

/// Fixes shown to people; all of them are in `--json` and in the report.
const FIXES_SHOWN: usize = 10;

/// Below so many simulated years the dice show in the figures.
const ROUGH: u32 = 10_000;

/// Runs the verb.
pub(crate) fn run(global: &Global, args: &RiskArgs) -> Result<Outcome, Error> {
    let session = Session::open(global, args.practice.as_deref())?;
    let view = session.view(&session.ledger()?)?;
    let rolls = Rolls::new(args.trials, args.seed, args.threads);
    let figures = session.assessor().risk(&view, session.now(), rolls);
    if session.json {
        terminal::json_line(&record(&figures, args.explain))?;
    } else {
        if view.judgements().next().is_none() {
            terminal::hint(
                session.quiet,
                "note: nothing was seen here yet, so these are the figures of an average practice; run `enamel assess` first",
            );
        }
        if args.trials < ROUGH {
            terminal::hint(
                session.quiet,
                &format!(
                    "note: {} simulated years give rough figures; use --trials {ROUGH} or more",
                    grouped(u64::from(args.trials))
                ),
            );
        }
        terminal::text(&for_people(&figures, args.explain))?;
    }
    Ok(Outcome::Done)
}

/// The record of `--json`: `mean`, `p50`, `p90`, `p95`, `curve`, `fixes`, and with `--explain` all the rest.
fn record(figures: &RiskFigures, explain: bool) -> serde_json::Value {
    let fixes: Vec<_> = figures
        .fixes
        .iter()
        .map(|fix| {
            json!({
                "id": fix.id,
                "title": fix.title,
                "saves_mean": fix.saves_mean,
                "minutes": fix.minutes,
                "saves_per_hour": fix.saves_per_hour,
                "findings": fix.findings,
            })
        })
        .collect();
    let mut record = json!({
        "mean": figures.total.mean,
        "mean_range": figures.mean_range,
        "p50": figures.total.p50,
        "p90": figures.total.p90,
        "p95": figures.total.p95,
        "any_loss": figures.total.any_loss,
        "curve": figures.total.curve,
        "fixes": fixes,
        "trials": figures.trials,
        "seed": figures.seed,
    });
    if explain {
        record["scenarios"] = json!(figures.scenarios);
        record["assumptions"] = json!(figures.assumptions);
        record["swings"] = json!(figures.swings);
    }
    record
}

fn for_people(figures: &RiskFigures, explain: bool) -> String {
    use std::fmt::Write as _;
    let total = &figures.total;
    let mut text = format!(
        "Expected loss in an average year: {}{}\n\
         A loss comes in {:.0} of 100 years. In nine years of ten the year costs less than {}, in nineteen of twenty less than {}\n",
        total.mean,
        terminal::range(figures),
        total.any_loss * 100.0,
        total.p90,
        total.p95,
    );
    if figures.fixes.is_empty() {
        text.push_str("\nNo open finding to fix\n");
    } else {
        text.push_str("\nWhat to fix first, by loss taken away for each hour of work\n");
    }
    for fix in figures.fixes.iter().take(FIXES_SHOWN) {
        let _ = writeln!(
            text,
            "  {:<6} saves {:>9} a year, {:>10}  {}",
            fix.id.as_str(),
            fix.saves_mean.to_string(),
            fix.minutes.to_string(),
            plain(&fix.title)
        );
    }
    if figures.fixes.len() > FIXES_SHOWN {
        let _ = writeln!(text, "  and {} more with --json", figures.fixes.len() - FIXES_SHOWN);
    }
    if explain {
        text.push_str("\nWays to lose money\n");
        for scenario in &figures.scenarios {
            let _ = writeln!(
                text,
                "  {:>9} a year, once in {:.0} years  {}",
                scenario.losses.mean.to_string(),
                1.0 / scenario.events_per_year.max(1e-6),
                scenario.title
            );
        }
        text.push_str("\nWhat the figures rest on\n");
        for assumption in &figures.assumptions {
            let basis = match assumption.basis {
                Basis::Measured => "measured",
                Basis::Stated => "stated",
                Basis::Cited => "published",
                Basis::Judgement => "judgement",
            };
            let _ = writeln!(
                text,
                "  {}: {} ({basis}: {})",
                assumption.factor,
                plain(&assumption.value),
                plain(&assumption.source)
            );
        }
    }
    text
}
