//! What was said and ordered at a demo practice, beside what sensors saw: statements about controls, accepted risks, what agents
//! tell of themselves, what became of commands.

use enamel_types::agent_event::{AgentEvent, Lane};
use enamel_types::command::{CommandOutcome, CommandReceipt};
use enamel_types::control::{Attestation, Statement};
use enamel_types::{Body, CommandId, FindingId, Minter, RiskAcceptance, RuleId, SensorName, Timestamp};
use jiff::SignedDuration;

use super::content::Content;
use super::dice::Dice;
use super::faults::days;
use super::plan::{Computer, ComputerKind, Practice, Story};

/// An observation but for its place in the chain.
pub(super) struct Said {
    /// On which of the practice's computers.
    pub(super) computer: usize,
    pub(super) at: Timestamp,
    /// After this it no longer counts.
    pub(super) valid_until: Timestamp,
    pub(super) sensor: &'static str,
    pub(super) scope: String,
    pub(super) body: Body,
}

/// Everything that was said at one practice until `now`, in no order.
pub(super) fn all(content: &Content, practice: &Practice, now: Timestamp) -> Vec<Said> {
    let mut said = Vec::new();
    if !practice.computers.is_empty() {
        said.extend(statements(content, practice, now));
        said.extend(acceptances(practice, now));
        said.extend(agents(practice, now));
        said.extend(receipts(practice, now));
    }
    let end = practice.offboarded_at.unwrap_or(now);
    said.retain(|said| said.at <= end && said.at >= practice.computers[said.computer].enrolled_at);
    said
}

/// What the office manager stated, once a year; a careless one leaves some out or lets them run out.
fn statements<'a>(
    content: &'a Content,
    practice: &'a Practice,
    now: Timestamp,
) -> impl Iterator<Item = Said> + 'a {
    let mut dice = practice.dice.named("statements");
    let person = format!("{}, office manager", practice.manager.name);
    let made = dice.share();
    content.statements.iter().filter_map(move |row| {
        let (given, age) = match practice.story {
            Story::Bad => (dice.chance(0.25), 200.0 + 120.0 * made),
            Story::Weak | Story::Offboarded => (dice.chance(0.6), 30.0 + 280.0 * dice.share()),
            _ => (true, 20.0 + 240.0 * made + dice.share()),
        };
        let declined = row.declined.as_ref().filter(|_| given && dice.chance(0.3));
        let statement = match (given, declined) {
            (true, Some(_)) => Statement::NotReasonable,
            (true, None) => Statement::Implemented,
            // Who owns up to it helps the plan; others say nothing.
            (false, _) if dice.chance(0.3) => Statement::NotImplemented,
            (false, _) => return None,
        };
        let reason = match statement {
            Statement::NotImplemented => "It is not done yet; it is planned for the next quarter".to_owned(),
            _ => declined.unwrap_or(&row.reason).clone(),
        };
        let at = (now - days(age)).max(practice.enrolled_at + days(3.0));
        // A good office looks at each again after a year, others ask for half a year.
        let expires_at = at + days(if practice.story == Story::Weak { 180.0 } else { 365.0 });
        let control = row.control.clone();
        let scope = format!("attest:{control}");
        let person = person.clone();
        let body = Body::Attestation(Attestation { control, statement, reason, person, expires_at });
        Some(Said { computer: 0, at, valid_until: expires_at, sensor: "attest", scope, body })
    })
}

/// X-ray computers that their makers do not let anybody update: fenced off, and the risk accepted until a day.
fn acceptances(practice: &Practice, now: Timestamp) -> Vec<Said> {
    let mut said = Vec::new();
    let Ok(rule) = RuleId::new("eol.os") else { return said };
    for (index, computer) in practice.computers.iter().enumerate() {
        let old = computer.system(now).is_some_and(|os| {
            os.product == "windows" && !os.version.starts_with("10.0.26") && os.edition == "Professional"
        });
        let mut dice = computer.dice.named("accepted");
        if computer.kind != ComputerKind::Imaging || !old || practice.story == Story::Bad || dice.chance(0.2)
        {
            continue;
        }
        // One in four was for a year that is over.
        let age = if dice.chance(0.25) { 190.0 } else { 20.0 + dice.share() * 120.0 };
        let at = (now - days(age)).max(computer.enrolled_at + days(9.0));
        let expires_at = at + days(180.0);
        let finding = FindingId::derive(computer.device, &rule, "");
        let body = Body::RiskAcceptance(RiskAcceptance {
            finding,
            reason:
                "The maker of the X-ray unit supports no newer Windows; a new unit is in next year's budget"
                    .to_owned(),
            compensating:
                "It has a network of its own without internet and mail, and reaches only the image server"
                    .to_owned(),
            person: format!("{}, office manager", practice.manager.name),
            expires_at,
        });
        let scope = format!("accept:{finding}");
        said.push(Said { computer: index, at, valid_until: expires_at, sensor: "accept", scope, body });
    }
    said
}

