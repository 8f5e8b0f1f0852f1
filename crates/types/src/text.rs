//! Text that came from a computer, where it must stay exact: which characters could mislead whoever looks at it, and JSON
//! that holds none of them.
//!
//! Nothing here changes what a machine reads back. Text for people is another matter: there such a character is named.

use std::fmt::Write as _;

/// Control characters, direction marks, invisible characters and non-characters.
pub fn is_unshowable(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
        || (u32::from(c) & 0xfffe) == 0xfffe
        || ('\u{fdd0}'..='\u{fdef}').contains(&c)
}

/// A JSON text in which no character can disturb a terminal or a viewer: those that could are written as `\u` escapes,
/// which every parser reads back as the very same character.
pub fn escape_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c != '\n' && is_unshowable(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_reads_back_the_same() {
        let hostile = "a\u{202e}b\u{e0041}\u{7f}\u{85}\u{2028}<script>";
        let json = serde_json::to_string(hostile).unwrap();
        let escaped = escape_json(&json);
        assert!(escaped.chars().all(|c| !is_unshowable(c)), "{escaped}");
        assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), hostile);
    }
}
