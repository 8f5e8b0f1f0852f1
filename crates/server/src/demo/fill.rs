//! The demo as a store holds it: the tree, the agents, and their evidence.
//!
//! Practice by practice on as many threads as there are processors, each round as one commit, as batches would have come in. Signs
//! nobody in and orders nothing: there are no people, no trust root, and the agents' keys exist nowhere, so none can connect.

use std::sync::atomic::{AtomicUsize, Ordering};

use enamel_store::{Kept, Purpose, Scope, Store, StoreError, agents, settings, tokens, tree};
use enamel_types::{Minter, Timestamp};
use enamel_wire::message::Health;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::faults::days;
use super::{Computer, Demo, Practice, Story};

/// The setting that marks a store as a demo: a [`Mark`]. The console says so on every page.
pub const SETTING: &str = "demo";

/// What the mark says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The MSP's name.
    pub msp: String,
    /// When the year of the demo ends.
    pub made_at: Timestamp,
}

/// Why a demo could not be written.
#[derive(Debug, thiserror::Error)]
pub enum FillError {
    /// The store's own.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file of the demo is not as it must be, which a test excludes.
    #[error(transparent)]
    Content(#[from] enamel_types::content::ContentError),
    /// An observation that is no JSON.
    #[error("an observation of {practice} could not be written as JSON")]
    Json {
        /// The practice's name.
        practice: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// The store did not take an observation: it was not empty, or there is a mistake here.
    #[error(
        "an observation of {practice} was not kept, because of what the store already holds; fill an empty one"
    )]
    NotKept {
        /// The practice's name.
        practice: String,
    },
}

/// How much was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filled {
    /// Computers.
    pub computers: usize,
    /// Observations.
    pub observations: usize,
    /// Bytes of their bodies.
    pub bytes: usize,
}

impl Filled {
    const fn and(self, other: Self) -> Self {
        Self {
            computers: self.computers + other.computers,
            observations: self.observations + other.observations,
            bytes: self.bytes + other.bytes,
        }
    }
}

/// Writes the demo into a store that holds nothing. `version` is the agents'; `random` gives unpredictable bytes, for the
/// practices' keys; `done` is told of each practice that is written.
///
/// # Errors
/// The store's own. What was written until then stays: throw the folder away.
pub fn fill(
    demo: &Demo,
    store: &Store,
    version: &str,
    random: &mut dyn FnMut(&mut [u8]),
    done: &(dyn Fn(&Practice) + Sync),
) -> Result<Filled, FillError> {
    write_tree(demo, store, version, random)?;
    on_every_processor(&demo.practices, &|practice| {
        let filled = write_evidence(demo, store, version, practice)?;
        done(practice);
        Ok(filled)
    })
}

/// Does the same work for many things, on as many threads as there are processors, and adds up what was written.
pub(super) fn on_every_processor<T: Sync>(
    things: &[T],
    work: &(dyn Fn(&T) -> Result<Filled, FillError> + Sync),
) -> Result<Filled, FillError> {
    let next = AtomicUsize::new(0);
    let run = || {
        let mut total = Filled::default();
        while let Some(thing) = things.get(next.fetch_add(1, Ordering::Relaxed)) {
            total = total.and(work(thing)?);
        }
        Ok(total)
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(8);
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(run)).collect();
        others.into_iter().fold(run(), |total, other| match other.join() {
            Ok(one) => Ok(total?.and(one?)),
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })
}

fn write_tree(
    demo: &Demo,
    store: &Store,
    version: &str,
    random: &mut dyn FnMut(&mut [u8]),
) -> Result<(), StoreError> {
    store.write(&Scope::System(Purpose::Housekeeping), |tx| {
        settings::set(tx, SETTING, &Mark { msp: demo.msp.clone(), made_at: demo.now })
    })?;
    store.write(&Scope::Msp, |tx| {
        for group in &demo.groups {
            tree::add_group(tx, &tree::Group { id: group.id, name: group.name.clone() }, demo.now)?;
        }
        for practice in &demo.practices {
            let kept = tree::Practice {
                id: practice.id,
                group: practice.group,
                name: practice.profile.name.clone(),
                profile: practice.profile.clone(),
                made_at: practice.enrolled_at,
            };
            tree::add_practice(tx, &kept, random)?;
            for site in &practice.sites {
                let site = tree::Site { id: site.id, practice: practice.id, name: site.name.clone() };
                tree::add_site(tx, &site, practice.enrolled_at)?;
            }
            if practice.story == Story::New {
                tokens::add(tx, &token(demo, practice))?;
            }
            for computer in &practice.computers {
                agents::add(tx, &agent(demo, practice, computer, version))?;
                if let Some(left) = practice.offboarded_at {
                    agents::revoke(tx, computer.agent, left)?;
                }
            }
        }
        Ok(())
    })
}

