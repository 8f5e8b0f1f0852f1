//! What each row of `readings.toml` says is judged as the row means it, on every system that the row is read on.

use std::collections::BTreeMap;

use enamel_assess::{Assessor, Content as RealContent};
use enamel_types::config_state::{CheckReading, ConfigState, Reading, Value};
use enamel_types::device::{DeviceRole, OsFamily, OsInfo};
use enamel_types::{
    AgentId, Body, CheckOutcome, DeviceId, Minter, Observation, PracticeId, PracticeProfile, RuleResult,
    Sensor, Timestamp,
};

use super::content::{Content, System};

const DAY: &str = "2026-11-24T12:00:00Z";

/// All systems of the demo that are still looked after, in the roles that they have in it.
fn systems(content: &Content) -> Vec<OsInfo> {
    let os = |system: &System, role| OsInfo {
        family: system.family,
        name: system.name.clone(),
        product: system.product.clone(),
        version: system.version.clone(),
        build: system.build.replace("{patch}", "6000"),
        edition: system.edition.clone(),
        role,
    };
    let mut systems = Vec::new();
    for system in content.systems.iter().filter(|system| system.id != "windows-7") {
        match system.product.as_str() {
            "windows" => systems.push(os(system, DeviceRole::Workstation)),
            "windows-server" => {
                systems.push(os(system, DeviceRole::Server));
                systems.push(os(system, DeviceRole::DomainController));
            }
            _ => systems.push(os(system, DeviceRole::Server)),
        }
    }
    systems
}

fn windows_build(os: &OsInfo) -> u32 {
    os.build.split('.').next().and_then(|build| build.parse().ok()).unwrap_or(u32::MAX)
}

/// Judges a computer on which all is well but for the checks in `bad`.
fn judged(real: &RealContent, content: &Content, os: &OsInfo, bad: &[&str]) -> BTreeMap<String, RuleResult> {
    let text = |text: &str| Some(Reading::Value(Value::Text(text.to_owned())));
    let now: Timestamp = DAY.parse().unwrap();
    let letter = if os.family == OsFamily::Windows { 'W' } else { 'L' };
    let rows = content.readings.iter().filter(|row| row.check.as_str().starts_with(letter));
    let readings = rows
        .map(|row| {
            let is_bad = bad.contains(&row.check.as_str());
            let made = match row.check.as_str() {
                "W32" => text(if is_bad { "2026-10-01" } else { "2026-11-12" }),
                "W33" | "L04" => text("a system"),
                _ => None,
            };
            let reading = made.or_else(|| if is_bad { row.bad.clone() } else { row.good.clone() }).unwrap();
            CheckReading { check: row.check.clone(), source: row.source.clone(), reading }
        })
        .collect();
    let mut fill = |bytes: &mut [u8]| bytes.fill(7);
    let mut minter = Minter::new(&mut fill);
    let observation = Observation {
        id: minter.observation(now),
        practice: PracticeId::from_uuid(minter.uuid(now)),
        device: DeviceId::from_uuid(minter.uuid(now)),
        agent: AgentId::from_uuid(minter.uuid(now)),
        observed_at: now,
        valid_until: now,
        sensor: Sensor { name: "scan host".to_owned(), version: String::new() },
        scope: "host".to_owned(),
        gaps: Vec::new(),
        body: Body::ConfigState(ConfigState { os: os.clone(), readings }),
    };
    let profile =
        PracticeProfile { remote_tools: vec!["ScreenConnect".to_owned()], ..PracticeProfile::default() };
    let results = Assessor { content: real, profile: &profile }.judge(&observation).results;
    results.into_iter().map(|result| (result.rule.to_string(), result)).collect()
}

#[test]
fn good_readings_pass_and_bad_ones_fail() {
    let (real, content) = (RealContent::load(None).unwrap(), Content::builtin().unwrap());
    let known: Vec<&str> = real.checks.checks().iter().map(|check| check.id.as_str()).collect();
    let rows: Vec<&str> = content.readings.iter().map(|row| row.check.as_str()).collect();
    assert_eq!(rows, known, "each check of content/checks has one row, in the same order");
    for os in systems(&content) {
        let well = judged(&real, &content, &os, &[]);
        for (check, result) in &well {
            let expected = match check.as_str() {
                // Nobody looks at backups, and at published flaws of packages, yet.
                "W53" | "L05" => CheckOutcome::Unknown,
                // The system's age is its own affair.
                "W33" | "L04" => continue,
                _ if result.outcome == CheckOutcome::NotApplicable => continue,
                _ => CheckOutcome::Pass,
            };
            assert_eq!(result.outcome, expected, "{check} on {}: {}", os.name, result.detail);
        }
        for row in content.readings.iter().filter(|row| row.bad.is_some() || row.check.as_str() == "W32") {
            let check = real.checks.get(row.check.as_str()).unwrap();
            // What has no meaning here does not fail either; what has one only beside another fault is looked at beside it.
            let elsewhere = check.os != os.family || !(row.roles.is_empty() || row.roles.contains(&os.role));
            if elsewhere || check.from_build.is_some_and(|from| windows_build(&os) < from) {
                continue;
            }
            let other = check.only_if_failed.as_ref().or(check.satisfied_by.as_ref());
            let bad: Vec<&str> =
                std::iter::once(row.check.as_str()).chain(other.map(enamel_types::RuleId::as_str)).collect();
            let results = judged(&real, &content, &os, &bad);
            let result = &results[row.check.as_str()];
            assert_eq!(result.outcome, CheckOutcome::Fail, "{} on {}: {}", row.check, os.name, result.detail);
        }
    }
}

#[test]
fn every_system_is_in_the_table_of_end_dates_and_every_ended_program_has_ended() {
    let (real, content) = (RealContent::load(None).unwrap(), Content::builtin().unwrap());
    let day = DAY.parse::<Timestamp>().unwrap().strftime("%F").to_string().parse().unwrap();
    for os in systems(&content) {
        assert!(real.eol.system(&os, day).is_some(), "{}", os.name);
    }
    for row in &content.software.ended {
        let package = super::installed::package(&row.name, &row.version, &row.vendor);
        let lifecycle = real.eol.package(&package, day).unwrap_or_else(|| panic!("{}", row.name));
        let status = format!("{:?}", lifecycle.status);
        assert!(status.starts_with("Ended"), "{}: {status}", row.name);
    }
    for row in &content.software.secrets {
        assert!(real.signatures.secret_ids().any(|id| *id == row.id), "{}", row.id);
    }
}
