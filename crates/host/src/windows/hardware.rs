//! CPU, memory and volumes.
#![allow(unsafe_code, reason = "kernel32 is asked about drives and memory")]

use enamel_types::config_state::Value;
use enamel_types::device::{Hardware, Volume};
use windows_sys::Win32::Storage::FileSystem::{
    GetDiskFreeSpaceExW, GetDriveTypeW, GetLogicalDrives, GetVolumeInformationW,
};
use windows_sys::Win32::System::SystemInformation::{GlobalMemoryStatusEx, MEMORYSTATUSEX};

use super::memory::{last_reason, narrow, wide};
use super::{registry, wmi};
use crate::{Answer, DISKS, HostError};

const PROCESSORS: &str = r"HKLM\HARDWARE\DESCRIPTION\System\CentralProcessor";
/// Of `GetDriveTypeW`: a disk that is built in, and one that can be pulled out.
const FIXED: u32 = 3;
const REMOVABLE: u32 = 2;

pub(super) fn read(gaps: &mut Vec<HostError>) -> Hardware {
    let cores = registry::subkeys(PROCESSORS).ok().flatten().unwrap_or_default().len();
    let memory_bytes = memory().unwrap_or_else(|error| {
        gaps.push(error);
        0
    });
    Hardware {
        cpu: registry::text(&format!("{PROCESSORS}\\0"), "ProcessorNameString").trim().to_owned(),
        cores: u32::try_from(cores).unwrap_or(u32::MAX),
        memory_bytes,
        volumes: volumes(gaps),
    }
}

fn memory() -> Result<u64, HostError> {
    let mut status = MEMORYSTATUSEX {
        dwLength: u32::try_from(size_of::<MEMORYSTATUSEX>()).unwrap_or(0),
        ..Default::default()
    };
    // SAFETY: the structure is valid and carries its own size.
    if unsafe { GlobalMemoryStatusEx(&raw mut status) } == 0 {
        return Err(HostError::new("memory", last_reason()));
    }
    Ok(status.ullTotalPhys)
}

fn volumes(gaps: &mut Vec<HostError>) -> Vec<Volume> {
    let protection = match wmi::bitlocker() {
        Ok(answer) => answer.unwrap_or_default(),
        Err(error) => {
            gaps.push(error);
            Answer::new()
        }
    };
    // SAFETY: no arguments, no memory.
    let drives = unsafe { GetLogicalDrives() };
    // It knows no computer without a disk: this is how it fails.
    if drives == 0 {
        gaps.push(HostError::new(DISKS, last_reason()));
    }
    let letters = (0..26u8).filter(|index| drives >> index & 1 == 1).map(|index| char::from(b'A' + index));
    letters.filter_map(|letter| volume(letter, &protection)).collect()
}

/// `None` for a drive that is no disk, or that holds none.
fn volume(letter: char, protection: &Answer) -> Option<Volume> {
    let mount = format!("{letter}:\\");
    let path = wide(&mount);
    // SAFETY: `path` is zero-terminated.
    let kind = unsafe { GetDriveTypeW(path.as_ptr()) };
    if kind != FIXED && kind != REMOVABLE {
        return None;
    }
    let mut file_system = [0u16; 64];
    // SAFETY: `path` is zero-terminated, the name buffer has the size that is passed, everything else is not asked for.
    let named = unsafe {
        GetVolumeInformationW(
            path.as_ptr(),
            std::ptr::null_mut(),
            0,
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            file_system.as_mut_ptr(),
            64,
        )
    };
    let (mut free, mut size) = (0, 0);
    // SAFETY: `path` is zero-terminated, the out-pointers are valid or null.
    let measured =
        unsafe { GetDiskFreeSpaceExW(path.as_ptr(), std::ptr::null_mut(), &raw mut size, &raw mut free) };
    if named == 0 || measured == 0 {
        return None;
    }
    // Win32_EncryptableVolume.ProtectionStatus: 0 off, 1 on, 2 unknown (the volume is locked).
    let state =
        protection.iter().find(|(drive, _)| drive.trim_end_matches('\\') == mount.trim_end_matches('\\'));
    let encrypted = state.and_then(|(_, value)| match value {
        Value::Int(0) => Some(false),
        Value::Int(1) => Some(true),
        _ => None,
    });
    Some(Volume { mount, file_system: narrow(&file_system), size_bytes: size, free_bytes: free, encrypted })
}
