//! Commands: from a signed text to something that may be carried out.

use std::collections::BTreeMap;

use enamel_types::command::{HOLD_MINUTES, MAX_ISOLATION_HOURS, MAX_VALIDITY_HOURS};
use enamel_types::{AgentId, Command, CommandClass, CommandId, Order, PracticeId, Timestamp};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::key::{KeyId, OperatorKey};
use super::root::TrustRoot;
use super::{Kind, Refusal, is_hex, is_one_line, read_exactly, write_exactly};
use crate::message::SignedText;

/// Largest command, bytes of JSON.
pub const MAX_COMMAND_BYTES: usize = 4 * 1024;

/// Longest reason, characters.
pub const MAX_REASON_CHARS: usize = 300;

/// How far a counter may be from the last one. Without a bound, one stolen key could use up every counter there is and lock
/// the other operators out; with it, that takes four thousand million commands.
pub const MAX_COUNTER_STEP: u64 = 1 << 32;

/// How much earlier than `not_before` a command is taken, minutes: an operator's clock may run ahead of the practice's, and
/// an isolation must not wait for that. There is no such tolerance at the end: it would lengthen what was signed.
pub const CLOCK_SKEW_MINUTES: i64 = 5;

/// Every verb there is.
pub const VERBS: [&str; 8] =
    ["collect", "snapshot", "isolate", "release", "restore_aside", "restore_in_place", "update", "uninstall"];

/// Who checks a command: one agent of one practice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recipient {
    /// Its practice.
    pub practice: PracticeId,
    /// The agent.
    pub agent: AgentId,
}

/// Which commands were taken already. It has to be on the disk before a command is carried out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// The highest counter taken; 0 for none.
    pub counter: u64,
    /// Nonces taken, each with the end of its command, after which it need not be known any more.
    pub nonces: BTreeMap<String, Timestamp>,
    /// When the last command was taken, and no later than that command's end: so operators vouch for it, and a clock that
    /// once stood wrong cannot bring it out of reach.
    pub latest: Timestamp,
}

impl Seen {
    /// Remembers that a command was taken at `now`, and forgets nonces of commands that ended long before.
    pub fn remember(&mut self, taken: &VerifiedCommand, now: Timestamp) {
        let command = &taken.command;
        self.counter = self.counter.max(command.counter);
        self.latest = self.latest.max(now.min(command.not_after));
        // A clock may be a little behind the latest moment known; until then a nonce is kept.
        let skew = SignedDuration::from_mins(CLOCK_SKEW_MINUTES);
        self.nonces.retain(|_, not_after| later(*not_after, skew) > self.latest);
        self.nonces.insert(command.nonce.clone(), command.not_after);
    }
}

/// A command that operators of the trust root signed for this agent, in time and for the first time. Agents carry out nothing
/// else, and a dangerous one only when it is [`Due::Now`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedCommand {
    command: Command,
    signers: Vec<OperatorKey>,
}

/// Whether the moment has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Carry it out.
    Now,
    /// It waits until then, and the practice may refuse it.
    Held {
        /// The end of its hold.
        until: Timestamp,
    },
    /// The practice refused it: drop it.
    Vetoed,
    /// Its time went by: drop it.
    Expired,
}

impl VerifiedCommand {
    /// What was ordered.
    pub const fn command(&self) -> &Command {
        &self.command
    }

    /// Who signed.
    pub fn signers(&self) -> &[OperatorKey] {
        &self.signers
    }

    /// How much harm it could do.
    pub const fn class(&self) -> CommandClass {
        self.command.order.class()
    }

    /// Until when it waits, if the agent first saw it at `first_seen`: an hour for a dangerous one, not at all for others.
    pub fn held_until(&self, first_seen: Timestamp) -> Timestamp {
        match self.class() {
            CommandClass::Safe | CommandClass::Disruptive => first_seen,
            CommandClass::Dangerous => later(first_seen, SignedDuration::from_mins(HOLD_MINUTES)),
        }
    }

    /// Whether it may be carried out at `now`. `vetoed` are the commands that the practice has refused; a veto counts for
    /// dangerous ones only, as nothing else waits for the practice.
    pub fn due(&self, first_seen: Timestamp, now: Timestamp, vetoed: &[CommandId]) -> Due {
        let until = self.held_until(first_seen);
        if self.class() == CommandClass::Dangerous && vetoed.contains(&self.command.id) {
            Due::Vetoed
        } else if now >= self.command.not_after {
            Due::Expired
        } else if now < until {
            Due::Held { until }
        } else {
            Due::Now
        }
    }
}

/// Writes a command down, without signatures.
pub fn command_text(command: &Command) -> Result<SignedText, Refusal> {
    let text = write_exactly(command)?;
    read_command(&text)?;
    Ok(SignedText { text, signatures: Vec::new() })
}

/// Reads what a command says, within the bounds that each has. Nobody has vouched for it: this is for showing, signing and
/// for naming what was refused, never for acting.
pub fn read_command(text: &str) -> Result<Command, Refusal> {
    if text.len() > MAX_COMMAND_BYTES {
        return Err(Refusal::TooLarge { bytes: text.len(), limit: MAX_COMMAND_BYTES });
    }
    let command: Command = read_exactly(text).map_err(|refusal| unknown_verb(text).unwrap_or(refusal))?;
    check_bounds(&command)?;
    Ok(command)
}

