//! `enamel sign command`: make a command, or put a name to one.

use std::fmt::Write as _;
use std::path::Path;

use enamel_types::{Clock as _, Command, CommandId, Minter, Order, SensorName, Timestamp};
use enamel_wire::message::SignedText;
use enamel_wire::signed::{Kind, Refusal, command_text, read_command};
use jiff::SignedDuration;

use super::{MAX_DOCUMENT_BYTES, confirm, open_key, read, read_signed, signed_json, words};
use crate::cli::Global;
use crate::cli::sign::{CommandArgs, OrderArg};
use crate::commands::export;
use crate::edge::{self, SystemClock};
use crate::error::{Error, Outcome};
use crate::terminal;

/// How long a command is valid where nobody says, hours.
const USUAL_HOURS: u8 = 8;

/// Runs the verb.
pub(super) fn run(global: &Global, args: &CommandArgs) -> Result<Outcome, Error> {
    let mut signed = if let Some(path) = &args.add {
        read_signed(path)?
    } else if let Some(path) = &args.request {
        requested(path)?
    } else {
        made(args)?
    };
    let subject = args.add.as_deref().or(args.request.as_deref());
    let command = read_command(&signed.text).map_err(|refusal| refused(subject, refusal))?;
    if subject.is_some() {
        if args.order.is_some() {
            return Err(Error::usage(
                "--add and --request sign what a file orders, and here an order was given too",
            ));
        }
        // Not silenced by --quiet: nobody signs what they did not see.
        terminal::hint(false, &words::command(&command, &signed));
        if SystemClock.now() >= command.not_after {
            return Err(refused(subject, Refusal::Expired { not_after: command.not_after }));
        }
        if !args.yes {
            confirm("Sign this?")?;
        }
    }
    let secret = open_key(&args.key)?;
    secret.sign(Kind::Command, &mut signed).map_err(|refusal| refused(subject, refusal))?;

    let out = args.out.as_deref().or(args.add.as_deref()).unwrap_or(Path::new("-"));
    if out == Path::new("-") {
        terminal::json_line(&signed)?;
    } else {
        export::write(out, signed_json(&signed)?.as_bytes())?;
        said(global, &command, &signed, out)?;
    }
    let missing = words::missing(&command, &signed);
    if missing > 0 {
        let file = if out == Path::new("-") { "FILE".into() } else { out.display().to_string() };
        terminal::hint(
            global.quiet,
            &format!(
                "{missing} more operator has to sign it: enamel sign command --key THEIR-KEY --add {file}"
            ),
        );
    }
    Ok(Outcome::Done)
}

/// What was done, where the command itself went into a file.
fn said(global: &Global, command: &Command, signed: &SignedText, out: &Path) -> Result<(), Error> {
    if global.json {
        let signers: Vec<&str> = signed.signatures.iter().map(|signature| signature.key.as_str()).collect();
        return terminal::json_line(&serde_json::json!({
            "type": "command",
            "id": command.id,
            "verb": command.order.verb(),
            "class": command.order.class(),
            "agent": command.agent,
            "practice": command.practice,
            "counter": command.counter,
            "not_after": command.not_after,
            "signed_by": signers,
            "missing": words::missing(command, signed),
            "file": out.display().to_string(),
        }));
    }
    terminal::text(&format!("{}\nWritten to {}", words::command(command, signed), out.display()))
}

/// A command that the operator orders here and now.
fn made(args: &CommandArgs) -> Result<SignedText, Error> {
    let (Some(order), Some(agent), Some(practice), Some(counter), Some(reason)) =
        (&args.order, args.agent, args.practice, args.counter, &args.reason)
    else {
        return Err(Error::usage("there is nothing to order")
            .help("say what the agent is to do: collect, snapshot, isolate, release, restore-aside, restore-in-place, update or uninstall"));
    };
    // To the second: that is what people are shown, and it is what they sign.
    let now = SystemClock.now();
    let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let hours = args.valid_hours.unwrap_or(USUAL_HOURS);
    let not_after = now.checked_add(SignedDuration::from_hours(hours.into())).map_err(|error| {
        Error::new("the command has no end").because(error).help("set this computer's clock right")
    })?;
    let mut nonce = [0; 16];
    edge::random(&mut nonce);
    let mut hex = String::new();
    for byte in nonce {
        let _ = write!(hex, "{byte:02x}"); // writing to a String cannot fail
    }
    let command = Command {
        id: CommandId::from_uuid(Minter::new(&mut edge::random).uuid(now)),
        practice,
        agent,
        counter,
        nonce: hex,
        not_before: now,
        not_after,
        reason: reason.trim().to_owned(),
        order: order.into(),
    };
    command_text(&command).map_err(|refusal| refused(None, refusal))
}

/// A command that the console asks for: as a document to sign, or as the command alone, however that is laid out; its text is
/// written anew then.
fn requested(path: &Path) -> Result<SignedText, Error> {
    let text = read(path, MAX_DOCUMENT_BYTES)?;
    if let Ok(document) = serde_json::from_str::<SignedText>(&text) {
        return Ok(document);
    }
    let command: Command = serde_json::from_str(&text).map_err(|error| {
        Error::new(format!("{} is not a request for a command", path.display()))
            .because(error)
            .help("give the file as the console gave it")
    })?;
    command_text(&command).map_err(|refusal| refused(Some(path), refusal))
}

fn refused(path: Option<&Path>, refusal: Refusal) -> Error {
    let what = path.map_or_else(|| "the command".to_owned(), |path| path.display().to_string());
    let help = match refusal {
        Refusal::SameOperatorTwice { .. } => "another operator has to sign, with another key",
        Refusal::OutOfBounds { .. } | Refusal::ValidTooLong => "mend that, and sign again",
        _ => "ask whoever gave it to you for a new one",
    };
    Error::new(format!("{what} was not signed")).because(refusal).help(help)
}

impl From<&OrderArg> for Order {
    fn from(order: &OrderArg) -> Self {
        match order.clone() {
            OrderArg::Collect { sensors } => {
                let mut sensors: Vec<SensorName> = sensors.into_iter().map(SensorName::from).collect();
                sensors.sort_unstable();
                sensors.dedup();
                Self::Collect { sensors }
            }
            OrderArg::Snapshot => Self::Snapshot,
            OrderArg::Isolate { hours } => Self::Isolate { hours },
            OrderArg::Release => Self::Release,
            OrderArg::RestoreAside { snapshot } => Self::RestoreAside { snapshot },
            OrderArg::RestoreInPlace { snapshot } => Self::RestoreInPlace { snapshot },
            OrderArg::Update { version, sha256 } => Self::Update { version, sha256 },
            OrderArg::Uninstall => Self::Uninstall,
        }
    }
}
