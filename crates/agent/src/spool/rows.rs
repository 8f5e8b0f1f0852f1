//! What one transaction does to the spool's tables: room made, observations numbered and chained, what arrived forgotten.
//!
//! Every function works in the transaction of whoever calls; nothing counts until that one is committed.

use enamel_ledger::{EntryHash, Link};
use enamel_types::{AgentEvent, Lane, Observation};
use redb::{Database, ReadableTable as _, WriteTransaction};

use super::file::{FACTS, HASHES, LANES, OUTBOX};
use super::known::KnownChain;
use super::{MakeEvent, Outgoing, OutgoingBatch};

/// Hashes of acknowledged entries that are kept, so that a chain can go on where a server that lost evidence has it: years.
const KEPT_HASHES: u64 = 100_000;

/// The names of the counters.
pub(super) mod fact {
    /// The next observation's place in its lane.
    pub(in crate::spool) const ORDER: &str = "order";
    /// The last number that was given.
    pub(in crate::spool) const HEAD: &str = "head";
    /// Everything up to this number is on the server's disk.
    pub(in crate::spool) const ACKED: &str = "acked";
    /// Bytes of observations in the lanes and the outbox.
    pub(in crate::spool) const BYTES: &str = "bytes";
    /// Observations dropped since the spool was begun.
    pub(in crate::spool) const DROPPED: &str = "dropped";
    /// The spool before this one was damaged, and nobody was told yet.
    pub(in crate::spool) const DAMAGED: &str = "damaged";
    /// Dropped from each lane, and nobody was told yet; in the order of [`enamel_types::Lane::ALL`].
    pub(in crate::spool) const UNTOLD: [&str; 4] =
        ["untold_incident", "untold_finding", "untold_inventory", "untold_metrics"];
}

pub(super) const fn lane_number(lane: Lane) -> u8 {
    lane as u8
}

pub(super) fn fact(txn: &WriteTransaction, name: &str) -> Result<u64, redb::Error> {
    Ok(txn.open_table(FACTS)?.get(name)?.map_or(0, |value| value.value()))
}

pub(super) fn set_fact(txn: &WriteTransaction, name: &str, value: u64) -> Result<(), redb::Error> {
    txn.open_table(FACTS)?.insert(name, value)?;
    Ok(())
}

pub(super) fn count_dropped(
    txn: &WriteTransaction,
    lane: Lane,
    observations: u64,
) -> Result<(), redb::Error> {
    let untold = fact::UNTOLD[usize::from(lane_number(lane))];
    set_fact(txn, untold, fact(txn, untold)? + observations)?;
    set_fact(txn, fact::DROPPED, fact(txn, fact::DROPPED)? + observations)
}

/// Drops the oldest of the least urgent lanes until `bytes` more have room; `false` where only what is more urgent is left.
pub(super) fn make_room(
    txn: &WriteTransaction,
    lane: Lane,
    bytes: u64,
    cap: u64,
) -> Result<bool, redb::Error> {
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
pub(super) fn promote(
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

pub(super) fn hash_of(txn: &WriteTransaction, number: u64) -> Result<Option<EntryHash>, redb::Error> {
    if number == 0 {
        return Ok(Some(EntryHash::GENESIS));
    }
    Ok(txn.open_table(HASHES)?.get(number)?.map(|hash| EntryHash::from_bytes(hash.value())))
}

pub(super) fn outgoing(
    txn: &WriteTransaction,
    max: usize,
    bytes: usize,
) -> Result<OutgoingBatch, redb::Error> {
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

pub(super) fn acknowledge(txn: &WriteTransaction, through: u64) -> Result<(), redb::Error> {
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
pub(super) fn renumber(
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
pub(super) fn known_chain(txn: &WriteTransaction) -> Result<KnownChain, redb::Error> {
    let from = fact(txn, fact::ACKED)?.max(1);
    let mut hashes = Vec::new();
    for entry in txn.open_table(HASHES)?.range(from..)? {
        hashes.push(EntryHash::from_bytes(entry?.1.value()));
    }
    Ok(KnownChain { from, hashes })
}

/// A spool in the place of a damaged one. Which of the numbers that it had given reached the server, the server will say.
pub(super) fn begin_anew(database: &Database, known: &KnownChain) -> Result<(), redb::Error> {
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
