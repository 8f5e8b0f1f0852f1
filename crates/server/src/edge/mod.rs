//! The agents' listener: TLS, who is who, limits, and protocol version 1.
//!
//! `listener` holds connections, [`tls`] checks certificates. Identity is the key in the client certificate; nothing that an
//! agent writes about itself is believed.

mod listener;
pub mod tls;

use std::net::IpAddr;

pub use listener::{Door, serve};

use crate::pki::ClientCertificate;

/// Who holds a connection; every request carries it as an extension.
#[derive(Debug, Clone)]
pub struct Peer {
    /// The client certificate, as TLS checked it: ours, and ended no longer ago than renewal allows.
    pub certificate: Option<ClientCertificate>,
    /// From where.
    pub address: IpAddr,
}
