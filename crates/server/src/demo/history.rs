//! A demo practice's year as its agents would have sent it: observations in chains, round by round.
//!
//! Real agents look every few hours; a year of that would be gigabytes and show nothing more. The demo's look every three weeks at
//! first and every day at the end, so that evidence is as fresh as it would be.

use std::collections::BTreeMap;

use enamel_ledger::{EntryHash, Link};
use enamel_types::{Body, Gap, Minter, Observation, Sensor, Timestamp};
use jiff::SignedDuration;

use super::content::Content;
use super::dice::Dice;
use super::faults::days;
use super::looks::Look;
use super::plan::{Computer, ComputerKind, Practice, Story};
use super::told::{self, Said};

/// How long what a sensor saw counts as evidence: a week, as the command line and the agent have it.
const VALID_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How many days ago the rounds were, the first one first.
const ROUNDS: [f64; 23] = [
    357.0, 336.0, 315.0, 294.0, 273.0, 252.0, 231.0, 210.0, 189.0, 168.0, 147.0, 126.0, 105.0, 84.0, 70.0,
    56.0, 42.0, 28.0, 14.0, 7.0, 3.0, 1.0, 0.0,
];

/// What reached the server at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Round {
    /// When.
    pub received_at: Timestamp,
    /// The observations, each agent's in the order of its chain.
    pub links: Vec<Link>,
}

/// The rounds of one practice, oldest first.
pub struct History<'a> {
    content: &'a Content,
    practice: &'a Practice,
    now: Timestamp,
    version: &'a str,
    /// What was said and has not been sent yet, latest first.
    said: Vec<Said>,
    heads: Vec<Option<(u64, EntryHash)>>,
    next: usize,
}

impl<'a> History<'a> {
    pub(super) fn new(
        content: &'a Content,
        practice: &'a Practice,
        now: Timestamp,
        version: &'a str,
    ) -> Self {
        let mut said = told::all(content, practice, now);
        said.sort_by(|a, b| (b.at, &b.scope).cmp(&(a.at, &a.scope)));
        let heads = vec![None; practice.computers.len()];
        Self { content, practice, now, version, said, heads, next: 0 }
    }

    /// When a round ends, and whether one is held at all.
    fn ends(&self, ago: f64) -> Option<Timestamp> {
        let mut dice = self.practice.dice.named("rounds");
        // Each office has its own weekday; the last round of all has just come in.
        let at = if ago > 3.0 { self.now - days(ago + 6.0 * dice.share()) } else { self.now - days(ago) };
        let silent = self.practice.story == Story::Silent && ago < 7.0;
        let left = self.practice.offboarded_at.is_some_and(|left| at > left);
        (at >= self.practice.enrolled_at + days(1.5) && !silent && !left).then_some(at)
    }

    fn round(&mut self, index: usize, ends: Timestamp) -> Result<Round, serde_json::Error> {
        let mut seen: BTreeMap<usize, Vec<Said>> = BTreeMap::new();
        while let Some(said) = self.said.pop_if(|said| said.at <= ends) {
            seen.entry(said.computer).or_default().push(said);
        }
        for (number, computer) in self.practice.computers.iter().enumerate() {
            let asleep = ends > self.now - days(computer.asleep_days);
            if !asleep {
                seen.entry(number).or_default().extend(self.looks(number, computer, index, ends));
            }
        }
        let mut links = Vec::new();
        for (number, mut said) in seen {
            said.sort_by_key(|said| said.at);
            let computer = &self.practice.computers[number];
            let mut ids = computer.dice.named("ids").of(index);
            for said in said {
                let observation = self.observation(computer, said, &mut ids);
                let body = serde_json::to_vec(&observation)?;
                let link = Link::after(self.heads[number], &observation, body);
                self.heads[number] = Some((link.agent_seq, link.hash));
                links.push(link);
            }
        }
        Ok(Round { received_at: ends, links })
    }

    /// What the sensors of one computer see in one round.
    fn looks(&self, number: usize, computer: &Computer, index: usize, ends: Timestamp) -> Vec<Said> {
        let mut dice = computer.dice.named("round").of(index);
        // They look at some time in the hours before.
        let at = ends - days(0.01 + 0.18 * dice.share());
        if at < computer.enrolled_at {
            return Vec::new();
        }
        let look = Look { content: self.content, practice: self.practice, computer, at };
        let said = |minutes: f64, sensor, scope: String, body| {
            let at = at + days(minutes / 1_440.0);
            Said { computer: number, at, valid_until: at + VALID_FOR, sensor, scope, body }
        };
        let last = index + 4 >= ROUNDS.len();
        let mut seen = Vec::new();
        if index.is_multiple_of(4) || last {
            seen.extend(
                look.inventory().map(|body| said(0.0, "scan inventory", "inventory".to_owned(), body)),
            );
        }
        seen.extend(look.configuration().map(|body| said(0.5, "scan host", "host".to_owned(), body)));
        if index.is_multiple_of(2) || last {
            seen.extend(look.software().map(|body| said(1.0, "scan software", "software".to_owned(), body)));
            if computer.kind != ComputerKind::Storage {
                let body = Body::PatientData(look.patient_data());
                seen.push(said(9.0, "scan phi", format!("phi:{}", look.root()), body));
            }
        }
        seen
    }

    fn observation(&self, computer: &Computer, said: Said, ids: &mut Dice) -> Observation {
        let mut fill = |bytes: &mut [u8]| ids.fill(bytes);
        Observation {
            id: Minter::new(&mut fill).observation(said.at),
            practice: self.practice.id,
            device: computer.device,
            agent: computer.agent,
            observed_at: said.at,
            valid_until: said.valid_until,
            sensor: Sensor { name: said.sensor.to_owned(), version: self.version.to_owned() },
            scope: said.scope,
            gaps: gaps(&said.body),
            body: said.body,
        }
    }
}

/// What was looked for and could not be seen.
fn gaps(body: &Body) -> Vec<Gap> {
    match body {
        Body::PatientData(survey) => survey.gaps(),
        _ => Vec::new(),
    }
}

impl Iterator for History<'_> {
    /// A round; an error only where an observation is no JSON, which none is.
    type Item = Result<Round, serde_json::Error>;

    fn next(&mut self) -> Option<Self::Item> {
        while let Some(ago) = ROUNDS.get(self.next).copied() {
            let index = self.next;
            self.next += 1;
            let Some(ends) = self.ends(ago) else { continue };
            match self.round(index, ends) {
                Ok(round) if round.links.is_empty() => {}
                other => return Some(other),
            }
        }
        None
    }
}
