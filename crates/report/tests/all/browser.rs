//! The page in a real browser: no accessibility violation, no request, no script error, and it prints.
//!
//! Needs Chromium and Node with the packages of `tests/browser/package.json` (`npm install` there, or the folder named by
//! `ENAMEL_BROWSER_MODULES`). Where they are missing the test says so and passes; under `CI=true` it fails.

use std::path::{Path, PathBuf};
use std::process::Command;

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
    let page = work.path().join("report.html");
    std::fs::write(&page, render_html(&sample::model()).unwrap()).unwrap();
    let output = Command::new("node")
        .arg(folder.join("check.mjs"))
        .args([&page, work.path(), &modules, Path::new(browser)])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "the browser found something; it is listed above");
    assert_eq!(said.matches("0 violations").count(), 6, "two colors and print, wide and narrow");
}
