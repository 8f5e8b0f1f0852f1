//! What the control tables say of a practice's agents and commands: the part of a practice's state that is not evidence.

use std::collections::BTreeMap;

use enamel_store::agents::{self, Agent};
use enamel_store::commands::{self, CommandState, StoredCommand};
use enamel_store::tree::{self, Practice};
use enamel_store::{MAX_PAGE, StoreError, Tx};
use enamel_types::command::CommandClass;
use enamel_types::{AgentId, PracticeId, Timestamp};

use crate::mailbox::Breaker;

/// A practice without its evidence, at one moment.
pub(crate) struct PracticeState {
    pub(crate) practice: Practice,
    /// Agents that were not shut out.
    pub(crate) agents: Vec<Agent>,
    /// Dangerous commands whose hour runs.
    pub(crate) held: Vec<StoredCommand>,
    /// Open commands that the breaker keeps back.
    pub(crate) held_back: u64,
}

impl PracticeState {
    pub(crate) fn read(
        tx: &mut Tx<'_>,
        id: PracticeId,
        breaker: &Breaker,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let mut agents = Vec::new();
        let mut after = None;
        loop {
            let page = agents::of_practice(tx, id, after, MAX_PAGE)?;
            agents.extend(page.items.into_iter().filter(|agent| agent.revoked_at.is_none()));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let held = commands::list(tx, Some(id), Some(CommandState::Held), None, MAX_PAGE)?.items;
        let mut held_back = 0;
        for command in commands::list(tx, Some(id), Some(CommandState::Open), None, MAX_PAGE)?.items {
            let waits = command.class != CommandClass::Safe && command.not_after > now;
            if waits && breaker.holds_back(tx, &command)? {
                held_back += 1;
            }
        }
        Ok(Self { practice: tree::practice(tx, id)?, agents, held, held_back })
    }

    /// Computers' names by agent.
    pub(crate) fn names(&self) -> BTreeMap<AgentId, &str> {
        self.agents.iter().map(|agent| (agent.id, agent.name.as_str())).collect()
    }
}
