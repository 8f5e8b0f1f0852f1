//! Debian's package database: `/var/lib/dpkg/status` and, in images without dpkg, `status.d`.
//!
//! Format: deb-control(5) paragraphs; a package counts as installed by the third word of its `Status`.

use std::path::Path;

use enamel_types::software::{Package, PackageSource};

use super::files::Root;
use crate::HostError;

/// A desktop with 5,000 packages has a status file of 8 MB.
const LIMIT: usize = 256 * 1024 * 1024;

/// `distribution` is os-release's `ID` and `VERSION_ID`, for the package URL.
pub(super) fn read(root: &Root, distribution: (&str, &str), gaps: &mut Vec<HostError>) -> Vec<Package> {
    let mut packages = Vec::new();
    match root.text("/var/lib/dpkg/status", LIMIT) {
        Ok(Some(text)) => packages.extend(paragraphs(&text, distribution, true)),
        Ok(None) => {}
        Err(error) => gaps.push(error),
    }
    match root.list(Path::new("/var/lib/dpkg/status.d")) {
        Ok(files) => {
            for file in files.unwrap_or_default() {
                if file.extension().is_some_and(|extension| extension == "md5sums") {
                    continue;
                }
                match root.text(&file, LIMIT) {
                    Ok(text) => packages.extend(paragraphs(&text.unwrap_or_default(), distribution, false)),
                    Err(error) => gaps.push(error),
                }
            }
        }
        Err(error) => gaps.push(error),
    }
    packages
}

fn paragraphs(text: &str, distribution: (&str, &str), needs_status: bool) -> Vec<Package> {
    let mut packages = Vec::new();
    let mut fields = Fields::default();
    for line in text.lines().chain([""]) {
        if line.trim().is_empty() {
            packages.extend(std::mem::take(&mut fields).package(distribution, needs_status));
            continue;
        }
        if line.starts_with([' ', '\t']) {
            continue; // a field that goes on: none that is wanted here does
        }
        let Some((name, value)) = line.split_once(':') else { continue };
        let slot = match name {
            "Package" => &mut fields.package,
            "Version" => &mut fields.version,
            "Architecture" => &mut fields.architecture,
            "Maintainer" => &mut fields.maintainer,
            "Status" => &mut fields.status,
            _ => continue,
        };
        *slot = value.trim();
    }
    packages
}

#[derive(Default)]
struct Fields<'a> {
    package: &'a str,
    version: &'a str,
    architecture: &'a str,
    maintainer: &'a str,
    status: &'a str,
}

impl Fields<'_> {
    fn package(self, (id, release): (&str, &str), needs_status: bool) -> Option<Package> {
        // Half-installed and half-configured packages have their files on the disk, so their flaws count.
        let state = self.status.split_whitespace().nth(2).unwrap_or_default();
        let installed = if needs_status || !self.status.is_empty() {
            !matches!(state, "" | "not-installed" | "config-files")
        } else {
            true
        };
        if self.package.is_empty() || self.version.is_empty() || !installed {
            return None;
        }
        let vendor = self.maintainer.split('<').next().unwrap_or_default().trim();
        Some(Package {
            name: self.package.to_owned(),
            version: self.version.to_owned(),
            vendor: vendor.to_owned(),
            architecture: self.architecture.to_owned(),
            source: PackageSource::Dpkg,
            purl: Some(super::purl("deb", id, release, self.package, self.version, self.architecture)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_on_the_disk() {
        let text = "Package: openssl\nStatus: install ok installed\nMaintainer: Debian OpenSSL Team <x@debian.org>\n\
            Architecture: amd64\nVersion: 1:3.0.11-1~deb12u2+b1\nDescription: a\n Package: not this\n\n\
            Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n\n\
            Package: half\nStatus: install ok half-configured\nVersion: 2\nArchitecture: all\n\nno colon here\n\n\
            Package: no-version\nStatus: install ok installed\n";
        let packages = paragraphs(text, ("debian", "12"), true);
        let names: Vec<&str> = packages.iter().map(|package| package.name.as_str()).collect();
        assert_eq!(names, ["openssl", "half"]);
        assert_eq!(packages[0].vendor, "Debian OpenSSL Team");
        let purl = "pkg:deb/debian/openssl@1:3.0.11-1~deb12u2%2Bb1?arch=amd64&distro=debian-12";
        assert_eq!(packages[0].purl.as_deref(), Some(purl));
        assert_eq!(paragraphs("Package: base\nVersion: 1\n", ("debian", "12"), false).len(), 1);
        assert_eq!(paragraphs("Package: base\nVersion: 1\n", ("debian", "12"), true).len(), 0);
    }
}
