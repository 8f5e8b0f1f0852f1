//! Values: their shapes in text, their normal forms, and what disqualifies them.

use enamel_types::patient_data::Entity;

use super::date::{self, Date, Order};
use super::number;
use super::vocabulary::Vocabulary;

/// Nine digits as a social security number.
pub(super) fn ssn(digits: &[u8], vocabulary: &Vocabulary) -> Option<String> {
    if !number::is_ssn(digits) {
        return None;
    }
    let text = String::from_utf8_lossy(digits).into_owned();
    (!vocabulary.is_dummy_ssn(&text)).then_some(text)
}

/// Digits as a card number.
pub(super) fn card(digits: &[u8], vocabulary: &Vocabulary) -> Option<String> {
    if !number::is_card(digits) {
        return None;
    }
    let text = String::from_utf8_lossy(digits).into_owned();
    (!vocabulary.is_test_card(&text)).then_some(text)
}

/// Ten digits as a telephone number.
pub(super) fn phone(digits: &[u8]) -> Option<String> {
    number::is_phone(digits).then(|| String::from_utf8_lossy(digits).into_owned())
}

/// The digits of a telephone number that begins at `start` (after an opening bracket) and where it ends.
pub(super) fn phone_shape(text: &[u8], start: usize) -> Option<([u8; 10], usize)> {
    let mut at = start;
    if text.get(at) == Some(&b'1') && matches!(text.get(at + 1), Some(b'-' | b' ' | b'.')) {
        at += 2;
        if text.get(at) == Some(&b'(') {
            at += 1;
        }
    }
    let mut digits = [0; 10];
    let mut filled = 0;
    for length in [3usize, 3, 4] {
        if filled > 0 {
            let gap = text
                .get(at..)?
                .iter()
                .take(3)
                .take_while(|byte| matches!(byte, b')' | b' ' | b'-' | b'.' | b'/'))
                .count();
            if gap == 0 {
                return None;
            }
            at += gap;
        }
        let part = text.get(at..at + length)?;
        if !part.iter().all(u8::is_ascii_digit) {
            return None;
        }
        digits[filled..filled + length].copy_from_slice(part);
        filled += length;
        at += length;
    }
    let next = text.get(at).copied().unwrap_or(b' ');
    let goes_on = next.is_ascii_digit()
        || (matches!(next, b'-' | b'.') && text.get(at + 1).is_some_and(u8::is_ascii_digit));
    (!goes_on).then_some((digits, at))
}

/// The digits of a card number written in groups, and where it ends.
pub(super) fn card_groups(text: &[u8], start: usize) -> Option<(Vec<u8>, usize)> {
    let separator = *text.get(start + 4)?;
    if !matches!(separator, b' ' | b'-' | b'.') {
        return None;
    }
    for groups in [&[4usize, 4, 4, 4][..], &[4, 6, 5], &[4, 6, 4]] {
        let mut digits = Vec::with_capacity(16);
        let mut at = start;
        let fits = groups.iter().enumerate().all(|(index, length)| {
            if index > 0 {
                if text.get(at) != Some(&separator) {
                    return false;
                }
                at += 1;
            }
            let Some(part) = text.get(at..at + length) else { return false };
            digits.extend_from_slice(part);
            at += length;
            part.iter().all(u8::is_ascii_digit)
        });
        let next = text.get(at).copied().unwrap_or(b' ');
        let goes_on = next.is_ascii_alphanumeric()
            || (next == separator && text.get(at + 1).is_some_and(u8::is_ascii_digit) && next != b' ');
        if fits && !goes_on {
            return Some((digits, at));
        }
    }
    None
}

/// The mailbox around an `@`.
pub(super) fn mailbox_shape(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let local = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'%' | b'+' | b'-');
    let mut start = at - text[..at].iter().rev().take(64).take_while(|byte| local(byte)).count();
    while start < at && !text[start].is_ascii_alphanumeric() {
        start += 1;
    }
    let domain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    let mut end = at + 1 + text[at + 1..].iter().take(253).take_while(|byte| domain(byte)).count();
    while end > at && !text[end - 1].is_ascii_alphanumeric() {
        end -= 1;
    }
    let host = text.get(at + 1..end)?;
    let top = host.rsplit(|byte| *byte == b'.').next()?;
    let fits = start < at
        && host.contains(&b'.')
        && (2..=24).contains(&top.len())
        && top.iter().all(u8::is_ascii_alphabetic);
    fits.then_some((start, end))
}

