//! The practices' files, a bounded number of them open.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use enamel_types::{PracticeId, Timestamp};
use rusqlite::{Connection, TransactionBehavior};

use crate::error::StoreError;
use crate::files;
use crate::keys::{Keyring, PracticeKey};
use crate::migrate::{self, FileKind};
use crate::sqlite::open;
use crate::tx::{Back, Tx, WriteTx};

/// Files open at a time: each takes five handles, and a process commonly has 1,024.
const MOST_OPEN: usize = 96;

/// Memory for pages of a file's writer and of its reader, KiB.
const WRITER_KIB: u32 = 1024;
const READER_KIB: u32 = 256;

/// All practices' files.
pub(crate) struct PracticeFiles {
    folder: PathBuf,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    files: HashMap<PracticeId, (Arc<PracticeFile>, u64)>,
    /// Practices that are being destroyed: nobody opens their files again, whoever still has a key in hand.
    closed: HashSet<PracticeId>,
    /// Counts uses, so that the file that was used longest ago is known.
    uses: u64,
}

/// One practice's file.
pub(crate) struct PracticeFile {
    path: PathBuf,
    pub(crate) key: PracticeKey,
    /// `None` once the practice was shredded: a thread that had the file in hand finds nothing.
    writer: Mutex<Option<Connection>>,
    reader: Mutex<Option<Connection>>,
}

impl PracticeFiles {
    pub(crate) fn new(folder: PathBuf) -> Result<Self, StoreError> {
        files::make_folder(&folder)?;
        Ok(Self { folder, open: Mutex::default() })
    }

    /// A practice's file if it is open.
    pub(crate) fn opened(&self, practice: PracticeId) -> Option<Arc<PracticeFile>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.uses += 1;
        let uses = open.uses;
        open.files.get_mut(&practice).map(|(file, used)| {
            *used = uses;
            Arc::clone(file)
        })
    }

    /// Opens a practice's file, or makes it; `key` is that practice's.
    pub(crate) fn open(
        &self,
        practice: PracticeId,
        key: PracticeKey,
        now: Timestamp,
    ) -> Result<Arc<PracticeFile>, StoreError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.uses += 1;
        let uses = open.uses;
        if open.closed.contains(&practice) {
            return Err(StoreError::NotFound("practice"));
        }
        if let Some((file, _)) = open.files.get(&practice) {
            return Ok(Arc::clone(file));
        }
        let file = Arc::new(PracticeFile::open(self.path(practice), key, now)?);
        let mut closed = None;
        if open.files.len() >= MOST_OPEN {
            let idle = open.files.iter().filter(|(_, (file, _))| Arc::strong_count(file) == 1);
            if let Some(oldest) = idle.min_by_key(|(_, (_, used))| *used).map(|(practice, _)| *practice) {
                closed = open.files.remove(&oldest);
            }
        }
        open.files.insert(practice, (Arc::clone(&file), uses));
        drop(open);
        drop(closed); // closing folds the log into the file, which takes time that nobody should wait for
        Ok(file)
    }

    /// From here on nobody opens a practice's file until it is allowed again. Who has it in hand still has: see [`PracticeFile::end`].
    pub(crate) fn close(&self, practice: PracticeId) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.closed.insert(practice);
        open.files.remove(&practice);
    }

    /// Lets a practice's file be opened again: it was not destroyed after all.
    pub(crate) fn allow(&self, practice: PracticeId) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).closed.remove(&practice);
    }

    /// Removes a practice's file from the disk.
    pub(crate) fn remove(&self, practice: PracticeId) -> Result<(), StoreError> {
        let path = self.path(practice);
        for suffix in ["-wal", "-shm", ""] {
            let mut name = path.clone().into_os_string();
            name.push(suffix);
            files::remove(Path::new(&name))?;
        }
        files::sync_folder_of(&path)
    }

    fn path(&self, practice: PracticeId) -> PathBuf {
        self.folder.join(format!("{practice}.db"))
    }
}

impl PracticeFile {
    fn open(path: PathBuf, key: PracticeKey, now: Timestamp) -> Result<Self, StoreError> {
        let is_new = !path.exists();
        let mut writer = open(&path, false, WRITER_KIB)?;
        migrate::sqlite(&mut writer, &path, FileKind::Practice, now)?;
        if is_new {
            files::sync_folder_of(&path)?;
        }
        Ok(Self { path, key, writer: Mutex::new(Some(writer)), reader: Mutex::default() })
    }

    pub(crate) fn read<T>(
        &self,
        keys: &Keyring,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        if reader.is_none() {
            // Under the writer's lock, so that a file that is being destroyed is not opened again.
            let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
            writer.as_ref().ok_or(StoreError::NotFound("practice"))?;
            *reader = Some(open(&self.path, true, READER_KIB)?);
        }
        let connection = reader.as_mut().ok_or(StoreError::NotFound("practice"))?;
        let transaction = connection.transaction().map_err(StoreError::sqlite("read", &self.path))?;
        work(&mut Tx { back: Back::Sqlite(transaction, &self.path), keys })
    }

    pub(crate) fn write<T>(
        &self,
        keys: &Keyring,
        work: impl FnOnce(&mut WriteTx<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = writer.as_mut().ok_or(StoreError::NotFound("practice"))?;
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(StoreError::sqlite("write to", &self.path))?;
        let mut tx = WriteTx(Tx { back: Back::Sqlite(transaction, &self.path), keys });
        let done = work(&mut tx)?;
        tx.0.commit()?;
        Ok(done)
    }

    /// Reads for the last time: who waits for the file finds nothing afterwards.
    pub(crate) fn end<T>(
        &self,
        keys: &Keyring,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let mut connection = writer.take().ok_or(StoreError::NotFound("practice"))?;
        drop(writer);
        self.reader.lock().unwrap_or_else(PoisonError::into_inner).take();
        let transaction = connection.transaction().map_err(StoreError::sqlite("read", &self.path))?;
        work(&mut Tx { back: Back::Sqlite(transaction, &self.path), keys })
    }
}
