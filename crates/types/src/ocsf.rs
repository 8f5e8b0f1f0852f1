//! Findings as OCSF 1.6 events, one a line: `findings.json`.
//!
//! Class by [`FindingClass`]: 2002 Vulnerability, 2003 Compliance, 2006 Data Security Finding. Attribute names and
//! numbers come from the schema at schema.ocsf.io; what OCSF has no attribute for stands in `unmapped.enamel`, never in
//! an attribute that means something else. `docs/json.md` lists the mapping.
//!
//! Text is exact here, because a machine compares it; characters that could disturb a terminal are `\u` escapes.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::device::{DeviceInventory, DeviceRole, OsFamily};
use crate::finding::{Finding, FindingClass, FindingEntry, Severity, Standing};
use crate::ids::{DeviceId, ObservationId, PracticeId};
use crate::observation::ObservationFacts;
use crate::text;
use crate::time::Timestamp;

#[cfg(test)]
mod tests;

/// The OCSF version the events follow.
pub const SCHEMA_VERSION: &str = "1.6.0";

/// The text that the controls are paragraphs of.
const STANDARD: &str = "HIPAA Security Rule, 45 CFR 164 Subpart C";

/// What an event says beside its finding. Where a computer or an observation is missing here, the event leaves out what
/// only it knows.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    /// The practice: the tenant.
    pub practice: PracticeId,
    /// Its name.
    pub practice_name: &'a str,
    /// Enamel's version.
    pub version: &'a str,
    /// The moment the events speak of.
    pub generated_at: Timestamp,
    /// The computers.
    pub devices: BTreeMap<DeviceId, &'a DeviceInventory>,
    /// Where the observations stand in the ledger.
    pub evidence: &'a BTreeMap<ObservationId, ObservationFacts>,
}

/// One finding as an OCSF event of its class. Times are milliseconds since 1970, UTC.
pub fn finding_line(entry: &FindingEntry, context: &Context<'_>) -> Value {
    let finding = &entry.finding;
    let class_uid = finding.class.ocsf_class_uid();
    let (activity_id, activity) = activity(entry);
    let class_name = class_name(finding.class);
    let facts = context.evidence.get(&finding.observation);

    let mut event = Map::new();
    let mut put = |key: &str, value: Value| {
        event.insert(key.to_owned(), value);
    };
    put("category_uid", json!(2));
    put("category_name", json!("Findings"));
    put("class_uid", json!(class_uid));
    put("class_name", json!(class_name));
    put("activity_id", json!(activity_id));
    put("activity_name", json!(activity));
    put("type_uid", json!(u64::from(class_uid) * 100 + activity_id));
    put("type_name", json!(format!("{class_name}: {activity}")));
    put("time", millis(entry.last_seen));
    put("severity_id", json!(finding.severity.ocsf_id()));
    put("severity", json!(capitalised(finding.severity)));
    let (status_id, status) = status(entry.standing);
    put("status_id", json!(status_id));
    put("status", json!(status));
    put("message", json!(finding.title));
    let mut metadata = json!({
        "version": SCHEMA_VERSION,
        "product": { "name": "Enamel", "vendor_name": "Enamel", "version": context.version },
        "logged_time": millis(context.generated_at),
        "tenant_uid": context.practice.to_string(),
    });
    if let Some(facts) = facts {
        metadata["sequence"] = json!(facts.seq);
        metadata["log_provider"] = json!(facts.sensor);
    }
    put("metadata", metadata);
    put("finding_info", finding_info(entry, facts.map(|facts| facts.sensor.as_str())));
    put("device", device_object(finding, context));
    if !finding.subject.is_empty() {
        put(
            "resources",
            json!([{ "name": finding.subject, "uid": finding.id.to_string(), "type": "subject" }]),
        );
    }
    for (key, value) in class_attributes(entry) {
        event.insert(key.to_owned(), value);
    }
    let mut own = json!({
        "state": standing_name(entry.standing),
        "observation": finding.observation.to_string(),
        "controls": finding.controls,
        "seen": finding.seen,
        "why": finding.why,
        "fix": { "action": finding.fix.action, "how": finding.fix.how, "minutes": finding.fix.minutes },
    });
    if let Some(facts) = facts {
        own["ledger"] = json!({
            "seq": facts.seq,
            "hash": facts.hash,
            "scope": facts.scope,
            "observed_at": facts.observed_at.to_string(),
            "valid_until": facts.valid_until.to_string(),
        });
    }
    event.insert("unmapped".to_owned(), json!({ "enamel": own }));
    Value::Object(event)
}

