//! `WindowsHost` over keys that each test writes first. Made to run under wine as well as on Windows.

use std::path::Path;

use enamel_host::{Host, RegistryValue, SystemQuery, WindowsHost};
use enamel_testkit::conformance::{Known, check};
use enamel_types::config_state::Value;
use enamel_types::device::OsFamily;
use enamel_types::software::PackageSource;
use windows_registry::{LOCAL_MACHINE, Type, USERS};

/// Below this key every test has a folder of its own.
const TESTS: &str = r"SOFTWARE\EnamelTests";

#[test]
fn this_computer_passes_the_suite() {
    let key = LOCAL_MACHINE.create(format!("{TESTS}\\suite")).unwrap();
    key.set_u32("Zeta", 1).unwrap();
    key.set_string("alpha", "text").unwrap();
    LOCAL_MACHINE.create(format!("{TESTS}\\suite\\Below")).unwrap();
    LOCAL_MACHINE.create(format!("{TESTS}\\suite\\another")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("known.txt"), "text").unwrap();
    std::fs::create_dir(folder.path().join("below")).unwrap();
    let known = Known {
        folder: folder.path().to_path_buf(),
        file: folder.path().join("known.txt"),
        registry_key: Some(format!("HKLM\\{TESTS}\\suite")),
    };
    check(&WindowsHost::new(), &known);
}

/// Writes what the crate refuses to: `reg import` takes any bytes for any type.
fn write_raw(path: &str, lines: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("raw.reg");
    let text =
        format!("Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\{path}]\r\n{lines}\r\n");
    std::fs::write(&file, text).unwrap();
    let ran = std::process::Command::new("reg").arg("import").arg(&file).output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
}

