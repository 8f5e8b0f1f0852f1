//! What a rule is called where only its id is known: in lists over the fleet, whose index holds nothing of what was found.
//!
//! A posture check's title is the weakness as content has it; families of rules without one are named by the catalogue.

use enamel_assess::Content;
use enamel_types::RuleId;

use super::words::Words;

/// The weakness that a rule finds.
pub(super) fn weakness(content: &Content, rule: &RuleId, words: &Words) -> String {
    if let Some(check) = content.checks.get(rule.as_str()) {
        return check.problem.clone();
    }
    match rule.as_str().split('.').next() {
        Some("secret") => words.t("rule-secret"),
        Some("phi") => words.t("rule-data"),
        Some("eol") => words.t("rule-end-of-life"),
        _ => rule.to_string(),
    }
}
