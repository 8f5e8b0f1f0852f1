//! Records in trees: which object of a JSON or XML document is about one person.
//!
//! Values are gathered with their paths until the object that they belong to closes. An object becomes a record where it holds
//! two kinds of identifying labels, or one and stands in a list; otherwise its values count for the object around it.

use crate::sink::{Field, Sink};

/// Values held at once; a document with more in one object is no person.
const LEAVES: usize = 4096;
/// Bytes held at once.
const BYTES: usize = 1 << 20;
/// Labels that say nothing without the one above them.
const GENERIC: [&str; 10] =
    ["value", "text", "id", "number", "code", "extension", "no", "#", "display", "root"];
/// Labels whose value names what the value beside them is.
const KINDS: [&str; 8] = ["system", "type", "kind", "name", "label", "key", "code", "field"];
/// Lists whose elements are parts of a person, not people.
const PARTS: [&str; 9] =
    ["name", "names", "telecom", "identifier", "identifiers", "contact", "address", "phones", "emails"];

/// One value and where it stands.
pub(super) struct Leaf {
    /// Names from the root, joined by `/`; elements of a list have the list's name.
    pub(super) path: String,
    pub(super) value: String,
    /// Number of the innermost object, to tell elements of one list apart.
    pub(super) object: u64,
}

/// The values of the objects that are still open.
#[derive(Default)]
pub(super) struct Tree {
    path: String,
    open: Vec<Open>,
    leaves: Vec<Leaf>,
    bytes: usize,
    objects: u64,
}

struct Open {
    path_len: usize,
    first_leaf: usize,
    listed: bool,
    number: u64,
}

impl Tree {
    /// An object begins, named `name`; `listed` if it is an element of a list.
    pub(super) fn open(&mut self, name: &str, listed: bool) {
        self.objects += 1;
        self.open.push(Open {
            path_len: self.path.len(),
            first_leaf: self.leaves.len(),
            listed,
            number: self.objects,
        });
        if !name.is_empty() {
            self.path.push('/');
            self.path.push_str(name);
        }
    }

    /// A value of the open object.
    pub(super) fn leaf(&mut self, name: &str, value: &str, sink: &mut dyn Sink) {
        let value = value.trim();
        if value.is_empty() {
            return;
        }
        let path = format!("{}/{name}", self.path);
        self.bytes += path.len() + value.len();
        let object = self.open.last().map_or(0, |open| open.number);
        self.leaves.push(Leaf { path, value: value.to_owned(), object });
        if self.leaves.len() > LEAVES || self.bytes > BYTES {
            self.record_from(0, sink);
            for open in &mut self.open {
                open.first_leaf = 0;
            }
        }
    }

    /// The text of the innermost open object, which is a value of that name.
    pub(super) fn own_text(&mut self, value: &str, sink: &mut dyn Sink) {
        if let Some(open) = self.open.last()
            && !value.trim().is_empty()
        {
            let (outer, name) = (open.path_len, self.name().to_owned());
            let inner = self.path.split_off(outer);
            self.leaf(&name, value, sink);
            self.path.push_str(&inner);
        }
    }

    /// Name of the innermost open object.
    pub(super) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// Values of the innermost open object, objects inside it included.
    pub(super) fn leaves(&self) -> &[Leaf] {
        let first = self.open.last().map_or(0, |open| open.first_leaf);
        &self.leaves[first.min(self.leaves.len())..]
    }

    /// The path of the innermost open object.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Forgets the values of the innermost open object: they were dealt with.
    pub(super) fn take(&mut self) {
        let first = self.open.last().map_or(0, |open| open.first_leaf);
        self.bytes -= self
            .leaves
            .drain(first.min(self.leaves.len())..)
            .map(|leaf| leaf.path.len() + leaf.value.len())
            .sum::<usize>();
    }

    /// The innermost object ends; where it is a record, it is handed on. `people` is false in formats that say themselves what
    /// is a person.
    pub(super) fn close(&mut self, people: bool, sink: &mut dyn Sink) {
        let kinds = kinds_of_labels(self.leaves());
        let listed = self.open.last().is_some_and(|open| open.listed);
        let part = PARTS.contains(&self.name().to_ascii_lowercase().as_str());
        if let Some(open) = self.open.last()
            && people
            && (kinds >= 2 || (kinds == 1 && listed))
            && !part
        {
            self.record_from(open.first_leaf, sink);
        }
        if let Some(open) = self.open.pop() {
            self.path.truncate(open.path_len);
        }
        if self.open.is_empty() {
            self.record_from(0, sink);
        }
    }

    /// Hands on what is left.
    pub(super) fn finish(&mut self, sink: &mut dyn Sink) {
        self.open.clear();
        self.record_from(0, sink);
    }

    fn record_from(&mut self, first: usize, sink: &mut dyn Sink) {
        let leaves = self.leaves.split_off(first.min(self.leaves.len()));
        self.bytes -= leaves.iter().map(|leaf| leaf.path.len() + leaf.value.len()).sum::<usize>();
        if leaves.is_empty() {
            return;
        }
        sink.record();
        for leaf in &leaves {
            sink.field(Field { known: None, label: &label(leaf, &leaves), value: &leaf.value });
        }
    }
}

/// The last name of a path; with the one above it, or what a sibling says of it, where it is generic.
fn label(leaf: &Leaf, leaves: &[Leaf]) -> String {
    let mut names = leaf.path.rsplit('/');
    let last = names.next().unwrap_or_default();
    if !GENERIC.contains(&last.to_ascii_lowercase().as_str()) {
        return last.to_owned();
    }
    let above = names.next().unwrap_or_default();
    if last.eq_ignore_ascii_case("value") || last.eq_ignore_ascii_case("number") {
        let kind = leaves.iter().find(|other| {
            let name = other.path.rsplit('/').next().unwrap_or_default();
            other.object == leaf.object && KINDS.contains(&name.to_ascii_lowercase().as_str())
        });
        if let Some(kind) = kind {
            return format!("{above} {}", kind.value.rsplit(['/', ':']).next().unwrap_or_default());
        }
    }
    format!("{above} {last}").trim_start().to_owned()
}

/// How many kinds of identifying labels there are.
fn kinds_of_labels(leaves: &[Leaf]) -> u32 {
    const KINDS: [&[&str]; 6] = [
        &["name", "patient", "given", "family", "surname"],
        &["birth", "dob"],
        &["ssn", "social"],
        &["mrn", "chart", "member", "subscriber", "medicalrecord", "policy"],
        &["phone", "mobile", "cell", "tel"],
        &["mail"],
    ];
    let mut seen = 0_u32;
    for leaf in leaves {
        let last = leaf.path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
        for (bit, words) in KINDS.iter().enumerate() {
            seen |= u32::from(words.iter().any(|word| last.contains(word))) << bit;
        }
    }
    seen.count_ones()
}
