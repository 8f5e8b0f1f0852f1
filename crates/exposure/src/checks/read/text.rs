//! Reading the texts that programs print and configuration files hold. Nothing here fails: what is not understood is not
//! there.

use std::collections::BTreeMap;

use jiff::civil::Date;

/// A key of an ini file, the last one winning. Section and key compare without regard to letter case.
pub(super) fn ini(text: &str, section: &str, key: &str) -> Option<String> {
    let mut found = None;
    for (in_section, name, value) in ini_lines(text) {
        if in_section.eq_ignore_ascii_case(section) && name.eq_ignore_ascii_case(key) {
            found = Some(value.to_owned());
        }
    }
    found
}

/// The lines of an ini file as `(section, key, value)`; a key without `=` has an empty value.
pub(super) fn ini_lines(text: &str) -> impl Iterator<Item = (&str, &str, &str)> {
    let mut section = "";
    text.lines().filter_map(move |line| {
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            section = name.trim();
            return None;
        }
        if line.is_empty() || line.starts_with(['#', ';', '!']) {
            return None;
        }
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        let value = value.split(" #").next().unwrap_or(value).trim();
        Some((section, key.trim(), value.trim_matches('"').trim_matches('\'')))
    })
}

/// `sshd -T`: lower-case keyword, blank, value; the first line of a keyword counts.
pub(super) fn sshd(text: &str, keyword: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let (name, value) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
        name.eq_ignore_ascii_case(keyword).then(|| value.trim().to_owned())
    })
}

/// `Key=value` lines as `timedatectl show` prints them.
pub(super) fn property(text: &str, name: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == name).then(|| value.trim().to_owned())
    })
}

/// The shares of Samba's configuration as `testparm -s -v` prints it: name → settings in lower case. Printers and the
/// log-on share hold no data of the practice.
pub(super) fn samba_shares(text: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut shares: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for (section, key, value) in ini_lines(text) {
        let other = ["global", "printers", "print$", "netlogon", ""];
        if !other.iter().any(|name| section.eq_ignore_ascii_case(name)) {
            let settings = shares.entry(section.to_owned()).or_default();
            settings.insert(key.to_ascii_lowercase(), value.to_owned());
        }
    }
    shares
}

/// A setting of apt's configuration language, both `A::B "x";` and `A { B "x"; };`. Names compare without letter case.
pub(super) fn apt(text: &str, wanted: &str) -> Option<String> {
    let mut found = None;
    let mut scopes: Vec<String> = Vec::new();
    let mut words: Vec<String> = Vec::new();
    let wanted = wanted.to_ascii_lowercase();
    for token in apt_tokens(text) {
        match token.as_str() {
            "{" => scopes.push(words.drain(..).next().unwrap_or_default()),
            "}" => {
                scopes.pop();
                words.clear();
            }
            ";" => {
                if let [name, value] = words.as_slice() {
                    let path: Vec<&str> = scopes.iter().chain([name]).map(String::as_str).collect();
                    if path.join("::").to_ascii_lowercase() == wanted {
                        found = Some(value.clone());
                    }
                }
                words.clear();
            }
            _ => words.push(token),
        }
    }
    found
}

fn apt_tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    for line in text.lines() {
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            if rest.starts_with("//") || first == '#' {
                break;
            }
            if let Some(quoted) = rest.strip_prefix('"') {
                let (word, after) = quoted.split_once('"').unwrap_or((quoted, ""));
                tokens.push(word.to_owned());
                rest = after.trim_start();
                continue;
            }
            let end = if matches!(first, '{' | '}' | ';') {
                1
            } else {
                rest.find(|c: char| c.is_whitespace() || matches!(c, '{' | '}' | ';' | '"'))
                    .unwrap_or(rest.len())
            };
            let (word, after) = rest.split_at(end.max(first.len_utf8()));
            tokens.push(word.to_owned());
            rest = after.trim_start();
        }
    }
    tokens
}

/// The versions of the internet protocol over which nothing comes in that nobody asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Closed {
    pub(super) ipv4: bool,
    pub(super) ipv6: bool,
}

impl Closed {
    /// Two filters together: what one drops does not reach the other.
    pub(super) const fn or(self, other: Self) -> Self {
        Self { ipv4: self.ipv4 || other.ipv4, ipv6: self.ipv6 || other.ipv6 }
    }
}

