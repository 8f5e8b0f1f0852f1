//! Where each control stands: evidence of known age, weighed.
//!
//! # The rules
//! 1. Evidence counts from when it was seen until its validity ends. What is stale says so and supports nothing.
//! 2. A control is a list of *aspects*. Evidence against an aspect beats any evidence for it. An aspect is covered when fresh
//!    evidence supports it and none is against it, undecided or stale; or, where no sensor sees it, when a person's
//!    statement is in force.
//! 3. An essential aspect with evidence against it: *not met*. Evidence against a lesser aspect, or some aspects covered and
//!    some not: *partly*. All covered: *met*. Nothing fresh at all: *unknown*.
//! 4. A decision (another measure, or not reasonable here) in force settles an addressable specification, whatever the
//!    sensors say, because that is what it decides (45 CFR 164.306(d)(3)). A required one cannot be decided away.
//! 5. The latest statement about a control replaces earlier ones; expired, or older than the catalogue allows, it no longer
//!    counts. Sensors that contradict a statement beat it, and the contradiction is said. A statement that something is
//!    done never makes a control worse, and raises it only where an aspect may be shown by a person's word.

use std::collections::BTreeSet;

use enamel_types::control::{AttestationRef, ControlState, Statement};
use enamel_types::judgement::{Evidence, EvidenceOutcome, is_fresh};
use enamel_types::practice::RuleProfile;
use enamel_types::time::Timestamp;
use enamel_types::words::{date, last_day};
use enamel_types::{ControlStatus, DeviceId, RuleId};

use crate::attest::ATTESTATION_RULE;
use crate::catalogue::{Aspect, Catalogue, Control, Requirement};

const DAY: i64 = 86_400;

/// The status of every control, in the catalogue's order.
///
/// `evidence` is what the latest judgement of each device and scope says; `attestations` is every statement ever recorded.
/// Evidence counts for a control when it names it, or when its rule is one that the catalogue wants. `meaningless` are the rules
/// that were tried and have no meaning on the computers seen: they are no evidence, but somebody has looked.
pub fn control_statuses(
    catalogue: &Catalogue,
    profile: RuleProfile,
    evidence: &[Evidence],
    attestations: &[AttestationRef],
    meaningless: &BTreeSet<RuleId>,
    now: Timestamp,
) -> Vec<ControlStatus> {
    let weigh = |control| Weighing::new(control, profile, evidence, attestations, meaningless, now).status();
    catalogue.controls().iter().map(weigh).collect()
}

/// One control under both texts.
#[derive(Debug, Clone, PartialEq)]
pub struct SideBySide {
    /// Under the rule in force.
    pub current: ControlStatus,
    /// Under the 2025 proposal, which is not law.
    pub proposed: ControlStatus,
}

/// The same evidence under the rule in force and under the 2025 proposal.
pub fn compare_profiles(
    catalogue: &Catalogue,
    evidence: &[Evidence],
    attestations: &[AttestationRef],
    meaningless: &BTreeSet<RuleId>,
    now: Timestamp,
) -> Vec<SideBySide> {
    let under = |profile| control_statuses(catalogue, profile, evidence, attestations, meaningless, now);
    let (current, proposed) = (under(RuleProfile::Current), under(RuleProfile::Proposed2025));
    current.into_iter().zip(proposed).map(|(current, proposed)| SideBySide { current, proposed }).collect()
}

/// Everything that bears on one control.
struct Weighing<'a> {
    control: &'a Control,
    profile: RuleProfile,
    now: Timestamp,
    fresh: Vec<&'a Evidence>,
    /// Evidence that has run out and that nothing fresher of the same rule and device replaces.
    stale: Vec<&'a Evidence>,
    /// The latest statement; its expiry is the one that the catalogue allows.
    statement: Option<AttestationRef>,
    in_force: bool,
    /// Rules that were tried and have no meaning on the computers seen.
    meaningless: &'a BTreeSet<RuleId>,
}

/// What is known of one aspect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AspectState {
    Against,
    Covered,
    /// Something was seen, but not all.
    Open,
    Unseen,
}

