//! How many people: identifiers of one record belong to one person, and records that share one are one person.
//!
//! Works on fingerprints only. Exact up to a limit, then a HyperLogLog sketch (Flajolet and others 2007, with 2^14
//! registers: standard error 1.04/sqrt(16384) = 0.8 %), so that memory is bounded whatever is scanned. `docs/patient-data.md`
//! says how the bounds come about.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use enamel_types::patient_data::Entity;
use enamel_types::units::Estimate;

/// A map whose keys are fingerprints and need no further hashing.
pub(crate) type FingerprintMap<V> = HashMap<u64, V, BuildHasherDefault<AsIs>>;

/// A set of fingerprints.
pub(crate) type FingerprintSet = HashSet<u64, BuildHasherDefault<AsIs>>;

/// Passes a fingerprint on as its own hash.
#[derive(Default)]
pub(crate) struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.0 ^= u64::from_le_bytes(word);
        }
    }
    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

/// What is known of one person: the first fingerprint seen of each kind, 0 where there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) ssn: u64,
    pub(crate) mrn: u64,
    pub(crate) member: u64,
    pub(crate) dob: u64,
    pub(crate) name: u64,
    pub(crate) card: u64,
    pub(crate) contact: u64,
}

impl Person {
    /// Adds one value; the first of a kind stays.
    pub(crate) fn set(&mut self, kind: Entity, fingerprint: u64) {
        let slot = self.slot(kind);
        if *slot == 0 {
            *slot = fingerprint;
        }
    }

    fn slot(&mut self, kind: Entity) -> &mut u64 {
        match kind {
            Entity::Ssn => &mut self.ssn,
            Entity::Mrn => &mut self.mrn,
            Entity::MemberId => &mut self.member,
            Entity::Dob => &mut self.dob,
            Entity::Name => &mut self.name,
            Entity::Pan => &mut self.card,
            Entity::Phone | Entity::Email => &mut self.contact,
        }
    }

    /// The words of its stored form, in order.
    pub(crate) const fn to_words(self) -> [u64; 7] {
        [self.ssn, self.mrn, self.member, self.dob, self.name, self.card, self.contact]
    }

    /// The inverse of [`Person::to_words`].
    pub(crate) const fn from_words([ssn, mrn, member, dob, name, card, contact]: [u64; 7]) -> Self {
        Self { ssn, mrn, member, dob, name, card, contact }
    }

    /// Whether it is somebody at all: a telephone number or a date alone is not.
    pub(crate) fn is_somebody(&self) -> bool {
        let identified = self.ssn | self.mrn | self.member | self.card != 0;
        identified || (self.name != 0 && self.dob | self.contact != 0)
    }

    fn contradicts(&self, other: &Self) -> bool {
        let apart = |a: u64, b: u64| a != 0 && b != 0 && a != b;
        apart(self.ssn, other.ssn) || apart(self.dob, other.dob) || apart(self.mrn, other.mrn)
    }

    fn take(&mut self, other: &Self) {
        for (mine, theirs) in [
            (&mut self.ssn, other.ssn),
            (&mut self.mrn, other.mrn),
            (&mut self.member, other.member),
            (&mut self.dob, other.dob),
            (&mut self.name, other.name),
            (&mut self.card, other.card),
            (&mut self.contact, other.contact),
        ] {
            if *mine == 0 {
                *mine = theirs;
            }
        }
    }

    /// Keys that only one person has. A family may share a member id or a card, never together with a name or birthday.
    fn keys(&self) -> impl Iterator<Item = u64> {
        let pair = |tag: u64, a: u64, b: u64| if a == 0 || b == 0 { 0 } else { mix(tag, a, b) };
        let one = |tag: u64, a: u64| pair(tag, a, 1);
        [
            one(1, self.ssn),
            one(2, self.mrn),
            pair(3, self.name, self.dob),
            pair(4, self.member, self.dob),
            pair(5, self.member, self.name),
            pair(6, self.name, self.card),
            pair(7, self.name, self.contact),
        ]
        .into_iter()
        .filter(|key| *key != 0)
    }

    /// The one key that stands for the person in a sketch.
    fn primary(&self) -> u64 {
        self.keys().next().unwrap_or_else(|| self.weak_key())
    }

