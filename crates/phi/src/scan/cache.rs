//! What was found in files that have not changed since: counts and fingerprints, never a value.
//!
//! A row is used again only if path, size, time of change and file id are the same, and the detector and the key too. Rows are
//! committed as the scan goes, so that a killed scan resumes. The file is a cache: if it is damaged, delete it.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use enamel_types::time::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::ScanError;
use super::file::Found;
use crate::detect::Tally;
use crate::persons::People;
use crate::sink::Problem;

/// To be raised whenever a change makes the detector or a format's reader find something else.
const DETECTOR: &str = "2";
/// Rows of one transaction.
const BATCH: u32 = 200;

/// The cache's file.
pub(super) struct Cache {
    state: Mutex<State>,
    version: String,
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
    id: i64,
}

impl Stamp {
    /// `None` for a file that changed while or right before the scan ran: its time of change may not tell the next change.
    pub(super) fn of(path: &Path, meta: &std::fs::Metadata, started: Timestamp) -> Option<Self> {
        let changed = Timestamp::try_from(meta.modified().ok()?).ok()?;
        if started.duration_since(changed).as_secs() < 2 {
            return None;
        }
        let changed = i64::try_from(changed.as_nanosecond()).ok()?;
        Some(Self {
            path: path.to_owned(),
            size: meta.len().cast_signed(),
            changed,
            id: file_id(meta).cast_signed(),
        })
    }
}

#[cfg(unix)]
fn file_id(meta: &std::fs::Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt;
    meta.ino() ^ meta.dev().rotate_left(32) ^ meta.ctime().cast_unsigned().rotate_left(16)
}

#[cfg(not(unix))]
fn file_id(_meta: &std::fs::Metadata) -> u64 {
    0
}

impl Cache {
    pub(super) fn open(path: &Path, key: &[u8; 32]) -> Result<Self, ScanError> {
        let failed = |source| ScanError::Cache { path: path.to_owned(), source: Box::new(source) };
        let connection = Connection::open(path).map_err(failed)?;
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
                 CREATE TABLE IF NOT EXISTS file (
                     path BLOB PRIMARY KEY, size INTEGER NOT NULL, changed INTEGER NOT NULL, id INTEGER NOT NULL,
                     version TEXT NOT NULL, format TEXT NOT NULL, bytes INTEGER NOT NULL, has_phi INTEGER NOT NULL,
                     tally BLOB NOT NULL, people BLOB NOT NULL, sketch INTEGER NOT NULL, problems TEXT NOT NULL
                 ) WITHOUT ROWID;",
            )
            .map_err(failed)?;
        // The key itself must not lie in the cache; its hash tells whether the fingerprints are under the same one.
        let key = blake3::hash(key).to_hex();
        let version = format!("{}/{DETECTOR}/{}", env!("CARGO_PKG_VERSION"), &key[..16]);
        Ok(Self { state: Mutex::new(State { connection, pending: 0 }), version })
    }

    /// What was found in an unchanged file. A row that cannot be read is no row.
    pub(super) fn recall(&self, stamp: &Stamp) -> Option<Found> {
        // Values are in no cache, so a build that must reveal them reads every file.
        if cfg!(feature = "test-reveal") {
            return None;
        }
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut query = state
            .connection
            .prepare_cached(
                "SELECT format, bytes, has_phi, tally, people, sketch, problems FROM file
                 WHERE path = ?1 AND size = ?2 AND changed = ?3 AND id = ?4 AND version = ?5",
            )
            .ok()?;
        let row = query
            .query_row(
                params![path_bytes(&stamp.path), stamp.size, stamp.changed, stamp.id, self.version],
                |row| {
                    Ok((
                        row.get::<_, String>(0)?,
                        row.get::<_, i64>(1)?,
                        row.get::<_, bool>(2)?,
                        row.get::<_, Vec<u8>>(3)?,
                        row.get::<_, Vec<u8>>(4)?,
                        row.get::<_, bool>(5)?,
                        row.get::<_, String>(6)?,
                    ))
                },
            )
            .optional()
            .ok()??;
        let (format, bytes, has_phi, tally, people, sketch, problems) = row;
        Some(Found {
            format,
            bytes: bytes.cast_unsigned(),
            has_phi,
            tally: Tally::from_bytes(&tally)?,
            people: People::from_bytes(crate::detect::PEOPLE_EXACT, &people, sketch)?,
            problems: serde_json::from_str::<Vec<Problem>>(&problems).ok()?,
        })
    }

    /// Keeps what was found. A full disk costs the cache, not the scan.
    pub(super) fn keep(&self, stamp: &Stamp, found: &Found) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.pending == 0 && state.connection.execute_batch("BEGIN").is_err() {
            return;
        }
        let problems = serde_json::to_string(&found.problems).unwrap_or_default();
        let kept = state
            .connection
            .prepare_cached(
                "INSERT OR REPLACE INTO file VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            )
            .and_then(|mut insert| {
                insert.execute(params![
                    path_bytes(&stamp.path),
                    stamp.size,
                    stamp.changed,
                    stamp.id,
                    self.version,
                    found.format,
                    found.bytes.cast_signed(),
                    found.has_phi,
                    found.tally.to_bytes(),
                    found.people.to_bytes(),
                    found.people.is_sketch(),
                    problems,
                ])
            });
        state.pending += 1;
        if state.pending >= BATCH || kept.is_err() {
            Self::commit(&mut state);
        }
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
