//! The recorded host passes the suite that the real ones pass: tests over it say something about them.

use std::path::PathBuf;

use enamel_host::{RegistryValue, Remembering};
use enamel_testkit::RecordedHost;
use enamel_testkit::conformance::{Known, check};

#[test]
fn a_recorded_linux_passes_the_suite() {
    let host = RecordedHost::debian().file("/srv/known/b.txt", "text").folder("/srv/known/a", None);
    let known = Known { folder: "/srv/known".into(), file: "/srv/known/b.txt".into(), registry_key: None };
    check(&host, &known);
    check(&Remembering::new(host), &known);
}

#[test]
fn a_recorded_windows_passes_the_suite() {
    let host = RecordedHost::windows11()
        .file(r"C:\known\b.txt", "text")
        .folder(r"C:\known\a", None)
        .registry(r"HKLM\SOFTWARE\Known", "One", RegistryValue::Dword(1))
        .registry(r"HKLM\SOFTWARE\Known", "another", RegistryValue::Text("x".to_owned()))
        .registry_key(r"HKLM\SOFTWARE\Known\Below");
    let known = Known {
        folder: PathBuf::from(r"C:\known"),
        file: PathBuf::from(r"C:\known\b.txt"),
        registry_key: Some(r"HKLM\SOFTWARE\Known".to_owned()),
    };
    check(&host, &known);
}
