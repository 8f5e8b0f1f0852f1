//! Opening a file that the walk saw, without being led to another one.
//!
//! Between the walk and here whoever owns the folder may put a pipe, a device or a link in the file's place: opening the first
//! would wait for ever, the last would lead anywhere. So nothing is waited for, no link is followed, and what was opened must be what
//! was seen. SQLite opens databases by their path once more; for it that is a moment later.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::path::Path;

/// Why a file was not opened, or not read to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// The operating system refused.
    #[error("could not be read ({})", .0.kind())]
    Io(#[from] io::Error),
    /// Another thing lies at its place.
    #[error("changed while it was looked at")]
    Changed,
}

/// Opens the file that was seen as `seen`. Where the user `named` the path itself, it may be a symbolic link.
pub(super) fn open(path: &Path, seen: &Metadata, named: bool) -> Result<(File, Metadata), Refusal> {
    let mut options = OpenOptions::new();
    options.read(true);
    let file = options_for(&mut options, named).open(path).map_err(refusal)?;
    let meta = file.metadata()?;
    if meta.is_file() && is_same(&meta, seen) { Ok((file, meta)) } else { Err(Refusal::Changed) }
}

#[cfg(unix)]
fn options_for(options: &mut OpenOptions, named: bool) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;

    use rustix::fs::OFlags;
    let link = if named { OFlags::empty() } else { OFlags::NOFOLLOW };
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY | link;
    options.custom_flags(flags.bits().cast_signed())
}

/// Windows has no pipes in folders, and a file behind a link is opened as that file.
#[cfg(not(unix))]
fn options_for(options: &mut OpenOptions, _named: bool) -> &mut OpenOptions {
    options
}

#[cfg(unix)]
fn refusal(error: io::Error) -> Refusal {
    if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) {
        return Refusal::Changed;
    }
    Refusal::Io(error)
}

#[cfg(not(unix))]
fn refusal(error: io::Error) -> Refusal {
    Refusal::Io(error)
}

#[cfg(unix)]
fn is_same(opened: &Metadata, seen: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (opened.dev(), opened.ino()) == (seen.dev(), seen.ino())
}

/// Std does not give a file's index on Windows yet (`windows_by_handle`); another file rarely has the same time of creation.
#[cfg(not(unix))]
fn is_same(opened: &Metadata, seen: &Metadata) -> bool {
    opened.created().ok() == seen.created().ok()
}

/// Reads at a place, so that threads can share the file. May give less than fits.
#[cfg(unix)]
pub(super) fn read_at(file: &File, buf: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buf, at)
}

/// Reads at a place, so that threads can share the file. May give less than fits.
#[cfg(windows)]
pub(super) fn read_at(file: &File, buf: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buf, at)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use rustix::fs::{CWD, Mode};

    use super::*;

    #[test]
    fn what_took_the_place_of_a_file_is_not_opened() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chart.txt");
        let other = folder.path().join("other.txt");
        std::fs::write(&other, "SSN: 512-40-6710\n").unwrap();
        let puts: [(&str, &dyn Fn()); 4] = [
            // Nobody will ever write into it: to wait for that would end the scan.
            ("pipe", &|| rustix::fs::mkfifoat(CWD, &path, Mode::RWXU).unwrap()),
            ("link", &|| symlink(&other, &path).unwrap()),
            ("folder", &|| std::fs::create_dir(&path).unwrap()),
            ("file", &|| std::fs::hard_link(&other, &path).unwrap()),
        ];
        for (what, put) in puts {
            std::fs::write(&path, "nothing\n").unwrap();
            let seen = std::fs::symlink_metadata(&path).unwrap();
            assert!(open(&path, &seen, false).is_ok(), "{what}");
            std::fs::rename(&path, folder.path().join("moved")).unwrap();
            put();
            let refused = open(&path, &seen, false).unwrap_err();
            assert!(matches!(refused, Refusal::Changed), "{what}: {refused}");
            if path.is_dir() { std::fs::remove_dir(&path) } else { std::fs::remove_file(&path) }.unwrap();
        }
    }

    #[test]
    fn a_link_that_the_user_names_is_followed_to_what_was_seen() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("chart.txt"), folder.path().join("link.txt"));
        std::fs::write(&target, "nothing\n").unwrap();
        symlink(&target, &link).unwrap();
        let seen = std::fs::metadata(&link).unwrap();
        assert!(open(&link, &seen, true).is_ok());
        assert!(matches!(open(&link, &seen, false), Err(Refusal::Changed)));
    }
}
