//! How long invocations take: a lognormal distribution and the statistics of one minute's sample.

use super::noise::Noise;
use crate::model::metric::Statistic;

/// The distribution of a function's durations.
#[derive(Clone, Copy, Debug)]
pub(super) struct Distribution {
    /// The median, milliseconds.
    pub(super) p50_ms: f64,
    /// The standard deviation of the durations' logarithm: 0 is constant, 1 is a long tail.
    pub(super) spread: f64,
    /// The function's timeout, milliseconds: nothing takes longer.
    pub(super) timeout_ms: f64,
}

/// One minute's statistics, milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Durations {
    pub(super) average: f64,
    pub(super) p50: f64,
    pub(super) p95: f64,
    pub(super) p99: f64,
    pub(super) maximum: f64,
}

/// The expected largest of 2^k standard normal draws, k = 0 to 16 (order statistics, integrated numerically).
const LARGEST: [f64; 17] = [
    0.0, 0.564, 1.029, 1.424, 1.766, 2.070, 2.344, 2.595, 2.827, 3.044, 3.248, 3.442, 3.626, 3.802, 3.971, 4.134, 4.291,
];

/// The standard normal distribution's quantiles for the 95th and 99th percentile.
const Z95: f64 = 1.645;
const Z99: f64 = 2.326;

impl Distribution {
    /// The mean, milliseconds.
    pub(super) fn mean_ms(&self) -> f64 {
        (self.p50_ms * (self.spread * self.spread / 2.0).exp()).min(self.timeout_ms)
    }

    /// The statistics of `count` invocations; `None` when there were none.
    ///
    /// A small sample moves more from minute to minute and reaches less far into the tail.
    pub(super) fn sample(&self, count: u64, noise: &mut Noise) -> Option<Durations> {
        let power = count.checked_ilog2()?;
        let shift = (self.spread * noise.normal() / (count as f64).sqrt()).exp();
        let largest = LARGEST[(power as usize).min(LARGEST.len() - 1)];
        let at = |z: f64| hundredths((self.p50_ms * shift * (self.spread * z).exp()).min(self.timeout_ms));
        let maximum = at(largest * (1.0 + 0.2 * noise.uniform()));
        Some(Durations {
            average: hundredths(self.mean_ms() * shift).min(maximum),
            p50: at(0.0),
            p95: at(Z95.min(largest)),
            p99: at(Z99.min(largest)),
            maximum,
        })
    }
}

/// Lambda reports durations to 0.01 ms; rounding also hides where platforms disagree on `exp`.
fn hundredths(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

impl Durations {
    /// The value of a statistic; durations have no sum here.
    pub(super) fn statistic(&self, statistic: Statistic) -> Option<f64> {
        match statistic {
            Statistic::Sum => None,
            Statistic::Average => Some(self.average),
            Statistic::P50 => Some(self.p50),
            Statistic::P95 => Some(self.p95),
            Statistic::P99 => Some(self.p99),
            Statistic::Maximum => Some(self.maximum),
        }
    }

    /// Two samples of `count` and `other_count` invocations taken together.
    ///
    /// Exact for the average and the maximum. Percentiles are weighted likewise, which is an
    /// approximation but keeps their order.
    pub(super) fn merge(self, count: u64, other: Self, other_count: u64) -> Self {
        let share = other_count as f64 / (count + other_count).max(1) as f64;
        let blend = |one: f64, two: f64| hundredths(one + (two - one) * share);
        Self {
            average: blend(self.average, other.average),
            p50: blend(self.p50, other.p50),
            p95: blend(self.p95, other.p95),
            p99: blend(self.p99, other.p99),
            maximum: self.maximum.max(other.maximum),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPICAL: Distribution = Distribution { p50_ms: 100.0, spread: 0.5, timeout_ms: 3000.0 };

    fn minutes(distribution: Distribution, count: u64) -> impl Iterator<Item = Durations> {
        (0..500).map(move |index| distribution.sample(count, &mut Noise::new(5, "f", index)).unwrap())
    }

    #[test]
    fn statistics_are_in_order_and_below_the_timeout() {
        let slow = Distribution { p50_ms: 2500.0, spread: 1.0, ..TYPICAL };
        for distribution in [TYPICAL, slow] {
            for count in [1, 2, 7, 100, 30_000, 10_000_000] {
                for seen in minutes(distribution, count) {
                    assert!(seen.p50 <= seen.p95 && seen.p95 <= seen.p99 && seen.p99 <= seen.maximum, "{seen:?}");
                    assert!(seen.average <= seen.maximum && seen.maximum <= 3000.0, "{seen:?}");
                }
            }
        }
    }

    #[test]
    fn a_large_sample_shows_the_distribution() {
        for seen in minutes(TYPICAL, 100_000) {
            assert!((seen.p50 - 100.0).abs() < 1.0, "{seen:?}");
            assert!((seen.p95 - 227.6).abs() < 2.0, "{seen:?}");
            assert!((seen.average - 113.3).abs() < 1.0, "{seen:?}");
        }
    }

    #[test]
    fn one_invocation_has_one_duration_and_none_has_none() {
        for seen in minutes(TYPICAL, 1) {
            let one = seen.maximum;
            assert_eq!(seen, Durations { average: one, p50: one, p95: one, p99: one, maximum: one });
        }
        assert_eq!(TYPICAL.sample(0, &mut Noise::new(5, "f", 0)), None);
    }

    #[test]
    fn samples_merge_by_their_weight() {
        let constant = |value| Durations { average: value, p50: value, p95: value, p99: value, maximum: value };
        let merged = constant(100.0).merge(9, constant(200.0), 1);
        assert_eq!(merged, Durations { maximum: 200.0, ..constant(110.0) });
    }
}
