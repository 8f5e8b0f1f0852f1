//! TLS for agents: version 1.3, our own authority, a client certificate where there is one.
//!
//! Only 1.3, because the other end is always our own agent. A certificate is optional here, since an agent without one has to
//! enrol; each request says by itself whether it needs one. A certificate that ran out is let through while it may
//! still ask for a new one: whoever handles the request sees its end and decides. A resumed session is not verified again, so
//! nothing here is the last word: the end of a certificate and the allow table are looked at with every request.

use std::sync::Arc;

use enamel_wire::message::RENEW_GRACE_DAYS;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore, ServerConfig,
    SignatureScheme,
};

use crate::World;
use crate::pki::{Authority, PkiError};

/// Why TLS could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// No certificate for the server.
    #[error(transparent)]
    Pki(#[from] PkiError),
    /// The library refused the configuration.
    #[error("TLS for agents could not be set up")]
    Rustls(#[from] Error),
    /// The library refused the authority.
    #[error("TLS for agents could not be set up: the authority is not accepted")]
    Verifier(#[from] rustls::server::VerifierBuilderError),
}

/// The listener's configuration, with a new server certificate.
pub fn config(authority: &Authority, world: &World) -> Result<ServerConfig, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(authority.certificate().clone())?;
    let inner = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .allow_unauthenticated()
        .build()?;
    let (chain, key) = authority.server_identity(world)?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(Arc::new(WithGrace(inner)))
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // Tickets that the client keeps: a resumed handshake costs a quarter, and 10,000 sessions cost no memory here.
    config.ticketer = rustls::crypto::ring::Ticketer::new()?;
    config.send_tls13_tickets = 1;
    config.time_provider = Arc::new(TimeOf(world.clone()));
    Ok(config)
}

/// The clock, as TLS asks for it.
#[derive(Debug)]
struct TimeOf(World);

impl rustls::time_provider::TimeProvider for TimeOf {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = u64::try_from(self.0.now().as_second()).ok()?;
        Some(UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds)))
    }
}

/// Verifies like WebPKI does, but takes a certificate for a while after its end.
#[derive(Debug)]
struct WithGrace(Arc<dyn ClientCertVerifier>);

impl ClientCertVerifier for WithGrace {
    fn offer_client_auth(&self) -> bool {
        true
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.0.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        match self.0.verify_client_cert(end_entity, intermediates, now) {
            Err(Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. }))
                if within_grace(not_after, now) =>
            {
                self.0.verify_client_cert(end_entity, intermediates, not_after)
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

/// Whether a certificate that ended then may still ask for a new one.
fn within_grace(not_after: UnixTime, now: UnixTime) -> bool {
    let grace = RENEW_GRACE_DAYS.unsigned_abs() * 24 * 3600;
    now.as_secs() <= not_after.as_secs().saturating_add(grace)
}
