//! `enamel sign`: an operator's keys and signatures.
//!
//! It runs on an operator's own computer and needs no server: keys never leave it. What is signed is shown first, as it was
//! read from the file and not as anybody describes it.

mod command;
mod key;
mod root;
mod words;

use std::io::{BufRead as _, IsTerminal as _, Read as _, Write as _};
use std::path::Path;

use enamel_wire::message::SignedText;
use enamel_wire::signed::{KeyFile, MAX_KEY_FILE_BYTES, Passphrase, SecretKey};
use zeroize::Zeroizing;

use crate::cli::Global;
use crate::cli::sign::{KeyOption, KeyVerb, PassphraseOption, RootVerb, SignVerb};
use crate::error::{Error, Outcome};
use crate::identity::write_private_if_absent;
use crate::terminal;

/// Largest file that is read here: a trust root with all its signatures, as people's editors lay it out.
const MAX_DOCUMENT_BYTES: u64 = 64 * 1024;

/// Runs the verb.
pub(crate) fn run(global: &Global, verb: &SignVerb) -> Result<Outcome, Error> {
    match verb {
        SignVerb::Key(KeyVerb::New(args)) => key::new(global, args),
        SignVerb::Key(KeyVerb::Show { file }) => key::show(global, file),
        SignVerb::Root(RootVerb::New(args)) => root::new(global, args),
        SignVerb::Root(RootVerb::Rotate(args)) => root::rotate(global, args),
        SignVerb::Root(RootVerb::Sign(args)) => root::sign(global, args),
        SignVerb::Root(RootVerb::Show(args)) => root::show(global, args),
        SignVerb::Command(args) => command::run(global, args),
    }
}

/// Reads a small text, or standard input for `-`.
fn read(path: &Path, limit: u64) -> Result<String, Error> {
    let fail = |error: std::io::Error| {
        Error::new(format!("{} could not be read", path.display()))
            .because(error)
            .help("check its name, and that you may read it")
    };
    let mut bytes = Zeroizing::new(Vec::new());
    if path == Path::new("-") {
        std::io::stdin().lock().take(limit + 1).read_to_end(&mut bytes).map_err(fail)?;
    } else {
        std::fs::File::open(path)
            .and_then(|file| file.take(limit + 1).read_to_end(&mut bytes))
            .map_err(fail)?;
    }
    if bytes.len() as u64 > limit {
        return Err(Error::new(format!("{} is too large for what it should hold", path.display()))
            .help("check that it is the file you mean"));
    }
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        Error::new(format!("{} is no text", path.display()))
            .because(error)
            .help("check that it is the file you mean")
    })?;
    Ok(text.to_owned())
}

/// Reads a document with its signatures.
fn read_signed(path: &Path) -> Result<SignedText, Error> {
    serde_json::from_str(&read(path, MAX_DOCUMENT_BYTES)?).map_err(|error| {
        Error::new(format!("{} is not a document of `enamel sign`", path.display()))
            .because(error)
            .help("give the file as `enamel sign` wrote it")
    })
}

/// A document with its signatures, as it is written to a file.
fn signed_json(signed: &SignedText) -> Result<String, Error> {
    serde_json::to_string_pretty(signed)
        .map(|json| json + "\n")
        .map_err(|error| Error::new("the document could not be written as JSON").because(error))
}

/// Writes a file that nobody else may read, and nothing over another.
fn write_new(path: &Path, text: &str) -> Result<(), Error> {
    let folder = path.parent().unwrap_or(Path::new(""));
    match write_private_if_absent(folder, path, text.as_bytes()) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Error::new(format!("{} exists already", path.display()))
            .help("name another file, or move that one away first: it may be the only copy")),
        Err(error) => Err(Error::new(format!("{} could not be written", path.display()))
            .because(error)
            .help("name a place that you may write to")),
    }
}

/// Opens an operator's key.
fn open_key(option: &KeyOption) -> Result<SecretKey, Error> {
    let path = &option.key;
    let file: KeyFile = read(path, MAX_KEY_FILE_BYTES as u64)?.parse().map_err(|error| {
        Error::new(format!("{} holds no key", path.display()))
            .because(error)
            .help("give the file that `enamel sign key new` wrote, not the public part beside it")
    })?;
    let question = format!("Passphrase of {}'s key: ", terminal::plain(file.operator().name()));
    file.open(&Passphrase::given(passphrase(&option.passphrase, &question)?)).map_err(|error| {
        Error::new(format!("{} could not be opened", path.display())).because(error).help(
            "type the passphrase again; if it is lost, so is the key: docs/signing.md says how to replace it",
        )
    })
}

/// A passphrase, from a file or from the terminal, where it is not shown.
fn passphrase(option: &PassphraseOption, question: &str) -> Result<Zeroizing<String>, Error> {
    if let Some(path) = &option.passphrase_file {
        let text = Zeroizing::new(read(path, 4 * 1024)?);
        // Windows' own editors put a mark before the first character, which nobody types.
        let line = text.trim_start_matches('\u{feff}').lines().next();
        return Ok(Zeroizing::new(line.unwrap_or_default().to_owned()));
    }
    rpassword::prompt_password(question).map(Zeroizing::new).map_err(|error| {
        Error::new("the passphrase could not be asked for").because(error).help(
            "run it in a terminal, or put the passphrase into a file and name that with --passphrase-file",
        )
    })
}

/// Asks whether to go on. Only what a person typed at a terminal counts as yes.
fn confirm(question: &str) -> Result<(), Error> {
    let stopped = |what: &str| Error::new(what).help("nothing was signed; --yes signs without asking");
    if !std::io::stdin().is_terminal() {
        return Err(stopped("there is no terminal to ask at"));
    }
    let _ = write!(anstream::stderr(), "{question} [y/N] ");
    let mut answer = String::new();
    let read = std::io::stdin().lock().take(16).read_line(&mut answer);
    match read {
        Ok(_) if matches!(answer.trim(), "y" | "Y" | "yes") => Ok(()),
        _ => Err(stopped("you did not say yes")),
    }
}