/// All findings, worst first, one event a line, each line ended by a line feed.
pub fn findings_json(findings: &[FindingEntry], context: &Context<'_>) -> String {
    let mut entries: Vec<&FindingEntry> = findings.iter().collect();
    entries.sort_by(|a, b| a.standing.cmp(&b.standing).then_with(|| a.finding.worst_first(&b.finding)));
    entries
        .into_iter()
        .map(|entry| text::escape_json(&finding_line(entry, context).to_string()) + "\n")
        .collect()
}

const fn class_name(class: FindingClass) -> &'static str {
    match class {
        FindingClass::Vulnerability => "Vulnerability Finding",
        FindingClass::Compliance => "Compliance Finding",
        FindingClass::DataSecurity => "Data Security Finding",
    }
}

/// Seen once: created. Seen again: updated. Gone: closed.
fn activity(entry: &FindingEntry) -> (u64, &'static str) {
    match entry.standing {
        Standing::Resolved => (3, "Close"),
        Standing::Open if entry.first_seen == entry.last_seen => (1, "Create"),
        Standing::Open | Standing::Stale => (2, "Update"),
    }
}

/// The life of a finding. Nobody has triaged an open one, so it is new; what is too old to say is unknown.
const fn status(standing: Standing) -> (u8, &'static str) {
    match standing {
        Standing::Open => (1, "New"),
        Standing::Stale => (0, "Unknown"),
        Standing::Resolved => (4, "Resolved"),
    }
}

const fn standing_name(standing: Standing) -> &'static str {
    match standing {
        Standing::Open => "open",
        Standing::Stale => "stale",
        Standing::Resolved => "resolved",
    }
}

fn finding_info(entry: &FindingEntry, sensor: Option<&str>) -> Value {
    let finding = &entry.finding;
    let mut info = json!({
        "uid": finding.id.to_string(),
        "title": finding.title,
        "desc": format!("{} Seen: {}", finding.why, finding.seen),
        "types": [type_of(finding)],
        "created_time": millis(entry.first_seen),
        "first_seen_time": millis(entry.first_seen),
        "last_seen_time": millis(entry.last_seen),
        "analytic": { "uid": finding.rule, "name": finding.rule, "type_id": 1, "type": "Rule" },
        "related_events": [{ "uid": finding.observation.to_string() }],
    });
    if let Some(sensor) = sensor {
        info["data_sources"] = json!([sensor]);
    }
    info
}

fn type_of(finding: &Finding) -> &'static str {
    match finding.class {
        FindingClass::Vulnerability if finding.rule.as_str().starts_with("eol.") => "unsupported system",
        FindingClass::Vulnerability => "published vulnerability",
        FindingClass::Compliance => "configuration",
        FindingClass::DataSecurity => "data at rest",
    }
}

