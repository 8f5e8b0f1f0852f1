//! Evidence in: many agents' batches, one commit for as many of them as are there.
//!
//! Each practice has a queue and, while there is work, one task that takes what waits in it, merges it and appends it to the store.
//! An agent is answered after the commit. A queue that is full sends agents away for a few seconds: their spools keep what they
//! have. What does not follow an agent's chain is not kept, nothing that is kept is overwritten, and an agent whose
//! chain forks is flagged for people to look at.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use enamel_ledger::Link;
use enamel_store::{Kept, Purpose, Scope, Store, StoreError, agents};
use enamel_types::{AgentId, PracticeId};
use enamel_wire::message::Accepted;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::task::JoinSet;

use crate::edge::{Caller, Refusal};
use crate::metrics::{COMMIT_SECONDS, KEPT};
use crate::{World, blocking};

/// Batches that wait for one practice: each of its computers may have one here.
const QUEUE: usize = 256;

/// Observations in one commit: enough to pay for it, few enough that the next batch does not wait long.
const MERGED: usize = 2_000;

/// Commits at once, over all practices: past this a disk only gets slower.
const COMMITS: usize = 8;

/// After so long without work a practice's task ends.
const IDLE: Duration = Duration::from_mins(1);

/// Takes evidence in.
pub struct Ingest {
    store: Store,
    world: World,
    queues: Mutex<HashMap<PracticeId, mpsc::Sender<Job>>>,
    /// The practices' tasks.
    tasks: Mutex<JoinSet<()>>,
    busy: Arc<Mutex<HashSet<AgentId>>>,
    commits: Arc<Semaphore>,
    /// Says which practices have something new.
    news: watch::Sender<HashSet<PracticeId>>,
}

/// One batch on its way to the disk.
struct Job {
    caller: Caller,
    links: Vec<Link>,
    answer: oneshot::Sender<Result<Accepted, Refusal>>,
}

/// An agent's turn: it has a single chain, so a second batch beside the first is a second agent or a mistake.
pub(crate) struct Turn {
    agent: AgentId,
    busy: Arc<Mutex<HashSet<AgentId>>>,
}

impl Ingest {
    /// Nothing waits yet.
    pub fn new(store: Store, world: World) -> Self {
        Self {
            store,
            world,
            queues: Mutex::default(),
            tasks: Mutex::default(),
            busy: Arc::default(),
            commits: Arc::new(Semaphore::new(COMMITS)),
            news: watch::Sender::default(),
        }
    }

    /// Practices with something new since they were last taken out of the set.
    pub fn news(&self) -> watch::Sender<HashSet<PracticeId>> {
        self.news.clone()
    }

    /// Takes an agent's turn, until what is returned is dropped.
    pub(crate) fn turn(&self, agent: AgentId) -> Result<Turn, Refusal> {
        if self.busy.lock().unwrap_or_else(PoisonError::into_inner).insert(agent) {
            Ok(Turn { agent, busy: self.busy.clone() })
        } else {
            Err(Refusal::busy("another batch of this agent is being taken in"))
        }
    }

    /// Keeps links of one agent, which follow one another; answers when they are on the disk.
    pub(crate) async fn keep(
        self: &Arc<Self>,
        caller: Caller,
        links: Vec<Link>,
    ) -> Result<Accepted, Refusal> {
        let (answer, answered) = oneshot::channel();
        let mut job = Job { caller, links, answer };
        loop {
            let queue = self.queue(caller.practice);
            match queue.try_send(job) {
                Ok(()) => break,
                Err(mpsc::error::TrySendError::Full(_)) => {
                    return Err(Refusal::busy("too many batches of this practice wait"));
                }
                // Its task was just about to end.
                Err(mpsc::error::TrySendError::Closed(back)) => job = back,
            }
        }
        answered.await.unwrap_or_else(|_| Err(Refusal::unavailable()))
    }

    fn queue(self: &Arc<Self>, practice: PracticeId) -> mpsc::Sender<Job> {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(queue) = queues.get(&practice).filter(|queue| !queue.is_closed()) {
            return queue.clone();
        }
        let (sender, receiver) = mpsc::channel(QUEUE);
        queues.insert(practice, sender.clone());
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(self.clone().drain(practice, receiver));
        sender
    }

    /// Works off what waits, after the last batch came in.
    pub(crate) async fn finish(&self) {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let mut tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        while tasks.join_next().await.is_some() {}
    }

    /// A practice's task: takes what waits, and ends when nothing has come for a while.
    async fn drain(self: Arc<Self>, practice: PracticeId, mut queue: mpsc::Receiver<Job>) {
        loop {
            let Ok(job) = tokio::time::timeout(IDLE, queue.recv()).await else {
                // What slipped in meanwhile is still worked off below.
                queue.close();
                while let Ok(job) = queue.try_recv() {
                    self.commit(practice, vec![job]).await;
                }
                return;
            };
            let Some(job) = job else { return };
            let mut count = job.links.len();
            let mut jobs = vec![job];
            // While another practice's commit runs, more of this one's batches come in and share the next.
            let permit = self.commits.clone().acquire_owned().await;
            while count < MERGED
                && let Ok(job) = queue.try_recv()
            {
                count += job.links.len();
                jobs.push(job);
            }
            self.commit(practice, jobs).await;
            drop(permit);
        }
    }

