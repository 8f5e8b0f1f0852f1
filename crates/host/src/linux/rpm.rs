//! The rpm database, in its SQLite form (rpm 4.16 and later: Fedora 33, RHEL 9, openSUSE 15.4).
//!
//! Each row of table `Packages` is one rpm header: two big-endian counts, an index of 16-byte entries, and a data store
//! (rpm.org, "RPM V4 Package format"). Headers come from packages that somebody else built, so every offset is checked.
//! Older databases (Berkeley DB) and SUSE's ndb are named as a gap, not read.

use std::path::{Path, PathBuf};

use enamel_types::software::{Package, PackageSource};
use rusqlite::{Connection, OpenFlags};

use super::files::Root;
use crate::HostError;

const FOLDERS: [&str; 2] = ["/usr/lib/sysimage/rpm", "/var/lib/rpm"];

/// rpm itself refuses a header of more than 256 MiB; real ones are below 4 MiB.
const MAX_HEADER: u32 = 16 * 1024 * 1024;
/// As many packages as one computer is allowed to list.
const MAX_PACKAGES: u32 = 100_000;

/// Tags of rpm's `rpmtag.h`.
const NAME: u32 = 1000;
const VERSION: u32 = 1001;
const RELEASE: u32 = 1002;
const EPOCH: u32 = 1003;
const VENDOR: u32 = 1011;
const ARCH: u32 = 1022;
/// Types of rpm's `rpmtag.h`.
const INT32: u32 = 4;
const STRING: u32 = 6;

/// `distribution` is os-release's `ID` and `VERSION_ID`, for the package URL.
pub(super) fn read(root: &Root, distribution: (&str, &str), gaps: &mut Vec<HostError>) -> Vec<Package> {
    let mut packages = Vec::new();
    // One folder is often a link to the other; the first that has a database decides.
    for folder in FOLDERS {
        let sqlite = Path::new(folder).join("rpmdb.sqlite");
        match root.metadata(&sqlite) {
            Ok(Some(_)) => {
                match read_database(root, &sqlite, distribution, gaps) {
                    Ok(found) => packages = found,
                    Err(error) => gaps.push(error),
                }
                return packages;
            }
            Ok(None) => {}
            Err(error) => gaps.push(error),
        }
        for (file, format) in [("Packages", "Berkeley DB"), ("Packages.db", "ndb")] {
            let old = Path::new(folder).join(file);
            if matches!(root.metadata(&old), Ok(Some(_))) {
                let why = format!(
                    "this rpm database has the {format} format, and only SQLite is read; no package is listed"
                );
                gaps.push(HostError::new(old.to_string_lossy(), why));
                return packages;
            }
        }
    }
    packages
}

fn read_database(
    root: &Root,
    path: &Path,
    distribution: (&str, &str),
    gaps: &mut Vec<HostError>,
) -> Result<Vec<Package>, HostError> {
    let failed = |error: &rusqlite::Error| HostError::new(path.to_string_lossy(), error.to_string());
    let real = root.real(path).unwrap_or_else(|| path.to_path_buf());
    let connection = open(&real).map_err(|error| failed(&error))?;
    // A view or a trigger in the table's place could run anything that SQL can.
    let mut statement = connection
        .prepare(
            "SELECT hnum, CASE WHEN length(blob) <= ?1 THEN blob END FROM Packages \
             WHERE 'table' = (SELECT type FROM sqlite_schema WHERE name = 'Packages') LIMIT ?2",
        )
        .map_err(|error| failed(&error))?;
    let mut rows = statement.query((MAX_HEADER, MAX_PACKAGES)).map_err(|error| failed(&error))?;
    let mut packages = Vec::new();
    let mut bad = 0u32;
    loop {
        let row = match rows.next() {
            Ok(Some(row)) => row,
            Ok(None) => break,
            Err(error) => {
                // A corrupt page: what came before it is kept.
                gaps.push(failed(&error));
                break;
            }
        };
        let header = row.get_ref(1).ok().and_then(|value| value.as_blob().ok());
        match header.and_then(Header::parse) {
            Some(header) => packages.extend(header.package(distribution)),
            None => bad += 1,
        }
    }
    if bad > 0 {
        let why = format!("{bad} of its headers are damaged; `rpm --rebuilddb` may repair them");
        gaps.push(HostError::new(path.to_string_lossy(), why));
    }
    Ok(packages)
}

/// Read-only. Without a write-ahead log the file is opened as immutable, because a mounted disk may be read-only and
/// SQLite would want to make its shared-memory file.
fn open(real: &Path) -> rusqlite::Result<Connection> {
    let log = PathBuf::from(format!("{}-wal", real.display()));
    let has_log = std::fs::metadata(log).is_ok_and(|meta| meta.len() > 0);
    let name = real.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let uri = format!("file:{name}{}", if has_log { "" } else { "?immutable=1" });
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(uri, flags)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    Ok(connection)
}

/// An rpm header: its index entries and the store they point into.
struct Header<'a> {
    index: &'a [u8],
    store: &'a [u8],
}

impl<'a> Header<'a> {
    fn parse(blob: &'a [u8]) -> Option<Self> {
        let entries = usize::try_from(big_endian(blob, 0)?).ok()?;
        let size = usize::try_from(big_endian(blob, 4)?).ok()?;
        let index_end = entries.checked_mul(16)?.checked_add(8)?;
        let index = blob.get(8..index_end)?;
        let store = blob.get(index_end..index_end.checked_add(size)?)?;
        Some(Self { index, store })
    }