/// What an nftables ruleset drops. A table filters the family it is declared for; only `inet` means both.
pub(super) fn nft_drops(ruleset: &str) -> Closed {
    let mut closed = Closed::default();
    let mut family = "";
    let mut lines = ruleset.lines().map(str::trim);
    while let Some(line) = lines.next() {
        if let Some(table) = line.strip_prefix("table ") {
            family = table.split_whitespace().next().unwrap_or_default();
        }
        if !line.starts_with("type filter hook input") {
            continue;
        }
        let mut last = line;
        for rule in lines.by_ref().take_while(|line| !line.starts_with('}')) {
            last = if rule.is_empty() { last } else { rule };
        }
        if line.contains("policy drop") || is_final_drop(last) {
            closed = closed
                .or(Closed { ipv4: matches!(family, "inet" | "ip"), ipv6: matches!(family, "inet" | "ip6") });
        }
    }
    closed
}

/// `drop` or `reject …` without a condition before it; a counter is none.
fn is_final_drop(rule: &str) -> bool {
    let mut words = rule.split_whitespace().peekable();
    if words.peek() == Some(&"counter") {
        words = rule.split_whitespace().peekable();
        let verdict = words.find(|word| matches!(*word, "drop" | "reject" | "accept" | "jump"));
        return matches!(verdict, Some("drop" | "reject"));
    }
    matches!(words.next(), Some("drop" | "reject"))
}

/// Whether `iptables -S INPUT` or `ip6tables -S INPUT` says that what nobody asked for is dropped.
pub(super) fn iptables_drops(rules: &str) -> bool {
    let Some(policy) = rules.lines().find_map(|line| line.trim().strip_prefix("-P INPUT ")) else {
        return false;
    };
    let last = rules.lines().rfind(|line| line.starts_with("-A INPUT "));
    let last_drops = last
        .is_some_and(|line| line.starts_with("-A INPUT -j DROP") || line.starts_with("-A INPUT -j REJECT"));
    policy.trim() == "DROP" || last_drops
}

