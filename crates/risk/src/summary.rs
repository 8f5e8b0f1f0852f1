//! Mean, quantiles and the loss exceedance curve of many simulated years.
//!
//! One pass counts the losses in buckets that are the floats' own exponent and first six mantissa bits; counts can be
//! added in any order, so the passes may run on any number of threads. A quantile is then picked exactly from the few values of
//! its bucket, and the curve is read off at bucket edges, where the counts are exact too. The mean is summed part by
//! part, in a fixed order within and between them.

use enamel_types::Usd;
use enamel_types::risk::LossDistribution;

use crate::parallel::in_order;

/// Points of the loss exceedance curve, at most.
const CURVE_POINTS: usize = 60;
/// Mantissa bits of a bucket: neighbouring edges lie at most 1/64 apart.
const SHIFT: u32 = 46;
/// The first bucket begins at 2^-10 dollars; the last takes everything from 2^54 up.
const FIRST: u64 = (1.0f64 / 1024.0).to_bits() >> SHIFT;
const BUCKETS: usize = 64 * 64 + 1;

/// Losses that are worth a thread of their own: it takes longer to start one than to count fewer.
const LOSSES_PER_THREAD: usize = 32_768;
/// Partial sums kept side by side, so that an addition need not wait for the one before.
const LANES: usize = 8;

/// Summarises `trials` years. `parts` holds the losses of the years that had one, in any number of parts; the years
/// missing from it lost nothing. The result does not depend on `threads`.
pub fn summarise(parts: &[Vec<f64>], trials: u32, threads: usize) -> LossDistribution {
    let n = f64::from(trials.max(1));
    let losses: usize = parts.iter().map(Vec::len).sum();
    let groups = threads.clamp(1, losses.div_ceil(LOSSES_PER_THREAD).max(1));
    let groups: Vec<&[Vec<f64>]> = parts.chunks(parts.len().div_ceil(groups).max(1)).collect();
    let (counts, sums) = count(&groups);
    let [p50, p90, p95] = quantiles(&groups, &counts, u64::from(trials), [0.50, 0.90, 0.95]);
    LossDistribution {
        mean: Usd(sums.iter().sum::<f64>() / n),
        p50: Usd(p50),
        p90: Usd(p90),
        p95: Usd(p95),
        any_loss: counts.iter().sum::<u64>() as f64 / n,
        curve: curve(&counts, n),
    }
}

/// None where nothing was lost.
#[inline]
fn bucket(loss: f64) -> Option<usize> {
    let index = (loss.to_bits() >> SHIFT).wrapping_sub(FIRST) as usize;
    if index < BUCKETS {
        return Some(index); // all losses that are not absurd, after one comparison
    }
    (loss > 0.0).then_some(if loss < edge(0) { 0 } else { BUCKETS - 1 })
}

/// The smallest loss of a bucket.
fn edge(bucket: usize) -> f64 {
    f64::from_bits((FIRST + bucket as u64) << SHIFT)
}

/// How many losses lie in each bucket, and the sum of each part in the order of the parts. One thread for each group.
fn count(groups: &[&[Vec<f64>]]) -> (Vec<u64>, Vec<f64>) {
    let tallies = in_order(groups.len(), groups.len(), |group| {
        let mut tally = vec![0u32; BUCKETS];
        let sums = groups[group].iter().map(|part| {
            part.iter().filter_map(|loss| bucket(*loss)).for_each(|bucket| tally[bucket] += 1);
            sum(part)
        });
        let sums: Vec<f64> = sums.collect();
        (tally, sums)
    });
    let mut counts = vec![0; BUCKETS];
    let mut sums = Vec::new();
    for (tally, more) in tallies {
        counts.iter_mut().zip(tally).for_each(|(sum, count)| *sum += u64::from(count));
        sums.extend(more);
    }
    (counts, sums)
}

fn sum(part: &[f64]) -> f64 {
    let (blocks, rest) = part.as_chunks::<LANES>();
    let mut lanes = [0.0; LANES];
    for block in blocks {
        lanes.iter_mut().zip(block).for_each(|(lane, loss)| *lane += loss);
    }
    lanes.iter().chain(rest).sum()
}

/// The smallest loss that at least a share `p` of all years stay at or below.
fn quantiles<const N: usize>(
    groups: &[&[Vec<f64>]],
    counts: &[u64],
    trials: u64,
    shares: [f64; N],
) -> [f64; N] {
    let lossless = trials.saturating_sub(counts.iter().sum());
    let places = shares.map(|share| {
        let rank = ((share * trials as f64).ceil() as u64).clamp(1, trials.max(1));
        let mut left = rank.checked_sub(lossless + 1)?; // index among the years with a loss
        for (bucket, &count) in counts.iter().enumerate() {
            if left < count {
                return Some((bucket, left as usize));
            }
            left -= count;
        }
        None
    });
    let mut wanted = [false; BUCKETS];
    places.iter().flatten().for_each(|(bucket, _)| wanted[*bucket] = true);
    let found = if places.iter().any(Option::is_some) { pick(groups, &wanted) } else { Vec::new() };
    places.map(|place| {
        let Some((here, index)) = place else { return 0.0 };
        let mut values: Vec<f64> = found.iter().copied().filter(|loss| bucket(*loss) == Some(here)).collect();
        *values.select_nth_unstable_by(index, f64::total_cmp).1
    })
}

