//! Which Linux this is, and what it is for.
//!
//! Facts: os-release(5), `/proc/sys/kernel/osrelease`, the marks that container engines leave, and what a desktop needs.

use std::path::Path;

use enamel_types::device::{DeviceRole, OsFamily, OsInfo};

use super::files::Root;
use crate::HostError;

/// os-release is a page at most.
const LIMIT: usize = 64 * 1024;

pub(super) fn read(root: &Root) -> Result<OsInfo, HostError> {
    let text = release_file(root)?;
    let field = |key| os_release_field(&text, key).unwrap_or_default();
    let id = field("ID");
    let name = [field("PRETTY_NAME"), field("NAME"), id.clone()].into_iter().find(|name| !name.is_empty());
    let build = root.text("/proc/sys/kernel/osrelease", LIMIT)?.map(|text| text.trim().to_owned());
    Ok(OsInfo {
        family: OsFamily::Linux,
        name: name.unwrap_or_else(|| "Linux".to_owned()),
        product: product(&id, &field("NAME")),
        version: field("VERSION_ID"),
        build: build.or_else(|| os_release_field(&text, "BUILD_ID")).unwrap_or_default(),
        edition: field("VARIANT_ID"),
        role: role(root),
    })
}

/// os-release's own `ID` and `VERSION_ID`, as package URLs name a distribution.
pub(super) fn distribution(root: &Root) -> Result<(String, String), HostError> {
    let text = release_file(root)?;
    let field = |key| os_release_field(&text, key).unwrap_or_default();
    Ok((field("ID"), field("VERSION_ID")))
}

fn release_file(root: &Root) -> Result<String, HostError> {
    match root.text("/etc/os-release", LIMIT)? {
        Some(text) => Ok(text),
        None => root.text("/usr/lib/os-release", LIMIT)?.ok_or_else(|| {
            HostError::new(
                "/etc/os-release",
                "neither it nor /usr/lib/os-release is there; this may be no Linux system",
            )
        }),
    }
}

/// A value of os-release(5): unquoted, single or double quotes, backslash escapes.
fn os_release_field(text: &str, key: &str) -> Option<String> {
    let raw = text.lines().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix('='))?.trim();
    let inner = match raw.as_bytes().first() {
        Some(quote @ (b'"' | b'\'')) => raw[1..].strip_suffix(char::from(*quote)).unwrap_or(&raw[1..]),
        _ => raw,
    };
    let mut value = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(char) = chars.next() {
        if char == '\\' {
            value.extend(chars.next());
        } else {
            value.push(char);
        }
    }
    Some(value)
}

/// endoflife.date's name of a distribution where it differs from os-release's `ID`.
fn product(id: &str, name: &str) -> String {
    match id {
        "centos" if name.contains("Stream") => "centos-stream",
        "ol" => "oracle-linux",
        "rocky" => "rocky-linux",
        "amzn" => "amazon-linux",
        "alpine" => "alpine-linux",
        "opensuse-leap" => "opensuse",
        other => other,
    }
    .to_owned()
}

fn role(root: &Root) -> DeviceRole {
    if is_container(root) {
        DeviceRole::Container
    } else if is_desktop(root) {
        DeviceRole::Workstation
    } else {
        DeviceRole::Server
    }
}

/// The marks of Docker, Podman, systemd-nspawn, LXC and Kubernetes.
fn is_container(root: &Root) -> bool {
    if ["/.dockerenv", "/run/.containerenv"].iter().any(|mark| exists(root, mark)) {
        return true;
    }
    // systemd writes here what it found when it started; outside a container the file does not exist.
    if root.text("/run/systemd/container", 256).ok().flatten().is_some_and(|text| !text.trim().is_empty()) {
        return true;
    }
    let cgroup = root.text("/proc/1/cgroup", LIMIT).ok().flatten().unwrap_or_default();
    if ["docker", "kubepods", "libpod", "containerd", "lxc"].iter().any(|mark| cgroup.contains(mark)) {
        return true;
    }
    let environment = root.read(Path::new("/proc/1/environ"), LIMIT).ok().flatten().unwrap_or_default();
    environment.split(|byte| *byte == 0).any(|entry| entry.starts_with(b"container="))
}

/// A person sits at it if it starts into the graphical target or has a program that asks people to log on.
fn is_desktop(root: &Root) -> bool {
    let default = Path::new("/etc/systemd/system/default.target");
    if let Some(target) = root.link(default) {
        return target.ends_with("graphical.target");
    }
    ["gdm3", "gdm", "sddm", "lightdm", "xdm", "lxdm"].iter().any(|program| {
        ["/usr/sbin", "/usr/bin"].iter().any(|folder| exists(root, &format!("{folder}/{program}")))
    })
}

fn exists(root: &Root, path: &str) -> bool {
    matches!(root.metadata(Path::new(path)), Ok(Some(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_escapes_of_os_release() {
        let text = "ID=debian\nPRETTY_NAME=\"A \\\"b\\\" \\$c\"\nVERSION_ID='12'\nBUILD_ID=\"open\n";
        assert_eq!(os_release_field(text, "ID").as_deref(), Some("debian"));
        assert_eq!(os_release_field(text, "PRETTY_NAME").as_deref(), Some("A \"b\" $c"));
        assert_eq!(os_release_field(text, "VERSION_ID").as_deref(), Some("12"));
        assert_eq!(os_release_field(text, "BUILD_ID").as_deref(), Some("open"));
        assert_eq!(os_release_field(text, "VERSION"), None);
    }
}
