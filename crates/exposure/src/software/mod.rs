//! `scan software`: what is installed and running, which dental products are here, which secrets lie in clear.
//!
//! [`observe_software`] looks at a computer and [`observe_folder`] below a folder; neither judges anything. [`judge_software`] is a
//! pure function of what was seen. Facts come from
//! `content/signatures/dental.toml`, `content/signatures/secrets.toml` and `content/eol.toml`. A secret never leaves the
//! function that saw it: what is kept is where it lies, in which field, and what it opens.

mod cyclonedx;
mod dental;
pub mod eol;
mod judge;
mod search;
mod secrets;
mod signatures;
mod version;

use std::path::{Path, PathBuf};

use enamel_host::{Host, HostError};
use enamel_types::Gap;
use enamel_types::device::{DeviceInventory, OsFamily};
use enamel_types::software::SoftwareInventory;

pub use cyclonedx::cyclonedx;
pub use eol::EolTable;
pub use judge::judge_software;
pub use secrets::SecretField;
pub use signatures::Signatures;

/// Packages listed for one computer; more is no computer of a practice.
const MAX_PACKAGES: usize = 20_000;
/// Things that could not be seen, listed for one computer.
const MAX_GAPS: usize = 50;
/// How a gap of the search for secrets begins: the judge must not call a computer clean that it has not seen whole.
const SECRET_GAP: &str = "search for secrets: ";

/// The scope of what is seen of the computer itself.
pub const SCOPE: &str = "software";
/// How the scope of a folder begins that was named: it has one of its own, so that a look at the computer alone says nothing of it.
const FOLDER_SCOPE: &str = "software:";

/// The scope of what is seen below a folder that was named: `software:/mnt/xray`.
pub fn folder_scope(folder: &Path) -> String {
    format!("{FOLDER_SCOPE}{}", folder.display())
}

/// Looks at one computer. Folders that it shares are searched too.
///
/// Parts that could not be seen are named in the second half of the answer. The only error is a computer that does not say
/// what it is.
pub fn observe_software(
    host: &dyn Host,
    signatures: &Signatures,
) -> Result<(SoftwareInventory, Vec<Gap>), HostError> {
    let os = host.os()?;
    let mut gaps = Vec::new();
    let mut failures = Vec::new();
    // Without it nobody knows which disks and shares there are to be searched.
    let inventory = match host.inventory() {
        Ok((inventory, unseen)) => {
            // What else it leaves out, accounts say, hides no place.
            failures.extend(unseen.into_iter().filter(HostError::hides_folders));
            Some(inventory)
        }
        Err(error) => {
            failures.push(error);
            None
        }
    };
    let mut packages = match or_gap(host.packages(), &mut gaps) {
        Some((packages, failures)) => {
            gaps.extend(failures.into_iter().map(gap));
            packages
        }
        None => Vec::new(),
    };
    packages.sort();
    packages.dedup();
    if packages.len() > MAX_PACKAGES {
        let why = format!("{} are installed; only {MAX_PACKAGES} are listed", packages.len());
        gaps.push(Gap { what: "the list of installed packages".to_owned(), why });
        packages.truncate(MAX_PACKAGES);
    }
    let mut services = or_gap(host.services(), &mut gaps).unwrap_or_default();
    services.sort_by(|a, b| a.name.cmp(&b.name));

    let disks = dental::disks(os.family, inventory.as_ref());
    let mut recogniser = dental::Recogniser::new(&signatures.dental);
    recogniser.packages(&packages);
    recogniser.services(&services);
    recogniser.usual_places(host, &disks, &mut failures);
    let mut finder = secrets::Finder::new(host, &signatures.secrets);
    finder.usual_places(os.family, &disks);
    for root in shared_folders(host, os.family, inventory.as_ref(), &mut failures) {
        search(host, &root, &mut recogniser, &mut finder, &mut failures);
    }
    let dental = recogniser.products(inventory.as_ref());
    let (secrets, secret_failures) = finder.finish();
    failures.extend(secret_failures);
    gaps.extend(search_gaps(failures));
    Ok((SoftwareInventory { os, packages, services, dental, secrets }, gaps))
}

/// Looks below one folder that was named: a share or a disk of another computer, mounted here.
///
/// Of the software it sees dental products and secrets; the answer lists no packages and no services. `computer` is what
/// [`observe_software`] saw: a product whose data lies in the folder has the version that is installed there.
pub fn observe_folder(
    host: &dyn Host,
    signatures: &Signatures,
    folder: &Path,
    computer: &SoftwareInventory,
) -> (SoftwareInventory, Vec<Gap>) {
    let mut failures = Vec::new();
    let mut recogniser = dental::Recogniser::new(&signatures.dental);
    let mut finder = secrets::Finder::new(host, &signatures.secrets);
    match host.metadata(folder) {
        Ok(Some(_)) => search(host, folder, &mut recogniser, &mut finder, &mut failures),
        Ok(None) => failures.push(HostError::new(folder.display().to_string(), "there is no such folder")),
        Err(error) => failures.push(error),
    }
    let mut dental = recogniser.products(None);
    for product in &mut dental {
        if let Some(installed) = computer.dental.iter().find(|known| known.signature == product.signature) {
            product.version.clone_from(&installed.version);
        }
    }
    let (secrets, secret_failures) = finder.finish();
    failures.extend(secret_failures);
    let os = computer.os.clone();
    let seen = SoftwareInventory { os, packages: Vec::new(), services: Vec::new(), dental, secrets };
    (seen, search_gaps(failures))
}

