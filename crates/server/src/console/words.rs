//! Every word the console says, in the reader's language: one Fluent catalogue a language, and figures, money and times as
//! that reader writes them.
//!
//! Facts come from `content/words/*.ftl`. Nothing here decides what is said; a screen's model does. A key that a language
//! lacks is said in English, and a test holds that none is lacking. Spanish is that of the United States: a point before
//! decimals, a comma between thousands.

use std::fmt;
use std::sync::LazyLock;

use enamel_types::command::CommandClass;
use enamel_types::control::{ControlState, Grounds};
use enamel_types::words::{group_digits, grouped};
use enamel_types::{EvidenceOutcome, Minutes, Role, Severity, Timestamp, Usd};
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use jiff::tz::TimeZone;
use unic_langid::LanguageIdentifier;

/// A language of the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Spanish.
    Es,
}

impl Lang {
    /// Both.
    pub const ALL: [Self; 2] = [Self::En, Self::Es];

    /// As it is written in a cookie and in `lang`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Es => "es",
        }
    }

    /// The language of a tag.
    pub fn of(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lang| lang.tag() == tag)
    }

    /// What a browser asks for, by its order of wishes; English where it wishes for neither.
    pub fn accepted(header: &str) -> Self {
        header.split(',').find_map(|wish| Self::of(wish.trim().get(..2)?)).unwrap_or_default()
    }
}

/// The catalogues, as they were written.
pub const CATALOGUES: [(Lang, &str); 2] = [
    (Lang::En, include_str!("../../../../content/words/en.ftl")),
    (Lang::Es, include_str!("../../../../content/words/es.ftl")),
];

static BUNDLES: LazyLock<[FluentBundle<FluentResource>; 2]> = LazyLock::new(|| CATALOGUES.map(bundle));

fn bundle((lang, text): (Lang, &str)) -> FluentBundle<FluentResource> {
    // A line that is no Fluent is left out of the resource; the test over the catalogues names it.
    let resource = FluentResource::try_new(text.to_owned()).unwrap_or_else(|(resource, _)| resource);
    let tag: LanguageIdentifier = match lang {
        Lang::En => unic_langid::langid!("en-US"),
        Lang::Es => unic_langid::langid!("es-US"),
    };
    let mut bundle = FluentBundle::new_concurrent(vec![tag]);
    bundle.set_use_isolating(false); // names are shown through `text::shown`, which leaves no direction mark alive
    bundle.set_formatter(Some(|value, _| match value {
        FluentValue::Number(number) => Some(group_digits(&format!("{:.0}", number.value))),
        _ => None,
    }));
    bundle.add_resource_overriding(resource);
    bundle
}

/// Who reads, and when: everything that a word, a figure or a time depends on.
#[derive(Debug, Clone)]
pub struct Words {
    /// The language.
    pub lang: Lang,
    /// The reader's time zone.
    pub zone: TimeZone,
    /// The moment of the page.
    pub now: Timestamp,
}

/// A count, as templates have it: by value or behind the references that they put around it.
pub struct Count(u64);

impl From<u64> for Count {
    fn from(count: u64) -> Self {
        Self(count)
    }
}

impl From<&u64> for Count {
    fn from(count: &u64) -> Self {
        Self(*count)
    }
}

impl From<&&u64> for Count {
    fn from(count: &&u64) -> Self {
        Self(**count)
    }
}

/// A sentence that waits for its figures and names.
pub struct Phrase<'a> {
    words: &'a Words,
    key: &'a str,
    args: FluentArgs<'a>,
}

impl Phrase<'_> {
    /// A count; it picks the plural.
    #[must_use]
    pub fn n(mut self, name: &'static str, value: impl Into<Count>) -> Self {
        self.args.set(name, FluentValue::from(value.into().0));
        self
    }

    /// A name or ready words.
    #[must_use]
    pub fn s(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.args.set(name, FluentValue::String(value.to_string().into()));
        self
    }
}

impl fmt::Display for Phrase<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words.format(self.key, Some(&self.args)))
    }
}

impl Words {
    /// The words of a key.
    pub fn t(&self, key: &str) -> String {
        self.format(key, None)
    }

