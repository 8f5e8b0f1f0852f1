//! `enamel ledger`: proof that no observation was changed or lost.

use std::path::{Path, PathBuf};

use enamel_ledger::{EntryHash, LedgerError, PracticeRoot, Progress, Verification};
use enamel_types::Clock as _;
use enamel_types::words::grouped;
use serde::Serialize;

use crate::cli::{Global, VerifyArgs};
use crate::edge::SystemClock;
use crate::error::{Error, Outcome};
use crate::identity::Identity;
use crate::session::{data_dir, ledger_path};
use crate::terminal;

/// The record of `ledger verify --json`.
#[derive(Serialize)]
struct Record<'a> {
    #[serde(flatten)]
    verification: &'a Verification,
    #[serde(skip_serializing_if = "Option::is_none")]
    comparison: Option<&'a Comparison>,
}

/// A root that was published, held against the one of the file.
#[derive(Serialize)]
struct Comparison {
    through_seq: u64,
    expected: EntryHash,
    /// What the file gives; `None` where that would prove nothing.
    root: Option<EntryHash>,
    equal: bool,
    #[serde(skip)]
    says: String,
}

/// The record of `ledger salvage --json` where nothing is damaged.
#[derive(Serialize)]
struct NothingToSalvage {
    recovered: u64,
    lost: Vec<u64>,
    damaged: Option<PathBuf>,
}

/// `enamel ledger verify`. Writes nothing, so that it can be run on a copy that is evidence.
pub(crate) fn verify(global: &Global, args: &VerifyArgs) -> Result<Outcome, Error> {
    let data = data_dir(global)?;
    let path = ledger_path(&data);
    let verification = verified(global, &path).map_err(|error| {
        let help = match &error {
            LedgerError::Io { .. } => {
                "name the data directory that holds ledger.db with --data DIR; it is made by the first scan"
            }
            LedgerError::SalvageInterrupted { .. } => {
                "run `enamel ledger salvage` again; it goes on where it stopped"
            }
            _ => "name the data directory that holds ledger.db with --data DIR",
        };
        Error::new(format!("the ledger {} could not be verified", path.display())).because(error).help(help)
    })?;
    let comparison = match (args.at, args.expect) {
        (Some(at), Some(expected)) => Some(compare(&data, &verification, at, expected)?),
        _ => None,
    };
    if global.json {
        terminal::json_line(&Record { verification: &verification, comparison: comparison.as_ref() })?;
    } else {
        terminal::text(&verification.to_string())?;
        if let Some(comparison) = &comparison {
            terminal::text(&comparison.says)?;
        }
    }
    let as_expected = comparison.is_none_or(|comparison| comparison.equal);
    let as_known = verification.is_intact() && verification.lost.len() as u64 == args.accept_lost;
    Ok(if as_known && as_expected { Outcome::Done } else { Outcome::NotWhole })
}

fn verified(global: &Global, path: &Path) -> Result<Verification, LedgerError> {
    let bar = terminal::spinner(global.quiet);
    let verified = enamel_ledger::verify(path, &mut |progress: Progress| {
        bar.set_message(format!("Verified {} of {} entries", grouped(progress.done), grouped(progress.of)));
        bar.tick();
    });
    bar.finish_and_clear();
    verified
}

/// Holds the root through entry `at` against one that was published.
fn compare(data: &Path, found: &Verification, at: u64, expected: EntryHash) -> Result<Comparison, Error> {
    let unequal = |root, says| Comparison { through_seq: at, expected, root, equal: false, says };
    if !found.is_intact() {
        let says = format!("root through entry {at}: not compared, the ledger is damaged");
        return Ok(unequal(None, says));
    }
    let end = found.roots.first().map_or(0, |root| root.through_seq);
    if at > end {
        let says = format!(
            "root through entry {at}: NOT EQUAL; the ledger ends at entry {end}, entries {} to {at} are not there",
            end + 1
        );
        return Ok(unequal(None, says));
    }
    let roots = enamel_ledger::roots_at(&found.path, at).map_err(|error| {
        Error::new(format!("the root through entry {at} could not be computed")).because(error)
    })?;
    let root = of_this_practice(data, &roots)?.root;
    let lost = found.lost.iter().filter(|seq| **seq <= at).count();
    Ok(if root == expected {
        let but = if lost > 0 { format!(", but for {lost} lost before and recorded") } else { String::new() };
        let says = format!(
            "root through entry {at}: equal; entries 1 to {at} are what they were when that root was published{but}"
        );
        Comparison { through_seq: at, expected, root: Some(root), equal: true, says }
    } else {
        let says = format!(
            "root through entry {at}: NOT EQUAL; some of the entries 1 to {at} are not what they were when that root was published\n  \
             expected {expected}\n  found    {root}"
        );
        unequal(Some(root), says)
    })
}

/// The only practice in the ledger, or else the one that this data directory belongs to.
fn of_this_practice<'a>(data: &Path, roots: &'a [PracticeRoot]) -> Result<&'a PracticeRoot, Error> {
    if let [only] = roots {
        return Ok(only);
    }
    let own = Identity::load(data)?.map(|identity| identity.practice);
    roots.iter().find(|root| Some(root.practice) == own).ok_or_else(|| {
        Error::new(format!("the ledger holds entries of {} practices", roots.len()))
            .help("put identity.toml of the practice that is meant beside it")
    })
}

/// `enamel ledger salvage`.
pub(crate) fn salvage(global: &Global) -> Result<Outcome, Error> {
    let path = ledger_path(&data_dir(global)?);
    // What verification cannot look at may still hold good entries: only an intact ledger is left alone.
    if let Ok(whole) = verified(global, &path)
        && whole.is_intact()
    {
        if global.json {
            terminal::json_line(&NothingToSalvage { recovered: 0, lost: whole.lost, damaged: None })?;
        } else {
            let but = match whole.lost.len() {
                0 => String::new(),
                lost => format!(" but for {lost} recorded as lost"),
            };
            terminal::text(&format!("the ledger is whole{but}; nothing to salvage"))?;
        }
        return Ok(Outcome::Done);
    }
    let bar = terminal::spinner(global.quiet);
    let salvaged = enamel_ledger::salvage(&path, SystemClock.now(), &mut |progress| {
        bar.set_message(format!("Looked at {} of {} entries", grouped(progress.done), grouped(progress.of)));
        bar.tick();
    });
    bar.finish_and_clear();
    let salvage = salvaged.map_err(|error| {
        let help = match &error {
            LedgerError::Io { .. } if !path.exists() => {
                "name the data directory that holds ledger.db with --data DIR; it is made by the first scan"
            }
            LedgerError::Locked { .. } => {
                "another run of enamel has it; wait for that to end and run this again"
            }
            _ => "the damaged file was left as it was; free some space and run it again",
        };
        Error::new(format!("the ledger {} could not be salvaged", path.display())).because(error).help(help)
    })?;
    if global.json {
        terminal::json_line(&salvage)?;
    } else {
        terminal::text(&salvage.to_string())?;
    }
    Ok(Outcome::Done)
}
