//! Which practices a caller reaches.
//!
//! There is no call without a scope. It is made from a person's or a key's grants, from an agent's certificate, or, for the few
//! things that the server does of its own accord, by name ([`Purpose`]).

use std::collections::BTreeSet;
use std::sync::Arc;

use enamel_types::PracticeId;

/// What a call reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Nothing: somebody who has not signed in.
    Nothing,
    /// These practices, and nothing of the MSP's own.
    Practices(Arc<BTreeSet<PracticeId>>),
    /// Every practice, and the MSP's own: people, keys, settings, the audit trail.
    Msp,
    /// The server itself, for a purpose.
    System(Purpose),
}

/// What the server does of its own accord, and so without a caller's reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Find out who is calling: sessions, API keys, passwords, certificates, tokens.
    WhoCalls,
    /// Write down what somebody did.
    Audit,
    /// Take evidence in and hand mail out.
    Ingest,
    /// Bring the index to the ledger's head, and raise alerts.
    Reconcile,
    /// Deliver alerts.
    Deliver,
    /// Set up at the first start, end what ran out.
    Housekeeping,
}

impl Scope {
    /// One practice.
    pub fn practice(practice: PracticeId) -> Self {
        Self::practices([practice])
    }

    /// Some practices.
    pub fn practices(practices: impl IntoIterator<Item = PracticeId>) -> Self {
        Self::Practices(Arc::new(practices.into_iter().collect()))
    }

    /// Whether it reaches a practice.
    pub fn covers(&self, practice: PracticeId) -> bool {
        match self {
            Self::Nothing => false,
            Self::Practices(practices) => practices.contains(&practice),
            Self::Msp | Self::System(_) => true,
        }
    }

    /// Whether it reaches everything.
    pub const fn is_whole(&self) -> bool {
        matches!(self, Self::Msp | Self::System(_))
    }
}
