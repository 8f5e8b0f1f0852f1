//! The MSP's side: agents' listener, console, API, alerts.
//!
//! Agents come in through [`edge`], which knows them by the keys in certificates that [`pki`] made. What they send goes
//! through [`ingest`] into the store; what waits for them comes from [`mailbox`]. [`reconcile`] turns evidence into figures,
//! lists and alerts, and [`alerts`] tells people of them. Nothing here judges (crate `assess` does), and nothing here can make a command: the server relays what
//! operators signed.
//!
//! Time and dice come in as a [`World`]; every fact of a practice comes from the store.

use std::sync::Arc;

use enamel_types::{Clock, Timestamp};

pub mod access;
pub mod alerts;
pub mod api;
pub mod audit;
pub mod console;
pub mod demo;
pub mod edge;
pub mod ingest;
pub mod mailbox;
pub mod metrics;
pub mod pki;
pub mod reconcile;
pub mod sightings;
pub mod start;
pub mod stop;

/// Where the server's time and random bytes come from.
#[derive(Clone)]
pub struct World {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Fills a slice with unpredictable bytes.
    pub fill: fn(&mut [u8]),
}

impl World {
    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Random bytes.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.fill)(&mut bytes);
        bytes
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("World")
    }
}

/// Runs work that waits for a disk on a thread that may wait.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await.map_err(tokio::task::JoinError::try_into_panic) {
        Ok(done) => done,
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        // The runtime is going away, and nobody waits for this any more.
        Err(Err(_)) => std::future::pending().await,
    }
}
