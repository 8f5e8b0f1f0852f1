//! Folding files into the survey of one root.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use enamel_types::patient_data::{PatientDataSurvey, PhiFolder};

use super::file::{Found, Looked};
use crate::detect::Tally;
use crate::extract::Format;
use crate::persons::People;
use crate::sink::ProblemKind;

/// People below a root, and in one folder, that are told apart exactly.
const ROOT_EXACT: usize = 200_000;
const FOLDER_EXACT: usize = 50_000;
/// Folders listed by name; a report with more is read by nobody.
const FOLDERS: usize = 1000;
const EXAMPLES: usize = 5;

/// One root's survey while it grows.
pub(super) struct Survey {
    sum: PatientDataSurvey,
    people: People,
    folders: HashMap<PathBuf, Folder>,
}

struct Folder {
    files: u64,
    people: People,
    tally: Tally,
    formats: BTreeMap<String, u64>,
    examples: Vec<(u64, String)>,
    open_to_all: Option<bool>,
}

impl Survey {
    pub(super) fn new(root: &Path) -> Self {
        let survey = PatientDataSurvey {
            root: root.to_string_lossy().into_owned(),
            files: 0,
            bytes: 0,
            files_with_phi: 0,
            persons: enamel_types::Estimate::exact(0),
            folders: Vec::new(),
            folders_not_listed: 0,
            problems: BTreeMap::new(),
            files_not_searched: BTreeMap::new(),
            bytes_not_searched: BTreeMap::new(),
        };
        Self { sum: survey, people: People::new(ROOT_EXACT), folders: HashMap::new() }
    }

    /// Adds one file, or a folder that could not be read. In the order of the walk: people come out by it.
    pub(super) fn add(&mut self, looked: Looked) {
        let Found { format, bytes, .. } = &looked.found;
        if Format::NOT_OPENED.iter().any(|one| one.as_str() == format) {
            *self.sum.files_not_searched.entry(format.clone()).or_default() += 1;
            *self.sum.bytes_not_searched.entry(format.clone()).or_default() += bytes;
        } else {
            self.sum.files += u64::from(looked.is_file);
            self.sum.bytes += bytes;
        }
        // A file with ten damaged parts is one damaged file.
        let kinds: BTreeSet<_> = looked.found.problems.iter().map(|problem| problem.kind).collect();
        for kind in kinds {
            self.problem(kind);
        }
        if !looked.found.has_phi {
            return;
        }
        self.sum.files_with_phi += 1;
        self.people.merge(&looked.found.people);
        let persons = looked.found.people.estimate().value;
        let folder = looked.path.parent().unwrap_or(&looked.path).to_owned();
        let name =
            looked.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let folder = self.folders.entry(folder).or_insert_with(|| Folder {
            files: 0,
            people: People::new(FOLDER_EXACT),
            tally: Tally::default(),
            formats: BTreeMap::new(),
            examples: Vec::new(),
            open_to_all: None,
        });
        folder.files += 1;
        folder.people.merge(&looked.found.people);
        folder.tally.merge(looked.found.tally);
        *folder.formats.entry(looked.found.format).or_default() += 1;
        folder.examples.push((persons, name));
        folder.examples.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        folder.examples.truncate(EXAMPLES);
        folder.open_to_all = match (folder.open_to_all, looked.open_to_all) {
            (Some(a), Some(b)) => Some(a || b),
            (a, b) => a.or(b),
        };
    }

    /// Counts a file with a problem by its class.
    fn problem(&mut self, kind: ProblemKind) {
        let class = match kind {
            ProblemKind::Unreadable => "unreadable",
            ProblemKind::Encrypted => "encrypted",
            ProblemKind::Malformed => "malformed",
            ProblemKind::Limit => "limit",
            ProblemKind::Unsupported => "unsupported",
        };
        *self.sum.problems.entry(class.to_owned()).or_default() += 1;
    }

    /// The finished survey: folders with most people first.
    pub(super) fn finish(mut self) -> PatientDataSurvey {
        self.sum.persons = self.people.estimate();
        let mut folders: Vec<PhiFolder> = self
            .folders
            .into_iter()
            .map(|(path, folder)| PhiFolder {
                readable_by_others: folder.open_to_all.map(|open| open && can_be_entered(&path)),
                path: path.to_string_lossy().into_owned(),
                files: folder.files,
                persons: folder.people.estimate(),
                entities: folder.tally.counts(),
                formats: folder.formats,
                examples: folder.examples.into_iter().map(|(_, name)| name).collect(),
            })
            .collect();
        folders.sort_by(|a, b| b.persons.value.cmp(&a.persons.value).then_with(|| a.path.cmp(&b.path)));
        self.sum.folders_not_listed = folders.len().saturating_sub(FOLDERS) as u64;
        folders.truncate(FOLDERS);
        self.sum.folders = folders;
        self.sum
    }
}

/// Whether every account may enter a folder and all folders above it.
#[cfg(unix)]
fn can_be_entered(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    path.ancestors().all(|folder| std::fs::metadata(folder).is_ok_and(|meta| meta.mode() & 0o001 != 0))
}

#[cfg(not(unix))]
fn can_be_entered(_path: &Path) -> bool {
    true
}
