//! A computer as an inventory sees it (OCSF *Device Inventory Info*).

use serde::{Deserialize, Serialize};

/// The family of operating system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OsFamily {
    /// Any Linux distribution.
    Linux,
    /// Any Windows.
    Windows,
}

/// What the computer is for. Some checks mean different things on a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceRole {
    /// A person sits at it.
    Workstation,
    /// It serves others; on Windows a server edition.
    Server,
    /// A Windows domain controller.
    DomainController,
    /// A container or a build image: many host checks have no meaning there.
    Container,
}

/// The operating system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OsInfo {
    /// Linux or Windows.
    pub family: OsFamily,
    /// For people: `Debian GNU/Linux 12 (bookworm)`, `Windows 11 Pro 23H2`.
    pub name: String,
    /// endoflife.date's product name: `debian`, `ubuntu`, `windows`, `windows-server`.
    pub product: String,
    /// The release: `12`, `22.04`, `10.0.22631`.
    pub version: String,
    /// The exact build where there is one: `22631.4460`, a kernel release.
    pub build: String,
    /// Windows edition id (`Professional`, `ServerStandard`, `IoTEnterpriseS`); empty elsewhere.
    #[serde(default)]
    pub edition: String,
    /// What it is for.
    pub role: DeviceRole,
}

/// OCSF *Device Inventory Info*.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceInventory {
    /// The computer's own name. A label, never an identity.
    pub hostname: String,
    /// Its operating system.
    pub os: OsInfo,
    /// CPU, memory, disks: what a technician asks first.
    pub hardware: Hardware,
    /// Accounts that can log on.
    pub users: Vec<User>,
    /// Folders that the network can see.
    pub shares: Vec<Share>,
    /// Addresses of the network cards.
    pub addresses: Vec<String>,
    /// TCP and UDP sockets that wait for somebody.
    pub listening: Vec<ListeningSocket>,
}

/// Hardware in one line each.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Hardware {
    /// CPU model.
    pub cpu: String,
    /// Logical processors.
    pub cores: u32,
    /// Bytes of memory.
    pub memory_bytes: u64,
    /// Mounted volumes.
    pub volumes: Vec<Volume>,
}

/// A mounted volume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volume {
    /// Where it is mounted: `/`, `C:\`.
    pub mount: String,
    /// File system.
    pub file_system: String,
    /// Bytes in all.
    pub size_bytes: u64,
    /// Bytes free.
    pub free_bytes: u64,
    /// Whether the volume is encrypted at rest; `None` if that could not be seen.
    pub encrypted: Option<bool>,
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The log-on name.
    pub name: String,
    /// Its uid or SID.
    pub uid: String,
    /// Whether it administers the computer.
    pub admin: bool,
    /// Whether it can log on at all.
    pub enabled: bool,
}

/// A folder that the network can see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// The share's name.
    pub name: String,
    /// The folder.
    pub path: String,
    /// Whether guests get in; `None` if that could not be seen.
    pub guest: Option<bool>,
}

/// A socket that waits for somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListeningSocket {
    /// `tcp` or `udp`.
    pub protocol: String,
    /// The local address.
    pub address: String,
    /// The port.
    pub port: u16,
    /// The program, where it could be seen.
    pub process: Option<String>,
}
