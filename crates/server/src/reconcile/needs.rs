//! What needs a human at one practice, and what it is worth to do it.
//!
//! The order of *Today* is expected loss cut per minute of work. For a weakness both come from the risk model. For what makes a
//! practice blind (a silent agent, old evidence) the model has no figure: there it is the part of the practice's yearly loss that
//! would go unseen, a computer's even share or all of it, over the minutes of [`Cause::minutes`].

use std::collections::{BTreeMap, BTreeSet};

use enamel_assess::Fresh;
use enamel_ledger::PracticeView;
use enamel_risk::SideBySide;
use enamel_store::agents::Agent;
use enamel_types::control::ControlState;
use enamel_types::risk::RiskFigures;
use enamel_types::{AgentId, ControlId, DeviceId, Finding, Minutes, RuleId, Severity, Timestamp, Usd};
use jiff::SignedDuration;

use super::cause::{Cause, Need};
use super::state::PracticeState;

/// So long before something ends somebody is told.
const AHEAD: SignedDuration = SignedDuration::from_hours(14 * 24);

/// The safeguard that asks for backups.
const BACKUPS: &str = "164.308(a)(7)(ii)(A)";

/// Savings below this are no reason to send anybody, dollars a year.
const WORTH_A_VISIT: f64 = 1.0;

/// Everything that needs are computed from.
pub(crate) struct Grounds<'a> {
    pub(crate) state: &'a PracticeState,
    pub(crate) view: &'a PracticeView,
    pub(crate) fresh: &'a Fresh<'a>,
    pub(crate) figures: &'a RiskFigures,
    pub(crate) controls: &'a [SideBySide],
    /// Evidence that was dropped lately, and when.
    pub(crate) dropped: &'a [(Cause, Timestamp)],
    /// Silent agents, and when they were last heard of.
    pub(crate) silent: &'a BTreeMap<AgentId, Timestamp>,
    pub(crate) now: Timestamp,
}

/// What needs a human, most worth first.
pub(crate) fn needs(grounds: &Grounds<'_>) -> Vec<Need> {
    let mut needs = grounds.weaknesses();
    needs.extend(grounds.state.agents.iter().flat_map(|agent| grounds.of_agent(agent)));
    needs.extend(grounds.dropped.iter().filter_map(|(cause, at)| grounds.dropped(cause, *at)));
    needs.extend(grounds.commands());
    needs.extend(grounds.acceptances());
    needs.extend(grounds.of_practice());
    needs.sort_by(|a, b| b.worth.total_cmp(&a.worth).then_with(|| a.cause.key().cmp(&b.cause.key())));
    needs
}

