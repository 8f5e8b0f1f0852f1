//! The open ledger: appending, and looking up what is there.

use std::path::{Path, PathBuf};
use std::time::Duration;

use enamel_types::{AgentId, Observation, ObservationId, Timestamp};
use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior, params};

use crate::chain::Link;
use crate::error::LedgerError;
use crate::files::{Lock, beside, lock_within, remove_if_there, rename, sync_folder, wal_path};
use crate::format::{APPLICATION_ID, EntryHash, FORMAT_VERSION, MAX_BODY_BYTES, PAGE_SIZE, Row, SCHEMA};
use crate::wal::{self, TornTail};
use crate::{carve, salvage};

/// How long to wait for a reader in another process before saying that the file is in use.
const BUSY_LIMIT: Duration = Duration::from_secs(1);

/// An open, appendable ledger. One process at a time has it open.
pub struct Ledger {
    connection: Connection,
    path: PathBuf,
    _lock: Lock,
}

/// What [`Ledger::open`] found.
pub struct Opened {
    /// The ledger.
    pub ledger: Ledger,
    /// The end of a write that was interrupted before it was acknowledged; it has been cut off.
    pub torn_tail: Option<TornTail>,
}

/// What became of one observation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// It is in the ledger now.
    New(Receipt),
    /// It was there before, word for word; nothing was written.
    AlreadyPresent(Receipt),
    /// Its id is taken by an observation of the same agent that says something else; nothing was written for it.
    Conflict(Receipt),
}

/// Where an observation is in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// The observation.
    pub id: ObservationId,
    /// Position in the file.
    pub seq: u64,
    /// Position in the agent's chain.
    pub agent_seq: u64,
    /// The entry's hash.
    pub hash: EntryHash,
}

/// The last entry of one agent's chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Head {
    /// The agent.
    pub agent: AgentId,
    /// Position in the agent's chain; the number of observations that it has made.
    pub agent_seq: u64,
    /// Position in the file.
    pub seq: u64,
    /// The entry's hash; it stands for everything before it.
    pub hash: EntryHash,
}

impl Ledger {
    /// Opens a ledger, or makes one where there is no file. The folder must exist.
    ///
    /// Looks at the header, the schema, the write-ahead log and each chain's last entry, not at every row:
    /// [`crate::verify`] does that.
    ///
    /// [`LedgerError::Locked`] where another process has it.
    pub fn open(path: &Path) -> Result<Opened, LedgerError> {
        Self::open_within(path, Duration::ZERO)
    }

