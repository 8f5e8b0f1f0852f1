//! Recorded computers: what each check must say of them.

#![allow(clippy::unwrap_used, reason = "what a fixture cannot give stops the test")]

use std::collections::BTreeMap;

use enamel_exposure::{Catalogue, judge_config, observe_host};
use enamel_host::Host;
use enamel_testkit::RecordedHost;
use enamel_types::config_state::{ConfigState, Reading};
use enamel_types::content::parse_toml;
use enamel_types::{
    AgentId, Body, CheckOutcome, DeviceId, Judgement, Observation, ObservationId, PracticeId,
    PracticeProfile, Sensor,
};
use serde::Deserialize;

/// The moment at which every recorded computer is looked at.
pub(crate) const NOW: &str = "2026-11-24T12:00:00Z";

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) check: String,
    pub(crate) kind: String,
    pub(crate) base: String,
    pub(crate) expect: CheckOutcome,
    pub(crate) subject: Option<String>,
    #[serde(default)]
    pub(crate) os: toml::Table,
    #[serde(default)]
    pub(crate) host: toml::Table,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "case")]
    cases: Vec<Case>,
}

/// Every case of every file below `fixtures/checks`.
pub(crate) fn cases() -> Vec<Case> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/checks");
    let mut cases = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        cases.extend(parse_toml::<File>(&path.to_string_lossy(), &text).unwrap().cases);
    }
    cases
}

impl Case {
    pub(crate) fn name(&self) -> String {
        format!("{} {} on {}", self.check, self.kind, self.base)
    }

    pub(crate) fn computer(&self) -> RecordedHost {
        use enamel_types::device::DeviceRole;
        let base = match self.base.as_str() {
            "windows11" => RecordedHost::windows11(),
            "windows_server" => RecordedHost::windows_server(),
            "domain_controller" => {
                RecordedHost::windows_server().with_os(|os| os.role = DeviceRole::DomainController)
            }
            "debian" => RecordedHost::debian(),
            "container" => RecordedHost::debian().with_os(|os| os.role = DeviceRole::Container),
            other => panic!("{}: no base computer {other:?}", self.name()),
        };
        let mut os = toml::Table::try_from(base.os().unwrap()).unwrap();
        os.extend(self.os.clone());
        let mut host = self.host.clone();
        host.insert("os".to_owned(), toml::Value::Table(os));
        let text = toml::to_string(&host).unwrap();
        RecordedHost::from_toml(&self.name(), &text).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }
}

fn id(last: u8) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[15] = last;
    bytes
}

/// What was read, as the observation that a ledger would keep.
pub(crate) fn observation(state: ConfigState) -> Observation {
    let uuid = |last| format!("{:032x}", u128::from_be_bytes(id(last)));
    let now: enamel_types::Timestamp = NOW.parse().unwrap();
    Observation {
        id: uuid(1).parse::<ObservationId>().unwrap(),
        practice: uuid(2).parse::<PracticeId>().unwrap(),
        device: uuid(3).parse::<DeviceId>().unwrap(),
        agent: uuid(4).parse::<AgentId>().unwrap(),
        observed_at: now,
        valid_until: now + jiff::SignedDuration::from_hours(168),
        sensor: Sensor { name: "scan host".to_owned(), version: "test".to_owned() },
        scope: "host".to_owned(),
        gaps: Vec::new(),
        body: Body::ConfigState(state),
    }
}

/// The practice whose IT provider uses ScreenConnect.
pub(crate) fn practice() -> PracticeProfile {
    PracticeProfile { remote_tools: vec!["screenconnect".to_owned()], ..PracticeProfile::default() }
}

pub(crate) fn read(case: &Case, catalogue: &Catalogue) -> ConfigState {
    observe_host(&case.computer(), catalogue).unwrap().0
}

pub(crate) fn judge(state: ConfigState, catalogue: &Catalogue) -> Judgement {
    judge_config(&observation(state), catalogue, &practice())
}

pub(crate) fn outcome(judgement: &Judgement, check: &str) -> (CheckOutcome, String) {
    let result = judgement.results.iter().find(|result| result.rule.as_str() == check);
    let result = result.unwrap_or_else(|| panic!("{check} gave no result"));
    (result.outcome, result.detail.clone())
}

/// The reading of one check.
pub(crate) fn reading<'a>(state: &'a mut ConfigState, check: &str) -> &'a mut Reading {
    &mut state.readings.iter_mut().find(|reading| reading.check.as_str() == check).unwrap().reading
}

/// Cases by check and kind, the three that every check must have.
pub(crate) fn by_kind(cases: &[Case]) -> BTreeMap<(&str, &str), &Case> {
    cases
        .iter()
        .filter(|case| case.kind != "extra")
        .map(|case| ((case.check.as_str(), case.kind.as_str()), case))
        .collect()
}
