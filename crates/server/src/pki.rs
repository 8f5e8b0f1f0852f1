//! The server's own certificate authority: who the server is to agents, and who agents are to the server.
//!
//! The authority is made at the first start and lasts twenty years; an enrolment token pins it by fingerprint. It certifies the
//! server itself, anew at each start, and agents' keys, for 90 days. Of an agent's request only the public key is taken: what a
//! certificate says is ours to say. Private keys of agents never come here, and nothing here decides whether an agent is
//! still welcome: that is the store's allow table, asked at every request.

use std::time::Duration;

use enamel_store::{Purpose, Scope, Store, StoreError, settings};
use enamel_types::{AgentId, Timestamp};
use enamel_wire::message::{CERTIFICATE_DAYS, SERVER_NAME};
use enamel_wire::token::EnrolmentToken;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PublicKeyData,
    SanType, SerialNumber,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use serde::{Deserialize, Serialize};
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

use crate::World;

/// How long the authority lasts: an agent pins it, so it must outlast every computer that does.
const AUTHORITY_DAYS: i64 = 20 * 365;

/// How long the server's certificate lasts; it is made anew at each start, and a server that runs for two years is restarted
/// for updates long before.
const SERVER_DAYS: i64 = 2 * 365;

/// How far a certificate reaches into the past, for agents whose clocks are behind.
const BACKDATED: i64 = 24 * 3600;

/// Largest certificate request that is looked at, bytes of PEM. A P-256 request takes about 400.
const MAX_CSR_BYTES: usize = 4096;

/// What names an agent in its certificate: a URI in the subject's alternative names.
const AGENT_URI: &str = "urn:uuid:";

/// The authority's name among the store's sealed settings.
const KEPT_AS: &str = "agents_authority";

/// The authority.
pub struct Authority {
    certificate: CertificateDer<'static>,
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// The authority as it is kept. Whoever has it can name any key an agent: it is kept sealed.
#[derive(Serialize, Deserialize)]
pub struct KeptAuthority {
    /// The certificate, PEM.
    pub certificate: String,
    /// The private key, PKCS #8, PEM.
    pub key: String,
}

/// BLAKE3 of a certificate's SubjectPublicKeyInfo: what an agent is known by.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyFingerprint(pub [u8; 32]);

/// What an agent's certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// Which agent.
    pub agent: AgentId,
    /// Its key.
    pub key: KeyFingerprint,
    /// Its number, hexadecimal.
    pub serial: String,
    /// Until when, to the second.
    pub not_after: Timestamp,
}

/// A certificate that was just made for an agent.
#[derive(Debug, Clone)]
pub struct Issued {
    /// The certificate, PEM.
    pub pem: String,
    /// What it says.
    pub says: ClientCertificate,
}