/// The token of a member or chart number that begins at `start` and has its first digit at `digit`, and where it ends.
pub(super) fn identifier_shape(text: &[u8], start: usize, digit: usize) -> (&[u8], usize) {
    let mut end = digit;
    while end < text.len() && end - start < 28 {
        let byte = text[end];
        let joins =
            matches!(byte, b'-' | b'/' | b'.') && text.get(end + 1).is_some_and(u8::is_ascii_alphanumeric);
        if !(byte.is_ascii_alphanumeric() || joins) {
            break;
        }
        end += 1;
    }
    // `W12 3456 789`: groups of a member number are digits again.
    let short = |from: usize| text[from..].iter().take(6).take_while(|byte| byte.is_ascii_digit()).count();
    // `W5137 92701`: after a letter the groups may be longer.
    let longest = if text[start].is_ascii_alphabetic() { 5 } else { 4 };
    for _ in 0..3 {
        if end - start > 5 && !ends_with_digits(&text[..end], 3) {
            break;
        }
        let group = if text.get(end) == Some(&b' ') { short(end + 1) } else { 0 };
        let closes = text
            .get(end + 1 + group)
            .is_none_or(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'/' | b'-'));
        if !(3..=longest).contains(&group) || !closes || end - start > 11 {
            break;
        }
        end += 1 + group;
    }
    (&text[start..end], end)
}

fn ends_with_digits(text: &[u8], count: usize) -> bool {
    text.len() >= count && text[text.len() - count..].iter().all(u8::is_ascii_digit)
}

/// A member or chart number as letters and digits only, in capitals; `None` if it cannot be one.
pub(super) fn identifier(kind: Entity, raw: &str) -> Option<String> {
    let norm: String =
        raw.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    let digits = norm.bytes().filter(u8::is_ascii_digit).count();
    let letters = norm.len() - digits;
    let (least, most) = if kind == Entity::Mrn { (4, 16) } else { (6, 20) };
    let fits = (least..=most).contains(&norm.len())
        && digits >= 3
        && letters <= digits + 3
        && !number::is_made_up(norm.as_bytes())
        // A year alone after `chart` or `record` is a year.
        && !(norm.len() == 4 && (norm.starts_with("19") || norm.starts_with("20")))
        // 164-30-8: a citation, not a policy.
        && !(kind == Entity::MemberId && letters == 0 && raw.contains(['-', '.']) && digits < 9);
    fits.then_some(norm)
}

/// A cell or field that its column or label says to be of `kind`, in normal form. `None` where it is not.
///
/// `trusted` means that the format itself defines the place; then short and odd identifiers are taken too.
pub(super) fn of_kind(
    kind: Entity,
    raw: &str,
    order: Order,
    today: Date,
    trusted: bool,
    vocabulary: &Vocabulary,
) -> Option<String> {
    let raw = raw.trim().trim_matches(['"', '\'']).trim();
    if raw.is_empty()
        || raw.len() > 256
        || raw.contains(['*', '•'])
        || raw.contains("XX") && !matches!(kind, Entity::Name)
    {
        return None;
    }
    match kind {
        Entity::Ssn => {
            let digits = digits_of(raw, &['-', ' ', '.', '–', '‑'])?;
            // A spreadsheet takes the number for a number and drops its leading zeros.
            let padded = if (7..=8).contains(&digits.len()) && raw.len() == digits.len() {
                format!("{digits:0>9}")
            } else {
                digits
            };
            ssn(padded.as_bytes(), vocabulary)
        }
        Entity::Pan => card(digits_of(raw, &['-', ' ', '.'])?.as_bytes(), vocabulary),
        Entity::Dob => birthday(raw, order, today),
        Entity::Mrn | Entity::MemberId => {
            let norm: String =
                raw.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
            let plausible = raw
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | ' ' | '.' | '/' | '_' | '#'));
            let digits = norm.bytes().filter(u8::is_ascii_digit).count();
            let least = if trusted { 1 } else { 3 };
            let fits = plausible
                && (least..=24).contains(&norm.len())
                && digits >= least.min(3)
                && (trusted || digits * 3 >= norm.len());
            (fits && !norm.bytes().all(|byte| byte == b'0')).then_some(norm)
        }
        Entity::Phone => {
            let digits = digits_of(raw, &['-', ' ', '.', '(', ')', '+', '/'])?;
            let ten = if digits.len() == 11 { digits.strip_prefix('1')? } else { &digits };
            phone(ten.as_bytes())
        }
        Entity::Email => {
            let at = memchr::memchr(b'@', raw.as_bytes())?;
            let (start, end) = mailbox_shape(raw.as_bytes(), at)?;
            let norm = raw[start..end].to_lowercase();
            let role = norm.split_once('@').is_some_and(|(local, _)| vocabulary.is_role_mailbox(local));
            (!role).then_some(norm)
        }
        Entity::Name => {
            let norm = super::name::normalise(raw);
            (super::name::is_name_value(raw) && norm.contains(' ')).then_some(norm)
        }
    }
}

