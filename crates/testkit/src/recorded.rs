//! A computer replayed from data.
//!
//! Built in code, or loaded from a TOML or JSON file of this shape (everything is optional but `os`):
//!
//! ```toml
//! [os]
//! family = "windows"
//! name = "Windows 11 Pro"
//! product = "windows"
//! version = "10.0.22631"
//! build = "22631.4460"
//! edition = "Professional"
//! role = "workstation"
//!
//! [files.'C:\ProgramData\app.ini']
//! content = "a=1"            # or bytes = [1, 2]; or folder = true
//! mode = 0o600               # Linux
//! uid = 0
//! readable_by_others = true  # where absent, taken from `mode`
//!
//! [registry.'HKLM\SOFTWARE\Example']
//! Enabled = { dword = 1 }    # dword, qword, text, list, other = { kind, size }
//!
//! [programs.sshd_effective_config]
//! stdout = "permitrootlogin no"
//!
//! [[answers]]
//! query = { ask = "sysctl", name = "net.ipv4.ip_forward" }
//! answer = [["", 0]]
//!
//! [unreadable]               # a path, a registry key or `key\value`, a program, `os`, `inventory`, `packages` or `services`
//! '/etc/shadow' = "permission denied; run as root"
//!
//! # and: [[packages]], [[services]], [inventory], as in enamel-types
//! ```
//!
//! What is not recorded is absent, as on a computer that does not have it. Registry keys, value names and Windows paths
//! compare without regard to case, as Windows does.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use enamel_host::{Answer, FileMeta, Host, HostError, Program, ProgramOutput, RegistryValue, SystemQuery};
use enamel_types::content::{ContentError, parse_toml};
use enamel_types::device::{DeviceInventory, DeviceRole, Hardware, OsFamily, OsInfo};
use enamel_types::software::{Package, PackageSource, Service};
use serde::{Deserialize, Serialize};

/// A computer replayed from data. See the module's documentation for its file format.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedHost {
    os: OsInfo,
    #[serde(default)]
    inventory: Option<DeviceInventory>,
    #[serde(default)]
    packages: Vec<Package>,
    #[serde(default)]
    services: Vec<Service>,
    #[serde(default)]
    files: BTreeMap<String, RecordedFile>,
    #[serde(default)]
    registry: BTreeMap<String, BTreeMap<String, RegistryValue>>,
    #[serde(default)]
    programs: BTreeMap<Program, RecordedOutput>,
    #[serde(default)]
    answers: Vec<RecordedAnswer>,
    #[serde(default)]
    unreadable: BTreeMap<String, String>,
}

/// One recorded file or folder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RecordedFile {
    /// Its content as text.
    pub content: String,
    /// Its content where it is not text; wins over `content`.
    pub bytes: Option<Vec<u8>>,
    /// Whether it is a folder. Folders of recorded files need no entry of their own.
    pub folder: bool,
    /// Unix permission bits.
    pub mode: Option<u32>,
    /// The owner's uid.
    pub uid: Option<u32>,
    /// Whether others can read it; where absent, taken from `mode`.
    pub readable_by_others: Option<bool>,
}

impl RecordedFile {
    fn content(&self) -> &[u8] {
        self.bytes.as_deref().unwrap_or(self.content.as_bytes())
    }

    fn meta(&self) -> FileMeta {
        FileMeta {
            is_dir: self.folder,
            size: self.content().len() as u64,
            mode: self.mode,
            uid: self.uid,
            readable_by_others: self.readable_by_others.or_else(|| self.mode.map(|mode| mode & 0o044 != 0)),
        }
    }
}

/// What a recorded program printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedOutput {
    /// Whether it ended with exit code 0; yes where absent.
    #[serde(default = "yes")]
    pub success: bool,
    /// Standard output.
    #[serde(default)]
    pub stdout: String,
    /// Standard error.
    #[serde(default)]
    pub stderr: String,
}

