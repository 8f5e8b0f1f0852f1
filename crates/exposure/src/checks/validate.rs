//! Mistakes in a check that TOML cannot see.

use enamel_types::content::ContentError;
use enamel_types::device::OsFamily;
use enamel_types::{CheckOutcome, RuleId};

use super::catalogue::{Absent, Check, Expect, Source};
use super::expect::compile;

/// Checks one entry against itself and against those read before it.
pub(super) fn check(file: &str, text: &str, check: &Check, before: &[Check]) -> Result<(), ContentError> {
    let wrong = |message: &str, help: &str| Err(error(file, text, &check.id, message, help));
    if before.iter().any(|other| other.id == check.id) {
        return wrong("this id is used twice", "give one of the two checks another id");
    }
    for (key, value) in [
        ("title", &check.title),
        ("problem", &check.problem),
        ("why", &check.why),
        ("action", &check.action),
        ("fix", &check.fix),
    ] {
        if value.trim().is_empty() {
            return wrong(&format!("{key} is empty"), "write it: somebody will read it");
        }
    }
    if [&check.title, &check.problem, &check.action].iter().any(|line| line.ends_with('.')) {
        return wrong(
            "title, problem and action are lines, not sentences",
            "remove the full stop at the end",
        );
    }
    if check.controls.is_empty() {
        return wrong("it is evidence for no control", "name at least one paragraph of 45 CFR 164");
    }
    if check.minutes.0 == 0 || check.valid_hours == Some(0) {
        return wrong("minutes and valid_hours must be at least 1", "state an honest time");
    }
    match (check.read.is_empty(), check.parts.is_empty()) {
        (true, true) => return wrong("it reads nothing", "add `read = [ … ]` or `[[check.parts]]`"),
        (false, false) => return wrong("it has both `read` and `parts`", "keep one of the two"),
        (false, true) | (true, false) => {}
    }
    if check.parts.iter().any(|part| part.name.trim().is_empty() || part.read.is_empty()) {
        return wrong("a part lacks a name or reads nothing", "give every part a name and a `read`");
    }
    let parts_expect = !check.parts.is_empty() && check.parts.iter().all(|part| part.expect.is_some());
    match (&check.expect, parts_expect) {
        (None, false) => return wrong("nothing is expected of it", "add `expect = { … }`"),
        (Some(_), true) => return wrong("each part has its own `expect`", "remove the check's"),
        (None, true) | (Some(_), false) => {}
    }
    match (check.absent, check.default.as_slice()) {
        (Absent::OsDefault, []) => {
            return wrong("absent is \"os_default\" without a default", "add `[[check.default]]`");
        }
        (Absent::OsDefault, rules) if rules.iter().any(|rule| rule.because.trim().is_empty()) => {
            return wrong("a default says not why", "write `because`");
        }
        (Absent::OsDefault, rules) if rules.iter().all(|rule| rule.then == CheckOutcome::Unknown) => {
            return wrong("every default is unknown", "write absent = \"unknown\" and remove the defaults");
        }
        (Absent::OsDefault, _) | (_, []) => {}
        (_, _) => return wrong("it has a default that nobody looks at", "write absent = \"os_default\""),
    }
    if check.from_build.is_some() && check.os != OsFamily::Windows {
        return wrong("from_build is for Windows only", "remove it");
    }
    sources(check).try_for_each(|source| match unusable(check, source) {
        Some((message, help)) => Err(error(file, text, &check.id, &message, &help)),
        None => Ok(()),
    })?;
    expectations(check).try_for_each(|(expect, sources)| match impossible(expect, sources) {
        Some((message, help)) => Err(error(file, text, &check.id, &message, &help)),
        None => Ok(()),
    })
}

/// Checks what one entry says about another, once all are read.
pub(super) fn references(files: &[(&str, &str)], checks: &[Check]) -> Result<(), ContentError> {
    for check in checks {
        for id in check.only_if_failed.iter().chain(&check.satisfied_by) {
            let other = checks.iter().find(|other| other.id == *id);
            let problem = match other {
                None => format!("it refers to {id}, which is not in the catalogue"),
                Some(other) if other.only_if_failed.is_some() || other.satisfied_by.is_some() => {
                    format!("it refers to {id}, which itself depends on another check")
                }
                Some(other) if other.os != check.os => {
                    format!("it refers to {id}, which is for other systems")
                }
                Some(_) => continue,
            };
            let marker = format!("\"{}\"", check.id);
            let (file, text) =
                files.iter().find(|(_, text)| text.contains(&marker)).copied().unwrap_or(("", ""));
            return Err(error(file, text, &check.id, &problem, "refer to a check that stands on its own"));
        }
    }
    Ok(())
}

fn error(file: &str, text: &str, id: &RuleId, message: &str, help: &str) -> ContentError {
    let own_line = format!("id = \"{id}\"");
    let at = if text.contains(&own_line) { own_line } else { format!("\"{id}\"") };
    let error = ContentError::in_entry(file, text, &at, format!("check {id}: {message}"), help);
    ContentError { key: id.to_string(), ..error }
}

fn sources(check: &Check) -> impl Iterator<Item = &Source> {
    let gate = check.only_where.iter().flat_map(|condition| &condition.read);
    check.read.iter().chain(check.parts.iter().flat_map(|part| &part.read)).chain(gate)
}

