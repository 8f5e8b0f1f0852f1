//! A large fleet, to measure with: observations as many as are wanted, small, real and chained, as fast as they can be hashed.
//!
//! Nothing is drawn beforehand and nothing is kept: each practice's year streams into the store in batches. The practices are as made
//! up as the demo's, and less believable: they are all alike.

use enamel_ledger::{EntryHash, Link};
use enamel_store::{Kept, Scope, Store, agents, tree};
use enamel_types::config_state::{CheckReading, ConfigState};
use enamel_types::device::{DeviceInventory, DeviceRole, Hardware, OsFamily, OsInfo};
use enamel_types::{
    AgentId, Body, DeviceId, Minter, Observation, PracticeId, PracticeProfile, Sensor, Timestamp,
};
use jiff::SignedDuration;

use super::content::{Content, ReadingRow};
use super::dice::Dice;
use super::faults::days;
use super::fill::{FillError, Filled, on_every_processor};

/// Checks whose readings a computer of the fleet sends, every other one the second pair. Four with short sources, so that a body stays
/// below 800 bytes and ten million of them below 12 GB, and of three severities.
const CHECKS: [[&str; 2]; 2] = [["W34", "W50"], ["W37", "W38"]];

/// Links in one commit.
const BATCH: usize = 2_000;

/// How large a fleet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    /// The same seed gives the same fleet.
    pub seed: u64,
    /// How many practices.
    pub practices: usize,
    /// Computers in each.
    pub computers: usize,
    /// Observations in each, of all its computers.
    pub observations: usize,
    /// The moment at which its year ends.
    pub now: Timestamp,
}

/// A computer of the fleet.
struct Computer {
    device: DeviceId,
    agent: AgentId,
    name: String,
    head: Option<(u64, EntryHash)>,
    dice: Dice,
}

/// Writes a fleet into a store that holds nothing. `done` is told how many observations each commit had.
///
/// # Errors
/// The store's own.
pub fn fill_fleet(
    scale: Scale,
    store: &Store,
    random: &mut dyn FnMut(&mut [u8]),
    done: &(dyn Fn(usize) + Sync),
) -> Result<Filled, FillError> {
    let content = Content::builtin()?;
    let rows = CHECKS.map(|pair| {
        content.readings.iter().filter(|row| pair.contains(&row.check.as_str())).collect::<Vec<_>>()
    });
    let dice = Dice::new(scale.seed);
    let numbers: Vec<usize> = (0..scale.practices).collect();
    for some in numbers.chunks(100) {
        store.write(&Scope::Msp, |tx| {
            some.iter().try_for_each(|number| add_practice(tx, scale, *number, &dice, random))
        })?;
    }
    on_every_processor(&numbers, &|number| write_evidence(scale, store, *number, &dice, &rows, done))
}

fn began(scale: Scale) -> Timestamp {
    scale.now - days(365.0)
}

fn ids(scale: Scale, number: usize, dice: &Dice) -> (PracticeId, Vec<Computer>) {
    let mut roll = dice.of(number);
    let mut fill = |bytes: &mut [u8]| roll.fill(bytes);
    let mut minter = Minter::new(&mut fill);
    let practice = PracticeId::from_uuid(minter.uuid(began(scale)));
    let computers = (0..scale.computers)
        .map(|index| Computer {
            device: DeviceId::from_uuid(minter.uuid(began(scale))),
            agent: AgentId::from_uuid(minter.uuid(began(scale))),
            name: format!("PC-{:02}", index + 1),
            head: None,
            dice: dice.of(number).of(index),
        })
        .collect();
    (practice, computers)
}

fn add_practice(
    tx: &mut enamel_store::WriteTx<'_>,
    scale: Scale,
    number: usize,
    dice: &Dice,
    random: &mut dyn FnMut(&mut [u8]),
) -> Result<(), FillError> {
    let (id, computers) = ids(scale, number, dice);
    let name = format!("Practice {:04} (demo)", number + 1);
    let profile = PracticeProfile { name: name.clone(), patients: Some(4_000), ..PracticeProfile::default() };
    tree::add_practice(
        tx,
        &tree::Practice { id, group: None, name, profile, made_at: began(scale) },
        random,
    )?;
    for computer in &computers {
        agents::add(
            tx,
            &agents::Agent {
                id: computer.agent,
                practice: id,
                device: computer.device,
                site: None,
                name: computer.name.clone(),
                os: os().name,
                version: env!("CARGO_PKG_VERSION").to_owned(),
                key_hash: *blake3::hash(computer.agent.as_bytes()).as_bytes(),
                serial: computer.agent.to_string(),
                certificate_end: scale.now + days(60.0),
                enrolled_at: began(scale),
                revoked_at: None,
                cloned_at: None,
                seen_at: None,
                health: None,
            },
        )?;
        let seen =
            agents::Sighting { agent: computer.agent, seen_at: scale.now, health: None, version: None };
        agents::seen(tx, &[seen])?;
    }
    Ok(())
}

