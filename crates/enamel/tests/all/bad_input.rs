//! Bad input gets a clear error and loses nothing.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::run::{World, files_below};

const SSN: &str = "526-97-9514";

fn intake() -> String {
    format!("Patient: Ada Birch, DOB 03/04/1972, SSN {SSN}, card 4208 2237 5646 9995\n")
}

#[test]
fn no_value_is_written_anywhere() {
    let world = World::new();
    world.file("intake.txt", intake());
    world.file("FreeDentalConfig.xml", "<ConnectionSettings><DatabaseConnection><Password>Sw0rdf1sh!</Password></DatabaseConnection></ConnectionSettings>");
    let (practice, out) = (world.practice(), world.path("out"));
    let (practice, out) = (practice.to_str().unwrap(), out.to_str().unwrap());
    let mut said = Vec::new();
    for arguments in [
        vec!["assess", practice, "--out", out],
        vec!["scan", "phi", "--json", "--fingerprints", practice],
        vec!["scan", "phi", practice],
        vec!["scan", "software", "--json", practice],
        vec!["export", "observations"],
        vec!["export", "ocsf"],
        vec!["export", "oscal"],
        vec!["export", "cyclonedx"],
    ] {
        let ran = world.run(&arguments);
        // The agent's build makes no OSCAL documents, and says so.
        assert!(
            ran.code() == 0 || (arguments[1] == "oscal" && !cfg!(feature = "report")),
            "{}",
            ran.stderr()
        );
        said.push((arguments.join(" "), [ran.0.stdout.clone(), ran.0.stderr.clone()].concat()));
    }
    let kinds = world.run(&["scan", "phi", "--json", practice]).ok().stdout();
    for kind in ["\"SSN\":1", "\"PAN\":1", "\"DOB\":1"] {
        assert!(kinds.contains(kind), "what is not found cannot be let out: {kinds}");
    }
    for path in files_below(&world.data()).into_iter().chain(files_below(&world.path("out"))) {
        said.push((path.display().to_string(), fs::read(path).unwrap()));
    }
    for (place, bytes) in said {
        let text = String::from_utf8_lossy(&bytes);
        for secret in [SSN, "526979514", "4208223756469995", "4208 2237 5646 9995", "Sw0rdf1sh!"] {
            assert!(!text.contains(secret), "{place} holds a value in clear");
        }
    }
}

#[test]
fn a_mistake_in_a_file_that_people_edit_is_named() {
    let world = World::new();
    let profile = world.path("practice.toml");
    fs::write(&profile, "name = \"Birch\"\npatientz = 4200\n").unwrap();
    let ran = world.run(&["config", "check", "--practice", profile.to_str().unwrap()]);
    assert_eq!(ran.code(), 1);
    for word in ["practice.toml:2", "patientz", "help"] {
        assert!(ran.stderr().contains(word), "{word} in {}", ran.stderr());
    }
    let checks = world.path("content/checks");
    fs::create_dir_all(&checks).unwrap();
    fs::write(checks.join("mine.toml"), "[[check]]\nid = \"X1\"\nseverity = \"dreadful\"\n").unwrap();
    let ran = world.run(&["config", "check", "--content", world.path("content").to_str().unwrap()]);
    assert_eq!(ran.code(), 1);
    assert!(ran.stderr().contains("mine.toml:"), "{}", ran.stderr());
}

/// A mistyped data directory is not a practice that nothing was ever seen of.
#[test]
fn an_export_of_nothing_is_refused() {
    let world = World::new();
    for format in ["observations", "ocsf", "oscal", "cyclonedx"] {
        let ran = world.run(&["export", format]);
        assert_eq!((ran.code(), ran.stdout().as_str()), (1, ""), "{format}");
        assert!(
            ran.stderr().contains("--data DIR") || ran.stderr().contains("enamel assess"),
            "{}",
            ran.stderr()
        );
    }
}

