//! Recognising dental products.
//!
//! A product is recognised by an installed program, a service, a file of its own or a folder that nothing else has, and what
//! it was recognised by is listed. A port alone never recognises: 3306 is any MySQL.

use std::path::Path;

use enamel_host::{FileMeta, Host, HostError};
use enamel_types::device::{DeviceInventory, OsFamily};
use enamel_types::software::{DataPath, DentalProduct, Package, Service};

use super::search::expand;
use super::signatures::{DentalSignature, plain_name};

/// Reasons and folders listed for one product.
const MAX_LISTED: usize = 50;

/// What has been seen of one product so far.
#[derive(Debug, Clone, Default)]
struct Traces {
    recognised: bool,
    version: String,
    reasons: Vec<String>,
    data: Vec<DataPath>,
}

impl Traces {
    fn reason(&mut self, reason: String) {
        if self.reasons.len() < MAX_LISTED && !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
    }
}

/// Collects traces of all products, then says which are here.
pub(super) struct Recogniser<'a> {
    signatures: &'a [DentalSignature],
    traces: Vec<Traces>,
}

impl<'a> Recogniser<'a> {
    pub(super) fn new(signatures: &'a [DentalSignature]) -> Self {
        Self { signatures, traces: vec![Traces::default(); signatures.len()] }
    }

    /// Installed programs and packages.
    pub(super) fn packages(&mut self, packages: &[Package]) {
        for package in packages {
            let name = plain_name(&package.name);
            for (signature, traces) in self.signatures.iter().zip(&mut self.traces) {
                if signature.programs.iter().any(|pattern| pattern.is_match(&name)) {
                    traces.recognised = true;
                    traces.reason(
                        format!("installed program {} {}", package.name, package.version)
                            .trim_end()
                            .to_owned(),
                    );
                    if traces.version.is_empty() {
                        traces.version.clone_from(&package.version);
                    }
                }
            }
        }
    }

    /// Services, running or not.
    pub(super) fn services(&mut self, services: &[Service]) {
        for service in services {
            for (signature, traces) in self.signatures.iter().zip(&mut self.traces) {
                if signature.services.iter().any(|pattern| pattern.is_match(&service.name)) {
                    traces.recognised = true;
                    let state = if service.running { "running" } else { "stopped" };
                    traces.reason(format!("service {} ({state})", service.name));
                }
            }
        }
    }

    /// Folders at their usual places on a Windows computer, on each of its fixed disks (`C:`).
    pub(super) fn usual_places(&mut self, host: &dyn Host, disks: &[String], failures: &mut Vec<HostError>) {
        for (signature, traces) in self.signatures.iter().zip(&mut self.traces) {
            for folder in &signature.folders {
                for disk in disks {
                    let pattern = format!("{disk}{}", &folder.path[2..]);
                    for (path, meta) in expand(host, &pattern, failures) {
                        if meta.is_dir {
                            let path = path.display().to_string();
                            traces.recognised |= folder.distinctive;
                            found_folder(traces, path, folder.holds.as_deref());
                        }
                    }
                }
            }
        }
    }

    /// One entry of a folder that was searched: a share, or a disk of another computer that is mounted here.
    pub(super) fn entry(&mut self, path: &Path, name: &str, meta: &FileMeta) {
        let name = name.to_lowercase();
        let text = path.to_string_lossy();
        for (signature, traces) in self.signatures.iter().zip(&mut self.traces) {
            if !meta.is_dir {
                if signature.markers.contains(&name) {
                    traces.recognised = true;
                    traces.reason(format!("file {text}"));
                }
                continue;
            }
            for folder in signature.folders.iter().filter(|folder| folder.tail.last() == Some(&name)) {
                if ends_with(&text, &folder.tail) {
                    traces.recognised |= folder.distinctive;
                    found_folder(traces, text.clone().into_owned(), folder.holds.as_deref());
                }
            }
        }
    }

    /// The products that are here, by signature. Ports that they listen on are added as a hint.
    pub(super) fn products(self, inventory: Option<&DeviceInventory>) -> Vec<DentalProduct> {
        let listening = inventory.map(|inventory| inventory.listening.as_slice()).unwrap_or_default();
        let mut products: Vec<DentalProduct> = self
            .signatures
            .iter()
            .zip(self.traces)
            .filter(|(_, traces)| traces.recognised)
            .map(|(signature, mut traces)| {
                for port in &signature.ports {
                    if listening.iter().any(|socket| socket.port == *port) {
                        traces.reason(format!("listens on port {port} (a hint only)"));
                    }
                }
                traces.data.sort();
                traces.data.truncate(MAX_LISTED);
                DentalProduct {
                    signature: signature.id.clone(),
                    product: signature.name.clone(),
                    category: signature.category.clone(),
                    version: traces.version,
                    database: signature.database.clone(),
                    data_paths: traces.data,
                    recognised_by: traces.reasons,
                }
            })
            .collect();
        products.sort_by(|a, b| a.signature.cmp(&b.signature));
        products
    }
}

fn found_folder(traces: &mut Traces, path: String, holds: Option<&str>) {
    traces.reason(format!("folder {path}"));
    if let Some(holds) = holds {
        let data = DataPath { path, holds: holds.to_owned() };
        if !traces.data.contains(&data) {
            traces.data.push(data);
        }
    }
}

/// Whether a path ends with these parts, which are lower case.
fn ends_with(path: &str, tail: &[String]) -> bool {
    let mut parts = path.rsplit(['/', '\\']).map(str::to_lowercase);
    tail.iter().rev().all(|expected| parts.next().as_ref() == Some(expected))
}

/// The fixed disks of a Windows computer as `C:`, `D:`; none elsewhere.
pub(super) fn disks(family: OsFamily, inventory: Option<&DeviceInventory>) -> Vec<String> {
    if family != OsFamily::Windows {
        return Vec::new();
    }
    let volumes = inventory.map(|inventory| inventory.hardware.volumes.as_slice()).unwrap_or_default();
    let mut disks: Vec<String> = volumes
        .iter()
        .filter_map(|volume| {
            volume.mount.get(..2).filter(|drive| drive.ends_with(':')).map(str::to_uppercase)
        })
        .collect();
    disks.push("C:".to_owned());
    disks.sort();
    disks.dedup();
    disks
}
