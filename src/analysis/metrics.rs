//! A function's newest complete minute, metric by metric.

use chrono::{DateTime, Utc};

use super::{newest_minute, ratio};
use crate::store::state::SeriesSet;
use lambda_model::metric::{Metric, Statistic};
use lambda_model::time::Minute;

/// Functions that are not on screen are read every five minutes: their trouble counts for twice that.
const BACKGROUND_MINUTES: i64 = 10;

/// Handler durations of one minute or window, milliseconds, init excluded.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Durations {
    /// Mean.
    pub avg: Option<f64>,
    /// Median.
    pub p50: Option<f64>,
    /// 95th percentile.
    pub p95: Option<f64>,
    /// 99th percentile.
    pub p99: Option<f64>,
    /// Longest.
    pub max: Option<f64>,
}

/// The numbers of one minute. Counts are sums over it, concurrency and ages its maximum;
/// `None` where AWS gave no point.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FunctionMetrics {
    /// The minute; `None` when nothing current is known, and then neither is anything else.
    pub as_of: Option<Minute>,
    /// Runs of the code.
    pub invocations: Option<f64>,
    /// Runs that ended in a function error.
    pub errors: Option<f64>,
    /// Rejected requests.
    pub throttles: Option<f64>,
    /// errors / invocations.
    pub error_rate: Option<f64>,
    /// The highest number of concurrent invocations.
    pub concurrent_executions: Option<f64>,
    /// Handler durations.
    pub duration_ms: Durations,
    /// Asynchronous events queued.
    pub async_events_received: Option<f64>,
    /// Asynchronous events given up.
    pub async_events_dropped: Option<f64>,
    /// The longest time an event waited, milliseconds.
    pub async_event_age_ms: Option<f64>,
    /// Failed writes to the dead-letter queue.
    pub dead_letter_errors: Option<f64>,
    /// Failed deliveries to a destination.
    pub destination_delivery_failures: Option<f64>,
    /// The age of the last record of a stream batch, milliseconds.
    pub iterator_age_ms: Option<f64>,
    /// Invocations that spilled over from provisioned concurrency.
    pub provisioned_spillover: Option<f64>,
    /// Invocations stopped by loop detection.
    pub recursive_invocations_dropped: Option<f64>,
}

impl FunctionMetrics {
    /// The newest complete minute of `series` at `now`.
    pub fn newest(series: &SeriesSet, now: DateTime<Utc>) -> Self {
        let telling =
            [Metric::Invocations, Metric::Throttles, Metric::ConcurrentExecutions, Metric::AsyncEventsReceived];
        let Some(minute) = newest_minute(telling.map(|metric| series.one(metric)), now) else {
            return Self::default();
        };
        let one = |metric| series.one(metric)?.get(minute);
        let (invocations, errors) = (one(Metric::Invocations), one(Metric::Errors));
        Self {
            as_of: Some(minute),
            invocations,
            errors,
            throttles: one(Metric::Throttles),
            error_rate: ratio(errors, invocations),
            concurrent_executions: one(Metric::ConcurrentExecutions),
            duration_ms: Durations::read(|statistic| series.get(Metric::Duration, statistic)?.get(minute)),
            async_events_received: one(Metric::AsyncEventsReceived),
            async_events_dropped: one(Metric::AsyncEventsDropped),
            async_event_age_ms: one(Metric::AsyncEventAge),
            dead_letter_errors: one(Metric::DeadLetterErrors),
            destination_delivery_failures: one(Metric::DestinationDeliveryFailures),
            iterator_age_ms: one(Metric::IteratorAge),
            provisioned_spillover: one(Metric::ProvisionedSpillover),
            recursive_invocations_dropped: one(Metric::RecursiveInvocationsDropped),
        }
    }

    /// Errors and throttled requests of the newest minute of `series` that is not older than
    /// `BACKGROUND_MINUTES`: what sorts a function up that is not on screen. `None` without either.
    pub fn trouble(series: &SeriesSet, now: DateTime<Utc>) -> Option<f64> {
        let newest = Minute::newest_complete(now);
        let of = |minute| {
            let one = |metric| series.one(metric)?.get(minute);
            match (one(Metric::Errors), one(Metric::Throttles)) {
                (None, None) => None,
                (errors, throttles) => Some(errors.unwrap_or(0.0) + throttles.unwrap_or(0.0)),
            }
        };
        (0..BACKGROUND_MINUTES).find_map(|back| of(newest.plus(-back)))
    }
}

