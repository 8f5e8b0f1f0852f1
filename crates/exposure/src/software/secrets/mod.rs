//! Secrets in clear: where they lie, what they open, and never what they are.
//!
//! A file is read, judged by its signature's reader and dropped; a registry value is looked at for being there. Nothing in
//! this module stores a value, and a test plants secrets and looks for them in everything that comes out.

mod documents;
mod readers;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use enamel_host::{FileMeta, Host, HostError, RegistryValue};
use enamel_types::device::OsFamily;
use enamel_types::software::SecretInClear;

use super::search::{expand, fits};
use super::signatures::{Reader, SecretPlace, SecretSignature};
pub use readers::SecretField;
pub(super) use readers::secret_fields;

/// Bytes read of one file: settings are small, and a 10 MB "password.txt" is something else.
const READ_LIMIT: usize = 1 << 20;
/// Documents are packed with their directory at the end and have to be read whole.
const DOCUMENT_LIMIT: usize = 8 << 20;
/// Places reported for one computer.
const MAX_SECRETS: usize = 500;
/// Registry keys that one pattern may stand for.
const MAX_KEYS: usize = 2_000;

/// Looks for secrets, file by file.
pub(super) struct Finder<'a> {
    host: &'a dyn Host,
    signatures: &'a [SecretSignature],
    looked_at: BTreeSet<(usize, PathBuf)>,
    found: Vec<SecretInClear>,
    failures: Vec<HostError>,
}

impl<'a> Finder<'a> {
    pub(super) fn new(host: &'a dyn Host, signatures: &'a [SecretSignature]) -> Self {
        Self { host, signatures, looked_at: BTreeSet::new(), found: Vec::new(), failures: Vec::new() }
    }

    /// The full paths and registry keys that the signatures name. `disks` are a Windows computer's (`C:`).
    pub(super) fn usual_places(&mut self, family: OsFamily, disks: &[String]) {
        for (index, signature) in self.signatures.iter().enumerate() {
            match &signature.place {
                SecretPlace::Files { paths, reader, .. } => {
                    for path in paths {
                        let on_linux = path.starts_with('/');
                        if on_linux != (family == OsFamily::Linux) {
                            continue;
                        }
                        let here: Vec<String> = if on_linux {
                            vec![path.clone()]
                        } else {
                            disks
                                .iter()
                                .map(|disk| format!("{disk}{}", path.get(2..).unwrap_or_default()))
                                .collect()
                        };
                        for pattern in here {
                            for (path, meta) in expand(self.host, &pattern, &mut self.failures) {
                                self.file(index, reader, &path, &meta);
                            }
                        }
                    }
                }
                SecretPlace::Registry { keys, values, obfuscated } => {
                    if family == OsFamily::Windows {
                        for pattern in keys {
                            for key in self.expand_key(pattern) {
                                self.registry_key(signature, &key, values, *obfuscated);
                            }
                        }
                    }
                }
            }
        }
    }

    /// One file of a folder that was searched.
    pub(super) fn entry(&mut self, path: &Path, name: &str, meta: &FileMeta) {
        for (index, signature) in self.signatures.iter().enumerate() {
            if let SecretPlace::Files { anywhere, reader, .. } = &signature.place
                && anywhere.iter().any(|pattern| fits(pattern, name))
            {
                self.file(index, reader, path, meta);
            }
        }
    }

    /// What was found, in a fixed order, and what could not be looked at.
    pub(super) fn finish(mut self) -> (Vec<SecretInClear>, Vec<HostError>) {
        self.found.sort_by(|a, b| (&a.path, &a.signature, &a.field).cmp(&(&b.path, &b.signature, &b.field)));
        self.found.dedup();
        if self.found.len() > MAX_SECRETS {
            let why = format!("{} places hold a secret; only {MAX_SECRETS} are listed", self.found.len());
            self.failures.push(HostError { what: "the list of secrets in clear".to_owned(), why });
            self.found.truncate(MAX_SECRETS);
        }
        (self.found, self.failures)
    }

    fn file(&mut self, index: usize, reader: &Reader, path: &Path, meta: &FileMeta) {
        if meta.is_dir || !self.looked_at.insert((index, path.to_owned())) {
            return;
        }
        let limit = if matches!(reader, Reader::Document) { DOCUMENT_LIMIT } else { READ_LIMIT };
        let fields = match self.host.read_file(path, limit) {
            Ok(content) => secret_fields(reader, &content.unwrap_or_default()),
            Err(error) => return self.failures.push(error),
        };
        if fields.is_empty() && meta.size > limit as u64 {
            let why = format!("only its first {} MiB were looked at", limit >> 20);
            self.failures.push(HostError { what: path.display().to_string(), why });
        }
        let signature = &self.signatures[index];
        self.found.extend(fields.into_iter().map(|SecretField { field, obfuscated }| SecretInClear {
            signature: signature.id.clone(),
            path: path.display().to_string(),
            field,
            opens: signature.opens.clone(),
            obfuscated,
            readable_by_others: meta.readable_by_others,
        }));
    }

    fn registry_key(&mut self, signature: &SecretSignature, key: &str, values: &[String], obfuscated: bool) {
        for name in values {
            let present = match self.host.registry_value(key, name) {
                Ok(Some(RegistryValue::Text(text))) => !readers::is_stand_in(&text),
                Ok(Some(RegistryValue::Other { size, .. })) => size > 0,
                Ok(_) => false,
                Err(error) => {
                    self.failures.push(error);
                    false
                }
            };
            if present {
                self.found.push(SecretInClear {
                    signature: signature.id.clone(),
                    path: key.to_owned(),
                    field: name.clone(),
                    opens: signature.opens.clone(),
                    obfuscated,
                    readable_by_others: None,
                });
            }
        }
    }

    /// The keys that a pattern stands for; a part `*` is every sub-key there.
    fn expand_key(&mut self, pattern: &str) -> Vec<String> {
        let mut keys = vec![String::new()];
        for part in pattern.split('\\') {
            let mut next = Vec::new();
            for key in keys {
                if part != "*" {
                    next.push(if key.is_empty() { part.to_owned() } else { format!("{key}\\{part}") });
                    continue;
                }
                match self.host.registry_subkeys(&key) {
                    Ok(children) => {
                        next.extend(
                            children.unwrap_or_default().into_iter().map(|child| format!("{key}\\{child}")),
                        );
                    }
                    Err(error) => self.failures.push(error),
                }
            }
            if next.len() > MAX_KEYS {
                let why = format!("it fits {} keys; only the first {MAX_KEYS} were looked at", next.len());
                self.failures.push(HostError::new(pattern, why));
                next.truncate(MAX_KEYS);
            }
            keys = next;
        }
        keys
    }
}
