//! Counting distinct values without keeping them.

use std::collections::BTreeMap;

use enamel_types::patient_data::{Entity, EntityCounts};

use crate::persons::{FingerprintSet, Sketch};

/// Distinct values of one kind that are told apart exactly; more are counted by a sketch.
const EXACT: usize = 100_000;

/// Distinct values by kind, as fingerprints.
#[derive(Default)]
pub(crate) struct Tally {
    kinds: BTreeMap<Entity, Distinct>,
    /// The values themselves, only in builds that score against known truth.
    #[cfg(feature = "test-reveal")]
    pub(crate) found: std::collections::BTreeSet<(Entity, String)>,
}

#[derive(Default)]
struct Distinct {
    exact: FingerprintSet,
    sketch: Option<Sketch>,
}

impl Tally {
    /// Adds a value by its normal form and gives its fingerprint.
    pub(crate) fn add(&mut self, key: &[u8; 32], kind: Entity, norm: &str) -> u64 {
        let fingerprint = fingerprint(key, kind, norm);
        self.kinds.entry(kind).or_default().add(fingerprint);
        #[cfg(feature = "test-reveal")]
        self.found.insert((kind, norm.to_owned()));
        fingerprint
    }

    /// Adds all of another tally.
    pub(crate) fn merge(&mut self, other: Self) {
        for (kind, theirs) in other.kinds {
            let mine = self.kinds.entry(kind).or_default();
            for fingerprint in theirs.exact {
                mine.add(fingerprint);
            }
            if let Some(sketch) = theirs.sketch {
                mine.as_sketch().merge(&sketch);
            }
        }
        #[cfg(feature = "test-reveal")]
        self.found.extend(other.found);
    }

    /// Distinct values by kind; kinds without any are left out.
    pub(crate) fn counts(&self) -> EntityCounts {
        self.kinds
            .iter()
            .map(|(kind, distinct)| (*kind, distinct.count()))
            .filter(|(_, count)| *count > 0)
            .collect()
    }

    /// Fingerprints by kind, as hex; of kinds past the exact limit none.
    pub(crate) fn values(&self) -> BTreeMap<Entity, Vec<String>> {
        let hex = |distinct: &Distinct| {
            let mut all: Vec<String> = distinct.exact.iter().map(|value| format!("{value:016x}")).collect();
            all.sort_unstable();
            all
        };
        self.kinds
            .iter()
            .map(|(kind, distinct)| (*kind, hex(distinct)))
            .filter(|(_, all)| !all.is_empty())
            .collect()
    }

    /// Form for the cache: for each kind its number, whether a sketch follows, the length, and the fingerprints or registers.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for (kind, distinct) in &self.kinds {
            let body: Vec<u8> = match &distinct.sketch {
                Some(sketch) => sketch.registers().to_vec(),
                None => distinct.exact.iter().flat_map(|value| value.to_le_bytes()).collect(),
            };
            out.extend([*kind as u8, u8::from(distinct.sketch.is_some())]);
            out.extend(u32::try_from(body.len()).unwrap_or(0).to_le_bytes());
            out.extend(body);
        }
        out
    }

    /// The inverse of [`Tally::to_bytes`]; `None` if the bytes are not of that form.
    pub(crate) fn from_bytes(mut bytes: &[u8]) -> Option<Self> {
        let mut tally = Self::default();
        while let Some(([kind, is_sketch], rest)) = bytes.split_first_chunk() {
            let kind = Entity::ALL.into_iter().find(|known| *known as u8 == *kind)?;
            let (length, rest) = rest.split_first_chunk::<4>()?;
            let (body, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
            bytes = rest;
            let mut distinct = Distinct::default();
            if *is_sketch == 1 {
                distinct.sketch = Some(Sketch::from_registers(body)?);
            } else {
                let (words, []) = body.as_chunks::<8>() else { return None };
                distinct.exact = words.iter().map(|word| u64::from_le_bytes(*word)).collect();
            }
            tally.kinds.insert(kind, distinct);
        }
        bytes.is_empty().then_some(tally)
    }
}

impl Distinct {
    fn add(&mut self, fingerprint: u64) {
        if let Some(sketch) = &mut self.sketch {
            sketch.add(fingerprint);
            return;
        }
        self.exact.insert(fingerprint);
        if self.exact.len() > EXACT {
            self.as_sketch();
        }
    }

    fn as_sketch(&mut self) -> &mut Sketch {
        let exact = std::mem::take(&mut self.exact);
        let sketch = self.sketch.get_or_insert_with(Sketch::default);
        for fingerprint in exact {
            sketch.add(fingerprint);
        }
        sketch
    }

    fn count(&self) -> u64 {
        self.sketch.as_ref().map_or(self.exact.len() as u64, |sketch| sketch.estimate().value)
    }
}

/// The first 64 bits of blake3 under the practice's key, over the kind and the normal form. Never 0.
fn fingerprint(key: &[u8; 32], kind: Entity, norm: &str) -> u64 {
    let mut input = [0u8; 64];
    let hash = if norm.len() < input.len() {
        input[0] = kind as u8;
        input[1..=norm.len()].copy_from_slice(norm.as_bytes());
        blake3::keyed_hash(key, &input[..=norm.len()])
    } else {
        let mut hasher = blake3::Hasher::new_keyed(key);
        hasher.update(&[kind as u8]).update(norm.as_bytes()).finalize()
    };
    let (words, _) = hash.as_bytes().as_chunks::<8>();
    u64::from_le_bytes(words[0]).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_once() {
        let mut tally = Tally::default();
        let first = tally.add(&[1; 32], Entity::Ssn, "123456780");
        assert_eq!(tally.add(&[1; 32], Entity::Ssn, "123456780"), first);
        assert_ne!(
            fingerprint(&[2; 32], Entity::Ssn, "123456780"),
            first,
            "another practice's key gives another fingerprint"
        );
        assert_eq!(tally.counts()[&Entity::Ssn], 1);
        let back = Tally::from_bytes(&tally.to_bytes()).unwrap();
        assert_eq!(back.values(), tally.values());
        assert!(Tally::from_bytes(&[1, 2, 3]).is_none());
    }

    #[test]
    fn many_values_are_counted_within_the_sketch_error() {
        let mut tally = Tally::default();
        for n in 0..150_000u32 {
            tally.add(&[1; 32], Entity::Mrn, &n.to_string());
        }
        let count = tally.counts()[&Entity::Mrn];
        assert!((146_000..154_000).contains(&count), "{count}");
        assert!(tally.values().is_empty());
    }
}
