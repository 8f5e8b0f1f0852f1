//! Questions to WMI.

use std::collections::HashMap;

use enamel_types::config_state::Value;
use wmi::{Variant, WMIConnection, WMIError};

use crate::{Answer, HostError};

/// WMI's own error numbers (wbemcli.h): such a namespace or class is not here; not for you.
const INVALID_NAMESPACE: i32 = 0x8004_100E_u32.cast_signed();
const INVALID_CLASS: i32 = 0x8004_1010_u32.cast_signed();
const ACCESS_DENIED: [i32; 2] = [0x8004_1003_u32.cast_signed(), 0x8007_0005_u32.cast_signed()];

/// What an instance is called in an answer: the first of these that it has.
const LABELS: [&str; 5] = ["DriveLetter", "displayName", "Name", "DeviceID", "__RELPATH"];

/// Protection of every volume that BitLocker could protect, by drive letter.
pub(super) fn bitlocker() -> Result<Option<Answer>, HostError> {
    property(
        r"root\cimv2\Security\MicrosoftVolumeEncryption",
        "Win32_EncryptableVolume",
        "ProtectionStatus",
        None,
    )
}

/// `Enabled` or `Disabled`; `None` for a feature that this Windows does not have.
pub(super) fn feature(name: &str) -> Result<Option<Answer>, HostError> {
    let filter = format!("Name={name}");
    let states = property(r"root\cimv2", "Win32_OptionalFeature", "InstallState", Some(&filter))?;
    // InstallState: 1 enabled, 2 disabled, 3 absent (its files were removed), 4 unknown.
    Ok(states.and_then(|states| match states.into_iter().next() {
        Some((_, Value::Int(1))) => Some(vec![(String::new(), Value::Text("Enabled".to_owned()))]),
        Some((_, Value::Int(2 | 3))) => Some(vec![(String::new(), Value::Text("Disabled".to_owned()))]),
        _ => None,
    }))
}

pub(super) fn property(
    namespace: &str,
    class: &str,
    property: &str,
    filter: Option<&str>,
) -> Result<Option<Answer>, HostError> {
    let what = format!("WMI {namespace}:{class}.{property}");
    let query = query_text(class, property, filter)
        .ok_or_else(|| HostError::new(what.as_str(), "its names may hold only letters, digits and _"))?;
    let rows = WMIConnection::with_namespace_path(namespace)
        .and_then(|connection| connection.raw_query::<HashMap<String, Variant>>(&query));
    match rows {
        Ok(rows) => Ok(Some(rows.into_iter().filter_map(|row| answer(row, property)).collect())),
        Err(WMIError::HResultError { hres: INVALID_NAMESPACE | INVALID_CLASS }) => Ok(None),
        Err(WMIError::HResultError { hres }) if ACCESS_DENIED.contains(&hres) => {
            Err(HostError::new(what, "access denied; run as administrator"))
        }
        Err(error) => Err(HostError::new(what, error.to_string())),
    }
}

/// `None` if a part of it could be anything but a name: nothing from outside becomes WQL.
fn query_text(class: &str, property: &str, filter: Option<&str>) -> Option<String> {
    let is_name = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    if !is_name(class) || !is_name(property) {
        return None;
    }
    let Some(filter) = filter else { return Some(format!("SELECT * FROM {class}")) };
    let (name, value) = filter.split_once('=')?;
    let harmless = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.: ".contains(&byte));
    if !is_name(name) || !harmless {
        return None;
    }
    let quote = if value.parse::<i64>().is_ok() { "" } else { "'" };
    Some(format!("SELECT * FROM {class} WHERE {name} = {quote}{value}{quote}"))
}

fn answer(mut row: HashMap<String, Variant>, property: &str) -> Option<(String, Value)> {
    let label = LABELS.iter().find_map(|label| match row.get(*label) {
        Some(Variant::String(text)) if !text.is_empty() => Some(text.clone()),
        _ => None,
    });
    let value = convert(row.remove(property)?)?;
    Some((label.unwrap_or_default(), value))
}

/// `None` for what has no value.
fn convert(variant: Variant) -> Option<Value> {
    Some(match variant {
        Variant::String(text) => Value::Text(text),
        Variant::Bool(yes) => Value::Bool(yes),
        Variant::I1(number) => Value::Int(number.into()),
        Variant::I2(number) => Value::Int(number.into()),
        Variant::I4(number) => Value::Int(number.into()),
        Variant::I8(number) => Value::Int(number),
        Variant::UI1(number) => Value::Int(number.into()),
        Variant::UI2(number) => Value::Int(number.into()),
        Variant::UI4(number) => Value::Int(number.into()),
        Variant::UI8(number) => Value::Int(i64::try_from(number).unwrap_or(i64::MAX)),
        Variant::R4(number) => Value::Text(number.to_string()),
        Variant::R8(number) => Value::Text(number.to_string()),
        Variant::Array(items) => Value::List(
            items
                .into_iter()
                .filter_map(|item| match convert(item)? {
                    Value::Text(text) => Some(text),
                    Value::Int(number) => Some(number.to_string()),
                    Value::Bool(_) | Value::List(_) => None,
                })
                .collect(),
        ),
        Variant::Empty | Variant::Null | Variant::Unknown(_) | Variant::Object(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_becomes_wql() {
        let text = |filter| query_text("Win32_X", "P", Some(filter));
        assert_eq!(text("VolumeType=1").as_deref(), Some("SELECT * FROM Win32_X WHERE VolumeType = 1"));
        assert_eq!(text("Name=a-b").as_deref(), Some("SELECT * FROM Win32_X WHERE Name = 'a-b'"));
        assert_eq!(text("DriveLetter=C:").as_deref(), Some("SELECT * FROM Win32_X WHERE DriveLetter = 'C:'"));
        for bad in ["Name=a' OR 1=1", "Na me=a", "Name", "Name=a\\'"] {
            assert_eq!(text(bad), None, "{bad}");
        }
        assert_eq!(query_text("Win32_X; DROP", "P", None), None);
    }
}
