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
    // Continuous integration runs as root, where the browser's own sandbox does not start.
    let page = render_html(&sample::model()).unwrap();
    let bytes = pdf::print(&browser, &page, false, Duration::from_mins(2)).unwrap();
    assert!(bytes.starts_with(b"%PDF-"));
    for part in [&b"/StructTreeRoot"[..], b"/Lang", b"/Marked true"] {
        assert!(bytes.windows(part.len()).any(|window| window == part), "{}", String::from_utf8_lossy(part));
    }
}

/// A program in the browser's place, run by the shell.
#[cfg(unix)]
fn program(folder: &Path, script: &str) -> std::path::PathBuf {
    let path = folder.join("browser");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    path
}

#[test]
#[cfg(unix)]
fn the_browser_gets_a_private_copy_and_no_environment() {
    let work = tempfile::tempdir().unwrap();
    let (told, page) = (work.path().join("told"), "<!doctype html><title>the page</title>");
    let script = format!(
        "for last; do case $last in --print-to-pdf=*) pdf=${{last#*=}};; esac; done\n\
         exec >{}\n/bin/ls -ld \"$HOME\"; echo \"$last\"; /bin/cat \"$last\"; echo; /usr/bin/env\n\
         printf %%PDF-1.4 >\"$pdf\"",
        told.display()
    );
    let browser = program(work.path(), &script);
    let bytes = pdf::print(&browser, page, true, Duration::from_mins(1)).unwrap();
    assert_eq!(bytes, b"%PDF-1.4");
    let told = std::fs::read_to_string(told).unwrap();
    let mut lines = told.lines();
    assert!(lines.next().unwrap().starts_with("drwx------"), "{told}");
    let copy = Path::new(lines.next().unwrap());
    assert_eq!(lines.next(), Some(page));
    let names: Vec<_> = lines.filter_map(|line| line.split('=').next()).collect();
    // The shell sets the last three itself.
    let known = ["PATH", "LANG", "HOME", "TMPDIR", "PWD", "OLDPWD", "SHLVL", "_"];
    assert!(names.iter().all(|name| known.contains(name)), "{names:?}");
    assert!(
        !copy.exists() && !copy.parent().unwrap().exists(),
        "the private folder is gone: {}",
        copy.display()
    );
}

#[test]
#[cfg(unix)]
fn a_browser_that_fails_or_hangs_is_told_apart() {
    let work = tempfile::tempdir().unwrap();
    let print =
        |browser: &str, limit| pdf::print(Path::new(browser), "<!doctype html>", true, limit).unwrap_err();
    let second = Duration::from_secs(20);
    assert!(matches!(print("/bin/true", second), pdf::PdfError::Nothing { .. }));
    assert!(matches!(print("/nowhere/browser", second), pdf::PdfError::Start { .. }));
    let loud = program(work.path(), "head -c 100000 /dev/zero | tr '\\0' '\\n' >&2; echo no display >&2");
    let error = print(loud.to_str().unwrap(), second);
    assert!(matches!(&error, pdf::PdfError::Nothing { said, .. } if said == "no display"), "{error}");
    // What it started is ended with it: the pipe's other end closes.
    let pipe = work.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let slow =
        program(work.path(), &format!("tail -f /dev/null >{} & exec tail -f /dev/null", pipe.display()));
    let reader = std::thread::spawn(move || std::fs::read(pipe).unwrap());
    let late = print(slow.to_str().unwrap(), Duration::from_millis(500));
    assert!(matches!(late, pdf::PdfError::Late { .. }), "{late}");
    assert!(late.to_string().contains("print it as PDF"), "it says what to do instead");
    assert_eq!(reader.join().unwrap(), b"");
}
