//! Whom this agent takes commands from.
//!
//! The trust root is pinned at enrolment and nowhere else: an agent that was enrolled before its MSP had operators' keys takes no
//! command until a technician enrols it again. A server that could hand in the first root later could hand in its own. From then on
//! only the operators themselves can change it: a new root counts when the old and the new operators signed it.

use std::path::{Path, PathBuf};

use enamel_wire::message::SignedText;
use enamel_wire::signed::{Refusal, TrustRoot, verify_root, verify_rotation};

use crate::files::{self, FileError};

/// Why there is no trust root to check against.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// Its file.
    #[error(transparent)]
    File(#[from] FileError),
    /// It is not signed as it must be.
    #[error("the list of operators is not one to obey: {0}")]
    Refused(#[from] Refusal),
}

fn path(folder: &Path) -> PathBuf {
    folder.join("trust.json")
}

/// Pins the first trust root.
pub(crate) fn pin(folder: &Path, signed: &SignedText) -> Result<TrustRoot, TrustError> {
    let root = verify_root(signed)?;
    files::replace_json(&path(folder), &[signed])?;
    Ok(root)
}

/// The trust root in force in an agent's own folder; `None` where none was ever pinned.
///
/// # Errors
/// A file that cannot be read, or was changed by somebody who is no operator.
pub fn pinned(folder: &Path) -> Result<Option<TrustRoot>, TrustError> {
    Ok(history(folder)?.last().map(verify_root).transpose()?)
}

/// Every root from the pinned one on, the last in force: whoever has an earlier one can follow.
pub(crate) fn history(folder: &Path) -> Result<Vec<SignedText>, TrustError> {
    Ok(files::read_json(&path(folder))?.unwrap_or_default())
}

/// Takes over the roots after the one in force, each signed by the one before; gives the one that is then in force, and why it stopped
/// where it did not take them all.
pub(crate) fn follow(
    folder: &Path,
    roots: &[SignedText],
) -> Result<(Option<TrustRoot>, Option<Refusal>), TrustError> {
    let Some(mut root) = pinned(folder)? else { return Ok((None, None)) };
    for signed in roots {
        match verify_rotation(&root, signed) {
            Ok(next) => {
                let mut history = history(folder)?;
                history.push(signed.clone());
                files::replace_json(&path(folder), &history)?;
                root = next;
            }
            // The server may send again what is in force already.
            Err(Refusal::RootVersion { expected, found }) if found < expected => {}
            Err(refusal) => return Ok((Some(root), Some(refusal))),
        }
    }
    Ok((Some(root), None))
}
