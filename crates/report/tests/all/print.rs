//! The PDF, printed by the browser that the computer has.

use std::path::Path;
use std::time::Duration;

use enamel_report::{pdf, render_html};

use crate::sample;

#[test]
fn the_page_prints_to_a_tagged_pdf() {
    let Some(browser) = pdf::installed_browser() else {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "no Edge, Chrome or Chromium");
        println!("skipped: no Edge, Chrome or Chromium");
        return;
    };
    let work = tempfile::tempdir().unwrap();
    let (html, target) = (work.path().join("report.html"), work.path().join("report.pdf"));
    std::fs::write(&html, render_html(&sample::model()).unwrap()).unwrap();
    // Continuous integration runs as root, where the browser's own sandbox does not start.
    pdf::print(&browser, &html, &target, false, Duration::from_mins(2)).unwrap();
    let bytes = std::fs::read(&target).unwrap();
    assert!(bytes.starts_with(b"%PDF-"));
    for part in [&b"/StructTreeRoot"[..], b"/Lang", b"/Marked true"] {
        assert!(bytes.windows(part.len()).any(|window| window == part), "{}", String::from_utf8_lossy(part));
    }
    let left: Vec<_> =
        std::fs::read_dir(work.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "the browser's profile is gone: {left:?}");
}

#[test]
#[cfg(unix)]
fn a_browser_that_fails_or_hangs_is_told_apart() {
    let work = tempfile::tempdir().unwrap();
    let html = work.path().join("report.html");
    std::fs::write(&html, "<!doctype html>").unwrap();
    let target = work.path().join("report.pdf");
    let print =
        |browser: &str, limit| pdf::print(Path::new(browser), &html, &target, true, limit).unwrap_err();
    let second = Duration::from_secs(20);
    assert!(matches!(print("/bin/true", second), pdf::PdfError::Nothing { .. }));
    assert!(matches!(print("/nowhere/browser", second), pdf::PdfError::Start { .. }));
    let slow = work.path().join("slow");
    std::fs::write(&slow, "#!/bin/sh\nexec tail -f /dev/null\n").unwrap();
    std::fs::set_permissions(&slow, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let late = print(slow.to_str().unwrap(), Duration::from_millis(50));
    assert!(matches!(late, pdf::PdfError::Late { .. }), "{late}");
    assert!(late.to_string().contains("print it as PDF"), "it says what to do instead");
}
