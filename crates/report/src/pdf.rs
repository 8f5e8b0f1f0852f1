//! The report as a PDF: the page printed by a browser that the computer has (docs/adr/0004-pdf.md).
//!
//! Windows 10 and 11 come with Edge; most Linux desktops have Chromium or Chrome. The page forbids scripts and loads
//! nothing, and the browser gets a profile of its own that is deleted afterwards. This is the only module of the crate
//! that touches files or starts a program; who has no browser prints the page by hand, from any computer.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// Where Edge, Chrome and Chromium are installed.
const BROWSERS: [&str; 8] = [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/usr/bin/microsoft-edge",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
    r"C:\Program Files\Microsoft\Edge\Application\msedge.exe",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
];

/// Why no PDF came about.
#[derive(Debug, thiserror::Error)]
pub enum PdfError {
    /// A path could not be read or written.
    #[error("{}: could not be used for printing; check that the folder exists and can be written", path.display())]
    Path {
        /// The path.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The browser could not be started.
    #[error("{}: could not be started; open report.html in any browser and print it as PDF", browser.display())]
    Start {
        /// The browser.
        browser: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The browser did not finish in time and was ended.
    #[error("{}: did not finish within {} s and was ended; open report.html in any browser and print it as PDF", browser.display(), limit.as_secs())]
    Late {
        /// The browser.
        browser: PathBuf,
        /// The time it was given.
        limit: Duration,
    },
    /// The browser ended without writing a PDF.
    #[error("{}: wrote no PDF ({said}); open report.html in any browser and print it as PDF", browser.display())]
    Nothing {
        /// The browser.
        browser: PathBuf,
        /// The last line it said.
        said: String,
    },
}

/// A browser that can print, if one is where browsers are installed.
pub fn installed_browser() -> Option<PathBuf> {
    BROWSERS.iter().map(PathBuf::from).find(|path| path.is_file())
}

/// Prints the page at `html` to `pdf`, tagged for screen readers, on the paper size of the computer.
///
/// Ends the browser after `limit`. `sandbox` must be false where the browser refuses its own sandbox: as root on Linux.
/// The PDF holds the moment it was printed, so two prints of one page differ in that; the page itself does not.
pub fn print(
    browser: &Path,
    html: &Path,
    pdf: &Path,
    sandbox: bool,
    limit: Duration,
) -> Result<(), PdfError> {
    let path_error = |path: &Path| {
        let path = path.to_owned();
        move |source| PdfError::Path { path, source }
    };
    let html = html.canonicalize().map_err(path_error(html))?;
    let folder = pdf.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = folder.canonicalize().map_err(path_error(folder))?;
    let pdf = folder.join(pdf.file_name().unwrap_or(pdf.as_os_str()));
    match std::fs::remove_file(&pdf) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(path_error(&pdf)(error)),
        _ => {}
    }
    let profile = folder.join(format!(".enamel-print-{}", std::process::id()));
    let said = run(browser, &html, &pdf, &profile, sandbox, limit);
    // A profile that cannot be deleted is litter, not a reason to withhold the PDF.
    let _ = std::fs::remove_dir_all(&profile);
    let said = said?;
    if std::fs::metadata(&pdf).is_ok_and(|file| file.len() > 0) {
        Ok(())
    } else {
        Err(PdfError::Nothing { browser: browser.to_owned(), said })
    }
}

/// Runs the browser to its end; gives the last line it said.
fn run(
    browser: &Path,
    html: &Path,
    pdf: &Path,
    profile: &Path,
    sandbox: bool,
    limit: Duration,
) -> Result<String, PdfError> {
    let with = |option: &str, path: &Path| {
        let mut text = std::ffi::OsString::from(option);
        text.push(path);
        text
    };
    let mut command = Command::new(browser);
    command.args(["--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-extensions"]);
    command.args([
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-pdf-header-footer",
    ]);
    if !sandbox {
        command.arg("--no-sandbox");
    }
    command.arg(with("--user-data-dir=", profile)).arg(with("--print-to-pdf=", pdf)).arg(html);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|source| PdfError::Start { browser: browser.to_owned(), source })?;
    let (sender, ended) = mpsc::channel();
    if let Some(mut stderr) = child.stderr.take() {
        std::thread::spawn(move || {
            let mut said = Vec::new();
            // What it says only explains a failure; a broken pipe is the end like any other.
            let _ = stderr.read_to_end(&mut said);
            let _ = sender.send(said); // nobody waits any more once the time is up
        });
    }
    let said = ended.recv_timeout(limit);
    if said.is_err() {
        let _ = child.kill(); // it may have ended by itself just now
    }
    let waited = child.wait();
    let said = said.map_err(|_| PdfError::Late { browser: browser.to_owned(), limit })?;
    waited.map_err(|source| PdfError::Start { browser: browser.to_owned(), source })?;
    let said = String::from_utf8_lossy(&said);
    Ok(said
        .lines()
        .rfind(|line| !line.trim().is_empty())
        .map(|line| crate::text::shown(line).to_string())
        .unwrap_or_default())
}