#[test]
fn a_damaged_ledger_is_named_and_the_rest_is_kept() {
    let world = World::new();
    world.run(&["scan", "host"]).ok();
    world.run(&["scan", "software"]).ok();
    assert_eq!(world.run(&["ledger", "verify"]).code(), 0);
    // Flip a byte inside an entry's body. The last place that holds the word is live; SQLite leaves earlier copies in the
    // free space of pages that it has split.
    let path = world.data().join("ledger.db");
    let mut bytes = fs::read(&path).unwrap();
    let at =
        bytes.windows(12).rposition(|window| window == b"config_state").expect("the body is in the file");
    bytes[at + 3] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let ran = world.run(&["ledger", "verify", "--json"]);
    assert_eq!(ran.code(), 1, "{}", ran.stderr());
    assert!(ran.records()[0]["first_bad"]["seq"].is_u64(), "{}", ran.stdout());
    world.run(&["ledger", "salvage"]).ok();
    // A loss stays a loss until somebody says that it is known.
    let ran = world.run(&["ledger", "verify"]);
    assert!(ran.code() == 1 && ran.stdout().contains("1 recorded as lost: "), "{}", ran.stdout());
    assert_eq!(world.run(&["ledger", "verify", "--accept-lost", "1"]).code(), 0);
    assert_eq!(world.run(&["ledger", "verify", "--accept-lost", "2"]).code(), 1);
    assert!(world.run(&["ledger", "salvage"]).ok().stdout().contains("nothing to salvage"));
    let damaged = files_below(&world.data()).iter().any(|path| path.to_string_lossy().contains("damaged"));
    assert!(damaged, "the damaged file is kept: {:?}", files_below(&world.data()));
    world.run(&["scan", "host"]).ok();
}

#[test]
fn no_ledger_is_not_a_whole_ledger() {
    let world = World::new();
    let ran = world.run(&["ledger", "verify"]);
    assert_eq!(ran.code(), 1);
    assert!(ran.stderr().contains("ledger.db"), "{}", ran.stderr());
    assert!(!ran.stderr().contains("writable"), "verifying writes nothing: {}", ran.stderr());
    assert!(!world.data().exists(), "verifying makes nothing");
}

#[test]
fn an_auditor_compares_a_copy_with_the_root_of_a_report() {
    let world = World::new();
    world.run(&["scan", "host"]).ok();
    world.run(&["scan", "software"]).ok();
    let told = world.run(&["ledger", "verify", "--json"]).ok().records().remove(0);
    let (at, root) = (told["entries"].as_u64().unwrap(), told["roots"][0]["root"].as_str().unwrap());
    let said = world.run(&["ledger", "verify"]).ok().stdout();
    assert!(said.contains(&format!("whole, {at} entries; root through entry {at}: {root}")), "{said}");
    world.run(&["scan", "host"]).ok();
    // The ledger alone, as an auditor is given it, read-only and without its identity file.
    let copy = world.path("copy");
    fs::create_dir(&copy).unwrap();
    fs::copy(world.data().join("ledger.db"), copy.join("ledger.db")).unwrap();
    let mut permissions = fs::metadata(copy.join("ledger.db")).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(copy.join("ledger.db"), permissions).unwrap();
    let verify =
        |more: &[&str]| world.run(&[&["ledger", "verify", "--data", copy.to_str().unwrap()], more].concat());
    let end = verify(&["--json"]).ok().records()[0]["entries"].as_u64().unwrap();
    assert!(end > at);
    let seq = at.to_string();
    let equal = verify(&["--at", &seq, "--expect", root]).ok().stdout();
    assert!(equal.contains(&format!("root through entry {at}: equal; entries 1 to {at} are")), "{equal}");
    for (at, says) in [
        (1, "some of the entries 1 to 1 ".to_owned()),
        (end, format!("some of the entries 1 to {end} ")),
        (end + 4, format!("ends at entry {end}, entries {} to {} are not there", end + 1, end + 4)),
    ] {
        let ran = verify(&["--at", &at.to_string(), "--expect", root]);
        assert_eq!(ran.code(), 1, "{at}");
        assert!(ran.stdout().contains(&says) && ran.stdout().contains("NOT EQUAL"), "{}", ran.stdout());
    }
    let record = verify(&["--json", "--at", &seq, "--expect", root]).ok().records().remove(0);
    assert_eq!(record["comparison"]["equal"], true, "{record}");
    assert_eq!(record["comparison"]["root"], root);
    assert_eq!(record["roots"][0]["through_seq"], end);
    assert_eq!(verify(&["--at", &seq, "--expect", "12ab"]).code(), 2);
    assert_eq!(verify(&["--at", &seq]).code(), 2);
    assert_eq!(files_below(&copy), [copy.join("ledger.db")], "verifying makes nothing");
}