/// All losses in the wanted buckets. One thread for each group.
fn pick(groups: &[&[Vec<f64>]], wanted: &[bool; BUCKETS]) -> Vec<f64> {
    let found = in_order(groups.len(), groups.len(), |group| {
        let mut found = Vec::new();
        for part in groups[group] {
            for &loss in part {
                if bucket(loss).is_some_and(|bucket| wanted[bucket]) {
                    found.push(loss);
                }
            }
        }
        found
    });
    found.concat()
}

fn curve(counts: &[u64], n: f64) -> Vec<(Usd, f64)> {
    let with_loss: u64 = counts.iter().sum();
    let Some(last) = counts.iter().rposition(|&count| count > 0) else { return Vec::new() };
    // Begin where the smallest fiftieth of the losses ends: below it the curve is flat and only stretches the axis.
    let mut below = 0;
    let first = counts
        .iter()
        .position(|&count| {
            below += count;
            below * 50 > with_loss
        })
        .unwrap_or(last);
    let step = (last - first) as f64 / (CURVE_POINTS - 1) as f64;
    let mut points: Vec<usize> =
        (0..CURVE_POINTS).map(|point| first + (step * point as f64).round() as usize).collect();
    points.dedup();
    let mut at_least = vec![0; counts.len() + 1];
    for bucket in (0..counts.len()).rev() {
        at_least[bucket] = at_least[bucket + 1] + counts[bucket];
    }
    points.into_iter().map(|bucket| (Usd(edge(bucket)), at_least[bucket] as f64 / n)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::Lognormal;
    use crate::rng::Stream;

    fn years(n: u32, chance: f64) -> Vec<f64> {
        let stream = Stream::new(9);
        let losses = Lognormal::new(84_000.0, 2_000_000.0);
        (0..u64::from(n))
            .map(|year| {
                let u = stream.uniform(2 * year);
                if u < chance { losses.at(stream.pair(2 * year + 1).left()) } else { 0.0 }
            })
            .collect()
    }

    #[test]
    fn agrees_with_sorting_everything() {
        for (n, chance) in [(1, 1.0), (7, 0.5), (100, 0.05), (20_001, 0.12), (20_000, 0.3), (30_000, 1.0)] {
            let all = years(n, chance);
            let mut sorted = all.clone();
            sorted.sort_by(f64::total_cmp);
            let parts: Vec<Vec<f64>> =
                all.chunks(1_000).map(|part| part.iter().copied().filter(|l| *l > 0.0).collect()).collect();
            let found = summarise(&parts, n, 3);
            for (share, value) in [(0.5, found.p50), (0.9, found.p90), (0.95, found.p95)] {
                let rank = (share * f64::from(n)).ceil() as usize;
                assert_eq!(value.0.to_bits(), sorted[rank.max(1) - 1].to_bits(), "{n} years, {share}");
            }
            let mean = all.iter().sum::<f64>() / f64::from(n);
            assert!((found.mean.0 - mean).abs() <= 1e-9 * mean);
            assert!(found.curve.len() <= CURVE_POINTS);
            let mut before = (0.0, 1.0);
            for (loss, chance) in &found.curve {
                let exact = all.iter().filter(|l| **l >= loss.0).count() as f64 / f64::from(n);
                assert_eq!(chance.to_bits(), exact.to_bits(), "chance of {loss}");
                assert!(loss.0 > before.0 && *chance <= before.1, "the curve must fall");
                before = (loss.0, *chance);
            }
        }
    }

    #[test]
    fn threads_do_not_show() {
        let n = 4 * LOSSES_PER_THREAD as u32;
        let parts: Vec<Vec<f64>> = years(n, 0.4).chunks(777).map(<[f64]>::to_vec).collect();
        let one = summarise(&parts, n, 1);
        for threads in [2, 3, 8, 100] {
            assert_eq!(one, summarise(&parts, n, threads));
        }
    }

    #[test]
    fn no_loss_and_absurd_losses_are_survived() {
        let nothing = summarise(&[], 100, 2);
        assert!(nothing.curve.is_empty() && nothing.p95.0 == 0.0 && nothing.any_loss == 0.0);
        let absurd = summarise(&[vec![1e-12, 1e300]], 2, 1);
        assert_eq!((absurd.p50.0, absurd.p95.0), (1e-12, 1e300));
    }
}
