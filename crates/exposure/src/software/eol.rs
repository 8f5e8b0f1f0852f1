//! When a maker stops mending a system or an application.
//!
//! The dates are content (`content/eol.toml`, from endoflife.date), this module only looks them up: an operating system
//! by product, build and edition, an application by an anchored pattern over the name its installer registered. What is
//! not in the table is [`Status::Unknown`], never "supported".

use std::collections::{BTreeMap, HashSet};

use enamel_types::content::{ContentError, parse_toml};
use enamel_types::device::{OsFamily, OsInfo};
use enamel_types::software::{Package, PackageSource};
use jiff::civil::Date;
use regex::Regex;
use serde::Deserialize;

use super::signatures::{anchored, plain_name};

const FILE: &str = "content/eol.toml";

/// Whether security fixes still come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// They do, for everybody, up to and including this day.
    Supported {
        /// Last day.
        until: Date,
    },
    /// They do not, or only for those who pay.
    Ended {
        /// Last day of fixes for everybody.
        on: Date,
        /// Last day of fixes for those who pay the maker for an extension, where that has not passed.
        paid_until: Option<Date>,
    },
    /// The table does not say.
    Unknown,
}

/// What the table says about one system or application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lifecycle<'a> {
    /// The release, for people: `Windows 10 22H2`, `MySQL Server 5.7`.
    pub name: String,
    /// Whether security fixes still come.
    pub status: Status,
    /// The name of the extension that can be bought; empty where there is none.
    pub paid: &'a str,
    /// What a reader of the date should know; empty where there is nothing.
    pub note: &'a str,
}

/// The end-of-life table.
#[derive(Debug, Clone)]
pub struct EolTable {
    systems: Vec<System>,
    applications: Vec<Application>,
}

impl EolTable {
    /// The table that is compiled in.
    pub fn builtin() -> Result<Self, ContentError> {
        Self::parse(FILE, include_str!("../../../../content/eol.toml"))
    }

    /// Reads a table; `file` is its name in error messages.
    pub fn parse(file: &str, text: &str) -> Result<Self, ContentError> {
        let table: TableFile = parse_toml(file, text)?;
        for release in table.systems.iter().flat_map(|system| &system.releases) {
            if release.build.is_some() == release.version.is_some() {
                let help = "give `build` for Windows, `release` for any other system";
                return Err(ContentError::in_entry(file, text, &release.name, "not one key", help));
            }
        }
        let mut ids = HashSet::new();
        let mut applications = Vec::with_capacity(table.applications.len());
        for entry in table.applications {
            if !ids.insert(entry.id.clone()) {
                let help = "give each application an id of its own";
                return Err(ContentError::in_entry(file, text, &entry.id, "the id is used twice", help));
            }
            applications.push(Application {
                installed: anchored(file, text, &entry.installed)?,
                linux: anchored(file, text, &entry.linux)?,
                name: entry.name,
                ends: entry.ends,
                paid_until: entry.paid_until,
                paid: entry.paid,
                note: entry.note,
            });
        }
        Ok(Self { systems: table.systems, applications })
    }

    /// Whether an operating system is still mended on `today`.
    pub fn status(&self, os: &OsInfo, today: Date) -> Status {
        self.system(os, today).map_or(Status::Unknown, |lifecycle| lifecycle.status)
    }

    /// What the table says about an operating system on `today`; `None` where it does not know it.
    pub fn system(&self, os: &OsInfo, today: Date) -> Option<Lifecycle<'_>> {
        let build = windows_build(os);
        let release = self
            .systems
            .iter()
            .filter(|system| system.product == os.product)
            .flat_map(|system| &system.releases)
            .find(|release| release.is(os, build))?;
        Some(Lifecycle {
            name: release.name.clone(),
            status: status_on(today, Some(release.ends), release.paid_until),
            paid: &release.paid,
            note: "",
        })
    }

    /// What the table says about an installed package on `today`; `None` where it does not know it. Packages that a Linux
    /// distribution maintains live as long as the distribution's release and are not in the table.
    pub fn package(&self, package: &Package, today: Date) -> Option<Lifecycle<'_>> {
        let linux = matches!(package.source, PackageSource::Dpkg | PackageSource::Rpm);
        let name = plain_name(&package.name);
        self.applications.iter().find_map(|application| {
            let patterns = if linux { &application.linux } else { &application.installed };
            let found = patterns.iter().find_map(|pattern| pattern.captures(&name))?;
            let cycle = match found.name("cycle") {
                Some(cycle) => cycle.as_str().to_owned(),
                None if linux => first_two_numbers(&package.version),
                None => String::new(),
            };
            Some(Lifecycle {
                name: format!("{} {cycle}", application.name).trim_end().to_owned(),
                status: status_on(
                    today,
                    application.ends.get(&cycle).copied(),
                    application.paid_until.get(&cycle).copied(),
                ),
                paid: &application.paid,
                note: &application.note,
            })
        })
    }
}

