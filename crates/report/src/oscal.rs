//! OSCAL 1.1.3 assessment results: the practice's state as an auditor's tool reads it.
//!
//! One result: the computers (inventory items), every observation cited (method `TEST` for what a sensor read, `EXAMINE`
//! for what was found by searching files, `INTERVIEW` for what a person stated), one finding for each control, one risk
//! for each weakness that is open. **Unknown is never satisfied**: OSCAL knows two states, and a control whose evidence
//! is missing or stale is `not-satisfied` with the reason `other`; the property `status` says which of our four it is. What a
//! documented decision leaves undone is `not-satisfied` for the reason `other`, too: `status` reads `decided-not-done`, and the
//! property `decision` says which decision it was.
//!
//! A control's id here is its paragraph as an OSCAL token: `164.312(a)(2)(iv)` is `hipaa-164.312.a.2.iv`. UUIDs are
//! version 5, derived from our own ids, so that the same evidence gives the same document.

use std::collections::{BTreeMap, BTreeSet};

use enamel_types::control::{ControlState, Grounds, Statement};
use enamel_types::text::escape_json;
use enamel_types::{FindingEntry, ObservationId, Standing, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Duty, ReportError, ReportModel, words};

/// The OSCAL version the document follows.
pub const OSCAL_VERSION: &str = "1.1.3";

/// Namespace of our own properties; a name, not an address that anybody fetches.
const NAMESPACE: &str = "https://enamel.invalid/ns/oscal";

/// Where our version 5 UUIDs come from.
const UUIDS: Uuid = Uuid::from_bytes(*b"enamel oscal v1 ");

/// The practice's state as an OSCAL assessment-results document, JSON.
pub fn assessment_results(model: &ReportModel) -> Result<String, ReportError> {
    let practice = model.practice_id.to_string();
    let started = model.evidence.values().map(|facts| facts.observed_at).min().unwrap_or(model.generated_at);
    let moment = time(model.generated_at);
    let document = json!({ "assessment-results": {
        "uuid": derive("document", &[&practice, &moment]),
        "metadata": {
            "title": format!("Security assessment of {}", model.practice.name),
            "last-modified": moment,
            "version": moment,
            "oscal-version": OSCAL_VERSION,
            "roles": [{ "id": "assessor", "title": "Assessor" }],
            "parties": [{ "uuid": derive("party", &[&practice]), "type": "organization", "name": model.practice.name }],
        },
        "import-ap": { "href": format!("#{}", derive("plan", &[&practice])) },
        "results": [result(model, started)],
        "back-matter": { "resources": [{
            "uuid": derive("plan", &[&practice]),
            "title": "Enamel's checks and control catalog",
            "description": format!("Version {} of Enamel; its checks, signatures and control catalog are compiled in.", model.version),
        }]},
    }});
    to_json(&document, "OSCAL assessment results")
}

fn to_json(document: &Value, what: &'static str) -> Result<String, ReportError> {
    let json = serde_json::to_string_pretty(document).map_err(|source| ReportError::Json { what, source })?;
    Ok(escape_json(&json) + "\n")
}

fn result(model: &ReportModel, started: Timestamp) -> Value {
    let controls: Vec<Value> =
        model.controls.iter().map(|row| json!({ "control-id": token(row.id.as_str()) })).collect();
    let mut result = json!({
        "uuid": derive("result", &[&model.practice_id.to_string(), &time(model.generated_at)]),
        "title": "Evidence-based assessment",
        "description": "Status of each safeguard computed from observations with an age. Missing or stale evidence counts as not satisfied.",
        "start": time(started),
        "end": time(model.generated_at),
        "props": [
            prop("ledger-root", &model.ledger.root),
            prop("ledger-entries", &model.ledger.entries.to_string()),
            prop("ledger-through", &model.ledger.through_seq.to_string()),
            prop("ledger-lost", &model.ledger.lost.to_string()),
        ],
        "reviewed-controls": { "control-selections": [if controls.is_empty() { json!({ "include-all": {} }) } else { json!({ "include-controls": controls }) }] },
    });
    if let Some(lost) = words::lost(&model.ledger) {
        result["remarks"] = Value::String(lost);
    }
    // OSCAL allows none of these arrays to be empty.
    for (key, values) in [
        ("observations", observations(model)),
        ("risks", risks(model)),
        ("findings", model.controls.iter().map(|row| finding(row, model)).collect()),
    ] {
        if !values.is_empty() {
            result[key] = Value::Array(values);
        }
    }
    let devices: Vec<Value> = model.devices.iter().map(inventory_item).collect();
    if !devices.is_empty() {
        result["local-definitions"] = json!({ "inventory-items": devices });
    }
    result
}