    async fn commit(&self, practice: PracticeId, mut jobs: Vec<Job>) {
        let links: Vec<Link> = jobs.iter_mut().flat_map(|job| std::mem::take(&mut job.links)).collect();
        let numbers: Vec<(AgentId, u64)> = links.iter().map(|link| (link.agent, link.agent_seq)).collect();
        let (store, now) = (self.store.clone(), self.world.now());
        let started = std::time::Instant::now();
        let kept =
            blocking(move || store.append(&Scope::System(Purpose::Ingest), practice, now, &links)).await;
        metrics::histogram!(COMMIT_SECONDS).record(started.elapsed());
        let kept = match kept {
            Ok(kept) => kept,
            Err(error) => {
                let full = matches!(error, StoreError::Full(_));
                tracing::error!(%practice, full, error = &error as &dyn std::error::Error, "evidence could not be kept; its agents will send it again");
                for job in jobs {
                    let _ = job.answer.send(Err(Refusal::unavailable()));
                }
                return;
            }
        };
        let new = kept.iter().filter(|kept| matches!(kept, Kept::New { .. })).count();
        metrics::counter!(KEPT).increment(new as u64);
        if new > 0 {
            self.news.send_if_modified(|news| news.insert(practice));
        }
        let mut verdicts = verdicts(&numbers, &kept);
        for job in jobs {
            let verdict = verdicts.remove(&job.caller.agent).unwrap_or(Verdict::Broken);
            if let Verdict::Fork(at) = verdict {
                self.flag(job.caller, at).await;
            }
            let _ = job.answer.send(verdict.answer());
        }
    }

    /// Flags an agent whose key is at work twice; the reconciler raises the alert.
    pub(crate) async fn flag(&self, caller: Caller, at: u64) {
        let (store, now) = (self.store.clone(), self.world.now());
        let flagged = blocking(move || {
            let scope = Scope::System(Purpose::Ingest);
            store.write(&scope, |tx| agents::flag_clone(tx, caller.agent, now))
        });
        match flagged.await {
            Ok(true) => {
                tracing::warn!(agent = %caller.agent, practice = %caller.practice, at, "an agent's chain forks");
                self.news.send_if_modified(|news| news.insert(caller.practice));
            }
            Ok(false) => {}
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::error!(agent = %caller.agent, error, "an agent's chain forks, and that could not be written down");
            }
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.agent);
    }
}

/// What a batch came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// All of it is kept.
    Through(u64),
    /// It begins too late.
    Gap(u64),
    /// It is not what is kept, from this number on.
    Fork(u64),
    /// The store took it for damaged, after it was checked: nothing an agent can do.
    Broken,
}

impl Verdict {
    fn answer(self) -> Result<Accepted, Refusal> {
        match self {
            Self::Through(acked_through) => Ok(Accepted { acked_through }),
            Self::Gap(expected) => Err(Refusal::gap(expected)),
            Self::Fork(at) => Err(Refusal::fork(at)),
            Self::Broken => Err(Refusal::malformed("the batch is damaged")),
        }
    }
}

/// Each agent's verdict: the first of its links that is not kept decides. An agent has one batch at a time in a commit.
fn verdicts(numbers: &[(AgentId, u64)], kept: &[Kept]) -> HashMap<AgentId, Verdict> {
    let mut verdicts: HashMap<AgentId, Verdict> = HashMap::new();
    for ((agent, number), kept) in numbers.iter().zip(kept) {
        let verdict = verdicts.entry(*agent).or_insert(Verdict::Through(0));
        if let Verdict::Through(through) = verdict {
            match kept {
                Kept::New { .. } | Kept::Present { .. } => *through = (*through).max(*number),
                Kept::Gap { expected } => *verdict = Verdict::Gap(*expected),
                Kept::Fork => *verdict = Verdict::Fork(*number),
                Kept::Broken => *verdict = Verdict::Broken,
            }
        }
    }
    verdicts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agent(last: u8) -> AgentId {
        AgentId::from_uuid(uuid::Uuid::from_bytes([last; 16]))
    }

    #[test]
    fn the_first_link_that_is_not_kept_decides_for_its_agent_and_for_no_other() {
        let (a, b, c, d) = (agent(1), agent(2), agent(3), agent(4));
        let numbers = [(a, 1), (b, 7), (a, 2), (c, 3), (c, 4), (d, 9), (b, 8)];
        let kept = [
            Kept::New { seq: 1 },
            Kept::Present { seq: 2 },
            Kept::New { seq: 3 },
            Kept::Present { seq: 4 },
            Kept::Fork,
            Kept::Gap { expected: 5 },
            Kept::New { seq: 5 },
        ];
        let verdicts = verdicts(&numbers, &kept);
        assert_eq!(verdicts[&a], Verdict::Through(2));
        assert_eq!(verdicts[&b], Verdict::Through(8));
        assert_eq!(verdicts[&c], Verdict::Fork(4));
        assert_eq!(verdicts[&d], Verdict::Gap(5));
    }
}
