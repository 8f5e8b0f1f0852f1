//! Assess: where patient data lies, and how many people's.
//!
//! [`scan`] walks folders and states, per root, what it saw; [`judge`] says what that means. Between the two lies only a
//! [`PatientDataSurvey`](enamel_types::patient_data::PatientDataSurvey): counts and places, never a value.
//!
//! Reading a file and recognising what is in it are kept apart by [`sink`]: extractors know formats and nothing about
//! patients, the detector knows patients and nothing about formats. What is recognised by which words is content that an
//! expert may edit: `content/signatures/phi.toml`.
//!
//! # What never leaves this crate
//! A value. Reports hold counts, and fingerprints under the caller's key. Only
//! a build with the feature `test-reveal`, which is never shipped, can say what was found.

mod detect;
pub mod extract;
mod judge;
mod persons;
mod report;
mod scan;
pub mod sink;

pub use judge::judge;
pub use report::FileReport;
pub use scan::{Progress, ScanError, ScanOptions, scan};
