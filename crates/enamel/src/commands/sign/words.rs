//! What a command does, in the words of whoever has to put their name to it.

use enamel_types::{Command, CommandClass, Order, SensorName, Timestamp};
use enamel_wire::message::SignedText;

use crate::terminal::plain;

/// A command, line by line, from its very text.
pub(super) fn command(command: &Command, signed: &SignedText) -> String {
    let class = match command.order.class() {
        CommandClass::Safe => "safe; one operator signs",
        CommandClass::Disruptive => "interrupts work and can be undone; one operator signs",
        CommandClass::Dangerous => {
            "dangerous; two operators sign, it waits for an hour at the computer, and the practice may refuse it"
        }
    };
    let signers: Vec<String> = signed.signatures.iter().map(|signature| plain(&signature.key)).collect();
    format!(
        "{}\n  agent     {}\n  practice  {}\n  why       {}\n  class     {class}\n  valid     {} to {}\n  counter   {}\n  signed    {}",
        order(&command.order),
        command.agent,
        command.practice,
        plain(&command.reason),
        minute(command.not_before),
        minute(command.not_after),
        command.counter,
        if signers.is_empty() {
            "by nobody yet".to_owned()
        } else {
            format!("with key {}", signers.join(", "))
        },
    )
}

/// How many more operators a command needs, if its trust root asks for no more than every command's class does.
pub(super) fn missing(command: &Command, signed: &SignedText) -> usize {
    command.order.class().signatures().saturating_sub(signed.signatures.len())
}

fn order(order: &Order) -> String {
    match order {
        Order::Collect { sensors } if sensors.is_empty() => {
            "Look now with every sensor of the policy; nothing is changed".to_owned()
        }
        Order::Collect { sensors } => {
            let names: Vec<&str> = sensors.iter().copied().map(SensorName::as_str).collect();
            format!("Look now with these sensors: {}; nothing is changed", names.join(", "))
        }
        Order::Snapshot => "Take a snapshot of the practice's data now; nothing is changed".to_owned(),
        Order::Isolate { hours } => format!(
            "Close this computer's network but for the server and name resolution, for {hours} hour{}; then it opens by itself",
            if *hours == 1 { "" } else { "s" }
        ),
        Order::Release => "Open this computer's network again".to_owned(),
        Order::RestoreAside { snapshot } => {
            format!("Restore snapshot {snapshot} into a new folder beside the data; nothing is written over")
        }
        Order::RestoreInPlace { snapshot } => {
            format!("Restore snapshot {snapshot} OVER the practice's data; what was written since is lost")
        }
        Order::Update { version, sha256 } => {
            format!("Replace Enamel on this computer by version {version}, the program with SHA-256 {sha256}")
        }
        Order::Uninstall => "Remove Enamel from this computer; nothing watches it after that".to_owned(),
    }
}

/// A moment to the minute: `2026-11-24 14:05 UTC`.
fn minute(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
