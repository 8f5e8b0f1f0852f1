//! A cause as a sentence, in plain words: the one place that mails, webhooks and tickets take them from.
//!
//! No path, no person and nothing of what was found inside a file is in a [`Cause`], so none is in here.

use enamel_store::alerts::Alert;
use serde::Deserialize;

use crate::reconcile::Cause;

/// What is told of an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// What is the matter, without a period.
    pub what: String,
    /// What to do next, or what it means.
    pub next: String,
}

/// That an alert did not arrive: the one cause that is not a practice's own.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, Deserialize)]
#[serde(tag = "reason", rename = "undelivered")]
pub(super) struct Undelivered {
    /// What people call the route.
    pub(super) route: String,
}

/// The sentence of an alert; of one whose kind this server does not know, its category.
pub fn of_alert(alert: &Alert) -> Sentence {
    if let Ok(cause) = serde_json::from_str::<Cause>(&alert.detail) {
        return of_cause(&cause);
    }
    if let Ok(undelivered) = serde_json::from_str::<Undelivered>(&alert.detail) {
        let what = format!("Alerts do not arrive at “{}”", one_line(&undelivered.route));
        let next = "Open Settings, send a test along that route, and mend what it says";
        return Sentence { what, next: next.to_owned() };
    }
    let what = format!("An alert of the kind “{}” is open", one_line(&alert.category));
    Sentence { what, next: "Open it in the console".to_owned() }
}

/// The sentence of a cause.
pub fn of_cause(cause: &Cause) -> Sentence {
    let many = |count: u64, one: &str, more: &str| format!("{count} {}", if count == 1 { one } else { more });
    let (what, next) = match cause {
        Cause::Weakness { title, action, computers, .. } => {
            (format!("{title}: {}", many(*computers, "computer", "computers")), action.clone())
        }
        Cause::Silent { computer, .. } => (
            format!("{computer} has gone silent"),
            "Find out whether it is switched off. Its safeguards will read “unknown” until it speaks again"
                .to_owned(),
        ),
        Cause::Fork { computer, .. } => (
            format!("Two computers speak as {computer}"),
            "A copy of its disk, or a disk that was set back. Enrol it again to tell them apart".to_owned(),
        ),
        Cause::Dropped { computer, observations, .. } => (
            format!(
                "{} of {computer} {} missing",
                many(*observations, "record", "records"),
                if *observations == 1 { "is" } else { "are" }
            ),
            "Evidence was lost on its way. Find out why before you rely on it".to_owned(),
        ),
        Cause::CertificateEnds { computer, until, .. } => (
            format!("{computer} can soon no longer report"),
            format!(
                "Its certificate ends on {} and was not renewed. Look whether its agent runs",
                until.strftime("%Y-%m-%d")
            ),
        ),
        Cause::Held { computer, .. } => (
            format!("A command waits for its hour: {computer}"),
            "It is carried out by itself unless somebody refuses".to_owned(),
        ),
        Cause::HeldBack { commands } => (
            format!("{} held back: too many at once", many(*commands, "command is", "commands are")),
            "Make sure that somebody of yours gave them, then release them in the console".to_owned(),
        ),
        Cause::AcceptanceEnds { title, until, .. } => (
            format!("An accepted risk counts again after {}: {title}", until.strftime("%Y-%m-%d")),
            "Decide again".to_owned(),
        ),
        Cause::Stale { controls } => (
            format!("{} no fresh evidence", many(*controls, "safeguard has", "safeguards have")),
            "Nobody can say whether they are met".to_owned(),
        ),
        Cause::BackupsUnknown => {
            ("Nobody knows whether there are backups".to_owned(), "Ask the practice".to_owned())
        }
        Cause::NoComputer => (
            "No computer is under watch yet".to_owned(),
            "Paste one line on a computer there, and its first findings appear within minutes".to_owned(),
        ),
    };
    Sentence { what: one_line(&what), next: one_line(&next) }
}

/// A text that an agent had a say in, as one line of bounded length without control characters or direction marks.
pub(super) fn one_line(text: &str) -> String {
    let shown = |letter: char| {
        let turns =
            matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}') {
            Some(' ')
        } else if turns {
            None
        } else {
            Some(letter)
        }
    };
    text.chars().filter_map(shown).take(300).collect()
}
