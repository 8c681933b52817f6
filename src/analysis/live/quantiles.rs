//! Quantiles of durations: exact, because all that is within a window is kept anyway.

/// A summary of some durations, ms.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Quantiles {
    /// Median: the smallest duration that half of them do not exceed; the others likewise. No estimate.
    pub p50: Option<f64>,
    /// 95th percentile.
    pub p95: Option<f64>,
    /// 99th percentile.
    pub p99: Option<f64>,
    /// The longest.
    pub max: Option<f64>,
}

impl Quantiles {
    /// Of durations in microseconds, which it sorts.
    pub(super) fn of(durations_us: &mut [u32]) -> Self {
        durations_us.sort_unstable();
        let quantile = |percent: usize| {
            let rank = (durations_us.len() * percent).div_ceil(100);
            durations_us.get(rank.checked_sub(1)?).map(|us| f64::from(*us) / 1000.0)
        };
        Self { p50: quantile(50), p95: quantile(95), p99: quantile(99), max: quantile(100) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_quantile_is_the_smallest_that_this_share_does_not_exceed(durations in vec(0u32..5000, 0..300)) {
            let quantiles = Quantiles::of(&mut durations.clone());
            for (percent, found) in [(50, quantiles.p50), (95, quantiles.p95), (99, quantiles.p99), (100, quantiles.max)] {
                let share = |us: u32| durations.iter().filter(|one| **one <= us).count() * 100;
                let enough = durations.len() * percent;
                let expected = durations.iter().copied().filter(|us| share(*us) >= enough).min();
                prop_assert_eq!(found, expected.map(|us| f64::from(us) / 1000.0), "{}", percent);
            }
        }
    }
}
