//! The report as its readers get it: an office manager, an auditor, and the machines of both.

mod browser;
mod exports;
mod golden;
mod hostile;
mod large;
mod sample;
