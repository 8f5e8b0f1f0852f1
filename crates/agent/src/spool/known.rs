//! What is known of the chain apart from the spool: the hashes since the last acknowledgement.
//!
//! Written before anything is sent, so that a chain goes on where the server has it even if the spool itself is destroyed.

use std::path::{Path, PathBuf};

use enamel_ledger::EntryHash;
use serde::{Deserialize, Serialize};

use crate::files::{self, FileError};

/// Hashes of entries that follow one another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KnownChain {
    /// The number of the first.
    pub(super) from: u64,
    /// Its hash, and those after it.
    pub(super) hashes: Vec<EntryHash>,
}

impl KnownChain {
    /// Where it lies beside a spool.
    fn path(spool: &Path) -> PathBuf {
        spool.with_file_name("chain.json")
    }

    /// Reads it. One that is damaged as well is as good as none: then the server's answer shows where the chain stands.
    pub(super) fn load(spool: &Path) -> Self {
        files::read_json(&Self::path(spool)).ok().flatten().unwrap_or_default()
    }

    /// Keeps it.
    pub(super) fn save(&self, spool: &Path) -> Result<(), FileError> {
        files::replace_json(&Self::path(spool), self)
    }
}
