//! Text that came from a computer, made harmless to read.
//!
//! A file's name is chosen by whoever made the file. It may hold markup, control characters, marks that turn the
//! reading direction round (`exe.gpj` shown as `jpg.exe`), or four thousand letters. [`Shown`] is the only kind of text
//! from the model that the page's templates accept; they escape its markup and isolate its direction with `<bdi>`.
//! Nothing here is lost silently: what cannot be shown is named by its code point, what is cut says how much.

use std::fmt::{self, Write};

use enamel_types::text::is_unshowable;
use serde::Serialize;

/// Longest text shown whole, in characters. Windows allows 32,767 in a path; nobody reads that.
const LONGEST: usize = 400;

/// Longest text of ours that is shown whole; a bound for what came in through content that somebody edited.
const LONGEST_SENTENCE: usize = 4_000;

/// How much is kept of a longer text: its beginning and, because a file's own name stands there, its end.
const KEPT: (usize, usize) = (240, 120);

/// Text that is safe to put before a reader. Made only by [`shown`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct Shown(String);

impl Shown {
    /// Whether there is anything to show.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it is a name on the computer (a path, a registry key, a single setting) and is set as one; words are not.
    pub fn is_name(&self) -> bool {
        let drive = matches!(self.0.as_bytes(), [letter, b':', b'\\', ..] if letter.is_ascii_alphabetic());
        drive || self.0.starts_with(['/', '\\']) || self.0.starts_with("HK") || !self.0.contains(' ')
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Names what cannot be shown and shortens what is too long for a name. White space becomes single spaces.
pub fn shown(text: &str) -> Shown {
    within(text, LONGEST, KEPT)
}

/// The same for sentences of ours (sources, reasons, instructions), which are read to their end: they wrap, and only what no
/// sentence is as long as is shortened.
pub fn sentence(text: &str) -> Shown {
    within(text, LONGEST_SENTENCE, (LONGEST_SENTENCE - KEPT.1 * 2, KEPT.1))
}

fn within(text: &str, longest: usize, kept: (usize, usize)) -> Shown {
    let mut out = String::with_capacity(text.len().min(longest * 4));
    let length = text.chars().count();
    let cut = (length > longest).then(|| kept.0..length - kept.1);
    for (index, c) in text.chars().enumerate() {
        if let Some(cut) = &cut
            && cut.contains(&index)
        {
            if index == cut.start {
                let _ = write!(out, " [… {} characters left out …] ", cut.len()); // writing to a String cannot fail
            }
            continue;
        }
        match c {
            c if c.is_whitespace() && !is_unshowable(c) => out.push(if c == '\u{a0}' { c } else { ' ' }),
            '\t' | '\n' | '\r' => out.push(' '),
            c if is_unshowable(c) => {
                let _ = write!(out, "[U+{:04X}]", u32::from(c));
            }
            c => out.push(c),
        }
    }
    Shown(out.trim().to_owned())
}

/// Splits instructions into their steps: one for each line, without the marks that number them.
pub fn steps(text: &str) -> Vec<Shown> {
    text.lines()
        .map(|line| {
            let line = line.trim();
            let after_number = line.trim_start_matches(|c: char| c.is_ascii_digit());
            let line = match after_number.strip_prefix(['.', ')']) {
                Some(rest) if after_number.len() < line.len() && rest.starts_with(' ') => rest,
                _ => line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")).unwrap_or(line),
            };
            sentence(line)
        })
        .filter(|line| !line.is_empty())
        .collect()
}

/// A text as a CSS string, quotes included. Everything but letters, digits and spaces is written as an escape, so that
/// no text can end the string, the rule or the style element.
pub(crate) fn css_string(text: &Shown) -> String {
    let mut out = String::from("\"");
    for c in text.as_str().chars() {
        if c.is_ascii_alphanumeric() || c == ' ' {
            out.push(c);
        } else {
            let _ = write!(out, "\\{:06x} ", u32::from(c)); // the space ends the escape and is not shown
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_can_turn_the_direction_or_hide() {
        assert_eq!(shown("photo\u{202e}gpj.exe").as_str(), "photo[U+202E]gpj.exe");
        assert_eq!(shown("a\u{1b}[31mb\0").as_str(), "a[U+001B][31mb[U+0000]");
        assert_eq!(shown("a\u{200b}b\u{feff}\u{e0041}").as_str(), "a[U+200B]b[U+FEFF][U+E0041]");
        assert_eq!(shown(" two\n lines\t").as_str(), "two  lines");
        assert_eq!(shown("Zoë 王 عيادة").as_str(), "Zoë 王 عيادة");
    }

    #[test]
    fn a_long_name_keeps_both_ends_and_says_what_is_gone() {
        let long = format!("{}{}.dcm", "é".repeat(2_000), "z".repeat(2_000));
        let text = shown(&long);
        assert!(text.as_str().chars().count() < LONGEST);
        assert!(text.as_str().starts_with("ééé") && text.as_str().ends_with("z.dcm"));
        assert!(text.as_str().contains("[… 3644 characters left out …]"), "{text}");
    }

    #[test]
    fn words_are_no_names() {
        for name in [r"C:\Program Files\Open Dental", "/srv/old charts", r"HKLM\SOFTWARE\x y", "sshd_config"]
        {
            assert!(shown(name).is_name(), "{name}");
        }
        for words in ["Antivirus is on", "3 database files (4.1 GB) below /srv"] {
            assert!(!shown(words).is_name(), "{words}");
        }
    }

    #[test]
    fn a_source_is_read_to_its_end() {
        let source = "Verizon, Data Breach Investigations Report, and what follows from it. ".repeat(20);
        assert_eq!(sentence(&source).as_str(), source.trim());
        assert!(sentence(&source.repeat(100)).as_str().chars().count() < LONGEST_SENTENCE);
    }

    #[test]
    fn steps_lose_their_numbers_and_nothing_else() {
        let lines: Vec<_> =
            steps("1. Open it\n\n- Close it\n2) Wait\n3.5 GB free").iter().map(Shown::to_string).collect();
        assert_eq!(lines, ["Open it", "Close it", "Wait", "3.5 GB free"]);
    }

    #[test]
    fn a_css_string_cannot_be_left() {
        assert_eq!(
            css_string(&shown("A\"}</style>")),
            "\"A\\000022 \\00007d \\00003c \\00002f style\\00003e \""
        );
    }
}
