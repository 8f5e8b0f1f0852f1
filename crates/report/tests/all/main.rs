//! The report as its readers get it: an office manager, an auditor, and the machines of both.

#![allow(clippy::unwrap_used)] // helpers of tests: clippy exempts only the test functions themselves

mod browser;
mod counts;
mod exports;
mod golden;
mod hostile;
mod large;
mod letter;
mod print;
mod sample;
