//! Why a signed document is not acted upon, in words for whoever reads the agent's evidence.

use enamel_types::{AgentId, PracticeId, Timestamp};

use super::key::KeyId;

/// Why a signed document is refused. Nothing of it was carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// More bytes than any real one has.
    #[error("it has {bytes} bytes, and {limit} is the most")]
    TooLarge {
        /// How many.
        bytes: usize,
        /// The most.
        limit: usize,
    },
    /// More signatures than there can be operators.
    #[error("it has {count} signatures, and {limit} is the most")]
    TooManySignatures {
        /// How many.
        count: usize,
        /// The most.
        limit: usize,
    },
    /// A signature by a key that the trust root does not hold.
    #[error("it is signed with key {key:?}, which the trust root does not know")]
    UnknownKey {
        /// The key's id as it stands there, cut to its usual length.
        key: String,
    },
    /// A signature that is not over these bytes, not of this kind, or no signature.
    #[error("the signature of key {key} is not over this document: it was changed, or was never signed")]
    BadSignature {
        /// The key.
        key: KeyId,
    },
    /// Two signatures of one operator count as an attempt, not as two.
    #[error("key {key} signed twice; each operator signs once")]
    SameOperatorTwice {
        /// The key.
        key: KeyId,
    },
    /// Not enough operators.
    #[error("{valid} of {needed} operators signed")]
    TooFewSignatures {
        /// How many signed.
        valid: usize,
        /// How many it takes.
        needed: usize,
    },
    /// Not one of our documents.
    #[error("it cannot be read: {why}")]
    Malformed {
        /// Where and why.
        why: String,
    },
    /// It says the same in other bytes than Enamel writes: fields twice, unknown, in another order, spaced.
    #[error("it is not written as Enamel writes it, so two readers could read two things")]
    OtherSpelling,
    /// An order that there is none of.
    #[error("{verb:?} is no order that an agent takes")]
    UnknownVerb {
        /// The verb, cut short.
        verb: String,
    },
    /// A value that the document must not hold.
    #[error("{what}")]
    OutOfBounds {
        /// What is wrong, a whole sentence.
        what: &'static str,
    },
    /// For another computer.
    #[error("it is for agent {agent}, not for this one")]
    WrongAgent {
        /// Whom it is for.
        agent: AgentId,
    },
    /// For another practice.
    #[error("it is for practice {practice}, not for this one")]
    WrongPractice {
        /// Whom it is for.
        practice: PracticeId,
    },
    /// Too late.
    #[error("it was valid until {not_after}")]
    Expired {
        /// Its end.
        not_after: Timestamp,
    },
    /// Too early; the only refusal that time mends.
    #[error("it is valid from {not_before} on")]
    NotYet {
        /// Its beginning.
        not_before: Timestamp,
    },
    /// Valid for longer than a command may be.
    #[error("it is valid for longer than 24 hours")]
    ValidTooLong,
    /// This command, or a later one, was taken already.
    #[error("its counter is {counter}, and {seen} was taken already: an old command is played again")]
    CounterPlayed {
        /// Its counter.
        counter: u64,
        /// The highest one taken.
        seen: u64,
    },
    /// A counter so high that it would use up those after it.
    #[error("its counter {counter} is too far from {seen}, the last one taken")]
    CounterTooFar {
        /// Its counter.
        counter: u64,
        /// The highest one taken.
        seen: u64,
    },
    /// The same command under another counter.
    #[error("its nonce was taken already: a command is played again")]
    NonceSeen,
    /// The computer's clock is before the last command that it took.
    #[error(
        "this computer's clock shows {now}, and the last command was taken at {latest}: set the clock right"
    )]
    ClockSetBack {
        /// The clock.
        now: Timestamp,
        /// When the last command was taken.
        latest: Timestamp,
    },
    /// A trust root that is not the one after the agent's.
    #[error("it is version {found} of the trust root, and version {expected} comes next")]
    RootVersion {
        /// The version that comes next.
        expected: u64,
        /// Its version.
        found: u64,
    },
}
