//! A second family of documents with known truth, made by code: other labels, layouts, orders and separators than the shared
//! corpus has, and files of other kinds that hold nothing.
#![cfg(feature = "test-reveal")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use crate::score::Truth;

/// SplitMix64: the same documents on every computer.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ (x >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[usize::try_from(self.below(from.len() as u64)).unwrap()]
    }

    fn digits(&mut self, n: u32) -> String {
        (0..n).map(|_| char::from(b'0' + u8::try_from(self.below(10)).unwrap())).collect()
    }
}

const FIRST: [&str; 24] = [
    "Alma",
    "Bernard",
    "Celeste",
    "Dominic",
    "Estelle",
    "Fernando",
    "Gwendolyn",
    "Howard",
    "Irene",
    "Javier",
    "Kendra",
    "Lionel",
    "Maribel",
    "Norman",
    "Ophelia",
    "Pedro",
    "Quentin",
    "Rosalind",
    "Saul",
    "Tabitha",
    "Ulysses",
    "Vivian",
    "Wilbur",
    "Yesenia",
];
const LAST: [&str; 24] = [
    "Abernathy",
    "Bustamante",
    "Castellanos",
    "Dombrowski",
    "Eastwood",
    "Fitzgerald",
    "Gallagher",
    "Hightower",
    "Ibarra",
    "Jankowski",
    "Kirkpatrick",
    "Lindgren",
    "Montoya",
    "Nakamura",
    "Oyelaran",
    "Pemberton",
    "Quintero",
    "Rasmussen",
    "Sandoval",
    "Thibodeaux",
    "Underhill",
    "Villanueva",
    "Whitaker",
    "Zielinski",
];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A made-up person.
struct Someone {
    first: String,
    last: String,
    ssn: [String; 3],
    dob: (u64, u64, u64),
    mrn: String,
    member: String,
    card: String,
    phone: [String; 3],
    email: String,
}

impl Someone {
    fn new(dice: &mut Dice) -> Self {
        let first = dice.pick(&FIRST).to_owned();
        let last = dice.pick(&LAST).to_owned();
        let area = loop {
            let area = 1 + dice.below(898);
            if area != 666 {
                break area;
            }
        };
        let mut card = format!("{}{}", dice.pick(&["4", "51", "53", "6011", "2412"]), dice.digits(15));
        card.truncate(15);
        let check = (0..10u32).map(|d| format!("{card}{d}")).find(|full| luhn(full)).unwrap();
        let mrn = match dice.below(3) {
            0 => format!("{}{}", 1 + dice.below(9), dice.digits(5)),
            1 => format!("D-{}{}", 1 + dice.below(9), dice.digits(6)),
            _ => format!("{}{}", dice.pick(&["CH", "AX"]), dice.digits(6)),
        };
        let member = match dice.below(3) {
            0 => format!("{}{}", dice.pick(&["ZGP", "XEA", "QNM"]), dice.digits(9)),
            1 => format!("{}{}", 1 + dice.below(9), dice.digits(9)),
            _ => format!("H{}-{}", dice.digits(8), "01"),
        };
        let email = format!(
            "{}{}{}@{}",
            &first[..1].to_lowercase(),
            last.to_lowercase(),
            dice.digits(2),
            dice.pick(&["mail.test", "isp.test"])
        );
        Self {
            ssn: [
                format!("{area:03}"),
                format!("{:02}", 1 + dice.below(98)),
                format!("{:04}", 1 + dice.below(9998)),
            ],
            dob: (1931 + dice.below(88), 1 + dice.below(12), 1 + dice.below(28)),
            phone: [
                format!("{}{}", 2 + dice.below(5), "12"),
                format!("{}{}", 2 + dice.below(7), dice.digits(2)),
                dice.digits(4),
            ],
            first,
            last,
            mrn,
            member,
            card: check,
            email,
        }
    }

