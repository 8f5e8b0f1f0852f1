//! What a practice says about itself: the file behind `--practice`.

use serde::{Deserialize, Serialize};

use crate::content::{ContentError, parse_toml};
use crate::units::Usd;

/// A practice's own facts. Everything is optional; what is missing is replaced by a stated assumption.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PracticeProfile {
    /// The practice's name, for the report.
    pub name: String,
    /// The MSP's name, for the report.
    pub msp: String,
    /// Patients on file. `scan phi` measures its own figure and shows both.
    pub patients: Option<u64>,
    /// Takings of one working day, US dollars: what a day of downtime costs.
    pub production_per_day: Option<Usd>,
    /// Working days in a year.
    pub working_days: Option<u32>,
    /// What to judge against: the rule in force, or the 2025 proposal.
    pub profile: RuleProfile,
    /// Tools for remote support that the MSP uses; any other is a finding.
    pub remote_tools: Vec<String>,
}

impl Default for PracticeProfile {
    fn default() -> Self {
        Self {
            name: "This practice".to_owned(),
            msp: String::new(),
            patients: None,
            production_per_day: None,
            working_days: None,
            profile: RuleProfile::Current,
            remote_tools: Vec::new(),
        }
    }
}

impl PracticeProfile {
    /// Reads a practice file; `file` names it in errors.
    ///
    /// # Errors
    /// What is no such file, and numbers that no practice has: a figure that rests on one would be worth nothing.
    pub fn parse(file: &str, text: &str) -> Result<Self, ContentError> {
        let profile: Self = parse_toml(file, text)?;
        if let Some((key, message)) = profile.fault() {
            let help = "mend the number, or leave the line out: then a stated assumption counts";
            return Err(ContentError::in_entry(file, text, key, message, help));
        }
        Ok(profile)
    }

    /// The first number that no practice has: its key, and what is wrong with it.
    pub fn fault(&self) -> Option<(&'static str, &'static str)> {
        let takings = 1.0..=10_000_000.0;
        if self.patients == Some(0) {
            Some(("patients", "a practice has one patient at least"))
        } else if self.production_per_day.is_some_and(|usd| !takings.contains(&usd.0)) {
            Some(("production_per_day", "takings of a day are between 1 and 10,000,000 dollars"))
        } else if self.working_days.is_some_and(|days| !(1..=366).contains(&days)) {
            Some(("working_days", "a year has between 1 and 366 working days"))
        } else {
            None
        }
    }
}

/// Which text a practice is judged against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleProfile {
    /// 45 CFR 164 Subpart C as in force.
    #[default]
    Current,
    /// The rule proposed on 6 January 2025 (90 FR 898). A proposal, not law.
    Proposed2025,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_no_practice_has_are_named() {
        for (line, key) in [
            ("patients = 0", "patients"),
            ("production_per_day = -1.0", "production_per_day"),
            ("production_per_day = nan", "production_per_day"),
            ("working_days = 400", "working_days"),
        ] {
            let error = PracticeProfile::parse("p.toml", &format!("name = \"Birch\"\n{line}\n")).unwrap_err();
            assert_eq!((error.line, error.key.as_str()), (2, key));
        }
    }

    /// Every key stands in the docs with an example that is accepted, and nothing else does.
    #[test]
    fn the_docs_know_every_key() {
        let docs = include_str!("../../../docs/practice-file.md");
        let example = docs.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        let profile = PracticeProfile::parse("docs/practice-file.md", example).unwrap();
        assert_eq!(profile.patients, Some(4_200));
        let known = serde_json::to_value(PracticeProfile::default()).unwrap();
        for key in known.as_object().unwrap().keys() {
            assert!(docs.contains(&format!("| `{key}` |")), "{key} has no row");
            assert!(
                example.lines().any(|line| line.starts_with(&format!("{key} = "))),
                "{key} has no example"
            );
        }
        for profile in [RuleProfile::Current, RuleProfile::Proposed2025] {
            let word = serde_json::to_string(&profile).unwrap();
            assert!(docs.contains(&format!("`{word}`")), "{word}");
        }
    }
}
