//! Are we safe? One answer for the terminal and the report.
//!
//! Never yes while anything serious is open, and never a plain yes while much could not be seen.

use crate::words::{counted, grouped};

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Something critical is open.
    No,
    /// Something of high severity is open.
    NotYet,
    /// Nothing serious was seen, but too little was seen.
    CannotSay,
    /// Nothing serious is open, and most could be seen.
    AsFarAsSeen,
}

impl Answer {
    /// In words, with its full stop.
    pub const fn words(self) -> &'static str {
        match self {
            Self::No => "No.",
            Self::NotYet => "Not yet.",
            Self::CannotSay => "We cannot say yet.",
            Self::AsFarAsSeen => "As far as we could see, yes.",
        }
    }
}

/// The answer and the sentence that explains it, with its full stop: from the open findings of the two worst severities,
/// and how many of the safeguards the law asks for are unknown. `safeguards` is 0 where nothing was looked at.
pub fn verdict(critical: u64, high: u64, unknown: u64, safeguards: u64) -> (Answer, String) {
    if critical > 0 {
        let weaknesses = counted(critical, "weakness needs", "weaknesses need");
        (Answer::No, format!("{weaknesses} fixing today."))
    } else if high > 0 {
        let weaknesses = counted(high, "serious weakness is", "serious weaknesses are");
        (Answer::NotYet, format!("{weaknesses} open and should be fixed this week."))
    } else if safeguards == 0 {
        (Answer::CannotSay, "Nothing was looked at.".to_owned())
    } else if unknown * 2 > safeguards {
        let (unknown, all) = (grouped(unknown), grouped(safeguards));
        let but = format!("{unknown} of the {all} safeguards the law asks for are unknown");
        (Answer::CannotSay, format!("Nothing serious was seen, but {but}."))
    } else {
        (Answer::AsFarAsSeen, "No serious weakness is open.".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_never_yes_while_something_is_open_or_little_was_seen() {
        for (counts, answer, because) in [
            ((1, 3, 0, 46), Answer::No, "1 weakness needs fixing today."),
            ((0, 2, 0, 46), Answer::NotYet, "2 serious weaknesses are open and should be fixed this week."),
            (
                (0, 0, 24, 46),
                Answer::CannotSay,
                "Nothing serious was seen, but 24 of the 46 safeguards the law asks for are unknown.",
            ),
            ((0, 0, 0, 0), Answer::CannotSay, "Nothing was looked at."),
            ((0, 0, 23, 46), Answer::AsFarAsSeen, "No serious weakness is open."),
        ] {
            let (critical, high, unknown, all) = counts;
            assert_eq!(verdict(critical, high, unknown, all), (answer, because.to_owned()));
        }
    }
}
