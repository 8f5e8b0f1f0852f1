//! What is looked for, as content: dental products and places where secrets lie in clear.
//!
//! Experts edit `content/signatures/dental.toml` and `secrets.toml`; a mistake is answered with file, line, key and fix.
//! Every pattern over a name is anchored at both ends here, so that an editor cannot forget it and a look-alike (`Java Auto
//! Updater` for Java) cannot match.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::LazyLock;

use enamel_types::content::{ContentError, parse_toml};
use enamel_types::{ControlId, Minutes, RuleId, Severity};
use regex::{Regex, RegexBuilder};
use serde::Deserialize;

const DENTAL: &str = "content/signatures/dental.toml";
const SECRETS: &str = "content/signatures/secrets.toml";

/// Dental products and places of secrets.
#[derive(Debug, Clone)]
pub struct Signatures {
    pub(super) dental: Vec<DentalSignature>,
    pub(super) secrets: Vec<SecretSignature>,
}

impl Signatures {
    /// The signatures that are compiled in.
    pub fn builtin() -> Result<Self, ContentError> {
        Self::parse(
            (DENTAL, include_str!("../../../../content/signatures/dental.toml")),
            (SECRETS, include_str!("../../../../content/signatures/secrets.toml")),
        )
    }

    /// Reads both files, each as (its name in error messages, its text).
    pub fn parse(dental: (&str, &str), secrets: (&str, &str)) -> Result<Self, ContentError> {
        Ok(Self {
            dental: dental_signatures(dental.0, dental.1)?,
            secrets: secret_signatures(secrets.0, secrets.1)?,
        })
    }
}

/// How one dental product is recognised, and what is known about it.
#[derive(Debug, Clone)]
pub(super) struct DentalSignature {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) category: String,
    pub(super) database: Option<String>,
    pub(super) programs: Vec<Regex>,
    pub(super) services: Vec<Regex>,
    /// File names, lower case, that belong to this product wherever they lie.
    pub(super) markers: Vec<String>,
    pub(super) ports: Vec<u16>,
    pub(super) folders: Vec<Folder>,
    pub(super) vulnerabilities: Vec<Vulnerability>,
}

/// A folder of a product.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    /// `C:\Program Files*\Open Dental`; `*` stands for any characters within one name.
    pub(super) path: String,
    /// The kind of patient data in it; `None` for the program's own folder.
    pub(super) holds: Option<String>,
    /// Whether nothing but this product has a folder of this name.
    pub(super) distinctive: bool,
    /// `path` without drive and `Program Files`, lower case: how it ends when it lies on a share.
    pub(super) tail: Vec<String>,
}

/// A published vulnerability of a product.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Vulnerability {
    pub(super) id: String,
    /// First version that is not affected, where the publication names one.
    pub(super) below: Option<String>,
    /// Affected versions in words.
    pub(super) versions: String,
    pub(super) severity: Severity,
    pub(super) what: String,
    pub(super) fix: String,
    #[serde(rename = "src")]
    _src: String,
}

/// Where a kind of secret may lie in clear, and what it means.
#[derive(Debug, Clone)]
pub(super) struct SecretSignature {
    pub(super) id: RuleId,
    pub(super) title: String,
    pub(super) opens: String,
    pub(super) severity: Severity,
    pub(super) why: String,
    pub(super) action: String,
    pub(super) fix: String,
    pub(super) minutes: Minutes,
    pub(super) controls: Vec<ControlId>,
    pub(super) place: SecretPlace,
}

/// Files or registry values.
#[derive(Debug, Clone)]
pub(super) enum SecretPlace {
    Files {
        /// Full paths; `*` stands for any characters within one name.
        paths: Vec<String>,
        /// File names looked for below the folders that are searched; the same `*`.
        anywhere: Vec<String>,
        reader: Reader,
    },
    Registry {
        /// Keys; a part `*` stands for every sub-key.
        keys: Vec<String>,
        values: Vec<String>,
        obfuscated: bool,
    },
}

/// How the field of a secret is found in a file.
#[derive(Debug, Clone)]
pub(super) enum Reader {
    Xml(Vec<XmlField>),
    Ini {
        keys: Vec<String>,
        obfuscated: bool,
    },
    /// The group `secret` of a pattern, which may match in every line.
    Lines {
        pattern: Regex,
        field: String,
    },
    /// Text, spreadsheet or letter that people keep their passwords in.
    Document,
}

