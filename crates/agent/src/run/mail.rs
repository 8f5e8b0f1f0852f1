//! The thread that talks with the server: policy, trust roots, commands. What mail says is what should be; it is compared with what is.

use std::time::{Duration, Instant};

use enamel_types::command::CommandOutcome;
use enamel_types::{AgentEvent, CommandId, CommandReceipt, Order, Policy};
use enamel_wire::message::{Health, MAX_MAIL, Mail, Poll, ProblemCode};
use enamel_wire::signed::TrustRoot;

use super::Agent;
use crate::bell::Collect;
use crate::commands::{Act, Verdict, receipt};
use crate::helper::{self, Request};
use crate::transport::TransportError;
use crate::uplink::chain_of;
use crate::{desired, lock, trust};

/// A server that answers sooner than this has something to say; if it had not, it is not asked again at once.
const AT_ONCE: Duration = Duration::from_secs(1);

impl Agent {
    /// Talks until the agent ends.
    pub(super) fn keep_talking(&self) {
        self.bell.pause(self.part_of(self.settings.pace.reconnect));
        let mut failures = 0;
        while !self.bell.stopping() {
            self.renew(false);
            // Also while the server is away: a held command's hour runs, and the practice may refuse it here.
            self.look_at_held(&[]);
            let asked = Instant::now();
            match self.fetch(self.settings.pace.poll_seconds) {
                Ok(news) => {
                    failures = 0;
                    if !news && asked.elapsed() < AT_ONCE {
                        self.bell.pause(self.settings.pace.retry + self.part_of(self.settings.pace.retry));
                    }
                }
                Err(error) => {
                    failures += 1;
                    let retry_after = match &error {
                        TransportError::Refused { retry_after, .. } => *retry_after,
                        _ => None,
                    };
                    if error.code() == Some(ProblemCode::Expired) && self.renew(true) {
                        continue;
                    }
                    self.trouble(&format!("The server gave no mail: {}", chain_of(&error)));
                    self.write_status();
                    self.bell.pause(self.pause_after(failures, retry_after));
                }
            }
        }
    }

    /// Fetches mail and does what it asks for; says whether it asked for anything.
    pub(super) fn fetch(&self, wait: u32) -> Result<bool, TransportError> {
        let poll = self.poll(wait);
        let mail = self.client().mail(&poll)?;
        self.contact();
        let ahead = self.settings.clock.now().duration_since(mail.server_time).as_secs();
        lock(&self.status).clock_ahead_seconds = ahead;
        if mail.acked_through > lock(&self.spool).counts().map_or(u64::MAX, |counts| counts.head) {
            self.fork(mail.acked_through);
        }
        let news = self.apply(&mail);
        self.write_status();
        Ok(news)
    }

    fn poll(&self, wait: u32) -> Poll {
        let counts = lock(&self.spool).counts().unwrap_or_default();
        let (isolated_until, helper) = self.ask_helper();
        let failing = lock(&self.runs).failing().map(|sensor| sensor.as_str().to_owned()).collect();
        Poll {
            wait,
            policy_version: lock(&self.policy).version,
            trust_root_version: self.root().map_or(0, |root| root.version()),
            command_counter: lock(&self.commands).counter(),
            agent_seq: counts.head,
            health: Health {
                version: crate::VERSION.to_owned(),
                spooled: counts.waiting,
                dropped: counts.dropped,
                failing,
                isolated_until,
                helper,
                resident_bytes: super::status::resident_bytes(),
                time: Some(self.settings.clock.now()),
            },
        }
    }

    fn apply(&self, mail: &Mail) -> bool {
        let version = lock(&self.policy).version;
        let mut news = mail.policy.as_ref().is_some_and(|policy| policy.version != version);
        if let Some(policy) = mail.policy.as_ref().filter(|_| news) {
            self.take_over(policy);
        }
        if !mail.trust_roots.is_empty() {
            news |= self.follow(mail);
        }
        self.look_at_held(&mail.vetoed);
        let root = self.root();
        for signed in mail.commands.iter().take(MAX_MAIL) {
            let verdict = lock(&self.commands).take(signed, root.as_ref(), self.settings.clock.now());
            match verdict {
                Ok(verdict) => news |= self.carry_out(verdict),
                Err(error) => self.trouble(&format!("A command could not be taken: {}", chain_of(&error))),
            }
        }
        news
    }

