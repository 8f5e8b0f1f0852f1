//! The enrolment token: what a technician pastes on a practice's computer.
//!
//! It names the server's certificate authority by fingerprint, so that the very first connection is already to the right
//! server, and carries a secret that the server takes once.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// What every token of this version begins with.
const PREFIX: &str = "enamel1";

/// A one-time token.
#[derive(Clone, PartialEq, Eq)]
pub struct EnrolmentToken {
    /// BLAKE3 of the server's CA certificate, DER.
    pub ca: [u8; 32],
    /// The secret.
    pub secret: [u8; 32],
}

/// Why a text is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not an enrolment token; copy it whole, from `enamel1.` to its end, as the console shows it")]
pub struct NotAToken;

impl EnrolmentToken {
    /// What a server keeps of it: the secret itself is never stored.
    pub fn secret_hash(&self) -> [u8; 32] {
        *blake3::Hasher::new_derive_key("enamel 2026-11 enrolment secret")
            .update(&self.secret)
            .finalize()
            .as_bytes()
    }

    /// Whether a certificate is the authority that the token names. `der` is the certificate.
    pub fn names(&self, der: &[u8]) -> bool {
        Self::fingerprint(der) == self.ca
    }

    /// The fingerprint of an authority's certificate, DER.
    pub fn fingerprint(der: &[u8]) -> [u8; 32] {
        *blake3::hash(der).as_bytes()
    }
}

impl fmt::Display for EnrolmentToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}.{}.{}", URL_SAFE_NO_PAD.encode(self.ca), URL_SAFE_NO_PAD.encode(self.secret))
    }
}

/// The secret is not for logs.
impl fmt::Debug for EnrolmentToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EnrolmentToken({PREFIX}.{}.…)", URL_SAFE_NO_PAD.encode(self.ca))
    }
}

impl FromStr for EnrolmentToken {
    type Err = NotAToken;

    fn from_str(text: &str) -> Result<Self, NotAToken> {
        let mut parts = text.trim().split('.');
        let (Some(PREFIX), Some(ca), Some(secret), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(NotAToken);
        };
        let bytes = |part: &str| -> Result<[u8; 32], NotAToken> {
            URL_SAFE_NO_PAD.decode(part).ok().and_then(|bytes| bytes.try_into().ok()).ok_or(NotAToken)
        };
        Ok(Self { ca: bytes(ca)?, secret: bytes(secret)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_as_it_was_written_and_nothing_else_is() {
        let token = EnrolmentToken { ca: [7; 32], secret: [9; 32] };
        let text = token.to_string();
        assert_eq!(text.parse(), Ok(token.clone()));
        assert_eq!(format!(" {text}\n").parse(), Ok(token.clone()));
        for bad in ["", "enamel1", "enamel1.AA.AA", &text[1..], &text[..text.len() - 1], &format!("{text}.x")]
        {
            assert_eq!(bad.parse::<EnrolmentToken>(), Err(NotAToken), "{bad}");
        }
        assert!(!format!("{token:?}").contains(&text[55..]), "a secret in a log");
    }
}
