//! Places that Linux has: the effective configuration of its servers, apt, the firewall, the clock.

use std::path::Path;

use enamel_host::{HostError, Program, SystemQuery};
use enamel_types::config_state::{NamedValue, Reading, Value};

use super::text::Closed;
use super::{Found, Looker, text};
use crate::checks::catalogue::Source;

const PACKET_FILTERS: [Program; 3] = [Program::NftRuleset, Program::IptablesInput, Program::Ip6tablesInput];

/// The programs that a source is read with.
pub(super) const fn programs(source: &Source) -> &'static [Program] {
    match source {
        Source::Sshd(_) => &[Program::SshdEffectiveConfig],
        Source::Samba(_) | Source::SambaShares(_) | Source::WritableShareFolders => {
            &[Program::SambaEffectiveConfig]
        }
        Source::InboundFirewall => &PACKET_FILTERS,
        Source::Timedatectl(_) => &[Program::Timedatectl],
        _ => &[],
    }
}

/// A program as a technician would type it.
pub(super) const fn command(program: Program) -> &'static str {
    match program {
        Program::SshdEffectiveConfig => "sshd -T",
        Program::SambaEffectiveConfig => "testparm -s -v",
        Program::NftRuleset => "nft list ruleset",
        Program::IptablesInput => "iptables -S INPUT",
        Program::Ip6tablesInput => "ip6tables -S INPUT",
        Program::Timedatectl => "timedatectl show",
    }
}

/// Reads a Linux place; `None` if the source is none.
pub(super) fn read(looker: &Looker<'_>, source: &Source) -> Option<Found> {
    Some(match source {
        Source::Sshd(keyword) => {
            let reading = match looker.output(Program::SshdEffectiveConfig) {
                Ok(None) => not_here("no SSH server is installed"),
                Ok(Some(output)) => text::sshd(output, keyword).map_or(Reading::Absent, text_value),
                Err(error) => looker.gap(&error),
            };
            (format!("sshd -T {keyword}"), reading)
        }
        Source::Samba(setting) => {
            let reading = samba(looker, |output| {
                text::ini(output, "global", setting).map_or(Reading::Absent, text_value)
            });
            (format!("Samba [global] {setting}"), reading)
        }
        Source::SambaShares(setting) => {
            let reading = samba(looker, |output| {
                // testparm lists in a share only what differs from [global].
                let global = text::ini(output, "global", setting);
                let shares = text::samba_shares(output).into_iter();
                let named = shares.map(|(name, mut settings)| NamedValue {
                    name,
                    value: settings.remove(setting.as_str()).or_else(|| global.clone()).map(Value::Text),
                    unreadable: None,
                });
                Reading::Each(named.collect())
            });
            (format!("Samba shares, {setting}"), reading)
        }
        Source::WritableShareFolders => {
            ("folders of Samba shares".to_owned(), samba(looker, |output| writable(looker, output)))
        }
        Source::AptConfig(setting) => (format!("apt {setting}"), apt(looker, setting)),
        Source::Mysql(option) => (format!("MariaDB or MySQL option {option}"), mysql(looker, option)),
        Source::InboundFirewall => firewall(looker),
        Source::Timedatectl(property) => {
            let reading = looker.answer(looker.output(Program::Timedatectl), |output| {
                text::property(output, property).map_or(Reading::Absent, text_value)
            });
            (format!("timedatectl {property}"), reading)
        }
        Source::Sysctl(name) => {
            let answer = looker.query(&SystemQuery::Sysctl { name: name.clone() });
            let reading = looker.answer(answer, |answer| {
                answer.into_iter().next().map_or(Reading::Absent, |(_, value)| Reading::Value(value))
            });
            (format!("sysctl {name}"), reading)
        }
        _ => return None,
    })
}

fn text_value(text: String) -> Reading {
    Reading::Value(Value::Text(text))
}

fn not_here(why: &str) -> Reading {
    Reading::NotApplicable { why: why.to_owned() }
}

