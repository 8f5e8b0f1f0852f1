//! Looking for files and folders through the [`Host`] port, within bounds.
//!
//! Two ways: [`expand`] resolves a path with `*` in it, [`walk`] goes through a folder breadth first, so that a symbolic
//! link that leads in circles uses up the budget at its depth and hides nothing that lies higher.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use enamel_host::{FileMeta, Host, HostError};

/// Entries looked at below one folder.
const MAX_ENTRIES: usize = 100_000;
/// Levels below one folder.
const MAX_DEPTH: usize = 12;
/// Paths that one pattern may stand for.
const MAX_MATCHES: usize = 2_000;

/// The last part of a path of either system, as text.
pub(super) fn file_name(path: &Path) -> String {
    let text = path.to_string_lossy();
    let windows = text.get(1..3) == Some(":\\") || text.starts_with("\\\\");
    let name = if windows { text.rsplit('\\').next() } else { text.rsplit('/').next() };
    name.unwrap_or_default().to_owned()
}

/// Whether a name fits a pattern in which `*` stands for any characters. Without regard to case, as on Windows.
pub(super) fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.to_lowercase(), name.to_lowercase());
    let mut parts = pattern.split('*');
    let Some(mut rest) = name.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut last = None;
    for part in parts {
        if let Some(middle) = last.replace(part) {
            let Some(at) = rest.find(middle) else { return false };
            rest = &rest[at + middle.len()..];
        }
    }
    last.map_or(rest.is_empty(), |end| rest.ends_with(end))
}

/// What there is at `pattern`, a full path of this system in which a part may hold `*`. Folders that could not be listed, and
/// that there were too many, go to `failures`.
pub(super) fn expand(
    host: &dyn Host,
    pattern: &str,
    failures: &mut Vec<HostError>,
) -> Vec<(PathBuf, FileMeta)> {
    let separator = if pattern.starts_with('/') { '/' } else { '\\' };
    let mut parts = pattern.split(separator);
    let root = format!("{}{separator}", parts.next().unwrap_or_default());
    let mut found = vec![PathBuf::from(root)];
    for part in parts.filter(|part| !part.is_empty()) {
        let mut next = Vec::new();
        for folder in found {
            if !part.contains('*') {
                next.push(join(&folder, part, separator));
                continue;
            }
            match host.list_dir(&folder) {
                Ok(entries) => {
                    let entries = entries.unwrap_or_default().into_iter();
                    next.extend(entries.filter(|entry| fits(part, &file_name(entry))));
                }
                // A file where the pattern means a folder is no gap; a folder that may not be read, or of which not even
                // that can be seen, is one.
                Err(error) => {
                    if !matches!(host.metadata(&folder), Ok(Some(meta)) if !meta.is_dir) {
                        failures.push(error);
                    }
                }
            }
        }
        if next.len() > MAX_MATCHES {
            let why = format!("it fits {} places; only the first {MAX_MATCHES} were looked at", next.len());
            failures.push(HostError::new(pattern, why));
            next.truncate(MAX_MATCHES);
        }
        found = next;
    }
    let mut present = Vec::new();
    for path in found {
        match host.metadata(&path) {
            Ok(Some(meta)) => present.push((path, meta)),
            Ok(None) => {}
            Err(error) => failures.push(error),
        }
    }
    present
}

/// `Path::join` would use the separator of the computer that runs this, not of the one that is looked at.
fn join(folder: &Path, name: &str, separator: char) -> PathBuf {
    let mut text = folder.as_os_str().to_owned();
    if !folder.to_string_lossy().ends_with(separator) {
        text.push(separator.to_string());
    }
    text.push(name);
    PathBuf::from(text)
}

/// Goes through everything below `root`, which may be one file, and hands each entry to `visit`. What could not be listed, and
/// where the bounds ended the search, goes to `failures`.
pub(super) fn walk(
    host: &dyn Host,
    root: &Path,
    failures: &mut Vec<HostError>,
    visit: &mut dyn FnMut(&Path, &str, &FileMeta),
) {
    match host.metadata(root) {
        Ok(Some(meta)) if !meta.is_dir => return visit(root, &file_name(root), &meta),
        Ok(_) => {}
        Err(error) => return failures.push(error),
    }
    let mut folders = VecDeque::from([(root.to_owned(), 0_usize)]);
    let mut too_deep = 0_usize;
    let mut budget = MAX_ENTRIES;
    while let Some((folder, depth)) = folders.pop_front() {
        let entries = match host.list_dir(&folder) {
            Ok(entries) => entries.unwrap_or_default(),
            Err(error) => {
                failures.push(error);
                continue;
            }
        };
        for entry in entries {
            let Some(left) = budget.checked_sub(1) else {
                let why = format!(
                    "only the first {MAX_ENTRIES} entries were looked at; scan its parts on their own"
                );
                failures.push(HostError::new(root.display().to_string(), why));
                return;
            };
            budget = left;
            let meta = match host.metadata(&entry) {
                Ok(Some(meta)) => meta,
                Ok(None) => continue, // a link that leads nowhere is nothing to report
                Err(error) => {
                    failures.push(error);
                    continue;
                }
            };
            let name = file_name(&entry);
            visit(&entry, &name, &meta);
            if !meta.is_dir || is_kernel_view(&entry) {
                continue;
            }
            if depth < MAX_DEPTH {
                folders.push_back((entry, depth + 1));
            } else {
                too_deep += 1;
            }
        }
    }
    if too_deep > 0 {
        let why = format!(
            "{too_deep} folders lie more than {MAX_DEPTH} levels below it and were not looked into; scan them on their own"
        );
        failures.push(HostError::new(root.display().to_string(), why));
    }
}

/// Views of the kernel that look like folders and never end.
fn is_kernel_view(path: &Path) -> bool {
    ["/proc", "/sys", "/dev", "/run"].iter().any(|view| path == Path::new(view))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, name, expected) in [
            ("*passw*.txt", "My Passwords 2024.TXT", true),
            ("*passw*.txt", "passw.txt", true),
            ("*passw*.txt", "password.docx", false),
            ("Program Files*", "program files (x86)", true),
            ("Program Files*", "programs", false),
            ("web.config", "WEB.CONFIG", true),
            ("web.config", "web.config.bak", false),
            ("a*a", "a", false),
            ("*", "", true),
            ("ab*bc", "abc", false),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn names_of_both_systems() {
        assert_eq!(file_name(Path::new("C:\\Users\\Ann\\a.txt")), "a.txt");
        assert_eq!(file_name(Path::new("/srv/data/a\\b.txt")), "a\\b.txt");
        assert_eq!(file_name(Path::new("\\\\server\\share\\x")), "x");
    }
}
