//! What can go wrong with the spool.
//!
//! After any error nothing of that call is in the file, and the same call may be made again: the next one opens the file anew.

use std::path::{Path, PathBuf};

use enamel_types::ObservationId;

use crate::files::FileError;

/// Why the spool could not be used.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// The disk is full.
    #[error("the disk that holds {} is full; nothing was lost of what was kept before; free some space", path.display())]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// Another agent has it.
    #[error("{} is in use: the agent is running already; stop it first", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// What lies in it is not what was written.
    #[error("{} is damaged ({why}); it is set aside and begun anew at the next use", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The operating system, or the database, refused.
    #[error("{} could not be used; check that the folder exists and is writable", path.display())]
    Failed {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<redb::Error>,
    },
    /// The note of the chain beside it.
    #[error(transparent)]
    File(#[from] FileError),
    /// One observation is beyond the limit of the ledger that it is for.
    #[error("observation {id} has {bytes} bytes, more than a ledger takes; split its scope")]
    TooLarge {
        /// The observation.
        id: ObservationId,
        /// Its size.
        bytes: usize,
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
}

impl SpoolError {
    /// Gives one of the database's errors its meaning and its file.
    pub(super) fn of(path: &Path) -> impl Fn(redb::Error) -> Self {
        use std::io::ErrorKind as Kind;
        let path = path.to_owned();
        move |source| {
            let path = path.clone();
            let damaged = |why: String| Self::Damaged { path: path.clone(), why };
            match source {
                redb::Error::DatabaseAlreadyOpen | redb::Error::LockProtocolMismatch => Self::InUse { path },
                redb::Error::Io(error) => match error.kind() {
                    Kind::StorageFull | Kind::QuotaExceeded | Kind::FileTooLarge => Self::Full { path },
                    Kind::InvalidData | Kind::UnexpectedEof => damaged(error.to_string()),
                    _ => Self::Failed { path, source: Box::new(redb::Error::Io(error)) },
                },
                redb::Error::Corrupted(why) => damaged(why),
                redb::Error::UpgradeRequired(_)
                | redb::Error::RepairAborted
                | redb::Error::TableTypeMismatch { .. }
                | redb::Error::TableIsMultimap(_)
                | redb::Error::TypeDefinitionChanged { .. } => damaged(source.to_string()),
                other => Self::Failed { path, source: Box::new(other) },
            }
        }
    }
}