    fn dob_as(&self, style: u64) -> String {
        let (y, m, d) = self.dob;
        let month = MONTHS[usize::try_from(m - 1).unwrap()];
        match style % 6 {
            0 => format!("{m:02}/{d:02}/{y}"),
            1 => format!("{d}-{month}-{y}"),
            2 => format!("{month} {d}, {y}"),
            3 => format!("{y}.{m:02}.{d:02}"),
            4 => format!("{m}-{d}-{y}"),
            _ => format!("{y}{m:02}{d:02}"),
        }
    }
}

fn luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(index, digit)| {
            let value = u32::from(digit - b'0') * if index % 2 == 1 { 2 } else { 1 };
            if value > 9 { value - 9 } else { value }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Writes one file and notes its truth.
struct Maker<'a> {
    root: &'a Path,
    truth: BTreeMap<String, Truth>,
}

impl Maker<'_> {
    fn file(&mut self, name: &str, text: &str, people: u64, entities: Vec<(&str, String)>) {
        std::fs::write(self.root.join(name), text).unwrap();
        let entities: BTreeSet<(String, String)> =
            entities.into_iter().map(|(kind, norm)| (kind.to_owned(), norm)).collect();
        let phi = !entities.is_empty();
        self.truth.insert(name.to_owned(), Truth { entities, ignore: BTreeSet::new(), persons: people, phi });
    }
}

fn name(p: &Someone) -> (&'static str, String) {
    let mut parts = [p.first.to_uppercase(), p.last.to_uppercase()];
    parts.sort();
    ("NAME", parts.join(" "))
}
fn ssn(p: &Someone) -> (&'static str, String) {
    ("SSN", p.ssn.concat())
}
fn dob(p: &Someone) -> (&'static str, String) {
    ("DOB", format!("{}-{:02}-{:02}", p.dob.0, p.dob.1, p.dob.2))
}
fn alnum(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_uppercase()
}
fn mrn(p: &Someone) -> (&'static str, String) {
    ("MRN", alnum(&p.mrn))
}
fn member(p: &Someone) -> (&'static str, String) {
    ("MEMBER_ID", alnum(&p.member))
}
fn pan(p: &Someone) -> (&'static str, String) {
    ("PAN", p.card.clone())
}
fn phone(p: &Someone) -> (&'static str, String) {
    ("PHONE", p.phone.concat())
}
fn email(p: &Someone) -> (&'static str, String) {
    ("EMAIL", p.email.clone())
}

/// Writes the family below `root` and gives its truth.
pub(crate) fn write(root: &Path) -> BTreeMap<String, Truth> {
    let mut dice = Dice(20_261_124);
    let mut maker = Maker { root, truth: BTreeMap::new() };
    for round in 0..8u64 {
        let people: Vec<Someone> = (0..6 + round).map(|_| Someone::new(&mut dice)).collect();
        charts(&mut maker, round, &people[..1]);
        listing(&mut maker, round, &people);
        messages(&mut maker, round, &people[..4]);
        semicolons(&mut maker, round, &people);
        lost_zeros(&mut maker, round, &people);
        pipes_without_header(&mut maker, round, &people);
        spanish(&mut maker, round, &people[..3]);
        json_lines(&mut maker, round, &people[..4]);
        negatives(&mut maker, round, &mut dice);
    }
    maker.truth
}

/// A face sheet: one person, a field a line.
fn charts(maker: &mut Maker<'_>, round: u64, people: &[Someone]) {
    let p = &people[0];
    let text = format!(
        "FACE SHEET\n\nPatient Name ........ {}, {}\nBirthdate ........... {}\nSoc. Sec. No. ....... {}\n\nMed Rec # ........... {}\nCell ................ {}.{}.{}\nPrimary subscriber no. {}\nTax year 2023 statement 4471-22 sent\n",
        p.last,
        p.first,
        p.dob_as(round),
        p.ssn.join("-"),
        p.mrn,
        p.phone[0],
        p.phone[1],
        p.phone[2],
        p.member
    );
    maker.file(
        &format!("chart{round}.txt"),
        &text,
        1,
        vec![name(p), dob(p), ssn(p), mrn(p), phone(p), member(p)],
    );
}

