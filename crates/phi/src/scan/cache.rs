//! What was found in files that have not changed since: counts and fingerprints, never a value.
//!
//! A row is used again only if path, size, times and file id are the same, and the detector and the key too. It is sealed under the
//! practice's key, so that whoever can write the folder but does not have the key cannot make a file look clean. Rows are committed as the
//! scan goes, so that a killed scan resumes. The file is a cache: if it is damaged, delete it.

use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use enamel_types::time::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::ScanError;
use super::file::Found;
use crate::detect::Tally;
use crate::persons::People;
use crate::sink::Problem;

/// To be raised whenever a change of the code makes the detector or a format's reader find something else.
const DETECTOR: &str = "6";
/// Version of the table. A cache with another one is begun anew.
const SCHEMA: i32 = 3;
/// What the key of the seals is derived for.
const SEAL: &str = "Enamel 2026-11-24 row of the cache of patient data";
/// Rows of one transaction.
const BATCH: u32 = 200;

/// The cache's file.
pub(super) struct Cache {
    state: Mutex<State>,
    version: String,
    seal: [u8; 32],
}

struct State {
    connection: Connection,
    pending: u32,
}

/// By what a file is recognised.
pub(super) struct Stamp {
    path: PathBuf,
    size: i64,
    changed: i64,
    id: Vec<u8>,
}

impl Stamp {
    /// `None` for a file that changed while or right before the scan ran: its time of change may not tell the next change.
    pub(super) fn of(path: &Path, meta: &Metadata, started: Timestamp) -> Option<Self> {
        let changed = Timestamp::try_from(meta.modified().ok()?).ok()?;
        if started.duration_since(changed).as_secs() < 2 {
            return None;
        }
        let changed = i64::try_from(changed.as_nanosecond()).ok()?;
        Some(Self { path: path.to_owned(), size: meta.len().cast_signed(), changed, id: file_id(meta) })
    }
}

/// The inode, and the time of its last change, which nobody can set.
#[cfg(unix)]
fn file_id(meta: &Metadata) -> Vec<u8> {
    use std::os::unix::fs::MetadataExt;
    let change = [meta.ctime().cast_unsigned(), meta.ctime_nsec().cast_unsigned()];
    [meta.dev(), meta.ino(), change[0], change[1]].into_iter().flat_map(u64::to_le_bytes).collect()
}

/// The time of creation. What is missing here: std gives neither the file's index nor the time of its last change
/// (`windows_by_handle`, `windows_change_time`), so that content of the same length, with the time of writing set back, is not noticed.
#[cfg(not(unix))]
fn file_id(meta: &Metadata) -> Vec<u8> {
    let created = meta.created().ok().and_then(|created| Timestamp::try_from(created).ok());
    created.map(|created| created.as_nanosecond().to_le_bytes().to_vec()).unwrap_or_default()
}

/// What was found in a file, as it lies in the table.
struct Row {
    format: String,
    bytes: i64,
    has_phi: bool,
    tally: Vec<u8>,
    people: Vec<u8>,
    sketch: bool,
    problems: String,
}

impl Row {
    fn of(found: &Found) -> Self {
        Self {
            format: found.format.clone(),
            bytes: found.bytes.cast_signed(),
            has_phi: found.has_phi,
            tally: found.tally.to_bytes(),
            people: found.people.to_bytes(),
            sketch: found.people.is_sketch(),
            problems: serde_json::to_string(&found.problems).unwrap_or_default(),
        }
    }

    fn found(self) -> Option<Found> {
        Some(Found {
            format: self.format,
            bytes: self.bytes.cast_unsigned(),
            has_phi: self.has_phi,
            tally: Tally::from_bytes(&self.tally)?,
            people: People::from_bytes(crate::detect::PEOPLE_EXACT, &self.people, self.sketch)?,
            problems: serde_json::from_str::<Vec<Problem>>(&self.problems).ok()?,
        })
    }
}

