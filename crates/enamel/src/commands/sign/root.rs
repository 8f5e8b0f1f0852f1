//! `enamel sign root`: who may give commands.

use std::path::{Path, PathBuf};

use enamel_wire::message::SignedText;
use enamel_wire::signed::{
    Kind, MAX_KEY_FILE_BYTES, OperatorKey, Refusal, RootDocument, TrustRoot, missing_signatures, read_root,
    root_text, verify_root,
};

use super::{open_key, read, read_signed, signed_json, write_new};
use crate::cli::Global;
use crate::cli::sign::{RootNewArgs, RootRotateArgs, RootShowArgs, RootSignArgs};
use crate::commands::export;
use crate::error::{Error, Outcome};
use crate::terminal;

/// `enamel sign root new`.
pub(super) fn new(global: &Global, args: &RootNewArgs) -> Result<Outcome, Error> {
    let document = RootDocument {
        version: 1,
        keys: operators(&args.public)?,
        threshold: args.threshold,
        dangerous: args.dangerous,
    };
    write(global, document, &args.out, None)
}

/// `enamel sign root rotate`.
pub(super) fn rotate(global: &Global, args: &RootRotateArgs) -> Result<Outcome, Error> {
    let old = trusted(&args.old)?;
    let mut document = old.document().clone();
    for id in &args.remove {
        let before = document.keys.len();
        document.keys.retain(|key| key.id() != *id);
        if document.keys.len() == before {
            return Err(Error::new(format!("key {id} is not in {}", args.old.display()))
                .help("`enamel sign root show` lists its operators with their keys"));
        }
    }
    document.keys.extend(operators(&args.add)?);
    document.version = document.version.saturating_add(1);
    document.threshold = args.threshold.unwrap_or(document.threshold);
    document.dangerous = args.dangerous.unwrap_or(document.dangerous);
    write(global, document, &args.out, Some(&old))
}

/// `enamel sign root sign`.
pub(super) fn sign(global: &Global, args: &RootSignArgs) -> Result<Outcome, Error> {
    let mut signed = read_signed(&args.root)?;
    let document = read_root(&signed.text).map_err(|refusal| refused(&args.root, refusal))?;
    // Not silenced by --quiet: nobody signs what they did not see.
    terminal::hint(false, &Shown::of(&document, &signed, None, &args.root)?.text());
    let secret = open_key(&args.key)?;
    secret.sign(Kind::TrustRoot, &mut signed).map_err(|refusal| {
        Error::new(format!("{} was not signed", args.root.display()))
            .because(refusal)
            .help("every operator signs once, with their own key")
    })?;
    export::write(&args.root, signed_json(&signed)?.as_bytes())?;
    let operator = secret.operator();
    if global.json {
        return Shown::of(&document, &signed, None, &args.root)?.print(global);
    }
    terminal::text(&format!(
        "{} signed {} with key {}",
        terminal::plain(operator.name()),
        args.root.display(),
        operator.id()
    ))?;
    Ok(Outcome::Done)
}

/// `enamel sign root show`.
pub(super) fn show(global: &Global, args: &RootShowArgs) -> Result<Outcome, Error> {
    let signed = read_signed(&args.root)?;
    let document = read_root(&signed.text).map_err(|refusal| refused(&args.root, refusal))?;
    let old = args.old.as_deref().map(trusted).transpose()?;
    Shown::of(&document, &signed, old.as_ref(), &args.root)?.print(global)
}

/// A trust root on an operator's disk, whole.
fn trusted(path: &Path) -> Result<TrustRoot, Error> {
    verify_root(&read_signed(path)?).map_err(|refusal| refused(path, refusal))
}

fn refused(path: &Path, refusal: Refusal) -> Error {
    Error::new(format!("{} is no trust root that anybody could rely on", path.display()))
        .because(refusal)
        .help("`enamel sign root show` lists who has signed it; ask its operators for the right file")
}

/// Writes a trust root for its operators to sign.
fn write(
    global: &Global,
    document: RootDocument,
    out: &Path,
    old: Option<&TrustRoot>,
) -> Result<Outcome, Error> {
    let signed = root_text(document).map_err(|refusal| {
        Error::new("this would be no trust root")
            .because(refusal)
            .help("one stolen key must not be enough: a one-person MSP makes a second key and keeps it elsewhere; docs/signing.md has advice")
    })?;
    let document = read_root(&signed.text).map_err(|refusal| refused(out, refusal))?;
    write_new(out, &signed_json(&signed)?)?;
    let shown = Shown::of(&document, &signed, old, out)?;
    let outcome = shown.print(global)?;
    terminal::hint(
        global.quiet,
        &format!("each operator signs it: enamel sign root sign --key THEIR-KEY {}", out.display()),
    );
    Ok(outcome)
}

