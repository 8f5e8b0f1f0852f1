//! Software as an inventory sees it (OCSF *Software Inventory Info*).

use serde::{Deserialize, Serialize};

use crate::device::OsInfo;
use crate::ids::RuleId;

/// OCSF *Software Inventory Info*: everything installed, running and recognised on one computer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SoftwareInventory {
    /// The system it was read on.
    pub os: OsInfo,
    /// Installed packages and applications.
    pub packages: Vec<Package>,
    /// Services and whether they run.
    pub services: Vec<Service>,
    /// Dental products that were recognised, and by what.
    pub dental: Vec<DentalProduct>,
    /// Credentials found in clear text. Where, never what.
    pub secrets: Vec<SecretInClear>,
}

/// An installed package or application.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Package {
    /// Its name as the system lists it.
    pub name: String,
    /// Its version as the system lists it.
    pub version: String,
    /// The maker; empty where the system does not say.
    #[serde(default)]
    pub vendor: String,
    /// `amd64`, `x86_64`, `x86`; empty where the system does not say.
    #[serde(default)]
    pub architecture: String,
    /// Which list it came from.
    pub source: PackageSource,
    /// Package URL (purl) where the source has one: `pkg:deb/debian/openssl@3.0.11`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purl: Option<String>,
}

/// Which list a package came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PackageSource {
    /// Debian's package database.
    Dpkg,
    /// The rpm database.
    Rpm,
    /// Windows uninstall keys of the machine, 64-bit view.
    UninstallMachine,
    /// Windows uninstall keys of the machine, 32-bit view.
    UninstallMachine32,
    /// Windows uninstall keys of one user.
    UninstallUser,
}

/// A service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Whether it runs now.
    pub running: bool,
    /// Whether it starts by itself; `None` if that could not be seen.
    pub autostart: Option<bool>,
}

/// A dental product that was recognised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DentalProduct {
    /// The signature's id.
    pub signature: String,
    /// The product.
    pub product: String,
    /// `PMS`, `imaging`, `CBCT`, `clearinghouse`.
    pub category: String,
    /// Its version as the system lists it; empty where it was not recognised by an installed program.
    #[serde(default)]
    pub version: String,
    /// Its database engine, where it has one.
    pub database: Option<String>,
    /// Folders of it that exist here and may hold patient data.
    pub data_paths: Vec<DataPath>,
    /// What it was recognised by: a path, a service, an installed program.
    pub recognised_by: Vec<String>,
}

/// A folder of a dental product that exists here and may hold patient data.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DataPath {
    /// The folder.
    pub path: String,
    /// What kind of patient data lies there: `database`, `images`, `documents`, `claims`.
    pub holds: String,
}

/// A credential found in clear text. Holds where, and never what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretInClear {
    /// The id of the signature that found it.
    pub signature: RuleId,
    /// The file, or the registry key.
    pub path: String,
    /// The key, element or line that holds it.
    pub field: String,
    /// What it opens: `database password of Open Dental`.
    pub opens: String,
    /// Whether it is only scrambled: not readable at a glance, but reversible with what the product itself ships.
    #[serde(default)]
    pub obfuscated: bool,
    /// Whether accounts other than administrators can read the file; `None` if that could not be seen.
    pub readable_by_others: Option<bool>,
}
