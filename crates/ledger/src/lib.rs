//! Evidence that nobody can edit unnoticed: an append-only, hash-chained file of observations, and the present state as
//! a pure fold over it.
//!
//! - [`Ledger`] appends observations and reads them back. What [`Ledger::append`] has returned is on the disk.
//! - [`verify`] checks a file that nobody has vouched for; [`salvage`] gets every good row out of a damaged one. Only
//!   [`Ledger::open`] makes a file appendable, so a file that was never looked at cannot be written to.
//! - [`PracticeView`] is what the observations mean now. It is never stored: rebuilt from the ledger it comes out the
//!   same.
//!
//! This crate judges nothing (the judge is a parameter), reads no clock, and never changes or deletes a row.
//!
//! What the chain proves and what it does not is in `docs/ledger.md`; the file format is documented in [`mod@format`].

mod carve;
mod chain;
mod entries;
mod error;
mod files;
pub mod format;
mod ledger;
mod relay;
mod root;
mod salvage;
mod verify;
mod view;
mod wal;

pub use chain::Link;
pub use entries::{Entries, Entry};
pub use error::LedgerError;
pub use format::{EntryHash, FORMAT_VERSION, MAX_BODY_BYTES, NotAHash};
pub use ledger::{Appended, Head, Ledger, Opened, Receipt};
pub use root::PracticeRoot;
pub use salvage::{Salvage, salvage};
pub use verify::{BadEntry, Progress, SequenceGap, Verification, roots_at, verify};
pub use view::{FindingRecord, FindingState, InventoryRecord, PracticeView};
pub use wal::TornTail;
