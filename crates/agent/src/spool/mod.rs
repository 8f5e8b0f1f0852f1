//! Observations on their way to the server: on the disk from the moment they were made until the server has them.
//!
//! A new observation waits in its lane ([`Spool::push`]). When it is its turn it is numbered and chained, durably and together with
//! its place in the outbox ([`Spool::batch`]); from then on it is kept until the server has it on its own disk
//! ([`Spool::acknowledge`]). A full spool drops from the least urgent lane, before numbering, and the count of what was dropped is
//! sent as an observation of its own: a hole in the chain is never back-pressure.
//!
//! The file is a redb database; each call is one transaction with full durability. Nothing is sent from here, and nothing judged.

mod error;
mod file;
mod known;
mod rows;

use std::path::{Path, PathBuf};

use enamel_ledger::{EntryHash, MAX_BODY_BYTES};
use enamel_types::{AgentEvent, Observation};
use redb::{
    Database, ReadableDatabase as _, ReadableTable as _, ReadableTableMetadata as _, WriteTransaction,
};
use serde::{Deserialize, Serialize};

pub use error::SpoolError;
use file::{FACTS, LANES, OUTBOX};
use known::KnownChain;
use rows::{
    acknowledge, begin_anew, count_dropped, fact, hash_of, known_chain, lane_number, make_room, outgoing,
    promote, renumber, set_fact,
};

/// Most bytes of observations that wait, where nothing else is said.
pub const CAP_BYTES: u64 = 256 << 20;

/// The spool's file below the agent's folder.
const FILE: &str = "spool.redb";

/// The spool of one agent.
pub struct Spool {
    path: PathBuf,
    cap: u64,
    /// `None` after an error: the next call opens the file anew.
    database: Option<Database>,
    /// What was said when a damaged file was set aside.
    damage: Option<String>,
}

/// One numbered observation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Its number.
    pub agent_seq: u64,
    /// Its hash.
    pub hash: EntryHash,
    /// The observation as JSON, the very bytes that were hashed.
    pub body: Vec<u8>,
}

/// Numbered observations that follow one another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingBatch {
    /// The hash of the entry before the first of them.
    pub prev: EntryHash,
    /// The observations; none where nothing waits.
    pub entries: Vec<Outgoing>,
}

/// How much is in the spool.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Observations that wait, numbered or not.
    pub waiting: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Dropped since the spool was begun.
    pub dropped: u64,
    /// The last number that was given.
    pub head: u64,
    /// Everything up to this number is on the server's disk.
    pub acked: u64,
}

/// What follows from where the server says the chain must go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GoOn {
    /// The outbox has it: send again.
    Resend,
    /// The outbox no longer has it: what waits was numbered anew from there, after an event that says so.
    Renumbered,
    /// The server knows more than this agent ever numbered, or a place that this agent knows nothing of.
    Forked,
}

/// Makes an observation of what the agent has to say about itself.
pub type MakeEvent<'a> = &'a dyn Fn(AgentEvent) -> Observation;

impl Spool {
    /// Opens the spool in an agent's folder, or begins it. `cap` is the most bytes of observations that may wait.
    ///
    /// A damaged file is set aside and the spool begun anew; [`Spool::damage`] says so, and the first batch tells the server.
    ///
    /// # Errors
    /// A file that another agent has open, and what the disk refuses.
    pub fn open(folder: &Path, cap: u64) -> Result<Self, SpoolError> {
        let mut spool = Self { path: folder.join(FILE), cap, database: None, damage: None };
        spool.database()?;
        Ok(spool)
    }

    /// What was said when a damaged file was set aside; told once.
    pub fn damage(&mut self) -> Option<String> {
        self.damage.take()
    }

    /// Keeps an observation. When this returns it is on the disk.
    ///
    /// # Errors
    /// An observation that is too large, and what the disk refuses: then it is not kept, and nothing else was lost.
    pub fn push(&mut self, observation: &Observation) -> Result<(), SpoolError> {
        let id = observation.id;
        let body = serde_json::to_vec(observation).map_err(|source| SpoolError::Encode { id, source })?;
        if body.len() > MAX_BODY_BYTES {
            return Err(SpoolError::TooLarge { id, bytes: body.len() });
        }
        let lane = observation.body.lane();
        let cap = self.cap;
        self.write(|txn| {
            if !make_room(txn, lane, body.len() as u64, cap)? {
                return count_dropped(txn, lane, 1);
            }
            let order = fact(txn, fact::ORDER)?;
            txn.open_table(LANES)?.insert((lane_number(lane), order), body.as_slice())?;
            set_fact(txn, fact::ORDER, order + 1)?;
            set_fact(txn, fact::BYTES, fact(txn, fact::BYTES)? + body.len() as u64)
        })
    }

