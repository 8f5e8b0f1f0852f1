//! What an MSP's server keeps: SQLite or PostgreSQL behind one [`Store`].
//!
//! - [`Store::read`] and [`Store::write`] give a transaction over the control tables; the modules below say what can be done in one.
//! - [`Store::append`] and its neighbours keep evidence, sealed with each practice's own key.
//! - Every call names a [`Scope`]; there is none without, and the database enforces it a second time.
//!
//! The store is synchronous: the server calls it from threads that may wait. It checks no signature and judges nothing, reads no clock
//! and rolls no dice. What is the same for both back ends is written once; what differs is in one folder for each.

pub mod agents;
pub mod alerts;
pub mod api_keys;
pub mod audit;
pub mod commands;
mod error;
mod evidence;
mod files;
mod filter;
pub mod index;
mod keys;
mod lead;
mod migrate;
mod page;
pub mod people;
pub mod policies;
mod postgres;
mod reach;
pub mod routes;
mod scope;
pub mod sessions;
pub mod settings;
mod sqlite;
mod store;
pub mod tokens;
pub mod tree;
pub mod trust;
mod tx;
mod value;

pub use error::StoreError;
pub use evidence::{BadEntry, EntryPage, Kept, Manifest, ShredProof, Verified, ViewCopy, shredded};
pub use lead::Lead;
pub use page::{MAX_PAGE, Page};
pub use reach::scope_for;
pub use scope::{Purpose, Scope};
pub use store::{Config, Store};
pub use tx::{Tx, WriteTx};
