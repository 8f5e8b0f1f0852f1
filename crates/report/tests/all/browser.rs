//! The page in a real browser: no accessibility violation, no request, no script error, and it prints.
//!
//! Needs Chromium and Node with the packages of `tests/browser/package.json` (`npm install` there, or the folder named by
//! `ENAMEL_BROWSER_MODULES`). Where they are missing the test says so and passes; under `CI=true` it fails.

use std::path::{Path, PathBuf};
use std::process::Command;

use enamel_report::letter::{render_monthly, render_prospect};
use enamel_report::render_html;

use crate::sample;

/// Where Debian, Ubuntu and others put it.
const BROWSERS: [&str; 3] = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

#[test]
fn the_page_holds_in_a_browser() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    let modules =
        std::env::var_os("ENAMEL_BROWSER_MODULES").map_or_else(|| folder.join("node_modules"), PathBuf::from);
    let browser = BROWSERS.iter().find(|path| Path::new(path).exists());
    let node = Command::new("node").arg("--version").output().is_ok();
    let (Some(browser), true, true) = (browser, node, modules.join("axe-core").is_dir()) else {
        assert_ne!(
            std::env::var("CI").as_deref(),
            Ok("true"),
            "Chromium, node and `npm install` in {}",
            folder.display()
        );
        println!("skipped: needs Chromium, node and `npm install` in {}", folder.display());
        return;
    };
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
            .args([&page, work.path(), &modules, Path::new(browser)])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        println!("{name}\n{said}{}", String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "the browser found something; it is listed above");
        assert_eq!(said.matches("0 violations").count(), 6, "two colors and print, wide and narrow");
    }
}
