//! What the demo is made of: the TOML files beside this one, compiled in.
//!
//! Everything that a reader might want to correct stands there: names, systems, programs, places, statements, and what each
//! check reads. Code here only gives them types.

use std::collections::BTreeMap;

use enamel_types::config_state::Reading;
use enamel_types::content::{ContentError, parse_toml};
use enamel_types::device::{DeviceRole, OsFamily};
use enamel_types::patient_data::EntityCounts;
use enamel_types::{ControlId, RuleId};
use serde::Deserialize;

use super::plan::ComputerKind;

/// All of it.
#[derive(Debug, Clone)]
pub(super) struct Content {
    pub(super) names: Names,
    pub(super) systems: Vec<System>,
    pub(super) machines: Vec<Machine>,
    pub(super) readings: Vec<ReadingRow>,
    pub(super) software: Software,
    pub(super) folders: Vec<FolderRow>,
    pub(super) statements: Vec<StatementRow>,
}

impl Content {
    /// Reads what is compiled in.
    pub(super) fn builtin() -> Result<Self, ContentError> {
        let systems: Systems = parse_toml("demo/systems.toml", include_str!("systems.toml"))?;
        let readings: Readings = parse_toml("demo/readings.toml", include_str!("readings.toml"))?;
        let folders: Folders = parse_toml("demo/folders.toml", include_str!("folders.toml"))?;
        let statements: Statements = parse_toml("demo/statements.toml", include_str!("statements.toml"))?;
        Ok(Self {
            names: parse_toml("demo/names.toml", include_str!("names.toml"))?,
            systems: systems.system,
            machines: systems.machine,
            readings: readings.reading,
            software: parse_toml("demo/software.toml", include_str!("software.toml"))?,
            folders: folders.folder,
            statements: statements.statement,
        })
    }

    /// Everything that can be wrong with a computer of one kind.
    pub(super) fn prone(&self, kind: ComputerKind) -> impl Iterator<Item = (&str, Prone)> {
        let checks = self.readings.iter().map(|row| (row.check.as_str(), None, row.prone));
        let ended = self.software.ended.iter().map(|row| (row.id.as_str(), row.kind, row.prone));
        let secrets = self.software.secrets.iter().map(|row| (row.id.as_str(), Some(row.kind), row.prone));
        let folders = self.folders.iter().map(|row| (row.id.as_str(), Some(row.kind), row.prone));
        checks
            .chain(ended)
            .chain(secrets)
            .chain(folders)
            .filter(move |(_, of, prone)| prone.share > 0.0 && of.is_none_or(|of| of == kind))
            .map(|(key, _, prone)| (key, prone))
    }

    /// The system with this id.
    pub(super) fn system(&self, id: &str) -> Option<&System> {
        self.systems.iter().find(|system| system.id == id)
    }
}

/// How often a thing is wrong in an ordinary practice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
pub(super) struct Prone {
    /// When it is taken on, 0 to 1.
    #[serde(default)]
    pub(super) share: f64,
    /// In the whole office at once, or computer by computer.
    #[serde(default)]
    pub(super) spread: Spread,
}

/// Whether a setting is made for the whole office.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Spread {
    /// Computer by computer.
    #[default]
    One,
    /// For all at once.
    All,
}

/// Who is who.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Names {
    pub(super) msp: String,
    pub(super) mail: String,
    pub(super) plants: Vec<String>,
    pub(super) towns: Vec<String>,
    pub(super) sites: Vec<String>,
    pub(super) groups: Vec<String>,
    pub(super) given: Vec<String>,
    pub(super) surnames: Vec<String>,
    pub(super) kinds: Kinds,
}

/// The kinds of practices.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kinds {
    pub(super) general: KindRow,
    pub(super) orthodontics: KindRow,
    pub(super) oral_surgery: KindRow,
    pub(super) pediatric: KindRow,
}

/// A kind of practice: what it is called, and which products it works with.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KindRow {
    pub(super) names: Vec<String>,
    pub(super) records: Vec<String>,
    pub(super) imaging: Vec<String>,
    pub(super) extra: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Systems {
    system: Vec<System>,
    machine: Vec<Machine>,
}

/// An operating system.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct System {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) family: OsFamily,
    pub(super) product: String,
    pub(super) version: String,
    pub(super) build: String,
    pub(super) edition: String,
}

/// A machine.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Machine {
    pub(super) cpu: String,
    pub(super) cores: u32,
    pub(super) memory_gb: u64,
    pub(super) disk_gb: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Readings {
    reading: Vec<ReadingRow>,
}

/// What one check reads.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct ReadingRow {
    pub(super) check: RuleId,
    pub(super) source: String,
    #[serde(default)]
    pub(super) roles: Vec<DeviceRole>,
    pub(super) good: Option<Reading>,
    pub(super) bad: Option<Reading>,
    pub(super) old: Option<Reading>,
    #[serde(flatten)]
    pub(super) prone: Prone,
}

/// What is installed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Software {
    #[serde(rename = "product")]
    pub(super) products: Vec<ProductRow>,
    #[serde(rename = "program")]
    pub(super) programs: Vec<ProgramRow>,
    pub(super) ended: Vec<EndedRow>,
    #[serde(rename = "secret")]
    pub(super) secrets: Vec<SecretRow>,
}

/// A dental product.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProductRow {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) category: String,
    pub(super) database: Option<String>,
    pub(super) program: Option<String>,
    pub(super) version: String,
    pub(super) dated: Option<String>,
    #[serde(default)]
    pub(super) dated_share: f64,
    pub(super) service: Option<String>,
    pub(super) data: Vec<(String, String)>,
}

/// A program that every computer has.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProgramRow {
    pub(super) name: String,
    pub(super) vendor: String,
    pub(super) version: String,
}

/// A program without security fixes.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct EndedRow {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) vendor: String,
    pub(super) version: String,
    pub(super) kind: Option<ComputerKind>,
    #[serde(flatten)]
    pub(super) prone: Prone,
}

/// A credential in clear.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct SecretRow {
    pub(super) id: RuleId,
    pub(super) kind: ComputerKind,
    pub(super) product: Option<String>,
    pub(super) path: String,
    pub(super) field: String,
    pub(super) opens: String,
    #[serde(default)]
    pub(super) obfuscated: bool,
    pub(super) others: bool,
    #[serde(flatten)]
    pub(super) prone: Prone,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Folders {
    folder: Vec<FolderRow>,
}

/// A folder that may hold patient data.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct FolderRow {
    pub(super) id: String,
    pub(super) kind: ComputerKind,
    pub(super) product: Option<String>,
    pub(super) path: String,
    pub(super) examples: Vec<String>,
    pub(super) people: (f64, f64),
    pub(super) formats: BTreeMap<String, u64>,
    pub(super) entities: EntityCounts,
    #[serde(default)]
    pub(super) stray: bool,
    #[serde(default)]
    pub(super) open: bool,
    #[serde(flatten)]
    pub(super) prone: Prone,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Statements {
    statement: Vec<StatementRow>,
}

/// What a person states about a control.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StatementRow {
    pub(super) control: ControlId,
    pub(super) reason: String,
    pub(super) declined: Option<String>,
}