/// Why a certificate could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    /// A request that is not PKCS #10, or whose signature is not its key's.
    #[error("the certificate request is not a valid PKCS #10 request signed by its own key")]
    Request(#[source] rcgen::Error),
    /// A request that is too long.
    #[error("the certificate request is {0} bytes long; at most {MAX_CSR_BYTES} are looked at")]
    RequestTooLong(usize),
    /// A key that is not P-256.
    #[error("the certificate request is for a key that is not P-256")]
    NotP256,
    /// A certificate that is not one of ours.
    #[error("the certificate is not an agent's: {0}")]
    NotAnAgent(&'static str),
    /// The library failed.
    #[error("a certificate could not be made")]
    Make(#[source] rcgen::Error),
    /// What was kept of the authority cannot be read.
    #[error(
        "the certificate authority that is kept cannot be read; restore it from a backup, or every agent must enrol again"
    )]
    Kept(#[source] rcgen::Error),
    /// The same, where it is not even PEM.
    #[error(
        "the certificate authority that is kept is not PEM; restore it from a backup, or every agent must enrol again"
    )]
    KeptPem(#[source] rustls::pki_types::pem::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Authority {
    /// Makes a new one. The pair of what works and what is kept.
    pub fn make(world: &World) -> Result<(Self, KeptAuthority), PkiError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(PkiError::Make)?;
        let mut params = params(world, "Enamel agents' authority", AUTHORITY_DAYS);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let certificate = params.self_signed(&key).map_err(PkiError::Make)?;
        let kept = KeptAuthority { certificate: certificate.pem(), key: key.serialize_pem() };
        Ok((Self::of(&kept)?, kept))
    }

    /// The store's, or at the first start a new one. Of two servers that start at once on an empty database, both get the one that
    /// was kept first.
    pub fn kept_in(store: &Store, world: &World) -> Result<Self, PkiError> {
        let scope = Scope::System(Purpose::Housekeeping);
        let kept = store.read(&scope, |tx| settings::secret(tx, KEPT_AS))?;
        if let Some(kept) = kept {
            return Self::of(&kept);
        }
        let (_, made) = Self::make(world)?;
        Self::of(&store.write(&scope, |tx| settings::keep_secret(tx, KEPT_AS, &made))?)
    }

    /// The one that was kept.
    pub fn of(kept: &KeptAuthority) -> Result<Self, PkiError> {
        let key = KeyPair::from_pkcs8_pem_and_sign_algo(&kept.key, &PKCS_ECDSA_P256_SHA256)
            .map_err(PkiError::Kept)?;
        let issuer = Issuer::from_ca_cert_pem(&kept.certificate, key).map_err(PkiError::Kept)?;
        let certificate =
            CertificateDer::from_pem_slice(kept.certificate.as_bytes()).map_err(PkiError::KeptPem)?;
        Ok(Self { certificate, pem: kept.certificate.clone(), issuer })
    }

    /// Its certificate.
    pub const fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// Its certificate, PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// What an enrolment token pins.
    pub fn fingerprint(&self) -> [u8; 32] {
        EnrolmentToken::fingerprint(&self.certificate)
    }

    /// A new certificate and key for the server, with the authority's own certificate behind it, so that an agent can check
    /// its token's fingerprint in the handshake.
    pub fn server_identity(
        &self,
        world: &World,
    ) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), PkiError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(PkiError::Make)?;
        let mut params = params(world, SERVER_NAME, SERVER_DAYS);
        params.subject_alt_names = vec![SanType::DnsName(SERVER_NAME.try_into().map_err(PkiError::Make)?)];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = params.signed_by(&key, &self.issuer).map_err(PkiError::Make)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        Ok((vec![certificate.der().clone(), self.certificate.clone()], key))
    }

    /// A certificate for an agent's key. `csr` is PKCS #10, PEM; nothing but the key is taken from it.
    pub fn certify(&self, csr: &str, agent: AgentId, world: &World) -> Result<Issued, PkiError> {
        if csr.len() > MAX_CSR_BYTES {
            return Err(PkiError::RequestTooLong(csr.len()));
        }
        let request = CertificateSigningRequestParams::from_pem(csr).map_err(PkiError::Request)?;
        // The algorithm that the library names is the signature's; an uncompressed point tells the curve.
        let point = request.public_key.der_bytes();
        if *request.public_key.algorithm() != PKCS_ECDSA_P256_SHA256 || point.len() != 65 || point[0] != 4 {
            return Err(PkiError::NotP256);
        }
        let mut params = params(world, &agent.to_string(), CERTIFICATE_DAYS);
        let uri = format!("{AGENT_URI}{agent}");
        params.subject_alt_names = vec![SanType::URI(uri.try_into().map_err(PkiError::Make)?)];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = params.signed_by(&request.public_key, &self.issuer).map_err(PkiError::Make)?;
        let says = ClientCertificate::read(certificate.der())?;
        Ok(Issued { pem: certificate.pem(), says })
    }
}

impl ClientCertificate {
    /// Reads a certificate, DER. Whether the authority signed it is TLS's to check, before.
    pub fn read(der: &[u8]) -> Result<Self, PkiError> {
        let (_, certificate) =
            X509Certificate::from_der(der).map_err(|_| PkiError::NotAnAgent("it is not X.509"))?;
        let names = certificate
            .subject_alternative_name()
            .ok()
            .flatten()
            .ok_or(PkiError::NotAnAgent("it has no alternative name"))?;
        let [GeneralName::URI(uri)] = names.value.general_names.as_slice() else {
            return Err(PkiError::NotAnAgent("its alternative name is not one URI"));
        };
        let agent = uri
            .strip_prefix(AGENT_URI)
            .and_then(|id| id.parse().ok())
            .ok_or(PkiError::NotAnAgent("its alternative name is no agent's id"))?;
        let key = KeyFingerprint(*blake3::hash(certificate.public_key().raw).as_bytes());
        let not_after = Timestamp::from_second(certificate.validity().not_after.timestamp())
            .map_err(|_| PkiError::NotAnAgent("its end is no time"))?;
        let serial = format!("{:x}", certificate.serial);
        Ok(Self { agent, key, serial, not_after })
    }
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Authority({})", KeyFingerprint(self.fingerprint()))
    }
}

