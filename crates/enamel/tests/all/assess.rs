//! The files that `assess` writes, and what the report says of the assessment before.

use std::collections::BTreeSet;
use std::path::Path;

use crate::run::World;

/// The report's sentence on what changed, after the day it compares with.
#[cfg(feature = "report")]
fn change(world: &World) -> Option<String> {
    let html = std::fs::read_to_string(world.path("out/report.html")).expect("a report");
    let (_, said) = html.split_once("Since ")?.1.split_once(", ")?;
    Some(said.split('<').next().unwrap_or_default().trim().to_owned())
}

/// Assesses the practice's folder; gives the yearly loss to expect.
fn assess(world: &World) -> f64 {
    let (practice, out) = (world.practice(), world.path("out"));
    let ran = world.run(&["assess", "--json", text(&practice), "--out", text(&out)]).ok();
    let records = ran.records();
    let assessment = records.iter().find(|record| record["type"] == "assessment").expect("an assessment");
    assessment["mean"].as_f64().expect("a mean")
}

/// The ids of the open findings in findings.json.
fn open(lines: &str) -> BTreeSet<String> {
    let events =
        lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("a JSON line"));
    events
        .filter(|event| event["unmapped"]["enamel"]["state"] == "open")
        .map(|event| event["finding_info"]["uid"].as_str().expect("an id").to_owned())
        .collect()
}

#[cfg(feature = "report")]
fn findings(world: &World) -> String {
    std::fs::read_to_string(world.path("out/findings.json")).expect("findings")
}

