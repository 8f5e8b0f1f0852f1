//! `enamel export`: evidence in formats that others read.

use std::fs;
use std::path::Path;

use enamel_types::Observation;

use crate::cli::{ExportArgs, ExportFormat, Global};
use crate::error::{Error, Outcome};
use crate::own_files::PART;
use crate::session::{Session, gather};
use crate::terminal;

/// Runs the verb.
pub(crate) fn run(global: &Global, args: &ExportArgs) -> Result<Outcome, Error> {
    let session = Session::open(global, args.practice.as_deref())?;
    // An auditor must not take a mistyped data directory for a practice that nothing was ever seen of.
    if session.ledger()?.is_empty().map_err(Error::ledger_unreadable)? {
        return Err(Error::new(format!(
            "there is nothing in the ledger {}",
            session.ledger_path().display()
        ))
        .help("run `enamel assess` first, or name the data directory with --data DIR"));
    }
    match args.format {
        ExportFormat::Observations => observations(&session, &args.out)?,
        ExportFormat::Cyclonedx => cyclonedx(&session, &args.out)?,
        ExportFormat::Oscal => oscal(&session, &args.out)?,
        ExportFormat::Ocsf => ocsf(&session, &args.out)?,
    }
    Ok(Outcome::Done)
}

/// Writes to a file, whole or not at all, or to stdout for `-`.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    if path == Path::new("-") {
        return terminal::write_stdout(bytes);
    }
    let fail = |error: std::io::Error| {
        Error::new(format!("{} could not be written", path.display()))
            .because(error)
            .help("free some space or name another place; what was there before is untouched")
    };
    // Beside the target, so that the rename stays on one file system; a full disk then costs only the temporary file. The
    // name is new and nobody else's: a link that waits there is not followed.
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!("{PART}{}", std::process::id()));
    let temporary = path.with_file_name(name);
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    // What is known about a practice's weaknesses is for its owner to pass on.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&temporary).and_then(|mut file| {
        std::io::Write::write_all(&mut file, bytes)?;
        file.sync_all()
    });
    written.and_then(|()| fs::rename(&temporary, path)).map_err(|error| {
        let _ = fs::remove_file(&temporary);
        fail(error)
    })
}

fn observations(session: &Session, out: &Path) -> Result<(), Error> {
    let ledger = session.ledger()?;
    let mut lines = String::new();
    for entry in ledger.entries(0) {
        let entry = entry.map_err(Error::ledger_unreadable)?;
        lines += &terminal::to_json_line(&entry)?;
    }
    write(out, lines.as_bytes())
}

fn cyclonedx(session: &Session, out: &Path) -> Result<(), Error> {
    let ledger = session.ledger()?;
    let view = session.view(&ledger)?;
    let latest = |scope: &str| -> Result<Observation, Error> {
        let missing = || {
            Error::new("there is no software inventory in the ledger")
                .help("run `enamel scan software` or `enamel assess`")
        };
        let judgement = view.judgement(session.device(), scope).ok_or_else(missing)?;
        let entry = ledger.get(judgement.observation).map_err(Error::ledger_unreadable)?;
        Ok(entry.ok_or_else(missing)?.observation)
    };
    super::scan_software::export_cyclonedx(&latest("inventory")?, &latest("software")?, out)
}

fn ocsf(session: &Session, out: &Path) -> Result<(), Error> {
    let now = session.now();
    let ledger = session.ledger()?;
    let view = session.view(&ledger)?;
    write(out, &gather(&ledger, &view, now)?.findings_json(session.assessor(), &view, now))
}

#[cfg(feature = "report")]
fn oscal(session: &Session, out: &Path) -> Result<(), Error> {
    let model = crate::model::for_oscal(session)?;
    let document = enamel_report::oscal::assessment_results(&model)
        .map_err(|error| Error::new("the OSCAL export could not be made").because(error))?;
    write(out, document.as_bytes())
}

#[cfg(not(feature = "report"))]
fn oscal(_: &Session, _: &Path) -> Result<(), Error> {
    Err(Error::new("this build of enamel is the agent's and makes no OSCAL documents")
        .help("use the MSP's build on a copy of the data directory"))
}
