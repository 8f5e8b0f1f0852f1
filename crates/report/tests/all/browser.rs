//! The page in a real browser: no accessibility violation, no request, no script error, and it prints.
//!
//! Needs Chromium and Node with the packages of `tests/browser/package.json` (`npm install` there, or the folder named by
//! `ENAMEL_BROWSER_MODULES`). Where they are missing the test says so and passes; under `CI=true` it fails.

use std::path::Path;
use std::process::Command;

use enamel_report::letter::{render_monthly, render_prospect};
use enamel_report::render_html;
use enamel_testkit::Browser;

use crate::sample;

#[test]
fn the_page_holds_in_a_browser() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    let Some(browser) = Browser::find(&folder) else { return };
    let work = tempfile::tempdir().unwrap();
    let model = sample::model();
    for (name, html) in [
        ("report.html", render_html(&model).unwrap()),
        ("monthly.html", render_monthly(&model, &sample::brand(), &sample::month()).unwrap()),
        ("prospect.html", render_prospect(&model, &sample::brand()).unwrap()),
    ] {
        let page = work.path().join(name);
        std::fs::write(&page, html).unwrap();
        let output = Command::new("node")
            .arg(folder.join("check.mjs"))
            .args([&page, work.path(), &browser.modules, &browser.program])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        println!("{name}\n{said}{}", String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "the browser found something; it is listed above");
        assert_eq!(said.matches("0 violations").count(), 6, "two colors and print, wide and narrow");
    }
}