fn status_on(today: Date, ends: Option<Date>, paid_until: Option<Date>) -> Status {
    match ends {
        None => Status::Unknown,
        Some(until) if today <= until => Status::Supported { until },
        Some(on) => Status::Ended { on, paid_until: paid_until.filter(|last| today <= *last) },
    }
}

/// The Windows build, for example 22631 of `22631.4460` or of `10.0.22631`; `None` elsewhere and where the system does not say.
pub(crate) fn windows_build(os: &OsInfo) -> Option<u32> {
    if os.family != OsFamily::Windows {
        return None;
    }
    let build = os.build.split('.').next().and_then(|text| text.trim().parse().ok());
    build.or_else(|| os.version.split('.').nth(2).and_then(|text| text.parse().ok()))
}

/// `5.7` of `5.7.44-1debian12` or `1:5.7.44`.
fn first_two_numbers(version: &str) -> String {
    let upstream = version.split_once(':').map_or(version, |(_, upstream)| upstream);
    let mut numbers = upstream.split(|c: char| !c.is_ascii_digit());
    match (numbers.next(), numbers.next()) {
        (Some(major), Some(minor)) => format!("{major}.{minor}"),
        _ => upstream.to_owned(),
    }
}

#[derive(Debug, Clone)]
struct Application {
    name: String,
    installed: Vec<Regex>,
    linux: Vec<Regex>,
    ends: BTreeMap<String, Date>,
    paid_until: BTreeMap<String, Date>,
    paid: String,
    note: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TableFile {
    #[serde(rename = "read_on")]
    _read_on: Date,
    #[serde(rename = "system")]
    systems: Vec<System>,
    #[serde(rename = "application")]
    applications: Vec<ApplicationEntry>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct System {
    product: String,
    #[serde(rename = "src")]
    _src: String,
    releases: Vec<Release>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Release {
    build: Option<u32>,
    #[serde(rename = "release")]
    version: Option<String>,
    name: String,
    #[serde(default)]
    editions: Vec<Edition>,
    ends: Date,
    paid_until: Option<Date>,
    #[serde(default)]
    paid: String,
    #[serde(default = "yes", rename = "verified")]
    _verified: bool,
}

impl Release {
    fn is(&self, os: &OsInfo, build: Option<u32>) -> bool {
        let edition = self.editions.is_empty() || self.editions.contains(&Edition::of(&os.edition));
        match &self.version {
            // `9` is the row of RHEL 9.4 too; Debian and Ubuntu name theirs exactly.
            Some(version) => {
                let rest = os.version.strip_prefix(version.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            }
            None => edition && self.build.is_some() && self.build == build,
        }
    }
}

/// How long a Windows client release is mended depends on its edition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Edition {
    HomePro,
    Enterprise,
    Ltsc,
    IotLtsc,
}

impl Edition {
    /// From the registry's `EditionID`. An edition that is not known counts as Home or Pro: the shortest life.
    fn of(id: &str) -> Self {
        match id {
            "EnterpriseS" | "EnterpriseSN" => Self::Ltsc,
            "IoTEnterpriseS" | "IoTEnterpriseSK" => Self::IotLtsc,
            _ if id.starts_with("Enterprise")
                || id.starts_with("Education")
                || id.starts_with("IoTEnterprise") =>
            {
                Self::Enterprise
            }
            _ => Self::HomePro,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ApplicationEntry {
    id: String,
    name: String,
    installed: Vec<String>,
    #[serde(default)]
    linux: Vec<String>,
    #[serde(default)]
    note: String,
    #[serde(rename = "src")]
    _src: String,
    #[serde(rename = "verified")]
    _verified: bool,
    #[serde(default)]
    paid: String,
    ends: BTreeMap<String, Date>,
    #[serde(default)]
    paid_until: BTreeMap<String, Date>,
}

const fn yes() -> bool {
    true
}
