//! Names of people: one form for comparing, and finding them in running text.

use super::vocabulary::Vocabulary;

/// One form for every way to write a name: upper case, the parts in order of the alphabet, without titles and degrees.
/// `Walsh, Denise`, `WALSH^DENISE^^DR` and `Dr. Denise Walsh` are all `DENISE WALSH`. Empty if it is no name.
pub(super) fn normalise(text: &str) -> String {
    const TITLES: [&str; 22] = [
        "MR", "MRS", "MS", "MISS", "DR", "DDS", "DMD", "MD", "RN", "RDH", "JR", "SR", "II", "III", "IV",
        "PHD", "ESQ", "SRA", "PROF", "DON", "REV", "HON",
    ];
    let upper = text.to_uppercase();
    let mut parts: Vec<&str> = upper
        .split(|c: char| !(c.is_alphabetic() || c == '\'' || c == '-' || c == '’'))
        .map(|part| part.trim_matches(['-', '\'', '’']))
        .filter(|part| !part.is_empty() && !TITLES.contains(part))
        .collect();
    parts.sort_unstable();
    parts.join(" ")
}

/// Whether a cell or field that should hold a name holds one: one to five words, no digits, no code.
pub(super) fn is_name_value(text: &str) -> bool {
    let text = text.trim();
    (2..=64).contains(&text.len())
        && text.chars().all(|c| {
            c.is_alphabetic() || matches!(c, ' ' | ',' | '.' | '\'' | '’' | '-' | '^' | '(' | ')' | '&' | '=')
        })
        && text.split([' ', ',', '^', '=']).filter(|part| !part.is_empty()).count() <= 5
        && text.chars().filter(|c| c.is_alphabetic()).count() >= 2
}

/// A name found in running text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// First byte.
    pub(super) start: usize,
    /// First byte after it.
    pub(super) end: usize,
    /// Its normal form.
    pub(super) norm: String,
}

/// Names in a stretch of a text, with their places in the whole of it.
pub(super) fn find_from(text: &str, begin: usize, end: usize, vocabulary: &Vocabulary) -> Vec<Found> {
    let from = (begin..=end).find(|at| text.is_char_boundary(*at)).unwrap_or(end);
    let to = (from..=end).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(from);
    let mut found = find(&text[from..to], vocabulary);
    for name in &mut found {
        name.start += from;
        name.end += from;
    }
    found
}

#[derive(Clone, Copy)]
struct Word {
    start: usize,
    end: usize,
    /// All capitals.
    shout: bool,
}

/// Names in a paragraph. A run of two to four capitalised words is a name if a word like `Patient:` or `Called` leads to it, if it
/// holds a given name, or if a date of birth or another label of a person follows it at once.
pub(super) fn find(text: &str, vocabulary: &Vocabulary) -> Vec<Found> {
    let words = words(text);
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut index = 0;
    while index < words.len() {
        // A name has two words at least, and hardly anything between them.
        let alone = words.get(index + 1).is_none_or(|next| next.start - words[index].end > 2);
        if alone || !starts_name(text, words[index], vocabulary) {
            index += 1;
            continue;
        }
        let mut last = index;
        let mut comma = None;
        while last + 1 < words.len() && last - index < 3 {
            let gap = &bytes[words[last].end..words[last + 1].start];
            let joins = match gap {
                b" " | b"  " => true,
                b", " | b","
                    if comma.is_none() && last == index
                        || gap == b", " && comma.is_none() && last == index + 1 =>
                {
                    comma = Some(last);
                    true
                }
                // An initial's point: `Ann B. Carver`.
                b". " => words[last].end - words[last].start == 1,
                _ => false,
            };
            let same_case = words[last + 1].shout == words[index].shout
                || words[last + 1].end - words[last + 1].start == 1;
            if !joins || !same_case || !starts_name(text, words[last + 1], vocabulary) {
                if comma == Some(last) {
                    comma = None;
                }
                break;
            }
            last += 1;
        }
        if comma == Some(last) {
            comma = None;
        }
        let (start, end) = (words[index].start, words[last].end);
        if last > index && accept(text, &words[index..=last], comma.is_some(), vocabulary) {
            let norm = normalise(&text[start..end]);
            if norm.contains(' ') {
                found.push(Found { start, end, norm });
            }
        }
        index = last + 1;
    }
    found
}

fn letter(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte >= 0x80
}

/// Whether the letter at `at` begins a word: looks back over digits, and over a hyphen or apostrophe within a word.
fn begins_word(bytes: &[u8], at: usize) -> bool {
    let mut first = at;
    while let Some(before) = first.checked_sub(1) {
        match bytes[before] {
            byte if letter(byte) => return false,
            byte if byte.is_ascii_digit() => {}
            b'\'' | b'-' if letter(bytes[first]) => {}
            _ => return true,
        }
        first = before;
    }
    true
}