/// A printed list in fixed width: the header alone says what the columns are.
fn listing(maker: &mut Maker<'_>, round: u64, people: &[Someone]) {
    let mut text = format!("{:<26}{:<14}{:<14}{:<12}\n", "Patient", "Birth Date", "Soc Sec", "Chart No");
    let mut truth = Vec::new();
    for p in people {
        let full = format!("{}, {}", p.last, p.first);
        writeln!(text, "{full:<26}{:<14}{:<14}{:<12}", p.dob_as(0), p.ssn.join("-"), p.mrn).unwrap();
        truth.extend([name(p), dob(p), ssn(p), mrn(p)]);
    }
    maker.file(&format!("listing{round}.txt"), &text, people.len() as u64, truth);
}

/// Notes of a front desk.
fn messages(maker: &mut Maker<'_>, round: u64, people: &[Someone]) {
    let [a, b, c, d] = people else { return };
    let text = format!(
        "10:42 spoke with {} {} re bill 448213, wants statement to {}. Charge card on file {} exp 08/28.\n\n\
         {} {} (born {}) moved, new cell ({}) {}-{}. Pt # {}.\n\n\
         Pre-auth for {} {}: policy # {}, social {}, birthday {}. Group 7781234, fax 800-555-0133.\n\n\
         Lab case 55-123-8841 for {} {} DOB: {} arrived, lot 904412345, shade A2.\n",
        a.first,
        a.last,
        a.email,
        a.card,
        b.first,
        b.last,
        b.dob_as(round + 1),
        b.phone[0],
        b.phone[1],
        b.phone[2],
        b.mrn,
        c.first,
        c.last,
        c.member,
        c.ssn.concat(),
        c.dob_as(round),
        d.first,
        d.last,
        d.dob_as(round + 2)
    );
    let truth = vec![
        name(a),
        email(a),
        pan(a),
        name(b),
        dob(b),
        phone(b),
        mrn(b),
        name(c),
        member(c),
        ssn(c),
        dob(c),
        name(d),
        dob(d),
    ];
    maker.file(&format!("desk{round}.txt"), &text, 4, truth);
}

/// A semicolon file with a title, and unusual column names.
fn semicolons(maker: &mut Maker<'_>, round: u64, people: &[Someone]) {
    let mut text =
        String::from("Recall export;;;;;\n\npat_id;surname;given_names;birth_dt;mbr_id;home_phone\n");
    let mut truth = Vec::new();
    for p in people {
        writeln!(text, "{};{};{};{};{};{}", p.mrn, p.last, p.first, p.dob_as(3), p.member, p.phone.join("-"))
            .unwrap();
        truth.extend([mrn(p), name(p), dob(p), member(p), phone(p)]);
    }
    maker.file(&format!("recall{round}.csv"), &text, people.len() as u64, truth);
}

/// A spreadsheet that took social security numbers for numbers, with day numbers for dates.
fn lost_zeros(maker: &mut Maker<'_>, round: u64, people: &[Someone]) {
    let mut text = String::from("Full Name\tSocialSecurity\tDateOfBirth\tPolicy Number\tCard Number\n");
    let mut truth = Vec::new();
    for p in people {
        let number: u64 = p.ssn.concat().parse().unwrap();
        writeln!(text, "{} {}\t{number}\t{}\t{}\t{}", p.first, p.last, p.dob_as(4), p.member, p.card)
            .unwrap();
        truth.extend([name(p), dob(p), member(p), pan(p)]);
        if p.ssn.concat().trim_start_matches('0').len() >= 7 {
            truth.push(ssn(p));
        }
    }
    maker.file(&format!("ledger{round}.tsv"), &text, people.len() as u64, truth);
}

