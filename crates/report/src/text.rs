//! Hostile text made harmless.
