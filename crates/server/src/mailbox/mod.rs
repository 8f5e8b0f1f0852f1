//! What waits for an agent: its practice's policy, trust roots, commands that operators signed, and refusals by the practice.
//!
//! Level-triggered: mail says what should be. It is read from the store when a poll comes, again whenever somebody says
//! that something changed, and once more at its end; so a wake that gets lost costs time and never mail. Nothing is marked as
//! delivered: an agent names the highest counter that it has. The mailbox makes no command and changes none.

mod breaker;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use enamel_store::commands::{self, StoredCommand};
use enamel_store::{Purpose, Scope, Store, StoreError, policies, trust};
use enamel_types::command::CommandClass;
use enamel_types::{AgentId, CommandId, Policy, PracticeId};
use enamel_wire::message::{MAX_MAIL, MAX_WAIT_SECONDS, Mail, Poll, SignedText};
use tokio::sync::watch;
use tokio::time::Instant;

pub use breaker::Breaker;

use crate::edge::{Caller, Refusal};
use crate::metrics::POLLS;
use crate::stop::Stop;
use crate::{World, blocking};

/// How often it is looked whether another server on the same database took commands or trust roots.
const LOOK_AROUND: Duration = Duration::from_secs(3);

/// What waits for agents.
pub struct Mailbox {
    store: Store,
    world: World,
    breaker: Arc<Breaker>,
    /// Rises with every change that concerns a practice's agents.
    changes: Mutex<HashMap<PracticeId, watch::Sender<u64>>>,
    /// What each agent was last told is kept of its chain.
    told: Mutex<HashMap<AgentId, u64>>,
    stop: Stop,
}

/// What the store had for an agent at one moment.
struct Waiting {
    policy: Policy,
    roots: Vec<SignedText>,
    commands: Vec<SignedText>,
    vetoed: Vec<CommandId>,
    acked_through: u64,
}

impl Mailbox {
    /// Polls end when `stop` is told.
    pub fn new(store: Store, world: World, breaker: Arc<Breaker>, stop: Stop) -> Self {
        Self { store, world, breaker, changes: Mutex::default(), told: Mutex::default(), stop }
    }

    /// Something changed for a practice's agents: its policy, a command, a refusal.
    pub fn wake(&self, practice: PracticeId) {
        let changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(change) = changes.get(&practice) {
            change.send_modify(|count| *count += 1);
        }
    }

    /// Something changed for all agents: the trust root.
    pub fn wake_all(&self) {
        let changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        changes.values().for_each(|change| change.send_modify(|count| *count += 1));
    }

    /// Whether an agent has numbered fewer observations than it was told are kept of it: its disk was set back, or somebody else
    /// speaks with its key.
    pub(crate) fn was_set_back(&self, agent: AgentId, poll: &Poll) -> bool {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.get(&agent).is_some_and(|told| poll.agent_seq < *told)
    }

    /// Waits for mail as long as the poll allows.
    pub(crate) async fn wait(&self, caller: Caller, poll: &Poll) -> Result<Mail, Refusal> {
        let until = Instant::now() + Duration::from_secs(u64::from(poll.wait.min(MAX_WAIT_SECONDS)));
        let mut change = self.subscribe(caller.practice);
        let mut stop = self.stop.clone();
        let _waiting = WaitingAgent::new();
        let mut known_vetoes = None;
        loop {
            change.borrow_and_update();
            let waiting = self.look(caller, poll).await?;
            let vetoes = known_vetoes.get_or_insert_with(|| waiting.vetoed.clone());
            let news = waiting.policy.version != poll.policy_version
                || !waiting.roots.is_empty()
                || !waiting.commands.is_empty()
                || waiting.vetoed != *vetoes;
            if news || Instant::now() >= until || stop.is_told() {
                return Ok(self.mail(caller.agent, waiting, poll));
            }
            tokio::select! {
                _ = change.changed() => {}
                () = tokio::time::sleep_until(until) => {}
                () = stop.told() => {}
            }
        }
    }

