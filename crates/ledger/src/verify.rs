//! Checking a ledger that nobody has vouched for.
//!
//! Every row is read and hashed; every chain is followed; SQLite's own structure is checked; and where SQLite cannot
//! reach a row, the row is looked for without it. Nothing is written, and nothing is fixed: [`crate::salvage`] does that.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

use enamel_types::AgentId;
use rusqlite::{Connection, OpenFlags};
use serde::Serialize;

use crate::carve::{MIN_CELL, Pages};
use crate::entries::{read_one, read_page};
use crate::error::LedgerError;
use crate::files::{Lock, beside, lock_if_there, remove_if_there, wal_path};
use crate::format::{EntryHash, Row};
use crate::ledger::{Head, check_identity, check_length, read_heads};
use crate::root::{PracticeRoot, roots_through};
use crate::salvage;
use crate::wal::{self, WalState};

/// How many bad entries are listed one by one; the rest are counted.
const LISTED: usize = 1_000;
/// Rows read at a time, and between two calls of the progress callback.
const PAGE: u32 = 1_000;

/// How far a verification or a salvage has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Entries done.
    pub done: u64,
    /// Entries in all, as far as is known.
    pub of: u64,
}

/// What is known of a file after reading all of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Verification {
    /// The file.
    pub path: PathBuf,
    /// Entries that are as they were written.
    pub entries: u64,
    /// The bad entry with the lowest sequence number.
    pub first_bad: Option<BadEntry>,
    /// The bad entries, lowest first; at most a thousand.
    pub bad: Vec<BadEntry>,
    /// How many bad entries there are.
    pub bad_count: u64,
    /// Holes in the chains of agents that no bad entry and no recorded loss explains: evidence is missing.
    pub gaps: Vec<SequenceGap>,
    /// Damage to the file itself: header, schema, pages, index, log.
    pub structure: Vec<String>,
    /// Sequence numbers that are recorded as lost. A salvage records them so, but nothing binds that record: whoever takes an
    /// entry out can put its number there.
    pub lost: Vec<u64>,
    /// Bytes behind the last complete commit: the end of a write that was interrupted. Not a fault.
    pub torn_bytes: u64,
    /// The ends of the chains, as the entries say.
    pub heads: Vec<Head>,
    /// The root of each practice through the last entry; empty where anything is damaged.
    pub roots: Vec<PracticeRoot>,
}

/// One bad entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BadEntry {
    /// Its sequence number.
    pub seq: u64,
    /// What is wrong with it.
    pub why: String,
}

/// Missing entries of one agent: those between `after` and `before`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SequenceGap {
    /// The agent.
    pub agent: AgentId,
    /// The last `agent_seq` that is there.
    pub after: u64,
    /// The next that is there, or one past the end that the list of heads names.
    pub before: u64,
}

impl Verification {
    fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), ..Self::default() }
    }

    /// Whether every entry ever acknowledged is there and as it was written.
    pub fn is_whole(&self) -> bool {
        self.is_intact() && self.lost.is_empty()
    }

    /// Whether every entry is there and as it was written, but for those recorded as lost.
    pub fn is_intact(&self) -> bool {
        self.bad_count == 0 && self.gaps.is_empty() && self.structure.is_empty()
    }

    fn add_bad(&mut self, seq: u64, why: impl Into<String>) {
        let bad = BadEntry { seq, why: why.into() };
        self.bad_count += 1;
        if self.first_bad.as_ref().is_none_or(|first| seq < first.seq) {
            self.first_bad = Some(bad.clone());
        }
        if self.bad.len() < LISTED {
            self.bad.push(bad);
        }
    }
}

/// Verifies the file at `path`. An `Err` means that it could not be looked at or is no ledger of a known format;
/// everything that is wrong inside it is in the [`Verification`].
///
/// A ledger that another process has open is verified as of its last commit.
pub fn verify(path: &Path, progress: &mut dyn FnMut(Progress)) -> Result<Verification, LedgerError> {
    if salvage::is_interrupted(path) {
        return Err(LedgerError::SalvageInterrupted { path: path.to_owned() });
    }
    path.metadata().map_err(LedgerError::io("read", path))?;
    let access = Access::of(path)?;
    let mut check = Check {
        path,
        at_rest: access.at_rest,
        found: Verification::new(path),
        chains: BTreeMap::new(),
        highest: 0,
    };
    if access.at_rest {
        check.log()?;
    }
    match access.open(path) {
        Ok(connection) => check.rows(&connection, progress)?,
        Err(error) => check.without_sqlite(error, progress)?,
    }
    let highest = check.highest;
    let mut found = check.finish();
    // The hash of an entry that is bad would go into a root as if nothing were wrong with it.
    if found.is_intact() {
        found.roots = access.roots(path, highest)?;
    }
    Ok(found)
}