    /// The same, but where another process has it, waits for at most `patience` until that lets go.
    pub fn open_within(path: &Path, patience: Duration) -> Result<Opened, LedgerError> {
        if salvage::is_interrupted(path) {
            return Err(LedgerError::SalvageInterrupted { path: path.to_owned() });
        }
        if path.metadata().is_ok_and(|meta| meta.permissions().readonly()) {
            return Err(LedgerError::ReadOnly { path: path.to_owned() });
        }
        let lock = lock_within(path, patience)?;
        if !path.exists() {
            create(path)?;
        }
        let torn_tail = wal::cut_torn_tail(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection =
            Connection::open_with_flags(path, flags).map_err(LedgerError::sqlite("open", path))?;
        let ledger = Self { connection, path: path.to_owned(), _lock: lock };
        match ledger.prepare() {
            Ok(()) => Ok(Opened { ledger, torn_tail }),
            Err(error) => Err(name_damage(error, path)),
        }
    }

    /// Appends a batch in one transaction. When this returns, all of it is on the disk; after an error, none of it is.
    ///
    /// `received_at` is when the keeper of this ledger got the batch. Sending an observation again is harmless.
    pub fn append(
        &mut self,
        received_at: Timestamp,
        observations: &[Observation],
    ) -> Result<Vec<Appended>, LedgerError> {
        let bodies = observations.iter().map(encode).collect::<Result<Vec<_>, _>>()?;
        let path = &self.path;
        let fail = LedgerError::sqlite("append to", path);
        let transaction = match self.connection.transaction_with_behavior(TransactionBehavior::Immediate) {
            Ok(transaction) => transaction,
            Err(error) => return Err(fail(error)),
        };
        append_all(&transaction, received_at.as_microsecond(), observations, bodies)
            .and_then(|appended| transaction.commit().map(|()| appended))
            .map_err(fail)
    }

    /// The end of an agent's chain; `None` if it has sent nothing.
    pub fn head(&self, agent: AgentId) -> Result<Option<Head>, LedgerError> {
        read_head(&self.connection, agent).map_err(LedgerError::sqlite("read the heads of", &self.path))
    }

    /// The ends of all chains, by agent.
    pub fn heads(&self) -> Result<Vec<Head>, LedgerError> {
        read_heads(&self.connection).map_err(LedgerError::sqlite("read the heads of", &self.path))
    }

    /// How many entries there are.
    pub fn len(&self) -> Result<u64, LedgerError> {
        self.connection
            .query_row("SELECT count(*) FROM observation", [], |row| row.get::<_, i64>(0))
            .map(i64::cast_unsigned)
            .map_err(LedgerError::sqlite("count the entries of", &self.path))
    }

    /// Sequence numbers that a salvage has recorded as lost, ascending.
    pub fn lost(&self) -> Result<Vec<u64>, LedgerError> {
        self.connection
            .prepare_cached("SELECT seq FROM lost ORDER BY seq")
            .and_then(|mut statement| {
                statement.query_map([], |row| row.get::<_, i64>(0).map(i64::cast_unsigned))?.collect()
            })
            .map_err(LedgerError::sqlite("read the losses of", &self.path))
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> Result<bool, LedgerError> {
        Ok(self.len()? == 0)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(crate) fn connection_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// Sets SQLite up, and checks that this is a ledger whose ends are whole.
    fn prepare(&self) -> Result<(), LedgerError> {
        let (connection, path) = (&self.connection, self.path.as_path());
        // Looked at before anything is set: setting things up writes to the file.
        check_identity(connection, path)?;
        configure(connection).map_err(LedgerError::sqlite("open", path))?;
        // Folding the log into the file now means that what is left of a torn write is gone from the disk as well.
        let busy = connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0))
            .map_err(LedgerError::sqlite("tidy", path))?;
        if busy == 0 {
            check_length(connection, path)?;
        }
        check_heads(connection, path)
    }
}

/// Durability and caution. `FULL`: a commit returns after the log is on the disk.
fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_LIMIT)?;
    connection.set_prepared_statement_cache_capacity(32);
    connection.execute_batch(
        "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF; \
         PRAGMA cell_size_check = ON; PRAGMA wal_autocheckpoint = 4096;",
    )
}

/// Makes an empty ledger under another name and then puts it in place, so that there is never half a ledger.
fn create(path: &Path) -> Result<(), LedgerError> {
    if wal_path(path).exists() {
        let why = "the file is gone, and its write-ahead log is still there".to_owned();
        return Err(LedgerError::Damaged { path: path.to_owned(), seq: None, why });
    }
    let new = beside(path, ".creating");
    remove_if_there(&new)?;
    remove_if_there(&wal_path(&new))?;
    let connection = Connection::open(&new).map_err(LedgerError::sqlite("create", path))?;
    configure(&connection)
        .and_then(|()| create_schema(&connection))
        .map_err(LedgerError::sqlite("create", path))?;
    drop(connection); // the last connection folds the log into the file
    rename(&new, path)?;
    sync_folder(path)
}

fn create_schema(connection: &Connection) -> rusqlite::Result<()> {
    let tables: String = SCHEMA.iter().flat_map(|(_, _, sql)| [sql, ";\n"]).collect();
    connection.execute_batch(&format!(
        "BEGIN IMMEDIATE;\n{tables}PRAGMA application_id = {APPLICATION_ID};\n\
         PRAGMA user_version = {FORMAT_VERSION};\nCOMMIT;"
    ))
}

