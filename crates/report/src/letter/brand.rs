//! Under whose name a report goes out: the MSP's, with its colour and its logo.
//!
//! What an MSP sets here stands on pages that a dentist opens, so each part is checked: a colour that cannot be read on white is
//! refused, and a logo is a PNG of known size and nothing else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Largest logo, bytes.
pub const LOGO_BYTES: usize = 100 * 1024;

/// Largest logo, pixels in each direction.
pub const LOGO_PIXELS: u32 = 2_000;

/// The MSP as its reports show it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Brand {
    /// Its name; empty for Enamel's own.
    pub name: String,
    /// How to reach it: a line each for telephone, mail, address.
    pub contact: Vec<String>,
    /// Its colour.
    pub colour: Colour,
    /// Its logo.
    pub logo: Option<Logo>,
}

/// A colour on which white text can be read, and which can be read on white: contrast 4.5 to 1 or more (WCAG 2.2, 1.4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour([u8; 3]);

/// A logo, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logo {
    png: Vec<u8>,
    width: u32,
    height: u32,
}

/// Why a part of a brand was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BrandError {
    /// Not a colour.
    #[error("a colour is written as # and six hex digits, such as #0b5a63")]
    NotAColour,
    /// Too light.
    #[error("this colour is too light: text in it could not be read on white paper; choose a darker one")]
    TooLight,
    /// Not a PNG.
    #[error("a logo is a PNG file")]
    NotAPng,
    /// Too large.
    #[error("a logo has at most 100 kB and 2,000 pixels in each direction")]
    TooLarge,
}

impl Default for Colour {
    fn default() -> Self {
        Self([0x0b, 0x5a, 0x63])
    }
}

impl Colour {
    /// Reads `#0b5a63`.
    pub fn parse(text: &str) -> Result<Self, BrandError> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii());
        let digits = digits.ok_or(BrandError::NotAColour)?;
        let mut rgb = [0; 3];
        for (byte, at) in rgb.iter_mut().zip([0, 2, 4]) {
            let pair = &digits[at..at + 2];
            if !pair.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Err(BrandError::NotAColour);
            }
            *byte = u8::from_str_radix(pair, 16).map_err(|_| BrandError::NotAColour)?;
        }
        let colour = Self(rgb);
        // The contrast of two colours: (lighter + 0.05) / (darker + 0.05); white's luminance is 1.
        if 1.05 / (colour.luminance() + 0.05) < 4.5 { Err(BrandError::TooLight) } else { Ok(colour) }
    }

    /// Relative luminance, 0 to 1 (WCAG 2.2).
    fn luminance(self) -> f64 {
        let part = |byte: u8| {
            let c = f64::from(byte) / 255.0;
            if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        let [r, g, b] = self.0;
        0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b)
    }
}

impl std::fmt::Display for Colour {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [r, g, b] = self.0;
        write!(f, "#{r:02x}{g:02x}{b:02x}")
    }
}

impl Logo {
    /// Checks a PNG file.
    pub fn png(bytes: Vec<u8>) -> Result<Self, BrandError> {
        if bytes.len() > LOGO_BYTES {
            return Err(BrandError::TooLarge);
        }
        // Signature, then the IHDR chunk: length 13, type, width, height (PNG, third edition, 5.2 and 11.2.1).
        let head = bytes.get(..24).ok_or(BrandError::NotAPng)?;
        if head[..8] != *b"\x89PNG\r\n\x1a\n" || head[8..16] != *b"\0\0\0\x0dIHDR" {
            return Err(BrandError::NotAPng);
        }
        let number = |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let (width, height) = (number(16), number(20));
        if !(1..=LOGO_PIXELS).contains(&width) || !(1..=LOGO_PIXELS).contains(&height) {
            return Err(BrandError::TooLarge);
        }
        Ok(Self { png: bytes, width, height })
    }

    /// The picture as a `data:` address: a report loads nothing.
    pub(super) fn address(&self) -> String {
        format!("data:image/png;base64,{}", STANDARD.encode(&self.png))
    }

    /// Width and height as shown: at most 220 by 56 pixels.
    pub(super) fn shown_size(&self) -> (u32, u32) {
        let (width, height) = (f64::from(self.width), f64::from(self.height));
        let scale = (220.0 / width).min(56.0 / height).min(1.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 220")]
        let pixels = |length: f64| (length * scale).round().max(1.0) as u32;
        (pixels(width), pixels(height))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_that_cannot_be_read_is_refused() {
        assert_eq!(Colour::parse("#0B5A63").unwrap().to_string(), "#0b5a63");
        assert_eq!(Colour::parse("#767676").map(|_| ()), Ok(()), "the lightest grey that passes");
        assert_eq!(Colour::parse("#777777"), Err(BrandError::TooLight));
        assert_eq!(Colour::parse("#ffee00"), Err(BrandError::TooLight));
        for bad in ["", "#", "0b5a63", "#0b5a6", "#0b5a6é", "#+1+2+3", "red;}body{"] {
            assert_eq!(Colour::parse(bad), Err(BrandError::NotAColour), "{bad}");
        }
    }

    #[test]
    fn a_logo_is_a_png_of_known_size() {
        let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
        png.extend(440u32.to_be_bytes());
        png.extend(56u32.to_be_bytes());
        let logo = Logo::png(png.clone()).unwrap();
        assert_eq!(logo.shown_size(), (220, 28));
        assert!(logo.address().starts_with("data:image/png;base64,iVBORw0KGgo"));
        png[16] = 1;
        assert_eq!(Logo::png(png.clone()), Err(BrandError::TooLarge));
        png.truncate(20);
        assert_eq!(Logo::png(png), Err(BrandError::NotAPng));
        assert_eq!(Logo::png(b"<svg onload=alert(1)>                ".to_vec()), Err(BrandError::NotAPng));
    }
}
