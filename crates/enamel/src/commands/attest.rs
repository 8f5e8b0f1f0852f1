//! `enamel attest`: what a person states about a control that no sensor can see.

use enamel_types::control::{Attestation, Statement};
use enamel_types::{Body, ControlId};
use jiff::ToSpan as _;
use jiff::tz::TimeZone;

use crate::cli::{AttestArgs, Global, StatementArg};
use crate::error::{Error, Outcome};
use crate::session::{Saw, Session};
use crate::terminal;

/// Runs the verb.
pub(crate) fn run(global: &Global, args: &AttestArgs) -> Result<Outcome, Error> {
    let session = Session::open(global, None)?;
    let control: ControlId = args.control.parse().map_err(|error| {
        Error::new(format!("{:?} is not a citation", args.control))
            .because(error)
            .help("write it as the rule does: 164.308(a)(1)(ii)(C)")
    })?;
    let Some(known) = session.content.controls.get(&control) else {
        return Err(Error::new(format!("{control} is not in the control catalogue"))
            .help("docs/controls.md lists every control with its citation"));
    };
    let statement = match args.statement {
        StatementArg::Implemented => Statement::Implemented,
        StatementArg::EquivalentMeasure => Statement::EquivalentMeasure,
        StatementArg::NotReasonable => Statement::NotReasonable,
        StatementArg::NotImplemented => Statement::NotImplemented,
    };
    let decides_otherwise = matches!(statement, Statement::EquivalentMeasure | Statement::NotReasonable);
    if decides_otherwise && known.requirement(session.profile.profile) == enamel_risk::Requirement::Required {
        return Err(Error::new(format!(
            "{control} ({}) is required; it cannot be decided away",
            known.title
        ))
        .help("only addressable specifications leave that choice (45 CFR 164.306(d)(3))"));
    }
    for (name, text) in [("--reason", &args.reason), ("--person", &args.person)] {
        if text.trim().is_empty() {
            return Err(Error::new(format!("{name} is empty"))
                .help("an auditor will ask who stated this and on what grounds; say both"));
        }
    }
    let latest = known.last_day_of_statement(session.now());
    let today = TimeZone::UTC.to_datetime(session.now()).date();
    let last_day = args.expires.unwrap_or(latest);
    if last_day <= today || last_day > latest {
        return Err(Error::new(format!("--expires {last_day} is not between tomorrow and {latest}")).help(
            format!(
                "a statement on {control} counts for {} months and has to be renewed then; leave --expires out to use them all",
                known.attestation_months
            ),
        ));
    }
    let expires_at = TimeZone::UTC
        .to_timestamp(last_day.saturating_add(1.day()).to_datetime(jiff::civil::Time::midnight()))
        .map_err(|error| Error::new(format!("--expires {last_day} is not a date")).because(error))?;
    let observation = session.observe(Saw {
        sensor: "attest",
        scope: format!("attest:{control}"),
        gaps: Vec::new(),
        body: Body::Attestation(Attestation {
            control: control.clone(),
            statement,
            reason: args.reason.trim().to_owned(),
            person: args.person.trim().to_owned(),
            expires_at,
        }),
        valid_until: Some(expires_at),
    });
    let receipts = session.record(std::slice::from_ref(&observation))?;
    if session.json {
        terminal::json_line(&observation)?;
    } else {
        let hash = receipts.first().map(|receipt| receipt.hash.to_string()).unwrap_or_default();
        terminal::text(&format!(
            "Recorded for {control} ({}), until {last_day}\nEvidence {hash}",
            known.title
        ))?;
    }
    if !known.counts(statement, session.profile.profile) {
        terminal::hint(
            session.quiet,
            &format!(
                "warning: only a sensor can show {control}; the statement is recorded, and the control stays as the sensors see it"
            ),
        );
    }
    Ok(Outcome::Done)
}
