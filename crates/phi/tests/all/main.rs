//! Patient data discovery as its callers see it.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::format_push_string, clippy::format_collect)] // helpers of tests

#[cfg(all(test, not(feature = "test-reveal")))] // that feature reads every file
mod cache;
mod clock;
mod extract_corpus;
#[cfg(test)] // its helpers may unwrap too
mod extract_hostile;
#[cfg(test)]
mod extract_left_out;
#[cfg(test)]
mod extract_sqlite;
mod family;
mod folders;
mod pace;
#[cfg(feature = "test-reveal")]
mod score;
