//! The data folder: its lock, and what makes a change of a folder durable.

use std::fs::File;
use std::path::Path;

use crate::error::StoreError;

/// Makes the folder if it is not there, readable by this account only, and takes it: it is this process's while the file lives, and the
/// operating system lets go of it however the process ends.
pub(crate) fn take_folder(folder: &Path) -> Result<File, StoreError> {
    make_folder(folder)?;
    let path = folder.join("store.lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(StoreError::io("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(StoreError::InUse(folder.to_owned())),
        Err(std::fs::TryLockError::Error(source)) => Err(StoreError::io("lock", &path)(source)),
    }
}

/// Makes a folder that only this account can enter.
pub(crate) fn make_folder(folder: &Path) -> Result<(), StoreError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(StoreError::io("make", folder))
}

/// Makes a folder that is not there yet, and that only this account can enter.
pub(crate) fn make_new_folder(folder: &Path) -> Result<(), StoreError> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(StoreError::io("make", folder))
}

/// Makes a rename or a removal in a file's folder durable. Windows has no such call and needs none.
pub(crate) fn sync_folder_of(path: &Path) -> Result<(), StoreError> {
    if cfg!(unix) {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(StoreError::io("write", folder))?;
    }
    Ok(())
}

/// Removes a file; one that is not there is no error.
pub(crate) fn remove(path: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(StoreError::io("remove", path)(error))
        }
        _ => Ok(()),
    }
}
