//! The loss exceedance curve as SVG: how likely a year is to cost at least so much.

use std::fmt::Write;

use enamel_types::Usd;
use enamel_types::risk::LossDistribution;

/// Points drawn at most; more cannot be told apart at this size.
const POINTS: usize = 160;

/// The drawing area within the view box of 720 × 352.
const LEFT: f64 = 64.0;
const RIGHT: f64 = 700.0;
const TOP: f64 = 18.0;
const BOTTOM: f64 = 284.0;

/// Losses below this are drawn at the left edge: nobody decides anything about less.
const LEAST: f64 = 1_000.0;

/// Where things stand on the drawing: losses on a logarithmic axis, chances on a linear one.
struct Scale {
    most: f64,
    top: f64,
}

impl Scale {
    fn of(losses: &LossDistribution) -> Self {
        let most = losses
            .curve
            .iter()
            .filter(|(_, chance)| *chance > 0.0)
            .map(|(loss, _)| loss.0)
            .fold(0.0, f64::max);
        let highest = losses.curve.iter().map(|(_, chance)| *chance).fold(0.0, f64::max).min(1.0);
        let top =
            [0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0].into_iter().find(|step| highest <= *step).unwrap_or(1.0);
        Self { most: 10f64.powf(most.max(LEAST * 10.0).log10().ceil()), top }
    }

    fn x(&self, loss: f64) -> f64 {
        let part = (loss.max(LEAST) / LEAST).log10() / (self.most / LEAST).log10();
        LEFT + part.clamp(0.0, 1.0) * (RIGHT - LEFT)
    }

    fn y(&self, chance: f64) -> f64 {
        BOTTOM - (chance / self.top).clamp(0.0, 1.0) * (BOTTOM - TOP)
    }
}

/// The chart; an empty text where there is no curve to draw. Its title and description are for those who cannot see it.
pub(super) fn curve(losses: &LossDistribution, title: &str, description: &str) -> String {
    let points: Vec<(f64, f64)> = thinned(&losses.curve);
    if points.len() < 2 {
        return String::new();
    }
    let scale = Scale::of(losses);
    let mut svg = String::from(
        "<svg class=\"curve\" viewBox=\"0 0 720 352\" role=\"img\" aria-labelledby=\"curve-title curve-text\" xmlns=\"http://www.w3.org/2000/svg\">",
    );
    let mut put = |part: std::fmt::Arguments<'_>| {
        let _ = svg.write_fmt(part); // writing to a String cannot fail
    };
    put(format_args!(
        "<title id=\"curve-title\">{title}</title><desc id=\"curve-text\">{description}</desc>"
    ));
    for step in 0..=4u8 {
        let chance = scale.top * f64::from(step) / 4.0;
        let y = scale.y(chance);
        put(format_args!("<line class=\"grid\" x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>"));
        let label = chance * 100.0;
        let digits = usize::from(scale.top < 0.1);
        put(format_args!(
            "<text class=\"tick end\" x=\"{:.0}\" y=\"{:.1}\">{label:.digits$}%</text>",
            LEFT - 9.0,
            y + 5.0
        ));
    }
    let mut loss = LEAST;
    while loss <= scale.most * 1.001 {
        let x = scale.x(loss);
        put(format_args!("<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{BOTTOM}\"/>"));
        let anchor = if loss >= scale.most * 0.999 { "end" } else { "mid" };
        put(format_args!(
            "<text class=\"tick below {anchor}\" x=\"{x:.1}\" y=\"{:.0}\">{}</text>",
            BOTTOM + 20.0,
            short(loss)
        ));
        loss *= 10.0;
    }
    let path: Vec<String> = points
        .iter()
        .map(|(loss, chance)| format!("{:.1} {:.1}", scale.x(*loss), scale.y(*chance)))
        .collect();
    let path = path.join(" L");
    let (first, last) = (scale.x(points[0].0), scale.x(points[points.len() - 1].0));
    put(format_args!("<path class=\"area\" d=\"M{first:.1} {BOTTOM} L{path} L{last:.1} {BOTTOM} Z\"/>"));
    put(format_args!("<path class=\"line\" d=\"M{path}\"/>"));
    for (loss, chance, name) in [(losses.p90, 0.10, "1 year in 10"), (losses.p95, 0.05, "1 year in 20")] {
        if loss.0 >= LEAST && chance <= scale.top {
            let (x, y) = (scale.x(loss.0), scale.y(chance));
            // Two marks close to each other would print over each other: one stands right of its dot, one left above.
            put(format_args!("<circle class=\"dot\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5\"/>"));
            let (dx, dy) = if chance > 0.07 { (10.0, -16.0) } else { (12.0, 2.0) };
            let (x, y) = (x + dx, y + dy);
            put(format_args!("<text class=\"mark\" x=\"{x:.1}\" y=\"{y:.1}\">{name}: {loss} or more</text>"));
        }
    }
    let middle = f64::midpoint(LEFT, RIGHT);
    put(format_args!(
        "<text class=\"axis mid\" x=\"{middle:.0}\" y=\"{:.0}\">What the year costs</text>",
        BOTTOM + 46.0
    ));
    put(format_args!(
        "<text class=\"axis\" x=\"{:.0}\" y=\"{:.0}\">Chance of a year that costs at least this much</text>",
        LEFT + 8.0,
        TOP + 14.0
    ));
    svg.push_str("</svg>");
    svg
}

