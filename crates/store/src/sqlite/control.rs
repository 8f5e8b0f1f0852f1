//! The control file: one writer, a few readers, each behind the views of [`super::scoping`].

use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use enamel_types::Timestamp;
use rusqlite::{Connection, TransactionBehavior};

use crate::error::StoreError;
use crate::keys::Keyring;
use crate::migrate::{self, FileKind};
use crate::scope::Scope;
use crate::sqlite::{fold_log, open, scoping};
use crate::tx::{Back, Tx, WriteTx};

/// Readers at a time: more than the cores that serve a console.
const READERS: usize = 4;

/// Memory for pages, of each connection, KiB.
const CACHE_KIB: u32 = 4096;

/// The control file, open.
pub(crate) struct Control {
    path: PathBuf,
    writer: Mutex<Scoped>,
    readers: Mutex<Vec<Scoped>>,
    came_back: Condvar,
}

/// A connection and what its last transaction reached.
struct Scoped {
    connection: Connection,
    scope: Scope,
}

impl Scoped {
    fn new(connection: Connection, path: &Path) -> Result<Self, StoreError> {
        scoping::install(&connection).map_err(StoreError::sqlite("set up", path))?;
        Ok(Self { connection, scope: Scope::Nothing })
    }

    fn set(&mut self, scope: &Scope, path: &Path) -> Result<(), StoreError> {
        if self.scope != *scope {
            // Should setting it fail half way, the next transaction sets it again.
            self.scope = Scope::Nothing;
            scoping::set(&self.connection, &Scope::Nothing)
                .and_then(|()| scoping::set(&self.connection, scope))
                .map_err(StoreError::sqlite("read", path))?;
            self.scope = scope.clone();
        }
        Ok(())
    }
}

impl Control {
    pub(crate) fn open(path: PathBuf, now: Timestamp) -> Result<Self, StoreError> {
        let mut writer = open(&path, false, CACHE_KIB)?;
        migrate::sqlite(&mut writer, &path, FileKind::Control, now)?;
        let writer = Mutex::new(Scoped::new(writer, &path)?);
        let readers = (0..READERS)
            .map(|_| Scoped::new(open(&path, true, CACHE_KIB)?, &path))
            .collect::<Result<_, _>>()?;
        Ok(Self { path, writer, readers: Mutex::new(readers), came_back: Condvar::new() })
    }

    pub(crate) fn read<T, E: From<StoreError>>(
        &self,
        keys: &Keyring,
        scope: &Scope,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut lent = self.lend();
        let Some(reader) = lent.reader.as_mut() else {
            return Err(StoreError::NotFound("free reader").into());
        };
        reader.set(scope, &self.path)?;
        let transaction = reader.connection.transaction().map_err(StoreError::sqlite("read", &self.path))?;
        work(&mut Tx { back: Back::Sqlite(transaction, &self.path), keys })
    }

    pub(crate) fn write<T, E: From<StoreError>>(
        &self,
        keys: &Keyring,
        scope: &Scope,
        work: impl FnOnce(&mut WriteTx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut writer = self.lock_writer();
        writer.set(scope, &self.path)?;
        let transaction = writer
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(StoreError::sqlite("write to", &self.path))?;
        let mut tx = WriteTx(Tx { back: Back::Sqlite(transaction, &self.path), keys });
        let done = work(&mut tx)?;
        tx.0.commit()?;
        Ok(done)
    }

    /// Leaves nothing of what was deleted in the log.
    pub(crate) fn fold_log(&self) -> Result<(), StoreError> {
        fold_log(&self.lock_writer().connection, &self.path)
    }

    fn lock_writer(&self) -> MutexGuard<'_, Scoped> {
        // A panic while a transaction was open rolled it back.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lend(&self) -> Lent<'_> {
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        while readers.is_empty() {
            readers = self.came_back.wait(readers).unwrap_or_else(PoisonError::into_inner);
        }
        Lent { reader: readers.pop(), control: self }
    }
}

/// A reader that goes back when this is dropped, a panic included.
struct Lent<'a> {
    reader: Option<Scoped>,
    control: &'a Control,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut readers = self.control.readers.lock().unwrap_or_else(PoisonError::into_inner);
        readers.extend(self.reader.take());
        self.control.came_back.notify_one();
    }
}
