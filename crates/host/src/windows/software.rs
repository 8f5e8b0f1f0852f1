//! Installed applications, from the uninstall keys of the machine (both views) and of every loaded user hive.
//!
//! A user who is not logged on has no loaded hive; what only that user installed is not seen, and is named as a gap.

use enamel_types::software::{Package, PackageSource};

use super::registry;
use crate::{HostError, RegistryValue};

const MACHINE: &str = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall";
const MACHINE_32: &str = r"HKLM\SOFTWARE\WOW6432Node\Microsoft\Windows\CurrentVersion\Uninstall";
const USER: &str = r"Software\Microsoft\Windows\CurrentVersion\Uninstall";
const PROFILES: &str = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList";

pub(super) fn read() -> Result<(Vec<Package>, Vec<HostError>), HostError> {
    let mut gaps = Vec::new();
    let mut packages = Vec::new();
    let users = registry::subkeys("HKU")?.unwrap_or_default();
    let mut places = vec![
        (MACHINE.to_owned(), PackageSource::UninstallMachine),
        (MACHINE_32.to_owned(), PackageSource::UninstallMachine32),
    ];
    // `<sid>_Classes` is another view of the same user's hive.
    let hives = users.iter().filter(|user| !user.ends_with("_Classes") && user.as_str() != ".DEFAULT");
    places.extend(hives.map(|user| (format!("HKU\\{user}\\{USER}"), PackageSource::UninstallUser)));
    for (place, source) in places {
        match registry::subkeys(&place) {
            Ok(names) => {
                for name in names.unwrap_or_default() {
                    match registry::values(&format!("{place}\\{name}")) {
                        Ok(values) => packages.extend(package(&values.unwrap_or_default(), source)),
                        Err(error) => gaps.push(error),
                    }
                }
            }
            Err(error) => gaps.push(error),
        }
    }
    for profile in registry::subkeys(PROFILES)?.unwrap_or_default() {
        if profile.starts_with("S-1-5-21-") && !users.contains(&profile) {
            gaps.push(HostError::new(
                format!("applications of the account {profile}"),
                "its registry is not loaded because it is not logged on; scan again while it is",
            ));
        }
    }
    packages.sort();
    packages.dedup();
    Ok((packages, gaps))
}

/// An entry without a name is an update or a component, as in Windows' own list.
fn package(values: &[(String, RegistryValue)], source: PackageSource) -> Option<Package> {
    let text = |wanted: &str| {
        values.iter().find_map(|(name, value)| match value {
            RegistryValue::Text(text) if name.eq_ignore_ascii_case(wanted) => Some(text.trim().to_owned()),
            _ => None,
        })
    };
    let name = text("DisplayName").filter(|name| !name.is_empty())?;
    let architecture = if source == PackageSource::UninstallMachine32 { "x86" } else { "" };
    Some(Package {
        name,
        version: text("DisplayVersion").unwrap_or_default(),
        vendor: text("Publisher").unwrap_or_default(),
        architecture: architecture.to_owned(),
        source,
        purl: None,
    })
}
