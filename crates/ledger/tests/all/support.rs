//! Observations that come out the same every time, and ledgers made of them.

use std::path::Path;

use enamel_ledger::{Appended, Ledger, Receipt};
use enamel_types::control::Statement;
use enamel_types::device::{DeviceRole, OsFamily, OsInfo};
use enamel_types::software::{Package, PackageSource, SoftwareInventory};
use enamel_types::{
    AgentId, Attestation, Body, ControlId, DeviceId, Observation, ObservationId, PracticeId, Sensor,
    Timestamp,
};
use uuid::Uuid;

pub(crate) fn uuid(space: u64, number: u64) -> Uuid {
    Uuid::from_u64_pair(space << 32 | 0x7000, 1 << 63 | number)
}

pub(crate) fn practice() -> PracticeId {
    PracticeId::from_uuid(uuid(1, 1))
}

pub(crate) fn agent(number: u64) -> AgentId {
    AgentId::from_uuid(uuid(2, number))
}

pub(crate) fn device(number: u64) -> DeviceId {
    DeviceId::from_uuid(uuid(3, number))
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_764_000_000 + second).unwrap()
}

/// A short observation: an attestation.
pub(crate) fn observation(of_agent: u64, number: u64) -> Observation {
    let seen = at(i64::try_from(number).unwrap());
    let body = Body::Attestation(Attestation {
        control: ControlId::new(format!("164.308(a)({})", number % 8 + 1)).unwrap(),
        statement: Statement::Implemented,
        reason: format!("Policy binder, tab {number}"),
        person: "Rosa Delgado, office manager".to_owned(),
        expires_at: at(31_536_000),
    });
    with_body(of_agent, number, seen, "attest", body)
}

/// An observation too long for one page: a software inventory.
pub(crate) fn long_observation(of_agent: u64, number: u64, packages: u64) -> Observation {
    let package = |index: u64| Package {
        name: format!("package-{number}-{index}"),
        version: format!("{index}.{number}"),
        vendor: "Debian".to_owned(),
        architecture: "amd64".to_owned(),
        source: PackageSource::Dpkg,
        purl: None,
    };
    let body = Body::SoftwareInventory(SoftwareInventory {
        os: OsInfo {
            family: OsFamily::Linux,
            name: "Debian GNU/Linux 12 (bookworm)".to_owned(),
            product: "debian".to_owned(),
            version: "12".to_owned(),
            build: "6.1.0".to_owned(),
            edition: String::new(),
            role: DeviceRole::Workstation,
        },
        packages: (0..packages).map(package).collect(),
        services: Vec::new(),
        dental: Vec::new(),
        secrets: Vec::new(),
    });
    with_body(of_agent, number, at(i64::try_from(number).unwrap()), "software", body)
}

pub(crate) fn with_body(of_agent: u64, number: u64, seen: Timestamp, scope: &str, body: Body) -> Observation {
    Observation {
        id: ObservationId::from_uuid(uuid(0x1000 + number, of_agent)),
        practice: practice(),
        device: device(of_agent),
        agent: agent(of_agent),
        observed_at: seen,
        valid_until: at(31_536_000),
        sensor: Sensor { name: "attest".to_owned(), version: "0.1.0".to_owned() },
        scope: scope.to_owned(),
        gaps: Vec::new(),
        body,
    }
}

/// Short and long observations of three agents, in turns.
pub(crate) fn mixed(count: u64) -> Vec<Observation> {
    let one = |number: u64| match number % 5 {
        3 => long_observation(number % 3, number, 120),
        _ => observation(number % 3, number),
    };
    (1..=count).map(one).collect()
}

pub(crate) fn open(path: &Path) -> Ledger {
    Ledger::open(path).unwrap().ledger
}

pub(crate) fn receipt(appended: Appended) -> Receipt {
    let (Appended::New(receipt) | Appended::AlreadyPresent(receipt) | Appended::Conflict(receipt)) = appended;
    receipt
}

/// A closed ledger with these observations, one batch for each seven.
pub(crate) fn ledger_of(path: &Path, observations: &[Observation]) {
    let mut ledger = open(path);
    for batch in observations.chunks(7) {
        ledger.append(at(1_000), batch).unwrap();
    }
}