const fn yes() -> bool {
    true
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordedAnswer {
    query: SystemQuery,
    /// The answer; none where the computer has no such thing or it could not be asked.
    #[serde(default)]
    answer: Option<Answer>,
    /// Why it could not be asked.
    #[serde(default)]
    unreadable: Option<String>,
}

/// Why a recording cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file itself.
    #[error("recording {path} could not be read")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A TOML recording with a mistake in it.
    #[error("recording is not usable")]
    Toml(#[from] ContentError),
    /// A JSON recording with a mistake in it.
    #[error("recording {path} is not usable")]
    Json {
        /// The file.
        path: PathBuf,
        /// What and where.
        source: serde_json::Error,
    },
}

impl RecordedHost {
    /// A computer with nothing on it but its operating system.
    pub fn new(os: OsInfo) -> Self {
        Self {
            os,
            inventory: None,
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

    /// Parses a TOML recording; `file` is its name in errors.
    pub fn from_toml(file: &str, text: &str) -> Result<Self, ContentError> {
        parse_toml::<Self>(file, text).map(Self::normalised)
    }

    /// Loads a recording; a name that ends in `.json` is JSON, any other TOML.
    pub fn load(path: &Path) -> Result<Self, LoadError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| LoadError::Io { path: path.to_path_buf(), source })?;
        if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json")) {
            serde_json::from_str::<Self>(&text)
                .map(Self::normalised)
                .map_err(|source| LoadError::Json { path: path.to_path_buf(), source })
        } else {
            Ok(Self::from_toml(&path.to_string_lossy(), &text)?)
        }
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

    /// A question that this computer cannot be asked, and why.
    #[must_use]
    pub fn unanswerable(mut self, query: SystemQuery, why: &str) -> Self {
        self.answers.push(RecordedAnswer { query, answer: None, unreadable: Some(why.to_owned()) });
        self
    }

    /// Replaces the inventory.
    #[must_use]
    pub fn with_inventory(mut self, inventory: DeviceInventory) -> Self {
        self.inventory = Some(inventory);
        self
    }

    /// Makes a path, a registry key, a program (by its snake-case name), or one of `os`, `inventory`, `packages`,
    /// `services` unreadable; everything below an unreadable path or key is unreadable too.
    #[must_use]
    pub fn unreadable(mut self, what: &str, why: &str) -> Self {
        self.unreadable.insert(self.comparable(what), why.to_owned());
        self
    }

    /// Loaded names in the form in which look-ups compare them.
    fn normalised(mut self) -> Self {
        self.files = std::mem::take(&mut self.files)
            .into_iter()
            .map(|(path, entry)| (self.path_name(Path::new(&path)), entry))
            .collect();
        self.unreadable = std::mem::take(&mut self.unreadable)
            .into_iter()
            .map(|(what, why)| (self.comparable(&what), why))
            .collect();
        self
    }

    const fn separator(&self) -> char {
        match self.os.family {
            OsFamily::Windows => '\\',
            OsFamily::Linux => '/',
        }
    }

    /// A path as text with this system's separators and without one at the end.
    fn path_name(&self, path: &Path) -> String {
        let text = path.to_string_lossy();
        let text =
            if self.os.family == OsFamily::Windows { text.replace('/', "\\") } else { text.into_owned() };
        let trimmed = text.trim_end_matches(self.separator());
        if trimmed.is_empty() { text } else { trimmed.to_owned() }
    }

    fn comparable(&self, what: &str) -> String {
        if what.starts_with("HKLM\\") || what.starts_with("HKU\\") {
            return what.trim_end_matches('\\').to_ascii_lowercase();
        }
        let name = self.path_name(Path::new(what));
        if self.os.family == OsFamily::Windows { name.to_ascii_lowercase() } else { name }
    }

    fn stored_key(&self, key: &str) -> Option<String> {
        let key = key.trim_end_matches('\\');
        self.registry.keys().find(|known| known.eq_ignore_ascii_case(key)).cloned()
    }

    fn check_readable(&self, what: &str) -> Result<(), HostError> {
        let comparable = self.comparable(what);
        for (unreadable, why) in &self.unreadable {
            let below = comparable
                .strip_prefix(unreadable.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['\\', '/']));
            if below {
                return Err(HostError { what: what.to_owned(), why: why.clone() });
            }
        }
        Ok(())
    }

    fn entry(&self, name: &str) -> Option<&RecordedFile> {
        match self.os.family {
            OsFamily::Linux => self.files.get(name),
            OsFamily::Windows => {
                self.files.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, entry)| entry)
            }
        }
    }
}

impl Host for RecordedHost {
    fn os(&self) -> Result<OsInfo, HostError> {
        self.check_readable("os")?;
        Ok(self.os.clone())
    }

    fn inventory(&self) -> Result<(DeviceInventory, Vec<HostError>), HostError> {
        self.check_readable("inventory")?;
        let inventory = self.inventory.clone().unwrap_or_else(|| DeviceInventory {
            hostname: "recorded".to_owned(),
            os: self.os.clone(),
            hardware: Hardware::default(),
            users: Vec::new(),
            shares: Vec::new(),
            addresses: Vec::new(),
            listening: Vec::new(),
        });
        Ok((inventory, Vec::new()))
    }

    fn packages(&self) -> Result<(Vec<Package>, Vec<HostError>), HostError> {
        self.check_readable("packages")?;
        Ok((self.packages.clone(), Vec::new()))
    }

    fn services(&self) -> Result<Vec<Service>, HostError> {
        self.check_readable("services")?;
        Ok(self.services.clone())
    }

