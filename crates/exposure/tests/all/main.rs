//! Integration tests of the exposure crate, as one binary.

mod checks;
mod checks_content;
mod end_dates;
mod fixtures;
mod secrets;
mod software;
mod this_computer;