impl Cache {
    pub(super) fn open(path: &Path, key: &[u8; 32]) -> Result<Self, ScanError> {
        let failed = |source| ScanError::Cache { path: path.to_owned(), source: Box::new(source) };
        let connection = Connection::open(path).map_err(failed)?;
        connection
            .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;")
            .map_err(failed)?;
        let schema: i32 =
            connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(failed)?;
        if schema != SCHEMA {
            connection.execute_batch("DROP TABLE IF EXISTS file;").map_err(failed)?;
            connection.pragma_update(None, "user_version", SCHEMA).map_err(failed)?;
        }
        connection
            .execute_batch(
                "CREATE TABLE IF NOT EXISTS file (
                     path BLOB PRIMARY KEY, size INTEGER NOT NULL, changed INTEGER NOT NULL, id BLOB NOT NULL,
                     version TEXT NOT NULL, format TEXT NOT NULL, bytes INTEGER NOT NULL, has_phi INTEGER NOT NULL,
                     tally BLOB NOT NULL, people BLOB NOT NULL, sketch INTEGER NOT NULL, problems TEXT NOT NULL,
                     seal BLOB NOT NULL
                 ) WITHOUT ROWID;",
            )
            .map_err(failed)?;
        // The key itself must not lie in the cache; its hash tells whether the fingerprints are under the same one.
        let seal = blake3::derive_key(SEAL, key);
        let key = blake3::hash(key).to_hex();
        // Whoever corrects a word of the content wants it looked for in every file.
        let words = blake3::hash(crate::detect::WORDS.as_bytes()).to_hex();
        let version = format!("{}/{DETECTOR}/{}/{}", env!("CARGO_PKG_VERSION"), &words[..16], &key[..16]);
        Ok(Self { state: Mutex::new(State { connection, pending: 0 }), version, seal })
    }

    /// What was found in an unchanged file. A row that cannot be read, or that somebody else wrote, is no row.
    pub(super) fn recall(&self, stamp: &Stamp) -> Option<Found> {
        // Values are in no cache, so a build that must reveal them reads every file.
        if cfg!(feature = "test-reveal") {
            return None;
        }
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut query = state
            .connection
            .prepare_cached(
                "SELECT format, bytes, has_phi, tally, people, sketch, problems, seal FROM file
                 WHERE path = ?1 AND size = ?2 AND changed = ?3 AND id = ?4 AND version = ?5",
            )
            .ok()?;
        let (row, seal) = query
            .query_row(
                params![path_bytes(&stamp.path), stamp.size, stamp.changed, stamp.id, self.version],
                |row| {
                    let seal: Vec<u8> = row.get(7)?;
                    let row = Row {
                        format: row.get(0)?,
                        bytes: row.get(1)?,
                        has_phi: row.get(2)?,
                        tally: row.get(3)?,
                        people: row.get(4)?,
                        sketch: row.get(5)?,
                        problems: row.get(6)?,
                    };
                    Ok((row, seal))
                },
            )
            .optional()
            .ok()??;
        // Compared in constant time.
        let sealed = blake3::Hash::from_slice(&seal).is_ok_and(|seal| seal == self.seal(stamp, &row));
        if sealed { row.found() } else { None }
    }

    /// Keeps what was found. A full disk costs the cache, not the scan.
    pub(super) fn keep(&self, stamp: &Stamp, found: &Found) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.pending == 0 && state.connection.execute_batch("BEGIN").is_err() {
            return;
        }
        let row = Row::of(found);
        let seal = self.seal(stamp, &row);
        let kept = state
            .connection
            .prepare_cached(
                "INSERT OR REPLACE INTO file VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            )
            .and_then(|mut insert| {
                insert.execute(params![
                    path_bytes(&stamp.path),
                    stamp.size,
                    stamp.changed,
                    stamp.id,
                    self.version,
                    row.format,
                    row.bytes,
                    row.has_phi,
                    row.tally,
                    row.people,
                    row.sketch,
                    row.problems,
                    seal.as_bytes(),
                ])
            });
        state.pending += 1;
        if state.pending >= BATCH || kept.is_err() {
            Self::commit(&mut state);
        }
    }

    /// The seal of a row: a hash under the practice's key over every column, each with its length in front.
    fn seal(&self, stamp: &Stamp, row: &Row) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.seal);
        for column in [
            path_bytes(&stamp.path),
            &stamp.size.to_le_bytes(),
            &stamp.changed.to_le_bytes(),
            &stamp.id,
            self.version.as_bytes(),
            row.format.as_bytes(),
            &row.bytes.to_le_bytes(),
            &[u8::from(row.has_phi)],
            &row.tally,
            &row.people,
            &[u8::from(row.sketch)],
            row.problems.as_bytes(),
        ] {
            hasher.update(&(column.len() as u64).to_le_bytes()).update(column);
        }
        hasher.finalize()
    }

    /// Commits what is pending.
    pub(super) fn flush(&self) {
        Self::commit(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn commit(state: &mut State) {
        if state.pending > 0 {
            state.pending = 0;
            if state.connection.execute_batch("COMMIT").is_err() {
                // Nothing to roll back is as good as rolled back.
                let _ = state.connection.execute_batch("ROLLBACK");
            }
        }
    }
}

/// A path as bytes that tell it from every other, UTF-8 or not.
fn path_bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}