fn write_evidence(
    scale: Scale,
    store: &Store,
    number: usize,
    dice: &Dice,
    rows: &[Vec<&ReadingRow>; 2],
    done: &(dyn Fn(usize) + Sync),
) -> Result<Filled, FillError> {
    let (practice, mut computers) = ids(scale, number, dice);
    let scope = Scope::practice(practice);
    let mut filled = Filled { computers: computers.len(), ..Filled::default() };
    let year = 365 * 86_400_000_i64;
    let step = year / i64::try_from(scale.observations.max(1)).unwrap_or(year);
    let mut at = began(scale);
    let failed = || format!("practice {}", number + 1);
    let mut batch: Vec<Link> = Vec::with_capacity(BATCH);
    for turn in 0..scale.observations {
        at += SignedDuration::from_millis(step);
        let round = turn / computers.len().max(1);
        let place = turn % computers.len().max(1);
        let Some(computer) = computers.get_mut(place) else { break };
        let observation = observation(practice, computer, round, at, &rows[place % 2]);
        let body = serde_json::to_vec(&observation)
            .map_err(|source| FillError::Json { practice: failed(), source })?;
        filled.bytes += body.len();
        let link = Link::after(computer.head, &observation, body);
        computer.head = Some((link.agent_seq, link.hash));
        batch.push(link);
        if batch.len() == BATCH || turn + 1 == scale.observations {
            let kept = store.append(&scope, practice, at, &batch)?;
            if !kept.iter().all(|kept| matches!(kept, Kept::New { .. })) {
                return Err(FillError::NotKept { practice: failed() });
            }
            filled.observations += batch.len();
            done(batch.len());
            batch.clear();
        }
    }
    Ok(filled)
}

fn os() -> OsInfo {
    OsInfo {
        family: OsFamily::Windows,
        name: "Windows 11 Pro 25H2".to_owned(),
        product: "windows".to_owned(),
        version: "10.0.26200".to_owned(),
        build: "26200.7171".to_owned(),
        edition: "Professional".to_owned(),
        role: DeviceRole::Workstation,
    }
}

/// One look: what the computer is every hundredth time, else how it is set up.
fn observation(
    practice: PracticeId,
    computer: &mut Computer,
    round: usize,
    at: Timestamp,
    rows: &[&ReadingRow],
) -> Observation {
    let (sensor, scope, body) = if round.is_multiple_of(100) {
        let inventory = DeviceInventory {
            hostname: computer.name.clone(),
            os: os(),
            hardware: Hardware::default(),
            users: Vec::new(),
            shares: Vec::new(),
            addresses: Vec::new(),
            listening: Vec::new(),
        };
        ("scan inventory", "inventory", Body::DeviceInventory(inventory))
    } else {
        let readings = rows
            .iter()
            .filter_map(|row| {
                // What is wrong stays wrong for a while: the dice are thrown anew every thirtieth look.
                let wrong =
                    computer.dice.named(row.check.as_str()).of(round / 30).chance(row.prone.share / 2.0);
                let reading = if wrong { row.bad.clone()? } else { row.good.clone()? };
                Some(CheckReading { check: row.check.clone(), source: row.source.clone(), reading })
            })
            .collect();
        ("scan host", "host", Body::ConfigState(ConfigState { os: os(), readings }))
    };
    let mut fill = |bytes: &mut [u8]| computer.dice.fill(bytes);
    Observation {
        id: Minter::new(&mut fill).observation(at),
        practice,
        device: computer.device,
        agent: computer.agent,
        observed_at: at,
        valid_until: at + SignedDuration::from_hours(7 * 24),
        sensor: Sensor { name: sensor.to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        scope: scope.to_owned(),
        gaps: Vec::new(),
        body,
    }
}
