//! Distributions by their quantile functions: a uniform number in, a value out.
//!
//! Everything is sampled by inversion, so that one uniform draw decides one value. Two runs that share their draws then
//! differ only where their numbers differ, which is what makes the worth of a fix a clean difference.
//!
//! # Error bounds
//! - PERT: a table of straight lines through the beta quantile, in cells log-spaced towards both ends and over every step of a
//!   [`Draw`]. The error is below 2e-5 of the range (`high - low`) for every shape (test
//!   `pert_table_stays_within_its_bound`); the share of it that comes from the cell edges themselves is below 1e-6.
//! - Normal quantile: Wichura's algorithm AS 241 (Applied Statistics 37, 1988), relative error about 1e-16.
//! - Poisson: exact inversion by summing terms.

use crate::rng::{Draw, Pair};

/// Octaves on each side of the median: distances to the nearer end, counted in steps of a draw, run from 1/2 to below 2^31.
const OCTAVES: usize = 32;
/// Cells of an octave, a power of two.
const CELLS: usize = 32;
const CELL_BITS: u32 = CELLS.trailing_zeros();
const SIDE: usize = OCTAVES * CELLS;
/// Bits of a float below octave and cell.
const FRACTION_BITS: u32 = 52 - CELL_BITS;
/// Cells over which the quantile function is followed in one step when the table is built.
const STRIDE: usize = 4;
/// Draws that are looked up together, so that the compiler uses the machine's vectors.
const LANES: usize = 16;

/// PERT: a beta distribution on `low..high` that peaks at `likely`, with the usual weight of 4.
#[derive(Debug, Clone)]
pub struct Pert {
    mean: f64,
    table: Box<Lines>,
}

/// For each cell of both sides the line `start + slope * distance`, in the order of [`slot`].
#[derive(Debug, Clone)]
struct Lines {
    start: [f64; 2 * SIDE],
    slope: [f64; 2 * SIDE],
}

impl Pert {
    /// Builds the table. Needs `low <= likely <= high`, all finite.
    pub fn new(low: f64, likely: f64, high: f64) -> Self {
        let span = high - low;
        let peak = if span > 0.0 { (likely - low) / span } else { 0.5 };
        Self::beta(low, high, 1.0 + 4.0 * peak, 5.0 - 4.0 * peak)
    }

    /// A beta distribution of any shape on `low..high`: for other readings of PERT, which keep its mean and choose another
    /// variance. Needs `low <= high`, both finite, and shapes of 0.5 to 10.
    pub fn beta(low: f64, high: f64, alpha: f64, beta: f64) -> Self {
        let span = high - low;
        let mut table = Box::new(Lines { start: [low; 2 * SIDE], slope: [0.0; 2 * SIDE] });
        if span > 0.0 {
            table.draw(low, 1.0, span, &beta_tail(alpha, beta));
            table.draw(high, -1.0, span, &beta_tail(beta, alpha));
        }
        Self { mean: low + span * alpha / (alpha + beta), table }
    }

    /// The value below which the draw's share of all values lies.
    #[inline]
    pub fn at(&self, draw: Draw) -> f64 {
        let (cell, distance) = place(draw);
        self.table.at(cell, distance)
    }

    /// [`Self::at`] for one draw of each pair, as far as the shorter column goes; the same bits, in a third of the time.
    #[inline]
    pub fn fill(&self, pairs: &[Pair], draw: impl Fn(Pair) -> Draw, values: &mut [f64]) {
        let count = pairs.len().min(values.len());
        let (pairs, pairs_left) = pairs[..count].as_chunks::<LANES>();
        let (blocks, values_left) = values[..count].as_chunks_mut::<LANES>();
        for (pairs, values) in pairs.iter().zip(blocks) {
            // Two plain loops: so the compiler finds the vector form.
            let (mut cells, mut distances) = ([0; LANES], [0.0; LANES]);
            for lane in 0..LANES {
                (cells[lane], distances[lane]) = place(draw(pairs[lane]));
            }
            for lane in 0..LANES {
                values[lane] = self.table.at(cells[lane], distances[lane]);
            }
        }
        pairs_left.iter().zip(values_left).for_each(|(pair, value)| *value = self.at(draw(*pair)));
    }

