//! The command line contract: forms, fields, streams and exit codes that scripts rely on.

use crate::run::World;

const INTAKE: &str = "New patient intake\n\
    Name: Ada Birch\nDate of Birth: 03/04/1972\nSSN: 526-97-9514\nMember ID: PEF908412812\n\
    Chart #: PT-73316\nPhone: (212) 555-0143\n";

#[test]
fn scan_phi_prints_one_record_a_file() {
    let world = World::new();
    world.file("intake.txt", INTAKE);
    world.file("stock.txt", "Gloves, 40 boxes. Order 835130328 shipped.\n");
    let practice = world.practice();
    let records = world.run(&["scan", "phi", "--json", practice.to_str().unwrap()]).ok().records();
    assert_eq!(records.len(), 2);
    let intake =
        records.iter().find(|record| record["path"].as_str().unwrap().ends_with("intake.txt")).unwrap();
    assert_eq!(intake["format"], "txt");
    assert_eq!(intake["entities"]["SSN"], 1);
    assert_eq!(intake["entities"]["DOB"], 1);
    assert_eq!(intake["entities"]["MEMBER_ID"], 1);
    assert_eq!(intake["persons"]["estimate"], 1);
    assert!(intake["persons"]["low"].as_u64() <= Some(1) && intake["persons"]["high"].as_u64() >= Some(1));
    assert_eq!(intake["errors"], serde_json::json!([]));
    assert!(intake.get("values").is_none(), "fingerprints only when asked for");
    let stock =
        records.iter().find(|record| record["path"].as_str().unwrap().ends_with("stock.txt")).unwrap();
    assert_eq!(stock["entities"], serde_json::json!({}));
}

/// An X-ray database under a name of its own: what cannot be opened is said by every verb that searched.
#[test]
fn a_database_that_cannot_be_opened_is_said_everywhere() {
    let world = World::new();
    world.file("intake.txt", INTAKE);
    world.file("images/XRAYS.dat", [&b"\x01\x0F\0\0\x08\0\0\0"[..], &[0x5A; 9_000]].concat());
    let (practice, out) = (world.practice(), world.path("out"));
    let (practice, out) = (practice.to_str().unwrap(), out.to_str().unwrap());
    let records = world.run(&["scan", "phi", "--json", practice]).ok().records();
    let database = records.iter().find(|record| record["format"] == "database").unwrap();
    assert_eq!(database["errors"][0]["kind"], "unsupported");
    let sentence = "was found but cannot be opened by Enamel: it may hold patient data";
    let scanned = world.run(&["scan", "phi", practice]).ok().stdout();
    assert!(scanned.contains("1 database file (") && scanned.contains(sentence), "{scanned}");
    assert!(scanned.contains("1 of 1 file ("), "it is not among the files searched: {scanned}");
    assert!(scanned.contains("1 Social Security number, "), "{scanned}");
    let assessed = world.run(&["assess", practice, "--out", out]).ok().stdout();
    assert!(assessed.contains("Are we safe? ") && assessed.contains(sentence), "{assessed}");
    #[cfg(feature = "report")]
    {
        let html = std::fs::read_to_string(world.path("out/report.html")).unwrap();
        let unseen = html.split("<section id=\"gaps\"").nth(1).unwrap();
        assert!(unseen.contains("1 database file (") && unseen.contains("they may hold patient data"));
        let again = world.run(&["assess", practice, "--out", out]).ok().stdout();
        assert!(again.contains("no finding is new and none is fixed."), "{again}");
    }
}

/// What a practice runs cannot be made to print a patient's values.
#[test]
#[cfg(not(feature = "test-reveal"))]
fn the_build_that_ships_does_not_know_how_to_reveal() {
    let world = World::new();
    let intake = world.file("intake.txt", INTAKE);
    let ran = world.run(&["scan", "phi", "--json", "--reveal-for-tests", intake.to_str().unwrap()]);
    assert_eq!((ran.code(), ran.stdout().as_str()), (2, ""), "{}", ran.stderr());
}

/// What a practice runs holds no operator's tool.
#[test]
#[cfg(not(feature = "server"))]
fn the_agents_build_signs_nothing() {
    assert_eq!(World::new().run(&["sign", "key", "show", "x"]).code(), 2);
}