    /// A sentence with figures or names in it.
    pub fn say<'a>(&'a self, key: &'a str) -> Phrase<'a> {
        Phrase { words: self, key, args: FluentArgs::new() }
    }

    fn format(&self, key: &str, args: Option<&FluentArgs<'_>>) -> String {
        let order = match self.lang {
            Lang::En => [0, 1],
            Lang::Es => [1, 0],
        };
        for index in order {
            let bundle = &BUNDLES[index];
            if let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) {
                return bundle.format_pattern(pattern, args, &mut Vec::new()).into_owned();
            }
        }
        format!("⟦{key}⟧")
    }

    /// `12,450`.
    pub fn count(&self, value: impl Into<Count>) -> String {
        grouped(value.into().0)
    }

    /// `$12,400`, to three figures: more would claim a precision that no such estimate has.
    pub fn money(&self, value: &Usd) -> String {
        value.to_string()
    }

    /// `1 h 30 min`.
    pub fn minutes(&self, value: &Minutes) -> String {
        value.to_string()
    }

    /// `12%`, in Spanish `12 %`.
    pub fn percent(&self, chance: &f64) -> String {
        let percent = chance * 100.0;
        let digits = usize::from(percent > 0.0 && percent < 9.95);
        match self.lang {
            Lang::En => format!("{percent:.digits$}%"),
            Lang::Es => format!("{percent:.digits$}\u{a0}%"),
        }
    }

    /// `24 November 2026`, in the reader's zone.
    pub fn date(&self, at: &Timestamp) -> String {
        let at = at.to_zoned_datetime(self.zone.clone());
        let month = self.t(MONTHS[usize::try_from(at.month() - 1).unwrap_or(0).min(11)]);
        self.say("date").s("day", at.day()).s("month", month).s("year", at.year()).to_string()
    }

    /// `24 Nov 2026, 14:05 UTC`, in the reader's zone, which it names.
    pub fn moment(&self, at: &Timestamp) -> String {
        let zoned = at.to_zoned_datetime(self.zone.clone());
        self.say("moment")
            .s("date", self.date(at))
            .s("time", zoned.strftime("%H:%M"))
            .s("zone", zoned.strftime("%Z"))
            .to_string()
    }

    /// The last day on which what ends at `end` still counts.
    pub fn last_day(&self, end: &Timestamp) -> String {
        self.date(&enamel_types::time::last_moment(*end))
    }

    /// `3 days ago`, or `in 40 minutes`.
    pub fn age(&self, at: &Timestamp) -> String {
        let seconds = self.now.as_second() - at.as_second();
        let ahead = seconds < 0;
        let seconds = seconds.unsigned_abs();
        let (past, future, count) = match seconds {
            0..60 => return self.t(if ahead { "soon" } else { "just-now" }),
            60..3_600 => ("minutes-ago", "in-minutes", seconds / 60),
            3_600..86_400 => ("hours-ago", "in-hours", seconds / 3_600),
            86_400..5_184_000 => ("days-ago", "in-days", seconds / 86_400),
            5_184_000..63_072_000 => ("months-ago", "in-months", seconds / 2_592_000),
            _ => ("years-ago", "in-years", seconds / 31_536_000),
        };
        self.say(if ahead { future } else { past }).n("count", count).to_string()
    }

    /// The reader's time zone as it is called at the moment of the page: `UTC`, `CST`.
    pub fn zone_name(&self) -> String {
        self.now.to_zoned_datetime(self.zone.clone()).strftime("%Z").to_string()
    }

    /// A severity's word.
    pub fn severity(&self, severity: &Severity) -> String {
        self.t(match severity {
            Severity::Critical => "severity-critical",
            Severity::High => "severity-high",
            Severity::Medium => "severity-medium",
            Severity::Low => "severity-low",
            Severity::Informational => "severity-informational",
        })
    }

    /// What a severity asks for.
    pub fn urgency(&self, severity: &Severity) -> String {
        self.t(match severity {
            Severity::Critical => "urgency-critical",
            Severity::High => "urgency-high",
            Severity::Medium => "urgency-medium",
            Severity::Low => "urgency-low",
            Severity::Informational => "urgency-informational",
        })
    }

    /// A control's state.
    pub fn control(&self, state: &ControlState) -> String {
        self.t(match state {
            ControlState::Met => "control-met",
            ControlState::Partly => "control-partly",
            ControlState::NotMet => "control-not-met",
            ControlState::Unknown => "control-unknown",
        })
    }

    /// What a control that counts as met rests on.
    pub fn grounds(&self, grounds: &Grounds) -> String {
        self.t(match grounds {
            Grounds::Measured => "grounds-measured",
            Grounds::Stated => "grounds-stated",
            Grounds::Declined => "grounds-declined",
        })
    }

    /// Which way evidence points.
    pub fn outcome(&self, outcome: &EvidenceOutcome) -> String {
        self.t(match outcome {
            EvidenceOutcome::Supports => "evidence-for",
            EvidenceOutcome::Contradicts => "evidence-against",
            EvidenceOutcome::Unknown => "evidence-unseen",
        })
    }

    /// A command's class.
    pub fn class(&self, class: &CommandClass) -> String {
        self.t(match class {
            CommandClass::Safe => "class-safe",
            CommandClass::Disruptive => "class-disruptive",
            CommandClass::Dangerous => "class-dangerous",
        })
    }

    /// A role.
    pub fn role(&self, role: &Role) -> String {
        self.t(match role {
            Role::Owner => "role-owner",
            Role::Engineer => "role-engineer",
            Role::Analyst => "role-analyst",
            Role::Trainer => "role-trainer",
            Role::Billing => "role-billing",
            Role::ReadOnly => "role-read-only",
            Role::PracticeManager => "role-practice-manager",
            Role::Auditor => "role-auditor",
        })
    }
}

