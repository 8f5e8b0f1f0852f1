//! The server as agents, people and programs meet it: over its own sockets, with real TLS where agents come in.

#![allow(clippy::unwrap_used, reason = "a world that cannot be set up fails its test")]

mod alerts;
mod api;
mod authenticator;
mod browser;
mod ceremonies;
mod console;
mod demo;
mod enrolment;
mod evidence;
mod fuzz;
mod mail;
mod matrix;
mod people;
mod postgres;
mod practices;
mod two_servers;
mod world;
