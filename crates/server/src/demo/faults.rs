//! What is wrong with a computer, and from when to when.
//!
//! An office starts with what it brought along; the MSP mends that, what is rare first, because it stands out; new faults come, and
//! some come back. How fast depends on how much care the practice takes.

use std::collections::BTreeMap;

use enamel_types::Timestamp;
use jiff::SignedDuration;

use super::content::{Content, Prone, Spread};
use super::dice::Dice;
use super::plan::ComputerKind;

/// From when to when something is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Interval {
    /// The first moment.
    pub(super) from: Timestamp,
    /// The moment from which on it is right again; `None` where it still is wrong.
    pub(super) until: Option<Timestamp>,
}

/// Everything that is or was wrong with one computer, by the key of its row.
#[derive(Debug, Clone, Default)]
pub(super) struct Faults(BTreeMap<String, Vec<Interval>>);

impl Faults {
    /// Since when something is wrong at a moment; `None` where it is right.
    pub(super) fn since(&self, key: &str, at: Timestamp) -> Option<Timestamp> {
        let intervals = self.0.get(key)?;
        let open =
            |interval: &&Interval| interval.from <= at && interval.until.is_none_or(|until| at < until);
        intervals.iter().find(open).map(|interval| interval.from)
    }

    /// Whether something is wrong at a moment.
    pub(super) fn at(&self, key: &str, at: Timestamp) -> bool {
        self.since(key, at).is_some()
    }

    /// Something goes wrong at a moment, whatever the dice said, and stays so.
    pub(super) fn begin(&mut self, key: &str, from: Timestamp) {
        let intervals = self.0.entry(key.to_owned()).or_default();
        intervals.retain(|interval| interval.from < from);
        for interval in intervals.iter_mut() {
            interval.until = Some(interval.until.map_or(from, |until| until.min(from)));
        }
        intervals.push(Interval { from, until: None });
    }

    /// Something is right from a moment on.
    pub(super) fn end(&mut self, key: &str, until: Timestamp) {
        if let Some(intervals) = self.0.get_mut(key) {
            intervals.retain(|interval| interval.from < until);
            for interval in intervals {
                interval.until = Some(interval.until.map_or(until, |known| known.min(until)));
            }
        }
    }
}

/// How a practice looks after its computers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Care {
    /// 0 for none, 1 for all there is.
    pub(super) level: f64,
    /// When it came under watch.
    pub(super) from: Timestamp,
    /// The present.
    pub(super) now: Timestamp,
}

impl Care {
    /// The faults of one computer. `office` rolls for the whole practice, `own` for this computer.
    pub(super) fn faults(&self, content: &Content, kind: ComputerKind, office: &Dice, own: &Dice) -> Faults {
        let mut faults = BTreeMap::new();
        for (key, prone) in content.prone(kind) {
            let mut dice = match prone.spread {
                Spread::One => own.named(key),
                Spread::All => office.named(key),
            };
            let mut intervals = self.intervals(prone, &mut dice);
            if prone.spread == Spread::All {
                // A setting reaches one computer after the other within two days.
                let lag = days(own.named(key).share() * 2.0);
                for until in intervals.iter_mut().filter_map(|interval| interval.until.as_mut()) {
                    *until += lag;
                }
            }
            if !intervals.is_empty() {
                faults.insert(key.to_owned(), intervals);
            }
        }
        Faults(faults)
    }

    fn intervals(&self, prone: Prone, dice: &mut Dice) -> Vec<Interval> {
        let neglect = 1.0 - self.level;
        // What is rare stands out and is mended first.
        let usual_days = match prone.share {
            ..0.11 => 12.0,
            0.11..0.31 => 60.0,
            _ => 240.0,
        };
        let mean = usual_days * (0.25 + 2.0 * neglect);
        let never = if self.level < 0.3 { 0.5 } else { 0.0 };
        let mut intervals = Vec::new();
        let mut at = self.from;
        if dice.chance((prone.share * (0.3 + 1.6 * neglect)).min(0.95)) {
            let from = self.from - days(1.0 + dice.wait(200.0));
            let until = if dice.chance(never) { None } else { Some(self.from + days(2.0 + dice.wait(mean))) };
            intervals.push(Interval { from, until });
            match until {
                Some(until) => at = until,
                None => return intervals,
            }
        }
        let a_year = match prone.spread {
            Spread::One => prone.share * (0.1 + 1.2 * neglect),
            Spread::All => 0.05 * neglect,
        };
        // Of perfection nothing is left to come back.
        while self.level < 1.0 && intervals.len() < 4 {
            // What was mended once comes back more easily than a new fault: an update, a new computer, somebody's habit.
            let back = !intervals.is_empty() && dice.chance(0.1);
            let wait = if back { 20.0 + dice.wait(60.0) } else { dice.wait(365.0 / a_year.max(1e-6)) };
            let from = at + days(wait.min(4_000.0));
            if from >= self.now {
                break;
            }
            let until =
                if dice.chance(never) { None } else { Some(from + days(1.0 + dice.wait(mean / 2.0))) };
            intervals.push(Interval { from, until });
            match until {
                Some(until) => at = until,
                None => break,
            }
        }
        for interval in &mut intervals {
            // The future has not been rolled.
            interval.until = interval.until.filter(|until| *until <= self.now);
        }
        if self.level >= 1.0 {
            // It was mended by last month at the latest.
            let latest = self.now - days(40.0);
            for interval in &mut intervals {
                interval.until = Some(interval.until.map_or(latest, |until| until.min(latest)));
            }
        }
        intervals
    }
}

/// So many days, to the second.
pub(super) fn days(days: f64) -> SignedDuration {
    SignedDuration::from_secs_f64((days * 86_400.0).round())
}
