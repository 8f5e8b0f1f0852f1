//! The page's structure and words, held against a file that a person looked at. `UPDATE_GOLDEN=1` writes it anew.

use std::path::PathBuf;

use enamel_report::render_html;
use enamel_types::control::ControlState;
use enamel_types::{Severity, Standing};

use crate::sample;

/// The page without its style sheet: one element or text a line.
fn outline(html: &str) -> String {
    let start = html.find("<style>").unwrap();
    let end = html.find("</style>").unwrap();
    let body = format!("{}{}", &html[..start], &html[end..]);
    body.replace('<', "\n<").replace('>', ">\n").lines().map(str::trim).filter(|line| !line.is_empty()).fold(
        String::new(),
        |mut out, line| {
            out.push_str(line);
            out.push('\n');
            out
        },
    )
}

#[test]
fn the_sample_page_reads_as_agreed() {
    let html = render_html(&sample::model()).unwrap();
    assert_eq!(html, render_html(&sample::model()).unwrap(), "the same model gives the same bytes");
    let outline = outline(&html);
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/sample.outline.html");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &outline).unwrap();
    }
    let golden = std::fs::read_to_string(&path).expect("the golden file; write it with UPDATE_GOLDEN=1");
    let differs = outline.lines().zip(golden.lines()).position(|(new, old)| new != old);
    assert!(
        differs.is_none() && outline.lines().count() == golden.lines().count(),
        "the page changed, first at line {:?}; look at it, then run with UPDATE_GOLDEN=1",
        differs.map(|line| line + 1)
    );
}

#[test]
fn nothing_is_loaded_and_nothing_runs() {
    let html = render_html(&sample::model()).unwrap();
    for word in
        ["http://", "https://", "<script", "<link", "@import", "url(", "javascript:", " onload", " onclick"]
    {
        let found = html.replace("http://www.w3.org/2000/svg", ""); // a name space, which nobody fetches
        assert!(!found.contains(word), "{word}");
    }
    assert!(html.contains("default-src 'none'; style-src 'unsafe-inline'; img-src data:"));
}

#[test]
fn the_answer_is_never_yes_while_it_should_not_be() {
    let answer = |model: &enamel_report::ReportModel| {
        let html = render_html(model).unwrap();
        html.split("<p class=\"verdict\"><strong>").nth(1).unwrap().split('<').next().unwrap().to_owned()
    };
    let mut model = sample::model();
    assert_eq!(answer(&model), "No.");
    model.findings.retain(|entry| entry.finding.severity != Severity::Critical);
    assert_eq!(answer(&model), "Not yet.");
    model.findings.iter_mut().for_each(|entry| entry.standing = Standing::Resolved);
    assert_eq!(answer(&model), "As far as we could see, yes.");
    model.controls.iter_mut().for_each(|row| row.status.state = ControlState::Unknown);
    assert_eq!(answer(&model), "We cannot say yet.");
    model.controls.clear();
    model.evidence.clear();
    assert_eq!(answer(&model), "We cannot say yet.", "nothing was looked at");
}

#[test]
fn a_statement_is_never_counted_as_measured() {
    let model = sample::model();
    let html = render_html(&model).unwrap();
    assert!(html.contains("Met (stated by Dana Reyes, office manager)"));
    assert!(html.contains("<span class=\"value\">2 of 11</span>"), "three are met, one by a statement");
    assert!(html.contains("1 stated by a person, 2 unknown"));
    let mut backed = model;
    for row in &mut backed.controls {
        row.status.attestation = None;
    }
    assert!(!render_html(&backed).unwrap().contains("(stated by"));
}

#[test]
fn what_the_ledger_lost_is_said_on_the_first_page_and_in_the_evidence() {
    let mut model = sample::model();
    let html = render_html(&model).unwrap();
    assert_eq!(html.matches("Entry 6 was lost when the ledger was damaged").count(), 2);
    assert!(html.contains("enamel ledger verify --at 214 --expect "));
    (model.ledger.lost, model.ledger.lost_seqs) = (0, Vec::new());
    assert!(!render_html(&model).unwrap().contains("lost when the ledger"));
}

#[test]
fn the_first_things_to_do_are_as_many_as_there_are() {
    let heading = |fixes: usize| {
        let mut model = sample::model();
        model.risk.fixes.truncate(fixes);
        let html = render_html(&model).unwrap();
        assert_eq!(html.contains("The order is by"), fixes > 1, "{fixes}");
        assert_eq!(html.contains("is to answer or scan what is unknown: 2 safeguards, 1 check"), fixes == 0);
        let after = html.split("<h2 id=\"this-week-h\">").nth(1).unwrap();
        after.split('<').next().unwrap().to_owned()
    };
    assert_eq!(heading(0), "What to do first");
    assert_eq!(heading(1), "The thing to do this week");
    assert_eq!(heading(2), "The two things to do this week");
    assert_eq!(heading(3), "The three things to do this week");
}

#[test]
fn a_container_is_named_as_the_reason_that_checks_do_not_apply() {
    let mut model = sample::model();
    assert!(!render_html(&model).unwrap().contains("Many checks do not apply"));
    model.devices[3].inventory.os.role = enamel_types::device::DeviceRole::Container;
    assert!(
        render_html(&model)
            .unwrap()
            .contains("Taken for a container: <bdi>PANO</bdi>. Many checks do not apply")
    );
}

#[test]
fn passes_of_the_rules_for_secrets_are_one_row() {
    let mut model = sample::model();
    for index in 0..20 {
        let mut entry = model.results[1].clone();
        entry.result.rule = enamel_types::RuleId::new(format!("secret.kind-{index}")).unwrap();
        entry.result.title = "Not so: a password lies in a file".to_owned();
        model.results.push(entry);
    }
    let html = render_html(&model).unwrap();
    assert!(html.contains("20 kinds of places looked at, none found"));
    assert!(!html.contains("Not so:"));
}
