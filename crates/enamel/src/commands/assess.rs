//! `enamel assess`: the main job. Every sensor that applies to this computer and these folders, judged and put into a report.

use std::path::PathBuf;

use enamel_assess::{ControlStates, Fresh, Rolls};
use enamel_host::Host;
use enamel_ledger::{Ledger, PracticeView};
use enamel_types::patient_data::PatientDataSurvey;
use enamel_types::risk::RiskFigures;
use enamel_types::verdict::verdict;
use enamel_types::words::{counted, grouped};
use enamel_types::{Finding, Observation, Severity, Timestamp};

use super::{fail_on, scan_host, scan_phi, scan_software};
use crate::cli::{AssessArgs, Global};
use crate::edge;
use crate::error::{Error, Outcome};
use crate::session::{Session, gather, make_private_folder};
use crate::terminal::{self, hint, plain};
use crate::{own_files, paths};

/// A browser that has not printed a report by then never will; a slow computer takes seconds.
#[cfg(feature = "report")]
const LONGEST_PRINT: std::time::Duration = std::time::Duration::from_mins(2);

/// Runs the verb.
pub(crate) fn run(global: &Global, args: &AssessArgs) -> Result<Outcome, Error> {
    let session = Session::open(global, args.practice.as_deref())?;
    make_private_folder(&args.out).map_err(|error| {
        Error::new(format!("the folder {} could not be made", args.out.display()))
            .because(error)
            .help("name a folder that can be written with --out DIR")
    })?;
    let surveys = look(&session, args)?;

    let now = session.now();
    let ledger = session.ledger()?;
    let view = session.view(&ledger)?;
    let risk = session.assessor().risk(&view, now, Rolls::for_a_report());
    let written = write_files(&session, args, ledger, &view, &risk, now)?;

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
            "files": written.files,
        }))?;
    } else {
        terminal::text(&for_people(&session, &view, &open, &surveys, &risk, &written, now))?;
    }
    // What was found is said before what could not be printed.
    written.failed.map_or_else(|| Ok(fail_on(args.fail_on, &open)), Err)
}

/// Every sensor; the long one shows its progress.
///
/// All go into the ledger as one batch, which is what makes them one assessment. If the long one stops, what the others
/// saw is kept all the same.
fn look(session: &Session, args: &AssessArgs) -> Result<Vec<PatientDataSurvey>, Error> {
    let named = paths::all_named(&args.paths)?;
    hint(session.quiet, "Looking at this computer");
    let host = enamel_host::local();
    let mut observations = look_at_computer(session, &*host, &named)?;
    let roots = if named.is_empty() { edge::usual_folders() } else { named };
    let spoken: Vec<_> = roots.iter().map(|root| root.display().to_string()).collect();
    hint(session.quiet, &format!("Looking for patient data in {}", plain(&spoken.join(", "))));
    let mut options = scan_phi::scan_options(session, &args.phi)?;
    options.exclude.extend(own_files::of_reports(&paths::spelled(&args.out)));
    let searched = scan_phi::survey(session, &roots, &options, &mut |_| ());
    if let Ok(surveys) = &searched {
        observations.extend(surveys.iter().map(|survey| scan_phi::observe(session, &*host, survey)));
    }
    session.record(&observations)?;
    searched
}

/// The sensors of this computer, one after the other: each uses what it needs of the host, which remembers.
fn look_at_computer(
    session: &Session,
    host: &dyn Host,
    folders: &[PathBuf],
) -> Result<Vec<Observation>, Error> {
    let mut observations =
        vec![scan_software::observe_inventory(session, host)?, scan_host::observe(session, host)?];
    observations.extend(scan_software::observe(session, host, folders)?);
    Ok(observations)
}

/// What became of the files.
struct Written {
    /// They are there.
    files: Vec<PathBuf>,
    /// Why a further one is not.
    failed: Option<Error>,
    /// What changed since the run before, in two sentences; empty where that is not known.
    change: String,
}