/// No header at all.
fn pipes_without_header(maker: &mut Maker<'_>, round: u64, people: &[Someone]) {
    let mut text = String::new();
    let mut truth = Vec::new();
    for p in people {
        writeln!(
            text,
            "{} {}|{}|{}|{}|PPO|{}",
            p.first,
            p.last,
            p.ssn.join("-"),
            p.email,
            p.phone.join("-"),
            2_024_000 + round
        )
        .unwrap();
        truth.extend([name(p), ssn(p), email(p), phone(p)]);
    }
    maker.file(&format!("export{round}.psv"), &text, people.len() as u64, truth);
}

fn spanish(maker: &mut Maker<'_>, round: u64, people: &[Someone]) {
    let mut text = String::new();
    let mut truth = Vec::new();
    for p in people {
        write!(text, "Paciente: {} {}\nFecha de nacimiento: {}\nNo. de expediente: {}\nSeguro social: {}\nNúmero de póliza: {}\n\n", p.first, p.last, p.dob_as(0), p.mrn, p.ssn.join("-"), p.member).unwrap();
        truth.extend([name(p), dob(p), mrn(p), ssn(p), member(p)]);
    }
    maker.file(&format!("ficha{round}.txt"), &text, people.len() as u64, truth);
}

fn json_lines(maker: &mut Maker<'_>, round: u64, people: &[Someone]) {
    let mut text = String::new();
    let mut truth = Vec::new();
    for p in people {
        writeln!(
            text,
            "level=info msg=\"eligibility\" subscriber_id={} dob={} order=8827312345 took=31ms",
            p.member,
            p.dob_as(5)
        )
        .unwrap();
        truth.extend([member(p), dob(p)]);
    }
    maker.file(&format!("elig{round}.log"), &text, people.len() as u64, truth);
}

/// Files that hold nothing, however they look.
fn negatives(maker: &mut Maker<'_>, round: u64, dice: &mut Dice) {
    let n = |dice: &mut Dice, count: u32| dice.digits(count);
    let clean: Vec<(&str, String)> = vec![
        (
            "returns.txt",
            (0..20)
                .map(|_| {
                    format!(
                        "RMA {}-{}-{} model {} s/n {}\n",
                        n(dice, 3),
                        n(dice, 2),
                        n(dice, 4),
                        n(dice, 6),
                        n(dice, 9)
                    )
                })
                .collect(),
        ),
        (
            "team.txt",
            format!(
                "Our team\n\nDr. Alma Hightower, DDS\n(412) 555-01{}\nalma@smile.test\nIrene Montoya, hygienist, 412-331-{}\n",
                n(dice, 2),
                n(dice, 4)
            ),
        ),
        (
            "terminal.csv",
            (0..12).fold("batch,terminal,card,amount,auth\n".to_owned(), |text, _| {
                format!(
                    "{text}{},{},************{},{}.00,{}\n",
                    n(dice, 4),
                    n(dice, 8),
                    n(dice, 4),
                    n(dice, 3),
                    n(dice, 6)
                )
            }),
        ),
        (
            "notes.md",
            format!(
                "# Release 4.{}\n\n- fix parsing of dates such as 02/03/1980\n- build {} on 2024-05-06, commit {}{}\n- example SSN 219-09-9999 removed\n",
                n(dice, 2),
                n(dice, 9),
                n(dice, 8),
                "deadbeef"
            ),
        ),
        (
            "temps.csv",
            (0..30).fold("date,cycle,load,temp,serial\n".to_owned(), |text, _| {
                format!(
                    "{text}2025-0{}-1{},{},{},134,{}\n",
                    1 + dice.below(9),
                    dice.below(10),
                    n(dice, 3),
                    n(dice, 9),
                    n(dice, 9)
                )
            }),
        ),
        (
            "parts.txt",
            (0..15)
                .map(|_| {
                    format!(
                        "{}-{}-{}  Part no {}  ISBN 978{}  lot {}\n",
                        n(dice, 3),
                        n(dice, 3),
                        n(dice, 4),
                        n(dice, 9),
                        n(dice, 10),
                        n(dice, 8)
                    )
                })
                .collect(),
        ),
    ];
    for (name, text) in clean {
        maker.file(&format!("clean{round}-{name}"), &text, 0, Vec::new());
    }
}