    fn metadata(&self, path: &Path) -> Result<Option<FileMeta>, HostError> {
        let name = self.path_name(path);
        self.check_readable(&name)?;
        if let Some(entry) = self.entry(&name) {
            return Ok(Some(entry.meta()));
        }
        let implied = !children(self.files.keys().map(String::as_str), &name, self.separator()).is_empty();
        Ok(implied.then(|| RecordedFile { folder: true, ..RecordedFile::default() }.meta()))
    }

    fn read_file(&self, path: &Path, limit: usize) -> Result<Option<Vec<u8>>, HostError> {
        match self.metadata(path)? {
            Some(meta) if meta.is_dir => {
                Err(HostError { what: path.display().to_string(), why: "it is a folder".to_owned() })
            }
            Some(_) => {
                let entry = self.entry(&self.path_name(path));
                Ok(entry.map(|entry| entry.content()[..entry.content().len().min(limit)].to_vec()))
            }
            None => Ok(None),
        }
    }

    fn list_dir(&self, path: &Path) -> Result<Option<Vec<PathBuf>>, HostError> {
        let Some(meta) = self.metadata(path)? else { return Ok(None) };
        let name = self.path_name(path);
        if !meta.is_dir {
            return Err(HostError { what: name, why: "it is not a folder".to_owned() });
        }
        let separator = self.separator();
        let children = children(self.files.keys().map(String::as_str), &name, separator);
        let base = name.trim_end_matches(separator);
        let mut listing: Vec<PathBuf> =
            children.iter().map(|child| PathBuf::from(format!("{base}{separator}{child}"))).collect();
        listing.sort_unstable();
        Ok(Some(listing))
    }

    fn registry_value(&self, key: &str, name: &str) -> Result<Option<RegistryValue>, HostError> {
        self.check_readable(&format!("{key}\\{name}"))?;
        let values = self.registry_values(key)?;
        Ok(values.and_then(|values| {
            values.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
        }))
    }

    fn registry_values(&self, key: &str) -> Result<Option<Vec<(String, RegistryValue)>>, HostError> {
        self.check_readable(key)?;
        if let Some(values) = self.stored_key(key).and_then(|stored| self.registry.get(&stored)) {
            let mut values: Vec<_> = values.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
            values.sort_by_cached_key(|(name, _)| name.to_lowercase());
            return Ok(Some(values));
        }
        Ok(self.registry_subkeys(key)?.map(|_| Vec::new()))
    }

    fn registry_subkeys(&self, key: &str) -> Result<Option<Vec<String>>, HostError> {
        self.check_readable(key)?;
        let key = key.trim_end_matches('\\');
        let children = children(self.registry.keys().map(String::as_str), key, '\\');
        if children.is_empty() && self.stored_key(key).is_none() {
            return Ok(None);
        }
        Ok(Some(children))
    }

    fn run(&self, program: Program) -> Result<Option<ProgramOutput>, HostError> {
        let name = serde_json::to_value(program).ok();
        self.check_readable(name.as_ref().and_then(|name| name.as_str()).unwrap_or_default())?;
        Ok(self.programs.get(&program).map(|output| ProgramOutput {
            success: output.success,
            stdout: output.stdout.clone(),
            stderr: output.stderr.clone(),
        }))
    }

    fn query(&self, query: &SystemQuery) -> Result<Option<Answer>, HostError> {
        let Some(recorded) = self.answers.iter().rev().find(|recorded| recorded.query == *query) else {
            return Ok(None);
        };
        match &recorded.unreadable {
            Some(why) => Err(HostError { what: format!("{query:?}"), why: why.clone() }),
            None => Ok(recorded.answer.clone()),
        }
    }
}

