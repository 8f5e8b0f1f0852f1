//! Patient data discovery as its callers see it.

mod clock;
mod extract_corpus;
#[cfg(test)] // its helpers may unwrap too
mod extract_hostile;
mod family;
mod folders;
#[cfg(feature = "test-reveal")]
mod score;
