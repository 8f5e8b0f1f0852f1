//! Every text that a computer gave is an attack until shown otherwise.

use enamel_report::{ReportModel, oscal, render_html};
use enamel_types::Gap;

use crate::sample;

/// Markup, an attribute's end, a style's end, a direction override, controls, and four thousand letters.
pub(crate) fn hostile() -> String {
    format!(
        "\"'><script>alert(1)</script></style><img src=x onerror=alert(2)>{{{{7*7}}}}\u{202e}gpj.exe\u{1b}[31m\0\r\n\u{2028}{}",
        "x".repeat(4_000)
    )
}

/// The sample with every text that could come from a computer or a person's file replaced.
pub(crate) fn poisoned() -> ReportModel {
    let bad = hostile();
    let mut model = sample::model();
    model.practice.name.clone_from(&bad);
    model.practice.msp.clone_from(&bad);
    model.version.clone_from(&bad);
    model.ledger.root.clone_from(&bad);
    for device in &mut model.devices {
        device.inventory.hostname.clone_from(&bad);
        device.inventory.os.name.clone_from(&bad);
        device.inventory.addresses = vec![bad.clone()];
    }
    for entry in &mut model.findings {
        let finding = &mut entry.finding;
        for text in [
            &mut finding.subject,
            &mut finding.title,
            &mut finding.why,
            &mut finding.seen,
            &mut finding.fix.how,
        ] {
            text.clone_from(&bad);
        }
    }
    for entry in &mut model.results {
        entry.result.title.clone_from(&bad);
        entry.result.detail.clone_from(&bad);
    }
    for row in &mut model.controls {
        for text in [&mut row.section, &mut row.title, &mut row.question, &mut row.status.why] {
            text.clone_from(&bad);
        }
        row.status.evidence.iter_mut().for_each(|evidence| evidence.statement.clone_from(&bad));
        if let Some(stated) = &mut row.status.attestation {
            stated.attestation.reason.clone_from(&bad);
            stated.attestation.person.clone_from(&bad);
        }
    }
    for scenario in &mut model.risk.scenarios {
        scenario.title.clone_from(&bad);
        scenario.story.clone_from(&bad);
    }
    for fix in &mut model.risk.fixes {
        fix.title.clone_from(&bad);
        fix.how.clone_from(&bad);
    }
    for assumption in &mut model.risk.assumptions {
        for text in [&mut assumption.factor, &mut assumption.value, &mut assumption.source] {
            text.clone_from(&bad);
        }
    }
    for entry in &mut model.patient_data {
        entry.survey.root.clone_from(&bad);
        entry.survey.problems.insert(bad.clone(), 1);
        for folder in &mut entry.survey.folders {
            folder.path.clone_from(&bad);
            folder.formats.insert(bad.clone(), 9);
            folder.examples = vec![bad.clone()];
        }
    }
    for product in model.software.iter_mut().flat_map(|entry| &mut entry.dental) {
        for text in [&mut product.product, &mut product.category, &mut product.version] {
            text.clone_from(&bad);
        }
        product.database = Some(bad.clone());
        product.recognised_by = vec![bad.clone()];
    }
    for entry in &mut model.gaps {
        entry.gap = Gap { what: bad.clone(), why: bad.clone() };
    }
    for risk in &mut model.accepted {
        for text in [
            &mut risk.title,
            &mut risk.acceptance.reason,
            &mut risk.acceptance.compensating,
            &mut risk.acceptance.person,
        ] {
            text.clone_from(&bad);
        }
    }
    for facts in model.evidence.values_mut() {
        facts.scope.clone_from(&bad);
        facts.sensor.clone_from(&bad);
        facts.hash.clone_from(&bad);
    }
    model
}

#[test]
fn no_text_becomes_markup() {
    let html = render_html(&poisoned()).unwrap();
    let plain = render_html(&sample::model()).unwrap();
    // The same elements as without the attack, and not one more.
    for tag in ["<script", "<img", "<style", "</style", "<iframe", "<svg", "<a ", "<section"] {
        assert_eq!(html.matches(tag).count(), plain.matches(tag).count(), "{tag}");
    }
    assert_eq!(plain.matches("<script").count(), 0);
    assert!(!html.contains("onerror=alert(2)>{{7*7}}\u{202e}"));
}

#[test]
fn no_control_character_and_no_direction_mark_reaches_the_reader() {
    let model = poisoned();
    let html = render_html(&model).unwrap();
    let risky = |c: &char| {
        (c.is_control() && *c != '\n')
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert_eq!(html.chars().find(risky), None);
    assert!(html.contains("[U+202E]"), "what was there is named");
    assert!(html.contains("characters left out"), "what is too long says so");
    assert_eq!(oscal::assessment_results(&model).unwrap().chars().find(risky), None);
}
