//! The server as agents, people and programs meet it: over its own sockets, with real TLS where agents come in.

mod authenticator;
mod ceremonies;
mod enrolment;
mod evidence;
mod mail;
mod world;
