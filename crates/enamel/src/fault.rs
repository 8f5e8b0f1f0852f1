//! What is said when Enamel itself is at fault: where, and what to do, never about what.
//!
//! Rust's own message quotes the panic's payload, and a payload may quote what was just being read: a patient's name in a terminal, or
//! in the log of whoever runs this unattended. The place in the source is enough to find the fault by.

use std::io::Write as _;
use std::panic::Location;

/// From now on a panic says where it happened, and nothing of what was being read.
///
/// Whether anybody catches it is not known here: a reader of files that panics costs its file, any other fault the whole run.
pub fn say_faults_without_data() {
    std::panic::set_hook(Box::new(|panic| {
        // Where standard error cannot be written there is nobody to tell; a panic in here would end the process.
        let _ = writeln!(anstream::stderr(), "{}", for_people(panic.location()));
    }));
}

fn for_people(place: Option<&Location<'_>>) -> String {
    let place = place.map_or_else(
        || "at an unknown place".to_owned(),
        // The path below a builder's folder of dependencies says nothing to anybody: `regex-1.13.2/src/lib.rs` does.
        |place| format!("at {}:{}", below_registry(place.file()), place.line()),
    );
    format!(
        "warning: enamel {} made a mistake of its own, {place}\n  \
         help: a file that was being searched then counts as unread and is named so; pass this line on to the makers of enamel, it \
         holds nothing of what was read",
        env!("CARGO_PKG_VERSION")
    )
}

fn below_registry(file: &str) -> &str {
    // `…/registry/src/index.crates.io-1949cf8c6b5b557f/regex-1.13.2/src/lib.rs`
    file.split_once("registry/src/").and_then(|(_, rest)| rest.split_once('/')).map_or(file, |(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    const CHILD: &str = "ENAMEL_FAULT_CHILD";

    /// Not a test by itself: the process whose standard error is read.
    #[test]
    fn child_that_makes_a_mistake() {
        if std::env::var_os(CHILD).is_some() {
            say_faults_without_data();
            let caught = std::panic::catch_unwind(|| panic!("SSN 526-97-9514 is odd"));
            assert!(caught.is_err());
        }
    }

    #[test]
    fn a_fault_is_told_by_its_place_and_not_by_its_data() {
        let name = "fault::tests::child_that_makes_a_mistake";
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture"])
            .env(CHILD, "1")
            .output()
            .unwrap();
        let said = String::from_utf8(child.stderr).unwrap();
        assert!(child.status.success(), "the fault was caught: {said}");
        assert!(said.contains("fault.rs:") && said.contains("help"), "{said}");
        assert!(!said.contains("9514") && !String::from_utf8_lossy(&child.stdout).contains("9514"), "{said}");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_fault_that_cannot_be_told_is_still_caught() {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "fault::tests::child_that_makes_a_mistake", "--nocapture"])
            .env(CHILD, "1")
            .stderr(full)
            .output()
            .unwrap();
        assert!(child.status.success(), "{:?}", child.status);
    }

    #[test]
    fn a_dependency_is_named_without_the_builders_folders() {
        let built = "/home/x/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/regex-1.13.2/src/lib.rs";
        assert_eq!(below_registry(built), "regex-1.13.2/src/lib.rs");
        assert_eq!(below_registry("crates/phi/src/lib.rs"), "crates/phi/src/lib.rs");
    }
}
