//! The values of one record, until it ends.

use enamel_types::patient_data::Entity;

use super::name;
use super::vocabulary::NamePart;

/// A row of a table, or a record of a format that has such a thing.
#[derive(Default)]
pub(super) struct Record {
    values: Vec<(Entity, String)>,
    first: String,
    last: String,
}

impl Record {
    /// Adds a value by its normal form.
    pub(super) fn push(&mut self, kind: Entity, norm: String) {
        if !self.values.iter().any(|(known, value)| *known == kind && *value == norm) {
            self.values.push((kind, norm));
        }
    }

    /// Whether nothing of a person is known yet.
    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty() && self.first.is_empty() && self.last.is_empty()
    }

    /// Adds half of a name.
    pub(super) fn part(&mut self, part: NamePart, raw: &str) {
        if !name::is_name_value(raw) {
            return;
        }
        let half = if part == NamePart::First { &mut self.first } else { &mut self.last };
        if half.is_empty() {
            half.push_str(raw.trim());
        } else if self.first.is_empty() == self.last.is_empty() {
            // Both halves were there: another person of the same record.
            self.join();
            self.part(part, raw);
        }
    }

    fn join(&mut self) {
        if !self.first.is_empty() && !self.last.is_empty() {
            let norm = name::normalise(&format!("{} {}", self.last, self.first));
            self.push(Entity::Name, norm);
        }
        self.first.clear();
        self.last.clear();
    }

    /// Whether this value shows that another person begins, in a format that does not say where records end.
    pub(super) fn begins_another(&self, kind: Entity, norm: &str) -> bool {
        matches!(kind, Entity::Ssn | Entity::Dob)
            && self.values.iter().any(|(known, value)| *known == kind && value != norm)
    }

    /// Ends the record and gives its values.
    pub(super) fn finish(&mut self) -> Vec<(Entity, String)> {
        self.join();
        std::mem::take(&mut self.values)
    }
}
