//! Reading evidence back: opened with the practice's key, and checked against its own hashes first.

use enamel_ledger::{Entry, EntryHash, Head, Link, PracticeRoot};
use enamel_types::{AgentId, Observation, ObservationId, PracticeId, Timestamp};

use crate::error::StoreError;
use crate::keys::PracticeKey;
use crate::scope::Scope;
use crate::store::Store;
use crate::tx::Tx;
use crate::value::{Row, Value, values};

/// Some entries, in the order in which they were received.
#[derive(Debug, Clone, PartialEq)]
pub struct EntryPage {
    /// The entries.
    pub entries: Vec<Entry>,
    /// Entries that are whole and that this Enamel does not understand: a newer agent wrote them.
    pub not_understood: Vec<u64>,
    /// The last number looked at; `None` where there is nothing from the number asked for.
    pub through_seq: Option<u64>,
}

/// The sealed copy of a view, opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewCopy {
    /// The last entry that went into it.
    pub through_seq: u64,
    /// What was put.
    pub bytes: Vec<u8>,
}

/// The columns of an entry, in the order of [`SealedEntry::of`].
const ENTRY: &str = "SELECT seq, practice, agent, agent_seq, id, kind, kind_version, observed_at, received_at, prev, hash, receipt, \
                     sealed FROM entry";

/// An entry as it lies in the database.
pub(super) struct SealedEntry {
    pub(super) seq: u64,
    pub(super) received_at: i64,
    pub(super) receipt: [u8; 32],
    /// The body is still sealed.
    link: Link,
}

impl SealedEntry {
    fn of(row: &Row) -> Result<Self, StoreError> {
        let link = Link {
            practice: row.get(1)?,
            agent: row.get(2)?,
            agent_seq: row.get(3)?,
            id: row.get(4)?,
            kind: row.get(5)?,
            kind_version: row.get(6)?,
            observed_at: row.get(7)?,
            prev: row.get(9)?,
            hash: row.get(10)?,
            body: row.get(12)?,
        };
        Ok(Self { seq: row.get(0)?, received_at: row.get(8)?, receipt: row.get(11)?, link })
    }

    /// Opens the body and checks all of it; why not, in a few words.
    pub(super) fn open(self, key: &PracticeKey) -> Result<(u64, Timestamp, Link), &'static str> {
        let Self { seq, received_at, receipt, mut link } = self;
        link.body =
            key.open_body(&link.hash, &link.body).ok_or("its body does not open with the practice's key")?;
        if !link.is_whole() {
            return Err("its content does not match its hash");
        }
        if link.receipt(seq, received_at) != receipt {
            return Err("its sequence number or its time of receipt does not match its receipt");
        }
        let received_at = Timestamp::from_microsecond(received_at)
            .map_err(|_| "its time of receipt lies outside the calendar")?;
        Ok((seq, received_at, link))
    }
}

/// What an opened link says; `None` if this Enamel does not understand it.
fn understood(seq: u64, received_at: Timestamp, link: &Link) -> Option<Entry> {
    let observation: Observation = serde_json::from_slice(&link.body).ok()?;
    let same = observation.id == link.id
        && observation.agent == link.agent
        && observation.practice == link.practice
        && observation.observed_at.as_microsecond() == link.observed_at
        && observation.body.kind() == link.kind;
    let Link { agent_seq, prev, hash, .. } = *link;
    same.then_some(Entry { seq, agent_seq, received_at, observation, prev, hash })
}

/// At most `limit` entries from a number on, still sealed.
pub(super) fn sealed_from(
    tx: &mut Tx<'_>,
    practice: PracticeId,
    from_seq: u64,
    limit: u32,
) -> Result<Vec<SealedEntry>, StoreError> {
    let sql = format!("{ENTRY} WHERE practice = $1 AND seq >= $2 ORDER BY seq LIMIT $3");
    tx.list(&sql, values![practice, from_seq, limit], SealedEntry::of)
}

