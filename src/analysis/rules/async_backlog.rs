//! `async.backlog`: asynchronous events wait longer and longer before the function gets them.

use super::advice;
use super::case::{Case, Found, FunctionCase};
use super::held::Sign;
use crate::analysis::fact::{Fact, Quantity};
use lambda_model::finding::Severity;
use lambda_model::metric::Metric;
use lambda_model::time::Minute;

/// The number of minutes over which an age that rises has grown. Retries of failed events alone come after one and two
/// minutes, every time (docs/aws.md#asynchronous-retries): they make events old, but not older and older.
const RISING_MINUTES: i64 = 3;
/// The number of minutes over which the numbers beside it are summed.
const SUM_MINUTES: i64 = 5;
/// Lambda drops an event after six hours.
const DROPPED_S: f64 = 21_600.0;

/// What the rule finds in a case.
pub(super) fn check(case: &Case<'_>) -> Vec<Found> {
    case.function.and_then(|function| found(case, &function)).into_iter().collect()
}

fn found(case: &Case<'_>, function: &FunctionCase<'_>) -> Option<Found> {
    if !function.publishes(Metric::AsyncEventAge) {
        return None;
    }
    let threshold_s = f64::from(case.thresholds().async_age_s);
    let age_s = |minute| Some(function.value(Metric::AsyncEventAge, minute)? / 1000.0);
    let held = case.held(|minute| match age_s(minute) {
        None => Sign::Unknown,
        // One event that was throttled ten times in a row is chance: where many wait, so does the next minute's oldest.
        Some(age) => Sign::weak(age >= threshold_s),
    })?;
    let last = Minute::of(held.last);
    let age = age_s(last)?;
    let before = age_s(last.plus(-RISING_MINUTES));
    let sum = |metric| {
        let minutes = (last.0 - SUM_MINUTES + 1..=last.0).map(Minute);
        minutes.filter_map(|minute| function.value(metric, minute)).reduce(|sum, one| sum + one)
    };
    let (received, ran) = (sum(Metric::AsyncEventsReceived), sum(Metric::Invocations));
    let mut facts = vec![
        Fact::new(Quantity::OldestEventAge, age).limit(threshold_s).before(before).at(held.last),
        Fact::new(Quantity::MaximumEventAge, DROPPED_S),
    ];
    let counts = [
        (Quantity::AsyncEventsReceived, received),
        (Quantity::Invocations, ran),
        (Quantity::ThrottledRequests, sum(Metric::Throttles)),
    ];
    facts.extend(
        counts
            .into_iter()
            .filter_map(|(quantity, counted)| Some(Fact::new(quantity, counted?).over_minutes(SUM_MINUTES as f64))),
    );
    let rises = before.is_some_and(|before| age > before);
    Some(Found {
        severity: Severity::Warning,
        since: held.since,
        // That events waited this long is measured; that they wait longer and longer is more certain when it is seen.
        confidence: if rises && held.points > 1 { 0.97 } else { 0.9 },
        facts,
        commands: vec![
            advice::lambda(case, function, "get-function-concurrency", &[]),
            advice::lambda(case, function, "list-function-event-invoke-configs", &[]),
        ],
        // What came in and was not run waits; retries run again, so it may be more.
        impact: received.zip(ran).map_or(0.0, |(received, ran)| (received - ran).max(0.0) / SUM_MINUTES as f64),
        ..Found::default()
    })
}

#[cfg(test)]
mod tests;
