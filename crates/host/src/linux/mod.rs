//! Linux, read from files and from a few programs. No D-Bus, no root needed: what an ordinary account cannot see is named.

mod accounts;
mod dpkg;
mod files;
mod hardware;
mod network;
mod os;
mod programs;
mod rpm;
mod services;
mod shares;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use enamel_types::config_state::Value;
use enamel_types::device::{DeviceInventory, OsInfo};
use enamel_types::software::{Package, Service};

use crate::{Answer, FileMeta, Host, HostError, Program, ProgramOutput, RegistryValue, SHARES, SystemQuery};
use files::Root;

/// A Linux computer, or a Linux system's disk that is mounted somewhere.
///
/// Samba's configuration is asked for once: the list of shares, their rights and the checks all read it.
#[derive(Debug, Clone)]
pub struct LinuxHost {
    root: Root,
    samba: OnceLock<Result<Option<ProgramOutput>, HostError>>,
}

impl LinuxHost {
    /// The computer this runs on.
    pub fn new() -> Self {
        Self::rooted("/")
    }

    /// The system below `root`: a mounted disk, an unpacked image. Every path, `/proc` and `/sys` included, is taken from
    /// there, and no program is run.
    pub fn rooted(root: impl Into<PathBuf>) -> Self {
        Self { root: Root::new(root), samba: OnceLock::new() }
    }

    /// Shares as Samba itself sees them where `testparm` can be run.
    fn shares(&self, gaps: &mut Vec<HostError>) -> Vec<shares::OpenShare> {
        let configured = matches!(self.root.metadata(Path::new("/etc/samba/smb.conf")), Ok(Some(_)));
        let samba = if configured { self.run(Program::SambaEffectiveConfig) } else { Ok(None) };
        let samba = match samba {
            Ok(output) => output.filter(|output| output.success),
            Err(error) => {
                gaps.push(error);
                None
            }
        };
        shares::read(&self.root, samba.as_ref().map(|output| output.stdout.as_str()), gaps)
    }

    fn sysctl(&self, name: &str) -> Result<Option<Answer>, HostError> {
        let known = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte));
        if !known || name.split(['.', '/']).any(str::is_empty) {
            return Err(HostError::new(name, "it is not the name of a kernel setting"));
        }
        // sysctl(8): dots separate, and a slash stands for a dot inside a name (a network card called `eth0.5`).
        let path: String = name
            .chars()
            .map(|c| {
                if c == '.' {
                    '/'
                } else if c == '/' {
                    '.'
                } else {
                    c
                }
            })
            .collect();
        let text = self.root.text(Path::new("/proc/sys").join(path), 4096)?;
        Ok(text.map(|text| {
            let text = text.trim();
            let value = text.parse().map_or_else(|_| Value::Text(text.to_owned()), Value::Int);
            vec![(String::new(), value)]
        }))
    }
}

impl Default for LinuxHost {
    fn default() -> Self {
        Self::new()
    }
}

impl Host for LinuxHost {
    fn os(&self) -> Result<OsInfo, HostError> {
        os::read(&self.root)
    }

    fn inventory(&self) -> Result<(DeviceInventory, Vec<HostError>), HostError> {
        let os = self.os()?;
        let mut gaps = Vec::new();
        let hostname = match self.root.text("/proc/sys/kernel/hostname", 256)? {
            Some(name) => Some(name),
            None => self.root.text("/etc/hostname", 256)?,
        };
        let mut hidden = Vec::new();
        let shares = shares::listed(self.shares(&mut hidden));
        gaps.extend(
            hidden.into_iter().map(|error| HostError::new(format!("{SHARES}: {}", error.what), error.why)),
        );
        let inventory = DeviceInventory {
            hostname: hostname.unwrap_or_default().trim().to_owned(),
            os,
            hardware: hardware::read(&self.root, &mut gaps),
            users: accounts::read(&self.root, &mut gaps),
            shares,
            addresses: network::addresses(&self.root, &mut gaps),
            listening: network::listening(&self.root, &mut gaps),
        };
        Ok((inventory, gaps))
    }

    fn packages(&self) -> Result<(Vec<Package>, Vec<HostError>), HostError> {
        let (id, release) = os::distribution(&self.root)?;
        let distribution = (id.as_str(), release.as_str());
        let mut gaps = Vec::new();
        let mut packages = dpkg::read(&self.root, distribution, &mut gaps);
        packages.extend(rpm::read(&self.root, distribution, &mut gaps));
        if packages.is_empty() && gaps.is_empty() {
            gaps.push(HostError::new(
                "installed packages",
                "neither dpkg's nor rpm's database is here, and only these are read",
            ));
        }
        packages.sort();
        Ok((packages, gaps))
    }

