//! Addresses, and sockets that wait for somebody.
#![allow(unsafe_code, reason = "iphlpapi fills buffers that are read here")]

use std::ffi::c_void;
use std::net::{Ipv4Addr, Ipv6Addr};

use enamel_types::device::ListeningSocket;
use windows_sys::Win32::Foundation::CloseHandle;
use windows_sys::Win32::NetworkManagement::IpHelper::{
    GAA_FLAG_SKIP_ANYCAST, GAA_FLAG_SKIP_DNS_SERVER, GAA_FLAG_SKIP_MULTICAST, GetAdaptersAddresses,
    GetExtendedTcpTable, GetExtendedUdpTable, IP_ADAPTER_ADDRESSES_LH, MIB_TCP6ROW_OWNER_PID,
    MIB_TCPROW_OWNER_PID, MIB_UDP6ROW_OWNER_PID, MIB_UDPROW_OWNER_PID, TCP_TABLE_OWNER_PID_LISTENER,
    UDP_TABLE_OWNER_PID,
};
use windows_sys::Win32::Networking::WinSock::{AF_INET, AF_INET6, AF_UNSPEC, SOCKADDR_IN, SOCKADDR_IN6};
use windows_sys::Win32::System::Threading::{
    OpenProcess, PROCESS_QUERY_LIMITED_INFORMATION, QueryFullProcessImageNameW,
};

use super::memory::{narrow, reason};
use crate::HostError;

const BUFFER_TOO_SMALL: u32 = 122;
const BUFFER_OVERFLOW: u32 = 111;
const NO_DATA: u32 = 232;
/// A table may grow between two calls; after this many tries it is given up.
const TRIES: u32 = 5;

/// Memory of at least `size` bytes, aligned for any structure that iphlpapi writes.
struct Aligned(Vec<u64>);

impl Aligned {
    fn new(size: u32) -> Self {
        Self(vec![0; (size as usize).div_ceil(8)])
    }

    /// Rows of `T` after a 32-bit count, as every `MIB_…TABLE_OWNER_PID` has them. None of them needs more than four
    /// bytes of alignment, so the first row stands right behind the count.
    fn rows<T: Copy>(&self) -> Vec<T> {
        const { assert!(align_of::<T>() <= 4) };
        let bytes = self.0.len() * 8;
        let start = self.0.as_ptr().cast::<u8>();
        if bytes < 4 {
            return Vec::new();
        }
        // SAFETY: at least four bytes are there, aligned for u64.
        let count = unsafe { *start.cast::<u32>() } as usize;
        let count = count.min((bytes - 4) / size_of::<T>());
        // SAFETY: `count` rows of plain numbers lie inside the buffer, and 4 is a multiple of their alignment.
        unsafe { std::slice::from_raw_parts(start.add(4).cast::<T>(), count) }.to_vec()
    }
}

/// Calls until the buffer is large enough.
fn filled(what: &str, mut call: impl FnMut(*mut c_void, *mut u32) -> u32) -> Result<Aligned, HostError> {
    let mut size = 16 * 1024;
    for _ in 0..TRIES {
        let mut buffer = Aligned::new(size);
        match call(buffer.0.as_mut_ptr().cast(), &raw mut size) {
            0 => return Ok(buffer),
            BUFFER_TOO_SMALL | BUFFER_OVERFLOW => {}
            NO_DATA => return Ok(Aligned::new(8)),
            code => return Err(HostError::new(what, reason(code))),
        }
    }
    Err(HostError::new(what, "it kept growing while it was read; try again"))
}

/// Addresses of the network cards, without loopback and link-local ones.
pub(super) fn addresses(gaps: &mut Vec<HostError>) -> Vec<String> {
    let flags = GAA_FLAG_SKIP_ANYCAST | GAA_FLAG_SKIP_MULTICAST | GAA_FLAG_SKIP_DNS_SERVER;
    let buffer = filled("network cards", |start, size| {
        // SAFETY: `start` has `*size` bytes, aligned for the structure.
        unsafe { GetAdaptersAddresses(u32::from(AF_UNSPEC), flags, std::ptr::null(), start.cast(), size) }
    });
    let buffer = match buffer {
        Ok(buffer) => buffer,
        Err(error) => {
            gaps.push(error);
            return Vec::new();
        }
    };
    let mut found = Vec::new();
    let mut adapter: *const IP_ADAPTER_ADDRESSES_LH = buffer.0.as_ptr().cast();
    // A computer without cards leaves the buffer as it was: zeros, so that no address follows.
    while !adapter.is_null() {
        // SAFETY: the list's pointers stay inside `buffer`, which outlives the loop.
        let (mut unicast, next) = unsafe { ((*adapter).FirstUnicastAddress, (*adapter).Next) };
        while !unicast.is_null() {
            // SAFETY: as above; a socket address is at least as long as its family says.
            unsafe {
                found.extend(address_at((*unicast).Address.lpSockaddr.cast()));
                unicast = (*unicast).Next;
            }
        }
        adapter = next;
    }
    found.sort();
    found.dedup();
    found
}