/// The names that `prefix` + separator is followed by, first component only.
fn children<'a>(names: impl Iterator<Item = &'a str>, prefix: &str, separator: char) -> Vec<String> {
    let fold = separator == '\\';
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    for name in names {
        let Some(head) = name.get(..prefix.len()) else { continue };
        let same = if fold { head.eq_ignore_ascii_case(prefix) } else { head == prefix };
        let rest = &name[prefix.len()..];
        let rest = if prefix.ends_with(separator) { Some(rest) } else { rest.strip_prefix(separator) };
        if let (true, Some(rest)) = (same, rest)
            && !rest.is_empty()
        {
            let child = rest.split(separator).next().unwrap_or(rest);
            let key = if fold { child.to_ascii_lowercase() } else { child.to_owned() };
            seen.entry(key).or_insert_with(|| child.to_owned());
        }
    }
    seen.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use enamel_types::config_state::Value;

    const RECORDING: &str = r#"
[os]
family = "windows"
name = "Windows 11 Pro"
product = "windows"
version = "10.0.22631"
build = "22631.4460"
edition = "Professional"
role = "workstation"

[files.'C:\ProgramData\Imaging\app.ini']
content = "password=x"
readable_by_others = true

[registry.'HKLM\SOFTWARE\Example\Child']
Enabled = { dword = 1 }
Names = { list = ["a", "b"] }

[programs.lsblk]
stdout = "{}"

[[answers]]
query = { ask = "group_members", sid = "S-1-5-32-544" }
answer = [["admin", true]]

[[answers]]
query = { ask = "password_policy" }
unreadable = "access denied; run as administrator"

[unreadable]
'C:\Users' = "access denied"
'HKLM\SECURITY' = "access denied"
'HKLM\SOFTWARE\Example\Child\Secret' = "access denied"
"#;

    #[test]
    fn a_recording_answers_as_the_computer_did() {
        let host = RecordedHost::from_toml("pc.toml", RECORDING).unwrap();
        let key = r"hklm\software\EXAMPLE\child";
        assert_eq!(host.registry_value(key, "ENABLED").unwrap(), Some(RegistryValue::Dword(1)));
        assert_eq!(host.registry_value(key, "Absent").unwrap(), None);
        assert_eq!(
            host.registry_values(r"HKLM\SOFTWARE\Example").unwrap(),
            Some(Vec::new()),
            "a key by its child"
        );
        assert_eq!(host.registry_subkeys(r"HKLM\SOFTWARE\Example").unwrap(), Some(vec!["Child".to_owned()]));
        assert_eq!(host.registry_subkeys(r"HKLM\SOFTWARE\Exam").unwrap(), None, "no key by half its name");
        let file = Path::new(r"c:\programdata\IMAGING/app.ini");
        assert_eq!(host.read_file(file, 8).unwrap(), Some(b"password".to_vec()));
        assert_eq!(host.metadata(file).unwrap().unwrap().readable_by_others, Some(true));
        assert!(host.metadata(Path::new(r"C:\ProgramData")).unwrap().unwrap().is_dir);
        assert_eq!(host.run(Program::Lsblk).unwrap().unwrap().stdout, "{}");
        assert_eq!(host.run(Program::Timedatectl).unwrap(), None);
        let members = host.query(&SystemQuery::GroupMembers { sid: "S-1-5-32-544".to_owned() }).unwrap();
        assert_eq!(members, Some(vec![("admin".to_owned(), Value::Bool(true))]));
    }

    #[test]
    fn what_could_not_be_read_says_why() {
        let host = RecordedHost::from_toml("pc.toml", RECORDING).unwrap();
        assert!(host.metadata(Path::new(r"C:\Users\front\x")).is_err());
        assert!(host.metadata(Path::new(r"C:\Users2")).unwrap().is_none());
        assert!(host.registry_value(r"HKLM\SECURITY\Policy", "x").is_err());
        assert!(host.registry_value(r"HKLM\SOFTWARE\Example\Child", "Secret").is_err());
        let error = host.query(&SystemQuery::PasswordPolicy).unwrap_err();
        assert!(error.why.contains("administrator"), "{error}");
        let host =
            RecordedHost::debian().unreadable("nft_ruleset", "permission denied").unreadable("packages", "x");
        assert!(host.run(Program::NftRuleset).is_err());
        assert!(host.packages().is_err());
    }

    #[test]
    fn built_and_loaded_recordings_are_the_same() {
        let built = RecordedHost::debian()
            .file("/etc/ssh/sshd_config", "PermitRootLogin no\n")
            .file_mode("/etc/shadow", "", 0o640)
            .service("cron", true, Some(true));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("server.json");
        std::fs::write(&path, serde_json::to_string(&built).unwrap()).unwrap();
        let loaded = RecordedHost::load(&path).unwrap();
        assert_eq!(loaded.services().unwrap(), built.services().unwrap());
        let listing = vec![PathBuf::from("/etc/shadow"), PathBuf::from("/etc/ssh")];
        assert_eq!(loaded.list_dir(Path::new("/etc/")).unwrap(), Some(listing));
        assert!(loaded.list_dir(Path::new("/etc/shadow")).is_err());
        assert_eq!(
            loaded.metadata(Path::new("/etc/shadow")).unwrap().unwrap().readable_by_others,
            Some(true)
        );
        assert!(matches!(RecordedHost::load(&folder.path().join("none")), Err(LoadError::Io { .. })));
    }

    #[test]
    fn a_mistake_in_a_recording_names_its_line() {
        let error = RecordedHost::from_toml("pc.toml", &RECORDING.replace("dword", "dwort")).unwrap_err();
        assert_eq!((error.file.as_str(), error.line > 10), ("pc.toml", true), "{error}");
    }
}