/// Writes report.html and findings.json, and prints report.pdf where that is wanted.
#[cfg(feature = "report")]
fn write_files(
    session: &Session,
    args: &AssessArgs,
    ledger: Ledger,
    view: &PracticeView,
    risk: &RiskFigures,
    now: Timestamp,
) -> Result<Written, Error> {
    let gathered = gather(&ledger, view, now)?;
    let mut files = vec![args.out.join(own_files::REPORT), args.out.join(own_files::FINDINGS)];
    super::export::write(&files[1], &gathered.findings_json(session.assessor(), view, now))?;
    let model = crate::model::build(session, &ledger, view, gathered, risk.clone(), now)?;
    // Printing takes long, and another run may wait for the ledger.
    drop(ledger);
    let html = enamel_report::render_html(&model)
        .map_err(|error| Error::new("the report could not be made").because(error))?;
    super::export::write(&files[0], html.as_bytes())?;
    let mut failed = None;
    if args.pdf {
        hint(session.quiet, "Printing report.pdf");
        let pdf = args.out.join(own_files::PDF);
        failed = print(&html, &pdf).err();
        files.extend(failed.is_none().then_some(pdf));
    }
    Ok(Written { files, failed, change: model.change() })
}

/// Writes findings.json, which is all that this build can make.
#[cfg(not(feature = "report"))]
fn write_files(
    session: &Session,
    args: &AssessArgs,
    ledger: Ledger,
    view: &PracticeView,
    _: &RiskFigures,
    now: Timestamp,
) -> Result<Written, Error> {
    let file = args.out.join(own_files::FINDINGS);
    let gathered = gather(&ledger, view, now)?;
    drop(ledger);
    super::export::write(&file, &gathered.findings_json(session.assessor(), view, now))?;
    hint(session.quiet, "This build of enamel is the agent's and makes no report.html");
    Ok(Written { files: vec![file], failed: None, change: String::new() })
}

/// Prints the report with the browser that this computer has. An earlier report.pdf stays until the new one is whole.
#[cfg(feature = "report")]
fn print(html: &str, pdf: &std::path::Path) -> Result<(), Error> {
    const HELP: &str =
        "report.html and findings.json are written; open report.html in any browser and print it as PDF";
    let Some(browser) = enamel_report::pdf::installed_browser() else {
        let what =
            format!("{} could not be printed: there is no Edge, Chrome or Chromium here", pdf.display());
        return Err(Error::new(what).help(HELP));
    };
    // As root on Linux the browser refuses to start with its sandbox; the page forbids scripts and loads nothing.
    let printed = enamel_report::pdf::print(&browser, html, !edge::is_linux_root(), LONGEST_PRINT);
    let bytes = printed.map_err(|error| {
        Error::new(format!("{} could not be printed", pdf.display())).because(error).help(HELP)
    })?;
    super::export::write(pdf, &bytes)
}

