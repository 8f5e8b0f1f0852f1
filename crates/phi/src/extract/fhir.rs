//! FHIR resources: which of their elements identify a patient.
//!
//! Practitioners and organisations are passed over. A resource that only refers to a patient of the same file is told with that
//! patient's name and date of birth, so that it counts as the same person. Facts: HL7 FHIR R4 (Patient, RelatedPerson, Coverage,
//! Identifier), HL7 table 0203, the `us-ssn` identifier system.

use std::collections::HashMap;

use enamel_types::patient_data::Entity;

use super::tree::Leaf;
use crate::sink::{Field, Sink};

/// Patients remembered for the resources that refer to them.
const REMEMBERED: usize = 50_000;

/// The patients met so far, by id.
#[derive(Default)]
pub(super) struct People {
    by_id: HashMap<String, (String, String)>,
}

impl People {
    /// Hands on what a resource at `path` says of a person.
    pub(super) fn resource(&mut self, path: &str, leaves: &[Leaf], sink: &mut dyn Sink) {
        let resource = Resource { path, leaves };
        let kind = resource.value("resourceType").unwrap_or_default();
        if matches!(
            kind,
            "Practitioner"
                | "PractitionerRole"
                | "Organization"
                | "Location"
                | "Endpoint"
                | "HealthcareService"
                | "InsurancePlan"
                | "Bundle"
        ) {
            return;
        }
        let person = matches!(kind, "Patient" | "RelatedPerson" | "Person");
        let name = if person { resource.names("name").into_iter().next() } else { None };
        let birth = resource.value("birthDate").filter(|_| person);
        if person
            && self.by_id.len() < REMEMBERED
            && let Some(id) = resource.value("id")
        {
            let remembered = (name.clone().unwrap_or_default(), birth.unwrap_or_default().to_owned());
            self.by_id.insert(id.to_owned(), remembered);
        }
        sink.record();
        if person || kind == "Coverage" {
            resource.identifiers(if person { Some(Entity::Mrn) } else { Some(Entity::MemberId) }, sink);
        }
        push(
            sink,
            Some(Entity::MemberId),
            "subscriberId",
            resource.value("subscriberId").unwrap_or_default(),
        );
        if person {
            for own in resource.names("name") {
                push(sink, Some(Entity::Name), "name", &own);
            }
            push(sink, Some(Entity::Dob), "birthDate", birth.unwrap_or_default());
        } else {
            self.referred(&resource, sink);
        }
        if person || kind == "Coverage" {
            resource.telecom(sink);
        }
        resource.text(sink);
    }

    /// The patient that a resource is about: as it names them, and as they were met before.
    fn referred(&self, resource: &Resource<'_>, sink: &mut dyn Sink) {
        const ABOUT: [&str; 6] =
            ["patient", "subject", "beneficiary", "subscriber", "policyHolder", "individual"];
        let Some(about) = ABOUT.iter().find(|about| {
            resource
                .value(&format!("{about}/reference"))
                .or_else(|| resource.value(&format!("{about}/display")))
                .is_some()
        }) else {
            return;
        };
        let reference = resource.value(&format!("{about}/reference")).unwrap_or_default();
        let id = reference.rsplit(['/', ':', '#']).next().unwrap_or_default();
        if let Some((name, birth)) = self.by_id.get(id) {
            push(sink, Some(Entity::Name), "name", name);
            push(sink, Some(Entity::Dob), "birthDate", birth);
        } else {
            push(
                sink,
                Some(Entity::Name),
                "display",
                resource.value(&format!("{about}/display")).unwrap_or_default(),
            );
        }
    }
}

struct Resource<'r> {
    path: &'r str,
    leaves: &'r [Leaf],
}

impl<'r> Resource<'r> {
    fn relative(&self, leaf: &'r Leaf) -> &'r str {
        leaf.path.get(self.path.len() + 1..).unwrap_or_default()
    }

    fn value(&self, path: &str) -> Option<&'r str> {
        self.leaves.iter().find(|leaf| self.relative(leaf) == path).map(|leaf| leaf.value.as_str())
    }

    /// The values below an element, one group for each of its repetitions: those that share an object, and the objects inside it,
    /// which have higher numbers than it and lower ones than the next.
    fn groups(&self, element: &str, main: &[&str]) -> Vec<Vec<(&'r str, &'r str)>> {
        let mut groups: Vec<(u64, Vec<(&str, &str)>)> = Vec::new();
        let mut starts: Vec<u64> = self
            .leaves
            .iter()
            .filter(|leaf| {
                self.relative(leaf)
                    .strip_prefix(element)
                    .and_then(|rest| rest.strip_prefix('/'))
                    .is_some_and(|rest| main.contains(&rest))
            })
            .map(|leaf| leaf.object)
            .collect();
        starts.sort_unstable();
        starts.dedup();
        groups.extend(starts.iter().map(|start| (*start, Vec::new())));
        for leaf in self.leaves {
            let Some(rest) =
                self.relative(leaf).strip_prefix(element).and_then(|rest| rest.strip_prefix('/'))
            else {
                continue;
            };
            let at = groups.partition_point(|(start, _)| *start <= leaf.object);
            if let Some((_, group)) = at.checked_sub(1).and_then(|at| groups.get_mut(at)) {
                group.push((rest, &leaf.value));
            }
        }
        groups.into_iter().map(|(_, group)| group).collect()
    }

