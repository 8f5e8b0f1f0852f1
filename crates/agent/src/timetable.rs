//! When each sensor runs.
//!
//! A sensor runs when its interval has gone by since it last ran, and, where the policy says so, at night. The computers of a
//! practice do not all begin at once: each has its own place in the interval and in the night, from its id. What was missed (the
//! computer was off) is caught up once, and not once for every run that was missed. A computer that is off every night is looked
//! at by day before its evidence is stale. Pure: the clock and the zone are parameters.

use std::collections::BTreeMap;

use enamel_types::{DeviceId, Policy, SensorName, Timestamp};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// A sensor that failed is tried again after this long, or its interval where that is shorter.
const AFTER_FAILURE: SignedDuration = SignedDuration::from_hours(1);

/// Longest shift of a device within an interval, as a part of it.
const SPREAD: i32 = 10;

/// When each sensor last ran, and how that ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Runs(BTreeMap<SensorName, Run>);

/// One sensor's last run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// When it began.
    pub at: Timestamp,
    /// Why it failed; `None` where it did not.
    pub failed: Option<String>,
}

impl Runs {
    /// Notes a run.
    pub fn note(&mut self, sensor: SensorName, run: Run) {
        self.0.insert(sensor, run);
    }

    /// A sensor's last run.
    pub fn last(&self, sensor: SensorName) -> Option<&Run> {
        self.0.get(&sensor)
    }

    /// Sensors whose last run failed.
    pub fn failing(&self) -> impl Iterator<Item = SensorName> {
        self.0.iter().filter(|(_, run)| run.failed.is_some()).map(|(sensor, _)| *sensor)
    }

    /// The sensor whose turn it is at `now`: the one that is due longest.
    pub fn due(
        &self,
        policy: &Policy,
        device: DeviceId,
        now: Timestamp,
        zone: &TimeZone,
    ) -> Option<SensorName> {
        let turns = SensorName::ALL.map(|sensor| (self.next(sensor, policy, device, now, zone), sensor));
        turns.into_iter().filter(|(next, _)| *next <= now).min().map(|(_, sensor)| sensor)
    }

    /// When a sensor is next due; a moment that has gone by where it is due already.
    pub fn next(
        &self,
        sensor: SensorName,
        policy: &Policy,
        device: DeviceId,
        now: Timestamp,
        zone: &TimeZone,
    ) -> Timestamp {
        // A computer that was just enrolled is looked at once, whatever the hour.
        let Some(last) = self.0.get(&sensor) else { return Timestamp::MIN };
        let schedule = policy.schedule(sensor);
        let every = SignedDuration::from_mins(i64::from(schedule.every_minutes));
        // A clock that was set back must not put a run off for as long as it was ahead.
        let at = last.at.min(now);
        if last.failed.is_some() {
            return after(at, every.min(AFTER_FAILURE));
        }
        let shift = every / SPREAD * part(device, sensor) / 1_000;
        let due = after(at, every - shift);
        if !schedule.at_night {
            return due;
        }
        let by_day = after(at, every + every);
        night_at_or_after(due.max(now), policy, device, sensor, zone).map_or(by_day, |night| {
            if now >= due && in_night(now, policy, device, sensor, zone) { due } else { night.min(by_day) }
        })
    }
}

fn after(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.checked_add(span).unwrap_or(Timestamp::MAX)
}

/// This device's place for this sensor, in thousandths.
fn part(device: DeviceId, sensor: SensorName) -> i32 {
    let mut hasher = blake3::Hasher::new_derive_key("enamel 2026-11 sensor jitter");
    hasher.update(device.as_bytes()).update(sensor.as_str().as_bytes());
    let hash = hasher.finalize();
    i32::from(u16::from_le_bytes([hash.as_bytes()[0], hash.as_bytes()[1]]) % 1_000)
}

/// Minutes after midnight at which this device's night begins, and how long it is. Devices begin in the first half of the night.
fn night(policy: &Policy, device: DeviceId, sensor: SensorName) -> (i32, i32) {
    let (from, until) = (i32::from(policy.night_from % 24) * 60, i32::from(policy.night_until % 24) * 60);
    let whole = if from == until { 24 * 60 } else { (until - from).rem_euclid(24 * 60) };
    let shift = whole / 2 * part(device, sensor) / 1_000;
    ((from + shift) % (24 * 60), whole - shift)
}

fn in_night(now: Timestamp, policy: &Policy, device: DeviceId, sensor: SensorName, zone: &TimeZone) -> bool {
    let (from, long) = night(policy, device, sensor);
    let local = now.to_zoned_datetime(zone.clone());
    let minute = i32::from(local.hour()) * 60 + i32::from(local.minute());
    (minute - from).rem_euclid(24 * 60) < long
}

