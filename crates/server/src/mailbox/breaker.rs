//! The breaker against bursts: no hand on the server, and no stolen operator's key, reaches a whole fleet within an hour.
//!
//! A command that may disturb or harm is held back where, in the hour before it was relayed, as many other agents as
//! a tenth of the fleet (five at least) were sent such commands already. It stays held back until it runs out: whoever
//! meant it signs it again, after looking. What the breaker says follows from what is kept alone, so every server says the same.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use enamel_store::commands::{self, StoredCommand};
use enamel_store::{StoreError, Tx, agents};
use enamel_types::CommandId;
use enamel_types::command::CommandClass;
use jiff::SignedDuration;

/// Agents that may always be reached within the hour.
const AT_LEAST: usize = 5;

/// One agent in so many may be reached within the hour.
const ONE_IN: u64 = 10;

/// The hour.
const WINDOW: SignedDuration = SignedDuration::from_hours(1);

/// Commands read at a time.
const PAGE: u32 = 500;

/// Answers remembered; far more than can be open at once.
const REMEMBERED: usize = 50_000;

/// The breaker, with the answers that it gave: what was said of a command stays.
#[derive(Default)]
pub struct Breaker(Mutex<HashMap<CommandId, bool>>);

impl Breaker {
    /// Whether a command is not to reach its agent.
    pub fn holds_back(&self, tx: &mut Tx<'_>, command: &StoredCommand) -> Result<bool, StoreError> {
        if let Some(said) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&command.id) {
            return Ok(*said);
        }
        let fleet: u64 = agents::counts(tx)?.iter().map(|(_, agents)| agents).sum();
        let most = usize::try_from(fleet / ONE_IN).unwrap_or(usize::MAX).max(AT_LEAST);
        let says = reached_before(tx, command, most)? >= most;
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if said.len() >= REMEMBERED {
            said.clear();
        }
        said.insert(command.id, says);
        Ok(says)
    }
}

/// How many other agents were sent such commands in the hour before; counting ends at `most`.
fn reached_before(tx: &mut Tx<'_>, command: &StoredCommand, most: usize) -> Result<usize, StoreError> {
    let since = command.relayed_at.saturating_sub(WINDOW).unwrap_or(command.relayed_at);
    let mut others = HashSet::new();
    let mut cursor = Some((command.relayed_at, command.id));
    while let Some(before) = cursor {
        let page = commands::list(tx, None, None, Some(before), PAGE)?;
        for earlier in page.items {
            if earlier.relayed_at < since || others.len() >= most {
                return Ok(others.len());
            }
            if earlier.class != CommandClass::Safe && earlier.agent != command.agent {
                others.insert(earlier.agent);
            }
        }
        cursor = page.next;
    }
    Ok(others.len())
}
