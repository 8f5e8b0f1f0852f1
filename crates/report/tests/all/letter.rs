//! The letters: what they say, what a prospect's must not say, and that no text becomes markup.

use enamel_report::letter::{Brand, render_monthly, render_prospect};

use crate::hostile::{hostile, poisoned};
use crate::sample;

#[test]
fn the_month_says_what_was_done_what_comes_next_and_what_was_accepted() {
    let html = render_monthly(&sample::model(), &sample::brand(), &sample::month()).unwrap();
    for words in [
        "Security in November 2026",
        "Northside IT",
        "Antivirus was switched off",
        "3 November 2026",
        "No internet and no mail; it reaches the image server and nothing else",
        "Dana Reyes, office manager",
        "31 March 2027",
        "OP4 has not reported since 12 November 2026.",
        "--accent:#5b2a86",
        "$91,000",
    ] {
        assert!(html.contains(words), "{words}");
    }
}

#[test]
fn what_was_put_right_in_another_month_is_not_this_months() {
    let mut month = sample::month();
    month.from = "2026-11-04T00:00:00Z".parse().unwrap();
    let html = render_monthly(&sample::model(), &sample::brand(), &month).unwrap();
    assert!(html.contains("Nothing that was found before has been put right this month."));
}

/// Every figure's link leads to an entry that the letter lists.
#[test]
fn every_link_leads_somewhere() {
    let model = sample::model();
    for html in [
        render_monthly(&model, &sample::brand(), &sample::month()).unwrap(),
        render_prospect(&model, &sample::brand()).unwrap(),
    ] {
        let links: Vec<&str> =
            html.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        assert!(links.len() >= 4, "{links:?}");
        for link in links {
            assert!(html.contains(&format!("id=\"{link}\"")), "#{link}");
        }
    }
}

#[test]
fn a_prospects_letter_names_no_place() {
    let model = sample::model();
    let html = render_prospect(&model, &sample::brand()).unwrap();
    let subjects = model.findings.iter().map(|entry| entry.finding.subject.as_str());
    let folders = model.patient_data.iter().flat_map(|entry| &entry.survey.folders);
    let seen = model.findings.iter().map(|entry| entry.finding.seen.as_str());
    let places = subjects.chain(folders.map(|folder| folder.path.as_str())).chain(seen);
    let mut looked_for = 0;
    for place in places.filter(|place| place.len() > 5) {
        looked_for += 1;
        assert!(!html.contains(place), "{place}");
    }
    assert!(looked_for > 10);
}

#[test]
fn no_text_becomes_markup() {
    let brand = Brand { name: hostile(), contact: vec![hostile()], ..sample::brand() };
    let mut month = sample::month();
    month.silent[0].0 = hostile();
    let (poisoned, plain) = (poisoned(), sample::model());
    for (html, plain) in [
        (
            render_monthly(&poisoned, &brand, &month).unwrap(),
            render_monthly(&plain, &sample::brand(), &sample::month()).unwrap(),
        ),
        (render_prospect(&poisoned, &brand).unwrap(), render_prospect(&plain, &sample::brand()).unwrap()),
    ] {
        for tag in ["<script", "<img", "<style", "</style", "<iframe", "<svg", "<a ", "<section"] {
            assert_eq!(html.matches(tag).count(), plain.matches(tag).count(), "{tag}");
        }
        assert!(!html.contains('\u{202e}'));
    }
}
