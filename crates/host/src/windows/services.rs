//! Services: names and start types from the registry, running ones from the service manager.
#![allow(unsafe_code, reason = "the service manager fills a buffer that is read here")]

use std::collections::BTreeSet;

use enamel_types::software::Service;
use windows_sys::Win32::System::Services::{
    CloseServiceHandle, ENUM_SERVICE_STATUS_PROCESSW, EnumServicesStatusExW, OpenSCManagerW,
    SC_ENUM_PROCESS_INFO, SC_HANDLE, SC_MANAGER_ENUMERATE_SERVICE, SERVICE_ACTIVE, SERVICE_WIN32,
};

use super::memory::{last_reason, text_at};
use super::registry;
use crate::HostError;

const SERVICES: &str = r"HKLM\SYSTEM\CurrentControlSet\Services";
/// `Type` bits of services that are programs, not drivers.
const PROGRAM: u32 = 0x30;
/// `Start`: automatic.
const AUTOMATIC: u32 = 2;
const MORE_DATA: i32 = 234;

pub(super) fn read() -> Result<Vec<Service>, HostError> {
    let running = running()?;
    let mut services = Vec::new();
    for name in registry::subkeys(SERVICES)?.unwrap_or_default() {
        let key = format!("{SERVICES}\\{name}");
        if registry::number(&key, "Type").unwrap_or_default() & PROGRAM == 0 {
            continue;
        }
        let autostart = registry::number(&key, "Start").map(|start| start == AUTOMATIC);
        services.push(Service { running: running.contains(&name.to_lowercase()), name, autostart });
    }
    Ok(services)
}

struct Manager(SC_HANDLE);

impl Drop for Manager {
    fn drop(&mut self) {
        // SAFETY: the handle is open and not used again.
        unsafe { CloseServiceHandle(self.0) };
    }
}

/// Names of running services, lower case.
fn running() -> Result<BTreeSet<String>, HostError> {
    let failed = || HostError::new("running services", last_reason());
    // SAFETY: null names mean this computer's active database.
    let handle = unsafe { OpenSCManagerW(std::ptr::null(), std::ptr::null(), SC_MANAGER_ENUMERATE_SERVICE) };
    if handle.is_null() {
        return Err(failed());
    }
    let manager = Manager(handle);
    let mut names = BTreeSet::new();
    let mut resume = 0;
    // 64 KiB is the most that one call gives; the handle says where to go on.
    let mut buffer = vec![0u64; 8 * 1024];
    loop {
        let (mut needed, mut count) = (0, 0);
        // SAFETY: the buffer has 64 KiB, aligned for the entries; all out-pointers are valid.
        let done = unsafe {
            EnumServicesStatusExW(
                manager.0,
                SC_ENUM_PROCESS_INFO,
                SERVICE_WIN32,
                SERVICE_ACTIVE,
                buffer.as_mut_ptr().cast(),
                64 * 1024,
                &raw mut needed,
                &raw mut count,
                &raw mut resume,
                std::ptr::null(),
            )
        };
        let more = done == 0 && std::io::Error::last_os_error().raw_os_error() == Some(MORE_DATA);
        if done == 0 && !more {
            return Err(failed());
        }
        let entries = buffer.as_ptr().cast::<ENUM_SERVICE_STATUS_PROCESSW>();
        for index in 0..count as usize {
            // SAFETY: the call wrote `count` entries, and each name into the same buffer behind them.
            let name = unsafe { text_at((*entries.add(index)).lpServiceName) };
            names.insert(name.to_lowercase());
        }
        if !more || count == 0 {
            return Ok(names);
        }
    }
}