/// The next moment from `at` on at which this device's night is or begins.
fn night_at_or_after(
    at: Timestamp,
    policy: &Policy,
    device: DeviceId,
    sensor: SensorName,
    zone: &TimeZone,
) -> Option<Timestamp> {
    if in_night(at, policy, device, sensor, zone) {
        return Some(at);
    }
    let (from, _) = night(policy, device, sensor);
    let local = at.to_zoned_datetime(zone.clone());
    let begins = jiff::civil::time(i8::try_from(from / 60).ok()?, i8::try_from(from % 60).ok()?, 0, 0);
    let today = local.date().to_datetime(begins).to_zoned_datetime(zone.clone()).ok()?.timestamp();
    if today >= at {
        return Some(today);
    }
    Some(local.date().tomorrow().ok()?.to_datetime(begins).to_zoned_datetime(zone.clone()).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn device(number: u8) -> DeviceId {
        DeviceId::from_uuid(uuid::Uuid::from_bytes([number; 16]))
    }

    fn new_york() -> TimeZone {
        TimeZone::get("America/New_York").unwrap()
    }

    /// Runs every sensor whenever it is due, looking each minute while the computer is on, and notes the moments.
    fn simulate(
        policy: &Policy,
        device: DeviceId,
        days: i64,
        on: impl Fn(&jiff::ZonedDateTime) -> bool,
    ) -> BTreeMap<SensorName, Vec<Timestamp>> {
        let (mut runs, zone) = (Runs::default(), new_york());
        let mut ran: BTreeMap<SensorName, Vec<Timestamp>> = BTreeMap::new();
        let start = at("2026-11-02T14:00:00Z");
        for minute in 0..days * 24 * 60 {
            let now = start + SignedDuration::from_mins(minute);
            if !on(&now.to_zoned_datetime(zone.clone())) {
                continue;
            }
            while let Some(sensor) = runs.due(policy, device, now, &zone) {
                runs.note(sensor, Run { at: now, failed: None });
                ran.entry(sensor).or_default().push(now);
            }
        }
        ran
    }

    #[test]
    fn everything_is_looked_at_at_once_and_then_by_its_interval() {
        let ran = simulate(&Policy::default(), device(7), 8, |_| true);
        for sensor in SensorName::ALL {
            let every = i64::from(Policy::default().schedule(sensor).every_minutes);
            let ran = &ran[&sensor];
            assert_eq!(ran[0], at("2026-11-02T14:00:00Z"), "{sensor:?}");
            for pair in ran.windows(2) {
                let between = pair[1].duration_since(pair[0]).as_mins();
                let most = if sensor == SensorName::Phi { 2 * every } else { every };
                assert!((every * 9 / 10 - 1..=most).contains(&between), "{sensor:?} after {between} minutes");
            }
        }
    }

    #[test]
    fn the_search_runs_at_night_by_the_clock_on_the_wall() {
        let zone = new_york();
        for number in 0..20 {
            let ran = simulate(&Policy::default(), device(number), 6, |_| true);
            for run in &ran[&SensorName::Phi][1..] {
                let hour = run.to_zoned_datetime(zone.clone()).hour();
                assert!(!(6..20).contains(&hour), "at {hour} o'clock");
            }
        }
    }

    #[test]
    fn a_computer_that_is_off_at_night_is_searched_by_day() {
        let ran = simulate(&Policy::default(), device(3), 14, |now| (8..17).contains(&now.hour()));
        let phi = &ran[&SensorName::Phi];
        for pair in phi.windows(2) {
            assert!(pair[1].duration_since(pair[0]) <= SignedDuration::from_hours(3 * 24), "{pair:?}");
        }
        assert!(phi.len() >= 5, "{phi:?}");
    }

    #[test]
    fn what_was_missed_is_caught_up_once() {
        let (from, until) = (at("2026-11-04T14:00:00Z"), at("2026-11-09T14:00:00Z"));
        let ran =
            simulate(&Policy::default(), device(5), 10, |now| !(from..until).contains(&now.timestamp()));
        for sensor in SensorName::ALL {
            let back = ran[&sensor]
                .iter()
                .filter(|run| (until..until + SignedDuration::from_mins(2)).contains(*run));
            assert_eq!(back.count(), 1, "{sensor:?}");
        }
    }

    #[test]
    fn computers_do_not_begin_together() {
        let zone = new_york();
        let mut begun = std::collections::BTreeSet::new();
        for number in 0..50 {
            let mut runs = Runs::default();
            let now = at("2026-11-02T14:00:00Z");
            runs.note(SensorName::Host, Run { at: now, failed: None });
            begun.insert(runs.next(SensorName::Host, &Policy::default(), device(number), now, &zone));
        }
        assert!(begun.len() > 40, "{} different moments for 50 computers", begun.len());
    }

    #[test]
    fn a_sensor_that_failed_is_tried_again_and_a_clock_set_back_delays_none() {
        let zone = new_york();
        let now = at("2026-11-02T14:00:00Z");
        let next = |run: Run| {
            let mut runs = Runs::default();
            runs.note(SensorName::Software, run);
            runs.next(SensorName::Software, &Policy::default(), device(1), now, &zone)
        };
        let failed = Run { at: now, failed: Some("it did not end".to_owned()) };
        assert_eq!(next(failed), now + SignedDuration::from_hours(1));
        let ahead = next(Run { at: at("2031-01-01T00:00:00Z"), failed: None });
        assert!(ahead <= now + SignedDuration::from_hours(24), "{ahead}");
    }
}
