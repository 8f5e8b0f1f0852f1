//! One practice computer under watch: sensors by schedule, a spool on disk, commands verified.

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
