//! The check engine over recorded computers.

use enamel_exposure::checks::{Check, Source};
use enamel_exposure::{Catalogue, EolTable, judge_config, observe_host};
use enamel_testkit::RecordedHost;
use enamel_types::config_state::{Reading, Value};
use enamel_types::{CheckOutcome, EvidenceOutcome, FindingClass};

use crate::fixtures::{by_kind, cases, judge, observation, outcome, practice, read, reading};

/// Whether the check needs another part of Enamel, so that no computer can make it pass or fail.
fn is_not_yet(check: &Check) -> bool {
    check.read.iter().any(|source| matches!(source, Source::NotYet(_)))
}

fn catalogue() -> Catalogue {
    Catalogue::builtin().unwrap_or_else(|error| panic!("{error}: {}", error.help))
}

#[test]
fn there_are_sixty_windows_and_fourteen_linux_checks() {
    let catalogue = catalogue();
    let count =
        |letter| catalogue.checks().iter().filter(|check| check.id.as_str().starts_with(letter)).count();
    assert_eq!((count('W'), count('L'), catalogue.checks().len()), (60, 14, 74));
}

#[test]
fn every_check_has_a_positive_a_negative_and_a_missing_fixture() {
    let cases = cases();
    let known = by_kind(&cases);
    for check in catalogue().checks() {
        for (kind, wanted) in [
            ("positive", Some(CheckOutcome::Pass)),
            ("negative", Some(CheckOutcome::Fail)),
            ("missing", None),
        ] {
            let case = known.get(&(check.id.as_str(), kind));
            let case = case.unwrap_or_else(|| panic!("{} has no {kind} fixture", check.id));
            let wanted = if is_not_yet(check) { Some(CheckOutcome::Unknown) } else { wanted };
            assert!(
                wanted.is_none_or(|wanted| wanted == case.expect),
                "{} expects {:?}",
                case.name(),
                case.expect
            );
        }
    }
    assert!(
        cases.iter().all(|case| ["positive", "negative", "missing", "extra"].contains(&case.kind.as_str()))
    );
}