fn expectations(check: &Check) -> impl Iterator<Item = (&Expect, &[Source])> {
    let own = check.expect.iter().map(|expect| (expect, check.read.as_slice()));
    let parts = check.parts.iter().filter_map(|part| {
        let expect = part.expect.as_ref().or(check.expect.as_ref())?;
        Some((expect, part.read.as_slice()))
    });
    let gate = check.only_where.iter().map(|gate| (&gate.expect, gate.read.as_slice()));
    own.chain(parts).chain(gate)
}

fn unusable(check: &Check, source: &Source) -> Option<(String, String)> {
    let registry = |key: &str| {
        (!key.starts_with("HKLM\\") || key.ends_with('\\')).then(|| {
            (
                format!("{key:?} is not a registry key"),
                "begin it with HKLM\\, without \\ at the end".to_owned(),
            )
        })
    };
    if family(source).is_some_and(|family| family != check.os) {
        let message = format!("{source:?} does not exist on {:?}", check.os);
        return Some((message, "correct `os`, or read another place".to_owned()));
    }
    match source {
        Source::Registry(source) if source.divide_by == Some(0) => {
            Some(("divide_by is 0".to_owned(), "remove it".to_owned()))
        }
        Source::Registry(source) => registry(&source.key),
        Source::RegistryNames { key } | Source::RegistrySubkeys { key, .. } => registry(key),
        Source::RegistryUsers { keys, .. } => keys.values().find(|key| key.starts_with("HK")).map(|key| {
            (
                format!("{key:?} is not below a user's hive"),
                "begin it with Software\\, without HKCU\\".to_owned(),
            )
        }),
        Source::PasswordPolicy(item) if item != "min_len" && item != "lockout" => Some((
            format!("the password policy has no {item:?}"),
            "write \"min_len\" or \"lockout\"".to_owned(),
        )),
        Source::RemoteTools(tools) => tools.iter().find_map(|(name, pattern)| {
            let error = compile(pattern).err()?;
            Some((format!("the pattern of {name} is not usable: {error}"), "correct the pattern".to_owned()))
        }),
        _ => None,
    }
}

/// The family of systems that has the place; `None` for places that both have.
const fn family(source: &Source) -> Option<OsFamily> {
    match source {
        Source::Registry(_)
        | Source::RegistryNames { .. }
        | Source::RegistryUsers { .. }
        | Source::RegistrySubkeys { .. }
        | Source::Wmi(_)
        | Source::SecurityCenter
        | Source::Feature(_)
        | Source::GroupMembers(_)
        | Source::AccountDisabled(_)
        | Source::PasswordPolicy(_)
        | Source::AuditSubcategory(_)
        | Source::ShareAccess
        | Source::NewestUpdate => Some(OsFamily::Windows),
        Source::Sysctl(_)
        | Source::AptConfig(_)
        | Source::Sshd(_)
        | Source::Samba(_)
        | Source::SambaShares(_)
        | Source::WritableShareFolders
        | Source::Mysql(_)
        | Source::InboundFirewall
        | Source::Timedatectl(_) => Some(OsFamily::Linux),
        Source::RemoteTools(_)
        | Source::OperatingSystem
        | Source::Service(_)
        | Source::Package(_)
        | Source::Path(_)
        | Source::Ini { .. }
        | Source::Volumes
        | Source::NotYet(_) => None,
    }
}

/// An expectation that no value of these sources can meet or miss.
fn impossible(expect: &Expect, sources: &[Source]) -> Option<(String, String)> {
    let list = |source: &Source| {
        matches!(
            source,
            Source::RegistryNames { .. }
                | Source::GroupMembers(_)
                | Source::ShareAccess
                | Source::RemoteTools(_)
                | Source::WritableShareFolders
                | Source::NotYet(_)
                // a REG_MULTI_SZ
                | Source::Registry(_)
        )
    };
    let wants_list = matches!(
        expect,
        Expect::AtMostEntries(_) | Expect::Nothing | Expect::NothingLike(_) | Expect::ListedRemoteTools
    );
    if wants_list && sources.iter().any(|source| !list(source)) {
        return Some((
            "it expects a list from a place that holds one value".to_owned(),
            "use `equals` or `one_of`".to_owned(),
        ));
    }
    let always_list =
        |source: &Source| list(source) && !matches!(source, Source::Registry(_) | Source::NotYet(_));
    if !wants_list && *expect != Expect::Present && sources.iter().any(always_list) {
        return Some((
            "it expects one value from a place that holds a list".to_owned(),
            "use `nothing`, `nothing_like`, `at_most_entries` or `listed_remote_tools`".to_owned(),
        ));
    }
    if *expect == Expect::Supported && sources.iter().any(|source| *source != Source::OperatingSystem) {
        return Some((
            "only an operating system can be supported".to_owned(),
            "read \"operating_system\"".to_owned(),
        ));
    }
    match expect {
        Expect::OneOf(values) if values.is_empty() => Some((
            "one_of is empty, so nothing can pass".to_owned(),
            "name the values that are good".to_owned(),
        )),
        Expect::Between(least, most) if least > most => Some((
            format!("nothing lies between {least} and {most}"),
            "put the smaller number first".to_owned(),
        )),
        Expect::NothingLike(pattern) | Expect::Like(pattern) => compile(pattern).err().map(|error| {
            (
                format!("the pattern is not usable: {error}"),
                "correct the pattern (Rust regex syntax)".to_owned(),
            )
        }),
        _ => None,
    }
}