/// The root of each practice over every entry up to `through_seq`: how a published root is checked.
///
/// Computed from the hashes as they stand in the file, so it proves something only where [`verify`] finds the file whole.
/// Writes nothing.
pub fn roots_at(path: &Path, through_seq: u64) -> Result<Vec<PracticeRoot>, LedgerError> {
    Access::of(path)?.roots(path, through_seq)
}

/// How the file may be opened.
struct Access {
    /// No other process writes to it, so that its bytes can be looked at directly.
    at_rest: bool,
    /// Held while it is verified. `None` where another process holds it, where the folder cannot be written to, and where no
    /// process has ever opened it: a copy.
    _lock: Option<Lock>,
    /// The index that SQLite makes of a log, where there was none before.
    made: Option<PathBuf>,
}

impl Drop for Access {
    fn drop(&mut self) {
        if let Some(index) = &self.made {
            // What stays here is a nuisance and no fault: SQLite makes it anew.
            let _ = remove_if_there(index);
        }
    }
}

impl Access {
    fn of(path: &Path) -> Result<Self, LedgerError> {
        let (at_rest, lock) = match lock_if_there(path) {
            Ok(lock) => (true, lock),
            Err(LedgerError::Locked { .. }) => (false, None),
            // Nobody can write to it where even its owner cannot make a file beside it.
            Err(LedgerError::ReadOnly { .. } | LedgerError::Io { .. }) => (true, None),
            Err(other) => return Err(other),
        };
        let index = beside(path, "-shm");
        let made = (at_rest && !index.exists()).then_some(index);
        Ok(Self { at_rest, _lock: lock, made })
    }

    /// Opens the file without ever writing to it, and checks that it is a ledger.
    fn open(&self, path: &Path) -> Result<Connection, LedgerError> {
        let log_is_empty = wal_path(path).metadata().map_or(true, |meta| meta.len() == 0);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let fail = || LedgerError::sqlite("open", path);
        let connection = if self.at_rest && log_is_empty {
            // Immutable: SQLite makes no log and no index of it, so a read-only medium will do.
            Connection::open_with_flags(immutable_uri(path), flags | OpenFlags::SQLITE_OPEN_URI)
        } else {
            Connection::open_with_flags(path, flags)
        }
        .map_err(fail())?;
        connection
            .execute_batch(
                "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA query_only = ON; BEGIN",
            )
            .map_err(fail())?;
        check_identity(&connection, path)?;
        if self.at_rest && log_is_empty {
            check_length(&connection, path)?;
        }
        Ok(connection)
    }

    fn roots(&self, path: &Path, through_seq: u64) -> Result<Vec<PracticeRoot>, LedgerError> {
        roots_through(&self.open(path)?, through_seq).map_err(LedgerError::sqlite("read", path))
    }
}

/// The path as an SQLite URI, every byte that could mean something else written as `%xx`.
fn immutable_uri(path: &Path) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/.-_".contains(&byte);
    let escaped =
        |byte: &u8| if plain(*byte) { char::from(*byte).to_string() } else { format!("%{byte:02x}") };
    let path: String = path.as_os_str().as_encoded_bytes().iter().map(escaped).collect();
    format!("file:{path}?immutable=1")
}

/// A verification under way.
struct Check<'a> {
    path: &'a Path,
    at_rest: bool,
    found: Verification,
    chains: BTreeMap<AgentId, Chain>,
    /// The last entry that is there.
    highest: u64,
}

/// The end of an agent's chain as far as it has been followed.
struct Chain {
    head: Head,
    /// Holes on the way: the `agent_seq` and `seq` before each, and those behind it.
    holes: Vec<(SequenceGap, u64, u64)>,
}

