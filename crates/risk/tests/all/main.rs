//! The crate from outside: the model on the content that ships.

mod figures;
mod world;
