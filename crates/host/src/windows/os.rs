//! Which Windows this is.
//!
//! Facts: `HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion` and `ProductOptions`. `ProductName` still says
//! "Windows 10" on Windows 11, so the build number decides (22000 is the first of Windows 11).

use enamel_types::device::{DeviceRole, OsFamily, OsInfo};

use super::registry::{number, text};
use crate::HostError;

const CURRENT: &str = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion";
const OPTIONS: &str = r"HKLM\SYSTEM\CurrentControlSet\Control\ProductOptions";
const FIRST_WINDOWS_11: u32 = 22_000;

pub(super) fn read() -> Result<OsInfo, HostError> {
    let build_text = text(CURRENT, "CurrentBuild");
    let Ok(build) = build_text.parse::<u32>() else {
        return Err(HostError::new(format!("{CURRENT}\\CurrentBuild"), "it is not a build number"));
    };
    let major = number(CURRENT, "CurrentMajorVersionNumber");
    // Before Windows 10 there is only `CurrentVersion` ("6.3"), which later ones have frozen.
    let version = match (major, number(CURRENT, "CurrentMinorVersionNumber")) {
        (Some(major), minor) => format!("{major}.{}.{build}", minor.unwrap_or_default()),
        (None, _) => format!("{}.{build}", text(CURRENT, "CurrentVersion")),
    };
    let role = role(&text(OPTIONS, "ProductType"), &text(CURRENT, "InstallationType"));
    let revision = number(CURRENT, "UBR");
    Ok(OsInfo {
        family: OsFamily::Windows,
        name: name(&text(CURRENT, "ProductName"), build, role, &text(CURRENT, "DisplayVersion")),
        product: if role == DeviceRole::Workstation { "windows" } else { "windows-server" }.to_owned(),
        version,
        build: revision.map_or_else(|| build.to_string(), |revision| format!("{build}.{revision}")),
        edition: text(CURRENT, "EditionID"),
        role,
    })
}

/// `WinNT`, `ServerNT` or `LanmanNT` (a domain controller); `InstallationType` where that is missing.
fn role(product_type: &str, installation: &str) -> DeviceRole {
    match product_type {
        "LanmanNT" => DeviceRole::DomainController,
        "ServerNT" => DeviceRole::Server,
        "WinNT" => DeviceRole::Workstation,
        _ if installation.starts_with("Server") => DeviceRole::Server,
        _ => DeviceRole::Workstation,
    }
}

fn name(product: &str, build: u32, role: DeviceRole, release: &str) -> String {
    let product = if product.is_empty() { "Windows" } else { product };
    let product = if build >= FIRST_WINDOWS_11 && role == DeviceRole::Workstation {
        product.replacen("Windows 10", "Windows 11", 1)
    } else {
        product.to_owned()
    };
    if release.is_empty() { product } else { format!("{product} {release}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_11_is_told_by_its_build() {
        let name_of = |build, role| name("Windows 10 Pro", build, role, "23H2");
        assert_eq!(name_of(22_631, DeviceRole::Workstation), "Windows 11 Pro 23H2");
        assert_eq!(name_of(19_045, DeviceRole::Workstation), "Windows 10 Pro 23H2");
        assert_eq!(name("Windows Server 2025", 26_100, DeviceRole::Server, ""), "Windows Server 2025");
        assert_eq!(role("LanmanNT", "Server"), DeviceRole::DomainController);
        assert_eq!(role("", "Server Core"), DeviceRole::Server);
    }
}