#[test]
fn exit_codes_are_as_documented() {
    let world = World::new();
    let intake = world.file("Desktop/intake.txt", INTAKE);
    let intake = intake.to_str().unwrap();
    assert_eq!(world.run(&["scan", "phi", intake]).code(), 0);
    assert_eq!(world.run(&["scan", "phi", "--no-such-option", intake]).code(), 2);
    assert_eq!(world.run(&["scan", "phi"]).code(), 2);
    let missing = world.run(&["scan", "phi", "/no/such/folder"]);
    assert_eq!(missing.code(), 1);
    assert!(
        missing.stderr().contains("/no/such/folder") && missing.stderr().contains("help"),
        "{}",
        missing.stderr()
    );
    assert_eq!(world.run(&["scan", "phi", "--fail-on", "low", intake]).code(), 3);
    assert_eq!(world.run(&["scan", "phi", "--fail-on", "terrible", intake]).code(), 2);
}

#[test]
fn assess_writes_a_report_and_findings() {
    let world = World::new();
    world.file("intake.txt", INTAKE);
    let (practice, out) = (world.practice(), world.path("out"));
    let ran = world.run(&["assess", practice.to_str().unwrap(), "--out", out.to_str().unwrap()]).ok();
    assert!(ran.stdout().contains("Expected loss"), "{}", ran.stdout());
    if cfg!(feature = "report") {
        let html = std::fs::read_to_string(out.join("report.html")).unwrap();
        assert!(html.starts_with("<!doctype html>") || html.starts_with("<!DOCTYPE html>"));
        for reach in ["<script", "<link", "@import", "src=\"http", "url(http"] {
            assert!(!html.contains(reach), "the report reaches out of its file: {reach}");
        }
    } else {
        assert!(!out.join("report.html").exists());
    }
    let written = std::fs::read_to_string(out.join("findings.json")).unwrap();
    let findings: Vec<serde_json::Value> =
        written.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(!findings.is_empty());
    assert!(
        findings
            .iter()
            .all(|finding| finding["class_uid"].is_u64() && finding["finding_info"]["uid"].is_string())
    );

    // The same weakness seen twice is one finding with a history, not two.
    world.run(&["assess", practice.to_str().unwrap(), "--out", out.to_str().unwrap()]).ok();
    let again = std::fs::read_to_string(out.join("findings.json")).unwrap();
    let ids = |text: &str| -> std::collections::BTreeSet<String> {
        let uid = |line: &str| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["finding_info"]["uid"].to_string()
        };
        text.lines().map(uid).collect()
    };
    assert_eq!(ids(&written), ids(&again));
    assert_eq!(again.lines().count(), findings.len());
}

#[test]
fn risk_is_the_same_to_the_last_bit() {
    let world = World::new();
    let run = |threads: &str| {
        world.run(&["risk", "--json", "--trials", "20000", "--seed", "7", "--threads", threads]).ok().stdout()
    };
    let one = run("1");
    assert_eq!(one, run("2"));
    assert_eq!(one, run("5"));
    let record: serde_json::Value = serde_json::from_str(&one).unwrap();
    for field in ["mean", "p50", "p90", "p95"] {
        assert!(record[field].is_number(), "{field} in {record}");
    }
    assert!(record["curve"][0][0].is_number() && record["curve"][0][1].is_number());
    assert!(record["fixes"].is_array());
}

#[test]
fn scan_host_says_every_outcome_with_its_reason() {
    let world = World::new();
    let records = world.run(&["scan", "host", "--json"]).ok().records();
    assert!(records.len() > 10);
    for record in &records {
        assert!(["pass", "fail", "unknown", "not_applicable"].contains(&record["outcome"].as_str().unwrap()));
        assert!(!record["detail"].as_str().unwrap().is_empty(), "{record}");
    }
}

#[test]
fn data_on_stdout_everything_else_on_stderr() {
    let world = World::new();
    world.file("intake.txt", INTAKE);
    let (practice, out) = (world.practice(), world.path("out"));
    let ran =
        world.run(&["assess", "--json", practice.to_str().unwrap(), "--out", out.to_str().unwrap()]).ok();
    ran.records(); // every line of stdout is a record
    assert!(ran.stderr().contains("Looking"), "{}", ran.stderr());
    assert!(
        !ran.stderr().contains('\u{1b}') && !ran.stdout().contains('\u{1b}'),
        "no colours where NO_COLOR is set"
    );
    let quiet =
        world.run(&["assess", "--quiet", practice.to_str().unwrap(), "--out", out.to_str().unwrap()]).ok();
    assert_eq!(quiet.stderr(), "");
}

