//! Dates as people write them, and whether one can be a birthday.

/// A calendar date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Date {
    pub(super) year: u16,
    pub(super) month: u8,
    pub(super) day: u8,
}

/// A date with the bytes it takes up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) date: Date,
    /// First byte after it.
    pub(super) end: usize,
}

/// Which of two small numbers is the month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// As in the United States.
    MonthFirst,
    /// As elsewhere; a column shows it by a first number above 12.
    DayFirst,
}

impl Date {
    /// A date that exists.
    pub(super) fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            1..=12 => 31,
            _ => return None,
        };
        (1..=days).contains(&day).then_some(Self { year, month, day })
    }

    /// Whether a living person can have been born then. 1900-01-01 and 1901-01-01 are what programs write for "unknown".
    pub(super) fn is_birthday(self, today: Date) -> bool {
        self.year >= 1900
            && self <= today
            && !((self.year == 1900 || self.year == 1901) && self.month == 1 && self.day == 1)
    }

    /// `1980-02-01`.
    pub(super) fn iso(self) -> String {
        format!("{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

fn run(text: &[u8], start: usize) -> usize {
    text[start.min(text.len())..].iter().take(12).take_while(|byte| byte.is_ascii_digit()).count()
}

fn number(digits: &[u8]) -> u16 {
    digits.iter().fold(0u16, |value, digit| value.saturating_mul(10).saturating_add(u16::from(digit - b'0')))
}

/// The number of the first two digits, or of the first where no second follows.
fn small(text: &[u8]) -> u8 {
    text.iter()
        .take(2)
        .take_while(|byte| byte.is_ascii_digit())
        .fold(0, |value, digit| value * 10 + (digit - b'0'))
}

/// The year of a two-digit year: the latest one that is not in the future.
fn century(two: u16, today: Date) -> u16 {
    let this = today.year - today.year % 100;
    if this + two > today.year { this - 100 + two } else { this + two }
}

/// Reads a date whose first digit is at `start`. Any of `1/2/80`, `01-02-1980`, `1980.01.02`, `19800102`, `01021980`,
/// `2 Jan 1980`, `02-JAN-80`; a date that begins with the month's name is read from its day by [`after_month`].
pub(super) fn at(text: &[u8], start: usize, order: Order, today: Date) -> Option<Found> {
    let first = run(text, start);
    let mut end = start + first;
    let date = match first {
        1 | 2 => {
            let separator = *text.get(end)?;
            let second = run(text, end + 1);
            if matches!(separator, b'/' | b'-' | b'.') && (1..=2).contains(&second) {
                let third_at = end + 1 + second + 1;
                if text.get(third_at - 1) != Some(&separator) {
                    return None;
                }
                let third = run(text, third_at);
                let year = match third {
                    4 => number(&text[third_at..third_at + 4]),
                    2 => century(number(&text[third_at..third_at + 2]), today),
                    _ => return None,
                };
                let (a, b) = (small(&text[start..end]), small(&text[end + 1..third_at - 1]));
                end = third_at + third;
                either(year, a, b, order)?
            } else {
                return day_first_with_name(text, start, end, today);
            }
        }
        4 => {
            let separator = *text.get(end)?;
            let second = run(text, end + 1);
            if !matches!(separator, b'/' | b'-' | b'.') || !(1..=2).contains(&second) {
                return None;
            }
            let third_at = end + 1 + second + 1;
            let third = run(text, third_at);
            if text.get(third_at - 1) != Some(&separator) || !(1..=2).contains(&third) {
                return None;
            }
            let date = Date::new(
                number(&text[start..end]),
                small(&text[end + 1..third_at - 1]),
                small(&text[third_at..third_at + third]),
            )?;
            end = third_at + third;
            date
        }
        8 => eight(&text[start..end], order)?,
        6 => either(
            century(number(&text[start + 4..end]), today),
            small(&text[start..]),
            small(&text[start + 2..]),
            order,
        )?,
        14 => eight(&text[start..start + 8], order)?,
        _ => return None,
    };
    // What follows must not carry the number on: 1/2/1980-5 is no date, 1980-01-02T10:00 is one.
    let after = text.get(end).copied().unwrap_or(b' ');
    let carried_on = after.is_ascii_digit()
        || (matches!(after, b'/' | b'-') && text.get(end + 1).is_some_and(u8::is_ascii_digit))
        || (after.is_ascii_alphabetic() && after != b'T');
    (!carried_on).then_some(Found { date, end })
}

fn either(year: u16, a: u8, b: u8, order: Order) -> Option<Date> {
    let (month, day) = if order == Order::MonthFirst { (a, b) } else { (b, a) };
    Date::new(year, month, day).or_else(|| Date::new(year, day, month))
}

/// `19800102` or `01021980`.
fn eight(digits: &[u8], order: Order) -> Option<Date> {
    let year_first = Date::new(number(&digits[..4]), small(&digits[4..6]), small(&digits[6..8]));
    match year_first {
        Some(date) if (1900..2100).contains(&date.year) => Some(date),
        _ => either(number(&digits[4..8]), small(&digits[..2]), small(&digits[2..4]), order)
            .filter(|date| (1900..2100).contains(&date.year)),
    }
}

/// `2 Jan 1980`, `2nd of January, 1980`, `02-JAN-80`, `2 de enero de 1980`.
fn day_first_with_name(text: &[u8], start: usize, mut at: usize, today: Date) -> Option<Found> {
    let day = small(&text[start..at]);
    if matches!(text.get(at..at + 2), Some(b"st" | b"nd" | b"rd" | b"th")) {
        at += 2;
    }
    at = skip(text, at, &[b"de ", b"of "]).unwrap_or(at);
    let letters = word(text, at);
    let month = month(&text[at..at + letters])?;
    at = skip(text, at + letters, &[b"de ", b"del "]).unwrap_or(at + letters);
    let digits = run(text, at);
    let year = year(&text[at..at + digits], today)?;
    Some(Found { date: Date::new(year, month, day)?, end: at + digits })
}

/// Reads `March 5, 1985`, `Mar. 5th 1985`, `MAR-05-1985` whose day begins at `start`, looking back for the month's name.
/// Gives the date and where the month's name begins.
pub(super) fn after_month(text: &[u8], start: usize, today: Date) -> Option<(usize, Found)> {
    let before = &text[..start];
    let gap =
        before.iter().rev().take(3).take_while(|byte| matches!(byte, b' ' | b'.' | b'-' | b'\n')).count();
    if gap == 0 {
        return None;
    }
    let name_end = start - gap;
    let letters =
        before[..name_end].iter().rev().take(11).take_while(|byte| byte.is_ascii_alphabetic()).count();
    let month = month(&before[name_end - letters..name_end])?;
    let digits = run(text, start);
    if !(1..=2).contains(&digits) {
        return None;
    }
    let mut at = start + digits;
    if matches!(text.get(at..at + 2), Some(b"st" | b"nd" | b"rd" | b"th")) {
        at += 2;
    }
    at = skip(text, at, &[])?;
    let year_digits = run(text, at);
    let year = year(&text[at..at + year_digits], today)?;
    Some((
        name_end - letters,
        Found { date: Date::new(year, month, small(&text[start..]))?, end: at + year_digits },
    ))
}

fn year(digits: &[u8], today: Date) -> Option<u16> {
    match digits.len() {
        4 => Some(number(digits)),
        2 => Some(century(number(digits), today)),
        _ => None,
    }
}

/// Skips one to three separators and at most one of the words; `None` where nothing was skipped.
fn skip(text: &[u8], start: usize, words: &[&[u8]]) -> Option<usize> {
    let separators = |from: usize| {
        text[from.min(text.len())..]
            .iter()
            .take(3)
            .take_while(|b| matches!(b, b' ' | b',' | b'.' | b'-' | b'/' | b'\n'))
            .count()
    };
    let mut at = start + separators(start);
    if at == start {
        return None;
    }
    for word in words {
        if text.get(at..at + word.len()).is_some_and(|here| here.eq_ignore_ascii_case(word)) {
            at += word.len();
            break;
        }
    }
    Some(at)
}

/// Whether a month's name stands here: `12Mar1985`.
pub(super) fn is_month(text: &[u8], start: usize) -> bool {
    text.get(start..start + word(text, start)).is_some_and(|name| month(name).is_some())
}

fn word(text: &[u8], start: usize) -> usize {
    text[start.min(text.len())..].iter().take(11).take_while(|byte| byte.is_ascii_alphabetic()).count()
}

/// Whether a month's name, or the `de` and `of` in front of one, can begin with this letter.
pub(super) fn may_begin_month(letter: u8) -> bool {
    matches!(letter | 0x20, b'j' | b'f' | b'm' | b'a' | b's' | b'o' | b'n' | b'd' | b'e')
}

/// The month of an English or Spanish name or its first three letters.
fn month(name: &[u8]) -> Option<u8> {
    const NAMES: [(&str, u8); 25] = [
        ("january", 1),
        ("february", 2),
        ("march", 3),
        ("april", 4),
        ("may", 5),
        ("june", 6),
        ("july", 7),
        ("august", 8),
        ("september", 9),
        ("october", 10),
        ("november", 11),
        ("december", 12),
        ("enero", 1),
        ("febrero", 2),
        ("marzo", 3),
        ("abril", 4),
        ("mayo", 5),
        ("junio", 6),
        ("julio", 7),
        ("agosto", 8),
        ("septiembre", 9),
        ("sept", 9),
        ("octubre", 10),
        ("noviembre", 11),
        ("diciembre", 12),
    ];
    // Most words in front of a number begin as no month does.
    if name.len() < 3 || !may_begin_month(name[0]) {
        return None;
    }
    NAMES
        .iter()
        .find(|(full, _)| {
            let full = full.as_bytes();
            full.eq_ignore_ascii_case(name) || (name.len() == 3 && full[..3].eq_ignore_ascii_case(name))
        })
        .map(|(_, month)| *month)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Date = Date { year: 2026, month: 11, day: 24 };

    #[test]
    fn people_write_dates_in_many_ways() {
        for (text, iso) in [
            ("1/2/80", "1980-01-02"),
            ("01-02-1980", "1980-01-02"),
            ("1980.01.02", "1980-01-02"),
            ("19800102", "1980-01-02"),
            ("01021980", "1980-01-02"),
            ("25/12/1999", "1999-12-25"),
            ("2 Jan 1980", "1980-01-02"),
            ("02-JAN-80", "1980-01-02"),
            ("02Jan1980", "1980-01-02"),
            ("2nd of January, 1980", "1980-01-02"),
            ("2 de enero de 1980", "1980-01-02"),
            ("1980-01-02T10:00", "1980-01-02"),
            ("4/24/20", "2020-04-24"),
            ("7/23/48", "1948-07-23"),
        ] {
            let found = at(text.as_bytes(), 0, Order::MonthFirst, TODAY);
            assert_eq!(found.map(|found| found.date.iso()).as_deref(), Some(iso), "{text}");
        }
        for text in ["March 5, 1985", "Mar. 5th 1985", "MAR-05-1985"] {
            let start = text.bytes().position(|byte| byte.is_ascii_digit()).unwrap();
            let (begin, found) = after_month(text.as_bytes(), start, TODAY).unwrap();
            assert_eq!((begin, found.date.iso().as_str()), (0, "1985-03-05"), "{text}");
        }
    }

    #[test]
    fn no_dates() {
        for text in ["13/13/1980", "2/30/1980", "1/2/1980-5", "1/2", "1.2.3.4", "123456", "2/3/198"] {
            assert_eq!(
                at(text.as_bytes(), 0, Order::MonthFirst, TODAY).filter(|f| f.end == text.len()),
                None,
                "{text}"
            );
        }
        assert!(!Date::new(1900, 1, 1).unwrap().is_birthday(TODAY));
        assert!(!Date::new(2027, 1, 1).unwrap().is_birthday(TODAY));
    }
}
