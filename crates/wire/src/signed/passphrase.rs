//! The passphrase before an operator's key: what is refused as too easy to guess.
//!
//! A key file gets copied, backed up and lost; its passphrase is then all there is. Long beats complicated (NIST SP 800-63B
//! section 3.1.1.2: length, a list of common ones and of words from the context, no rules of composition).

use std::fmt;

use zeroize::Zeroizing;

/// Fewest characters.
pub const MIN_PASSPHRASE_CHARS: usize = 12;

/// Most bytes: more is not a passphrase but a file.
const MAX_BYTES: usize = 1024;

/// What makes a passphrase no longer in the eyes of whoever guesses.
const COMMON: [&str; 34] = [
    "correcthorsebatterystaple",
    "passphrase",
    "passwort",
    "password",
    "passw0rd",
    "p@ssw0rd",
    "contraseña",
    "changeme",
    "letmein",
    "iloveyou",
    "trustno1",
    "qwertyuiop",
    "qwerty",
    "asdfghjkl",
    "zxcvbnm",
    "1qaz2wsx",
    "administrator",
    "admin",
    "operator",
    "welcome",
    "secret",
    "enamel",
    "dentist",
    "dental",
    "practice",
    "office",
    "test",
    "spring",
    "summer",
    "autumn",
    "winter",
    "january",
    "monday",
    "america",
];

/// How many characters must be left when everything common is taken out.
const MIN_LEFT: usize = 6;

/// A passphrase. It is wiped when it is dropped.
pub struct Passphrase(Zeroizing<String>);

/// Why a passphrase is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassphrase {
    /// Too short.
    #[error(
        "a passphrase has at least {MIN_PASSPHRASE_CHARS} characters; four or five words that do not belong together are a good one"
    )]
    Short,
    /// Too long.
    #[error("a passphrase has at most 1024 bytes")]
    Long,
    /// One that is tried first.
    #[error(
        "this passphrase is among the first that anybody would try; take four or five words that do not belong together"
    )]
    Trivial,
}

impl Passphrase {
    /// One that was chosen before; whether it is right, the key file says.
    pub fn given(text: Zeroizing<String>) -> Self {
        Self(text)
    }

    /// One for a new key. `name` is the operator's: it is no secret either.
    pub fn chosen(text: Zeroizing<String>, name: &str) -> Result<Self, WeakPassphrase> {
        if text.chars().count() < MIN_PASSPHRASE_CHARS {
            return Err(WeakPassphrase::Short);
        }
        if text.len() > MAX_BYTES {
            return Err(WeakPassphrase::Long);
        }
        if left(&text, name) < MIN_LEFT {
            return Err(WeakPassphrase::Trivial);
        }
        Ok(Self(text))
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// It is not for logs.
impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(…)")
    }
}

/// How many characters are left that a guesser has to guess: common words and names taken out, then each character once
/// (`2026-2026`), and none that follows the one before it by a step (`1234`, `fedc`).
fn left(text: &str, name: &str) -> usize {
    let squeezed: String = text.chars().filter(|c| c.is_alphanumeric() || "@ñ".contains(*c)).collect();
    let mut rest = Zeroizing::new(squeezed.to_lowercase());
    drop(Zeroizing::new(squeezed));
    let names: Vec<String> = name.split_whitespace().map(str::to_lowercase).collect();
    let names = names.iter().map(String::as_str).filter(|word| word.chars().count() > 2);
    for word in COMMON.into_iter().chain(names) {
        // What was taken out leaves a mark, so that what stood around it does not become a word.
        rest = Zeroizing::new(rest.replace(word, "\0"));
    }
    let (mut count, mut before): (usize, Option<i64>) = (0, None);
    for (at, c) in rest.char_indices() {
        let code = i64::from(u32::from(c));
        let follows = before.is_some_and(|before| (code - before).abs() <= 1);
        count += usize::from(c != '\0' && !follows && !rest[..at].contains(c));
        before = Some(code);
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(text: &str) -> Result<(), WeakPassphrase> {
        Passphrase::chosen(Zeroizing::new(text.to_owned()), "Dana Ortiz").map(drop)
    }

    #[test]
    fn what_anybody_would_try_is_no_passphrase() {
        assert_eq!(chosen("elevenchars"), Err(WeakPassphrase::Short));
        assert_eq!(chosen(&"ab c".repeat(300)), Err(WeakPassphrase::Long));
        for trivial in [
            "password1234",
            "Password Password",
            "P@ssw0rd-2026!",
            "qwertyuiop123",
            "aaaaaaaaaaaaaaaa",
            "123456789012345",
            "abcdefghijklmnop",
            "dana ortiz 1985",
            "EnamelDental2026",
            "correct horse battery staple",
            "!!!!!!!!!!!!!!!!",
            "Summer-2026-2026",
        ] {
            assert_eq!(chosen(trivial), Err(WeakPassphrase::Trivial), "{trivial}");
        }
        for good in
            ["quiet lemon bridge seven", "Zahnfee tanzt nachts", "k7#fQw9!xL2m", "牙医下雨天很安静的小猫咪在"]
        {
            assert_eq!(chosen(good), Ok(()), "{good}");
        }
        let shown = format!("{:?}", Passphrase::given(Zeroizing::new("quiet lemon bridge".to_owned())));
        assert!(!shown.contains("lemon"));
    }
}
