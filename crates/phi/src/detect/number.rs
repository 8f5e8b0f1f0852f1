//! Numbers with rules of their own: social security, payment card, and those that only look like them.
//!
//! Sources: SSA POMS RM 10201.035 (areas, groups and serials never assigned; areas are random since 2011-06-25), ISO/IEC 7812-1 (card
//! numbers, Luhn), 3GPP TS 23.003 (IMEI), 45 CFR 162.406 and the NPI standard (Luhn over 80840 and the number), ABA routing
//! number policy (weights 3, 7, 1).

/// Whether nine digits can be a social security number: area not 000, 666 or 9xx, group not 00, serial not 0000.
pub(super) fn is_ssn(digits: &[u8]) -> bool {
    digits.len() == 9
        && digits.iter().all(u8::is_ascii_digit)
        && &digits[..3] != b"000"
        && &digits[..3] != b"666"
        && digits[0] != b'9'
        && &digits[3..5] != b"00"
        && &digits[5..] != b"0000"
        && !is_made_up(digits)
}

/// Whether a payment card can have this number: its issuer's range and length, and the Luhn digit.
pub(super) fn is_card(digits: &[u8]) -> bool {
    issuer_allows(digits) && luhn(digits) && distinct_digits(digits) > 3
}

/// Whether an issuer gives out numbers of this beginning and length.
fn issuer_allows(digits: &[u8]) -> bool {
    if digits.len() < 13 || digits.len() > 19 || !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let lead = |n: usize| digits[..n].iter().fold(0u32, |value, digit| value * 10 + u32::from(digit - b'0'));
    let (two, three, four) = (lead(2), lead(3), lead(4));
    match digits.len() {
        13 => digits[0] == b'4',
        14 => matches!(two, 36 | 38 | 39) || (300..=305).contains(&three),
        15 => matches!(two, 34 | 37),
        16 => {
            digits[0] == b'4'
                || (51..=55).contains(&two)
                || (2221..=2720).contains(&four)
                || two == 65
                || two == 62
                || four == 6011
                || (644..=649).contains(&three)
                || (3528..=3589).contains(&four)
                || matches!(two, 36 | 38 | 39)
        }
        19 => digits[0] == b'4' || two == 62 || two == 65 || four == 6011,
        _ => two == 62,
    }
}

/// The Luhn check over digits, the last one being the check digit.
pub(super) fn luhn(digits: &[u8]) -> bool {
    luhn_sum(digits.iter().rev().copied()) % 10 == 0
}

fn luhn_sum(from_right: impl Iterator<Item = u8>) -> u32 {
    from_right
        .enumerate()
        .map(|(index, digit)| {
            let value = u32::from(digit - b'0');
            match (index % 2, value) {
                (0, value) => value,
                (_, value) if value > 4 => 2 * value - 9,
                (_, value) => 2 * value,
            }
        })
        .sum()
}

/// Whether 15 digits are an IMEI by a reporting body that exists (TS 23.003: 01, 35, 86, 91, 98, 99).
pub(super) fn is_imei(digits: &[u8]) -> bool {
    digits.len() == 15
        && matches!(&digits[..2], b"01" | b"35" | b"86" | b"91" | b"98" | b"99")
        && luhn(digits)
}

/// Whether a North American telephone number can be a person's: area and exchange begin with 2 to 9, and the area is not one
/// that the called party pays for.
pub(super) fn is_phone(digits: &[u8]) -> bool {
    digits.len() == 10
        && digits[0] >= b'2'
        && digits[3] >= b'2'
        && !matches!(&digits[..3], b"800" | b"833" | b"844" | b"855" | b"866" | b"877" | b"888" | b"900")
        && &digits[3..6] != b"911"
        && distinct_digits(digits) > 2
        // 555-0100 to 555-0199 is kept for fiction.
        && &digits[3..8] != b"55501"
}

/// Whether a person typed these digits to have some: one digit throughout, or counting up or down.
pub(super) fn is_made_up(digits: &[u8]) -> bool {
    let step = |by: i16| digits.windows(2).all(|pair| i16::from(pair[1]) - i16::from(pair[0]) == by);
    step(0) || step(1) || step(-1)
}

fn distinct_digits(digits: &[u8]) -> u32 {
    digits.iter().fold(0u16, |seen, digit| seen | 1 << (digit - b'0')).count_ones()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ssn_rules() {
        for good in ["123456780", "899881576", "001010002", "665123456", "667123456"] {
            assert!(is_ssn(good.as_bytes()), "{good}");
        }
        for bad in [
            "000123456",
            "666123456",
            "900123456",
            "123006789",
            "123450000",
            "12345678",
            "111111111",
            "123456789",
        ] {
            assert!(!is_ssn(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn card_rules() {
        for good in ["4208223756469995", "346626663584121"] {
            assert!(is_card(good.as_bytes()), "{good}");
        }
        assert!(!is_card(b"2720351627"), "ten digits");
        assert!(!is_card(b"4208223756469996"), "the check digit is wrong");
        assert!(!is_card(b"9208223756469990"), "nobody issues 9");
        assert!(!is_card(b"4242424242424242"), "two digits only: made up");
    }

    #[test]
    fn other_numbers() {
        assert!(is_imei(b"352887842406989"));
        assert!(is_phone(b"5036060124") && !is_phone(b"8005551234") && !is_phone(b"1234567890"));
    }
}
