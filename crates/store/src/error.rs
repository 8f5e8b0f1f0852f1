//! What can go wrong with the store.
//!
//! Policy: an error names the file or the thing, says what failed and why, and ends with what to do next. What lies outside the
//! caller's [`crate::Scope`] is [`StoreError::NotFound`], the same as what does not exist. The underlying error is the `source`.
//! After any error from a write nothing of it is kept.

use std::path::{Path, PathBuf};

/// Why the store did not do as it was asked. See the module for the policy.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is none, or the caller does not reach it.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// Something else is in the way: a name that is taken, a token that was used.
    #[error("{0}")]
    Conflict(String),
    /// A write to a practice that the caller does not reach.
    #[error("this would write to a practice outside the caller's reach; nothing was written")]
    OutOfScope,
    /// The disk is full. Nothing was written.
    #[error("the disk that holds {0} is full; nothing was written; free some space and try again")]
    Full(String),
    /// Another process has the data folder.
    #[error("{} is in use by another Enamel server; stop that one, or give this one a folder of its own", .0.display())]
    InUse(PathBuf),
    /// The operating system refused.
    #[error("could not {action} {}; check that the folder exists and that this account may write to it", path.display())]
    Io {
        /// What was tried: `open`, `write`.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A newer Enamel wrote it.
    #[error("{what} has schema {found}, this Enamel knows up to {known}; use a newer Enamel")]
    NewerSchema {
        /// The file or database.
        what: String,
        /// Its version.
        found: u32,
        /// The newest one known here.
        known: u32,
    },
    /// A migration that was applied is not the one that this program has.
    #[error(
        "{what} was set up by another text of migration {version} than this Enamel has; use the release that wrote it"
    )]
    OtherMigration {
        /// The file or database.
        what: String,
        /// Which migration.
        version: u32,
    },
    /// The master key is missing or another one.
    #[error("{}: {why}; put back the master key that belongs to this data, from where you keep its copy", path.display())]
    MasterKey {
        /// The key's file.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The address of the database is none that can be used.
    #[error("cannot use the database address: {0}")]
    Address(String),
    /// All connections to the database are taken.
    #[error(
        "no connection to the database came free in time; try again, and see whether the database is well"
    )]
    Busy(#[source] r2d2::Error),
    /// Something that was kept is not as it was written.
    #[error("{what} is damaged: {why}; restore it from a copy, and keep the damaged one")]
    Damaged {
        /// What.
        what: String,
        /// How that shows.
        why: String,
    },
    /// SQLite failed in a way that none of the above covers.
    #[error("could not {action} {}; check the disk that holds it, and that this account may use the file", path.display())]
    Sqlite {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
    /// PostgreSQL failed in a way that none of the above covers.
    #[error(
        "could not {action} the database; see whether it runs, whether its address is right, and what its log says"
    )]
    Postgres {
        /// What was tried.
        action: &'static str,
        /// Why.
        #[source]
        source: ::postgres::Error,
    },
    /// The ledger file of an export could not be written.
    #[error(
        "could not write the practice's ledger; nothing of the practice was changed, export it again into a new folder"
    )]
    Ledger(#[from] enamel_ledger::LedgerError),
}

/// What an SQLite trigger of [`crate::sqlite`] says when it stops a write.
pub(crate) const OUT_OF_SCOPE: &str = "outside the scope";

impl StoreError {
    /// Gives an operating system's error its file.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| match source.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                Self::Full(path.display().to_string())
            }
            _ => Self::Io { action, path: path.to_owned(), source },
        }
    }

    /// Gives one of SQLite's errors its meaning and its file.
    pub(crate) fn sqlite(action: &'static str, path: &Path) -> impl FnOnce(rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        move |source| match (source.sqlite_error_code(), &source) {
            (Some(Code::DiskFull), _) => Self::Full(path.display().to_string()),
            // The index of the log could not grow; SQLite has no full disk there.
            (_, rusqlite::Error::SqliteFailure(error, _))
                if error.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE =>
            {
                Self::Full(path.display().to_string())
            }
            (Some(Code::DatabaseCorrupt | Code::NotADatabase), _) => {
                Self::Damaged { what: path.display().to_string(), why: source.to_string() }
            }
            (_, rusqlite::Error::SqliteFailure(_, Some(text))) if text == OUT_OF_SCOPE => Self::OutOfScope,
            (Some(Code::ConstraintViolation), _) => {
                Self::Conflict("this is there already, or something still refers to it".to_owned())
            }
            _ => Self::Sqlite { action, path: path.to_owned(), source },
        }
    }

    /// Gives one of PostgreSQL's errors its meaning.
    pub(crate) fn postgres(action: &'static str) -> impl FnOnce(::postgres::Error) -> Self {
        use ::postgres::error::SqlState;
        move |source| match source.code() {
            Some(code) if *code == SqlState::DISK_FULL => Self::Full("the database".to_owned()),
            Some(code) if *code == SqlState::INSUFFICIENT_PRIVILEGE => Self::OutOfScope,
            Some(code) if code.code().starts_with("23") => {
                Self::Conflict("this is there already, or something still refers to it".to_owned())
            }
            _ => Self::Postgres { action, source },
        }
    }
}