fn search(
    host: &dyn Host,
    root: &Path,
    recogniser: &mut dental::Recogniser<'_>,
    finder: &mut secrets::Finder<'_>,
    failures: &mut Vec<HostError>,
) {
    search::walk(host, root, failures, &mut |path, name, meta| {
        recogniser.entry(path, name, meta);
        finder.entry(path, name, meta);
    });
}

/// Places that could not be searched, so many of them as a report can hold.
fn search_gaps(failures: Vec<HostError>) -> Vec<Gap> {
    let mut gaps: Vec<Gap> = failures
        .into_iter()
        .map(|error| Gap { what: format!("{SECRET_GAP}{}", error.what), why: error.why })
        .collect();
    gaps.dedup();
    if gaps.len() > MAX_GAPS {
        let why = format!("{} further places could not be read", gaps.len() - MAX_GAPS);
        gaps.truncate(MAX_GAPS);
        gaps.push(Gap { what: format!("{SECRET_GAP}other places"), why });
    }
    gaps
}

fn gap(error: HostError) -> Gap {
    Gap { what: error.what, why: error.why }
}

fn or_gap<T>(answer: Result<T, HostError>, gaps: &mut Vec<Gap>) -> Option<T> {
    answer.map_err(|error| gaps.push(gap(error))).ok()
}

/// The folders that this computer shares, each once.
fn shared_folders(
    host: &dyn Host,
    family: OsFamily,
    inventory: Option<&DeviceInventory>,
    failures: &mut Vec<HostError>,
) -> Vec<PathBuf> {
    let shares = inventory.map(|inventory| inventory.shares.as_slice()).unwrap_or_default();
    // Windows shares whole disks to administrators (`C$`); their usual places have been looked at already.
    let shares = shares.iter().filter(|share| family != OsFamily::Windows || !share.name.ends_with('$'));
    let mut roots: Vec<PathBuf> = Vec::new();
    // A share may name a folder with a placeholder (`%H`), none at all (`[homes]`), or one that is not mounted now: no gap,
    // nothing to see. A shared system disk is not searched whole: its usual places have been looked at.
    for path in shares.filter(|share| is_searchable(&share.path)).map(|share| PathBuf::from(&share.path)) {
        match host.metadata(&path) {
            Ok(Some(meta)) if meta.is_dir => roots.push(path),
            Ok(_) => {}
            Err(error) => failures.push(error),
        }
    }
    roots.sort();
    roots.dedup();
    let above = roots.clone();
    roots.retain(|root| !above.iter().any(|other| other != root && root.starts_with(other)));
    roots
}

/// Whether a share's path names a folder other than the system disk.
fn is_searchable(path: &str) -> bool {
    let on_a_drive = path.get(1..3) == Some(":\\");
    (path.starts_with('/') && path.len() > 1) || (on_a_drive && !path.eq_ignore_ascii_case("c:\\"))
}

impl Signatures {
    /// The fields of `content` in which the signature `id` finds a secret; `None` if no signature of files has that id.
    ///
    /// This is what [`observe_software`] does with one file: for people who write signatures, and for fuzzing.
    pub fn secret_fields(&self, id: &str, content: &[u8]) -> Option<Vec<SecretField>> {
        self.secrets.iter().find(|signature| signature.id.as_str() == id).and_then(|signature| {
            match &signature.place {
                signatures::SecretPlace::Files { reader, .. } => {
                    Some(secrets::secret_fields(reader, content))
                }
                signatures::SecretPlace::Registry { .. } => None,
            }
        })
    }

    /// The ids of all signatures of secrets.
    pub fn secret_ids(&self) -> impl Iterator<Item = &enamel_types::RuleId> {
        self.secrets.iter().map(|signature| &signature.id)
    }
}

#[cfg(test)]
mod tests {
    use super::is_searchable;

    #[test]
    fn a_share_without_a_folder_is_not_the_whole_disk() {
        for (path, expected) in [
            ("", false),
            ("/", false),
            ("%H", false),
            ("C:\\", false),
            ("/srv/images", true),
            ("D:\\", true),
            ("C:\\Data", true),
        ] {
            assert_eq!(is_searchable(path), expected, "{path}");
        }
    }
}
