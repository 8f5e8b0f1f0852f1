//! SQLite: `DATA/control.db` for what the MSP decides, `DATA/practices/ID.db` for each practice's evidence.
//!
//! WAL, `synchronous=FULL`: what was committed is on the disk. `secure_delete`: what was deleted is overwritten. The control file has
//! one writer and a few readers; of the practices' files a bounded number is open at a time.

mod control;
pub(crate) mod ingest;
mod practices;
mod scoping;

pub(crate) use control::Control;
pub(crate) use practices::{PracticeFile, PracticeFiles};

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::error::StoreError;

/// Opens a file. A reader cannot write whatever it is told.
fn open(path: &Path, read_only: bool, cache_kib: u32) -> Result<Connection, StoreError> {
    let access = if read_only {
        OpenFlags::SQLITE_OPEN_READ_ONLY
    } else {
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE
    };
    let fail = || StoreError::sqlite("open", path);
    let connection =
        Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(fail())?;
    connection.set_prepared_statement_cache_capacity(128);
    connection.busy_timeout(std::time::Duration::from_secs(5)).map_err(fail())?;
    if !read_only {
        connection
            .execute_batch("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 4096;")
            .map_err(fail())?;
    }
    connection
        .execute_batch(&format!(
            "PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF; PRAGMA foreign_keys = ON; \
             PRAGMA temp_store = MEMORY; PRAGMA cell_size_check = ON; PRAGMA cache_size = -{cache_kib};"
        ))
        .map_err(fail())?;
    Ok(connection)
}

/// Brings the whole log into the file, so that what was deleted is in neither.
fn fold_log(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .map_err(StoreError::sqlite("tidy", path))
}
