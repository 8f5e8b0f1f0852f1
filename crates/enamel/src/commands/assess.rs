//! `enamel assess`: the main job. Every sensor that applies to this computer and these folders, judged and put into a report.

use std::fs;
use std::path::PathBuf;

use enamel_ledger::{Ledger, PracticeView};
use enamel_types::risk::RiskFigures;
use enamel_types::{Finding, Observation, Severity, Timestamp};

use super::{fail_on, scan_host, scan_phi, scan_software};
use crate::cli::{AssessArgs, Global};
use crate::edge;
use crate::error::{Error, Outcome};
use crate::evidence::Gathered;
use crate::figures::{self, Fresh, Rolls};
use crate::session::Session;
use crate::terminal::{self, hint, plain};

/// A browser that has not printed a report by then never will; a slow computer takes seconds.
#[cfg(feature = "report")]
const LONGEST_PRINT: std::time::Duration = std::time::Duration::from_mins(2);

/// Runs the verb.
pub(crate) fn run(global: &Global, args: &AssessArgs) -> Result<Outcome, Error> {
    let session = Session::open(global, args.practice.as_deref())?;
    fs::create_dir_all(&args.out).map_err(|error| {
        Error::new(format!("the folder {} could not be made", args.out.display()))
            .because(error)
            .help("name a folder that can be written with --out DIR")
    })?;
    let observations = look(&session, args)?;
    session.record(&observations)?;

    let now = session.now();
    let ledger = session.ledger()?;
    let view = session.view(&ledger)?;
    let risk = figures::risk(&session, &view, now, Rolls::for_a_report());
    let Written { files, failed } = write_files(&session, args, &ledger, &view, &risk, now)?;
    drop(ledger);

    let open = Fresh::of(&view, now).open_findings(&view);
    if session.json {
        for finding in &open {
            terminal::json_line(&serde_json::json!({ "type": "finding", "finding": finding }))?;
        }
        terminal::json_line(&serde_json::json!({
            "type": "assessment",
            "mean": risk.total.mean,
            "p90": risk.total.p90,
            "findings": open.len(),
            "files": files,
        }))?;
    } else {
        terminal::text(&for_people(&session, &view, &open, &risk, &files, now))?;
    }
    // What was found is said before what could not be printed.
    failed.map_or_else(|| Ok(fail_on(args.fail_on, &open)), Err)
}

/// Every sensor, one after the other: each uses what it needs of the computer, and the long one shows its progress.
fn look(session: &Session, args: &AssessArgs) -> Result<Vec<Observation>, Error> {
    hint(session.quiet, "Looking at this computer");
    let mut observations = vec![
        scan_software::observe_inventory(session)?,
        scan_host::observe(session)?,
        scan_software::observe(session, &args.paths)?,
    ];
    let roots: Vec<PathBuf> = if args.paths.is_empty() {
        edge::home_folders()
    } else {
        args.paths.iter().map(|path| scan_phi::absolute(path)).collect()
    };
    let names: Vec<_> = roots.iter().map(|root| root.display().to_string()).collect();
    hint(session.quiet, &format!("Looking for patient data in {}", plain(&names.join(", "))));
    let mut options = scan_phi::scan_options(session, &args.phi)?;
    // What an earlier run wrote about patient data is not patient data of the practice.
    options.exclude.push(scan_phi::absolute(&args.out));
    for survey in scan_phi::survey(session, &roots, &options, &mut |_| ())? {
        observations.push(scan_phi::observe(session, &survey));
    }
    Ok(observations)
}

/// What became of the files.
struct Written {
    /// They are there.
    files: Vec<PathBuf>,
    /// Why a further one is not.
    failed: Option<Error>,
}

/// Writes report.html and findings.json, and prints report.pdf where that is wanted.
#[cfg(feature = "report")]
fn write_files(
    session: &Session,
    args: &AssessArgs,
    ledger: &Ledger,
    view: &PracticeView,
    risk: &RiskFigures,
    now: Timestamp,
) -> Result<Written, Error> {
    let gathered = Gathered::from(ledger, view, now)?;
    let mut files = vec![args.out.join("report.html"), args.out.join("findings.json")];
    super::export::write(&files[1], &gathered.findings_json(session, view, now))?;
    let model = crate::model::build(session, ledger, view, gathered, risk.clone(), now)?;
    let html = enamel_report::render_html(&model)
        .map_err(|error| Error::new("the report could not be made").because(error))?;
    super::export::write(&files[0], html.as_bytes())?;
    let mut failed = None;
    if args.pdf {
        hint(session.quiet, "Printing report.pdf");
        let pdf = args.out.join("report.pdf");
        failed = print(&files[0], &pdf).err();
        files.extend(failed.is_none().then_some(pdf));
    }
    Ok(Written { files, failed })
}

/// Writes findings.json, which is all that this build can make.
#[cfg(not(feature = "report"))]
fn write_files(
    session: &Session,
    args: &AssessArgs,
    ledger: &Ledger,
    view: &PracticeView,
    _: &RiskFigures,
    now: Timestamp,
) -> Result<Written, Error> {
    let file = args.out.join("findings.json");
    super::export::write(&file, &Gathered::from(ledger, view, now)?.findings_json(session, view, now))?;
    hint(session.quiet, "This build of enamel is the agent's and makes no report.html");
    Ok(Written { files: vec![file], failed: None })
}

/// Prints the report with the browser that this computer has.
#[cfg(feature = "report")]
fn print(html: &std::path::Path, pdf: &std::path::Path) -> Result<(), Error> {
    const HELP: &str =
        "report.html and findings.json are written; open report.html in any browser and print it as PDF";
    let Some(browser) = enamel_report::pdf::installed_browser() else {
        let what =
            format!("{} could not be printed: there is no Edge, Chrome or Chromium here", pdf.display());
        return Err(Error::new(what).help(HELP));
    };
    // As root on Linux the browser refuses to start with its sandbox; the page forbids scripts and loads nothing.
    enamel_report::pdf::print(&browser, html, pdf, !edge::is_linux_root(), LONGEST_PRINT).map_err(|error| {
        Error::new(format!("{} could not be printed", pdf.display())).because(error).help(HELP)
    })
}

/// The terminal's answer: are we safe, what it may cost, what to do first, where to read more.
fn for_people(
    session: &Session,
    view: &PracticeView,
    open: &[Finding],
    risk: &RiskFigures,
    files: &[PathBuf],
    now: Timestamp,
) -> String {
    use std::fmt::Write as _;
    let count = |severity| open.iter().filter(|finding| finding.severity == severity).count();
    let mut text = format!(
        "\n{}\n{} open findings: {} critical, {} high, {} medium\n",
        plain(&session.profile.name),
        open.len(),
        count(Severity::Critical),
        count(Severity::High),
        count(Severity::Medium),
    );
    if let Some(persons) = Fresh::of(view, now).persons() {
        let _ = writeln!(text, "Data of {} people lies in the folders that were searched", persons.estimate);
    }
    let _ = writeln!(
        text,
        "Expected loss {} a year; in nine years of ten less than {}",
        risk.total.mean, risk.total.p90
    );
    if !risk.fixes.is_empty() {
        text.push_str("\nDo these first\n");
    }
    for (number, fix) in risk.fixes.iter().take(3).enumerate() {
        let _ = writeln!(
            text,
            "  {}. {}\n     saves {} a year, takes {}",
            number + 1,
            plain(&fix.title),
            fix.saves_mean,
            fix.minutes
        );
    }
    for file in files {
        let _ = write!(text, "\nWritten: {}", file.display());
    }
    text
}