impl<'a> Weighing<'a> {
    fn new(
        control: &'a Control,
        profile: RuleProfile,
        evidence: &'a [Evidence],
        attestations: &'a [AttestationRef],
        meaningless: &'a BTreeSet<RuleId>,
        now: Timestamp,
    ) -> Self {
        let bears = |evidence: &&Evidence| {
            evidence.rule.as_str() != ATTESTATION_RULE
                && (evidence.control == control.id
                    || control.aspects(profile).any(|aspect| aspect.wants(&evidence.rule)))
        };
        let (mut fresh, mut stale): (Vec<_>, Vec<_>) = evidence
            .iter()
            .filter(bears)
            .partition(|evidence| is_fresh(evidence.observed_at, evidence.valid_until, now));
        // One result of a rule may be filed under several controls; seen from this one it is the same fact.
        let fact = |e: &Evidence| (e.outcome, e.rule.clone(), e.device, e.observation, e.statement.clone());
        fresh.sort_by_cached_key(|evidence| (fact(evidence), evidence.control != control.id));
        fresh.dedup_by_key(|evidence| fact(evidence));
        // None found in one place is no support where one was found in another.
        let found: BTreeSet<DeviceId> = fresh
            .iter()
            .filter(|e| e.rule.is_secret() && e.outcome == EvidenceOutcome::Contradicts)
            .map(|e| e.device)
            .collect();
        fresh.retain(|e| {
            !(e.rule.is_secret() && e.outcome == EvidenceOutcome::Supports && found.contains(&e.device))
        });
        stale.retain(|old| !fresh.iter().any(|new| new.rule == old.rule && new.device == old.device));
        stale.sort_by_key(|evidence| std::cmp::Reverse(evidence.observed_at));
        let statement = attestations
            .iter()
            .filter(|statement| statement.attestation.control == control.id)
            .filter(|statement| statement.made_at.as_second() <= now.as_second() + DAY)
            .max_by_key(|statement| (statement.made_at, statement.observation))
            .cloned()
            .map(|mut statement| {
                let asked = statement.attestation.expires_at;
                statement.attestation.expires_at = control.statement_ends(statement.made_at, asked);
                statement
            });
        let in_force = statement.as_ref().is_some_and(|statement| {
            now < statement.attestation.expires_at && !too_old(control, profile, statement, now)
        });
        Self { control, profile, now, fresh, stale, statement, in_force, meaningless }
    }

    fn status(self) -> ControlStatus {
        let (state, why) = self.verdict();
        ControlStatus {
            control: self.control.id.clone(),
            state,
            why,
            evidence: self.fresh.iter().map(|evidence| (*evidence).clone()).collect(),
            attestation: self.statement.filter(|_| self.in_force),
        }
    }

    fn verdict(&self) -> (ControlState, String) {
        let required = self.control.requirement(self.profile) == Requirement::Required;
        if let Some(decided) = self.decision().filter(|_| !required) {
            return (ControlState::Met, decided);
        }
        let aspects: Vec<(&Aspect, AspectState)> =
            self.control.aspects(self.profile).map(|aspect| (aspect, self.aspect(aspect))).collect();
        let (state, mut why) = self.weigh(&aspects);
        if self.decision().is_some() {
            why.push_str(match self.profile {
                RuleProfile::Current => {
                    "; the recorded decision does not count, because this one is required"
                }
                RuleProfile::Proposed2025 => {
                    "; the recorded decision would not count, because the proposal knows no addressable ones"
                }
            });
        }
        if let Some(late) = self.statement.as_ref().filter(|_| !self.in_force) {
            why = format!("{why}; {}", self.lapsed(late));
        }
        (state, why)
    }