/// The operators in these files and folders.
fn operators(paths: &[PathBuf]) -> Result<Vec<OperatorKey>, Error> {
    let mut keys: Vec<OperatorKey> = Vec::new();
    for path in paths {
        if !path.is_dir() {
            keys.push(operator(path)?);
            continue;
        }
        let listed = std::fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let listed = listed.map_err(|error| {
            Error::new(format!("{} could not be listed", path.display()))
                .because(error)
                .help("check its name, and that you may read it")
        })?;
        let mut files: Vec<PathBuf> = listed.iter().map(std::fs::DirEntry::path).collect();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "pub"));
        files.sort_unstable();
        for file in files {
            keys.push(operator(&file)?);
        }
    }
    Ok(keys)
}

fn operator(path: &Path) -> Result<OperatorKey, Error> {
    read(path, MAX_KEY_FILE_BYTES as u64)?.parse().map_err(|error| {
        Error::new(format!("{} is no operator's public part", path.display()))
            .because(error)
            .help("give the .pub file that `enamel sign key new` wrote; the key file itself stays with its operator")
    })
}

/// What people see of a trust root.
struct Shown<'a> {
    document: &'a RootDocument,
    signed: &'a SignedText,
    /// Operators of this root who have yet to sign.
    missing: usize,
    /// Operators of the root before who have yet to sign, where that one was given.
    missing_old: Option<usize>,
}

impl<'a> Shown<'a> {
    /// Checks the signatures that are there; one that is wrong is an error, one that is missing is not.
    fn of(
        document: &'a RootDocument,
        signed: &'a SignedText,
        old: Option<&TrustRoot>,
        path: &Path,
    ) -> Result<Self, Error> {
        let missing =
            |by: &RootDocument| missing_signatures(signed, by).map_err(|refusal| refused(path, refusal));
        if let Some(old) = old {
            let (expected, found) = (old.version().saturating_add(1), document.version);
            if expected != found {
                return Err(refused(path, Refusal::RootVersion { expected, found }));
            }
        }
        let missing_old = old.map(|old| missing(old.document())).transpose()?;
        Ok(Self { document, signed, missing: missing(document)?, missing_old })
    }

    fn has_signed(&self, operator: &OperatorKey) -> bool {
        let id = operator.id().to_string();
        self.signed.signatures.iter().any(|signature| signature.key == id)
    }

    fn text(&self) -> String {
        let document = self.document;
        let mut lines = vec![
            format!("Trust root, version {}", document.version),
            format!("Fingerprint {}", self.signed.fingerprint()),
            format!(
                "{} of {} operators change it, {} give a dangerous command, 1 any other",
                document.threshold,
                document.keys.len(),
                document.dangerous
            ),
        ];
        for key in &document.keys {
            let state = if self.has_signed(key) { "signed" } else { "not signed" };
            lines.push(format!("  {}  {:<10}  {}", key.id(), state, terminal::plain(key.name())));
        }
        lines.push(match (self.missing, self.missing_old) {
            (0, None) if document.version == 1 => "Complete: agents can be enrolled with it".to_owned(),
            (0, None) => {
                "Signed by its own operators; --old FILE says whether those before it signed too".to_owned()
            }
            (0, Some(0)) => "Complete: agents that have the trust root before it will take it".to_owned(),
            (own, old) => {
                let old = old.filter(|old| *old > 0);
                let old = old.map(|old| format!(", and {old} more of the operators before it"));
                let own = if own > 0 {
                    format!("{own} more of its own operators")
                } else {
                    "none of its own operators".to_owned()
                };
                format!("Not complete: it needs {own}{}", old.unwrap_or_default())
            }
        });
        lines.join("\n")
    }

    fn print(&self, global: &Global) -> Result<Outcome, Error> {
        if global.json {
            let operators: Vec<serde_json::Value> = self
                .document
                .keys
                .iter()
                .map(|key| {
                    serde_json::json!({
                        "id": key.id().to_string(), "name": key.name(), "signed": self.has_signed(key),
                    })
                })
                .collect();
            terminal::json_line(&serde_json::json!({
                "type": "trust_root",
                "version": self.document.version,
                "fingerprint": self.signed.fingerprint(),
                "threshold": self.document.threshold,
                "dangerous": self.document.dangerous,
                "operators": operators,
                "missing": self.missing,
                "missing_old": self.missing_old,
            }))?;
        } else {
            terminal::text(&self.text())?;
        }
        Ok(Outcome::Done)
    }
}
