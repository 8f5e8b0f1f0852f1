//! Content that experts edit: what is built in, or a folder of theirs.

use std::fs;
use std::path::{Path, PathBuf};

use enamel_exposure::{Catalogue as Checks, EolTable, Signatures};
use enamel_risk::{Catalogue as Controls, Scenarios};
use enamel_types::PracticeProfile;
use enamel_types::content::parse_toml;

use crate::error::Error;

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
        let files =
            |part: &str| folder.map_or_else(|| Ok(Vec::new()), |folder| toml_files(&folder.join(part)));
        let (checks, controls, scenarios) = (files("checks")?, files("controls")?, files("scenarios")?);
        Ok(Self {
            checks: if checks.is_empty() {
                Checks::builtin()?
            } else {
                Checks::from_files(&borrow(&checks))?
            },
            signatures: Signatures::builtin()?,
            eol: match folder.map(|folder| folder.join("eol.toml")).filter(|path| path.exists()) {
                Some(path) => EolTable::parse(&path.display().to_string(), &read(&path)?)?,
                None => EolTable::builtin()?,
            },
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

/// Reads what a practice says about itself; without a file, the stated assumptions.
pub(crate) fn practice_profile(path: Option<&Path>) -> Result<PracticeProfile, Error> {
    match path {
        Some(path) => Ok(parse_toml(&path.display().to_string(), &read(path)?)?),
        None => Ok(PracticeProfile::default()),
    }
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
