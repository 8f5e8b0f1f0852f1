//! Units as types where a mix-up would hurt.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};

use serde::{Deserialize, Serialize};

use crate::words::{counted, group_digits, grouped};

/// US dollars, the currency in which losses are stated. Never used for bookkeeping, so a float is enough.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Usd(pub f64);

impl fmt::Display for Usd {
    /// Rounded to what a person reads: `$940`, `$12,400`, `$1,230,000`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.0.abs();
        // Three significant figures: more would claim a precision that no loss model has.
        let magnitude = if value < 1.0 { 0.0 } else { value.log10().floor() };
        let step = 10f64.powf((magnitude - 2.0).max(0.0));
        let rounded = (value / step).round() * step;
        let digits = format!("{rounded:.0}");
        let sign = if self.0 < 0.0 && rounded > 0.0 { "-$" } else { "$" };
        f.pad(&format!("{sign}{}", group_digits(&digits)))
    }
}

impl Add for Usd {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for Usd {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sub for Usd {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Self>>(values: I) -> Self {
        values.fold(Self(0.0), Add::add)
    }
}

/// A technician's working time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Minutes(pub u32);

impl fmt::Display for Minutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 / 60, self.0 % 60) {
            (0, minutes) => f.pad(&format!("{minutes} min")),
            (hours, 0) => f.pad(&format!("{hours} h")),
            (hours, minutes) => f.pad(&format!("{hours} h {minutes} min")),
        }
    }
}

/// A count that was estimated: the best value and the bounds within which the truth lies (90 % interval
/// unless the producer says otherwise). `low <= value <= high`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Estimate {
    /// Best single value.
    #[serde(rename = "estimate")]
    pub value: u64,
    /// Lower bound.
    pub low: u64,
    /// Upper bound.
    pub high: u64,
}

impl Estimate {
    /// A count that is known exactly.
    pub const fn exact(value: u64) -> Self {
        Self { value, low: value, high: value }
    }

    /// As a number of people: `1 person`, `812 people (790 to 840)`.
    pub fn people(self) -> String {
        let best = counted(self.value, "person", "people");
        if self.low == self.high {
            best
        } else {
            format!("{best} ({} to {})", grouped(self.low), grouped(self.high))
        }
    }
}

impl fmt::Display for Estimate {
    /// `4,120 (3,900 to 4,400)`, or the figure alone where it is exact.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let best = grouped(self.value);
        if self.low == self.high {
            f.pad(&best)
        } else {
            f.pad(&format!("{best} ({} to {})", grouped(self.low), grouped(self.high)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_reads_as_a_person_says_it() {
        for (value, text) in [
            (0.0, "$0"),
            (0.4, "$0"),
            (939.6, "$940"),
            (12_449.0, "$12,400"),
            (1_234_567.0, "$1,230,000"),
            (999_999.0, "$1,000,000"),
            (-1_500.0, "-$1,500"),
        ] {
            assert_eq!(Usd(value).to_string(), text);
        }
    }

    #[test]
    fn estimates_set_thousands_apart() {
        assert_eq!(Estimate::exact(12_450).to_string(), "12,450");
        let between = Estimate { value: 4_120, low: 3_900, high: 1_004_400 };
        assert_eq!(between.to_string(), "4,120 (3,900 to 1,004,400)");
        assert_eq!(between.people(), "4,120 people (3,900 to 1,004,400)");
        assert_eq!(Estimate::exact(1).people(), "1 person");
    }

    #[test]
    fn minutes_read_as_hours_when_long() {
        assert_eq!(Minutes(45).to_string(), "45 min");
        assert_eq!(Minutes(120).to_string(), "2 h");
        assert_eq!(Minutes(90).to_string(), "1 h 30 min");
    }
}
