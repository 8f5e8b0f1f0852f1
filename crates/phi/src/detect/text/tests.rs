//! Values in running text, and what only looks like one.

use super::*;
use proptest::prelude::*;

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,80}", number in "[0-9@/. -]{0,30}") {
        found(&format!("{text}SSN {number}{text}"));
    }
}

fn found(text: &str) -> Vec<(Entity, String)> {
    let mut scanner = Scanner {
        text: text.as_bytes(),
        vocabulary: Vocabulary::get(),
        today: Date { year: 2026, month: 11, day: 24 },
        labels_only: false,
        order: Order::MonthFirst,
        columns: Columns::default(),
        unlabelled: Unlabelled::default(),
        alone: true,
    };
    let mut hits = Vec::new();
    scanner.scan(&mut |hit| hits.push((hit.kind, hit.norm)));
    hits
}

fn check(text: &str, expected: &[(Entity, &str)]) {
    let found = found(text);
    let found: Vec<(Entity, &str)> = found.iter().map(|(kind, norm)| (*kind, norm.as_str())).collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn social_security_numbers() {
    use Entity::Ssn;
    check("SSN: 640-32-9998.", &[(Ssn, "640329998")]);
    check("SS# 640329998", &[(Ssn, "640329998")]);
    check("Soc Sec 640 32 9998", &[(Ssn, "640329998")]);
    check("seguro social: 640-32-9998", &[(Ssn, "640329998")]);
    check("SSN640-32-9998", &[(Ssn, "640329998")]);
    check("his number is 640-32-9998 I think", &[(Ssn, "640329998")]);
    check("Autoclave serial 361-35-7507 passed", &[]);
    check("For example 640-32-9998", &[]);
    check("640329998 and 640-32-99981 and 640-32-9998-1", &[]);
    check("SSN 078-05-1120, SSN 123-45-6789, SSN 000-12-3456, SSN ***-**-6789", &[]);
    check("GET /a/640-32-9998?id=640-32-9998", &[]);
}

#[test]
fn cards() {
    use Entity::Pan;
    check("Card 4016-7723-4436-9879 exp 12/26", &[(Pan, "4016772344369879")]);
    check("Visa/MC 6011422677351215", &[(Pan, "6011422677351215")]);
    check("4016772344369879 exp 01/27", &[(Pan, "4016772344369879")]);
    check("order 4016772344369879", &[]);
    check("imei 352887842406989", &[]);
    check("card 4111111111111111, card 4016772344369878", &[]);
}

#[test]
fn birthdays_need_a_word_that_says_so() {
    use Entity::Dob;
    check("DOB: 7/23/48", &[(Dob, "1948-07-23")]);
    check("born on March 5, 1985", &[(Dob, "1985-03-05")]);
    check("D.O.B. 05-MAR-1985", &[(Dob, "1985-03-05")]);
    check("DOB: 05Mar1985", &[(Dob, "1985-03-05")]);
    check("fecha de nacimiento 5 de marzo de 1985", &[(Dob, "1985-03-05")]);
    check("(03/05/1985 DOB)", &[(Dob, "1985-03-05")]);
    check("Call Maria Cortez (7/21/99) back", &[(Dob, "1999-07-21")]);
    check("Maria Cortez (7/21/2025), Invoice (3/4/2009)", &[]);
    check("Hassan b. 12/15/01", &[(Dob, "2001-12-15")]);
    check(
        "Date of birth __2/20/2002__  S.S.# __058-41-2117__",
        &[(Dob, "2002-02-20"), (Entity::Ssn, "058412117")],
    );
    check("DOB 03/05/1985, seen 01/02/2020, next visit 02/03/2021", &[(Dob, "1985-03-05")]);
    check("Date of service: 04/18/2022. Next recall 01/24/2020", &[]);
}

#[test]
fn numbers_of_charts_and_members_need_a_label() {
    use Entity::{MemberId, Mrn};
    check("Chart #: PT-83566", &[(Mrn, "PT83566")]);
    check("MRN 459183, invoice INV-3738345", &[(Mrn, "459183")]);
    check("Member ID W583011137, Group #731076", &[(MemberId, "W583011137")]);
    check("Subscriber ID: 90820045386", &[(MemberId, "90820045386")]);
    check("id de miembro: U18673407", &[(MemberId, "U18673407")]);
    check("Supply order 835130328 shipped UPS 1ZHUM6784569628038, PO 106-89-477", &[]);
    check("the chart shows 2024 cases", &[]);
    check("Rx no 2722510, NPI 5942105388, tax id 90-0116788", &[]);
    check("Policy no. 164-30-8. Call", &[]);
    check("Patient: De Leon, Rachel    ID: 2798045", &[(Mrn, "2798045")]);
    check("ACCOUNT NO: 10321\n   1517 COLLEGE RD", &[(Mrn, "10321")]);
    check("Vendor: Benco  Acct 00188946. CE certificate no. 07125719", &[]);
    check("Insurance/ID: Cigna Dental / RBH218533830", &[(MemberId, "RBH218533830")]);
    check("Policyholder/Subscriber ID (Assigned by Plan)  957-4918-9707", &[(MemberId, "95749189707")]);
    check("Guardian Life, ID# AW7985481-01", &[(MemberId, "AW798548101")]);
    check("Cigna, subscriber 9495375185", &[(MemberId, "9495375185")]);
    check("ins id no: W9995 96136", &[(MemberId, "W999596136")]);
    check("Zm9vIGJhciBiYXogcXV4IGZvbw+MRN/4591838Zm9vIGJhciBiYXogcXV4", &[]);
    check("badge, ID# AW7985481-01. Vehicle identification no 1HGCM82633", &[]);
    check("bd:d2:c1; starts 2025/05/12", &[]);
}

#[test]
fn telephones_and_mailboxes() {
    use Entity::{Email, Phone};
    check("Called at (315) 856-9187 today", &[(Phone, "3158569187")]);
    check("254-527-8731", &[(Phone, "2545278731")]);
    check("payer 1-800-266-8162", &[]);
    check("email wei.green83@yahoo.com, lives", &[(Email, "wei.green83@yahoo.com")]);
    check("mail to office@bright.example or a@b", &[]);
}
