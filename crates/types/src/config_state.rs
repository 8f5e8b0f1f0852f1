//! What posture checks read on a computer, before anybody judges it.

use serde::{Deserialize, Serialize};

use crate::device::OsInfo;
use crate::ids::RuleId;

/// OCSF *Device Config State*: the readings of every check that was tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConfigState {
    /// The system the readings were taken on; a check's verdict may depend on it.
    pub os: OsInfo,
    /// One reading for each check of the catalogue that is meant for this family of systems.
    pub readings: Vec<CheckReading>,
}

/// What one check read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckReading {
    /// The check.
    pub check: RuleId,
    /// Where the value was found, as an auditor would look it up: a registry path, a file and key, a program.
    pub source: String,
    /// The value, or why there is none.
    pub reading: Reading,
}

/// A value as the computer has it. Secrets never get here: a check that reads one records only its presence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// One value.
    Value(Value),
    /// Several named values of one check (one for each user, share, network card …).
    Each(Vec<NamedValue>),
    /// The place was looked at and holds nothing.
    Absent,
    /// The check has no meaning on this computer.
    NotApplicable {
        /// Why.
        why: String,
    },
    /// The place could not be read.
    Unreadable {
        /// Why, in words that say what would help.
        why: String,
    },
}

/// One of several values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NamedValue {
    /// Whose value: a user, a share, a network card.
    pub name: String,
    /// The value; `None` where that one has none, or where it could not be read.
    pub value: Option<Value>,
    /// Why it could not be read, if that is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<String>,
}

/// A configuration value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// Yes or no.
    Bool(bool),
    /// A whole number: a registry DWORD, a count, an age.
    Int(i64),
    /// A text.
    Text(String),
    /// A list of texts.
    List(Vec<String>),
}
