//! The console's pages, from a sample MSP.

mod browser;
mod catalogue;
mod pages;
mod sample;
mod serve;
