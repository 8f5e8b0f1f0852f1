//! What spreadsheets of either generation share: how a number is shown, and the table of strings.
//!
//! Facts: ECMA-376 part 1, 18.8.30 (built-in number formats, format codes), 18.17.4.1 (date serials of both epochs).

use jiff::civil::Date;

/// Bytes of shared strings that are held; a workbook with more is read without those behind.
const STRINGS: usize = 24 << 20;

/// The strings that cells refer to, in one piece of memory.
#[derive(Default)]
pub(super) struct Strings {
    text: String,
    ends: Vec<u32>,
}

impl Strings {
    /// Adds a string; `false` when no more are held.
    pub(super) fn push(&mut self, string: &str) -> bool {
        let fits = self.text.len() + string.len() + self.ends.len() * 4 <= STRINGS;
        if fits {
            self.text.push_str(string);
            self.ends.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        }
        fits
    }

    /// The string of a number.
    pub(super) fn get(&self, at: usize) -> Option<&str> {
        let end = *self.ends.get(at)? as usize;
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        self.text.get(start..end)
    }
}

/// How a number is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum NumberFormat {
    /// As its digits.
    #[default]
    Plain,
    /// As a date.
    Date,
    /// With at least so many digits, zeros before it.
    Digits(u8),
    /// Grouped as a social security number, `000-00-0000`.
    Ssn,
}

impl NumberFormat {
    /// The format of a number and, where it is no built-in one, its code.
    pub(super) fn new(id: u32, code: Option<&str>) -> Self {
        match (id, code) {
            (_, Some(code)) => Self::of_code(code),
            (14..=17 | 22 | 27..=36 | 50..=58, None) => Self::Date,
            _ => Self::Plain,
        }
    }

    fn of_code(code: &str) -> Self {
        // What is quoted, escaped or in brackets is no placeholder; the part for positive numbers comes first.
        let (mut plain, mut quoted, mut bracketed, mut escaped) = (String::new(), false, false, false);
        for c in code.chars() {
            match c {
                _ if escaped => escaped = false,
                '"' => quoted = !quoted,
                _ if quoted => {}
                '\\' | '_' | '*' => escaped = true,
                '[' => bracketed = true,
                ']' => bracketed = false,
                ';' if !bracketed => break,
                _ if bracketed => {}
                _ => plain.push(c.to_ascii_lowercase()),
            }
        }
        let zeros = plain.matches('0').count();
        if plain.contains(['y', 'd']) && !plain.contains('0') || (plain.contains("mm") && plain.contains('y'))
        {
            return Self::Date;
        }
        if zeros == 9
            && (code.contains("000-00-0000")
                || code.contains("000\\-00\\-0000")
                || code.contains("000\"-\"00\"-\"0000"))
        {
            return Self::Ssn;
        }
        if zeros > 1 && !plain.contains('.') {
            Self::Digits(u8::try_from(zeros).unwrap_or(u8::MAX))
        } else {
            Self::Plain
        }
    }

    /// A number, as the file writes it, as a person sees it.
    pub(super) fn show(self, written: &str, date1904: bool) -> String {
        let Ok(number) = written.parse::<f64>() else { return written.to_owned() };
        let whole = number.fract() == 0.0 && number >= 0.0;
        match self {
            Self::Date => date(number, date1904).unwrap_or_else(|| plain(written, number)),
            Self::Digits(width) if whole => {
                format!("{:0>width$}", plain(written, number), width = usize::from(width))
            }
            Self::Ssn if whole => {
                let digits = format!("{:0>9}", plain(written, number));
                match digits.len() {
                    9 => format!("{}-{}-{}", &digits[..3], &digits[3..5], &digits[5..]),
                    _ => digits,
                }
            }
            _ => plain(written, number),
        }
    }
}

/// A number without exponent: as it is written where that has none.
fn plain(written: &str, number: f64) -> String {
    if written.contains(['e', 'E']) || written.ends_with(".0") {
        number.to_string()
    } else {
        written.to_owned()
    }
}

/// A serial number as a date. Day 60 of the 1900 epoch is 29 February 1900, which never was.
fn date(serial: f64, date1904: bool) -> Option<String> {
    if !(0.0..2_958_466.0).contains(&serial) {
        return None;
    }
    #[allow(clippy::cast_possible_truncation)] // below three million
    let days = serial.floor() as i32;
    let (epoch, days) = match (date1904, days) {
        (true, days) => (Date::constant(1904, 1, 1), days),
        (false, 61..) => (Date::constant(1899, 12, 30), days),
        (false, days) => (Date::constant(1899, 12, 31), days),
    };
    epoch.checked_add(jiff::Span::new().try_days(days).ok()?).ok().map(|date| date.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_as_people_see_them() {
        let shown = |id, code: Option<&str>, written| NumberFormat::new(id, code).show(written, false);
        assert_eq!(shown(14, None, "35853"), "1998-02-27");
        assert_eq!(shown(22, None, "35853.75"), "1998-02-27");
        assert_eq!(shown(14, None, "1"), "1900-01-01");
        for code in [
            "m/d/yyyy",
            "dd.mm.yy",
            "[$-409]mmmm d, yyyy;@",
            "yyyy\\-mm\\-dd",
            "d-mmm-yy",
            "dd/mm/yyyy hh:mm",
        ] {
            assert_eq!(shown(164, Some(code), "16393"), "1944-11-17", "{code}");
        }
        assert_eq!(shown(164, Some("000\\-00\\-0000"), "12345678"), "012-34-5678");
        assert_eq!(shown(164, Some("000000000"), "12345678"), "012345678");
        assert_eq!(shown(164, Some("0.00"), "12345678"), "12345678");
        assert_eq!(shown(164, Some("\"day\" 0"), "5"), "5");
        assert_eq!(shown(0, None, "4.53218976E8"), "453218976");
        assert_eq!(shown(0, None, "6.011663922174189E15"), "6011663922174189");
        assert_eq!(NumberFormat::Date.show("0", true), "1904-01-01");
    }
}
