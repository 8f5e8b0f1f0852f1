//! What is refused, what is taken, and the shape of everything that is sent.

mod batches;
mod commands;
mod given;
mod golden;
mod keys;
mod properties;
mod roots;
