//! The store itself: opening it, and its transactions over the control tables.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use enamel_types::Timestamp;

use crate::error::StoreError;
use crate::files;
use crate::keys::Keyring;
use crate::lead::Lead;
use crate::postgres::Postgres;
use crate::scope::{Purpose, Scope};
use crate::settings;
use crate::sqlite::{Control, PracticeFiles};
use crate::tx::{Tx, WriteTx};

/// Where a store is.
#[derive(Debug, Clone)]
pub struct Config {
    /// The data folder: the master key, and with SQLite everything else.
    pub data: PathBuf,
    /// PostgreSQL's address (`postgres://…`); `None` keeps everything in SQLite files of the data folder.
    pub database: Option<String>,
}

/// What an MSP's server keeps. Cheap to clone, and to be called from threads that may wait.
#[derive(Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) keys: Keyring,
    pub(crate) back: Backend,
    pub(crate) opened_at: Timestamp,
}

pub(crate) enum Backend {
    Sqlite { control: Control, files: PracticeFiles, _lock: File },
    Postgres(Postgres),
}

/// The master key's check, among the settings.
const KEY_CHECK: &str = "master_key_check";

impl Store {
    /// Opens a store or makes one; brings its schema to the present. `fill` gives unpredictable bytes, for the master key at the
    /// first start.
    ///
    /// # Errors
    /// [`StoreError::InUse`] where another process has the folder; [`StoreError::MasterKey`] where the master key is not the one
    /// that this data was made with.
    pub fn open(
        config: &Config,
        now: Timestamp,
        fill: &mut dyn FnMut(&mut [u8]),
    ) -> Result<Self, StoreError> {
        let back = if let Some(address) = &config.database {
            files::make_folder(&config.data)?;
            Backend::Postgres(Postgres::open(address, now)?)
        } else {
            let lock = files::take_folder(&config.data)?;
            let control = Control::open(config.data.join("control.db"), now)?;
            let files = PracticeFiles::new(config.data.join("practices"))?;
            Backend::Sqlite { control, files, _lock: lock }
        };
        let keys = open_keys(&back, &config.data.join("master.key"), fill)?;
        let store = Self { inner: Arc::new(Inner { keys, back, opened_at: now }) };
        store.finish_shredding()?;
        Ok(store)
    }

    /// Reads from the control tables, in one transaction: what it sees does not change under it.
    ///
    /// # Errors
    /// The work's own, and what the database says.
    pub fn read<T, E: From<StoreError>>(
        &self,
        scope: &Scope,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.inner.back.read(&self.inner.keys, scope, work)
    }

    /// Writes to the control tables, in one transaction: on the disk when it returns, and nothing of it after an error.
    ///
    /// # Errors
    /// The work's own, and what the database says.
    pub fn write<T, E: From<StoreError>>(
        &self,
        scope: &Scope,
        work: impl FnOnce(&mut WriteTx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.inner.back.write(&self.inner.keys, scope, work)
    }
}

impl Store {
    /// Takes a task that one server at a time does, such as reconciling; `None` if another server has it. Dropping it gives it back.
    /// With SQLite there is one server, and it has it.
    ///
    /// # Errors
    /// What the database says.
    pub fn try_lead(&self, task: &str) -> Result<Option<Lead>, StoreError> {
        match &self.inner.back {
            Backend::Sqlite { .. } => Ok(Some(Lead::alone())),
            Backend::Postgres(database) => Ok(database.try_lock(task)?.map(Lead::by)),
        }
    }
}

impl Backend {
    fn read<T, E: From<StoreError>>(
        &self,
        keys: &Keyring,
        scope: &Scope,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        match self {
            Self::Sqlite { control, .. } => control.read(keys, scope, work),
            Self::Postgres(database) => database.read(keys, scope, work),
        }
    }

    fn write<T, E: From<StoreError>>(
        &self,
        keys: &Keyring,
        scope: &Scope,
        work: impl FnOnce(&mut WriteTx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        match self {
            Self::Sqlite { control, .. } => control.write(keys, scope, work),
            Self::Postgres(database) => database.write(keys, scope, work),
        }
    }
}

/// Reads the master key, or makes one for data that has none yet; and makes sure that it is the data's.
fn open_keys(
    back: &Backend,
    path: &std::path::Path,
    fill: &mut dyn FnMut(&mut [u8]),
) -> Result<Keyring, StoreError> {
    let scope = Scope::System(Purpose::Housekeeping);
    // Nothing is sealed or opened before the key is known; the transaction only needs some key.
    let none = Keyring::of(&[0; 32]);
    let known = back.read(&none, &scope, |tx| settings::text(tx, KEY_CHECK))?;
    let keys = match Keyring::load(path)? {
        Some(keys) => keys,
        None if known.is_none() => Keyring::make(path, fill)?,
        None => return Err(StoreError::MasterKey { path: path.to_owned(), why: "it is missing" }),
    };
    let check = enamel_ledger::EntryHash::from_bytes(keys.check).to_string();
    let kept = match known {
        Some(kept) => kept,
        None => back.write(&none, &scope, |tx| settings::put_if_missing(tx, KEY_CHECK, &check))?,
    };
    if kept == check {
        Ok(keys)
    } else {
        let why = "it is not the key that this data was made with";
        Err(StoreError::MasterKey { path: path.to_owned(), why })
    }
}