pub(super) fn head_of(row: &Row) -> Result<Head, StoreError> {
    Ok(Head { agent: row.get(0)?, agent_seq: row.get(1)?, seq: row.get(2)?, hash: row.get(3)? })
}

pub(super) fn heads_of(tx: &mut Tx<'_>, practice: PracticeId) -> Result<Vec<Head>, StoreError> {
    let sql = "SELECT agent, agent_seq, seq, hash FROM head WHERE practice = $1 ORDER BY agent";
    tx.list(sql, values![practice], head_of)
}

/// The number of a practice's last entry; 0 if there is none.
pub(super) fn last_seq(tx: &mut Tx<'_>, practice: PracticeId) -> Result<u64, StoreError> {
    let sql = "SELECT last_seq FROM chain WHERE practice = $1";
    Ok(tx.one(sql, values![practice], |row| row.get(0))?.unwrap_or(0))
}

/// The root over all entries up to a number.
pub(super) fn root(
    tx: &mut Tx<'_>,
    practice: PracticeId,
    through_seq: u64,
) -> Result<PracticeRoot, StoreError> {
    let sql = "SELECT e.agent, e.agent_seq, e.hash FROM entry e JOIN \
               (SELECT agent, max(agent_seq) AS last FROM entry WHERE practice = $1 AND seq <= $2 GROUP BY agent) m \
               ON e.agent = m.agent AND e.agent_seq = m.last WHERE e.practice = $3 ORDER BY e.agent";
    let ends = tx.list(sql, values![practice, through_seq, practice], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    })?;
    Ok(PracticeRoot::over(practice, through_seq, ends))
}

impl Store {
    /// The ends of a practice's chains, by agent.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the practice is not in reach.
    pub fn heads(&self, scope: &Scope, practice: PracticeId) -> Result<Vec<Head>, StoreError> {
        self.read_evidence(scope, practice, |tx, _| heads_of(tx, practice))
    }

    /// The end of one agent's chain; `None` if it has sent nothing.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the practice is not in reach.
    pub fn head(
        &self,
        scope: &Scope,
        practice: PracticeId,
        agent: AgentId,
    ) -> Result<Option<Head>, StoreError> {
        self.read_evidence(scope, practice, |tx, _| {
            let sql = "SELECT agent, agent_seq, seq, hash FROM head WHERE practice = $1 AND agent = $2";
            tx.one(sql, values![practice, agent], head_of)
        })
    }

    /// The number of a practice's last entry; 0 if there is none.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the practice is not in reach.
    pub fn last_seq(&self, scope: &Scope, practice: PracticeId) -> Result<u64, StoreError> {
        self.read_evidence(scope, practice, |tx, _| last_seq(tx, practice))
    }

    /// At most `limit` entries from a number on. Read on from `through_seq + 1`.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the practice is not in reach; [`StoreError::Damaged`] where an entry is not as it was written.
    pub fn entries(
        &self,
        scope: &Scope,
        practice: PracticeId,
        from_seq: u64,
        limit: u32,
    ) -> Result<EntryPage, StoreError> {
        self.read_evidence(scope, practice, |tx, key| {
            let mut page = EntryPage { entries: Vec::new(), not_understood: Vec::new(), through_seq: None };
            for sealed in sealed_from(tx, practice, from_seq, limit)? {
                let seq = sealed.seq;
                page.through_seq = Some(seq);
                let (_, received_at, link) = sealed.open(key).map_err(|why| damaged(practice, seq, why))?;
                match understood(seq, received_at, &link) {
                    Some(entry) => page.entries.push(entry),
                    None => page.not_understood.push(seq),
                }
            }
            Ok(page)
        })
    }

    /// The entry that holds an observation. Ids are unique for each agent; should two agents use one, the first received.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] also where the practice is not in reach, or this Enamel does not understand the entry.
    pub fn entry(&self, scope: &Scope, practice: PracticeId, id: ObservationId) -> Result<Entry, StoreError> {
        self.find(scope, practice, "id", id.into())
    }