/// Samba's client tools bring `testparm` along; its settings mean something only where the server is installed.
fn samba(looker: &Looker<'_>, found: impl FnOnce(&str) -> Reading) -> Reading {
    let server = |looker: &Looker<'_>| -> Result<bool, HostError> {
        Ok(looker.packages()?.iter().any(|package| package.name == "samba")
            || looker.services()?.iter().any(|service| service.name.trim_end_matches(".service") == "smbd"))
    };
    match looker.output(Program::SambaEffectiveConfig) {
        Ok(None) => not_here("no Samba server is installed"),
        Ok(Some(output)) => match server(looker) {
            Ok(false) => not_here("no Samba server is installed"),
            // What testparm prints is true whether or not the packages could be listed.
            Ok(true) | Err(_) => found(output),
        },
        Err(error) => looker.gap(&error),
    }
}

/// Share folders, and the folders in them, that every account may write to and delete from.
fn writable(looker: &Looker<'_>, output: &str) -> Reading {
    const MOST: usize = 5_000;
    let mut writable = Vec::new();
    let mut entries_seen = 0;
    for settings in text::samba_shares(output).values() {
        let Some(path) = settings.get("path").filter(|path| path.starts_with('/') && !path.contains('%'))
        else {
            continue;
        };
        let folders = match looker.host.list_dir(Path::new(path)) {
            Ok(Some(entries)) => entries,
            Ok(None) => continue,
            Err(error) => return looker.gap(&error),
        };
        for folder in std::iter::once(Path::new(path).to_path_buf()).chain(folders) {
            entries_seen += 1;
            if entries_seen > MOST {
                let why = format!("the shares hold more than {MOST} entries at the top; look by hand");
                return Reading::Unreadable { why };
            }
            let meta = match looker.host.metadata(&folder) {
                Ok(meta) => meta,
                Err(error) => return looker.gap(&error),
            };
            let open = |mode: u32| mode & 0o002 != 0 && mode & 0o1000 == 0;
            if meta.is_some_and(|meta| meta.is_dir && meta.mode.is_some_and(open)) {
                writable.push(folder.to_string_lossy().into_owned());
            }
        }
    }
    Reading::Value(Value::List(writable))
}

/// apt reads the parts in the order of their names, then the main file; the last one wins.
fn apt(looker: &Looker<'_>, setting: &str) -> Reading {
    let parts = match looker.host.list_dir(Path::new("/etc/apt/apt.conf.d")) {
        Ok(Some(parts)) => parts,
        Ok(None) => return not_here("this system does not use apt"),
        Err(error) => return looker.gap(&error),
    };
    let mut value = Reading::Absent;
    let parts = parts.iter().filter(|part| part.extension().is_none_or(|extension| extension == "conf"));
    for file in parts.map(|part| part.to_string_lossy().into_owned()).chain(["/etc/apt/apt.conf".to_owned()])
    {
        match looker.text(&file) {
            Ok(Some(text)) => value = text::apt(&text, setting).map_or(value, text_value),
            Ok(None) => {}
            Err(error) => return looker.gap(&error),
        }
    }
    value
}

/// An option over all option files in the order in which the server reads them; the last one wins. `-` and `_` in names
/// are the same to the server.
fn mysql(looker: &Looker<'_>, option: &str) -> Reading {
    const FOLDERS: [&str; 4] =
        ["/etc/my.cnf.d", "/etc/mysql/conf.d", "/etc/mysql/mysql.conf.d", "/etc/mysql/mariadb.conf.d"];
    match mysql_installed(looker) {
        Ok(true) => {}
        Ok(false) => return not_here("no MariaDB or MySQL server is installed"),
        Err(error) => return looker.gap(&error),
    }
    let mut files = vec!["/etc/my.cnf".to_owned(), "/etc/mysql/my.cnf".to_owned()];
    for folder in FOLDERS {
        match looker.host.list_dir(Path::new(folder)) {
            Ok(entries) => files.extend(
                entries
                    .unwrap_or_default()
                    .iter()
                    .filter(|entry| entry.extension().is_some_and(|extension| extension == "cnf"))
                    .map(|entry| entry.to_string_lossy().into_owned()),
            ),
            Err(error) => return looker.gap(&error),
        }
    }
    let server = |section: &str| {
        ["mysqld", "mariadb", "mariadbd", "server"].contains(&section)
            || section.starts_with("mysqld-")
            || section.starts_with("mariadb-")
    };
    let wanted = option.replace('_', "-");
    let mut value = Reading::Absent;
    for file in files {
        let text = match looker.text(&file) {
            Ok(Some(text)) => text,
            Ok(None) => continue,
            Err(error) => return looker.gap(&error),
        };
        for (section, key, found) in text::ini_lines(&text) {
            if server(section) && key.replace('_', "-").eq_ignore_ascii_case(&wanted) {
                let found = if found.is_empty() { "on" } else { found };
                value = text_value(found.to_owned());
            }
        }
    }
    value
}