#[test]
fn exports_are_what_they_say() {
    let world = World::new();
    world.file("intake.txt", INTAKE);
    let (practice, out) = (world.practice(), world.path("out"));
    let empty = world.run(&["export", "cyclonedx"]);
    assert_eq!(empty.code(), 1);
    assert!(empty.stderr().contains("enamel assess"), "{}", empty.stderr());
    world.run(&["assess", practice.to_str().unwrap(), "--out", out.to_str().unwrap()]).ok();
    let json = |format: &str| -> serde_json::Value {
        serde_json::from_str(&world.run(&["export", format]).ok().stdout()).unwrap()
    };
    assert_eq!(json("cyclonedx")["specVersion"], "1.6");
    if cfg!(feature = "report") {
        assert!(json("oscal")["assessment-results"]["uuid"].is_string());
    } else {
        let refused = world.run(&["export", "oscal"]);
        assert!(refused.code() == 1 && refused.stderr().contains("help"), "{}", refused.stderr());
    }
    assert!(!world.run(&["export", "ocsf"]).ok().records().is_empty());
    let observations = world.run(&["export", "observations"]).ok().records();
    assert_eq!(
        observations.len(),
        5,
        "inventory, host, software of the computer and below the folder, patient data"
    );
    assert!(
        observations[0]["hash"].is_string() && observations[0]["observation"]["body"]["kind"].is_string()
    );
}