/// Application id, format version and the schema's exact text.
pub(crate) fn check_identity(connection: &Connection, path: &Path) -> Result<(), LedgerError> {
    let number = |name| {
        connection
            .pragma_query_value(None, name, |row| row.get::<_, i64>(0))
            .map_err(LedgerError::sqlite("open", path))
    };
    if number("application_id")? != APPLICATION_ID {
        return Err(LedgerError::NotALedger {
            path: path.to_owned(),
            why: "it is empty, or a SQLite file of another program".to_owned(),
        });
    }
    let found = number("user_version")?;
    if found > FORMAT_VERSION {
        return Err(LedgerError::NewerFormat { path: path.to_owned(), found, known: FORMAT_VERSION });
    }
    let damaged = |why: String| LedgerError::Damaged { path: path.to_owned(), seq: None, why };
    if found != FORMAT_VERSION || number("page_size")?.cast_unsigned() != PAGE_SIZE as u64 {
        return Err(damaged(format!("its header names format {found}, which never was")));
    }
    let schema = connection
        .prepare("SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid")
        .and_then(|mut statement| {
            statement
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
                .take(SCHEMA.len() + 1)
                .collect::<rusqlite::Result<Vec<(String, String, String)>>>()
        })
        .map_err(LedgerError::sqlite("read the schema of", path))?;
    let same = schema.len() == SCHEMA.len()
        && schema
            .iter()
            .zip(SCHEMA)
            .all(|((kind, name, sql), expected)| (kind.as_str(), name.as_str(), sql.as_str()) == expected);
    if same { Ok(()) } else { Err(damaged("its schema is not the one this format has".to_owned())) }
}

/// The file is as long as SQLite believes.
pub(crate) fn check_length(connection: &Connection, path: &Path) -> Result<(), LedgerError> {
    let pages: i64 = connection
        .pragma_query_value(None, "page_count", |row| row.get(0))
        .map_err(LedgerError::sqlite("measure", path))?;
    let expected = pages.cast_unsigned() * PAGE_SIZE as u64;
    let found = path.metadata().map_err(LedgerError::io("measure", path))?.len();
    if expected == found {
        return Ok(());
    }
    let why = format!("it is {found} bytes long and should be {expected}");
    Err(LedgerError::Damaged { path: path.to_owned(), seq: None, why })
}

/// Every chain's last entry is there and whole, so that appending continues something real. The exception is an end
/// that a salvage has recorded as lost.
fn check_heads(connection: &Connection, path: &Path) -> Result<(), LedgerError> {
    let fail = || LedgerError::sqlite("read the heads of", path);
    for head in read_heads(connection).map_err(fail())? {
        let row = crate::entries::read_page(connection, head.seq, 1).map_err(fail())?.pop_front();
        let why = match row {
            Some(row) if row.seq == head.seq => {
                if (row.link.agent, row.link.agent_seq, row.link.hash)
                    == (head.agent, head.agent_seq, head.hash)
                {
                    row.fault()
                } else {
                    Some("it is not the end of the chain that the list of heads names")
                }
            }
            _ if is_lost(connection, head.seq).map_err(fail())? => None,
            _ => Some("it is missing"),
        };
        if let Some(why) = why {
            return Err(LedgerError::Damaged {
                path: path.to_owned(),
                seq: Some(head.seq),
                why: why.to_owned(),
            });
        }
    }
    Ok(())
}

fn is_lost(connection: &Connection, seq: u64) -> rusqlite::Result<bool> {
    connection.prepare_cached("SELECT 1 FROM lost WHERE seq = ?1")?.exists([seq.cast_signed()])
}

/// SQLite calls a file with a damaged first page "not a database". If entries can still be found in it, it is a
/// damaged ledger, and saying otherwise would make somebody throw it away.
fn name_damage(error: LedgerError, path: &Path) -> LedgerError {
    match error {
        LedgerError::NotALedger { .. } if carve::holds_entries(path) => LedgerError::Damaged {
            path: path.to_owned(),
            seq: None,
            why: "its first page does not read as a ledger's, but there are entries in it".to_owned(),
        },
        other => other,
    }
}

