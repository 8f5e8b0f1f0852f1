//! One computer, behind a trait.
//!
//! Sensors never call the operating system: they ask a [`Host`]. Two real adapters answer, [`LinuxHost`] and
//! `WindowsHost`; testkit's recorded host replays a computer from files, so that every check can be tested on every
//! system. This is the only crate that may hold `unsafe` and OS calls.
//!
//! # Errors
//! "It is not there" is an answer (`Ok(None)`), never an error: an absent setting means something to a check.
//! [`HostError`] is for "I could not look": it names the thing, why, and what would help, and ends up as a *gap* in the
//! observation and an *unknown* in the check.
//!
//! # Limits
//! Every read is bounded: files by the caller's limit, programs by [`Program::time_limit`] and 4 MiB of output, listings
//! by 100,000 entries. A computer under attack must not be able to exhaust the agent.

#[cfg(target_os = "linux")]
mod linux;
mod remembering;
#[cfg(windows)]
mod windows;

use std::path::{Path, PathBuf};
use std::time::Duration;

use enamel_types::config_state::Value;
use enamel_types::device::{DeviceInventory, OsInfo};
use enamel_types::software::{Package, Service};
use serde::{Deserialize, Serialize};

#[cfg(target_os = "linux")]
pub use linux::LinuxHost;
pub use remembering::Remembering;
#[cfg(windows)]
pub use windows::WindowsHost;

/// Most entries that a listing gives; a folder or a registry key with more is answered with an error that says so.
pub const MAX_ENTRIES: usize = 100_000;

/// A folder's entries as `path` names them, sorted. Both adapters list with it, so that a bound means the same on both.
#[cfg(any(target_os = "linux", windows))]
fn listing(path: &Path, entries: std::fs::ReadDir) -> Result<Vec<PathBuf>, HostError> {
    let mut listing = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| HostError::from_io(path, &error))?;
        if listing.len() == MAX_ENTRIES {
            let why = format!("it holds more than {MAX_ENTRIES} entries");
            return Err(HostError::new(path.to_string_lossy(), why));
        }
        listing.push(path.join(entry.file_name()));
    }
    listing.sort_unstable();
    Ok(listing)
}

/// The computer this runs on, asked each long question once. Only the binary asks for it, once for each command; everything below
/// takes a `&dyn Host`.
pub fn local() -> Box<dyn Host> {
    #[cfg(target_os = "linux")]
    {
        Box::new(Remembering::new(LinuxHost::new()))
    }
    #[cfg(windows)]
    {
        Box::new(Remembering::new(WindowsHost::new()))
    }
}

/// One computer's files, registry, services and programs, read-only.
pub trait Host: Send + Sync {
    /// The operating system, with its role.
    fn os(&self) -> Result<OsInfo, HostError>;

    /// The inventory: name, hardware, users, shares, listening sockets. Parts that could not be seen are left empty and
    /// named in the second half of the answer.
    fn inventory(&self) -> Result<(DeviceInventory, Vec<HostError>), HostError>;

    /// Installed packages and applications of every list the system keeps.
    fn packages(&self) -> Result<(Vec<Package>, Vec<HostError>), HostError>;

    /// All services.
    fn services(&self) -> Result<Vec<Service>, HostError>;

    /// Metadata of a path; `None` if nothing is there. Follows symbolic links.
    fn metadata(&self, path: &Path) -> Result<Option<FileMeta>, HostError>;

    /// At most `limit` first bytes of a file; `None` if nothing is there.
    fn read_file(&self, path: &Path, limit: usize) -> Result<Option<Vec<u8>>, HostError>;

    /// Entries of a folder, sorted by name; `None` if nothing is there.
    fn list_dir(&self, path: &Path) -> Result<Option<Vec<PathBuf>>, HostError>;

    /// A registry value; `None` if key or value is absent, or if the system has no registry. `key` begins with `HKLM\`
    /// or `HKU\<sid>\`; the 64-bit view is meant, unless the key names `WOW6432Node`.
    fn registry_value(&self, key: &str, name: &str) -> Result<Option<RegistryValue>, HostError>;

    /// All values of a registry key; `None` if the key is absent.
    fn registry_values(&self, key: &str) -> Result<Option<Vec<(String, RegistryValue)>>, HostError>;

    /// Names of the sub-keys of a registry key; `None` if the key is absent.
    fn registry_subkeys(&self, key: &str) -> Result<Option<Vec<String>>, HostError>;

    /// Runs one of a closed set of read-only programs; `None` if it is not installed.
    fn run(&self, program: Program) -> Result<Option<ProgramOutput>, HostError>;

    /// Answers a question that only an operating-system interface can answer; `None` where the system has no such thing.
    fn query(&self, query: &SystemQuery) -> Result<Option<Answer>, HostError>;
}

/// A file's metadata.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileMeta {
    /// Whether it is a folder.
    pub is_dir: bool,
    /// Bytes.
    pub size: u64,
    /// Unix permission bits; `None` on Windows.
    pub mode: Option<u32>,
    /// Owner's uid; `None` on Windows.
    pub uid: Option<u32>,
    /// Whether accounts other than the owner and administrators can read it; `None` if that could not be seen.
    pub readable_by_others: Option<bool>,
}

