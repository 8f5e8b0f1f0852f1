//! From the ledger's view to figures: what is fresh, where controls stand, what a year may cost.

use std::collections::{BTreeMap, BTreeSet};

use enamel_ledger::PracticeView;
use enamel_risk::{MeasuredPersons, RiskInput, RuleCounts, SideBySide, compare_profiles, simulate};
use enamel_types::control::{AttestationRef, ControlState, Grounds};
use enamel_types::judgement::{CheckOutcome, Evidence, Judgement, is_fresh};
use enamel_types::risk::RiskFigures;
use enamel_types::{Estimate, Finding, FindingId, RuleId, RuleResult, Timestamp};

use crate::Assessor;

/// The scope of every survey for patient data begins so.
const PHI_SCOPE: &str = "phi:";

/// How to roll.
#[derive(Debug, Clone, Copy)]
pub struct Rolls {
    /// Simulated years.
    pub trials: u32,
    /// Seed of the random numbers.
    pub seed: u64,
    /// Threads.
    pub threads: usize,
}

impl Rolls {
    /// Enough simulated years for a report: the mean's standard error is then below 1 %.
    pub fn for_a_report() -> Self {
        Self::new(100_000, 1, None)
    }

    /// As asked for; a thread for each processor where nothing was.
    pub fn new(trials: u32, seed: u64, threads: Option<u16>) -> Self {
        let processors = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { trials, seed, threads: threads.map_or_else(processors, usize::from) }
    }
}

/// What counts now: judgements whose evidence has not gone stale, and the findings that they show.
pub struct Fresh<'a> {
    judgements: Vec<&'a Judgement>,
    findings: BTreeMap<FindingId, &'a Finding>,
}

impl<'a> Fresh<'a> {
    /// Picks what is fresh at `now`.
    pub fn of(view: &'a PracticeView, now: Timestamp) -> Self {
        let judgements: Vec<_> = view
            .judgements()
            .filter(|judgement| is_fresh(judgement.observed_at, judgement.valid_until, now))
            .collect();
        let mut newest: BTreeMap<FindingId, (Timestamp, &Finding)> = BTreeMap::new();
        for judgement in &judgements {
            for finding in &judgement.findings {
                let held = newest.entry(finding.id).or_insert((judgement.observed_at, finding));
                if held.0 < judgement.observed_at {
                    *held = (judgement.observed_at, finding);
                }
            }
        }
        let findings = newest.into_iter().map(|(id, (_, finding))| (id, finding)).collect();
        Self { judgements, findings }
    }

    /// The judgements.
    pub fn judgements(&self) -> &[&'a Judgement] {
        &self.judgements
    }

    /// A finding as the newest evidence that still counts has it; `None` where none has it.
    ///
    /// This may not be where it was seen last: of two folders, one in the other, the inner one may have been looked at later, and
    /// looked at again since without showing it.
    pub fn finding(&self, id: FindingId) -> Option<&'a Finding> {
        self.findings.get(&id).copied()
    }

    /// Open findings that rest on fresh evidence, worst first.
    pub fn open_findings(&self, view: &PracticeView) -> Vec<Finding> {
        let mut open: Vec<Finding> =
            view.open_findings().filter_map(|record| self.finding(record.finding.id)).cloned().collect();
        open.sort_by(Finding::worst_first);
        open
    }

    /// Checks that could not be decided.
    pub fn undecided(&self) -> u64 {
        let results = self
            .judgements
            .iter()
            .flat_map(|judgement| judgement.results.iter().map(|result| (judgement.device, result)));
        RuleResult::count(results, CheckOutcome::Unknown)
    }

    /// People found, over all surveys.
    ///
    /// Surveys of folders that lie in another surveyed folder are left out. Two separate folders may hold the same people:
    /// the sum is an upper bound, the fullest folder a lower one.
    pub fn persons(&self) -> Option<MeasuredPersons> {
        let surveys: Vec<_> = self
            .judgements
            .iter()
            .filter_map(|judgement| {
                Some((judgement, judgement.scope.strip_prefix(PHI_SCOPE)?, judgement.persons?))
            })
            .collect();
        let outermost = surveys.iter().filter(|(judgement, root, _)| {
            !surveys.iter().any(|(other, outer, _)| {
                other.device == judgement.device
                    && outer != root
                    && std::path::Path::new(root).starts_with(outer)
            })
        });
        let mut total: Option<(MeasuredPersons, u64)> = None;
        for (judgement, _, persons) in outermost {
            let (sum, fullest) = total.get_or_insert_with(|| {
                let nobody =
                    MeasuredPersons { estimate: Estimate::exact(0), observation: judgement.observation };
                (nobody, 0)
            });
            sum.estimate.value += persons.value;
            sum.estimate.high += persons.high;
            sum.estimate.low = sum.estimate.low.max(persons.low);
            if persons.value > *fullest {
                *fullest = persons.value;
                sum.observation = judgement.observation;
            }
        }
        total.map(|(persons, _)| persons)
    }
}

