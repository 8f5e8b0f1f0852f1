//! The walk: every regular file below the roots, once.
//!
//! Symbolic links are not followed, but for a root that is one. A folder that is mounted in two places is entered once. Pipes, sockets
//! and devices are never opened, and the kernel's own file systems are not walked into. What cannot be looked at is handed on as a
//! problem, one for each folder: a folder that may be listed but not entered hides all its files.

use std::collections::HashSet;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use enamel_types::words::counted;

use super::ScanOptions;
use crate::sink::{Problem, ProblemKind};

/// Deeper folders are not entered: no honest tree has them, and a hostile one could exhaust us.
const DEPTH: usize = 200;

/// Something for a worker.
pub(super) struct Job {
    /// Which root it lies under.
    pub(super) root: usize,
    /// The file, or what could not be read: a folder, or a root of another kind.
    pub(super) path: PathBuf,
    /// Whether the user named this very path, which may then be a symbolic link.
    pub(super) named: bool,
    /// The file's metadata, or what is wrong.
    pub(super) what: Result<Metadata, Problem>,
}

/// What the counting walk has seen.
#[derive(Default)]
pub(super) struct Counted {
    pub(super) files: AtomicU64,
    pub(super) bytes: AtomicU64,
    pub(super) complete: AtomicBool,
}

/// A walk over the roots.
pub(super) struct Walk<'a> {
    options: &'a ScanOptions,
    cancel: &'a AtomicBool,
    done: &'a AtomicBool,
    entered: HashSet<Identity>,
}

#[derive(PartialEq, Eq, Hash)]
enum Identity {
    #[cfg(unix)]
    Inode(u64, u64),
    #[cfg(not(unix))]
    Path(PathBuf),
}

impl<'a> Walk<'a> {
    pub(super) fn new(options: &'a ScanOptions, cancel: &'a AtomicBool, done: &'a AtomicBool) -> Self {
        Self { options, cancel, done, entered: HashSet::new() }
    }

    /// Hands on every file; `each` answers whether to go on.
    pub(super) fn visit(mut self, roots: &[PathBuf], each: &mut dyn FnMut(Job) -> bool) {
        for (root, path) in roots.iter().enumerate() {
            // The same folder below two roots belongs to both.
            self.entered.clear();
            match fs::metadata(path) {
                Ok(meta) if meta.is_dir() => {
                    if !self.below(root, path, &meta, each) {
                        return;
                    }
                }
                other => {
                    let what = match other {
                        Ok(meta) if meta.is_file() => Ok(meta),
                        Ok(_) => Err(no_file()),
                        Err(error) => Err(unreadable(&error)),
                    };
                    if !each(Job { root, path: path.clone(), named: true, what }) {
                        return;
                    }
                }
            }
        }
    }

    /// Counts files and bytes, for the time left.
    pub(super) fn count(self, roots: &[PathBuf], counted: &Counted) {
        self.visit(roots, &mut |job| {
            if let Ok(meta) = job.what {
                counted.files.fetch_add(1, Ordering::Relaxed);
                counted.bytes.fetch_add(on_disk(&meta), Ordering::Relaxed);
            }
            true
        });
        counted.complete.store(true, Ordering::Relaxed);
    }

