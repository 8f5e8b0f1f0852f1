//! The policy that the server wants, as it was last sent.
//!
//! Level-triggered: the agent compares what it has with what it is sent at every poll, so that nothing hangs on one message. No
//! policy makes a practice blind: [`Policy::schedule`] bounds it, and folders can only be added.

use std::path::{Path, PathBuf};

use enamel_types::Policy;
use enamel_types::policy::MAX_FOLDERS;

use crate::files::{self, FileError};

/// Longest path of a folder in a policy, bytes.
const MAX_FOLDER_BYTES: usize = 4096;

fn path(folder: &Path) -> PathBuf {
    folder.join("policy.json")
}

/// Keeps a policy, within its bounds.
pub(crate) fn keep(folder: &Path, policy: &Policy) -> Result<Policy, FileError> {
    let mut policy = policy.clone();
    policy.folders.retain(|folder| folder.len() <= MAX_FOLDER_BYTES && Path::new(folder).is_absolute());
    policy.folders.truncate(MAX_FOLDERS);
    policy.night_from %= 24;
    policy.night_until %= 24;
    files::replace_json(&path(folder), &policy)?;
    Ok(policy)
}

/// The policy of an agent's own folder. One that is missing or damaged is replaced by the usual one, and asked for again.
pub(crate) fn kept(folder: &Path) -> Policy {
    files::read_json(&path(folder)).ok().flatten().unwrap_or_default()
}
