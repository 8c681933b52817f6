//! `duration.near_timeout`: the longest invocations come close to the function's timeout.

use super::advice::{self, REPORTS};
use super::case::{Case, Found, FunctionCase};
use super::held::Sign;
use crate::analysis::fact::{Fact, Quantity};
use crate::analysis::forecast::Basis;
use crate::analysis::live::Beat;
use lambda_model::finding::Severity;
use lambda_model::metric::{Metric, Statistic};
use lambda_model::time::Minute;

/// Of the logs' invocations such a share shows what p99 shows of the metrics'.
const ONE_PERCENT: f64 = 0.01;
/// Fewer in a minute are one invocation that was slow.
const SEVERAL: u64 = 2;

/// What the rule finds in a case.
pub(super) fn check(case: &Case<'_>) -> Vec<Found> {
    case.function.and_then(|function| found(case, &function)).into_iter().collect()
}

fn found(case: &Case<'_>, function: &FunctionCase<'_>) -> Option<Found> {
    let timeout_s = f64::from(function.timeout_s()?);
    let near = case.thresholds().near_timeout;
    let near_ms = near * timeout_s * 1000.0;
    let logs_count = function.logs_count();
    let seen = case.seen(
        |minute| sign_of_minute(function, near_ms, minute),
        |beat| if logs_count { sign_of_window(beat) } else { Sign::Unknown },
    )?;
    let newest = |statistic| {
        let observed = |minute| Some((minute, function.statistic(Metric::Duration, statistic, minute)?));
        case.minutes().rev().take(case.thresholds().clear as usize + 1).find_map(observed)
    };
    let [p50, p99, longest] = [Statistic::P50, Statistic::P99, Statistic::Maximum].map(newest);
    let live_s = function.live.and_then(|live| live.total.duration_ms.max).map(|ms| ms / 1000.0);
    let metric_s = longest.map(|(_, ms)| ms / 1000.0);
    let longest_s = if seen.logs.is_some() { live_s.or(metric_s)? } else { metric_s? };
    let mut facts = vec![
        Fact::new(Quantity::LongestDuration, longest_s).limit(timeout_s),
        Fact::new(Quantity::TimeoutShare, longest_s / timeout_s).limit(near),
    ];
    let by_metrics =
        [(Quantity::MedianDuration, p50), (Quantity::P99Duration, p99), (Quantity::LongestDuration, longest)];
    for (quantity, observed) in by_metrics {
        facts.extend(
            observed.map(|(minute, ms)| Fact::new(quantity, ms / 1000.0).at(minute.start()).read_from(Basis::Metrics)),
        );
    }
    facts.extend(function.newest_beat().map(|beat| {
        let near = Fact::new(Quantity::NearTimeout, beat.near_timeout as f64).of(beat.invocations as f64);
        near.over_minutes(1.0).read_from(Basis::Logs)
    }));
    let shown = seen.minutes.map_or(0, |held| held.points) + seen.logs.map_or(0, |held| held.points);
    Some(Found {
        severity: Severity::Warning,
        since: seen.since,
        // A single point may be a few slow invocations; several are not.
        confidence: 1.0 - 0.1 / f64::from(shown.max(1)),
        facts,
        commands: vec![
            advice::tail(case, function, &REPORTS),
            advice::lambda(
                case,
                function,
                "get-function-configuration",
                &[("--query", "[Timeout,MemorySize,LastModified]")],
            ),
        ],
        impact: 0.0,
        ..Found::default()
    })
}

/// One percent of the invocations is no chance; the longest alone is seen twice.
fn sign_of_minute(function: &FunctionCase<'_>, near_ms: f64, minute: Minute) -> Sign {
    if function.timed_otherwise(minute) {
        return Sign::Absent;
    }
    let near = |statistic| Some(function.statistic(Metric::Duration, statistic, minute)? >= near_ms);
    match (near(Statistic::P99), near(Statistic::Maximum)) {
        (_, None) => Sign::Unknown,
        (Some(true), _) => Sign::Strong,
        (_, Some(longest)) => Sign::weak(longest),
    }
}

fn sign_of_window(beat: &Beat) -> Sign {
    let many = beat.near_timeout >= SEVERAL && beat.near_timeout as f64 >= ONE_PERCENT * beat.invocations as f64;
    Sign::strong(many)
}

#[cfg(test)]
mod tests;
