//! Content that experts edit: what is built in, or a folder of theirs.

use std::fs;
use std::path::{Path, PathBuf};

use enamel_exposure::{Catalogue as Checks, EolTable, Signatures};
use enamel_risk::{Catalogue as Controls, Scenarios};
use enamel_types::PracticeProfile;

use crate::error::Error;
use crate::own_files;

/// What a content folder may hold.
const PARTS: [&str; 5] = ["checks", "controls", "scenarios", "signatures", "eol.toml"];

/// Everything that judging needs, checked.
pub(crate) struct Content {
    /// Posture checks.
    pub(crate) checks: Checks,
    /// Dental products and places of secrets.
    pub(crate) signatures: Signatures,
    /// End-of-life dates.
    pub(crate) eol: EolTable,
    /// The control catalogue.
    pub(crate) controls: Controls,
    /// Loss scenarios.
    pub(crate) scenarios: Scenarios,
}

impl Content {
    /// What is compiled in, with each part that `folder` holds put in its place.
    ///
    /// `folder` is laid out like `content/` in the repository; a part that is missing there stays as built in.
    pub(crate) fn load(folder: Option<&Path>) -> Result<Self, Error> {
        if let Some(folder) = folder
            && !PARTS.iter().any(|part| folder.join(part).exists())
        {
            return Err(Error::new(format!("{} holds no content", folder.display()))
                .help(format!("a content folder has at least one of {}", PARTS.join(", "))));
        }
        let files =
            |part: &str| folder.map_or_else(|| Ok(Vec::new()), |folder| toml_files(&folder.join(part)));
        let (checks, controls, scenarios) = (files("checks")?, files("controls")?, files("scenarios")?);
        let eol = match folder.map(|folder| folder.join("eol.toml")).filter(|path| path.exists()) {
            Some(path) => EolTable::parse(&path.display().to_string(), &read(&path)?)?,
            None => EolTable::builtin()?,
        };
        Ok(Self {
            checks: if checks.is_empty() {
                Checks::from_files(Checks::builtin_files(), eol.clone())?
            } else {
                Checks::from_files(&borrow(&checks), eol.clone())?
            },
            signatures: signatures(folder)?,
            eol,
            controls: if controls.is_empty() {
                Controls::builtin()?
            } else {
                Controls::from_files(borrow(&controls))?
            },
            scenarios: if scenarios.is_empty() {
                Scenarios::builtin()?
            } else {
                Scenarios::from_files(borrow(&scenarios))?
            },
        })
    }
}

/// Dental products and places of secrets: the folder's files, each in place of the one built in.
fn signatures(folder: Option<&Path>) -> Result<Signatures, Error> {
    let Some(folder) = folder.map(|folder| folder.join("signatures")).filter(|folder| folder.exists()) else {
        return Ok(Signatures::builtin()?);
    };
    let (dental, secrets) = (folder.join("dental.toml"), folder.join("secrets.toml"));
    let names = (dental.display().to_string(), secrets.display().to_string());
    Ok(Signatures::parse((&names.0, &read(&dental)?), (&names.1, &read(&secrets)?))?)
}

/// Reads what a practice says about itself; without a file, the stated assumptions.
pub(crate) fn practice_profile(path: Option<&Path>) -> Result<PracticeProfile, Error> {
    match path {
        Some(path) => Ok(PracticeProfile::parse(&path.display().to_string(), &read(path)?)?),
        None => Ok(PracticeProfile::default()),
    }
}

/// The practice file that was given, or the one given to an earlier run: figures that change with a forgotten option would
/// be worth nothing.
pub(crate) fn remembered_profile(path: Option<&Path>, data: &Path) -> Result<PracticeProfile, Error> {
    let kept = data.join(own_files::PRACTICE);
    let Some(path) = path else {
        return practice_profile(kept.exists().then_some(kept.as_path()));
    };
    let profile = practice_profile(Some(path))?;
    // The text, not the profile: comments stay, and a mistake is named at the line its author knows.
    crate::commands::export::write(&kept, read(path)?.as_bytes())?;
    Ok(profile)
}

fn toml_files(folder: &Path) -> Result<Vec<(String, String)>, Error> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(|error| {
        Error::new(format!("{} could not be listed", folder.display()))
            .because(error)
            .help("check its permissions")
    })?;
    let mut paths: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    paths.into_iter().map(|path| Ok((path.display().to_string(), read(&path)?))).collect()
}

fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|error| {
        Error::new(format!("{} could not be read", path.display()))
            .because(error)
            .help("name a TOML file that exists")
    })
}

fn borrow(files: &[(String, String)]) -> Vec<(&str, &str)> {
    files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect()
}
