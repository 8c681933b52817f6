//! The newest complete minute of a function and of an event source mapping, metric by metric.

use std::collections::BTreeMap;

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
/// `None` where AWS gave no point. What the analysis and the screens reason with has a name; the rest is looked up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FunctionMetrics {
    /// The minute; `None` when nothing current is known, and then neither is anything else.
    pub as_of: Option<Minute>,
    /// Runs of the code.
    pub invocations: Option<f64>,
    /// Runs that ended in a function error.
    pub errors: Option<f64>,
    /// Throttled requests.
    pub throttles: Option<f64>,
    /// errors / invocations.
    pub error_rate: Option<f64>,
    /// The highest number of concurrent invocations.
    pub concurrent_executions: Option<f64>,
    /// Handler durations.
    pub duration_ms: Durations,
    /// What few functions have, as far as there is a point of it.
    pub extra: BTreeMap<Metric, f64>,
}

/// The numbers of an event source mapping in its newest complete minute.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MappingMetrics {
    /// The minute; `None` when nothing current is known, and then neither is anything else.
    pub as_of: Option<Minute>,
    /// What there is a point of.
    pub values: BTreeMap<Metric, f64>,
}

impl MappingMetrics {
    /// The newest complete minute of `series` at `now`.
    pub(crate) fn newest(series: &SeriesSet, now: DateTime<Utc>) -> Self {
        let all = Metric::MAPPING.iter().map(|metric| series.one(*metric));
        let Some(minute) = newest_minute(all, now) else { return Self::default() };
        Self { as_of: Some(minute), values: values(Metric::MAPPING, series, minute) }
    }

    /// The value of `metric`; `None` where AWS gave no point.
    pub(crate) fn get(&self, metric: Metric) -> Option<f64> {
        self.values.get(&metric).copied()
    }
}

/// Those of `metrics` that have a point in `minute`.
fn values(metrics: &[Metric], series: &SeriesSet, minute: Minute) -> BTreeMap<Metric, f64> {
    metrics.iter().filter_map(|metric| Some((*metric, series.one(*metric)?.get(minute)?))).collect()
}

impl FunctionMetrics {
    /// The newest complete minute of `series` at `now`.
    pub(crate) fn newest(series: &SeriesSet, now: DateTime<Utc>) -> Self {
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
            extra: values(Metric::FUNCTION_EXTRA, series, minute),
        }
    }

    /// The value of a metric that is read with one statistic; `None` where AWS gave no point.
    pub(crate) fn get(&self, metric: Metric) -> Option<f64> {
        match metric {
            Metric::Invocations => self.invocations,
            Metric::Errors => self.errors,
            Metric::Throttles => self.throttles,
            Metric::ConcurrentExecutions => self.concurrent_executions,
            _ => self.extra.get(&metric).copied(),
        }
    }

    /// Errors and throttled requests of the newest minute of `series` that is not older than
    /// `BACKGROUND_MINUTES`: what sorts a function up that is not on screen. `None` without either.
    pub(crate) fn trouble(series: &SeriesSet, now: DateTime<Utc>) -> Option<f64> {
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
    pub(crate) fn read(read: impl Fn(Statistic) -> Option<f64>) -> Self {
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
    use lambda_model::metric::Subject;

    /// Minutes back from the newest complete one, and values.
    type Points<'a> = &'a [(i64, f64)];

    fn series(points: &[(Metric, Points<'_>)]) -> SeriesSet {
        let observed = points.iter().fold(Fixture::new().listed("f", &[]), |fixture, (metric, points)| {
            fixture.points(&function("f"), *metric, points)
        });
        observed.function("f").series.clone()
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
        let all = Metric::FUNCTION.iter().chain(Metric::FUNCTION_EXTRA);
        let all = all.flat_map(|metric| metric.statistics().iter().map(move |statistic| (*metric, *statistic)));
        let observed = all.zip(1u8..).fold(Fixture::new().listed("f", &[]), |fixture, ((metric, statistic), value)| {
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
            extra: Metric::FUNCTION_EXTRA.iter().copied().zip((10u8..).map(f64::from)).collect(),
        };
        assert_eq!(FunctionMetrics::newest(&observed.function("f").series, now()), expected);
        for (metric, value) in Metric::FUNCTION[..4].iter().zip(1u8..).chain(Metric::FUNCTION_EXTRA.iter().zip(10u8..))
        {
            assert_eq!(expected.get(*metric), Some(value.into()), "{}", metric.name());
        }
    }

    #[test]
    fn a_mapping_is_read_by_its_own_newest_minute() {
        let mapping = Subject::Mapping("u".into());
        let observed = Fixture::new().points(&mapping, Metric::PolledEvents, &[(2, 50.0), (1, 0.0)]).points(
            &mapping,
            Metric::FailedInvokeEvents,
            &[(2, 10.0)],
        );
        let read = |at| MappingMetrics::newest(&observed.state().mapping_series["u"], at);
        let expected = MappingMetrics { as_of: Some(minute(1)), values: [(Metric::PolledEvents, 0.0)].into() };
        assert_eq!(read(now()), expected);
        assert_eq!(expected.get(Metric::FailedInvokeEvents), None, "not that of the minute before");
        assert_eq!(read(now() + chrono::TimeDelta::minutes(5)), MappingMetrics::default(), "it is too old");
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
