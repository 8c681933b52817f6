//! A function's newest complete minute, metric by metric.

use chrono::{DateTime, Utc};

use super::{newest_minute, ratio};
use crate::model::metric::{Metric, Statistic};
use crate::model::time::Minute;
use crate::store::state::SeriesSet;

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
    /// [`BACKGROUND_MINUTES`]: what sorts a function up that is not on screen. `None` without either.
    pub fn trouble(series: &SeriesSet, now: DateTime<Utc>) -> Option<f64> {
        let newest = Minute::newest_complete(now);
        let latest =
            |metric| series.one(metric)?.range(newest.plus(1 - BACKGROUND_MINUTES), newest).rev().flatten().next();
        match (latest(Metric::Errors), latest(Metric::Throttles)) {
            (None, None) => None,
            (errors, throttles) => Some(errors.unwrap_or(0.0) + throttles.unwrap_or(0.0)),
        }
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
