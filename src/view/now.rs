//! What a function does now: from its logs where they are read, else from its newest complete minute of metrics. The two are
//! never mixed, but for one number: a lower bound of the concurrency gives way to a metric that is higher.

use chrono::{DateTime, Utc};

use super::units;
use crate::analysis::live::{Bound, FunctionLive, WINDOW_S};
use crate::analysis::ratio;
use crate::snapshot::FunctionSnapshot;

/// Stands before what the logs say of now.
pub(crate) const LIVE: &str = "•";
/// Stands before a count that is a lower bound.
pub(crate) const AT_LEAST: &str = "≥";

/// Seconds of the window that must have been read before its counts are shown as those of a minute: four of five.
/// While lamtop begins to read, a minute's metrics say more than a few seconds of logs.
const MOSTLY_READ: usize = WINDOW_S as usize * 4 / 5;
/// With fewer invocations an error rate is an accident: one failure among 20 is 5 %.
const ENOUGH: u64 = 20;

/// The numbers of the present.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Now {
    /// Where they come from; `None` where nothing is known.
    pub read: Option<Reading>,
    /// Invocations a minute.
    pub invocations: Option<f64>,
    /// Those that failed.
    pub errors: Option<f64>,
    /// errors / invocations; of a sample it is an estimate.
    pub error_rate: Option<f64>,
    /// Invocations at a time.
    pub concurrency: Option<f64>,
    /// The concurrency is a lower bound.
    pub concurrency_at_least: bool,
    /// Median duration, ms.
    pub p50: Option<f64>,
    /// 99th percentile of the duration, ms.
    pub p99: Option<f64>,
}

/// Where numbers come from, and from when they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// The last [`WINDOW_S`] seconds of the logs.
    Logs {
        /// The second with which they end.
        until: DateTime<Utc>,
        /// Counts are lower bounds.
        at_least: bool,
    },
    /// A minute of metrics.
    Minute(DateTime<Utc>),
}

impl Now {
    /// What is known of `function` now.
    pub(crate) fn of(function: &FunctionSnapshot) -> Self {
        // Some seconds of logs are better than no minute of metrics.
        let alone = function.metrics.as_of.is_none();
        match function.live.as_deref().filter(|live| alone || tells(live)) {
            Some(live) => Self::of_logs(live, function.metrics.concurrent_executions),
            None => Self::of_metrics(function),
        }
    }

    fn of_logs(live: &FunctionLive, metric: Option<f64>) -> Self {
        let (total, at_least) = (&live.total, live.is_lower_bound());
        let running = live.concurrency.map(f64::from);
        // Where a sample is shown, long invocations are seen when they end: the bound may be far too low.
        let (concurrency, concurrency_at_least) = match metric {
            Some(metric) if at_least && running.is_none_or(|running| metric > running) => (Some(metric), false),
            _ => (running, at_least),
        };
        let (invocations, errors) = (Some(total.invocations as f64), Some(total.errors as f64));
        Self {
            read: Some(Reading::Logs { until: live.as_of, at_least }),
            invocations,
            errors,
            error_rate: ratio(errors, invocations),
            concurrency,
            concurrency_at_least,
            p50: total.duration_ms.p50,
            p99: total.duration_ms.p99,
        }
    }

    fn of_metrics(function: &FunctionSnapshot) -> Self {
        let metrics = &function.metrics;
        Self {
            read: metrics.as_of.map(|minute| Reading::Minute(minute.start())),
            invocations: metrics.invocations,
            errors: metrics.errors,
            error_rate: metrics.error_rate,
            concurrency: metrics.concurrent_executions,
            concurrency_at_least: false,
            p50: metrics.duration_ms.p50,
            p99: metrics.duration_ms.p99,
        }
    }

    /// Whether the numbers come from the logs.
    pub(crate) fn is_live(&self) -> bool {
        matches!(self.read, Some(Reading::Logs { .. }))
    }

    /// From when the numbers are: the end of the logs' window, the start of the metrics' minute.
    pub(crate) fn as_of(&self) -> Option<DateTime<Utc>> {
        self.read.map(|read| match read {
            Reading::Logs { until, .. } => until,
            Reading::Minute(start) => start,
        })
    }

    /// The share of failed invocations, if there were enough to speak of one; a minute of metrics always is.
    pub(crate) fn telling_error_rate(&self) -> Option<f64> {
        let enough = !self.is_live() || self.invocations.is_some_and(|invocations| invocations >= ENOUGH as f64);
        self.error_rate.filter(|_| enough)
    }

    /// What stands before a count: nothing before one of the metrics.
    pub(crate) fn mark(&self) -> &'static str {
        match self.read {
            Some(Reading::Logs { at_least: true, .. }) => AT_LEAST,
            Some(Reading::Logs { .. }) => LIVE,
            _ => "",
        }
    }

    /// The mark of a lower bound, before a count that does not say otherwise where it comes from.
    pub(crate) fn bound(&self) -> &'static str {
        if self.mark() == AT_LEAST { AT_LEAST } else { "" }
    }

    /// How old the numbers are: `•2s` of the logs, `3m` of the metrics.
    pub(crate) fn age(&self, now: DateTime<Utc>) -> Option<String> {
        let age = units::span(now - self.as_of()?);
        Some(if self.is_live() { format!("{LIVE}{age}") } else { age })
    }
}

