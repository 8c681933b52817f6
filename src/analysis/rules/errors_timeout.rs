//! `errors.timeout`: invocations reach the function's timeout and are stopped.

use super::advice::{self, TIMEOUTS};
use super::case::{Case, Found, FunctionCase};
use super::held::Sign;
use crate::analysis::fact::{Fact, Quantity};
use crate::analysis::forecast::Basis;
use crate::analysis::live::Beat;
use crate::analysis::thresholds::Thresholds;
use lambda_model::finding::Severity;
use lambda_model::metric::{Metric, Statistic};
use lambda_model::time::Minute;

/// Timeouts of one minute fewer than which are one invocation that hung.
const SEVERAL: u64 = 2;
/// The longest timeout there is, seconds.
const LONGEST_S: u32 = 900;

/// What the rule finds in a case.
pub(super) fn check(case: &Case<'_>) -> Vec<Found> {
    case.function.and_then(|function| found(case, &function)).into_iter().collect()
}

fn found(case: &Case<'_>, function: &FunctionCase<'_>) -> Option<Found> {
    let timeout_s = function.timeout_s()?;
    let thresholds = case.thresholds();
    let seen = case.seen(
        |minute| sign_of_minute(thresholds, function, f64::from(timeout_s), minute),
        |beat| sign_of_window(thresholds, beat),
    )?;
    // Errors of other kinds count too where the logs do not distinguish them: an upper bound.
    let part = case.part(&seen, Metric::Errors, |beat| beat.timeouts)?;
    let stopped = part.fact(Quantity::Timeouts);
    let mut facts = vec![
        if part.source == Basis::Logs { stopped } else { stopped.at_most() },
        Fact::new(Quantity::Timeout, f64::from(timeout_s)),
    ];
    let settled = case.settled();
    let durations = [(Quantity::P99Duration, Statistic::P99), (Quantity::LongestDuration, Statistic::Maximum)];
    facts.extend(durations.into_iter().filter_map(|(quantity, statistic)| {
        let duration_ms = function.statistic(Metric::Duration, statistic, settled)?;
        Some(Fact::new(quantity, duration_ms / 1000.0).at(settled.start()))
    }));
    let raised = (2 * timeout_s).min(LONGEST_S).to_string();
    Some(Found {
        severity: if part.share() >= thresholds.error_rate_critical { Severity::Critical } else { Severity::Warning },
        since: seen.since,
        confidence: if seen.logs.is_some() { 0.99 } else { confidence_by_metrics(seen.minutes) },
        facts,
        commands: vec![
            advice::tail(case, function, &TIMEOUTS),
            advice::lambda(case, function, "update-function-configuration", &[("--timeout", &*raised)]),
        ],
        impact: part.per_minute(),
        ..Found::default()
    })
}

/// From metrics alone an error and a duration of the whole timeout in one minute may be two invocations: the more minutes
/// show both, the less likely that is.
fn confidence_by_metrics(minutes: Option<super::held::Held>) -> f64 {
    let shown = minutes.map_or(1, |held| held.points);
    1.0 - 0.15 / f64::from(shown.max(1))
}

/// A duration of the whole timeout ends in an error: CloudWatch shows the one in `Duration`, the other in `Errors`.
fn sign_of_minute(thresholds: &Thresholds, function: &FunctionCase<'_>, timeout_s: f64, minute: Minute) -> Sign {
    if function.timed_otherwise(minute) {
        return Sign::Absent;
    }
    let reached = |statistic| Some(function.statistic(Metric::Duration, statistic, minute)? / 1000.0 >= timeout_s);
    let (Some(errors), Some(longest)) = (function.value(Metric::Errors, minute), reached(Statistic::Maximum)) else {
        return Sign::Unknown;
    };
    let many = reached(Statistic::P99) == Some(true) && errors >= f64::from(thresholds.least_errors);
    if many { Sign::Strong } else { Sign::weak(longest && errors >= 1.0) }
}

fn sign_of_window(thresholds: &Thresholds, beat: &Beat) -> Sign {
    if beat.timeouts >= u64::from(thresholds.least_errors) {
        Sign::Strong
    } else {
        Sign::weak(beat.timeouts >= SEVERAL)
    }
}

#[cfg(test)]
mod tests;
