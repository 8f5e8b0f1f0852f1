//! Getting every good row out of a damaged ledger.
//!
//! Rows are found without SQLite (see `carve`): the damaged file is only read. The new ledger is finished under another
//! name first; then the damaged file is moved aside and the new one put in its place. Stopped anywhere, a second call
//! goes on where the first stopped.

use std::collections::HashSet;
use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};

use enamel_types::{AgentId, Timestamp};
use rusqlite::{Connection, OpenFlags, params};
use serde::Serialize;

use crate::carve::{Found, Pages};
use crate::error::LedgerError;
use crate::files::{beside, lock, remove_if_there, rename, sync_folder, unused, wal_path};
use crate::format::EntryHash;
use crate::ledger::{Head, Ledger, check_identity, insert, read_heads, write_head};
use crate::verify::{Progress, ranges, verify};

/// Rows written in one transaction.
const BATCH: usize = 10_000;
/// More lost numbers than this are not believed: the number that says so is itself damaged.
const MOST_LOST: u64 = 1_000_000;

/// What a salvage did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Salvage {
    /// Entries in the new file.
    pub recovered: u64,
    /// Sequence numbers that could not be brought back; recorded in the new file.
    pub lost: Vec<u64>,
    /// Where the damaged file was put; its log, if it had one, is beside it.
    pub damaged: PathBuf,
}

impl fmt::Display for Salvage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} entries recovered; the damaged file is kept as {}",
            self.recovered,
            self.damaged.display()
        )?;
        if !self.lost.is_empty() {
            write!(f, "\n{} lost: sequence numbers {}", self.lost.len(), ranges(&self.lost))?;
        }
        Ok(())
    }
}

/// Writes every good row into a new file, puts that in the place of the damaged one, and keeps the damaged one beside it
/// under a name that ends with `.damaged-` and the time `now`.
///
/// Sequence numbers, chains and hashes stay what they were; what is lost is recorded in the new file, so that its
/// verification says so from then on. Refuses a file in which there is no entry at all.
pub fn salvage(
    path: &Path,
    now: Timestamp,
    progress: &mut dyn FnMut(Progress),
) -> Result<Salvage, LedgerError> {
    let _lock = lock(path)?;
    let finished = beside(path, ".salvaged");
    // Made anew as long as the damaged file is in its place: anybody may have put a file of that name there.
    if path.exists() || !finished.exists() {
        remove_if_there(&finished)?;
        let part = beside(path, ".salvaging");
        write_new(path, &part, now, progress)?;
        rename(&part, &finished)?;
    }
    let checked = verify(&finished, progress)?;
    if !checked.is_intact() {
        let why = format!(
            "it was to become the new ledger; move it away, put the newest {}.damaged-… back under its own name and salvage again",
            path.display()
        );
        return Err(LedgerError::NotALedger { path: finished, why });
    }
    let (recovered, lost) = (checked.entries, checked.lost);
    let damaged = put_in_place(path, &finished, now)?;
    Ok(Salvage { recovered, lost, damaged })
}

/// Whether a salvage of this ledger was stopped between finishing the new file and putting it in its place.
pub(crate) fn is_interrupted(path: &Path) -> bool {
    beside(path, ".salvaged").exists()
}

/// The new ledger, complete and on the disk under the name `part`.
fn write_new(
    path: &Path,
    part: &Path,
    now: Timestamp,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), LedgerError> {
    remove_if_there(part)?;
    remove_if_there(&wal_path(part))?;
    let mut pages = Pages::open(path)?;
    let search = pages.search(false)?;
    let (mut rows, broken) = (unique(search.found), search.broken);
    // Numbers have no holes but lost ones, so a number far above the count of rows was forged.
    let highest = rows.len() as u64 + MOST_LOST;
    rows.retain(|row| row.seq <= highest);
    if rows.is_empty() {
        let why = "no entry can be found in it".to_owned();
        return Err(LedgerError::NotALedger { path: path.to_owned(), why });
    }
    rows.sort_by_key(|row| row.seq);
    let mut known = old_frame(path);
    // A head that names a row which is there is the row's business; only one whose row is gone tells anything new.
    let (seqs, hashes): (HashSet<_>, HashSet<_>) = rows.iter().map(|row| (row.seq, row.hash)).unzip();
    known.heads.retain(|head| !seqs.contains(&head.seq) && !hashes.contains(&head.hash));
    let lost = lost_numbers(&rows, &broken, &known);
    let ledger = Ledger::open(part)?.ledger;
    let connection = ledger.connection();
    let fail = || LedgerError::sqlite("write", part);
    let mut done = 0;
    for batch in rows.chunks(BATCH) {
        connection.execute_batch("BEGIN IMMEDIATE").map_err(fail())?;
        for found in batch {
            if let Some(row) = pages.row(found)? {
                insert(connection, &row).map_err(fail())?;
            }
        }
        connection.execute_batch("COMMIT").map_err(fail())?;
        done += batch.len() as u64;
        progress(Progress { done, of: rows.len() as u64 });
    }
    write_frame(connection, &rows, &lost, &known, now).map_err(fail())?;
    drop(ledger); // the last connection folds the log into the file
    remove_if_there(&beside(part, "-lock"))?;
    File::options()
        .write(true)
        .open(part)
        .and_then(|file| file.sync_all())
        .map_err(LedgerError::io("write", part))
}

