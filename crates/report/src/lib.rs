//! The report in plain words, and the exports that an auditor takes.
//!
//! One [`ReportModel`] goes in; a self-contained HTML page ([`render_html`]) and OSCAL assessment results ([`oscal`])
//! come out; [`letter`] makes the two-page letters. The same model gives the same bytes: no clock, no dice, no network. The same findings as OCSF events are
//! [`enamel_types::ocsf`], which the agent writes too.
//!
//! This crate never judges. What the model calls *unknown* is unknown in every output, and never green or satisfied.
//! Apart from [`pdf`], which prints a page with the browser that the computer has, it touches no file: the binary decides
//! where bytes go. Every text that came from a computer (file names, host names, settings) is hostile until shown
//! otherwise, and passes [`text`] on its way out.

mod html;
pub mod letter;
mod model;
pub mod oscal;
pub mod pdf;
pub mod text;
mod words;

pub use html::render_html;
pub use model::{
    AcceptedRisk, ControlRow, DeviceEntry, Duty, GapEntry, LedgerFacts, PreviousRun, ReportModel,
    ResultEntry, SoftwareEntry, SurveyEntry,
};

/// Why a report could not be made. Each says what failed; the cause is the error's source.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A template could not be filled: a fault of Enamel, not of the input.
    #[error("the report's page could not be put together; this is a fault in Enamel, please report it")]
    Template(#[from] askama::Error),
    /// An export could not be written as JSON.
    #[error("the {what} could not be written as JSON; this is a fault in Enamel, please report it")]
    Json {
        /// Which export.
        what: &'static str,
        /// The cause.
        #[source]
        source: serde_json::Error,
    },
}