fn mysql_installed(looker: &Looker<'_>) -> Result<bool, HostError> {
    let server = ["mariadb-server", "mysql-server", "mysql-community-server", "percona-server-server"];
    if looker.packages()?.iter().any(|package| server.iter().any(|name| package.name.starts_with(name))) {
        return Ok(true);
    }
    let service = ["mariadb", "mysql", "mysqld"];
    Ok(looker.services()?.iter().any(|one| service.contains(&one.name.trim_end_matches(".service"))))
}

/// Whatever filters incoming traffic here. A device in the office reaches this computer over IPv4 and IPv6 alike, so both
/// have to be closed, by one filter or by two; "not closed" needs all of them to be readable.
fn firewall(looker: &Looker<'_>) -> Found {
    let mut seen = Vec::new();
    let mut failed = None;
    let mut closed = Closed { ipv4: false, ipv6: ipv6_is_off(looker) };
    for program in PACKET_FILTERS {
        match looker.output(program) {
            Ok(Some(output)) => {
                seen.push(command(program));
                closed = closed.or(match program {
                    Program::IptablesInput => Closed { ipv4: text::iptables_drops(output), ipv6: false },
                    Program::Ip6tablesInput => Closed { ipv4: false, ipv6: text::iptables_drops(output) },
                    _ => text::nft_drops(output),
                });
            }
            Ok(None) => {}
            Err(error) => failed = Some(error),
        }
    }
    match ufw(looker) {
        Ok(Some(on)) => {
            seen.push("/etc/ufw/ufw.conf");
            // With `IPV6=no` it lets nothing in over IPv6 either.
            closed = closed.or(Closed { ipv4: on, ipv6: on });
        }
        Ok(None) => {}
        Err(error) => failed = Some(error),
    }
    let place = if seen.is_empty() { "nftables, iptables and ufw".to_owned() } else { seen.join(", ") };
    let reading = match (closed, failed) {
        (Closed { ipv4: true, ipv6: true }, _) => Reading::Value(Value::Bool(true)),
        (_, Some(error)) => looker.gap(&error),
        (_, None) if seen.is_empty() => Reading::Absent,
        (_, None) => Reading::Value(Value::Bool(false)),
    };
    let place = match (closed, &reading) {
        (Closed { ipv4: true, ipv6: false }, Reading::Value(_)) => format!("IPv6 in {place}"),
        (Closed { ipv4: false, ipv6: true }, Reading::Value(_)) => format!("IPv4 in {place}"),
        _ => place,
    };
    (place, reading)
}

/// Whether the kernel was told to speak no IPv6. Where that cannot be seen, it counts as spoken.
fn ipv6_is_off(looker: &Looker<'_>) -> bool {
    let setting = SystemQuery::Sysctl { name: "net.ipv6.conf.all.disable_ipv6".to_owned() };
    matches!(looker.query(&setting), Ok(Some(answer)) if matches!(answer.as_slice(), [(_, Value::Int(1))]))
}

/// Whether ufw is on and drops by default; `None` if it is not installed.
fn ufw(looker: &Looker<'_>) -> Result<Option<bool>, HostError> {
    let Some(main) = looker.text("/etc/ufw/ufw.conf")? else { return Ok(None) };
    let defaults = looker.text("/etc/default/ufw")?.unwrap_or_default();
    let enabled = text::ini(&main, "", "ENABLED").is_some_and(|value| value.eq_ignore_ascii_case("yes"));
    let policy = text::ini(&defaults, "", "DEFAULT_INPUT_POLICY").unwrap_or_default();
    Ok(Some(enabled && (policy.eq_ignore_ascii_case("DROP") || policy.eq_ignore_ascii_case("REJECT"))))
}
