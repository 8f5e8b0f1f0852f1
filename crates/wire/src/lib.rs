//! What agent, server and operator say to each other, and the signatures on it.
//!
//! [`message`] is the protocol between agent and server, version 1: JSON over HTTPS with client certificates. [`token`] is
//! what a technician pastes to enrol a computer. [`signed`] is what operators sign and agents check: commands and trust
//! roots; a server relays these and can make none. Golden files in `tests/golden/` hold every shape.
//!
//! This crate opens no socket, reads no clock and rolls no dice.

mod batch;
pub mod message;
pub mod signed;
pub mod token;

pub use batch::Speaker;
