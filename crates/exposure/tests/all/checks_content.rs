//! The content files: mistakes in them, and the page that lists them.

#![allow(clippy::unwrap_used, reason = "what the content cannot give stops the test")]

use std::fmt::Write as _;
use std::path::Path;

use enamel_exposure::checks::{Absent, Check, Source};
use enamel_exposure::{Catalogue, EolTable};
use enamel_types::device::OsFamily;

const GOOD: &str = r#"
[[check]]
id = "X01"
os = "linux"
severity = "low"
title = "Packets are not forwarded"
problem = "Packets are forwarded"
read = [{ sysctl = "net.ipv4.ip_forward" }]
expect = { equals = 0 }
absent = "pass"
controls = ["164.312(e)(2)(i)"]
why = "A PC is no router."
fix = "sysctl -w net.ipv4.ip_forward=0"
minutes = 5
action = "Stop forwarding"
"#;

/// The plan says what to do, not what is wrong: every action begins with a verb in the imperative.
#[test]
fn an_action_tells_somebody_to_do_something() {
    const VERBS: [&str; 24] = [
        "Accept", "Block", "Close", "Demand", "Disable", "Enable", "Encrypt", "Enlarge", "Install", "Keep",
        "Let", "Lock", "Log", "Make", "Remove", "Run", "Set", "Stop", "Switch", "Take", "Turn", "Update",
        "Upgrade", "Write",
    ];
    for check in Catalogue::builtin().unwrap().checks() {
        let first = check.action.split(' ').next().unwrap();
        assert!(VERBS.contains(&first), "{}: {}", check.id, check.action);
        assert!(check.action.chars().count() <= 90, "{}: too long for a title", check.id);
    }
}

#[test]
fn an_experts_own_check_works() {
    use enamel_host::SystemQuery;
    use enamel_testkit::RecordedHost;
    use enamel_types::CheckOutcome;
    use enamel_types::config_state::Value;

    let catalogue = Catalogue::from_files(&[("mine.toml", GOOD)], EolTable::builtin().unwrap()).unwrap();
    for (value, wanted) in [(0, CheckOutcome::Pass), (1, CheckOutcome::Fail)] {
        let query = SystemQuery::Sysctl { name: "net.ipv4.ip_forward".to_owned() };
        let host = RecordedHost::debian().answer(query, vec![(String::new(), Value::Int(value))]);
        let (state, _) = enamel_exposure::observe_host(&host, &catalogue).unwrap();
        let judgement = crate::fixtures::judge(state, &catalogue);
        assert_eq!(crate::fixtures::outcome(&judgement, "X01").0, wanted);
    }
}

#[test]
fn a_mistake_names_file_line_key_and_fix() {
    let twice = format!("{GOOD}{GOOD}");
    let edit = |from: &str, to: &str| GOOD.replace(from, to);
    for (text, line, key, part) in [
        (edit("absent = \"pass\"\n", ""), 2, "", "absent"),
        (edit("severity", "severitty"), 5, "severitty", "severitty"),
        (edit("\"low\"", "\"lowest\""), 5, "severity", "lowest"),
        (edit("minutes = 5", "minutes = five"), 14, "minutes", ""),
        (edit("sysctl = ", "sysctrl = "), 8, "read", "sysctrl"),
        (edit("{ equals = 0 }", "{ one_of = [] }"), 3, "X01", "nothing can pass"),
        (edit("{ equals = 0 }", "{ like = '(' }"), 3, "X01", "pattern"),
        (edit("{ equals = 0 }", "{ between = [9, 1] }"), 3, "X01", "between"),
        (edit("{ equals = 0 }", "\"nothing\""), 3, "X01", "list"),
        (edit("{ equals = 0 }", "\"supported\""), 3, "X01", "operating system"),
        (edit("{ sysctl = \"net.ipv4.ip_forward\" }", "\"share_access\""), 3, "X01", "does not exist"),
        (edit("\"pass\"", "\"os_default\""), 3, "X01", "default"),
        (edit("minutes = 5", "minutes = 5\nonly_if_failed = \"X09\""), 3, "X01", "X09"),
        (edit("why = \"A PC is no router.\"", "why = \" \""), 3, "X01", "why is empty"),
        (edit("[\"164.312(e)(2)(i)\"]", "[]"), 3, "X01", "control"),
        (edit("read = [{ sysctl = \"net.ipv4.ip_forward\" }]\n", ""), 3, "X01", "reads nothing"),
        (twice, 3, "X01", "twice"),
    ] {
        let error =
            Catalogue::from_files(&[("content/checks/mine.toml", &text)], EolTable::builtin().unwrap())
                .expect_err(part);
        assert_eq!(error.file, "content/checks/mine.toml", "{error}");
        assert_eq!(error.line, line, "{error} ({part})");
        assert!(key.is_empty() || error.key == key, "{error}: key {:?}", error.key);
        assert!(error.message.contains(part), "{error} lacks {part:?}");
        assert!(!error.help.is_empty(), "{error}");
    }
}

/// The page lists every check, straight from the content. `UPDATE_DOCS=1 cargo test -p enamel-exposure` rewrites it.
#[test]
fn the_page_of_checks_is_up_to_date() {
    const MARK: &str = "<!-- generated from content/checks; do not edit below this line -->";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/checks.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let head = page.split(MARK).next().unwrap();
    let catalogue = Catalogue::builtin().unwrap();
    let wanted = format!("{head}{MARK}\n\n{}", table(&catalogue));
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &wanted).unwrap();
        return;
    }
    assert!(page == wanted, "docs/checks.md is stale: run UPDATE_DOCS=1 cargo test -p enamel-exposure");
}

