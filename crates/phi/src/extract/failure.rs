//! Why reading a file or a part of it ended early, before it becomes a [`Problem`].
//!
//! Policy: a reader returns `Err` only for what ends its own part; damage that it can step over it reports to the sink itself.
//! Words are about the format, never from the file's content.

use std::io;

use super::budget::Stop;
use crate::sink::{Problem, ProblemKind};

#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("it could not be read")]
    Io(#[source] io::Error),
    #[error("it is damaged: {0}")]
    Malformed(&'static str),
    #[error("it is encrypted or password-protected")]
    Encrypted,
    #[error("its reader gave up")]
    GaveUp,
    #[error("{0}")]
    Stop(Stop),
    #[error("this format is not looked into: {0}")]
    Unsupported(&'static str),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if let Some(stop) = error.get_ref().and_then(|inner| inner.downcast_ref::<Stop>()) {
            return Self::Stop(*stop);
        }
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Malformed("it ends too early"),
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
                Self::Malformed("its data cannot be decoded")
            }
            _ => Self::Io(error),
        }
    }
}

impl From<Stop> for Failure {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl Failure {
    /// Whether the whole file must be given up, not only the part that failed.
    pub(super) fn ends_file(&self) -> bool {
        matches!(self, Self::Stop(stop) if stop.ends_file())
    }

    /// As a problem of the part `name`.
    pub(super) fn problem(&self, name: &str) -> Problem {
        let kind = match self {
            Self::Io(_) | Self::GaveUp => ProblemKind::Unreadable,
            Self::Malformed(_) => ProblemKind::Malformed,
            Self::Encrypted => ProblemKind::Encrypted,
            Self::Stop(_) => ProblemKind::Limit,
            Self::Unsupported(_) => ProblemKind::Unsupported,
        };
        let detail = match self {
            Self::Io(source) => format!("{name}: {self} ({})", source.kind()),
            _ => format!("{name}: {self}"),
        };
        Problem { kind, detail }
    }
}
