//! The names of the files that Enamel writes, and which of them a search for patient data leaves out.
//!
//! What an earlier run wrote about patient data is no patient data of the practice. A search never leaves out the folder that such a
//! file lies in: people name their own folders with `--out` and `--data`, and what else lies there is searched like anything else.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The report for people.
pub(crate) const REPORT: &str = "report.html";
/// The findings for machines.
pub(crate) const FINDINGS: &str = "findings.json";
/// The report, printed.
pub(crate) const PDF: &str = "report.pdf";
/// The ledger.
pub(crate) const LEDGER: &str = "ledger.db";
/// What the search for patient data need not read twice.
pub(crate) const CACHE: &str = "phi-cache.db";
/// Who this installation is.
pub(crate) const IDENTITY: &str = "identity.toml";
/// The practice file of the last run.
pub(crate) const PRACTICE: &str = "practice.toml";

/// What an agent keeps: who it is, what waits to be sent.
pub(crate) const AGENT: &str = "agent";
/// Notices of commands that are held.
pub(crate) const HELD: &str = "held";

/// What a file is called until it is whole, after the name that it will have; the process's number follows.
pub(crate) const PART: &str = ".part-";
/// The same for the identity, which is never put over another.
pub(crate) const NEW: &str = "new-";

/// Files that SQLite keeps beside a database while it is open, and the ledger's lock.
const BESIDE_A_DATABASE: [&str; 4] = ["-wal", "-shm", "-journal", "-lock"];
/// What the ledger's name is followed by while it is made, and where damage was put aside.
const BESIDE_THE_LEDGER: [&str; 5] = ["-wal.torn", ".creating", ".salvaging", ".salvaged", ".damaged-"];

/// Enamel's own files in a folder that reports are written to.
pub(crate) fn of_reports(folder: &Path) -> Vec<PathBuf> {
    let is_own = |name: &str| {
        [REPORT, FINDINGS, PDF]
            .iter()
            .any(|own| name == *own || name.strip_prefix(own).is_some_and(|rest| is_numbered(rest, PART)))
    };
    [REPORT, FINDINGS, PDF].iter().map(|name| folder.join(name)).chain(listed(folder, is_own)).collect()
}

/// Enamel's own files in a data directory. Those that may come while the search runs are named before they are there.
pub(crate) fn of_data(folder: &Path) -> Vec<PathBuf> {
    let is_own = |name: &str| {
        let ledger = name
            .strip_prefix(LEDGER)
            .is_some_and(|rest| BESIDE_THE_LEDGER.iter().any(|suffix| rest.starts_with(suffix)));
        let practice = name.strip_prefix(PRACTICE).is_some_and(|rest| is_numbered(rest, PART));
        let identity = name.strip_prefix("identity.").is_some_and(|rest| is_numbered(rest, NEW));
        ledger || practice || identity
    };
    let databases = [LEDGER, CACHE].into_iter().flat_map(|database| {
        BESIDE_A_DATABASE.iter().map(move |suffix| folder.join(format!("{database}{suffix}")))
    });
    let named = [LEDGER, CACHE, IDENTITY, PRACTICE, AGENT, HELD].into_iter().map(|name| folder.join(name));
    named.chain(databases).chain(listed(folder, is_own)).collect()
}

/// Whether a name's end is `mark` and a process's number.
fn is_numbered(end: &str, mark: &str) -> bool {
    end.strip_prefix(mark)
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// What lies in a folder under such names. One that cannot be listed has none to leave out: its search names the gap.
fn listed(folder: &Path, is_own: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.filter(|path| path.file_name().and_then(OsStr::to_str).is_some_and(&is_own)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left_out(of: fn(&Path) -> Vec<PathBuf>, names: &[&str]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            std::fs::write(folder.path().join(name), "x").unwrap();
        }
        let own = of(folder.path());
        let left_out = names.iter().filter(|name| own.contains(&folder.path().join(name)));
        left_out.map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn only_the_files_of_a_report_are_left_out_of_a_search() {
        let own =
            ["report.html", "findings.json", "report.pdf", "report.html.part-71", "findings.json.part-9"];
        let theirs =
            ["charts.csv", "report.html.bak", "report.html.part-", "report.htm", "findings.json.part-9a"];
        assert_eq!(left_out(of_reports, &[&own[..], &theirs].concat()), own);
    }

    #[test]
    fn only_the_files_of_a_data_directory_are_left_out_of_a_search() {
        let own = [
            "ledger.db",
            "ledger.db-wal",
            "ledger.db-lock",
            "ledger.db-wal.torn.2",
            "ledger.db.damaged-20261124",
            "ledger.db.salvaging-lock",
            "phi-cache.db",
            "phi-cache.db-shm",
            "identity.toml",
            "identity.new-12",
            "practice.toml",
            "practice.toml.part-12",
        ];
        let theirs =
            ["ledger.db.xlsx", "ledger.csv", "identity.pdf", "practice.toml.bak", "phi-cache.db.csv"];
        assert_eq!(left_out(of_data, &[&own[..], &theirs].concat()), own);
    }
}