/// One of each row. Committed ones first: rows of a write that was never finished are welcome (the agent did see that),
/// but must not take the place of what was acknowledged.
fn unique(mut found: Vec<Found>) -> Vec<Found> {
    found.sort_by_key(|row| (!row.committed, row.seq));
    let (mut seqs, mut ids, mut places) = (HashSet::new(), HashSet::new(), HashSet::new());
    found.retain(|row| {
        let free = !seqs.contains(&row.seq)
            && !ids.contains(&(row.agent, row.id))
            && !places.contains(&(row.agent, row.agent_seq));
        if free {
            seqs.insert(row.seq);
            ids.insert((row.agent, row.id));
            places.insert((row.agent, row.agent_seq));
        }
        free
    });
    found
}

/// What the damaged file says besides its rows, as far as SQLite can still read it.
#[derive(Default)]
struct OldFrame {
    heads: Vec<Head>,
    lost: Vec<(u64, i64, String)>,
}

fn old_frame(path: &Path) -> OldFrame {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let Ok(connection) = Connection::open_with_flags(path, flags) else { return OldFrame::default() };
    // A schema that is not ours may hide anything behind these names.
    if check_identity(&connection, path).is_err() {
        return OldFrame::default();
    }
    let lost = connection.prepare("SELECT seq, recorded_at, why FROM lost").and_then(|mut statement| {
        statement
            .query_map([], |row| Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get(1)?, row.get(2)?)))?
            .collect()
    });
    OldFrame { heads: read_heads(&connection).unwrap_or_default(), lost: lost.unwrap_or_default() }
}

/// Numbers below the highest that have no row. The highest comes from the rows, from what the damaged file says of its
/// ends, and where it says nothing, from broken rows.
fn lost_numbers(rows: &[Found], broken: &[u64], known: &OldFrame) -> Vec<u64> {
    let last_row = rows.last().map_or(0, |row| row.seq);
    let broken = if known.heads.is_empty() { broken } else { &[] };
    let last = known
        .heads
        .iter()
        .map(|head| head.seq)
        .chain(broken.iter().copied())
        .chain(known.lost.iter().map(|(seq, ..)| *seq))
        .filter(|seq| seq.saturating_sub(last_row) < MOST_LOST)
        .fold(last_row, u64::max);
    let there: HashSet<u64> = rows.iter().map(|row| row.seq).collect();
    (1..=last).filter(|seq| !there.contains(seq)).collect()
}

/// Heads, and the record of what was lost.
fn write_frame(
    connection: &Connection,
    rows: &[Found],
    lost: &[u64],
    known: &OldFrame,
    now: Timestamp,
) -> rusqlite::Result<()> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let mut heads = std::collections::BTreeMap::<AgentId, Head>::new();
    for row in rows {
        let head = heads.entry(row.agent).or_insert(Head {
            agent: row.agent,
            agent_seq: 0,
            seq: 0,
            hash: EntryHash::GENESIS,
        });
        if row.agent_seq > head.agent_seq {
            *head = Head { agent: row.agent, agent_seq: row.agent_seq, seq: row.seq, hash: row.hash };
        }
    }
    // Where an agent's last entries are lost, its chain goes on behind them: the hole stays visible, and a copy of the
    // lost entry can still be recognised by the hash.
    for old in known.heads.iter().filter(|old| lost.binary_search(&old.seq).is_ok()) {
        let reached = heads.get(&old.agent).map_or(0, |head| head.agent_seq);
        if old.agent_seq > reached && old.agent_seq - reached <= lost.len() as u64 {
            heads.insert(old.agent, *old);
        }
    }
    for head in heads.values() {
        write_head(connection, head)?;
    }
    let mut record =
        connection.prepare("INSERT OR IGNORE INTO lost (seq, recorded_at, why) VALUES (?1, ?2, ?3)")?;
    for (seq, recorded_at, why) in &known.lost {
        if lost.binary_search(seq).is_ok() {
            record.execute(params![seq.cast_signed(), recorded_at, why])?;
        }
    }
    for seq in lost {
        record.execute(params![
            seq.cast_signed(),
            now.as_microsecond(),
            "no whole row found by a salvage"
        ])?;
    }
    connection.execute_batch("COMMIT")
}

/// Moves the damaged file and then its log aside, then the new file into its place. The file goes first: stopped after the
/// log alone, a second salvage would read the file without it. The new one comes last: SQLite would take the log for its own.
fn put_in_place(path: &Path, finished: &Path, now: Timestamp) -> Result<PathBuf, LedgerError> {
    let stamp = now.strftime("%Y%m%dT%H%M%SZ");
    let damaged = unused(&beside(path, &format!(".damaged-{stamp}")));
    if path.exists() {
        rename(path, &damaged)?;
    }
    if wal_path(path).exists() {
        rename(&wal_path(path), &wal_path(&damaged))?;
    }
    remove_if_there(&beside(path, "-shm"))?;
    rename(finished, path)?;
    sync_folder(path)?;
    Ok(damaged)
}
