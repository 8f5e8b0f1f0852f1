//! Recording a computer in code.

use std::collections::BTreeMap;
use std::path::Path;

use enamel_host::{Answer, HostError, Program, RegistryValue, SystemQuery};
use enamel_types::device::{DeviceInventory, DeviceRole, OsFamily, OsInfo};
use enamel_types::software::{Package, PackageSource, Service};

use super::{RecordedAnswer, RecordedFile, RecordedHost, RecordedOutput};

impl RecordedHost {
    /// A computer with nothing on it but its operating system.
    pub fn new(os: OsInfo) -> Self {
        Self {
            os,
            inventory: None,
            inventory_failures: Vec::new(),
            packages: Vec::new(),
            services: Vec::new(),
            files: BTreeMap::new(),
            registry: BTreeMap::new(),
            programs: BTreeMap::new(),
            answers: Vec::new(),
            unreadable: BTreeMap::new(),
        }
    }

    /// An empty Debian 12 server.
    pub fn debian() -> Self {
        Self::new(OsInfo {
            family: OsFamily::Linux,
            name: "Debian GNU/Linux 12 (bookworm)".to_owned(),
            product: "debian".to_owned(),
            version: "12".to_owned(),
            build: "6.1.0-18-amd64".to_owned(),
            edition: String::new(),
            role: DeviceRole::Server,
        })
    }

    /// An empty Windows 11 Pro 23H2 workstation.
    pub fn windows11() -> Self {
        Self::new(OsInfo {
            family: OsFamily::Windows,
            name: "Windows 11 Pro 23H2".to_owned(),
            product: "windows".to_owned(),
            version: "10.0.22631".to_owned(),
            build: "22631.4460".to_owned(),
            edition: "Professional".to_owned(),
            role: DeviceRole::Workstation,
        })
    }

    /// An empty Windows Server 2022.
    pub fn windows_server() -> Self {
        Self::new(OsInfo {
            family: OsFamily::Windows,
            name: "Windows Server 2022 Standard".to_owned(),
            product: "windows-server".to_owned(),
            version: "10.0.20348".to_owned(),
            build: "20348.2700".to_owned(),
            edition: "ServerStandard".to_owned(),
            role: DeviceRole::Server,
        })
    }

    /// Replaces the operating system.
    #[must_use]
    pub fn with_os(mut self, change: impl FnOnce(&mut OsInfo)) -> Self {
        change(&mut self.os);
        self
    }

    /// Adds a file that everybody can read (`0644`, root's, on Linux).
    #[must_use]
    pub fn file(self, path: impl AsRef<Path>, content: impl Into<Vec<u8>>) -> Self {
        let linux = self.os.family == OsFamily::Linux;
        let (mode, uid) = if linux { (Some(0o644), Some(0)) } else { (None, None) };
        self.file_entry(
            path,
            RecordedFile { bytes: Some(content.into()), mode, uid, ..RecordedFile::default() },
        )
    }

    /// Adds a file with permission bits.
    #[must_use]
    pub fn file_mode(self, path: impl AsRef<Path>, content: impl Into<Vec<u8>>, mode: u32) -> Self {
        let entry = RecordedFile {
            bytes: Some(content.into()),
            mode: Some(mode),
            uid: Some(0),
            ..RecordedFile::default()
        };
        self.file_entry(path, entry)
    }

    /// Adds a folder.
    #[must_use]
    pub fn folder(self, path: impl AsRef<Path>, mode: Option<u32>) -> Self {
        self.file_entry(path, RecordedFile { folder: true, mode, ..RecordedFile::default() })
    }

    /// Adds a file or folder with everything about it.
    #[must_use]
    pub fn file_entry(mut self, path: impl AsRef<Path>, entry: RecordedFile) -> Self {
        self.files.insert(self.path_name(path.as_ref()), entry);
        self
    }

    /// Adds a registry value and its key.
    #[must_use]
    pub fn registry(mut self, key: &str, name: &str, value: RegistryValue) -> Self {
        let key = key.trim_end_matches('\\');
        let stored = self.stored_key(key).unwrap_or_else(|| key.to_owned());
        let values = self.registry.entry(stored).or_default();
        values.retain(|known, _| !known.eq_ignore_ascii_case(name));
        values.insert(name.to_owned(), value);
        self
    }

    /// Adds a registry key without values.
    #[must_use]
    pub fn registry_key(mut self, key: &str) -> Self {
        if self.stored_key(key).is_none() {
            self.registry.insert(key.trim_end_matches('\\').to_owned(), BTreeMap::new());
        }
        self
    }

    /// Adds a package.
    #[must_use]
    pub fn package(mut self, package: Package) -> Self {
        self.packages.push(package);
        self
    }

    /// Adds an installed Windows application, as an uninstall key of the machine's 64-bit view lists it.
    #[must_use]
    pub fn application(self, name: &str, version: &str, vendor: &str) -> Self {
        self.package(Package {
            name: name.to_owned(),
            version: version.to_owned(),
            vendor: vendor.to_owned(),
            architecture: String::new(),
            source: PackageSource::UninstallMachine,
            purl: None,
        })
    }

    /// Adds a service.
    #[must_use]
    pub fn service(mut self, name: &str, running: bool, autostart: Option<bool>) -> Self {
        self.services.push(Service { name: name.to_owned(), running, autostart });
        self
    }

    /// Adds a program that ends well and prints `stdout`.
    #[must_use]
    pub fn output(self, program: Program, stdout: &str) -> Self {
        let output = RecordedOutput { success: true, stdout: stdout.to_owned(), stderr: String::new() };
        self.program(program, output)
    }

    /// Adds a program with everything it printed.
    #[must_use]
    pub fn program(mut self, program: Program, output: RecordedOutput) -> Self {
        self.programs.insert(program, output);
        self
    }

    /// Adds the answer to a question; the last one for the same question counts.
    #[must_use]
    pub fn answer(mut self, query: SystemQuery, answer: Answer) -> Self {
        self.answers.push(RecordedAnswer { query, answer: Some(answer), unreadable: None });
        self
    }

    /// Replaces the inventory.
    #[must_use]
    pub fn with_inventory(mut self, inventory: DeviceInventory) -> Self {
        self.inventory = Some(inventory);
        self
    }

    /// A part that the inventory leaves out, and why.
    #[must_use]
    pub fn inventory_without(mut self, what: &str, why: &str) -> Self {
        self.inventory_failures.push(HostError::new(what, why));
        self
    }

    /// Makes a path, a registry key, a program (by its snake-case name), or one of `os`, `inventory`, `packages`,
    /// `services` unreadable; everything below an unreadable path or key is unreadable too.
    #[must_use]
    pub fn unreadable(mut self, what: &str, why: &str) -> Self {
        self.unreadable.insert(self.comparable(what), why.to_owned());
        self
    }
}
