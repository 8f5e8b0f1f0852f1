//! Taking links in. Which of them follow is decided by [`Plan`], the same for both back ends; how rows get in fast is theirs.

use std::collections::{HashMap, HashSet};

use enamel_ledger::{EntryHash, Head, Link, MAX_BODY_BYTES};
use enamel_types::{AgentId, ObservationId, PracticeId, Timestamp};

use crate::error::StoreError;
use crate::evidence::read::head_of;
use crate::keys::PracticeKey;
use crate::scope::Scope;
use crate::store::Store;
use crate::tx::WriteTx;
use crate::value::values;

/// What became of one link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It is kept now, under this number among the practice's entries.
    New {
        /// Position among the practice's entries, from 1.
        seq: u64,
    },
    /// It was kept before, word for word.
    Present {
        /// Position among the practice's entries, from 1.
        seq: u64,
    },
    /// Links before it are missing; the agent must send from `expected`.
    Gap {
        /// The `agent_seq` that follows what is kept.
        expected: u64,
    },
    /// Another entry is kept under its number, or its id, or it follows another entry than the one that is kept.
    Fork,
    /// Its hash is not that of its content, it names another practice, or it is too large. Its sender is at fault.
    Broken,
}

/// A link that is to be kept, sealed.
pub(crate) struct NewEntry<'a> {
    pub(crate) seq: u64,
    pub(crate) link: &'a Link,
    pub(crate) receipt: [u8; 32],
    pub(crate) sealed: Vec<u8>,
}

impl Store {
    /// Keeps links of one practice, in the order given, in one commit: on the disk when this returns. Links of several agents may be
    /// mixed. The result says of each what became of it, in the same order; what does not follow costs the others nothing.
    ///
    /// # Errors
    /// After an error nothing of it is kept, and the same links may be sent again.
    pub fn append(
        &self,
        scope: &Scope,
        practice: PracticeId,
        received_at: Timestamp,
        links: &[Link],
    ) -> Result<Vec<Kept>, StoreError> {
        // Hashing needs no lock, so it is done before one is taken.
        let whole: Vec<bool> = links.iter().map(|link| link.practice == practice && is_sound(link)).collect();
        let batch = Batch { practice, received_at: received_at.as_microsecond(), links, whole: &whole };
        let first = self.write_evidence(scope, practice, |tx, key| batch.keep(tx, key, false));
        match first {
            // An id is taken under another number, which only a broken or hostile agent sends: look which, and keep the rest.
            Err(StoreError::Conflict(_)) => {
                self.write_evidence(scope, practice, |tx, key| batch.keep(tx, key, true))
            }
            other => other,
        }
    }
}

/// Longest name of a body's kind.
const MAX_KIND: usize = 64;

/// Whether a link is what it says, and can be kept and exported: a ledger keeps bodies as text and numbers below 2^63.
fn is_sound(link: &Link) -> bool {
    link.body.len() <= MAX_BODY_BYTES
        && (1..=MAX_KIND).contains(&link.kind.len())
        && !link.kind.contains('\0')
        && i64::try_from(link.agent_seq).is_ok()
        && std::str::from_utf8(&link.body).is_ok()
        && link.is_whole()
}

struct Batch<'a> {
    practice: PracticeId,
    received_at: i64,
    links: &'a [Link],
    whole: &'a [bool],
}

/// What is known while a batch is walked through.
struct Plan<'a> {
    heads: HashMap<AgentId, Head>,
    /// What this batch adds, by agent and number.
    added: HashMap<(AgentId, u64), (u64, EntryHash)>,
    ids: HashSet<(AgentId, ObservationId)>,
    entries: Vec<NewEntry<'a>>,
    next_seq: u64,
}

