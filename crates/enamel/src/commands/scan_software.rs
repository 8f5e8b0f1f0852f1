//! `enamel scan software`: what is installed, which dental products, which secrets lie in clear.

use std::path::{Path, PathBuf};

use enamel_exposure::software::{self, cyclonedx};
use enamel_exposure::{observe_folder, observe_software};
use enamel_host::Host;
use enamel_types::software::SoftwareInventory;
use enamel_types::words::{counted, grouped};
use enamel_types::{Body, Finding, Gap, Observation};
use serde::Serialize;

use super::fail_on;
use crate::cli::{Global, ScanSoftwareArgs};
use crate::error::{Error, Outcome};
use crate::paths;
use crate::session::{Saw, Session};
use crate::terminal::{self, plain};

/// One thing found, as `--json` prints it: its own fields and what it is.
#[derive(Serialize)]
struct Record<'a, T: Serialize> {
    r#type: &'static str,
    #[serde(flatten)]
    item: &'a T,
}

/// Runs the verb.
pub(crate) fn run(global: &Global, args: &ScanSoftwareArgs) -> Result<Outcome, Error> {
    let session = Session::open(global, None)?;
    let folders = paths::all_named(&args.paths)?;
    let host = enamel_host::local();
    let inventory = observe_inventory(&session, &*host)?;
    let seen = observe(&session, &*host, &folders)?;
    session.record(&[std::slice::from_ref(&inventory), &seen].concat())?;
    // A folder that lies in another one, or that this computer shares, is looked at twice; its findings are the same ones.
    let mut findings: Vec<Finding> = Vec::new();
    for finding in seen.iter().flat_map(|observation| session.judge(observation).findings) {
        if findings.iter().all(|known| known.id != finding.id) {
            findings.push(finding);
        }
    }
    if let (Some(path), Some(computer)) = (&args.cyclonedx, seen.first()) {
        export_cyclonedx(&inventory, computer, path)?;
    }
    if args.cyclonedx.as_deref() != Some(Path::new("-")) {
        for observation in &seen {
            if let Body::SoftwareInventory(found) = &observation.body {
                if session.json {
                    print_records(found)?;
                } else if observation.scope == software::SCOPE {
                    print_computer(found)?;
                } else {
                    print_products(found)?;
                }
            }
        }
        print_findings(&session, &findings)?;
    }
    Ok(fail_on(args.fail_on, &findings))
}

fn print_findings(session: &Session, findings: &[Finding]) -> Result<(), Error> {
    if !session.json {
        terminal::text("")?;
    }
    for finding in findings {
        if session.json {
            terminal::json_line(&Record { r#type: "finding", item: finding })?;
        } else {
            terminal::text(&format!(
                "{:<14}{}\n{:14}{}",
                finding.severity,
                plain(&finding.title),
                "",
                plain(&finding.seen)
            ))?;
        }
    }
    Ok(())
}

/// Looks at what is installed and running, and then below each folder: one observation each, because whoever looks at the
/// computer alone the next time says nothing of the folders.
pub(crate) fn observe(
    session: &Session,
    host: &dyn Host,
    folders: &[PathBuf],
) -> Result<Vec<Observation>, Error> {
    let signatures = &session.content.signatures;
    let statement = |scope: String, seen: SoftwareInventory, gaps: Vec<Gap>| {
        session.observe(Saw {
            sensor: "scan software",
            scope,
            gaps,
            body: Body::SoftwareInventory(seen),
            valid_until: None,
        })
    };
    let (computer, gaps) = observe_software(host, signatures)
        .map_err(|error| Error::new("this computer does not say what it is").because(error))?;
    let mut observations = vec![statement(software::SCOPE.to_owned(), computer.clone(), gaps)];
    for folder in folders {
        let (below, gaps) = observe_folder(host, signatures, folder, &computer);
        observations.push(statement(software::folder_scope(folder), below, gaps));
    }
    Ok(observations)
}

/// Looks at the computer itself: name, hardware, users, shares.
pub(crate) fn observe_inventory(session: &Session, host: &dyn Host) -> Result<Observation, Error> {
    let (inventory, errors) = host
        .inventory()
        .map_err(|error| Error::new("this computer's inventory could not be taken").because(error))?;
    let gaps = errors.into_iter().map(|error| Gap { what: error.what, why: error.why }).collect();
    Ok(session.observe(Saw {
        sensor: "scan inventory",
        scope: "inventory".to_owned(),
        gaps,
        body: Body::DeviceInventory(inventory),
        valid_until: None,
    }))
}

/// Writes the CycloneDX inventory; the software observation's id is the document's serial number.
pub(crate) fn export_cyclonedx(
    inventory: &Observation,
    software: &Observation,
    path: &Path,
) -> Result<(), Error> {
    let (Body::DeviceInventory(device), Body::SoftwareInventory(found)) = (&inventory.body, &software.body)
    else {
        return Err(
            Error::new("there is no software inventory to export").help("run `enamel scan software` first")
        );
    };
    let document = cyclonedx(Some(device), found, software.id, software.observed_at)
        .map_err(|error| Error::new("the CycloneDX inventory could not be written as JSON").because(error))?;
    super::export::write(path, document.as_bytes())
}

fn print_records(found: &SoftwareInventory) -> Result<(), Error> {
    for item in &found.packages {
        terminal::json_line(&Record { r#type: "package", item })?;
    }
    for item in &found.services {
        terminal::json_line(&Record { r#type: "service", item })?;
    }
    for item in &found.dental {
        terminal::json_line(&Record { r#type: "dental_product", item })?;
    }
    for item in &found.secrets {
        terminal::json_line(&Record { r#type: "secret_in_clear", item })?;
    }
    Ok(())
}

fn print_computer(found: &SoftwareInventory) -> Result<(), Error> {
    let running = found.services.iter().filter(|service| service.running).count();
    terminal::text(&format!(
        "{}\n{}, {} of {} running",
        plain(&found.os.name),
        counted(found.packages.len() as u64, "package or application", "packages and applications"),
        grouped(running as u64),
        counted(found.services.len() as u64, "service", "services")
    ))?;
    if found.dental.is_empty() {
        terminal::text("No dental product was recognised on this computer itself")?;
    }
    print_products(found)
}

fn print_products(found: &SoftwareInventory) -> Result<(), Error> {
    for product in &found.dental {
        terminal::text(&format!(
            "{} ({}), recognised by {}",
            plain(&product.product),
            plain(&product.category),
            plain(&product.recognised_by.join(", "))
        ))?;
    }
    Ok(())
}
