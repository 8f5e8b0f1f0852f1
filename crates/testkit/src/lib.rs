//! Worlds for tests: recorded computers, a set clock, repeatable ids.
//!
//! Nothing here is part of a shipped binary. [`RecordedHost`] answers from data, [`SetClock`] stands still until it is moved,
//! [`repeatable_fill`] gives a `Minter` the same bytes every time, `TemporaryPostgres` is a database server of a test's own,
//! [`Browser`] the browser that is installed; what is not installed is [`skipped`]. [`conformance`] is the one suite that every
//! `Host` has to pass.

pub mod conformance;
#[cfg(unix)]
mod postgres;
mod recorded;
mod skip;
mod world;

#[cfg(unix)]
pub use postgres::TemporaryPostgres;
pub use recorded::{LoadError, RecordedFile, RecordedHost, RecordedOutput};
pub use skip::{Browser, skipped};
pub use world::{SetClock, repeatable_fill};
