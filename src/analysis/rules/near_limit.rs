//! The Region's limit is nearly reached. A function near its reservation is no finding: it harms nobody else.

use super::advice;
use super::case::{Case, Found, LOOK_BACK};
use super::held::Sign;
use super::throttle::grew;
use crate::analysis::consumers::{consumers, scarce_since};
use crate::analysis::fact::{Fact, Quantity};
use crate::analysis::pool::Pool;
use lambda_model::finding::Severity;
use lambda_model::time::Minute;

/// The limit to ask for leaves this part of it free.
const ROOM: f64 = 0.3;

/// What is claimed comes near the Region's limit, or reaches it.
pub(super) fn check(case: &Case<'_>) -> Vec<Found> {
    if case.function.is_some() {
        return Vec::new();
    }
    let near = case.thresholds().near_limit;
    let beyond_doubt = near.midpoint(1.0);
    let held = case.held(|minute| match Pool::fill(case.state, minute) {
        None => Sign::Unknown,
        Some(fill) if fill >= beyond_doubt => Sign::Strong,
        Some(fill) => Sign::weak(fill >= near),
    });
    let Some(held) = held else { return Vec::new() };
    let last = Minute::of(held.last);
    let (Some(share), Some(claimed), Some(limit)) =
        (Pool::fill(case.state, last), Pool::claimed_in(case.state, last), case.pool.limit)
    else {
        return Vec::new();
    };
    let mut facts = vec![
        Fact::new(Quantity::ClaimedConcurrency, claimed).limit(f64::from(limit)).at_most().at(last.start()),
        Fact::new(Quantity::PoolShare, share).limit(near),
    ];
    facts.extend(grew(&consumers(case.state, last, scarce_since(case.state, near, last, LOOK_BACK))));
    facts.extend(case.forecast.map(|forecast| {
        let reached = Fact::new(Quantity::LimitReachedIn, None).range((forecast.low_s, forecast.high_s));
        reached.at(forecast.as_of).read_from(forecast.basis)
    }));
    facts.push(Fact::new(Quantity::MinutesSeen, f64::from(held.points)));
    // Maxima that only just touch the threshold are chance as often as not.
    let margin = ((share - near) / (beyond_doubt - near)).clamp(0.0, 1.0);
    let points = 1.0 - 0.5f64.powi(held.points.min(8).cast_signed() + 1);
    vec![Found {
        severity: Severity::Warning,
        since: held.since,
        confidence: 0.99 * (0.8 + 0.2 * margin) * points.max(margin),
        facts,
        commands: vec![case.aws("lambda get-account-settings", &[]), advice::raise_limit(case, claimed / (1.0 - ROOM))],
        ..Found::default()
    }]
}

#[cfg(test)]
mod tests;
