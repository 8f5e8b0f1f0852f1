//! Windows: the registry, files, and the system's own interfaces. No PowerShell and no program is run.
//!
//! Tested under wine, which has a registry, files, sockets and a service manager. What wine does not have, or answers
//! otherwise than Windows, was written by Microsoft's documentation and is **not verified on Windows**:
//!
//! | answer | interface |
//! |---|---|
//! | WMI of BitLocker, Defender, Security Center, optional features | `IWbemServices` through the `wmi` crate |
//! | audit subcategories | `AuditQuerySystemPolicy` |
//! | password policy, members of groups, disabled accounts | `NetUserModalsGet`, `NetLocalGroupGetMembers`, `NetUserEnum` |
//! | shares and their rights | `NetShareEnum` level 502, security descriptors |
//! | who can read a file | `GetNamedSecurityInfoW` |
//! | programs behind sockets | `GetExtendedTcpTable` (wine names no owner) |
//! | role of servers and domain controllers | `ProductOptions\ProductType` |

mod access;
mod accounts;
mod audit;
mod files;
mod hardware;
mod memory;
mod network;
mod os;
mod registry;
mod services;
mod shares;
mod software;
mod wmi;

use std::path::{Path, PathBuf};

use enamel_types::device::{DeviceInventory, OsInfo};
use enamel_types::software::{Package, Service};

use crate::{Answer, FileMeta, Host, HostError, Program, ProgramOutput, RegistryValue, SystemQuery};

const COMPUTER_NAME: &str = r"HKLM\SYSTEM\CurrentControlSet\Control\ComputerName\ActiveComputerName";

/// The Windows computer this runs on.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct WindowsHost {}

impl WindowsHost {
    /// The computer this runs on.
    pub const fn new() -> Self {
        Self {}
    }
}

impl Host for WindowsHost {
    fn os(&self) -> Result<OsInfo, HostError> {
        os::read()
    }

    fn inventory(&self) -> Result<(DeviceInventory, Vec<HostError>), HostError> {
        let os = self.os()?;
        let mut gaps = Vec::new();
        let shares = shares::listed().unwrap_or_else(|error| {
            gaps.push(error);
            Vec::new()
        });
        let inventory = DeviceInventory {
            hostname: registry::text(COMPUTER_NAME, "ComputerName"),
            os,
            hardware: hardware::read(&mut gaps),
            users: accounts::users(&mut gaps),
            shares,
            addresses: network::addresses(&mut gaps),
            listening: network::listening(&mut gaps),
        };
        Ok((inventory, gaps))
    }

    fn packages(&self) -> Result<(Vec<Package>, Vec<HostError>), HostError> {
        software::read()
    }

    fn services(&self) -> Result<Vec<Service>, HostError> {
        services::read()
    }

    fn metadata(&self, path: &Path) -> Result<Option<FileMeta>, HostError> {
        files::metadata(path)
    }

    fn read_file(&self, path: &Path, limit: usize) -> Result<Option<Vec<u8>>, HostError> {
        files::read(path, limit)
    }

    fn list_dir(&self, path: &Path) -> Result<Option<Vec<PathBuf>>, HostError> {
        files::list(path)
    }

    fn registry_value(&self, key: &str, name: &str) -> Result<Option<RegistryValue>, HostError> {
        registry::value(key, name)
    }

    fn registry_values(&self, key: &str) -> Result<Option<Vec<(String, RegistryValue)>>, HostError> {
        registry::values(key)
    }

    fn registry_subkeys(&self, key: &str) -> Result<Option<Vec<String>>, HostError> {
        registry::subkeys(key)
    }

    /// All of the closed set are Linux programs.
    fn run(&self, _: Program) -> Result<Option<ProgramOutput>, HostError> {
        Ok(None)
    }

    fn query(&self, query: &SystemQuery) -> Result<Option<Answer>, HostError> {
        match query {
            SystemQuery::Wmi { namespace, class, property, filter } => {
                wmi::property(namespace, class, property, filter.as_deref())
            }
            SystemQuery::WindowsFeature { name } => wmi::feature(name),
            SystemQuery::GroupMembers { sid } => accounts::members(sid),
            SystemQuery::AccountDisabled { rid } => accounts::is_disabled(*rid),
            SystemQuery::PasswordPolicy => accounts::password_policy().map(Some),
            SystemQuery::AuditSubcategory { guid } => audit::subcategory(guid).map(Some),
            SystemQuery::ShareAccess => shares::too_open().map(Some),
            SystemQuery::Sysctl { .. } => Ok(None),
        }
    }
}
