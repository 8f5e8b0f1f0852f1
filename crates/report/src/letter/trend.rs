//! The expected yearly loss over time, as a small chart. Its table twin stands beside it on the page.

use std::fmt::Write;

use enamel_types::{Timestamp, Usd};

use crate::words;

/// The drawing area within the view box of 720 × 200.
const LEFT: f64 = 88.0;
const RIGHT: f64 = 700.0;
const TOP: f64 = 16.0;
const BOTTOM: f64 = 160.0;

/// The chart; empty where there is nothing to compare.
pub(super) fn chart(points: &[(Timestamp, Usd)]) -> String {
    let (Some((first, _)), Some((last, _))) = (points.first(), points.last()) else { return String::new() };
    let span = last.as_second() - first.as_second();
    if points.len() < 2 || span <= 0 {
        return String::new();
    }
    let most = round_up(points.iter().map(|(_, mean)| mean.0).fold(1.0, f64::max));
    let x = |at: Timestamp| LEFT + (at.as_second() - first.as_second()) as f64 / span as f64 * (RIGHT - LEFT);
    let y = |mean: Usd| BOTTOM - (mean.0 / most).clamp(0.0, 1.0) * (BOTTOM - TOP);
    let mut svg = String::from(
        "<svg class=\"curve\" viewBox=\"0 0 720 200\" role=\"img\" aria-labelledby=\"trend-title\" xmlns=\"http://www.w3.org/2000/svg\">\
         <title id=\"trend-title\">Expected yearly loss over time; the same figures stand in the table below</title>",
    );
    let mut put = |part: std::fmt::Arguments<'_>| {
        let _ = svg.write_fmt(part); // writing to a String cannot fail
    };
    for part in [0.0, 0.5, 1.0] {
        let mean = Usd(most * part);
        put(format_args!(
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{0:.1}\" y2=\"{0:.1}\"/>",
            y(mean)
        ));
        put(format_args!(
            "<text class=\"tick end\" x=\"{:.0}\" y=\"{:.1}\">{mean}</text>",
            LEFT - 8.0,
            y(mean) + 5.0
        ));
    }
    let path: Vec<String> =
        points.iter().map(|(at, mean)| format!("{:.1} {:.1}", x(*at), y(*mean))).collect();
    let path = path.join(" L");
    put(format_args!("<path class=\"area\" d=\"M{LEFT} {BOTTOM} L{path} L{RIGHT} {BOTTOM} Z\"/>"));
    put(format_args!("<path class=\"line\" d=\"M{path}\"/>"));
    put(format_args!("<text class=\"tick\" x=\"{LEFT}\" y=\"184\">{}</text>", words::date(*first)));
    put(format_args!("<text class=\"tick end\" x=\"{RIGHT}\" y=\"184\">{}</text>", words::date(*last)));
    svg.push_str("</svg>");
    svg
}

/// The next of 1, 2 or 5 times a power of ten.
fn round_up(most: f64) -> f64 {
    let power = 10f64.powf(most.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|step| step * power).find(|step| *step >= most).unwrap_or(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_drawn_from_one_point_and_no_figure_leaves_the_frame() {
        let at = |day: i64| Timestamp::from_second(1_790_000_000 + day * 86_400).unwrap();
        assert_eq!(chart(&[]), "");
        assert_eq!(chart(&[(at(0), Usd(5.0))]), "");
        assert_eq!(chart(&[(at(0), Usd(5.0)), (at(0), Usd(6.0))]), "");
        let svg = chart(&[(at(0), Usd(31_000.0)), (at(30), Usd(12_000.0)), (at(60), Usd(0.0))]);
        assert!(svg.contains("$50,000") && svg.contains("M88.0 70.7 L394.0 125.4 L700.0 160.0"), "{svg}");
        assert!((round_up(50_000.0) - 50_000.0).abs() < 1e-6 && (round_up(0.3) - 0.5).abs() < 1e-6);
    }
}
