//! One practice computer under watch: sensors by schedule, a spool on disk, commands verified.
//!
//! - [`enrol`] takes a computer in; [`identity`] is who it then is: a key that was made here.
//! - [`run`] is the running agent: it looks ([`timetable`] says when), keeps what it saw ([`spool`]), and gets it onto the server's
//!   disk ([`transport`]).
//! - [`commands`] says which of the orders that came with the mail may be carried out: those that the operators of the pinned [`trust`]
//!   root have signed, once, in time, and the dangerous ones after an hour in which the practice may refuse.
//! - [`helper`] is the small privileged part, a process of its own, which verifies again.
//!
//! An agent listens on nothing, talks to one server, and runs nothing that the server asks for. This crate knows no sensor: how one is
//! run is a parameter, and so are the clock, the dice and the log. What an agent knows lies below its data directory, as
//! `docs/agent.md` lists it.

use std::sync::{Mutex, MutexGuard, PoisonError};

pub mod bell;
pub mod commands;
mod desired;
pub mod enrol;
mod files;
pub mod helper;
pub mod identity;
pub mod run;
mod sensors;
pub mod spool;
mod stamp;
pub mod timetable;
pub mod transport;
pub mod trust;
mod uplink;

pub use files::FileError;
pub use identity::Enrolment;
pub use spool::{Spool, SpoolError};
pub use stamp::{Fill, Stamp};
pub use transport::ServerUrl;

/// Enamel's version.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Locks what threads share. A thread that panicked while it held the lock left nothing half done: what counts is on the disk.
fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
