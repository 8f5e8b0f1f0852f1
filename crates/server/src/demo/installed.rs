//! What a sensor finds installed on a demo computer, and where patient data lies on it.

use std::collections::BTreeMap;

use enamel_types::device::{DeviceRole, OsFamily};
use enamel_types::patient_data::{PatientDataSurvey, PhiFolder};
use enamel_types::software::{
    DataPath, DentalProduct, Package, PackageSource, SecretInClear, Service, SoftwareInventory,
};
use enamel_types::{Body, Estimate};

use super::content::{FolderRow, ProductRow};
use super::dice::whole;
use super::looks::Look;
use super::plan::ComputerKind;

impl Look<'_> {
    /// What is installed.
    pub(super) fn software(&self) -> Option<Body> {
        let os = self.os()?;
        let mut packages = Vec::new();
        let mut services = Vec::new();
        let mut dental = Vec::new();
        if os.family == OsFamily::Windows {
            let month = format!("{:02}", self.month() % 100);
            let usual = &self.content.software.programs;
            packages.extend(
                usual
                    .iter()
                    .map(|row| package(&row.name, &row.version.replace("{month}", &month), &row.vendor)),
            );
            let ended = self.content.software.ended.iter().filter(|row| self.wrong(&row.id));
            packages.extend(ended.map(|row| package(&row.name, &row.version, &row.vendor)));
            services.extend(["EnamelAgent", "LanmanServer", "Spooler", "WinDefend", "wuauserv"].map(service));
            for row in self.products_here() {
                let version = self.product_version(row);
                packages.extend(row.program.as_ref().map(|name| package(name, version, "")));
                if os.role != DeviceRole::Workstation {
                    services.extend(row.service.as_deref().map(service));
                }
                dental.push(product(row, version, os.role != DeviceRole::Workstation));
            }
            if self.wrong("W55") {
                packages.push(package("AnyDesk", "9.6.1", "AnyDesk Software GmbH"));
            }
        } else {
            let debian = |name: &str, version: &str| Package {
                source: PackageSource::Dpkg,
                architecture: "amd64".to_owned(),
                purl: Some(format!("pkg:deb/{}/{name}@{version}", os.product)),
                ..package(name, version, "")
            };
            packages.extend(
                [
                    ("samba", "2:4.17.12"),
                    ("openssh-server", "1:9.2p1"),
                    ("unattended-upgrades", "2.9.1"),
                    ("nftables", "1.0.6"),
                    ("smartmontools", "7.3"),
                    ("restic", "0.14.0"),
                ]
                .map(|(name, version)| debian(name, version)),
            );
            services.extend(["enamel-agent", "smbd", "ssh", "cron"].map(service));
        }
        packages.sort();
        services.sort_by(|a, b| a.name.cmp(&b.name));
        let secrets = self.secrets();
        Some(Body::SoftwareInventory(SoftwareInventory { os, packages, services, dental, secrets }))
    }

    /// Which of the practice's products this computer has.
    fn products_here(&self) -> impl Iterator<Item = &ProductRow> {
        let kind = self.computer.kind;
        self.practice.product_rows(self.content).filter(move |row| match (row.category.as_str(), kind) {
            (_, ComputerKind::Server) => row.category != "clearinghouse",
            ("PMS" | "orthodontics", _) => kind != ComputerKind::Imaging,
            ("clearinghouse", _) => kind == ComputerKind::FrontDesk,
            ("CBCT" | "PACS" | "scanner", _) => kind == ComputerKind::Imaging,
            ("CAD/CAM", _) => false,
            _ => matches!(kind, ComputerKind::Imaging | ComputerKind::Operatory),
        })
    }

    /// An old version where the office never updates: one of them for all its computers.
    fn product_version<'a>(&self, row: &'a ProductRow) -> &'a str {
        let neglected = self.practice.dice.named("dated").chance(row.dated_share * self.practice.neglect());
        row.dated.as_deref().filter(|_| neglected).unwrap_or(&row.version)
    }

    fn secrets(&self) -> Vec<SecretInClear> {
        let rows = self.content.software.secrets.iter().filter(|row| {
            row.kind == self.computer.kind
                && row.product.as_ref().is_none_or(|product| self.practice.products.contains(product))
                && self.wrong(row.id.as_str())
        });
        rows.map(|row| SecretInClear {
            signature: row.id.clone(),
            path: row.path.clone(),
            field: row.field.clone(),
            opens: row.opens.clone(),
            obfuscated: row.obfuscated,
            readable_by_others: Some(row.others),
        })
        .collect()
    }

    /// The root that is searched for patient data.
    pub(super) const fn root(&self) -> &'static str {
        match self.computer.kind {
            ComputerKind::Server => r"D:\",
            ComputerKind::Storage => "/srv",
            _ => r"C:\",
        }
    }

    /// Where patient data lies.
    pub(super) fn patient_data(&self) -> PatientDataSurvey {
        let mut folders: Vec<PhiFolder> = self
            .content
            .folders
            .iter()
            .filter(|row| row.kind == self.computer.kind)
            .filter(|row| row.product.as_ref().is_none_or(|id| self.practice.products.contains(id)))
            .filter(|row| !row.stray || self.wrong(&row.id))
            .map(|row| self.folder(row))
            .collect();
        folders.sort_by(|a, b| b.persons.value.cmp(&a.persons.value).then_with(|| a.path.cmp(&b.path)));
        let with_phi: u64 = folders.iter().map(|folder| folder.files).sum();
        let mut dice = self.computer.dice.named("files");
        let files = with_phi + dice.between(900, 14_000);
        // The same people lie in several folders: the fullest has most of them.
        let fullest = folders.first().map_or(0, |folder| folder.persons.value);
        let others: u64 = folders.iter().skip(1).map(|folder| folder.persons.value).sum();
        let value = (fullest + others / 4).min(self.practice.profile.patients.unwrap_or(u64::MAX));
        let mut not_searched = BTreeMap::new();
        let mut bytes_not_searched = BTreeMap::new();
        let mut problems = BTreeMap::new();
        if self.computer.kind == ComputerKind::Server {
            let databases = dice.between(2, 9);
            not_searched.insert("database".to_owned(), databases);
            bytes_not_searched
                .insert("database".to_owned(), databases * dice.between(300, 2_400) * 1_000_000);
            problems.insert("unsupported".to_owned(), databases);
        }
        PatientDataSurvey {
            root: self.root().to_owned(),
            files,
            bytes: files * dice.between(80_000, 400_000),
            files_with_phi: with_phi,
            persons: estimate(value),
            folders,
            folders_not_listed: 0,
            problems,
            files_not_searched: not_searched,
            bytes_not_searched,
        }
    }

    fn folder(&self, row: &FolderRow) -> PhiFolder {
        let mut dice = self.computer.dice.named(&row.id);
        let (low, high) = row.people;
        let patients = self.practice.profile.patients.unwrap_or(1_000) as f64;
        // The practice takes new patients: some more lie there each month.
        let grown = 1.0 + 0.0003 * (self.month() - 660) as f64;
        let people = whole(patients * (low + (high - low) * dice.share()) * grown).max(3);
        let of_hundred = |number: u64| (people * number / 100).max(1);
        let formats: BTreeMap<String, u64> =
            row.formats.iter().map(|(format, number)| (format.clone(), of_hundred(*number))).collect();
        PhiFolder {
            path: row.path.clone(),
            files: formats.values().sum(),
            persons: estimate(people),
            entities: row.entities.iter().map(|(kind, number)| (*kind, of_hundred(*number))).collect(),
            formats,
            examples: row.examples.clone(),
            readable_by_others: Some(if row.stray { row.open } else { self.wrong(&row.id) }),
        }
    }
}

