//! `enamel scan phi`: where patient data lies, and how many people's.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use enamel_host::Host;
use enamel_phi::{FileReport, Progress, ScanError, ScanOptions, scan};
use enamel_types::patient_data::{Entity, PatientDataSurvey};
use enamel_types::words::{bytes, counted, grouped};
use enamel_types::{Body, Observation};
use indicatif::{HumanDuration, ProgressBar};

use super::fail_on;
use crate::cli::{Global, PhiOptions, ScanPhiArgs};
use crate::edge::SystemClock;
use crate::error::{Error, Outcome};
use crate::session::{Saw, Session};
use crate::terminal::{self, hint, plain};
use crate::{interrupt, own_files, paths};

/// Runs the verb.
pub(crate) fn run(global: &Global, args: &ScanPhiArgs) -> Result<Outcome, Error> {
    let session = Session::open(global, None)?;
    let mut options = scan_options(&session, &args.options)?;
    options.fingerprints = args.fingerprints;
    let mut failed = None;
    #[cfg(feature = "test-reveal")]
    let reveal = args.reveal_for_tests;
    let roots = paths::all_named(&args.paths)?;
    let given: Vec<_> = roots.iter().zip(&args.paths).collect();
    let surveys = survey(&session, &roots, &options, &mut |mut report| {
        if let Some(path) = given.iter().find_map(|(root, given)| paths::as_given(&report.path, root, given))
        {
            report.path = path;
        }
        if failed.is_some() {
            return;
        }
        if session.json {
            #[cfg(feature = "test-reveal")]
            let report = if reveal { report } else { FileReport { found: Vec::new(), ..report } };
            failed = terminal::json_line(&report).err();
        } else if report.has_phi {
            failed = terminal::text(&line(&report)).err();
        }
        if failed.is_some() {
            hint(session.quiet, "What is found can no longer be printed; the search goes on, for the ledger");
        }
    })?;
    let host = enamel_host::local();
    let observations: Vec<_> = surveys.iter().map(|survey| observe(&session, &*host, survey)).collect();
    // Also where nobody read to the end (`| head`): a search may have taken hours.
    session.record(&observations)?;
    match failed {
        Some(error) if !error.is_quiet() => {
            return Err(
                error.help("what was found is in the ledger all the same; `enamel export ocsf` writes it")
            );
        }
        None if !session.json => {
            for survey in &surveys {
                terminal::text(&summary(survey))?;
            }
        }
        _ => {}
    }
    let findings: Vec<_> =
        observations.iter().flat_map(|observation| session.judge(observation).findings).collect();
    Ok(fail_on(args.fail_on, &findings))
}

/// How to scan, from what was asked for.
pub(crate) fn scan_options(session: &Session, asked: &PhiOptions) -> Result<ScanOptions, Error> {
    Ok(ScanOptions {
        threads: asked.threads.map_or(0, usize::from),
        bytes_per_second: asked.io_budget.map(|mib| u64::from(mib) << 20),
        cache: (!asked.no_cache).then(|| session.data.join(own_files::CACHE)),
        one_file_system: asked.one_file_system,
        exclude: own_files::of_data(&paths::spelled(&session.data)),
        fingerprint_key: session.identity.fingerprint_key()?,
        ..ScanOptions::default()
    })
}

/// Scans with a progress line, until done or Ctrl-C.
pub(crate) fn survey(
    session: &Session,
    roots: &[PathBuf],
    options: &ScanOptions,
    each: &mut dyn FnMut(FileReport),
) -> Result<Vec<PatientDataSurvey>, Error> {
    let bar = terminal::spinner(session.quiet);
    let surveys = interrupt::stoppable(|stop| {
        scan(roots, options, &SystemClock, stop, &mut |progress| show(&bar, progress), &mut |report| {
            bar.suspend(|| each(report));
        })
    });
    bar.finish_and_clear();
    surveys.map_err(|error| {
        let help = match &error {
            ScanError::NoSuchRoot { .. } | ScanError::Root { .. } => "check the path and run it again",
            ScanError::Cache { .. } => "run it again with --no-cache, or delete the cache",
            ScanError::Cancelled => "run it again: files that were done are not read twice",
        };
        Error::new("the search for patient data stopped").because(error).help(help)
    })
}

