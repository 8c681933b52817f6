//! A function takes a large part of a pool that is scarce. Functions with a reservation take nothing from it.

use super::advice;
use super::case::{Case, Found, LOOK_BACK};
use super::held::Sign;
use super::throttle::{fill, published};
use crate::analysis::consumers::{consumer, scarce, scarce_since};
use crate::analysis::fact::{Fact, Quantity};
use crate::analysis::pool::Pool;
use crate::analysis::ratio;
use crate::analysis::throttle::FULL;
use lambda_model::finding::Severity;
use lambda_model::metric::Metric;
use lambda_model::time::Minute;

/// A part so much larger than the threshold is beyond doubt.
const CLEARLY: f64 = 1.25;

/// A function takes much of a scarce pool.
pub(super) fn check(case: &Case<'_>) -> Vec<Found> {
    let (Some(function), Some(limit)) = (case.function, case.pool.limit) else { return Vec::new() };
    if function.state.reserved.as_ref().is_none_or(|read| read.value.is_some()) {
        return Vec::new();
    }
    let (threshold, near) = (case.thresholds().top_consumer, case.thresholds().near_limit);
    let share = |minute| ratio(function.value(Metric::ConcurrentExecutions, minute), Some(f64::from(limit)));
    // Nearly every function stops here.
    if !case.minutes().any(|minute| share(minute).is_some_and(|share| share >= threshold)) {
        return Vec::new();
    }
    let held = case.held(|minute| match (scarce(case.state, near, minute), share(minute)) {
        (Some(false), _) => Sign::Absent,
        (None, _) => Sign::Unknown,
        (_, None) => published(case, &function, Metric::ConcurrentExecutions, minute),
        (_, Some(share)) if share >= CLEARLY * threshold => Sign::Strong,
        (_, Some(share)) => Sign::weak(share >= threshold),
    });
    let Some(held) = held else { return Vec::new() };
    let last = Minute::of(held.last);
    let since = scarce_since(case.state, near, last, LOOK_BACK);
    let (Some(share), Some(consumer)) = (share(last), consumer(function.state, last, since)) else {
        return Vec::new();
    };
    let limit = f64::from(limit);
    let mut facts = vec![
        Fact::new(Quantity::Concurrency, consumer.in_use)
            .limit(limit)
            .before(consumer.before)
            .at_most()
            .at(last.start()),
        Fact::new(Quantity::PoolShare, share).limit(threshold).at_most(),
        Fact::instant(Quantity::PoolScarce, since.start()),
    ];
    facts.extend(fill(case, last));
    facts.push(Fact::new(Quantity::MinutesSeen, f64::from(held.points)));
    let margin = ((share / threshold - 1.0) / (CLEARLY - 1.0)).clamp(0.0, 1.0);
    let is_full = Pool::fill(case.state, last).is_some_and(|fill| fill >= FULL);
    let throttled = case.region_value(Metric::Throttles, last).filter(|_| is_full);
    // What it had before, and half of what it took since.
    let cap = consumer.before.unwrap_or(0.0).midpoint(consumer.in_use).ceil().max(1.0);
    vec![Found {
        severity: Severity::Warning,
        since: held.since,
        confidence: 0.85 + 0.13 * margin,
        facts,
        commands: vec![advice::reserve(case, consumer.name.as_str(), cap as u32)],
        impact: throttled.unwrap_or(0.0),
        ..Found::default()
    }]
}

#[cfg(test)]
mod tests;
