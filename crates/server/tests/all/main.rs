//! The server as agents and people meet it: over its own sockets, with real TLS.

mod demo;
mod enrolment;
mod evidence;
mod mail;
mod world;
