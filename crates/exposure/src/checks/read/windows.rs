//! Places that Windows has: registry, WMI, features, accounts, audit policy, shares.

use std::collections::BTreeMap;

use enamel_host::{RegistryValue, SystemQuery};
use enamel_types::config_state::{NamedValue, Reading, Value};

use super::{Found, Looker, text};
use crate::checks::catalogue::{RegistrySource, Source, WmiSource};

/// Reads a Windows place; `None` if the source is none.
pub(super) fn read(looker: &Looker<'_>, source: &Source) -> Option<Found> {
    Some(match source {
        Source::Registry(source) => (format!("{}\\{}", source.key, source.value), registry(looker, source)),
        Source::RegistryNames { key } => {
            let reading = looker.answer(looker.host.registry_values(key), |values| {
                Reading::Value(Value::List(values.into_iter().map(|(name, _)| name).collect()))
            });
            (key.clone(), reading)
        }
        Source::RegistryUsers { keys, value } => (format!("HKU: {value}"), users(looker, keys, value)),
        Source::RegistrySubkeys { key, value } => (format!("{key}\\*\\{value}"), subkeys(looker, key, value)),
        Source::Wmi(source) => (format!("WMI {}.{}", source.class, source.property), wmi(looker, source)),
        Source::SecurityCenter => ("Windows Security Center".to_owned(), security_center(looker)),
        Source::Feature(name) => {
            let query = SystemQuery::WindowsFeature { name: name.clone() };
            (format!("Windows feature {name}"), one(looker, &query))
        }
        Source::GroupMembers(sid) => (format!("members of {sid}"), group_members(looker, sid)),
        Source::AccountDisabled(rid) => {
            (format!("account {rid} disabled"), one(looker, &SystemQuery::AccountDisabled { rid: *rid }))
        }
        Source::PasswordPolicy(item) => {
            let reading = looker.answer(looker.query(&SystemQuery::PasswordPolicy), |answer| {
                let found = answer.into_iter().find(|(name, _)| name == item);
                found.map_or(Reading::Absent, |(_, value)| Reading::Value(value))
            });
            ("local password policy".to_owned(), reading)
        }
        Source::AuditSubcategory(guid) => (
            format!("audit policy {guid}"),
            one(looker, &SystemQuery::AuditSubcategory { guid: guid.clone() }),
        ),
        Source::ShareAccess => {
            let reading = looker.answer(looker.query(&SystemQuery::ShareAccess), |answer| {
                Reading::Value(Value::List(answer.into_iter().map(entry).collect()))
            });
            ("shares".to_owned(), reading)
        }
        Source::NewestUpdate => ("newest Windows update".to_owned(), newest_update(looker)),
        _ => return None,
    })
}

fn registry(looker: &Looker<'_>, source: &RegistrySource) -> Reading {
    looker.answer(looker.host.registry_value(&source.key, &source.value), |found| {
        match (value(found), source.divide_by) {
            (Ok(Value::Int(number)), Some(divisor)) => {
                Reading::Value(Value::Int(number / i64::from(divisor)))
            }
            (Ok(value), _) => Reading::Value(value),
            (Err(why), _) => Reading::Unreadable { why: format!("{}\\{}: {why}", source.key, source.value) },
        }
    })
}

/// A registry value as a check can compare it; why not, where it is of a type that no check understands.
fn value(found: RegistryValue) -> Result<Value, String> {
    match found {
        RegistryValue::Dword(number) => Ok(Value::Int(i64::from(number))),
        RegistryValue::Qword(number) => i64::try_from(number)
            .map(Value::Int)
            .map_err(|_| format!("{number} is too large for any setting")),
        RegistryValue::Text(text) => Ok(Value::Text(text)),
        RegistryValue::List(entries) => Ok(Value::List(entries)),
        RegistryValue::Other { kind, size } => Err(format!(
            "a value of registry type {kind} with {size} bytes stands where a number or text is expected; correct its type"
        )),
    }
}

fn named(name: String, found: Option<RegistryValue>) -> NamedValue {
    match found.map(value) {
        None => NamedValue { name, value: None, unreadable: None },
        Some(Ok(value)) => NamedValue { name, value: Some(value), unreadable: None },
        Some(Err(why)) => NamedValue { name, value: None, unreadable: Some(why) },
    }
}

/// Every user whose hive is loaded: people (`S-1-5-21-…`) and Entra accounts (`S-1-12-1-…`), no services.
fn users(looker: &Looker<'_>, keys: &BTreeMap<String, String>, value: &str) -> Reading {
    looker.answer(looker.host.registry_subkeys("HKU"), |sids| {
        let person = |sid: &&String| {
            (sid.starts_with("S-1-5-21-") || sid.starts_with("S-1-12-1-")) && !sid.ends_with("_Classes")
        };
        let mut values = Vec::new();
        for sid in sids.iter().filter(person) {
            for (owner, key) in keys {
                let name = format!("{owner} of {sid}");
                match looker.host.registry_value(&format!("HKU\\{sid}\\{key}"), value) {
                    Ok(found) => values.push(named(name, found)),
                    Err(error) => {
                        looker.gap(&error);
                        values.push(NamedValue { name, value: None, unreadable: Some(error.to_string()) });
                    }
                }
            }
        }
        Reading::Each(values)
    })
}

