//! `enamel agent sensor`: one run of one sensor, for the agent, which reads what it prints.
//!
//! The same observation that `scan` and `assess` make, under the ids that the server knows this computer by. Nothing is recorded here:
//! the agent keeps what it reads.

use std::path::PathBuf;

use enamel_agent::Enrolment;
use enamel_types::{Observation, SensorName};

use crate::cli::agent::SensorArgs;
use crate::cli::{Global, PhiOptions};
use crate::commands::{scan_host, scan_phi, scan_software};
use crate::error::{Error, Outcome};
use crate::session::Session;
use crate::{edge, paths, terminal};

/// How fast the search for patient data reads, MiB a second: nobody at the practice should notice it.
const READ_MIB_PER_SECOND: u32 = 20;

/// Runs the verb.
pub(super) fn run(global: &Global, args: &SensorArgs) -> Result<Outcome, Error> {
    edge::be_idle();
    let session = Session::open(global, None)?;
    let enrolment =
        Enrolment::required(&session.data).map_err(|error| super::plainly("nobody asked for this", error))?;
    let session = session.of_agent(&enrolment);
    for observation in look(&session, args)? {
        terminal::json_line(&observation)?;
    }
    Ok(Outcome::Done)
}

fn look(session: &Session, args: &SensorArgs) -> Result<Vec<Observation>, Error> {
    let host = enamel_host::local();
    Ok(match args.sensor {
        SensorName::Inventory => vec![scan_software::observe_inventory(session, &*host)?],
        SensorName::Host => vec![scan_host::observe(session, &*host)?],
        SensorName::Software => scan_software::observe(session, &*host, &[])?,
        SensorName::Phi => {
            let options = PhiOptions {
                threads: Some(1),
                io_budget: Some(READ_MIB_PER_SECOND),
                no_cache: false,
                one_file_system: false,
            };
            let roots = folders(args);
            let surveys =
                scan_phi::survey(session, &roots, &scan_phi::scan_options(session, &options)?, &mut |_| ())?;
            surveys.iter().map(|survey| scan_phi::observe(session, &*host, survey)).collect()
        }
    })
}

/// The usual folders and those of the policy that are there: one that is not, on a computer where it was never made, is no gap.
fn folders(args: &SensorArgs) -> Vec<PathBuf> {
    let people = if args.look_in.is_empty() { edge::usual_folders() } else { args.look_in.clone() };
    let mut roots: Vec<PathBuf> = Vec::new();
    for folder in people.iter().chain(&args.folders).filter(|folder| folder.exists()) {
        let folder = paths::spelled(folder);
        if !roots.iter().any(|root| folder.starts_with(root)) {
            roots.push(folder);
        }
    }
    roots
}
