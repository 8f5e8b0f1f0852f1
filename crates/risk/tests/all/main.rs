//! The crate from outside: the model on the content that ships.

#![allow(clippy::unwrap_used)] // in tests an unwrap is an assertion

mod controls;
mod docs;
mod figures;
mod world;
