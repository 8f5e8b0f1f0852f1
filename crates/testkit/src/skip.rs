//! Tests that need a program of the computer they run on, and what becomes of them where it is missing.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where Debian, Ubuntu and others put it.
const BROWSERS: [&str; 3] = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/// Says that a test was skipped because something is not installed.
///
/// # Panics
/// Under `CI=true`, where everything is.
pub fn skipped(why: &str) {
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{why}");
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}

/// Chromium, and Node with the packages that drive it.
#[derive(Debug)]
pub struct Browser {
    /// The browser.
    pub program: PathBuf,
    /// Node's modules: playwright-core and axe-core.
    pub modules: PathBuf,
}

impl Browser {
    /// Looks for them: the modules in `folder`, which holds the `package.json` that names them, or in the folder that
    /// `ENAMEL_BROWSER_MODULES` names.
    ///
    /// # Panics
    /// As [`skipped`], which says what is missing.
    pub fn find(folder: &Path) -> Option<Self> {
        let modules = std::env::var_os("ENAMEL_BROWSER_MODULES")
            .map_or_else(|| folder.join("node_modules"), PathBuf::from);
        let program = BROWSERS.iter().map(PathBuf::from).find(|path| path.exists());
        let node = Command::new("node").arg("--version").output().is_ok();
        match program {
            Some(program) if node && modules.join("axe-core").is_dir() => Some(Self { program, modules }),
            _ => {
                skipped(&format!("needs Chromium, node and `npm install` in {}", folder.display()));
                None
            }
        }
    }
}
