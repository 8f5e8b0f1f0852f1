//! CycloneDX 1.6 export of an inventory.
//!
//! Written by the few structs below: the `cyclonedx-bom` crate knows the specification up to 1.5 (docs/adr/0003-cyclonedx.md).
//! Secrets in clear are not part of a bill of materials and never get into one, not even where they lie.

use std::collections::BTreeSet;

use enamel_types::device::DeviceInventory;
use enamel_types::software::{DentalProduct, Package, PackageSource, Service, SoftwareInventory};
use enamel_types::{ObservationId, Timestamp};
use serde::Serialize;

/// Writes a software inventory as a CycloneDX 1.6 JSON document, sorted, so that the same input gives the same bytes.
///
/// `serial` becomes the serial number (`urn:uuid:…`): the observation's own id makes the same export the same document.
pub fn cyclonedx(
    device: Option<&DeviceInventory>,
    software: &SoftwareInventory,
    serial: ObservationId,
    timestamp: Timestamp,
) -> Result<String, serde_json::Error> {
    let mut components = vec![operating_system(software)];
    let packages: BTreeSet<&Package> = software.packages.iter().collect();
    components.extend(packages.into_iter().map(application));
    components.extend(software.dental.iter().map(dental_product));
    components.sort_by(|a, b| a.bom_ref.cmp(&b.bom_ref));
    components.dedup_by(|a, b| a.bom_ref == b.bom_ref);
    let mut services: Vec<ServiceEntry> = software.services.iter().map(service).collect();
    services.sort_by(|a, b| a.bom_ref.cmp(&b.bom_ref));
    services.dedup_by(|a, b| a.bom_ref == b.bom_ref);
    let document = Bom {
        schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
        format: "CycloneDX",
        spec_version: "1.6",
        serial_number: format!("urn:uuid:{serial}"),
        version: 1,
        metadata: Metadata {
            timestamp: timestamp.to_string(),
            tools: Tools {
                components: vec![Component {
                    version: Some(env!("CARGO_PKG_VERSION").to_owned()),
                    ..Component::new("application", "tool:enamel", "Enamel")
                }],
            },
            component: device.map(computer),
        },
        components,
        services,
    };
    serde_json::to_string_pretty(&document)
}

fn computer(device: &DeviceInventory) -> Component {
    Component {
        properties: vec![property("enamel:device:role", role(device))],
        ..Component::new("device", "device", &device.hostname)
    }
}

fn role(device: &DeviceInventory) -> String {
    // The role's own JSON name, without its quotation marks.
    serde_json::to_string(&device.os.role).unwrap_or_default().trim_matches('"').to_owned()
}

fn operating_system(software: &SoftwareInventory) -> Component {
    let os = &software.os;
    let mut properties = vec![property("enamel:os:product", &os.product)];
    properties.extend(filled("enamel:os:build", &os.build));
    properties.extend(filled("enamel:os:edition", &os.edition));
    Component {
        version: text(&os.version),
        properties,
        ..Component::new("operating-system", "operating-system", &os.name)
    }
}

fn application(package: &Package) -> Component {
    let source = match package.source {
        PackageSource::Dpkg => "dpkg",
        PackageSource::Rpm => "rpm",
        PackageSource::UninstallMachine => "uninstall-machine",
        PackageSource::UninstallMachine32 => "uninstall-machine-32",
        PackageSource::UninstallUser => "uninstall-user",
    };
    let reference = format!("{source}:{}@{}:{}", package.name, package.version, package.architecture);
    let mut properties = vec![property("enamel:package:source", source)];
    properties.extend(filled("enamel:package:architecture", &package.architecture));
    Component {
        version: text(&package.version),
        publisher: text(&package.vendor),
        purl: package.purl.clone(),
        properties,
        ..Component::new("application", &reference, &package.name)
    }
}

fn dental_product(product: &DentalProduct) -> Component {
    let mut properties = vec![property("enamel:dental:category", &product.category)];
    properties.extend(product.database.as_ref().map(|database| property("enamel:dental:database", database)));
    properties.extend(
        product
            .data_paths
            .iter()
            .map(|data| property(&format!("enamel:dental:data:{}", data.holds), &data.path)),
    );
    properties
        .extend(product.recognised_by.iter().map(|reason| property("enamel:dental:recognised-by", reason)));
    Component {
        version: text(&product.version),
        properties,
        ..Component::new("application", &format!("dental:{}", product.signature), &product.product)
    }
}

fn service(service: &Service) -> ServiceEntry {
    let mut properties = vec![property("enamel:service:running", service.running.to_string())];
    properties
        .extend(service.autostart.map(|starts| property("enamel:service:autostart", starts.to_string())));
    ServiceEntry { bom_ref: format!("service:{}", service.name), name: service.name.clone(), properties }
}

fn property(name: &str, value: impl Into<String>) -> Property {
    Property { name: name.to_owned(), value: value.into() }
}

fn filled(name: &str, value: &str) -> Option<Property> {
    text(value).map(|value| property(name, value))
}

fn text(value: &str) -> Option<String> {
    (!value.is_empty()).then(|| value.to_owned())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Bom {
    #[serde(rename = "$schema")]
    schema: &'static str,
    #[serde(rename = "bomFormat")]
    format: &'static str,
    spec_version: &'static str,
    serial_number: String,
    version: u32,
    metadata: Metadata,
    components: Vec<Component>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    services: Vec<ServiceEntry>,
}

#[derive(Serialize)]
struct Metadata {
    timestamp: String,
    tools: Tools,
    #[serde(skip_serializing_if = "Option::is_none")]
    component: Option<Component>,
}

#[derive(Serialize)]
struct Tools {
    components: Vec<Component>,
}

#[derive(Serialize)]
struct Component {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(rename = "bom-ref")]
    bom_ref: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    publisher: Option<String>,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purl: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    properties: Vec<Property>,
}

impl Component {
    fn new(kind: &'static str, bom_ref: &str, name: &str) -> Self {
        Self {
            kind,
            bom_ref: bom_ref.to_owned(),
            publisher: None,
            name: name.to_owned(),
            version: None,
            purl: None,
            properties: Vec::new(),
        }
    }
}

#[derive(Serialize)]
struct ServiceEntry {
    #[serde(rename = "bom-ref")]
    bom_ref: String,
    name: String,
    properties: Vec<Property>,
}

#[derive(Serialize)]
struct Property {
    name: String,
    value: String,
}
