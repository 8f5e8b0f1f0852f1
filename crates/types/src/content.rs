//! Reading content that experts edit.
//!
//! Checks, controls, scenarios and signatures are TOML. A mistake in one is answered with the file, the line, the key
//! and what to do, because the person who made it is an expert in dentistry or law and not in TOML.

use serde::de::DeserializeOwned;

/// A content file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct ContentError {
    /// The file, as its author knows it: `content/checks/linux.toml`.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// The key or entry at fault; empty where the text itself is broken.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
}

impl ContentError {
    /// An error found after parsing, in a named entry: points at the line where `key` first stands.
    pub fn in_entry(
        file: &str,
        text: &str,
        key: &str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        let line = text.lines().position(|line| line.contains(key)).map_or(1, |index| index + 1);
        Self { file: file.to_owned(), line, key: key.to_owned(), message: message.into(), help: help.into() }
    }
}

/// Parses one TOML content file into `T`.
pub fn parse_toml<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, ContentError> {
    toml::from_str(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start).min(text.len());
        let before = text.get(..offset).unwrap_or("");
        let line = before.matches('\n').count() + 1;
        let at = text.lines().nth(line - 1).unwrap_or("");
        let key = at.split_once('=').map_or("", |(key, _)| key.trim());
        let message = error.message().trim().to_owned();
        let help = if message.starts_with("unknown field") {
            format!("remove or rename {key:?}; the allowed names are listed above")
        } else if message.starts_with("missing field") {
            "add the missing line to this entry".to_owned()
        } else {
            format!("correct the line: {}", at.trim())
        };
        ContentError { file: file.to_owned(), line, key: key.to_owned(), message, help }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Entry {
        #[serde(rename = "title")]
        _title: String,
    }

    #[test]
    fn a_mistake_names_file_line_key_and_fix() {
        let error = parse_toml::<Entry>("content/x.toml", "title = \"a\"\ntitel = \"b\"\n").unwrap_err();
        assert_eq!((error.file.as_str(), error.line, error.key.as_str()), ("content/x.toml", 2, "titel"));
        assert!(error.help.contains("titel"), "{}", error.help);
        let error = parse_toml::<Entry>("content/x.toml", "\n\ntitle = oops\n").unwrap_err();
        assert_eq!((error.line, error.key.as_str()), (3, "title"));
        let error = parse_toml::<Entry>("content/x.toml", "").unwrap_err();
        assert!(error.help.contains("missing"), "{}", error.help);
    }
}
