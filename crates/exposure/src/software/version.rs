//! Comparing version numbers as their makers write them.

use std::cmp::Ordering;

/// The numbers of `18.3.27`, `v18.3` or `18,3,27,0`; `None` for a text that does not begin with a number.
fn numbers(version: &str) -> Option<Vec<u64>> {
    let version = version.trim().trim_start_matches(['v', 'V']);
    let digits =
        version.split(|c: char| !c.is_ascii_digit() && c != '.' && c != ',').next().unwrap_or_default();
    let mut numbers: Vec<u64> =
        digits.split(['.', ',']).map(|part| part.parse().ok()).collect::<Option<_>>()?;
    while numbers.last() == Some(&0) {
        numbers.pop();
    }
    Some(numbers)
}

/// How two versions compare; `None` where one of them is no version.
pub(super) fn compare(a: &str, b: &str) -> Option<Ordering> {
    Some(numbers(a)?.cmp(&numbers(b)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_their_numbers() {
        for (a, b, expected) in [
            ("18.3.27", "18.4", Some(Ordering::Less)),
            ("18.4", "18.4.0.0", Some(Ordering::Equal)),
            ("18.10", "18.4", Some(Ordering::Greater)),
            ("v5.1", "6", Some(Ordering::Less)),
            ("15,1,294,0", "15.1.294", Some(Ordering::Equal)),
            ("18.3 beta", "18.4", Some(Ordering::Less)),
            ("G5", "15.1", None),
            ("", "1", None),
            ("99999999999999999999999", "1", None),
        ] {
            assert_eq!(compare(a, b), expected, "{a} {b}");
        }
    }
}
