//! Where patient data lies. Counts and places; never a value.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::observation::Gap;
use crate::units::Estimate;
use crate::words;

/// A kind of identifying value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Entity {
    /// US social security number.
    Ssn,
    /// Payment card number.
    Pan,
    /// Date of birth.
    Dob,
    /// A person's name.
    Name,
    /// Telephone number.
    Phone,
    /// Mail address.
    Email,
    /// Medical record or chart number.
    Mrn,
    /// Insurance member or subscriber id.
    MemberId,
}

impl Entity {
    /// Every kind, in the order in which reports list them.
    pub const ALL: [Self; 8] =
        [Self::Ssn, Self::Pan, Self::MemberId, Self::Mrn, Self::Dob, Self::Name, Self::Phone, Self::Email];

    /// The name used in JSON, for example `MEMBER_ID`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ssn => "SSN",
            Self::Pan => "PAN",
            Self::Dob => "DOB",
            Self::Name => "NAME",
            Self::Phone => "PHONE",
            Self::Email => "EMAIL",
            Self::Mrn => "MRN",
            Self::MemberId => "MEMBER_ID",
        }
    }

    /// So many of the kind, for people: `3 Social Security numbers`, `1 card number`.
    pub fn words(self, count: u64) -> String {
        let (one, many) = match self {
            Self::Ssn => ("Social Security number", "Social Security numbers"),
            Self::Pan => ("card number", "card numbers"),
            Self::Dob => ("date of birth", "dates of birth"),
            Self::Name => ("name", "names"),
            Self::Phone => ("phone number", "phone numbers"),
            Self::Email => ("email address", "email addresses"),
            Self::Mrn => ("chart number", "chart numbers"),
            Self::MemberId => ("insurance member number", "insurance member numbers"),
        };
        words::counted(count, one, many)
    }

    /// All kinds that are there, for people, in the order of [`Entity::ALL`]; empty where there are none.
    pub fn list(counts: &EntityCounts) -> String {
        let there = Self::ALL.into_iter().filter_map(|kind| Some((kind, *counts.get(&kind)?)));
        let words: Vec<_> =
            there.filter(|(_, count)| *count > 0).map(|(kind, count)| kind.words(count)).collect();
        words.join(", ")
    }
}

/// How many of each kind.
pub type EntityCounts = BTreeMap<Entity, u64>;

/// OCSF *File Query*: what one scan found below one root.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PatientDataSurvey {
    /// The folder or file that was scanned.
    pub root: String,
    /// Files looked at; those that were only recognised are in `files_not_searched`.
    pub files: u64,
    /// Bytes looked at.
    pub bytes: u64,
    /// Files that hold patient data.
    pub files_with_phi: u64,
    /// People found below the root; the same person in two files counts once.
    pub persons: Estimate,
    /// Folders that hold patient data, fullest first.
    pub folders: Vec<PhiFolder>,
    /// How many folders were left out of `folders` because there were too many to list.
    #[serde(default)]
    pub folders_not_listed: u64,
    /// Files, and folders that could not be listed, with something in them that could not be read or parsed, by reason: a
    /// file counts once for each of its reasons.
    #[serde(default)]
    pub problems: BTreeMap<String, u64>,
    /// Files that may hold patient data and that Enamel cannot open, by their format: `database`, `disk_image`, `archive`,
    /// `pst`. None of them is among `files`.
    #[serde(default)]
    pub files_not_searched: BTreeMap<String, u64>,
    /// What those take up on disk, by the same formats.
    #[serde(default)]
    pub bytes_not_searched: BTreeMap<String, u64>,
}

impl PatientDataSurvey {
    /// What could not be opened, for people: a sentence without its full stop; `None` where everything could.
    pub fn not_searched(&self) -> Option<String> {
        let mut kinds = self.unopened();
        let last = kinds.pop()?;
        let what = if kinds.is_empty() { last } else { format!("{} and {last}", kinds.join(", ")) };
        let (was, they) =
            if self.files_not_searched.values().sum::<u64>() == 1 { ("was", "it") } else { ("were", "they") };
        Some(format!("{what} {was} found but cannot be opened by Enamel: {they} may hold patient data"))
    }

    /// Everything below the root that was not looked into, or not wholly, and why. In words that read the same for one file
    /// and for many.
    pub fn gaps(&self) -> Vec<Gap> {
        let why = "Enamel cannot open files of this kind, and they may hold patient data";
        let unopened = self.unopened().into_iter().map(|what| self.gap(&what, why));
        unopened.chain(self.partly_searched()).collect()
    }

    /// The part of [`Self::gaps`] that [`Self::not_searched`] does not say: what was opened, and not read to its end.
    pub fn partly_searched(&self) -> Vec<Gap> {
        let only_recognised: u64 = self.files_not_searched.values().sum();
        let partly = self.problems.iter().filter_map(|(class, files)| {
            let (files, why) = match class.as_str() {
                "unreadable" => {
                    (*files, "could not be read: refused by the system, or damaged throughout; run as an administrator to see more")
                }
                "encrypted" => (*files, "encrypted or protected by a password"),
                "malformed" => (*files, "damaged or cut short; what could be read was read"),
                "limit" => (*files, "too large, or too deeply packed, to be searched to the end"),
                "unsupported" => (
                    files.saturating_sub(only_recognised),
                    "of a kind that Enamel cannot open, or with something in or beside them that is",
                ),
                other => (*files, other),
            };
            (files > 0).then(|| self.gap(&words::counted(files, "file or folder", "files or folders"), why))
        });
        partly.collect()
    }

