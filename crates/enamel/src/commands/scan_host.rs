//! `enamel scan host`: how this computer is set up.

use enamel_exposure::observe_host;
use enamel_host::Host;
use enamel_types::{Body, CheckOutcome, Observation, RuleResult, Severity};
use serde::Serialize;

use super::fail_on;
use crate::cli::{Global, OutcomeFilter, ScanHostArgs};
use crate::error::{Error, Outcome};
use crate::session::{Saw, Session};
use crate::terminal::{self, plain};

/// One check, as `--json` prints it.
#[derive(Serialize)]
struct Record<'a> {
    r#type: &'static str,
    check: &'a str,
    title: &'a str,
    severity: Option<Severity>,
    outcome: CheckOutcome,
    detail: &'a str,
}

/// Runs the verb.
pub(crate) fn run(global: &Global, args: &ScanHostArgs) -> Result<Outcome, Error> {
    let session = Session::open(global, args.practice.as_deref())?;
    let observation = observe(&session, &*enamel_host::local())?;
    session.record(std::slice::from_ref(&observation))?;
    let judgement = session.judge(&observation);
    let severity_of =
        |result: &RuleResult| session.content.checks.get(result.rule.as_str()).map(|check| check.severity);
    let shown =
        judgement.results.iter().filter(|result| args.only.is_none_or(|only| matches(only, result.outcome)));
    if session.json {
        for result in shown {
            terminal::json_line(&Record {
                r#type: "check",
                check: result.rule.as_str(),
                title: &result.title,
                severity: severity_of(result),
                outcome: result.outcome,
                detail: &result.detail,
            })?;
        }
    } else {
        let mut results: Vec<_> = shown.collect();
        results.sort_by_key(|result| (rank(result.outcome), std::cmp::Reverse(severity_of(result))));
        for result in results {
            terminal::text(&line(result, severity_of(result)))?;
        }
        let count = |outcome| judgement.results.iter().filter(|result| result.outcome == outcome).count();
        terminal::text(&format!(
            "\n{} checks fail, {} pass, {} could not be decided, {} have no meaning on this computer",
            count(CheckOutcome::Fail),
            count(CheckOutcome::Pass),
            count(CheckOutcome::Unknown),
            count(CheckOutcome::NotApplicable),
        ))?;
    }
    Ok(fail_on(args.fail_on, &judgement.findings))
}

/// Looks at this computer's settings.
pub(crate) fn observe(session: &Session, host: &dyn Host) -> Result<Observation, Error> {
    let (state, gaps) = observe_host(host, &session.content.checks)
        .map_err(|error| Error::new("this computer does not say what it is").because(error))?;
    Ok(session.observe(Saw {
        sensor: "scan host",
        scope: "host".to_owned(),
        gaps,
        body: Body::ConfigState(state),
        valid_until: None,
    }))
}

fn matches(filter: OutcomeFilter, outcome: CheckOutcome) -> bool {
    match filter {
        OutcomeFilter::Pass => outcome == CheckOutcome::Pass,
        OutcomeFilter::Fail => outcome == CheckOutcome::Fail,
        OutcomeFilter::Unknown => outcome == CheckOutcome::Unknown,
        OutcomeFilter::NotApplicable => outcome == CheckOutcome::NotApplicable,
    }
}

/// Failures first: they are what the reader came for.
fn rank(outcome: CheckOutcome) -> u8 {
    match outcome {
        CheckOutcome::Fail => 0,
        CheckOutcome::Unknown => 1,
        CheckOutcome::Pass => 2,
        CheckOutcome::NotApplicable => 3,
    }
}

fn line(result: &RuleResult, severity: Option<Severity>) -> String {
    let (word, colour) = match result.outcome {
        CheckOutcome::Fail => ("fail", anstyle::AnsiColor::Red),
        CheckOutcome::Unknown => ("unknown", anstyle::AnsiColor::Yellow),
        CheckOutcome::Pass => ("pass", anstyle::AnsiColor::Green),
        CheckOutcome::NotApplicable => ("n/a", anstyle::AnsiColor::BrightBlack),
    };
    let style = colour.on_default();
    let severity = severity.map_or("", Severity::as_str);
    format!(
        "{style}{word:<8}{style:#}{severity:<9}{:<5}{}\n{:22}{}",
        result.rule.as_str(),
        plain(&result.title),
        "",
        plain(&result.detail),
    )
}
