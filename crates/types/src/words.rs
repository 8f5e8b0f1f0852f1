//! Counts, sizes and days as a person says them: every number shown to people goes through here, so that the terminal, the
//! report and what findings say read alike.
//!
//! American English. Never used for what a machine reads back.

use crate::time::{Timestamp, last_moment};

/// `24 November 2026`, by UTC.
pub fn date(time: Timestamp) -> String {
    time.strftime("%-d %B %Y").to_string()
}

/// The last day on which a thing that ends at `end` still counts. What ends at midnight last counted the day before.
pub fn last_day(end: Timestamp) -> String {
    date(last_moment(end))
}

/// `12,450`.
pub fn grouped(value: u64) -> String {
    group_digits(&value.to_string())
}

/// Sets the thousands of a run of digits apart.
pub fn group_digits(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 file`, `12,400 files`.
pub fn counted(value: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(value), if value == 1 { one } else { many })
}

/// `1.2 GB`, in powers of ten as disks are sold.
pub fn bytes(value: u64) -> String {
    // Each unit ends where its own rounding would say a thousand.
    match value {
        0..1_000 => counted(value, "byte", "bytes"),
        1_000..999_500 => format!("{:.0} kB", value as f64 / 1e3),
        999_500..999_500_000 => format!("{:.0} MB", value as f64 / 1e6),
        999_500_000..999_950_000_000 => format!("{:.1} GB", value as f64 / 1e9),
        _ => format!("{:.1} TB", value as f64 / 1e12),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_a_person_says_them() {
        for (value, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(value), text);
        }
        assert_eq!(counted(1, "file", "files"), "1 file");
        assert_eq!(counted(9_940, "file", "files"), "9,940 files");
        for (value, text) in [
            (1, "1 byte"),
            (999, "999 bytes"),
            (4_096, "4 kB"),
            (999_499, "999 kB"),
            (999_999, "1 MB"),
            (999_499_999, "999 MB"),
            (999_999_999, "1.0 GB"),
            (1_240_000_000, "1.2 GB"),
            (999_949_999_999, "999.9 GB"),
            (999_999_999_999, "1.0 TB"),
            (12_000_000_000_000, "12.0 TB"),
        ] {
            assert_eq!(bytes(value), text, "{value}");
        }
    }
}