    fn below(
        &mut self,
        root: usize,
        path: &Path,
        meta: &Metadata,
        each: &mut dyn FnMut(Job) -> bool,
    ) -> bool {
        let home = device(meta);
        let mut folders = vec![(path.to_owned(), 0)];
        self.enter(path, meta);
        while let Some((folder, depth)) = folders.pop() {
            if self.cancel.load(Ordering::Relaxed) || self.done.load(Ordering::Relaxed) {
                return false;
            }
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) => {
                    if !each(Job { root, path: folder, named: false, what: Err(unreadable(&error)) }) {
                        return false;
                    }
                    continue;
                }
            };
            let mut hidden = Hidden::default();
            for entry in entries {
                let entry = match entry {
                    Ok(entry) => entry,
                    // On some systems the same error comes for ever.
                    Err(error) => {
                        hidden.listing = Some(error.kind());
                        break;
                    }
                };
                let path = entry.path();
                if self.options.exclude.contains(&path) {
                    continue;
                }
                let meta = match entry.file_type() {
                    Ok(kind) if !(kind.is_dir() || kind.is_file()) => continue,
                    Ok(_) => entry.metadata(),
                    Err(error) => Err(error),
                };
                let meta = match meta {
                    Ok(meta) => meta,
                    Err(error) => {
                        hidden.entry(&error);
                        continue;
                    }
                };
                if meta.is_dir() {
                    let other_system = self.options.one_file_system && device(&meta) != home;
                    if other_system || is_kernel(&path) || !self.enter(&path, &meta) {
                        continue;
                    }
                    if depth + 1 < DEPTH {
                        folders.push((path, depth + 1));
                    } else if !each(Job { root, path, named: false, what: Err(too_deep()) }) {
                        return false;
                    }
                } else if meta.is_file() && !each(Job { root, path, named: false, what: Ok(meta) }) {
                    return false;
                }
            }
            if let Some(problem) = hidden.problem()
                && !each(Job { root, path: folder, named: false, what: Err(problem) })
            {
                return false;
            }
        }
        true
    }

    /// Whether a folder is entered for the first time.
    fn enter(&mut self, path: &Path, meta: &Metadata) -> bool {
        self.entered.insert(identity(path, meta))
    }
}

/// What could not be looked at in one folder.
#[derive(Default)]
struct Hidden {
    entries: u64,
    /// Why, of the first.
    why: Option<io::ErrorKind>,
    /// Why the list of the folder ended early.
    listing: Option<io::ErrorKind>,
}

impl Hidden {
    fn entry(&mut self, error: &io::Error) {
        // It went away since the folder was listed.
        if error.kind() != io::ErrorKind::NotFound {
            self.entries += 1;
            self.why.get_or_insert(error.kind());
        }
    }

    fn problem(&self) -> Option<Problem> {
        let entries = self.why.map(|why| {
            let them = counted(self.entries, "file or folder", "files or folders");
            format!("{them} in it could not be looked at ({why}){}", help(why))
        });
        let listing = self.listing.map(|why| format!("its list ended early ({why}){}", help(why)));
        let detail = entries.into_iter().chain(listing).reduce(|one, other| format!("{one}; {other}"))?;
        Some(Problem { kind: ProblemKind::Unreadable, detail })
    }
}

fn unreadable(error: &io::Error) -> Problem {
    let why = error.kind();
    Problem {
        kind: ProblemKind::Unreadable,
        detail: format!("the folder could not be listed ({why}){}", help(why)),
    }
}

fn help(why: io::ErrorKind) -> &'static str {
    if why == io::ErrorKind::PermissionDenied { "; run as an administrator to see it" } else { "" }
}

/// For a root: a pipe or a device, which is never opened.
fn no_file() -> Problem {
    let detail = "it is neither a file nor a folder and was not opened; name a file or a folder".to_owned();
    Problem { kind: ProblemKind::Unsupported, detail }
}

fn too_deep() -> Problem {
    Problem { kind: ProblemKind::Limit, detail: format!("more than {DEPTH} folders inside one another") }
}

/// Folders that hold no files but the kernel's views of itself.
fn is_kernel(path: &Path) -> bool {
    cfg!(unix) && ["/proc", "/sys", "/dev"].iter().any(|kernel| path == Path::new(kernel))
}

#[cfg(unix)]
fn identity(_path: &Path, meta: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    Identity::Inode(meta.dev(), meta.ino())
}

#[cfg(not(unix))]
fn identity(path: &Path, _meta: &Metadata) -> Identity {
    Identity::Path(fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()))
}

#[cfg(unix)]
fn device(meta: &Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt;
    meta.dev()
}

#[cfg(not(unix))]
fn device(_meta: &Metadata) -> u64 {
    0
}

/// Bytes that a file takes up: holes of a sparse file do not count.
#[cfg(unix)]
pub(super) fn on_disk(meta: &Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt;
    meta.len()
        .min(meta.blocks().saturating_mul(512).max(u64::from(meta.blocks() == 0) * meta.len().min(4096)))
}

/// Bytes that a file takes up.
#[cfg(not(unix))]
pub(super) fn on_disk(meta: &Metadata) -> u64 {
    meta.len()
}
