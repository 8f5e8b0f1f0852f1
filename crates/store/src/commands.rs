//! Operators' signed commands, and what became of them. The store relays what was signed and checks no signature.

use enamel_types::command::{CommandClass, CommandOutcome};
use enamel_types::{AgentId, CommandId, PracticeId, Timestamp};

use crate::error::StoreError;
use crate::filter::Filter;
use crate::page::{Page, rows_for};
use crate::tx::{Tx, WriteTx};
use crate::value::{Row, values, words};

words! {
    /// Where a command stands.
    CommandState {
        /// It waits for its agent.
        Open = "open",
        /// The agent has it, and its hour runs.
        Held = "held",
        /// Carried out.
        Done = "done",
        /// Tried, and failed.
        Failed = "failed",
        /// Refused by the agent.
        Refused = "refused",
        /// Refused by the practice.
        Vetoed = "vetoed",
        /// Its time ran out before the agent had it.
        Expired = "expired",
    }
}

impl CommandState {
    /// Whether nothing more will come of it.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Open | Self::Held)
    }
}

impl From<CommandOutcome> for CommandState {
    fn from(outcome: CommandOutcome) -> Self {
        match outcome {
            CommandOutcome::Held => Self::Held,
            CommandOutcome::Done => Self::Done,
            CommandOutcome::Failed => Self::Failed,
            CommandOutcome::Refused => Self::Refused,
            CommandOutcome::Vetoed => Self::Vetoed,
        }
    }
}

/// A command.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct StoredCommand {
    /// Its id.
    pub id: CommandId,
    /// The agent's practice.
    pub practice: PracticeId,
    /// The agent.
    pub agent: AgentId,
    /// Its number among the agent's commands.
    pub counter: u64,
    /// How much harm it could do.
    pub class: CommandClass,
    /// What it orders.
    pub verb: String,
    /// Why, in a sentence that the practice reads.
    pub reason: String,
    /// The signed text with its signatures, JSON.
    pub signed: String,
    /// Not to be carried out before.
    pub not_before: Timestamp,
    /// Nor at or after.
    pub not_after: Timestamp,
    /// Where it stands.
    pub state: CommandState,
    /// What the agent or the practice said of it.
    pub detail: String,
    /// Who relayed it.
    pub relayed_by: String,
    /// When.
    pub relayed_at: Timestamp,
    /// Who last changed its state.
    pub changed_by: String,
    /// When.
    pub changed_at: Timestamp,
}

/// Where the next page of commands begins.
pub type CommandCursor = (Timestamp, CommandId);

const COMMAND: &str = "SELECT command, practice, agent, counter, class, verb, reason, signed, not_before, not_after, state, detail, \
                       relayed_by, relayed_at, changed_by, changed_at FROM command";

fn command_of(row: &Row) -> Result<StoredCommand, StoreError> {
    Ok(StoredCommand {
        id: row.get(0)?,
        practice: row.get(1)?,
        agent: row.get(2)?,
        counter: row.get(3)?,
        class: class_of(&row.get::<String>(4)?)?,
        verb: row.get(5)?,
        reason: row.get(6)?,
        signed: row.get(7)?,
        not_before: row.get(8)?,
        not_after: row.get(9)?,
        state: row.get(10)?,
        detail: row.get(11)?,
        relayed_by: row.get(12)?,
        relayed_at: row.get(13)?,
        changed_by: row.get(14)?,
        changed_at: row.get(15)?,
    })
}

const CLASSES: [(CommandClass, &str); 3] = [
    (CommandClass::Safe, "safe"),
    (CommandClass::Disruptive, "disruptive"),
    (CommandClass::Dangerous, "dangerous"),
];

fn class_of(word: &str) -> Result<CommandClass, StoreError> {
    let class = CLASSES.iter().find(|(_, known)| *known == word).map(|(class, _)| *class);
    class.ok_or_else(|| StoreError::Damaged {
        what: "a command".to_owned(),
        why: format!("{word:?} is no class of command"),
    })
}

/// Keeps a command to be relayed. Its state must be [`CommandState::Open`].
///
/// # Errors
/// [`StoreError::Conflict`] where the agent has one of this number, or this command is known; [`StoreError::NotFound`] where the
/// practice has no such agent.
pub fn add(tx: &mut WriteTx<'_>, command: &StoredCommand) -> Result<(), StoreError> {
    let agent = "SELECT 1 FROM agent WHERE agent = $1 AND practice = $2 AND revoked_at IS NULL";
    tx.row(agent, values![command.agent, command.practice])?.ok_or(StoreError::NotFound("agent"))?;
    let last = last_counter(tx, command.agent)?;
    if command.counter <= last {
        return Err(StoreError::Conflict(format!(
            "this agent's commands have reached number {last}; sign the command again with a higher one"
        )));
    }
    let class = CLASSES.iter().find(|(class, _)| *class == command.class).map_or("", |(_, word)| word);
    let sql = "INSERT INTO main.command (command, practice, agent, counter, class, verb, reason, signed, not_before, not_after, \
               state, detail, relayed_by, relayed_at, changed_by, changed_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    let values = values![
        command.id,
        command.practice,
        command.agent,
        command.counter,
        class,
        &command.verb,
        &command.reason,
        &command.signed,
        command.not_before,
        command.not_after,
        command.state,
        &command.detail,
        &command.relayed_by,
        command.relayed_at,
        &command.changed_by,
        command.changed_at,
    ];
    tx.execute(sql, values).map(drop)
}

