//! Who was heard of when, kept in memory and written down in batches: three thousand heartbeats a minute are no reason for three
//! thousand commits.
//!
//! What is in memory when the server is killed is lost, and with it at most the last few seconds; a stop writes it down.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use enamel_store::agents::{self, Sighting};
use enamel_store::{Purpose, Scope, Store, StoreError};
use enamel_types::AgentId;
use enamel_wire::message::Health;

use crate::stop::Stop;
use crate::{World, blocking};

/// How often it is written down.
const EVERY: Duration = Duration::from_secs(10);

/// Sightings in one transaction: others want to write too.
const AT_ONCE: usize = 500;

/// Most failing sensors that are remembered of an agent, and the longest word of its own, characters.
const MAX_FAILING: usize = 16;
const MAX_WORD: usize = 64;

/// Who was heard of since it was last written down.
pub struct Sightings {
    store: Store,
    world: World,
    news: Mutex<HashMap<AgentId, Sighting>>,
}

impl Sightings {
    /// Nobody was heard of yet.
    pub fn new(store: Store, world: World) -> Self {
        Self { store, world, news: Mutex::default() }
    }

    /// An agent was heard of.
    pub(crate) fn heard(&self, agent: AgentId) {
        self.note(agent, |_| {});
    }

    /// An agent said how it is.
    pub(crate) fn said(&self, agent: AgentId, health: &Health) {
        let mut health = health.clone();
        health.failing.truncate(MAX_FAILING);
        for word in health.failing.iter_mut().chain([&mut health.version]) {
            *word = word.chars().filter(|letter| !letter.is_control()).take(MAX_WORD).collect();
        }
        let text = serde_json::to_string(&health).ok();
        self.note(agent, |sighting| {
            sighting.health = text;
            sighting.version = Some(health.version);
        });
    }

    fn note(&self, agent: AgentId, change: impl FnOnce(&mut Sighting)) {
        let now = self.world.now();
        let mut news = self.news.lock().unwrap_or_else(PoisonError::into_inner);
        let sighting = news.entry(agent).or_insert_with(|| Sighting {
            agent,
            seen_at: now,
            health: None,
            version: None,
        });
        sighting.seen_at = now;
        change(sighting);
    }

    /// Writes down what there is, every few seconds, and once more at the end.
    pub async fn run(&self, mut stop: Stop) {
        let mut tick = tokio::time::interval(EVERY);
        while !stop.is_told() {
            tokio::select! {
                _ = tick.tick() => {}
                () = stop.told() => {}
            }
            self.flush().await;
        }
    }

    /// Writes down what there is. What cannot be written is tried again with the next.
    pub async fn flush(&self) {
        let news: Vec<Sighting> = {
            let mut news = self.news.lock().unwrap_or_else(PoisonError::into_inner);
            news.drain().map(|(_, sighting)| sighting).collect()
        };
        for some in news.chunks(AT_ONCE) {
            let (store, some) = (self.store.clone(), some.to_vec());
            let written = blocking(move || {
                let scope = Scope::System(Purpose::Ingest);
                let written: Result<(), StoreError> = store.write(&scope, |tx| agents::seen(tx, &some));
                (written, some)
            });
            if let (Err(error), some) = written.await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "when agents were last heard of could not be written down"
                );
                let mut news = self.news.lock().unwrap_or_else(PoisonError::into_inner);
                for sighting in some {
                    news.entry(sighting.agent).or_insert(sighting);
                }
            }
        }
    }
}
