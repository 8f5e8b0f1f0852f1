//! The words of `content/signatures/phi.toml`, ready for lookup. Facts: that file, which says where each group comes from.

use std::collections::HashSet;
use std::sync::LazyLock;

use enamel_types::content::{ContentError, parse_toml};
use enamel_types::patient_data::Entity;
use serde::Deserialize;

use super::labels::{Labels, Meaning, Needs};
use super::look_back::LOOK_BACK;
use super::plain_text::PlainText;
use super::words::Words;

pub(super) const FILE: &str = "content/signatures/phi.toml";
/// The content as it is written.
pub(crate) const TEXT: &str = include_str!("../../../../content/signatures/phi.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Content {
    labels: Vec<LabelWords>,
    numbered: Vec<Numbered>,
    name_parts: Vec<NameParts>,
    exclude: Vec<Exclude>,
    values: Values,
    pub(super) names: Names,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LabelWords {
    entity: Entity,
    #[serde(rename = "language")]
    _language: String,
    /// What must stand near for a number with such a label to count.
    #[serde(default)]
    needs: Needs,
    words: Vec<String>,
}

/// Labels of names after which a number may follow at once.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Numbered {
    entity: Entity,
    words: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NameParts {
    part: NamePart,
    words: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exclude {
    #[serde(rename = "why")]
    _why: String,
    words: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Values {
    ssn_dummies: HashSet<String>,
    card_tests: HashSet<String>,
    nobody: HashSet<String>,
    role_mailboxes: HashSet<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Names {
    given: HashSet<String>,
    never: HashSet<String>,
    leads: Vec<String>,
    staff: Vec<String>,
    streets_and_firms: HashSet<String>,
    pub(super) fillers: HashSet<String>,
    pub(super) trade: HashSet<String>,
    pub(super) patients: HashSet<String>,
    pub(super) insurers: HashSet<String>,
}

/// Half of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum NamePart {
    /// The family's.
    Last,
    /// The person's.
    First,
}

/// The compiled words.
pub(crate) struct Vocabulary {
    pub(super) labels: Labels,
    given: Words,
    never: Words,
    streets_and_firms: Words,
    nobody: Words,
    content: Content,
}

impl Content {
    /// Every word of a label, with what it means and needs.
    pub(super) fn labels(&self) -> impl Iterator<Item = (Meaning, Needs, &str)> {
        fn of(
            meaning: Meaning,
            needs: Needs,
            words: &[String],
        ) -> impl Iterator<Item = (Meaning, Needs, &str)> {
            words.iter().map(move |word| (meaning, needs, word.as_str()))
        }
        let labels =
            self.labels.iter().flat_map(|some| of(Meaning::Is(some.entity), some.needs, &some.words));
        let parts =
            self.name_parts.iter().flat_map(|some| of(Meaning::Part(some.part), Needs::Nothing, &some.words));
        let others = self.exclude.iter().flat_map(|some| of(Meaning::Other, Needs::Nothing, &some.words));
        labels.chain(parts).chain(others)
    }

    /// What a number right after a label of names is.
    pub(super) fn numbered(&self, label: &str) -> Option<Entity> {
        self.numbered.iter().find(|some| some.words.iter().any(|word| word == label)).map(|some| some.entity)
    }
}

impl Vocabulary {
    /// The words compiled into the binary.
    pub(crate) fn get() -> &'static Self {
        static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(|| {
            Vocabulary::parse(TEXT).expect("a test holds that the compiled-in content parses")
        });
        &VOCABULARY
    }

    fn parse(text: &str) -> Result<Self, ContentError> {
        let content: Content = parse_toml(FILE, text)?;
        let labels = Labels::new(&content, text)?;
        Ok(Self {
            labels,
            given: Words::of(&content.names.given),
            never: Words::of(&content.names.never),
            streets_and_firms: Words::of(&content.names.streets_and_firms),
            nobody: Words::of(&content.values.nobody),
            content,
        })
    }

    pub(super) fn is_dummy_ssn(&self, digits: &str) -> bool {
        self.content.values.ssn_dummies.contains(digits)
    }

    pub(super) fn is_test_card(&self, digits: &str) -> bool {
        self.content.values.card_tests.contains(digits)
    }

    /// Whether a name is that of a phantom or a training patient. Takes the normal form.
    pub(super) fn is_nobody(&self, name: &str) -> bool {
        name.split([' ', '-']).any(|part| self.nobody.contains(part.as_bytes()))
    }

    pub(super) fn is_role_mailbox(&self, local: &str) -> bool {
        self.content.values.role_mailboxes.contains(local)
    }

    pub(super) fn is_given(&self, word: &str) -> bool {
        self.given.contains(word.as_bytes())
    }

    pub(super) fn never_in_name(&self, word: &str) -> bool {
        self.never.contains(word.as_bytes())
    }

    pub(super) fn is_street_or_firm(&self, word: &str) -> bool {
        self.streets_and_firms.contains(word.as_bytes())
    }

    pub(super) fn is_staff_before(&self, before: &str) -> bool {
        self.content.names.staff.iter().any(|word| ends_with_word(before, word))
    }

    /// Whether the words in front lead to a person's name.
    pub(super) fn leads_to_name(&self, before: &str) -> bool {
        let bare = before.trim_end_matches([':', '=', '-', '#', '.', ' ', '"', '*', '\t']);
        if self.content.names.leads.iter().any(|word| ends_with_word(bare, word)) {
            return true;
        }
        let from = (0..=bare.len().saturating_sub(LOOK_BACK))
            .rev()
            .find(|at| bare.is_char_boundary(*at))
            .unwrap_or(0);
        let mut plain = PlainText::new();
        plain.fill(&bare.as_bytes()[from..]);
        let text = plain.as_slice();
        self.labels
            .matches(text, from > 0)
            .last()
            .is_some_and(|(_, end, said)| end == text.len() && said.meaning == Meaning::Is(Entity::Name))
    }

    /// Whether a label of a person's data follows at once: `, DOB`, ` (SSN`, `: Member ID`.
    pub(super) fn person_follows(&self, after: &str) -> bool {
        let bare = after.trim_start_matches([',', ' ', '(', ':', '-', '[', '|', '\t', '\n', ';']);
        if after.len() - bare.len() > 4 {
            return false;
        }
        let mut plain = PlainText::new();
        plain.fill(&bare.as_bytes()[..bare.len().min(32)]);
        self.labels.matches(plain.as_slice(), false).next().is_some_and(|(start, _, said)| {
            start == 0 && matches!(said.meaning, Meaning::Is(kind) if !matches!(kind, Entity::Name | Entity::Phone | Entity::Email))
        })
    }
}

fn ends_with_word(text: &str, word: &str) -> bool {
    let Some(at) = text.len().checked_sub(word.len()) else { return false };
    let bytes = text.as_bytes();
    bytes[at..].eq_ignore_ascii_case(word.as_bytes()) && (at == 0 || !bytes[at - 1].is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_parses_and_no_word_means_two_things() {
        if let Err(error) = Vocabulary::parse(TEXT) {
            panic!("{error}: {}", error.help);
        }
    }
}
