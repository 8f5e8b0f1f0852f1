//! What a check is: the shape of `content/checks/*.toml`.
//!
//! Every mistake in a file is a [`ContentError`] that names file, line, key and fix. Whether the cited controls exist is
//! tested where the control catalogue lives, in the binary's tests.

use std::collections::BTreeMap;

use enamel_types::content::{ContentError, parse_toml};
use enamel_types::device::{DeviceRole, OsFamily};
use enamel_types::{CheckOutcome, ControlId, FindingClass, Minutes, RuleId, Severity};
use serde::Deserialize;

use crate::software::EolTable;

/// The checks that are compiled in, by what they guard.
const BUILTIN: [(&str, &str); 8] = [
    ("content/checks/linux-data.toml", include_str!("../../../../content/checks/linux-data.toml")),
    ("content/checks/linux-server.toml", include_str!("../../../../content/checks/linux-server.toml")),
    (
        "content/checks/windows-accounts.toml",
        include_str!("../../../../content/checks/windows-accounts.toml"),
    ),
    ("content/checks/windows-data.toml", include_str!("../../../../content/checks/windows-data.toml")),
    ("content/checks/windows-malware.toml", include_str!("../../../../content/checks/windows-malware.toml")),
    ("content/checks/windows-network.toml", include_str!("../../../../content/checks/windows-network.toml")),
    ("content/checks/windows-remote.toml", include_str!("../../../../content/checks/windows-remote.toml")),
    ("content/checks/windows-upkeep.toml", include_str!("../../../../content/checks/windows-upkeep.toml")),
];

/// The checks, sorted by id, with the tables that judging them needs.
#[derive(Debug, Clone)]
pub struct Catalogue {
    pub(super) checks: Vec<Check>,
    pub(super) eol: EolTable,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "check")]
    checks: Vec<Check>,
}

impl Catalogue {
    /// The catalogue that is compiled in.
    pub fn builtin() -> Result<Self, ContentError> {
        Self::from_files(&BUILTIN, EolTable::builtin()?)
    }

    /// A catalogue from an expert's files: `(name, text)`, the name as error messages shall show it. `eol` is what the checks
    /// of the system's age are judged by.
    pub fn from_files(files: &[(&str, &str)], eol: EolTable) -> Result<Self, ContentError> {
        let mut checks = Vec::new();
        for (name, text) in files {
            let file: File = parse_toml(name, text)?;
            for check in file.checks {
                super::validate::check(name, text, &check, &checks)?;
                checks.push(check);
            }
        }
        super::validate::references(files, &checks)?;
        checks.sort_by(|a: &Check, b| a.id.cmp(&b.id));
        Ok(Self { checks, eol })
    }

    /// The checks, sorted by id.
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// The check with this id.
    pub fn get(&self, id: &str) -> Option<&Check> {
        self.checks.iter().find(|check| check.id.as_str() == id)
    }

    /// What the catalogue expects as files: their names and texts, for somebody who wants to edit a copy.
    pub const fn builtin_files() -> &'static [(&'static str, &'static str)] {
        &BUILTIN
    }
}

/// One posture check.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// `W01`…`W60` Windows, `L01`…`L14` Linux.
    pub id: RuleId,
    /// The family of systems it is for.
    pub os: OsFamily,
    /// The roles it has a meaning for; absent: all.
    #[serde(default)]
    pub roles: Vec<DeviceRole>,
    /// Windows builds before this one do not have the thing.
    pub from_build: Option<u32>,
    /// The product or mode without which the check has no meaning.
    pub only_where: Option<Condition>,
    /// How bad it is where it fails.
    pub severity: Severity,
    /// The good state, in the present tense: `SMB1 server is off`.
    pub title: String,
    /// The bad state, as a finding's title: `SMB1 server is on`.
    pub problem: String,
    /// Where to look: the first of these that holds something decides. Empty where there are `parts`.
    #[serde(default)]
    pub read: Vec<Source>,
    /// Several things that are judged one by one.
    #[serde(default)]
    pub parts: Vec<Part>,
    /// Whether every value and part has to be as expected, or one is enough.
    #[serde(default)]
    pub enough: Enough,
    /// What is expected. Absent only where every part has its own.
    pub expect: Option<Expect>,
    /// What a missing value means.
    pub absent: Absent,
    /// What the system does where nothing is set; only with `absent = "os_default"`. The last rule that fits counts.
    #[serde(default)]
    pub default: Vec<OsDefault>,
    /// The paragraphs of 45 CFR 164 that it is evidence for.
    pub controls: Vec<ControlId>,
    /// Why it matters in a dental office, for its manager.
    pub why: String,
    /// What to do, one line in the imperative: `Switch the SMB1 server off`.
    pub action: String,
    /// Steps for a technician.
    pub fix: String,
    /// Working time on one computer.
    pub minutes: Minutes,
    /// Hours for which a reading counts as evidence; absent: [`VALID_HOURS`](super::VALID_HOURS).
    pub valid_hours: Option<u32>,
    /// It is judged only where that other check fails or is unknown.
    pub only_if_failed: Option<RuleId>,
    /// It passes where that other check passes, whatever its own reading.
    pub satisfied_by: Option<RuleId>,
    /// The rule its finding is filed under, where that is not its own id.
    pub finding_rule: Option<RuleId>,
    /// The OCSF class of its finding; absent: compliance.
    pub class: Option<FindingClass>,
    /// Where the facts come from, for whoever corrects them.
    pub reference: Option<String>,
}

/// One of several things that a check looks at.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// What it is, as the finding shall call it.
    pub name: String,
    /// Where to look: the first of these that holds something decides.
    pub read: Vec<Source>,
    /// What is expected of it; absent: what the check expects.
    pub expect: Option<Expect>,
}

