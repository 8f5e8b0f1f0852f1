//! Integration tests of the exposure crate, as one binary.

mod checks;
mod checks_content;
mod fixtures;
mod software;
mod this_computer;
