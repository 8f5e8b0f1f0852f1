//! A host that is asked each long question once.
//!
//! A command asks several sensors, and each asks for what it needs: the list of packages takes the better part of a second on a slow
//! disk, and the shares a program. What was answered is answered again, so that all sensors of one command speak of one moment. Files,
//! the registry and single questions are asked each time: they are cheap, and there is no end to them.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use enamel_types::device::{DeviceInventory, OsInfo};
use enamel_types::software::{Package, Service};

use crate::{Answer, FileMeta, Host, HostError, Program, ProgramOutput, RegistryValue, SystemQuery};

type Listing<T> = OnceLock<Result<(T, Vec<HostError>), HostError>>;

/// Another host, which takes its lists once. Make one for each command: it never looks again.
#[derive(Debug, Default)]
pub struct Remembering<H> {
    host: H,
    os: OnceLock<Result<OsInfo, HostError>>,
    inventory: Listing<DeviceInventory>,
    packages: Listing<Vec<Package>>,
    services: OnceLock<Result<Vec<Service>, HostError>>,
}

impl<H: Host> Remembering<H> {
    /// Remembers what `host` answers from now on.
    pub const fn new(host: H) -> Self {
        Self {
            host,
            os: OnceLock::new(),
            inventory: OnceLock::new(),
            packages: OnceLock::new(),
            services: OnceLock::new(),
        }
    }
}

impl<H: Host> Host for Remembering<H> {
    fn os(&self) -> Result<OsInfo, HostError> {
        self.os.get_or_init(|| self.host.os()).clone()
    }

    fn inventory(&self) -> Result<(DeviceInventory, Vec<HostError>), HostError> {
        self.inventory.get_or_init(|| self.host.inventory()).clone()
    }

    fn packages(&self) -> Result<(Vec<Package>, Vec<HostError>), HostError> {
        self.packages.get_or_init(|| self.host.packages()).clone()
    }

    fn services(&self) -> Result<Vec<Service>, HostError> {
        self.services.get_or_init(|| self.host.services()).clone()
    }

    fn metadata(&self, path: &Path) -> Result<Option<FileMeta>, HostError> {
        self.host.metadata(path)
    }

    fn read_file(&self, path: &Path, limit: usize) -> Result<Option<Vec<u8>>, HostError> {
        self.host.read_file(path, limit)
    }

    fn list_dir(&self, path: &Path) -> Result<Option<Vec<PathBuf>>, HostError> {
        self.host.list_dir(path)
    }

    fn registry_value(&self, key: &str, name: &str) -> Result<Option<RegistryValue>, HostError> {
        self.host.registry_value(key, name)
    }

    fn registry_values(&self, key: &str) -> Result<Option<Vec<(String, RegistryValue)>>, HostError> {
        self.host.registry_values(key)
    }

    fn registry_subkeys(&self, key: &str) -> Result<Option<Vec<String>>, HostError> {
        self.host.registry_subkeys(key)
    }

    fn run(&self, program: Program) -> Result<Option<ProgramOutput>, HostError> {
        self.host.run(program)
    }

    fn query(&self, query: &SystemQuery) -> Result<Option<Answer>, HostError> {
        self.host.query(query)
    }
}