    fn weigh(&self, aspects: &[(&Aspect, AspectState)]) -> (ControlState, String) {
        let named = |wanted: AspectState| {
            let names =
                aspects.iter().filter(|(_, state)| *state == wanted).map(|(aspect, _)| aspect.name.as_str());
            names.collect::<Vec<_>>()
        };
        if let Some(denied) = self.stated(Statement::NotImplemented) {
            let reason = &denied.attestation.reason;
            return (
                ControlState::NotMet,
                format!("{} states that it is not done: {reason}", denied.attestation.person),
            );
        }
        let unlisted = self.fresh.iter().find(|evidence| {
            evidence.outcome == EvidenceOutcome::Contradicts
                && !aspects.iter().any(|(aspect, _)| aspect.wants(&evidence.rule))
        });
        let against = named(AspectState::Against);
        let essential =
            aspects.iter().any(|(aspect, state)| aspect.essential && *state == AspectState::Against);
        let stated = self.stated(Statement::Implemented);
        if unlisted.is_some() || !against.is_empty() {
            // What a person says changes the words, never the state: a true statement must not make it worse.
            let state =
                if essential || unlisted.is_some() { ControlState::NotMet } else { ControlState::Partly };
            let seen = self.against();
            return match stated {
                Some(stated) => {
                    (state, format!("{} states that it is done, but {seen}", stated.attestation.person))
                }
                None => (state, seen),
            };
        }
        let covered = named(AspectState::Covered);
        let missing: Vec<&str> = [named(AspectState::Open), named(AspectState::Unseen)].concat();
        let supported = self.fresh.iter().any(|evidence| evidence.outcome == EvidenceOutcome::Supports);
        if missing.is_empty() {
            return (ControlState::Met, self.met(stated));
        }
        let missing = format!("not shown: {}", missing.join("; ").to_lowercase());
        if !covered.is_empty() || supported {
            let shown = if covered.is_empty() {
                String::new()
            } else {
                format!("shown: {}; ", covered.join("; ").to_lowercase())
            };
            return (ControlState::Partly, format!("{shown}{missing}{}", self.blind()));
        }
        if let Some(stated) = stated {
            let who = &stated.attestation.person;
            let nothing = self.nothing();
            return (
                ControlState::Unknown,
                format!("only a sensor can show this; the statement of {who} is recorded; {nothing}"),
            );
        }
        (ControlState::Unknown, self.nothing())
    }

    fn aspect(&self, aspect: &Aspect) -> AspectState {
        let (mut supports, mut open) = (0, 0);
        for evidence in self.fresh.iter().filter(|evidence| aspect.wants(&evidence.rule)) {
            match evidence.outcome {
                EvidenceOutcome::Contradicts => return AspectState::Against,
                EvidenceOutcome::Unknown => open += 1,
                EvidenceOutcome::Supports => supports += 1,
            }
        }
        open += self.stale.iter().filter(|evidence| aspect.wants(&evidence.rule)).count();
        let stated = aspect.attestable && self.stated(Statement::Implemented).is_some();
        match (supports, open) {
            // A statement does not stand in for a sensor that should have seen it and could not.
            (0, 0) if stated => AspectState::Covered,
            (0, 0) => AspectState::Unseen,
            (_, 0) => AspectState::Covered,
            _ => AspectState::Open,
        }
    }

    /// The statement in force, if it is of this kind.
    fn stated(&self, kind: Statement) -> Option<&AttestationRef> {
        self.statement.as_ref().filter(|statement| self.in_force && statement.attestation.statement == kind)
    }

    /// The decision in force, in words.
    fn decision(&self) -> Option<String> {
        let in_place = self
            .stated(Statement::EquivalentMeasure)
            .map(|statement| (statement, "another measure does the same"));
        let declined = self
            .stated(Statement::NotReasonable)
            .map(|statement| (statement, "not done here, because it is not reasonable"));
        in_place.or(declined).map(|(statement, what)| {
            let attestation = &statement.attestation;
            let mut words = format!(
                "decided by {} on {}, until {}: {what}: {}",
                attestation.person,
                date(statement.made_at),
                last_day(attestation.expires_at),
                attestation.reason
            );
            if self.fresh.iter().any(|evidence| evidence.outcome == EvidenceOutcome::Contradicts) {
                words.push_str("; the measure itself is not in place, as the decision says");
            }
            words
        })
    }

