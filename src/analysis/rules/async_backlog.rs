//! `async.backlog`: asynchronous events wait longer and longer before the function gets them.

use super::advice;
use super::held::Sign;
use super::words::{clock, count, span};
use super::{Case, Found, FunctionCase, Rule};
use lambda_model::finding::{Kind, Severity};
use lambda_model::metric::Metric;
use lambda_model::time::Minute;

/// An age is rising if it is above that of so many minutes before. Retries of failed events alone come after one and
/// two minutes, every time (aws-facts 6.5): they make events old, but not older and older.
const RISING_MINUTES: i64 = 3;
/// The numbers beside it are summed over so many minutes.
const SUM_MINUTES: i64 = 5;
/// Lambda gives up an event after six hours.
const GIVEN_UP_S: f64 = 21_600.0;

/// The rule.
pub(super) struct AsyncBacklog;

impl Rule for AsyncBacklog {
    fn kind(&self) -> Kind {
        Kind::AsyncBacklog
    }

    fn check(&self, case: &Case<'_>) -> Vec<Found> {
        case.function.and_then(|function| found(case, &function)).into_iter().collect()
    }
}

fn found(case: &Case<'_>, function: &FunctionCase<'_>) -> Option<Found> {
    if !function.publishes(Metric::AsyncEventAge) {
        return None;
    }
    let threshold_s = f64::from(case.thresholds().async_age_s);
    let age_s = |minute| Some(function.value(Metric::AsyncEventAge, minute)? / 1000.0);
    let held = case.held(|minute| match age_s(minute) {
        None => Sign::Unknown,
        // One event that was refused ten times in a row is chance: where many wait, so does the next minute's oldest.
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
    let mut evidence = vec![
        format!("the oldest event waited {} in the minute of {}", span(age), clock(held.last)),
        format!("{} and more are a backlog; an event is given up after {}", span(threshold_s), span(GIVEN_UP_S)),
    ];
    evidence.extend(before.map(|before| format!("{} {RISING_MINUTES} min before", span(before))));
    let counts = [(received, "events received"), (ran, "invocations"), (sum(Metric::Throttles), "attempts refused")];
    evidence.extend(
        counts
            .into_iter()
            .filter_map(|(counted, what)| Some(format!("{} {what} within {SUM_MINUTES} min", count(counted?)))),
    );
    evidence.push(format!("since {}", clock(held.since)));
    let rises = before.is_some_and(|before| age > before);
    let name = function.name();
    Some(Found {
        severity: Severity::Warning,
        alias: None,
        affected: Vec::new(),
        since: held.since,
        // That events waited so long is measured; that they wait longer and longer is more certain when it is seen.
        confidence: if rises && held.points > 1 { 0.97 } else { 0.9 },
        summary: format!(
            "Events for {name} wait {} before they are processed{}",
            span(age),
            if rises { ", and longer and longer" } else { "" }
        ),
        evidence,
        next: vec![
            advice::lambda(case, function, "get-function-concurrency", ""),
            advice::lambda(case, function, "list-function-event-invoke-configs", ""),
        ],
        // What came in and was not run waits; retries run again, so it may be more.
        impact: received.zip(ran).map_or(0.0, |(received, ran)| (received - ran).max(0.0) / SUM_MINUTES as f64),
    })
}

#[cfg(test)]
mod tests;