/// The terminal's answer: are we safe, what it may cost, what to do first, where to read more.
fn for_people(
    session: &Session,
    view: &PracticeView,
    open: &[Finding],
    surveys: &[PatientDataSurvey],
    risk: &RiskFigures,
    written: &Written,
    now: Timestamp,
) -> String {
    use std::fmt::Write as _;
    let fresh = Fresh::of(view, now);
    let states = ControlStates::of(&session.assessor().controls(view, now));
    let of = |severity| open.iter().filter(|finding| finding.severity == severity).count() as u64;
    let (answer, because) =
        verdict(of(Severity::Critical), of(Severity::High), states.unknown as u64, states.all as u64);
    let mut text = format!("\n{}\nAre we safe? {} {because}\n", plain(&session.profile.name), answer.words());
    if !written.change.is_empty() {
        let _ = writeln!(text, "{}", written.change);
    }
    let _ = writeln!(text, "\n{}", open_findings(open));
    let undecided = fresh.undecided();
    if undecided > 0 {
        let _ = writeln!(
            text,
            "{} could not be decided; the report says why",
            counted(undecided, "check", "checks")
        );
    }
    let _ = writeln!(
        text,
        "Safeguards: {} of {} met, as measured; {} stated by a person, {}{} partly met, {} not met, {} unknown",
        states.measured,
        states.all,
        states.stated,
        match states.declined {
            0 => String::new(),
            declined => format!("{declined} decided against, "),
        },
        states.partly,
        states.not_met,
        states.unknown
    );
    if let Some(persons) = fresh.persons() {
        let _ =
            writeln!(text, "Data of {} lies in the folders that were searched", persons.estimate.people());
    }
    for survey in surveys {
        if let Some(sentence) = survey.not_searched() {
            let _ = writeln!(text, "Below {}, {sentence}", plain(&survey.root));
        }
    }
    let _ = writeln!(
        text,
        "Expected loss in an average year: {}{}; nine years of ten cost less than {}",
        risk.total.mean,
        terminal::range(risk),
        risk.total.p90
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
    for file in &written.files {
        let _ = write!(text, "\nWritten: {}", plain(&file.display().to_string()));
    }
    text
}

/// `3 open findings: 1 critical, 2 low`; only what there is.
fn open_findings(open: &[Finding]) -> String {
    let severities =
        [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Informational];
    let parts: Vec<String> = severities
        .into_iter()
        .filter_map(|severity| {
            let count = open.iter().filter(|finding| finding.severity == severity).count();
            (count > 0).then(|| format!("{} {severity}", grouped(count as u64)))
        })
        .collect();
    let total = counted(open.len() as u64, "open finding", "open findings");
    if parts.is_empty() { total } else { format!("{total}: {}", parts.join(", ")) }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

    use enamel_host::{
        Answer, FileMeta, HostError, Program, ProgramOutput, RegistryValue, Remembering, SystemQuery,
    };
    use enamel_testkit::RecordedHost;
    use enamel_types::device::{DeviceInventory, OsInfo};
    use enamel_types::software::{Package, Service};

    use super::*;
    use crate::cli::Global;

    /// A recorded computer that counts how often it is asked for what takes long.
    struct Counting {
        host: RecordedHost,
        inventories: AtomicU32,
        packages: AtomicU32,
        services: AtomicU32,
    }

    impl Host for &Counting {
        fn os(&self) -> Result<OsInfo, HostError> {
            self.host.os()
        }
        fn inventory(&self) -> Result<(DeviceInventory, Vec<HostError>), HostError> {
            self.inventories.fetch_add(1, Relaxed);
            self.host.inventory()
        }
        fn packages(&self) -> Result<(Vec<Package>, Vec<HostError>), HostError> {
            self.packages.fetch_add(1, Relaxed);
            self.host.packages()
        }
        fn services(&self) -> Result<Vec<Service>, HostError> {
            self.services.fetch_add(1, Relaxed);
            self.host.services()
        }
        fn metadata(&self, path: &Path) -> Result<Option<FileMeta>, HostError> {
            self.host.metadata(path)
        }
        fn read_file(&self, path: &Path, limit: usize) -> Result<Option<Vec<u8>>, HostError> {
            self.host.read_file(path, limit)
        }
        fn list_dir(&self, path: &Path) -> Result<Option<Vec<PathBuf>>, HostError> {
            self.host.list_dir(path)
        }
        fn registry_value(&self, key: &str, name: &str) -> Result<Option<RegistryValue>, HostError> {
            self.host.registry_value(key, name)
        }
        fn registry_values(&self, key: &str) -> Result<Option<Vec<(String, RegistryValue)>>, HostError> {
            self.host.registry_values(key)
        }
        fn registry_subkeys(&self, key: &str) -> Result<Option<Vec<String>>, HostError> {
            self.host.registry_subkeys(key)
        }
        fn run(&self, program: Program) -> Result<Option<ProgramOutput>, HostError> {
            self.host.run(program)
        }
        fn query(&self, query: &SystemQuery) -> Result<Option<Answer>, HostError> {
            self.host.query(query)
        }
    }

    #[test]
    fn an_assessment_asks_the_computer_once_for_each_list() {
        let folder = tempfile::tempdir().unwrap();
        let data = Some(folder.path().join("data"));
        let global = Global { json: false, quiet: true, data, content: None };
        let session = Session::open(&global, None).unwrap();
        for host in [RecordedHost::debian(), RecordedHost::windows11()] {
            let counting = Counting {
                host,
                inventories: AtomicU32::new(0),
                packages: AtomicU32::new(0),
                services: AtomicU32::new(0),
            };
            let folders = [PathBuf::from("/srv/one"), PathBuf::from("/srv/two")];
            let seen = look_at_computer(&session, &Remembering::new(&counting), &folders).unwrap();
            let scopes: Vec<&str> = seen.iter().map(|observation| observation.scope.as_str()).collect();
            assert_eq!(scopes, ["inventory", "host", "software", "software:/srv/one", "software:/srv/two"]);
            let asked = [&counting.inventories, &counting.packages, &counting.services];
            assert_eq!(asked.map(|count| count.load(Relaxed)), [1, 1, 1]);
        }
    }
}