    fn identifiers(&self, usual: Option<Entity>, sink: &mut dyn Sink) {
        for group in self.groups("identifier", &["value"]) {
            let get = |path: &'static str| {
                group.iter().filter(move |(at, _)| *at == path).map(|(_, value)| value.to_ascii_lowercase())
            };
            let words: Vec<String> = get("system")
                .chain(get("type/text"))
                .chain(get("type/coding/display"))
                .chain(get("use"))
                .collect();
            let says = |needles: &[&str]| {
                words.iter().any(|word| needles.iter().any(|needle| word.contains(needle)))
            };
            let codes: Vec<String> = get("type/coding/code").collect();
            let code = |wanted: &[&str]| codes.iter().any(|code| wanted.contains(&code.as_str()));
            let known = if code(&["ss", "sb", "ssn"])
                || says(&["us-ssn", "2.16.840.1.113883.4.1", "social security", "/ssn"])
            {
                Some(Entity::Ssn)
            } else if code(&["mr", "mrn", "pi", "pt"])
                || says(&["mrn", "medical-record", "medical record", "chart"])
            {
                Some(Entity::Mrn)
            } else if code(&["mb", "sn", "mc", "ma", "hc", "ni"])
                || says(&["member", "subscriber", "insur", "policy"])
            {
                Some(Entity::MemberId)
            } else if !codes.is_empty()
                || says(&["npi", "us-npi", "license", "passport", "tax", "account", "visit"])
            {
                None
            } else {
                usual
            };
            for (_, value) in group.iter().filter(|(at, _)| *at == "value") {
                push(sink, known, "identifier", value);
            }
        }
    }

    fn names(&self, element: &str) -> Vec<String> {
        let groups = self.groups(element, &["family", "given", "text"]);
        let of_group = |group: Vec<(&str, &str)>| {
            let all = |path: &str| {
                group
                    .iter()
                    .filter(|(at, _)| *at == path)
                    .map(|(_, value)| *value)
                    .collect::<Vec<_>>()
                    .join(" ")
            };
            let (family, given) = (all("family"), all("given"));
            match (family.is_empty(), given.is_empty()) {
                (false, false) => format!("{family}, {given}"),
                (true, true) => all("text"),
                _ => family + &given,
            }
        };
        groups.into_iter().map(of_group).filter(|name| !name.is_empty()).collect()
    }

    fn telecom(&self, sink: &mut dyn Sink) {
        for element in ["telecom", "contact/telecom"] {
            for group in self.groups(element, &["value"]) {
                let get = |path: &str| group.iter().find(|(at, _)| *at == path).map(|(_, value)| *value);
                let value = get("value").unwrap_or_default();
                let known = match get("system") {
                    Some("email") => Some(Entity::Email),
                    Some("url" | "other" | "pager") => None,
                    _ if value.contains('@') => Some(Entity::Email),
                    _ => Some(Entity::Phone),
                };
                push(sink, known, "telecom", value);
            }
        }
        for name in self.names("contact/name") {
            push(sink, Some(Entity::Name), "contact", &name);
        }
    }

    /// Notes and narratives, in which anything may stand.
    fn text(&self, sink: &mut dyn Sink) {
        for leaf in self.leaves {
            if matches!(
                self.relative(leaf).rsplit('/').next(),
                Some("div" | "note" | "comment" | "valueString" | "description")
            ) {
                push(sink, None, "text", &leaf.value);
            }
        }
    }
}

fn push(sink: &mut dyn Sink, known: Option<Entity>, label: &str, value: &str) {
    if !value.is_empty() {
        sink.field(Field { known, label, value });
    }
}

#[cfg(test)]
mod tests {
    use crate::extract::Format;
    use crate::extract::testing::kept;

    #[test]
    fn a_resource_is_a_record() {
        let text = r#"{"entry":[{"resource":{"birthDate":"1980-01-02","id":"p1","identifier":[{"type":{"coding":[{"code":"MR"}]},"value":"M1"},
            {"system":"http://hl7.org/fhir/sid/us-ssn","value":"S1"},{"value":"D1","type":{"coding":[{"code":"DL"}]}}],
            "name":[{"family":"Lee","given":["Ann","M"]}],"telecom":[{"system":"phone","value":"1"},{"value":"a@b"}],"resourceType":"Patient"}},
            {"resource":{"resourceType":"Practitioner","name":[{"family":"Doc"}]}},
            {"resource":{"resourceType":"Coverage","subscriberId":"U1","beneficiary":{"reference":"Patient/p1"}}}],"resourceType":"Bundle"}"#;
        let kept = kept(text.as_bytes(), "x", Format::Fhir);
        assert_eq!(
            kept.lines,
            [
                "record",
                "field MRN identifier = M1",
                "field SSN identifier = S1",
                "field - identifier = D1",
                "field NAME name = Lee, Ann M",
                "field DOB birthDate = 1980-01-02",
                "field PHONE telecom = 1",
                "field EMAIL telecom = a@b",
                "record",
                "field MEMBER_ID subscriberId = U1",
                "field NAME name = Lee, Ann M",
                "field DOB birthDate = 1980-01-02",
            ]
        );
    }
}