impl Grounds<'_> {
    /// Open findings that nobody accepted, by rule, with what the model says of the fix.
    fn weaknesses(&self) -> Vec<Need> {
        let mut by_rule: BTreeMap<RuleId, Vec<Finding>> = BTreeMap::new();
        for finding in self.fresh.open_findings(self.view) {
            if self.view.accepted(finding.id, self.now).is_none() {
                by_rule.entry(finding.rule.clone()).or_default().push(finding);
            }
        }
        by_rule
            .into_iter()
            .filter_map(|(rule, findings)| {
                let fix = self.figures.fixes.iter().find(|fix| fix.id == rule);
                let worst = findings.iter().max_by_key(|finding| finding.severity)?;
                // Of a fix that closes accepted findings too, only the part that is left is worth something.
                let part = fix.map_or(1.0, |fix| findings.len() as f64 / fix.findings.len().max(1) as f64);
                let saves = fix.map_or(0.0, |fix| fix.saves_mean.0 * part.min(1.0));
                if saves < WORTH_A_VISIT && worst.severity < Severity::High {
                    return None;
                }
                let minutes: u32 = findings.iter().map(|finding| finding.fix.minutes.0).sum();
                let computers: BTreeSet<DeviceId> = findings.iter().map(|finding| finding.device).collect();
                let cause = Cause::Weakness {
                    title: without_subject(&worst.title, &worst.subject),
                    action: without_subject(&worst.fix.action, &worst.subject),
                    computers: computers.len() as u64,
                    minutes: Minutes(minutes),
                    saves: Usd(saves),
                    rule,
                };
                let since = findings.iter().filter_map(|finding| self.first_seen(finding)).min();
                Some(Need {
                    worth: saves / f64::from(minutes.max(1)),
                    severity: worst.severity,
                    device: (computers.len() == 1).then_some(worst.device),
                    since: since.unwrap_or(self.now),
                    cause,
                })
            })
            .collect()
    }

    fn first_seen(&self, finding: &Finding) -> Option<Timestamp> {
        self.view.findings().get(&finding.id).map(|record| record.first_seen)
    }

    fn of_agent(&self, agent: &Agent) -> Vec<Need> {
        let (id, computer) = (agent.id, agent.name.clone());
        let mut needs = Vec::new();
        if let Some(heard) = self.silent.get(&id) {
            let cause = Cause::Silent { agent: id, computer: computer.clone() };
            needs.push(self.blind(cause, Severity::Medium, agent.device, *heard));
        }
        if let Some(at) = agent.cloned_at {
            let cause = Cause::Fork { agent: id, computer: computer.clone() };
            needs.push(self.blind(cause, Severity::High, agent.device, at));
        }
        if agent.certificate_end.duration_since(self.now) < AHEAD {
            let until = agent.certificate_end;
            let since = until.saturating_sub(AHEAD).unwrap_or(until);
            let cause = Cause::CertificateEnds { agent: id, computer, until };
            needs.push(self.blind(cause, Severity::Medium, agent.device, since));
        }
        needs
    }

    fn dropped(&self, cause: &Cause, at: Timestamp) -> Option<Need> {
        let Cause::Dropped { agent, .. } = cause else { return None };
        let agent = self.state.agents.iter().find(|known| known.id == *agent)?;
        Some(self.blind(cause.clone(), Severity::High, agent.device, at))
    }

    /// A need that is worth what one computer hides.
    fn blind(&self, cause: Cause, severity: Severity, device: DeviceId, since: Timestamp) -> Need {
        let share = self.figures.total.mean.0 / self.state.agents.len().max(1) as f64;
        let worth = share / f64::from(cause.minutes());
        Need { cause, severity, device: Some(device), since, worth }
    }

    /// A need that is worth what the practice may lose.
    fn whole(&self, cause: Cause, severity: Severity, since: Timestamp) -> Need {
        let worth = self.figures.total.mean.0 / f64::from(cause.minutes());
        Need { cause, severity, device: None, since, worth }
    }

    fn commands(&self) -> Vec<Need> {
        let names = self.state.names();
        let mut needs: Vec<Need> = self
            .state
            .held
            .iter()
            .map(|command| {
                let computer = names.get(&command.agent).map(|name| (*name).to_owned()).unwrap_or_default();
                let cause = Cause::Held { command: command.id, verb: command.verb.clone(), computer };
                self.whole(cause, Severity::High, command.changed_at)
            })
            .collect();
        if self.state.held_back > 0 {
            let cause = Cause::HeldBack { commands: self.state.held_back };
            needs.push(self.whole(cause, Severity::Critical, self.now));
        }
        needs
    }

    fn acceptances(&self) -> Vec<Need> {
        let soon = self.now.saturating_add(AHEAD).unwrap_or(self.now);
        self.view
            .acceptances()
            .values()
            .filter(|made| (self.now..=soon).contains(&made.acceptance.expires_at))
            .filter_map(|made| {
                let record = self.view.findings().get(&made.acceptance.finding)?;
                let finding = record.is_open().then_some(&record.finding)?;
                let until = made.acceptance.expires_at;
                let title = without_subject(&finding.title, &finding.subject);
                let cause = Cause::AcceptanceEnds { finding: finding.id, title, until };
                let since = until.saturating_sub(AHEAD).unwrap_or(until);
                Some(self.blind(cause, finding.severity, finding.device, since))
            })
            .collect()
    }

    fn of_practice(&self) -> Vec<Need> {
        if self.state.agents.is_empty() {
            return vec![self.whole(Cause::NoComputer, Severity::Medium, self.state.practice.made_at)];
        }
        let mut needs = Vec::new();
        let unknown = |id: &ControlId| {
            self.controls.iter().any(|control| {
                control.current.control == *id && control.current.state == ControlState::Unknown
            })
        };
        let old: Vec<_> = self
            .view
            .judgements()
            .filter(|judgement| judgement.valid_until <= self.now)
            .flat_map(|judgement| judgement.evidence.iter().map(|it| (&it.control, judgement.valid_until)))
            .filter(|(control, _)| unknown(control))
            .collect();
        if let Some(since) = old.iter().map(|(_, since)| *since).min() {
            let controls = old.iter().map(|(control, _)| *control).collect::<BTreeSet<_>>().len() as u64;
            needs.push(self.whole(Cause::Stale { controls }, Severity::Medium, since));
        }
        if ControlId::new(BACKUPS).is_ok_and(|control| unknown(&control)) {
            needs.push(self.whole(Cause::BackupsUnknown, Severity::High, self.state.practice.made_at));
        }
        needs
    }
}

/// What a finding says, without the file, folder or setting that it is about: needs stand in the index, which is not sealed.
fn without_subject(text: &str, subject: &str) -> String {
    if subject.is_empty() {
        return text.to_owned();
    }
    let named = text.strip_suffix(subject).and_then(|text| text.strip_suffix(": "));
    named.map_or_else(|| text.replace(subject, "…"), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_place_reaches_the_index() {
        let folder = "/srv/charts";
        for (text, left) in [
            ("Guests can open a share: /srv/charts", "Guests can open a share"),
            ("Patient data of 3 people lies in /srv/charts", "Patient data of 3 people lies in …"),
            ("Move the patient data out of /srv/charts today", "Move the patient data out of … today"),
            ("Antivirus is off", "Antivirus is off"),
        ] {
            assert_eq!(without_subject(text, folder), left);
        }
        assert_eq!(without_subject("Antivirus is off", ""), "Antivirus is off");
    }
}