/// Verifies a command that is new to `recipient`, whose clock shows `now`. Whoever takes it calls [`Seen::remember`] and
/// keeps that before anything is done.
pub fn verify_command(
    signed: &SignedText,
    root: &TrustRoot,
    recipient: &Recipient,
    seen: &Seen,
    now: Timestamp,
) -> Result<VerifiedCommand, Refusal> {
    let verified = verify_held(signed, root, recipient, now)?;
    let command = &verified.command;
    if later(now, SignedDuration::from_mins(CLOCK_SKEW_MINUTES)) < seen.latest {
        return Err(Refusal::ClockSetBack { now, latest: seen.latest });
    }
    if command.counter <= seen.counter {
        return Err(Refusal::CounterPlayed { counter: command.counter, seen: seen.counter });
    }
    if command.counter - seen.counter > MAX_COUNTER_STEP {
        return Err(Refusal::CounterTooFar { counter: command.counter, seen: seen.counter });
    }
    if seen.nonces.contains_key(&command.nonce) {
        return Err(Refusal::NonceSeen);
    }
    Ok(verified)
}

/// Verifies again a command that `recipient` took before and has held since: everything but whether it was seen. Its
/// operators may have been removed from the trust root in the meantime, and its time may have gone by.
pub fn verify_held(
    signed: &SignedText,
    root: &TrustRoot,
    recipient: &Recipient,
    now: Timestamp,
) -> Result<VerifiedCommand, Refusal> {
    Kind::Command.check_size(signed)?;
    let signers = signers(signed, root)?;
    if signers.is_empty() {
        return Err(Refusal::TooFewSignatures { valid: 0, needed: root.needed(CommandClass::Safe) });
    }
    let command = read_command(&signed.text)?;
    let needed = root.needed(command.order.class());
    if signers.len() < needed {
        return Err(Refusal::TooFewSignatures { valid: signers.len(), needed });
    }
    if command.practice != recipient.practice {
        return Err(Refusal::WrongPractice { practice: command.practice });
    }
    if command.agent != recipient.agent {
        return Err(Refusal::WrongAgent { agent: command.agent });
    }
    if now >= command.not_after {
        return Err(Refusal::Expired { not_after: command.not_after });
    }
    if later(now, SignedDuration::from_mins(CLOCK_SKEW_MINUTES)) < command.not_before {
        return Err(Refusal::NotYet { not_before: command.not_before });
    }
    Ok(VerifiedCommand { command, signers })
}

/// The operators who signed; every signature must be a good one, by a different operator of the root.
fn signers(signed: &SignedText, root: &TrustRoot) -> Result<Vec<OperatorKey>, Refusal> {
    let mut signers: Vec<OperatorKey> = Vec::new();
    for signature in &signed.signatures {
        let unknown = || Refusal::UnknownKey { key: signature.key.chars().take(16).collect() };
        let id: KeyId = signature.key.parse().map_err(|_| unknown())?;
        let operator = root.operator(id).ok_or_else(unknown)?;
        if signers.iter().any(|signer| signer.id() == id) {
            return Err(Refusal::SameOperatorTwice { key: id });
        }
        operator.check(Kind::Command, &signed.text, &signature.signature)?;
        signers.push(operator.clone());
    }
    Ok(signers)
}

/// Whether a command that could not be read has a verb that there is none of.
fn unknown_verb(text: &str) -> Option<Refusal> {
    let command: serde_json::Value = serde_json::from_str(text).ok()?;
    let verb = command.get("order")?.get("verb")?.as_str()?;
    let cut = || verb.chars().take(40).collect();
    (!VERBS.contains(&verb)).then(|| Refusal::UnknownVerb { verb: cut() })
}

fn check_bounds(command: &Command) -> Result<(), Refusal> {
    let refuse = |what| Err(Refusal::OutOfBounds { what });
    if command.counter == 0 {
        return refuse("a command's counter begins with 1");
    }
    if !is_hex(&command.nonce, 32) {
        return refuse("a command's nonce is 32 hexadecimal digits");
    }
    if !is_one_line(&command.reason, MAX_REASON_CHARS) {
        return refuse("a command's reason is one line of 1 to 300 characters that can be seen");
    }
    if command.not_after <= command.not_before {
        return refuse("a command ends after it begins");
    }
    let validity = command.not_after.duration_since(command.not_before);
    if validity > SignedDuration::from_hours(MAX_VALIDITY_HOURS) {
        return Err(Refusal::ValidTooLong);
    }
    if command.order.class() == CommandClass::Dangerous && validity <= SignedDuration::from_mins(HOLD_MINUTES)
    {
        return refuse("a dangerous command is held for an hour, so it must be valid for longer");
    }
    match &command.order {
        Order::Collect { sensors } if !sensors.is_sorted_by(|one, next| one < next) => refuse(
            "the sensors of a collection stand there once each, in the order inventory, host, software, phi",
        ),
        Order::Isolate { hours } if !(1..=MAX_ISOLATION_HOURS).contains(hours) => {
            refuse("an isolation lasts 1 to 24 hours")
        }
        Order::RestoreAside { snapshot } | Order::RestoreInPlace { snapshot } if !is_hex(snapshot, 64) => {
            refuse("a snapshot is named by its full id, 64 hexadecimal digits")
        }
        Order::Update { version, .. } if !is_version(version) => {
            refuse("a version is 1 to 40 letters, digits, dots, plus and minus signs")
        }
        Order::Update { sha256, .. } if !is_hex(sha256, 64) => {
            refuse("a program is named by its SHA-256, 64 hexadecimal digits")
        }
        Order::Collect { .. }
        | Order::Snapshot
        | Order::Isolate { .. }
        | Order::Release
        | Order::RestoreAside { .. }
        | Order::RestoreInPlace { .. }
        | Order::Update { .. }
        | Order::Uninstall => Ok(()),
    }
}

fn is_version(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".+-".contains(&byte))
}

/// A moment and a while after it; the end of time where there is none.
fn later(moment: Timestamp, by: SignedDuration) -> Timestamp {
    moment.checked_add(by).unwrap_or(Timestamp::MAX)
}
