//! Files below a root: bounded reads, listings, who can read what.
//!
//! With a root other than `/` symbolic links are followed as if that root were `/`, so that a mounted disk or a test's
//! tree never leads back into the running system. Named pipes and devices are never opened for reading.

use std::ffi::OsString;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};

use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::{FileMeta, HostError};

/// As many symbolic links as the kernel follows in one path.
const MAX_LINKS: usize = 40;

/// Where this host's `/` is.
#[derive(Debug, Clone)]
pub(super) struct Root(PathBuf);

impl Root {
    pub(super) fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    pub(super) fn is_running_system(&self) -> bool {
        self.0 == Path::new("/")
    }

    /// The real path of `path` on this host; `None` if a link in it leads nowhere.
    fn place(&self, path: &Path) -> Result<Option<PathBuf>, HostError> {
        if self.is_running_system() {
            return Ok(Some(Path::new("/").join(path)));
        }
        let mut left: Vec<OsString> = Vec::new();
        push_reversed(&mut left, path);
        let mut inside = PathBuf::new();
        let mut links = 0;
        while let Some(name) = left.pop() {
            if name == ".." {
                inside.pop();
                continue;
            }
            let candidate = self.0.join(&inside).join(&name);
            match std::fs::read_link(&candidate) {
                Ok(target) => {
                    links += 1;
                    if links > MAX_LINKS {
                        return Err(HostError::new(
                            path.to_string_lossy(),
                            "its symbolic links run in a circle",
                        ));
                    }
                    if target.is_absolute() {
                        inside.clear();
                    }
                    push_reversed(&mut left, &target);
                }
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                    return Ok(None);
                }
                // Not a link (EINVAL) or not to be seen: the call that uses the path will say which.
                Err(_) => inside.push(name),
            }
        }
        Ok(Some(self.0.join(inside)))
    }

    pub(super) fn metadata(&self, path: &Path) -> Result<Option<FileMeta>, HostError> {
        let Some(place) = self.place(path)? else { return Ok(None) };
        let Some(meta) = found(path, std::fs::metadata(&place))? else { return Ok(None) };
        Ok(Some(FileMeta {
            is_dir: meta.is_dir(),
            size: meta.len(),
            mode: Some(meta.mode() & 0o7777),
            uid: Some(meta.uid()),
            readable_by_others: self.readable_by_others(&place, &meta),
        }))
    }

    /// Whether accounts other than the owner and root reach and read it. Access lists beyond the mode bits are not seen,
    /// but their mask shows in the group bits.
    fn readable_by_others(&self, place: &Path, meta: &Metadata) -> Option<bool> {
        let resolved = std::fs::canonicalize(place).ok()?;
        let mut open = open_to_others(meta, 0o4);
        for folder in resolved.ancestors().skip(1) {
            if !open || !folder.starts_with(&self.0) || folder == self.0 {
                break;
            }
            open = open_to_others(&std::fs::metadata(folder).ok()?, 0o1);
        }
        Some(open)
    }

    pub(super) fn read(&self, path: &Path, limit: usize) -> Result<Option<Vec<u8>>, HostError> {
        let Some(place) = self.place(path)? else { return Ok(None) };
        // Without NONBLOCK, opening a named pipe would wait for a writer that may never come.
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        let opened = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(&place);
        let Some(file) = found(path, opened)? else { return Ok(None) };
        read_regular(path, &file, limit).map(Some)
    }

    /// A file's text, bytes that are not UTF-8 replaced.
    pub(super) fn text(&self, path: impl AsRef<Path>, limit: usize) -> Result<Option<String>, HostError> {
        Ok(self.read(path.as_ref(), limit)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    pub(super) fn list(&self, path: &Path) -> Result<Option<Vec<PathBuf>>, HostError> {
        let Some(place) = self.place(path)? else { return Ok(None) };
        let entries = match std::fs::read_dir(&place) {
            Err(error) if error.kind() == ErrorKind::NotADirectory && place.exists() => {
                return Err(HostError::new(path.to_string_lossy(), "it is not a folder"));
            }
            opened => found(path, opened)?,
        };
        let Some(entries) = entries else { return Ok(None) };
        crate::listing(path, entries).map(Some)
    }

    /// Names in a folder, sorted; none if there is no such folder. Names that are not UTF-8 are left out: no service,
    /// package or device has one.
    pub(super) fn names(&self, path: impl AsRef<Path>) -> Result<Vec<String>, HostError> {
        let listing = self.list(path.as_ref())?.unwrap_or_default();
        Ok(listing.iter().filter_map(|entry| Some(entry.file_name()?.to_str()?.to_owned())).collect())
    }

    /// Where a symbolic link points, as written; `None` if it is no link.
    pub(super) fn link(&self, path: &Path) -> Option<PathBuf> {
        let parent = self.place(path.parent()?).ok()??;
        std::fs::read_link(parent.join(path.file_name()?)).ok()
    }

    /// The path for calls that need a real one.
    pub(super) fn real(&self, path: &Path) -> Option<PathBuf> {
        self.place(path).ok()?
    }
}

/// A group that is root's or the owner's own (same number, the custom of Debian and Red Hat) is nobody else.
fn open_to_others(meta: &Metadata, bit: u32) -> bool {
    let group_is_others = meta.gid() != 0 && meta.gid() != meta.uid();
    meta.mode() & bit != 0 || (group_is_others && meta.mode() & (bit << 3) != 0)
}

fn push_reversed(left: &mut Vec<OsString>, path: &Path) {
    for component in path.components().rev() {
        match component {
            Component::Normal(name) => left.push(name.to_owned()),
            Component::ParentDir => left.push("..".into()),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
        }
    }
}

fn found<T>(path: &Path, result: std::io::Result<T>) -> Result<Option<T>, HostError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {
            Err(HostError::new(path.to_string_lossy(), "its symbolic links run in a circle"))
        }
        Err(error) => Err(HostError::from_io(path, &error)),
    }
}

fn read_regular(path: &Path, file: &File, limit: usize) -> Result<Vec<u8>, HostError> {
    let meta = file.metadata().map_err(|error| HostError::from_io(path, &error))?;
    if !meta.is_file() {
        let kind = if meta.is_dir() { "it is a folder" } else { "it is not a regular file" };
        return Err(HostError::new(path.to_string_lossy(), kind));
    }
    let mut bytes = Vec::new();
    file.take(limit as u64).read_to_end(&mut bytes).map_err(|error| HostError::from_io(path, &error))?;
    Ok(bytes)
}
