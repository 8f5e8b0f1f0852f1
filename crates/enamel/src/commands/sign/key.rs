//! `enamel sign key`: an operator's own key.

use std::path::{Path, PathBuf};

use enamel_wire::signed::{KeyFile, MAX_KEY_FILE_BYTES, OperatorKey, Passphrase, SecretKey};

use super::{passphrase, read, write_new};
use crate::cli::Global;
use crate::cli::sign::KeyNewArgs;
use crate::edge;
use crate::error::{Error, Outcome};
use crate::terminal;

/// `enamel sign key new`.
pub(super) fn new(global: &Global, args: &KeyNewArgs) -> Result<Outcome, Error> {
    let secret = SecretKey::generate(&args.name, &mut edge::random).map_err(|error| {
        Error::new(format!("{:?} cannot be an operator's name", args.name))
            .because(error)
            .help("give the name as colleagues write it: --name \"Dana Ortiz\"")
    })?;
    let public_part = beside(&args.out);
    for path in [&args.out, &public_part] {
        // Before a passphrase is thought of and typed twice.
        if path.exists() {
            return Err(Error::new(format!("{} exists already", path.display()))
                .help("name another file, or move that one away first: it may be the only copy"));
        }
    }
    let chosen = passphrase(&args.passphrase, "A passphrase for the new key, four or five words: ")?;
    let chosen = Passphrase::chosen(chosen, &args.name).map_err(|error| {
        Error::new("the passphrase was not taken")
            .because(error)
            .help("whoever copies the key file has nothing but the passphrase between them and the key")
    })?;
    let file = KeyFile::seal(&secret, &chosen, &mut edge::random).map_err(|error| {
        Error::new("the key could not be sealed")
            .because(error)
            .help("close other programs; it takes 64 MiB of memory")
    })?;
    if args.passphrase.passphrase_file.is_none() {
        let again = Passphrase::given(passphrase(&args.passphrase, "The same again: ")?);
        file.open(&again).map_err(|_| {
            Error::new("the two passphrases are not the same").help("run it again; no file was written")
        })?;
    }
    write_new(&args.out, &file.to_string())?;
    write_new(&public_part, &format!("{}\n", secret.operator()))?;
    if global.json {
        terminal::json_line(&record(secret.operator(), Some((&args.out, &public_part))))?;
    } else {
        terminal::text(&format!(
            "Made {}'s key {}\n  {}  sealed with the passphrase; keep it, and a copy where only you get at it\n  {}  the public part; give it to whoever makes the trust root",
            terminal::plain(secret.operator().name()),
            secret.operator().id(),
            args.out.display(),
            public_part.display()
        ))?;
    }
    Ok(Outcome::Done)
}

/// `enamel sign key show`.
pub(super) fn show(global: &Global, path: &Path) -> Result<Outcome, Error> {
    let text = read(path, MAX_KEY_FILE_BYTES as u64)?;
    let sealed = text.parse::<KeyFile>().map(|file| file.operator().clone());
    let operator =
        sealed.or_else(|error| text.parse::<OperatorKey>().map_err(|_| error)).map_err(|error| {
            Error::new(format!("{} holds no key", path.display()))
                .because(error)
                .help("give a file that `enamel sign key new` wrote")
        })?;
    if global.json {
        terminal::json_line(&record(&operator, None))?;
    } else {
        terminal::text(&operator.to_string())?;
    }
    Ok(Outcome::Done)
}

/// Where a key's public part lies: its name and `.pub`.
fn beside(key: &Path) -> PathBuf {
    let mut name = key.file_name().unwrap_or_default().to_owned();
    name.push(".pub");
    key.with_file_name(name)
}

fn record(operator: &OperatorKey, files: Option<(&Path, &Path)>) -> serde_json::Value {
    let mut record = serde_json::json!({
        "type": "key",
        "id": operator.id().to_string(),
        "name": operator.name(),
        "public": operator.to_string(),
    });
    if let Some((key, public_part)) = files {
        record["file"] = key.display().to_string().into();
        record["public_file"] = public_part.display().to_string().into();
    }
    record
}
