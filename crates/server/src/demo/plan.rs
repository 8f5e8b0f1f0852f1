//! Who the demo's practices are.
//!
//! Drawn from the seed before anything is observed. A handful of practices have a story of their own, by their number, so that each
//! screen has something to show; the others differ by how much care they take.

use enamel_types::device::OsInfo;
use enamel_types::{AgentId, DeviceId, GroupId, Minter, PracticeId, PracticeProfile, SiteId, Timestamp, Usd};
use serde::Deserialize;

use super::content::{Content, KindRow, ProductRow};
use super::dice::{Dice, whole};
use super::faults::{Faults, days};

/// How the year went at a practice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Story {
    /// Nothing special: mostly fine.
    Fine,
    /// Nothing special: behind with this and that.
    Weak,
    /// Little is looked after.
    Bad,
    /// Everything was mended, and stays so.
    Perfect,
    /// It left three months ago.
    Offboarded,
    /// Its internet has been down for days.
    Silent,
    /// It was taken on today, and no computer is under watch yet.
    New,
    /// Something went wrong in the last hours.
    Trouble,
    /// A computer was cut off the network in spring, and came back.
    Incident,
}

impl Story {
    /// The story of a practice by its number.
    const fn of(index: usize) -> Self {
        match index {
            1 => Self::Perfect,
            2 => Self::Trouble,
            3 => Self::Silent,
            4 => Self::New,
            5 => Self::Incident,
            6 => Self::Offboarded,
            7 | 16 | 27 | 38 => Self::Bad,
            _ if index % 10 == 7 => Self::Bad,
            _ if index % 3 == 2 => Self::Weak,
            _ => Self::Fine,
        }
    }

    /// How much care it takes, 0 to 1.
    pub(super) const fn care(self) -> f64 {
        match self {
            Self::Perfect => 1.0,
            Self::Fine | Self::Silent | Self::New | Self::Incident | Self::Trouble => 0.8,
            Self::Weak | Self::Offboarded => 0.55,
            Self::Bad => 0.15,
        }
    }
}

/// What a computer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ComputerKind {
    /// Windows server with the practice software.
    Server,
    /// Linux box with images.
    Storage,
    /// The first front desk, with the claims.
    FrontDesk,
    /// Beside a chair.
    Operatory,
    /// The office manager's.
    Manager,
    /// Beside the X-ray machine.
    Imaging,
    /// The doctor's laptop, which goes home.
    Laptop,
}

/// A person who is nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// First and last name.
    pub name: String,
    /// Below `.example`.
    pub mail: String,
}

/// A place of a practice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Its id.
    pub id: SiteId,
    /// Its name.
    pub name: String,
}

/// A practice.
#[derive(Debug, Clone)]
pub struct Practice {
    /// Its id.
    pub id: PracticeId,
    /// What it says about itself, its name included.
    pub profile: PracticeProfile,
    /// `general`, `orthodontics`, `oral_surgery`, `pediatric`.
    pub kind: &'static str,
    /// Its group, where it has one.
    pub group: Option<GroupId>,
    /// Its places, in a town that does not exist; the first is the main one.
    pub sites: Vec<Site>,
    /// Its office manager, who is its security officer.
    pub manager: Person,
    /// How its year went.
    pub story: Story,
    /// When it was taken on.
    pub enrolled_at: Timestamp,
    /// When it left.
    pub offboarded_at: Option<Timestamp>,
    /// Its computers.
    pub computers: Vec<Computer>,
    pub(super) dice: Dice,
    /// Dental products, by id.
    pub(super) products: Vec<String>,
}

/// A computer under watch.
#[derive(Debug, Clone)]
pub struct Computer {
    /// The device.
    pub device: DeviceId,
    /// Its agent.
    pub agent: AgentId,
    /// Its host name.
    pub name: String,
    /// What it is for.
    pub kind: ComputerKind,
    /// Where it stands.
    pub site: SiteId,
    /// From when on it is watched.
    pub enrolled_at: Timestamp,
    /// For how many days now it has been switched off.
    pub(super) asleep_days: f64,
    pub(super) systems: Vec<(Timestamp, OsInfo)>,
    pub(super) faults: Faults,
    pub(super) dice: Dice,
}

impl Computer {
    /// Its system at a moment.
    pub(super) fn system(&self, at: Timestamp) -> Option<&OsInfo> {
        self.systems.iter().rev().find(|(from, _)| *from <= at).or(self.systems.first()).map(|(_, os)| os)
    }
}

/// What the plan is drawn from.
pub(super) struct Planner<'a> {
    pub(super) content: &'a Content,
    pub(super) groups: &'a [GroupId],
    pub(super) now: Timestamp,
}