/// The next byte that can begin a capital letter, sixteen bytes at once as in the search for digits.
fn next_capital(bytes: &[u8], from: usize) -> Option<usize> {
    let wanted = |byte: &u8| byte.is_ascii_uppercase() || *byte >= 0x80;
    let (blocks, tail) = bytes.get(from..)?.as_chunks::<16>();
    for (index, block) in blocks.iter().enumerate() {
        if block.iter().fold(false, |any, byte| any | wanted(byte)) {
            return block.iter().position(wanted).map(|at| from + index * 16 + at);
        }
    }
    tail.iter().position(wanted).map(|at| from + blocks.len() * 16 + at)
}

/// The words that begin with a capital letter; a name has no others. Small letters are passed over without being read as words.
fn words(text: &str) -> Vec<Word> {
    let bytes = text.as_bytes();
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(found) = next_capital(bytes, at) {
        at = found;
        if !begins_word(bytes, at) {
            at += 1;
            continue;
        }
        let start = at;
        let (mut upper, mut lower, mut code) = (0, 0, false);
        while at < bytes.len() {
            let byte = bytes[at];
            let inner = matches!(byte, b'\'' | b'-') && bytes.get(at + 1).is_some_and(|next| letter(*next));
            if !(letter(byte) || byte.is_ascii_digit() || inner) {
                break;
            }
            upper += usize::from(byte.is_ascii_uppercase());
            lower += usize::from(byte.is_ascii_lowercase());
            code |= byte.is_ascii_digit();
            at += 1;
        }
        let capital = bytes[start].is_ascii_uppercase()
            || (bytes[start] >= 0x80 && text[start..].chars().next().is_some_and(char::is_uppercase));
        if capital && !code {
            words.push(Word { start, end: at, shout: upper > 1 && lower == 0 });
        }
    }
    words
}

fn starts_name(text: &str, word: Word, vocabulary: &Vocabulary) -> bool {
    !vocabulary.never_in_name(&text[word.start..word.end])
}

fn accept(text: &str, words: &[Word], comma: bool, vocabulary: &Vocabulary) -> bool {
    let (start, end) = (words[0].start, words[words.len() - 1].end);
    // A street, a company, a title of a procedure: the word after tells.
    let after = text[end..].trim_start_matches([' ', ',']);
    let next = &after[..after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len())];
    if !text[end..].starts_with(['\n', '.', ';']) && vocabulary.is_street_or_firm(next) {
        return false;
    }
    // A house number in front is a street; a title in front is a member of staff.
    let before = text[..start].trim_end();
    if before.ends_with(|c: char| c.is_ascii_digit())
        && !before.ends_with(['/', '-'])
        && !text[..start].ends_with('\n')
    {
        let number = before.rsplit(|c: char| !c.is_ascii_digit()).next().unwrap_or("");
        if (1..=5).contains(&number.len()) && vocabulary.is_street_or_firm(next) {
            return false;
        }
    }
    if vocabulary.is_staff_before(before) || matches!(next, "DDS" | "DMD" | "RDH" | "MD") {
        return false;
    }
    let given = words.iter().any(|word| vocabulary.is_given(&text[word.start..word.end]));
    // `Roe, Ann   1/2/1980`: a line of a list.
    let heads_line = comma
        && (start == 0 || text[..start].ends_with(['\n', '\t', '|']) || text[..start].ends_with("  "))
        && (text[end..].starts_with("  ") || text[end..].starts_with(['\t', '|']));
    given || heads_line || vocabulary.leads_to_name(before) || vocabulary.person_follows(&text[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_form_for_every_way_to_write_a_name() {
        for text in ["Walsh, Denise", "WALSH^DENISE^^DR", "Dr. Denise Walsh", "denise walsh"] {
            assert_eq!(normalise(text), "DENISE WALSH", "{text}");
        }
        assert_eq!(normalise("O'Brien, Mary-Ann"), "MARY-ANN O'BRIEN");
    }

    #[test]
    fn names_in_text() {
        let vocabulary = Vocabulary::get();
        for (text, names) in [
            ("Called Fatima Hill at (315) 856-9187", vec!["FATIMA HILL"]),
            ("Insurance verification for Rivera, Diego: Member ID", vec!["DIEGO RIVERA"]),
            ("lives at 4255 Washington Way, Fresno CA 93706. Social Security", vec![]),
            ("Patient: Qzrt Vbnmly\nDOB: 1/2/80", vec!["QZRT VBNMLY"]),
            ("seen by Dr. Denise Walsh", vec![]),
            ("Qzrt Vbnmly (DOB 1/2/80)", vec!["QZRT VBNMLY"]),
        ] {
            let found: Vec<_> = find(text, vocabulary).into_iter().map(|name| name.norm).collect();
            assert_eq!(found, names, "{text}");
        }
    }
}
