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
//! [[inventory_failures]]     # a part that the inventory leaves out
//! what = "shared folders"
//! why = "access denied; run as administrator"
//!
//! # and: [[packages]], [[services]], [inventory], as in enamel-types
//! ```
//!
//! What is not recorded is absent, as on a computer that does not have it. Registry keys, value names and Windows paths
//! compare without regard to case, as Windows does.

mod build;
mod replay;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use enamel_host::{Answer, FileMeta, HostError, Program, RegistryValue, SystemQuery};
use enamel_types::content::{ContentError, parse_toml};
use enamel_types::device::{DeviceInventory, OsFamily, OsInfo};
use enamel_types::software::{Package, Service};
use serde::{Deserialize, Serialize};

/// A computer replayed from data. See the module's documentation for its file format.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedHost {
    os: OsInfo,
    #[serde(default)]
    inventory: Option<DeviceInventory>,
    #[serde(default)]
    inventory_failures: Vec<HostError>,
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use enamel_host::Host;
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

[programs.ip6tables_input]
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
        assert_eq!(host.run(Program::Ip6tablesInput).unwrap().unwrap().stdout, "{}");
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
