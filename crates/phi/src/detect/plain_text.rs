//! Text made plain for comparing with labels, on the stack.

/// A short text in small letters, every run of spaces, underscores, hyphens and line ends as one space.
pub(super) struct PlainText {
    bytes: [u8; 64],
    len: usize,
    /// Where the last line begins.
    pub(super) line: usize,
}

impl PlainText {
    /// Nothing yet.
    pub(super) const fn new() -> Self {
        Self { bytes: [0; 64], len: 0, line: 0 }
    }

    /// Adds a text, as far as it fits.
    pub(super) fn fill(&mut self, text: &[u8]) {
        let mut space = false;
        let mut newlines = 0;
        for byte in text {
            if self.len == self.bytes.len() {
                break;
            }
            let plain = PLAIN[usize::from(*byte)];
            if plain != b' ' {
                (space, newlines) = (false, 0);
            } else if *byte == b'\n' {
                newlines += 1;
                self.line = self.len + usize::from(!space);
                // A blank line ends whatever a label said.
                if newlines == 2 {
                    self.bytes[self.len] = b'|';
                    self.len += 1;
                }
            } else if matches!(byte, b'_' | b'-') {
                newlines = 0;
            }
            if plain == b' ' && std::mem::replace(&mut space, true) {
                continue;
            }
            if let Some(place) = self.bytes.get_mut(self.len) {
                *place = plain;
                self.len += 1;
            }
        }
    }

    /// The plain text.
    pub(super) fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// What a byte becomes.
const PLAIN: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte: u8 = 0;
    loop {
        table[byte as usize] = match byte {
            b' ' | b'_' | b'-' | b'\n' | b'\r' | b'\t' => b' ',
            other => other.to_ascii_lowercase(),
        };
        match byte.checked_add(1) {
            Some(next) => byte = next,
            None => break table,
        }
    }
};

/// Adds the plain form of a text to `out`.
pub(super) fn plainly(text: &[u8], out: &mut Vec<u8>) {
    let mut plain = PlainText::new();
    plain.fill(text);
    out.extend_from_slice(plain.as_slice());
}
