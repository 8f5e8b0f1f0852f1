//! Figures and states as a person says them. American English, short, no jargon.

use enamel_types::control::{ControlState, Statement};
use enamel_types::judgement::EvidenceOutcome;
use enamel_types::risk::Basis;
pub(crate) use enamel_types::words::{bytes, counted, date, grouped as count, last_day};
use enamel_types::{CheckOutcome, RuleResult, Severity, Timestamp};

use crate::LedgerFacts;

/// Lost entries named in a sentence; the rest are counted.
const LOST_LISTED: usize = 12;

/// `24 November 2026, 14:05 UTC`.
pub(crate) fn moment(time: Timestamp) -> String {
    time.strftime("%-d %B %Y, %H:%M UTC").to_string()
}

/// What became of lost entries, in a sentence; `None` where none was lost.
pub(crate) fn lost(ledger: &LedgerFacts) -> Option<String> {
    if ledger.lost == 0 {
        return None;
    }
    let mut named: Vec<String> = ledger.lost_seqs.iter().take(LOST_LISTED).map(|seq| count(*seq)).collect();
    let more = ledger.lost.saturating_sub(named.len() as u64);
    if more > 0 {
        named.push(if named.is_empty() { count(more) } else { format!("{} more", count(more)) });
    }
    let final_name = named.pop().unwrap_or_default();
    let list = if named.is_empty() { final_name } else { format!("{} and {final_name}", named.join(", ")) };
    Some(if ledger.lost == 1 {
        format!("Entry {list} was lost when the ledger was damaged; what it said is missing below.")
    } else {
        format!("Entries {list} were lost when the ledger was damaged; what they said is missing below.")
    })
}

/// How long before `now` a thing was: `today`, `3 days ago`.
pub(crate) fn age(time: Timestamp, now: Timestamp) -> String {
    match (now.as_second() - time.as_second()).div_euclid(86_400) {
        days if days < 1 => "today".to_owned(),
        1 => "yesterday".to_owned(),
        days if days < 60 => format!("{days} days ago"),
        days if days < 730 => format!("{} months ago", days / 30),
        days => format!("{} years ago", days / 365),
    }
}

/// A chance between 0 and 1 in per cent: `12 %` becomes `12%`, small ones keep a digit.
pub(crate) fn percent(chance: f64) -> String {
    let percent = chance * 100.0;
    match percent {
        p if p <= 0.0 => "0%".to_owned(),
        p if p < 0.1 => "less than 0.1%".to_owned(),
        p if p < 9.95 => format!("{p:.1}%"),
        p => format!("{p:.0}%"),
    }
}

/// How often a thing happens: `about once in 12 years`.
pub(crate) fn frequency(per_year: f64) -> String {
    match per_year {
        f if f <= 0.0 => "not expected".to_owned(),
        f if f < 0.001 => "less than once in 1,000 years".to_owned(),
        f if f < 0.95 => {
            let years = (1.0 / f).round().max(1.0);
            // Two figures: more would claim a precision that no such estimate has.
            let years = if years >= 100.0 { (years / 10.0).round() * 10.0 } else { years };
            if years < 2.0 {
                "about once a year".to_owned()
            } else {
                format!("about once in {years:.0} years")
            }
        }
        f if f < 1.5 => "about once a year".to_owned(),
        f => format!("about {f:.0} times a year"),
    }
}

/// A severity as a heading, with what it asks for.
pub(crate) const fn severity(severity: Severity) -> (&'static str, &'static str) {
    match severity {
        Severity::Critical => ("Critical", "fix today"),
        Severity::High => ("High", "fix this week"),
        Severity::Medium => ("Medium", "fix this quarter"),
        Severity::Low => ("Low", "fix when you are there anyway"),
        Severity::Informational => ("For information", "worth knowing"),
    }
}

/// A control's state: the word, and the key by which the page picks icon and color.
pub(crate) const fn state(state: ControlState) -> (&'static str, &'static str) {
    match state {
        ControlState::Met => ("Met", "met"),
        ControlState::Partly => ("Partly met", "partly"),
        ControlState::NotMet => ("Not met", "notmet"),
        ControlState::Unknown => ("Unknown", "unknown"),
    }
}

/// What a person states about a control.
pub(crate) const fn statement(statement: Statement) -> &'static str {
    match statement {
        Statement::Implemented => "It is done",
        Statement::EquivalentMeasure => "Another measure does the same job",
        Statement::NotReasonable => "Decided: not done here, because it is not reasonable",
        Statement::NotImplemented => "It is not done",
    }
}

