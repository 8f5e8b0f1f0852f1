//! The rules that close a network, and the one program that sets them.
//!
//! Everything is dropped, in every direction and through this computer, but for: the computer itself, the MSP's server, name
//! resolution, and what keeps an address (DHCP, neighbour discovery). The table is ours alone; replacing it is one transaction, so
//! that there is no moment without it. Connections that were open are cut too: no rule lets a packet pass for being part of one, but
//! for answers of name servers.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where distributions put `nft`.
const PLACES: [&str; 2] = ["/usr/sbin/nft", "/sbin/nft"];

/// The rules in force while a network is closed. `servers` are the addresses of the MSP's server.
pub fn ruleset(servers: &[SocketAddr]) -> String {
    let mut rules = String::from(
        "add table inet enamel\ndelete table inet enamel\ntable inet enamel {\n\
         \tchain forward {\n\t\ttype filter hook forward priority -300; policy drop;\n\t}\n",
    );
    for (chain, hook, interface, near, far) in
        [("inward", "input", "iifname", "dport", "sport"), ("outward", "output", "oifname", "sport", "dport")]
    {
        let address = if hook == "input" { "saddr" } else { "daddr" };
        let _ = write!(
            rules,
            "\tchain {chain} {{\n\t\ttype filter hook {hook} priority -300; policy drop;\n\t\t{interface} \"lo\" accept\n"
        );
        for server in servers {
            let family = if server.is_ipv4() { "ip" } else { "ip6" };
            let _ =
                writeln!(rules, "\t\t{family} {address} {} tcp {far} {} accept", server.ip(), server.port());
        }
        // Name servers are asked, and only what was asked is let in.
        let asked = if hook == "input" { "ct state established " } else { "" };
        let _ = write!(
            rules,
            "\t\t{asked}udp {far} 53 accept\n\t\t{asked}tcp {far} 53 accept\n\
             \t\tudp {near} 68 udp {far} 67 accept\n\t\tudp {near} 546 udp {far} 547 accept\n\
             \t\ticmpv6 type {{ nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, nd-router-advert }} accept\n\t}}\n"
        );
    }
    rules.push_str("}\n");
    rules
}

/// The program that sets rules.
pub struct Firewall(PathBuf);

impl Firewall {
    /// The computer's own; `None` where there is none.
    pub fn installed() -> Option<Self> {
        PLACES.into_iter().map(Path::new).find(|path| path.is_file()).map(|path| Self(path.to_owned()))
    }

    /// Closes the network but for these servers.
    pub(super) fn close(&self, servers: &[SocketAddr]) -> Result<(), String> {
        self.run(&ruleset(servers))
    }

    /// Opens it.
    pub(super) fn open(&self) -> Result<(), String> {
        self.run("add table inet enamel\ndelete table inet enamel\n")
    }

    fn run(&self, rules: &str) -> Result<(), String> {
        let failed = |error: std::io::Error| format!("{} could not be run: {error}", self.0.display());
        let mut child = Command::new(&self.0)
            .args(["-f", "-"])
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(rules.as_bytes()).map_err(failed)?;
        }
        let output = child.wait_with_output().map_err(failed)?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(format!("{} refused the rules: {}", self.0.display(), said.lines().next().unwrap_or("")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_the_server_is_named_in_the_rules() {
        let servers = ["192.0.2.7:8443".parse().unwrap(), "[2001:db8::7]:8443".parse().unwrap()];
        let rules = ruleset(&servers);
        assert_eq!(rules.matches("policy drop").count(), 3);
        for rule in [
            "ip saddr 192.0.2.7 tcp sport 8443 accept",
            "ip daddr 192.0.2.7 tcp dport 8443 accept",
            "ip6 daddr 2001:db8::7 tcp dport 8443 accept",
            "ct state established udp sport 53 accept",
        ] {
            assert!(rules.contains(rule), "{rule} is not in\n{rules}");
        }
        assert!(!rules.contains("related"), "{rules}");
    }
}