/// The digits of a text that holds nothing but digits and the given separators; `.0` of a spreadsheet's number is dropped.
fn digits_of(raw: &str, separators: &[char]) -> Option<String> {
    let raw = raw.strip_suffix(".0").unwrap_or(raw);
    let mut digits = String::with_capacity(raw.len());
    for c in raw.chars() {
        if c.is_ascii_digit() {
            digits.push(c);
        } else if !separators.contains(&c) {
            return None;
        }
    }
    Some(digits)
}

/// A whole cell as a date of birth, a spreadsheet's day number included.
pub(super) fn birthday(raw: &str, order: Order, today: Date) -> Option<String> {
    let date = whole_date(raw, order, today)?;
    date.is_birthday(today).then(|| date.iso())
}

/// A whole cell as a date.
pub(super) fn whole_date(raw: &str, order: Order, today: Date) -> Option<Date> {
    let text = raw.as_bytes();
    if text.first().is_some_and(u8::is_ascii_digit) {
        if let Some(found) = date::at(text, 0, order, today) {
            // A time of day may follow.
            let rest = &text[found.end..];
            let time = rest.iter().all(|byte| {
                byte.is_ascii_digit()
                    || matches!(byte, b':' | b'T' | b' ' | b'.' | b'Z' | b'+' | b'-' | b'A' | b'P' | b'M')
            });
            return time.then_some(found.date);
        }
        let days: u32 = raw.strip_suffix(".0").unwrap_or(raw).parse().ok()?;
        return if (367..60_000).contains(&days) { from_spreadsheet(days) } else { None };
    }
    let start = text.iter().position(u8::is_ascii_digit)?;
    date::after_month(text, start, today)
        .filter(|(begin, found)| *begin == 0 && found.end == text.len())
        .map(|(_, found)| found.date)
}

/// A spreadsheet's day number: day 60 is the day that 1900 did not have, so counting from 1899-12-30 is right after it.
fn from_spreadsheet(days: u32) -> Option<Date> {
    let epoch = jiff::civil::date(1899, 12, 30);
    let date = epoch.checked_add(jiff::Span::new().days(i64::from(days))).ok()?;
    Date::new(
        u16::try_from(date.year()).ok()?,
        u8::try_from(date.month()).ok()?,
        u8::try_from(date.day()).ok()?,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Date = Date { year: 2026, month: 11, day: 24 };

    fn cell(kind: Entity, raw: &str) -> Option<String> {
        of_kind(kind, raw, Order::MonthFirst, TODAY, false, Vocabulary::get())
    }

    #[test]
    fn cells_of_a_known_column() {
        for (kind, raw, norm) in [
            (Entity::Ssn, "24152091", "024152091"),
            (Entity::Ssn, "024-15-2091", "024152091"),
            (Entity::Ssn, "124152091.0", "124152091"),
            (Entity::Ssn, "4152091.5", ""),
            (Entity::Dob, "28531", "1978-02-10"),
            (Entity::Dob, "1978-02-10 00:00:00", "1978-02-10"),
            (Entity::Dob, "Feb 10, 1978", "1978-02-10"),
            (Entity::Mrn, "PT-1234", "PT1234"),
            (Entity::Mrn, "N/A", ""),
            (Entity::MemberId, "w 123 456-789", "W123456789"),
            (Entity::Phone, "+1 (503) 606-2124", "5036062124"),
            (Entity::Email, "Ann <ann.b@c.org>", "ann.b@c.org"),
            (Entity::Name, "Carver, Ann", "ANN CARVER"),
            (Entity::Name, "Y", ""),
        ] {
            let expected = (!norm.is_empty()).then(|| norm.to_owned());
            assert_eq!(cell(kind, raw), expected, "{kind:?} {raw}");
        }
    }
}
