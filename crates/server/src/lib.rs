//! The MSP's side: agents' listener, console, API, alerts.

pub mod console;
