//! Files and folders, and who beside administrators can read them.

use std::fs::{File, Metadata};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::access;
use crate::{FileMeta, HostError};

pub(super) fn metadata(path: &Path) -> Result<Option<FileMeta>, HostError> {
    Ok(found(path, std::fs::metadata(path))?.map(|meta| FileMeta {
        is_dir: meta.is_dir(),
        size: meta.len(),
        mode: None,
        uid: None,
        readable_by_others: access::readable_by_others(path),
    }))
}

pub(super) fn read(path: &Path, limit: usize) -> Result<Option<Vec<u8>>, HostError> {
    match found(path, std::fs::metadata(path))? {
        None => return Ok(None),
        Some(meta) if !meta.is_file() => return Err(HostError::new(path.to_string_lossy(), kind(&meta))),
        Some(_) => {}
    }
    let Some(file) = found(path, File::open(path))? else { return Ok(None) };
    let mut bytes = Vec::new();
    file.take(limit as u64).read_to_end(&mut bytes).map_err(|error| HostError::from_io(path, &error))?;
    Ok(Some(bytes))
}

fn kind(meta: &Metadata) -> &'static str {
    if meta.is_dir() { "it is a folder" } else { "it is not a regular file" }
}

pub(super) fn list(path: &Path) -> Result<Option<Vec<PathBuf>>, HostError> {
    match found(path, std::fs::metadata(path))? {
        None => return Ok(None),
        Some(meta) if !meta.is_dir() => {
            return Err(HostError::new(path.to_string_lossy(), "it is not a folder"));
        }
        Some(_) => {}
    }
    let Some(entries) = found(path, std::fs::read_dir(path))? else { return Ok(None) };
    crate::listing(path, entries).map(Some)
}

/// A name that Windows cannot have (with `<` or a drive that is not there) names nothing.
fn found<T>(path: &Path, result: std::io::Result<T>) -> Result<Option<T>, HostError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidFilename
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(HostError::from_io(path, &error)),
    }
}