/// What has to be so for a check to have a meaning.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Where to look.
    pub read: Vec<Source>,
    /// What has to be there.
    pub expect: Expect,
    /// Why the check has no meaning otherwise.
    pub otherwise: String,
}

/// How many of several values have to be as expected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Enough {
    /// Every one; each that is not is a finding of its own.
    #[default]
    Every,
    /// One is enough.
    One,
}

/// What a missing value means: the commonest mistake in tools of this kind, so nothing is assumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Absent {
    /// As it should be.
    Pass,
    /// Not as it should be.
    Fail,
    /// Nobody can say.
    Unknown,
    /// The thing is not here.
    NotApplicable,
    /// Depends on the system: see [`Check::default`].
    OsDefault,
}

/// What a system does where nothing is set.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OsDefault {
    /// From this Windows build on; absent: every build.
    pub from_build: Option<u32>,
    /// In these roles; absent: all.
    #[serde(default)]
    pub roles: Vec<DeviceRole>,
    /// In these Windows editions (`EditionID`); absent: all.
    #[serde(default)]
    pub editions: Vec<String>,
    /// What that means.
    pub then: CheckOutcome,
    /// What the system does then.
    pub because: String,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// One registry value.
    Registry(RegistrySource),
    /// The names of all values of a registry key.
    RegistryNames {
        /// `HKLM\…`
        key: String,
    },
    /// A value in the registry of every user who is loaded, under one or several keys.
    RegistryUsers {
        /// What the key belongs to → the key below the user's hive.
        keys: BTreeMap<String, String>,
        /// The value.
        value: String,
    },
    /// A value in every sub-key of a registry key.
    RegistrySubkeys {
        /// `HKLM\…`
        key: String,
        /// The value.
        value: String,
    },
    /// A property of a WMI class.
    Wmi(WmiSource),
    /// Antivirus products that Windows Security Center knows, and whether each is on.
    SecurityCenter,
    /// Whether a Windows feature is installed: `Enabled` or `Disabled`.
    Feature(String),
    /// Enabled members of a local Windows group, by SID.
    GroupMembers(String),
    /// Whether the local account with this relative id is disabled.
    AccountDisabled(u32),
    /// `min_len` or `lockout` of the local password policy.
    PasswordPolicy(String),
    /// A Windows audit subcategory, by GUID.
    AuditSubcategory(String),
    /// Shares whose rights are wider than they should be.
    ShareAccess,
    /// The day of the newest Windows update.
    NewestUpdate,
    /// Remote-control tools among installed programs and services: name → pattern over the names.
    RemoteTools(BTreeMap<String, String>),
    /// The system's own name and version.
    OperatingSystem,
    /// Whether a service runs.
    Service(String),
    /// The version of an installed package.
    Package(String),
    /// Whether a file or folder exists; Linux paths and Windows paths alike.
    Path(String),
    /// A key of an ini file.
    Ini {
        /// The file.
        path: String,
        /// The section without brackets; empty: before any section.
        section: String,
        /// The key.
        key: String,
    },
    /// A kernel setting.
    Sysctl(String),
    /// A setting of apt, over all files of `/etc/apt`.
    AptConfig(String),
    /// A setting of the SSH server as `sshd -T` shows it.
    Sshd(String),
    /// A global setting of Samba as `testparm` shows it.
    Samba(String),
    /// A setting of every Samba share.
    SambaShares(String),
    /// Folders in Samba shares that everybody may write to.
    WritableShareFolders,
    /// An option of the MariaDB or MySQL server, over all its option files.
    Mysql(String),
    /// Whether a firewall drops what nobody asked for (nftables, iptables, ufw).
    InboundFirewall,
    /// A property as `timedatectl show` prints it.
    Timedatectl(String),
    /// Whether each mounted disk is encrypted.
    Volumes,
    /// What only another part of Enamel can see; the check is unknown until then, and says so.
    NotYet(String),
}

/// One registry value.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistrySource {
    /// `HKLM\…`
    pub key: String,
    /// The value.
    pub value: String,
    /// Divides a number, where two places count in different units.
    pub divide_by: Option<u32>,
}

/// A property of a WMI class.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WmiSource {
    /// `root\…`
    pub namespace: String,
    /// The class.
    pub class: String,
    /// The property.
    pub property: String,
    /// `Name=value`; `{system_drive}` stands for the drive Windows is on.
    pub filter: Option<String>,
    /// The class has one instance, whose name means nothing.
    #[serde(default)]
    pub single: bool,
}

/// What is expected of a value.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expect {
    /// This value.
    Equals(Scalar),
    /// One of these.
    OneOf(Vec<Scalar>),
    /// A number no smaller.
    AtLeast(i64),
    /// A number no larger.
    AtMost(i64),
    /// A number within these bounds, both included.
    Between(i64, i64),
    /// A list with no more entries.
    AtMostEntries(usize),
    /// Anything at all; for conditions.
    Present,
    /// A list without entries; each entry is a finding.
    Nothing,
    /// A list in which nothing matches this pattern; each match is a finding. Letter case does not count.
    NothingLike(String),
    /// A text that matches this pattern. Letter case does not count.
    Like(String),
    /// A date no more days before the observation.
    AtMostDaysOld(i64),
    /// A system whose maker still mends it.
    Supported,
    /// A list of remote-control tools, each of which the practice's profile names; any other is a finding.
    ListedRemoteTools,
}

/// A value in a content file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Scalar {
    /// `true`
    Bool(bool),
    /// `1`
    Int(i64),
    /// `"no"`
    Text(String),
}
