//! The spool's file: opened with every page checked, set aside where it is damaged.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use redb::{Builder, Database, ReadableDatabase as _, TableDefinition};

use super::error::SpoolError;

/// Observations that have no number yet: lane and order of arrival → JSON.
pub(super) const LANES: TableDefinition<'_, (u8, u64), &[u8]> = TableDefinition::new("lanes");
/// Numbered and chained: `agent_seq` → JSON.
pub(super) const OUTBOX: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("outbox");
/// `agent_seq` → hash, long after the observation itself is gone.
pub(super) const HASHES: TableDefinition<'_, u64, [u8; 32]> = TableDefinition::new("hashes");
/// Counters, see [`super::fact`].
pub(super) const FACTS: TableDefinition<'_, &str, u64> = TableDefinition::new("facts");

/// What the database keeps of its file in memory. Its usual gigabyte is more than the whole agent may take.
const CACHE_BYTES: usize = 2 << 20;

/// A file that is this much larger than what lies in it is made small again.
const SLACK_BYTES: u64 = 32 << 20;

/// Opens or makes the file, and reads all of it: damage is found here and not when it is too late.
///
/// The reader of a damaged file may trip over itself; that is damage too, and not the end of the agent.
pub(super) fn open(path: &Path) -> Result<Database, SpoolError> {
    make_private(path)?;
    catch_unwind(AssertUnwindSafe(|| open_checked(path).map_err(SpoolError::of(path)))).unwrap_or_else(|_| {
        Err(SpoolError::Damaged { path: path.to_owned(), why: "its pages make no sense".to_owned() })
    })
}

/// The tables, and every value in them.
fn open_checked(path: &Path) -> Result<Database, redb::Error> {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES).set_check_integrity_on_open(true);
    let mut database = builder.create(path)?;
    let made = database.begin_write()?;
    made.open_table(LANES)?;
    made.open_table(OUTBOX)?;
    made.open_table(HASHES)?;
    made.open_table(FACTS)?;
    made.commit()?;
    let held = {
        let read = database.begin_read()?;
        let facts = read.open_table(FACTS)?;
        facts.get(super::fact::BYTES)?.map_or(0, |bytes| bytes.value())
    };
    if fs::metadata(path).is_ok_and(|meta| meta.len() > held.saturating_mul(2) + SLACK_BYTES) {
        database.compact()?;
    }
    Ok(database)
}

/// Makes the file where there is none, for its owner alone: what was seen of a computer is a map for an attacker.
fn make_private(path: &Path) -> Result<(), SpoolError> {
    let mut options = fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).map_err(|error| SpoolError::of(path)(redb::Error::Io(error)))
}

/// Puts a damaged file under another name, which is the first that is free.
pub(super) fn set_aside(path: &Path) -> Result<PathBuf, SpoolError> {
    let mut number = 1;
    let kept = loop {
        let kept = path.with_extension(format!("damaged-{number}"));
        if !kept.exists() {
            break kept;
        }
        number += 1;
    };
    fs::rename(path, &kept).map_err(|error| SpoolError::of(path)(redb::Error::Io(error)))?;
    Ok(kept)
}