#[test]
fn every_type_of_registry_value() {
    let path = format!("{TESTS}\\types");
    let key = LOCAL_MACHINE.create(&path).unwrap();
    key.set_u32("dword", 900).unwrap();
    key.set_u64("qword", 1 << 40).unwrap();
    key.set_string("text", "C:\\Röntgen").unwrap();
    key.set_expand_string("expand", "%SystemRoot%\\x").unwrap();
    key.set_multi_string("list", &["a", "b"]).unwrap();
    key.set_bytes("binary", Type::Bytes, &[1, 2, 3]).unwrap();
    key.set_bytes("short dword", Type::U32, &[1, 0]).unwrap();
    write_raw(&path, "\"odd text\"=hex(1):61,00,62\r\n\"none\"=hex(0):");
    let host = WindowsHost::new();
    let value = |name: &str| host.registry_value(&format!("HKLM\\{path}"), name).unwrap().unwrap();
    assert_eq!(value("dword"), RegistryValue::Dword(900));
    assert_eq!(value("qword"), RegistryValue::Qword(1 << 40));
    assert_eq!(value("text"), RegistryValue::Text("C:\\Röntgen".to_owned()));
    assert_eq!(value("expand"), RegistryValue::Text("%SystemRoot%\\x".to_owned()));
    assert_eq!(value("list"), RegistryValue::List(vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!(value("binary"), RegistryValue::Other { kind: 3, size: 3 });
    assert_eq!(value("short dword"), RegistryValue::Other { kind: 4, size: 2 });
    assert_eq!(value("odd text"), RegistryValue::Text("a".to_owned()));
    assert_eq!(value("none"), RegistryValue::Other { kind: 0, size: 0 });
    assert_eq!(host.registry_values(&format!("HKLM\\{path}")).unwrap().unwrap().len(), 9);
    assert!(host.registry_value(r"HKCU\Software", "x").is_err(), "whose user is meant has to be said");
}

#[test]
fn applications_of_both_views_and_of_users() {
    let uninstall = r"Microsoft\Windows\CurrentVersion\Uninstall";
    let write = |hive: &windows_registry::Key, path: &str, name: &str| {
        let key = hive.create(path).unwrap();
        key.set_string("DisplayName", name).unwrap();
        key.set_string("DisplayVersion", "1.2").unwrap();
        key.set_string("Publisher", "Enamel tests").unwrap();
    };
    write(LOCAL_MACHINE, &format!("SOFTWARE\\{uninstall}\\EnamelA"), "Enamel test 64");
    write(LOCAL_MACHINE, &format!("SOFTWARE\\WOW6432Node\\{uninstall}\\EnamelB"), "Enamel test 32");
    let user = WindowsHost::new().registry_subkeys("HKU").unwrap().unwrap();
    let user = user
        .iter()
        .find(|name| name.starts_with("S-1-5-21-") && !name.ends_with("_Classes"))
        .unwrap()
        .clone();
    write(USERS, &format!("{user}\\Software\\{uninstall}\\EnamelC"), "Enamel test user");
    LOCAL_MACHINE
        .create(format!("SOFTWARE\\{uninstall}\\EnamelD"))
        .unwrap()
        .set_u32("DisplayName", 7)
        .unwrap();
    let (packages, gaps) = WindowsHost::new().packages().unwrap();
    let ours: Vec<_> = packages
        .iter()
        .filter(|package| package.vendor == "Enamel tests")
        .map(|package| (package.name.as_str(), package.version.as_str(), package.source))
        .collect();
    let expected = [
        ("Enamel test 32", "1.2", PackageSource::UninstallMachine32),
        ("Enamel test 64", "1.2", PackageSource::UninstallMachine),
        ("Enamel test user", "1.2", PackageSource::UninstallUser),
    ];
    assert_eq!(ours, expected, "{gaps:?}");
}

#[test]
fn this_windows_and_what_it_holds() {
    let host = WindowsHost::new();
    let os = host.os().unwrap();
    assert_eq!(os.family, OsFamily::Windows);
    assert!(os.version.split('.').count() == 3 && os.product.starts_with("windows"), "{os:?}");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (inventory, gaps) = host.inventory().unwrap();
    assert!(!inventory.hostname.is_empty());
    assert!(inventory.hardware.cores > 0 && inventory.hardware.memory_bytes > 0, "{:?}", inventory.hardware);
    let drive = inventory.hardware.volumes.iter().find(|volume| volume.mount == "C:\\").unwrap();
    assert!(drive.size_bytes > drive.free_bytes && drive.free_bytes > 0, "{drive:?}");
    let socket = inventory.listening.iter().find(|socket| socket.port == port).unwrap();
    assert_eq!((socket.protocol.as_str(), socket.address.as_str()), ("tcp", "127.0.0.1"), "{gaps:?}");
    let services = host.services().unwrap();
    assert!(services.iter().any(|service| service.running), "{services:?}");
    println!("gaps: {gaps:#?}\nusers: {:#?}\nshares: {:?}", inventory.users, inventory.shares);
}

#[test]
fn a_service_is_seen_with_its_start_type() {
    let services = r"SYSTEM\CurrentControlSet\Services";
    for (name, kind, start) in [("EnamelAuto", 0x10, 2), ("EnamelManual", 0x20, 3), ("EnamelDriver", 1, 2)] {
        let key = LOCAL_MACHINE.create(format!("{services}\\{name}")).unwrap();
        key.set_u32("Type", kind).unwrap();
        key.set_u32("Start", start).unwrap();
    }
    let seen: Vec<_> = WindowsHost::new()
        .services()
        .unwrap()
        .into_iter()
        .filter(|service| service.name.starts_with("Enamel"))
        .map(|service| (service.name, service.running, service.autostart))
        .collect();
    let expected =
        [("EnamelAuto".to_owned(), false, Some(true)), ("EnamelManual".to_owned(), false, Some(false))];
    assert_eq!(seen, expected, "a driver is no service");
}

#[test]
fn questions_are_answered_or_say_why_not() {
    let host = WindowsHost::new();
    let wmi = |namespace: &str, class: &str, property: &str| {
        let (namespace, class, property) = (namespace.to_owned(), class.to_owned(), property.to_owned());
        host.query(&SystemQuery::Wmi { namespace, class, property, filter: None })
    };
    let version = wmi(r"root\cimv2", "Win32_OperatingSystem", "Version").unwrap().unwrap();
    assert!(matches!(&version[..], [(_, Value::Text(text))] if text.contains('.')), "{version:?}");
    let absent = wmi(r"root\cimv2", "Win32_AbsentEnamel", "Version");
    assert!(absent.as_ref().is_ok_and(|answer| answer.as_ref().is_none_or(Vec::is_empty)), "{absent:?}");
    let absent = wmi(r"root\AbsentEnamel", "X", "Y");
    assert!(matches!(absent, Ok(None)), "{absent:?}");
    assert!(wmi(r"root\cimv2", "a b", "Y").is_err());
    for query in [
        SystemQuery::GroupMembers { sid: "S-1-5-32-544".to_owned() },
        SystemQuery::AccountDisabled { rid: 501 },
        SystemQuery::PasswordPolicy,
        SystemQuery::ShareAccess,
        SystemQuery::WindowsFeature { name: "MicrosoftWindowsPowerShellV2Root".to_owned() },
    ] {
        println!("{query:?}: {:?}", host.query(&query));
    }
    assert!(host.query(&SystemQuery::GroupMembers { sid: "no sid".to_owned() }).is_err());
    assert!(host.query(&SystemQuery::AuditSubcategory { guid: "no guid".to_owned() }).is_err());
    assert_eq!(host.query(&SystemQuery::Sysctl { name: "net.ipv4.ip_forward".to_owned() }).unwrap(), None);
    assert!(host.metadata(Path::new(r"C:\windows")).unwrap().unwrap().is_dir);
}
