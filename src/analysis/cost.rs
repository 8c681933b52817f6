//! What lamtop's own calls cost.

use chrono::{DateTime, TimeDelta, Utc};

use lambda_model::observation::Usage;

/// `GetMetricData`, USD per metric requested; `ListMetrics`, USD per request, after a free million a month
/// that is not counted on (us-east-1 list prices, docs/aws.md#prices).
const USD_PER_METRIC: f64 = 0.01 / 1000.0;
const USD_PER_LIST_REQUEST: f64 = 0.01 / 1000.0;
/// Live Tail, USD per minute of a session, after 1,800 free minutes a month and account that are not counted on.
const USD_PER_TAIL_MINUTE: f64 = 0.01;

/// No rate is computed from less than this.
const SHORTEST: TimeDelta = TimeDelta::minutes(1);

/// The calls made since lamtop started, and their price.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// What was called.
    pub usage: Usage,
    /// US dollars so far.
    pub usd: f64,
    /// US dollars an hour at the pace so far; `None` in the first minute.
    pub usd_per_hour: Option<f64>,
}

impl Cost {
    /// The cost of `usage`, counted from `begun` until `now`.
    pub(crate) fn of(usage: Usage, begun: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Self {
        let usd = usage.metrics_requested as f64 * USD_PER_METRIC
            + usage.list_requests as f64 * USD_PER_LIST_REQUEST
            + live_tail_minutes(usage) * USD_PER_TAIL_MINUTE;
        let span = begun.map(|begun| now - begun).filter(|span| *span >= SHORTEST);
        let usd_per_hour = span.map(|span| usd / (span.num_milliseconds() as f64 / 3_600_000.0));
        Self { usage, usd, usd_per_hour }
    }

    /// Minutes of Live Tail, over all sessions.
    pub(crate) fn live_tail_minutes(&self) -> f64 {
        live_tail_minutes(self.usage)
    }
}

fn live_tail_minutes(usage: Usage) -> f64 {
    usage.live_tail_s as f64 / 60.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_billed_and_a_rate_needs_a_minute() {
        let begun = DateTime::UNIX_EPOCH;
        let usage = Usage { requests: 9, metrics_requested: 3000, list_requests: 100, live_tail_s: 0 };
        let young = Cost::of(usage, Some(begun), begun + TimeDelta::seconds(59));
        assert!((young.usd - 0.031).abs() < 1e-12);
        assert_eq!(young.usd_per_hour, None);
        let half_hour = Cost::of(usage, Some(begun), begun + TimeDelta::minutes(30));
        assert!((half_hour.usd_per_hour.unwrap() - 0.062).abs() < 1e-12);

        let tailing = Usage { live_tail_s: 90, ..usage };
        let half_hour = Cost::of(tailing, Some(begun), begun + TimeDelta::minutes(30));
        assert!((half_hour.live_tail_minutes() - 1.5).abs() < 1e-12);
        assert!((half_hour.usd - 0.046).abs() < 1e-12);
    }
}