    fn mail(&self, agent: AgentId, waiting: Waiting, poll: &Poll) -> Mail {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(agent, waiting.acked_through);
        Mail {
            policy: (waiting.policy.version != poll.policy_version).then_some(waiting.policy),
            trust_roots: waiting.roots,
            commands: waiting.commands,
            vetoed: waiting.vetoed,
            acked_through: waiting.acked_through,
            server_time: self.world.now(),
        }
    }

    fn subscribe(&self, practice: PracticeId) -> watch::Receiver<u64> {
        let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        changes.entry(practice).or_insert_with(|| watch::channel(0).0).subscribe()
    }

    async fn look(&self, caller: Caller, poll: &Poll) -> Result<Waiting, Refusal> {
        let (store, breaker, now) = (self.store.clone(), self.breaker.clone(), self.world.now());
        let (root, counter) = (poll.trust_root_version, poll.command_counter);
        let found = blocking(move || {
            let scope = Scope::System(Purpose::Ingest);
            store.read(&scope, |tx| {
                let most = u32::try_from(MAX_MAIL).unwrap_or(u32::MAX);
                let mut waiting = Vec::new();
                for command in commands::open_after(tx, caller.agent, counter, now, most)? {
                    // A later command must not overtake one that is held back: the agent takes rising counters only.
                    if command.class != CommandClass::Safe && breaker.holds_back(tx, &command)? {
                        break;
                    }
                    waiting.push(command);
                }
                let roots = trust::after(tx, root)?;
                let acked_through = store.head(&scope, caller.practice, caller.agent)?;
                Ok::<_, StoreError>(Waiting {
                    policy: policies::get(tx, caller.practice)?,
                    roots: roots.iter().take(MAX_MAIL).filter_map(|root| signed_text(&root.signed)).collect(),
                    commands: waiting.iter().filter_map(|command| signed_text(&command.signed)).collect(),
                    vetoed: commands::vetoed(tx, caller.agent, now)?,
                    acked_through: acked_through.map_or(0, |head| head.agent_seq),
                })
            })
        });
        Ok(found.await?)
    }

    /// Wakes agents for what another server on the same database took in.
    pub async fn look_around(&self) {
        let mut stop = self.stop.clone();
        let mut tick = tokio::time::interval(LOOK_AROUND);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut seen: Option<(u64, Option<CommandId>)> = None;
        loop {
            tokio::select! {
                _ = tick.tick() => {}
                () = stop.told() => return,
            }
            let store = self.store.clone();
            let found = blocking(move || {
                store.read(&Scope::System(Purpose::Ingest), |tx| {
                    let root = trust::latest_version(tx)?;
                    let newest = commands::list(tx, None, None, None, 100)?;
                    Ok::<_, StoreError>((root, newest.items))
                })
            });
            let Ok((root, newest)) = found.await else { continue };
            let latest = newest.first().map(|command| command.id);
            if let Some((seen_root, seen_command)) = seen {
                if seen_root != root {
                    self.wake_all();
                }
                newest
                    .iter()
                    .take_while(|command| Some(command.id) != seen_command)
                    .for_each(|command: &StoredCommand| self.wake(command.practice));
            }
            seen = Some((root, latest));
        }
    }
}

/// What an operator signed, as it is kept. What is damaged is not relayed.
pub(crate) fn signed_text(kept: &str) -> Option<SignedText> {
    let read = serde_json::from_str(kept);
    if read.is_err() {
        tracing::error!("a signed document that is kept cannot be read and is not relayed; relay it again");
    }
    read.ok()
}

/// Counts itself while it waits.
struct WaitingAgent;

impl WaitingAgent {
    fn new() -> Self {
        metrics::gauge!(POLLS).increment(1.0);
        Self
    }
}

impl Drop for WaitingAgent {
    fn drop(&mut self) {
        metrics::gauge!(POLLS).decrement(1.0);
    }
}
