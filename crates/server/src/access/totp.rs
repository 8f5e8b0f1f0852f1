//! One-time codes from an authenticator app (RFC 6238): SHA-1, six digits, 30 seconds, which is what every app does.
//!
//! One step before and after is taken, for clocks that differ. No step is taken twice: the last one used is kept, and only a later
//! one counts. Guessing is slowed by [`super::limits`]; a code alone never logs anybody on.

use enamel_types::Timestamp;
use totp_rs::{Builder, Totp, TotpError};
use zeroize::Zeroizing;

use super::secret::Entropy;

/// Bytes of a shared secret: as many as SHA-1 gives (RFC 4226, section 4).
pub const SECRET_BYTES: usize = 20;

/// A new shared secret.
pub fn new_secret(entropy: &Entropy) -> Zeroizing<Vec<u8>> {
    let mut secret = Zeroizing::new(vec![0; SECRET_BYTES]);
    entropy(&mut secret);
    secret
}

fn totp(secret: &[u8], account: &str) -> Result<Totp, TotpError> {
    // A colon would end the account's name in the link.
    let account = account.replace(':', " ");
    Builder::new()
        .with_secret(secret)
        .with_skew(1)
        .with_account_name(account)
        .with_issuer(Some("Enamel"))
        .build()
}

/// What an authenticator app scans or takes by hand.
#[derive(Clone)]
pub struct TotpSetup {
    /// `otpauth://totp/…`
    pub link: Zeroizing<String>,
    /// The secret in base32, for typing.
    pub typed: Zeroizing<String>,
}

/// How a person puts the secret into an app.
pub fn setup(secret: &[u8], account: &str) -> Result<TotpSetup, TotpError> {
    Ok(TotpSetup {
        link: Zeroizing::new(totp(secret, account)?.to_url()?),
        typed: Zeroizing::new(totp_rs::Secret::from(secret).to_base32()),
    })
}

/// The step that a code is for, where it is right now and later than the last one used. The caller stores it, in the same
/// transaction, before it lets anybody in.
pub fn check(secret: &[u8], code: &str, now: Timestamp, last_step: Option<u64>) -> Option<u64> {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    if code.len() != 6 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let seconds = u64::try_from(now.as_second()).ok()?;
    let step = totp(secret, "").ok()?.check(&code, seconds)?;
    last_step.is_none_or(|last| step > last).then_some(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B: the SHA-1 vectors, last six of their eight digits.
    #[test]
    fn codes_are_the_standards_own() {
        let secret = b"12345678901234567890";
        for (second, code) in [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924")] {
            let now = Timestamp::from_second(second).unwrap();
            assert_eq!(check(secret, code, now, None), Some(u64::try_from(second).unwrap() / 30));
        }
    }

    #[test]
    fn a_step_counts_once_and_only_near_its_time() {
        let secret = b"12345678901234567890";
        let at = |second| Timestamp::from_second(second).unwrap();
        assert_eq!(check(secret, "287 082", at(59), None), Some(1));
        assert_eq!(check(secret, "287082", at(59), Some(1)), None, "twice");
        assert_eq!(check(secret, "287082", at(89), Some(0)), Some(1), "one step late");
        assert_eq!(check(secret, "287082", at(90), Some(0)), None, "two steps late");
        for bad in ["", "28708", "2870821", "28708a", "２８７０８２"] {
            assert_eq!(check(secret, bad, at(59), None), None, "{bad}");
        }
    }

    #[test]
    fn an_app_can_read_the_link() {
        let setup = setup(b"12345678901234567890", "dana@birch.example").unwrap();
        assert!(
            setup.link.starts_with("otpauth://totp/Enamel:dana%40birch.example?secret="),
            "{}",
            *setup.link
        );
        assert_eq!(*setup.typed, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }
}
