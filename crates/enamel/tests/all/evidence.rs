//! What sensors say about controls, and what the control catalogue asks of sensors, have to be the same.

#![allow(clippy::unwrap_used, reason = "what a test cannot build stops it")]

use std::collections::BTreeSet;

use enamel_exposure::{EolTable, Signatures, judge_software};
use enamel_risk::{Catalogue, Control};
use enamel_types::device::{DeviceRole, OsFamily, OsInfo};
use enamel_types::patient_data::{PatientDataSurvey, PhiFolder};
use enamel_types::practice::RuleProfile;
use enamel_types::software::{DentalProduct, Package, PackageSource, SecretInClear, SoftwareInventory};
use enamel_types::{Body, ControlId, Estimate, Judgement, Observation, RuleId, Sensor, Timestamp};

/// A rule under whose evidence a control stands has to be one that the control asks for: otherwise the control's page shows
/// a reason that nobody can find in the catalogue, or a contradiction that no aspect names.
#[test]
fn a_rule_is_evidence_only_where_an_aspect_wants_it() {
    let checks = enamel_exposure::Catalogue::builtin().unwrap();
    let signatures = Signatures::builtin().unwrap();
    let controls = Catalogue::builtin().unwrap();
    let mut given: BTreeSet<(RuleId, ControlId)> = BTreeSet::new();
    for check in checks.checks() {
        given.extend(check.controls.iter().map(|control| (check.id.clone(), control.clone())));
        let rule = check.finding_rule.as_ref().unwrap_or(&check.id);
        given.extend(check.controls.iter().map(|control| (rule.clone(), control.clone())));
    }
    let mut judged = |judgement: Judgement| {
        given.extend(judgement.evidence.iter().map(|one| (one.rule.clone(), one.control.clone())));
        given.extend(judgement.findings.iter().flat_map(|finding| {
            finding.controls.iter().map(|control| (finding.rule.clone(), control.clone()))
        }));
    };
    let eol = EolTable::builtin().unwrap();
    for observation in everything_that_can_be_seen(&signatures) {
        // Each judge says nothing of the other's observations.
        judged(enamel_phi::judge(&observation));
        judged(judge_software(&observation, &signatures, &eol));
    }
    assert!(
        [
            "eol.os",
            "eol.app",
            "phi.folder",
            "phi.survey",
            "secret.netrc",
            "secret.none",
            "inventory.dental",
            "dental.vulnerability"
        ]
        .iter()
        .all(|rule| given.iter().any(|(given, _)| given.as_str() == *rule)),
        "{given:?}"
    );
    let aspects = |control: &Control| control.aspects(RuleProfile::Proposed2025).cloned().collect::<Vec<_>>();
    let unwanted: Vec<String> = given
        .iter()
        .filter(|(rule, control)| {
            !controls
                .get(control)
                .is_some_and(|control| aspects(control).iter().any(|aspect| aspect.wants(rule)))
        })
        .map(|(rule, control)| format!("{rule} for {control}"))
        .collect();
    assert!(unwanted.is_empty(), "no aspect wants: {}", unwanted.join(", "));
    // And the other way round: a control that asks for what a search for patient data says is told.
    for control in controls.controls() {
        for rule in aspects(control).into_iter().flat_map(|aspect| aspect.rules) {
            let told = given.iter().any(|(given, of)| given.as_str() == rule && *of == control.id);
            assert!(told || !rule.starts_with("phi."), "{rule} is no evidence for {}", control.id);
        }
    }
}

/// Observations that between them make every rule of the software inventory and of patient data speak.
fn everything_that_can_be_seen(signatures: &Signatures) -> Vec<Observation> {
    let os = |build: &str| OsInfo {
        family: OsFamily::Windows,
        name: String::new(),
        product: "windows".to_owned(),
        version: "10.0".to_owned(),
        build: build.to_owned(),
        edition: "Professional".to_owned(),
        role: DeviceRole::Workstation,
    };
    let package = Package {
        name: "MySQL Server 5.7".to_owned(),
        version: "5.7.44".to_owned(),
        vendor: String::new(),
        architecture: String::new(),
        source: PackageSource::UninstallMachine,
        purl: None,
    };
    let product = |version: &str| DentalProduct {
        signature: "open-dental".to_owned(),
        product: "Open Dental".to_owned(),
        category: "PMS".to_owned(),
        version: version.to_owned(),
        database: None,
        data_paths: vec![],
        recognised_by: vec![],
    };
    let secret = |id: &RuleId| SecretInClear {
        signature: id.clone(),
        path: "a".to_owned(),
        field: "b".to_owned(),
        opens: "c".to_owned(),
        obfuscated: false,
        readable_by_others: None,
    };
    let worst = SoftwareInventory {
        os: os("7601"),
        packages: vec![package],
        services: vec![],
        dental: vec![product("18.3.27"), product("")],
        secrets: signatures.secret_ids().map(secret).collect(),
    };
    let best = SoftwareInventory { os: os("26200"), secrets: vec![], ..worst.clone() };
    let folder = PhiFolder {
        path: "/srv/Desktop".to_owned(),
        files: 1,
        persons: Estimate::exact(1),
        entities: std::iter::empty().collect(),
        formats: std::iter::empty().collect(),
        examples: vec![],
        readable_by_others: Some(true),
    };
    let survey = |folders| PatientDataSurvey {
        root: "/srv".to_owned(),
        files: 1,
        bytes: 1,
        files_with_phi: 1,
        persons: Estimate::exact(1),
        folders,
        folders_not_listed: 0,
        problems: std::iter::empty().collect(),
        files_not_searched: std::iter::empty().collect(),
        bytes_not_searched: std::iter::empty().collect(),
    };
    let observed_at: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
    [
        Body::SoftwareInventory(worst),
        Body::SoftwareInventory(best),
        Body::PatientData(survey(vec![folder])),
        Body::PatientData(survey(vec![])),
    ]
    .map(|body| Observation {
        id: format!("{:032x}", 1).parse().unwrap(),
        practice: format!("{:032x}", 2).parse().unwrap(),
        device: format!("{:032x}", 3).parse().unwrap(),
        agent: format!("{:032x}", 4).parse().unwrap(),
        observed_at,
        valid_until: observed_at,
        sensor: Sensor { name: "test".to_owned(), version: "0".to_owned() },
        scope: "test".to_owned(),
        gaps: vec![],
        body,
    })
    .into()
}
