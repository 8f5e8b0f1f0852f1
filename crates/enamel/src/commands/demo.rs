//! `enamel demo`: an MSP that is nobody's, in a fresh folder, to be looked at with `enamel serve`.
//!
//! The folder is filled beside the place where it will be and moved there when it is whole, so that it is never half. What a killed
//! run left is thrown away by the next.

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use enamel_server::demo::{self, Demo, Filled, Settings};
use enamel_store::{Config, Store};
use enamel_types::Clock as _;
use enamel_types::words::{counted, grouped};

use crate::cli::Global;
use crate::cli::demo::DemoArgs;
use crate::edge::{self, SystemClock};
use crate::error::{Error, Outcome};
use crate::session::make_private_folder;
use crate::terminal::{self, hint, plain};

/// The folder, where none is named.
const FOLDER: &str = "enamel-demo";
/// What it is called until it is whole, after the name that it will have.
const UNFINISHED: &str = ".unfinished";
/// Held while it is filled.
const LOCK: &str = "filling.lock";
const OTHER_FOLDER: &str = "name a folder that does not exist yet with --data DIR";

/// Runs the verb.
pub(crate) fn run(global: &Global, args: &DemoArgs) -> Result<Outcome, Error> {
    let folder = global.data.clone().unwrap_or_else(|| PathBuf::from(FOLDER));
    refuse_used(&folder)?;
    let unfinished = Unfinished::begin(&folder)?;
    let settings =
        Settings { seed: args.seed, practices: usize::from(args.practices), now: SystemClock.now() };
    let filled = fill(global, settings, &unfinished.path)?;
    unfinished.finish(&folder)?;
    say(global, args, &folder, filled)?;
    Ok(Outcome::Done)
}

/// Nothing that somebody has in a folder is mixed with a demo.
fn refuse_used(folder: &Path) -> Result<(), Error> {
    let unusable = |why: std::io::Error| {
        Error::new(format!("{} cannot be filled", folder.display())).because(why).help(OTHER_FOLDER)
    };
    match fs::read_dir(folder) {
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => Err(Error::new(format!("{} is not empty", folder.display())).help(format!(
                "{OTHER_FOLDER}; if it is an earlier demo, look at it with `enamel serve --data {}`",
                folder.display()
            ))),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(unusable(error)),
    }
}

/// A folder that is being filled, and that no other run fills.
struct Unfinished {
    path: PathBuf,
    lock: File,
}

impl Unfinished {
    /// Makes it, empty. What a run left that was killed is removed: it holds nothing but a demo, because only this makes one.
    fn begin(folder: &Path) -> Result<Self, Error> {
        let Some(name) = folder.file_name() else {
            let what = format!("{} has no name that a demo could be made under", folder.display());
            return Err(Error::new(what).help(OTHER_FOLDER));
        };
        let name: OsString = [name, UNFINISHED.as_ref()].into_iter().collect();
        let path = folder.with_file_name(name);
        let failed = |what: &str, error: std::io::Error| {
            Error::new(format!("{} could not be {what}", path.display())).because(error).help(OTHER_FOLDER)
        };
        let lock_path = path.join(LOCK);
        if path.exists() && !lock_path.exists() {
            let what = format!("{} is in the way, and no demo made it", path.display());
            return Err(Error::new(what).help(OTHER_FOLDER));
        }
        make_private_folder(&path).map_err(|error| failed("made", error))?;
        let lock = File::create(&lock_path).map_err(|error| failed("made", error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let what = format!("another run of `enamel demo` is filling {}", path.display());
                return Err(
                    Error::new(what).help("wait for it to end, or name another folder with --data DIR")
                );
            }
            Err(TryLockError::Error(error)) => return Err(failed("locked", error)),
        }
        for entry in fs::read_dir(&path).map_err(|error| failed("read", error))? {
            let entry = entry.map_err(|error| failed("read", error))?.path();
            if entry != lock_path {
                let removed =
                    if entry.is_dir() { fs::remove_dir_all(&entry) } else { fs::remove_file(&entry) };
                removed.map_err(|error| failed("emptied", error))?;
            }
        }
        Ok(Self { path, lock })
    }

