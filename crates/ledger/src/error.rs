//! What can go wrong with a ledger.
//!
//! Policy: every error names the file, says what was tried and why it failed, and ends with what to do next. The
//! underlying error is the `source`, never repeated in the text. After any error from [`crate::Ledger::append`] nothing
//! of that batch is in the file, and the same batch may be sent again.

use std::path::{Path, PathBuf};

use enamel_types::ObservationId;

/// Why a ledger could not be used. See the module for the policy.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The operating system refused.
    #[error("could not {action} {}; check that {}", path.display(), if *action == "read" { "it is there and that you may read it" } else { "the folder exists and is writable" })]
    Io {
        /// What was tried: `open`, `rename`.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file is something else.
    #[error("{} is not an Enamel ledger ({why}); name another file, or move this one away", path.display())]
    NotALedger {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        why: String,
    },
    /// A newer Enamel wrote it.
    #[error("{} has ledger format {found}, this Enamel knows up to {known}; use a newer Enamel", path.display())]
    NewerFormat {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest one known here.
        known: i64,
    },
    /// It can be read and not written.
    #[error("{} is read-only; make the file and its folder writable, or verify it where it is", path.display())]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// Another process writes to it.
    #[error("{} is in use by another process; wait until that has ended and try again", path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// The disk is full. Nothing of the batch was written.
    #[error("the disk that holds {} is full; nothing was written; free some space and send it again", path.display())]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// Something in the file is not as it was written.
    #[error(
        "{} is damaged{}: {why}; run `enamel ledger verify`, then salvage the file",
        path.display(),
        seq.map(|seq| format!(" at sequence number {seq}")).unwrap_or_default()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The row, where the damage is in one.
        seq: Option<u64>,
        /// What is wrong.
        why: String,
    },
    /// A salvage was stopped half way; both files are still there.
    #[error("a salvage of {} was interrupted; run the salvage again, it goes on where it stopped", path.display())]
    SalvageInterrupted {
        /// The file.
        path: PathBuf,
    },
    /// A row that is whole and cannot be understood: a newer Enamel wrote it.
    #[error("entry {seq} of {} is whole but not understood by this Enamel; use a newer one", path.display())]
    NotUnderstood {
        /// The file.
        path: PathBuf,
        /// The row.
        seq: u64,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// One observation is beyond the limit.
    #[error("observation {id} has {bytes} bytes, the limit is {limit}; split its scope")]
    TooLarge {
        /// The observation.
        id: ObservationId,
        /// Its size.
        bytes: usize,
        /// [`crate::MAX_BODY_BYTES`].
        limit: usize,
    },
    /// One observation could not be written as JSON.
    #[error("observation {id} could not be written as JSON; report this as a fault of the sensor")]
    Encode {
        /// The observation.
        id: ObservationId,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// SQLite failed in a way that none of the above covers.
    #[error("could not {action} {}; run `enamel ledger verify` on it", path.display())]
    Database {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
}

impl LedgerError {
    /// Gives an operating system's error its file.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| match source.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                Self::Full { path: path.to_owned() }
            }
            std::io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly { path: path.to_owned() },
            _ => Self::Io { action, path: path.to_owned(), source },
        }
    }

    /// Gives one of SQLite's errors its meaning and its file.
    pub(crate) fn sqlite(action: &'static str, path: &Path) -> impl FnOnce(rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        move |source| {
            let path = path.to_owned();
            match source.sqlite_error_code() {
                Some(Code::DiskFull) => Self::Full { path },
                Some(Code::ReadOnly) => Self::ReadOnly { path },
                Some(Code::DatabaseBusy | Code::DatabaseLocked) => Self::Locked { path },
                Some(Code::NotADatabase) => {
                    Self::NotALedger { path, why: "it does not begin like a SQLite file".to_owned() }
                }
                Some(Code::DatabaseCorrupt) => {
                    Self::Damaged { path, seq: None, why: format!("SQLite cannot {action} it") }
                }
                _ => Self::Database { action, path, source },
            }
        }
    }
}