    fn gap(&self, what: &str, why: &str) -> Gap {
        Gap { what: format!("{what} below {}", self.root), why: why.to_owned() }
    }

    /// `3 database files (4.1 GB)` for each kind, the one that takes up most first.
    fn unopened(&self) -> Vec<String> {
        let size = |format: &String| self.bytes_not_searched.get(format).copied().unwrap_or(0);
        let mut kinds: Vec<_> = self.files_not_searched.iter().collect();
        kinds.sort_by_key(|(format, _)| std::cmp::Reverse(size(format)));
        let words = |(format, files): (&String, &u64)| {
            let (one, many) = match format.as_str() {
                "database" => ("database file", "database files"),
                "disk_image" => ("disk image", "disk images"),
                "archive" => ("archive", "archives"),
                "pst" => ("Outlook data file", "Outlook data files"),
                _ => ("file", "files"),
            };
            format!("{} ({})", words::counted(*files, one, many), words::bytes(size(format)))
        };
        kinds.into_iter().map(words).collect()
    }
}

/// One folder that holds patient data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PhiFolder {
    /// The folder.
    pub path: String,
    /// Files in it (not below it) that hold patient data.
    pub files: u64,
    /// People in those files.
    pub persons: Estimate,
    /// Distinct values by kind.
    pub entities: EntityCounts,
    /// How many files of which format.
    pub formats: BTreeMap<String, u64>,
    /// Up to five of the files, those with most people first.
    pub examples: Vec<String>,
    /// Whether accounts other than the owner and administrators can read it; `None` if that could not be seen.
    #[serde(default)]
    pub readable_by_others: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_counted_in_words() {
        assert_eq!(Entity::Ssn.words(3), "3 Social Security numbers");
        assert_eq!(Entity::Pan.words(1), "1 card number");
        assert_eq!(Entity::Dob.words(2_000), "2,000 dates of birth");
        let counts = [(Entity::Name, 2), (Entity::Ssn, 1), (Entity::Phone, 0)].into_iter().collect();
        assert_eq!(Entity::list(&counts), "1 Social Security number, 2 names");
    }

    #[test]
    fn an_older_survey_names_nothing_that_was_not_searched() {
        let old = r#"{"root": "/srv", "files": 2, "bytes": 10, "files_with_phi": 0,
            "persons": {"estimate": 0, "low": 0, "high": 0}, "folders": []}"#;
        let mut survey: PatientDataSurvey = serde_json::from_str(old).unwrap();
        assert_eq!(survey.not_searched(), None);
        let mut add = |format: &str, files, bytes| {
            survey.files_not_searched.insert(format.to_owned(), files);
            survey.bytes_not_searched.insert(format.to_owned(), bytes);
            survey.not_searched().unwrap()
        };
        assert_eq!(
            add("pst", 1, 90),
            "1 Outlook data file (90 bytes) was found but cannot be opened by Enamel: it may hold patient data"
        );
        assert_eq!(
            add("database", 3, 4_100_000_000),
            "3 database files (4.1 GB) and 1 Outlook data file (90 bytes) were found but cannot be opened by Enamel: \
             they may hold patient data"
        );
    }

    #[test]
    fn gaps_say_why_in_words_and_name_nothing_twice() {
        let survey = PatientDataSurvey {
            root: "/srv".to_owned(),
            files: 9,
            bytes: 0,
            files_with_phi: 0,
            persons: Estimate::exact(0),
            folders: Vec::new(),
            folders_not_listed: 0,
            problems: [("unsupported".to_owned(), 3), ("limit".to_owned(), 1)].into_iter().collect(),
            files_not_searched: [("disk_image".to_owned(), 2)].into_iter().collect(),
            bytes_not_searched: [("disk_image".to_owned(), 5_000_000)].into_iter().collect(),
        };
        let gaps: Vec<_> =
            survey.gaps().into_iter().map(|gap| format!("{}: {}", gap.what, gap.why)).collect();
        assert_eq!(
            gaps,
            [
                "2 disk images (5 MB) below /srv: Enamel cannot open files of this kind, and they may hold patient data",
                "1 file or folder below /srv: too large, or too deeply packed, to be searched to the end",
                "1 file or folder below /srv: of a kind that Enamel cannot open, or with something in or beside them that is",
            ]
        );
    }

    #[test]
    fn what_cannot_be_opened_and_what_was_partly_read_make_up_the_gaps() {
        let survey = PatientDataSurvey {
            root: "/srv".to_owned(),
            files: 3,
            bytes: 3,
            files_with_phi: 0,
            persons: Estimate::exact(0),
            folders: Vec::new(),
            folders_not_listed: 0,
            problems: [("encrypted".to_owned(), 2), ("unsupported".to_owned(), 1)].into(),
            files_not_searched: [("database".to_owned(), 1)].into(),
            bytes_not_searched: [("database".to_owned(), 4_096)].into(),
        };
        let partly: Vec<_> = survey.partly_searched().into_iter().map(|gap| gap.what).collect();
        assert_eq!(partly, ["2 files or folders below /srv"]);
        let all: Vec<_> = survey.gaps().into_iter().map(|gap| gap.what).collect();
        assert_eq!(all, ["1 database file (4 kB) below /srv", "2 files or folders below /srv"]);
    }
}
