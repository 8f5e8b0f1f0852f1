//! A practice's evidence as a file of its own: a ledger that `enamel ledger verify` accepts, and a manifest that says what it is.

use std::io::Write as _;
use std::path::Path;

use enamel_ledger::{Ledger, PracticeRoot};
use enamel_types::PracticeId;
use serde::Serialize;

use super::read::sealed_from;
use crate::error::StoreError;
use crate::evidence::read::{damaged, root};
use crate::files;
use crate::scope::Scope;
use crate::store::Store;
use crate::tree;

/// The ledger's name, the one that `enamel --data` looks for.
const LEDGER: &str = "ledger.db";

/// The manifest's name.
const MANIFEST: &str = "manifest.json";

/// Entries written at a time.
const PAGE: u32 = 1000;

/// What an export is; `manifest.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Manifest {
    /// `enamel-practice-export-1`.
    pub format: &'static str,
    /// The practice.
    pub practice: PracticeId,
    /// Its name.
    pub name: String,
    /// Entries in the ledger.
    pub entries: u64,
    /// The root over them; it must be the one that the practice's reports print.
    pub root: PracticeRoot,
    /// The ledger's file.
    pub ledger: &'static str,
    /// BLAKE3 of that file, hexadecimal.
    pub ledger_blake3: String,
    /// How to check it.
    pub verify: &'static str,
}

impl Store {
    /// Writes a practice's evidence into a new folder, opened: whoever has the folder can read it. Every entry is checked on the way.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the practice is not in reach; [`StoreError::Io`] where the folder exists already;
    /// [`StoreError::Damaged`] where an entry is not as it was written. An export that failed leaves no manifest.
    pub fn export(&self, scope: &Scope, practice: PracticeId, folder: &Path) -> Result<Manifest, StoreError> {
        let name = self.read(scope, |tx| tree::practice(tx, practice))?.name;
        if let Some(parent) = folder.parent() {
            files::make_folder(parent)?;
        }
        files::make_new_folder(folder)?;
        let path = folder.join(LEDGER);
        let mut ledger = Ledger::open(&path)?.ledger;
        let mut last = 0;
        // Page by page in transactions of their own: a long export holds nobody up. What comes in meanwhile may come with it.
        loop {
            let links = self.read_evidence(scope, practice, |tx, key| {
                let open = |sealed: super::read::SealedEntry| {
                    let seq = sealed.seq;
                    let (_, received_at, link) =
                        sealed.open(key).map_err(|why| damaged(practice, seq, why))?;
                    Ok((received_at, link))
                };
                sealed_from(tx, practice, last + 1, PAGE)?
                    .into_iter()
                    .map(open)
                    .collect::<Result<Vec<_>, StoreError>>()
            })?;
            if links.is_empty() {
                break;
            }
            ledger.append_links(&links)?;
            last += links.len() as u64;
        }
        drop(ledger); // folds its log into the file
        let root = self.read_evidence(scope, practice, |tx, _| root(tx, practice, last))?;
        let manifest = Manifest {
            format: "enamel-practice-export-1",
            practice,
            name,
            entries: last,
            root,
            ledger: LEDGER,
            ledger_blake3: checksum(&path)?,
            verify: "enamel ledger verify --data FOLDER",
        };
        let path = folder.join(MANIFEST);
        let text = crate::value::to_json(&manifest)?;
        std::fs::File::create_new(&path)
            .and_then(|mut file| writeln!(file, "{text}").and_then(|()| file.sync_all()))
            .map_err(StoreError::io("write", &path))?;
        files::sync_folder_of(&path)?;
        Ok(manifest)
    }
}

fn checksum(path: &Path) -> Result<String, StoreError> {
    let mut hasher = blake3::Hasher::new();
    std::fs::File::open(path)
        .and_then(|file| hasher.update_reader(file).map(drop))
        .map_err(StoreError::io("read", path))?;
    Ok(hasher.finalize().to_hex().to_string())
}
