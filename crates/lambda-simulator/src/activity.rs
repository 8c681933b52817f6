//! The metrics of one minute of a function, an alias, a version or the Region.

use lambda_model::metric::{Metric, Statistic};

/// One minute of some invocations, by the minute in which they started.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Activity {
    /// Runs of the function's code.
    pub invocations: u32,
    /// Invocations that failed.
    pub errors: u32,
    /// Requests that were throttled.
    pub throttles: u32,
    /// The most environments in use at once.
    pub concurrency: u32,
    /// `None`: no invocation ended.
    pub durations: Option<Durations>,
    /// Metrics that few functions have; boxed, because a large Region keeps a million minutes.
    pub rare: Option<Box<Rare>>,
}

/// Metrics that a function has only when it is called in a certain way. `None` is not published.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rare {
    /// Invocations that ran on demand because provisioned concurrency was full.
    pub spilled: Option<u32>,
    /// Asynchronous events queued.
    pub events_received: Option<u32>,
    /// Asynchronous events given up.
    pub events_dropped: Option<u32>,
    /// The longest time an event waited from queueing to invocation, milliseconds.
    pub event_age_ms: Option<u32>,
    /// Failed writes to the dead-letter target.
    pub dead_letter_errors: Option<u32>,
    /// Failed writes to the `OnFailure` destination.
    pub delivery_failures: Option<u32>,
    /// Age of the last record of a batch, the largest of the minute, milliseconds.
    pub iterator_age_ms: Option<u32>,
    /// Events dropped by recursive loop detection.
    pub recursive_dropped: Option<u32>,
}

/// One minute's statistics of the durations, in hundredths of a millisecond: what Lambda reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Durations {
    /// The arithmetic mean.
    pub average: u32,
    /// The median.
    pub p50: u32,
    /// The 95th percentile.
    pub p95: u32,
    /// The 99th percentile.
    pub p99: u32,
    /// The longest.
    pub maximum: u32,
}

impl Durations {
    /// Of a sample in ascending order; `None` of no sample. Percentiles are by the nearest rank.
    pub(crate) fn of(sorted: &[u32]) -> Option<Self> {
        let maximum = *sorted.last()?;
        let sum: u64 = sorted.iter().map(|one| u64::from(*one)).sum();
        let count = sorted.len();
        let rank = |percent: usize| sorted[(count * percent).div_ceil(100).clamp(1, count) - 1];
        let average = ((sum as f64 / count as f64).round() as u32).min(maximum);
        Some(Self { average, p50: rank(50), p95: rank(95), p99: rank(99), maximum })
    }

    /// The value of a statistic, milliseconds; durations have no sum here.
    fn statistic(&self, statistic: Statistic) -> Option<f64> {
        let hundredths = match statistic {
            Statistic::Sum => return None,
            Statistic::Average => self.average,
            Statistic::P50 => self.p50,
            Statistic::P95 => self.p95,
            Statistic::P99 => self.p99,
            Statistic::Maximum => self.maximum,
        };
        Some(f64::from(hundredths) / 100.0)
    }
}

impl Activity {
    /// Whether there is nothing to publish.
    pub(crate) fn is_nothing(&self) -> bool {
        self.invocations + self.throttles + self.concurrency == 0 && self.rare.is_none()
    }

    /// The metric's value; `None` where these invocations do not publish it.
    pub(crate) fn value(&self, metric: Metric, statistic: Statistic) -> Option<f64> {
        let rare = self.rare.as_deref().copied().unwrap_or_default();
        let count = match metric {
            // An invocation that only goes on publishes its concurrency; the rest comes when it ends.
            Metric::Invocations | Metric::Errors | Metric::Throttles if self.invocations + self.throttles == 0 => None,
            Metric::Invocations => Some(self.invocations),
            Metric::Errors => Some(self.errors),
            Metric::Throttles => Some(self.throttles),
            Metric::ConcurrentExecutions => Some(self.concurrency),
            Metric::Duration => return self.durations?.statistic(statistic),
            Metric::ProvisionedSpillover => rare.spilled,
            Metric::AsyncEventsReceived => rare.events_received,
            Metric::AsyncEventsDropped => rare.events_dropped,
            Metric::AsyncEventAge => rare.event_age_ms,
            Metric::DeadLetterErrors => rare.dead_letter_errors,
            Metric::DestinationDeliveryFailures => rare.delivery_failures,
            Metric::IteratorAge => rare.iterator_age_ms,
            Metric::RecursiveInvocationsDropped => rare.recursive_dropped,
            // Of something that is no function, or that no function of a simulated Region is used for.
            _ => None,
        };
        count.map(f64::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_are_by_the_nearest_rank() {
        let hundred: Vec<u32> = (1..=100).collect();
        // sample, average, p50, p95, p99, maximum
        let cases: [(&[u32], [u32; 5]); 3] =
            [(&[7], [7, 7, 7, 7, 7]), (&[1, 2, 3, 10], [4, 2, 10, 10, 10]), (&hundred, [51, 50, 95, 99, 100])];
        for (sample, [average, p50, p95, p99, maximum]) in cases {
            assert_eq!(Durations::of(sample), Some(Durations { average, p50, p95, p99, maximum }));
        }
        assert_eq!(Durations::of(&[]), None);
    }

    #[test]
    fn what_a_function_is_not_used_for_has_no_value() {
        let plain = Activity { invocations: 3, ..Activity::default() };
        assert_eq!(plain.value(Metric::Errors, Statistic::Sum), Some(0.0), "with traffic, no errors are zero errors");
        assert_eq!(plain.value(Metric::AsyncEventsDropped, Statistic::Sum), None);
        let rare = Some(Box::new(Rare { events_dropped: Some(0), ..Rare::default() }));
        let asynchronous = Activity { rare, ..plain };
        assert_eq!(asynchronous.value(Metric::AsyncEventsDropped, Statistic::Sum), Some(0.0));
        assert_eq!(asynchronous.value(Metric::IteratorAge, Statistic::Maximum), None);
    }
}
