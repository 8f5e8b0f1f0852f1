//! `enamel agent status`: who this computer is to the MSP, what waits to be sent, and what is held.

use std::fmt::Write as _;
use std::path::Path;

use enamel_agent::Enrolment;
use enamel_agent::commands::held;
use enamel_agent::run::Status;
use enamel_types::words::{bytes, counted, date};
use enamel_types::{CommandId, SensorName, Timestamp};
use jiff::SignedDuration;

use super::run::words;
use crate::cli::Global;
use crate::edge::SystemClock;
use crate::error::{Error, Outcome};
use crate::session::data_dir;
use crate::terminal::{self, plain, plain_lines};

/// An agent that has said nothing for so long does not run: it says something at every poll, and between tries.
const SILENT: SignedDuration = SignedDuration::from_mins(15);

/// Runs the verb.
pub(super) fn run(global: &Global) -> Result<Outcome, Error> {
    let data = data_dir(global)?;
    let enrolment = Enrolment::load(&data).map_err(|error| unreadable(&data, error))?;
    let Some(enrolment) = enrolment else {
        if global.json {
            terminal::json_line(&serde_json::json!({ "type": "agent_status", "enrolled": false }))?;
        } else {
            terminal::text("This computer is not enrolled")?;
        }
        return Ok(Outcome::Done);
    };
    let status = Status::load(&data).map_err(|error| unreadable(&data, error))?;
    let now = enamel_types::Clock::now(&SystemClock);
    let running =
        status.as_ref().is_some_and(|status| status.running && now.duration_since(status.at) < SILENT);
    let held = held::shown(&data);
    if global.json {
        terminal::json_line(&serde_json::json!({
            "type": "agent_status",
            "enrolled": true,
            "practice": enrolment.practice,
            "practice_name": enrolment.practice_name,
            "server": enrolment.server,
            "agent": enrolment.agent,
            "device": enrolment.device,
            "enrolled_at": enrolment.enrolled_at,
            "certificate_until": enrolment.validity().not_after,
            "running": running,
            "status": status,
            "held": held.iter().map(|(id, _)| id).collect::<Vec<_>>(),
        }))?;
    } else {
        terminal::text(&for_people(&enrolment, status.as_ref(), running, &held))?;
    }
    Ok(Outcome::Done)
}

fn unreadable(data: &Path, error: impl std::error::Error) -> Error {
    Error::new(format!("the agent's state in {} could not be read", data.display()))
        .because(error)
        .help("run this as an administrator, or name another data directory with --data DIR")
}

fn for_people(
    enrolment: &Enrolment,
    status: Option<&Status>,
    running: bool,
    held: &[(CommandId, String)],
) -> String {
    let mut text = format!(
        "Practice      {}, since {}\nServer        {}\nAgent         {}\nComputer      {}\nCertificate   valid until {}",
        plain(&enrolment.practice_name),
        date(enrolment.enrolled_at),
        enrolment.server,
        enrolment.agent,
        enrolment.device,
        date(enrolment.validity().not_after),
    );
    let Some(status) = status else {
        text += "\nThe agent has not run yet; `enamel agent run --once` looks and sends once";
        return text;
    };
    let mut line = |name: &str, what: &str| {
        let _ = write!(text, "\n{name:<14}{what}");
    };
    line(
        "Runs",
        &if running {
            format!("yes, process {}, {} of memory", status.pid, bytes(status.resident_bytes))
        } else {
            format!("no; it last said something at {}", moment(status.at))
        },
    );
    line("Last contact", &status.last_contact.map_or_else(|| "never".to_owned(), moment));
    line(
        "Waits",
        &format!(
            "{} ({})",
            counted(status.spool.waiting, "observation", "observations"),
            bytes(status.spool.bytes)
        ),
    );
    line("Sent", &format!("through number {} of {}", status.spool.acked, status.spool.head));
    if status.spool.dropped > 0 {
        line(
            "Dropped",
            &counted(
                status.spool.dropped,
                "observation, because the spool was full",
                "observations, because the spool was full",
            ),
        );
    }
    for sensor in SensorName::ALL {
        let ran = status.runs.last(sensor).map_or_else(
            || "not yet".to_owned(),
            |run| match &run.failed {
                None => moment(run.at),
                Some(why) => format!("failed at {}: {}", moment(run.at), plain(why)),
            },
        );
        line("Looked", &format!("{}: {ran}", words(sensor)));
    }
    line(
        "Commands",
        &match status.trust_root_version {
            0 => "none are taken: the MSP had no operators' keys when this computer was enrolled".to_owned(),
            version => format!("of the operators of version {version}"),
        },
    );
    line(
        "Network",
        &match (status.isolated_until, status.helper) {
            (Some(until), _) => format!("closed until {}", moment(until)),
            (None, true) => "open; it can be closed".to_owned(),
            (None, false) => "open; it cannot be closed, the helper does not answer".to_owned(),
        },
    );
    if status.clock_ahead_seconds.abs() > 300 {
        line(
            "Clock",
            &format!("{} minutes from the server's; set it right", status.clock_ahead_seconds.abs() / 60),
        );
    }
    if let Some(trouble) = &status.trouble {
        line("Trouble", &plain(trouble));
    }
    for (id, notice) in held {
        let _ = write!(text, "\n\nHeld command {id}\n{}", plain_lines(notice.trim_end()));
    }
    text
}

/// A moment as UTC, to the second: `2026-11-24 14:03:00 UTC`.
fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}
