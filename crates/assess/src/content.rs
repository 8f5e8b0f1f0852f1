//! Content that experts edit: what is built in, or a folder of theirs.

use std::fs;
use std::path::{Path, PathBuf};

use enamel_exposure::{Catalogue as Checks, EolTable, Signatures};
use enamel_risk::{Catalogue as Controls, Scenarios};
use enamel_types::PracticeProfile;
use enamel_types::content::ContentError;

/// What a content folder may hold.
const PARTS: [&str; 5] = ["checks", "controls", "scenarios", "signatures", "eol.toml"];

/// Why content could not be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file of it is wrong.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// A folder was named that holds none of its parts.
    #[error("{} holds no content", folder.display())]
    Empty {
        /// The folder.
        folder: PathBuf,
    },
    /// A folder could not be listed.
    #[error("{} could not be listed", folder.display())]
    List {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        #[source]
        error: std::io::Error,
    },
    /// A file could not be read.
    #[error("{} could not be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        error: std::io::Error,
    },
}

impl LoadError {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Content(error) => error.help.clone(),
            Self::Empty { .. } => format!("a content folder has at least one of {}", PARTS.join(", ")),
            Self::List { .. } => "check its permissions".to_owned(),
            Self::Read { .. } => "name a TOML file that exists".to_owned(),
        }
    }
}

/// Everything that judging needs, checked.
pub struct Content {
    /// Posture checks.
    pub checks: Checks,
    /// Dental products and places of secrets.
    pub signatures: Signatures,
    /// End-of-life dates.
    pub eol: EolTable,
    /// The control catalogue.
    pub controls: Controls,
    /// Loss scenarios.
    pub scenarios: Scenarios,
}

impl Content {
    /// What is compiled in, with each part that `folder` holds put in its place.
    ///
    /// `folder` is laid out like `content/` in the repository; a part that is missing there stays as built in.
    pub fn load(folder: Option<&Path>) -> Result<Self, LoadError> {
        if let Some(folder) = folder
            && !PARTS.iter().any(|part| folder.join(part).exists())
        {
            return Err(LoadError::Empty { folder: folder.to_owned() });
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
fn signatures(folder: Option<&Path>) -> Result<Signatures, LoadError> {
    let Some(folder) = folder.map(|folder| folder.join("signatures")).filter(|folder| folder.exists()) else {
        return Ok(Signatures::builtin()?);
    };
    let (dental, secrets) = (folder.join("dental.toml"), folder.join("secrets.toml"));
    let names = (dental.display().to_string(), secrets.display().to_string());
    Ok(Signatures::parse((&names.0, &read(&dental)?), (&names.1, &read(&secrets)?))?)
}

/// Reads what a practice says about itself; without a file, the stated assumptions.
pub fn practice_profile(path: Option<&Path>) -> Result<PracticeProfile, LoadError> {
    match path {
        Some(path) => Ok(PracticeProfile::parse(&path.display().to_string(), &read(path)?)?),
        None => Ok(PracticeProfile::default()),
    }
}

fn toml_files(folder: &Path) -> Result<Vec<(String, String)>, LoadError> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(folder)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| LoadError::List { folder: folder.to_owned(), error })?;
    let mut paths: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    paths.into_iter().map(|path| Ok((path.display().to_string(), read(&path)?))).collect()
}

fn read(path: &Path) -> Result<String, LoadError> {
    fs::read_to_string(path).map_err(|error| LoadError::Read { path: path.to_owned(), error })
}

fn borrow(files: &[(String, String)]) -> Vec<(&str, &str)> {
    files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect()
}