    /// A key that another person may have too.
    fn weak_key(&self) -> u64 {
        mix(
            8,
            if self.member == 0 { self.name } else { self.member },
            if self.member | self.name == 0 { self.card } else { 1 },
        )
    }
}

/// Two fingerprints into one (the finaliser of SplitMix64; the inputs are random already).
const fn mix(tag: u64, a: u64, b: u64) -> u64 {
    let mut x = a ^ b.rotate_left(23) ^ tag.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// People below one root, in one folder or in one file.
#[derive(Debug, Clone)]
pub(crate) struct People {
    limit: usize,
    /// Union-find: the index of a person that this one was found to be; itself if it is its own.
    parents: Vec<u32>,
    persons: Vec<Person>,
    keys: FingerprintMap<u32>,
    names: FingerprintMap<u32>,
    /// Groups that nothing but a name holds together.
    joined_by_name: u64,
    distinct: u64,
    sketch: Option<Sketch>,
    /// Whether records are only kept, to be joined when they are merged into another group.
    unjoined: bool,
}

impl People {
    /// Nobody yet, in a part of a text: its records stay as they come, so that merging the parts in their order gives what one
    /// pass over the whole text gives.
    pub(crate) fn unjoined() -> Self {
        Self { unjoined: true, ..Self::new(usize::MAX) }
    }

    /// Nobody yet. Up to `limit` people are told apart exactly.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            parents: Vec::new(),
            persons: Vec::new(),
            keys: FingerprintMap::default(),
            names: FingerprintMap::default(),
            joined_by_name: 0,
            distinct: 0,
            sketch: None,
            unjoined: false,
        }
    }

    /// Adds what one record says about one person.
    pub(crate) fn add(&mut self, person: Person) {
        if !person.is_somebody() {
            return;
        }
        if let Some(sketch) = &mut self.sketch {
            sketch.add(person.primary());
            return;
        }
        if self.unjoined {
            self.push(person);
            return;
        }
        let mut mine = None;
        for key in person.keys() {
            if let Some(&index) = self.keys.get(&key) {
                let root = self.root(index);
                mine = Some(match mine {
                    None => root,
                    Some(before) => self.join(before, root),
                });
            }
        }
        if mine.is_none() && person.name | person.ssn | person.mrn == 0 {
            // Nothing but a member id or a card: whoever has it first is meant.
            if let Some(&index) = self.keys.get(&person.weak_key()) {
                mine = Some(self.root(index));
            }
        }
        if mine.is_none()
            && person.name != 0
            && let Some(&index) = self.names.get(&person.name)
        {
            let root = self.root(index);
            if !self.persons[root as usize].contradicts(&person) {
                self.joined_by_name += 1;
                mine = Some(root);
            }
        }
        let index = mine.unwrap_or_else(|| self.push(person));
        self.persons[index as usize].take(&person);
        self.know(index, &person);
        if self.persons.len() > self.limit {
            self.become_sketch();
        }
    }

    /// Makes what `person` says lead to the person at `index`.
    fn know(&mut self, index: u32, person: &Person) {
        for key in person.keys() {
            self.keys.insert(key, index);
        }
        if person.member | person.card != 0 {
            self.keys.entry(person.weak_key()).or_insert(index);
        }
        if person.name != 0 {
            self.names.entry(person.name).or_insert(index);
        }
    }

    fn push(&mut self, person: Person) -> u32 {
        let index = u32::try_from(self.persons.len()).unwrap_or(u32::MAX);
        self.parents.push(index);
        self.persons.push(person);
        self.distinct += 1;
        index
    }

    fn root(&mut self, mut index: u32) -> u32 {
        while self.parents[index as usize] != index {
            let above = self.parents[self.parents[index as usize] as usize];
            self.parents[index as usize] = above;
            index = above;
        }
        index
    }

    fn join(&mut self, a: u32, b: u32) -> u32 {
        if a != b {
            self.parents[b as usize] = a;
            let theirs = self.persons[b as usize];
            self.persons[a as usize].take(&theirs);
            self.distinct -= 1;
        }
        a
    }

    fn become_sketch(&mut self) {
        let mut sketch = Sketch::default();
        for (index, person) in self.persons.iter().enumerate() {
            if self.parents[index] as usize == index {
                sketch.add(person.primary());
            }
        }
        *self = Self { sketch: Some(sketch), ..Self::new(self.limit) };
    }

    /// Adds everybody of another group.
    pub(crate) fn merge(&mut self, other: &Self) {
        if let Some(theirs) = &other.sketch {
            if self.sketch.is_none() {
                self.become_sketch();
            }
            if let Some(mine) = &mut self.sketch {
                mine.merge(theirs);
            }
            return;
        }
        // What a name alone holds together there is no surer here.
        self.joined_by_name += other.joined_by_name;
        for person in other.persons() {
            self.add(person);
        }
    }

    /// The people told apart, where that was exact.
    pub(crate) fn persons(&self) -> impl Iterator<Item = Person> + '_ {
        self.persons
            .iter()
            .enumerate()
            .filter(|(index, _)| self.parents[*index] as usize == *index)
            .map(|(_, p)| *p)
    }

    /// How many, with bounds.
    ///
    /// Exact counting: `high` takes records joined by nothing but a name for different people, `low` takes people known by
    /// nothing but a name and a telephone number or by a card alone for people already counted. Member ids and cards without
    /// anything else, as a table of policies has them, are taken for those of the people known otherwise, as far as those reach;
    /// `high` takes them for more. A sketch: 90 % of the error.
    pub(crate) fn estimate(&self) -> Estimate {
        if let Some(sketch) = &self.sketch {
            return sketch.estimate();
        }
        let numbers = |p: &Person| p.ssn | p.mrn | p.name | p.dob == 0;
        let loose = self.persons().filter(numbers).count() as u64;
        let known = self.distinct - loose;
        let value = known.max(loose);
        let unsure = |p: &Person| p.ssn | p.mrn | p.member == 0 && (p.name == 0 || p.dob == 0);
        let sure = self.persons().filter(|p| !unsure(p)).count() as u64;
        let low = sure.min(value).max(value.min(1));
        Estimate { value, low, high: known + loose + self.joined_by_name }
    }

    /// Form for the cache: a sketch's registers, or how many were joined by a name and then everybody.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        match &self.sketch {
            Some(sketch) => sketch.registers.clone(),
            None => std::iter::once(self.joined_by_name)
                .chain(self.persons().flat_map(Person::to_words))
                .flat_map(u64::to_le_bytes)
                .collect(),
        }
    }

    /// The inverse of [`People::to_bytes`]; `None` if the bytes are not of that form. Who was told apart stays apart.
    pub(crate) fn from_bytes(limit: usize, bytes: &[u8], is_sketch: bool) -> Option<Self> {
        let mut people = Self::new(limit);
        if is_sketch {
            people.sketch = Some(Sketch::from_registers(bytes)?);
            return Some(people);
        }
        let (joined_by_name, rows) = bytes.split_first_chunk()?;
        people.joined_by_name = u64::from_le_bytes(*joined_by_name);
        let (rows, []) = rows.as_chunks::<56>() else { return None };
        for row in rows {
            let (words, _) = row.as_chunks::<8>();
            let mut person = [0; 7];
            for (word, bytes) in person.iter_mut().zip(words) {
                *word = u64::from_le_bytes(*bytes);
            }
            let person = Person::from_words(person);
            let index = people.push(person);
            people.know(index, &person);
        }
        Some(people)
    }

    /// Whether the count is a sketch's.
    pub(crate) fn is_sketch(&self) -> bool {
        self.sketch.is_some()
    }
}

