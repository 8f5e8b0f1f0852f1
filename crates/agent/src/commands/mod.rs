//! Commands: from signed mail to something done, with a receipt for every outcome.
//!
//! The server relays commands and can make none: what is carried out was signed by operators of the pinned trust root, for this
//! agent, in time, and never before. That it was taken is on the disk before anything is done, so that nothing is done twice, not
//! even after a crash. What could destroy is held for an hour, in the open, and the practice may refuse it ([`held`]). A burst of
//! commands that interrupt work is refused ([`MAX_AN_HOUR`]).
//!
//! Nothing is carried out here: [`Commands`] says what may be, and whoever asks does it.

pub mod held;

use std::path::{Path, PathBuf};

use enamel_types::command::CommandOutcome;
use enamel_types::{CommandClass, CommandId, CommandReceipt, Order, Timestamp};
use enamel_wire::message::SignedText;
use enamel_wire::signed::{
    Due, Recipient, Refusal, Seen, TrustRoot, VerifiedCommand, read_command, verify_command, verify_held,
};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::files::{self, FileError};
use crate::identity::Enrolment;

/// Most disruptive or dangerous commands in an hour. Ending an isolation is not one of them: opening the network again must
/// always be possible.
pub const MAX_AN_HOUR: usize = 6;

/// Refused texts that are remembered, so that each is told of once and not at every poll.
const MAX_TOLD: usize = 256;

/// Most commands that are held at a time.
const MAX_HELD: usize = 16;

/// What is remembered of commands across a crash.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    seen: Seen,
    /// Taken, and not to be carried out yet.
    held: Vec<Held>,
    /// Taken, and not known to be done.
    begun: Vec<Begun>,
    /// When disruptive and dangerous ones were taken, the last hour's.
    recent: Vec<Timestamp>,
    /// BLAKE3 of texts that were refused and told of.
    told: Vec<String>,
}

/// A command in its hour.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Held {
    id: CommandId,
    first_seen: Timestamp,
    signed: SignedText,
    vetoed: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Begun {
    id: CommandId,
    verb: String,
}

/// What a command comes to for now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is known already, or its time has not come: nothing to do and nothing to say.
    Nothing,
    /// It goes no further; this is to be told.
    Tell(CommandReceipt),
    /// It is to be carried out, now and once. That it was taken is on the disk.
    Act(Box<Act>),
}

/// A command to carry out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// What was ordered.
    pub command: VerifiedCommand,
    /// As it was signed: the privileged part verifies it again.
    pub signed: SignedText,
}

/// The commands of one agent.
pub struct Commands {
    path: PathBuf,
    notices: PathBuf,
    recipient: Recipient,
    state: State,
}

impl Commands {
    /// Reads what is remembered.
    ///
    /// # Errors
    /// A file that cannot be read. One that is damaged is an error too: an agent that forgot its counter would take old commands.
    pub fn open(data: &Path, enrolment: &Enrolment) -> Result<Self, FileError> {
        let path = enrolment.own_folder(data).join("commands.json");
        let state = files::read_json(&path)?.unwrap_or_default();
        let recipient = Recipient { practice: enrolment.practice, agent: enrolment.agent };
        Ok(Self { path, notices: held::folder(data), recipient, state })
    }

    /// The highest counter taken.
    pub fn counter(&self) -> u64 {
        self.state.seen.counter
    }

