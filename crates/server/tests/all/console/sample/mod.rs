//! A believable MSP: Northside IT with twelve practices, as models of every screen. Used by the tests and by the example that
//! serves them to look at.

#![allow(clippy::too_many_lines, clippy::too_many_arguments)] // a sample is one long list

mod desk;
mod fleet;
mod practice;
mod screens;

use enamel_server::console::frame::{Choice, Frame, Person, Place, PracticeRef, Theme, Waiting};
use enamel_server::console::screens::findings::Counts;
use enamel_server::console::words::{Lang, Words};
use enamel_types::{DeviceId, FindingId, GroupId, PracticeId, Right, Role, RuleId, Timestamp};
use jiff::tz::TimeZone;

pub(crate) use desk::notice;
pub(crate) use fleet::{today, today_of};
pub(crate) use practice::{finding, form, practice};
pub(crate) use screens::screens;

const NOW: &str = "2026-11-24T14:05:00Z";

/// Name, group, expected loss in thousands, people, computers, silent, critical, high, medium, low.
const PRACTICES: [(&str, usize, f64, u64, u64, u64, Counts); 12] = [
    ("Maple Street Dental", 0, 37.8, 4_432, 9, 1, counts(1, 5, 11, 6)),
    ("Harbor Pediatric Dentistry", 1, 31.2, 6_120, 14, 0, counts(1, 3, 9, 12)),
    ("Cedar Grove Family Dental", 1, 27.9, 5_008, 11, 0, counts(0, 6, 8, 4)),
    ("Lakeview Orthodontics", 1, 24.4, 3_870, 8, 2, counts(0, 4, 7, 9)),
    ("Bright Smiles of Dover", 2, 21.7, 2_915, 6, 0, counts(1, 1, 6, 3)),
    ("Dr. Amara Okafor, DDS", 0, 18.3, 1_820, 4, 0, counts(0, 3, 5, 5)),
    ("Riverside Oral Surgery", 2, 16.9, 2_204, 10, 0, counts(0, 2, 9, 7)),
    ("Summit Endodontics", 2, 12.4, 1_540, 5, 0, counts(0, 1, 4, 8)),
    ("Oak & Elm Dental Arts", 0, 9.8, 2_010, 6, 0, counts(0, 1, 3, 2)),
    ("Clínica Dental Esperanza", 0, 7.1, 1_333, 5, 0, counts(0, 0, 4, 5)),
    ("Northfield Prosthodontics", 2, 4.6, 904, 4, 0, counts(0, 0, 0, 0)),
    ("Willow Creek Dental", 0, 0.0, 0, 0, 0, counts(0, 0, 0, 0)),
];

const GROUPS: [&str; 3] = ["Independent practices", "Coastline Dental Partners", "Summit Specialists"];

const fn counts(critical: u64, high: u64, medium: u64, low: u64) -> Counts {
    Counts { critical, high, medium, low }
}

/// The moment of every page.
pub(crate) fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn ago(hours: i64) -> Timestamp {
    Timestamp::from_second(now().as_second() - hours * 3_600).unwrap()
}

/// An English reader, or a Spanish one, at the MSP's own place.
pub(crate) fn words(lang: Lang) -> Words {
    Words { lang, zone: TimeZone::get("America/Chicago").unwrap_or(TimeZone::UTC), now: now() }
}

/// What stands around a page for the owner.
pub(crate) fn frame(place: Place, theme: Theme, path: &str) -> Frame {
    Frame {
        place,
        msp: "Northside IT".to_owned(),
        person: Some(Person {
            name: "Dana Whitfield".to_owned(),
            role: Role::Owner,
            rights: Right::ALL.to_vec(),
        }),
        waiting: Waiting { today: 9, alerts: 2, approvals: 1 },
        csrf: "c3Jm".to_owned(),
        theme,
        path: path.to_owned(),
        notice: None,
        read_only: false,
        demo: false,
        version: "0.1.0".to_owned(),
    }
}

fn uuid(kind: u8, number: usize) -> uuid::Uuid {
    let mut bytes = [0x70 | kind; 16];
    bytes[6] = 0x7a;
    bytes[8] = 0x9b;
    bytes[14] = u8::try_from(number >> 8).unwrap_or(0);
    bytes[15] = u8::try_from(number & 0xff).unwrap();
    uuid::Uuid::from_bytes(bytes)
}

fn practice_id(number: usize) -> PracticeId {
    PracticeId::from_uuid(uuid(1, number))
}

fn device(number: usize) -> DeviceId {
    DeviceId::from_uuid(uuid(2, number))
}

/// A practice as lists name it.
pub(crate) fn practice_ref(number: usize) -> PracticeRef {
    let (name, group, ..) = PRACTICES[number % PRACTICES.len()];
    PracticeRef { id: practice_id(number), name: name.to_owned(), group: GROUPS[group].to_owned() }
}

fn finding_id(number: usize) -> FindingId {
    FindingId::derive(device(number), &RuleId::new("W03").unwrap(), "sample")
}

fn practice_choices() -> Vec<Choice> {
    (0..12)
        .map(|n| Choice {
            value: practice_id(n).to_string(),
            label: PRACTICES[n].0.to_owned(),
            chosen: false,
        })
        .collect()
}

fn group_choices() -> Vec<Choice> {
    let groups: Vec<(GroupId, String)> =
        (0..3).map(|n| (GroupId::from_uuid(uuid(3, n)), GROUPS[n].to_owned())).collect();
    Choice::groups(&groups, None)
}

fn choices(all: &[(&str, &str)], chosen: &str) -> Vec<Choice> {
    all.iter()
        .map(|(value, label)| Choice {
            value: (*value).to_owned(),
            label: (*label).to_owned(),
            chosen: *value == chosen,
        })
        .collect()
}
