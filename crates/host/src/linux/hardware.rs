//! CPU, memory and mounted volumes, and whether a volume is encrypted at rest.
//!
//! Facts: proc(5) `cpuinfo`, `meminfo` and `self/mountinfo`; statvfs(3); `/sys/dev/block`, where every device-mapper
//! device names its kind (`dm/uuid` begins with `CRYPT-`) and the devices it lies on (`slaves/`).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use enamel_types::device::{Hardware, Volume};

use super::files::Root;
use crate::HostError;

const LIMIT: usize = 4 * 1024 * 1024;

/// As deep as block devices are ever stacked (LVM on LUKS on RAID on a partition on a disk is five).
const MAX_STACK: u32 = 16;

pub(super) fn read(root: &Root, gaps: &mut Vec<HostError>) -> Hardware {
    let mut text = |path: &str| match root.text(path, LIMIT) {
        Ok(text) => text.unwrap_or_default(),
        Err(error) => {
            gaps.push(error);
            String::new()
        }
    };
    let cpuinfo = text("/proc/cpuinfo");
    let meminfo = text("/proc/meminfo");
    let mounts = text("/proc/self/mountinfo");
    let cores = cpuinfo.lines().filter(|line| colon_field(line, "processor").is_some()).count();
    let cpu = ["model name", "Model", "cpu model", "Hardware"]
        .iter()
        .find_map(|key| cpuinfo.lines().find_map(|line| colon_field(line, key)));
    let memory_kib = meminfo
        .lines()
        .find_map(|line| colon_field(line, "MemTotal")?.strip_suffix("kB")?.trim().parse::<u64>().ok())
        .unwrap_or_default();
    Hardware {
        cpu: cpu.unwrap_or_default().to_owned(),
        cores: u32::try_from(cores).unwrap_or(u32::MAX),
        memory_bytes: memory_kib.saturating_mul(1024),
        volumes: volumes(root, &mounts, gaps),
    }
}

fn colon_field<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let (name, value) = line.split_once(':')?;
    (name.trim() == key).then_some(value.trim())
}

/// One line of mountinfo that is about a real disk or a network share.
struct Mount {
    /// `major:minor`.
    device: String,
    at: PathBuf,
    file_system: String,
    source: String,
}

fn volumes(root: &Root, mountinfo: &str, gaps: &mut Vec<HostError>) -> Vec<Volume> {
    let mut volumes: Vec<Volume> = Vec::new();
    let mut seen = BTreeSet::new();
    // The last mount on a point hides those before it; a device shows once, at its shortest path.
    let mut mounts: Vec<Mount> = mountinfo.lines().filter_map(parse_mount).collect();
    mounts.sort_by_key(|mount| mount.at.as_os_str().len());
    for mount in mounts {
        if !seen.insert((mount.device.clone(), mount.source.clone())) {
            continue;
        }
        let at = mount.at.to_string_lossy().into_owned();
        let (size_bytes, free_bytes) = match space(root, &mount.at) {
            Ok(space) => space,
            Err(error) => {
                gaps.push(error);
                (0, 0)
            }
        };
        volumes.push(Volume {
            mount: at,
            encrypted: encrypted(root, &mount),
            file_system: mount.file_system,
            size_bytes,
            free_bytes,
        });
    }
    volumes
}

/// proc_pid_mountinfo(5): `id parent major:minor root mount-point options … - type source super-options`.
fn parse_mount(line: &str) -> Option<Mount> {
    let (fixed, rest) = line.split_once(" - ")?;
    let mut fixed = fixed.split(' ').skip(2);
    let (device, _, at) = (fixed.next()?, fixed.next()?, fixed.next()?);
    let mut rest = rest.split(' ');
    let (file_system, source) = (rest.next()?, rest.next()?);
    let network = matches!(file_system, "nfs" | "nfs4" | "cifs" | "smb3" | "fuse.sshfs");
    let disk = source.starts_with("/dev/") || matches!(file_system, "zfs" | "btrfs" | "overlay" | "bcachefs");
    // Squashfs and ISO images hold programs, not data; a bind mount of one file is not a volume.
    if !(network || disk) || matches!(file_system, "squashfs" | "iso9660" | "devtmpfs") {
        return None;
    }
    Some(Mount {
        device: device.to_owned(),
        at: PathBuf::from(unescape(at)),
        file_system: file_system.to_owned(),
        source: unescape(source),
    })
}

