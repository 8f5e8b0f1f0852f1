//! The registry, read-only, 64-bit view.

use windows_registry::{Key, LOCAL_MACHINE, Type, USERS, Value};

use crate::{HostError, MAX_ENTRIES, RegistryValue};

/// HRESULTs of Win32 errors.
const FILE_NOT_FOUND: i32 = 0x8007_0002_u32.cast_signed();
const PATH_NOT_FOUND: i32 = 0x8007_0003_u32.cast_signed();
const ACCESS_DENIED: i32 = 0x8007_0005_u32.cast_signed();

fn error(key: &str, error: &windows_registry::Result<()>) -> HostError {
    let why = match error {
        Err(error) if error.code().0 == ACCESS_DENIED => "access denied; run as administrator".to_owned(),
        Err(error) => error.message(),
        Ok(()) => String::new(),
    };
    HostError::new(key, why)
}

fn found<T>(key: &str, result: windows_registry::Result<T>) -> Result<Option<T>, HostError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(failed) if matches!(failed.code().0, FILE_NOT_FOUND | PATH_NOT_FOUND) => Ok(None),
        Err(failed) => Err(error(key, &Err(failed))),
    }
}

fn open(key: &str) -> Result<Option<Key>, HostError> {
    let (hive, path) = key.split_once('\\').unwrap_or((key, ""));
    let hive = match hive.to_ascii_uppercase().as_str() {
        "HKLM" | "HKEY_LOCAL_MACHINE" => LOCAL_MACHINE,
        "HKU" | "HKEY_USERS" => USERS,
        _ => return Err(HostError::new(key, "a registry key begins with HKLM\\ or HKU\\")),
    };
    found(key, hive.open(path.trim_end_matches('\\')))
}

pub(super) fn value(key: &str, name: &str) -> Result<Option<RegistryValue>, HostError> {
    let Some(opened) = open(key)? else { return Ok(None) };
    let value = found(&format!("{key}\\{name}"), opened.get_value(name))?;
    Ok(value.map(|value| convert(&value)))
}

/// Sorted by name without regard to case, because Windows keeps no order.
pub(super) fn values(key: &str) -> Result<Option<Vec<(String, RegistryValue)>>, HostError> {
    let Some(opened) = open(key)? else { return Ok(None) };
    let Some(iterator) = found(key, opened.values())? else { return Ok(None) };
    let mut values: Vec<_> =
        iterator.take(MAX_ENTRIES + 1).map(|(name, value)| (name, convert(&value))).collect();
    too_many(key, values.len())?;
    values.sort_by_cached_key(|(name, _)| name.to_lowercase());
    Ok(Some(values))
}

pub(super) fn subkeys(key: &str) -> Result<Option<Vec<String>>, HostError> {
    let Some(opened) = open(key)? else { return Ok(None) };
    let Some(iterator) = found(key, opened.keys())? else { return Ok(None) };
    let mut names: Vec<String> = iterator.take(MAX_ENTRIES + 1).collect();
    too_many(key, names.len())?;
    names.sort_by_cached_key(|name| name.to_lowercase());
    Ok(Some(names))
}

fn too_many(key: &str, count: usize) -> Result<(), HostError> {
    if count > MAX_ENTRIES {
        return Err(HostError::new(key, format!("it holds more than {MAX_ENTRIES} entries")));
    }
    Ok(())
}

/// A text; empty where the value is absent, of another type, or not to be read.
pub(super) fn text(key: &str, name: &str) -> String {
    match value(key, name) {
        Ok(Some(RegistryValue::Text(text))) => text,
        _ => String::new(),
    }
}

/// A number; `None` where the value is absent, of another type, or not to be read.
pub(super) fn number(key: &str, name: &str) -> Option<u32> {
    match value(key, name) {
        Ok(Some(RegistryValue::Dword(number))) => Some(number),
        _ => None,
    }
}

/// A number whose size does not fit its type is `Other`, as is every type that no check asks for.
fn convert(value: &Value) -> RegistryValue {
    let bytes: &[u8] = value;
    let other = || RegistryValue::Other { kind: value.ty().into(), size: bytes.len() };
    match value.ty() {
        Type::U32 => {
            bytes.try_into().map_or_else(|_| other(), |bytes| RegistryValue::Dword(u32::from_le_bytes(bytes)))
        }
        Type::U64 => {
            bytes.try_into().map_or_else(|_| other(), |bytes| RegistryValue::Qword(u64::from_le_bytes(bytes)))
        }
        Type::String | Type::ExpandString => RegistryValue::Text(super::memory::narrow(&units(bytes))),
        Type::MultiString => RegistryValue::List(
            units(bytes)
                .split(|unit| *unit == 0)
                .filter(|text| !text.is_empty())
                .map(String::from_utf16_lossy)
                .collect(),
        ),
        Type::Bytes | Type::Other(_) => other(),
    }
}

fn units(bytes: &[u8]) -> Vec<u16> {
    bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect()
}
