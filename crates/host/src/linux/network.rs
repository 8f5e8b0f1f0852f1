//! Addresses, and sockets that wait for somebody.
//!
//! Facts: `/proc/net/fib_trie` and `if_inet6` for addresses, `/proc/net/{tcp,tcp6,udp,udp6}` for sockets; a socket's
//! program is found by its inode below `/proc/PID/fd`, which only root sees for other people's programs.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::Path;

use enamel_types::device::ListeningSocket;

use super::files::Root;
use crate::HostError;

const LIMIT: usize = 16 * 1024 * 1024;

/// `TCP_LISTEN` and, for UDP, `TCP_CLOSE`: a bound socket that is connected to nobody (include/net/tcp_states.h).
const LISTEN: &str = "0A";
const UNCONNECTED: &str = "07";

/// Addresses of the network cards, without loopback and link-local ones.
pub(super) fn addresses(root: &Root, gaps: &mut Vec<HostError>) -> Vec<String> {
    let trie = read(root, "/proc/net/fib_trie", gaps);
    let six = read(root, "/proc/net/if_inet6", gaps);
    let mut found: BTreeSet<Ipv4Addr> = BTreeSet::new();
    let mut last = None;
    for line in trie.lines().map(str::trim) {
        if let Some(address) = line.strip_prefix("|-- ") {
            last = address.parse().ok();
        } else if line.starts_with("/32 host LOCAL") {
            found
                .extend(last.filter(|address: &Ipv4Addr| !address.is_loopback() && !address.is_link_local()));
        }
    }
    let sixes: BTreeSet<Ipv6Addr> = six
        .lines()
        .filter_map(|line| u128::from_str_radix(line.split_whitespace().next()?, 16).ok())
        .map(Ipv6Addr::from)
        .filter(|address| !address.is_loopback() && !address.is_unicast_link_local())
        .collect();
    found.iter().map(ToString::to_string).chain(sixes.iter().map(ToString::to_string)).collect()
}

/// Listening sockets, sorted, each once.
pub(super) fn listening(root: &Root, gaps: &mut Vec<HostError>) -> Vec<ListeningSocket> {
    let mut sockets = Vec::new();
    for (file, protocol, state) in [
        ("/proc/net/tcp", "tcp", LISTEN),
        ("/proc/net/tcp6", "tcp", LISTEN),
        ("/proc/net/udp", "udp", UNCONNECTED),
        ("/proc/net/udp6", "udp", UNCONNECTED),
    ] {
        let table = read(root, file, gaps);
        sockets.extend(table.lines().skip(1).filter_map(|line| parse_socket(line, protocol, state)));
    }
    let programs = if sockets.is_empty() { BTreeMap::new() } else { programs_by_inode(root) };
    let mut listening: Vec<ListeningSocket> = sockets
        .into_iter()
        .map(|(mut socket, inode)| {
            socket.process = programs.get(&inode).cloned();
            socket
        })
        .collect();
    if listening.iter().any(|socket| socket.process.is_none()) {
        let why = if rustix::process::geteuid().is_root() {
            "they run outside of what this system shows, as the host of a container does"
        } else {
            "permission denied; run as root"
        };
        gaps.push(HostError::new("programs behind some listening sockets", why));
    }
    listening.sort_by(|a, b| (&a.protocol, a.port, &a.address).cmp(&(&b.protocol, b.port, &b.address)));
    listening.dedup();
    listening
}

fn read(root: &Root, path: &str, gaps: &mut Vec<HostError>) -> String {
    match root.text(path, LIMIT) {
        Ok(text) => text.unwrap_or_default(),
        Err(error) => {
            gaps.push(error);
            String::new()
        }
    }
}

/// `sl local_address rem_address st tx:rx tr:tm retrnsmt uid timeout inode …`, the socket and its inode.
fn parse_socket(line: &str, protocol: &str, wanted: &str) -> Option<(ListeningSocket, u64)> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let (local, state, inode) = (fields.get(1)?, fields.get(3)?, fields.get(9)?);
    if *state != wanted {
        return None;
    }
    let (address, port) = local.split_once(':')?;
    let socket = ListeningSocket {
        protocol: protocol.to_owned(),
        address: parse_address(address)?,
        port: u16::from_str_radix(port, 16).ok()?,
        process: None,
    };
    Some((socket, inode.parse().ok()?))
}

/// The kernel prints each 32-bit word of an address in the computer's own byte order.
fn parse_address(hex: &str) -> Option<String> {
    let word =
        |index: usize| u32::from_str_radix(hex.get(index * 8..index * 8 + 8)?, 16).ok().map(u32::to_ne_bytes);
    match hex.len() {
        8 => Some(Ipv4Addr::from(word(0)?).to_string()),
        32 => {
            let mut bytes = [0; 16];
            for (index, part) in bytes.chunks_exact_mut(4).enumerate() {
                part.copy_from_slice(&word(index)?);
            }
            Some(Ipv6Addr::from(bytes).to_string())
        }
        _ => None,
    }
}

fn programs_by_inode(root: &Root) -> BTreeMap<u64, String> {
    let mut programs = BTreeMap::new();
    for pid in root.names("/proc").unwrap_or_default() {
        if !pid.bytes().all(|byte| byte.is_ascii_digit()) {
            continue;
        }
        let folder = format!("/proc/{pid}/fd");
        // A program that ended meanwhile, or one of somebody else: its sockets stay without a name.
        let Ok(Some(descriptors)) = root.list(Path::new(&folder)) else { continue };
        let inodes: Vec<u64> = descriptors
            .iter()
            .filter_map(|fd| {
                root.link(fd)?.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
            })
            .collect();
        if inodes.is_empty() {
            continue;
        }
        let Ok(Some(name)) = root.text(format!("/proc/{pid}/comm"), 64) else { continue };
        for inode in inodes {
            programs.insert(inode, name.trim_end().to_owned());
        }
    }
    programs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_endian = "little")]
    fn a_line_of_proc_net_tcp() {
        let line = "   0: 0100007F:0CEA 00000000:0000 0A 00000000:00000000 00:00000000 00000000   111        0 4711 1";
        let (socket, inode) = parse_socket(line, "tcp", LISTEN).unwrap();
        assert_eq!((socket.address.as_str(), socket.port, inode), ("127.0.0.1", 3306, 4711));
        assert!(parse_socket(&line.replace(" 0A ", " 01 "), "tcp", LISTEN).is_none(), "established");
        assert_eq!(parse_address("00000000000000000000000001000000").as_deref(), Some("::1"));
        assert!(parse_address("7F").is_none());
        assert!(parse_socket("garbage", "tcp", LISTEN).is_none());
    }
}
