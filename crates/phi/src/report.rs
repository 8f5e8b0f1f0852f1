//! What a scan says about one file.

use std::collections::BTreeMap;
use std::path::PathBuf;

use enamel_types::patient_data::{Entity, EntityCounts};
use enamel_types::units::Estimate;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::sink::Problem;

/// What one file holds.
///
/// Serialises to the record of `scan phi --json`: `path`, `format`, `entities`, `persons`, `errors`; `values` only where
/// fingerprints were asked for; `"path_is_lossy": true` only where the path is not UTF-8 and its JSON text therefore not
/// exact.
#[derive(Debug, Clone, PartialEq)]
pub struct FileReport {
    /// The file.
    pub path: PathBuf,
    /// Its format: `txt`, `csv`, `x12`, `dicom` …; `folder` where a folder could not be read.
    pub format: String,
    /// Bytes it has on disk, holes of sparse files not counted.
    pub bytes: u64,
    /// Whether it counts as holding patient data: an SSN, card, member or chart number, or a person's name with a date of
    /// birth.
    pub has_phi: bool,
    /// Distinct normalised values by kind.
    pub entities: EntityCounts,
    /// People, with the bounds within which the truth lies.
    pub persons: Estimate,
    /// What could not be read.
    pub errors: Vec<Problem>,
    /// Fingerprints (16 hex digits, blake3 under the caller's key) of the distinct values; empty unless asked for.
    pub values: BTreeMap<Entity, Vec<String>>,
    /// The values themselves, for scoring against known truth.
    #[cfg(feature = "test-reveal")]
    pub found: Vec<(Entity, String)>,
}

impl Serialize for FileReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("path", &self.path.to_string_lossy())?;
        if self.path.to_str().is_none() {
            map.serialize_entry("path_is_lossy", &true)?;
        }
        map.serialize_entry("format", &self.format)?;
        map.serialize_entry("entities", &self.entities)?;
        map.serialize_entry("persons", &self.persons)?;
        map.serialize_entry("errors", &self.errors)?;
        if !self.values.is_empty() {
            map.serialize_entry("values", &self.values)?;
        }
        #[cfg(feature = "test-reveal")]
        {
            let found: Vec<_> = self.found.iter().map(|(kind, norm)| Found { kind: *kind, norm }).collect();
            map.serialize_entry("found", &found)?;
        }
        map.end()
    }
}

#[cfg(feature = "test-reveal")]
#[derive(Serialize)]
struct Found<'a> {
    #[serde(rename = "type")]
    kind: Entity,
    norm: &'a str,
}
