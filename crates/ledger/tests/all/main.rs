//! What the ledger promises, held against real files.

// The lint's exemption for tests does not reach helpers that several tests share.
#![allow(clippy::unwrap_used)]

mod append;
mod crash;
mod damage;
mod golden;
mod refusals;
mod support;
mod view;
