//! Files that are whole or not there, and that only their owner reads.
//!
//! What an agent must remember across a crash (who it is, whom it obeys, which commands it has seen) lies in small files that are
//! replaced as one. Nothing here knows what is in them.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Why a file of the agent's could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The operating system refused.
    #[error("{} could not be {action}", path.display())]
    Io {
        /// `read`, `written`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It is not what this Enamel writes there.
    #[error("{} is damaged, or was written by another version of Enamel", path.display())]
    NotUnderstood {
        /// The file.
        path: PathBuf,
    },
}

impl FileError {
    /// Gives an operating system's error its file.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }
}

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Its owner.
    Owner,
    /// Everybody on this computer.
    Everybody,
}

/// Replaces a file as one: after a crash it is the old one or the new one. When this returns it is on the disk.
///
/// Where the folder belongs to somebody else (root enrols a computer for the agent's own user) so does the file.
pub(crate) fn replace(path: &Path, bytes: &[u8], readers: Readers) -> Result<(), FileError> {
    let temporary = path.with_extension(format!("new-{}", std::process::id()));
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        hand_over(path, &temporary, readers)?;
        file.sync_all()
    });
    let replaced = written.and_then(|()| fs::rename(&temporary, path)).and_then(|()| sync_folder(path));
    replaced.map_err(|source| {
        let _ = fs::remove_file(&temporary);
        FileError::io("written", path)(source)
    })
}

/// The same with JSON.
pub(crate) fn replace_json(path: &Path, value: &impl Serialize) -> Result<(), FileError> {
    let json = serde_json::to_vec_pretty(value)
        .map_err(|error| FileError::io("written", path)(std::io::Error::other(error)))?;
    replace(path, &json, Readers::Owner)
}

/// Reads JSON; `None` where there is no such file. What is wrong in it is not quoted: it may be a key.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, FileError> {
    match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|_| FileError::NotUnderstood { path: path.to_owned() }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FileError::io("read", path)(error)),
    }
}

/// Makes a folder, private or for all to look into, that belongs to whoever owns the one above.
pub(crate) fn make_folder(path: &Path, readers: Readers) -> Result<(), FileError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let existed = path.is_dir();
    builder.create(path).map_err(FileError::io("made", path))?;
    if !existed {
        hand_over(path, path, readers).map_err(FileError::io("made", path))?;
    }
    Ok(())
}

/// Gives `made`, which will lie at `path`, to the owner of the folder above, and to its readers.
#[cfg(unix)]
fn hand_over(path: &Path, made: &Path, readers: Readers) -> std::io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let meta = fs::metadata(made)?;
    if readers == Readers::Everybody {
        let bits = if meta.is_dir() { 0o755 } else { 0o644 };
        fs::set_permissions(made, fs::Permissions::from_mode(bits))?;
    }
    let Some(above) = path.parent().filter(|above| !above.as_os_str().is_empty()) else { return Ok(()) };
    let owner = fs::metadata(above)?;
    if (owner.uid(), owner.gid()) != (meta.uid(), meta.gid()) && meta.uid() == 0 {
        std::os::unix::fs::chown(made, Some(owner.uid()), Some(owner.gid()))?;
    }
    Ok(())
}

/// On Windows a file inherits both from its folder.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "as on Unix")]
fn hand_over(_: &Path, _: &Path, _: Readers) -> std::io::Result<()> {
    Ok(())
}

/// A rename is on the disk when its folder is.
#[cfg(unix)]
fn sync_folder(path: &Path) -> std::io::Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => fs::File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "as on Unix")]
fn sync_folder(_: &Path) -> std::io::Result<()> {
    Ok(())
}