    /// The mean, exactly.
    pub const fn mean(&self) -> f64 {
        self.mean
    }
}

impl Lines {
    /// Lines through the values at the edges of one side's cells: `low + span * x` on the lower side, where `sign` is 1, and
    /// `high - span * x` on the upper one, where it is -1.
    fn draw(&mut self, end: f64, sign: f64, span: f64, edges: &[f64; SIDE + 1]) {
        for (index, x) in edges.windows(2).enumerate() {
            let (left, right) = (sign * edge(index), sign * edge(index + 1));
            let slope = sign * span * (x[1] - x[0]) / (right - left);
            let cell = slot(left);
            self.slope[cell] = slope;
            self.start[cell] = end + sign * span * x[0] - slope * left;
        }
    }

    #[inline]
    fn at(&self, cell: usize, distance: f64) -> f64 {
        self.start[cell] + self.slope[cell] * distance
    }
}

/// A draw's cell and its distance to the nearer end in steps of a draw, below zero where that is the upper end: read as a
/// signed number, the draw is that distance already.
#[inline]
fn place(draw: Draw) -> (usize, f64) {
    let distance = f64::from(draw.0.cast_signed()) + 0.5;
    (slot(distance), distance)
}

/// Where a distance's line stands in the table. The float's exponent and first mantissa bits are octave and cell; its sign is
/// moved down to the bit above them. What else the shift moves down is xored into the cell, where it only changes the order.
#[inline]
fn slot(distance: f64) -> usize {
    const SIGN_TO_SIDE: u32 = 63 - FRACTION_BITS - SIDE.trailing_zeros();
    let cell = (distance.to_bits() >> FRACTION_BITS).wrapping_sub(0.5f64.to_bits() >> FRACTION_BITS);
    (cell ^ (cell >> SIGN_TO_SIDE)) as usize & (2 * SIDE - 1)
}

/// The lower edge of cell `index`, counted from the end of the range, in steps of a draw.
fn edge(index: usize) -> f64 {
    f64::from_bits(((0.5f64.to_bits() >> FRACTION_BITS) + index as u64) << FRACTION_BITS)
}

/// The quantiles of a beta distribution at the lower side's cell edges, up to the median.
///
/// With `t = ln v` and `y = ln x` the quantile function solves `dy/dt = v / (x * density(x))`, which is all but constant in
/// the tail. From an exact start it is followed by the classical Runge-Kutta method, [`STRIDE`] cells at a time; edges
/// between are a cubic through the values and slopes of both ends.
fn beta_tail(alpha: f64, beta: f64) -> Box<[f64; SIDE + 1]> {
    let scale = beta_scale(alpha, beta);
    let share = |index: usize| edge(index) / (1u64 << 32) as f64;
    let rate = |t: f64, y: f64| scale * (t - alpha * y + (1.0 - beta) * (-y.exp()).ln_1p()).exp();

    let mut x = (share(0) * scale * alpha).powf(1.0 / alpha); // the series' first term
    for _ in 0..8 {
        let slope = rate(share(0).ln(), x.ln()) * x / share(0);
        x -= (beta_cdf(x, alpha, beta, scale) - share(0)) * slope;
    }
    let mut edges = Box::new([0.0; SIDE + 1]);
    edges[0] = x;
    let (mut t, mut y) = (share(0).ln(), x.ln());
    let mut k1 = rate(t, y);
    for index in (0..SIDE).step_by(STRIDE) {
        let (from, to) = (share(index), share(index + STRIDE));
        let step = (to / from).ln();
        let k2 = rate(t + 0.5 * step, y + 0.5 * step * k1);
        let k3 = rate(t + 0.5 * step, y + 0.5 * step * k2);
        let k4 = rate(t + step, y + step * k3);
        t += step;
        y += step / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4);
        let (left, slope_left) = (x, k1 * x / from);
        x = y.exp();
        k1 = rate(t, y);
        let (right, slope_right, width) = (x, k1 * x / to, to - from);
        for inner in 1..STRIDE {
            let gone = inner as f64 / STRIDE as f64;
            let left_over = 1.0 - gone;
            edges[index + inner] = left_over.powi(2)
                * (left * (1.0 + 2.0 * gone) + width * slope_left * gone)
                + gone.powi(2) * (right * (1.0 + 2.0 * left_over) - width * slope_right * left_over);
        }
        edges[index + STRIDE] = right;
    }
    edges
}

