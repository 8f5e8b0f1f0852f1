//! `enamel agent run`: watches this computer until it is stopped, or once.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use enamel_agent::helper::SOCKET;
use enamel_agent::run::{Agent, AgentError, MakeSensor, Once, Pace, Settings};
use enamel_types::words::counted;
use enamel_types::{Policy, SensorName};

use crate::cli::Global;
use crate::cli::agent::RunArgs;
use crate::edge::{self, SystemClock};
use crate::error::{Error, Outcome};
use crate::session::data_dir;
use crate::terminal::{self, plain};

/// Runs the verb.
pub(super) fn run(global: &Global, args: &RunArgs) -> Result<Outcome, Error> {
    let data = data_dir(global)?;
    let quiet = global.quiet && args.once;
    let settings = Settings {
        sensor: sensors(global, args, &data)?,
        data,
        clock: Arc::new(SystemClock),
        fill: Arc::new(edge::random),
        zone: jiff::tz::TimeZone::system(),
        helper: args.helper.clone().unwrap_or_else(|| PathBuf::from(SOCKET)),
        pace: Pace::default(),
        say: Arc::new(move |line: &str| terminal::hint(quiet, line)),
    };
    let agent = Agent::open(settings).map_err(|error| {
        let help = match &error {
            AgentError::Spool(_) => "only one agent at a time has a data directory: stop the service for a run by hand",
            AgentError::Identity(_) => "run it as the user who owns the data directory, or name another with --data DIR",
            AgentError::File(_) => "run it as the user who owns the data directory; restore a damaged file from a backup, or enrol again",
        };
        Error::new("the agent could not start").because(error).help(help)
    })?;
    let agent = Arc::new(agent);
    let bell = agent.bell();
    // Without a handler the process simply dies, which the spool survives too; only it is slower to say so.
    let _ = ctrlc::set_handler(move || bell.stop());
    if args.once {
        return report(global, &agent.once());
    }
    agent.run();
    Ok(Outcome::Done)
}

/// How a sensor is run: this same program, so that what it needs is given back when it ends.
fn sensors(global: &Global, args: &RunArgs, data: &Path) -> Result<MakeSensor, Error> {
    let program = std::env::current_exe().map_err(|error| {
        Error::new("this program does not find itself").because(error).help("run it by its whole path")
    })?;
    let (data, content, look_in) = (data.to_owned(), global.content.clone(), args.look_in.clone());
    Ok(Arc::new(move |sensor: SensorName, policy: &Policy| {
        let mut command = Command::new(&program);
        command.args(["agent", "sensor", sensor.as_str(), "--quiet", "--data"]).arg(&data);
        if let Some(content) = &content {
            command.arg("--content").arg(content);
        }
        if sensor == SensorName::Phi {
            for folder in &look_in {
                command.arg("--look-in").arg(folder);
            }
            for folder in &policy.folders {
                command.arg("--folder").arg(folder);
            }
        }
        edge::run_when_idle(&mut command);
        command
    }))
}

/// What one round did, in plain words.
fn report(global: &Global, once: &Once) -> Result<Outcome, Error> {
    if global.json {
        let looked: Vec<_> = once
            .looked
            .iter()
            .map(|(sensor, seen)| {
                serde_json::json!({
                    "sensor": sensor,
                    "observations": seen.as_ref().ok(),
                    "failed": seen.as_ref().err(),
                })
            })
            .collect();
        terminal::json_line(&serde_json::json!({
            "type": "agent_round",
            "looked": looked,
            "sent": once.sent,
            "waiting": once.spool.waiting,
            "not_sent": once.not_sent,
            "no_mail": once.no_mail,
        }))?;
    } else {
        for (sensor, seen) in &once.looked {
            terminal::text(&match seen {
                Ok(count) => {
                    format!("{}: {}", words(*sensor), counted(*count as u64, "statement", "statements"))
                }
                Err(why) => format!("{}: no answer, because {}", words(*sensor), plain(why)),
            })?;
        }
        terminal::text(&format!("Sent: {}", counted(once.sent, "observation", "observations")))?;
        if let Some(why) = &once.not_sent {
            let waiting = counted(once.spool.waiting, "observation waits", "observations wait");
            terminal::text(&format!("Not everything arrived, {waiting}: {}", plain(why)))?;
        }
        match &once.no_mail {
            None => terminal::text("Mail: read")?,
            Some(why) if once.not_sent.is_none() => {
                terminal::text(&format!("Mail: not read: {}", plain(why)))?;
            }
            Some(_) => {}
        }
    }
    Ok(if once.is_whole() { Outcome::Done } else { Outcome::NotWhole })
}

/// What a sensor looks at.
pub(super) const fn words(sensor: SensorName) -> &'static str {
    match sensor {
        SensorName::Inventory => "What this computer is",
        SensorName::Host => "How it is set up",
        SensorName::Software => "What is installed",
        SensorName::Phi => "Where patient data lies",
    }
}