#[test]
fn a_whole_ledger_is_not_salvaged() {
    let world = World::new();
    world.run(&["scan", "host"]).ok();
    let before = fs::read(world.data().join("ledger.db")).unwrap();
    let files = files_below(&world.data());
    let ran = world.run(&["ledger", "salvage"]).ok();
    assert!(ran.stdout().contains("the ledger is whole; nothing to salvage"), "{}", ran.stdout());
    assert_eq!(fs::read(world.data().join("ledger.db")).unwrap(), before);
    assert_eq!(files_below(&world.data()), files);
}

#[cfg(unix)]
#[test]
fn hostile_folders_do_not_stop_a_scan() {
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let world = World::new();
    world.file("intake.txt", intake());
    let practice = world.practice();
    symlink("loop-b", practice.join("loop-a")).unwrap();
    symlink("loop-a", practice.join("loop-b")).unwrap();
    symlink(&practice, practice.join("self")).unwrap();
    let odd = practice.join(std::ffi::OsStr::from_bytes(b"caf\xe9.txt"));
    fs::write(odd, intake()).unwrap();
    fs::File::create(practice.join("sparse.bin")).unwrap().set_len(10 << 30).unwrap();
    let locked = practice.join("locked");
    fs::create_dir(&locked).unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o0)).unwrap();
    let started = Instant::now();
    let ran = world.run(&["scan", "phi", "--json", practice.to_str().unwrap()]).ok();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o755)).unwrap();
    assert!(started.elapsed() < Duration::from_mins(1), "a sparse file's holes are not read");
    let records = ran.records();
    let with_ssn = records.iter().filter(|record| record["entities"]["SSN"] == 1).count();
    assert_eq!(with_ssn, 2, "{}", ran.stdout());
    assert!(records.iter().any(|record| record["path_is_lossy"] == true), "{}", ran.stdout());
}

#[cfg(unix)]
#[test]
fn a_full_disk_leaves_the_earlier_findings_whole() {
    let world = World::new();
    world.file("intake.txt", intake());
    let (practice, out) = (world.practice(), world.path("out"));
    let arguments = ["assess", "--quiet", practice.to_str().unwrap(), "--out", out.to_str().unwrap()];
    world.run(&arguments).ok();
    let before = fs::read(out.join("findings.json")).unwrap();
    // A limit on file size stands in for the full disk: the write fails half-way in the same manner.
    let binary = env!("CARGO_BIN_EXE_enamel");
    let limited = std::process::Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 128; exec \"$@\"", "sh", binary])
        .args(["export", "observations", "--out"])
        .arg(out.join("findings.json"))
        .env("ENAMEL_DATA", world.data())
        .output()
        .unwrap();
    assert_eq!(limited.status.code(), Some(1), "{}", String::from_utf8_lossy(&limited.stderr));
    let said = String::from_utf8_lossy(&limited.stderr);
    assert!(said.contains("findings.json"), "{said}");
    assert_eq!(fs::read(out.join("findings.json")).unwrap(), before, "what was there before is untouched");
    let leftovers: Vec<_> =
        files_below(&out).into_iter().filter(|path| path.to_string_lossy().contains("part")).collect();
    assert_eq!(leftovers, Vec::<std::path::PathBuf>::new());
}

