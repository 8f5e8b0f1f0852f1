//! Worlds for tests: recorded computers, a set clock, repeatable ids.
//!
//! Nothing here is part of a shipped binary, and nothing here looks at the computer the tests run on:
//! [`RecordedHost`] answers from data, [`SetClock`] stands still until it is moved, [`repeatable_fill`] gives a
//! `Minter` the same bytes every time. [`conformance`] is the one suite that every `Host` has to pass.

pub mod conformance;
mod recorded;
mod world;

pub use recorded::{LoadError, RecordedFile, RecordedHost, RecordedOutput};
pub use world::{SetClock, repeatable_fill};