fn encode(observation: &Observation) -> Result<Vec<u8>, LedgerError> {
    let id = observation.id;
    let body = serde_json::to_vec(observation).map_err(|source| LedgerError::Encode { id, source })?;
    if body.len() > MAX_BODY_BYTES {
        return Err(LedgerError::TooLarge { id, bytes: body.len(), limit: MAX_BODY_BYTES });
    }
    Ok(body)
}

fn append_all(
    transaction: &Transaction<'_>,
    received_at: i64,
    observations: &[Observation],
    bodies: Vec<Vec<u8>>,
) -> rusqlite::Result<Vec<Appended>> {
    let mut next_seq = next_seq(transaction)?;
    let mut heads = std::collections::BTreeMap::new();
    let mut appended = Vec::with_capacity(observations.len());
    for (observation, body) in observations.iter().zip(bodies) {
        let head = match heads.entry(observation.agent) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(unknown) => {
                unknown.insert(read_head(transaction, observation.agent)?)
            }
        };
        let before = head.map(|head| (head.agent_seq, head.hash));
        let row = Row::of(Link::after(before, observation, body), next_seq, received_at);
        if insert(transaction, &row)? {
            next_seq += 1;
            *head = Some(Head {
                agent: row.link.agent,
                agent_seq: row.link.agent_seq,
                seq: row.seq,
                hash: row.link.hash,
            });
            appended.push(Appended::New(receipt(&row)));
        } else {
            appended.push(present(transaction, &row)?);
        }
    }
    for head in heads.into_values().flatten() {
        write_head(transaction, &head)?;
    }
    Ok(appended)
}

/// One past the highest number ever given out, lost ones included.
pub(crate) fn next_seq(connection: &Connection) -> rusqlite::Result<u64> {
    let sql = "SELECT max(coalesce((SELECT max(seq) FROM observation), 0), coalesce((SELECT max(seq) FROM lost), 0))";
    connection
        .prepare_cached(sql)?
        .query_row([], |row| row.get::<_, i64>(0))
        .map(|last| last.cast_unsigned().saturating_add(1))
}

/// Inserts a row; false if the agent's id is there already.
pub(crate) fn insert(connection: &Connection, row: &Row) -> rusqlite::Result<bool> {
    // An index of ids that leads to a damaged row is SQLite's to report; here only the unique key decides.
    let sql = format!(
        "INSERT INTO observation ({}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) \
         ON CONFLICT (agent, id) DO NOTHING",
        crate::entries::COLUMNS
    );
    let body = String::from_utf8_lossy(&row.link.body);
    let changed = connection.prepare_cached(&sql)?.execute(params![
        row.seq.cast_signed(),
        row.link.practice.as_bytes(),
        row.link.agent.as_bytes(),
        row.link.agent_seq.cast_signed(),
        row.link.id.as_bytes(),
        row.link.kind,
        row.link.kind_version,
        row.link.observed_at,
        row.received_at,
        row.link.prev.0,
        row.link.hash.0,
        row.receipt,
        body,
    ])?;
    Ok(changed == 1)
}

fn present(connection: &Connection, row: &Row) -> rusqlite::Result<Appended> {
    let sql = format!("SELECT {} FROM observation WHERE agent = ?1 AND id = ?2", crate::entries::COLUMNS);
    let held = connection
        .prepare_cached(&sql)?
        .query_row(params![row.link.agent.as_bytes(), row.link.id.as_bytes()], crate::entries::read_row)?;
    let receipt = receipt(&held);
    Ok(if held.link.body == row.link.body {
        Appended::AlreadyPresent(receipt)
    } else {
        Appended::Conflict(receipt)
    })
}

fn receipt(row: &Row) -> Receipt {
    Receipt { id: row.link.id, seq: row.seq, agent_seq: row.link.agent_seq, hash: row.link.hash }
}