fn device_object(finding: &Finding, context: &Context<'_>) -> Value {
    let mut object = json!({
        "uid": finding.device.to_string(),
        "type_id": 0,
        "type": "Unknown",
        "org": { "uid": context.practice.to_string(), "name": context.practice_name },
    });
    if let Some(inventory) = context.devices.get(&finding.device) {
        let (type_id, kind) = match inventory.os.role {
            DeviceRole::Workstation => (2, "Desktop"),
            DeviceRole::Server | DeviceRole::DomainController => (1, "Server"),
            DeviceRole::Container => (6, "Virtual"),
        };
        let (os_id, os) = match inventory.os.family {
            OsFamily::Windows => (100, "Windows"),
            OsFamily::Linux => (200, "Linux"),
        };
        object["hostname"] = json!(inventory.hostname);
        object["type_id"] = json!(type_id);
        object["type"] = json!(kind);
        object["os"] = json!({ "name": inventory.os.name, "type_id": os_id, "type": os, "version": inventory.os.version });
        if let Some(address) = inventory.addresses.first() {
            object["ip"] = json!(address);
        }
    }
    object
}

/// What only this class has. `remediation` is an attribute of 2003 alone; 2002 has it inside the vulnerability.
fn class_attributes(entry: &FindingEntry) -> Vec<(&'static str, Value)> {
    let finding = &entry.finding;
    let remediation = json!({ "desc": finding.fix.how });
    match finding.class {
        FindingClass::Compliance => {
            let (status_id, status) = match entry.standing {
                Standing::Open => (3, "Fail"),
                Standing::Stale => (2, "Warning"),
                Standing::Resolved => (1, "Pass"),
            };
            let compliance = json!({
                "control": finding.rule,
                "standards": [STANDARD],
                "requirements": finding.controls,
                "status_id": status_id,
                "status": status,
                "status_detail": finding.seen,
            });
            let evidence =
                json!([{ "uid": finding.observation.to_string(), "data": { "seen": finding.seen } }]);
            vec![("compliance", compliance), ("remediation", remediation), ("evidences", evidence)]
        }
        FindingClass::Vulnerability => {
            let (key, reference) = known_as(finding);
            let mut vulnerability = json!({
                "title": finding.title,
                "desc": finding.why,
                "severity": capitalised(finding.severity),
                "first_seen_time": millis(entry.first_seen),
                "last_seen_time": millis(entry.last_seen),
                "remediation": remediation,
            });
            vulnerability[key] = reference;
            vec![("vulnerabilities", json!([vulnerability]))]
        }
        FindingClass::DataSecurity => vec![(
            "data_security",
            // A secret is security data (6); everything else that lies where it should not is personal (1).
            json!({
                "category_id": if finding.rule.as_str().starts_with("secret") { 6 } else { 1 },
                "category": if finding.rule.as_str().starts_with("secret") { "Security" } else { "Personal" },
                "data_lifecycle_state_id": 1,
                "data_lifecycle_state": "Data at-Rest",
                "detection_system_id": 4,
                "detection_system": "Data Discovery & Classification",
                "policy": { "uid": finding.rule, "name": finding.title },
            }),
        )],
    }
}

/// What others know a vulnerability by: OCSF wants a CVE, a CWE or an advisory.
///
/// A published hole has its number, which ends its finding's subject. No single CVE stands for "gets no updates any more"; the
/// weakness of relying on such a thing has a CWE. What still gets them is no weakness yet: there is its maker's notice of the end.
fn known_as(finding: &Finding) -> (&'static str, Value) {
    let number = finding.subject.rsplit(' ').next().unwrap_or_default();
    if number.starts_with("CVE-") {
        return ("cve", json!({ "uid": number }));
    }
    match finding.rule.as_str() {
        "eol.os" | "eol.app" => {
            ("cwe", json!({ "uid": "CWE-1104", "caption": "Use of Unmaintained Third Party Components" }))
        }
        _ => ("advisory", json!({ "uid": finding.subject, "title": finding.title })),
    }
}

fn capitalised(severity: Severity) -> &'static str {
    match severity {
        Severity::Informational => "Informational",
        Severity::Low => "Low",
        Severity::Medium => "Medium",
        Severity::High => "High",
        Severity::Critical => "Critical",
    }
}

fn millis(time: Timestamp) -> Value {
    json!(time.as_millisecond())
}
