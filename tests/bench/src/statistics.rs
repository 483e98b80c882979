//! Percentiles, and whether two sets of samples differ.

/// The value within which `percent` of the samples lie (nearest rank); `None` without samples.
pub(crate) fn percentile(samples: &[f64], percent: usize) -> Option<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let rank = sorted.len().saturating_mul(percent).div_ceil(100).saturating_sub(1);
    sorted.get(rank).copied()
}

/// Welch's t: how far the means of two sets of samples lie apart, in standard errors. `None` for fewer than two samples.
pub(crate) fn welch_t(one: &[f64], other: &[f64]) -> Option<f64> {
    let (first, second) = (moments(one)?, moments(other)?);
    let error = (first.variance / first.count + second.variance / second.count).sqrt();
    (error > 0.0).then(|| (first.mean - second.mean) / error)
}

/// The samples above these percentiles of both sets together are left out, one percentile after the other.
const CROPPED: [usize; 3] = [99, 95, 75];

/// The largest |t| of the samples as they are, and with the slowest ones of both sets left out: what a busy machine adds
/// to a few of them hides a difference that all of them have. `None` for too few samples.
pub(crate) fn worst_t(one: &[f64], other: &[f64]) -> Option<f64> {
    let together = [one, other].concat();
    let cropped = CROPPED.into_iter().filter_map(|percent| {
        let bound = percentile(&together, percent)?;
        let kept =
            |samples: &[f64]| samples.iter().copied().filter(|sample| *sample <= bound).collect::<Vec<_>>();
        welch_t(&kept(one), &kept(other))
    });
    welch_t(one, other).into_iter().chain(cropped).map(f64::abs).max_by(f64::total_cmp)
}

struct Moments {
    count: f64,
    mean: f64,
    variance: f64,
}

#[expect(clippy::cast_precision_loss, reason = "counts of samples are small")]
fn moments(samples: &[f64]) -> Option<Moments> {
    let count = samples.len() as f64;
    if samples.len() < 2 {
        return None;
    }
    let mean = samples.iter().sum::<f64>() / count;
    let squares: f64 = samples.iter().map(|sample| (sample - mean).powi(2)).sum();
    Some(Moments { count, mean, variance: squares / (count - 1.0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_apart_are_seen_and_the_same_ones_are_not() {
        let samples = |shift: f64| -> Vec<f64> { (0..1_000).map(|n| f64::from(n % 10) + shift).collect() };
        assert_eq!(welch_t(&samples(0.0), &samples(0.0)), Some(0.0));
        let apart = welch_t(&samples(1.0), &samples(0.0)).unwrap();
        // Variance 8.258 of both: 1 / sqrt(2 * 8.258 / 1000).
        assert!((apart - 7.78).abs() < 0.01, "{apart}");
        assert_eq!(welch_t(&[1.0], &samples(0.0)), None);
    }

    #[test]
    fn a_small_difference_is_seen_behind_a_few_slow_samples() {
        let samples = |shift: f64| -> Vec<f64> {
            (0..1_000)
                .map(|n| f64::from(n % 10) + shift + if n % 50 == 0 { f64::from(n * 100) } else { 0.0 })
                .collect()
        };
        let (apart, alike) = (worst_t(&samples(1.0), &samples(0.0)), worst_t(&samples(0.0), &samples(0.0)));
        assert!(welch_t(&samples(1.0), &samples(0.0)).unwrap() < 1.0);
        assert!(apart.unwrap() > 3.0 && alike.unwrap() < 0.1, "{apart:?} {alike:?}");
    }

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let samples: Vec<f64> = (1..=200).rev().map(f64::from).collect();
        assert_eq!((percentile(&samples, 50), percentile(&samples, 99)), (Some(100.0), Some(198.0)));
        assert_eq!(percentile(&[], 50), None);
    }
}
