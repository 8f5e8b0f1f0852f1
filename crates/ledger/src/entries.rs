//! Reading entries back, each checked against its own hashes first: no figure is computed from a damaged row.

use std::collections::VecDeque;

use enamel_types::{AgentId, Observation, ObservationId, PracticeId, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use crate::chain::Link;
use crate::error::LedgerError;
use crate::format::{EntryHash, Row};
use crate::ledger::Ledger;

/// The columns of a row, in the order in which [`read_row`] takes them.
pub(crate) const COLUMNS: &str = "seq, practice, agent, agent_seq, id, kind, kind_version, observed_at, received_at, \
                                  prev, hash, receipt, body";

/// Rows fetched at a time: enough to hide the query's cost, few enough that memory stays small.
const PAGE: u32 = 256;

/// One observation with its place in the chain.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Entry {
    /// Position in the file, from 1.
    pub seq: u64,
    /// Position in the agent's chain, from 1.
    pub agent_seq: u64,
    /// When the keeper of the ledger got it, to the microsecond.
    pub received_at: Timestamp,
    /// What was seen.
    pub observation: Observation,
    /// The hash of the agent's entry before.
    pub prev: EntryHash,
    /// This entry's hash: what reports link to.
    pub hash: EntryHash,
}

/// Entries in the order of their sequence numbers. Ends after the first error.
pub struct Entries<'a> {
    ledger: &'a Ledger,
    next_seq: u64,
    page: VecDeque<Row>,
    done: bool,
}

impl Ledger {
    /// Streams all entries with `seq >= from_seq`, a few hundred in memory at a time.
    pub fn entries(&self, from_seq: u64) -> Entries<'_> {
        Entries { ledger: self, next_seq: from_seq, page: VecDeque::new(), done: false }
    }

    /// The entry that holds an observation; `None` if there is none.
    ///
    /// Ids are unique for each agent. Should two agents ever use the same one, the first received is given.
    pub fn get(&self, id: ObservationId) -> Result<Option<Entry>, LedgerError> {
        // The index is by (agent, id); there are few agents in one file, so one look-up for each beats a second index.
        let sql = format!(
            "SELECT {COLUMNS} FROM observation JOIN (SELECT agent AS owner FROM head) ON agent = owner AND id = ?1 \
             ORDER BY seq LIMIT 1"
        );
        let row = self
            .connection()
            .prepare_cached(&sql)
            .and_then(|mut statement| statement.query_row(params![id.as_bytes()], read_row).optional())
            .map_err(LedgerError::sqlite("read an entry of", self.path()))?;
        row.map(|row| self.entry(&row)).transpose()
    }

    /// Checks a row and parses its body.
    fn entry(&self, row: &Row) -> Result<Entry, LedgerError> {
        let damaged = |why: &str| LedgerError::Damaged {
            path: self.path().to_owned(),
            seq: Some(row.seq),
            why: why.to_owned(),
        };
        if let Some(why) = row.fault() {
            return Err(damaged(why));
        }
        let observation: Observation = serde_json::from_slice(&row.link.body).map_err(|source| {
            LedgerError::NotUnderstood { path: self.path().to_owned(), seq: row.seq, source }
        })?;
        let same = observation.id == row.link.id
            && observation.agent == row.link.agent
            && observation.practice == row.link.practice
            && observation.observed_at.as_microsecond() == row.link.observed_at
            && observation.body.kind() == row.link.kind;
        if !same {
            return Err(damaged("its columns say something else than its body"));
        }
        let received_at = Timestamp::from_microsecond(row.received_at)
            .map_err(|_| damaged("its time of receipt lies outside the calendar"))?;
        Ok(Entry {
            seq: row.seq,
            agent_seq: row.link.agent_seq,
            received_at,
            observation,
            prev: row.link.prev,
            hash: row.link.hash,
        })
    }
}

impl Iterator for Entries<'_> {
    type Item = Result<Entry, LedgerError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        if self.page.is_empty() {
            match read_page(self.ledger.connection(), self.next_seq, PAGE) {
                Ok(rows) => self.page = rows,
                Err(error) => {
                    self.done = true;
                    return Some(Err(LedgerError::sqlite("read the entries of", self.ledger.path())(error)));
                }
            }
        }
        let Some(row) = self.page.pop_front() else {
            self.done = true;
            return None;
        };
        self.next_seq = row.seq.saturating_add(1);
        let entry = self.ledger.entry(&row);
        self.done = entry.is_err();
        Some(entry)
    }
}

/// At most `limit` rows from `from_seq` on.
pub(crate) fn read_page(
    connection: &Connection,
    from_seq: u64,
    limit: u32,
) -> rusqlite::Result<VecDeque<Row>> {
    let sql = format!("SELECT {COLUMNS} FROM observation WHERE seq >= ?1 ORDER BY seq LIMIT ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    // SQLite counts to 2^63 - 1; nothing lies beyond.
    let Ok(from_seq) = i64::try_from(from_seq) else { return Ok(VecDeque::new()) };
    statement.query_map(params![from_seq, limit], read_row)?.collect()
}

/// One row by its number.
pub(crate) fn read_one(connection: &Connection, seq: u64) -> rusqlite::Result<Option<Row>> {
    let sql = format!("SELECT {COLUMNS} FROM observation WHERE seq = ?1");
    connection.prepare_cached(&sql)?.query_row([seq.cast_signed()], read_row).optional()
}

/// A row from a query over [`COLUMNS`]. A value of the wrong type or length is an error, never a panic.
pub(crate) fn read_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    let uuid = |column| row.get::<_, [u8; 16]>(column).map(uuid::Uuid::from_bytes);
    // The body is read as bytes: what was hashed is bytes, and a flipped one may not be UTF-8 any more.
    let body = row.get_ref(12)?.as_bytes()?.to_vec();
    let kind = row.get_ref(5)?.as_bytes()?;
    Ok(Row {
        seq: row.get::<_, i64>(0)?.cast_unsigned(),
        received_at: row.get(8)?,
        receipt: row.get(11)?,
        link: Link {
            practice: PracticeId::from_uuid(uuid(1)?),
            agent: AgentId::from_uuid(uuid(2)?),
            agent_seq: row.get::<_, i64>(3)?.cast_unsigned(),
            id: ObservationId::from_uuid(uuid(4)?),
            kind: String::from_utf8_lossy(kind).into_owned(),
            kind_version: row.get::<_, i64>(6)?.try_into().unwrap_or(u32::MAX),
            observed_at: row.get(7)?,
            prev: EntryHash(row.get(9)?),
            hash: EntryHash(row.get(10)?),
            body,
        },
    })
}
