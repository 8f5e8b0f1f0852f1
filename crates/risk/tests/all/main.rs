//! The crate from outside: the model on the content that ships.

mod controls;
mod docs;
mod figures;
mod world;
