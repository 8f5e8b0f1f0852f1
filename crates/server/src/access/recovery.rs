//! Recovery codes: ten, each good once, for the day on which the phone is gone.
//!
//! 80 random bits each, so that a fast hash is enough. Written in letters that nobody mistakes for one another (Crockford's
//! base 32), and read without regard to case, spaces and hyphens.

use zeroize::Zeroizing;

use super::secret::{Entropy, Purpose};

/// How many a person gets.
pub const COUNT: usize = 10;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Ten new codes, as they are shown once: `XXXX-XXXX-XXXX-XXXX`.
pub fn new_codes(entropy: &Entropy) -> Vec<Zeroizing<String>> {
    (0..COUNT)
        .map(|_| {
            let mut bytes = Zeroizing::new([0; 16]);
            entropy(bytes.as_mut());
            let letters = bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)]));
            let mut code = Zeroizing::new(String::with_capacity(19));
            for (at, letter) in letters.enumerate() {
                if at > 0 && at % 4 == 0 {
                    code.push('-');
                }
                code.push(letter);
            }
            code
        })
        .collect()
}

/// What is stored of a code, and what a typed one is compared by; `None` for what is no code.
pub fn hash(typed: &str) -> Option<[u8; 32]> {
    let mut plain = Zeroizing::new(Vec::with_capacity(16));
    for c in typed.chars().filter(|c| !c.is_whitespace() && *c != '-') {
        // A longer text is no code, and is not read to its end.
        if plain.len() == 16 {
            return None;
        }
        let letter = match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            letter => letter,
        };
        plain.push(u8::try_from(letter).ok().filter(|letter| ALPHABET.contains(letter))?);
    }
    (plain.len() == 16).then(|| Purpose::Recovery.hash(&plain))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn ten_different_codes_that_are_read_however_they_are_typed() {
        let counter = AtomicU64::new(0);
        let codes = new_codes(&move |bytes| {
            for byte in bytes {
                let n = counter.fetch_add(1, Ordering::Relaxed);
                *byte = u8::try_from((n * 37 + n / 16) % 251).unwrap();
            }
        });
        let hashes: BTreeSet<_> = codes.iter().map(|code| hash(code).unwrap()).collect();
        assert_eq!(hashes.len(), COUNT);
        let code = &codes[0];
        assert_eq!(code.len(), 19);
        let sloppy =
            format!(" {} ", code.to_lowercase().replace('-', " ").replace('1', "l").replace('0', "o"));
        assert_eq!(hash(&sloppy), hash(code));
        for bad in
            ["", "0000-0000-0000-000", "0000-0000-0000-00000", "UUUU-0000-0000-0000", "é000-0000-0000-0000"]
        {
            assert_eq!(hash(bad), None, "{bad}");
        }
    }
}
