//! Charts as coordinates: what `templates/console/charts.html` draws as SVG. Colours and sizes are classes of the style
//! sheet, words come from the catalogue, and every chart has a table with the same figures beside it.
//!
//! Nothing here rounds a figure that is shown; it only places points within a view box.

use std::fmt::Write as _;

use enamel_types::risk::LossDistribution;
use enamel_types::{Timestamp, Usd};

/// A point of a trend: the mean of a year as it was computed then, and the range it depends on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrendPoint {
    /// When it was computed.
    pub at: Timestamp,
    /// The mean.
    pub mean: Usd,
    /// The range of the mean, where it was computed.
    pub range: Option<(Usd, Usd)>,
}

/// A line over time with a band around it, in a view box of 720 × 240.
#[derive(Debug, Clone, PartialEq)]
pub struct Trend {
    /// The path of the line.
    pub line: String,
    /// The path of the band; empty where no range is known.
    pub band: String,
    /// Where the last point stands.
    pub last: (f64, f64),
    /// Values on the left.
    pub money: Vec<(f64, String)>,
    /// Times below: place, moment.
    pub times: Vec<(f64, Timestamp)>,
    /// The same as figures, oldest first.
    pub points: Vec<TrendPoint>,
}

/// The loss exceedance curve, in a view box of 720 × 300.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// The path of the line.
    pub line: String,
    /// The path of the area below it.
    pub area: String,
    /// Chances on the left.
    pub chances: Vec<(f64, f64)>,
    /// Losses below.
    pub losses: Vec<(f64, String)>,
    /// Where the year that one in ten exceeds stands; `None` where it costs next to nothing.
    pub one_in_ten: Option<(f64, f64)>,
    /// The same as figures: loss, chance of at least that much.
    pub table: Vec<(Usd, f64)>,
}

const LEFT: f64 = 72.0;
const RIGHT: f64 = 704.0;
const TOP: f64 = 16.0;
const TREND_BOTTOM: f64 = 204.0;
const CURVE_BOTTOM: f64 = 252.0;

/// Points of a curve that are drawn; more cannot be told apart.
const DRAWN: usize = 120;

/// Losses below this are drawn at the left edge: nobody decides anything about less.
const LEAST: f64 = 1_000.0;

/// A trend; `None` for less than two points, which are no trend.
pub fn trend(points: &[TrendPoint]) -> Option<Trend> {
    let finite = |point: &&TrendPoint| point.mean.0.is_finite();
    let points: Vec<TrendPoint> = points.iter().filter(finite).copied().collect();
    let (first, last) = (points.first()?, points.last()?);
    let span = (last.at.as_second() - first.at.as_second()) as f64;
    if span <= 0.0 {
        return None;
    }
    let top =
        points.iter().map(|point| point.range.map_or(point.mean.0, |range| range.1.0)).fold(1.0, f64::max);
    let top = round_up(top);
    let x = |at: Timestamp| LEFT + (at.as_second() - first.at.as_second()) as f64 / span * (RIGHT - LEFT);
    let y = |usd: Usd| TREND_BOTTOM - (usd.0 / top).clamp(0.0, 1.0) * (TREND_BOTTOM - TOP);
    let band: Vec<(f64, f64, f64)> = points
        .iter()
        .filter_map(|point| point.range.map(|(low, high)| (x(point.at), y(low), y(high))))
        .collect();
    let upper = band.iter().map(|(x, _, high)| (*x, *high));
    let lower = band.iter().rev().map(|(x, low, _)| (*x, *low));
    Some(Trend {
        line: path(points.iter().map(|point| (x(point.at), y(point.mean)))),
        band: if band.len() > 1 { path(upper.chain(lower)) + "Z" } else { String::new() },
        last: (RIGHT, y(last.mean)),
        money: [0.0, 0.5, 1.0].map(|part| (y(Usd(top * part)), short(top * part))).to_vec(),
        times: [first.at, last.at].map(|at| (x(at), at)).to_vec(),
        points,
    })
}

/// The curve; `None` where there is nothing to draw.
pub fn exceedance(losses: &LossDistribution) -> Option<Curve> {
    let step = losses.curve.len().div_ceil(DRAWN).max(1);
    let last = losses.curve.len().saturating_sub(1);
    let points: Vec<(f64, f64)> = losses
        .curve
        .iter()
        .enumerate()
        .filter(|(index, _)| index % step == 0 || *index == last)
        .map(|(_, (loss, chance))| (loss.0, *chance))
        .filter(|(loss, chance)| loss.is_finite() && chance.is_finite())
        .collect();
    let most = points.iter().filter(|(_, chance)| *chance > 0.0).map(|(loss, _)| *loss).fold(0.0, f64::max);
    if points.len() < 2 || most <= 0.0 {
        return None;
    }
    let decades = most.max(LEAST * 10.0).log10().ceil();
    let highest = points.iter().map(|(_, chance)| *chance).fold(0.0, f64::max);
    let top = [0.05, 0.1, 0.2, 0.4, 0.6, 0.8].into_iter().find(|step| highest <= *step).unwrap_or(1.0);
    let x = |loss: f64| {
        let part = (loss.max(LEAST) / LEAST).log10() / (decades - LEAST.log10());
        LEFT + part.clamp(0.0, 1.0) * (RIGHT - LEFT)
    };
    let y = |chance: f64| CURVE_BOTTOM - (chance / top).clamp(0.0, 1.0) * (CURVE_BOTTOM - TOP);
    let line = path(points.iter().map(|(loss, chance)| (x(*loss), y(*chance))));
    let (left, right) = (x(points[0].0), x(points[points.len() - 1].0));
    Some(Curve {
        area: format!("{line}L{right:.1} {CURVE_BOTTOM}L{left:.1} {CURVE_BOTTOM}Z"),
        line,
        chances: [0.0, 0.5, 1.0].map(|part| (y(top * part), top * part)).to_vec(),
        losses: (3..=6)
            .map(|power| 10f64.powi(power))
            .take_while(|loss| *loss <= 10f64.powf(decades))
            .map(|loss| (x(loss), short(loss)))
            .collect(),
        one_in_ten: (losses.p90.0 >= LEAST && top >= 0.1).then(|| (x(losses.p90.0), y(0.1))),
        table: table(losses),
    })
}