#[cfg(unix)]
#[test]
fn what_is_written_is_the_owners_alone_and_follows_no_link() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let world = World::new();
    world.file("intake.txt", intake());
    let (practice, out) = (world.practice(), world.path("out"));
    let elsewhere = world.path("elsewhere");
    fs::write(&elsewhere, "precious").unwrap();
    fs::create_dir(&out).unwrap();
    symlink(&elsewhere, out.join("findings.json")).unwrap();
    world.run(&["assess", practice.to_str().unwrap(), "--out", out.to_str().unwrap()]).ok();
    assert_eq!(
        fs::read_to_string(&elsewhere).unwrap(),
        "precious",
        "a link at the target is replaced, not followed"
    );
    for path in files_below(&out).into_iter().chain([world.data()]) {
        let mode = fs::symlink_metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} can be read by others", path.display());
    }
}

#[test]
fn two_first_runs_make_one_identity() {
    let world = World::new();
    let mut runs: Vec<_> = (0..8)
        .map(|_| {
            let mut run = world.enamel(&["risk", "--trials", "100", "--quiet"]);
            run.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
        })
        .collect();
    // The ledger is one process's at a time, so they wait for each other; none may make a second identity.
    for run in &mut runs {
        assert!(run.wait().unwrap().success());
    }
    let identities =
        files_below(&world.data()).into_iter().filter(|path| path.to_string_lossy().contains("identity"));
    assert_eq!(identities.count(), 1);
}

#[test]
fn a_ledger_in_use_is_waited_for_and_that_is_said() {
    let world = World::new();
    fs::create_dir(world.data()).unwrap();
    let held = enamel_ledger::Ledger::open(&world.data().join("ledger.db")).unwrap();
    let start = || {
        let mut run = world.enamel(&["risk", "--trials", "100"]);
        run.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let mut said = String::new();
    let (mut in_vain, begun) = (start(), Instant::now());
    assert_eq!(in_vain.wait().unwrap().code(), Some(1));
    in_vain.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(9), "it waits before it gives up");
    assert!(said.contains("waiting") && said.contains("in use by another process"), "{said}");

    let mut in_time = start();
    let mut stderr = BufReader::new(in_time.stderr.take().unwrap());
    let mut first = String::new();
    stderr.read_line(&mut first).unwrap();
    assert!(first.contains("waiting"), "{first}");
    drop(held);
    assert!(in_time.wait().unwrap().success());
}

#[test]
fn a_content_folder_without_content_is_refused() {
    let world = World::new();
    let ran = world.run(&["config", "check", "--content", world.practice().to_str().unwrap()]);
    assert!(ran.code() == 1 && ran.stderr().contains("holds no content"), "{}", ran.stderr());
}

#[cfg(unix)]
#[test]
fn a_data_directory_that_others_can_write_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new();
    fs::create_dir(world.data()).unwrap();
    fs::set_permissions(world.data(), fs::Permissions::from_mode(0o777)).unwrap();
    let ran = world.run(&["scan", "host"]);
    assert!(ran.code() == 1 && ran.stderr().contains("chmod 700"), "{}", ran.stderr());
    assert_eq!(files_below(&world.data()), Vec::<std::path::PathBuf>::new());
}

#[cfg(unix)]
#[test]
fn an_error_message_cannot_drive_the_terminal() {
    let world = World::new();
    let ran = world.run(&["scan", "phi", "/tmp/no\u{1b}]0;owned\u{7}such"]);
    assert_eq!(ran.code(), 1);
    assert!(!ran.stderr().contains(['\u{1b}', '\u{7}']), "{:?}", ran.stderr());
}
