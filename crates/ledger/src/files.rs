//! The files around a ledger: its lock, its log, and moving things into place so that they stay there.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use crate::error::LedgerError;

/// A file beside the ledger: its name with something added.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// SQLite's write-ahead log of a ledger.
pub(crate) fn wal_path(path: &Path) -> PathBuf {
    beside(path, "-wal")
}

/// The first of `name`, `name.2`, `name.3` … that does not exist.
pub(crate) fn unused(name: &Path) -> PathBuf {
    let numbered = (2u32..).map(|number| beside(name, &format!(".{number}")));
    std::iter::once(name.to_owned())
        .chain(numbered)
        .find(|path| !path.exists())
        .unwrap_or_else(|| name.to_owned())
}

/// A ledger is this process's while this lives. The operating system releases it when the process ends, however it ends.
pub(crate) struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing is not enough: a child that is just being started holds a copy of the handle for a moment. Failing
        // is harmless, the handle is closed right after.
        let _ = self.0.unlock();
    }
}

/// Takes the ledger for this process. The lock is on a file of its own, because SQLite's locks live on the ledger and
/// closing any other handle on that would drop them (POSIX).
pub(crate) fn lock(path: &Path) -> Result<Lock, LedgerError> {
    take(path, File::options().create(true).truncate(false).write(true))
}

/// The same, but while another process has the ledger, waits for at most `patience`.
pub(crate) fn lock_within(path: &Path, patience: Duration) -> Result<Lock, LedgerError> {
    let refused = match lock(path) {
        Err(refused @ LedgerError::Locked { .. }) if !patience.is_zero() => refused,
        other => return other,
    };
    let lock_path = beside(path, "-lock");
    let file = File::options().write(true).open(&lock_path).map_err(LedgerError::io("open", &lock_path))?;
    // The operating system knows when the lock is free and wakes a thread then; only the wait for that thread can have an end. One
    // that comes too late finds nobody to give the lock to, and lets go of it.
    let (sender, taken) = mpsc::channel();
    std::thread::spawn(move || sender.send(file.lock().map(|()| Lock(file))));
    match taken.recv_timeout(patience) {
        Ok(taken) => taken.map_err(LedgerError::io("lock", &lock_path)),
        Err(_) => Err(refused),
    }
}

/// Takes the ledger only if a process that opened it has left the lock's file there: whoever only reads makes no file.
pub(crate) fn lock_if_there(path: &Path) -> Result<Option<Lock>, LedgerError> {
    if !beside(path, "-lock").exists() {
        return Ok(None);
    }
    take(path, File::options().write(true)).map(Some)
}

fn take(path: &Path, options: &OpenOptions) -> Result<Lock, LedgerError> {
    let lock_path = beside(path, "-lock");
    let file = options.open(&lock_path).map_err(LedgerError::io("open", &lock_path))?;
    match file.try_lock() {
        Ok(()) => Ok(Lock(file)),
        Err(std::fs::TryLockError::WouldBlock) => Err(LedgerError::Locked { path: path.to_owned() }),
        Err(std::fs::TryLockError::Error(source)) => Err(LedgerError::io("lock", &lock_path)(source)),
    }
}

pub(crate) fn rename(from: &Path, to: &Path) -> Result<(), LedgerError> {
    std::fs::rename(from, to).map_err(LedgerError::io("rename", from))
}

pub(crate) fn remove_if_there(path: &Path) -> Result<(), LedgerError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(LedgerError::io("remove", path)(error))
        }
        _ => Ok(()),
    }
}

/// Makes renames in a file's folder durable. Windows has no such call and needs none.
pub(crate) fn sync_folder(path: &Path) -> Result<(), LedgerError> {
    if cfg!(unix) {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(LedgerError::io("write", folder))?;
    }
    Ok(())
}
