//! `enamel ledger`: proof that no observation was changed or lost.

use enamel_types::Clock as _;

use crate::cli::Global;
use crate::edge::SystemClock;
use crate::error::{Error, Outcome};
use crate::session::{data_dir, ledger_path};
use crate::terminal;

/// `enamel ledger verify`.
pub(crate) fn verify(global: &Global) -> Result<Outcome, Error> {
    let path = ledger_path(&data_dir(global)?);
    let bar = terminal::spinner(global.quiet);
    let verified = enamel_ledger::verify(&path, &mut |progress| {
        bar.set_message(format!("Verified {} of {} entries", progress.done, progress.of));
        bar.tick();
    });
    bar.finish_and_clear();
    let verification = verified.map_err(|error| {
        Error::new(format!("the ledger {} could not be verified", path.display())).because(error).help(
            "name the data directory that holds ledger.db with --data DIR; it is made by the first scan",
        )
    })?;
    if global.json {
        terminal::json_line(&verification)?;
    } else {
        terminal::text(&verification.to_string())?;
    }
    Ok(if verification.is_whole() { Outcome::Done } else { Outcome::NotWhole })
}

/// `enamel ledger salvage`.
pub(crate) fn salvage(global: &Global) -> Result<Outcome, Error> {
    let path = ledger_path(&data_dir(global)?);
    let bar = terminal::spinner(global.quiet);
    let salvaged = enamel_ledger::salvage(&path, SystemClock.now(), &mut |progress| {
        bar.set_message(format!("Looked at {} of {} entries", progress.done, progress.of));
        bar.tick();
    });
    bar.finish_and_clear();
    let salvage = salvaged.map_err(|error| {
        Error::new(format!("the ledger {} could not be salvaged", path.display()))
            .because(error)
            .help("the damaged file was left as it was; free some space and run it again")
    })?;
    if global.json {
        terminal::json_line(&salvage)?;
    } else {
        terminal::text(&salvage.to_string())?;
    }
    Ok(Outcome::Done)
}