#[test]
fn what_a_person_states_counts_until_it_expires() {
    let world = World::new();
    let attest = |arguments: &[&str]| {
        let mut all = vec!["attest"];
        all.extend(arguments);
        world.run(&all)
    };
    let reason = ["--reason", "Sanction policy of 2 May 2026", "--person", "Ada Birch, owner"];
    let with = |head: &[&'static str]| -> Vec<&'static str> { head.iter().chain(&reason).copied().collect() };
    attest(&with(&["164.308(a)(1)(ii)(C)", "--statement", "implemented"])).ok();
    let unknown = attest(&with(&["164.999", "--statement", "implemented"]));
    assert!(unknown.code() == 1 && unknown.stderr().contains("catalogue"), "{}", unknown.stderr());
    let away = attest(&with(&["164.308(a)(1)(ii)(C)", "--statement", "not-reasonable"]));
    assert!(away.code() == 1 && away.stderr().contains("required"), "{}", away.stderr());
    let late =
        attest(&with(&["164.308(a)(1)(ii)(C)", "--statement", "implemented", "--expires", "2020-01-01"]));
    assert_eq!(late.code(), 1);
    let long =
        attest(&with(&["164.308(a)(1)(ii)(C)", "--statement", "implemented", "--expires", "2099-01-01"]));
    assert!(long.code() == 1 && long.stderr().contains("12 months"), "{}", long.stderr());
    let american =
        attest(&with(&["164.308(a)(1)(ii)(C)", "--statement", "implemented", "--expires", "12/31/2026"]));
    assert!(
        american.code() == 2 && american.stderr().contains("write it as 2026-12-31"),
        "{}",
        american.stderr()
    );
    // Recorded all the same, and what it is worth is said.
    let unseen = attest(&with(&["164.312(a)(2)(iii)", "--statement", "implemented"])).ok();
    assert!(unseen.stderr().contains("only a sensor can show"), "{}", unseen.stderr());
    assert_eq!(world.run(&["ledger", "verify"]).code(), 0);
}

#[test]
fn checks_are_evidence_only_for_controls_that_exist() {
    let checks = enamel_exposure::Catalogue::builtin().unwrap();
    let controls = enamel_risk::Catalogue::builtin().unwrap();
    for check in checks.checks() {
        for control in &check.controls {
            assert!(
                controls.get(control).is_some(),
                "{} cites {control}, which the catalogue does not know",
                check.id
            );
        }
    }
}

#[test]
fn one_folder_is_one_place_however_it_is_spelled() {
    let world = World::new();
    world.file("records/intake.txt", INTAKE);
    let out = world.path("out");
    let out = out.to_str().unwrap();
    let absolute = world.practice();
    for spelling in ["practice", "./practice/", "practice/../practice", absolute.to_str().unwrap()] {
        world.run(&["assess", "--quiet", spelling, "--out", out]).ok();
        let findings = world.run(&["export", "ocsf"]).ok().records();
        let folders: Vec<_> = findings
            .iter()
            .filter(|finding| finding["finding_info"]["analytic"]["uid"] == "phi.folder")
            .map(|finding| finding["resources"][0]["name"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(folders.len(), 1, "{spelling}: {folders:?}");
        assert!(std::path::Path::new(&folders[0]).is_absolute(), "{folders:?}");
    }
    // Records keep the spelling that was given: a script joins them with its own list.
    let records = world.run(&["scan", "phi", "--json", "practice"]).ok().records();
    assert!(records[0]["path"].as_str().unwrap().starts_with("practice"), "{records:?}");
}

#[test]
fn a_practice_file_is_remembered() {
    let world = World::new();
    std::fs::write(world.path("practice.toml"), "name = \"Birch Family Dental\"\n").unwrap();
    let (practice, out) = (world.practice(), world.path("out"));
    let (practice, out) = (practice.to_str().unwrap(), out.to_str().unwrap());
    let first = world.run(&["assess", practice, "--out", out, "--practice", "practice.toml"]).ok();
    assert!(first.stdout().contains("Birch Family Dental"));
    assert!(world.run(&["assess", practice, "--out", out]).ok().stdout().contains("Birch Family Dental"));
}

#[cfg(unix)]
#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    use std::process::Stdio;
    let world = World::new();
    world.run(&["scan", "host"]).ok();
    let mut child = world
        .enamel(&["export", "observations"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take()); // closed before anything was written
    let ended = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
    assert!(ended.status.success());
}

/// `scan phi --json … | head -1`: the search is for the ledger too, and so is its exit code for the script.
#[cfg(unix)]
#[test]
fn a_search_that_nobody_reads_is_recorded_all_the_same() {
    use std::process::Stdio;
    let world = World::new();
    world.file("intake.txt", INTAKE);
    world.file("more/intake.txt", INTAKE);
    world.run(&["scan", "host"]).ok();
    for (form, code) in [(vec!["--json"], 0), (vec![], 0), (vec!["--json", "--fail-on", "low"], 3)] {
        let before = world.run(&["export", "observations"]).ok().records().len();
        let practice = world.practice();
        let arguments = [&["scan", "phi", practice.to_str().unwrap()], &form[..]].concat();
        let streams = (Stdio::piped(), Stdio::piped());
        let mut child = world.enamel(&arguments).stdout(streams.0).stderr(streams.1).spawn().unwrap();
        drop(child.stdout.take()); // closed before anything was written
        let ended = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(said.contains("the search goes on"), "{said}");
        let after = world.run(&["export", "observations"]).ok().records().len();
        assert_eq!(after, before + 1, "{arguments:?}: {said}");
    }
}

/// A full disk under the log is no reason to stop, and an error still has its code.
#[cfg(target_os = "linux")]
#[test]
fn standard_error_that_cannot_be_written_stops_nothing() {
    let world = World::new();
    world.file("intake.txt", INTAKE);
    let (practice, out) = (world.practice(), world.path("out"));
    let full = || std::fs::File::options().write(true).open("/dev/full").unwrap();
    let assess = ["assess", practice.to_str().unwrap(), "--out", out.to_str().unwrap()];
    let assessed = world.enamel(&assess).stderr(full()).output().unwrap();
    assert_eq!(assessed.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&assessed.stdout).contains("Are we safe? "));
    let missing = world.enamel(&["scan", "phi", "nowhere"]).stderr(full()).output().unwrap();
    assert_eq!(missing.status.code(), Some(1));
}

/// After a search, and while it waits for anything else, Ctrl-C ends Enamel at once.
#[cfg(unix)]
#[test]
fn ctrl_c_ends_the_wait_for_the_ledger() {
    use std::io::{BufRead as _, BufReader};
    use std::process::{Command, Stdio};
    let world = World::new();
    world.file("intake.txt", INTAKE);
    let practice = world.practice();
    let scan = ["scan", "phi", practice.to_str().unwrap()];
    world.run(&scan).ok();
    let held = enamel_ledger::Ledger::open(&world.data().join("ledger.db")).unwrap();
    let mut child = world.enamel(&scan).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(said.next().unwrap().contains("waiting for it to end"));
    let interrupt = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupt.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(said.next(), None);
    drop(held);
}
