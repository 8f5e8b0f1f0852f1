//! Who this installation is: ids and a key made once, kept in the data directory.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use enamel_types::{AgentId, DeviceId, Minter, PracticeId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::edge;
use crate::error::Error;
use crate::own_files::{IDENTITY as FILE, NEW};

/// Identity of the practice, of this computer and of the agent on it.
///
/// Random, never derived from a name or a serial number: names change, disks are cloned.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Identity {
    /// The practice.
    pub(crate) practice: PracticeId,
    /// This computer.
    pub(crate) device: DeviceId,
    /// The agent.
    pub(crate) agent: AgentId,
    /// Key of the fingerprints of patients' values, hex. It never leaves this computer: whoever holds it can test guesses.
    fingerprint_key: String,
}

impl Identity {
    /// Reads the identity, or makes it at the first run.
    pub(crate) fn load_or_make(data: &Path, now: Timestamp) -> Result<Self, Error> {
        Self::load(data)?.map_or_else(|| Self::make(data, &data.join(FILE), now), Ok)
    }

    /// Reads the identity; `None` where no run has made one.
    pub(crate) fn load(data: &Path) -> Result<Option<Self>, Error> {
        let path = data.join(FILE);
        match fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text).map(Some).map_err(|error: toml::de::Error| {
                // Only what kind of mistake, and where: the error itself quotes the line, and a line may be the key.
                let line = error.span().map_or(1, |span| text.bytes().take(span.start).filter(|b| *b == b'\n').count() + 1);
                Error::new(format!("{}:{line} is not an identity file: {}", path.display(), kind(&error))).help(
                    "restore it from a backup; a new identity would start a new history (delete the file if you want that)",
                )
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::new(format!("{} could not be read", path.display()))
                .because(error)
                .help("run as the user who owns the data directory, or name another with --data DIR")),
        }
    }

    fn make(data: &Path, path: &Path, now: Timestamp) -> Result<Self, Error> {
        let mut fill = edge::random;
        let mut minter = Minter::new(&mut fill);
        let mut key = [0; 32];
        edge::random(&mut key);
        let mut fingerprint_key = String::new();
        for byte in key {
            let _ = write!(fingerprint_key, "{byte:02x}"); // writing to a String cannot fail
        }
        let identity = Self {
            practice: PracticeId::from_uuid(minter.uuid(now)),
            device: DeviceId::from_uuid(minter.uuid(now)),
            agent: AgentId::from_uuid(minter.uuid(now)),
            fingerprint_key,
        };
        let text = toml::to_string(&identity)
            .map_err(|error| Error::new("the identity could not be written as TOML").because(error))?;
        let unwritable = |error| {
            Error::new(format!("{} could not be written", path.display()))
                .because(error)
                .help("name a folder that can be written with --data DIR")
        };
        if write_private_if_absent(data, path, text.as_bytes()).map_err(unwritable)? {
            Ok(identity)
        } else {
            // Another first run was a moment faster: there is one identity, and it is that one.
            Self::load_or_make(data, now)
        }
    }

    /// The key of the fingerprints.
    pub(crate) fn fingerprint_key(&self) -> Result<[u8; 32], Error> {
        let mut key = [0; 32];
        let text = self.fingerprint_key.as_bytes();
        let pairs = text
            .chunks(2)
            .map(|pair| std::str::from_utf8(pair).ok().and_then(|p| u8::from_str_radix(p, 16).ok()));
        let bytes: Option<Vec<u8>> = pairs.collect();
        match bytes {
            Some(bytes) if bytes.len() == key.len() => key.copy_from_slice(&bytes),
            _ => {
                return Err(Error::new(format!("fingerprint_key in {FILE} is not 64 hex digits"))
                    .help("restore the file from a backup"));
            }
        }
        Ok(key)
    }
}

/// What kind of mistake, without the text at fault.
fn kind(error: &toml::de::Error) -> &'static str {
    match error.message() {
        message if message.starts_with("missing field") => "something is missing",
        message if message.starts_with("unknown field") || message.starts_with("duplicate") => {
            "it holds what it should not"
        }
        _ => "it is not written as it should be",
    }
}

/// Writes a file that only its owner can read, whole or not at all, and never over another: a crash must not leave half an
/// identity, and two first runs must not make two. Says whether it was written.
pub(crate) fn write_private_if_absent(folder: &Path, path: &Path, bytes: &[u8]) -> std::io::Result<bool> {
    fs::create_dir_all(folder)?;
    let temporary = path.with_extension(format!("{NEW}{}", std::process::id()));
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    // A hard link fails where the name is taken; a rename would replace it.
    let linked = written.and_then(|()| match fs::hard_link(&temporary, path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    });
    let _ = fs::remove_file(&temporary);
    linked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_second(1_790_000_000).unwrap()
    }

    #[test]
    fn made_once_and_then_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let first = Identity::load_or_make(folder.path(), now()).unwrap();
        let again = Identity::load_or_make(folder.path(), now()).unwrap();
        assert_eq!(first.device, again.device);
        assert_eq!(first.fingerprint_key().unwrap(), again.fingerprint_key().unwrap());
        assert_ne!(first.fingerprint_key().unwrap(), [0; 32]);
    }

    #[test]
    fn a_damaged_identity_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), "practice = 3").unwrap();
        let error = Identity::load_or_make(folder.path(), now()).unwrap_err();
        assert!(error.for_people().contains("not an identity file"), "{}", error.for_people());
        assert_eq!(fs::read_to_string(folder.path().join(FILE)).unwrap(), "practice = 3");
    }

    #[test]
    fn a_mistake_in_it_never_shows_the_key() {
        let folder = tempfile::tempdir().unwrap();
        Identity::load_or_make(folder.path(), now()).unwrap();
        let path = folder.path().join(FILE);
        let whole = fs::read_to_string(&path).unwrap();
        let key = whole.lines().find_map(|line| line.strip_prefix("fingerprint_key = \"")).unwrap()[..16]
            .to_owned();
        for damaged in [
            whole[..whole.len() - 3].to_owned(),
            whole.replace("fingerprint_key", "fingerprint_kee"),
            format!("{whole}{whole}"),
            whole.replace("fingerprint_key = \"", "fingerprint_key = "),
        ] {
            fs::write(&path, damaged).unwrap();
            let said = Identity::load_or_make(folder.path(), now()).unwrap_err().for_people();
            assert!(!said.contains(&key), "{said}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_reads_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        Identity::load_or_make(folder.path(), now()).unwrap();
        let mode = fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
    }
}