pub(crate) fn write_head(connection: &Connection, head: &Head) -> rusqlite::Result<()> {
    let sql = "INSERT INTO head (agent, agent_seq, seq, hash) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (agent) DO UPDATE \
               SET agent_seq = excluded.agent_seq, seq = excluded.seq, hash = excluded.hash";
    connection
        .prepare_cached(sql)?
        .execute(params![
            head.agent.as_bytes(),
            head.agent_seq.cast_signed(),
            head.seq.cast_signed(),
            head.hash.0
        ])
        .map(drop)
}

pub(crate) fn read_head(connection: &Connection, agent: AgentId) -> rusqlite::Result<Option<Head>> {
    connection
        .prepare_cached("SELECT agent, agent_seq, seq, hash FROM head WHERE agent = ?1")?
        .query_row([agent.as_bytes()], head_of)
        .optional()
}

pub(crate) fn read_heads(connection: &Connection) -> rusqlite::Result<Vec<Head>> {
    connection
        .prepare_cached("SELECT agent, agent_seq, seq, hash FROM head ORDER BY agent")?
        .query_map([], head_of)?
        .collect()
}

fn head_of(row: &rusqlite::Row<'_>) -> rusqlite::Result<Head> {
    Ok(Head {
        agent: AgentId::from_uuid(uuid::Uuid::from_bytes(row.get(0)?)),
        agent_seq: row.get::<_, i64>(1)?.cast_unsigned(),
        seq: row.get::<_, i64>(2)?.cast_unsigned(),
        hash: EntryHash(row.get(3)?),
    })
}

#[cfg(test)]
mod tests {
    use enamel_types::control::Statement;
    use enamel_types::{Attestation, Body, ControlId, DeviceId, PracticeId, Sensor};
    use uuid::Uuid;

    use super::*;

    fn observation(number: u64) -> Observation {
        let uuid = |space: u64| Uuid::from_u64_pair(space << 16 | 0x7000, 1 << 63 | number);
        let at = Timestamp::UNIX_EPOCH;
        Observation {
            id: ObservationId::from_uuid(uuid(1)),
            practice: PracticeId::from_uuid(Uuid::from_u128(2)),
            device: DeviceId::from_uuid(Uuid::from_u128(3)),
            agent: AgentId::from_uuid(Uuid::from_u128(4)),
            observed_at: at,
            valid_until: at,
            sensor: Sensor { name: "attest".to_owned(), version: "0.1.0".to_owned() },
            scope: format!("attest:{}", "x".repeat(500)),
            gaps: Vec::new(),
            body: Body::Attestation(Attestation {
                control: ControlId::new("164.308(a)(1)").unwrap(),
                statement: Statement::Implemented,
                reason: String::new(),
                person: String::new(),
                expires_at: at,
            }),
        }
    }

    /// SQLite reports a full disk and a full page budget by the same code, on the same way.
    #[test]
    fn a_full_disk_writes_nothing_and_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        let mut ledger = Ledger::open(&path).unwrap().ledger;
        let batch: Vec<_> = (0..100).map(observation).collect();
        ledger.append(Timestamp::UNIX_EPOCH, &batch[..10]).unwrap();
        ledger.connection.pragma_update(None, "max_page_count", 20).unwrap();
        let error = ledger.append(Timestamp::UNIX_EPOCH, &batch).unwrap_err();
        assert!(matches!(error, LedgerError::Full { .. }), "{error}");
        assert_eq!(ledger.len().unwrap(), 10);
        assert_eq!(ledger.entries(1).map(Result::unwrap).count(), 10);

        ledger.connection.pragma_update(None, "max_page_count", 1_000_000).unwrap();
        assert_eq!(ledger.append(Timestamp::UNIX_EPOCH, &batch).unwrap().len(), 100);
        drop(ledger);
        let checked = crate::verify(&path, &mut |_| ()).unwrap();
        assert!(checked.is_whole() && checked.entries == 100, "{checked}");
    }
}