    fn take_over(&self, policy: &Policy) {
        match desired::keep(&self.folder, policy) {
            Ok(kept) => {
                self.say(&format!("The policy is now version {}", kept.version));
                *lock(&self.policy) = kept;
                self.bell.ring(|rung| rung.new_policy = true);
            }
            Err(error) => self.trouble(&format!("The policy could not be kept: {}", chain_of(&error))),
        }
    }

    fn follow(&self, mail: &Mail) -> bool {
        let before = self.root().map_or(0, |root| root.version());
        match trust::follow(&self.folder, &mail.trust_roots) {
            Ok((root, refusal)) => {
                if let Some(refusal) = refusal {
                    self.trouble(&format!("A new list of operators was refused: {refusal}"));
                }
                let version = root.map_or(0, |root| root.version());
                if version > before {
                    self.say(&format!("The operators of version {version} are obeyed from now on"));
                    self.note(AgentEvent::TrustRootChanged { version });
                }
                version > before
            }
            Err(error) => {
                self.trouble(&chain_of(&error));
                false
            }
        }
    }

    /// The trust root in force. One that cannot be read is none: then no command counts.
    fn root(&self) -> Option<TrustRoot> {
        trust::pinned(&self.folder).unwrap_or_else(|error| {
            self.trouble(&chain_of(&error));
            None
        })
    }

    fn look_at_held(&self, vetoed: &[CommandId]) {
        if lock(&self.commands).held().is_empty() {
            return;
        }
        let root = self.root();
        let ripe = lock(&self.commands).ripe(root.as_ref(), vetoed, self.settings.clock.now());
        match ripe {
            Ok(verdicts) => {
                for verdict in verdicts {
                    self.carry_out(verdict);
                }
            }
            Err(error) => {
                self.trouble(&format!("The held commands could not be looked at: {}", chain_of(&error)));
            }
        }
    }

    /// Does what a verdict says; whether it said anything.
    fn carry_out(&self, verdict: Verdict) -> bool {
        match verdict {
            Verdict::Nothing => return false,
            Verdict::Tell(receipt) => self.tell(receipt),
            Verdict::Act(act) => self.act(&act),
        }
        true
    }

    fn act(&self, act: &Act) {
        let command = act.command.command();
        let (id, verb) = (command.id, command.order.verb());
        let cannot =
            |what: &str| receipt(id, verb, CommandOutcome::Failed, &format!("this version cannot {what}"));
        let done = match &command.order {
            Order::Collect { sensors } => {
                let collect = Collect { command: id, sensors: sensors.clone() };
                return self.bell.ring(|rung| rung.collects.push_back(collect));
            }
            Order::Isolate { .. } | Order::Release => {
                match helper::ask(&self.settings.helper, &Request::Obey { command: act.signed.clone() }) {
                    Ok(answer) if answer.done => receipt(id, verb, CommandOutcome::Done, &answer.detail),
                    Ok(answer) => receipt(id, verb, CommandOutcome::Failed, &answer.detail),
                    Err(why) => receipt(id, verb, CommandOutcome::Failed, &why),
                }
            }
            Order::Snapshot => cannot("take snapshots"),
            Order::RestoreAside { .. } | Order::RestoreInPlace { .. } => cannot("restore snapshots"),
            Order::Update { .. } => cannot("update itself; install the new package"),
            Order::Uninstall => cannot("remove itself; remove the package"),
        };
        self.finish(done);
    }

    /// A command is over: told first, forgotten then.
    pub(super) fn finish(&self, receipt: CommandReceipt) {
        let id = receipt.command;
        self.tell(receipt);
        if let Err(error) = lock(&self.commands).done(id) {
            self.trouble(&chain_of(&error));
        }
    }

    /// How the helper is; it is brought up to the agent's trust root where it is behind.
    ///
    /// An agent that knows no operators has nothing for it to do, and nobody has introduced them.
    fn ask_helper(&self) -> (Option<enamel_types::Timestamp>, bool) {
        let Some(root) = self.root() else { return (None, false) };
        let answer = helper::ask(&self.settings.helper, &Request::Status);
        let (until, there) = match &answer {
            Ok(answer) => (answer.isolated_until, true),
            Err(_) => (None, false),
        };
        if let Ok(answer) = answer
            && root.version() > answer.trust_root_version
            && let Ok(roots) = trust::history(&self.folder)
            && let Err(why) = helper::ask(&self.settings.helper, &Request::Follow { roots })
        {
            self.trouble(&why);
        }
        let mut status = lock(&self.status);
        (status.isolated_until, status.helper) = (until, there);
        (until, there)
    }
}