    /// The store from where a tag's first value begins, if the tag is there with that type.
    fn value(&self, tag: u32, kind: u32) -> Option<&'a [u8]> {
        let entry = self
            .index
            .chunks_exact(16)
            .find(|entry| big_endian(entry, 0) == Some(tag) && big_endian(entry, 4) == Some(kind))?;
        self.store.get(usize::try_from(big_endian(entry, 8)?).ok()?..)
    }

    fn text(&self, tag: u32) -> Option<String> {
        let value = self.value(tag, STRING)?;
        let end = value.iter().position(|byte| *byte == 0)?;
        Some(String::from_utf8_lossy(&value[..end]).into_owned())
    }

    fn package(&self, (id, release): (&str, &str)) -> Option<Package> {
        let name = self.text(NAME)?;
        // Keys that rpm trusts are listed as packages; they are none.
        if name == "gpg-pubkey" {
            return None;
        }
        let epoch =
            self.value(EPOCH, INT32).and_then(|value| big_endian(value, 0)).filter(|epoch| *epoch != 0);
        let epoch = epoch.map_or_else(String::new, |epoch| format!("{epoch}:"));
        let version = format!("{epoch}{}-{}", self.text(VERSION)?, self.text(RELEASE)?);
        let architecture = self.text(ARCH).unwrap_or_default();
        Some(Package {
            purl: Some(super::purl("rpm", id, release, &name, &version, &architecture)),
            name,
            version,
            vendor: self.text(VENDOR).unwrap_or_default(),
            architecture,
            source: PackageSource::Rpm,
        })
    }
}

fn big_endian(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_be_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Builds a header as rpm lays it out.
    pub(super) fn header(texts: &[(u32, &str)], epoch: Option<u32>) -> Vec<u8> {
        let (mut index, mut store) = (Vec::new(), Vec::new());
        let mut entry = |tag: u32, kind: u32, offset: usize| {
            for word in [tag, kind, u32::try_from(offset).unwrap(), 1] {
                index.extend(word.to_be_bytes());
            }
        };
        if let Some(epoch) = epoch {
            entry(EPOCH, INT32, 0);
            store.extend(epoch.to_be_bytes());
        }
        for (tag, text) in texts {
            entry(*tag, STRING, store.len());
            store.extend(text.as_bytes());
            store.push(0);
        }
        let mut blob = Vec::new();
        blob.extend(u32::try_from(index.len() / 16).unwrap().to_be_bytes());
        blob.extend(u32::try_from(store.len()).unwrap().to_be_bytes());
        blob.extend(index);
        blob.extend(store);
        blob
    }

    const OPENSSL: [(u32, &str); 5] =
        [(NAME, "openssl"), (VERSION, "3.0.7"), (RELEASE, "24.el9"), (ARCH, "x86_64"), (VENDOR, "Rocky")];

    fn database(blobs: &[Vec<u8>]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let rpm = folder.path().join("var/lib/rpm");
        std::fs::create_dir_all(&rpm).unwrap();
        let connection = Connection::open(rpm.join("rpmdb.sqlite")).unwrap();
        connection
            .execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)", ())
            .unwrap();
        for blob in blobs {
            connection.execute("INSERT INTO Packages (blob) VALUES (?1)", (blob,)).unwrap();
        }
        folder
    }

    #[test]
    fn packages_of_an_sqlite_database() {
        let keys = header(&[(NAME, "gpg-pubkey"), (VERSION, "1"), (RELEASE, "1")], None);
        let folder = database(&[header(&OPENSSL, Some(1)), keys, b"\x00\x00\x00\x01".to_vec()]);
        let mut gaps = Vec::new();
        let packages = read(&Root::new(folder.path()), ("rocky", "9.4"), &mut gaps);
        assert_eq!(packages.len(), 1, "{gaps:?}");
        assert_eq!((packages[0].name.as_str(), packages[0].version.as_str()), ("openssl", "1:3.0.7-24.el9"));
        let purl = "pkg:rpm/rocky/openssl@3.0.7-24.el9?arch=x86_64&epoch=1&distro=rocky-9.4";
        assert_eq!(packages[0].purl.as_deref(), Some(purl));
        assert_eq!(gaps.len(), 1);
        assert!(gaps[0].why.contains("1 of its headers"), "{gaps:?}");
    }

    #[test]
    fn hostile_headers_end_in_nothing() {
        let good = header(&OPENSSL, Some(1));
        for cut in 0..good.len() {
            let _ = Header::parse(&good[..cut]).and_then(|header| header.package(("a", "1")));
        }
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] = 0xff;
            let _ = Header::parse(&bad).and_then(|header| header.package(("a", "1")));
        }
    }

    #[test]
    fn other_formats_and_damage_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let rpm = folder.path().join("var/lib/rpm");
        std::fs::create_dir_all(&rpm).unwrap();
        std::fs::write(rpm.join("Packages"), b"bdb").unwrap();
        let mut gaps = Vec::new();
        assert!(read(&Root::new(folder.path()), ("centos", "7"), &mut gaps).is_empty());
        assert!(gaps[0].why.contains("Berkeley DB"), "{gaps:?}");
        std::fs::write(
            rpm.join("rpmdb.sqlite"),
            b"this is no database, but it is long enough to be tried as one",
        )
        .unwrap();
        gaps.clear();
        assert!(read(&Root::new(folder.path()), ("centos", "7"), &mut gaps).is_empty());
        assert_eq!(gaps.len(), 1, "{gaps:?}");
    }
}
