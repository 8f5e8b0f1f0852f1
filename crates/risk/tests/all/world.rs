//! A practice's results made by hand.

use std::collections::BTreeMap;

use enamel_risk::{RiskInput, RuleCounts, Scenarios};
use enamel_types::finding::{FindingClass, Fix};
use enamel_types::practice::PracticeProfile;
use enamel_types::{DeviceId, Finding, FindingId, Minutes, ObservationId, RuleId, Severity, Timestamp};
use uuid::Uuid;

pub(crate) fn rule(id: &str) -> RuleId {
    RuleId::new(id).unwrap()
}

pub(crate) fn device(number: u8) -> DeviceId {
    DeviceId::from_uuid(Uuid::from_bytes([number; 16]))
}

pub(crate) fn observation(number: u8) -> ObservationId {
    ObservationId::from_uuid(Uuid::from_bytes([number; 16]))
}

pub(crate) fn now() -> Timestamp {
    "2026-11-24T12:00:00Z".parse().unwrap()
}

pub(crate) fn counts(pass: u32, fail: u32, unknown: u32) -> RuleCounts {
    RuleCounts { pass, fail, unknown }
}

pub(crate) fn finding(id: &str, on: u8, minutes: u32) -> Finding {
    let rule = rule(id);
    Finding {
        id: FindingId::derive(device(on), &rule, ""),
        rule,
        device: device(on),
        subject: String::new(),
        class: FindingClass::Compliance,
        severity: Severity::High,
        persons: None,
        title: format!("{id} fails"),
        why: "Because.".to_owned(),
        seen: "seen".to_owned(),
        fix: Fix { action: format!("Mend {id}"), how: format!("Mend {id}."), minutes: Minutes(minutes) },
        controls: Vec::new(),
        observation: observation(on),
    }
}

pub(crate) fn scenarios() -> Scenarios {
    Scenarios::builtin().unwrap()
}

/// Every rule that a factor of the shipped scenarios names; `secret.*` becomes `secret.file`.
pub(crate) fn all_rules() -> Vec<RuleId> {
    let scenarios = scenarios();
    let named = scenarios.scenarios().iter().flat_map(|s| &s.factors).flat_map(|f| &f.rules);
    let mut rules: Vec<RuleId> = named.map(|name| rule(&name.replace('*', "file"))).collect();
    rules.sort();
    rules.dedup();
    rules
}

/// All rules with the same counts.
pub(crate) fn everywhere(counts: RuleCounts) -> BTreeMap<RuleId, RuleCounts> {
    all_rules().into_iter().map(|rule| (rule, counts)).collect()
}

pub(crate) fn input<'a>(
    results: BTreeMap<RuleId, RuleCounts>,
    findings: &'a [Finding],
    profile: &'a PracticeProfile,
) -> RiskInput<'a> {
    RiskInput { results, findings, persons: None, profile, now: now() }
}
