//! The report as a PDF: the page printed by a browser that the computer has (docs/adr/0004-pdf.md).
//!
//! Windows 10 and 11 come with Edge; most Linux desktops have Chromium or Chrome. The page is printed from a private copy:
//! a fresh folder that only this account can enter holds the page, the browser's profile, what it says and the PDF, and
//! is deleted afterwards, so that nobody can exchange the page under a browser that may run as root without its sandbox.
//! The page forbids scripts and loads nothing; the browser is started without this process's environment. This is the
//! only module of the crate that touches files or starts a program; who has no browser prints the page by hand, from any
//! computer.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

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

/// What the browser said is read from here on back: the last line explains a failure.
const LAST_WORDS: u64 = 4 << 10;
/// How long it waits between two looks whether the browser has ended.
const LOOK: Duration = Duration::from_millis(20);

/// Why no PDF came about.
#[derive(Debug, thiserror::Error)]
pub enum PdfError {
    /// The private folder could not be made or used.
    #[error("{}: no private folder for printing could be made there; free some space or set TMPDIR (TEMP on Windows)", folder.display())]
    Folder {
        /// Where temporary folders are made.
        folder: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
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

/// A browser that can print, if one is where browsers are installed and, on Unix, nobody but root can change it.
pub fn installed_browser() -> Option<PathBuf> {
    BROWSERS.iter().map(PathBuf::from).find(|path| is_trusted(path))
}

/// This process may be root, and must not run what somebody else put there.
#[cfg(unix)]
fn is_trusted(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).is_ok_and(|meta| {
        meta.is_file() && meta.uid() == 0 && meta.mode() & 0o111 != 0 && meta.mode() & 0o022 == 0
    })
}

/// The folders that browsers are installed in are the administrator's on Windows.
#[cfg(not(unix))]
fn is_trusted(path: &Path) -> bool {
    path.is_file()
}

/// The page as a PDF, tagged for screen readers.
///
/// Ends the browser and all that it started after `limit`. `sandbox` must be false where the browser refuses its own
/// sandbox: as root on Linux. The PDF holds the moment it was printed, so two prints of one page differ in that; the page
/// itself does not.
pub fn print(browser: &Path, html: &str, sandbox: bool, limit: Duration) -> Result<Vec<u8>, PdfError> {
    let folder_error = |source| PdfError::Folder { folder: std::env::temp_dir(), source };
    let mut private = tempfile::Builder::new();
    private.prefix("enamel-print-");
    #[cfg(unix)]
    private.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    let folder = private.tempdir().map_err(folder_error)?;
    let page = folder.path().join("report.html");
    fs::write(&page, html).map_err(folder_error)?;
    let pdf = folder.path().join("report.pdf");
    let said = run(browser, &page, &pdf, folder.path(), sandbox, limit)?;
    let bytes = fs::read(&pdf).unwrap_or_default();
    // A folder that cannot be deleted is litter, not a reason to withhold the PDF.
    let _ = folder.close();
    if bytes.starts_with(b"%PDF-") {
        Ok(bytes)
    } else {
        Err(PdfError::Nothing { browser: browser.to_owned(), said })
    }
}

/// Runs the browser to its end; gives the last line it said.
fn run(
    browser: &Path,
    page: &Path,
    pdf: &Path,
    folder: &Path,
    sandbox: bool,
    limit: Duration,
) -> Result<String, PdfError> {
    let start_error = |source| PdfError::Start { browser: browser.to_owned(), source };
    // A file, not a pipe: nothing that keeps a pipe open can hold this process up, and nothing said fills its memory.
    let mut said = tempfile::tempfile_in(folder).map_err(start_error)?;
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
    command
        .arg(with("--user-data-dir=", &folder.join("profile")))
        .arg(with("--print-to-pdf=", pdf))
        .arg(page);
    confine(&mut command, folder);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(said.try_clone().map_err(start_error)?)
        .spawn()
        .map_err(start_error)?;
    let Some(status) = wait(&mut child, limit).map_err(start_error)? else {
        return Err(PdfError::Late { browser: browser.to_owned(), limit });
    };
    Ok(last_line(&mut said).unwrap_or_else(|_| status.to_string()))
}

/// Nothing of this process's environment, and a process group of its own, which can be ended as a whole.
#[cfg(unix)]
fn confine(command: &mut Command, folder: &Path) {
    command.env_clear().env("PATH", "/usr/bin:/bin").env("LANG", "C.UTF-8");
    command.env("HOME", folder).env("TMPDIR", folder).current_dir(folder);
    std::os::unix::process::CommandExt::process_group(command, 0);
}

/// Nothing of this process's environment but where Windows is, without which no program of it starts.
#[cfg(not(unix))]
fn confine(command: &mut Command, folder: &Path) {
    command.env_clear();
    for name in ["SystemRoot", "SystemDrive", "ProgramFiles", "ProgramFiles(x86)", "ProgramData"] {
        command.envs(std::env::var_os(name).map(|value| (name, value)));
    }
    for name in ["TEMP", "TMP", "USERPROFILE", "LOCALAPPDATA", "APPDATA"] {
        command.env(name, folder);
    }
    command.current_dir(folder);
}

/// How the browser ended; `None` where it had to be ended, because it took longer than `limit`.
#[expect(
    clippy::disallowed_methods,
    reason = "std waits for a process without a limit only; this looks again and again"
)]
fn wait(child: &mut Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    let begun = Instant::now();
    loop {
        match child.try_wait() {
            Ok(None) if begun.elapsed() < limit => std::thread::sleep(LOOK),
            Ok(None) => {
                end(child);
                return Ok(None);
            }
            ended => return ended,
        }
    }
}

/// Kills the browser with everything it started, and reaps it.
fn end(child: &mut Child) {
    #[cfg(unix)]
    if let Some(group) = rustix::process::Pid::from_raw(child.id().cast_signed()) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.kill(); // it may have ended by itself just now
    let _ = child.wait();
}

fn last_line(said: &mut File) -> io::Result<String> {
    let length = said.seek(SeekFrom::End(0))?;
    said.seek(SeekFrom::Start(length.saturating_sub(LAST_WORDS)))?;
    let mut words = Vec::new();
    said.take(LAST_WORDS).read_to_end(&mut words)?;
    let words = String::from_utf8_lossy(&words);
    let last = words.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
    Ok(crate::text::shown(last).to_string())
}
