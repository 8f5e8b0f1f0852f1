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

use std::path::{Path, PathBuf};

use enamel_ledger::{EntryHash, Link, MAX_BODY_BYTES};
use enamel_types::{AgentEvent, Lane, Observation};
use redb::{
    Database, ReadableDatabase as _, ReadableTable as _, ReadableTableMetadata as _, WriteTransaction,
};
use serde::{Deserialize, Serialize};

pub use error::SpoolError;
use file::{FACTS, HASHES, LANES, OUTBOX};
use known::KnownChain;

/// Most bytes of observations that wait, where nothing else is said.
pub const CAP_BYTES: u64 = 256 << 20;

/// Hashes of acknowledged entries that are kept, so that a chain can go on where a server that lost evidence has it: years.
const KEPT_HASHES: u64 = 100_000;

/// The spool's file below the agent's folder.
const FILE: &str = "spool.redb";

/// The names of the counters.
mod fact {
    /// The next observation's place in its lane.
    pub(super) const ORDER: &str = "order";
    /// The last number that was given.
    pub(super) const HEAD: &str = "head";
    /// Everything up to this number is on the server's disk.
    pub(super) const ACKED: &str = "acked";
    /// Bytes of observations in the lanes and the outbox.
    pub(super) const BYTES: &str = "bytes";
    /// Observations dropped since the spool was begun.
    pub(super) const DROPPED: &str = "dropped";
    /// The spool before this one was damaged, and nobody was told yet.
    pub(super) const DAMAGED: &str = "damaged";
    /// Dropped from each lane, and nobody was told yet; in the order of [`enamel_types::Lane::ALL`].
    pub(super) const UNTOLD: [&str; 4] =
        ["untold_incident", "untold_finding", "untold_inventory", "untold_metrics"];
}

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

const fn lane_number(lane: Lane) -> u8 {
    lane as u8
}

fn fact(txn: &WriteTransaction, name: &str) -> Result<u64, redb::Error> {
    Ok(txn.open_table(FACTS)?.get(name)?.map_or(0, |value| value.value()))
}

fn set_fact(txn: &WriteTransaction, name: &str, value: u64) -> Result<(), redb::Error> {
    txn.open_table(FACTS)?.insert(name, value)?;
    Ok(())
}

fn count_dropped(txn: &WriteTransaction, lane: Lane, observations: u64) -> Result<(), redb::Error> {
    let untold = fact::UNTOLD[usize::from(lane_number(lane))];
    set_fact(txn, untold, fact(txn, untold)? + observations)?;
    set_fact(txn, fact::DROPPED, fact(txn, fact::DROPPED)? + observations)
}

/// Drops the oldest of the least urgent lanes until `bytes` more have room; `false` where only what is more urgent is left.
fn make_room(txn: &WriteTransaction, lane: Lane, bytes: u64, cap: u64) -> Result<bool, redb::Error> {
    let mut held = fact(txn, fact::BYTES)?;
    let mut lanes = txn.open_table(LANES)?;
    for from in Lane::ALL.into_iter().rev().take_while(|from| *from >= lane) {
        let mut dropped = 0;
        while held + bytes > cap {
            let number = lane_number(from);
            let Some(oldest) = lanes.range((number, 0)..=(number, u64::MAX))?.next() else { break };
            let (key, size) = oldest.map(|(key, body)| (key.value(), body.value().len() as u64))?;
            lanes.remove(key)?;
            held = held.saturating_sub(size);
            dropped += 1;
        }
        if dropped > 0 {
            count_dropped(txn, from, dropped)?;
        }
    }
    set_fact(txn, fact::BYTES, held)?;
    Ok(held + bytes <= cap)
}