/// Spaces and such stand as `\040` in mountinfo.
fn unescape(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut index = 0;
    while index < bytes.len() {
        let octal = bytes.get(index + 1..index + 4).filter(|_| bytes[index] == b'\\');
        let code = octal.and_then(|octal| u8::from_str_radix(std::str::from_utf8(octal).ok()?, 8).ok());
        out.push(code.unwrap_or(bytes[index]));
        index += if code.is_some() { 4 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// (size, free) in bytes; a rooted host's mounts are not mounted here, so their size is not known.
fn space(root: &Root, at: &Path) -> Result<(u64, u64), HostError> {
    if !root.is_running_system() {
        return Ok((0, 0));
    }
    match rustix::fs::statvfs(at) {
        Ok(stat) => {
            Ok((stat.f_blocks.saturating_mul(stat.f_frsize), stat.f_bavail.saturating_mul(stat.f_frsize)))
        }
        Err(error) => Err(HostError::from_io(at, &error.into())),
    }
}

/// `None` where the device does not show what it lies on: a network share, ZFS, an overlay. A virtual machine's disk says
/// no even if its hypervisor encrypts it, because nothing in the machine shows that.
fn encrypted(root: &Root, mount: &Mount) -> Option<bool> {
    if mount.source.starts_with("/dev/") && !mount.device.starts_with("0:") {
        return crypt_below(root, &PathBuf::from(format!("/sys/dev/block/{}", mount.device)), MAX_STACK);
    }
    // Btrfs mounts carry an anonymous device number; the source names the real one.
    let name = mount.source.strip_prefix("/dev/").filter(|_| mount.file_system == "btrfs")?;
    let kernel_name = match root.link(Path::new(&mount.source)) {
        Some(link) => link.file_name()?.to_str()?.to_owned(),
        None => name.to_owned(),
    };
    crypt_below(root, &PathBuf::from(format!("/sys/class/block/{kernel_name}")), MAX_STACK)
}

/// Whether a block device is dm-crypt or lies, whole, on such devices.
fn crypt_below(root: &Root, device: &Path, depth: u32) -> Option<bool> {
    root.metadata(device).ok()??;
    let uuid = root.text(device.join("dm/uuid"), 256).ok()?.unwrap_or_default();
    if uuid.starts_with("CRYPT-") {
        return Some(true);
    }
    if depth > 0 && root.metadata(&device.join("partition")).ok()?.is_some() {
        // A partition lists nothing below it; its disk does.
        return crypt_below(root, &device.join(".."), depth - 1);
    }
    let below = root.names(device.join("slaves")).ok()?;
    if below.is_empty() || depth == 0 {
        return Some(false);
    }
    let below: Option<Vec<bool>> = below
        .iter()
        .map(|name| crypt_below(root, &PathBuf::from(format!("/sys/class/block/{name}")), depth - 1))
        .collect();
    Some(below?.into_iter().all(|encrypted| encrypted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mountinfo_lines() {
        let line = r"36 35 98:0 /mnt1 /srv/x\040rays rw,noatime master:1 - ext3 /dev/root rw,errors=continue";
        let mount = parse_mount(line).unwrap();
        assert_eq!((mount.device.as_str(), mount.at.as_path()), ("98:0", Path::new("/srv/x rays")));
        assert_eq!((mount.file_system.as_str(), mount.source.as_str()), ("ext3", "/dev/root"));
        assert!(parse_mount("22 27 0:21 / /proc rw - proc proc rw").is_none());
        assert!(parse_mount("22 27 0:21 / /x rw - nfs4 nas:/scans rw").is_some());
        assert!(parse_mount("short line").is_none());
        assert_eq!(unescape(r"a\04"), r"a\04");
    }
}