impl std::fmt::Display for KeyFingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::fmt::Debug for KeyFingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyFingerprint({self})")
    }
}

/// What all our certificates have in common.
fn params(world: &World, name: &str, days: i64) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "Enamel");
    params.distinguished_name.push(DnType::CommonName, name);
    let mut serial: [u8; 16] = world.random();
    serial[0] = serial[0] & 0x7F | 0x40; // positive, and always 16 bytes
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    let now = world.now().as_second();
    let at = |second: i64| {
        let since_1970 = Duration::from_secs(u64::try_from(second).unwrap_or(0));
        rcgen::date_time_ymd(1970, 1, 1) + since_1970
    };
    params.not_before = at(now.saturating_sub(BACKDATED));
    params.not_after = at(now.saturating_add(days * 24 * 3600));
    params
}

#[cfg(test)]
mod tests {
    use enamel_testkit::SetClock;

    use super::*;

    fn world() -> World {
        World {
            clock: std::sync::Arc::new(SetClock::at("2026-11-24T08:00:00Z")),
            fill: |bytes| getrandom::fill(bytes).unwrap(),
        }
    }

    fn agent(last: u8) -> AgentId {
        AgentId::from_uuid(uuid::Uuid::from_bytes([last; 16]))
    }

    fn request(key: &KeyPair, name: &str) -> String {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.serialize_request(key).unwrap().pem().unwrap()
    }

    #[test]
    fn a_certificate_says_what_we_say_and_not_what_was_asked_for() {
        let (authority, _) = Authority::make(&world()).unwrap();
        let key = KeyPair::generate().unwrap();
        let issued = authority.certify(&request(&key, SERVER_NAME), agent(1), &world()).unwrap();
        assert_eq!(issued.says.agent, agent(1));
        assert_eq!(issued.says.not_after.to_string(), "2027-02-22T08:00:00Z");
        assert!(!issued.pem.contains(SERVER_NAME));
        let der = CertificateDer::from_pem_slice(issued.pem.as_bytes()).unwrap();
        let (_, parsed) = X509Certificate::from_der(&der).unwrap();
        assert!(!parsed.subject().to_string().contains("server"), "{}", parsed.subject());
        assert!(!parsed.is_ca());
        assert_eq!(issued.says.key.0, *blake3::hash(&key.subject_public_key_info()).as_bytes());
    }

    #[test]
    fn what_is_kept_is_the_same_authority() {
        let (authority, kept) = Authority::make(&world()).unwrap();
        let again = Authority::of(&kept).unwrap();
        assert_eq!(authority.fingerprint(), again.fingerprint());
        assert!(authority.pem().starts_with("-----BEGIN CERTIFICATE-----\nMII"));
        let key = KeyPair::generate().unwrap();
        again.certify(&request(&key, "pc"), agent(2), &world()).unwrap();
    }

    #[test]
    fn requests_that_are_not_ours_to_sign_are_refused() {
        let (authority, _) = Authority::make(&world()).unwrap();
        let big = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
        let edwards = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        for key in [&big, &edwards] {
            assert!(authority.certify(&request(key, "pc"), agent(1), &world()).is_err());
        }
        let good = request(&KeyPair::generate().unwrap(), "pc");
        let mut lines: Vec<&str> = good.lines().collect();
        let end = lines[lines.len() - 2].replace(|_: char| true, "A");
        let at = lines.len() - 2;
        lines[at] = &end;
        assert!(authority.certify(&lines.join("\n"), agent(1), &world()).is_err(), "a forged signature");
        let long = format!("{}{good}", " ".repeat(MAX_CSR_BYTES));
        assert!(matches!(authority.certify(&long, agent(1), &world()), Err(PkiError::RequestTooLong(_))));
        assert!(authority.certify("", agent(1), &world()).is_err());
    }

    #[test]
    fn the_authority_and_the_server_are_no_agents() {
        let (authority, _) = Authority::make(&world()).unwrap();
        let (chain, _) = authority.server_identity(&world()).unwrap();
        for certificate in chain {
            assert!(ClientCertificate::read(&certificate).is_err());
        }
    }
}
