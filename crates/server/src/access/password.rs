//! Passwords: which are taken, and how they are kept.
//!
//! Kept as argon2id (OWASP's first choice, 2023: 19 MiB, two passes, one lane), with a salt of their own. NIST SP 800-63B: length
//! counts, composition rules do not, and what everybody tries first is refused. A password alone never logs anybody on.

use argon2::password_hash::{PasswordHash, SaltString};
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};

use super::secret::Entropy;

/// Fewest characters.
pub const MIN_CHARS: usize = 12;

/// Most bytes: a hash costs the server, so nobody may make it hash a book.
pub const MAX_BYTES: usize = 1024;

/// What everybody tries first, lower case, one a line.
const COMMON: &str = include_str!("common-passwords.txt");

/// Shortest part of a name that may not be in a password.
const MIN_NAME_PART: usize = 4;

/// Why a password is not taken; each says what would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// Fewer than [`MIN_CHARS`].
    #[error("the password is too short; take at least 12 characters, four words in a row for instance")]
    Short,
    /// More than [`MAX_BYTES`].
    #[error("the password is too long; take at most 1,024 characters")]
    Long,
    /// Known, or nearly nothing but one thing over and over.
    #[error("this password is among the first that burglars try; take one that nobody else has")]
    Common,
    /// Made of a name that everybody at the practice knows.
    #[error("the password has a name of yours or of a practice in it; take one that nobody can know")]
    Name,
}

/// Whether a password is good enough. `names` are the person's, the mail address and the practices'.
pub fn check<'a>(password: &str, names: impl IntoIterator<Item = &'a str>) -> Result<(), WeakPassword> {
    if password.chars().count() < MIN_CHARS {
        return Err(WeakPassword::Short);
    }
    if password.len() > MAX_BYTES {
        return Err(WeakPassword::Long);
    }
    let lower = password.to_lowercase();
    let letters = lower.trim_matches(|c: char| !c.is_alphabetic());
    let known = |text: &str| COMMON.lines().any(|line| line == text);
    if known(&lower) || known(letters) || repeats(&lower) || runs(&lower) {
        return Err(WeakPassword::Common);
    }
    for name in names {
        let name = name.to_lowercase();
        let mut parts = name.split(|c: char| !c.is_alphanumeric());
        if parts.any(|part| part.chars().count() >= MIN_NAME_PART && lower.contains(part)) {
            return Err(WeakPassword::Name);
        }
    }
    Ok(())
}

/// Whether a text is a short piece over and over: `abcabcabcabc`, `111111111111`.
fn repeats(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    (1..=4).any(|piece| chars.iter().zip(chars.iter().skip(piece)).all(|(a, b)| a == b))
}

/// Whether a text counts up or down: `123456789012`, `zyxwvutsrqponm`.
fn runs(text: &str) -> bool {
    let codes: Vec<i64> = text.chars().map(|c| i64::from(u32::from(c))).collect();
    [1, -1].into_iter().any(|step| {
        let follows = codes.iter().zip(codes.iter().skip(1)).filter(|(a, b)| *b - *a == step).count();
        follows + 2 >= codes.len()
    })
}

fn hasher() -> Argon2<'static> {
    let params = Params::new(19 * 1024, 2, 1, None).unwrap_or(Params::DEFAULT);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// What is stored of a password: a PHC string with its own salt and parameters.
pub fn hash(password: &str, entropy: &Entropy) -> Result<String, PasswordError> {
    let mut salt = [0; 16];
    entropy(&mut salt);
    let salt = SaltString::encode_b64(&salt).map_err(PasswordError)?;
    Ok(hasher().hash_password(password.as_bytes(), &salt).map_err(PasswordError)?.to_string())
}

/// Whether a password is the one that `stored` was made from. Where there is none stored, for a person who does not exist or has
/// no password, the same work is done against a hash that no password has, and the answer is no.
pub fn verify(password: &str, stored: Option<&str>) -> bool {
    if password.len() > MAX_BYTES {
        return false;
    }
    let parsed = stored.and_then(|stored| PasswordHash::new(stored).ok());
    let Some(parsed) = parsed else {
        // The work is what matters; its result is thrown away.
        let mut nobodys = [0; 32];
        let _ = hasher().hash_password_into(password.as_bytes(), b"nobody has this", &mut nobodys);
        return false;
    };
    hasher().verify_password(password.as_bytes(), &parsed).is_ok()
}

/// A password could not be hashed: the machine has no memory for it.
#[derive(Debug, thiserror::Error)]
#[error("the password could not be hashed; try again when the server has memory to spare")]
pub struct PasswordError(argon2::password_hash::Error);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_burglars_try_first_is_refused_and_a_sentence_is_taken() {
        let names = ["Dana Whitfield", "dana@birchdental.example", "Birch Dental"];
        for (password, why) in [
            ("short", WeakPassword::Short),
            ("ünïcödé-ööö", WeakPassword::Short),
            ("password1234", WeakPassword::Common),
            ("Password1234!", WeakPassword::Common),
            ("123456789012", WeakPassword::Common),
            ("abcabcabcabc", WeakPassword::Common),
            ("zyxwvutsrqpo", WeakPassword::Common),
            ("dana-whitfield", WeakPassword::Name),
            ("Birch2026Teeth", WeakPassword::Name),
        ] {
            assert_eq!(check(password, names), Err(why), "{password}");
        }
        assert_eq!(check(&"a b".repeat(500), names), Err(WeakPassword::Long));
        assert_eq!(check("molar tram seven lantern", names), Ok(()));
        for line in COMMON.lines() {
            assert_eq!(line, line.to_lowercase());
        }
    }

    #[test]
    fn a_hash_opens_to_its_password_only_and_says_how_it_was_made() {
        let stored = hash("molar tram seven lantern", &|bytes| bytes.fill(3)).unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(verify("molar tram seven lantern", Some(&stored)));
        assert!(!verify("molar tram seven lanterns", Some(&stored)));
        assert!(!verify("molar tram seven lantern", None));
        assert!(!verify(&"a".repeat(MAX_BYTES + 1), Some(&stored)));
    }
}
