//! The control catalogue: what the rule asks for, and which evidence answers it.
//!
//! Facts come from `content/controls/hipaa.toml`, built from Appendix A to Subpart C of 45 CFR part 164 and the standards of
//! 164.314 and 164.316. Titles are the rule's; questions and explanations are our own words. The 2025 proposal is a second
//! reading of the same rows ([`Proposed`]), never law.

use std::collections::BTreeSet;

use enamel_types::content::{ContentError, parse_toml};
use enamel_types::control::Statement;
use enamel_types::practice::RuleProfile;
use enamel_types::time::Timestamp;
use enamel_types::{ControlId, RuleId};
use jiff::ToSpan as _;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use serde::Deserialize;

const BUILTIN: &[(&str, &str)] =
    &[("content/controls/hipaa.toml", include_str!("../../../content/controls/hipaa.toml"))];

/// All controls that a practice is held against, in the rule's order.
#[derive(Debug, Clone, PartialEq)]
pub struct Catalogue {
    controls: Vec<Control>,
    frameworks: Vec<Framework>,
}

/// One row of the rule: a standard without specifications, or an implementation specification.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Control {
    /// The paragraph, as it is cited: `164.312(a)(2)(iv)`.
    pub id: ControlId,
    /// The standard it belongs to: `164.312(a)(1)`; the same as `id` for a standard without specifications.
    pub standard: String,
    /// The standard's title.
    pub standard_title: String,
    /// The row's title.
    pub title: String,
    /// Required or addressable, in the rule in force.
    requirement: Requirement,
    /// What an office manager is asked.
    pub question: String,
    /// What it is for in a dental office.
    pub explanation: String,
    /// Where paragraph and mark were checked.
    pub source: String,
    /// Whether paragraph and mark were seen in that source.
    pub verified: bool,
    /// Months for which a statement counts at most; it may name a shorter time.
    #[serde(default = "a_year")]
    pub attestation_months: u8,
    /// What must be seen for it to be met.
    #[serde(rename = "aspect")]
    pub aspects: Vec<Aspect>,
    /// What the 2025 proposal would change.
    #[serde(default)]
    pub proposed: Proposed,
    /// Ids in NIST CSF 2.0.
    #[serde(default)]
    csf: Vec<String>,
    /// Ids in HICP 2023, technical volume 1.
    #[serde(default)]
    hicp: Vec<String>,
    /// Ids in CIS Controls v8.1.
    #[serde(default)]
    cis: Vec<String>,
}

const fn a_year() -> u8 {
    12
}

/// Whether the rule leaves room for a decision (45 CFR 164.306(d)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Requirement {
    /// Must be done.
    Required,
    /// Must be done, or a written decision says what stands in for it or why it is not reasonable here.
    Addressable,
}

/// One thing that must be seen before a control is met.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aspect {
    /// What is looked for: `The disks of every computer are encrypted`.
    pub name: String,
    /// Rules whose results are evidence for it; `secret.*` means every rule that begins so.
    #[serde(default)]
    pub rules: Vec<String>,
    /// Whether a person's statement can stand for it, because no sensor sees it, or not all of it.
    #[serde(default)]
    pub attestable: bool,
    /// Whether failing this alone means that the control is not met; otherwise it is met in part.
    #[serde(default = "yes")]
    pub essential: bool,
}

const fn yes() -> bool {
    true
}

impl Aspect {
    /// Whether results of this rule are evidence for the aspect.
    pub fn wants(&self, rule: &RuleId) -> bool {
        self.rules.iter().any(|pattern| rule_matches(pattern, rule))
    }
}

/// Whether a rule is meant by `W03` or by a pattern like `secret.*`.
pub(crate) fn rule_matches(pattern: &str, rule: &RuleId) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => rule.as_str().starts_with(prefix),
        None => rule.as_str() == pattern,
    }
}

/// What the rule proposed on 6 January 2025 would change. A proposal, not law.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proposed {
    /// The change in our words; empty where nothing but the end of *addressable* changes.
    #[serde(default)]
    pub change: String,
    /// A statement made longer ago than this many months would no longer count.
    #[serde(default)]
    pub max_age_months: Option<u8>,
    /// What must be seen on top.
    #[serde(default, rename = "aspect")]
    pub aspects: Vec<Aspect>,
}

/// A framework that controls point to by id only.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Framework {
    key: String,
    title: String,
    verified: bool,
    source: String,
}

/// A pointer into another framework.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference<'a> {
    /// The framework's name: `NIST CSF 2.0`.
    pub framework: &'a str,
    /// The id there.
    pub id: &'a str,
    /// Whether the id was checked in a copy of the framework; `false` means from memory.
    pub verified: bool,
    /// Where it was checked, or that it was not.
    pub source: &'a str,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    framework: Vec<Framework>,
    control: Vec<Control>,
}