/// An element or attribute that holds a secret.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct XmlField {
    /// How the element's path ends: `AutoLogon/Password/Value`; `Properties/@cpassword` for an attribute.
    pub(super) element: String,
    /// The value is scrambled, not clear.
    #[serde(default)]
    pub(super) obfuscated: bool,
    /// `attribute=value`: then it is scrambled.
    #[serde(default)]
    pub(super) obfuscated_if: Option<String>,
    /// `attribute=value`: then it is protected, and no finding.
    #[serde(default)]
    pub(super) protected_if: Option<String>,
}

/// Compiles patterns, anchored at both ends and without regard to case.
pub(super) fn anchored(file: &str, text: &str, patterns: &[String]) -> Result<Vec<Regex>, ContentError> {
    patterns
        .iter()
        .map(|pattern| {
            let whole = format!("^(?:{pattern})$");
            RegexBuilder::new(&whole).case_insensitive(true).size_limit(1 << 20).build().map_err(|error| {
                let message = format!("{pattern:?} is not a regular expression: {}", last_line(&error));
                ContentError::in_entry(
                    file,
                    text,
                    pattern,
                    message,
                    "correct the pattern; write \\( for a bracket",
                )
            })
        })
        .collect()
}

fn last_line(error: &regex::Error) -> String {
    error.to_string().lines().last().unwrap_or_default().trim().to_owned()
}

/// A program's name without what differs from computer to computer: architecture, language, per-install tokens
/// (`ScreenConnect Client (a1b2c3d4e5f60718)`), runs of spaces.
pub(super) fn plain_name(name: &str) -> Cow<'_, str> {
    static NOISE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r"(?xi) \s* \( (?: x?(?:64|86|32)(?:-bit|\sbit)? | (?:64|32)-bit | [0-9a-f]{8,} | \{?[0-9a-f]{8}-[0-9a-f-]{27}\}? ) \)
              | \s+ - \s+ [a-z]{2}-[a-z]{2,4} $ | \s+ (?:x64|x86|amd64) $ | ^\s+ | \s+$ ",
        )
        .ok()
    });
    NOISE.as_ref().map_or(Cow::Borrowed(name), |noise| noise.replace_all(name, ""))
}

fn dental_signatures(file: &str, text: &str) -> Result<Vec<DentalSignature>, ContentError> {
    let content: DentalFile = parse_toml(file, text)?;
    let mut ids = HashSet::new();
    let mut signatures = Vec::with_capacity(content.products.len());
    for product in content.products {
        let wrong =
            |message: &str, help: &str| ContentError::in_entry(file, text, &product.id, message, help);
        if !ids.insert(product.id.clone()) {
            return Err(wrong("the id is used twice", "give each product an id of its own"));
        }
        let distinctive = product.folders.iter().any(|folder| folder.distinctive);
        if product.programs.is_empty()
            && product.services.is_empty()
            && product.markers.is_empty()
            && !distinctive
        {
            let help = "add a program, a service, a marker file or a folder that no other product has";
            return Err(wrong("nothing in this entry recognises the product", help));
        }
        let mut folders = Vec::with_capacity(product.folders.len());
        for folder in &product.folders {
            if folder.path.get(1..3) != Some(":\\") {
                return Err(wrong(
                    "a folder's path has no drive",
                    "write it as it is on Windows: C:\\Folder",
                ));
            }
            folders.push(Folder {
                path: folder.path.clone(),
                holds: folder.holds.clone(),
                distinctive: folder.distinctive,
                tail: tail(&folder.path),
            });
        }
        signatures.push(DentalSignature {
            programs: anchored(file, text, &product.programs)?,
            services: anchored(file, text, &product.services)?,
            markers: product.markers.iter().map(|marker| marker.to_lowercase()).collect(),
            id: product.id,
            name: product.name,
            category: product.category,
            database: product.database,
            ports: product.ports,
            folders,
            vulnerabilities: product.vulnerabilities,
        });
    }
    Ok(signatures)
}

/// `C:\Program Files*\Planmeca\Romexis` as `planmeca`, `romexis`: the drive and `Program Files` differ on a share.
fn tail(path: &str) -> Vec<String> {
    let parts = path.split('\\').skip(1).map(str::to_lowercase);
    parts.skip_while(|part| part.starts_with("program files")).collect()
}

