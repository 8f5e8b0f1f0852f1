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

#[test]
fn a_report_of_fixed_width_is_read_below_its_page_head() {
    let page = |n: u32| {
        format!(
            "RUN DATE 04/17/2025      LAKE DENTAL      PAGE    {n}\r\n           AGED RECEIVABLES\r\n\r\n\
             ACCT     GUARANTOR             BIRTHDATE   SS#          30-DAY\r\n\
             -----------------------------------------------------------------\r\n\
             C65699{n}  ROE, ANN              02/23/197{n}  512-40-671{n}   793.13\r\n\r\n"
        )
    };
    let outcome = look(|sink| sink.text(&format!("{}{}", page(1), page(2))));
    let expected = [(Entity::Ssn, 2), (Entity::Dob, 2), (Entity::Name, 1), (Entity::Mrn, 2)];
    assert_eq!(counts(&outcome), expected);
    let below = "NAME                 D.O.B.      ID NUMBER      CARRIER\n\n\
                 Roe, Ann             06-29-1957  80068751650    Ameritas\n";
    let expected = [(Entity::Dob, 1), (Entity::Name, 1), (Entity::MemberId, 1)];
    assert_eq!(counts(&look(|sink| sink.text(below))), expected);
}

#[test]
fn a_title_of_one_cell_is_no_header_and_halves_of_a_name_meet_in_two_languages() {
    let titled = "LIST BY LAST NAME\n\"Printed: 3/11/2025\",\"Page 1\"\n\nName,Bday,Chart\n\"Roe, Ann\",1/2/1980,CV2569\n\
                  \"Doe, Jo\",3/4/1990,CV2570\n";
    let expected = [(Entity::Dob, 2), (Entity::Name, 2), (Entity::Mrn, 2)];
    assert_eq!(counts(&look(|sink| sink.delimited(titled))), expected);
    let spanish = "Apellidos;Nombre;Fecha de Nacimiento\nRoe;Ann;1993-01-04\nDoe;Jo;1972-10-09\n";
    assert_eq!(counts(&look(|sink| sink.delimited(spanish))), [(Entity::Dob, 2), (Entity::Name, 2)]);
}

#[test]
fn pairs_side_by_side_belong_to_their_own_labels() {
    let outcome = look(|sink| {
        sink.table(&[]);
        sink.row(&["Patient Name:", "Ann Roe", "Date of Birth:", "30802"]);
        sink.row(&["Subscriber ID:", "FGJ737412938", "Group #:", "746051"]);
    });
    assert_eq!(counts(&outcome), [(Entity::Dob, 1), (Entity::Name, 1), (Entity::MemberId, 1)]);
}

#[test]
fn accounts_of_a_shop_are_no_patients() {
    for text in [
        "Bill to: Lake Dental   Acct 20418\n",
        "routing 071517391 acct 2015903396\n",
        "inserted record 83721\n",
    ] {
        assert!(!look(|sink| sink.text(text)).has_phi(), "{text}");
    }
    let months = "Month,Production,Acct no.\n45292,97240,536289353\n45323,93220,864412755\n";
    assert!(!look(|sink| sink.delimited(months)).has_phi());
    let statement = look(|sink| sink.text("Patient: Ann Roe   DOB 1/2/1980   Acct 20418\n"));
    assert_eq!(statement.tally.counts()[&Entity::Mrn], 1);
}

#[test]
fn contacts_and_appointments_are_a_person_each() {
    let card = |n: u32, name: &str| {
        format!("BEGIN:VCARD\r\nFN:{name}\r\nBDAY:1980-01-0{n}\r\nNOTE:new\\nchart 471{n}\r\nEND:VCARD\r\n")
    };
    let cards = card(1, "Ann Roe") + &card(2, "Mary Doe");
    let outcome = look(|sink| sink.text(&cards));
    assert_eq!(outcome.people.estimate().value, 2);
    assert_eq!(outcome.tally.counts()[&Entity::Mrn], 2);
}

#[test]
fn policies_in_a_table_of_their_own_are_those_of_the_people_known() {
    let outcome = look(|sink| {
        sink.table(&["first", "surname", "born"]);
        sink.row(&["Ann", "Roe", "1980-01-02"]);
        sink.row(&["Jo", "Doe", "1990-03-04"]);
        sink.table(&["carrier", "policyNo"]);
        sink.row(&["Principal", "Z319S58821"]);
        sink.row(&["Ameritas", "1770606459"]);
    });
    let people = outcome.people.estimate();
    assert_eq!((people.low, people.value, people.high), (2, 2, 4));
}

#[test]
fn a_problem_repeats_no_number_of_the_file() {
    for (detail, masked) in [
        ("t.db: table Roe SSN 512-40-6719: broken", "t.db: table Roe SSN ***-**-**19: broken"),
        ("a.zip/4016772344369879.txt: encrypted", "a.zip/**************79.txt: encrypted"),
        ("scan 12: 2 of its 12 parts, page 1234", "scan 12: 2 of its 12 parts, page 1234"),
        ("Müller 1980/01/02", "Müller ****/**/02"),
    ] {
        let problem = Problem { kind: crate::sink::ProblemKind::Malformed, detail: detail.to_owned() };
        assert_eq!(look(|sink| sink.problem(problem)).problems[0].detail, masked);
    }
}
