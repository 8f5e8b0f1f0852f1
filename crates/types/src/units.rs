//! Units as types where a mix-up would hurt.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};

use serde::{Deserialize, Serialize};

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
        let mut out = String::from(if self.0 < 0.0 && rounded > 0.0 { "-$" } else { "$" });
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index) % 3 == 0 {
                out.push(',');
            }
            out.push(digit);
        }
        f.pad(&out)
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
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.low == self.high {
            f.pad(&self.value.to_string())
        } else {
            f.pad(&format!("{} ({} to {})", self.value, self.low, self.high))
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
    fn minutes_read_as_hours_when_long() {
        assert_eq!(Minutes(45).to_string(), "45 min");
        assert_eq!(Minutes(120).to_string(), "2 h");
        assert_eq!(Minutes(90).to_string(), "1 h 30 min");
    }
}