    fn met(&self, stated: Option<&AttestationRef>) -> String {
        let devices = distinct(self.fresh.iter().map(|evidence| evidence.device));
        let seen = match devices {
            0 => String::new(),
            1 => "seen on 1 computer".to_owned(),
            devices => format!("seen on {devices} computers"),
        };
        let said = stated.map_or(String::new(), |stated| {
            format!(
                "stated by {} until {}",
                stated.attestation.person,
                last_day(stated.attestation.expires_at)
            )
        });
        let both = if seen.is_empty() || said.is_empty() { "" } else { "; " };
        format!("{seen}{both}{said}")
    }

    /// What speaks against it, in words.
    fn against(&self) -> String {
        let against: Vec<&&Evidence> =
            self.fresh.iter().filter(|evidence| evidence.outcome == EvidenceOutcome::Contradicts).collect();
        let first = against.first().map_or("", |evidence| evidence.statement.as_str()).trim_end_matches('.');
        let devices = distinct(against.iter().map(|evidence| evidence.device));
        let rules = distinct(against.iter().map(|evidence| &evidence.rule));
        match (rules, devices) {
            (..=1, ..=1) => first.to_owned(),
            (..=1, devices) => format!("{first} (on {devices} computers)"),
            (rules, ..=1) => format!("{first}, and {} more", rules - 1),
            (rules, devices) => format!("{first}, and {} more, on {devices} computers", rules - 1),
        }
    }

    /// What kept the rest from being seen, for the end of a sentence.
    fn blind(&self) -> String {
        if let Some(old) = self.stale.first() {
            return format!("; {}", self.age(old));
        }
        let unknown = self.fresh.iter().find(|evidence| evidence.outcome == EvidenceOutcome::Unknown);
        unknown.map_or(String::new(), |evidence| format!("; {}", evidence.statement.trim_end_matches('.')))
    }

    fn nothing(&self) -> String {
        if let Some(old) = self.stale.first() {
            return self.age(old);
        }
        if let Some(unknown) = self.fresh.first() {
            return format!("could not be seen: {}", unknown.statement.trim_end_matches('.'));
        }
        let tried = |aspect: &Aspect| self.meaningless.iter().any(|rule| aspect.wants(rule));
        if self.control.aspects(self.profile).any(tried) {
            return "looked at; it does not apply to the computers seen".to_owned();
        }
        let seeable = self.control.aspects(self.profile).any(|aspect| !aspect.rules.is_empty());
        if seeable {
            "nothing has looked at it".to_owned()
        } else {
            "no one has stated it, and no sensor can see it".to_owned()
        }
    }

    /// `last seen 14 days ago; evidence holds for 7`.
    fn age(&self, old: &Evidence) -> String {
        if old.observed_at > self.now {
            return format!("the evidence claims to be from {}, which is yet to come", date(old.observed_at));
        }
        let days = |seconds: i64| (seconds + DAY / 2) / DAY;
        let ago = days(self.now.as_second() - old.observed_at.as_second());
        let holds = days(old.valid_until.as_second() - old.observed_at.as_second());
        format!(
            "last seen {} ago; evidence holds for {holds}",
            if ago == 1 { "1 day".to_owned() } else { format!("{ago} days") }
        )
    }

    fn lapsed(&self, late: &AttestationRef) -> String {
        let person = &late.attestation.person;
        if late.attestation.expires_at <= self.now {
            format!(
                "the statement by {person} expired; it counted until {}",
                last_day(late.attestation.expires_at)
            )
        } else {
            format!(
                "the statement by {person} of {} is older than the proposal would allow",
                date(late.made_at)
            )
        }
    }
}

/// The proposal asks for many things again after twelve months, whatever a statement says of itself.
fn too_old(control: &Control, profile: RuleProfile, statement: &AttestationRef, now: Timestamp) -> bool {
    let Some(months) = control.proposed.max_age_months.filter(|_| profile == RuleProfile::Proposed2025)
    else {
        return false;
    };
    now.as_second() - statement.made_at.as_second() > i64::from(months) * 365 * DAY / 12
}

fn distinct<T: Ord>(values: impl Iterator<Item = T>) -> usize {
    values.collect::<BTreeSet<_>>().len()
}