impl Batch<'_> {
    fn keep(
        &self,
        tx: &mut WriteTx<'_>,
        key: &PracticeKey,
        look_up_ids: bool,
    ) -> Result<Vec<Kept>, StoreError> {
        let last_seq = tx.lock_chain(self.practice)?;
        let mut plan = Plan {
            heads: self.heads(tx)?,
            added: HashMap::new(),
            ids: HashSet::new(),
            entries: Vec::with_capacity(self.links.len()),
            next_seq: last_seq + 1,
        };
        let mut kept = Vec::with_capacity(self.links.len());
        for (link, whole) in self.links.iter().zip(self.whole) {
            kept.push(if *whole { self.place(tx, key, &mut plan, link, look_up_ids)? } else { Kept::Broken });
        }
        if plan.entries.is_empty() {
            return Ok(kept);
        }
        tx.insert_entries(self.practice, self.received_at, &plan.entries)?;
        let changed: HashSet<AgentId> = plan.entries.iter().map(|entry| entry.link.agent).collect();
        let sql = "INSERT INTO main.head (practice, agent, agent_seq, seq, hash) VALUES ($1, $2, $3, $4, $5) \
                   ON CONFLICT (practice, agent) DO UPDATE SET agent_seq = excluded.agent_seq, seq = excluded.seq, \
                   hash = excluded.hash";
        for head in plan.heads.values().filter(|head| changed.contains(&head.agent)) {
            tx.execute(sql, values![self.practice, head.agent, head.agent_seq, head.seq, head.hash])?;
        }
        let sql = "UPDATE main.chain SET last_seq = $1 WHERE practice = $2";
        tx.execute(sql, values![plan.next_seq - 1, self.practice])?;
        Ok(kept)
    }

    /// The present heads of the agents in the batch.
    fn heads(&self, tx: &mut WriteTx<'_>) -> Result<HashMap<AgentId, Head>, StoreError> {
        let mut agents: Vec<AgentId> = self.links.iter().map(|link| link.agent).collect();
        agents.sort_unstable();
        agents.dedup();
        let sql = "SELECT agent, agent_seq, seq, hash FROM head WHERE practice = $1 AND agent = $2";
        let mut heads = HashMap::new();
        for agent in agents {
            if let Some(head) = tx.one(sql, values![self.practice, agent], head_of)? {
                heads.insert(agent, head);
            }
        }
        Ok(heads)
    }

    /// Decides what becomes of a link, and puts it into the plan if it is to be kept.
    fn place<'l>(
        &self,
        tx: &mut WriteTx<'_>,
        key: &PracticeKey,
        plan: &mut Plan<'l>,
        link: &'l Link,
        look_up_ids: bool,
    ) -> Result<Kept, StoreError> {
        let agent = link.agent;
        let (head_seq, head_hash) =
            plan.heads.get(&agent).map_or((0, EntryHash::GENESIS), |head| (head.agent_seq, head.hash));
        if link.agent_seq <= head_seq {
            return self.compare(tx, plan, link);
        }
        if link.agent_seq != head_seq + 1 {
            return Ok(Kept::Gap { expected: head_seq + 1 });
        }
        let id_is_taken = plan.ids.contains(&(agent, link.id))
            || (look_up_ids && {
                let sql = "SELECT 1 FROM entry WHERE practice = $1 AND id = $2 AND agent = $3";
                tx.row(sql, values![self.practice, link.id, agent])?.is_some()
            });
        if link.prev != head_hash || id_is_taken {
            return Ok(Kept::Fork);
        }
        let seq = plan.next_seq;
        plan.next_seq += 1;
        plan.entries.push(NewEntry {
            seq,
            link,
            receipt: link.receipt(seq, self.received_at),
            sealed: key.seal_body(&link.hash, &link.body)?,
        });
        plan.ids.insert((agent, link.id));
        plan.added.insert((agent, link.agent_seq), (seq, link.hash));
        plan.heads.insert(agent, Head { agent, agent_seq: link.agent_seq, seq, hash: link.hash });
        Ok(Kept::New { seq })
    }

    /// A link whose number is not new: is it the one that is kept?
    fn compare(&self, tx: &mut WriteTx<'_>, plan: &Plan<'_>, link: &Link) -> Result<Kept, StoreError> {
        let kept = if let Some(added) = plan.added.get(&(link.agent, link.agent_seq)) {
            Some(*added)
        } else {
            let sql = "SELECT seq, hash FROM entry WHERE practice = $1 AND agent = $2 AND agent_seq = $3";
            tx.one(sql, values![self.practice, link.agent, link.agent_seq], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?
        };
        Ok(match kept {
            Some((seq, hash)) if hash == link.hash => Kept::Present { seq },
            _ => Kept::Fork,
        })
    }
}
