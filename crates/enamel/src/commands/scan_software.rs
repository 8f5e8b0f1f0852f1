//! `enamel scan software`: what is installed, which dental products, which secrets lie in clear.

use std::path::{Path, PathBuf};

use enamel_exposure::{observe_software, software::cyclonedx};
use enamel_types::software::SoftwareInventory;
use enamel_types::words::{counted, grouped};
use enamel_types::{Body, Observation};
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
    let inventory = observe_inventory(&session)?;
    let software = observe(&session, &folders)?;
    session.record(&[inventory.clone(), software.clone()])?;
    let judgement = session.judge(&software);
    if let Some(path) = &args.cyclonedx {
        export_cyclonedx(&inventory, &software, path)?;
    }
    if let Body::SoftwareInventory(found) = &software.body
        && args.cyclonedx.as_deref() != Some(Path::new("-"))
    {
        if session.json {
            print_records(found)?;
        } else {
            print_people(found)?;
        }
        for finding in &judgement.findings {
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
    }
    Ok(fail_on(args.fail_on, &judgement.findings))
}

/// Looks at what is installed and running.
pub(crate) fn observe(session: &Session, folders: &[PathBuf]) -> Result<Observation, Error> {
    let host = enamel_host::local();
    let (inventory, gaps) = observe_software(&*host, &session.content.signatures, folders)
        .map_err(|error| Error::new("this computer does not say what it is").because(error))?;
    Ok(session.observe(Saw {
        sensor: "scan software",
        scope: "software".to_owned(),
        gaps,
        body: Body::SoftwareInventory(inventory),
        valid_until: None,
    }))
}

/// Looks at the computer itself: name, hardware, users, shares.
pub(crate) fn observe_inventory(session: &Session) -> Result<Observation, Error> {
    let (inventory, errors) = enamel_host::local()
        .inventory()
        .map_err(|error| Error::new("this computer's inventory could not be taken").because(error))?;
    let gaps =
        errors.into_iter().map(|error| enamel_types::Gap { what: error.what, why: error.why }).collect();
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

fn print_people(found: &SoftwareInventory) -> Result<(), Error> {
    let running = found.services.iter().filter(|service| service.running).count();
    terminal::text(&format!(
        "{}\n{}, {} of {} running",
        plain(&found.os.name),
        counted(found.packages.len() as u64, "package or application", "packages and applications"),
        grouped(running as u64),
        counted(found.services.len() as u64, "service", "services")
    ))?;
    if found.dental.is_empty() {
        terminal::text("No dental product was recognised")?;
    }
    for product in &found.dental {
        terminal::text(&format!(
            "{} ({}), recognised by {}",
            plain(&product.product),
            plain(&product.category),
            plain(&product.recognised_by.join(", "))
        ))?;
    }
    terminal::text("")
}
