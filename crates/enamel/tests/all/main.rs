//! Tests of the binary as its user runs it, and of the rules of the house.
#![allow(clippy::unwrap_used, reason = "what a test cannot build stops it")]

mod agent;
mod assess;
mod bad_input;
mod contract;
mod evidence;
mod house;
#[cfg(feature = "server")]
mod journey;
mod run;
#[cfg(feature = "server")]
mod serve;
#[path = "../../../agent/tests/all/server.rs"]
#[allow(dead_code, reason = "the agent's own tests use all of it")]
mod server;
#[cfg(feature = "server")]
mod sign;
#[path = "../../../agent/tests/all/world.rs"]
#[allow(dead_code, reason = "the agent's own tests use all of it")]
mod world;