const MONTHS: [&str; 12] = [
    "month-january",
    "month-february",
    "month-march",
    "month-april",
    "month-may",
    "month-june",
    "month-july",
    "month-august",
    "month-september",
    "month-october",
    "month-november",
    "month-december",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn words(lang: Lang) -> Words {
        Words { lang, zone: TimeZone::UTC, now: "2026-11-24T14:05:00Z".parse().unwrap() }
    }

    #[test]
    fn figures_and_times_read_as_their_reader_writes_them() {
        let (en, es) = (words(Lang::En), words(Lang::Es));
        let at = "2026-11-24T09:30:00Z".parse().unwrap();
        assert_eq!(en.moment(&at), "24 November 2026, 09:30 UTC");
        assert_eq!(es.moment(&at), "24 de noviembre de 2026, 09:30 UTC");
        assert_eq!(en.age(&at), "4 hours ago");
        assert_eq!(es.age(&at), "hace 4 horas");
        assert_eq!(en.age(&"2026-11-24T14:45:00Z".parse().unwrap()), "in 40 minutes");
        assert_eq!(es.age(&"2026-11-25T14:05:00Z".parse().unwrap()), "dentro de 1 día");
        assert_eq!(en.percent(&0.123), "12%");
        assert_eq!(es.percent(&0.05), "5.0\u{a0}%");
        let zoned = Words { zone: TimeZone::get("America/Chicago").unwrap(), ..en };
        assert_eq!(zoned.moment(&at), "24 November 2026, 03:30 CST");
    }

    #[test]
    fn counts_pick_their_plural_and_set_thousands_apart() {
        let en = words(Lang::En);
        assert_eq!(en.say("n-computers").n("count", 1).to_string(), "1 computer");
        assert_eq!(en.say("n-computers").n("count", 12_450).to_string(), "12,450 computers");
        assert_eq!(words(Lang::Es).say("n-computers").n("count", 2).to_string(), "2 computadoras");
    }

    #[test]
    fn a_browser_is_answered_in_the_first_of_our_languages_that_it_wishes_for() {
        assert_eq!(Lang::accepted("es-MX,es;q=0.9,en;q=0.8"), Lang::Es);
        assert_eq!(Lang::accepted("de,en;q=0.5,es;q=0.4"), Lang::En);
        assert_eq!(Lang::accepted("d€"), Lang::En);
    }
}
