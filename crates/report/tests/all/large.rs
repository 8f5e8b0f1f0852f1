//! A large practice still gets a page that opens.

use enamel_report::{ReportModel, render_html};
use enamel_types::{FindingId, RuleId};

use crate::sample;

/// 5,000 findings of 120 rules, 10,000 folders, 3,000 gaps, 4,000 checks.
fn large() -> ReportModel {
    let mut model = sample::model();
    let templates = model.findings.clone();
    model.findings = (0..5_000)
        .map(|index: usize| {
            let mut entry = templates[index % templates.len()].clone();
            entry.finding.rule = RuleId::new(format!("X{:03}", index % 120)).unwrap();
            entry.finding.subject = format!(r"D:\Shared\Office\{index}\{}", "long name ".repeat(30));
            entry.finding.id =
                FindingId::derive(entry.finding.device, &entry.finding.rule, &entry.finding.subject);
            entry
        })
        .collect();
    let folder = model.patient_data[0].survey.folders[0].clone();
    model.patient_data[0].survey.folders = (0..10_000)
        .map(|index| {
            let mut folder = folder.clone();
            folder.path = format!(r"D:\OpenDentImages\{index}\{}", "deep".repeat(60));
            folder
        })
        .collect();
    model.gaps = (0..3_000)
        .map(|index: usize| {
            let mut gap = model.gaps[index % 3].clone();
            gap.gap.what = format!(r"C:\Users\{index}");
            gap
        })
        .collect();
    model.results = (0..4_000).map(|index: usize| model.results[index % 5].clone()).collect();
    model
}

#[test]
fn a_large_practice_gets_a_small_page_that_counts_what_it_leaves_out() {
    let model = large();
    let html = render_html(&model).unwrap();
    assert!(html.len() < 3_000_000, "{} bytes", html.len());
    assert!(html.contains("more in <span class=\"file\">findings.json</span>"));
    assert!(html.contains("And 9,940 more folders"));
    println!("large page: {} bytes", html.len());
}

/// As hostile as it is large: every name four thousand letters of three bytes each.
#[test]
fn long_names_do_not_make_a_large_page() {
    let mut model = large();
    let long = "\u{8a3a}".repeat(4_000);
    for entry in &mut model.findings {
        for text in [&mut entry.finding.subject, &mut entry.finding.title, &mut entry.finding.seen] {
            *text = format!("{long}{text}");
        }
    }
    for folder in &mut model.patient_data[0].survey.folders {
        folder.path = format!("{long}{}", folder.path);
        folder.examples = vec![long.clone(); 5];
    }
    let html = render_html(&model).unwrap();
    println!("large page of long names: {} bytes", html.len());
    assert!(html.len() < 3_000_000, "{} bytes", html.len());
}

#[test]
fn every_link_leads_somewhere_and_no_anchor_stands_twice() {
    for model in [sample::model(), large()] {
        let html = render_html(&model).unwrap();
        let ids: Vec<&str> =
            html.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        let unique: std::collections::HashSet<_> = ids.iter().copied().collect();
        assert_eq!(unique.len(), ids.len(), "an id stands twice");
        for target in html.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            assert!(unique.contains(target), "#{target} leads nowhere");
        }
    }
}
