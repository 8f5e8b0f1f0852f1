//! XML that is no office document: elements and attributes as labels; CDA's patient as what it is.
//!
//! Facts: HL7 CDA R2 (`recordTarget/patientRole`); 2.16.840.1.113883.4.1 is the OID of social security numbers.

use std::io::Read;

use enamel_types::patient_data::Entity;

use super::budget::Budget;
use super::failure::Failure;
use super::markup::{Event, Markup};
use super::tree::{Leaf, Tree};
use crate::sink::{Field, Sink};

/// Elements inside each other; deeper ones count for the one at this depth.
const DEPTH: usize = 256;
/// The most of one element's text that is kept.
const TEXT: usize = 64 << 10;

/// Reads a document.
pub(super) fn read(reader: &mut dyn Read, budget: &Budget<'_>, sink: &mut dyn Sink) -> Result<(), Failure> {
    let mut markup = Markup::xml(reader, budget);
    let mut tree = Tree::default();
    let mut depth = 0_usize;
    let mut text = String::new();
    let outcome = loop {
        match markup.next() {
            Ok(Event::Start) => {
                depth += 1;
                text.clear();
                if depth <= DEPTH {
                    tree.open(markup.name(), false);
                    markup.attributes(&mut |name, value| tree.leaf(name, value, sink));
                }
            }
            Ok(Event::Text) if text.len() < TEXT => text.push_str(markup.text()),
            Ok(Event::Text) => {}
            Ok(Event::End) => {
                if (1..=DEPTH).contains(&depth) {
                    tree.own_text(&text, sink);
                    if tree.name() == "patientRole" {
                        patient_role(tree.path(), tree.leaves(), sink);
                        tree.take();
                    }
                    tree.close(true, sink);
                }
                text.clear();
                depth = depth.saturating_sub(1);
            }
            Ok(Event::Eof) => break Ok(()),
            Err(failure) => break Err(failure),
        }
    };
    tree.finish(sink);
    outcome
}

/// The patient of a CDA document.
fn patient_role(path: &str, leaves: &[Leaf], sink: &mut dyn Sink) {
    let relative = |leaf: &Leaf| leaf.path.get(path.len() + 1..).unwrap_or_default().to_owned();
    sink.record();
    let mut name: (String, String) = Default::default();
    for leaf in leaves {
        let value = leaf.value.as_str();
        let known = match relative(leaf).as_str() {
            "id/extension" => {
                let root =
                    leaves.iter().find(|other| other.object == leaf.object && other.path.ends_with("/root"));
                let ssn = root.is_some_and(|root| root.value == "2.16.840.1.113883.4.1");
                Some(if ssn { Entity::Ssn } else { Entity::Mrn })
            }
            "patient/birthTime/value" => Some(Entity::Dob),
            "telecom/value" => Some(if value.contains('@') { Entity::Email } else { Entity::Phone }),
            "patient/name/given" => {
                name.1 = format!("{} {value}", name.1);
                continue;
            }
            "patient/name/family" => {
                value.clone_into(&mut name.0);
                continue;
            }
            _ => continue,
        };
        let value = value.trim_start_matches("tel:").trim_start_matches("mailto:");
        let value = if known == Some(Entity::Dob) { value.get(..8).unwrap_or(value) } else { value };
        sink.field(Field { known, label: "patientRole", value });
    }
    let name = format!("{},{}", name.0, name.1);
    if name.len() > 1 {
        sink.field(Field { known: Some(Entity::Name), label: "name", value: name.trim_matches(',').trim() });
    }
}

#[cfg(test)]
mod tests {
    use crate::extract::Format;
    use crate::extract::testing::kept;

    #[test]
    fn elements_are_labels_and_people_records() {
        let text = "<?xml version='1.0'?><list><patient id='7'><name><given>A</given><family>B</family></name><ssn>1</ssn></patient>\
            <patient><dob>2</dob><mrn>3</mrn></patient></list>";
        let kept = kept(text.as_bytes(), "x", Format::Xml);
        assert_eq!(
            kept.lines,
            [
                "record",
                "field - patient id = 7",
                "field - given = A",
                "field - family = B",
                "field - ssn = 1",
                "record",
                "field - dob = 2",
                "field - mrn = 3",
            ]
        );
    }

    #[test]
    fn cda_says_who_the_patient_is() {
        let text = "<ClinicalDocument xmlns='urn:hl7-org:v3'><recordTarget><patientRole><id root='2.16.840.1.113883.4.1' extension='S'/>\
            <id root='1.2' extension='M'/><telecom value='tel:555'/><patient><name><given>A</given><family>B</family></name>\
            <birthTime value='198001021200'/></patient></patientRole></recordTarget></ClinicalDocument>";
        let kept = kept(text.as_bytes(), "x", Format::Xml);
        for line in [
            "field SSN patientRole = S",
            "field MRN patientRole = M",
            "field PHONE patientRole = 555",
            "field DOB patientRole = 19800102",
            "field NAME name = B, A",
        ] {
            assert!(kept.has(line), "{line}: {:?}", kept.lines);
        }
    }
}
