//! Protocol version 1 between agent and server.
//!
//! | request | body | answer |
//! |---|---|---|
//! | `GET /agent/v1/ca` | | the server's CA certificate, PEM; the only request made before the server is known |
//! | `POST /agent/v1/enrol` | [`EnrolRequest`] | [`Enrolled`] |
//! | `POST /agent/v1/renew` | [`RenewRequest`] | [`Renewed`] |
//! | `POST /agent/v1/observations` | [`Batch`] | [`Accepted`] |
//! | `POST /agent/v1/mail` | [`Poll`] | [`Mail`], after at most [`MAX_WAIT_SECONDS`] |
//!
//! All but the first two need the agent's client certificate; `renew` takes one that ran out within a year. Identity is the
//! certificate's key, never a name. Refusals are [`Problem`]s. `429` and `503` come with `Retry-After`.

use enamel_ledger::EntryHash;
use enamel_types::{AgentId, DeviceId, Policy, PracticeId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Most observations in a batch.
pub const MAX_BATCH: usize = 500;

/// Largest request body, bytes; one large observation goes alone.
pub const MAX_BODY_BYTES: usize = 17 * 1024 * 1024;

/// What a batch should stay below, bytes of JSON, where it has more than one observation.
pub const BATCH_BYTES: usize = 1024 * 1024;

/// Longest poll for mail, seconds.
pub const MAX_WAIT_SECONDS: u32 = 55;

/// Most trust roots, and most commands, in a mail. What is left waits for the next: an agent that has taken these asks for
/// those after them.
pub const MAX_MAIL: usize = 32;

/// How long a client certificate is valid, days.
pub const CERTIFICATE_DAYS: i64 = 90;

/// After how many days it is renewed.
pub const RENEW_AFTER_DAYS: i64 = 60;

/// For how many days after its end it still proves who asks for a new one.
pub const RENEW_GRACE_DAYS: i64 = 365;

/// The name that a server's certificate is for, whatever it is called in DNS: the authority is pinned, the name is not.
pub const SERVER_NAME: &str = "server.enamel.internal";

/// An agent asks to be taken in.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolRequest {
    /// The token's secret, base64url.
    pub secret: String,
    /// A PKCS #10 request for the key that was made on the computer, PEM.
    pub csr: String,
    /// The device as `assess` knew it before it was enrolled, so that its history goes on.
    pub device: DeviceId,
    /// The computer's name, for people.
    pub name: String,
    /// Its operating system, for people.
    pub os: String,
    /// Enamel's version.
    pub version: String,
}

/// An agent was taken in.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrolled {
    /// The practice it belongs to.
    pub practice: PracticeId,
    /// The practice's name, for people.
    pub practice_name: String,
    /// Its id.
    pub agent: AgentId,
    /// Its client certificate, PEM.
    pub certificate: String,
    /// Whom it will take commands from: a signed trust root as `crate::signed` reads it; `None` until the MSP has one.
    pub trust_root: Option<SignedText>,
    /// What it does unasked.
    pub policy: Policy,
    /// The server's clock.
    pub server_time: Timestamp,
}

/// An agent asks for a new certificate for the same key.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenewRequest {
    /// A PKCS #10 request for the key that the agent has, PEM.
    pub csr: String,
}

/// A new certificate.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Renewed {
    /// The certificate, PEM.
    pub certificate: String,
}

/// Observations, in the order of the agent's chain and without a hole.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// The hash of the agent's entry before the first of these; [`EntryHash::GENESIS`] before its very first. With it a batch
    /// proves by itself that it is whole, and the server sees where it parts from what is kept.
    pub prev: EntryHash,
    /// They follow one another: each `agent_seq` is one more than the one before.
    pub entries: Vec<BatchEntry>,
}

/// One observation and its place in the chain.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchEntry {
    /// Position in the agent's chain.
    pub agent_seq: u64,
    /// Its hash, which the server computes again.
    pub hash: EntryHash,
    /// The observation: these very bytes were hashed.
    pub body: Box<RawValue>,
}

/// A batch is on the server's disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accepted {
    /// Everything up to this `agent_seq` is kept; the spool may forget it.
    pub acked_through: u64,
}

/// An agent asks for its mail, and says how it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Poll {
    /// How long it will wait, seconds.
    pub wait: u32,
    /// The policy that it has.
    pub policy_version: u64,
    /// The trust root that it has; 0 for none.
    pub trust_root_version: u64,
    /// The highest command counter that it has seen; mail holds only later ones.
    pub command_counter: u64,
    /// The last `agent_seq` that it has numbered: a server that knows a higher one sees a clone or a restored disk.
    pub agent_seq: u64,
    /// How it is.
    pub health: Health,
}

/// How an agent is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// Enamel's version.
    pub version: String,
    /// Observations that wait in the spool.
    pub spooled: u64,
    /// Observations dropped since it was enrolled.
    pub dropped: u64,
    /// Sensors whose last run failed.
    pub failing: Vec<String>,
    /// Whether its network is closed by a command, and until when.
    pub isolated_until: Option<Timestamp>,
    /// Whether the small privileged part answers.
    pub helper: bool,
    /// Resident memory, bytes.
    pub resident_bytes: u64,
    /// The agent's clock.
    pub time: Option<Timestamp>,
}

/// What waits for an agent. Nothing in it is an event: it is what should be, and the agent compares it with what is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// The policy, where the agent's is another.
    pub policy: Option<Policy>,
    /// Trust roots after the agent's, each signed by the one before; at most [`MAX_MAIL`].
    pub trust_roots: Vec<SignedText>,
    /// Commands after the agent's counter, by counter; at most [`MAX_MAIL`].
    pub commands: Vec<SignedText>,
    /// Commands that the practice has refused: the agent drops them while they are held.
    pub vetoed: Vec<enamel_types::CommandId>,
    /// What is kept of this agent's chain.
    pub acked_through: u64,
    /// The server's clock.
    pub server_time: Timestamp,
}

/// A text with signatures over its very bytes; `crate::signed` says over which and by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedText {
    /// JSON, kept as it was signed.
    pub text: String,
    /// Who signed.
    pub signatures: Vec<Signature>,
}

/// One operator's signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// The key: the first 16 hex digits of BLAKE3 of the public key.
    pub key: String,
    /// Ed25519, 64 bytes, base64url.
    pub signature: String,
}

/// Why a request was refused (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// A word that programs act on.
    pub code: ProblemCode,
    /// One sentence for people.
    pub detail: String,
    /// With [`ProblemCode::Gap`]: the `agent_seq` that the server expects next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<u64>,
}

/// What a program needs to know of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    /// The token is unknown, used, or ran out.
    Token,
    /// The certificate is not one that this server knows, or was revoked: do not try again until a person has looked.
    Revoked,
    /// The certificate ran out: renew.
    Expired,
    /// The batch does not follow what the server has; send from `expected`.
    Gap,
    /// Another entry is kept under this number: two agents use one key, or one of them was set back.
    Fork,
    /// The request is not one of this protocol.
    Malformed,
    /// Too much at once: later.
    Busy,
    /// The server cannot keep anything now, its disk is full for instance: later.
    Unavailable,
}