/// Numbers and chains the most urgent of what waits; says how many.
fn promote(
    txn: &WriteTransaction,
    max: usize,
    bytes: usize,
    event: MakeEvent<'_>,
) -> Result<usize, redb::Error> {
    let mut chain = Chain::of(txn)?;
    let mut promoted = 0;
    for told in untold(txn, event)? {
        chain.add(&told)?;
        promoted += 1;
    }
    let mut size = 0;
    let mut lanes = txn.open_table(LANES)?;
    while promoted < max {
        let Some(next) = lanes.first()? else { break };
        let (key, body) = (next.0.value(), next.1.value().to_vec());
        drop(next);
        if promoted > 0 && size + body.len() > bytes {
            break;
        }
        lanes.remove(key)?;
        chain.bytes = chain.bytes.saturating_sub(body.len() as u64);
        // Only a newer Enamel, taken back since, could have put there what cannot be read.
        if let Ok(observation) = serde_json::from_slice::<Observation>(&body) {
            size += body.len();
            chain.add_body(&observation, body)?;
            promoted += 1;
        } else {
            let lane = Lane::ALL.get(usize::from(key.0)).copied().unwrap_or(Lane::Metrics);
            count_dropped(txn, lane, 1)?;
        }
    }
    chain.keep()?;
    Ok(promoted)
}

/// What nobody was told yet, as events; from now on it is told.
fn untold(txn: &WriteTransaction, event: MakeEvent<'_>) -> Result<Vec<Observation>, redb::Error> {
    let mut told = Vec::new();
    if fact(txn, fact::DAMAGED)? > 0 {
        set_fact(txn, fact::DAMAGED, 0)?;
        let why = "the file was damaged; it was set aside, and what waited in it was not sent".to_owned();
        told.push(event(AgentEvent::SpoolDamaged { why }));
    }
    for lane in Lane::ALL {
        let name = fact::UNTOLD[usize::from(lane_number(lane))];
        let observations = fact(txn, name)?;
        if observations > 0 {
            set_fact(txn, name, 0)?;
            told.push(event(AgentEvent::SpoolDropped { lane, observations }));
        }
    }
    Ok(told)
}

/// The end of the chain, while links are added to it.
struct Chain<'a> {
    txn: &'a WriteTransaction,
    end: Option<(u64, EntryHash)>,
    bytes: u64,
}

impl<'a> Chain<'a> {
    fn of(txn: &'a WriteTransaction) -> Result<Self, redb::Error> {
        let head = fact(txn, fact::HEAD)?;
        let hash = hash_of(txn, head)?
            .ok_or_else(|| redb::Error::Corrupted(format!("the last entry, {head}, has no hash")))?;
        Ok(Self { txn, end: (head > 0).then_some((head, hash)), bytes: fact(txn, fact::BYTES)? })
    }

    fn add(&mut self, observation: &Observation) -> Result<(), redb::Error> {
        let body = serde_json::to_vec(observation).map_err(|error| redb::Error::Io(error.into()))?;
        self.add_body(observation, body)
    }

    fn add_body(&mut self, observation: &Observation, body: Vec<u8>) -> Result<(), redb::Error> {
        let link = Link::after(self.end, observation, body);
        self.txn.open_table(OUTBOX)?.insert(link.agent_seq, link.body.as_slice())?;
        self.txn.open_table(HASHES)?.insert(link.agent_seq, *link.hash.as_bytes())?;
        self.bytes += link.body.len() as u64;
        self.end = Some((link.agent_seq, link.hash));
        Ok(())
    }

    fn keep(self) -> Result<(), redb::Error> {
        if let Some((head, _)) = self.end {
            set_fact(self.txn, fact::HEAD, head)?;
        }
        set_fact(self.txn, fact::BYTES, self.bytes)
    }
}

fn hash_of(txn: &WriteTransaction, number: u64) -> Result<Option<EntryHash>, redb::Error> {
    if number == 0 {
        return Ok(Some(EntryHash::GENESIS));
    }
    Ok(txn.open_table(HASHES)?.get(number)?.map(|hash| EntryHash::from_bytes(hash.value())))
}

