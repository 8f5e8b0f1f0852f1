//! The rules that keep the house in order: imports run one way, and the agent stays small.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// What each crate may use of ours: words <- tools <- pillars <- edges.
const MAY_USE: &[(&str, &[&str])] = &[
    ("enamel-types", &[]),
    ("enamel-ledger", &["enamel-types"]),
    ("enamel-host", &["enamel-types"]),
    ("enamel-exposure", &["enamel-types", "enamel-host"]),
    ("enamel-phi", &["enamel-types"]),
    ("enamel-risk", &["enamel-types"]),
    ("enamel-report", &["enamel-types"]),
    ("enamel-testkit", &["enamel-types", "enamel-host"]),
    ("enamel-wire", &["enamel-types", "enamel-ledger"]),
    ("enamel-store", &["enamel-types", "enamel-ledger"]),
    (
        "enamel-assess",
        &["enamel-types", "enamel-ledger", "enamel-exposure", "enamel-phi", "enamel-risk", "enamel-report"],
    ),
    (
        "enamel-agent",
        &["enamel-types", "enamel-ledger", "enamel-wire", "enamel-host", "enamel-exposure", "enamel-phi"],
    ),
    (
        "enamel-server",
        &[
            "enamel-types",
            "enamel-ledger",
            "enamel-wire",
            "enamel-store",
            "enamel-assess",
            "enamel-risk",
            "enamel-report",
        ],
    ),
    (
        "enamel",
        &[
            "enamel-assess",
            "enamel-wire",
            "enamel-store",
            "enamel-agent",
            "enamel-server",
            "enamel-types",
            "enamel-ledger",
            "enamel-host",
            "enamel-exposure",
            "enamel-phi",
            "enamel-risk",
            "enamel-report",
        ],
    ),
];

/// What must not be in the agent's tree.
const NOT_IN_THE_AGENT: &[&str] = &[
    "enamel-report",
    "enamel-store",
    "enamel-server",
    "enamel-testkit",
    "rpassword",
    "openssl-sys",
    "aws-lc-sys",
    "native-tls",
    "typst",
    "datafusion",
];

fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    command
}

fn stdout(command: &mut Command) -> String {
    let output = command.output().expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("cargo prints UTF-8")
}

#[test]
fn imports_run_one_way() {
    let metadata = stdout(cargo().args(["metadata", "--format-version", "1", "--no-deps", "--offline"]));
    let metadata: serde_json::Value = serde_json::from_str(&metadata).expect("cargo metadata prints JSON");
    let allowed: BTreeMap<_, BTreeSet<_>> =
        MAY_USE.iter().map(|(name, uses)| (*name, uses.iter().copied().collect())).collect();
    let mut seen = BTreeSet::new();
    for package in metadata["packages"].as_array().expect("packages") {
        let name = package["name"].as_str().expect("name");
        let allowed =
            allowed.get(name).unwrap_or_else(|| panic!("{name} is not on the map: say what it may use"));
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            let (used, kind) = (dependency["name"].as_str().expect("name"), dependency["kind"].as_str());
            // Tests may use testkit and read the world through any tool; what ships may not.
            if used.starts_with("enamel-") && kind != Some("dev") {
                assert!(allowed.contains(used), "{name} must not use {used}");
            }
        }
        seen.insert(name.to_owned());
    }
    assert!(seen.len() <= 20, "twenty crates is the cap");
    assert_eq!(seen.len(), MAY_USE.len(), "the map names crates that are gone");
}

/// A reader of files that trips over a hostile one is caught, and costs that file. Where a panic aborts, nothing is caught.
#[test]
fn what_ships_outlives_a_hostile_file() {
    let manifest: toml::Table =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml"))
            .expect("the workspace's manifest")
            .parse()
            .expect("TOML");
    let profiles = manifest["profile"].as_table().expect("profiles");
    assert!(profiles.contains_key("release") && profiles.contains_key("agent"));
    for (name, profile) in profiles {
        let panic = profile.get("panic").and_then(toml::Value::as_str).unwrap_or("unwind");
        assert_eq!(panic, "unwind", "profile {name}");
    }
}

#[test]
fn the_agent_stays_small() {
    let tree = stdout(cargo().args([
        "tree",
        "--package",
        "enamel",
        "--no-default-features",
        "--features",
        "agent",
        "--edges",
        "normal,build",
        "--prefix",
        "none",
        "--format",
        "{p}",
        "--target",
        "x86_64-unknown-linux-gnu",
        "--target",
        "x86_64-pc-windows-gnu",
    ]));
    let names: BTreeSet<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(names.contains("enamel-phi"), "the tree was read: {names:?}");
    for banned in NOT_IN_THE_AGENT {
        assert!(!names.contains(banned), "{banned} is in the agent's tree");
    }
}

/// A promise is held by a test that exists.
#[test]
fn every_test_that_the_specification_names_exists() {
    let documents = [
        ("SPECIFICATION.md", include_str!("../../../../SPECIFICATION.md")),
        ("SECURITY.md", include_str!("../../../../SECURITY.md")),
    ];
    let mut sources = String::new();
    let crates = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut folders = vec![crates.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() && entry.file_name() != Some("node_modules".as_ref()) {
                folders.push(entry);
            } else if entry.extension() == Some("rs".as_ref()) {
                sources += &std::fs::read_to_string(entry).unwrap();
            }
        }
    }
    let mut names = 0;
    let quoted = documents.iter().flat_map(|(document, text)| {
        text.split('`').skip(1).step_by(2).map(move |quoted| (document, quoted))
    });
    for (document, quoted) in quoted {
        let Some((_, name)) = quoted.rsplit_once("::") else { continue };
        if name.is_empty() || name.contains(['*', ' ', '<']) {
            continue;
        }
        names += 1;
        assert!(sources.contains(&format!("fn {name}(")), "{document} names {quoted}, which is no test");
    }
    assert!(names > 40, "{names} names were read");
}
