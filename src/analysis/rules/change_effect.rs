//! What went wrong with a function after somebody changed it: the minutes before against the minutes after. It says
//! what came after what, not what was caused by it.

use chrono::{DateTime, Utc};

use super::case::{Case, FunctionCase};
use crate::analysis::fact::{Fact, Quantity};
use crate::analysis::ratio;
use crate::analysis::statistics::rate_exceeds;
use lambda_model::metric::{Metric, Statistic};
use lambda_model::time::Minute;

/// The number of minutes before a change that count as the function's ordinary ones.
const BEFORE_MINUTES: i64 = 30;
/// What begins later than this after a change has another cause.
const AFTER_MINUTES: i64 = 10;
/// The least factor by which a rate that changed is higher …
const TIMES: f64 = 2.0;
/// … and the least share of the calls by which it is.
const MORE: f64 = 0.01;
/// The least factor by which a mean duration that changed is longer.
const SLOWER: f64 = 1.5;
/// Calls before and after, fewer than which say nothing about durations.
const CALLS: f64 = 50.0;
/// How likely it must be that a rate changed.
const SURE: f64 = 0.95;

/// Trouble that began after a change.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Effect {
    /// The numbers before and after.
    pub facts: Vec<Fact>,
    /// Requests a minute that fail or are throttled.
    pub impact: f64,
}

/// Sums over some minutes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Sums {
    minutes: f64,
    calls: f64,
    errors: f64,
    throttles: f64,
    /// Calls whose mean duration is known, and the durations of these.
    timed: f64,
    total_ms: f64,
}

impl Sums {
    fn of(function: &FunctionCase<'_>, minutes: std::ops::Range<i64>) -> Self {
        let mut sums = Self::default();
        for minute in minutes.map(Minute) {
            let Some(calls) = function.value(Metric::Invocations, minute) else { continue };
            sums.minutes += 1.0;
            sums.calls += calls;
            sums.errors += function.value(Metric::Errors, minute).unwrap_or(0.0);
            sums.throttles += function.value(Metric::Throttles, minute).unwrap_or(0.0);
            if let Some(average_ms) = function.statistic(Metric::Duration, Statistic::Average, minute) {
                sums.timed += calls;
                sums.total_ms += average_ms * calls;
            }
        }
        sums
    }

    fn mean_ms(&self) -> Option<f64> {
        ratio(Some(self.total_ms), Some(self.timed)).filter(|_| self.timed >= CALLS)
    }

    /// Of the requests, throttled ones included.
    fn throttled(&self) -> (f64, f64) {
        (self.throttles, self.calls + self.throttles)
    }
}

/// What began within ten minutes after `at`.
pub(super) fn effects(case: &Case<'_>, function: &FunctionCase<'_>, at: DateTime<Utc>) -> Vec<Effect> {
    let changed = Minute::of(at).0;
    let last = case.settled().0.min(changed + AFTER_MINUTES);
    // The minute of the change is of both.
    let before = Sums::of(function, changed - BEFORE_MINUTES..changed);
    let after = Sums::of(function, changed + 1..last + 1);
    let rises = [
        (Quantity::ErrorRate, Quantity::Errors, (before.errors, before.calls), (after.errors, after.calls)),
        (Quantity::ThrottleRate, Quantity::ThrottledRequests, before.throttled(), after.throttled()),
    ];
    let mut effects: Vec<Effect> = rises
        .into_iter()
        .filter_map(|(rate, counted, was, is)| {
            let (share_before, share_after) = risen(case, was, is)?;
            let facts = vec![
                Fact::new(rate, share_after).before(share_before),
                Fact::new(counted, is.0).of(is.1).over_minutes(after.minutes),
            ];
            Some(Effect { facts, impact: ratio(Some(is.0), Some(after.minutes)).unwrap_or(0.0) })
        })
        .collect();
    effects.extend(before.mean_ms().zip(after.mean_ms()).filter(|(was, is)| slower(*was, *is)).map(|(was, is)| {
        Effect { facts: vec![Fact::new(Quantity::AverageDuration, is / 1000.0).before(was / 1000.0)], impact: 0.0 }
    }));
    effects
}

fn slower(was_ms: f64, is_ms: f64) -> bool {
    ratio(Some(is_ms), Some(was_ms)).is_some_and(|times| times >= SLOWER)
}

/// A share before and after, where it is clearly higher than it was; nothing where there were no calls before.
fn risen(case: &Case<'_>, (was, all_before): (f64, f64), (is, all_after): (f64, f64)) -> Option<(f64, f64)> {
    let before = ratio(Some(was), Some(all_before))?;
    let after = ratio(Some(is), Some(all_after))?;
    let least = (TIMES * before).max(before + MORE);
    let is_clear = is >= f64::from(case.thresholds().least_errors) && rate_exceeds(is, all_after, least) >= SURE;
    is_clear.then_some((before, after))
}