/// What the report has to say of two assessments.
#[cfg(feature = "report")]
fn sentence(before: &BTreeSet<String>, after: &BTreeSet<String>, difference: f64) -> String {
    let new = match after.difference(before).count() {
        0 => "no finding is new".to_owned(),
        1 => "1 finding is new".to_owned(),
        many => format!("{many} findings are new"),
    };
    let gone = match before.difference(after).count() {
        0 => "none is fixed".to_owned(),
        1 => "1 is fixed".to_owned(),
        many => format!("{many} are fixed"),
    };
    let direction = if difference < 0.0 { "fell" } else { "rose" };
    format!(
        "{new} and {gone}. The expected yearly loss {direction} by {}.",
        enamel_types::Usd(difference.abs())
    )
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

/// An export with so many people in it.
fn charts(people: usize) -> String {
    let row = |n: usize| {
        let (serial, day, phone) = (1_000 + n, n % 28 + 1, n % 1_000);
        format!("{n},Ada Birch{n},03/{day:02}/1972,526-97-{serial},(212) 555-0{phone:03}")
    };
    let header = "PatNum,Name,DOB,SSN,Phone".to_owned();
    std::iter::once(header).chain((0..people).map(row)).collect::<Vec<_>>().join("\n")
}

#[test]
#[cfg(feature = "report")]
fn the_report_says_what_changed_since_the_assessment_before() {
    let world = World::new();
    world.file("charts.csv", charts(20));
    let before = assess(&world);
    assert_eq!(change(&world), None, "the first report has nothing to compare with");

    let first = open(&findings(&world));

    // Looks that made no report, and what only they saw, are no assessment: the next report still speaks of the first.
    world.file("Downloads/export.csv", charts(2_000));
    let practice = world.practice();
    world.run(&["scan", "phi", text(&practice)]).ok();
    world.run(&["scan", "host"]).ok();
    let after = assess(&world);
    assert!(after > before, "more people's data costs more: {before} and then {after}");
    let second = open(&findings(&world));
    assert!(second.difference(&first).count() > 0, "the export is a finding");
    assert_eq!(change(&world), Some(sentence(&first, &second, after - before)));

    std::fs::remove_dir_all(practice.join("Downloads")).unwrap();
    let cleaned = assess(&world);
    let third = open(&findings(&world));
    assert!(second.difference(&third).count() > 0, "the export is gone");
    assert_eq!(change(&world), Some(sentence(&second, &third, cleaned - after)));
}

/// Whether the finding on the password file in the practice's folder stands open.
fn password_is_open(world: &World) -> bool {
    let exported = world.run(&["export", "ocsf"]).ok();
    let finding = exported.records().into_iter().find(|event| {
        event["finding_info"]["analytic"]["uid"] == "secret.mysql-client"
            && event["unmapped"]["enamel"]["seen"].as_str().is_some_and(|seen| seen.contains("practice"))
    });
    match finding.expect("the finding has a history")["unmapped"]["enamel"]["state"].as_str() {
        Some("open") => true,
        Some("resolved") => false,
        other => panic!("{other:?}"),
    }
}

/// A look at the computer alone says nothing of a folder that was looked at before.
#[test]
fn a_folders_findings_are_resolved_only_by_a_look_at_that_folder() {
    let world = World::new();
    let file = world.file("server/.my.cnf", "[client]\npassword=list-S3cret1\n");
    let (practice, out) = (world.practice(), world.path("out"));
    let (practice, out) = (text(&practice), text(&out));
    let scan = ["scan", "software", "--json", practice];
    let findings = |ran: &crate::run::Ran| {
        ran.records().iter().filter(|record| record["rule"] == "secret.mysql-client").count()
    };
    assert_eq!(
        findings(
            &world.run(&[&scan[..], &[&world.practice().join("server").to_string_lossy()]].concat()).ok()
        ),
        1
    );
    assert!(password_is_open(&world));
    world.run(&["scan", "software"]).ok();
    assert!(password_is_open(&world), "the computer alone was looked at");
    std::fs::create_dir(world.path("empty")).unwrap();
    world.run(&["assess", text(&world.path("empty")), "--out", out]).ok();
    assert!(password_is_open(&world), "another folder was looked at");

    std::fs::remove_file(file).unwrap();
    world.run(&scan).ok();
    assert!(password_is_open(&world), "the folder inside has a statement of its own");
    world.run(&["assess", practice, text(&world.practice().join("server")), "--out", out]).ok();
    assert!(!password_is_open(&world));
}

/// A folder that was searched beside the computer does not double the kinds of places that are said to be clean.
#[test]
#[cfg(feature = "report")]
fn the_report_counts_a_kind_of_place_once() {
    let world = World::new();
    assess(&world);
    let html = std::fs::read_to_string(world.path("out/report.html")).unwrap();
    let (before, _) = html.split_once(" kinds of places looked at").expect("the sentence");
    let said: usize = before.rsplit(|c: char| !c.is_ascii_digit()).next().unwrap().parse().expect("a number");
    let known = enamel_exposure::Signatures::builtin().unwrap().secret_ids().count();
    assert!(said > 1 && said <= known, "{said} of {known}");
}

/// What the latest survey for patient data counted: files, and files that hold some.
fn surveyed(world: &World, data: &[&str]) -> (u64, u64) {
    let exported = world.run(&[&["export", "observations"], data].concat()).ok().records();
    let mut bodies = exported.iter().map(|entry| &entry["observation"]["body"]);
    let survey = bodies.rfind(|body| body["files_with_phi"].is_u64()).expect("a survey");
    let count = |of: &str| survey[of].as_u64().expect("a count");
    (count("files"), count("files_with_phi"))
}

/// Whoever has the report written beside the charts, and keeps the data there too, still has the charts searched.
#[test]
fn only_enamels_own_files_are_left_out_of_the_search() {
    let world = World::new();
    world.file("charts.csv", charts(20));
    world.file("data/export.csv", charts(30));
    let practice = world.practice();
    let practice = text(&practice);
    let data = practice.to_owned() + "/data";
    let data = ["--data", &data];
    for _ in 0..2 {
        world.run(&[&["assess", practice, "--out", practice], &data[..]].concat()).ok();
        assert_eq!(surveyed(&world, &data), (2, 2), "two exports and no report or ledger");
    }
}

/// People are counted alike on the terminal and in the report, also where one folder was named with another inside it.
#[test]
#[cfg(feature = "report")]
fn nobody_is_counted_twice_in_a_folder_inside_another() {
    let world = World::new();
    world.file("y/charts.csv", charts(20));
    let (practice, inner, out) = (world.practice(), world.path("practice/y"), world.path("out"));
    let ran = world.run(&["assess", text(&practice), text(&inner), "--out", text(&out)]).ok();
    assert!(ran.stdout().contains("Data of 20 people"), "{}", ran.stdout());
    let html = std::fs::read_to_string(out.join("report.html")).unwrap();
    let (before, _) = html.split_once("people whose records were found").expect("the figure");
    let figure = &before[before.len() - 200..];
    assert!(figure.contains(">20<") && !figure.contains("40"), "{figure}");
}

/// A folder inside another was looked at by itself, and now cannot be read: what the outer look saw of it stands as it stood.
#[test]
#[cfg(unix)]
fn a_finding_stays_open_while_a_fresh_look_has_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new();
    let file = world.file("y/charts.csv", charts(2_000));
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let (practice, inner) = (world.practice(), world.path("practice/y"));
    world.run(&["scan", "phi", text(&practice)]).ok();
    let outer = open(&world.run(&["export", "ocsf"]).ok().stdout());
    world.run(&["scan", "phi", text(&inner)]).ok();
    assert!(!outer.is_empty());
    // Without the file: that is what a look that cannot read it comes to, also for root.
    std::fs::rename(&file, world.path("elsewhere")).unwrap();
    world.run(&["scan", "phi", text(&inner)]).ok();
    let after = open(&world.run(&["export", "ocsf"]).ok().stdout());
    assert!(outer.is_subset(&after), "{outer:?} and then {after:?}");
}

