//! Tests of the binary as its user runs it, and of the rules of the house.

mod assess;
mod bad_input;
mod contract;
mod evidence;
mod house;
mod run;
#[cfg(feature = "server")]
mod serve;
#[cfg(feature = "server")]
mod sign;
