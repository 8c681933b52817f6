//! The Region's concurrency: what is in use, what is claimed, what is left.

use chrono::{DateTime, Utc};

use super::{newest_minute, ratio};
use crate::model::metric::Metric;
use crate::model::time::Minute;
use crate::store::state::ScopeState;

/// The concurrency pool of a scope, at its newest complete minute.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pool {
    /// The account's limit in the Region.
    pub limit: Option<u32>,
    /// The limit less all reservations.
    pub unreserved_limit: Option<u32>,
    /// The minute of the numbers below.
    pub as_of: Option<Minute>,
    /// Concurrent executions, the minute's maximum.
    pub in_use: Option<f64>,
    /// The same in functions without a reservation.
    pub unreserved_in_use: Option<f64>,
    /// `ClaimedAccountConcurrency`: what counts against the limit.
    pub claimed: Option<f64>,
    /// limit − claimed, never below 0. Needs `claimed`: in-use alone would hide reservations.
    pub headroom: Option<f64>,
    /// All functions' invocations of the minute.
    pub invocations: Option<f64>,
    /// All functions' errors of the minute.
    pub errors: Option<f64>,
    /// All functions' throttled requests of the minute.
    pub throttles: Option<f64>,
}

impl Pool {
    /// The pool of `scope` at `now`.
    pub fn newest(scope: &ScopeState, now: DateTime<Utc>) -> Self {
        let limits = scope.limits.as_ref().map(|limits| limits.value);
        let limit = limits.map(|limits| limits.concurrent_executions);
        let minute = newest_minute(Metric::REGION.iter().map(|metric| scope.region.one(*metric)), now);
        let one = |metric| scope.region.one(metric)?.get(minute?);
        let claimed = one(Metric::ClaimedAccountConcurrency);
        Self {
            limit,
            unreserved_limit: limits.and_then(|limits| limits.unreserved_concurrent_executions),
            as_of: minute,
            in_use: one(Metric::ConcurrentExecutions),
            unreserved_in_use: one(Metric::UnreservedConcurrentExecutions),
            claimed,
            headroom: limit.zip(claimed).map(|(limit, claimed)| (f64::from(limit) - claimed).max(0.0)),
            invocations: one(Metric::Invocations),
            errors: one(Metric::Errors),
            throttles: one(Metric::Throttles),
        }
    }

    /// The share of the limit that is claimed, else that is in use.
    pub fn utilisation(&self) -> Option<f64> {
        ratio(self.claimed.or(self.in_use), self.limit.map(f64::from))
    }
}
