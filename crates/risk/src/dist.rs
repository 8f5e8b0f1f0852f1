//! Distributions by their quantile functions: a uniform number in, a value out.
//!
//! Everything is sampled by inversion, so that one uniform draw decides one value. Two runs that share their draws then
//! differ only where their numbers differ, which is what makes the worth of a fix a clean difference.
//!
//! # Error bounds
//! - PERT: a table of the beta quantile, log-spaced towards both ends, with linear interpolation. The table's entries are
//!   good to 1e-8; between them the error is below 2e-5 of the range (`high - low`) for every shape (test
//!   `pert_table_stays_within_its_bound`). Beyond 2^-20 from either end the last cell is a straight line to that end.
//! - Normal quantile: Wichura's algorithm AS 241 (Applied Statistics 37, 1988), relative error about 1e-16.
//! - Poisson: exact inversion by summing terms.

/// Octaves of the table on each side of the median; below the last one the probability is 2^-21.
const OCTAVES: usize = 20;
/// Cells of an octave, a power of two.
const CELLS: usize = 64;
const CELL_BITS: u32 = CELLS.trailing_zeros();
const SIDE: usize = OCTAVES * CELLS;
/// Bits of a float below octave and cell.
const FRACTION_BITS: u32 = 52 - CELL_BITS;
/// Where the table starts: the float 2^-21 without its fraction bits.
const BASE: u64 = (0.5f64.to_bits() >> FRACTION_BITS) - SIDE as u64;

/// PERT: a beta distribution on `low..high` that peaks at `likely`, with the usual weight of 4.
#[derive(Debug, Clone)]
pub struct Pert {
    mean: f64,
    /// Values at the cell edges, from the lower end to the median, then from the upper end to the median. Each side
    /// begins with the end itself and ends with the median twice, so that the median has a right neighbour.
    table: Box<[[f64; SIDE + 3]; 2]>,
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
    #[expect(clippy::large_stack_arrays, reason = "20 KiB twice, on its way to the heap")]
    pub fn beta(low: f64, high: f64, alpha: f64, beta: f64) -> Self {
        let span = high - low;
        let mut table = Box::new([[low; SIDE + 3], [high; SIDE + 3]]);
        if span > 0.0 {
            for (value, x) in table[0][1..].iter_mut().zip(beta_tail(alpha, beta)) {
                *value = low + span * x;
            }
            for (value, x) in table[1][1..].iter_mut().zip(beta_tail(beta, alpha)) {
                *value = high - span * x;
            }
            for side in table.iter_mut() {
                side[SIDE + 2] = side[SIDE + 1];
            }
        }
        Self { mean: low + span * alpha / (alpha + beta), table }
    }

    /// The value below which a share `u` of all values lies, `0 < u < 1`.
    #[inline]
    pub fn at(&self, u: f64) -> f64 {
        let upper = u > 0.5;
        // The distance to the nearer end, exactly and without a branch that is guessed wrong half of the time.
        let v = 0.5 - (u - 0.5).abs();
        // The float's own exponent and first mantissa bits are the log-spaced cell; the rest is the place in the cell.
        let bits = v.to_bits();
        let cell = (bits >> FRACTION_BITS).wrapping_sub(BASE);
        let side = &self.table[usize::from(upper)];
        let [left, right] = if cell <= SIDE as u64 {
            [side[cell as usize + 1], side[cell as usize + 2]]
        } else {
            // The outermost 2^-21: a straight line to the end of the range.
            let (end, first) = (side[0], side[1]);
            return end + (first - end) * (v * (1u64 << (OCTAVES + 1)) as f64);
        };
        let place = f64::from_bits((bits << CELL_BITS) & 0x000F_FFFF_FFFF_FFFF | 0x3FF0_0000_0000_0000) - 1.0;
        left + (right - left) * place
    }

    /// The mean, exactly.
    pub const fn mean(&self) -> f64 {
        self.mean
    }
}

/// The quantiles of a beta distribution at the lower cell edges, 2^-21 up to 1/2.
///
/// The quantile function solves `dx/dv = 1 / density(x)`; from an exact start it is followed by the classical Runge-Kutta
/// method, which at these steps is good to 1e-8 and far cheaper than inverting the distribution at every edge.
fn beta_tail(alpha: f64, beta: f64) -> impl Iterator<Item = f64> {
    let scale = beta_scale(alpha, beta);
    let edge = |index: usize| f64::from_bits((BASE + index as u64) << FRACTION_BITS);
    let slope = move |x: f64| scale * ((1.0 - alpha) * x.ln() + (1.0 - beta) * (-x).ln_1p()).exp();
    let mut x = (edge(0) * scale * alpha).powf(1.0 / alpha); // the series' first term
    for _ in 0..8 {
        x -= (beta_cdf(x, alpha, beta, scale) - edge(0)) * slope(x);
    }
    (0..=SIDE).map(move |index| {
        if index > 0 {
            let step = edge(index) - edge(index - 1);
            let k1 = slope(x);
            let k2 = slope(x + 0.5 * step * k1);
            let k3 = slope(x + 0.5 * step * k2);
            let k4 = slope(x + step * k3);
            x += step / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4);
        }
        x
    })
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

    /// The value below which a share `u` of all values lies, `0 < u < 1`.
    pub fn at(&self, u: f64) -> f64 {
        (self.mu + self.sigma * normal_quantile(u)).exp()
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
                    0 => stream.uniform(draw) * 1e-3,
                    1 => 1.0 - stream.uniform(draw) * 1e-3,
                    _ => stream.uniform(draw),
                };
                // The outermost cell is a straight line by design: its probability is 5e-7.
                if u.min(1.0 - u) > 4.8e-7 {
                    worst = worst.max((pert.at(u) - beta_quantile(alpha, beta, u)).abs());
                }
            }
            assert!(worst < 2e-5, "peak {peak}: {worst:e}");
        }
    }

    #[test]
    fn pert_is_monotone_and_keeps_to_its_range() {
        let pert = Pert::new(2.0, 8.0, 23.0);
        let mut before = 2.0;
        for step in 1..200_000u32 {
            let x = pert.at(f64::from(step) / 200_000.0);
            assert!(x >= before && x <= 23.0, "step {step}: {x} after {before}");
            before = x;
        }
        assert!(pert.at(f64::EPSILON) >= 2.0 && pert.at(1.0 - f64::EPSILON) <= 23.0);
        assert_eq!(Pert::new(4.0, 4.0, 4.0).at(0.3).to_bits(), 4.0f64.to_bits());
    }

    #[test]
    fn moments_agree_with_the_formulas() {
        let stream = Stream::new(11);
        let n = 400_000u32;
        for (low, likely, high) in [(0.01, 0.04, 0.15), (2.0, 8.0, 23.0), (0.0, 0.0, 1.0), (5.0, 9.0, 9.0)] {
            let pert = Pert::new(low, likely, high);
            let (mut sum, mut squares) = (0.0, 0.0);
            for draw in 0..n {
                let x = pert.at(stream.uniform(u64::from(draw)));
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
        assert!((lognormal.at(0.5) - 4_000.0).abs() < 1e-8 && (lognormal.at(0.95) - 30_000.0).abs() < 1e-6);
        let mean =
            (0..n).map(|draw| lognormal.at(stream.uniform(u64::from(draw)))).sum::<f64>() / f64::from(n);
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