#[test]
fn findings_json_is_what_the_export_writes() {
    let world = World::new();
    world.file("charts.csv", charts(20));
    assess(&world);
    let written = std::fs::read_to_string(world.path("out/findings.json")).unwrap();
    let exported = world.run(&["export", "ocsf"]).ok().stdout();
    let without_moment = |lines: &str| -> Vec<serde_json::Value> {
        let event = |line: &str| {
            let mut event: serde_json::Value = serde_json::from_str(line).unwrap();
            assert!(event["metadata"]["logged_time"].take().is_u64());
            event
        };
        lines.lines().map(event).collect()
    };
    assert!(!written.is_empty());
    assert_eq!(without_moment(&written), without_moment(&exported));
}

#[test]
#[cfg(feature = "report")]
fn a_report_is_printed_or_the_reason_is_said() {
    let world = World::new();
    world.file("charts.csv", charts(3));
    let (practice, out) = (world.practice(), world.path("out"));
    let ran = world.run(&["assess", text(&practice), "--out", text(&out), "--pdf"]);
    assert!(ran.stdout().contains("Expected loss"), "the answer comes with or without a browser");
    assert!(out.join("report.html").is_file() && out.join("findings.json").is_file());
    if enamel_report::pdf::installed_browser().is_some() {
        assert_eq!(ran.code(), 0, "{}", ran.stderr());
        assert!(ran.stdout().contains("report.pdf"), "{}", ran.stdout());
        assert!(std::fs::read(out.join("report.pdf")).unwrap().starts_with(b"%PDF-"));
    } else {
        assert_eq!(ran.code(), 1);
        assert!(ran.stderr().contains("report.pdf") && ran.stderr().contains("help"), "{}", ran.stderr());
        assert!(!out.join("report.pdf").exists());
    }
}

#[test]
#[cfg(not(feature = "report"))]
fn the_agents_build_says_that_it_makes_no_report() {
    let world = World::new();
    let (practice, out) = (world.practice(), world.path("out"));
    let ran = world.run(&["assess", text(&practice), "--out", text(&out)]).ok();
    assert!(ran.stderr().contains("report.html"), "{}", ran.stderr());
    assert!(out.join("findings.json").is_file() && !out.join("report.html").exists());
}
