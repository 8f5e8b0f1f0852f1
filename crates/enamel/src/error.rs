//! What a person reads when something failed, and the exit code that goes with it.
//!
//! An error says what failed, on which object, why, and what to do next. Libraries say the first three in their own error types; the
//! verb that called them adds the last.

use std::fmt::Write as _;
use std::process::ExitCode;

use crate::terminal::plain_lines;

/// A failure of a verb.
#[derive(Debug)]
pub struct Error {
    /// Whoever read our output has seen enough (`| head`): nothing that anybody needs to be told.
    quiet: bool,
    /// The command line was wrong, in a way that its parser does not know.
    usage: bool,
    what: String,
    causes: Vec<String>,
    help: Option<String>,
}

impl Error {
    /// What failed, on which object.
    pub fn new(what: impl Into<String>) -> Self {
        Self { quiet: false, usage: false, what: what.into(), causes: Vec::new(), help: None }
    }

    /// The command line was wrong: what is missing, or what does not go together.
    #[cfg(feature = "server")]
    pub(crate) fn usage(what: impl Into<String>) -> Self {
        Self { usage: true, ..Self::new(what) }
    }

    /// The documented exit code.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(if self.usage { 2 } else { 1 })
    }

    /// The reader of standard output has closed it.
    pub(crate) fn reader_left() -> Self {
        Self { quiet: true, ..Self::new("standard output was closed") }
    }

    /// Whether there is nothing to say and nothing failed.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// The ledger, open before, could not be read on: the same words wherever that happens.
    pub(crate) fn ledger_unreadable(error: enamel_ledger::LedgerError) -> Self {
        Self::new("the ledger could not be read")
            .because(error)
            .help("run `enamel ledger verify` to find the bad entry")
    }

    /// Why: an error with all its sources.
    #[must_use]
    pub fn because(mut self, error: impl std::error::Error) -> Self {
        let mut next: Option<&dyn std::error::Error> = Some(&error);
        while let Some(cause) = next {
            self.causes.push(cause.to_string());
            next = cause.source();
        }
        self
    }

    /// What to do next.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The message for the terminal, styled; `anstream` takes the colours away where they are not wanted.
    pub fn for_people(&self) -> String {
        let red = anstyle::AnsiColor::Red.on_default().bold();
        let cyan = anstyle::AnsiColor::Cyan.on_default();
        let mut text = format!("{red}error{red:#}: {}", plain_lines(&self.what));
        for cause in &self.causes {
            let _ = write!(text, "\n  because {}", plain_lines(cause));
        }
        if let Some(help) = &self.help {
            let _ = write!(text, "\n  {cyan}help{cyan:#}: {}", plain_lines(help));
        }
        text
    }
}

impl From<enamel_assess::LoadError> for Error {
    fn from(error: enamel_assess::LoadError) -> Self {
        let help = error.help();
        // What is wrong in a file is the error itself, not its cause.
        let said = Self::new(error.to_string()).help(help);
        match std::error::Error::source(&error) {
            Some(source) => said.because(source),
            None => said,
        }
    }
}

#[cfg(feature = "server")]
impl From<enamel_types::content::ContentError> for Error {
    fn from(error: enamel_types::content::ContentError) -> Self {
        let help = error.help.clone();
        Self::new(error.to_string()).help(help)
    }
}

/// How a verb ended that ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Exit code 0.
    Done,
    /// Exit code 1, already said on standard output: `ledger verify` found a bad entry.
    NotWhole,
    /// Exit code 3: `--fail-on` was met.
    FailOnMet,
}

impl Outcome {
    /// The documented exit code.
    pub fn exit_code(self) -> ExitCode {
        match self {
            Self::Done => ExitCode::SUCCESS,
            Self::NotWhole => ExitCode::from(1),
            Self::FailOnMet => ExitCode::from(3),
        }
    }
}
