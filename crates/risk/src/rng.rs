//! Random numbers by counter: any draw can be had without making the ones before it.
//!
//! A draw is a hash of (stream, counter). That is what makes a run bit-identical on any number of threads, and what lets
//! two runs share their dice: year 4,711 of a scenario rolls the same whether or not a weakness is fixed.
//!
//! The hash is wyrand (Wang Yi, public domain; passes BigCrush and PractRand): the two halves of one 128-bit product of a
//! Weyl sequence, xored. It needs starting points that look random, so streams are keyed by the finaliser of SplitMix64
//! (Steele, Lea, Flood 2014; variant 13 of Stafford's mixers). Neither is for secrets.

/// Steps of SplitMix64's Weyl sequence: 2^64 divided by the golden ratio, odd.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
/// The two constants of wyrand.
const STEP: u64 = 0xA076_1D64_78BD_642F;
const FOLD: u64 = 0xE703_7ED1_A0B4_28DB;

/// Draws to make at a time: what belongs to one block stays in the nearest cache.
pub const BLOCK: usize = 1_024;

/// A uniform number of 32 bits: it stands for the middle of its step, (bits + 1/2) / 2^32, so it is never 0 or 1.
///
/// A step is 2.3e-10. Of the most years that one run rolls (10^7), one in 400 has a neighbour that close by chance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Draw(pub(crate) u32);

impl Draw {
    /// The draw nearest to a share of 0 to 1.
    pub fn of_share(share: f64) -> Self {
        Self((share * f64::from(u32::MAX)).round() as u32)
    }

    /// The share that it stands for, in the open interval (0, 1).
    pub fn share(self) -> f64 {
        (f64::from(self.0) + 0.5) / (1u64 << 32) as f64
    }
}

/// Two unrelated draws out of one hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pair(u64);

impl Pair {
    /// The first draw.
    #[inline]
    pub const fn left(self) -> Draw {
        Draw((self.0 >> 32) as u32)
    }

    /// The second draw.
    #[inline]
    pub const fn right(self) -> Draw {
        Draw(self.0 as u32)
    }
}

/// One stream of random numbers, addressed by counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream(u64);

impl Stream {
    /// The stream of a seed.
    pub const fn new(seed: u64) -> Self {
        Self(mix(seed.wrapping_mul(GOLDEN) ^ 0xD1B5_4A32_D192_ED03))
    }

    /// A stream of its own for part `index` of this one.
    #[must_use]
    pub const fn child(self, index: u64) -> Self {
        // Two rounds: children of neighbouring parents must not be shifted copies of each other.
        Self(mix(mix(self.0 ^ index.wrapping_mul(GOLDEN)).wrapping_add(GOLDEN)))
    }

    /// The number at `counter`: uniform in the open interval (0, 1), 52 bits fine.
    #[inline]
    pub fn uniform(self, counter: u64) -> f64 {
        // 52 bits into the mantissa of [1, 2), then half a step up, so that neither 0 nor 1 can come out.
        f64::from_bits((self.word(counter) >> 12) | 0x3FF0_0000_0000_0000) - (1.0 - f64::EPSILON / 2.0)
    }

    /// Two unrelated draws at `counter`. They overlap with [`Self::uniform`] of the same counter.
    #[inline]
    pub fn pair(self, counter: u64) -> Pair {
        Pair(self.word(counter))
    }

    /// The pairs at `first` and the counters after it.
    // Where the compiler sees the length it trades the wide multiplication for slower vectors.
    #[inline(never)]
    pub fn fill(self, first: u64, pairs: &mut [Pair]) {
        pairs.iter_mut().zip(first..).for_each(|(pair, counter)| *pair = self.pair(counter));
    }

    #[inline]
    const fn word(self, counter: u64) -> u64 {
        let place = self.0.wrapping_add(counter.wrapping_mul(STEP));
        let product = place as u128 * (place ^ FOLD) as u128;
        (product >> 64) as u64 ^ product as u64
    }
}

