//! A socket: who may hold a connection, for how long, and with how much memory. Agents' and people's are the same but for TLS.
//!
//! A connection costs a few kilobytes while it waits for mail, so ten thousand of them fit. Whoever does not finish a
//! handshake, does not send a request, or holds more connections than a practice has computers, is let go.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

use super::Peer;
use crate::metrics::{FAILED_HANDSHAKES, OPEN_CONNECTIONS, REFUSED_CONNECTIONS};
use crate::pki::ClientCertificate;
use crate::stop::Stop;

/// Connections in all.
const MAX_CONNECTIONS: usize = 16_384;

/// Connections from one address: a large group behind one line, and no more.
const MAX_PER_ADDRESS: usize = 1_024;

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// How long a client that has a certificate may be quiet between two requests: a little more than a heartbeat.
const QUIET: Duration = Duration::from_secs(90);

/// The same for one without.
const QUIET_STRANGER: Duration = Duration::from_secs(10);

/// The same for a person's browser.
const QUIET_PERSON: Duration = Duration::from_mins(1);

/// The largest piece of a request that is in memory before its handler asks for more; headers must fit.
const BUFFER: usize = 32 * 1024;

/// The most headers: an agent sends five, a browser behind a proxy some thirty.
const MAX_HEADERS: usize = 64;

/// How long requests in flight may take after the server was told to stop.
const LAST_ANSWERS: Duration = Duration::from_secs(20);

/// Who comes in.
#[derive(Clone)]
pub enum Door {
    /// Agents, over TLS.
    Agents(Arc<rustls::ServerConfig>),
    /// People, over loopback or from the proxy that the MSP trusts: TLS is that proxy's.
    People,
}

/// Accepts until told to stop, then answers what is in flight.
pub async fn serve(listener: TcpListener, door: Door, router: Router, mut stop: Stop) {
    let seats = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let guests = Guests::default();
    let mut connections = JoinSet::new();
    loop {
        // A full house leaves newcomers in the kernel's queue.
        let seat = tokio::select! {
            seat = seats.clone().acquire_owned() => seat,
            () = stop.told() => break,
        };
        let Ok(seat) = seat else { break };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.told() => break,
        };
        while connections.try_join_next().is_some() {}
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, most likely: those who are in must leave before others come.
                tracing::warn!(%error, "a connection could not be accepted");
                if !is_about_one_connection(&error) {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                continue;
            }
        };
        let Some(guest) = guests.admit(address.ip()) else {
            metrics::counter!(REFUSED_CONNECTIONS).increment(1);
            continue;
        };
        let connection = Connection { address, router: router.clone(), stop: stop.clone() };
        let door = door.clone();
        connections.spawn(async move {
            connection.enter(stream, door).await;
            drop((seat, guest));
        });
    }
    drop(listener);
    let last = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(LAST_ANSWERS, last).await.is_err() {
        tracing::warn!("some requests took too long to answer and were cut off");
    }
}

struct Connection {
    address: SocketAddr,
    router: Router,
    stop: Stop,
}

impl Connection {
    async fn enter(self, stream: TcpStream, door: Door) {
        // Answers are small and awaited.
        let _ = stream.set_nodelay(true);
        let address = self.address;
        let Door::Agents(config) = door else {
            return self.answer(stream, None, QUIET_PERSON).await;
        };
        match tokio::time::timeout(HANDSHAKE, TlsAcceptor::from(config).accept(stream)).await {
            Ok(Ok(tls)) => {
                let certificate = tls
                    .get_ref()
                    .1
                    .peer_certificates()
                    .and_then(|chain| chain.first())
                    .and_then(|der| ClientCertificate::read(der).ok());
                let quiet = if certificate.is_some() { QUIET } else { QUIET_STRANGER };
                return self.answer(tls, certificate, quiet).await;
            }
            Ok(Err(error)) => tracing::debug!(%address, %error, "no TLS"),
            Err(_) => tracing::debug!(%address, "no TLS in time"),
        }
        metrics::counter!(FAILED_HANDSHAKES).increment(1);
    }

    async fn answer<S>(mut self, stream: S, certificate: Option<ClientCertificate>, quiet: Duration)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let address = self.address;
        let peer = Peer { certificate, address: address.ip() };
        let router = self.router.map_request(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(peer.clone());
            request
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(quiet)
            .max_buf_size(BUFFER)
            .max_headers(MAX_HEADERS)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
        tokio::pin!(connection);
        let _gauge = OpenConnection::new();
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = self.stop.told() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%address, %error, "a connection ended early");
        }
    }
}

/// Counts itself while it lives.
struct OpenConnection;

impl OpenConnection {
    fn new() -> Self {
        metrics::gauge!(OPEN_CONNECTIONS).increment(1.0);
        Self
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        metrics::gauge!(OPEN_CONNECTIONS).decrement(1.0);
    }
}

/// Whether the failure concerns one newcomer, and not this process.
fn is_about_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// How many connections each address holds.
#[derive(Clone, Default)]
struct Guests(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// One connection's place; given back when dropped.
struct Guest {
    guests: Guests,
    address: IpAddr,
}

impl Guests {
    /// `None` where the address holds as many as it may.
    fn admit(&self, address: IpAddr) -> Option<Guest> {
        let address = line_of(address);
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = held.entry(address).or_default();
        if *count >= MAX_PER_ADDRESS {
            return None;
        }
        *count += 1;
        Some(Guest { guests: self.clone(), address })
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let mut held = self.guests.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.address);
            }
        }
    }
}

/// Of IPv6 a line has a /64, not an address.
fn line_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_so_many_connections_and_gets_them_back() {
        let guests = Guests::default();
        let at = |text: &str| text.parse::<IpAddr>().unwrap();
        let held: Vec<_> = (0..MAX_PER_ADDRESS).map(|_| guests.admit(at("192.0.2.1")).unwrap()).collect();
        assert!(guests.admit(at("192.0.2.1")).is_none());
        assert!(guests.admit(at("::ffff:192.0.2.1")).is_none(), "the same address, written as IPv6");
        assert!(guests.admit(at("192.0.2.2")).is_some());
        drop(held);
        assert!(guests.admit(at("192.0.2.1")).is_some());
        assert_eq!(guests.0.lock().unwrap().len(), 0, "nobody is remembered who left");
        assert_eq!(line_of(at("2001:db8::1")), line_of(at("2001:db8::ffff:1")));
        assert_ne!(line_of(at("2001:db8:0:1::1")), line_of(at("2001:db8:0:2::1")));
    }
}
