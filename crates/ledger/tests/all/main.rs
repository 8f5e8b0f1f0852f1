//! What the ledger promises, held against real files.

mod append;
mod crash;
mod damage;
mod golden;
mod refusals;
mod support;
mod view;
