//! What is counted and said alike everywhere: checks that came out one way, decisions, and what changed.

use enamel_report::{ReportModel, oscal, render_html};
use enamel_types::control::Statement;
use enamel_types::{CheckOutcome, RuleId, Severity};

use crate::sample;

/// The sample's second check again as twenty rules for secrets, of which the first so many failed.
fn with_secrets(outcome: CheckOutcome, failed: usize) -> ReportModel {
    let mut model = sample::model();
    for index in 0..20 {
        let mut entry = model.results[1].clone();
        entry.result.rule = RuleId::new(format!("secret.kind-{index}")).unwrap();
        "Not so: a password lies in a file".clone_into(&mut entry.result.title);
        entry.result.outcome = if index < failed { CheckOutcome::Fail } else { outcome };
        "none found, but 1 place could not be read".clone_into(&mut entry.result.detail);
        model.results.push(entry);
    }
    model
}

/// How many checks the page says came out so.
fn checks(html: &str, outcome: &str) -> usize {
    let count = html
        .split(&format!("<summary>{outcome}: "))
        .nth(1)
        .map_or("0", |rest| rest.split('<').next().unwrap());
    count.parse().unwrap()
}

#[test]
fn the_kinds_of_places_are_one_check_however_they_came_out() {
    let before = render_html(&sample::model()).unwrap();
    for (outcome, name) in
        [(CheckOutcome::Pass, "As it should be"), (CheckOutcome::Unknown, "Could not be decided")]
    {
        let html = render_html(&with_secrets(outcome, 0)).unwrap();
        assert_eq!(checks(&html, name), checks(&before, name) + 1, "{name}");
    }
    let html = render_html(&with_secrets(CheckOutcome::Unknown, 0)).unwrap();
    let undecided = |html: &str| {
        html.split("Checks not decided: ")
            .nth(1)
            .unwrap()
            .split('<')
            .next()
            .unwrap()
            .parse::<usize>()
            .unwrap()
    };
    assert_eq!(undecided(&html), undecided(&before) + 1);
    assert_eq!(html.matches("none found, but 1 place could not be read").count(), 2, "once in each list");
}

#[test]
fn no_credentials_is_not_said_where_some_were_found() {
    let html = render_html(&with_secrets(CheckOutcome::Pass, 1)).unwrap();
    assert!(!html.contains("No credentials in clear text"));
    assert_eq!(
        checks(&html, "Not as it should be"),
        checks(&render_html(&sample::model()).unwrap(), "Not as it should be") + 1
    );
}

#[test]
fn what_was_decided_against_is_neither_met_nor_satisfied() {
    let mut model = sample::model();
    let stated = model.controls[3].status.attestation.as_mut().unwrap();
    stated.attestation.statement = Statement::NotReasonable;
    let html = render_html(&model).unwrap();
    assert!(!html.contains("Met (stated by"));
    assert!(
        html.contains("<span class=\"status none\">") && html.contains("<bdi>Decided: not done here</bdi>")
    );
    assert!(html.contains("Decided, not done here: 1"));
    assert!(html.contains("0 stated by a person, 1 decided against, 2 unknown"));
    let document: serde_json::Value =
        serde_json::from_str(&oscal::assessment_results(&model).unwrap()).unwrap();
    let finding = &document["assessment-results"]["results"][0]["findings"][3];
    assert_eq!(finding["target"]["status"]["state"], "not-satisfied");
    let props = finding["props"].as_array().unwrap();
    let value = |name: &str| props.iter().find(|prop| prop["name"] == name).map(|prop| prop["value"].clone());
    assert_eq!(value("decision").unwrap(), "not-reasonable");
    assert_eq!(value("status").unwrap(), "decided-not-done");
}

#[test]
fn what_got_worse_or_better_is_named_and_two_runs_of_a_day_are_told_apart() {
    let mut model = sample::model();
    let finding = model.findings[0].finding.clone();
    let previous = model.previous.as_mut().unwrap();
    previous.at = "2026-11-24T08:05:00Z".parse().unwrap();
    previous.open.insert(finding.id, Severity::Medium);
    assert!(finding.severity > Severity::Medium);
    let said = model.change();
    assert!(said.starts_with("Since 24 November 2026 at 08:05 UTC, no finding is new"), "{said}");
    let moved = format!("{} (medium, now {})", finding.title, finding.severity);
    assert!(said.contains(&format!(" Worse now: {moved}.")) && !said.contains("Better"), "{said}");
    model.findings[0].finding.severity = Severity::Low;
    let said = model.change();
    assert!(said.contains(&format!(" Better now: {} (medium, now low).", finding.title)), "{said}");
}

#[test]
fn a_list_of_places_begins_with_most_people_and_says_what_to_do_at_each() {
    let mut model = sample::model();
    let template =
        model.findings.iter().find(|entry| entry.finding.rule.as_str() == "phi.folder").unwrap().clone();
    for (name, people) in [("alpha", 3), ("beta", 900)] {
        let mut entry = template.clone();
        entry.finding.id = enamel_types::FindingId::derive(entry.finding.device, &entry.finding.rule, name);
        entry.finding.subject = format!("/srv/{name}");
        entry.finding.persons = Some(people);
        entry.finding.fix.action = format!("Close {name}");
        model.findings.push(entry);
    }
    let html = render_html(&model).unwrap();
    let list = html.split("id=\"rule-phi_2efolder\"").nth(1).unwrap().split("</article>").next().unwrap();
    let place = |text: &str| list.find(text).unwrap_or_else(|| panic!("{text} is not there: {list}"));
    assert!(place("/srv/beta") < place("/srv/alpha"));
    assert!(place("To do: <bdi>Close beta</bdi>") < place("To do: <bdi>Close alpha</bdi>"));
}
