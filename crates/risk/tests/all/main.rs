//! The crate from outside: the model on the content that ships.

mod controls;
mod figures;
mod world;