/// One survey as an observation.
pub(crate) fn observe(session: &Session, host: &dyn Host, survey: &PatientDataSurvey) -> Observation {
    let mut survey = survey.clone();
    ask_who_can_read(host, &mut survey);
    session.observe(Saw {
        sensor: "scan phi",
        scope: format!("phi:{}", survey.root),
        gaps: survey.gaps(),
        body: Body::PatientData(survey),
        valid_until: None,
    })
}

/// A search sees the permission bits of the files that it reads. Windows has access lists in their place, which the host reads: a
/// folder's own list, which its files inherit.
fn ask_who_can_read(host: &dyn Host, survey: &mut PatientDataSurvey) {
    for folder in survey.folders.iter_mut().filter(|folder| folder.readable_by_others.is_none()) {
        // What the host cannot see either stays unknown, and the report says so.
        let meta = host.metadata(Path::new(&folder.path)).ok().flatten();
        folder.readable_by_others = meta.and_then(|meta| meta.readable_by_others);
    }
}

fn show(bar: &ProgressBar, progress: Progress) {
    let left = match progress.left {
        Some(left) if progress.counted => format!(", {} left", HumanDuration(left)),
        _ => String::new(),
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate for people to read")]
    let rate = bytes(progress.bytes_per_second as u64);
    bar.set_message(format!(
        "Looking for patient data: {} of {}{} files, {rate}/s{left}; {} hold patient data",
        grouped(progress.files),
        grouped(progress.files_total),
        if progress.counted { "" } else { "+" },
        grouped(progress.files_with_phi),
    ));
    bar.tick();
}

fn line(report: &FileReport) -> String {
    format!(
        "{}\n    {}; {} ({})",
        plain(&report.path.to_string_lossy()),
        report.persons.people(),
        Entity::list(&report.entities),
        report.format,
    )
}

fn summary(survey: &PatientDataSurvey) -> String {
    let files = counted(survey.files, "file", "files");
    let mut text = format!(
        "\n{}: {} of {files} ({}) {} patient data{}",
        plain(&survey.root),
        grouped(survey.files_with_phi),
        bytes(survey.bytes),
        if survey.files_with_phi == 1 { "holds" } else { "hold" },
        if survey.files_with_phi == 0 { String::new() } else { format!(" of {}", survey.persons.people()) },
    );
    let rest = survey.partly_searched().into_iter().map(|gap| format!("{}: {}", gap.what, gap.why));
    for sentence in survey.not_searched().into_iter().chain(rest) {
        let _ = write!(text, "\n  {}", plain(&sentence));
    }
    text
}

#[cfg(test)]
mod tests {
    use enamel_testkit::{RecordedFile, RecordedHost};
    use enamel_types::Estimate;
    use enamel_types::patient_data::PhiFolder;

    use super::*;

    #[test]
    fn the_host_says_who_can_read_a_folder_where_the_search_could_not_see_it() {
        let entry =
            |readable_by_others| RecordedFile { folder: true, readable_by_others, ..RecordedFile::default() };
        let host = RecordedHost::windows11()
            .file_entry(r"C:\Scans", entry(Some(true)))
            .file_entry(r"C:\Charts", entry(Some(false)))
            .file_entry(r"C:\Odd", entry(None))
            .unreadable(r"C:\Locked", "access denied");
        let folder = |(path, readable_by_others): (&str, Option<bool>)| PhiFolder {
            path: path.to_owned(),
            files: 1,
            persons: Estimate::exact(1),
            entities: std::iter::empty().collect(),
            formats: std::iter::empty().collect(),
            examples: Vec::new(),
            readable_by_others,
        };
        let seen = [
            (r"C:\Scans", None),
            (r"C:\Charts", None),
            (r"C:\Odd", None),
            (r"C:\Locked", None),
            (r"C:\Gone", None),
            (r"C:\Charts", Some(true)),
        ];
        let mut survey = PatientDataSurvey {
            root: r"C:\".to_owned(),
            files: 6,
            bytes: 6,
            files_with_phi: 6,
            persons: Estimate::exact(6),
            folders: seen.into_iter().map(folder).collect(),
            folders_not_listed: 0,
            files_not_searched: std::iter::empty().collect(),
            bytes_not_searched: std::iter::empty().collect(),
            problems: std::iter::empty().collect(),
        };
        ask_who_can_read(&host, &mut survey);
        let readable: Vec<_> = survey.folders.iter().map(|folder| folder.readable_by_others).collect();
        assert_eq!(readable, [Some(true), Some(false), None, None, None, Some(true)]);
    }
}