/// The first computer has been sent for. Its secret is known to nobody.
fn token(demo: &Demo, practice: &Practice) -> tokens::Token {
    let made_at = demo.now - days(0.05);
    let mut secret_hash = [0; 32];
    practice.dice.named("token").fill(&mut secret_hash);
    tokens::Token {
        secret_hash,
        practice: practice.id,
        site: practice.sites.first().map(|site| site.id),
        made_by: demo.staff.first().map(|person| person.name.clone()).unwrap_or_default(),
        made_at,
        ends_at: made_at + SignedDuration::from_hours(tokens::TOKEN_HOURS),
        taken_at: None,
        agent: None,
    }
}

fn agent(demo: &Demo, practice: &Practice, computer: &Computer, version: &str) -> agents::Agent {
    let mut ids = computer.dice.named("certificate");
    let mut fill = |bytes: &mut [u8]| ids.fill(bytes);
    let serial = Minter::new(&mut fill).uuid(demo.now).simple().to_string();
    agents::Agent {
        id: computer.agent,
        practice: practice.id,
        device: computer.device,
        site: Some(computer.site),
        name: computer.name.clone(),
        os: computer.system(demo.now).map(|os| os.name.clone()).unwrap_or_default(),
        version: version.to_owned(),
        // The hash of no key: nobody can show one that fits.
        key_hash: *blake3::hash(computer.agent.as_bytes()).as_bytes(),
        serial,
        certificate_end: practice.offboarded_at.unwrap_or(demo.now + days(60.0)),
        enrolled_at: computer.enrolled_at,
        revoked_at: None,
        cloned_at: None,
        seen_at: None,
        health: None,
    }
}

fn write_evidence(
    demo: &Demo,
    store: &Store,
    version: &str,
    practice: &Practice,
) -> Result<Filled, FillError> {
    let name = || practice.profile.name.clone();
    let scope = Scope::practice(practice.id);
    let mut filled = Filled { computers: practice.computers.len(), ..Filled::default() };
    let mut last = None;
    for round in demo.history(practice, version) {
        let round = round.map_err(|source| FillError::Json { practice: name(), source })?;
        let kept = store.append(&scope, practice.id, round.received_at, &round.links)?;
        if !kept.iter().all(|kept| matches!(kept, Kept::New { .. })) {
            return Err(FillError::NotKept { practice: name() });
        }
        filled.observations += round.links.len();
        filled.bytes += round.links.iter().map(|link| link.body.len()).sum::<usize>();
        last = Some(round.received_at);
    }
    if let Some(last) = last {
        let sightings: Vec<_> = practice
            .computers
            .iter()
            .map(|computer| sighting(demo, practice, computer, version, last))
            .collect();
        store.write(&Scope::System(Purpose::Ingest), |tx| agents::seen(tx, &sightings))?;
    }
    Ok(filled)
}

/// How an agent was when it was last heard of.
fn sighting(
    demo: &Demo,
    practice: &Practice,
    computer: &Computer,
    version: &str,
    last: Timestamp,
) -> agents::Sighting {
    let seen_at = last.min(demo.now - days(computer.asleep_days));
    let mut dice = computer.dice.named("health");
    let health = Health {
        version: version.to_owned(),
        dropped: if practice.story == Story::Silent { dice.between(0, 3) * 120 } else { 0 },
        helper: true,
        resident_bytes: dice.between(21, 36) * 1_000_000,
        time: Some(seen_at),
        ..Health::default()
    };
    agents::Sighting {
        agent: computer.agent,
        seen_at,
        health: serde_json::to_string(&health).ok(),
        version: Some(version.to_owned()),
    }
}