fn inventory_item(device: &crate::DeviceEntry) -> Value {
    json!({
        "uuid": derive("device", &[&device.id.to_string()]),
        "description": format!("{} ({})", device.inventory.hostname, device.inventory.os.name),
        "props": [prop("device-id", &device.id.to_string()), prop("hostname", &device.inventory.hostname)],
    })
}

/// What a control or a finding says of one observation.
type Statements<'a> = BTreeMap<ObservationId, BTreeSet<&'a str>>;

fn observations(model: &ReportModel) -> Vec<Value> {
    let mut statements: Statements<'_> = BTreeMap::new();
    for evidence in model.controls.iter().flat_map(|row| &row.status.evidence) {
        statements.entry(evidence.observation).or_default().insert(&evidence.statement);
    }
    for entry in &model.findings {
        statements.entry(entry.finding.observation).or_default().insert(&entry.finding.seen);
    }
    let mut listed: Vec<_> = model.evidence.iter().collect();
    listed.sort_by_key(|(_, facts)| facts.seq);
    listed
        .into_iter()
        .map(|(id, facts)| {
            let stated = stated(model, *id);
            let relevant: Vec<Value> = statements
                .get(id)
                .into_iter()
                .flatten()
                .filter(|statement| !statement.is_empty())
                .map(|statement| json!({ "description": statement }))
                .collect();
            let mut observation = json!({
                "uuid": observation_uuid(*id),
                "title": format!("{}: {}", facts.sensor, facts.scope),
                "description": stated.unwrap_or_else(|| format!("What {} saw of {}", facts.sensor, facts.scope)),
                "methods": [method(&facts.sensor)],
                "subjects": [{ "subject-uuid": derive("device", &[&facts.device.to_string()]), "type": "inventory-item" }],
                "collected": time(facts.observed_at),
                "expires": time(facts.valid_until),
                "props": [
                    prop("observation-id", &id.to_string()),
                    prop("ledger-sequence", &facts.seq.to_string()),
                    prop("ledger-hash", &facts.hash),
                ],
            });
            if !relevant.is_empty() {
                observation["relevant-evidence"] = Value::Array(relevant);
            }
            observation
        })
        .collect()
}

/// What the interview said: who stated what, on what grounds, until when. `None` where no statement in force is
/// recorded in the observation.
fn stated(model: &ReportModel, id: ObservationId) -> Option<String> {
    let (row, made) = model
        .controls
        .iter()
        .filter_map(|row| Some((row, row.status.attestation.as_ref()?)))
        .find(|(_, made)| made.observation == id)?;
    let attestation = &made.attestation;
    Some(format!(
        "{} stated on {} about {} ({}): {}. Grounds: {} Counts until {}.",
        attestation.person,
        words::date(made.made_at),
        row.title,
        row.id,
        words::statement(attestation.statement),
        sentence(&attestation.reason),
        words::last_day(attestation.expires_at),
    ))
}

/// A text as a sentence: with a full stop, unless it ends with a mark of its own.
fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}

/// A sensor tests a setting, a search examines files, a person is interviewed.
fn method(sensor: &str) -> &'static str {
    match sensor {
        "attest" => "INTERVIEW",
        "scan phi" => "EXAMINE",
        _ => "TEST",
    }
}

fn finding(row: &crate::ControlRow, model: &ReportModel) -> Value {
    let status = &row.status;
    let grounds = status.grounds();
    let (state, reason) = match status.state {
        // A documented decision answers the rule, but the safeguard is not there.
        ControlState::Met if grounds == Some(Grounds::Declined) => ("not-satisfied", "other"),
        ControlState::Met => ("satisfied", "pass"),
        ControlState::Partly | ControlState::NotMet => ("not-satisfied", "fail"),
        ControlState::Unknown => ("not-satisfied", "other"),
    };
    let id = row.id.as_str();
    let mut props = vec![
        prop(
            "status",
            if grounds == Some(Grounds::Declined) { "decided-not-done" } else { state_name(status.state) },
        ),
        prop("duty", if row.duty == Duty::Required { "required" } else { "addressable" }),
        prop("citation", id),
    ];
    props.extend(grounds.map(|grounds| {
        prop("rests-on", if grounds == Grounds::Measured { "measurement" } else { "statement" })
    }));
    let decision = status.attestation.as_ref().and_then(|stated| match stated.attestation.statement {
        Statement::EquivalentMeasure => Some("equivalent-measure"),
        Statement::NotReasonable => Some("not-reasonable"),
        Statement::Implemented | Statement::NotImplemented => None,
    });
    props.extend(decision.map(|decision| prop("decision", decision)));
    props.extend(row.proposed.as_ref().map(|status| prop("status-2025-proposal", state_name(status.state))));
    let mut observed: BTreeSet<ObservationId> =
        status.evidence.iter().map(|evidence| evidence.observation).collect();
    observed.extend(status.attestation.as_ref().map(|attestation| attestation.observation));
    observed.retain(|id| model.evidence.contains_key(id));
    let against: BTreeSet<String> = present(model)
        .filter(|entry| entry.finding.controls.contains(&row.id))
        .map(|entry| risk_uuid(entry).to_string())
        .collect();
    let mut finding = json!({
        "uuid": derive("finding", &[&model.practice_id.to_string(), id]),
        "title": row.title,
        "description": non_empty(&row.question, &row.title),
        "props": props,
        "target": {
            "type": "objective-id",
            "target-id": format!("{}_obj", token(id)),
            "title": row.title,
            "status": { "state": state, "reason": reason, "remarks": non_empty(&status.why, "No reason was given.") },
        },
    });
    if !observed.is_empty() {
        finding["related-observations"] =
            observed.iter().map(|id| json!({ "observation-uuid": observation_uuid(*id) })).collect();
    }
    if !against.is_empty() {
        finding["related-risks"] = against.iter().map(|uuid| json!({ "risk-uuid": uuid })).collect();
    }
    finding
}

