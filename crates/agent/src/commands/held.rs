//! Held commands, in the open: what will be done, when, who ordered it, and how to refuse it.
//!
//! A notice is a text that everybody at the practice's computer may read. Refusing takes an administrator of it: a file beside the
//! notice, which the agent looks for before it carries the command out. The console of the MSP shows the same, and a practice's
//! manager may refuse there.

use std::fs;
use std::path::{Path, PathBuf};

use enamel_types::{CommandId, Order, Timestamp};
use enamel_wire::signed::VerifiedCommand;

use crate::files::{self, FileError, Readers};

/// Why a command could not be refused.
#[derive(Debug, thiserror::Error)]
pub enum RefuseError {
    /// It is not held.
    #[error("no command {0} is held here; `enamel agent status` lists those that are")]
    NotHeld(CommandId),
    /// The disk.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Where notices lie below a data directory.
pub fn folder(data: &Path) -> PathBuf {
    data.join("held")
}

fn notice(folder: &Path, id: CommandId) -> PathBuf {
    folder.join(format!("{id}.txt"))
}

fn refusal(folder: &Path, id: CommandId) -> PathBuf {
    folder.join(format!("{id}.refused"))
}

/// Puts up the notice of a held command.
pub(super) fn show(folder: &Path, held: &VerifiedCommand, until: Timestamp) -> Result<(), FileError> {
    let command = held.command();
    let signers: Vec<&str> = held.signers().iter().map(enamel_wire::signed::OperatorKey::name).collect();
    let text = format!(
        "Your MSP has ordered something on this computer that cannot be undone easily.\n\n\
         What:     {}\n\
         Why:      {}\n\
         Ordered:  by {}\n\
         When:     not before {until}\n\n\
         If nobody at the practice knows of this, refuse it: an administrator of this computer runs\n\n    \
         enamel agent refuse {}\n",
        words(&command.order),
        command.reason,
        signers.join(" and "),
        command.id,
    );
    files::make_folder(folder, Readers::Everybody)?;
    files::replace(&notice(folder, command.id), text.as_bytes(), Readers::Everybody)
}

fn words(order: &Order) -> String {
    match order {
        Order::RestoreInPlace { snapshot } => {
            format!("put back the data of snapshot {snapshot}, over what is there now")
        }
        Order::Update { version, .. } => format!("install version {version} of Enamel"),
        Order::Uninstall => "remove Enamel from this computer".to_owned(),
        other => other.verb().to_owned(),
    }
}

/// Refuses a held command, at this computer.
///
/// # Errors
/// A command that is not held, and what the disk refuses.
pub fn refuse(data: &Path, id: CommandId) -> Result<(), RefuseError> {
    let folder = folder(data);
    if !notice(&folder, id).exists() {
        return Err(RefuseError::NotHeld(id));
    }
    let path = refusal(&folder, id);
    // Never through a link that somebody else has put there.
    match fs::OpenOptions::new().write(true).create_new(true).open(&path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(FileError::io("written", &path)(error).into()),
    }
}

/// Whether the practice has refused a command at this computer.
pub(super) fn is_refused(folder: &Path, id: CommandId) -> bool {
    refusal(folder, id).exists()
}

/// Takes a notice down.
pub(super) fn forget(folder: &Path, id: CommandId) {
    for path in [notice(folder, id), refusal(folder, id)] {
        // One that stays says what is over, and is looked at by nobody any more.
        let _ = fs::remove_file(path);
    }
}

/// The notices that are up: id and text.
pub fn shown(data: &Path) -> Vec<(CommandId, String)> {
    let entries = fs::read_dir(folder(data)).into_iter().flatten().flatten();
    let notices = entries.filter_map(|entry| {
        let name = entry.file_name();
        let id = name.to_str()?.strip_suffix(".txt")?.parse().ok()?;
        Some((id, fs::read_to_string(entry.path()).ok()?))
    });
    let mut notices: Vec<_> = notices.collect();
    notices.sort();
    notices
}