fn table(catalogue: &Catalogue) -> String {
    let mut text = String::new();
    for (os, name) in [(OsFamily::Windows, "Windows"), (OsFamily::Linux, "Linux")] {
        let _ = writeln!(text, "## {name}\n");
        text.push_str(
            "| id | systems | good state | severity | 45 CFR | looked up in | nothing there means | min |\n",
        );
        text.push_str("|---|---|---|---|---|---|---|---|\n");
        for check in catalogue.checks().iter().filter(|check| check.os == os) {
            let controls: Vec<&str> = check.controls.iter().map(enamel_types::ControlId::as_str).collect();
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} | {} | {} | {} |",
                check.id,
                systems(check),
                check.title,
                check.severity,
                controls.join(", "),
                places(check),
                absent(check),
                check.minutes.0
            );
        }
        text.push('\n');
    }
    text.trim_end().to_owned() + "\n"
}

fn word<T: serde::Serialize>(value: T) -> String {
    serde_json::to_value(value).unwrap().as_str().unwrap_or_default().replace('_', " ")
}

fn systems(check: &Check) -> String {
    let mut parts: Vec<String> = check.roles.iter().map(word).collect();
    if parts.is_empty() {
        parts.push("all".to_owned());
    }
    if let Some(build) = check.from_build {
        parts.push(format!("from build {build}"));
    }
    if let Some(condition) = &check.only_where {
        parts.push(format!("not where: {}", condition.otherwise));
    }
    if let Some(id) = &check.only_if_failed {
        parts.push(format!("only if {id} fails"));
    }
    if let Some(id) = &check.satisfied_by {
        parts.push(format!("passes with {id}"));
    }
    parts.join("; ")
}

fn places(check: &Check) -> String {
    let mut places: Vec<String> = Vec::new();
    let sources = check.read.iter().chain(check.parts.iter().flat_map(|part| &part.read));
    for place in sources.map(place) {
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places.join("; ")
}

fn place(source: &Source) -> String {
    match source {
        Source::Registry(source) => format!("`{}\\{}`", source.key, source.value),
        Source::RegistryNames { key } => format!("names in `{key}`"),
        Source::RegistryUsers { value, .. } => format!("`{value}` of every user"),
        Source::RegistrySubkeys { key, value } => format!("`{key}\\*\\{value}`"),
        Source::Wmi(source) => format!("WMI `{}.{}`", source.class, source.property),
        Source::SecurityCenter => "Windows Security Center".to_owned(),
        Source::Feature(name) => format!("feature `{name}`"),
        Source::GroupMembers(sid) => format!("members of `{sid}`"),
        Source::AccountDisabled(rid) => format!("account with RID {rid}"),
        Source::PasswordPolicy(item) => format!("password policy `{item}`"),
        Source::AuditSubcategory(guid) => format!("audit policy `{guid}`"),
        Source::ShareAccess => "rights of shares and folders".to_owned(),
        Source::NewestUpdate => "installed updates".to_owned(),
        Source::RemoteTools(_) => "installed programs, services".to_owned(),
        Source::OperatingSystem => "`content/eol.toml`".to_owned(),
        Source::Service(name) => format!("service `{name}`"),
        Source::Package(name) => format!("package `{name}`"),
        Source::Path(path) => format!("`{path}`"),
        Source::Ini { path, section, key } => format!("`{path}` [{section}] {key}"),
        Source::Sysctl(name) => format!("sysctl `{name}`"),
        Source::AptConfig(name) => format!("`{name}`"),
        Source::Sshd(keyword) => format!("`sshd -T` {keyword}"),
        Source::Samba(setting) => format!("`testparm` {setting}"),
        Source::SambaShares(setting) => format!("`testparm` {setting} of each share"),
        Source::WritableShareFolders => "folders of Samba shares".to_owned(),
        Source::Mysql(option) => format!("server option `{option}`"),
        Source::InboundFirewall => "nft, iptables, ufw".to_owned(),
        Source::Timedatectl(property) => format!("`timedatectl` {property}"),
        Source::Volumes => "mounted disks".to_owned(),
        Source::NotYet(_) => "nothing yet".to_owned(),
    }
}

fn absent(check: &Check) -> String {
    match check.absent {
        Absent::Pass => "pass".to_owned(),
        Absent::Fail => "fail".to_owned(),
        Absent::Unknown => "unknown".to_owned(),
        Absent::NotApplicable => "not applicable".to_owned(),
        Absent::OsDefault => {
            let rules = check.default.iter().map(|rule| {
                let mut when: Vec<String> = rule.roles.iter().map(word).collect();
                when.extend(rule.from_build.map(|build| format!("build {build}+")));
                when.extend(rule.editions.first().map(|edition| {
                    if rule.editions.len() == 1 {
                        edition.clone()
                    } else {
                        format!("{edition} and like editions")
                    }
                }));
                let when = if when.is_empty() { String::new() } else { format!(" ({})", when.join(", ")) };
                format!("{}{when}", word(rule.then))
            });
            rules.collect::<Vec<_>>().join("; ")
        }
    }
}
