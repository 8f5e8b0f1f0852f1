//! Whether a value is as expected, and whether a check has a meaning on a system at all.

use enamel_types::PracticeProfile;
use enamel_types::config_state::Value;
use enamel_types::device::{DeviceRole, OsFamily, OsInfo};
use jiff::civil::Date;
use regex::{Regex, RegexBuilder};

use super::catalogue::{Check, Expect, OsDefault, Scalar};
use crate::software::eol::{EolTable, Status, windows_build};

/// What judging a value rests on besides the value.
pub(super) struct Context<'a> {
    /// The system the value was read on.
    pub(super) os: &'a OsInfo,
    /// The day it was read.
    pub(super) day: Date,
    /// What the practice says about itself.
    pub(super) profile: &'a PracticeProfile,
    /// When makers stop mending systems.
    pub(super) eol: &'a EolTable,
}

/// How a value compares with what is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Met {
    /// As expected.
    Yes,
    /// Not as expected; for a list, the entries at fault.
    No(Vec<String>),
    /// It cannot be compared; why.
    Cannot(String),
}

impl Met {
    fn when(met: bool) -> Self {
        if met { Self::Yes } else { Self::No(Vec::new()) }
    }

    fn no_entries(entries: Vec<String>) -> Self {
        if entries.is_empty() { Self::Yes } else { Self::No(entries) }
    }
}

/// Compares a value with what is expected of it.
pub(super) fn meets(expect: &Expect, value: &Value, context: &Context<'_>) -> Met {
    match (expect, value) {
        (Expect::Equals(wanted), _) => one_of(std::slice::from_ref(wanted), value),
        (Expect::OneOf(wanted), _) => one_of(wanted, value),
        (Expect::Present, _) => Met::Yes,
        (Expect::AtLeast(least), Value::Int(number)) => Met::when(number >= least),
        (Expect::AtMost(most), Value::Int(number)) => Met::when(number <= most),
        (Expect::Between(least, most), Value::Int(number)) => Met::when((least..=most).contains(&number)),
        (Expect::AtMostEntries(most), Value::List(entries)) => Met::when(entries.len() <= *most),
        (Expect::Nothing, Value::List(entries)) => Met::no_entries(entries.clone()),
        (Expect::NothingLike(pattern), Value::List(entries)) => match compile(pattern) {
            Ok(regex) => {
                Met::no_entries(entries.iter().filter(|entry| regex.is_match(entry)).cloned().collect())
            }
            Err(error) => Met::Cannot(format!("the check's pattern is not usable: {error}")),
        },
        (Expect::Like(pattern), Value::Text(text)) => match compile(pattern) {
            Ok(regex) => Met::when(regex.is_match(text)),
            Err(error) => Met::Cannot(format!("the check's pattern is not usable: {error}")),
        },
        (Expect::AtMostDaysOld(days), Value::Text(text)) => age(text, context.day, *days),
        (Expect::Supported, _) => supported(context),
        (Expect::ListedRemoteTools, Value::List(tools)) => {
            let listed = |tool: &str| context.profile.remote_tools.iter().any(|name| names_same(name, tool));
            Met::no_entries(tools.iter().filter(|tool| !listed(tool)).cloned().collect())
        }
        (expected, found) => Met::Cannot(format!(
            "{} stands where {} is expected; correct the value's type",
            shown(found),
            wanted_type(expected)
        )),
    }
}

/// A value of a type that none of the wanted ones has is not a mismatch but a riddle: some other program put it there.
fn one_of(wanted: &[Scalar], value: &Value) -> Met {
    let same_type = |scalar: &Scalar| {
        matches!(
            (scalar, value),
            (Scalar::Bool(_), Value::Bool(_))
                | (Scalar::Int(_), Value::Int(_))
                | (Scalar::Text(_), Value::Text(_))
        )
    };
    if !wanted.iter().any(same_type) {
        let kind = wanted.first().map_or("another type", |scalar| match scalar {
            Scalar::Bool(_) => "yes or no",
            Scalar::Int(_) => "a number",
            Scalar::Text(_) => "a text",
        });
        return Met::Cannot(format!(
            "{} stands where {kind} is expected; correct the value's type",
            shown(value)
        ));
    }
    Met::when(wanted.iter().any(|scalar| match (scalar, value) {
        (Scalar::Bool(wanted), Value::Bool(found)) => wanted == found,
        (Scalar::Int(wanted), Value::Int(found)) => wanted == found,
        (Scalar::Text(wanted), Value::Text(found)) => wanted.eq_ignore_ascii_case(found.trim()),
        _ => false,
    }))
}