    /// Receipts for what was begun when the agent was stopped; nobody knows whether it was done.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn interrupted(&mut self) -> Result<Vec<CommandReceipt>, FileError> {
        let begun = std::mem::take(&mut self.state.begun);
        if !begun.is_empty() {
            self.keep()?;
        }
        let detail = "the agent was stopped while it carried this out; look at the computer, and order it again if need be";
        Ok(begun
            .into_iter()
            .map(|begun| receipt(begun.id, &begun.verb, CommandOutcome::Failed, detail))
            .collect())
    }

    /// Looks at a command that came with the mail.
    ///
    /// # Errors
    /// A file that cannot be written; then nothing may be carried out.
    pub fn take(
        &mut self,
        signed: &SignedText,
        root: Option<&TrustRoot>,
        now: Timestamp,
    ) -> Result<Verdict, FileError> {
        let Some(root) = root else {
            let why = "this computer knows no operators: it was enrolled before the MSP had keys for commands; enrol it again";
            return self.refuse(signed, why);
        };
        let verified = match verify_command(signed, root, &self.recipient, &self.state.seen, now) {
            Ok(verified) => verified,
            Err(Refusal::NotYet { .. }) => return Ok(Verdict::Nothing),
            // Mail comes again until the server has heard of the counter.
            Err(Refusal::CounterPlayed { .. }) if self.knows(signed) => return Ok(Verdict::Nothing),
            Err(refusal) => return self.refuse(signed, &refusal.to_string()),
        };
        let command = verified.command();
        let (id, verb) = (command.id, command.order.verb());
        // From here on it was taken, whatever comes of it.
        self.state.seen.remember(&verified, now);
        self.note(signed);
        if counts_as_burst(&command.order) {
            let hour_ago = now.checked_sub(SignedDuration::from_hours(1)).unwrap_or(Timestamp::MIN);
            self.state.recent.retain(|taken| *taken > hour_ago && *taken <= now);
            if self.state.recent.len() >= MAX_AN_HOUR {
                self.keep()?;
                let why = format!("more than {MAX_AN_HOUR} commands that interrupt work came within an hour");
                return Ok(Verdict::Tell(receipt(id, verb, CommandOutcome::Refused, &why)));
            }
            self.state.recent.push(now);
        }
        match verified.due(now, now, &[]) {
            Due::Held { until } => {
                if self.state.held.len() >= MAX_HELD {
                    self.keep()?;
                    let why = format!("{MAX_HELD} commands are held already");
                    return Ok(Verdict::Tell(receipt(id, verb, CommandOutcome::Refused, &why)));
                }
                self.state.held.push(Held { id, first_seen: now, signed: signed.clone(), vetoed: false });
                self.keep()?;
                held::show(&self.notices, &verified, until)?;
                let what = format!("held until {until}; the practice may refuse it until then");
                Ok(Verdict::Tell(receipt(id, verb, CommandOutcome::Held, &what)))
            }
            // Nothing was refused yet, and it was in time a moment ago.
            Due::Now | Due::Vetoed | Due::Expired => self.act(verified, signed.clone()),
        }
    }

    /// Looks at the held commands: what was refused is dropped, and what has waited its hour is carried out. `vetoed` are those
    /// that the practice has refused at the console.
    ///
    /// # Errors
    /// A file that cannot be written; then nothing may be carried out.
    pub fn ripe(
        &mut self,
        root: Option<&TrustRoot>,
        vetoed: &[CommandId],
        now: Timestamp,
    ) -> Result<Vec<Verdict>, FileError> {
        let mut verdicts = Vec::new();
        for mut held in std::mem::take(&mut self.state.held) {
            held.vetoed |= vetoed.contains(&held.id) || held::is_refused(&self.notices, held.id);
            let again = root.map(|root| verify_held(&held.signed, root, &self.recipient, now));
            let verb = read_command(&held.signed.text).map_or("unknown", |command| command.order.verb());
            let veto: &[CommandId] = if held.vetoed { &[held.id] } else { &[] };
            let tell = |outcome, why: &str| Verdict::Tell(receipt(held.id, verb, outcome, why));
            let verdict = match again {
                _ if held.vetoed => tell(CommandOutcome::Vetoed, "the practice refused it"),
                None => tell(CommandOutcome::Refused, "this computer knows no operators any more"),
                Some(Err(refusal)) => tell(CommandOutcome::Refused, &refusal.to_string()),
                Some(Ok(verified)) => match verified.due(held.first_seen, now, veto) {
                    Due::Held { .. } => {
                        self.state.held.push(held);
                        continue;
                    }
                    Due::Now => self.act(verified, held.signed.clone())?,
                    Due::Vetoed => tell(CommandOutcome::Vetoed, "the practice refused it"),
                    Due::Expired => tell(CommandOutcome::Refused, "its time went by while it was held"),
                },
            };
            held::forget(&self.notices, held.id);
            verdicts.push(verdict);
        }
        self.keep()?;
        Ok(verdicts)
    }

    /// A command was carried out, or could not be, and that was told.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn done(&mut self, id: CommandId) -> Result<(), FileError> {
        self.state.begun.retain(|begun| begun.id != id);
        self.keep()
    }

    /// The commands that are held.
    pub fn held(&self) -> Vec<CommandId> {
        self.state.held.iter().map(|held| held.id).collect()
    }

    /// That it was taken is on the disk before this returns.
    fn act(&mut self, command: VerifiedCommand, signed: SignedText) -> Result<Verdict, FileError> {
        let ordered = command.command();
        self.state.begun.push(Begun { id: ordered.id, verb: ordered.order.verb().to_owned() });
        self.keep()?;
        Ok(Verdict::Act(Box::new(Act { command, signed })))
    }

    /// Tells of a refused text once. Its counter is not believed: nobody vouched for it.
    fn refuse(&mut self, signed: &SignedText, why: &str) -> Result<Verdict, FileError> {
        if self.knows(signed) {
            return Ok(Verdict::Nothing);
        }
        self.note(signed);
        self.keep()?;
        let nobody = CommandId::from_uuid(uuid::Uuid::nil());
        let (id, verb) = read_command(&signed.text)
            .map_or((nobody, "unknown"), |command| (command.id, command.order.verb()));
        Ok(Verdict::Tell(receipt(id, verb, CommandOutcome::Refused, why)))
    }

    fn knows(&self, signed: &SignedText) -> bool {
        self.state.told.contains(&digest(signed))
    }

    fn note(&mut self, signed: &SignedText) {
        let beyond = (self.state.told.len() + 1).saturating_sub(MAX_TOLD);
        self.state.told.drain(..beyond);
        self.state.told.push(digest(signed));
    }

    fn keep(&self) -> Result<(), FileError> {
        files::replace_json(&self.path, &self.state)
    }
}

/// Over the signatures too: a command that comes back with the right ones is another one.
fn digest(signed: &SignedText) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(signed.text.as_bytes());
    for signature in &signed.signatures {
        hasher
            .update(&[0])
            .update(signature.key.as_bytes())
            .update(&[0])
            .update(signature.signature.as_bytes());
    }
    hasher.finalize().to_string()
}

fn counts_as_burst(order: &Order) -> bool {
    order.class() >= CommandClass::Disruptive && *order != Order::Release
}

/// What became of a command.
pub(crate) fn receipt(
    command: CommandId,
    verb: &str,
    outcome: CommandOutcome,
    detail: &str,
) -> CommandReceipt {
    CommandReceipt { command, verb: verb.to_owned(), outcome, detail: detail.to_owned() }
}