/// The highest number among an agent's commands; 0 if it has had none. The next must be signed with a higher one.
///
/// # Errors
/// What the database says.
pub fn last_counter(tx: &mut Tx<'_>, agent: AgentId) -> Result<u64, StoreError> {
    let last = tx.row("SELECT coalesce(max(counter), 0) FROM command WHERE agent = $1", values![agent])?;
    last.map_or(Ok(0), |row| row.get(0))
}

/// One command.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn get(tx: &mut Tx<'_>, id: CommandId) -> Result<StoredCommand, StoreError> {
    tx.one(&format!("{COMMAND} WHERE command = $1"), values![id], command_of)?
        .ok_or(StoreError::NotFound("command"))
}

/// An agent's mail: open commands after a number that have not run out, by number.
///
/// # Errors
/// What the database says.
pub fn open_after(
    tx: &mut Tx<'_>,
    agent: AgentId,
    counter: u64,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<StoredCommand>, StoreError> {
    let sql = format!(
        "{COMMAND} WHERE agent = $1 AND counter > $2 AND state = 'open' AND not_after > $3 ORDER BY counter LIMIT $4"
    );
    tx.list(&sql, values![agent, counter, now, limit], command_of)
}

/// Commands of an agent that the practice refused and whose time has not run out.
///
/// # Errors
/// What the database says.
pub fn vetoed(tx: &mut Tx<'_>, agent: AgentId, now: Timestamp) -> Result<Vec<CommandId>, StoreError> {
    let sql = "SELECT command FROM command WHERE agent = $1 AND state = 'vetoed' AND not_after > $2 ORDER BY counter";
    tx.list(sql, values![agent, now], |row| row.get(0))
}

/// A page of commands in reach, newest first; of one practice and in one state, where these are given.
///
/// # Errors
/// What the database says.
pub fn list(
    tx: &mut Tx<'_>,
    practice: Option<PracticeId>,
    state: Option<CommandState>,
    before: Option<CommandCursor>,
    limit: u32,
) -> Result<Page<StoredCommand, CommandCursor>, StoreError> {
    let mut filter = Filter::default().equal("practice", practice).equal("state", state);
    if let Some((at, id)) = before {
        filter = filter.and("(relayed_at, command) < (?, ?)", [at.into(), id.into()]);
    }
    let (sql, values) = filter.query(COMMAND, "relayed_at DESC, command DESC", rows_for(limit));
    let found = tx.list(&sql, &values, command_of)?;
    Ok(Page::cut(found, limit, |command| (command.relayed_at, command.id)))
}

/// Writes down what became of a command. What is final stays; whether anything changed.
///
/// # Errors
/// What the database says.
pub fn settle(
    tx: &mut WriteTx<'_>,
    id: CommandId,
    state: CommandState,
    detail: &str,
    who: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE main.command SET state = $1, detail = $2, changed_by = $3, changed_at = $4 \
               WHERE command = $5 AND state IN ('open', 'held') AND state <> $6";
    tx.execute(sql, values![state, detail, who, now, id, state]).map(|changed| changed > 0)
}

/// The practice refuses a command that has not been carried out.
///
/// # Errors
/// [`StoreError::NotFound`]; [`StoreError::Conflict`] where it is too late.
pub fn veto(
    tx: &mut WriteTx<'_>,
    id: CommandId,
    who: &str,
    why: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let state = get(tx, id)?.state;
    if settle(tx, id, CommandState::Vetoed, why, who, now)? {
        return Ok(());
    }
    Err(StoreError::Conflict(format!("this command can no longer be refused: it is {}", state.as_str())))
}

/// Ends open commands whose time ran out; which.
///
/// # Errors
/// What the database says.
pub fn expire(tx: &mut WriteTx<'_>, now: Timestamp) -> Result<Vec<CommandId>, StoreError> {
    let ended = tx.list(
        "SELECT command FROM command WHERE state = 'open' AND not_after <= $1 ORDER BY relayed_at LIMIT 1000",
        values![now],
        |row| row.get(0),
    )?;
    for id in &ended {
        settle(
            tx,
            *id,
            CommandState::Expired,
            "its time ran out before the agent had it",
            "the server",
            now,
        )?;
    }
    Ok(ended)
}

/// How many commands of a class were relayed in reach since a moment, and to how many agents: what the breaker looks at.
///
/// # Errors
/// What the database says.
pub fn burst(tx: &mut Tx<'_>, class: CommandClass, since: Timestamp) -> Result<(u64, u64), StoreError> {
    let word = CLASSES.iter().find(|(known, _)| *known == class).map_or("", |(_, word)| word);
    let sql = "SELECT count(*), count(DISTINCT agent) FROM command WHERE class = $1 AND relayed_at >= $2";
    let row = tx.row(sql, values![word, since])?;
    row.map_or(Ok((0, 0)), |row| Ok((row.get(0)?, row.get(1)?)))
}
