//! Who this agent is: a key made on this computer, and what the server said of it.
//!
//! All of it lies in one file, which is there whole or not at all. Identity is the key, never a name or a serial number. The key
//! never leaves the computer, and is never shown.

use std::path::{Path, PathBuf};

use enamel_types::{AgentId, DeviceId, PracticeId, Timestamp};
use enamel_wire::message::{RENEW_AFTER_DAYS, RENEW_GRACE_DAYS};
use jiff::SignedDuration;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use serde::{Deserialize, Serialize};

use crate::files::{self, FileError, Readers};
use crate::transport::ServerUrl;

/// What an agent has from its enrolment.
#[derive(Clone)]
pub struct Enrolment {
    /// The server.
    pub server: ServerUrl,
    /// The practice.
    pub practice: PracticeId,
    /// The practice's name, for people.
    pub practice_name: String,
    /// The agent.
    pub agent: AgentId,
    /// This computer, the same before and after.
    pub device: DeviceId,
    /// When it was enrolled.
    pub enrolled_at: Timestamp,
    certificate: CertificateDer<'static>,
    validity: Validity,
    ca: CertificateDer<'static>,
    key: AgentKey,
}

/// An agent's private key.
pub(crate) struct AgentKey(KeyPair);

impl Clone for AgentKey {
    fn clone(&self) -> Self {
        let der = PrivatePkcs8KeyDer::from(self.0.serialize_der());
        let copy = KeyPair::from_pkcs8_der_and_sign_algo(&der, &PKCS_ECDSA_P256_SHA256);
        Self(copy.expect("the key that was just written reads back"))
    }
}

/// Why an enrolment cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// Its file.
    #[error(transparent)]
    File(#[from] FileError),
    /// What is in it.
    #[error("{} is damaged: {why}; enrol this computer again with `enamel agent enrol --again`", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: &'static str,
    },
    /// There is none.
    #[error(
        "this computer is not enrolled; the MSP's console makes a token for `enamel agent enrol --server URL --token T`"
    )]
    NotEnrolled,
    /// A certificate that the server sent is not for this agent's key.
    #[error("the server sent a certificate that is not for this computer's key")]
    NotOurs,
    /// The computer could not make a key or sign with it.
    #[error("this computer could not make a key, or sign with it")]
    Key(#[source] rcgen::Error),
}

/// From when until when a certificate is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// From.
    pub not_before: Timestamp,
    /// Until.
    pub not_after: Timestamp,
}

/// What a certificate's age asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// It is young.
    NotYet,
    /// It should be renewed.
    Due,
    /// It ended so long ago that a person must enrol the computer again.
    TooLate,
}

impl Validity {
    /// What it asks for at `now`.
    pub fn renewal(self, now: Timestamp) -> Renewal {
        let days = |days: i64| SignedDuration::from_hours(24 * days);
        if now >= self.not_after + days(RENEW_GRACE_DAYS) {
            Renewal::TooLate
        } else if now >= self.not_before + days(RENEW_AFTER_DAYS) {
            Renewal::Due
        } else {
            Renewal::NotYet
        }
    }
}

/// The enrolment as it lies in its file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    server: ServerUrl,
    practice: PracticeId,
    practice_name: String,
    agent: AgentId,
    device: DeviceId,
    enrolled_at: Timestamp,
    certificate: String,
    ca: String,
    key: String,
}

impl AgentKey {
    /// A new key. Its randomness is the operating system's, taken by *ring* itself.
    pub(crate) fn make() -> Result<Self, IdentityError> {
        KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map(Self).map_err(IdentityError::Key)
    }

    /// A request for a certificate, PEM. The server decides what stands in the certificate.
    pub(crate) fn request(&self) -> Result<String, IdentityError> {
        let mut params = CertificateParams::new(Vec::new()).map_err(IdentityError::Key)?;
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "enamel agent");
        params.serialize_request(&self.0).and_then(|request| request.pem()).map_err(IdentityError::Key)
    }
}

impl Enrolment {
    /// Where everything of the agent's lies below a data directory.
    pub fn folder(data: &Path) -> PathBuf {
        data.join("agent")
    }

    /// What of it belongs to this enrolment alone: its spool, its policy, whom it obeys. A later enrolment begins its own.
    pub fn own_folder(&self, data: &Path) -> PathBuf {
        Self::folder(data).join(self.agent.to_string())
    }

    fn path(data: &Path) -> PathBuf {
        Self::folder(data).join("enrolment.json")
    }

