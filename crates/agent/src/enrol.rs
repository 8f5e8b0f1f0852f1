//! Enrolment: how a computer comes under watch.
//!
//! A token names the server's authority, so that the very first connection is to the right server; its secret is sent only after
//! that was proved. The key is made here. Nothing is kept until the server has taken the computer in, and then all of it at once:
//! a computer is enrolled or it is not. Whom the agent takes commands from is pinned in the same moment, and never taken over from
//! the server alone later on.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use enamel_types::{AgentEvent, DeviceId, Timestamp};
use enamel_wire::message::EnrolRequest;
use enamel_wire::signed::TrustRoot;
use enamel_wire::token::EnrolmentToken;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::files::{self, FileError, Readers};
use crate::identity::{AgentKey, Enrolment, IdentityError};
use crate::spool::{CAP_BYTES, Spool, SpoolError};
use crate::stamp::Stamp;
use crate::transport::{Client, ServerUrl, TransportError};
use crate::{desired, helper, trust};

/// Why a computer could not be enrolled. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// It is enrolled.
    #[error(
        "this computer is enrolled already, for {practice} at {server}; with --again it is enrolled anew, and what the MSP knew \
         of it goes on"
    )]
    AlreadyEnrolled {
        /// The practice.
        practice: String,
        /// The server.
        server: ServerUrl,
    },
    /// The server is another one than the token names.
    #[error(
        "{server} is not the server that this token is for; check the address, and if it is right, somebody is between this \
         computer and the server"
    )]
    WrongAuthority {
        /// The server.
        server: ServerUrl,
    },
    /// What the server said of its operators is not signed as it must be.
    #[error(transparent)]
    Trust(#[from] trust::TrustError),
    /// The wire.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The key or the certificate.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The disk.
    #[error(transparent)]
    File(#[from] FileError),
    /// The spool.
    #[error(transparent)]
    Spool(#[from] SpoolError),
}

/// What an enrolment is made of.
pub struct Enrolling<'a> {
    /// The data directory; it exists.
    pub data: &'a Path,
    /// The server.
    pub server: &'a ServerUrl,
    /// The token.
    pub token: &'a EnrolmentToken,
    /// This computer, as earlier runs knew it: its history goes on.
    pub device: DeviceId,
    /// The computer's name, for people.
    pub name: String,
    /// Its operating system, for people.
    pub os: String,
    /// Whether a computer that is enrolled is enrolled anew.
    pub again: bool,
    /// The helper's folder, where this runs as whoever may write into it.
    pub helper: Option<&'a Path>,
}

/// What came of an enrolment.
pub struct Taken {
    /// The enrolment.
    pub enrolment: Enrolment,
    /// The operators whose commands it will take; `None` where it takes none. Whether they are the right ones, only people can
    /// say: they compare the fingerprint.
    pub operators: Option<TrustRoot>,
    /// The server's clock, to hold this computer's against.
    pub server_time: Timestamp,
}

/// Enrols a computer. `stamp` makes the first observation of the agent that comes of it.
///
/// # Errors
/// See [`EnrolError`]; the computer is then as it was.
pub fn enrol(
    with: &Enrolling<'_>,
    now: Timestamp,
    stamp: &dyn Fn(&Enrolment) -> Stamp,
) -> Result<Taken, EnrolError> {
    // Nor is one taken for new that has an enrolment and cannot read it.
    if !with.again
        && let Some(old) = Enrolment::load(with.data)?
    {
        return Err(EnrolError::AlreadyEnrolled { practice: old.practice_name, server: old.server });
    }
    let wrong = || EnrolError::WrongAuthority { server: with.server.clone() };
    let ca = Client::unverified(with.server).ca()?;
    let ca = CertificateDer::from_pem_slice(ca.as_bytes()).map_err(|_| wrong())?;
    if !with.token.names(&ca) {
        return Err(wrong());
    }
    let key = AgentKey::make()?;
    let answer = Client::pinned(with.server, &ca).enrol(&EnrolRequest {
        secret: URL_SAFE_NO_PAD.encode(with.token.secret),
        csr: key.request()?,
        device: with.device,
        name: with.name.clone(),
        os: with.os.clone(),
        version: crate::VERSION.to_owned(),
    })?;
    let enrolment = Enrolment::new(
        with.server.clone(),
        (answer.practice, answer.practice_name),
        (answer.agent, with.device),
        now,
        (&answer.certificate, ca, key),
    )?;
    let folder = enrolment.own_folder(with.data);
    files::make_folder(&Enrolment::folder(with.data), Readers::Owner)?;
    files::make_folder(&folder, Readers::Owner)?;
    let mut operators = None;
    if let Some(root) = &answer.trust_root {
        operators = Some(trust::pin(&folder, root)?);
        if let Some(helper) = with.helper {
            helper::introduce(helper, with.data, &enrolment, root)?;
        }
    }
    desired::keep(&folder, &answer.policy)?;
    let event = AgentEvent::Enrolled { version: crate::VERSION.to_owned() };
    let mut spool = Spool::open(&folder, CAP_BYTES)?;
    spool.push(&stamp(&enrolment).event(event))?;
    drop(spool);
    // The last step, and the one that counts.
    enrolment.save(with.data)?;
    Ok(Taken { enrolment, operators, server_time: answer.server_time })
}