/// Whether the logs say what happens within a minute.
fn tells(live: &FunctionLive) -> bool {
    let window = live.curve.values.iter().rev().take(WINDOW_S as usize);
    let hides = [Bound::FailuresOnly, Bound::Silent].iter().any(|bound| live.lower_bound.contains(bound));
    !hides && window.flatten().count() >= MOSTLY_READ
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::fixture::{Fixture, live, now};
    use lambda_model::metric::Metric;

    /// A function with a minute of metrics, and what its logs say.
    fn function(live: Option<FunctionLive>) -> FunctionSnapshot {
        let listed = Fixture::new().listed("f", &[(Metric::Invocations, 700.0), (Metric::Errors, 7.0)]);
        FunctionSnapshot { live: live.map(Arc::new), ..listed.first() }
    }

    fn with(change: impl Fn(&mut FunctionLive)) -> Now {
        let mut live = live();
        change(&mut live);
        Now::of(&function(Some(live)))
    }

    #[test]
    fn the_logs_come_before_the_metrics_and_are_marked() {
        let metrics = Now::of(&function(None));
        assert_eq!(
            (metrics.invocations, metrics.mark(), metrics.age(now())),
            (Some(700.0), "", Some("1m".to_string()))
        );
        let logs = with(|_| ());
        assert_eq!((logs.invocations, logs.errors, logs.error_rate), (Some(120.0), Some(3.0), Some(0.025)));
        assert_eq!((logs.concurrency, logs.p50, logs.p99), (Some(4.0), Some(40.0), Some(120.0)));
        assert_eq!((logs.mark(), logs.bound(), logs.age(now())), ("•", "", Some("•2s".to_string())));
        let bound = with(|live| live.lower_bound = vec![Bound::Sampled]);
        assert_eq!((bound.mark(), bound.bound(), bound.concurrency_at_least), ("≥", "≥", true));
    }

    #[test]
    fn without_metrics_some_seconds_of_logs_are_all_there_is() {
        let mut short = live();
        short.curve.values.truncate(5);
        short.lower_bound = vec![Bound::Gap];
        let listed = FunctionSnapshot { live: Some(Arc::new(short)), ..Fixture::new().listed("f", &[]).first() };
        let now = Now::of(&listed);
        assert_eq!((now.invocations, now.mark()), (Some(120.0), "≥"));
    }

    #[test]
    fn logs_that_cannot_tell_a_minute_leave_it_to_the_metrics() {
        let read = |seconds: usize| {
            move |live: &mut FunctionLive| {
                let unread = live.curve.values.len() - seconds;
                live.curve.values[..unread].fill(None);
            }
        };
        let cases: [(&str, Now, bool); 5] = [
            ("it ran and wrote nothing", with(|live| live.lower_bound = vec![Bound::Silent]), false),
            ("only failures are logged", with(|live| live.lower_bound = vec![Bound::FailuresOnly]), false),
            ("47 s were read", with(read(47)), false),
            ("48 s were read", with(read(48)), true),
            ("nothing was read", with(|live| live.curve.values.clear()), false),
        ];
        for (why, now, is_live) in cases {
            assert_eq!(now.is_live(), is_live, "{why}");
        }
    }

    #[test]
    fn a_bound_of_the_concurrency_gives_way_to_a_higher_metric() {
        // From the logs, whether a lower bound, from the metrics -> shown, as a lower bound.
        let cases = [
            (Some(4), true, 5.0, Some(5.0), false),
            (Some(4), true, 4.0, Some(4.0), true),
            (Some(4), false, 5.0, Some(4.0), false),
            (None, true, 5.0, Some(5.0), false),
            (None, false, 5.0, None, false),
        ];
        for (concurrency, bound, metric, shown, at_least) in cases {
            let lower_bound = if bound { vec![Bound::Sampled] } else { Vec::new() };
            let mut function = function(Some(FunctionLive { lower_bound, concurrency, ..live() }));
            function.metrics.concurrent_executions = Some(metric);
            let now = Now::of(&function);
            assert_eq!((now.concurrency, now.concurrency_at_least), (shown, at_least), "{concurrency:?} {metric}");
        }
    }

    #[test]
    fn a_few_failures_are_no_rate() {
        let of = |invocations, errors| {
            with(|live| (live.total.invocations, live.total.errors) = (invocations, errors)).telling_error_rate()
        };
        assert_eq!((of(19, 19), of(20, 1), of(0, 0)), (None, Some(0.05), None));
        assert_eq!(Now::of(&function(None)).telling_error_rate(), Some(0.01), "a minute of metrics always tells");
    }
}
