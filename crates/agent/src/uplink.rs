//! Getting what is in the spool onto the server's disk.
//!
//! One step at a time: [`step`] sends one batch and does what the answer asks for. How long to wait after it is in the answer; the
//! waiting itself is for whoever calls. Sending twice is harmless, stopping anywhere is too.

use std::sync::Mutex;
use std::time::Duration;

use enamel_wire::message::{BATCH_BYTES, Batch, BatchEntry, MAX_BATCH, ProblemCode};
use serde_json::value::RawValue;

use crate::lock;
use crate::spool::{GoOn, OutgoingBatch, Spool, SpoolError};
use crate::stamp::Stamp;
use crate::transport::{Client, TransportError};

/// What came of one step.
#[derive(Debug)]
pub(crate) enum Step {
    /// Nothing waits.
    Idle,
    /// The server has more on its disk than before.
    Accepted,
    /// Where the chain must go on was cleared up; the next step sends.
    Cleared,
    /// What this agent says and what the server has part at this number. Nothing more is sent until a person has looked.
    Forked(u64),
    /// The certificate ran out.
    Expired,
    /// The server does not want this agent any more. Nothing more is sent until a person has looked.
    Revoked(String),
    /// Not now.
    Later {
        /// Why, for people.
        why: String,
        /// What the server asked for.
        retry_after: Option<Duration>,
    },
}

/// Sends the next batch.
pub(crate) fn step(client: &Client, spool: &Mutex<Spool>, stamp: &Stamp) -> Result<Step, SpoolError> {
    let event = |event| stamp.event(event);
    let batch = lock(spool).batch(MAX_BATCH, BATCH_BYTES, &event)?;
    let Some(last) = batch.entries.last().map(|last| last.agent_seq) else { return Ok(Step::Idle) };
    let first = batch.entries[0].agent_seq;
    let Some(body) = encode(batch) else {
        return Ok(Step::Later {
            why: "what waits could not be written as JSON".to_owned(),
            retry_after: None,
        });
    };
    let refused = match client.observations(&body) {
        Ok(accepted) if accepted.acked_through > last => return Ok(Step::Forked(last + 1)),
        Ok(accepted) => {
            lock(spool).acknowledge(accepted.acked_through)?;
            // An answer that keeps nothing would be asked for again at once, and for ever.
            return Ok(if accepted.acked_through < first {
                Step::Later { why: format!("{} kept nothing", client.server()), retry_after: None }
            } else {
                Step::Accepted
            });
        }
        Err(error) => error,
    };
    let (problem, retry_after) = match refused {
        TransportError::Refused { problem, retry_after, .. } => (problem, retry_after),
        other => return Ok(Step::Later { why: chain_of(&other), retry_after: None }),
    };
    Ok(match (problem.code, problem.expected) {
        (ProblemCode::Gap, Some(expected)) => match lock(spool).go_on_from(expected, &event)? {
            // The same place as before: the server is of two minds, and must not be asked without a pause.
            GoOn::Resend if expected == first => Step::Later { why: problem.detail, retry_after },
            GoOn::Resend | GoOn::Renumbered => Step::Cleared,
            GoOn::Forked => Step::Forked(expected),
        },
        (ProblemCode::Fork, _) => Step::Forked(first),
        (ProblemCode::Expired, _) => Step::Expired,
        (ProblemCode::Revoked, _) => Step::Revoked(problem.detail),
        _ => Step::Later { why: problem.detail, retry_after },
    })
}

/// An error with all its sources, in one line.
pub(crate) fn chain_of(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

fn encode(batch: OutgoingBatch) -> Option<Vec<u8>> {
    let entries = batch.entries.into_iter().map(|entry| {
        let body = RawValue::from_string(String::from_utf8(entry.body).ok()?).ok()?;
        Some(BatchEntry { agent_seq: entry.agent_seq, hash: entry.hash, body })
    });
    serde_json::to_vec(&Batch { prev: batch.prev, entries: entries.collect::<Option<_>>()? }).ok()
}
