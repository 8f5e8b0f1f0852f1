//! The server as agents and people meet it: over its own sockets, with real TLS.

#![allow(clippy::unwrap_used, reason = "a world that cannot be set up fails its test")]

mod alerts;
mod demo;
mod enrolment;
mod evidence;
mod mail;
mod practices;
mod world;