/// How many controls stand where.
#[derive(Debug, Clone, Copy, Default)]
pub struct ControlStates {
    /// All.
    pub all: usize,
    /// Met, as a sensor saw.
    pub measured: usize,
    /// Met, as a person states.
    pub stated: usize,
    /// Not done, by a documented decision.
    pub declined: usize,
    /// Met in part.
    pub partly: usize,
    /// Not met.
    pub not_met: usize,
    /// No fresh evidence.
    pub unknown: usize,
}

impl Assessor<'_> {
    /// What a year may cost, and what each fix is worth.
    pub fn risk(&self, view: &PracticeView, now: Timestamp, rolls: Rolls) -> RiskFigures {
        let fresh = Fresh::of(view, now);
        let findings = fresh.open_findings(view);
        let results = RuleCounts::tally(
            fresh
                .judgements()
                .iter()
                .flat_map(|judgement| judgement.results.iter().map(|result| (judgement.device, result))),
        );
        let input =
            RiskInput { results, findings: &findings, persons: fresh.persons(), profile: self.profile, now };
        simulate(&self.content.scenarios, &input, rolls.trials, rolls.seed, rolls.threads)
    }

    /// Where every control stands, under the rule in force and under the proposal.
    pub fn controls(&self, view: &PracticeView, now: Timestamp) -> Vec<SideBySide> {
        // Stale evidence goes in too: "last seen 14 days ago" is a better answer than "never seen".
        let evidence: Vec<Evidence> =
            view.judgements().flat_map(|judgement| judgement.evidence.iter().cloned()).collect();
        let attestations: Vec<AttestationRef> = view.attestations().values().cloned().collect();
        let fresh = Fresh::of(view, now);
        let meaningless: BTreeSet<RuleId> = fresh
            .judgements()
            .iter()
            .flat_map(|judgement| &judgement.results)
            .filter(|result| result.outcome == CheckOutcome::NotApplicable)
            .map(|result| result.rule.clone())
            .collect();
        compare_profiles(&self.content.controls, &evidence, &attestations, &meaningless, now)
    }
}

impl ControlStates {
    /// Counts where the controls stand under the rule in force.
    pub fn of(controls: &[SideBySide]) -> Self {
        let mut states = Self::default();
        for status in controls {
            states.all += 1;
            match status.current.state {
                ControlState::Met => match status.current.grounds() {
                    Some(Grounds::Stated) => states.stated += 1,
                    Some(Grounds::Declined) => states.declined += 1,
                    Some(Grounds::Measured) | None => states.measured += 1,
                },
                ControlState::Partly => states.partly += 1,
                ControlState::NotMet => states.not_met += 1,
                ControlState::Unknown => states.unknown += 1,
            }
        }
        states
    }
}