    fn services(&self) -> Result<Vec<Service>, HostError> {
        services::read(&self.root)
    }

    fn metadata(&self, path: &Path) -> Result<Option<FileMeta>, HostError> {
        self.root.metadata(path)
    }

    fn read_file(&self, path: &Path, limit: usize) -> Result<Option<Vec<u8>>, HostError> {
        self.root.read(path, limit)
    }

    fn list_dir(&self, path: &Path) -> Result<Option<Vec<PathBuf>>, HostError> {
        self.root.list(path)
    }

    fn registry_value(&self, _: &str, _: &str) -> Result<Option<RegistryValue>, HostError> {
        Ok(None)
    }

    fn registry_values(&self, _: &str) -> Result<Option<Vec<(String, RegistryValue)>>, HostError> {
        Ok(None)
    }

    fn registry_subkeys(&self, _: &str) -> Result<Option<Vec<String>>, HostError> {
        Ok(None)
    }

    fn run(&self, program: Program) -> Result<Option<ProgramOutput>, HostError> {
        let run = || programs::run(&self.root, program);
        if program == Program::SambaEffectiveConfig { self.samba.get_or_init(run).clone() } else { run() }
    }

    fn query(&self, query: &SystemQuery) -> Result<Option<Answer>, HostError> {
        match query {
            SystemQuery::Sysctl { name } => self.sysctl(name),
            SystemQuery::ShareAccess => {
                let mut gaps = Vec::new();
                let shares = self.shares(&mut gaps);
                // A share that was not seen must not read as "none is too open".
                match gaps.into_iter().next() {
                    Some(gap) => Err(gap),
                    None => shares::too_open(&self.root, &shares).map(Some),
                }
            }
            SystemQuery::Wmi { .. }
            | SystemQuery::WindowsFeature { .. }
            | SystemQuery::GroupMembers { .. }
            | SystemQuery::AccountDisabled { .. }
            | SystemQuery::PasswordPolicy
            | SystemQuery::AuditSubcategory { .. } => Ok(None),
        }
    }
}

/// A package URL (package-url/purl-spec): `pkg:deb/debian/openssl@3.0.11-1?arch=amd64&distro=debian-12`.
/// An rpm's epoch is a qualifier there, a deb's is part of the version.
fn purl(
    kind: &str,
    distribution: &str,
    release: &str,
    name: &str,
    version: &str,
    architecture: &str,
) -> String {
    let (epoch, version) = match version.split_once(':') {
        Some((epoch, rest)) if kind == "rpm" => (Some(epoch), rest),
        _ => (None, version),
    };
    let mut purl = format!("pkg:{kind}/{}/{}@{}", encode(distribution), encode(name), encode(version));
    let distro = if release.is_empty() { String::new() } else { format!("{distribution}-{release}") };
    let mut separator = '?';
    for (key, value) in
        [("arch", architecture), ("epoch", epoch.unwrap_or_default()), ("distro", distro.as_str())]
    {
        if !value.is_empty() {
            // Writing to a String cannot fail.
            let _ = write!(purl, "{separator}{key}={}", encode(value));
            separator = '&';
        }
    }
    purl
}

/// Percent-encodes all but what purl-spec leaves as it is.
fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b".-_~:".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samba_is_asked_once_for_shares_their_rights_and_the_checks() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("etc/samba")).unwrap();
        std::fs::create_dir_all(folder.path().join("srv/images")).unwrap();
        std::fs::write(folder.path().join("etc/samba/smb.conf"), "[other]\npath = /srv/other\n").unwrap();
        std::fs::write(folder.path().join("etc/os-release"), "ID=debian\nVERSION_ID=12\n").unwrap();
        let host = LinuxHost::rooted(folder.path());
        let printed = ProgramOutput {
            success: true,
            stdout: "[images]\n\tpath = /srv/images\n\tguest ok = Yes\n\tread only = No\n".to_owned(),
            stderr: String::new(),
        };
        // Below another root no program is run: whatever says "images" asked what is remembered.
        host.samba.set(Ok(Some(printed.clone()))).unwrap();
        let shares = host.inventory().unwrap().0.shares;
        assert_eq!(shares.iter().map(|share| share.name.as_str()).collect::<Vec<_>>(), ["images"]);
        let rights = host.query(&SystemQuery::ShareAccess).unwrap().unwrap();
        assert!(rights.iter().any(|(share, _)| share == "images"), "{rights:?}");
        assert_eq!(host.run(Program::SambaEffectiveConfig), Ok(Some(printed)));
    }
}