    /// What is next to send, at most `max` observations and `bytes` bytes of them, but one at least where any waits.
    ///
    /// Where everything numbered is acknowledged, the next ones are numbered and chained first: they are on the disk with their
    /// numbers, and the numbers beside them, before this returns.
    ///
    /// # Errors
    /// What the disk refuses; then nothing was numbered.
    pub fn batch(
        &mut self,
        max: usize,
        bytes: usize,
        event: MakeEvent<'_>,
    ) -> Result<OutgoingBatch, SpoolError> {
        let (batch, known) = self.write(|txn| {
            let promoted =
                if txn.open_table(OUTBOX)?.is_empty()? { promote(txn, max, bytes, event)? } else { 0 };
            let known = if promoted > 0 { Some(known_chain(txn)?) } else { None };
            Ok((outgoing(txn, max, bytes)?, known))
        })?;
        if let Some(known) = known {
            known.save(&self.path)?;
        }
        Ok(batch)
    }

    /// Forgets what the server has on its disk. Its number and hash are kept.
    ///
    /// # Errors
    /// What the disk refuses; then it is sent again, which is harmless.
    pub fn acknowledge(&mut self, through: u64) -> Result<(), SpoolError> {
        self.write(|txn| acknowledge(txn, through))
    }

    /// The server says that the chain must go on at `expected`.
    ///
    /// # Errors
    /// What the disk refuses; then nothing was changed.
    pub fn go_on_from(&mut self, expected: u64, event: MakeEvent<'_>) -> Result<GoOn, SpoolError> {
        let (go_on, known) = self.write(|txn| {
            let head = fact(txn, fact::HEAD)?;
            let first = txn.open_table(OUTBOX)?.first()?.map_or(head + 1, |(number, _)| number.value());
            let before = expected.wrapping_sub(1);
            if expected == 0 || expected > head + 1 {
                return Ok((GoOn::Forked, None));
            }
            if expected >= first {
                acknowledge(txn, before)?;
                return Ok((GoOn::Resend, None));
            }
            let prev = hash_of(txn, before)?;
            let Some(prev) = prev else { return Ok((GoOn::Forked, None)) };
            renumber(txn, before, prev, event)?;
            Ok((GoOn::Renumbered, Some(known_chain(txn)?)))
        })?;
        if let Some(known) = known {
            known.save(&self.path)?;
        }
        Ok(go_on)
    }

    /// How much is in it.
    ///
    /// # Errors
    /// What the disk refuses.
    pub fn counts(&mut self) -> Result<Counts, SpoolError> {
        let path = self.path.clone();
        let read = |database: &Database| -> Result<Counts, redb::Error> {
            let read = database.begin_read()?;
            let facts = read.open_table(FACTS)?;
            let fact = |name| facts.get(name).map(|value| value.map_or(0, |value| value.value()));
            Ok(Counts {
                waiting: read.open_table(LANES)?.len()? + read.open_table(OUTBOX)?.len()?,
                bytes: fact(fact::BYTES)?,
                dropped: fact(fact::DROPPED)?,
                head: fact(fact::HEAD)?,
                acked: fact(fact::ACKED)?,
            })
        };
        let counts = read(self.database()?).map_err(SpoolError::of(&path));
        self.forget_after(counts)
    }

    /// Everything that waits, the numbered first; for whoever checks that nothing was lost.
    ///
    /// # Errors
    /// What the disk refuses.
    pub fn waiting(&mut self) -> Result<Vec<Observation>, SpoolError> {
        let path = self.path.clone();
        let read = |database: &Database| -> Result<Vec<Observation>, redb::Error> {
            let read = database.begin_read()?;
            let mut waiting = Vec::new();
            for entry in read.open_table(OUTBOX)?.iter()? {
                waiting.extend(serde_json::from_slice(entry?.1.value()).ok());
            }
            for entry in read.open_table(LANES)?.iter()? {
                waiting.extend(serde_json::from_slice(entry?.1.value()).ok());
            }
            Ok(waiting)
        };
        let waiting = read(self.database()?).map_err(SpoolError::of(&path));
        self.forget_after(waiting)
    }

    /// One transaction, durable when this returns.
    fn write<T>(
        &mut self,
        change: impl FnOnce(&WriteTransaction) -> Result<T, redb::Error>,
    ) -> Result<T, SpoolError> {
        let path = self.path.clone();
        let run = |database: &Database| -> Result<T, redb::Error> {
            let txn = database.begin_write()?;
            let done = change(&txn)?;
            txn.commit()?;
            Ok(done)
        };
        let done = run(self.database()?).map_err(SpoolError::of(&path));
        self.forget_after(done)
    }

    /// After an error the database may refuse everything (`PreviousIo`) until it is opened again.
    fn forget_after<T>(&mut self, done: Result<T, SpoolError>) -> Result<T, SpoolError> {
        if done.is_err() {
            self.database = None;
        }
        done
    }

    /// The open file.
    fn database(&mut self) -> Result<&Database, SpoolError> {
        if self.database.is_none() {
            let opened = match file::open(&self.path) {
                Err(SpoolError::Damaged { why, .. }) => {
                    let kept = file::set_aside(&self.path)?;
                    self.damage = Some(format!("{why}; the damaged file is kept as {}", kept.display()));
                    let fresh = file::open(&self.path)?;
                    begin_anew(&fresh, &KnownChain::load(&self.path)).map_err(SpoolError::of(&self.path))?;
                    fresh
                }
                other => other?,
            };
            self.database = Some(opened);
        }
        self.database.as_ref().ok_or_else(|| SpoolError::InUse { path: self.path.clone() })
    }
}