fn subkeys(looker: &Looker<'_>, key: &str, value: &str) -> Reading {
    looker.answer(looker.host.registry_subkeys(key), |names| {
        let read = |name: String| match looker.host.registry_value(&format!("{key}\\{name}"), value) {
            Ok(found) => named(name, found),
            Err(error) => {
                looker.gap(&error);
                NamedValue { name, value: None, unreadable: Some(error.to_string()) }
            }
        };
        Reading::Each(names.into_iter().map(read).collect())
    })
}

fn wmi(looker: &Looker<'_>, source: &WmiSource) -> Reading {
    let filter = match &source.filter {
        Some(filter) if filter.contains("{system_drive}") => match system_drive(looker) {
            Ok(drive) => Some(filter.replace("{system_drive}", &drive)),
            Err(reading) => return reading,
        },
        filter => filter.clone(),
    };
    let query = SystemQuery::Wmi {
        namespace: source.namespace.clone(),
        class: source.class.clone(),
        property: source.property.clone(),
        filter,
    };
    if source.single {
        return one(looker, &query);
    }
    looker.answer(looker.query(&query), |answer| {
        Reading::Each(
            answer
                .into_iter()
                .map(|(name, value)| NamedValue { name, value: Some(value), unreadable: None })
                .collect(),
        )
    })
}

/// The drive that Windows is on, nearly always `C:`.
fn system_drive(looker: &Looker<'_>) -> Result<String, Reading> {
    let key = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion";
    match looker.host.registry_value(key, "SystemRoot") {
        Ok(Some(RegistryValue::Text(root))) if root.get(1..2) == Some(":") => Ok(root[..2].to_uppercase()),
        Ok(_) => Ok("C:".to_owned()),
        Err(error) => Err(looker.gap(&error)),
    }
}

/// The first instance's value.
fn one(looker: &Looker<'_>, query: &SystemQuery) -> Reading {
    looker.answer(looker.query(query), |answer| {
        answer.into_iter().next().map_or(Reading::Absent, |(_, value)| Reading::Value(value))
    })
}

/// Bits 12 to 15 of a product's state are 1 while it protects.
fn security_center(looker: &Looker<'_>) -> Reading {
    let query = SystemQuery::Wmi {
        namespace: r"root\SecurityCenter2".to_owned(),
        class: "AntiVirusProduct".to_owned(),
        property: "productState".to_owned(),
        filter: None,
    };
    looker.answer(looker.query(&query), |answer| {
        let product = |(name, value): (String, Value)| match value {
            Value::Int(state) => {
                NamedValue { name, value: Some(Value::Bool((state >> 12) & 0xf == 1)), unreadable: None }
            }
            other => NamedValue { name, value: Some(other), unreadable: None },
        };
        Reading::Each(answer.into_iter().map(product).collect())
    })
}

/// Members that can log on. The built-in administrator (RID 500) is always a member and does not count while disabled.
fn group_members(looker: &Looker<'_>, sid: &str) -> Reading {
    let built_in_disabled =
        matches!(one(looker, &SystemQuery::AccountDisabled { rid: 500 }), Reading::Value(Value::Bool(true)));
    looker.answer(looker.query(&SystemQuery::GroupMembers { sid: sid.to_owned() }), |answer| {
        let counts = |member: &(String, Value)| {
            let is_built_in =
                matches!(&member.1, Value::Text(sid) if sid.starts_with("S-1-5-21-") && sid.ends_with("-500"));
            !(built_in_disabled && is_built_in)
        };
        Reading::Value(Value::List(answer.into_iter().filter(counts).map(|(name, _)| name).collect()))
    })
}

fn entry((name, value): (String, Value)) -> String {
    match value {
        Value::Text(text) if name.is_empty() => text,
        Value::Text(text) => format!("{name}: {text}"),
        _ => name,
    }
}

/// The newest of the updates that Windows lists, or of the last success that an older Windows noted.
fn newest_update(looker: &Looker<'_>) -> Reading {
    let query = SystemQuery::Wmi {
        namespace: r"root\cimv2".to_owned(),
        class: "Win32_QuickFixEngineering".to_owned(),
        property: "InstalledOn".to_owned(),
        filter: None,
    };
    let from_list = looker.answer(looker.query(&query), |answer| {
        let day = |(_, value): &(String, Value)| match value {
            Value::Text(text) => text::windows_day(text),
            _ => None,
        };
        let newest = answer.iter().filter_map(day).max();
        newest.map_or(Reading::Absent, |day| Reading::Value(Value::Text(day.to_string())))
    });
    if from_list != Reading::Absent {
        return from_list;
    }
    let key = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\Results\Install";
    looker.answer(looker.host.registry_value(key, "LastSuccessTime"), |found| match found {
        RegistryValue::Text(text) => text::windows_day(&text)
            .map_or(Reading::Absent, |day| Reading::Value(Value::Text(day.to_string()))),
        _ => Reading::Absent,
    })
}
