//! One file per verb.

pub(crate) mod agent;
pub(crate) mod assess;
pub(crate) mod attest;
pub(crate) mod config;
#[cfg(feature = "server")]
pub(crate) mod demo;
pub(crate) mod export;
pub(crate) mod ledger;
pub(crate) mod risk;
pub(crate) mod scan_host;
pub(crate) mod scan_phi;
pub(crate) mod scan_software;
#[cfg(feature = "server")]
pub(crate) mod serve;
#[cfg(feature = "server")]
pub(crate) mod sign;

use enamel_types::{Finding, Severity};

use crate::error::Outcome;

/// Exit code 3 if one of the findings is at least as bad as `--fail-on` asks for.
fn fail_on<'a>(threshold: Option<Severity>, findings: impl IntoIterator<Item = &'a Finding>) -> Outcome {
    match threshold {
        Some(threshold) if findings.into_iter().any(|finding| finding.severity >= threshold) => {
            Outcome::FailOnMet
        }
        _ => Outcome::Done,
    }
}