#[inline]
const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_uniform_and_never_touch_the_ends() {
        let stream = Stream::new(1).child(7);
        let count = 200_000u32;
        let (mut sum, mut squares, mut serial) = (0.0, 0.0, 0.0);
        let mut cells = [0u32; 64];
        let mut before = 0.5;
        for counter in 0..u64::from(count) {
            let u = stream.uniform(counter);
            assert!(u > 0.0 && u < 1.0);
            sum += u;
            squares += u * u;
            serial += (u - 0.5) * (before - 0.5);
            before = u;
            cells[(u * 64.0) as usize] += 1;
        }
        let n = f64::from(count);
        assert!((sum / n - 0.5).abs() < 4.0 * (1.0 / 12.0 / n).sqrt(), "mean {}", sum / n);
        assert!(
            (squares / n - 1.0 / 3.0).abs() < 4.0 * (4.0 / 45.0 / n).sqrt(),
            "second moment {}",
            squares / n
        );
        assert!((serial / n).abs() < 4.0 / 12.0 / n.sqrt(), "serial covariance {}", serial / n);
        let expected = n / 64.0;
        let chi: f64 = cells.iter().map(|&c| (f64::from(c) - expected).powi(2) / expected).sum();
        assert!(chi < 110.0, "chi-square {chi} on 63 degrees of freedom"); // p < 0.0003 above 108
    }

    #[test]
    fn streams_of_neighbours_are_unrelated() {
        for (a, b) in [
            (Stream::new(1), Stream::new(2)),
            (Stream::new(1).child(0), Stream::new(1).child(1)),
            (Stream::new(1).child(5).child(0), Stream::new(1).child(6).child(0)),
        ] {
            for shift in -2i64..=2 {
                let n = 20_000u32;
                let covariance: f64 = (8..u64::from(n) + 8)
                    .map(|c| (a.uniform(c) - 0.5) * (b.uniform(c.wrapping_add_signed(shift)) - 0.5))
                    .sum::<f64>()
                    / f64::from(n);
                assert!(covariance.abs() < 4.5 / 12.0 / f64::from(n).sqrt(), "shift {shift}: {covariance}");
            }
        }
    }

    #[test]
    fn the_same_counter_gives_the_same_draw() {
        // Pinned: a change here changes every published figure.
        let stream = Stream::new(42).child(3);
        assert_eq!(stream.uniform(9).to_bits(), Stream::new(42).child(3).uniform(9).to_bits());
        assert_ne!(stream.uniform(9).to_bits(), stream.uniform(10).to_bits());
    }

    #[test]
    fn the_draws_of_a_pair_and_of_neighbours_are_unrelated() {
        // Chi-square on 64 x 64 cells: between the halves of a hash, along each half, and between two streams.
        let (a, b) = (Stream::new(1).child(7), Stream::new(1).child(8));
        let two = |left: Draw, right: Draw| (left.0 >> 26) as usize * 64 + (right.0 >> 26) as usize;
        let looks: [(&str, &dyn Fn(u64) -> usize); 5] = [
            ("pair", &|c| two(a.pair(c).left(), a.pair(c).right())),
            ("left along", &|c| two(a.pair(c).left(), a.pair(c + 1).left())),
            ("right along", &|c| two(a.pair(c).right(), a.pair(c + 1).right())),
            ("streams, left", &|c| two(a.pair(c).left(), b.pair(c).left())),
            ("streams, across", &|c| two(a.pair(c).left(), b.pair(c).right())),
        ];
        for (name, cell) in looks {
            let mut cells = [0u32; 4096];
            (0..1 << 18).for_each(|counter| cells[cell(counter)] += 1);
            let chi: f64 = cells.iter().map(|&count| (f64::from(count) - 64.0).powi(2) / 64.0).sum();
            let spread = (chi - 4095.0) / (2.0f64 * 4095.0).sqrt();
            assert!(spread.abs() < 4.0, "{name}: chi-square {spread} standard deviations off");
        }
    }

    #[test]
    fn a_block_is_its_draws_one_by_one() {
        let stream = Stream::new(3);
        let mut pairs = [Pair::default(); 77];
        stream.fill(1_000, &mut pairs);
        for (pair, counter) in pairs.into_iter().zip(1_000..) {
            assert_eq!(pair, stream.pair(counter));
        }
        assert!(Draw(0).share() > 0.0 && Draw(u32::MAX).share() < 1.0);
        assert!((Draw::of_share(0.3).share() - 0.3).abs() < 1e-9);
    }
}