const BITS: u32 = 14;
const REGISTERS: usize = 1 << BITS;

/// A HyperLogLog of fingerprints.
#[derive(Debug, Clone)]
pub(crate) struct Sketch {
    registers: Vec<u8>,
}

impl Default for Sketch {
    fn default() -> Self {
        Self { registers: vec![0; REGISTERS] }
    }
}

impl Sketch {
    /// Its stored form.
    pub(crate) fn registers(&self) -> &[u8] {
        &self.registers
    }

    /// The inverse of [`Sketch::registers`]; `None` if the length is wrong.
    pub(crate) fn from_registers(registers: &[u8]) -> Option<Self> {
        (registers.len() == REGISTERS).then(|| Self { registers: registers.to_vec() })
    }

    /// Adds one fingerprint.
    pub(crate) fn add(&mut self, fingerprint: u64) {
        #[allow(clippy::cast_possible_truncation)] // 14 bits
        let register = (fingerprint >> (64 - BITS)) as usize;
        #[allow(clippy::cast_possible_truncation)] // at most 51
        let rank = ((fingerprint << BITS) | (1 << (BITS - 1))).leading_zeros() as u8 + 1;
        self.registers[register] = self.registers[register].max(rank);
    }

    /// Adds all of another sketch.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.registers.iter_mut().zip(&other.registers) {
            *mine = (*mine).max(*theirs);
        }
    }

    /// The count with its 90 % bounds.
    pub(crate) fn estimate(&self) -> Estimate {
        let m = REGISTERS as f64;
        let sum: f64 = self.registers.iter().map(|rank| 2f64.powi(-i32::from(*rank))).sum();
        let raw = 0.7213 / (1.0 + 1.079 / m) * m * m / sum;
        #[allow(clippy::naive_bytecount)] // once for each file with very many values
        let empty = self.registers.iter().filter(|rank| **rank == 0).count();
        let value = if raw <= 2.5 * m && empty > 0 { m * (m / empty as f64).ln() } else { raw };
        let error = 1.645 * 1.04 / m.sqrt();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        // counts are positive and below 2^53
        let round = |x: f64| x.round() as u64;
        Estimate {
            value: round(value),
            low: round(value * (1.0 - error)),
            high: round(value * (1.0 + error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fingerprint(n: u64) -> u64 {
        mix(99, n, 7) | 1
    }

    fn person(name: u64, dob: u64, ssn: u64) -> Person {
        let of = |n| if n == 0 { 0 } else { fingerprint(n) };
        Person { name: of(name), dob: of(dob), ssn: of(ssn), ..Person::default() }
    }

    #[test]
    fn records_that_share_an_identifier_are_one_person() {
        let mut people = People::new(100);
        people.add(person(1, 2, 0));
        people.add(person(0, 0, 3));
        assert_eq!(people.estimate().value, 2);
        people.add(person(1, 2, 3));
        assert_eq!(
            people.estimate(),
            Estimate::exact(1),
            "the third record shows that the first two are one"
        );
    }

    #[test]
    fn the_same_name_is_one_person_unless_something_contradicts() {
        let mut people = People::new(100);
        people.add(person(1, 0, 3));
        people.add(person(1, 2, 0));
        assert_eq!(people.estimate(), Estimate { value: 1, low: 1, high: 2 });
        people.add(person(1, 4, 0));
        assert_eq!(people.estimate().value, 2, "another birthday is another John Smith");
    }

    #[test]
    fn numbers_without_names_stay_apart() {
        let mut people = People::new(100);
        for n in 1..=5 {
            people.add(person(0, 0, n));
        }
        assert_eq!(people.estimate(), Estimate::exact(5));
    }

    #[test]
    fn nobody_is_counted_by_a_date_or_a_telephone_number() {
        let mut people = People::new(100);
        people.add(person(0, 2, 0));
        people.add(Person { contact: 5, ..Person::default() });
        assert_eq!(people.estimate(), Estimate::exact(0));
    }

    #[test]
    fn past_the_limit_the_estimate_keeps_its_bounds() {
        let (mut people, mut other) = (People::new(1000), People::new(1000));
        for n in 1..=60_000 {
            people.add(person(n, n + 1_000_000, n + 2_000_000));
            other.add(person(n + 30_000, n + 1_030_000, n + 2_030_000));
        }
        let estimate = people.estimate();
        assert!(people.is_sketch() && estimate.low <= 60_000 && 60_000 <= estimate.high, "{estimate:?}");
        people.merge(&other);
        let estimate = people.estimate();
        assert!(estimate.low <= 90_000 && 90_000 <= estimate.high, "{estimate:?}");
    }

    #[test]
    fn the_stored_form_comes_back() {
        for limit in [100, 10] {
            let mut people = People::new(limit);
            for n in 1..50 {
                people.add(person(n, n + 100, n + 200));
            }
            let back = People::from_bytes(limit, &people.to_bytes(), people.is_sketch()).unwrap();
            assert_eq!(back.estimate(), people.estimate());
        }
        assert!(People::from_bytes(10, &[1, 2, 3], false).is_none());
    }
}
