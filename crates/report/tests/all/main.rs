//! The report as its readers get it.

mod sample;