/// A day as Windows lists it: `11/12/2024` (month first), `20241112`, `2024-11-12 …`, or a FILETIME in hexadecimal.
pub(super) fn windows_day(text: &str) -> Option<Date> {
    let text = text.trim();
    let parts: Vec<&str> = text.split([' ', 'T']).next()?.split('/').collect();
    if let [month, day, year] = parts.as_slice() {
        return Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok();
    }
    if text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let ticks = i64::from_str_radix(text, 16).ok()?;
        let seconds = ticks / 10_000_000 - 11_644_473_600; // FILETIME counts 100 ns from 1601
        let time = jiff::Timestamp::from_second(seconds).ok()?;
        return Some(jiff::tz::Offset::UTC.to_datetime(time).date());
    }
    if text.len() >= 8 && text.bytes().take(8).all(|byte| byte.is_ascii_digit()) {
        return Date::strptime("%Y%m%d", text.get(..8)?).ok();
    }
    text.get(..10)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SSHD: &str = include_str!("../../../fixtures/recorded/debian12-sshd.txt");
    const TESTPARM: &str = include_str!("../../../fixtures/recorded/debian12-testparm.txt");

    #[test]
    fn sshd_as_debian_prints_it() {
        assert_eq!(sshd(SSHD, "PermitRootLogin").as_deref(), Some("without-password"));
        assert_eq!(sshd(SSHD, "passwordauthentication").as_deref(), Some("yes"));
        assert_eq!(sshd(SSHD, "kbdinteractiveauthentication").as_deref(), Some("no"));
        assert_eq!(sshd(SSHD, "permit"), None);
    }

    #[test]
    fn samba_as_debian_prints_it() {
        assert_eq!(ini(TESTPARM, "global", "Server Min Protocol").as_deref(), Some("SMB2_02"));
        assert_eq!(ini(TESTPARM, "global", "server signing").as_deref(), Some("default"));
        let shares = samba_shares(TESTPARM);
        assert_eq!(shares.keys().collect::<Vec<_>>(), ["homes"], "printers hold no charts");
    }

    #[test]
    fn apt_in_both_ways_of_writing() {
        let wanted = "APT::Periodic::Unattended-Upgrade";
        for (text, value) in [
            ("APT::Periodic::Unattended-Upgrade \"1\";", Some("1")),
            ("apt { periodic { unattended-upgrade \"7\"; }; };", Some("7")),
            (
                "APT {\n Periodic {\n  Update-Package-Lists \"1\";\n  Unattended-Upgrade\n  \"0\";\n };\n};",
                Some("0"),
            ),
            ("// APT::Periodic::Unattended-Upgrade \"1\";", None),
            ("# APT::Periodic::Unattended-Upgrade \"1\";", None),
            ("APT::Periodic::Unattended-Upgrade \"1\";\nAPT::Periodic::Unattended-Upgrade \"0\";", Some("0")),
            ("}}}};;; \"\" { \"", None),
        ] {
            assert_eq!(apt(text, wanted).as_deref(), value, "{text}");
        }
    }

    #[test]
    fn firewalls_by_family_policy_and_last_rule() {
        let chain = |family: &str, hook: &str, policy: &str, rules: &str| {
            format!(
                "table {family} f {{\n chain c {{\n  type filter hook {hook} priority 0; policy {policy};\n{rules}\n }}\n}}\n"
            )
        };
        let input = |policy, rules| chain("inet", "input", policy, rules);
        let last = "  ct state established accept\n  reject with icmpx admin-prohibited";
        for (ruleset, ipv4, ipv6) in [
            (String::new(), false, false),
            (chain("inet", "output", "drop", ""), false, false),
            (input("drop", "  tcp dport 22 accept"), true, true),
            (input("accept", "  tcp dport 22 accept"), false, false),
            (input("accept", "  ct state invalid drop"), false, false),
            (input("accept", last), true, true),
            (input("accept", "  counter packets 3 bytes 180 drop"), true, true),
            (input("accept", "") + &input("drop", ""), true, true),
            (chain("ip", "input", "drop", ""), true, false),
            (chain("ip6", "input", "drop", ""), false, true),
            (chain("ip", "input", "drop", "") + &chain("ip6", "input", "accept", ""), true, false),
            (chain("ip", "input", "drop", "") + &chain("ip6", "input", "accept", last), true, true),
            (chain("bridge", "input", "drop", ""), false, false),
        ] {
            assert_eq!(nft_drops(&ruleset), Closed { ipv4, ipv6 }, "{ruleset}");
        }
        assert!(iptables_drops("-P INPUT DROP\n"));
        assert!(iptables_drops("-P INPUT ACCEPT\n-A INPUT -i lo -j ACCEPT\n-A INPUT -j DROP\n"));
        assert!(!iptables_drops("-P INPUT ACCEPT\n-A INPUT -s 10.0.0.9/32 -j DROP\n"));
        assert!(!iptables_drops("iptables: Permission denied"));
    }

    /// Cut anywhere, as a stopped program leaves it, and with the parsers swapped.
    #[test]
    fn no_text_stops_a_reader() {
        let apt_text = "APT { Periodic { Unattended-Upgrade \"1\"; // \u{e9}\n }; };";
        let nft_text = "table inet f {\n chain c {\n  type filter hook input priority 0; policy drop;\n }\n}";
        for text in [&SSHD[..700], &TESTPARM[..700], apt_text, nft_text, "01db3496f7a40000", "11/12/2024"] {
            for end in (0..=text.len()).filter(|end| text.is_char_boundary(*end)) {
                let text = &text[..end];
                let _ = (ini(text, "global", "x"), sshd(text, "x"), property(text, "x"), apt(text, "x::y"));
                let _ = (samba_shares(text), nft_drops(text), iptables_drops(text), windows_day(text));
            }
        }
    }

    #[test]
    fn days_as_windows_lists_them() {
        for (text, day) in [
            ("11/12/2024", Some("2024-11-12")),
            ("1/9/2026 12:00:00 AM", Some("2026-01-09")),
            ("20241112", Some("2024-11-12")),
            ("2024-11-12 10:11:12", Some("2024-11-12")),
            ("01db3496f7a40000", Some("2024-11-12")),
            ("13/45/2024", None),
            ("", None),
            ("\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}", None),
            ("ffffffffffffffff", None),
        ] {
            assert_eq!(windows_day(text).map(|day| day.to_string()).as_deref(), day, "{text}");
        }
    }
}
