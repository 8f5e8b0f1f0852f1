//! Assess: where patient data lies, and how many people's.

pub mod sink;
