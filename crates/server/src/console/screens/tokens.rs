//! Enrolment tokens: one puts one computer under watch.

use enamel_types::Timestamp;

use crate::console::frame::{Choice, PracticeRef};

/// The page.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// Practices to make one for; empty where there is none yet.
    pub practices: Vec<Choice>,
    /// Tokens that were made lately.
    pub rows: Vec<TokenRow>,
    /// One that was just made; shown once.
    pub made: Option<Made>,
}

/// A token that was just made.
#[derive(Debug, Clone)]
pub struct Made {
    /// For which practice.
    pub practice: String,
    /// The line to paste on the computer.
    pub command: String,
    /// Until when it can be used.
    pub until: Timestamp,
}

/// A token, without its secret.
#[derive(Debug, Clone)]
pub struct TokenRow {
    /// For which practice.
    pub practice: PracticeRef,
    /// Who made it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Until when it can be used.
    pub until: Timestamp,
    /// The computer that used it.
    pub used_by: Option<String>,
}
