//! From a batch to links of an agent's chain, and back. The only way in which what an agent sends becomes evidence.
//!
//! What is checked here needs no store: that the batch is a piece of *some* chain of this agent, each hash over the one before
//! it. That this piece follows what is kept is for whoever keeps it.

use enamel_ledger::{EntryHash, Link, MAX_BODY_BYTES};
use enamel_types::{AgentId, DeviceId, Observation, PracticeId};
use serde_json::value::RawValue;

use crate::message::{Batch, BatchEntry, MAX_BATCH, Problem, ProblemCode};

/// Highest number in a chain: stores keep it in 64 bits with a sign.
const MAX_SEQ: u64 = i64::MAX as u64;

/// Who sends: one computer, as its certificate names it. It speaks of itself, and of nothing that only people state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Speaker {
    /// Its practice.
    pub practice: PracticeId,
    /// The agent.
    pub agent: AgentId,
    /// The computer.
    pub device: DeviceId,
}

impl Batch {
    /// The batch that sends these links, which follow one another.
    ///
    /// # Errors
    /// If a body is not JSON, which a link of an observation never is.
    pub fn of(links: &[Link]) -> Result<Self, serde_json::Error> {
        let entry = |link: &Link| {
            let body: Box<RawValue> = serde_json::from_slice(&link.body)?;
            Ok(BatchEntry { agent_seq: link.agent_seq, hash: link.hash, body })
        };
        let prev = links.first().map_or(EntryHash::GENESIS, |link| link.prev);
        Ok(Self { prev, entries: links.iter().map(entry).collect::<Result<_, _>>()? })
    }

    /// The links that this speaker sent. Refused with [`ProblemCode::Malformed`] are: none or more than [`MAX_BATCH`], a body that
    /// is too large or no observation, one of another practice, agent or computer, one that only people state, a number that
    /// does not follow, a hash that is not over what it stands with.
    pub fn check(&self, speaker: &Speaker) -> Result<Vec<Link>, Problem> {
        let count = self.entries.len();
        if !(1..=MAX_BATCH).contains(&count) {
            return Err(malformed(format!(
                "a batch has 1 to {MAX_BATCH} observations, and this one has {count}"
            )));
        }
        let mut links: Vec<Link> = Vec::with_capacity(count);
        for entry in &self.entries {
            let before = links.last().map(|link| (link.agent_seq, link.hash));
            links.push(entry.check(before, self.prev, speaker)?);
        }
        Ok(links)
    }
}

impl BatchEntry {
    /// The link after `before`; in a batch's first entry, the link after one whose hash is `prev`.
    fn check(
        &self,
        before: Option<(u64, EntryHash)>,
        prev: EntryHash,
        speaker: &Speaker,
    ) -> Result<Link, Problem> {
        let seq = self.agent_seq;
        let refuse = |why: &str| malformed(format!("observation {seq} of the batch {why}"));
        if !(1..=MAX_SEQ).contains(&seq) || before.is_some_and(|(before, _)| seq != before.saturating_add(1))
        {
            return Err(refuse("does not follow the one before it"));
        }
        let before = before.map_or(prev, |(_, hash)| hash);
        if (seq == 1) != (before == EntryHash::GENESIS) {
            return Err(refuse(
                "stands at the beginning of a chain by its number or by its hash, and not by both",
            ));
        }
        let body = self.body.get();
        if body.len() > MAX_BODY_BYTES {
            return Err(refuse("is larger than an observation may be"));
        }
        // Not the parser's own words: they quote what was sent.
        let observation: Observation = serde_json::from_str(body).map_err(|error| {
            refuse(&format!("cannot be read, at line {} column {}", error.line(), error.column()))
        })?;
        if (observation.practice, observation.agent) != (speaker.practice, speaker.agent) {
            return Err(refuse("is another practice's or another agent's"));
        }
        if observation.device != speaker.device {
            return Err(refuse("is of another computer: an agent speaks of its own only"));
        }
        if observation.body.is_a_persons() {
            return Err(refuse("states what only people can"));
        }
        let link = Link::after(Some((seq - 1, before)), &observation, body.as_bytes().to_vec());
        if link.hash == self.hash {
            Ok(link)
        } else {
            Err(refuse("has a hash that is not over what it stands with"))
        }
    }
}

fn malformed(detail: String) -> Problem {
    Problem { code: ProblemCode::Malformed, detail, expected: None }
}