/// # Safety
/// `address` is null or points to a whole socket address of the family that it names.
unsafe fn address_at(address: *const c_void) -> Option<String> {
    if address.is_null() {
        return None;
    }
    // SAFETY: every socket address begins with its family.
    match unsafe { *address.cast::<u16>() } {
        AF_INET => {
            // SAFETY: the family says that it is a SOCKADDR_IN; all its bytes are plain numbers in network order.
            let bits = unsafe { (*address.cast::<SOCKADDR_IN>()).sin_addr.S_un.S_addr };
            let ip = Ipv4Addr::from(bits.to_ne_bytes());
            (!ip.is_loopback() && !ip.is_link_local()).then(|| ip.to_string())
        }
        AF_INET6 => {
            // SAFETY: the family says that it is a SOCKADDR_IN6.
            let ip = Ipv6Addr::from(unsafe { (*address.cast::<SOCKADDR_IN6>()).sin6_addr.u.Byte });
            (!ip.is_loopback() && !ip.is_unicast_link_local()).then(|| ip.to_string())
        }
        _ => None,
    }
}

/// Listening sockets, sorted, each once.
pub(super) fn listening(gaps: &mut Vec<HostError>) -> Vec<ListeningSocket> {
    let mut sockets = Vec::new();
    let mut add = |protocol: &str, address: String, port: u32, pid: u32| {
        // The port is in the low half, in network order.
        let port = u16::from_be((port & 0xffff) as u16);
        sockets.push(ListeningSocket { protocol: protocol.to_owned(), address, port, process: program(pid) });
    };
    let mut note = |error| gaps.push(error);
    match tcp(AF_INET).map(|table| table.rows::<MIB_TCPROW_OWNER_PID>()) {
        Ok(rows) => {
            rows.iter().for_each(|row| add("tcp", v4(row.dwLocalAddr), row.dwLocalPort, row.dwOwningPid))
        }
        Err(error) => note(error),
    }
    match tcp(AF_INET6).map(|table| table.rows::<MIB_TCP6ROW_OWNER_PID>()) {
        Ok(rows) => {
            rows.iter().for_each(|row| add("tcp", v6(row.ucLocalAddr), row.dwLocalPort, row.dwOwningPid))
        }
        Err(error) => note(error),
    }
    match udp(AF_INET).map(|table| table.rows::<MIB_UDPROW_OWNER_PID>()) {
        Ok(rows) => {
            rows.iter().for_each(|row| add("udp", v4(row.dwLocalAddr), row.dwLocalPort, row.dwOwningPid))
        }
        Err(error) => note(error),
    }
    match udp(AF_INET6).map(|table| table.rows::<MIB_UDP6ROW_OWNER_PID>()) {
        Ok(rows) => {
            rows.iter().for_each(|row| add("udp", v6(row.ucLocalAddr), row.dwLocalPort, row.dwOwningPid))
        }
        Err(error) => note(error),
    }
    sockets.sort_by(|a, b| (&a.protocol, a.port, &a.address).cmp(&(&b.protocol, b.port, &b.address)));
    sockets.dedup();
    sockets
}

fn tcp(family: u16) -> Result<Aligned, HostError> {
    filled("listening TCP sockets", |start, size| {
        // SAFETY: `start` has `*size` bytes, aligned for any row.
        unsafe { GetExtendedTcpTable(start, size, 0, u32::from(family), TCP_TABLE_OWNER_PID_LISTENER, 0) }
    })
}

fn udp(family: u16) -> Result<Aligned, HostError> {
    filled("UDP sockets", |start, size| {
        // SAFETY: `start` has `*size` bytes, aligned for any row.
        unsafe { GetExtendedUdpTable(start, size, 0, u32::from(family), UDP_TABLE_OWNER_PID, 0) }
    })
}

fn v4(address: u32) -> String {
    Ipv4Addr::from(address.to_ne_bytes()).to_string()
}

fn v6(address: [u8; 16]) -> String {
    Ipv6Addr::from(address).to_string()
}

/// The file name of a process' program; `None` if it ended or may not be asked.
fn program(pid: u32) -> Option<String> {
    // SAFETY: no memory is passed; a null handle is handled.
    let process = unsafe { OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, 0, pid) };
    if process.is_null() {
        return None;
    }
    let mut path = [0u16; 1024];
    let mut length = 1024;
    // SAFETY: the handle is open, the buffer has the length that is passed.
    let named = unsafe { QueryFullProcessImageNameW(process, 0, path.as_mut_ptr(), &raw mut length) };
    // SAFETY: the handle is open and not used again.
    unsafe { CloseHandle(process) };
    let path = narrow(&path);
    (named != 0).then(|| path.rsplit('\\').next().unwrap_or(&path).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_by_its_id() {
        assert!(program(std::process::id()).is_some_and(|name| name.ends_with(".exe")));
        assert_eq!(program(u32::MAX), None);
    }

    #[test]
    fn a_count_beyond_the_buffer_reads_nothing_beyond_it() {
        let lying = Aligned(vec![u64::MAX; 4]);
        assert_eq!(lying.rows::<MIB_UDPROW_OWNER_PID>().len(), 2);
        assert_eq!(Aligned(Vec::new()).rows::<MIB_UDPROW_OWNER_PID>().len(), 0);
    }
}