impl Check<'_> {
    fn log(&mut self) -> Result<(), LedgerError> {
        match wal::inspect(self.path)? {
            WalState::Clean => {}
            WalState::Torn { bytes, ambiguous: false } => self.found.torn_bytes = bytes,
            WalState::Torn { bytes, ambiguous: true } => {
                self.found.torn_bytes = bytes;
                let why = format!("the last {bytes} bytes of its write-ahead log do not add up");
                self.found.structure.push(why);
            }
            WalState::Damaged { why } => self.found.structure.push(why),
        }
        Ok(())
    }

    /// Reads every row through SQLite, and without it from where SQLite fails.
    fn rows(
        &mut self,
        connection: &Connection,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), LedgerError> {
        let (lost, heads, highest) = match read_frame(connection) {
            Ok(frame) => frame,
            Err(error) => {
                return self.without_sqlite(LedgerError::sqlite("read", self.path)(error), progress);
            }
        };
        self.found.lost = lost;
        self.highest = highest;
        let end =
            heads.iter().map(|head| head.seq).chain(self.found.lost.iter().copied()).fold(highest, u64::max);
        let end = end.min(self.most_rows());
        let mut next = 1;
        while next <= end {
            match read_page(connection, next, PAGE) {
                Ok(rows) if rows.is_empty() => break,
                Ok(rows) => next = rows.into_iter().fold(next, |next, row| self.row(next, &row)),
                Err(_) => {
                    next = self.one_by_one(connection, next, end.min(next.saturating_add(u64::from(PAGE))));
                }
            }
            progress(Progress { done: next - 1, of: end });
        }
        self.missing(next, end.saturating_add(1));
        if self.found.bad_count > 0 || !self.found.structure.is_empty() {
            self.look_for_missing(next)?;
        }
        self.heads(&heads);
        self.structure(connection);
        Ok(())
    }

    /// More rows than this cannot be in files of this size, whatever a damaged number says.
    fn most_rows(&self) -> u64 {
        let length = |path: &Path| path.metadata().map_or(0, |meta| meta.len());
        (length(self.path) + length(&wal_path(self.path))) / MIN_CELL as u64 + self.found.lost.len() as u64
    }

    /// Asks for each row by its number, where SQLite fails on the way from one to the next. Returns the next number.
    fn one_by_one(&mut self, connection: &Connection, from: u64, to: u64) -> u64 {
        let mut next = from;
        while next <= to {
            match read_one(connection, next) {
                Ok(Some(row)) => next = self.row(next, &row),
                Ok(None) => {
                    self.missing(next, next + 1);
                    next += 1;
                }
                Err(error) => {
                    self.found.add_bad(next, format!("SQLite cannot read it: {error}"));
                    next += 1;
                }
            }
        }
        next
    }

    /// Checks a row that SQLite gave where number `next` was due. Returns the number that is due after it.
    fn row(&mut self, next: u64, row: &Row) -> u64 {
        if let Some(why) = row.fault() {
            // Its number may be what is wrong, so it counts as the one that was due.
            self.found.add_bad(next, why);
            return next.saturating_add(1);
        }
        if row.seq < next {
            // A row that came before; what stood here has been counted.
            return next;
        }
        self.missing(next, row.seq);
        self.link(row.seq, row.link.agent, row.link.agent_seq, row.link.prev, row.link.hash);
        row.seq.saturating_add(1)
    }

    /// Puts a row that is whole by itself into its agent's chain.
    fn link(&mut self, seq: u64, agent: AgentId, agent_seq: u64, prev: EntryHash, hash: EntryHash) {
        let chain = self.chains.entry(agent).or_insert_with(|| Chain {
            head: Head { agent, agent_seq: 0, seq: 0, hash: EntryHash::GENESIS },
            holes: Vec::new(),
        });
        let held = chain.head;
        if agent_seq <= held.agent_seq {
            self.found.add_bad(seq, format!("its place {agent_seq} in its agent's chain is taken"));
            return;
        }
        if agent_seq == held.agent_seq + 1 {
            if prev != held.hash {
                self.found.add_bad(seq, "it does not continue its agent's chain");
                return;
            }
        } else {
            let gap = SequenceGap { agent, after: held.agent_seq, before: agent_seq };
            chain.holes.push((gap, held.seq, seq));
        }
        chain.head = Head { agent, agent_seq, seq, hash };
        self.found.entries += 1;
    }

    /// Numbers that SQLite did not give, unless they are known to be lost.
    fn missing(&mut self, from: u64, to: u64) {
        // A flipped sequence number can be astronomically high; nobody wants that many lines.
        let listed = to.min(from.saturating_add(LISTED as u64));
        for seq in from..listed {
            if self.found.lost.binary_search(&seq).is_err() {
                self.found.add_bad(seq, "there is no such row");
            }
        }
        self.found.bad_count = self.found.bad_count.saturating_add(to.saturating_sub(listed.max(from)));
    }

    /// Looks for the rows behind bad numbers without SQLite, to say which of them a salvage brings back.
    fn look_for_missing(&mut self, stopped_at: u64) -> Result<(), LedgerError> {
        if !self.at_rest {
            return Ok(());
        }
        let mut search = Pages::open(self.path)?.search(false)?;
        search.found.sort_by_key(|found| found.seq);
        search.found.dedup_by_key(|found| found.seq);
        let whole: BTreeSet<u64> = search.found.iter().map(|found| found.seq).collect();
        for bad in &mut self.found.bad {
            if whole.contains(&bad.seq) {
                bad.why.push_str("; a whole copy of it was found, which a salvage brings back");
            }
        }
        // Rows behind the last that SQLite gave: there may be more than the heads tell of.
        let known: BTreeSet<u64> = self.found.bad.iter().map(|bad| bad.seq).collect();
        for seq in whole.into_iter().filter(|seq| *seq >= stopped_at && !known.contains(seq)) {
            self.found.add_bad(
                seq,
                "SQLite cannot reach it; a whole copy of it was found, which a salvage brings back",
            );
        }
        self.refresh_first();
        Ok(())
    }

    /// A file that SQLite does not open: damaged if there are entries in it, and no ledger if there are none.
    fn without_sqlite(
        &mut self,
        error: LedgerError,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), LedgerError> {
        let foreign = matches!(error, LedgerError::NotALedger { .. });
        if !self.at_rest || matches!(error, LedgerError::NewerFormat { .. } | LedgerError::Locked { .. }) {
            return Err(error);
        }
        let mut search = Pages::open(self.path)?.search(false)?;
        if search.found.is_empty() && (foreign || self.found.structure.is_empty()) {
            return Err(error);
        }
        self.found.structure.push(error.to_string());
        search.found.sort_by_key(|found| found.seq);
        search.found.dedup_by_key(|found| found.seq);
        let end = search.found.last().map_or(0, |found| found.seq);
        let mut next = 1;
        for row in &search.found {
            self.missing(next, row.seq);
            self.link(row.seq, row.agent, row.agent_seq, row.prev, row.hash);
            next = row.seq.saturating_add(1);
        }
        search.broken.sort_unstable();
        search.broken.dedup();
        for seq in search.broken.into_iter().filter(|seq| *seq >= next && *seq - next < LISTED as u64) {
            self.found.add_bad(seq, "its content does not match its hash");
        }
        progress(Progress { done: end, of: end });
        Ok(())
    }

    /// The list of heads must say what the rows say; a head beyond the rows means that rows at the end are missing.
    fn heads(&mut self, heads: &[Head]) {
        for head in heads {
            let end = self.chains.get(&head.agent).map(|chain| chain.head);
            let (reached, behind) = end.map_or((0, 0), |end| (end.agent_seq, end.seq));
            let row_is_there = end.is_some_and(|end| end.seq == head.seq || end.hash == head.hash);
            if head.agent_seq > reached && head.seq > behind && !row_is_there {
                let gap = SequenceGap {
                    agent: head.agent,
                    after: reached,
                    before: head.agent_seq.saturating_add(1),
                };
                let chain =
                    self.chains.entry(head.agent).or_insert_with(|| Chain { head: *head, holes: Vec::new() });
                chain.holes.push((gap, behind, head.seq.saturating_add(1)));
            } else if end != Some(*head) && self.found.bad_count == 0 {
                let why =
                    format!("the list of heads is damaged: agent {} ends otherwise than it says", head.agent);
                self.found.structure.push(why);
            }
        }
        if self.found.bad_count == 0 && heads.len() < self.chains.len() {
            self.found.structure.push("the list of heads is damaged: an agent is missing from it".to_owned());
        }
    }

    /// SQLite's own opinion of its pages, and whether the index agrees with the table.
    fn structure(&mut self, connection: &Connection) {
        let messages = connection.prepare("PRAGMA integrity_check(20)").and_then(|mut statement| {
            statement.query_map([], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<_>>>()
        });
        match messages {
            Ok(messages) => {
                self.found.structure.extend(messages.into_iter().flat_map(|text| {
                    text.lines().filter(|line| *line != "ok").map(str::to_owned).collect::<Vec<_>>()
                }));
            }
            Err(error) => self.found.structure.push(format!("SQLite cannot check its pages: {error}")),
        }
    }

    fn refresh_first(&mut self) {
        self.found.bad.sort_by_key(|bad| bad.seq);
        self.found.first_bad = self.found.bad.first().cloned();
    }

    /// Drops the holes that bad entries and recorded losses explain.
    fn finish(mut self) -> Verification {
        self.refresh_first();
        let mut gone: BTreeSet<u64> = self.found.bad.iter().map(|bad| bad.seq).collect();
        gone.extend(&self.found.lost);
        for (gap, seq_before, seq_behind) in self.chains.values().flat_map(|chain| &chain.holes) {
            let explained = gone
                .range(seq_before.saturating_add(1)..*seq_behind.max(&seq_before.saturating_add(1)))
                .count() as u64;
            if (gap.before - gap.after).saturating_sub(1) > explained {
                self.found.gaps.push(*gap);
            }
        }
        self.found.heads = self.chains.into_values().map(|chain| chain.head).collect();
        self.found
    }
}

