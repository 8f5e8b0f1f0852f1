//! The MSP's console: pages in the browser, made on the server.
//!
//! Each screen is a *model* (`screens`: what the page says, plain values) and a *template* (`templates/console`: how). Words come
//! from one catalogue (`words`), charts are SVG with a table beside them (`chart`). Every page can be read, and every form sent,
//! without a script; htmx makes filters smoother and nothing more.
//!
//! No page holds a script, a style or an address of another host, and the policy sent with it ([`POLICY`]) forbids them.

pub mod assets;
pub mod chart;
mod forms;
pub mod frame;
mod load;
mod report;
mod routes;
pub mod screens;
mod titles;
mod visit;
pub mod words;

pub use routes::{Console, router};

/// The content security policy of every page.
pub const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