/// The beta function.
fn beta_scale(alpha: f64, beta: f64) -> f64 {
    (ln_gamma(alpha) + ln_gamma(beta) - ln_gamma(alpha + beta)).exp()
}

/// The logarithm of the gamma function for positive numbers (Lanczos, g = 7, nine terms; relative error about 1e-15).
fn ln_gamma(z: f64) -> f64 {
    const TERMS: [f64; 8] = [
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    let z = z - 1.0;
    let sum = TERMS
        .iter()
        .zip(1u8..)
        .fold(0.999_999_999_999_809_9, |sum, (term, k)| sum + term / (z + f64::from(k)));
    let t = z + 7.5;
    0.5 * std::f64::consts::TAU.ln() + (z + 0.5) * t.ln() - t + sum.ln()
}

/// The regularised incomplete beta function by its power series (DLMF 8.17.7), through the nearer end.
fn beta_cdf(x: f64, alpha: f64, beta: f64, scale: f64) -> f64 {
    if x > 0.6 {
        return 1.0 - beta_cdf(1.0 - x, beta, alpha, scale);
    }
    let (mut term, mut sum) = (1.0, 1.0 / alpha);
    for k in 1..200 {
        let k = f64::from(k);
        term *= (k - beta) / k * x;
        let add = term / (alpha + k);
        sum += add;
        if add.abs() < 1e-16 * sum.abs() {
            break;
        }
    }
    x.powf(alpha) * sum / scale
}

/// Lognormal, by its median and 95th percentile.
#[derive(Debug, Clone, Copy)]
pub struct Lognormal {
    mu: f64,
    sigma: f64,
}

/// The standard normal's 95th percentile.
const Z95: f64 = 1.644_853_626_951_472_2;

impl Lognormal {
    /// Needs `0 < median <= p95`, both finite.
    pub fn new(median: f64, p95: f64) -> Self {
        Self { mu: median.ln(), sigma: (p95 / median).ln() / Z95 }
    }

    /// The value below which the draw's share of all values lies.
    pub fn at(&self, draw: Draw) -> f64 {
        (self.mu + self.sigma * normal_quantile(draw.share())).exp()
    }

    /// The mean, exactly.
    pub fn mean(&self) -> f64 {
        (self.mu + self.sigma * self.sigma / 2.0).exp()
    }
}

/// How many events a Poisson year with this `rate` has at the share `u`: the smallest n with P(N <= n) >= u. `rate` is 0
/// to 600.
#[inline]
pub fn poisson_at(rate: f64, u: f64) -> u32 {
    // e^-r >= 1 - r: most years of a rare event need no exponential.
    if u <= 1.0 - rate {
        return 0;
    }
    let mut term = (-rate).exp();
    let mut below = term;
    let mut count = 0;
    while u > below && count < 10_000 {
        count += 1;
        term *= rate / f64::from(count);
        below += term;
    }
    count
}

/// The standard normal quantile (AS 241, PPND16).
fn normal_quantile(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180_625 - q * q;
        return q * ratio(&CENTRE, r);
    }
    let r = (-(if q < 0.0 { p } else { 1.0 - p }).ln()).sqrt();
    let value = if r <= 5.0 { ratio(&MIDDLE, r - 1.6) } else { ratio(&FAR, r - 5.0) };
    if q < 0.0 { -value } else { value }
}

/// One polynomial over another, coefficients rising.
fn ratio(coefficients: &[[f64; 8]; 2], r: f64) -> f64 {
    let horner = |c: &[f64; 8]| c.iter().rev().fold(0.0, |sum, c| sum * r + c);
    horner(&coefficients[0]) / horner(&coefficients[1])
}