    /// The entry that has a hash.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] also where the practice is not in reach, or this Enamel does not understand the entry.
    pub fn entry_by_hash(
        &self,
        scope: &Scope,
        practice: PracticeId,
        hash: EntryHash,
    ) -> Result<Entry, StoreError> {
        self.find(scope, practice, "hash", hash.into())
    }

    fn find(
        &self,
        scope: &Scope,
        practice: PracticeId,
        column: &'static str,
        value: Value,
    ) -> Result<Entry, StoreError> {
        self.read_evidence(scope, practice, |tx, key| {
            let sql = format!("{ENTRY} WHERE practice = $1 AND {column} = $2 ORDER BY seq LIMIT 1");
            let sealed = tx.one(&sql, &[practice.into(), value], SealedEntry::of)?;
            let sealed = sealed.ok_or(StoreError::NotFound("entry"))?;
            let seq = sealed.seq;
            let (_, received_at, link) = sealed.open(key).map_err(|why| damaged(practice, seq, why))?;
            understood(seq, received_at, &link).ok_or(StoreError::NotFound("entry"))
        })
    }

    /// The root over all of a practice's entries up to a number: what a report prints.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the practice is not in reach.
    pub fn root_through(
        &self,
        scope: &Scope,
        practice: PracticeId,
        through_seq: u64,
    ) -> Result<PracticeRoot, StoreError> {
        self.read_evidence(scope, practice, |tx, _| root(tx, practice, through_seq))
    }

    /// The root over all of a practice's entries that were received before a moment, such as the end of a day.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the practice is not in reach.
    pub fn root_before(
        &self,
        scope: &Scope,
        practice: PracticeId,
        moment: Timestamp,
    ) -> Result<PracticeRoot, StoreError> {
        self.read_evidence(scope, practice, |tx, _| {
            // From the newest backwards: a day's end is near, and the order of receipt is the order of numbers.
            let sql =
                "SELECT seq FROM entry WHERE practice = $1 AND received_at < $2 ORDER BY seq DESC LIMIT 1";
            let through = tx.one(sql, values![practice, moment], |row| row.get(0))?.unwrap_or(0);
            root(tx, practice, through)
        })
    }

    /// The copy of a practice's view; `None` if there is none.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the practice is not in reach; [`StoreError::Damaged`] where it does not open: fold it anew.
    pub fn view(&self, scope: &Scope, practice: PracticeId) -> Result<Option<ViewCopy>, StoreError> {
        self.read_evidence(scope, practice, |tx, key| {
            let sql = "SELECT through_seq, sealed FROM view_copy WHERE practice = $1";
            let kept =
                tx.one(sql, values![practice], |row| Ok((row.get::<u64>(0)?, row.get::<Vec<u8>>(1)?)))?;
            let Some((through_seq, sealed)) = kept else { return Ok(None) };
            let bytes = key.open_view(through_seq, &sealed).ok_or_else(|| StoreError::Damaged {
                what: format!("the copy of the view of practice {practice}"),
                why: "it does not open with the practice's key".to_owned(),
            })?;
            Ok(Some(ViewCopy { through_seq, bytes }))
        })
    }

    /// Keeps a copy of a practice's view in the place of the one before, unless that one goes further: two servers may fold at once.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the practice is not in reach.
    pub fn put_view(
        &self,
        scope: &Scope,
        practice: PracticeId,
        through_seq: u64,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        self.write_evidence(scope, practice, |tx, key| {
            let sealed = key.seal_view(through_seq, bytes)?;
            let sql = "INSERT INTO main.view_copy (practice, through_seq, sealed) VALUES ($1, $2, $3) \
                       ON CONFLICT (practice) DO UPDATE SET through_seq = excluded.through_seq, sealed = excluded.sealed \
                       WHERE view_copy.through_seq <= excluded.through_seq";
            tx.execute(sql, values![practice, through_seq, sealed]).map(drop)
        })
    }
}

pub(super) fn damaged(practice: PracticeId, seq: u64, why: &str) -> StoreError {
    StoreError::Damaged { what: format!("entry {seq} of practice {practice}"), why: why.to_owned() }
}
