//! Where patient data lies. Counts and places; never a value.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::units::Estimate;

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
}

/// How many of each kind.
pub type EntityCounts = BTreeMap<Entity, u64>;

/// OCSF *File Query*: what one scan found below one root.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PatientDataSurvey {
    /// The folder or file that was scanned.
    pub root: String,
    /// Files looked at.
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
    /// Files that could not be read or parsed, by reason.
    #[serde(default)]
    pub problems: BTreeMap<String, u64>,
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