/// Which way evidence points.
pub(crate) const fn evidence_outcome(outcome: EvidenceOutcome) -> (&'static str, &'static str) {
    match outcome {
        EvidenceOutcome::Supports => ("For", "met"),
        EvidenceOutcome::Contradicts => ("Against", "notmet"),
        EvidenceOutcome::Unknown => ("Could not be seen", "unknown"),
    }
}

/// The outcome of a check.
pub(crate) const fn check_outcome(outcome: CheckOutcome) -> (&'static str, &'static str) {
    match outcome {
        CheckOutcome::Pass => ("As it should be", "met"),
        CheckOutcome::Fail => ("Not as it should be", "notmet"),
        CheckOutcome::Unknown => ("Could not be decided", "unknown"),
        CheckOutcome::NotApplicable => ("Does not apply here", "none"),
    }
}

/// The rules that look for credentials in clear text, one for each kind of place, and what they ask for together.
pub(crate) const SECRET_RULES: &str = "secret.*";
pub(crate) const NO_SECRETS: &str = "No credentials in clear text";

/// A check's title beside its outcome. The rules for secrets are titled by the weakness, `Not so: …`, which reads as its
/// opposite next to "Not as it should be".
pub(crate) fn check_title(result: &RuleResult) -> &str {
    match result.title.strip_prefix("Not so: ") {
        Some(weakness) if result.outcome == CheckOutcome::Fail => weakness,
        Some(_) if result.rule.is_secret() => NO_SECRETS,
        _ => &result.title,
    }
}

/// Why a thing could not be seen, and what would help: our sensors write `permission denied; run as root`.
pub(crate) fn why_and_help(text: &str) -> (&str, &str) {
    text.split_once("; ").filter(|(_, help)| help.starts_with("run ")).unwrap_or((text, ""))
}

/// Where a number of the risk model comes from.
pub(crate) const fn basis(basis: Basis) -> &'static str {
    match basis {
        Basis::Measured => "Measured here",
        Basis::Stated => "Stated by the practice",
        Basis::Cited => "Published",
        Basis::Judgement => "Our judgment",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_as_a_person_says_them() {
        assert_eq!(frequency(0.08), "about once in 13 years");
        assert_eq!(frequency(0.9), "about once a year");
        assert_eq!(frequency(3.2), "about 3 times a year");
        assert_eq!(percent(0.0004), "less than 0.1%");
        assert_eq!(percent(0.994), "99%");
    }

    #[test]
    fn a_loss_is_named_and_what_is_too_long_is_counted() {
        let facts = |seqs: Vec<u64>, lost| LedgerFacts {
            entries: 10,
            through_seq: 90,
            root: String::new(),
            lost,
            lost_seqs: seqs,
        };
        assert_eq!(lost(&facts(vec![], 0)), None);
        let words = |seqs, count| lost(&facts(seqs, count)).unwrap();
        assert!(words(vec![6], 1).starts_with("Entry 6 was lost"));
        assert!(words(vec![6, 9, 1_200], 3).starts_with("Entries 6, 9 and 1,200 were lost"));
        assert!(words((1..=60).collect(), 4_000).contains(", 11, 12 and 3,988 more were lost"));
    }

    #[test]
    fn what_ends_at_midnight_last_counted_the_day_before() {
        assert_eq!(last_day("2027-05-05T00:00:00Z".parse().unwrap()), "4 May 2027");
        assert_eq!(last_day("2027-05-05T10:00:00Z".parse().unwrap()), "5 May 2027");
    }

    #[test]
    fn ages_count_back_from_the_report() {
        let now: Timestamp = "2026-11-24T09:00:00Z".parse().unwrap();
        for (seen, words) in [
            ("2026-11-24T00:00:00Z", "today"),
            ("2026-11-25T00:00:00Z", "today"),
            ("2026-11-23T08:00:00Z", "yesterday"),
            ("2026-11-01T09:00:00Z", "23 days ago"),
            ("2026-06-24T09:00:00Z", "5 months ago"),
            ("2020-11-24T09:00:00Z", "6 years ago"),
        ] {
            assert_eq!(age(seen.parse().unwrap(), now), words, "{seen}");
        }
        assert_eq!(date(now), "24 November 2026");
    }
}
