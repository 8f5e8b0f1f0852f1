//! A store of its own for each test.

use std::cell::RefCell;

use enamel_ledger::{EntryHash, Link};
use enamel_store::tree::{self, Practice};
use enamel_store::{Config, Scope, Store, StoreError};
use enamel_testkit::{TemporaryPostgres, repeatable_fill};
use enamel_types::control::Statement;
use enamel_types::{
    AgentId, Attestation, Body, ControlId, DeviceId, Minter, Observation, ObservationId, PracticeId,
    PracticeProfile, Sensor, Timestamp,
};
use tempfile::TempDir;
use uuid::Uuid;

/// Makes a test of each function for each back end.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[test] fn $name() { super::$name(&crate::support::World::sqlite()); })*
        }

        mod postgres {
            $(#[test] fn $name() {
                if let Some(world) = crate::support::World::postgres() {
                    super::$name(&world);
                }
            })*
        }
    };
}
pub(crate) use on_both;

/// A store, and dice that always fall the same way.
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) config: Config,
    dice: RefCell<Box<dyn FnMut(&mut [u8])>>,
    _folder: TempDir,
    /// Ends after the store that uses it.
    pub(crate) server: Option<TemporaryPostgres>,
}

/// The beginning of a test's time, and so many seconds later.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_772_000_000 + seconds).unwrap()
}

impl World {
    pub(crate) fn sqlite() -> Self {
        Self::of(None)
    }

    pub(crate) fn postgres() -> Option<Self> {
        TemporaryPostgres::start().map(|server| Self::of(Some(server)))
    }

    fn of(server: Option<TemporaryPostgres>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = server.as_ref().map(TemporaryPostgres::address);
        let config = Config { data: folder.path().join("data"), database };
        let mut dice = repeatable_fill(7);
        let store = Store::open(&config, at(0), &mut dice).unwrap();
        Self { store, config, dice: RefCell::new(Box::new(dice)), _folder: folder, server }
    }

    /// Where another process would find the same data: a copy of the folder, or the same database with a copy of the master key.
    pub(crate) fn copy(&self) -> (TempDir, Config) {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir_all(data.join("practices")).unwrap();
        for inner in ["", "practices"] {
            // There is no folder for practices where PostgreSQL keeps them.
            for entry in
                std::fs::read_dir(self.config.data.join(inner)).into_iter().flatten().map(Result::unwrap)
            {
                if entry.path().is_file() {
                    std::fs::copy(entry.path(), data.join(inner).join(entry.file_name())).unwrap();
                }
            }
        }
        (folder, Config { data, database: self.config.database.clone() })
    }

    pub(crate) fn uuid(&self) -> Uuid {
        let mut dice = self.dice.borrow_mut();
        Minter::new(&mut *dice).uuid(at(0))
    }

    pub(crate) fn practice(&self, name: &str) -> PracticeId {
        let practice = Practice {
            id: PracticeId::from_uuid(self.uuid()),
            group: None,
            name: name.to_owned(),
            profile: PracticeProfile::default(),
            made_at: at(0),
        };
        let mut dice = self.dice.borrow_mut();
        self.store.write(&Scope::Msp, |tx| tree::add_practice(tx, &practice, &mut *dice)).unwrap();
        practice.id
    }

    /// An agent's chain that begins here.
    pub(crate) fn chain(&self, practice: PracticeId) -> Chain {
        Chain {
            practice,
            agent: AgentId::from_uuid(self.uuid()),
            device: DeviceId::from_uuid(self.uuid()),
            end: None,
        }
    }
}

/// What an agent does: it numbers and chains what it saw.
#[derive(Debug, Clone)]
pub(crate) struct Chain {
    pub(crate) practice: PracticeId,
    pub(crate) agent: AgentId,
    device: DeviceId,
    pub(crate) end: Option<(u64, EntryHash)>,
}

impl Chain {
    /// The chain of an agent that is the same in every process.
    pub(crate) fn fixed(practice: PracticeId, number: u128) -> Self {
        let id = Uuid::from_u128(number);
        Self { practice, agent: AgentId::from_uuid(id), device: DeviceId::from_uuid(id), end: None }
    }

    pub(crate) fn observation(&self, number: u64) -> Observation {
        let at = at(i64::try_from(number).unwrap());
        let agent = u128::from_be_bytes(*self.agent.as_bytes());
        Observation {
            id: ObservationId::from_uuid(Uuid::from_u128(agent ^ u128::from(number) << 80)),
            practice: self.practice,
            device: self.device,
            agent: self.agent,
            observed_at: at,
            valid_until: at,
            sensor: Sensor { name: "attest".to_owned(), version: "0.1.0".to_owned() },
            scope: format!("attest:{number}"),
            gaps: Vec::new(),
            body: Body::Attestation(Attestation {
                control: ControlId::new("164.308(a)(1)").unwrap(),
                statement: Statement::Implemented,
                reason: "a unique turn of phrase".to_owned(),
                person: "Dr Birch".to_owned(),
                expires_at: at,
            }),
        }
    }

    pub(crate) fn link(&mut self) -> Link {
        let number = self.end.map_or(1, |(seq, _)| seq + 1);
        let observation = self.observation(number);
        let link = Link::after(self.end, &observation, serde_json::to_vec(&observation).unwrap());
        self.end = Some((link.agent_seq, link.hash));
        link
    }

    pub(crate) fn links(&mut self, count: usize) -> Vec<Link> {
        (0..count).map(|_| self.link()).collect()
    }
}

/// Whether a call was told that there is no such thing.
pub(crate) fn is_not_found<T>(result: &Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::NotFound(_)))
}
