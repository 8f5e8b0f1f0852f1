//! What every `Host` promises, as one suite that each adapter has to pass.
//!
//! The tester names things that the computer has; the suite asks for them, for things beside them that are not there,
//! and for things asked for in the wrong way.

use std::path::{Path, PathBuf};

use enamel_host::{Host, Program, SystemQuery};

/// What the tester knows about the computer.
#[derive(Debug, Clone)]
pub struct Known {
    /// A folder that holds a file and a folder, with nothing called `absent-enamel` in it.
    pub folder: PathBuf,
    /// A file in `folder` of at least two bytes.
    pub file: PathBuf,
    /// A registry key with at least one value and one sub-key; `None` where there is no registry.
    pub registry_key: Option<String>,
}

/// Runs the whole suite.
///
/// # Panics
/// Where the host breaks a promise; the message names it.
pub fn check(host: &dyn Host, known: &Known) {
    files(host, known);
    registry(host, known);
    lists(host);
    questions(host);
}

fn must<T>(what: &str, answer: Result<T, enamel_host::HostError>) -> T {
    answer.unwrap_or_else(|error| panic!("{what}: {error}"))
}

fn files(host: &dyn Host, known: &Known) {
    let absent = known.folder.join("absent-enamel");
    for path in [absent.clone(), absent.join("deeper"), known.file.join("below-a-file")] {
        assert_eq!(must("absent metadata", host.metadata(&path)), None, "absent is None: {}", path.display());
        assert_eq!(
            must("absent file", host.read_file(&path, 10)),
            None,
            "absent is None: {}",
            path.display()
        );
        assert_eq!(must("absent folder", host.list_dir(&path)), None, "absent is None: {}", path.display());
    }
    let meta =
        must("metadata", host.metadata(&known.file)).unwrap_or_else(|| panic!("the known file is there"));
    assert!(!meta.is_dir && meta.size >= 2, "a file is a file: {meta:?}");
    let whole = must("read", host.read_file(&known.file, 1 << 20)).unwrap_or_default();
    assert!(whole.len() >= 2, "the known file has two bytes");
    assert_eq!(
        must("bounded read", host.read_file(&known.file, 1)),
        Some(whole[..1].to_vec()),
        "the limit holds"
    );
    assert_eq!(
        must("empty read", host.read_file(&known.file, 0)),
        Some(Vec::new()),
        "a limit of 0 is one too"
    );
    let listing =
        must("listing", host.list_dir(&known.folder)).unwrap_or_else(|| panic!("the known folder is there"));
    assert!(listing.is_sorted(), "listings are sorted: {listing:?}");
    assert!(listing.iter().any(|entry| entry == &known.file), "listings give whole paths: {listing:?}");
    let folder = must("folder metadata", host.metadata(&known.folder));
    assert!(folder.is_some_and(|meta| meta.is_dir), "a folder is a folder");
    assert!(host.read_file(&known.folder, 10).is_err(), "a folder cannot be read as a file");
    assert!(host.list_dir(&known.file).is_err(), "a file cannot be listed as a folder");
}

fn registry(host: &dyn Host, known: &Known) {
    let absent = r"HKLM\SOFTWARE\absent-enamel";
    assert_eq!(must("absent value", host.registry_value(absent, "x")), None, "an absent key's value is None");
    assert_eq!(must("absent values", host.registry_values(absent)), None, "an absent key's values are None");
    assert_eq!(
        must("absent sub-keys", host.registry_subkeys(absent)),
        None,
        "an absent key's sub-keys are None"
    );
    let Some(key) = &known.registry_key else { return };
    let values = must("values", host.registry_values(key)).unwrap_or_default();
    let subkeys = must("sub-keys", host.registry_subkeys(key)).unwrap_or_default();
    assert!(!values.is_empty() && !subkeys.is_empty(), "the known key has values and sub-keys");
    assert!(values.is_sorted_by_key(|(name, _)| name.to_lowercase()), "values are sorted: {values:?}");
    assert!(subkeys.is_sorted_by_key(|name| name.to_lowercase()), "sub-keys are sorted: {subkeys:?}");
    for (name, value) in &values {
        let alone = must("value", host.registry_value(&key.to_uppercase(), &name.to_lowercase()));
        assert_eq!(alone.as_ref(), Some(value), "{name} is the same alone, in any case of letters");
    }
    assert_eq!(
        must("absent value", host.registry_value(key, "absent-enamel")),
        None,
        "an absent value is None"
    );
}

fn lists(host: &dyn Host) {
    let os = must("os", host.os());
    assert!(!os.name.is_empty() && !os.product.is_empty(), "an operating system has a name: {os:?}");
    let (inventory, _) = must("inventory", host.inventory());
    assert_eq!(inventory.os, os, "the inventory is of the same system");
    let (packages, _) = must("packages", host.packages());
    assert!(packages.iter().all(|package| !package.name.is_empty()), "a package has a name");
    let services = must("services", host.services());
    assert!(services.iter().all(|service| !service.name.is_empty()), "a service has a name");
}

/// Neither a program that is not installed nor a question that the system does not know may be an error.
fn questions(host: &dyn Host) {
    for program in [Program::SambaEffectiveConfig, Program::NftRuleset, Program::Ip6tablesInput] {
        if let Ok(Some(output)) = host.run(program) {
            assert!(output.stdout.len() <= 4 << 20 && output.stderr.len() <= 4 << 10, "output is bounded");
        }
    }
    let unknown = SystemQuery::Sysctl { name: "enamel.absent".to_owned() };
    assert_eq!(
        must("an absent kernel setting", host.query(&unknown)),
        None,
        "an absent kernel setting is None"
    );
    let unknown = SystemQuery::WindowsFeature { name: "AbsentEnamel".to_owned() };
    assert!(!matches!(host.query(&unknown), Ok(Some(_))), "an absent feature has no state");
    assert!(
        host.metadata(Path::new("")).is_ok_and(|meta| meta.is_none_or(|meta| meta.is_dir)),
        "an empty path is no file"
    );
}