    /// Puts it where it belongs. Until this has happened there is nothing there.
    fn finish(self, folder: &Path) -> Result<(), Error> {
        let failed = |error: std::io::Error| {
            Error::new(format!("the demo could not be moved to {}", folder.display()))
                .because(error)
                .help(OTHER_FOLDER)
        };
        drop(self.lock);
        fs::remove_file(self.path.join(LOCK)).map_err(failed)?;
        match fs::remove_dir(folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        fs::rename(&self.path, folder).map_err(failed)
    }
}

fn fill(global: &Global, settings: Settings, data: &Path) -> Result<Filled, Error> {
    let failed = |error: &dyn std::error::Error| {
        Error::new(format!("the demo could not be written to {}", data.display()))
            .because(error)
            .help("free some space, or name a folder on another disk with --data DIR, and run it again")
    };
    let demo = Demo::new(settings)?;
    hint(
        global.quiet,
        &format!(
            "Making up {} and a year of their history",
            counted(demo.practices.len() as u64, "practice", "practices")
        ),
    );
    let config = Config { data: data.to_owned(), database: None };
    let store = Store::open(&config, settings.now, &mut edge::random).map_err(|error| failed(&error))?;
    let bar = terminal::spinner(global.quiet);
    let written = AtomicUsize::new(0);
    let done = |practice: &demo::Practice| {
        let written = written.fetch_add(1, Ordering::Relaxed) + 1;
        bar.set_message(format!("{written} of {}: {}", demo.practices.len(), practice.profile.name));
        bar.tick();
    };
    let filled = demo::fill(&demo, &store, env!("CARGO_PKG_VERSION"), &mut edge::random, &done);
    bar.finish_and_clear();
    filled.map_err(|error| failed(&error))
}

fn say(global: &Global, args: &DemoArgs, folder: &Path, filled: Filled) -> Result<(), Error> {
    if global.json {
        return terminal::json_line(&serde_json::json!({
            "type": "demo",
            "data": folder,
            "seed": args.seed,
            "practices": args.practices,
            "computers": filled.computers,
            "observations": filled.observations,
        }));
    }
    terminal::text(&format!(
        "{} with {} and {} observations of a year. All of it is made up.\n\n\
         Look at it:\n\n  enamel serve --data {}\n\n\
         At its first start it prints a link that works once. Open it in a browser and make your own log-on: there is no \
         password to know.\nThe evidence is as fresh as today and ages as real evidence does; for a fresh one make a new demo.",
        counted(u64::from(args.practices), "practice", "practices"),
        counted(filled.computers as u64, "computer", "computers"),
        grouped(filled.observations as u64),
        plain(&shown(folder)),
    ))
}

/// A path as one types it.
fn shown(folder: &Path) -> String {
    let text = folder.display().to_string();
    if text.contains(' ') { format!("\"{text}\"") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demo(folder: &Path) -> Result<Outcome, Error> {
        let data = Some(folder.to_owned());
        let global = Global { json: false, quiet: true, data, content: None };
        run(&global, &DemoArgs { practices: 2, seed: 1 })
    }

    #[test]
    fn a_folder_is_filled_whole_and_once() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("demo");
        demo(&folder).unwrap();
        assert!(folder.join("control.db").exists() && !folder.join(LOCK).exists());
        assert!(!place.path().join("demo.unfinished").exists());
        let again = demo(&folder).unwrap_err().for_people();
        assert!(again.contains("is not empty") && again.contains("enamel serve"), "{again}");
    }

    #[test]
    fn what_a_killed_run_left_is_thrown_away_and_what_others_left_is_not() {
        let place = tempfile::tempdir().unwrap();
        let (folder, left) = (place.path().join("demo"), place.path().join("demo.unfinished"));
        fs::create_dir(&left).unwrap();
        fs::write(left.join("charts.csv"), "theirs").unwrap();
        assert!(demo(&folder).unwrap_err().for_people().contains("in the way"));
        assert!(left.join("charts.csv").exists());

        // A lock that nobody holds is what a killed run leaves.
        fs::remove_file(left.join("charts.csv")).unwrap();
        fs::write(left.join(LOCK), "").unwrap();
        fs::create_dir(left.join("practices")).unwrap();
        fs::write(left.join("control.db"), "half").unwrap();
        let held = File::open(left.join(LOCK)).unwrap();
        held.lock().unwrap();
        assert!(demo(&folder).unwrap_err().for_people().contains("another run"));
        drop(held);
        demo(&folder).unwrap();
        assert!(folder.join("control.db").exists() && !left.exists());
    }

    #[test]
    fn an_empty_folder_is_taken_and_a_file_is_not() {
        let place = tempfile::tempdir().unwrap();
        let (empty, file) = (place.path().join("empty"), place.path().join("file"));
        fs::create_dir(&empty).unwrap();
        demo(&empty).unwrap();
        fs::write(&file, "x").unwrap();
        assert!(demo(&file).unwrap_err().for_people().contains("cannot be filled"));
    }
}