/// A count of people as the search gives it: within a few of a hundred.
fn estimate(value: u64) -> Estimate {
    if value < 40 {
        Estimate::exact(value)
    } else {
        Estimate { value, low: value - value / 33, high: value + value / 33 }
    }
}

fn product(row: &ProductRow, version: &str, server: bool) -> DentalProduct {
    let mut recognised_by: Vec<String> =
        row.program.iter().map(|name| format!("installed program {name}")).collect();
    let here = server || row.category == "clearinghouse";
    let paths = row.data.iter().filter(|_| here);
    recognised_by.extend(paths.clone().map(|(path, _)| format!("folder {path}")));
    DentalProduct {
        signature: row.id.clone(),
        product: row.name.clone(),
        category: row.category.clone(),
        version: version.to_owned(),
        database: row.database.clone(),
        data_paths: paths
            .map(|(path, holds)| DataPath { path: path.clone(), holds: holds.clone() })
            .collect(),
        recognised_by,
    }
}

pub(super) fn package(name: &str, version: &str, vendor: &str) -> Package {
    Package {
        name: name.to_owned(),
        version: version.to_owned(),
        vendor: vendor.to_owned(),
        architecture: String::new(),
        source: PackageSource::UninstallMachine,
        purl: None,
    }
}

fn service(name: &str) -> Service {
    Service { name: name.to_owned(), running: true, autostart: Some(true) }
}