impl Durations {
    /// Each statistic as `read` finds it.
    pub fn read(read: impl Fn(Statistic) -> Option<f64>) -> Self {
        Self {
            avg: read(Statistic::Average),
            p50: read(Statistic::P50),
            p95: read(Statistic::P95),
            p99: read(Statistic::P99),
            max: read(Statistic::Maximum),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Fixture, function, minute, now};

    /// Minutes back from the newest complete one, and values.
    type Points<'a> = &'a [(i64, f64)];

    fn series(points: &[(Metric, Points<'_>)]) -> SeriesSet {
        let told = points.iter().fold(Fixture::new().listed("f", &[]), |fixture, (metric, points)| {
            fixture.points(&function("f"), *metric, points)
        });
        told.function("f").series.clone()
    }

    fn newest(points: &[(Metric, Points<'_>)]) -> FunctionMetrics {
        FunctionMetrics::newest(&series(points), now())
    }

    #[test]
    fn all_numbers_are_of_one_minute() {
        let metrics = newest(&[(Metric::Invocations, &[(2, 30.0), (1, 20.0)]), (Metric::Errors, &[(2, 3.0)])]);
        assert_eq!(metrics.as_of, Some(minute(1)));
        assert_eq!(metrics.invocations, Some(20.0));
        assert_eq!(metrics.errors, None, "a gap is not 0, and not the minute before");
        assert_eq!(metrics.error_rate, None);
    }

    #[test]
    fn only_what_every_use_of_a_function_moves_makes_a_minute_the_newest() {
        let telling =
            [Metric::Invocations, Metric::Throttles, Metric::ConcurrentExecutions, Metric::AsyncEventsReceived];
        for metric in Metric::FUNCTION.iter().chain(Metric::FUNCTION_EXTRA) {
            let as_of = newest(&[(*metric, &[(4, 0.0)])]).as_of;
            assert_eq!(as_of, telling.contains(metric).then(|| minute(4)), "{}", metric.name());
        }
    }

    #[test]
    fn what_is_older_than_five_minutes_is_not_current() {
        assert_eq!(newest(&[(Metric::Invocations, &[(5, 30.0)])]), FunctionMetrics::default());
        assert_eq!(newest(&[]), FunctionMetrics::default());
    }

    #[test]
    fn no_traffic_is_no_rate() {
        let rate = |points: &[(Metric, Points<'_>)]| newest(points).error_rate;
        assert_eq!(rate(&[(Metric::Invocations, &[(0, 0.0)]), (Metric::Errors, &[(0, 0.0)])]), None);
        assert_eq!(rate(&[(Metric::Throttles, &[(0, 9.0)])]), None);
        assert_eq!(rate(&[(Metric::Invocations, &[(0, 8.0)]), (Metric::Errors, &[(0, 0.0)])]), Some(0.0));
        assert_eq!(rate(&[(Metric::Invocations, &[(0, 8.0)]), (Metric::Errors, &[(0, 2.0)])]), Some(0.25));
    }

    #[test]
    fn every_metric_has_its_place() {
        let told = Metric::FUNCTION
            .iter()
            .chain(Metric::FUNCTION_EXTRA)
            .flat_map(|metric| metric.statistics().iter().map(move |statistic| (*metric, *statistic)));
        let told = told.zip(1u8..).fold(Fixture::new().listed("f", &[]), |fixture, ((metric, statistic), value)| {
            fixture.statistic(&function("f"), metric, statistic, &[(0, value.into())])
        });
        let expected = FunctionMetrics {
            as_of: Some(minute(0)),
            invocations: Some(1.0),
            errors: Some(2.0),
            throttles: Some(3.0),
            error_rate: Some(2.0),
            concurrent_executions: Some(4.0),
            duration_ms: Durations { avg: Some(5.0), p50: Some(6.0), p95: Some(7.0), p99: Some(8.0), max: Some(9.0) },
            async_events_received: Some(10.0),
            async_events_dropped: Some(11.0),
            async_event_age_ms: Some(12.0),
            dead_letter_errors: Some(13.0),
            destination_delivery_failures: Some(14.0),
            iterator_age_ms: Some(15.0),
            provisioned_spillover: Some(16.0),
            recursive_invocations_dropped: Some(17.0),
        };
        assert_eq!(FunctionMetrics::newest(&told.function("f").series, now()), expected);
    }

    #[test]
    fn trouble_is_that_of_one_recent_minute() {
        // Errors and throttles, minutes back and count -> trouble.
        let cases: [(Points<'_>, Points<'_>, Option<f64>); 7] = [
            (&[], &[], None),
            (&[(0, 2.0)], &[(0, 3.0)], Some(5.0)),
            (&[(1, 2.0)], &[], Some(2.0)),
            (&[(0, 0.0), (1, 9.0)], &[(0, 0.0), (1, 9.0)], Some(0.0)),
            // Throttles of eight minutes ago are not the trouble of now.
            (&[(0, 2.0)], &[(8, 50.0)], Some(2.0)),
            (&[(9, 4.0)], &[], Some(4.0)),
            (&[(10, 4.0)], &[(-1, 4.0)], None),
        ];
        for (errors, throttles, trouble) in cases {
            let series = series(&[(Metric::Errors, errors), (Metric::Throttles, throttles)]);
            assert_eq!(FunctionMetrics::trouble(&series, now()), trouble, "{errors:?} {throttles:?}");
        }
    }
}