/// What stands around the rows: lost numbers, heads, the highest number.
fn read_frame(connection: &Connection) -> rusqlite::Result<(Vec<u64>, Vec<Head>, u64)> {
    let lost = connection
        .prepare("SELECT seq FROM lost ORDER BY seq")?
        .query_map([], |row| row.get::<_, i64>(0).map(i64::cast_unsigned))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let heads = read_heads(connection)?;
    let highest = connection
        .query_row("SELECT coalesce(max(seq), 0) FROM observation", [], |row| row.get::<_, i64>(0))?
        .cast_unsigned();
    Ok((lost, heads, highest))
}

impl fmt::Display for Verification {
    /// For people: the verdict first, then everything that is wrong.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.first_bad {
            _ if self.is_intact() => {
                match self.lost.len() {
                    0 => write!(f, "{path}: whole, {} entries", self.entries)?,
                    _ => write!(f, "{path}: incomplete, {} entries are as they were written", self.entries)?,
                }
                for PracticeRoot { practice, through_seq, root, .. } in &self.roots {
                    match self.roots.len() {
                        1 => write!(f, "; root through entry {through_seq}: {root}")?,
                        _ => write!(f, "\npractice {practice}: root through entry {through_seq}: {root}")?,
                    }
                }
            }
            Some(bad) => write!(f, "{path}: damaged, first at sequence number {}: {}", bad.seq, bad.why)?,
            None => write!(f, "{path}: damaged, {} entries are whole", self.entries)?,
        }
        if !self.lost.is_empty() {
            write!(f, "\n{} recorded as lost: {}", self.lost.len(), ranges(&self.lost))?;
        }
        if self.bad_count > 0 {
            let numbers: Vec<u64> = self.bad.iter().map(|bad| bad.seq).collect();
            write!(f, "\n{} bad, {} whole; bad: {}", self.bad_count, self.entries, ranges(&numbers))?;
        }
        for gap in &self.gaps {
            write!(f, "\nagent {}: evidence missing between {} and {}", gap.agent, gap.after, gap.before)?;
        }
        for damage in &self.structure {
            write!(f, "\n{damage}")?;
        }
        if self.torn_bytes > 0 {
            write!(
                f,
                "\nan interrupted write of {} bytes is cut off when the ledger is next opened",
                self.torn_bytes
            )?;
        }
        Ok(())
    }
}

/// Sorted numbers as a person writes them: `3, 7 to 9`.
pub(crate) fn ranges(numbers: &[u64]) -> String {
    let run = |run: &[u64]| match run {
        [first, .., last] => format!("{first} to {last}"),
        [only] => only.to_string(),
        [] => String::new(),
    };
    numbers.chunk_by(|a, b| a + 1 == *b).map(run).collect::<Vec<_>>().join(", ")
}
