//! The agent as its server and its computer meet it.
#![allow(clippy::unwrap_used, reason = "also in what the tests share: whatever fails there ends the test")]

mod agent;
mod commands;
mod enrol;
mod operators;
mod server;
mod spool;
mod spool_kill;
mod world;
