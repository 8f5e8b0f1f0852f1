//! Speaking to the terminal: records on stdout, everything else on stderr.

use std::io::{IsTerminal as _, Write as _};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use crate::error::Error;

/// Writes one JSON line to stdout.
pub(crate) fn json_line(record: &impl Serialize) -> Result<(), Error> {
    write_stdout(to_json_line(record)?.as_bytes())
}

/// A record as one JSON line, in which no character can disturb whoever looks at it.
pub(crate) fn to_json_line(record: &impl Serialize) -> Result<String, Error> {
    let json = serde_json::to_string(record)
        .map_err(|error| Error::new("a record could not be written as JSON").because(error))?;
    Ok(enamel_types::text::escape_json(&json) + "\n")
}

/// Writes text for people to stdout; `anstream` takes the colours away where they are not wanted.
pub(crate) fn text(text: &str) -> Result<(), Error> {
    let mut line = text.to_owned();
    line.push('\n');
    anstream::AutoStream::auto(std::io::stdout())
        .write_all(line.as_bytes())
        .map_err(|error| stdout_failed(&error))
}

/// Writes bytes to stdout.
pub(crate) fn write_stdout(bytes: &[u8]) -> Result<(), Error> {
    std::io::stdout().lock().write_all(bytes).map_err(|error| stdout_failed(&error))
}

fn stdout_failed(error: &std::io::Error) -> Error {
    if error.kind() == std::io::ErrorKind::BrokenPipe {
        return Error::reader_left();
    }
    Error::new("standard output could not be written").because(std::io::Error::from(error.kind()))
}

/// ` ($4,600 to $7,000, depending on the assumptions)`, to stand behind the mean.
pub(crate) fn range(figures: &enamel_types::risk::RiskFigures) -> String {
    let words = |(low, high): (enamel_types::Usd, enamel_types::Usd)| {
        format!(" ({low} to {high}, depending on the assumptions)")
    };
    figures.mean_range.map_or(String::new(), words)
}

/// A hint on stderr.
pub(crate) fn hint(quiet: bool, text: &str) {
    if !quiet {
        // A log that cannot be written (a full disk) is no reason to stop looking.
        let _ = writeln!(anstream::stderr(), "{}", plain_lines(text));
    }
}

/// A progress line on stderr: only on a terminal, never with `--quiet`.
pub(crate) fn spinner(quiet: bool) -> ProgressBar {
    let bar = if quiet || !std::io::stderr().is_terminal() {
        ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden())
    } else {
        ProgressBar::new_spinner()
    };
    if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
        bar.set_style(style);
    }
    bar
}

/// One line of a text that came from a computer, without what could drive the terminal or hide from its reader.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|c| if enamel_types::text::is_unshowable(c) { '\u{fffd}' } else { c }).collect()
}

/// The same for a message of several lines.
pub(crate) fn plain_lines(text: &str) -> String {
    text.split('\n').map(plain).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_cannot_drive_the_terminal() {
        assert_eq!(plain("a\u{1b}[2Jb\u{202e}c"), "a\u{fffd}[2Jb\u{fffd}c");
        assert_eq!(plain("Frühstück 牙"), "Frühstück 牙");
    }
}