#[test]
fn every_recorded_computer_is_judged_as_it_should_be() {
    let catalogue = catalogue();
    let mut wrong = Vec::new();
    for case in cases() {
        let judgement = judge(read(&case, &catalogue), &catalogue);
        let (found, detail) = outcome(&judgement, &case.check);
        if found != case.expect {
            wrong.push(format!("{}: {found:?} instead of {:?}: {detail}", case.name(), case.expect));
        }
        let check = catalogue.get(&case.check).unwrap();
        let rule = check.finding_rule.as_ref().unwrap_or(&check.id);
        let subjects: Vec<&str> = judgement
            .findings
            .iter()
            .filter(|finding| finding.rule == *rule)
            .map(|finding| finding.subject.as_str())
            .collect();
        if subjects.is_empty() == (found == CheckOutcome::Fail) {
            wrong.push(format!("{}: {found:?} with findings about {subjects:?}", case.name()));
        }
        if let Some(subject) = &case.subject
            && subjects != [subject]
        {
            wrong.push(format!("{}: findings about {subjects:?} instead of {subject:?}", case.name()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A negative fixture has to fail because of what was read: with the positive one's reading in its place it passes, and
/// without any reading it is unknown.
#[test]
fn negatives_fail_because_of_their_reading() {
    let catalogue = catalogue();
    let cases = cases();
    let known = by_kind(&cases);
    for check in catalogue.checks().iter().filter(|check| !is_not_yet(check)) {
        let id = check.id.as_str();
        let positive = read(known[&(id, "positive")], &catalogue);
        let negative = read(known[&(id, "negative")], &catalogue);
        assert_eq!(outcome(&judge(negative.clone(), &catalogue), id).0, CheckOutcome::Fail, "{id}");

        // An operating system is judged by the table of ends of life and not by its name.
        if check.finding_rule.is_none() {
            let mut mended = negative.clone();
            *reading(&mut mended, id) = reading(&mut positive.clone(), id).clone();
            assert_eq!(
                outcome(&judge(mended, &catalogue), id).0,
                CheckOutcome::Pass,
                "{id} with the good reading"
            );
        }
        let mut without = negative;
        without.readings.retain(|reading| reading.check.as_str() != id);
        assert_eq!(
            outcome(&judge(without, &catalogue), id).0,
            CheckOutcome::Unknown,
            "{id} without a reading"
        );
    }
}

/// With the place it reads misspelt, at least one of a check's fixtures comes out otherwise.
#[test]
fn a_misspelt_place_is_noticed() {
    let names = "value|property|sshd|samba|samba_shares|timedatectl|mysql|feature|group_members|apt_config|audit_subcategory";
    let place = regex::Regex::new(&format!(r#"\b({names}) = "([^"]+)""#)).unwrap();
    let cases = cases();
    let mut misspelt = 0;
    for (file, text) in Catalogue::builtin_files() {
        for block in text.split("[[check]]").skip(1).filter(|block| place.is_match(block)) {
            misspelt += 1;
            let broken = text.replace(block, &place.replace_all(block, r#"$1 = "${2}Zz""#));
            let files: Vec<(&str, &str)> = Catalogue::builtin_files()
                .iter()
                .map(|(name, text)| (*name, if name == file { broken.as_str() } else { *text }))
                .collect();
            let catalogue = Catalogue::from_files(&files, EolTable::builtin().unwrap())
                .unwrap_or_else(|error| panic!("{error}"));
            let id = block.split('"').nth(1).unwrap();
            let noticed = cases
                .iter()
                .filter(|case| case.check == id)
                .any(|case| outcome(&judge(read(case, &catalogue), &catalogue), id).0 != case.expect);
            assert!(noticed, "{id}: no fixture notices");
        }
    }
    assert!(misspelt > 55, "only {misspelt} checks were misspelt");
}

/// Whatever lies there, no value makes the judge crash, and a value of a foreign type never passes or fails.
#[test]
fn a_value_of_the_wrong_type_is_unknown() {
    let catalogue = catalogue();
    let cases = cases();
    for ((id, _), case) in by_kind(&cases).iter().filter(|((_, kind), _)| *kind == "negative") {
        let check = catalogue.get(id).unwrap();
        if check.finding_rule.is_some() || is_not_yet(check) {
            continue;
        }
        let state = read(case, &catalogue);
        let mut judged = 0;
        for value in [
            Value::Bool(true),
            Value::Int(-7),
            Value::Text("\u{fffd} not what anybody expects".to_owned()),
            Value::List(vec!["x".to_owned(); 3]),
        ] {
            let mut broken = state.clone();
            match reading(&mut broken, id) {
                Reading::Value(old) if std::mem::discriminant(old) != std::mem::discriminant(&value) => {
                    *old = value;
                }
                Reading::Each(values) => {
                    let same = |old: &Value| std::mem::discriminant(old) == std::mem::discriminant(&value);
                    if values.iter().filter_map(|named| named.value.as_ref()).any(same) {
                        continue;
                    }
                    for named in values {
                        named.value = Some(value.clone());
                    }
                }
                _ => continue,
            }
            judged += 1;
            let (found, detail) = outcome(&judge(broken, &catalogue), id);
            let text_is_meant = check.id.as_str() == "W21"
                || check.id.as_str() == "W60"
                || check.id.as_str() == "W58"
                || check.id.as_str() == "W03";
            assert!(
                found == CheckOutcome::Unknown || (text_is_meant && found == CheckOutcome::Fail),
                "{id}: {found:?}: {detail}"
            );
        }
        assert!(judged > 0, "{id} was never broken");
    }
}

#[test]
fn evidence_follows_the_outcome_and_ages() {
    let catalogue = catalogue();
    let cases = cases();
    let known = by_kind(&cases);
    let pass = judge(read(known[&("W36", "positive")], &catalogue), &catalogue);
    let of = |judgement: &enamel_types::Judgement, rule: &str| {
        let evidence = judgement.evidence.iter().filter(|evidence| evidence.rule.as_str() == rule);
        evidence.cloned().collect::<Vec<_>>()
    };
    let evidence = of(&pass, "W36");
    assert_eq!(evidence.len(), 3);
    assert!(evidence.iter().all(|one| one.outcome == EvidenceOutcome::Supports));
    assert!(evidence[0].statement.contains("600"), "{}", evidence[0].statement);
    assert_eq!(evidence[0].valid_until.to_string(), "2026-12-01T12:00:00Z");
    assert!(of(&pass, "W53")[0].valid_until.to_string().starts_with("2026-11-25T14"), "26 hours for backups");

    let fail = judge(read(known[&("W36", "negative")], &catalogue), &catalogue);
    assert!(of(&fail, "W36").iter().all(|one| one.outcome == EvidenceOutcome::Contradicts));
    let unknown = judge(read(known[&("W52", "missing")], &catalogue), &catalogue);
    assert!(of(&unknown, "W52").iter().all(|one| one.outcome == EvidenceOutcome::Unknown));
    assert!(of(&unknown, "W60").iter().all(|one| one.outcome != EvidenceOutcome::Supports));

    // What an observation says ends with the observation, however long a check's own time is.
    let mut short = observation(read(known[&("W36", "positive")], &catalogue));
    short.valid_until = short.observed_at;
    let judged = judge_config(&short, &catalogue, &practice());
    assert!(judged.evidence.iter().all(|one| one.valid_until <= short.valid_until));
}

#[test]
fn an_end_of_life_system_is_a_vulnerability_under_one_rule() {
    let catalogue = catalogue();
    let cases = cases();
    let judgement = judge(read(by_kind(&cases)[&("W33", "negative")], &catalogue), &catalogue);
    let finding = judgement.findings.iter().find(|finding| finding.rule.as_str() == "eol.os").unwrap();
    assert_eq!(finding.class, FindingClass::Vulnerability);
    assert!(finding.seen.contains("Windows 7"), "{}", finding.seen);
    assert!(finding.fix.how.contains("owner and expiry"), "{}", finding.fix.how);

    // The software inventory sees the same weakness: one finding with a history, not two.
    let signatures = enamel_exposure::Signatures::builtin().unwrap();
    let computer = by_kind(&cases)[&("W33", "negative")].computer();
    let (software, _) = enamel_exposure::observe_software(&computer, &signatures).unwrap();
    let mut seen = observation(read(by_kind(&cases)[&("W33", "negative")], &catalogue));
    seen.body = enamel_types::Body::SoftwareInventory(software);
    let eol = EolTable::builtin().unwrap();
    let other = enamel_exposure::judge_software(&seen, &signatures, &eol);
    assert!(other.findings.iter().any(|other| other.id == finding.id), "{:?}", other.findings);
}

/// An expert's own end date decides, for Windows as for Linux.
#[test]
fn an_edited_end_date_is_heeded() {
    let (os, rest) = ("[[system]]\nproduct = ", "src = \"here\"\nreleases = [{ ");
    let text = |windows: &str, debian: &str| {
        let windows = format!(
            "{os}\"windows\"\n{rest}build = 22631, name = \"Windows 11 23H2\", ends = \"{windows}\" }}]\n"
        );
        let debian = format!(
            "{os}\"debian\"\n{rest}release = \"12\", name = \"Debian 12\", ends = \"{debian}\" }}]\n"
        );
        format!("read_on = \"2026-11-24\"\napplication = []\n{windows}{debian}")
    };
    let (before, after) = ("2026-11-23", "2026-11-25");
    for (windows, debian) in [(before, after), (after, before)] {
        let eol = EolTable::parse("mine.toml", &text(windows, debian)).unwrap();
        let catalogue = Catalogue::from_files(Catalogue::builtin_files(), eol).unwrap();
        for (check, computer, ends) in
            [("W33", RecordedHost::windows11(), windows), ("L04", RecordedHost::debian(), debian)]
        {
            let (state, _) = observe_host(&computer, &catalogue).unwrap();
            let wanted = if ends == before { CheckOutcome::Fail } else { CheckOutcome::Pass };
            let (found, detail) = outcome(&judge(state, &catalogue), check);
            assert_eq!(found, wanted, "{check} {ends}: {detail}");
        }
    }
}

#[test]
fn the_same_weakness_keeps_its_id_and_two_things_have_two() {
    let catalogue = catalogue();
    let cases = cases();
    let case = by_kind(&cases)[&("W41", "negative")];
    let first = judge(read(case, &catalogue), &catalogue);
    let second = judge(read(case, &catalogue), &catalogue);
    assert_eq!(first, second);
    let mut ids: Vec<_> = first.findings.iter().map(|finding| finding.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), first.findings.len());
}

#[test]
fn what_cannot_be_read_is_a_gap_and_unknown() {
    let catalogue = catalogue();
    let host = RecordedHost::debian()
        .unreadable("sshd_effective_config", "permission denied; run as root")
        .unreadable("services", "systemd does not answer");
    let (state, gaps) = observe_host(&host, &catalogue).unwrap();
    let named =
        |what: &str| gaps.iter().filter(|gap| format!("{} {}", gap.what, gap.why).contains(what)).count();
    assert_eq!(named("permission denied"), 1, "once, though three readings rest on it: {gaps:?}");
    let judgement = judge(state, &catalogue);
    for check in ["L01", "L02", "L12"] {
        let (found, detail) = outcome(&judgement, check);
        assert!(found == CheckOutcome::Unknown || check == "L12", "{check}: {found:?} {detail}");
    }
    assert!(outcome(&judgement, "L01").1.contains("run as root"));
}

#[test]
fn other_observations_give_an_empty_judgement() {
    let catalogue = catalogue();
    let (state, _) = observe_host(&RecordedHost::windows11(), &catalogue).unwrap();
    assert!(
        state.readings.iter().all(|reading| reading.check.as_str().starts_with('W')),
        "Windows checks only"
    );
    let mut other = observation(state);
    let text = r#"{"kind":"attestation","control":"164.308(a)(2)","statement":"implemented","reason":"r","person":"p","expires_at":"2027-01-01T00:00:00Z"}"#;
    other.body = serde_json::from_str(text).unwrap();
    let judgement = judge_config(&other, &catalogue, &practice());
    assert!(judgement.results.is_empty() && judgement.findings.is_empty() && judgement.evidence.is_empty());
}
