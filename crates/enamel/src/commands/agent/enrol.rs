//! `enamel agent enrol`: this computer comes under the MSP's watch.

use std::path::Path;
use std::sync::Arc;

use enamel_agent::enrol::{EnrolError, Enrolling, enrol};
use enamel_agent::helper::FOLDER;
use enamel_agent::transport::{NotAServer, ServerUrl};
use enamel_agent::{Enrolment, Stamp};
use enamel_types::words::date;
use enamel_wire::signed::TrustRoot;
use enamel_wire::token::{EnrolmentToken, NotAToken};

use crate::cli::Global;
use crate::cli::agent::EnrolArgs;
use crate::edge::{self, SystemClock};
use crate::error::{Error, Outcome};
use crate::session::Session;
use crate::{own_files, terminal};

/// A clock that is further from the server's than this makes evidence misleading, seconds.
const CLOCK_OFF: i64 = 300;

/// What every failure here comes to.
const NOT_DONE: &str = "this computer was not enrolled";

/// Runs the verb.
pub(super) fn run(global: &Global, args: &EnrolArgs) -> Result<Outcome, Error> {
    let server: ServerUrl =
        args.server.parse().map_err(|error: NotAServer| Error::new(NOT_DONE).because(error))?;
    let token: EnrolmentToken =
        args.token.parse().map_err(|error: NotAToken| Error::new(NOT_DONE).because(error))?;
    let session = Session::open(global, None)?;
    edge::give_to_owner_of(&session.data, &session.data.join(own_files::IDENTITY));
    let (name, os) = who_is_this();
    let packaged = Path::new(FOLDER);
    let helper = args.helper_data.as_deref().or_else(|| edge::is_linux_root().then_some(packaged));
    let with = Enrolling {
        data: &session.data,
        server: &server,
        token: &token,
        device: session.device(),
        name,
        os,
        again: args.again,
        helper: helper.filter(|folder| folder.is_dir()),
    };
    let stamp = |enrolment: &Enrolment| Stamp {
        practice: enrolment.practice,
        device: enrolment.device,
        agent: enrolment.agent,
        clock: Arc::new(SystemClock),
        fill: Arc::new(edge::random),
    };
    let done = enrol(&with, session.now(), &stamp).map_err(|error| {
        let help = match &error {
            EnrolError::AlreadyEnrolled { .. } => "run `enamel agent status` to see as whom",
            EnrolError::Transport(_) => {
                "nothing was changed; make a new token in the console if this one is used up"
            }
            EnrolError::WrongAuthority { .. } => {
                "ask the MSP for a token of this very server; nothing was sent to it"
            }
            _ => "nothing was changed; run it again when that is mended",
        };
        Error::new(NOT_DONE).because(error).help(help)
    })?;
    let enrolment = &done.enrolment;
    if global.json {
        terminal::json_line(&serde_json::json!({
            "type": "enrolled",
            "practice": enrolment.practice,
            "practice_name": enrolment.practice_name,
            "agent": enrolment.agent,
            "device": enrolment.device,
            "server": enrolment.server,
            "operators_fingerprint": done.operators.as_ref().map(TrustRoot::fingerprint),
            "certificate_until": enrolment.validity().not_after,
        }))?;
        return Ok(Outcome::Done);
    }
    terminal::text(&format!(
        "This computer is under watch for {}, with {}\nIts certificate is valid until {} and renews itself",
        terminal::plain(&enrolment.practice_name),
        enrolment.server,
        date(enrolment.validity().not_after),
    ))?;
    terminal::text(&match &done.operators {
        Some(root) => format!(
            "It takes commands that the MSP's operators sign, and none that the server makes\nCompare with what `enamel sign root show` \
             prints at the MSP: {}",
            root.fingerprint()
        ),
        None => "It takes no commands: the MSP has no operators' keys yet. Once it has, enrol this computer again with --again".to_owned(),
    })?;
    let off = session.now().duration_since(done.server_time).as_secs();
    if off.abs() > CLOCK_OFF {
        let hint = format!(
            "warning: this computer's clock is {} minutes from the server's; set it right",
            off.abs() / 60
        );
        terminal::hint(false, &hint);
    }
    terminal::hint(
        global.quiet,
        "Next: `enamel agent run --once` looks and sends once; the service keeps on",
    );
    Ok(Outcome::Done)
}

/// The computer's name and system, for people; what it does not say stays empty.
fn who_is_this() -> (String, String) {
    let host = enamel_host::local();
    let inventory = host.inventory().ok().map(|(inventory, _)| inventory);
    let os = host.os().map(|os| os.name).unwrap_or_default();
    (inventory.map(|inventory| inventory.hostname).unwrap_or_default(), os)
}
