//! Worlds for tests: recorded computers, a set clock, repeatable ids.
//!
//! Nothing here is part of a shipped binary, and nothing here looks at the computer the tests run on:
//! [`RecordedHost`] answers from data, [`SetClock`] stands still until it is moved, [`repeatable_fill`] gives a
//! `Minter` the same bytes every time, `TemporaryPostgres` is a database server of a test's own. [`conformance`] is the one suite that every `Host` has to pass.

pub mod conformance;
#[cfg(unix)]
mod postgres;
mod recorded;
mod world;

#[cfg(unix)]
pub use postgres::TemporaryPostgres;
pub use recorded::{LoadError, RecordedFile, RecordedHost, RecordedOutput};
pub use world::{SetClock, repeatable_fill};
