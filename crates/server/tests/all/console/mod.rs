//! The console's pages, from a sample MSP.

mod browser;
mod catalogue;
mod live;
mod pages;
mod sample;
mod serve;