// The coefficients as published.
#[rustfmt::skip]
const CENTRE: [[f64; 8]; 2] = [
    [3.387_132_872_796_366_5, 1.331_416_678_917_843_8e2, 1.971_590_950_306_551_3e3, 1.373_169_376_550_946e4,
     4.592_195_393_154_987e4, 6.726_577_092_700_87e4, 3.343_057_558_358_813e4, 2.509_080_928_730_122_7e3],
    [1.0, 4.231_333_070_160_091e1, 6.871_870_074_920_579e2, 5.394_196_021_424_751e3,
     2.121_379_430_158_659_7e4, 3.930_789_580_009_271e4, 2.872_908_573_572_194_3e4, 5.226_495_278_852_854e3],
];
#[rustfmt::skip]
const MIDDLE: [[f64; 8]; 2] = [
    [1.423_437_110_749_683_5, 4.630_337_846_156_546, 5.769_497_221_460_691, 3.647_848_324_763_204_5,
     1.270_458_252_452_368_4, 2.417_807_251_774_506e-1, 2.272_384_498_926_918_4e-2, 7.745_450_142_783_414e-4],
    [1.0, 2.053_191_626_637_759, 1.676_384_830_183_803_8, 6.897_673_349_851e-1,
     1.481_039_764_274_800_8e-1, 1.519_866_656_361_645_7e-2, 5.475_938_084_995_345e-4, 1.050_750_071_644_416_9e-9],
];
#[rustfmt::skip]
const FAR: [[f64; 8]; 2] = [
    [6.657_904_643_501_103, 5.463_784_911_164_114, 1.784_826_539_917_291_3, 2.965_605_718_285_048_7e-1,
     2.653_218_952_657_612_4e-2, 1.242_660_947_388_078_4e-3, 2.711_555_568_743_487_6e-5, 2.010_334_399_292_288_1e-7],
    [1.0, 5.998_322_065_558_88e-1, 1.369_298_809_227_358e-1, 1.487_536_129_085_061_5e-2,
     7.868_691_311_456_133e-4, 1.846_318_317_510_054_8e-5, 1.421_511_758_316_446e-7, 2.044_263_103_389_939_8e-15],
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Stream;

    /// The beta quantile by bisection on the series: slow and sure.
    fn beta_quantile(alpha: f64, beta: f64, u: f64) -> f64 {
        let scale = beta_scale(alpha, beta);
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if beta_cdf(middle, alpha, beta, scale) < u { low = middle } else { high = middle }
        }
        0.5 * (low + high)
    }

    #[test]
    fn the_reference_is_right_where_it_is_known_in_closed_form() {
        // alpha 1, beta 5: F = 1 - (1-x)^5; alpha 3, beta 3: F = 10x^3 - 15x^4 + 6x^5.
        for u in [1e-6, 0.01, 0.3, 0.5, 0.9, 0.999] {
            assert!((beta_quantile(1.0, 5.0, u) - (1.0 - (1.0 - u).powf(0.2))).abs() < 1e-12);
            let x = beta_quantile(3.0, 3.0, u);
            assert!((10.0 * x.powi(3) - 15.0 * x.powi(4) + 6.0 * x.powi(5) - u).abs() < 1e-12);
        }
        // Halves, from scipy.stats.beta(2.5, 3.5).ppf.
        assert!(
            (beta_quantile(2.5, 3.5, 0.5) - 0.406_844_940_893_193_7).abs() < 1e-9,
            "{}",
            beta_quantile(2.5, 3.5, 0.5)
        );
    }

    #[test]
    fn pert_table_stays_within_its_bound() {
        for peak in [0.0, 0.01, 0.05, 0.125, 0.3, 0.5, 0.75, 0.9, 1.0] {
            let pert = Pert::new(0.0, peak, 1.0);
            let (alpha, beta) = (1.0 + 4.0 * peak, 5.0 - 4.0 * peak);
            let stream = Stream::new(5);
            let mut worst: f64 = 0.0;
            for draw in 0..4_000 {
                let u = match draw % 4 {
                    0 => stream.uniform(draw).powi(6), // into the far tails, too
                    1 => 1.0 - stream.uniform(draw).powi(6),
                    _ => stream.uniform(draw),
                };
                let draw = Draw::of_share(u);
                worst = worst.max((pert.at(draw) - beta_quantile(alpha, beta, draw.share())).abs());
            }
            assert!(worst < 2e-5, "peak {peak}: {worst:e}");
        }
    }

    #[test]
    fn a_column_has_the_bits_of_single_draws() {
        let pert = Pert::new(2.0, 8.0, 23.0);
        let mut pairs = [Pair::default(); 1_003];
        Stream::new(8).fill(0, &mut pairs);
        let mut values = [0.0; 1_003];
        for draw in [Pair::left, Pair::right] {
            pert.fill(&pairs, draw, &mut values);
            for (pair, value) in pairs.into_iter().zip(values) {
                assert_eq!(value.to_bits(), pert.at(draw(pair)).to_bits(), "{pair:?}");
            }
        }
    }

    #[test]
    fn pert_is_monotone_and_keeps_to_its_range() {
        let pert = Pert::new(2.0, 8.0, 23.0);
        let mut before = 2.0;
        for step in 1..200_000u32 {
            let x = pert.at(Draw::of_share(f64::from(step) / 200_000.0));
            assert!(x >= before && x <= 23.0, "step {step}: {x} after {before}");
            before = x;
        }
        assert!(pert.at(Draw(0)) >= 2.0 && pert.at(Draw(u32::MAX)) <= 23.0);
        assert_eq!(Pert::new(4.0, 4.0, 4.0).at(Draw::of_share(0.3)).to_bits(), 4.0f64.to_bits());
    }

    #[test]
    fn moments_agree_with_the_formulas() {
        let stream = Stream::new(11);
        let n = 400_000u32;
        for (low, likely, high) in [(0.01, 0.04, 0.15), (2.0, 8.0, 23.0), (0.0, 0.0, 1.0), (5.0, 9.0, 9.0)] {
            let pert = Pert::new(low, likely, high);
            let (mut sum, mut squares) = (0.0, 0.0);
            for draw in 0..n {
                let x = pert.at(stream.pair(u64::from(draw)).left());
                sum += x;
                squares += (x - pert.mean()).powi(2);
            }
            let mean = sum / f64::from(n);
            // Variance of PERT: (mean - low)(high - mean) / 7.
            let variance = (pert.mean() - low) * (high - pert.mean()) / 7.0;
            assert!(
                (mean - pert.mean()).abs() < 4.0 * (variance / f64::from(n)).sqrt(),
                "{mean} {}",
                pert.mean()
            );
            assert!((squares / f64::from(n) / variance - 1.0).abs() < 0.01, "{likely}");
        }
        let lognormal = Lognormal::new(4_000.0, 30_000.0);
        for (share, value) in [(0.5, 4_000.0), (0.95, 30_000.0)] {
            assert!((lognormal.at(Draw::of_share(share)) / value - 1.0).abs() < 1e-8);
        }
        let mean =
            (0..n).map(|draw| lognormal.at(stream.pair(u64::from(draw)).right())).sum::<f64>() / f64::from(n);
        assert!((mean / lognormal.mean() - 1.0).abs() < 0.02, "{mean} {}", lognormal.mean());
    }

    #[test]
    fn normal_quantile_at_known_points() {
        for (p, z) in [
            (0.5, 0.0),
            (0.95, Z95),
            (0.975, 1.959_963_984_540_054),
            (0.001, -3.090_232_306_167_813_5),
            (1e-10, -6.361_340_902_404_056),
            (1e-15, -7.941_345_326_170_997),
        ] {
            assert!((normal_quantile(p) - z).abs() < 1e-12, "{p}: {}", normal_quantile(p));
        }
    }

    #[test]
    fn poisson_inverts_its_distribution() {
        for rate in [0.0, 0.02, 0.7, 3.5, 40.0, 520.0] {
            let n = 100_000u32;
            let stream = Stream::new(3);
            let mut sum = 0.0;
            let mut last = 0;
            for draw in 0..n {
                sum += f64::from(poisson_at(rate, stream.uniform(u64::from(draw))));
            }
            let mean = sum / f64::from(n);
            assert!((mean - rate).abs() <= 4.5 * (rate / f64::from(n)).sqrt(), "{rate}: {mean}");
            for step in 1..1000 {
                let count = poisson_at(rate, f64::from(step) / 1000.0);
                assert!(count >= last);
                last = count;
            }
        }
        assert_eq!(poisson_at(0.5, 0.606), 0); // e^-0.5 = 0.60653
        assert_eq!(poisson_at(0.5, 0.607), 1);
    }
}