fn secret_signatures(file: &str, text: &str) -> Result<Vec<SecretSignature>, ContentError> {
    let content: SecretsFile = parse_toml(file, text)?;
    let mut ids = HashSet::new();
    let mut signatures = Vec::with_capacity(content.secrets.len());
    for secret in content.secrets {
        let wrong =
            |message: &str, help: &str| ContentError::in_entry(file, text, secret.id.as_str(), message, help);
        if !ids.insert(secret.id.clone()) {
            return Err(wrong("the id is used twice", "give each kind of secret an id of its own"));
        }
        let place = match (secret.reader, secret.registry) {
            (Some(reader), None) if !secret.paths.is_empty() || !secret.anywhere.is_empty() => {
                SecretPlace::Files {
                    paths: secret.paths,
                    anywhere: secret.anywhere,
                    reader: match reader {
                        ReaderEntry::Xml { fields } => Reader::Xml(fields),
                        ReaderEntry::Ini { keys, obfuscated } => Reader::Ini { keys, obfuscated },
                        ReaderEntry::Lines { pattern, field } => {
                            Reader::Lines { pattern: lines(file, text, &pattern)?, field }
                        }
                        ReaderEntry::Document => Reader::Document,
                    },
                }
            }
            (None, Some(registry)) => SecretPlace::Registry {
                keys: registry.keys,
                values: registry.values,
                obfuscated: registry.obfuscated,
            },
            _ => {
                let help = "give `reader` with `paths` or `anywhere`, or give `registry`";
                return Err(wrong("it is not clear where the secret lies", help));
            }
        };
        signatures.push(SecretSignature {
            id: secret.id,
            title: secret.title,
            opens: secret.opens,
            severity: secret.severity,
            why: secret.why,
            action: secret.action,
            fix: secret.fix,
            minutes: secret.minutes,
            controls: secret.controls,
            place,
        });
    }
    Ok(signatures)
}

fn lines(file: &str, text: &str, pattern: &str) -> Result<Regex, ContentError> {
    let built =
        RegexBuilder::new(pattern).case_insensitive(true).multi_line(true).size_limit(1 << 20).build();
    let wrong = |message: String, help: &str| Err(ContentError::in_entry(file, text, pattern, message, help));
    match built {
        Ok(regex) if regex.capture_names().any(|name| name == Some("secret")) => Ok(regex),
        Ok(_) => {
            wrong("the pattern does not say which part is the secret".to_owned(), "name it: (?<secret>…)")
        }
        Err(error) => wrong(last_line(&error), "correct the pattern"),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DentalFile {
    #[serde(rename = "product")]
    products: Vec<DentalEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DentalEntry {
    id: String,
    name: String,
    category: String,
    database: Option<String>,
    #[serde(default)]
    programs: Vec<String>,
    #[serde(default)]
    services: Vec<String>,
    #[serde(default)]
    markers: Vec<String>,
    #[serde(default)]
    ports: Vec<u16>,
    #[serde(default)]
    folders: Vec<FolderEntry>,
    #[serde(default, rename = "vulnerability")]
    vulnerabilities: Vec<Vulnerability>,
    #[serde(rename = "src")]
    _src: String,
    #[serde(rename = "verified")]
    _verified: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FolderEntry {
    path: String,
    holds: Option<String>,
    #[serde(default = "yes")]
    distinctive: bool,
}

const fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretsFile {
    #[serde(rename = "secret")]
    secrets: Vec<SecretEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretEntry {
    id: RuleId,
    title: String,
    opens: String,
    severity: Severity,
    #[serde(default)]
    paths: Vec<String>,
    #[serde(default)]
    anywhere: Vec<String>,
    reader: Option<ReaderEntry>,
    registry: Option<RegistryEntry>,
    why: String,
    action: String,
    fix: String,
    minutes: Minutes,
    controls: Vec<ControlId>,
    #[serde(rename = "src")]
    _src: String,
    #[serde(rename = "verified")]
    _verified: bool,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
enum ReaderEntry {
    Xml {
        fields: Vec<XmlField>,
    },
    Ini {
        keys: Vec<String>,
        #[serde(default)]
        obfuscated: bool,
    },
    Lines {
        pattern: String,
        field: String,
    },
    Document,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RegistryEntry {
    keys: Vec<String>,
    values: Vec<String>,
    #[serde(default)]
    obfuscated: bool,
}
