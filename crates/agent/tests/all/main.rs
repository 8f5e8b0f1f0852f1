//! The agent as its server and its computer meet it.
#![allow(clippy::unwrap_used, reason = "also in what the tests share: whatever fails there ends the test")]

mod agent;
mod commands;
mod enrol;
#[cfg(target_os = "linux")]
mod isolation;
mod operators;
mod server;
mod spool;
mod spool_kill;
mod world;
