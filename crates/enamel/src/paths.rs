//! Paths that people name.
//!
//! A scope and a finding's id hold a path, so one folder must have one spelling, from every working directory.

use std::path::{Component, Path, PathBuf};

use crate::error::Error;

/// A path that exists, in its one spelling. Missing places are refused before a scan begins, not after it.
pub(crate) fn named(path: &Path) -> Result<PathBuf, Error> {
    match path.try_exists() {
        Ok(true) => Ok(spelled(path)),
        Ok(false) => Err(Error::new(format!("{} does not exist", path.display()))
            .help("check the spelling; nothing was looked at")),
        Err(error) => Err(Error::new(format!("{} could not be looked at", path.display()))
            .because(error)
            .help("check its permissions; nothing was looked at")),
    }
}

/// All of them, see [`named`].
pub(crate) fn all_named(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Error> {
    paths.iter().map(|path| named(path)).collect()
}

/// Absolute, without `.` and a trailing separator. Symbolic links are kept, because people know places by them; only where
/// `..` stands, which cannot be resolved by spelling alone, the file system is asked.
pub(crate) fn spelled(path: &Path) -> PathBuf {
    let absolute = if path.components().any(|component| component == Component::ParentDir) {
        std::fs::canonicalize(path).or_else(|_| std::path::absolute(path))
    } else {
        std::path::absolute(path)
    };
    absolute.map_or_else(|_| path.to_owned(), |absolute| absolute.components().collect())
}

/// The path of something below `root`, spelled as `root` was given.
pub(crate) fn as_given(path: &Path, root: &Path, given: &Path) -> Option<PathBuf> {
    let rest = path.strip_prefix(root).ok()?;
    Some(if rest.as_os_str().is_empty() { given.to_owned() } else { given.join(rest) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_folder_has_one_spelling() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("inner");
        std::fs::create_dir(&inner).unwrap();
        let one = spelled(&inner);
        assert_eq!(spelled(&folder.path().join("./inner/")), one);
        let with_parent = spelled(&inner.join("../inner"));
        assert_eq!(with_parent, std::fs::canonicalize(&inner).unwrap());
        assert!(named(&folder.path().join("missing")).is_err());
    }

    #[test]
    fn records_keep_the_spelling_that_was_given() {
        let path = Path::new("/srv/p/a/b.txt");
        assert_eq!(as_given(path, Path::new("/srv/p"), Path::new("p")), Some(PathBuf::from("p/a/b.txt")));
        assert_eq!(as_given(path, path, Path::new("b.txt")), Some(PathBuf::from("b.txt")));
        assert_eq!(as_given(path, Path::new("/other"), Path::new("p")), None);
    }
}