/// What agents tell of themselves.
fn agents(practice: &Practice, now: Timestamp) -> Vec<Said> {
    let mut said = Vec::new();
    for (index, computer) in practice.computers.iter().enumerate() {
        let mut dice = computer.dice.named("events");
        let mut tell = |at: Timestamp, scope: &str, event| {
            said.push(Said {
                computer: index,
                at,
                valid_until: at + SignedDuration::from_hours(7 * 24),
                sensor: "agent",
                scope: scope.to_owned(),
                body: Body::AgentEvent(event),
            });
        };
        let version = env!("CARGO_PKG_VERSION").to_owned();
        tell(computer.enrolled_at, "agent:enrolled", AgentEvent::Enrolled { version });
        if practice.enrolled_at < now - days(140.0) {
            let event = AgentEvent::TrustRootChanged { version: 2 };
            tell(now - days(140.0) + hour(&mut dice), "agent:trust-root", event);
        }
        if dice.chance(0.02) {
            let event = AgentEvent::SensorFailed {
                sensor: SensorName::Phi,
                why: "it used more memory than it may, and was stopped".to_owned(),
            };
            tell(now - days(1.0 + 200.0 * dice.share()), "agent:sensor", event);
        }
        if practice.story == Story::Silent && computer.kind == ComputerKind::Operatory && dice.chance(0.3) {
            let event = AgentEvent::SpoolDropped { lane: Lane::Metrics, observations: dice.between(40, 900) };
            tell(now - days(40.0), "agent:spool", event);
        }
    }
    said
}

/// What became of operators' commands.
fn receipts(practice: &Practice, now: Timestamp) -> Vec<Said> {
    let mut said = Vec::new();
    let mut dice = practice.dice.named("commands");
    let mut receipt =
        |computer: &Computer, index: usize, at: Timestamp, verb: &str, outcome, detail: &str| {
            let mut fill = |bytes: &mut [u8]| computer.dice.named(verb).fill(bytes);
            let command = CommandId::from_uuid(Minter::new(&mut fill).uuid(at - days(0.02)));
            said.push(Said {
                computer: index,
                at,
                valid_until: at + SignedDuration::from_hours(7 * 24),
                sensor: "agent",
                scope: format!("command:{command}"),
                body: Body::CommandReceipt(CommandReceipt {
                    command,
                    verb: verb.to_owned(),
                    outcome,
                    detail: detail.to_owned(),
                }),
            });
        };
    for (index, computer) in practice.computers.iter().enumerate() {
        match (practice.story, computer.kind) {
            (Story::Incident, ComputerKind::Manager) => {
                let began = now - days(211.0);
                receipt(
                    computer,
                    index,
                    began,
                    "isolate",
                    CommandOutcome::Done,
                    "The network is closed but for the server and name resolution; it opens by itself after 24 hours",
                );
                receipt(
                    computer,
                    index,
                    began + days(0.9),
                    "collect",
                    CommandOutcome::Done,
                    "All four sensors ran",
                );
                receipt(
                    computer,
                    index,
                    began + days(2.0),
                    "release",
                    CommandOutcome::Done,
                    "The network is open again",
                );
            }
            (Story::Fine, ComputerKind::Server) if dice.chance(0.25) => {
                let at = now - days(3.0 + 90.0 * dice.share());
                receipt(
                    computer,
                    index,
                    at,
                    "update",
                    CommandOutcome::Vetoed,
                    "The practice refused it while it was held: patients are booked until six",
                );
                receipt(
                    computer,
                    index,
                    at + days(1.2),
                    "update",
                    CommandOutcome::Done,
                    "The new version runs",
                );
            }
            (Story::Weak, ComputerKind::FrontDesk) if dice.chance(0.3) => {
                let at = now - days(2.0 + 60.0 * dice.share());
                receipt(computer, index, at, "collect", CommandOutcome::Done, "All four sensors ran");
            }
            (Story::Trouble, ComputerKind::Manager) => {
                receipt(
                    computer,
                    index,
                    now - days(0.7),
                    "collect",
                    CommandOutcome::Refused,
                    "The signature is by a key that is not in the trust root",
                );
            }
            _ => {}
        }
    }
    said
}

fn hour(dice: &mut Dice) -> SignedDuration {
    SignedDuration::from_secs(dice.between(0, 3_600).cast_signed())
}