impl Control {
    /// Required or addressable. The 2025 proposal knows no *addressable*.
    pub const fn requirement(&self, profile: RuleProfile) -> Requirement {
        match profile {
            RuleProfile::Current => self.requirement,
            RuleProfile::Proposed2025 => Requirement::Required,
        }
    }

    /// Whether a statement of this kind settles anything here. *Implemented* does where some aspect may be shown by a
    /// person's word; a decision does where the rule leaves one (45 CFR 164.306(d)(3)); that it is not done always counts.
    pub fn counts(&self, statement: Statement, profile: RuleProfile) -> bool {
        match statement {
            Statement::Implemented => self.aspects(profile).any(|aspect| aspect.attestable),
            Statement::EquivalentMeasure | Statement::NotReasonable => {
                self.requirement(profile) == Requirement::Addressable
            }
            Statement::NotImplemented => true,
        }
    }

    /// The last day (UTC) on which a statement made at this time may count, whatever it says itself:
    /// [`Self::attestation_months`] later.
    pub fn last_day_of_statement(&self, made_at: Timestamp) -> Date {
        TimeZone::UTC.to_datetime(made_at).date().saturating_add(i32::from(self.attestation_months).months())
    }

    /// When a statement stops counting: when it says so, but no later than the end of [`Self::last_day_of_statement`].
    pub(crate) fn statement_ends(&self, made_at: Timestamp, expires_at: Timestamp) -> Timestamp {
        let after = self.last_day_of_statement(made_at).saturating_add(1.day());
        // Past the end of the calendar nothing can be cut.
        TimeZone::UTC
            .to_timestamp(after.to_datetime(Time::midnight()))
            .map_or(expires_at, |end| end.min(expires_at))
    }

    /// What must be seen under a profile.
    pub fn aspects(&self, profile: RuleProfile) -> impl Iterator<Item = &Aspect> {
        let proposed: &[Aspect] = match profile {
            RuleProfile::Current => &[],
            RuleProfile::Proposed2025 => &self.proposed.aspects,
        };
        self.aspects.iter().chain(proposed)
    }
}

impl Catalogue {
    /// The catalogue that is compiled in.
    pub fn builtin() -> Result<Self, ContentError> {
        Self::from_files(BUILTIN.iter().copied())
    }

    /// Reads a catalogue from `(file name, text)` pairs.
    pub fn from_files<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, ContentError> {
        let mut catalogue = Self { controls: Vec::new(), frameworks: Vec::new() };
        let mut seen = BTreeSet::new();
        for (file, text) in files {
            let parsed: File = parse_toml(file, text)?;
            catalogue.frameworks.extend(parsed.framework);
            for control in parsed.control {
                check(file, text, &control)?;
                if !seen.insert(control.id.clone()) {
                    let key = format!("id = \"{}\"", control.id);
                    let help = "give every paragraph one entry; join the two";
                    return Err(ContentError::in_entry(
                        file,
                        text,
                        &key,
                        format!("{} stands twice", control.id),
                        help,
                    ));
                }
                catalogue.controls.push(control);
            }
        }
        Ok(catalogue)
    }

    /// All controls, in the rule's order.
    pub fn controls(&self) -> &[Control] {
        &self.controls
    }

    /// The control with this id.
    pub fn get(&self, id: &ControlId) -> Option<&Control> {
        self.controls.iter().find(|control| control.id == *id)
    }

    /// Where else the same thing is asked for: ids only.
    pub fn references<'a>(&'a self, control: &'a Control) -> impl Iterator<Item = Reference<'a>> {
        self.frameworks.iter().flat_map(move |framework| {
            let ids = match framework.key.as_str() {
                "csf" => &control.csf,
                "hicp" => &control.hicp,
                _ => &control.cis,
            };
            ids.iter().map(move |id| Reference {
                framework: &framework.title,
                id,
                verified: framework.verified,
                source: &framework.source,
            })
        })
    }
}

/// What TOML's shape cannot say.
fn check(file: &str, text: &str, control: &Control) -> Result<(), ContentError> {
    let fail = |message: String, help: &str| {
        Err(ContentError::in_entry(file, text, &format!("id = \"{}\"", control.id), message, help))
    };
    let id = &control.id;
    if control.aspects.is_empty() {
        return fail(format!("{id} says nothing about evidence"), "add at least one [[control.aspect]]");
    }
    for aspect in control.aspects(RuleProfile::Proposed2025) {
        if aspect.rules.is_empty() && !aspect.attestable {
            let message = format!("{id}: nothing can ever show {:?}", aspect.name);
            return fail(message, "name rules, or set attestable = true");
        }
        if let Some(bad) = aspect.rules.iter().find(|rule| RuleId::new(rule.as_str()).is_err()) {
            return fail(
                format!("{id}: {bad:?} is not a rule id"),
                "use ids such as W03, phi.folder or secret.*",
            );
        }
    }
    if control.attestation_months == 0 {
        return fail(
            format!("{id}: a statement that counts for 0 months never counts"),
            "use 1 to 36 months",
        );
    }
    Ok(())
}