impl Planner<'_> {
    /// The practice with this number.
    pub(super) fn practice(&self, index: usize, dice: &Dice) -> Practice {
        let names = &self.content.names;
        let story = Story::of(index);
        let mut roll = dice.named("practice");
        let enrolled_at = match story {
            Story::New => self.now - days(0.1),
            // Most were there when the demo's year began; some joined on the way.
            _ if roll.chance(0.2) && index > 7 => self.now - days(40.0 + roll.share() * 280.0),
            _ => self.now - days(330.0 + roll.share() * 34.0),
        };
        let mut fill = |bytes: &mut [u8]| roll.fill(bytes);
        let mut minter = Minter::new(&mut fill);
        let id = PracticeId::from_uuid(minter.uuid(enrolled_at));
        let site_ids: Vec<SiteId> =
            names.sites.iter().map(|_| SiteId::from_uuid(minter.uuid(enrolled_at))).collect();

        let plant = &names.plants[index % names.plants.len()];
        let (kind, row) = self.kind(index);
        let again = index / names.plants.len();
        let number = if again == 0 { String::new() } else { format!(" {}", again + 1) };
        let called = roll.pick(&row.names).replace("{}", plant);
        // Who has a story has enough computers to tell it.
        let least = if (1..8).contains(&index) { 8 } else { 4 };
        let drawn = 4 + usize::try_from(whole(31.5 * roll.share().powi(2))).unwrap_or(0);
        let count = if story == Story::New { 0 } else { drawn.max(least) };
        let size = count.max(6) as f64;
        let site_count = 1 + usize::from(count > 14) + usize::from(count > 26);
        let town = roll.pick(&names.towns);
        let sites: Vec<Site> = site_ids
            .into_iter()
            .zip(&names.sites)
            .take(site_count)
            .map(|(id, name)| Site { id, name: format!("{name} office, {town}") })
            .collect();
        let domain = plant.to_lowercase().replace(' ', "-");
        let profile = PracticeProfile {
            name: format!("{called}{number} (demo)"),
            msp: names.msp.clone(),
            patients: Some(whole(size * (260.0 + 180.0 * roll.share()))),
            production_per_day: Some(Usd(((4.0 + size * 0.45) * 10.0).round() * 100.0)),
            remote_tools: vec!["ScreenConnect".to_owned()],
            ..PracticeProfile::default()
        };
        let mut practice = Practice {
            id,
            profile,
            kind,
            // Two groups and many who belong to nobody.
            group: (index % 4 == 1).then(|| self.groups.get(index % 8 / 4).copied()).flatten(),
            sites,
            manager: self.person(&mut roll, &format!("{domain}.example")),
            story,
            enrolled_at,
            offboarded_at: (story == Story::Offboarded).then(|| self.now - days(92.0)),
            computers: Vec::new(),
            dice: dice.clone(),
            products: products(row, &mut roll),
        };
        practice.computers = self.computers(&practice, count, &domain);
        self.trouble(&mut practice);
        practice
    }

    /// A fictional person with an address below a domain that cannot exist.
    pub(super) fn person(&self, roll: &mut Dice, domain: &str) -> Person {
        let names = &self.content.names;
        let (given, surname) = (roll.pick(&names.given), roll.pick(&names.surnames));
        Person {
            name: format!("{given} {surname}"),
            mail: format!("{}.{}@{domain}", given.to_lowercase(), surname.to_lowercase()),
        }
    }

    /// Of ten practices six are general, roughly as in the field.
    const fn kind(&self, index: usize) -> (&'static str, &KindRow) {
        let kinds = &self.content.names.kinds;
        match index % 10 {
            3 | 9 => ("orthodontics", &kinds.orthodontics),
            5 => ("oral_surgery", &kinds.oral_surgery),
            8 => ("pediatric", &kinds.pediatric),
            _ => ("general", &kinds.general),
        }
    }
}

/// The dental products of a practice.
fn products(row: &KindRow, roll: &mut Dice) -> Vec<String> {
    let mut products = vec![roll.pick(&row.records).clone(), roll.pick(&row.imaging).clone()];
    products.extend(row.extra.iter().filter(|_| roll.chance(0.45)).cloned());
    products
}

impl Practice {
    /// How little care it takes, 0 to 1.
    pub(super) const fn neglect(&self) -> f64 {
        1.0 - self.story.care()
    }

    /// The rows of its dental products.
    pub(super) fn product_rows<'a>(&self, content: &'a Content) -> impl Iterator<Item = &'a ProductRow> {
        let products = self.products.clone();
        content.software.products.iter().filter(move |row| products.contains(&row.id))
    }
}
