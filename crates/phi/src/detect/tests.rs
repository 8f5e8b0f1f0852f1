//! The detector as a whole, on small documents.

use super::*;

#[allow(clippy::format_push_string)] // small documents
fn rows_of_notes() -> String {
    let mut text = String::from("Patient,DOB,SSN,Notes\n");
    for n in 0..5000 {
        text += &format!(
            "\"Roe, Ann\",19{:02}-01-02,5{:02}-{:02}-6710,\"call\nback\"\n",
            n % 90 + 10,
            n / 90,
            n % 90 + 10
        );
    }
    text
}

const KEY: [u8; 32] = [7; 32];

fn look(fill: impl FnOnce(&mut Detector)) -> Outcome {
    let mut detector = Detector::new(KEY, (2026, 11, 24));
    fill(&mut detector);
    detector.finish()
}

fn counts(outcome: &Outcome) -> Vec<(Entity, u64)> {
    outcome.tally.counts().into_iter().collect()
}

#[test]
fn a_form_with_blank_lines_is_one_person() {
    let outcome =
        look(|sink| sink.text("Name: Qzrt Vbnmly\n\nDOB: 1/2/1980\n\nSSN: 512-40-6710\n\nChart #: 83566\n"));
    assert_eq!(outcome.people.estimate().value, 1, "{:?}", counts(&outcome));
    assert!(outcome.has_phi() && outcome.name_with_birthday);
}

#[test]
fn a_list_is_a_person_a_line() {
    let text = "Patient      DOB         SSN\nRoe, Ann     1/2/1980    512-40-6710\nDoe, John    3/4/1990    512-41-6711\n\
                Poe, Mary    5/6/1970    512-42-6712\n";
    let outcome = look(|sink| sink.text(text));
    assert_eq!(outcome.people.estimate().value, 3);
    assert_eq!(outcome.tally.counts()[&Entity::Dob], 3, "the header above stands for the labels");
}

#[test]
fn a_delimited_text_is_a_table_whatever_the_pieces() {
    let text = rows_of_notes();
    let whole = look(|sink| sink.delimited(&text));
    let pieces = look(|sink| text.split_inclusive('\n').for_each(|line| sink.delimited(line)));
    assert_eq!(counts(&whole), counts(&pieces));
    assert_eq!(whole.tally.counts()[&Entity::Ssn], 5000);
}

#[test]
fn a_phantom_is_nobody() {
    let outcome = look(|sink| {
        sink.record();
        sink.field(Field { known: Some(Entity::Name), label: "PatientName", value: "PHANTOM^QA" });
        sink.field(Field { known: Some(Entity::Mrn), label: "PatientID", value: "QA-0001" });
    });
    assert!(!outcome.has_phi() && counts(&outcome).is_empty());
}

#[test]
fn staff_pages_policies_and_blank_forms_hold_no_patient_data() {
    for text in [
        "Our team\nDr. Denise Walsh, DDS  (503) 606-2124  denise.walsh@bright.example\nAnn Carver, office manager, 503-606-2125\n",
        "HIPAA policy. Social Security numbers are PHI. For example 123-45-6789 must be masked as XXX-XX-1234.",
        "DOB: ______\nSSN: ______\nMember ID: ______\nForm rev 03/2024, item 410-22-118.\n",
    ] {
        assert!(!look(|sink| sink.text(text)).has_phi(), "{text}");
    }
}

#[test]
fn notes_in_a_column_of_no_meaning_count_with_a_label_only() {
    let outcome = look(|sink| {
        sink.table(&["PatNum", "Note"]);
        sink.row(&["1", "called, SSN 512-40-6710 on file"]);
        sink.row(&["2", "part 512-41-6710 ordered"]);
    });
    assert_eq!(counts(&outcome), [(Entity::Ssn, 1)]);
}