    /// Reads the enrolment of a data directory; `None` where the computer is not enrolled.
    ///
    /// # Errors
    /// A file that cannot be read, or is damaged.
    pub fn load(data: &Path) -> Result<Option<Self>, IdentityError> {
        let path = Self::path(data);
        let Some(kept) = files::read_json::<Kept>(&path)? else { return Ok(None) };
        let damaged = |why| IdentityError::Damaged { path: path.clone(), why };
        let key = KeyPair::from_pkcs8_pem_and_sign_algo(&kept.key, &PKCS_ECDSA_P256_SHA256)
            .map_err(|_| damaged("its key cannot be read"))?;
        let ca = CertificateDer::from_pem_slice(kept.ca.as_bytes())
            .map_err(|_| damaged("the authority's certificate cannot be read"))?;
        let enrolment = Self::new(
            kept.server,
            (kept.practice, kept.practice_name),
            (kept.agent, kept.device),
            kept.enrolled_at,
            (&kept.certificate, ca, AgentKey(key)),
        );
        enrolment.map(Some).map_err(|_| damaged("its certificate is not for its key"))
    }

    /// Reads the enrolment, which must be there.
    ///
    /// # Errors
    /// None, or one that cannot be read.
    pub fn required(data: &Path) -> Result<Self, IdentityError> {
        Self::load(data)?.ok_or(IdentityError::NotEnrolled)
    }

    pub(crate) fn new(
        server: ServerUrl,
        (practice, practice_name): (PracticeId, String),
        (agent, device): (AgentId, DeviceId),
        enrolled_at: Timestamp,
        (certificate, ca, key): (&str, CertificateDer<'static>, AgentKey),
    ) -> Result<Self, IdentityError> {
        let certificate =
            CertificateDer::from_pem_slice(certificate.as_bytes()).map_err(|_| IdentityError::NotOurs)?;
        let validity = validity_of(&certificate, &key)?;
        Ok(Self {
            server,
            practice,
            practice_name,
            agent,
            device,
            enrolled_at,
            certificate,
            validity,
            ca,
            key,
        })
    }

    /// Keeps it below a data directory; from then on the computer is enrolled, and was not before.
    pub(crate) fn save(&self, data: &Path) -> Result<(), FileError> {
        files::make_folder(&Self::folder(data), Readers::Owner)?;
        let kept = Kept {
            server: self.server.clone(),
            practice: self.practice,
            practice_name: self.practice_name.clone(),
            agent: self.agent,
            device: self.device,
            enrolled_at: self.enrolled_at,
            certificate: pem("CERTIFICATE", &self.certificate),
            ca: pem("CERTIFICATE", &self.ca),
            key: self.key.0.serialize_pem(),
        };
        files::replace_json(&Self::path(data), &kept)
    }

    /// The same enrolment with a new certificate for the same key.
    pub(crate) fn renewed(&self, certificate: &str) -> Result<Self, IdentityError> {
        let certificate =
            CertificateDer::from_pem_slice(certificate.as_bytes()).map_err(|_| IdentityError::NotOurs)?;
        let validity = validity_of(&certificate, &self.key)?;
        Ok(Self { certificate, validity, ..self.clone() })
    }

    /// A request for a new certificate, PEM.
    pub(crate) fn renewal_request(&self) -> Result<String, IdentityError> {
        self.key.request()
    }

    /// From when until when its certificate is valid.
    pub const fn validity(&self) -> Validity {
        self.validity
    }

    pub(crate) fn certificate_der(&self) -> &[u8] {
        &self.certificate
    }

    pub(crate) fn ca_der(&self) -> &[u8] {
        &self.ca
    }

    pub(crate) fn key_pem(&self) -> String {
        self.key.0.serialize_pem()
    }
}

/// Reads a certificate, and makes sure that it is for this key: with another one no connection could be made.
fn validity_of(certificate: &[u8], key: &AgentKey) -> Result<Validity, IdentityError> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate).map_err(|_| IdentityError::NotOurs)?;
    if *parsed.public_key().subject_public_key.data != *key.0.public_key_raw() {
        return Err(IdentityError::NotOurs);
    }
    let time = |seconds| Timestamp::from_second(seconds).map_err(|_| IdentityError::NotOurs);
    Ok(Validity {
        not_before: time(parsed.validity().not_before.timestamp())?,
        not_after: time(parsed.validity().not_after.timestamp())?,
    })
}

fn pem(label: &str, der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let mut pem = format!("-----BEGIN {label}-----\n");
    for line in text.as_bytes().chunks(64) {
        pem.extend(line.iter().map(|byte| char::from(*byte)));
        pem.push('\n');
    }
    pem + &format!("-----END {label}-----\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_renewed_in_time_and_for_a_year_after() {
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let days = |days: i64| SignedDuration::from_hours(24 * days);
        let validity = Validity { not_before: start, not_after: start + days(90) };
        for (day, expected) in [
            (0, Renewal::NotYet),
            (59, Renewal::NotYet),
            (60, Renewal::Due),
            (91, Renewal::Due),
            (90 + 364, Renewal::Due),
            (90 + 365, Renewal::TooLate),
        ] {
            assert_eq!(validity.renewal(start + days(day)), expected, "day {day}");
        }
    }
}