/// A registry value of any type. A value of the wrong type is an answer too: the check decides what it means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegistryValue {
    /// `REG_DWORD`.
    Dword(u32),
    /// `REG_QWORD`.
    Qword(u64),
    /// `REG_SZ` and `REG_EXPAND_SZ`.
    Text(String),
    /// `REG_MULTI_SZ`.
    List(Vec<String>),
    /// Anything else: its registry type number and size, never its bytes.
    Other {
        /// The registry's own number of the type.
        kind: u32,
        /// Bytes.
        size: usize,
    },
}

/// The programs that Enamel may run to read a configuration. Nothing else is ever run, and none gets an argument from
/// outside this list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Program {
    /// `sshd -T`: the effective configuration of the SSH server.
    SshdEffectiveConfig,
    /// `testparm -s -v`: the effective configuration of Samba.
    SambaEffectiveConfig,
    /// `nft list ruleset`.
    NftRuleset,
    /// `iptables -S INPUT`, for systems without nftables.
    IptablesInput,
    /// `ip6tables -S INPUT`: the same for IPv6, which `iptables` does not know.
    Ip6tablesInput,
    /// `timedatectl show`.
    Timedatectl,
}

impl Program {
    /// How long it may take before it is stopped.
    pub const fn time_limit(self) -> Duration {
        Duration::from_secs(10)
    }
}

/// What a program printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramOutput {
    /// Whether it ended with exit code 0.
    pub success: bool,
    /// Standard output, at most 4 MiB; bytes that are not UTF-8 are replaced.
    pub stdout: String,
    /// The first 4 KiB of standard error.
    pub stderr: String,
}

/// A question for an operating-system interface. Each names the [`Answer`] it gets; where there is one value only, its
/// name is empty unless said otherwise.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "ask")]
pub enum SystemQuery {
    /// A property of every instance of a WMI class: `(instance's key, value)`. A class or a namespace that the system
    /// does not have is `None`; no instance is an empty answer.
    Wmi {
        /// `root\cimv2\Security\MicrosoftVolumeEncryption`.
        namespace: String,
        /// `Win32_EncryptableVolume`.
        class: String,
        /// `ProtectionStatus`.
        property: String,
        /// Optional filter `Name=value`, without quotes.
        filter: Option<String>,
    },
    /// Whether a Windows optional feature is enabled: the text `Enabled` or `Disabled`; `None` for an unknown feature.
    WindowsFeature {
        /// `MicrosoftWindowsPowerShellV2Root`.
        name: String,
    },
    /// Members of a local group by its SID: `(account name, text of its SID)`.
    GroupMembers {
        /// `S-1-5-32-544`.
        sid: String,
    },
    /// Whether the local account with this relative id is disabled: `(account name, yes or no)`.
    AccountDisabled {
        /// 500 administrator, 501 guest.
        rid: u32,
    },
    /// `min_len` (characters) and `lockout` (failed attempts, 0 for never) of the local password policy, as numbers.
    PasswordPolicy,
    /// A Windows audit subcategory: `No Auditing`, `Success`, `Failure`, `Success and Failure`.
    AuditSubcategory {
        /// The subcategory's GUID with braces.
        guid: String,
    },
    /// Shares whose rights are wider than they should be: `(share, who may do what)`. Empty if none is.
    ShareAccess,
    /// A kernel setting, a number where it is one.
    Sysctl {
        /// `net.ipv4.ip_forward`.
        name: String,
    },
}

/// The answer to a [`SystemQuery`]: one value, or one for each instance.
pub type Answer = Vec<(String, Value)>;

/// How the name of a failure begins that leaves shared folders out of an inventory.
pub(crate) const SHARES: &str = "shared folders";
/// How the name of a failure begins that leaves disks out of an inventory.
pub(crate) const DISKS: &str = "disks";

/// Why something could not be looked at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{what} could not be read: {why}")]
pub struct HostError {
    /// The thing: a path, a key, a program.
    pub what: String,
    /// Why, and what would help: `permission denied; run as root`.
    pub why: String,
}

impl HostError {
    /// Something that could not be looked at, and why.
    pub fn new(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self { what: what.into(), why: why.into() }
    }

    /// Whether this failure of an inventory leaves folders out of it: whoever searches the disks and shares that it lists then has not
    /// seen the computer whole.
    pub fn hides_folders(&self) -> bool {
        [SHARES, DISKS].iter().any(|part| self.what.starts_with(part))
    }

    /// A file that could not be read: the system's reason in words that say what would help.
    pub fn from_io(path: &Path, error: &std::io::Error) -> Self {
        let why = match error.kind() {
            std::io::ErrorKind::PermissionDenied if cfg!(windows) => {
                "access denied; run as administrator".to_owned()
            }
            std::io::ErrorKind::PermissionDenied => "permission denied; run as root".to_owned(),
            _ => error.to_string(),
        };
        Self::new(path.to_string_lossy(), why)
    }
}