fn outgoing(txn: &WriteTransaction, max: usize, bytes: usize) -> Result<OutgoingBatch, redb::Error> {
    let known = |number| {
        hash_of(txn, number)?.ok_or_else(|| redb::Error::Corrupted(format!("entry {number} has no hash")))
    };
    let mut batch: Vec<Outgoing> = Vec::new();
    let mut size = 0;
    for entry in txn.open_table(OUTBOX)?.iter()?.take(max) {
        let (number, body) = entry?;
        size += body.value().len();
        if size > bytes && !batch.is_empty() {
            break;
        }
        let agent_seq = number.value();
        let hash = known(agent_seq)?;
        batch.push(Outgoing { agent_seq, hash, body: body.value().to_vec() });
    }
    let prev = match batch.first() {
        Some(first) => known(first.agent_seq.saturating_sub(1))?,
        None => EntryHash::GENESIS,
    };
    Ok(OutgoingBatch { prev, entries: batch })
}

fn acknowledge(txn: &WriteTransaction, through: u64) -> Result<(), redb::Error> {
    let through = through.min(fact(txn, fact::HEAD)?);
    let acked = fact(txn, fact::ACKED)?;
    if through <= acked {
        return Ok(());
    }
    let mut freed = 0;
    txn.open_table(OUTBOX)?.retain_in(..=through, |_, body| {
        freed += body.len() as u64;
        false
    })?;
    txn.open_table(HASHES)?.retain_in(..through.saturating_sub(KEPT_HASHES), |_, _| false)?;
    set_fact(txn, fact::BYTES, fact(txn, fact::BYTES)?.saturating_sub(freed))?;
    set_fact(txn, fact::ACKED, through)
}

/// Chains what waits in the outbox anew after an entry that the server has.
///
/// The server refused these numbers as not following what it keeps, so it has none of them.
fn renumber(
    txn: &WriteTransaction,
    after: u64,
    prev: EntryHash,
    event: MakeEvent<'_>,
) -> Result<(), redb::Error> {
    let mut bodies = Vec::new();
    for entry in txn.open_table(OUTBOX)?.iter()? {
        bodies.push(entry?.1.value().to_vec());
    }
    txn.open_table(OUTBOX)?.retain(|_, _| false)?;
    txn.open_table(HASHES)?.retain_in(after + 1.., |_, _| false)?;
    let freed: u64 = bodies.iter().map(|body| body.len() as u64).sum();
    let mut chain = Chain {
        txn,
        end: (after > 0).then_some((after, prev)),
        bytes: fact(txn, fact::BYTES)?.saturating_sub(freed),
    };
    chain.add(&event(AgentEvent::ChainForked { agent_seq: after + 1 }))?;
    for body in bodies {
        if let Ok(observation) = serde_json::from_slice::<Observation>(&body) {
            chain.add_body(&observation, body)?;
        }
    }
    chain.keep()?;
    set_fact(txn, fact::ACKED, after)
}

/// The hashes since the last acknowledgement, and the one before them.
fn known_chain(txn: &WriteTransaction) -> Result<KnownChain, redb::Error> {
    let from = fact(txn, fact::ACKED)?.max(1);
    let mut hashes = Vec::new();
    for entry in txn.open_table(HASHES)?.range(from..)? {
        hashes.push(EntryHash::from_bytes(entry?.1.value()));
    }
    Ok(KnownChain { from, hashes })
}

/// A spool in the place of a damaged one. Which of the numbers that it had given reached the server, the server will say.
fn begin_anew(database: &Database, known: &KnownChain) -> Result<(), redb::Error> {
    let txn = database.begin_write()?;
    set_fact(&txn, fact::DAMAGED, 1)?;
    let mut head = 0;
    for (number, hash) in (known.from..).zip(&known.hashes) {
        txn.open_table(HASHES)?.insert(number, *hash.as_bytes())?;
        head = number;
    }
    set_fact(&txn, fact::HEAD, head)?;
    // Nothing waits of what came before: whether it arrived is not for this spool to say.
    set_fact(&txn, fact::ACKED, head)?;
    txn.commit()?;
    Ok(())
}