/// The curve with at most [`POINTS`] points, first and last kept, as plain figures; broken figures are left out.
fn thinned(curve: &[(Usd, f64)]) -> Vec<(f64, f64)> {
    let step = curve.len().div_ceil(POINTS).max(1);
    let last = curve.len().saturating_sub(1);
    curve
        .iter()
        .enumerate()
        .filter(|(index, _)| index % step == 0 || *index == last)
        .map(|(_, (loss, chance))| (loss.0, *chance))
        .filter(|(loss, chance)| loss.is_finite() && chance.is_finite())
        .collect()
}

/// `$10k`, `$1M`: for an axis.
fn short(loss: f64) -> String {
    match loss {
        l if l >= 999_999_999.0 => format!("${:.0}B", l / 1e9),
        l if l >= 999_999.0 => format!("${:.0}M", l / 1e6),
        l => format!("${:.0}k", l / 1e3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn losses(curve: Vec<(Usd, f64)>) -> LossDistribution {
        LossDistribution {
            mean: Usd(0.0),
            p50: Usd(0.0),
            p90: Usd(40_000.0),
            p95: Usd(90_000.0),
            any_loss: 0.2,
            curve,
        }
    }

    #[test]
    fn the_curve_stays_within_its_frame() {
        let curve = (0..5_000)
            .map(|step| (Usd(f64::from(step) * 400.0), 0.18 * (1.0 - f64::from(step) / 5_000.0)))
            .collect();
        let svg = curve_of(curve);
        let path = svg.split("class=\"line\" d=\"M").nth(1).unwrap().split('"').next().unwrap();
        let points: Vec<(f64, f64)> = path
            .split(" L")
            .map(|point| {
                point.split_once(' ').map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap())).unwrap()
            })
            .collect();
        assert!(points.len() <= POINTS + 2, "{}", points.len());
        assert!(points.iter().all(|(x, y)| (LEFT..=RIGHT).contains(x) && (TOP..=BOTTOM).contains(y)));
        assert!(
            points.windows(2).all(|pair| pair[0].0 <= pair[1].0 && pair[0].1 <= pair[1].1),
            "falls from left to right"
        );
    }

    #[test]
    fn nothing_to_draw_draws_nothing() {
        assert_eq!(curve_of(Vec::new()), "");
        assert_eq!(curve_of(vec![(Usd(f64::NAN), 0.1), (Usd(1.0), f64::INFINITY)]), "");
        assert!(!curve_of(vec![(Usd(0.0), 0.0), (Usd(0.0), 0.0)]).contains("NaN"));
    }

    fn curve_of(points: Vec<(Usd, f64)>) -> String {
        curve(&losses(points), "Title", "Text")
    }
}