fn risks(model: &ReportModel) -> Vec<Value> {
    let mut entries: Vec<&FindingEntry> = present(model).collect();
    entries.sort_by(|a, b| a.finding.worst_first(&b.finding));
    let risk = |entry: &FindingEntry| {
        let finding = &entry.finding;
        let mut risk = json!({
            "uuid": risk_uuid(entry),
            "title": finding.title,
            "description": non_empty(&finding.seen, &finding.title),
            "statement": non_empty(&finding.why, &finding.title),
            "status": if entry.standing == Standing::Open { "open" } else { "investigating" },
            "props": [
                prop("severity", finding.severity.as_str()),
                prop("rule", finding.rule.as_str()),
                prop("finding-id", &finding.id.to_string()),
                prop("first-seen", &time(entry.first_seen)),
                prop("last-seen", &time(entry.last_seen)),
            ],
            "remediations": [{
                "uuid": derive("remediation", &[&finding.id.to_string()]),
                "lifecycle": "recommendation",
                "title": format!("About {} of work", finding.fix.minutes),
                "description": non_empty(&finding.fix.how, "See the report."),
            }],
        });
        if model.evidence.contains_key(&finding.observation) {
            risk["related-observations"] =
                json!([{ "observation-uuid": observation_uuid(finding.observation) }]);
        }
        risk
    };
    entries.into_iter().map(risk).collect()
}

/// Findings that are open, or too old to be called gone.
fn present(model: &ReportModel) -> impl Iterator<Item = &FindingEntry> {
    model.findings.iter().filter(|entry| entry.standing != Standing::Resolved)
}

/// A paragraph as an OSCAL token: letters, digits, dots, dashes; a letter first.
fn token(paragraph: &str) -> String {
    let parts: Vec<&str> = paragraph.split(['(', ')', '.']).filter(|part| !part.is_empty()).collect();
    let safe = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '.' { c } else { '_' };
    format!("hipaa-{}", parts.join(".").chars().map(safe).collect::<String>())
}

const fn state_name(state: ControlState) -> &'static str {
    match state {
        ControlState::Met => "met",
        ControlState::Partly => "partly",
        ControlState::NotMet => "not-met",
        ControlState::Unknown => "unknown",
    }
}

/// A property of our own. OSCAL wants a value that is neither empty nor framed by spaces.
fn prop(name: &str, value: &str) -> Value {
    json!({ "name": name, "ns": NAMESPACE, "value": non_empty(value.trim(), "none") })
}

fn non_empty<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.trim().is_empty() { otherwise } else { text }
}

fn observation_uuid(id: ObservationId) -> Uuid {
    derive("observation", &[&id.to_string()])
}

fn risk_uuid(entry: &FindingEntry) -> Uuid {
    derive("risk", &[&entry.finding.id.to_string()])
}

/// A version 5 UUID for a thing of one kind; no part holds the line feed that joins them.
fn derive(kind: &str, parts: &[&str]) -> Uuid {
    Uuid::new_v5(&UUIDS, format!("{kind}\n{}", parts.join("\n")).as_bytes())
}

/// RFC 3339 with a zone, as OSCAL wants it.
fn time(time: Timestamp) -> String {
    time.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_become_tokens() {
        assert_eq!(token("164.312(a)(2)(iv)"), "hipaa-164.312.a.2.iv");
        assert_eq!(token("164.308(a)(1)(ii)(A)"), "hipaa-164.308.a.1.ii.A");
        assert_eq!(token("x<y>&"), "hipaa-x_y__");
    }
}
