//! OSCAL, read back by what an auditor's tool would use.

use std::collections::HashSet;

use enamel_report::oscal as export;
use enamel_types::Standing;
use enamel_types::control::ControlState;
use serde_json::Value;

use crate::sample;

fn has(value: &Value, path: &str) -> bool {
    !value.pointer(path).unwrap_or(&Value::Null).is_null()
}

/// The document as the `oscal` crate's types read it.
#[derive(serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Document {
    assessment_results: oscal::generated::types::AssessmentResults,
}

#[test]
fn oscal_reads_back_and_says_what_the_model_says() {
    let model = sample::model();
    let json = export::assessment_results(&model).unwrap();
    let document: Document = serde_json::from_str(&json).unwrap();
    let results = document.assessment_results;
    assert_eq!(results.metadata.oscal_version, export::OSCAL_VERSION);
    let [result] = &results.results[..] else { panic!("one result") };
    assert_eq!(result.observations.len(), model.evidence.len());
    assert_eq!(result.findings.len(), model.controls.len());
    let open = model.findings.iter().filter(|entry| entry.standing != Standing::Resolved).count();
    assert_eq!(result.risks.len(), open);
    for (finding, row) in result.findings.iter().zip(&model.controls) {
        let satisfied = finding.target.status.state == "satisfied";
        assert_eq!(satisfied, row.status.state == ControlState::Met, "{}", row.id);
    }
    let observed: HashSet<_> = result.observations.iter().map(|observation| observation.uuid).collect();
    let risks: HashSet<_> = result.risks.iter().map(|risk| risk.uuid).collect();
    assert!(result.findings.iter().any(|finding| !finding.related_risks.is_empty()));
    for finding in &result.findings {
        assert!(
            finding.related_observations.iter().all(|related| observed.contains(&related.observation_uuid))
        );
        assert!(finding.related_risks.iter().all(|related| risks.contains(&related.risk_uuid)));
    }
}

/// The parts in which the crate's types are laxer than the published schema: names in the plural, UUIDs of version 4 or
/// 5, tokens, no empty array, references that resolve.
#[test]
fn oscal_keeps_the_published_schemas_rules() {
    let model = sample::model();
    let json = export::assessment_results(&model).unwrap();
    let document: Value = serde_json::from_str(&json).unwrap();
    let result = &document["assessment-results"]["results"][0];
    for observation in result["observations"].as_array().unwrap() {
        let methods = observation["methods"].as_array().unwrap();
        assert!(
            methods.iter().all(|method| ["TEST", "EXAMINE", "INTERVIEW"].contains(&method.as_str().unwrap()))
        );
        assert!(
            has(observation, "/collected")
                && has(observation, "/description")
                && has(observation, "/expires")
        );
    }
    let methods: HashSet<&str> = result["observations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|observation| observation["methods"][0].as_str().unwrap())
        .collect();
    assert_eq!(methods.len(), 3, "{methods:?}");
    assert!(has(result, "/reviewed-controls/control-selections/0/include-controls/0/control-id"));
    let plan = document["assessment-results"]["import-ap"]["href"].as_str().unwrap();
    assert_eq!(
        plan.strip_prefix('#'),
        document["assessment-results"]["back-matter"]["resources"][0]["uuid"].as_str()
    );
    for finding in result["findings"].as_array().unwrap() {
        let status = &finding["target"]["status"];
        if finding["props"][0]["value"] == "unknown" {
            assert_eq!(
                (status["state"].as_str(), status["reason"].as_str()),
                (Some("not-satisfied"), Some("other"))
            );
        }
    }
    check_nodes(&document);
    assert_eq!(json, export::assessment_results(&model).unwrap(), "the same model gives the same document");
}

fn check_nodes(value: &Value) {
    match value {
        Value::Object(map) => {
            for (key, child) in map {
                if key.ends_with("uuid") {
                    let uuid: uuid::Uuid = child.as_str().unwrap().parse().unwrap();
                    assert_eq!(uuid.get_version_num(), 5, "{key} {child}");
                }
                if key == "control-id" || key == "target-id" {
                    let id = child.as_str().unwrap();
                    assert!(id.starts_with(|c: char| c.is_ascii_alphabetic()), "{id}");
                    assert!(id.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)), "{id}");
                }
                check_nodes(child);
            }
        }
        Value::Array(items) => {
            assert!(!items.is_empty(), "an empty array");
            items.iter().for_each(check_nodes);
        }
        Value::String(text) => assert!(!text.is_empty(), "an empty text"),
        _ => {}
    }
}

#[test]
fn an_empty_practice_still_exports() {
    let mut model = sample::model();
    model.devices.clear();
    model.findings.clear();
    model.controls.clear();
    model.evidence.clear();
    let json = export::assessment_results(&model).unwrap();
    let _: Document = serde_json::from_str(&json).unwrap();
    check_nodes(
        &serde_json::from_str(&json)
            .map(|mut document: Value| {
                // `include-all` is an empty object by the schema; nothing else may be empty.
                document["assessment-results"]["results"][0]["reviewed-controls"].take();
                document
            })
            .unwrap(),
    );
}