fn age(text: &str, today: Date, most: i64) -> Met {
    let Ok(date) = text.parse::<Date>() else {
        return Met::Cannot(format!("{text:?} is not a date"));
    };
    match today.since(date) {
        Ok(span) if span.get_days() < 0 => {
            Met::Cannot(format!("{date} lies in the future; set the clock right"))
        }
        Ok(span) => Met::when(i64::from(span.get_days()) <= most),
        Err(error) => Met::Cannot(error.to_string()),
    }
}

fn supported(context: &Context<'_>) -> Met {
    match context.eol.status(context.os, context.day) {
        Status::Supported { .. } => Met::Yes,
        Status::Ended { .. } => Met::No(Vec::new()),
        Status::Unknown => Met::Cannot(format!(
            "the end-of-life table does not know {} {}; add it to content/eol.toml",
            context.os.product, context.os.version
        )),
    }
}

/// `Splashtop Streamer` is the listed tool `splashtop`, and the other way round.
fn names_same(listed: &str, tool: &str) -> bool {
    let (listed, tool) = (listed.trim().to_lowercase(), tool.to_lowercase());
    !listed.is_empty() && (tool.contains(&listed) || listed.contains(&tool))
}

/// A pattern of a content file. Letter case never counts: Windows does not heed it.
pub(super) fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).case_insensitive(true).size_limit(1 << 20).build()
}

/// A value as a sentence shows it.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Text(text) => format!("{text:?}"),
        Value::List(entries) if entries.is_empty() => "nothing".to_owned(),
        Value::List(entries) => entries.join(", "),
    }
}

const fn wanted_type(expect: &Expect) -> &'static str {
    match expect {
        Expect::AtLeast(_) | Expect::AtMost(_) | Expect::Between(..) => "a number",
        Expect::AtMostEntries(_) | Expect::Nothing | Expect::NothingLike(_) | Expect::ListedRemoteTools => {
            "a list"
        }
        Expect::AtMostDaysOld(_) => "a date",
        Expect::Equals(_) | Expect::OneOf(_) | Expect::Like(_) | Expect::Supported | Expect::Present => {
            "a text"
        }
    }
}

/// Why a check has no meaning on this system; `None` where it has one.
pub(super) fn no_meaning(check: &Check, os: &OsInfo) -> Option<String> {
    if !check.roles.is_empty() && !check.roles.contains(&os.role) {
        return Some(format!("it has no meaning on {}", role_name(os.role)));
    }
    match (check.from_build, windows_build(os)) {
        (Some(from), Some(build)) if build < from => {
            Some(format!("Windows has this from build {from} on; this is build {build}"))
        }
        _ => None,
    }
}

/// What the system does where nothing is set: the last rule that fits.
pub(super) fn os_default<'a>(rules: &'a [OsDefault], os: &OsInfo) -> Result<Option<&'a OsDefault>, String> {
    let build = windows_build(os);
    if os.family == OsFamily::Windows && build.is_none() && rules.iter().any(|rule| rule.from_build.is_some())
    {
        return Err("the Windows build is not known, and the default depends on it".to_owned());
    }
    Ok(rules.iter().rev().find(|rule| {
        rule.from_build.is_none_or(|from| build.is_some_and(|build| build >= from))
            && (rule.roles.is_empty() || rule.roles.contains(&os.role))
            && (rule.editions.is_empty()
                || rule.editions.iter().any(|edition| edition.eq_ignore_ascii_case(&os.edition)))
    }))
}

const fn role_name(role: DeviceRole) -> &'static str {
    match role {
        DeviceRole::Workstation => "a workstation",
        DeviceRole::Server => "a server",
        DeviceRole::DomainController => "a domain controller",
        DeviceRole::Container => "a container",
    }
}