/// The chance of a year that costs at least each of some round sums.
fn table(losses: &LossDistribution) -> Vec<(Usd, f64)> {
    [1e3, 1e4, 5e4, 1e5, 2.5e5, 5e5, 1e6]
        .into_iter()
        .map(|sum| {
            let chance =
                losses.curve.iter().find(|(loss, _)| loss.0 >= sum).map_or(0.0, |(_, chance)| *chance);
            (Usd(sum), chance)
        })
        .collect()
}

/// A share of a whole as the width of a bar out of 100; what is there at all is seen.
pub fn share(part: u64, whole: u64) -> f64 {
    match (part, whole) {
        (0, _) | (_, 0) => 0.0,
        (part, whole) => (part as f64 / whole as f64 * 100.0).clamp(1.5, 100.0),
    }
}

fn path(points: impl Iterator<Item = (f64, f64)>) -> String {
    let mut path = String::new();
    for (index, (x, y)) in points.enumerate() {
        let _ = write!(path, "{}{x:.1} {y:.1}", if index == 0 { 'M' } else { 'L' }); // a String takes everything
    }
    path
}

/// The next of 1, 2, 2.5, 4, 5, 6, 8 and 10 times a power of ten.
fn round_up(value: f64) -> f64 {
    let decade = 10f64.powf(value.max(1.0).log10().floor());
    [1.0, 2.0, 2.5, 4.0, 5.0, 6.0, 8.0, 10.0]
        .into_iter()
        .map(|step| step * decade)
        .find(|step| value <= *step)
        .unwrap_or(value)
}

/// `$10k`, `$1M`: for an axis.
fn short(loss: f64) -> String {
    let (value, unit) = match loss {
        l if l >= 999_999.0 => (l / 1e6, "M"),
        l if l >= 1_000.0 => (l / 1e3, "k"),
        l => (l, ""),
    };
    let digits = usize::from(value.fract() > 0.04);
    format!("${value:.digits$}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(path: &str) -> Vec<(f64, f64)> {
        path.trim_end_matches('Z')
            .split(['M', 'L'])
            .filter(|point| !point.is_empty())
            .map(|point| {
                point.split_once(' ').map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap())).unwrap()
            })
            .collect()
    }

    #[test]
    fn a_trend_stays_within_its_frame_and_needs_two_points() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let point = |second, mean: f64| TrendPoint {
            at: at(second),
            mean: Usd(mean),
            range: Some((Usd(mean / 2.0), Usd(mean * 2.0))),
        };
        assert_eq!(trend(&[]), None);
        assert_eq!(trend(&[point(0, 10.0)]), None);
        assert_eq!(trend(&[point(0, 10.0), point(0, 20.0)]), None);
        let drawn = trend(&[
            point(0, 40_000.0),
            point(86_400, 20_000.0),
            point(172_800, f64::NAN),
            point(200_000, 0.0),
        ])
        .unwrap();
        for (x, y) in numbers(&drawn.line).into_iter().chain(numbers(&drawn.band)) {
            assert!((LEFT..=RIGHT).contains(&x) && (TOP..=TREND_BOTTOM).contains(&y), "{x} {y}");
        }
        assert_eq!(drawn.points.len(), 3, "a broken figure is no point");
        assert_eq!(drawn.money[2].1, "$80k");
    }

    #[test]
    fn a_curve_falls_and_its_table_says_the_same() {
        let curve = (0..1_000)
            .map(|step| (Usd(f64::from(step) * 300.0), 0.3 * (1.0 - f64::from(step) / 1_000.0)))
            .collect();
        let losses = LossDistribution { p90: Usd(200_000.0), curve, ..LossDistribution::default() };
        let drawn = exceedance(&losses).unwrap();
        let points = numbers(&drawn.line);
        assert!(points.len() <= DRAWN + 2);
        assert!(points.windows(2).all(|pair| pair[0].0 <= pair[1].0 && pair[0].1 <= pair[1].1));
        let (_, chance) = drawn.table[3];
        assert!((chance - 0.2).abs() < 0.001, "a year of $100,000 or more: {chance}");
        assert!(drawn.table[6].1 < 1e-9, "no year cost a million");
        assert_eq!(exceedance(&LossDistribution::default()), None);
    }

    #[test]
    fn a_bar_shows_what_is_there() {
        assert!(share(1, 100_000) > 1.0 && share(0, 5) < 0.1 && share(5, 5) > 99.9 && share(1, 0) < 0.1);
    }
}
