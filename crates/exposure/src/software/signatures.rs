//! What is looked for, as content.

use enamel_types::content::ContentError;

/// Dental products and places of secrets.
#[derive(Debug, Clone)]
pub struct Signatures {}

impl Signatures {
    /// The signatures that are compiled in.
    pub fn builtin() -> Result<Self, ContentError> {
        Ok(Self {})
    }
}
