//! The agents' listener: TLS, who is who, limits, and protocol version 1.
//!
//! `listener` holds connections, [`tls`] checks certificates, `roster` says who is let in, `protocol` answers. Identity is the key
//! in the client certificate; nothing that an agent writes about itself is believed. Refusals are problems with a code that an agent
//! acts on.

mod body;
mod enrol;
mod listener;
mod problem;
mod protocol;
mod roster;
pub mod tls;

use std::net::IpAddr;

pub use listener::{Door, serve};
pub(crate) use problem::Refusal;
pub(crate) use protocol::{Agents, router};
pub(crate) use roster::Caller;
pub use roster::Roster;

use crate::pki::ClientCertificate;

/// Who holds a connection; every request carries it as an extension.
#[derive(Debug, Clone)]
pub struct Peer {
    /// The client certificate, as TLS checked it: ours, and ended no longer ago than renewal allows.
    pub certificate: Option<ClientCertificate>,
    /// From where.
    pub address: IpAddr,
}
